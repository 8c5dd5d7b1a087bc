use proptest::prelude::*;

use super::*;

fn read(line: &str) -> String {
    let one = |part: &Part<'_>| match part {
        Part::Words(text) => format!("\"{text}\""),
        Part::Compared(s) => {
            let window = s.window.map(|w| format!(" over {w}s")).unwrap_or_default();
            let bare = if s.bare { " bare" } else { "" };
            format!("{} {} {}{window}{bare}", s.metric, s.comparison.name(), s.bound)
        }
    };
    read_line(line).iter().map(one).collect::<Vec<_>>().join(" | ")
}

#[test]
fn the_verbs() {
    assert_eq!(read("error rate exceeds 0.5% over 10m"), "error rate above 0.5% over 600s");
    assert_eq!(read("latency_p95 > 2.5s"), "latency_p95 above 2.5s");
    assert_eq!(read("latency_p95>2.5s"), "latency_p95 above 2.5s");
    assert_eq!(read("success rate below 99 percent"), "success rate below 99%");
    assert_eq!(read("Error Rate MORE THAN 2%"), "Error Rate above 2%");
    assert_eq!(read("latency over 2s over 10m"), "latency above 2s over 600s");
    assert_eq!(read("error rate over 10m exceeds 0.5%"), "error rate above 0.5% over 600s");
    assert_eq!(read("error rate <= 5 %"), "error rate below 5%");
    assert_eq!(read("error rate is greater than or equal to 5%"), "error rate above 5%");
}

#[test]
fn distances_and_bounds() {
    assert_eq!(read("eval score drops more than 3pp"), "eval score drop 3pp");
    assert_eq!(read("eval score drops by 3 percentage points"), "eval score drop 3pp");
    assert_eq!(read("eval_score drops >3%"), "eval_score drop 3%");
    assert_eq!(read("availability drops to 90%"), "availability below 90%");
    assert_eq!(read("availability drops below 90%"), "availability below 90%");
    assert_eq!(read("latency rises to 2s"), "latency above 2s");
    assert_eq!(read("latency rises above 2s"), "latency above 2s");
    assert_eq!(read("latency increases by more than 20% within 1h"), "latency rise 20% over 3600s");
    assert_eq!(read("error rate exceeds by 2pp"), "error rate rise 2pp");
}

#[test]
fn numbers_and_units() {
    assert_eq!(read("cost per call above $0.02"), "cost per call above 0.02 USD");
    assert_eq!(read("cost per call above 0.02 usd per call for 1h"), "cost per call above 0.02 USD over 3600s");
    assert_eq!(read("latency above 800ms for the last 5 minutes"), "latency above 0.8s over 300s");
    assert_eq!(read("latency above 1m30s"), "latency above 90s");
    assert_eq!(read("queue over 1,500"), "queue above 1500 bare");
    assert_eq!(read("error rate exceeds 0.5"), "error rate above 0.5 bare");
    assert_eq!(read("tickets above 10 a day"), "tickets above 10");
}

#[test]
fn what_is_joined_and_what_is_no_number() {
    assert_eq!(read("latency over 2s or error rate above 1%"), "latency above 2s | error rate above 1%");
    assert_eq!(read("users complain or error rate above 1%"), "\"users complain\" | error rate above 1%");
    assert_eq!(read("roll back if users complain or leave"), "\"roll back if users complain or leave\"");
    assert_eq!(read("roll back if the error rate exceeds 1%"), "error rate above 1%");
    assert_eq!(read("error rate exceeds the usual"), "\"error rate exceeds the usual\"");
    assert_eq!(read("above 5%"), "\"above 5%\"");
    assert_eq!(read("5 errors"), "\"5 errors\"");
    assert_eq!(read("requests over 5k"), "\"requests over 5k\"");
}

proptest! {
    #[test]
    fn no_line_panics(line in ".{0,60}") {
        let _ = read_line(&line);
    }

    #[test]
    fn no_likely_line_panics(words in proptest::collection::vec("over|or|for|>|<=|drops|by|to|more than|5%|1h3|[$]|€5|0\\.5|é|,|than|[a-z0-9%.,-]{1,4}", 0..12)) {
        let _ = read_line(&words.join(" "));
        let _ = read_line(&words.concat());
    }

    #[test]
    fn generated_lines_are_read_back(
        metric in "error rate|latency_p95|eval score|cost_per_call",
        (verb, comparison) in prop_oneof![
            Just(("exceeds", Comparison::Above)), Just(("above", Comparison::Above)), Just((">", Comparison::Above)),
            Just(("more than", Comparison::Above)), Just(("below", Comparison::Below)), Just(("<=", Comparison::Below)),
            Just(("drops", Comparison::Drop)), Just(("falls by", Comparison::Drop)), Just(("drops >", Comparison::Drop)),
            Just(("rises more than", Comparison::Rise)), Just(("increases to", Comparison::Above)),
        ],
        number in 0u32..100_000,
        (unit, read_as) in prop_oneof![
            Just(("%", Unit::Percent)), Just(("pp", Unit::Points)), Just((" percentage points", Unit::Points)),
            Just((" USD", Unit::Currency("USD".into()))), Just(("s", Unit::Seconds)),
        ],
        window in proptest::option::of(1u64..10_000),
        upper in proptest::bool::ANY,
    ) {
        let number = f64::from(number) / 100.0;
        let tail = window.map(|w| format!(" over {w}s")).unwrap_or_default();
        let metric: String = metric;
        let line = format!("{metric} {verb} {number}{unit}{tail}");
        let line = if upper { line.to_ascii_uppercase() } else { line };
        let parts = read_line(&line);
        let [Part::Compared(read)] = parts.as_slice() else { panic!("{parts:?}") };
        prop_assert!(read.metric.eq_ignore_ascii_case(metric.as_str()));
        prop_assert_eq!(read.comparison, comparison);
        prop_assert_eq!(&read.bound, &Bound { number, unit: read_as });
        prop_assert_eq!(read.window, window);
        prop_assert!(!read.bare);
    }
}

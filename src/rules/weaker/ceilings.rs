//! Ceilings of metrics: whether one was raised or taken away.

use super::super::rollback_criterion_too_loose::Ceiling;
use crate::finding::Weaker;
use crate::model::Comparison;

/// Each ceiling of `before` that no ceiling of `after` holds as tightly.
pub(in crate::rules) fn ceilings(before: &[Ceiling], after: &[Ceiling]) -> Vec<Weaker> {
    let gone = before.iter().filter(|old| !after.iter().any(|new| new.holds_as_tightly(old)));
    gone.map(|old| Weaker::new("ceilings", how(old, after))).collect()
}

fn how(old: &Ceiling, after: &[Ceiling]) -> String {
    let name = &old.metric.name;
    let Some(new) = after.iter().find(|new| new.metric == old.metric && new.comparison == old.comparison) else {
        return format!("no longer holds `{name}`: {} {} was the most", old.comparison.name(), old.bound);
    };
    let verb = if old.comparison == Comparison::Below { "lowers" } else { "raises" };
    format!("{verb} `{name}` from {} {} to {}", old.comparison.name(), old.bound, new.bound)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn weaker(before: Value, after: Value) -> Vec<String> {
        let read = |value| serde_json::from_value::<Vec<Ceiling>>(value).unwrap();
        ceilings(&read(before), &read(after)).into_iter().map(|w| w.how).collect()
    }

    #[test]
    fn raised_lowered_and_gone() {
        let one = |metric: &str, comparison: &str, bound: &str| json!([{"metric": metric, comparison: bound}]);
        let half = one("error-rate", "above", "0.5%");
        assert_eq!(
            weaker(half.clone(), one("error-rate", "above", "1%")),
            ["raises `error-rate` from above 0.5% to 1%"]
        );
        assert_eq!(weaker(half.clone(), one("error-rate", "above", "0.4%")), Vec::<String>::new());
        let gone = "no longer holds `error-rate`: above 0.5% was the most";
        assert_eq!(weaker(half.clone(), json!([])), [gone]);
        assert_eq!(weaker(json!([]), half), Vec::<String>::new());
        let below = one("csat", "below", "80%");
        assert_eq!(weaker(below.clone(), one("csat", "below", "70%")), ["lowers `csat` from below 80% to 70%"]);
        assert_eq!(weaker(below, one("CSAT", "below", "90%")), Vec::<String>::new());
    }

    #[test]
    fn the_same_in_other_words() {
        let ok = |before, after| weaker(before, after).is_empty();
        let ceiling = |metric: &str, comparison: &str, bound: &str| json!({"metric": metric, comparison: bound});
        let (errors, success) = (ceiling("error-rate", "above", "0.5%"), ceiling("success-rate", "below", "99.5%"));
        assert!(ok(json!([errors]), json!([success])) && ok(json!([success]), json!([errors])));
        assert!(!ok(json!([errors]), json!([ceiling("success-rate", "below", "99%")])));
        let (p95, any) = (ceiling("latency-p95", "above", "2s"), ceiling("latency", "above", "2000ms"));
        assert!(ok(json!([p95]), json!([any])) && !ok(json!([any]), json!([p95])));
        let (usd, eur) = (ceiling("cost-per-call", "above", "0.02 USD"), ceiling("cost-per-call", "above", "0.02 EUR"));
        assert!(!ok(json!([usd]), json!([eur])), "nobody knows tomorrow's rate");
        assert!(ok(json!([p95, errors]), json!([errors, any, usd])));
    }
}

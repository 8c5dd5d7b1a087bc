//! Scalars: values, keys, tags.

use super::*;
use serde_json::json;

#[track_caller]
fn scalar(text: &str, v2: Value, v3: Value, core: Value) {
    let yaml = format!("a: {text}\n");
    for (engine, expected) in [(Engine::GoYamlV2, v2), (Engine::GoYamlV3, v3), (Engine::Core12, core)] {
        assert_eq!(value(&yaml, engine)["a"], expected, "{text} in {engine:?}");
    }
}

#[track_caller]
fn all(text: &str, expected: Value) {
    scalar(text, expected.clone(), expected.clone(), expected);
}

#[test]
fn only_go_yaml_v2_has_the_booleans_of_yaml_1_1() {
    for (word, truth) in [("y", true), ("Yes", true), ("ON", true), ("n", false), ("No", false), ("off", false)] {
        scalar(word, json!(truth), json!(word), json!(word));
    }
    all("true", json!(true));
    all("tRUE", json!("tRUE"));
    all("\"yes\"", json!("yes"));
    all("~", Value::Null);
    all("null", Value::Null);
    all("nULL", json!("nULL"));
}

#[test]
fn integers_differ_by_their_prefix() {
    scalar("010", json!(8), json!(8), json!(10));
    scalar("018", json!(18), json!(18), json!(18));
    scalar("0o17", json!(15), json!(15), json!(15));
    scalar("-0b11", json!(-3), json!(-3), json!("-0b11"));
    scalar("0x_ff", json!(255), json!(255), json!("0x_ff"));
    scalar("1_0", json!(10), json!(10), json!("1_0"));
    all("0x1f", json!(31));
    all("0o8", json!("0o8"));
    all("18446744073709551615", json!(u64::MAX));
    all("-9223372036854775808", json!(i64::MIN));
    all("+-1", json!("+-1"));
}

#[test]
fn what_looks_like_a_number_may_be_text() {
    for text in ["12:30", "1,000", "1e", "0x1p4", ".", "100m", "50%", "1.2.3", "_1", "1-1"] {
        all(text, json!(text));
    }
    scalar("1e1000", json!("1e1000"), json!("1e1000"), Value::Null);
    all("1e3", json!(1000));
    all("1.", json!(1));
    all("-.5", json!(-0.5));
    all("1.10", json!(1.1));
}

#[test]
fn numbers_that_json_lacks_are_refused_as_values_and_taken_as_keys() {
    assert_eq!(refusal("a: .nan\n"), SyntaxErrorKind::Malformed);
    assert_eq!(refusal("a: -.Inf\n"), SyntaxErrorKind::Malformed);
    assert_eq!(kubernetes(".inf: 1\n"), json!({".inf": 1}));
}

#[test]
fn keys_become_text_as_sigs_yaml_writes_it() {
    for (key, text) in [
        ("yes", "true"),
        ("0x10", "16"),
        ("1e3", "1000"),
        ("1.50", "1.5"),
        ("123456789.123", "1.2345679e+08"),
        ("0.00001", "1e-05"),
        ("0.5", "0.5"),
        ("-1", "-1"),
        ("12:30", "12:30"),
    ] {
        assert_eq!(kubernetes(&format!("{key}: v\n")), json!({text: "v"}), "{key}");
    }
    for key in ["~", "null", "18446744073709551615", "[a]", "{a: 1}", ""] {
        assert_eq!(refusal(&format!("{key}: v\n")), SyntaxErrorKind::Malformed, "{key}");
    }
    assert_eq!(value("yes: v\n0x10: w\n", Engine::Core12), json!({"yes": "v", "0x10": "w"}));
}

#[test]
fn a_custom_tag_makes_text_of_a_scalar() {
    let text = "a: !Ref 123\nb: !foo yes\nc: ! 1\nd: !Sub [x]\n";
    assert_eq!(kubernetes(text), json!({"a": "123", "b": "yes", "c": "1", "d": ["x"]}));
    let doc = read("a: !Ref 123\nb: !GetAtt [x, y]\n", Engine::CloudFormation).unwrap();
    assert_eq!(doc.root().get("a").and_then(Node::tag), Some("!Ref"));
    assert_eq!(doc.root().get("b").and_then(Node::tag), Some("!GetAtt"));
    assert_eq!(doc.root().get("a").and_then(Node::as_str), Some("123"));
}

#[test]
fn a_core_tag_decides_or_fails() {
    let text = "a: !!str 1\nb: !!int \"3\"\nc: !!float 3\nd: !!binary aGVsbG8=\ne: !!bool y\nf: !!str\n";
    assert_eq!(kubernetes(text), json!({"a": "1", "b": 3, "c": 3, "d": "hello", "e": true, "f": ""}));
    for text in ["!!int x", "!!int 1e3", "!!null x", "!!binary '@'", "!!timestamp x", "!!bool maybe"] {
        assert_eq!(refusal(&format!("a: {text}\n")), SyntaxErrorKind::Malformed, "{text}");
    }
}

#[test]
fn spellings_that_readers_understand_differently_are_noted() {
    let text = "a: yes\nb: 0755\nc: 2024-05-01\nd: 1_000\n";
    let spelled: Vec<_> = notes(text).into_iter().map(|(_, text)| text).collect();
    assert_eq!(spelled, ["yes", "0755", "2024-05-01", "1_000"]);
    let doc = read(text, Engine::GoYamlV2).unwrap();
    assert_eq!(
        doc.notes()[0].message,
        "Kubernetes reads `yes` as true, kustomize as text; write true, or put it in quotes"
    );
    assert_eq!(notes("on: 1\n"), [(NoteKind::ScalarDiffers, "on")]);
}

#[test]
fn ordinary_manifests_carry_no_notes() {
    let text = "at: 12:30\nnumber: 10\nf: 1.5\nt: true\nz: ~\nwhen: 2024-05-01T10:00:00Z\nlater: 2024-05-01T10:00:00.5+02:00\n\
                cpu: 100m\nname: no-op\nbase: &b {x: 1}\nmore:\n  <<: *b\n  w: 2\ntext: |\n  yes\n";
    assert_eq!(notes(text), []);
    assert_eq!(read("a: yes\nb: 010\n", Engine::Core12).unwrap().notes(), []);
}

//! Mappings: duplicates, merges, collisions, aliases.

use super::*;
use serde_json::json;

#[test]
fn the_last_of_equal_keys_wins_and_is_noted() {
    let text = "a: 1\nb: 2\na: 3\n";
    assert_eq!(kubernetes(text), json!({"a": 3, "b": 2}));
    assert_eq!(notes(text), [(NoteKind::DuplicateKey, "a")]);
    assert_eq!(read(text, Engine::GoYamlV3).unwrap_err().kind, SyntaxErrorKind::Malformed);
    assert_eq!(notes("yes: 1\ntrue: 2\n").len(), 2);
    assert_eq!(kubernetes("yes: 1\ntrue: 2\n"), json!({"true": 2}));
    assert_eq!(value("{\"a\": 1, \"a\": 2}", Engine::GoYamlV2), json!({"a": 2}));
    assert_eq!(value("1: x\n0x1: y\n", Engine::GoYamlV3), json!({"1": "y"}));
}

#[test]
fn a_note_counts_only_once_its_node_is_looked_at() {
    let doc = read("a: 1\nb: yes\na: 3\nc: no\n", Engine::GoYamlV2).unwrap();
    assert_eq!(doc.notes().len(), 3);
    assert_eq!(doc.touched_notes().count(), 0);
    doc.root().get("a").unwrap();
    assert_eq!(doc.touched_notes().map(|n| n.kind).collect::<Vec<_>>(), [NoteKind::DuplicateKey]);
    doc.root().get("b").unwrap();
    assert_eq!(doc.touched_notes().count(), 2);
}

#[test]
fn a_key_that_is_asked_for_but_read_as_another_is_touched() {
    let doc = read("on: 1\n", Engine::GoYamlV2).unwrap();
    assert!(doc.root().get("on").is_none());
    assert_eq!(doc.touched_notes().count(), 1);
}

#[test]
fn a_merge_after_a_key_overwrites_it_in_v2_only() {
    let text = "d: &d {w: 100}\ns:\n  w: 5\n  <<: *d\n";
    assert_eq!(kubernetes(text)["s"], json!({"w": 100}));
    assert_eq!(value(text, Engine::GoYamlV3)["s"], json!({"w": 5}));
    assert_eq!(value(text, Engine::Core12)["s"], json!({"w": 5}));
    let doc = read(text, Engine::GoYamlV2).unwrap();
    assert_eq!(doc.notes().len(), 1);
    let own = doc.root().path(&["s"]).and_then(|s| s.key("w")).unwrap();
    assert_eq!(own.span(), doc.notes()[0].span);
    assert_eq!(doc.touched_notes().count(), 1);
}

#[test]
fn a_merge_before_a_key_is_overwritten_by_it() {
    let text = "d: &d {w: 100, x: 1}\ns:\n  <<: *d\n  w: 5\n";
    assert_eq!(kubernetes(text)["s"], json!({"w": 5, "x": 1}));
    assert_eq!(notes(text), []);
}

#[test]
fn merges_come_as_lists_chains_and_literals() {
    let text = "a: &a {k: 1}\nb: &b\n  <<: *a\n  l: 2\nc:\n  <<: [*b, {k: 9, m: 3}]\n";
    assert_eq!(kubernetes(text)["c"], json!({"k": 1, "m": 3, "l": 2}));
    assert_eq!(value(text, Engine::GoYamlV3)["c"], json!({"k": 1, "l": 2, "m": 3}));
    assert_eq!(kubernetes("m:\n  \"<<\": {k: 1}\n"), json!({"m": {"<<": {"k": 1}}}));
    for text in ["<<: 3\n", "<<:\n", "l: &l [{x: 1}]\n<<: *l\n", "<<: [1]\n"] {
        assert_eq!(refusal(text), SyntaxErrorKind::Malformed, "{text}");
    }
}

#[test]
fn a_second_merge_is_noted_or_refused() {
    let text = "a: &a {k: 1}\nb: &b {k: 2}\nm:\n  <<: *a\n  <<: *b\n";
    assert_eq!(kubernetes(text)["m"], json!({"k": 2}));
    assert_eq!(notes(text), [(NoteKind::MergeOrder, "<<")]);
    assert!(read(text, Engine::GoYamlV3).is_err());
}

#[test]
fn keys_that_collide_as_json_are_refused() {
    for text in ["1: a\n\"1\": b\n", "true: a\n\"true\": b\n", "1: a\n1.0: b\n", "yes: a\n\"true\": b\n"] {
        assert_eq!(refusal(text), SyntaxErrorKind::Refused, "{text}");
    }
    assert_eq!(refusal("b: &b {1: x}\nm:\n  \"1\": y\n  <<: *b\n"), SyntaxErrorKind::Refused);
}

#[test]
fn many_keys_are_compared_as_well_as_few() {
    let many = (0..40).map(|n| format!("key-{n:03}: {n}\n")).collect::<Vec<_>>().concat();
    assert_eq!(notes(&many), []);
    assert_eq!(notes(&format!("{many}key-017: again\n")), [(NoteKind::DuplicateKey, "key-017")]);
}

#[test]
fn an_alias_is_the_node_it_stands_for() {
    let text = "a: &x {k: v}\nb: *x\n? &k name\n: 1\n*k : 2\n";
    let doc = read(text, Engine::GoYamlV2).unwrap();
    let b = doc.root().get("b").unwrap();
    assert_eq!(b.span().slice(text), "*x");
    assert_eq!(b.definition_span().slice(text), "{k: v}");
    assert_eq!(b.get("k").and_then(Node::as_str), Some("v"));
    assert_eq!(b.pointer(), "/b");
    assert_eq!(doc.root().get("name").and_then(Node::as_i64), Some(2));
    for text in ["a: *nope\n", "a: &a {b: *a}\n", "a: &a [*a]\n"] {
        assert_eq!(refusal(text), SyntaxErrorKind::Malformed, "{text}");
    }
}

#[test]
fn aliases_are_bounded_as_in_go_yaml() {
    let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for n in 1..9 {
        let row = vec![format!("*a{}", n - 1); 10].join(",");
        text = format!("{text}a{n}: &a{n} [{row}]\n");
    }
    assert_eq!(refusal(&text), SyntaxErrorKind::Limit);
    let fair = (0..200).map(|n| format!("k{n}: *a\n")).collect::<Vec<_>>().concat();
    assert!(read(&format!("a: &a {{x: 1}}\n{fair}"), Engine::GoYamlV2).is_ok());
}

//! The view of a document.

use super::*;
use crate::syntax::chunks;

const TEXT: &str =
    "kind: Rollout # a\nspec:\n  # b\n  steps:\n  - setWeight: 1e1\n  - pause: {}\n  \"a/b~c\": [x, 'y']\n  empty:\n";

#[test]
fn values_are_found_by_key_path_and_pointer() {
    let doc = read(TEXT, Engine::GoYamlV2).unwrap();
    let root = doc.root();
    assert_eq!(root.get("kind").and_then(Node::as_str), Some("Rollout"));
    let steps = root.path(&["spec", "steps"]).unwrap();
    assert_eq!(steps.items().count(), 2);
    let weight = root.at("/spec/steps/0/setWeight").unwrap();
    assert_eq!((weight.as_i64(), weight.as_f64(), weight.text()), (Some(10), Some(10.0), Some("1e1")));
    let y = root.at("/spec/a~1b~0c/1").unwrap();
    assert_eq!((y.text(), y.is_quoted(), y.pointer()), (Some("y"), true, "/spec/a~1b~0c/1".to_owned()));
    assert!(root.at("/spec/empty").unwrap().is_null());
    assert!(root.at("/spec/nope").is_none() && root.at("spec").is_none());
    assert!(root.get("kind").unwrap().get("x").is_none());
    assert_eq!(weight.parent().unwrap().parent(), Some(steps));
}

#[test]
fn engines_decide_what_is_an_integer() {
    let doc = read("a: 1e1\nb: 1.0\nc: 3\n", Engine::Core12).unwrap();
    let whole: Vec<_> = doc.root().entries().map(|(_, v)| v.as_i64()).collect();
    assert_eq!(whole, [None, None, Some(3)]);
}

#[test]
fn spans_hold_what_is_written() {
    let text = "a: |  # c\n  x\n\n  y\n\nb: \"é\\n\"\nc:\n- p: 1\n  q: >-\n    z\n\nd: {e: 1 }\nf: [g: 1, h]\n";
    let doc = read(text, Engine::GoYamlV2).unwrap();
    let at = |pointer: &str| doc.root().at(pointer).unwrap().span().slice(text);
    assert_eq!(at("/a"), "|  # c\n  x\n\n  y");
    assert_eq!(at("/b"), "\"é\\n\"");
    assert_eq!(at("/c"), "- p: 1\n  q: >-\n    z");
    assert_eq!(at("/c/0"), "p: 1\n  q: >-\n    z");
    assert_eq!(at("/d"), "{e: 1 }");
    assert_eq!(at("/f/0"), "g: 1");
    assert_eq!(doc.root().key("d").unwrap().span().slice(text), "d");
    assert_eq!(doc.root().at("/c/0/p").unwrap().anchor().slice(text), "p");
    assert_eq!(doc.root().at("/c/0").unwrap().anchor().slice(text), "p");
}

#[test]
fn spans_count_from_the_start_of_the_file() {
    let text = "é: 1\r\n---\r\nb: ü # ñ\r\nc: 2\r\n";
    let last = chunks(text).last().unwrap();
    let doc = parse(FileId(7), &last, Engine::GoYamlV2, &Limits::default(), true).unwrap();
    assert_eq!(doc.root().get("b").unwrap().span().slice(text), "ü");
    assert_eq!(doc.span().slice(text), "b: ü # ñ\r\nc: 2\r\n");
    let comment = &doc.comments()[0];
    assert_eq!((comment.span.slice(text), &*comment.text, comment.own_line), ("# ñ", "ñ", false));
}

#[test]
fn comments_are_kept_when_asked_for_and_never_come_from_a_block() {
    let doc = read("# one\na: |\n  # two\nb: 1 # three\n", Engine::GoYamlV2).unwrap();
    let comments: Vec<_> = doc.comments().iter().map(|c| (&*c.text, c.own_line)).collect();
    assert_eq!(comments, [("one", true), ("three", false)]);
    let chunk = Chunk { text: "# one\na: 1\n", offset: 0, json: false };
    assert_eq!(parse(FileId(0), &chunk, Engine::GoYamlV2, &Limits::default(), false).unwrap().comments(), []);
}

#[test]
fn nothing_is_null() {
    for text in ["", "\n", "# c\n", "~\n"] {
        let doc = read(text, Engine::GoYamlV2).unwrap();
        assert!(doc.root().is_null(), "{text:?}");
        assert_eq!(doc.root().entries().count() + doc.root().items().count(), 0);
    }
}

#[test]
fn json_has_the_same_tree() {
    let text = "{\"a\": [1, -0.5, true, null, \"x\\n\"], \"b\": {\"on\": 2}}";
    let doc = read(text, Engine::GoYamlV2).unwrap();
    assert_eq!(doc.root().to_value(), serde_json::from_str::<Value>(text).unwrap());
    let x = doc.root().at("/a/4").unwrap();
    assert_eq!((x.span().slice(text), x.as_str(), x.pointer()), ("\"x\\n\"", Some("x\n"), "/a/4".to_owned()));
    assert_eq!(doc.root().at("/b/on").unwrap().as_i64(), Some(2));
    assert_eq!(doc.notes(), []);
}

#[test]
fn comments_of_json_are_taken_where_kubernetes_does_not_read() {
    for text in ["{ // one\n \"a\": 1, /* two */ \"b\": [2,],\n}", "\u{feff}// head\n{\"a\": 1, \"b\": [2]}"] {
        assert_eq!(value(text, Engine::Core12), serde_json::json!({"a": 1, "b": [2]}), "{text}");
        let doc = read(text, Engine::Core12).unwrap();
        assert_eq!(doc.root().get("b").unwrap().span().slice(text).get(..2), Some("[2"));
    }
    assert_eq!(value("{a: 1, # yaml\n b: [2]}", Engine::Core12), serde_json::json!({"a": 1, "b": [2]}));
}

//! Streams cut into documents.

use super::*;
use crate::syntax::chunks;

fn cut(text: &str) -> Vec<(&str, bool)> {
    chunks(text).map(|chunk| (chunk.text, chunk.json)).collect()
}

#[test]
fn documents_end_at_lines_of_dashes() {
    assert_eq!(cut("a: 1\n---\nb: 2\n"), [("a: 1\n", false), ("b: 2\n", false)]);
    assert_eq!(cut("---\na: 1\n---\n---\n"), [("a: 1\n", false)]);
    assert_eq!(cut("a: 1\r\n--- # c\r\nb: 2\r\n---"), [("a: 1\r\n", false), ("b: 2\r\n", false)]);
    assert_eq!(cut("a: |\n  x\n---\n  y\n"), [("a: |\n  x\n", false), ("  y\n", false)]);
    assert_eq!(cut("# c\n---\na: 1"), [("# c\n", false), ("a: 1", false)]);
    assert_eq!(cut("a: x\n ---\n----\n"), [("a: x\n ---\n----\n", false)]);
    assert_eq!(cut(""), []);
    assert_eq!(cut("\u{feff}---\na: 1\n"), [("\u{feff}---\na: 1\n", false)]);
    let long = format!("a: {}\n---\nb: 1\n", "x".repeat(300));
    assert_eq!(chunks(&long).map(|c| c.offset).collect::<Vec<_>>(), [0, 308]);
}

#[test]
fn text_on_a_line_of_dashes_stays_in_its_document_which_is_refused() {
    assert_eq!(cut("a: 1\n--- {b: 2}\n---\nc: 3\n"), [("a: 1\n--- {b: 2}\n", false), ("c: 3\n", false)]);
    assert_eq!(refusal("a: 1\n--- {b: 2}\n"), SyntaxErrorKind::Refused);
    assert_eq!(refusal("--- |\n x\n"), SyntaxErrorKind::Refused);
    assert_eq!(refusal("a: 1\n---b: 2\n"), SyntaxErrorKind::Refused);
}

#[test]
fn json_objects_come_first() {
    assert_eq!(cut("{\"a\":1}{\"b\":2}\n"), [("{\"a\":1}", true), ("{\"b\":2}", true)]);
    assert_eq!(cut(" {\"a\":1}\n---\nb: 2\n"), [("{\"a\":1}", true), ("b: 2\n", false)]);
    assert_eq!(cut("{\"a\":1}\nx: 1\n"), [("{\"a\":1}", true), ("\nx: 1\n", false)]);
    assert_eq!(cut("{\"a\":1,}\n"), [("{\"a\":1,}\n", false)]);
    assert_eq!(cut("{a: 1}\n"), [("{a: 1}\n", false)]);
    assert_eq!(cut("{{- if x }}\na: 1\n"), [("{{- if x }}\na: 1\n", false)]);
    assert_eq!(cut("[1, {\"a\": []}]\n"), [("[1, {\"a\": []}]", true)]);
    assert_eq!(cut("[1]\n---\nb: 2\n"), [("[1]\n", false), ("b: 2\n", false)]);
    for text in
        ["{\"a\":01}", "{\"a\":\"\\x\"}", "{\"a\":\"\n\"}", "{\"a\" 1}", "{\"a\":1", "{\"a\":.5}", "{,}", "{\"a\":tru}"]
    {
        assert_eq!(cut(text), [(text, false)], "{text}");
    }
}

#[test]
fn one_broken_document_hides_no_other() {
    let text = "a: [\n---\nb: 2\n";
    let read: Vec<_> =
        chunks(text).map(|c| parse(FileId(0), &c, Engine::GoYamlV2, &Limits::default(), false).is_ok()).collect();
    assert_eq!(read, [false, true]);
}

//! What is refused, and why.

use super::*;
use serde_json::json;

#[test]
fn characters_that_break_lines_for_some_are_refused_outside_of_json() {
    for c in ['\u{85}', '\u{2028}', '\u{2029}'] {
        let text = format!("a: x{c}b: 2\n");
        assert_eq!(refusal(&text), SyntaxErrorKind::Refused, "{c:?}");
        assert!(read(&format!("a: x{c}y\n"), Engine::Core12).is_ok(), "{c:?}");
        assert_eq!(kubernetes(&format!("{{\"a\": \"x{c}\"}}")), json!({"a": format!("x{c}")}));
    }
}

#[test]
fn control_characters_are_refused() {
    for c in ['\0', '\u{7}', '\u{c}', '\u{7f}', '\u{80}', '\u{fffe}'] {
        for pad in [0, 61, 62, 63, 64] {
            let text = format!("a: \"{}{c}\"\n", "é".repeat(pad));
            let error = read(&text, Engine::GoYamlV2).unwrap_err();
            assert_eq!((error.kind, error.span.slice(&text)), (SyntaxErrorKind::Refused, &*c.to_string()));
        }
    }
    assert_eq!(kubernetes("a: \u{1F600}é\u{a0}\n"), json!({"a": "\u{1F600}é\u{a0}"}));
}

#[test]
fn a_byte_order_mark_may_only_come_first() {
    assert_eq!(kubernetes("\u{feff}a: 1\n"), json!({"a": 1}));
    assert_eq!(refusal("a: \u{feff}x\n"), SyntaxErrorKind::Refused);
    assert_eq!(refusal("a: 1\n\u{feff}b: 2\n"), SyntaxErrorKind::Refused);
}

#[test]
fn directives_and_what_follows_the_end_are_refused() {
    assert_eq!(refusal("%YAML 1.1\n"), SyntaxErrorKind::Refused);
    assert_eq!(refusal("a: 1\n...\nb: 2\n"), SyntaxErrorKind::Refused);
    assert_eq!(refusal("a: 1\n...\n  {\n"), SyntaxErrorKind::Refused);
    assert_eq!(refusal("# c\n...\na: 1\n"), SyntaxErrorKind::Malformed);
    assert_eq!(kubernetes("a: 1\n...\n# bye\n"), json!({"a": 1}));
}

#[test]
fn flow_text_that_readers_split_differently_is_refused() {
    for text in ["{a: , b:}\n", "[001:db8::]\n", "[?x]\n", "[a:[b]]\n"] {
        assert!(read(text, Engine::GoYamlV2).is_err(), "{text}");
    }
    assert_eq!(kubernetes("{a: http://x/y, \"b\":1, c: [d:e]}\n"), json!({"a": "http://x/y", "b": 1, "c": ["d:e"]}));
    assert_eq!(kubernetes("{? a : 1}\n"), json!({"a": 1}));
    assert_eq!(refusal("{a\n b: 1}\n"), SyntaxErrorKind::Malformed);
    assert_eq!(refusal("{'a'\n : 1}\n"), SyntaxErrorKind::Malformed);
    assert_eq!(kubernetes("{a\n, b: 1}\n"), json!({"a": null, "b": 1}));
}

#[test]
fn anchors_have_simple_names() {
    assert_eq!(refusal("a: &x.y 1\n"), SyntaxErrorKind::Refused);
    assert_eq!(refusal("a: &é 1\n"), SyntaxErrorKind::Refused);
    assert_eq!(kubernetes("a: &x_Y-1 1\n"), json!({"a": 1}));
    assert_eq!(refusal("a: !# b\n"), SyntaxErrorKind::Refused);
}

#[test]
fn tabs_stand_where_go_yaml_takes_them() {
    for text in ["-\ta\n", "-\ta: 1\n", "a: |\n  \tx\n", "a: |\n  x\n\ty\n", "a: 1\n\t\nb: 2\n", "a: \"1\"\n\t\nb: 2\n"]
    {
        assert_eq!(refusal(text), SyntaxErrorKind::Malformed, "{text:?}");
    }
    for text in [
        "a: 1 # c\n\t\nb: 2\n",
        "\ta: 1\n",
        "# c\n \t\na: 1\n",
        "a: [1]\n\t\n",
        "a: |\n  x\n\t\nb: 1\n",
        "k:\n\t\n",
        "?\ta\n",
        "- a\n\t\n b\n",
        "-\t|\n  a\n",
    ] {
        assert_eq!(refusal(text), SyntaxErrorKind::Malformed, "{text:?}");
    }
    assert_eq!(kubernetes("{\n\t\"b\": [1, # c\n\t2]}\n"), json!({"b": [1, 2]}));
    assert_eq!(kubernetes("a:\tb\t# c\nc: |\n  x\n  \ty\n"), json!({"a": "b", "c": "x\n\ty\n"}));
    assert_eq!(kubernetes("a: b\n  \tc\n"), json!({"a": "b c"}));
}

#[test]
fn escapes_of_json_are_for_json() {
    for escape in ["\\/", "\\ud83d\\ude00"] {
        assert_eq!(refusal(&format!("a: \"{escape}\"\n")), SyntaxErrorKind::Malformed);
    }
    assert_eq!(kubernetes("{\"a\": \"\\/\\ud83d\\ude00\"}"), json!({"a": "/\u{1F600}"}));
    assert_eq!(kubernetes("a: \"\\\\/\\\\ud83d\\t\"\n"), json!({"a": "\\/\\ud83d\t"}));
}

#[test]
fn a_block_that_the_end_of_the_file_cuts_is_noted() {
    for (text, cut) in [
        ("a: |\n  x", true),
        ("a: >\n  x\n  y", true),
        ("a: |\n  x\n", false),
        ("a: |-\n  x", false),
        ("a: | # - \n  x", true),
        ("a: |\n  x\n  ", false),
        ("a: |\n  x\n    ", true),
        ("a: |+\n  x\n  ", true),
        ("a: |", false),
        ("b: |\n  x\na: z", false),
    ] {
        assert_eq!(!notes(text).is_empty(), cut, "{text:?}");
    }
    assert_eq!(notes("a: |\n  x"), [(NoteKind::BlockEof, "|\n  x")]);
    assert_eq!(kubernetes("a: |\n  x"), json!({"a": "x\n"}));
    assert_eq!(refusal("|\n text\n"), SyntaxErrorKind::Refused);
}

#[test]
fn limits_are_kept() {
    let limits = Limits { document_bytes: 100, depth: 3, nodes: 10 };
    let kind = |text: &str, json: bool| {
        parse(FileId(0), &Chunk { text, offset: 0, json }, Engine::GoYamlV2, &limits, false)
            .map(|_| ())
            .map_err(|e| e.kind)
    };
    assert_eq!(kind(&"x".repeat(101), false), Err(SyntaxErrorKind::Limit));
    for (text, json) in [("[[[1]]]", false), ("[[[1]]]", true), ("- - - a\n", false), ("{\"a\":{\"b\":[1]}}", true)] {
        assert_eq!(kind(text, json), Ok(()), "{text}");
    }
    for (text, json) in [("[[[[1]]]]", false), ("[[[[1]]]]", true), ("- - [[a]]\n", false), ("a: {b: [[1]]}\n", false)]
    {
        assert_eq!(kind(text, json), Err(SyntaxErrorKind::Limit), "{text}");
    }
    assert_eq!(kind("[1,2,3,4,5,6,7,8,9]", true), Ok(()));
    assert_eq!(kind("[1,2,3,4,5,6,7,8,9,10]", true), Err(SyntaxErrorKind::Limit));
    assert_eq!(kind("[1,2,3,4,5,6,7,8,9,10]", false), Err(SyntaxErrorKind::Limit));
}

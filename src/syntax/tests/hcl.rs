use proptest::prelude::*;

use super::read;
use crate::syntax::Engine;

#[test]
fn blocks_are_lists_and_expressions_stay_text() {
    let text = "a = 1\nb \"x\" \"y\" {\n  c = [true, \"t\", null]\n  d { e = -2.5 }\n  d { e = var.x }\n  dynamic \"f\" {\n    for_each = []\n    content {}\n  }\n  g = jsonencode({ \"h\" = \"${var.z}-1\", i = <<EOT\nlong\nEOT\n  })\n}\nb \"x\" \"z\" {}\n";
    let doc = read(text, Engine::Hcl).unwrap();
    let wanted = serde_json::json!({"a": 1, "b": [
        {"x": {"y": {"c": [true, "t", null], "d": [{"e": -2.5}, {"e": "${var.x}"}], "f": "${dynamic}",
            "g": {"h": "${var.z}-1", "i": "long\n"}}}},
        {"x": {"z": {}}},
    ]});
    assert_eq!(doc.root().to_value(), wanted);
    let value = doc.root().at("/b/0/x/y/d/1/e").unwrap();
    assert_eq!(&text[value.span().start as usize..value.span().end as usize], "var.x");
}

#[test]
fn what_is_no_hcl_is_an_error_at_its_place() {
    let error = read("a = 1\nb = = 2\n", Engine::Hcl).unwrap_err();
    assert!((6..12).contains(&error.span.start), "{error:?}");
    assert!(read(&format!("a = {}1{}\n", "[".repeat(100_000), "]".repeat(100_000)), Engine::Hcl).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-c{}\\[\\]=\"$ \\n<>0-9.(),%-]{0,60}") {
        let _ = read(&text, Engine::Hcl);
    }
}

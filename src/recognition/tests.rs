//! What holds for every text.

use proptest::prelude::*;

use super::*;

/// Paths of every form.
const PATHS: &[&str] = &[
    "a.prompty",
    "a.prompt",
    "prompts/a.md",
    "a.prompt.yml",
    "promptfooconfig.yaml",
    "registry/modelgraded/a.yaml",
    "flow.dag.yaml",
    "evals/a.yaml",
    "config/llm.json",
    "a.tf",
    ".env",
    "a.baml",
    "package.json",
    "pyproject.toml",
    "a.py",
    "a.ts",
    ".github/workflows/evals.yml",
];

/// Text of the pieces that these files are made of, in any order.
fn like_them() -> impl Strategy<Value = String> {
    let pieces = vec![
        "model",
        "system_prompt",
        "tools",
        "messages",
        "tests",
        "assert",
        "threshold",
        "role",
        "name",
        ": ",
        ":",
        "- ",
        "\n",
        "\n",
        "  ",
        "    ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "\"",
        "'",
        "\"\"\"",
        "`",
        "---\n",
        "gpt-4o",
        "gpt-5-2026-03-17",
        "arn:aws:bedrock:a:1:b/us.",
        "anthropic.claude-3",
        "${A:-",
        "{{",
        "}}",
        "{#",
        "#}",
        "{{!",
        "#\"",
        "\"#",
        "=",
        "0.5",
        "&a ",
        "*a",
        "é",
        "\u{1F600}",
        "\\",
        "//",
        "/*",
        "#",
        "$",
        "v1:0",
        "a b c d e",
        "\u{feff}",
        "\r\n",
        "models:/a/1",
        "|\n",
        "providers",
        "prompts",
        "steps",
        "run",
        "promptfoo eval || true",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|parts| parts.concat())
}

fn all(before: &[u8], after: &[u8]) -> Vec<(&'static str, Vec<Recognised>)> {
    let of = |path: &&'static str| {
        let changed = Changed { path, old_path: None, before: Some(before), after: Some(after) };
        (*path, recognise(&changed, FileId(0)))
    };
    PATHS.iter().map(of).collect()
}

proptest! {
    #[test]
    fn no_text_is_too_odd(before in like_them(), after in like_them()) {
        for (_, found) in all(before.as_bytes(), after.as_bytes()) {
            for one in found {
                prop_assert!(one.span.start <= one.span.end && one.span.end as usize <= after.len());
                prop_assert!(after.is_char_boundary(one.span.start as usize) && after.is_char_boundary(one.span.end as usize));
                prop_assert!(!one.what.is_empty());
            }
        }
        for path in PATHS {
            let changed = Changed { path, old_path: None, before: None, after: Some(after.as_bytes()) };
            prop_assert!(recognise(&changed, FileId(0)).iter().all(|one| one.sign.is_some()));
        }
    }

    #[test]
    fn no_bytes_are_too_odd(before in prop::collection::vec(any::<u8>(), 0..200), after in prop::collection::vec(any::<u8>(), 0..200)) {
        all(&before, &after);
    }

    #[test]
    fn the_same_text_says_nothing(text in like_them()) {
        let spaced = format!("{text}\n\n");
        for (path, found) in all(text.as_bytes(), spaced.as_bytes()) {
            prop_assert!(found.is_empty(), "{path}: {found:?}");
        }
    }
}

#[test]
fn what_is_too_large_is_not_read() {
    let text = |model: &str| format!("chat: {{model: {model}}}\n{}", "# \n".repeat(LARGEST / 3));
    let (before, after) = (text("gpt-4o"), text("gpt-5"));
    let changed =
        |b, a| recognise(&Changed { path: "a.yaml", old_path: None, before: Some(b), after: Some(a) }, FileId(0)).len();
    assert_eq!(changed(before.as_bytes(), after.as_bytes()), 0);
    assert_eq!(changed(&before.as_bytes()[..1000], &after.as_bytes()[..999]), 1);
}

#[test]
fn aliases_that_multiply_are_left_alone() {
    let mut text = "a0: &a0 [gpt-4o, gpt-4o]\n".to_owned();
    for i in 1..40 {
        text += &format!("a{i}: &a{i} [*a{}, *a{}, *a{}]\n", i - 1, i - 1, i - 1);
    }
    let after = text.replace("gpt-4o", "gpt-5");
    let changed =
        Changed { path: "a.yaml", old_path: None, before: Some(text.as_bytes()), after: Some(after.as_bytes()) };
    assert!(recognise(&changed, FileId(0)).is_empty());
}

#[test]
fn a_span_is_the_whole_value() {
    let after = "chat:\n  model: \"gpt-5\"\n";
    let changed = Changed {
        path: "a.yaml",
        old_path: None,
        before: Some(b"chat: {model: gpt-4o}"),
        after: Some(after.as_bytes()),
    };
    let found = recognise(&changed, FileId(0));
    assert_eq!(found[0].span.slice(after), "\"gpt-5\"");
    assert_eq!(&*found[0].what, "model `gpt-4o` becomes `gpt-5`");
    assert_eq!((found[0].before.as_deref(), found[0].after.as_deref()), (Some("gpt-4o"), Some("gpt-5")));
}

#[test]
fn every_kind_maps_to_one_of_the_model() {
    let ids: std::collections::BTreeSet<_> = RecognisedKind::ALL.iter().map(|k| k.id()).collect();
    assert_eq!(ids.len(), RecognisedKind::ALL.len());
    assert_eq!(RecognisedKind::ModelUnpin.change(), crate::model::ChangeKind::ModelUpgrade);
}

//! What holds for every text.

use super::*;
use crate::syntax::chunks;
use proptest::prelude::*;

const ENGINES: [Engine; 4] = [Engine::GoYamlV2, Engine::GoYamlV3, Engine::Core12, Engine::CloudFormation];

/// Text of the pieces that YAML is made of, in any order.
fn yaml_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "key",
        "on",
        "1",
        "0x1",
        "1.0",
        "<<",
        "é",
        "\u{1F600}",
        ": ",
        ":",
        "- ",
        "-",
        "? ",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "  ",
        " ",
        "\t",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ",",
        "\"",
        "'",
        "|",
        ">",
        "|-",
        "&a ",
        "*a",
        "!t ",
        "!!int ",
        "!!binary ",
        "# c",
        "#",
        "%",
        "---\n",
        "--- ",
        "...\n",
        "\\",
        "\\/",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "\0",
        "{\"a\":1}",
        "{\"a\":",
        "yes",
        "~",
        ".inf",
        "2020-01-02",
        "a: 1\n",
        "- a\n",
        "b: &a {a: 1}\n",
        "<<: *a\n",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Visits every node that can be reached, at most `budget` of them.
fn walk<'d>(node: Node<'d>, budget: &mut u32, visit: &mut impl FnMut(Node<'d>)) {
    if *budget == 0 {
        return;
    }
    *budget -= 1;
    visit(node);
    for (key, value) in node.entries() {
        visit(key);
        walk(value, budget, visit);
    }
    node.items().for_each(|item| walk(item, budget, visit));
}

fn check_node(node: Node<'_>, text: &str) {
    for span in [node.span(), node.definition_span(), node.anchor()] {
        let range = span.start as usize..span.end as usize;
        assert!(text.get(range).is_some(), "{span:?} is not in {text:?}");
    }
    node.pointer();
    node.scalar();
    if let Some(parent) = node.parent() {
        assert!(parent.span().start <= node.span().start && node.span().end <= parent.span().end, "{text:?}");
    }
}

fn check_text(text: &str) {
    for engine in ENGINES {
        for chunk in chunks(text) {
            match parse(FileId(0), &chunk, engine, &Limits::default(), true) {
                Ok(doc) => {
                    walk(doc.root(), &mut 1000, &mut |node| check_node(node, text));
                    doc.root().to_value();
                    let spans = doc.notes().iter().map(|n| n.span).chain(doc.comments().iter().map(|c| c.span));
                    spans.for_each(|s| assert!(text.get(s.start as usize..s.end as usize).is_some(), "{text:?}"));
                    assert!(doc.touched_notes().count() <= doc.notes().len());
                }
                Err(e) => {
                    assert!(text.get(e.span.start as usize..e.span.end as usize).is_some(), "{e:?} in {text:?}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_spans_inside(text in yaml_like()) {
        check_text(&text);
    }

    #[test]
    fn any_characters_are_read_or_refused(text in any::<String>()) {
        check_text(&text);
    }

    #[test]
    fn chunks_cover_the_text_in_order(text in yaml_like()) {
        let mut at = 0;
        for chunk in chunks(&text) {
            let start = chunk.offset as usize;
            prop_assert!(start >= at);
            prop_assert_eq!(&text[start..start + chunk.text.len()], chunk.text);
            let between = &text[at..start];
            prop_assert!(between.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with("---")), "{:?} is lost", between);
            at = start + chunk.text.len();
        }
        prop_assert!(text[at..].lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with("---")));
    }

    #[test]
    fn plain_scalars_are_where_their_spans_say(
        pairs in prop::collection::vec(("[a-zé\u{1F600}]{1,6}", "[a-zé0-9 \u{1F600}]{0,5}[a-zé]"), 1..12),
        crlf in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let rows = pairs.iter().map(|(k, v)| format!("- k{k}:  {v} # ü{end}")).collect::<Vec<_>>().concat();
        let doc = read(&rows, Engine::Core12).unwrap();
        for ((k, v), item) in pairs.iter().zip(doc.root().items()) {
            let (key, value) = item.entries().next().unwrap();
            prop_assert_eq!(key.span().slice(&rows), format!("k{k}"));
            prop_assert_eq!(value.span().slice(&rows), v.trim());
            prop_assert_eq!(value.text(), Some(v.trim()));
        }
    }

    #[test]
    fn a_pointer_leads_back(text in yaml_like()) {
        for chunk in chunks(&text) {
            let Ok(doc) = parse(FileId(0), &chunk, Engine::Core12, &Limits::default(), false) else { continue };
            if !doc.notes().is_empty() || text.contains("<<") || text.contains('*') {
                continue;
            }
            let root = doc.root();
            walk(root, &mut 1000, &mut |node| {
                let key = node.parent().is_some_and(|p| p.entries().any(|(k, _)| k == node));
                assert!(key || root.at(&node.pointer()) == Some(node), "{text:?}");
            });
        }
    }
}

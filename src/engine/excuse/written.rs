//! The ignores of a file, and what each of them stands beside.

use std::ops::Range;

use super::comment::{self, MARKER, Said, Unread};
use crate::adapters::Object;
use crate::syntax::{self, Chunk, Comment, Document, Engine, Limits, Node};
use crate::text::{FileId, Span};

/// An ignore as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The comment, from its `#` on.
    pub(in crate::engine) span: Span,
    /// What it says.
    pub(super) said: Result<Said, Unread>,
    /// The lines whose findings it speaks of: its own, and where it stands alone on that, the one below.
    pub(super) lines: [Range<u32>; 2],
    /// Does it stand alone on its line?
    pub(super) is_alone: bool,
    /// What it stands beside: the object and the path in it. The same wherever the object stands in its file.
    pub(super) beside: Box<str>,
    /// Is that an object with a name, which is the same in another file?
    pub(super) is_of_an_object: bool,
    /// Where that begins.
    pub(super) at: u32,
    /// Does its file define something that rollouts of other files live by?
    pub(in crate::engine) lends: bool,
}

/// How many ignores of a file are read. Far more than anybody writes, and no danger to our time.
const MOST: usize = 1000;

/// The ignores of `text`, in their order. A document that can't be parsed has none: nothing tells its comments from its
/// texts.
pub(in crate::engine) fn written(file: FileId, text: &str, limits: &Limits) -> Vec<Written> {
    if !text.contains(MARKER) {
        return Vec::new();
    }
    let marked = syntax::chunks(text).filter(|chunk| !chunk.json && chunk.text.contains(MARKER));
    let mut all = Vec::new();
    for chunk in marked {
        all.extend(of_document(file, text, &chunk, limits));
        if all.len() > MOST {
            all.truncate(MOST + 1);
            all[MOST].said = Err(too_many());
            break;
        }
    }
    all
}

fn too_many() -> Unread {
    let what = format!("only the first {MOST} ignores of a file are read");
    (what, "cover what is left by a waiver in `.rollgate/waivers.yaml`".to_owned())
}

fn of_document(file: FileId, text: &str, chunk: &Chunk<'_>, limits: &Limits) -> Vec<Written> {
    let parse = |engine| syntax::parse(file, chunk, engine, limits, true);
    let Ok(doc) = parse(Engine::GoYamlV2).or_else(|_| parse(Engine::Core12)) else { return Vec::new() };
    let ignores = doc.comments().iter().filter_map(|c| Some((c, comment::read(c.span.slice(text))?)));
    let ignores: Vec<(&Comment, Result<Said, Unread>)> = ignores.take(MOST + 1).collect();
    let page = Page::new(&doc);
    let mut all: Vec<Written> = Vec::with_capacity(ignores.len());
    // From the last to the first: ignores that stand below each other speak of the same line.
    for (comment, said) in ignores.into_iter().rev() {
        let own = line(text, comment.span.start);
        let next = line(text, own.end.saturating_add(1));
        let below = match all.last() {
            _ if !comment.own_line => own.clone(),
            Some(later) if later.lines[0] == next && later.is_alone => later.lines[1].clone(),
            Some(_) | None => next,
        };
        let Beside { path, is_of_an_object, at } = page.beside(&below);
        let (span, lines, is_alone) = (comment.span, [own, below], comment.own_line);
        all.push(Written { span, said, lines, is_alone, beside: path, is_of_an_object, at, lends: false });
    }
    all.reverse();
    all
}

/// The line that byte `at` lies in, without its line break.
fn line(text: &str, at: u32) -> Range<u32> {
    let at = (at as usize).min(text.len());
    let start = text.as_bytes()[..at].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let end = text.as_bytes()[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| at + n);
    // A file has at most 4 GiB.
    u32::try_from(start).unwrap_or(u32::MAX)..u32::try_from(end).unwrap_or(u32::MAX)
}

/// What an ignore stands beside.
struct Beside {
    path: Box<str>,
    is_of_an_object: bool,
    at: u32,
}

/// A document, ready to be asked what begins on a line.
struct Page<'d> {
    /// `group/kind/namespace/name`.
    object: String,
    is_of_an_object: bool,
    /// Where keys and values begin, in order.
    leaves: Vec<(u32, Node<'d>)>,
}

impl<'d> Page<'d> {
    fn new(doc: &'d Document<'_>) -> Self {
        let meta = |key| doc.root().path(&["metadata", key]).and_then(Node::text).unwrap_or("");
        let (group, kind) = Object::new(doc.root()).map_or(("", ""), |o| (o.group, o.kind));
        let name = meta("name");
        let mut leaves: Vec<(u32, Node<'d>)> = doc.leaves().map(|node| (node.span().start, node)).collect();
        leaves.sort_by_key(|(start, _)| *start);
        Self {
            object: [group, kind, meta("namespace"), name].join("/"),
            is_of_an_object: !kind.is_empty() && !name.is_empty(),
            leaves,
        }
    }

    /// The path of what begins first on `line`.
    fn beside(&self, line: &Range<u32>) -> Beside {
        let first = self.leaves.partition_point(|(start, _)| *start < line.start);
        let node = self.leaves.get(first).filter(|(start, _)| *start <= line.end).map(|(_, node)| *node);
        Beside {
            path: format!("{}{}", self.object, node.map_or_else(String::new, Node::pointer)).into(),
            is_of_an_object: self.is_of_an_object,
            at: node.map_or(line.start, |n| n.span().start),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Vec<Written> {
        written(FileId(0), text, &Limits::default())
    }

    /// For each ignore: the lines it speaks of, and what it stands beside.
    fn told(text: &str) -> Vec<(String, String)> {
        let lines = |w: &Written| {
            w.lines.iter().map(|l| text[l.start as usize..l.end as usize].trim()).collect::<Vec<_>>().join(" | ")
        };
        of(text).iter().map(|w| (lines(w), w.beside.to_string())).collect()
    }

    const ROLLOUT: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web, namespace: prod}\nspec:\n  strategy:\n    canary:\n      steps:\n";

    #[test]
    fn it_speaks_of_its_line_or_of_the_one_below() {
        let text = format!(
            "{ROLLOUT}        - setWeight: 1 # rollgate: ignore[a]\n        # rollgate: ignore[b]\n        # rollgate: ignore[c]\n        - setWeight: 50\n"
        );
        let step = |n: u32| format!("argoproj.io/Rollout/prod/web/spec/strategy/canary/steps/{n}/setWeight");
        let own = "- setWeight: 1 # rollgate: ignore[a]";
        assert_eq!(
            told(&text),
            [
                (format!("{own} | {own}"), step(0)),
                ("# rollgate: ignore[b] | - setWeight: 50".to_owned(), step(1)),
                ("# rollgate: ignore[c] | - setWeight: 50".to_owned(), step(1)),
            ]
        );
    }

    #[test]
    fn an_empty_line_or_another_comment_ends_it() {
        let text = format!(
            "{ROLLOUT}        # rollgate: ignore[a]\n\n        - setWeight: 1\n        # rollgate: ignore[b]\n        # why\n        - setWeight: 2\n"
        );
        let lines: Vec<String> = told(&text).into_iter().map(|(lines, _)| lines).collect();
        assert_eq!(lines, ["# rollgate: ignore[a] | ", "# rollgate: ignore[b] | # why"]);
    }

    #[test]
    fn a_text_is_no_comment() {
        for text in [
            "a: 'x # rollgate: ignore[a]'\n",
            "a: \"x\n  # rollgate: ignore[a]\"\n",
            "a: |\n  x\n  # rollgate: ignore[a]\n",
            "a: >-\n  # rollgate: ignore[a]\n  x\nb: 1\n",
            "a: x# rollgate: ignore[a]\n",
            "{\"a\": \"# rollgate: ignore[a]\"}\n",
            "a: [ # rollgate: ignore[a]\n",
        ] {
            assert_eq!(of(text), [], "{text}");
        }
        assert_eq!(of("a: | # rollgate: ignore[a]\n  # rollgate: ignore[b]\n# rollgate: ignore[c]\n").len(), 2);
        assert_eq!(of("a: [1, # rollgate: ignore[a]\n  2]\n").len(), 1);
        assert_eq!(of("# rollgate: ignore[a]\n---\na: 1\n---\n# rollgate: ignore[b]\nb: 1").len(), 2);
    }

    #[test]
    fn more_than_anybody_writes_are_not_read() {
        let text = "# rollgate: ignore[a]\n".repeat(MOST * 3) + "a: 1\n";
        let found = of(&text);
        assert_eq!(found.iter().filter(|w| w.said.is_ok()).count(), MOST);
        assert_eq!(found.last().unwrap().said.clone().unwrap_err().0, "only the first 1000 ignores of a file are read");
        let text = "a: 1 # rollgate: ignore[a]\n---\n".repeat(MOST * 2);
        assert_eq!((of(&text).len(), of(&text)[MOST].said.is_err()), (MOST + 1, true));
    }

    #[test]
    fn the_end_of_the_file_is_fine() {
        assert_eq!(told("a: 1\n# rollgate: ignore[a]")[0].0, "# rollgate: ignore[a] | # rollgate: ignore[a]");
        assert_eq!(told("a: 1\n# rollgate: ignore[a]\n")[0].0, "# rollgate: ignore[a] | ");
    }

    proptest! {
        /// One of several ways to hold a text, each with the same words in it.
        #[test]
        fn only_comments_are_read(ways in prop::collection::vec(0usize..7, 1..8), crlf in any::<bool>()) {
            const IGNORE: &str = "# rollgate: ignore[big-bang]";
            let mut text = String::new();
            let mut comments = 0;
            for (n, way) in ways.iter().enumerate() {
                let (line, is_comment) = match way {
                    0 => (format!("k{n}: v {IGNORE}\n"), true),
                    1 => (format!("{IGNORE}\nk{n}: v\n"), true),
                    2 => (format!("k{n}: 'v {IGNORE}'\n"), false),
                    3 => (format!("k{n}: |\n  v\n  {IGNORE}\n"), false),
                    4 => (format!("k{n}: [v, {IGNORE}\n  w]\n"), true),
                    5 => (format!("k{n}: >-\n  {IGNORE}\n\n  v\n"), false),
                    _ => (format!("k{n}:\n  - v {IGNORE}\n"), true),
                };
                text += &line;
                comments += usize::from(is_comment);
            }
            let text = if crlf { text.replace('\n', "\r\n") } else { text };
            let found = of(&text);
            prop_assert_eq!(found.len(), comments);
            for one in found {
                prop_assert_eq!(one.span.slice(&text).trim_end(), IGNORE);
                prop_assert!(one.said.is_ok());
            }
        }
    }
}

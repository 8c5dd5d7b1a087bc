//! Source code: texts in quotes, and what stands around them. Nothing here is more than a note.

use std::collections::BTreeMap;

use super::context::At;
use super::keys::{self, Group};
use super::kind::{Confidence, Recognised};
use super::models::Model;
use super::named;
use super::prompt;
use crate::text::{FileId, Span};

/// A text in quotes.
struct Literal<'t> {
    text: &'t str,
    start: usize,
    /// What is written before it on its line, without blanks and without the texts in quotes.
    frame: String,
    /// The last word of that: what it is given to.
    name: String,
}

/// What two versions of a source file say.
pub(super) fn compare(before: &str, after: &str, file: FileId, hash: bool) -> Vec<Recognised> {
    let (old, new) = (literals(before, hash), literals(after, hash));
    let mut found = models(&old, &new, file);
    found.extend(prompts(&old, &new, file));
    for one in &mut found {
        one.confidence = Confidence::Low;
    }
    found
}

fn at(literal: &Literal<'_>, file: FileId, group: Group) -> Option<At> {
    let (start, end) = (u32::try_from(literal.start).ok()?, u32::try_from(literal.start + literal.text.len()).ok()?);
    let group = Some(keys::Key { group, own: true });
    let judge = ["judge", "grader"].iter().any(|word| keys::fold(&literal.name).contains(word));
    Some(At { key: literal.name.as_str().into(), group, span: Span::new(file, start, end), sure: true, judge })
}

/// Names of models on lines that else say the same.
fn models(old: &[Literal<'_>], new: &[Literal<'_>], file: FileId) -> Vec<Recognised> {
    let (olds, news) = (framed(old), framed(new));
    let mut found = Vec::new();
    for (frame, before) in &olds {
        let Some(after) = news.get(frame).filter(|after| after.len() == before.len()) else { continue };
        for (b, a) in before.iter().zip(after).filter(|(b, a)| b.text != a.text) {
            found.extend(at(a, file, Group::Model).map(|at| named::models(b.text, a.text, &at)).unwrap_or_default());
        }
    }
    found
}

/// Models by what stands before them.
fn framed<'l, 't>(all: &'l [Literal<'t>]) -> BTreeMap<&'l str, Vec<&'l Literal<'t>>> {
    let mut out: BTreeMap<&str, Vec<&Literal<'_>>> = BTreeMap::new();
    let is_model =
        |literal: &&Literal<'_>| Model::read(literal.text).is_some_and(|m| m.telling || is_model_name(&literal.name));
    for literal in all.iter().filter(is_model) {
        out.entry(&literal.frame).or_default().push(literal);
    }
    out
}

fn is_model_name(name: &str) -> bool {
    keys::key(name).is_some_and(|k| k.group == Group::Model)
}

/// Texts that are given to something called a prompt.
fn prompts(old: &[Literal<'_>], new: &[Literal<'_>], file: FileId) -> Vec<Recognised> {
    let (olds, news) = (spoken(old), spoken(new));
    let mut found = Vec::new();
    for (name, before) in &olds {
        let Some(after) = news.get(name).filter(|after| after.len() == before.len()) else { continue };
        for (b, a) in before.iter().zip(after) {
            found.extend(at(a, file, Group::Prompt).and_then(|at| prompt::texts(b.text, a.text, &at, Confidence::Low)));
        }
    }
    found
}

/// Those texts by name.
fn spoken<'l, 't>(all: &'l [Literal<'t>]) -> BTreeMap<&'l str, Vec<&'l Literal<'t>>> {
    let mut out: BTreeMap<&str, Vec<&Literal<'_>>> = BTreeMap::new();
    for literal in all.iter().filter(|l| is_spoken(&l.name) && prompt::is_text(l.text) && l.text.len() >= 40) {
        out.entry(&literal.name).or_default().push(literal);
    }
    out
}

fn is_spoken(name: &str) -> bool {
    let folded = keys::fold(name);
    let named = ["systemprompt", "prompttemplate", "systemmessage", "systeminstruction"]
        .iter()
        .any(|word| folded.contains(word));
    named
        || matches!(&*folded, "instructions" | "system")
        || (folded.ends_with("prompt") && folded.len() > "prompt".len())
}

/// The texts in quotes of a source file, comments left out.
fn literals(text: &str, hash: bool) -> Vec<Literal<'_>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut frame = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        if rest.starts_with('\n') {
            frame.clear();
        } else if let Some(length) = comment(rest, hash) {
            at += length;
            continue;
        } else if let Some(quote) = opening(rest, hash) {
            let inner = at + quote.len();
            let end = closing(&text[inner..], quote).map_or(bytes.len(), |n| inner + n);
            let name = word(&frame);
            out.push(Literal { text: &text[inner..end], start: inner, frame: frame.clone(), name });
            frame += "''";
            at = (end + quote.len()).min(bytes.len());
            continue;
        }
        let c = rest.chars().next().unwrap_or(' ');
        if !c.is_whitespace() && frame.len() < 400 {
            frame.push(c);
        }
        at += c.len_utf8();
    }
    out
}

/// How long the comment is that begins here.
fn comment(rest: &str, hash: bool) -> Option<usize> {
    let line = || Some(rest.find('\n').unwrap_or(rest.len()));
    match () {
        () if hash && rest.starts_with('#') => line(),
        () if !hash && rest.starts_with("//") => line(),
        () if !hash && rest.starts_with("/*") => Some(rest.find("*/").map_or(rest.len(), |n| n + 2)),
        () => None,
    }
}

/// The quotes that open a text here.
fn opening(rest: &str, hash: bool) -> Option<&'static str> {
    let quotes: &[&str] = if hash { &["\"\"\"", "'''", "\"", "'"] } else { &["\"\"\"", "\"", "'", "`"] };
    quotes.iter().find(|quote| rest.starts_with(**quote)).copied()
}

/// Where those quotes close.
fn closing(rest: &str, quote: &str) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // Where a line ends, so does a text that nobody closed: a lifetime, an apostrophe.
            '\n' if quote.len() == 1 && quote != "`" => return Some(i),
            _ if rest[i..].starts_with(quote) => return Some(i),
            _ => {}
        }
    }
    None
}

/// The last word of a frame: `model` of `call(model=`, of `"model":`, `f` of `f(`.
fn word(frame: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let head = frame.trim_end_matches(|c: char| !is_word(c));
    // The letter before a text of Python says how it is read.
    let head = match head.strip_suffix(['f', 'r', 'b', 'F', 'R']) {
        Some(rest) if head.len() == frame.len() && rest.ends_with(['=', '(', ':', ',']) => rest,
        Some(_) | None => head,
    };
    // Without its type: `PROMPT: str =`, `const MODEL: &str =`.
    let head = ["str", "string", "String", "&str", "Final"]
        .iter()
        .fold(head.trim_end_matches(|c: char| !is_word(c)), |h, kind| h.strip_suffix(&format!(":{kind}")).unwrap_or(h));
    head.rsplit(|c: char| !is_word(c)).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, hash: bool) -> Vec<(String, &str)> {
        literals(text, hash).into_iter().map(|l| (l.name, l.text)).collect()
    }

    #[test]
    fn texts_and_what_they_are_given_to() {
        let python = "# 'no'\nMODEL: str = \"gpt-4o\"\ncall(model='a', x=f\"b\")\nP = \"\"\"one\n'two'\n\"\"\"\n";
        let wanted = [("MODEL", "gpt-4o"), ("model", "a"), ("x", "b"), ("P", "one\n'two'\n")];
        assert_eq!(names(python, true), wanted.map(|(n, t)| (n.to_owned(), t)));
        let script = "// \"no\"\nconst m = `a\nb`; /* 'x' */ f(\"y\\\"z\")\nfn a<'b>() {}\nlet c = \"d\"";
        let found = names(script, false);
        assert_eq!((found[0].1, found[1].1), ("a\nb", "y\\\"z"));
        assert_eq!(found.last().map(|l| l.1), Some("d"));
    }
}

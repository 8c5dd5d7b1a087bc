//! What a rule wishes for becomes edits of a file, each proved on its text: the wish comes true, and nothing else
//! changes.
//!
//! A wish knows no format. Where the value is written, its spelling is changed; where it is not, the adapter says what
//! would have to be added ([`crate::adapters::Adapter::add`]). Either is a guess until [`ground`] has lowered the file
//! that comes of it.

mod ground;
mod intent;
mod layout;
mod rounds;
mod spell;

pub use rounds::{Mended, mend};

use std::collections::BTreeSet;

use self::ground::{Counted, Ground};
use self::intent::Intent;
use super::check::{Input, Lenders, bounds};
use super::{reading, template};
use crate::adapters::{self, Addition, Object};
use crate::collect::{Content, read};
use crate::finding::{Edit, Finding, Fix, State, Wish};
use crate::syntax::{Chunk, Document, Node};
use crate::text::Span;

/// An edit that may bring a wish about, with what it means to change.
struct Guess {
    title: String,
    edit: Edit,
    intent: Intent,
}

/// Finds ways to mend those `findings` of a tree that pass `asks`, and proves them. `lenders` are files that others depend
/// on.
pub(super) fn offer(input: &Input<'_>, findings: &mut [Finding], lenders: &Lenders, asks: &dyn Fn(&Finding) -> bool) {
    let is_asked = |f: &Finding| f.state == State::Active && f.wish.is_some() && asks(f);
    let asked: BTreeSet<usize> = findings.iter().filter(|f| is_asked(f)).filter_map(|f| number(input, f)).collect();
    if asked.is_empty() {
        return;
    }
    let mut ground = Ground::new(input, asked, lenders);
    let counted = ground::counted(findings);
    for finding in findings.iter_mut().filter(|f| is_asked(f)) {
        finding.fixes = fixes(input, finding, &mut ground, &counted);
    }
}

/// The file that would be edited, by its number.
fn number(input: &Input<'_>, finding: &Finding) -> Option<usize> {
    let number = place(finding)?.file.0 as usize;
    (number < input.set.files.len()).then_some(number)
}

/// What would be edited.
fn place(finding: &Finding) -> Option<Span> {
    match finding.wish.as_ref()? {
        Wish::Written { span, .. } => Some(*span),
        Wish::Appended { .. }
        | Wish::Exposure { .. }
        | Wish::Hold { .. }
        | Wish::Shadow { .. }
        | Wish::WayBack { .. }
        | Wish::Revisions { .. }
        | Wish::Criterion => Some(finding.primary),
    }
}

fn fixes(input: &Input<'_>, finding: &Finding, ground: &mut Ground<'_>, counted: &Counted) -> Vec<Fix> {
    let (Some(wish), Some(span), Some(number)) = (&finding.wish, place(finding), number(input, finding)) else {
        return Vec::new();
    };
    let limits = bounds(input.policy);
    let Ok(Content::Text(text)) = read(&input.set.files[number], limits.file_bytes) else { return Vec::new() };
    // What a template renders to is not what would be edited.
    if template::first(&text).is_some() {
        return Vec::new();
    }
    let holds = |c: &Chunk<'_>| c.offset <= span.start && (span.end as usize) <= c.offset as usize + c.text.len();
    let path = &input.set.files[number].path;
    let Some(chunk) = reading::chunks(path, &text).into_iter().find(holds) else { return Vec::new() };
    let Ok(doc) = reading::parse(span.file, path, &chunk, &limits.document) else { return Vec::new() };
    let proved = if let Wish::Appended { text: more } = wish {
        appended(&text, span, more).filter(|guess| ground.proves_whole(number, &text, guess, (finding, counted)))
    } else {
        let guesses = guesses(&text, &doc, &chunk, (wish, span));
        guesses.into_iter().find(|guess| ground.proves(number, &text, guess, finding))
    };
    proved.map(|g| Fix { title: g.title, safety: wish.safety(), edits: vec![g.edit] }).into_iter().collect()
}

/// Edits that may bring `wish` about, the likeliest first.
fn guesses(text: &str, doc: &Document<'_>, chunk: &Chunk<'_>, (wish, at): (&Wish, Span)) -> Vec<Guess> {
    let scalar = doc.scalar_at(at);
    let renames = matches!(wish, Wish::Written { .. });
    let written = scalar.filter(|n| renames || !n.is_key()).map(|n| spelled(text, n, wish)).unwrap_or_default();
    let mut all = written;
    each_object(doc.root(), &mut |object| {
        let Some(adapter) = adapters::claiming(object.group, object.kind) else { return };
        let addition = adapter.add(object, wish, at);
        all.extend(addition.and_then(|addition| added(text, &addition, chunk.json)));
    });
    all
}

/// Calls `visit` with the object at `node`, or with those of the list at it.
fn each_object<'d>(node: Node<'d>, visit: &mut impl FnMut(&Object<'d>)) {
    let Some(object) = Object::new(node) else { return };
    if object.kind.ends_with("List") {
        object
            .node
            .get("items")
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|i| object.item(i))
            .for_each(|o| visit(&o));
    } else {
        visit(&object);
    }
}

/// The scalar `node` written in other ways.
fn spelled(text: &str, node: Node<'_>, wish: &Wish) -> Vec<Guess> {
    let pointer = node.pointer();
    let name = pointer.rsplit('/').next().filter(|_| node.parent().is_some_and(Node::is_map)).unwrap_or_default();
    let guess = |new: spell::Spelled| Guess {
        title: match name {
            name if name.is_empty() || node.is_key() => format!("write `{}`", new.value),
            name => format!("write `{name}: {}`", new.value),
        },
        intent: if node.is_key() {
            Intent::Renamed { pointer: pointer.clone(), to: new.value }
        } else {
            Intent::Written { pointer: pointer.clone() }
        },
        edit: new.edit,
    };
    spell::spellings(text, node, wish).into_iter().map(guess).collect()
}

/// `more` behind the comment at `span`.
fn appended(text: &str, span: Span, more: &str) -> Option<Guess> {
    let end = span.start + u32::try_from(span.slice(text).trim_end().len()).ok()?;
    let edit = Edit { span: Span { start: end, end, ..span }, text: more.to_owned() };
    Some(Guess { title: format!("add `{}`", more.trim()), edit, intent: Intent::Commented { more: more.to_owned() } })
}

/// `addition` written into the text.
fn added(text: &str, addition: &Addition<'_>, json: bool) -> Option<Guess> {
    let edit = layout::insertion(text, addition, json)?;
    let (title, intent) = match addition {
        Addition::Key { map, key, value } => {
            let intent = Intent::Key { map: map.pointer(), key, value: value.clone() };
            (format!("add `{}`", layout::entry(key, value, json)), intent)
        }
        Addition::Item { after, value } => {
            let pointer = after.pointer();
            let (list, index) = pointer.rsplit_once('/')?;
            let index = index.parse::<usize>().ok()? + 1;
            let intent = Intent::Item { list: list.to_owned(), index, value: value.clone() };
            (format!("add `- {}`", layout::item(value)), intent)
        }
    };
    Some(Guess { title, edit, intent })
}

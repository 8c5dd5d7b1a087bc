//! Two trees side by side: which values differ, by the path of keys.

use super::tree::{Shape, Value, same_text};

/// Comparisons of values that one file is worth.
const WORK: usize = 2_000_000;
/// Items of a list that are paired by how much they share.
const PAIRED: usize = 100;

/// Keys that say which item of a list this is.
const NAMES: &[&str] = &["name", "id", "model_name", "key", "role", "label", "path", "alias"];

/// A value that differs. One side is missing where it was added or taken away.
#[derive(Clone, Debug)]
pub(super) struct Edit<'t> {
    /// The keys that lead to it; an item of a list is `[name]`.
    pub(super) trail: Vec<Box<str>>,
    pub(super) before: Option<&'t Value>,
    pub(super) after: Option<&'t Value>,
    /// The mapping it stands in, after the change.
    pub(super) home: &'t Value,
    /// The mapping it stood in before.
    pub(super) old_home: &'t Value,
    /// The mapping around the one it stands in.
    pub(super) outer: Option<&'t Value>,
}

/// All values that differ between two lists of documents; `None` where that is too much work.
pub(super) fn edits<'t>(before: &'t Value, after: &'t Value) -> Option<Vec<Edit<'t>>> {
    let mut diff = Diff { found: Vec::new(), trail: Vec::new(), work: WORK };
    let homes = Homes { before, after, outer: None };
    match (before.items(), after.items()) {
        ([b], [a]) => diff.values(b, a, homes)?,
        _ => diff.items(before.items(), after.items(), homes)?,
    }
    Some(diff.found)
}

#[derive(Clone, Copy)]
struct Homes<'t> {
    before: &'t Value,
    after: &'t Value,
    outer: Option<&'t Value>,
}

struct Diff<'t> {
    found: Vec<Edit<'t>>,
    trail: Vec<Box<str>>,
    work: usize,
}

impl<'t> Diff<'t> {
    fn say(&mut self, before: Option<&'t Value>, after: Option<&'t Value>, homes: Homes<'t>) {
        let Homes { before: old_home, after: home, outer } = homes;
        self.found.push(Edit { trail: self.trail.clone(), before, after, home, old_home, outer });
    }

    fn at(&mut self, part: Box<str>, inside: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.trail.push(part);
        let done = inside(self);
        self.trail.pop();
        done
    }

    fn values(&mut self, before: &'t Value, after: &'t Value, homes: Homes<'t>) -> Option<()> {
        self.work = self.work.checked_sub(1)?;
        match (&before.shape, &after.shape) {
            (Shape::Scalar(b), Shape::Scalar(a)) if same_text(b, a) => {}
            (Shape::Map(b), Shape::Map(a)) => {
                let homes = Homes { before, after, outer: Some(homes.after).filter(|h| !h.entries().is_empty()) };
                self.entries(b, a, homes)?;
            }
            (Shape::List(b), Shape::List(a)) => match (before.words(), after.words()) {
                (Some(x), Some(y)) if x == y => {}
                (Some(_), Some(_)) => self.say(Some(before), Some(after), homes),
                (Some(_), None) | (None, Some(_) | None) => self.items(b, a, homes)?,
            },
            (Shape::Scalar(_) | Shape::Map(_) | Shape::List(_), Shape::Scalar(_) | Shape::Map(_) | Shape::List(_)) => {
                self.say(Some(before), Some(after), homes);
            }
        }
        Some(())
    }

    fn entries(
        &mut self,
        before: &'t [(Box<str>, Value)],
        after: &'t [(Box<str>, Value)],
        homes: Homes<'t>,
    ) -> Option<()> {
        let index = |entries: &'t [(Box<str>, Value)]| {
            entries.iter().map(|(k, v)| (&**k, v)).collect::<std::collections::BTreeMap<_, _>>()
        };
        let (olds, news) = (index(before), index(after));
        for (key, b) in &olds {
            let a = news.get(key).copied();
            self.at((*key).into(), |diff| {
                let Some(a) = a else {
                    diff.say(Some(*b), None, homes);
                    return Some(());
                };
                diff.values(b, a, homes)
            })?;
        }
        for (key, a) in news.iter().filter(|(key, _)| !olds.contains_key(*key)) {
            self.at((*key).into(), |diff| {
                diff.say(None, Some(*a), homes);
                Some(())
            })?;
        }
        Some(())
    }

    /// Items are paired by name, then by being equal, then by what they share.
    fn items(&mut self, before: &'t [Value], after: &'t [Value], homes: Homes<'t>) -> Option<()> {
        let (olds, news) = (named(before), named(after));
        let mut free: std::collections::BTreeMap<&str, usize> = news
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| !name.is_empty())
            .map(|(i, (name, _))| (&**name, i))
            .collect();
        let mut taken = vec![false; news.len()];
        let mut lone = Vec::new();
        for (name, b) in &olds {
            if let Some(i) = free.remove(&**name) {
                taken[i] = true;
                self.at(format!("[{name}]").into(), |diff| diff.values(b, news[i].1, homes))?;
            } else {
                lone.push((name.clone(), *b));
            }
        }
        let mut rest: Vec<(Box<str>, &Value)> =
            news.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|((n, v), _)| (n.clone(), *v)).collect();
        self.lone(lone, &mut rest, homes)?;
        for (name, a) in rest {
            self.at(format!("[{name}]").into(), |diff| {
                diff.say(None, Some(a), homes);
                Some(())
            })?;
        }
        Some(())
    }

    /// Those whose name is on one side only. What is left of `rest` was added.
    fn lone(
        &mut self,
        lone: Vec<(Box<str>, &'t Value)>,
        rest: &mut Vec<(Box<str>, &'t Value)>,
        homes: Homes<'t>,
    ) -> Option<()> {
        let mut gone = Vec::new();
        for (name, b) in lone {
            match rest.iter().position(|(_, a)| like(b, a)) {
                Some(i) => _ = rest.remove(i),
                None => gone.push((name, b)),
            }
            self.work = self.work.checked_sub(rest.len() + 1)?;
        }
        let even = gone.len() == rest.len();
        let few = gone.len() <= PAIRED && rest.len() <= PAIRED;
        for (name, b) in gone {
            self.work = self.work.checked_sub(rest.len() * (b.entries().len() + 1))?;
            let best =
                rest.iter().enumerate().map(|(i, (_, a))| (shared(b, a), i)).filter(|(n, _)| few && (*n > 0 || even));
            let best = best.max_by_key(|(n, i)| (*n, std::cmp::Reverse(*i))).map(|(_, i)| i);
            let part = format!("[{name}]").into();
            if let Some(i) = best {
                let (_, a) = rest.remove(i);
                self.at(part, |diff| diff.values(b, a, homes))?;
            } else {
                self.at(part, |diff| {
                    diff.say(Some(b), None, homes);
                    Some(())
                })?;
            }
        }
        Some(())
    }
}

/// Items with their names; the second of one name is `name#2`.
fn named(items: &[Value]) -> Vec<(Box<str>, &Value)> {
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let Some(name) = name(item) else {
            out.push((Box::from(""), item));
            continue;
        };
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        out.push((if *count == 1 { name.into() } else { format!("{name}#{count}").into() }, item));
    }
    out
}

/// What an item is called.
fn name(item: &Value) -> Option<String> {
    if let (Some(kind), Some(meta)) = (item.word("kind"), item.get("metadata")) {
        return Some(format!("{kind}/{}", meta.word("name")?));
    }
    if let Some(found) = NAMES.iter().find_map(|key| item.word(key)) {
        return Some(found.to_owned());
    }
    // A block of Terraform stands under its labels.
    match item.entries() {
        [(label, inner)] if !inner.entries().is_empty() => match inner.entries() {
            [(second, last)] if !last.entries().is_empty() => Some(format!("{label}.{second}")),
            _ => Some(label.to_string()),
        },
        _ => None,
    }
}

/// Do both say the same, numbers as numbers, keys in any order?
pub(super) fn like(a: &Value, b: &Value) -> bool {
    match (&a.shape, &b.shape) {
        (Shape::Scalar(x), Shape::Scalar(y)) => same_text(x, y),
        (Shape::List(x), Shape::List(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| like(x, y)),
        (Shape::Map(x), Shape::Map(_)) => {
            x.len() == b.entries().len() && x.iter().all(|(k, v)| b.get(k).is_some_and(|w| like(v, w)))
        }
        (Shape::Scalar(_) | Shape::List(_) | Shape::Map(_), Shape::Scalar(_) | Shape::List(_) | Shape::Map(_)) => false,
    }
}

/// How many entries both have in common.
fn shared(a: &Value, b: &Value) -> usize {
    a.entries().iter().filter(|(k, v)| b.get(k).is_some_and(|w| like(v, w))).count()
}

/// A path of keys as people write it: `model_list[gpt].params.model`.
pub(super) fn shown(trail: &[Box<str>]) -> String {
    let mut out = String::new();
    for part in trail {
        if !out.is_empty() && !part.starts_with('[') {
            out.push('.');
        }
        out += part;
    }
    out
}

//! A policy's own keys: what fails, which files are looked at, what is believed, hidden or let through.

use super::contexts::takes_in;
use super::{Weakening, place};
use crate::clock::period::can_outlast;
use crate::policy::{Globs, Policy, Trust};

/// The drill evidence that is believed where a policy does not say, as `policy.md` has it.
const RECORDS: &str = "drills/*.yaml";
const TAGS: &str = "rollback-drill/*";
const TRAILERS: &str = "Rollback-Drill";

/// What has been found, and of which policy.
struct Keys<'p> {
    after: &'p Policy,
    all: Vec<Weakening>,
}

impl Keys<'_> {
    /// A key, or a key in it, asks for less: `how` follows its name.
    fn found(&mut self, key: &str, inner: Option<&str>, how: &str) {
        let about = inner.map_or_else(|| key.to_owned(), |inner| format!("{key}.{inner}"));
        let span = place::key(self.after, key, inner);
        self.all.push(Weakening { span, what: format!("`{about}` {how}"), about, ends: None });
    }

    /// The names in `one` and not in `other`, where there are any.
    fn names(&mut self, place: (&str, &str), verb: &str, names: &[&str]) {
        if !names.is_empty() {
            self.found(place.0, Some(place.1), &format!("{verb} {}", quoted(names)));
        }
    }
}

/// Texts in words: `` `a`, `b` ``.
pub(super) fn quoted(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

/// The globs of `one` that none of `other` takes in.
pub(super) fn beyond<'g>(one: &'g Globs, other: &Globs) -> Vec<&'g str> {
    one.texts().filter(|text| !takes_in(other, text)).collect()
}

pub(super) fn compare(before: &Policy, after: &Policy) -> Vec<Weakening> {
    let mut keys = Keys { after, all: Vec::new() };
    if after.fail_on > before.fail_on {
        keys.found("fail-on", None, &format!("goes from {} to {}", before.fail_on.name(), after.fail_on.name()));
    }
    if after.undetermined < before.undetermined {
        let how = format!("goes from {} to {}", before.undetermined.name(), after.undetermined.name());
        keys.found("undetermined", None, &how);
    }
    files(&mut keys, before, after);
    drills(&mut keys, before, after);
    suppressions(&mut keys, before, after);
    overrides(&mut keys, before, after);
    keys.all
}

fn files(keys: &mut Keys<'_>, before: &Policy, after: &Policy) {
    let nothing = Globs::default();
    let (old, new) = (&before.choice, &after.choice);
    let excluded = |globs: &Option<Globs>| globs.clone().unwrap_or_default();
    let more = excluded(&new.exclude);
    keys.names(("files", "exclude"), "newly names", &beyond(&more, &excluded(&old.exclude)));
    match (&old.include, &new.include) {
        (Some(old), Some(new)) => keys.names(("files", "include"), "no longer names", &beyond(old, new)),
        (None, Some(new)) if !takes_in(new, "**") => {
            let only: Vec<&str> = if new.is_empty() { Vec::new() } else { beyond(new, &nothing) };
            let only = if only.is_empty() { "nothing".to_owned() } else { quoted(&only) };
            keys.found("files", Some("include"), &format!("is new: of all files only {only} would be checked"));
        }
        (None, Some(_)) | (_, None) => {}
    }
}

fn drills(keys: &mut Keys<'_>, before: &Policy, after: &Policy) {
    let (old, new) = (&before.drills, &after.drills);
    let globs = |globs: &Option<Globs>, default: &str| -> Vec<String> {
        globs.as_ref().map_or_else(|| vec![default.to_owned()], |globs| globs.texts().map(str::to_owned).collect())
    };
    let names = |names: &Option<Vec<Box<str>>>| -> Vec<String> {
        names.as_ref().map_or_else(|| vec![TRAILERS.to_owned()], |n| n.iter().map(ToString::to_string).collect())
    };
    for (key, old, new) in [
        ("records", globs(&old.records, RECORDS), globs(&new.records, RECORDS)),
        ("tags", globs(&old.tags, TAGS), globs(&new.tags, TAGS)),
        ("trailers", names(&old.trailers), names(&new.trailers)),
    ] {
        let more: Vec<&str> = new.iter().filter(|text| !old.contains(text)).map(String::as_str).collect();
        keys.names(("drills", key), "newly believes", &more);
    }
    if new.reverts.unwrap_or(true) && !old.reverts.unwrap_or(true) {
        keys.found("drills", Some("reverts"), "goes from false to true: a rollback in history counts as a drill");
    }
}

fn suppressions(keys: &mut Keys<'_>, before: &Policy, after: &Policy) {
    const KEY: &str = "suppressions";
    let (old, new) = (&before.suppressions, &after.suppressions);
    if old.requires_reason() && !new.requires_reason() {
        keys.found(KEY, Some("require-reason"), "goes from true to false");
    }
    let (from, to) = (old.max_age(), new.max_age());
    if can_outlast((to.months, to.seconds), (from.months, from.seconds)) {
        keys.found(KEY, Some("max-age"), &format!("rises from {from} to {to}"));
    }
    forbidden(keys, KEY, old.forbid.as_ref(), new.forbid.as_ref());
    if old.trust() == Trust::Base && new.trust() == Trust::Head {
        keys.found(KEY, Some("trust"), "goes from base to head: a change can hide its own findings");
    }
}

fn overrides(keys: &mut Keys<'_>, before: &Policy, after: &Policy) {
    let (old, new) = (&before.overrides, &after.overrides);
    match (old.allow.unwrap_or(false), new.allow.unwrap_or(false)) {
        (false, true) => keys.found("overrides", Some("allow"), "goes from false to true"),
        // What is forbidden matters only where something is allowed.
        (true, true) => forbidden(keys, "overrides", old.forbid.as_ref(), new.forbid.as_ref()),
        (_, false) => {}
    }
}

fn forbidden(keys: &mut Keys<'_>, key: &str, old: Option<&Vec<Box<str>>>, new: Option<&Vec<Box<str>>>) {
    let still = |rule: &str| new.into_iter().flatten().any(|r| **r == *rule);
    let gone: Vec<&str> = old.into_iter().flatten().map(|r| &**r).filter(|r| !still(r)).collect();
    keys.names((key, "forbid"), "no longer names", &gone);
}

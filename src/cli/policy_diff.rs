//! `rollgate policy diff`: where one policy is weaker than another.

use serde_json::{Value, json};

use super::args::{Format, PolicyChoice, PolicyDiff};
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{Outcome, check, print, setup};
use crate::collect::Roots;
use crate::engine::Registry;
use crate::policy::{Policy, Weakening, preset, weakenings};
use crate::render::visible;

pub(super) fn run(args: &PolicyDiff, around: &Surroundings) -> Outcome {
    let roots = check::roots(&[], around, false);
    let before = named(&args.before, &roots, around)?;
    let after = named(&args.after, &roots, around)?;
    let mut found = weakenings(&before, &after, &Registry);
    found.retain(|weakening| weakening.matters(around.now));
    print(&if args.output.format == Format::Json {
        as_json(&found, &after)
    } else {
        as_text(&found, &after) + &summary(args, found.len())
    })?;
    Ok(u8::from(!found.is_empty()))
}

/// The policy that `name` names: a preset, else a file. A word that is neither is taken for a misspelt preset.
fn named(name: &str, roots: &Roots, around: &Surroundings) -> Result<Policy, Vec<Failure>> {
    let is_word = !name.contains(['/', '.']) && !around.cwd.join(name).is_file();
    let choice = if preset(name).is_some() || is_word {
        PolicyChoice { policy: None, preset: Some(name.to_owned()) }
    } else {
        PolicyChoice { policy: Some(name.into()), preset: None }
    };
    setup::policy(&choice, roots, around)
}

/// The file of the policy that a weakening stands in, and its line.
fn place<'p>(weakening: &Weakening, policy: &'p Policy) -> Option<(&'p str, u32)> {
    let span = weakening.span?;
    let file = policy.files.iter().find(|file| file.id == span.file)?;
    Some((&*file.path, file.position(span).line))
}

fn as_text(found: &[Weakening], policy: &Policy) -> String {
    let line = |weakening: &Weakening| match place(weakening, policy) {
        Some((path, line)) => format!("{}:{line}: {}\n", visible(path), visible(&weakening.what)),
        None => format!("{}: {}\n", visible(&policy.name()), visible(&weakening.what)),
    };
    found.iter().map(line).collect()
}

fn summary(args: &PolicyDiff, count: usize) -> String {
    let (before, after) = (visible(&args.before), visible(&args.after));
    match count {
        0 => format!("{after} is nowhere weaker than {before}\n"),
        1 => format!("\n{after} is weaker than {before} in 1 thing\n"),
        n => format!("\n{after} is weaker than {before} in {n} things\n"),
    }
}

fn as_json(found: &[Weakening], policy: &Policy) -> String {
    let one = |weakening: &Weakening| {
        let (file, line) = place(weakening, policy).unzip();
        json!({"about": weakening.about, "message": weakening.what, "file": file, "line": line})
    };
    let weaker: Vec<Value> = found.iter().map(one).collect();
    format!("{:#}\n", json!({"schema": "rollgate/policy-diff/v1", "weaker": weaker}))
}

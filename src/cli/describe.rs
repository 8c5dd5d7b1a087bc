//! What describes the program itself: its rules and its schemas.

use serde_json::{Value, json};

use super::args::{Format, Rules, Schema};
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{Outcome, check, print, setup};
use crate::docgen;
use crate::policy::Selector;
use crate::rules;
use crate::text::nearest;

/// `rollgate rules`.
pub(super) fn rules(args: &Rules, around: &Surroundings) -> Outcome {
    let roots = check::roots(&[], around, false);
    let policy = setup::policy(&args.policy, &roots, around)?;
    let settings = policy.settings(&Selector::default());
    let level = |id: &str| settings.get(id).map_or("off", |s| s.level.name());
    if args.output.format == Format::Json {
        let rules: Vec<Value> = rules::ALL
            .iter()
            .map(|d| json!({"id": d.meta.id, "family": d.meta.family.title(), "level": level(d.meta.id), "summary": d.meta.summary}))
            .collect();
        print(&format!("{:#}\n", json!({"policy": policy.name(), "rules": rules})))?;
        return Ok(0);
    }
    let mut out = format!("levels under {}\n", policy.name());
    let mut family = None;
    for def in rules::ALL {
        if family != Some(def.meta.family) {
            family = Some(def.meta.family);
            out += &format!("\n{}\n", def.meta.family.title());
        }
        out += &format!("  {:<31} {:<8} {}\n", def.meta.id, level(def.meta.id), def.meta.summary);
    }
    out += "\n`rollgate explain RULE` says more about one of them.\n";
    print(&out)?;
    Ok(0)
}

/// `rollgate schema`.
pub(super) fn schema(args: &Schema) -> Outcome {
    if let Some(schema) = docgen::schema(&args.name) {
        return print(&format!("{schema:#}\n")).map(|()| 0);
    }
    let help = match nearest(&args.name, docgen::SCHEMAS.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the schemas are {}", docgen::SCHEMAS.join(", ")),
    };
    Err(vec![Failure::new(format!("there is no schema `{}`", args.name), help)])
}

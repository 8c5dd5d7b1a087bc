//! `rollgate policy show` and `rollgate policy check`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::args::{Format, PolicyCheck, PolicyChoice, PolicyShow};
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{Outcome, check, print, setup};
use crate::engine::{self, Registry};
use crate::policy::Selector;

/// `rollgate policy show`.
pub(super) fn show(args: &PolicyShow, around: &Surroundings) -> Outcome {
    let paths = args.file.as_slice();
    let roots = check::roots(paths, around, false);
    let policy = setup::policy(&args.policy, &roots, around)?;
    let mut selectors = BTreeMap::new();
    if paths.is_empty() {
        selectors.insert(Selector::default(), Vec::new());
    } else {
        let set = check::working_set(paths, None, &roots, around)?;
        let inspected = engine::inspect(&set, &policy);
        let unread = inspected.failures.iter();
        let unread: Vec<Failure> = unread.map(|f| Failure::in_file(f.path.as_deref(), &f.message, &f.help)).collect();
        if !unread.is_empty() {
            return Err(unread);
        }
        if inspected.linked.rollouts.is_empty() {
            let help = "name a file that holds one, or leave --for out to see what holds for all";
            return Err(vec![Failure::in_file(Some(&paths[0].display().to_string()), "holds no rollout", help)]);
        }
        for rollout in inspected.linked.rollouts {
            let selector = policy.selector(&engine::facets(&rollout, &set.files));
            let names: &mut Vec<String> = selectors.entry(selector).or_default();
            names.push(format!("{} {}", rollout.id.kind, rollout.id.name));
        }
    }
    if args.output.format == Format::Json {
        let one = |(selector, names)| json!({"for": names, "policy": policy.show(selector, &Registry)});
        let effective: Vec<Value> = selectors.iter().map(one).collect();
        print(&format!("{:#}\n", json!({"policy": policy.name(), "effective": effective})))?;
        return Ok(0);
    }
    let documents = selectors.iter().map(|(selector, names)| policy.show(selector, &Registry).yaml(names));
    print(&documents.collect::<Vec<_>>().join("---\n"))?;
    Ok(0)
}

/// `rollgate policy check`.
pub(super) fn check(args: &PolicyCheck, around: &Surroundings) -> Outcome {
    let roots = check::roots(&[], around, false);
    let choice = PolicyChoice { policy: args.file.clone(), preset: None };
    let policy = setup::policy(&choice, &roots, around)?;
    let rules =
        policy.settings(&Selector::default()).values().filter(|s| s.level != crate::catalog::Level::Off).count();
    if args.output.format == Format::Json {
        print(&format!("{:#}\n", json!({"policy": policy.name(), "extends": policy.extends(), "valid": true})))?;
    } else {
        print(&format!("{}: valid, {rules} rules on\n", policy.name()))?;
    }
    Ok(0)
}

//! `rollgate policy show` and `rollgate policy check`.

use serde_json::{Map, Value, json};

use super::args::{Format, PolicyCheck, PolicyChoice, PolicyShow};
use super::surroundings::Surroundings;
use super::{Outcome, check, print, setup};
use crate::engine;
use crate::policy::{Policy, Selector, Setting};
use crate::rules;

/// `rollgate policy show`.
pub(super) fn show(args: &PolicyShow, around: &Surroundings) -> Outcome {
    let paths = args.file.as_slice();
    let roots = check::roots(paths, around, false);
    let policy = setup::policy(&args.policy, &roots, around)?;
    let mut selectors = vec![("outside of all scopes".to_owned(), Selector::default())];
    if !paths.is_empty() {
        let set = check::working_set(paths, None, &roots, around)?;
        let rollouts = engine::inspect(&set, &policy).linked.rollouts;
        selectors = rollouts
            .iter()
            .map(|r| (format!("{} {}", r.id.kind, r.id.name), policy.selector(&engine::facets(r, &set.files))))
            .collect();
    }
    if args.output.format == Format::Json {
        let sets: Vec<Value> =
            selectors.iter().map(|(name, s)| json!({"for": name, "rules": as_json(&policy, s)})).collect();
        let whole = json!({
            "source": policy.name(), "extends": policy.extends(), "timezone": policy.timezone.name(),
            "fail-on": policy.fail_on.name(), "undetermined": policy.undetermined.name(), "effective": sets,
        });
        print(&format!("{whole:#}\n"))?;
        return Ok(0);
    }
    let mut out = heading(&policy);
    for (name, selector) in &selectors {
        out += &format!("\n# for {name}\nrules:\n");
        for (id, setting) in in_order(&policy, selector) {
            out += &rule(id, &setting);
        }
    }
    print(&out)?;
    Ok(0)
}

fn in_order(policy: &Policy, selector: &Selector) -> Vec<(&'static str, Setting)> {
    let mut settings = policy.settings(selector);
    rules::ALL.iter().filter_map(|d| Some((d.meta.id, settings.remove(d.meta.id)?))).collect()
}

fn heading(policy: &Policy) -> String {
    let origin = |key| policy.origin(key).map(ToString::to_string).unwrap_or_default();
    let extends = policy.extends().join(", ");
    let mut out = format!("# {}", policy.name());
    if !extends.is_empty() {
        out += &format!(", extends {extends}");
    }
    out.push('\n');
    for (key, value) in [
        ("timezone", policy.timezone.name()),
        ("fail-on", policy.fail_on.name()),
        ("undetermined", policy.undetermined.name()),
    ] {
        out += &line(&format!("{key}: {value}"), &origin(key));
    }
    out
}

/// One line of YAML with a comment that says where it comes from.
fn line(text: &str, from: &str) -> String {
    format!("{text:<44} # {from}\n")
}

fn rule(id: &str, setting: &Setting) -> String {
    let level = setting.level.name();
    let from = setting.level_from.to_string();
    if setting.params.is_empty() {
        return line(&format!("  {id}: {level}"), &from);
    }
    let mut out = format!("  {id}:\n{}", line(&format!("    level: {level}"), &from));
    for (name, param) in &setting.params {
        out += &line(&format!("    {name}: {}", flow(&param.value)), &param.from.to_string());
    }
    out
}

/// A parameter on one line: JSON is YAML, and plain text needs no quotes where no reader doubts it.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text)
            if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || " %._-".contains(c)) =>
        {
            text.clone()
        }
        other => other.to_string(),
    }
}

fn as_json(policy: &Policy, selector: &Selector) -> Value {
    let mut rules = Map::new();
    for (id, setting) in in_order(policy, selector) {
        let params: Map<String, Value> = setting
            .params
            .iter()
            .map(|(name, p)| (name.clone(), json!({"value": p.value, "from": p.from.to_string()})))
            .collect();
        let value =
            json!({"level": setting.level.name(), "from": setting.level_from.to_string(), "parameters": params});
        rules.insert(id.to_owned(), value);
    }
    Value::Object(rules)
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

//! What each preset says of each rule.

use crate::catalog::{Level, RuleMeta};
use crate::engine::Registry;
use crate::model::{ChangeKind, Labels};
use crate::policy::{Facets, Known, PRESETS, Policy, Selector, Setting, Source};
use crate::{adapters, rules};

/// The presets of this version, read.
pub(super) struct Levels {
    presets: Vec<(&'static str, Policy)>,
}

/// One line of a rule's table of levels.
pub(super) struct Line {
    /// The preset, and the kind of change where a class says something else.
    pub(super) preset: String,
    /// The level there.
    pub(super) level: Level,
    /// The parameters that the preset sets, as YAML.
    pub(super) params: Vec<String>,
}

/// The preset `name`, if it can be read.
pub(super) fn preset(name: &str) -> Option<Policy> {
    let metas: Vec<&'static RuleMeta> = rules::ALL.iter().map(|def| def.meta).collect();
    let systems: Vec<&'static str> = adapters::ALL.iter().map(|a| a.meta().id).collect();
    let known = Known { rules: &metas, systems: &systems, binder: &Registry, first_file: FIRST_POLICY_FILE };
    Policy::load(&known, Source::Preset(name.to_owned()), &mut |_| Ok(None)).ok()
}

/// The policy's files are numbered from here, far above the examples'.
const FIRST_POLICY_FILE: u32 = 0xF000_0000;

impl Levels {
    /// Reads the presets, `recommended` first.
    pub(super) fn new() -> Self {
        let mut presets: Vec<(&'static str, Policy)> =
            PRESETS.iter().filter_map(|p| Some((p.name, preset(p.name)?))).collect();
        presets.sort_by_key(|(name, _)| *name != "recommended");
        Self { presets }
    }

    /// The names of the presets.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.presets.iter().map(|(name, _)| *name)
    }

    /// The level of `rule` under each preset.
    pub(super) fn of(&self, rule: &str) -> impl Iterator<Item = Level> {
        let level =
            move |policy: &Policy| policy.settings(&Selector::default()).get(rule).map_or(Level::Off, |s| s.level);
        self.presets.iter().map(move |(_, policy)| level(policy))
    }

    /// What the presets say of `rule`: one line each, and one more for each kind of change that it answers otherwise for.
    pub(super) fn lines(&self, rule: &str) -> Vec<Line> {
        let mut lines = Vec::new();
        for (name, policy) in &self.presets {
            let Some(base) = policy.settings(&Selector::default()).remove(rule) else { continue };
            for change in ChangeKind::ALL {
                let special = policy.settings(&selector(policy, change)).remove(rule);
                if let Some(special) = special.filter(|s| line("", s) != line("", &base)) {
                    lines.push(line(&format!("`{name}`, {}", change.name()), &special));
                }
            }
            let at = lines.len() - lines.iter().filter(|l| l.preset.starts_with(&format!("`{name}`, "))).count();
            lines.insert(at, line(&format!("`{name}`"), &base));
        }
        lines
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        (&self.preset, self.level, &self.params) == (&other.preset, other.level, &other.params)
    }
}

fn line(preset: &str, setting: &Setting) -> Line {
    let params = setting.params.iter().map(|(name, p)| format!("{name}: {}", flow(&p.value)));
    Line { preset: preset.to_owned(), level: setting.level, params: params.collect() }
}

fn selector(policy: &Policy, change: ChangeKind) -> Selector {
    policy.selector(&Facets {
        environment: None,
        service: "",
        system: "",
        kind: "",
        namespace: None,
        name: "",
        labels: Labels::NONE,
        path: "",
        change: Some(change),
        risk: None,
    })
}

/// A value as people write it in YAML on one line.
pub fn flow(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

//! The effective policy as people and tools look at it: every value, and where it comes from.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

use super::Policy;
use super::params::Binder;
use super::scope::Selector;
use super::setting::{Provenance, Setting};

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownValue {
    /// The value as a policy would write it.
    pub value: Value,
    /// `rollgate.yaml:12`, `preset strict`, `the rule's default`.
    pub from: String,
}

/// What the effective policy says of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownRule {
    /// The rule.
    pub rule: &'static str,
    /// Its level.
    pub level: ShownValue,
    /// Its parameters, the rule's own defaults included.
    pub parameters: BTreeMap<String, ShownValue>,
}

/// The effective policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// How the policy was found: its path, or `preset strict`.
    pub source: String,
    /// What lies under it, in the order it applies.
    pub extends: Vec<String>,
    /// Whether scopes and classes change the rules for some rollouts.
    pub scoped: Scoped,
    /// The policy's own keys, such as `timezone`. What is replaced key by key is named `files.include`.
    pub keys: BTreeMap<String, ShownValue>,
    /// Every rule, in the order of the registry.
    pub rules: Vec<ShownRule>,
}

/// Which rollouts the shown rules are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scoped {
    /// All: no scope and no class says anything else.
    All,
    /// Those outside of all scopes and classes.
    Outside,
    /// Those in some scopes or of some class.
    Inside,
}

impl Policy {
    /// The effective policy for the rollouts of `selector`.
    pub fn show(&self, selector: &Selector, binder: &dyn Binder) -> Shown {
        let some = self.layers.iter().any(|l| !l.scopes.is_empty() || !l.classes.is_empty());
        let scoped = match (some, *selector == Selector::default()) {
            (false, _) => Scoped::All,
            (true, true) => Scoped::Outside,
            (true, false) => Scoped::Inside,
        };
        let settings = self.settings(selector);
        Shown {
            source: self.name(),
            extends: self.extends(),
            scoped,
            keys: self.keys(),
            rules: self.rules.iter().filter_map(|meta| rule(meta.id, &settings, binder)).collect(),
        }
    }

    fn keys(&self) -> BTreeMap<String, ShownValue> {
        let default = |value: &str| ShownValue { value: value.into(), from: Provenance::Program.to_string() };
        let mut keys = BTreeMap::from([
            ("fail-on".to_owned(), default(self.fail_on.name())),
            ("timezone".to_owned(), default(self.timezone.name())),
            ("undetermined".to_owned(), default(self.undetermined.name())),
        ]);
        for written in self.layers.iter().flat_map(|layer| &layer.written) {
            let name =
                written.inner.as_ref().map_or(written.key.to_owned(), |inner| format!("{}.{inner}", written.key));
            keys.insert(name, ShownValue { value: written.value.clone(), from: written.from.to_string() });
        }
        keys
    }
}

fn rule(id: &'static str, all: &BTreeMap<&'static str, Setting>, binder: &dyn Binder) -> Option<ShownRule> {
    let setting = all.get(id)?;
    let level = ShownValue { value: setting.level.name().into(), from: setting.level_from.to_string() };
    let mut parameters = BTreeMap::new();
    let schema = binder.schema(id);
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = property.get("default") {
            let from = Provenance::Rule.to_string();
            parameters.insert(name.clone(), ShownValue { value: value.clone(), from });
        }
    }
    for (own, rule, theirs) in binder.follows(id) {
        if let Some(param) = all.get(rule).and_then(|setting| setting.params.get(*theirs)) {
            let from = format!("as {rule}: {}", param.from);
            parameters.insert((*own).to_owned(), ShownValue { value: param.value.clone(), from });
        }
    }
    for (name, param) in &setting.params {
        let shown = ShownValue { value: param.value.clone(), from: param.from.to_string() };
        parameters.insert(name.clone(), shown);
    }
    Some(ShownRule { rule: id, level, parameters })
}

impl Shown {
    /// The same as a policy file that says all of it itself, with a comment behind every value.
    ///
    /// `names` are the rollouts it is for, if it is for some.
    pub fn yaml(&self, names: &[String]) -> String {
        let mut out = String::new();
        let under = if self.extends.is_empty() { String::new() } else { format!(", over {}", self.extends.join(", ")) };
        line(&mut out, 0, &format!("# {}{under}", plain(&self.source)), "");
        let note = match self.scoped {
            Scoped::All => None,
            Scoped::Outside => Some("# outside of all scopes and classes; `--for FILE` shows what holds for a file"),
            Scoped::Inside => Some("# with the scopes and classes that match"),
        };
        if let Some(note) = note {
            line(&mut out, 0, note, "");
        }
        if !names.is_empty() {
            line(&mut out, 0, &format!("# for {}", plain(&names.join(", "))), "");
        }
        out += "version: 1\nextends: []\n";
        let mut parent = "";
        for (name, value) in &self.keys {
            let (outer, inner) = name.split_once('.').map_or((name.as_str(), None), |(o, i)| (o, Some(i)));
            if let Some(inner) = inner {
                if outer != parent {
                    line(&mut out, 0, &format!("{outer}:"), "");
                }
                entry(&mut out, 1, inner, value);
            } else {
                entry(&mut out, 0, outer, value);
            }
            parent = outer;
        }
        out += "rules:\n";
        for rule in &self.rules {
            let id = rule.rule;
            if rule.parameters.is_empty() {
                entry(&mut out, 1, id, &rule.level);
                continue;
            }
            line(&mut out, 1, &format!("{id}:"), "");
            entry(&mut out, 2, "level", &rule.level);
            for (name, value) in &rule.parameters {
                entry(&mut out, 2, name, value);
            }
        }
        out
    }
}

fn entry(out: &mut String, depth: usize, key: &str, shown: &ShownValue) {
    line(out, depth, &format!("{}: {}", scalar(&key.into()), flow(&shown.value)), &shown.from);
}

fn line(out: &mut String, depth: usize, text: &str, comment: &str) {
    let comment = if comment.is_empty() { String::new() } else { format!("  # {}", plain(comment)) };
    _ = writeln!(out, "{:indent$}{text}{comment}", "", indent = depth * 2);
}

/// A value on one line.
fn flow(value: &Value) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", list(items.iter().map(inner).collect())),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| format!("{}: {}", inner(&key.as_str().into()), inner(value));
            format!("{{{}}}", list(map.iter().map(entry).collect()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => scalar(value),
    }
}

/// A value inside of brackets, where more characters mean something.
fn inner(value: &Value) -> String {
    let Some(text) = value.as_str() else { return flow(value) };
    let harmless = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '%' | '/' | ' '));
    if harmless && scalar(value) == text { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes, as JSON and YAML both read it.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    json.chars().map(|c| if c.is_control() { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
}

fn scalar(value: &Value) -> String {
    if let Some(whole) = value.as_f64().filter(|n| value.is_f64() && n.fract() == 0.0 && n.abs() < 1e15) {
        return format!("{whole:.0}");
    }
    let one_line = value.as_str().is_none_or(|text| !text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']));
    match serde_yaml::to_string(value) {
        Ok(text) if one_line => text.trim_end_matches('\n').to_owned(),
        Ok(_) | Err(_) => value.as_str().map_or_else(|| value.to_string(), quoted),
    }
}

/// Text that stays in its comment.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::tests::{facets, policy};

    struct Schemas;

    impl Binder for Schemas {
        fn refuses(&self, _: &str, _: &Value) -> Option<String> {
            None
        }
        fn schema(&self, rule: &str) -> Value {
            match rule {
                "big-bang" => json!({"properties": {"min-retention": {"default": 10.0}}}),
                "canary-too-small" => json!({"properties": {"min": {"default": "1%"}, "other": {}}}),
                _ => json!({}),
            }
        }
        fn follows(&self, rule: &str) -> &'static [(&'static str, &'static str, &'static str)] {
            if rule == "big-bang" { &[("min-retention", "rollback-path-missing", "min-retention")] } else { &[] }
        }
    }

    const TEXT: &str = "extends: [strict]
timezone: Europe/Berlin
files: {include: [\"a/**\", \"b: c\"]}
rules:
  big-bang: off
  deploy-window: {allow: [{days: mon-wed, hours: \"09:00-16:00\"}], timezone: \"off\"}
scopes: [{match: {environment: production}, rules: {canary-too-small: {min: 2%}}}]
";

    #[test]
    fn every_value_says_where_it_comes_from() {
        let own = policy(TEXT);
        let yaml = own.show(&own.selector(&facets()), &Schemas).yaml(&[]);
        for line in [
            "# rollgate.yaml, over recommended, strict",
            "# with the scopes and classes that match",
            "fail-on: error  # default",
            "files:",
            "  include: [\"a/**\", \"b: c\"]  # rollgate.yaml:3",
            "timezone: Europe/Berlin  # rollgate.yaml:2",
            "undetermined: error  # preset strict",
            "    level: off  # rollgate.yaml:5",
            "    min-retention: 1h  # as rollback-path-missing: preset strict",
            "    level: error  # preset recommended",
            "    allow: [{days: mon-wed, hours: \"09:00-16:00\"}]  # rollgate.yaml:6",
            "    min: 2%  # rollgate.yaml:7, scope 1",
        ] {
            assert!(yaml.lines().any(|l| l == line), "{line} is not in\n{yaml}");
        }
        let outside = own.show(&Selector::default(), &Schemas).yaml(&[]);
        assert!(outside.contains("    min: 1%  # the rule's default\n"), "{outside}");
        assert!(
            policy("")
                .show(&Selector::default(), &Schemas)
                .yaml(&[])
                .contains("    min-retention: 10  # the rule's default\n")
        );
    }

    #[test]
    fn what_is_shown_is_a_policy_that_says_the_same() {
        let own = policy(TEXT);
        let selector = own.selector(&facets());
        let shown = own.show(&selector, &Schemas);
        let again = policy(&shown.yaml(&[]));
        let values = |shown: &Shown| -> Vec<Value> {
            let values =
                shown.rules.iter().flat_map(|rule| std::iter::once(&rule.level).chain(rule.parameters.values()));
            values.map(|shown| shown.value.clone()).collect()
        };
        assert_eq!(values(&shown), values(&again.show(&Selector::default(), &Schemas)));
        assert_eq!((again.timezone, again.undetermined), (own.timezone, own.undetermined));
    }
}

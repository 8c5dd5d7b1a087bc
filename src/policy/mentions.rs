//! Everything that a policy says of one rule, in the order in which it counts.

use serde::Serialize;
use serde_json::Value;

use super::Policy;
use super::scope::{Condition, Scope};
use super::setting::{Named, Part, Provenance};
use crate::catalog::Level;

/// One place of a policy that names a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mention {
    /// `rollgate.yaml:12`, `preset strict`.
    pub from: String,
    /// The file as the policy names it; `None` where it is a preset.
    pub file: Option<String>,
    /// Which rollouts it is for: `environment: staging`, `a change of kind model-upgrade`. `None` is all.
    #[serde(rename = "for")]
    pub scope: Option<String>,
    /// The level, where it gives one.
    pub level: Option<&'static str>,
    /// The parameters that it gives, by name.
    pub parameters: Vec<(String, Value)>,
}

impl Policy {
    /// Every place that names `rule`; a later one beats an earlier one in what both say.
    pub fn mentions(&self, rule: &str) -> Vec<Mention> {
        let mut all = Vec::new();
        let mut add = |named: &[Named], scope: Option<&str>| {
            all.extend(named.iter().filter(|n| n.rule.id == rule).map(|n| mention(n, scope.map(str::to_owned))));
        };
        for layer in &self.layers {
            add(&layer.rules, None);
            for scope in &layer.scopes {
                add(&scope.rules, Some(&conditions(scope)));
            }
            for class in &layer.classes {
                add(&class.rules, Some(&format!("a change of kind {}", class.change.name())));
            }
        }
        all
    }
}

fn mention(named: &Named, scope: Option<String>) -> Mention {
    // Which scope it is, its conditions tell better than its number.
    let (from, file) = match &named.from {
        Provenance::Written { by, line, .. } => {
            let whole = Provenance::Written { by: by.clone(), line: *line, part: Part::File };
            (whole.to_string(), line.map(|_| by.to_string()))
        }
        other @ (Provenance::Rule | Provenance::Program | Provenance::Unnamed) => (other.to_string(), None),
    };
    let parameters = named.params.iter().map(|(name, param)| (name.clone(), param.value.clone())).collect();
    Mention { from, file, scope, level: named.level.map(Level::name), parameters }
}

/// What a scope asks for, as it would be written.
fn conditions(scope: &Scope) -> String {
    let one = |condition: &Condition| {
        let globs: Vec<&str> = condition.globs().texts().collect();
        format!("{}: {}", condition.key(), globs.join(" or "))
    };
    let all: Vec<String> = scope.conditions.iter().map(one).collect();
    if all.is_empty() { "every rollout".to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::policy::tests::policy;

    #[test]
    fn in_the_order_in_which_they_count() {
        let own = policy(
            "extends: [strict, ai]\nrules:\n  canary-too-large: {max: 7%}\nscopes:\n  \
             - match: {environment: staging, labels: {tier: \"0\"}}\n    rules: {canary-too-large: off}\n",
        );
        let all = serde_json::to_value(own.mentions("canary-too-large")).unwrap();
        let all: Vec<_> =
            all.as_array().unwrap().iter().map(|m| json!([m["from"], m["for"], m["level"], m["parameters"]])).collect();
        assert_eq!(all[1], json!(["preset strict", null, "error", [["max", "5%"]]]));
        let class = json!(["preset ai", "a change of kind prompt-tweak", "error", [["max", "10%"]]]);
        assert!(all.contains(&class), "{all:?}");
        let last = json!(["rollgate.yaml:6", "environment: staging, labels.tier: 0", "off", []]);
        assert_eq!(all[all.len() - 2..], [json!(["rollgate.yaml:3", null, null, [["max", "7%"]]]), last]);
        assert!(policy("extends: []").mentions("big-bang").is_empty());
    }
}

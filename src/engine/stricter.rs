//! What a change of several kinds has to do: of each parameter the stricter value.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::catalog::Level;
use crate::policy::Setting;
use crate::rules;

/// What the policy says of every rule.
type Settings = BTreeMap<&'static str, Setting>;

/// The settings under which whatever breaks one of two sets of them is found: the higher level, and of each parameter the
/// value that asks for more.
pub(super) fn stricter(mut one: Settings, other: &Settings) -> Settings {
    for (rule, theirs) in other {
        match one.get_mut(rule) {
            Some(mine) => join(rule, mine, theirs),
            None => _ = one.insert(rule, theirs.clone()),
        }
    }
    one
}

fn join(rule: &str, mine: &mut Setting, theirs: &Setting) {
    if theirs.level == Level::Off || mine == theirs {
        return;
    }
    if mine.level == Level::Off {
        mine.clone_from(theirs);
        return;
    }
    let names: BTreeSet<String> = mine.params.keys().chain(theirs.params.keys()).cloned().collect();
    for name in names {
        // Without it, the rule's own default holds.
        let mut with_theirs = mine.clone();
        match theirs.params.get(&name) {
            Some(param) => _ = with_theirs.params.insert(name, param.clone()),
            None => _ = with_theirs.params.remove(&name),
        }
        if asks_for_more(rule, mine, &with_theirs) {
            mine.params = with_theirs.params;
        }
    }
    if theirs.level > mine.level {
        mine.level = theirs.level;
        mine.level_from = theirs.level_from.clone();
    }
}

/// Does `other` ask for something that `one` does not, and for all that it asks?
fn asks_for_more(rule: &str, one: &Setting, other: &Setting) -> bool {
    let Some(def) = rules::find(rule) else { return false };
    let (one, other) = (values(one), values(other));
    (def.weakened)(&one, &other).is_empty() && !(def.weakened)(&other, &one).is_empty()
}

fn values(setting: &Setting) -> Value {
    Value::Object(setting.params.iter().map(|(name, p)| (name.clone(), p.value.clone())).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::{Param, Provenance};

    fn setting(level: Level, params: &Value) -> Setting {
        let param = |value: &Value| Param { value: value.clone(), span: None, from: Provenance::Rule };
        let params = params.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), param(value)));
        Setting { level, level_from: Provenance::Rule, params: params.collect() }
    }

    fn both(rule: &'static str, one: Setting, other: Setting) -> (Level, Value) {
        let settings = |setting: Setting| BTreeMap::from([(rule, setting)]);
        let (here, there) = (settings(one), settings(other));
        let joined = stricter(here.clone(), &there);
        let turned = stricter(there, &here);
        let told = |all: &Settings| all.get(rule).map(|s| (s.level, values(s)));
        assert_eq!(told(&joined), told(&turned), "the order makes no difference");
        told(&joined).unwrap_or((Level::Off, Value::Null))
    }

    #[test]
    fn the_stricter_value_of_each_parameter() {
        let (tweak, model) = (json!({"max": "10%"}), json!({"max": "5%"}));
        let joined = both("canary-too-large", setting(Level::Error, &tweak), setting(Level::Warning, &model));
        assert_eq!(joined, (Level::Error, json!({"max": "5%"})));
        let day = setting(Level::Error, &json!({"min": "24h"}));
        let week = setting(Level::Warning, &json!({"min": "1 week"}));
        assert_eq!(both("rollout-too-fast", day, week), (Level::Error, json!({"min": "1 week"})));
        let (points, times) = (json!({"max-increase": "50pp", "max-factor": 4}), json!({"max-increase": "20pp"}));
        let joined = both("step-too-steep", setting(Level::Error, &points), setting(Level::Error, &times));
        assert_eq!(joined.1["max-increase"], "20pp");
    }

    #[test]
    fn a_rule_that_is_off_asks_for_nothing() {
        let off = setting(Level::Off, &json!({"max": "1%"}));
        let on = setting(Level::Warning, &json!({"max": "5%"}));
        assert_eq!(both("canary-too-large", off, on), (Level::Warning, json!({"max": "5%"})));
    }

    #[test]
    fn what_is_not_set_is_the_rules_own() {
        let tenant = setting(Level::Error, &json!({"unit": "tenant"}));
        let any = setting(Level::Error, &json!({}));
        assert_eq!(both("flag-required", tenant, any), (Level::Error, json!({"unit": "tenant"})));
    }
}

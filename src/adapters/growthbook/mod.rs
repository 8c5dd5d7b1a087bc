//! GrowthBook.

mod audience;
mod forms;
mod guardrails;
mod ramp;
mod rest;
mod rules;
#[cfg(test)]
mod tests;
mod values;
mod weights;

use super::flag::{self, Flag, Split};
use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::Basis;
use crate::syntax::Node;
use forms::{exported, is_encrypted, payload};
use values::Values;

declare_adapter! {
    /// ## What is read
    ///
    /// SDK payloads (`features`, whose members have a `defaultValue` and `rules`), features of the REST API
    /// (`valueType` and `environments`), ramp schedules and their templates, and the older safe rollouts. A feature is a
    /// live split in each environment: one moment, whose history in git is the plan. A ramp schedule and a safe rollout
    /// are declared plans; one that is over is none any more.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `defaultValue` | what rules leave over; the control, unless a value is `false` | nothing is served |
    /// | `rules[]` with a `condition` or saved groups | a ring, in order | everybody |
    /// | `rules[].force` with `coverage` or `range` | share of the rest | everybody |
    /// | `rules[].variations`: coverage × weight, or the length of `ranges` | share of each value | equal weights |
    /// | `namespace`, `filters` | only their part of those is asked | all |
    /// | `hashAttribute` of a company, an organization and the like | shares are of tenants | of users |
    /// | `environments.<env>.enabled: false` | the caller's own default | – |
    /// | `steps[].actions[].patch.coverage` | exposure of a stage | as the step before |
    /// | `steps[].interval` in seconds; `requiresApproval`, `minSampleSize` | hold, gate | left at once |
    /// | after the last step, unless `endActions` say otherwise | everybody | – |
    /// | `guardrailMetricIds` | criteria: worse than the control by a statistical test, and then back | none |
    /// | `signalMetricIds` | the same, and then the ramp pauses | none |
    /// | `srmAction`, `noTrafficAction`, `multipleExposureAction`: `rollback` | criteria that something else decides | no criteria |
    /// | `autoRollback` of a safe rollout | what happens then: back, or somebody is told | somebody is told |
    ///
    /// ## What bites
    ///
    /// - Coverage is a share: `0.05` is 5 %, and `5` is everybody.
    /// - Weights of the wrong number, or that do not add up to 1 (0.99 to 1.01), are replaced by equal ones without a word:
    ///   `[98, 2]` is half and half.
    /// - Rules with the same hash place people alike: after a rule for 10 % one for 30 % reaches 20 % more.
    /// - A monitored step has a control as large as itself: 0.5 is the most. In schedules whose steps have a `trigger`, and
    ///   in safe rollouts, the number counts the control too: the new value is for half of it.
    /// - After the last step everybody has it, though no step says so.
    /// - A step without an interval and without an approval is left at once.
    /// - Guardrails have no number in these objects (`accept: [statistical]` of `rollback-criterion-not-numeric`), and look
    ///   at monitored steps only.
    /// - Metrics that are looked at more seldom than a step lasts (`updateScheduleMinutes`) do not stop it.
    /// - A prerequisite and a date window keep people out: shares are the most that may meet it.
    ///
    /// Sources: growthbook/growthbook: `packages/sdk-js/src/core.ts`, `packages/sdk-js/src/util.ts`,
    /// `packages/shared/src/validators/ramp-schedule.ts`, `packages/shared/src/validators/safe-rollout.ts`,
    /// `docs/docs/features/ramp-schedules.mdx`; growthbook/growthbook-python: `tests/cases.json`.
    ///
    /// ## What it cannot see
    ///
    /// Encrypted features: what they hold is undetermined. Weights of an experiment that a rule only refers to, and how far
    /// a safe rollout is that it refers to. Dates of `scheduleRules`. How many people a condition picks.
    pub GrowthBook {
        id: "growthbook",
        title: "GrowthBook",
        summary: "SDK payloads, features of the REST API, ramp schedules and safe rollouts",
        kinds: [
            ("growthbook", "Features"),
            ("growthbook", "RampSchedule"),
            ("growthbook", "SafeRollout"),
        ],
        words: [
            "defaultValue\":", "defaultValue:", "feature-rule", "hashAttribute", "encryptedFeatures", "guardrailMetricIds",
        ],
    }
}

impl Adapter for GrowthBook {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let kind = if ramp::is_safe_rollout(root) {
            "SafeRollout"
        } else if ramp::is_schedule(root) {
            "RampSchedule"
        } else if is_encrypted(root) || payload(root).is_some() || exported(root).next().is_some() {
            "Features"
        } else {
            return None;
        };
        Some(Object::document(root, "growthbook", kind, None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "RampSchedule" => ramp::schedule(object, cx),
            "SafeRollout" => ramp::safe_rollout(object, cx),
            _ => features(object, cx),
        }
    }
}

fn features(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let root = object.node;
    if let Some(node) = root.get("encryptedFeatures").filter(|_| is_encrypted(root)) {
        cx.unknown(node, "encrypted");
        let flag = blank(root.key("encryptedFeatures").unwrap_or(node), node);
        return hand_in(&flag, object, cx);
    }
    for (key, feature) in payload(root).into_iter().flat_map(Node::entries) {
        let mut flag = blank(key, feature);
        let rules: Vec<Node<'_>> = items(feature, "rules").collect();
        rules::read(&mut flag, &mut Values::new(false), &rules, present(feature, "defaultValue"), cx);
        hand_in(&flag, object, cx);
    }
    for feature in exported(root) {
        let Some(id) = feature.get("id") else { continue };
        for (name, environment) in feature.get("environments").into_iter().flat_map(Node::entries) {
            let mut flag = blank(id, environment);
            flag.environment = name.text().map(Into::into);
            in_environment(&mut flag, feature, environment, cx);
            hand_in(&flag, object, cx);
        }
    }
}

/// One feature of the REST API in one environment.
fn in_environment(flag: &mut Flag, feature: Node<'_>, environment: Node<'_>, cx: &mut Lowering<'_>) {
    let enabled = present(environment, "enabled");
    if enabled.and_then(Node::as_bool) != Some(true) {
        flag.rest = Split::all(None, enabled.map_or(flag.name_span, Node::span));
        return;
    }
    let name = flag.environment.clone().unwrap_or_default();
    let is_here = |rule: &Node<'_>| {
        rule.get("allEnvironments").and_then(Node::as_bool) == Some(true)
            || items(*rule, "environments").any(|e| e.text() == Some(&*name))
    };
    let own = items(environment, "rules").chain(items(feature, "rules").filter(is_here));
    let rules: Vec<Node<'_>> = own.collect();
    let mut values = Values::new(matches!(text(feature, "valueType"), "boolean" | "number"));
    let default = present(environment, "defaultValue").or_else(|| present(feature, "defaultValue"));
    rules::read(flag, &mut values, &rules, default, cx);
}

fn blank(key: Node<'_>, node: Node<'_>) -> Flag {
    Flag {
        key: key.text().unwrap_or_default().into(),
        name_span: key.span(),
        span: node.span(),
        environment: None,
        variations: Vec::new(),
        off: None,
        rings: Vec::new(),
        rest: Split::unknown(key.span()),
        basis: Basis::Users,
        plan: None,
    }
}

fn hand_in(flag: &Flag, object: &Object<'_>, cx: &mut Lowering<'_>) {
    let rollout = flag.rollout(object, cx);
    flag::hand_in(rollout, cx);
}

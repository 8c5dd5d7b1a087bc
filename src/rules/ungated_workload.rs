//! `ungated-workload`: a workload that ships by itself.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, DeclaredService, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::{Fact, Names, Rollout, Strategy};

declare_rule! {
    /// ## What it checks
    ///
    /// A workload of one of the `kinds` that ships a payload (an image) is governed by a progressive rollout of the checked
    /// set: an Argo Rollout that refers to it, a Flagger Canary that targets it, a plan that governs it or that it names in
    /// the annotation `rollgate/plan`. Workloads with 0 replicas and those whose name `exclude` matches are left out.
    ///
    /// ## Why it matters
    ///
    /// A rolling update replaces pod after pod as soon as the new ones answer their probes. Nothing is held, nothing is
    /// compared, nothing goes back by itself: a version that starts and answers wrongly reaches everybody within minutes.
    ///
    /// ## What to do
    ///
    /// Put it behind a progressive rollout, or say that it needs none: `exclude: [batch-*]`, or a waiver.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 3
    ///   selector: {matchLabels: {app: web}}
    ///   template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web:2}]}}
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 3
    ///   selector: {matchLabels: {app: web}}
    ///   template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web:2}]}}
    /// ---
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: web}
    /// governs: [{system: kubernetes, kind: Deployment, name: web}]
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 1h}, {exposure: 50%, hold: 1h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}]}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Rollouts in other repositories, and whether anybody but a machine uses the workload.
    pub UngatedWorkload {
        id: "ungated-workload",
        family: Exposure,
        summary: "a workload that no progressive rollout governs",
        level: Warning,
    }
}

/// Parameters of `ungated-workload`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The kinds of workload that are looked at.
    pub kinds: Vec<String>,
    /// Globs of names that are left out.
    #[schemars(extend("default" = []))]
    pub exclude: Names,
}

impl Default for Params {
    fn default() -> Self {
        Self { kinds: vec!["Deployment".to_owned()], exclude: Names::default() }
    }
}

impl Rule for UngatedWorkload {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let governed = !rollout.is_judged() || rollout.declared.plan.is_some();
        if !rollout.plain_workload || rollout.partial || governed || ships_nothing(rollout) {
            return;
        }
        let wanted = params.kinds.iter().any(|k| **k == *rollout.id.kind);
        let excluded = params.exclude.matches(&rollout.id.name);
        if !wanted || excluded || is_big_bang(rollout, &cx.facts.services) {
            return;
        }
        let (kind, name) = (&rollout.id.kind, &rollout.id.name);
        let what =
            format!("{kind} `{name}` ships its payload to everybody it serves, and no progressive rollout governs it");
        let help = format!("put it behind a progressive rollout, or add `{name}` to `exclude` of this rule");
        let raw = cx.report(rollout.name_span, what, help).about("workload");
        if let Some(payload) = rollout.payload.first() {
            raw.because(payload.span, "this is what it ships");
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        let excluded = |params: &Params| params.exclude.texts().map(str::to_owned).collect::<Vec<_>>();
        let fewer = weaker::loses("kinds", &before.kinds, &after.kinds);
        let more = weaker::gains("exclude", &excluded(before), &excluded(after));
        fewer.into_iter().chain(more).collect()
    }
}

fn ships_nothing(rollout: &Rollout) -> bool {
    rollout.payload.is_empty() || matches!(&rollout.replicas, Fact::Stated(n) if n.value == 0)
}

/// `big-bang` speaks of a recreated workload that somebody asked to be gated.
fn is_big_bang(rollout: &Rollout, services: &[DeclaredService]) -> bool {
    let asked = rollout.declared.annotated || services.iter().any(|s| s.name == rollout.service);
    asked && rollout.strategy.value == Strategy::Recreate && rollout.replicas.known().is_some_and(|n| *n > 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Hold, ObjectRef, Payload};
    use crate::rules::testing::{HERE, canary, check, stage};
    use crate::text::Spanned;

    fn workload(kind: &str) -> Rollout {
        let mut rollout = canary(vec![stage(100.0, Hold::None)]);
        rollout.id = ObjectRef::new("apps", kind, None, "web");
        rollout.strategy = Spanned::new(Strategy::Rolling, HERE);
        rollout.plain_workload = true;
        rollout.payload.push(Payload { path: "/image".into(), slot: "".into(), value: "web:2".into(), span: HERE });
        rollout
    }

    #[test]
    fn a_workload_by_itself() {
        assert_eq!(check::<UngatedWorkload>(json!({}), workload("Deployment")).len(), 1);
        assert_eq!(check::<UngatedWorkload>(json!({}), workload("StatefulSet")).len(), 0);
        assert_eq!(check::<UngatedWorkload>(json!({"kinds": ["StatefulSet"]}), workload("StatefulSet")).len(), 1);
        assert_eq!(check::<UngatedWorkload>(json!({"exclude": ["w*"]}), workload("Deployment")).len(), 0);
        assert!(serde_json::from_value::<Params>(json!({"exclude": ["[a"]})).is_err());
    }

    #[test]
    fn owned_empty_patched_and_recreated_ones() {
        let change = |change: fn(&mut Rollout)| {
            let mut rollout = workload("Deployment");
            change(&mut rollout);
            check::<UngatedWorkload>(json!({}), rollout).len()
        };
        assert_eq!(change(|r| r.owner = Some(ObjectRef::new("argoproj.io", "Rollout", None, "web"))), 0);
        assert_eq!(change(|r| r.payload.clear()), 0);
        assert_eq!(change(|r| r.partial = true), 0);
        assert_eq!(change(|r| r.plain_workload = false), 0);
        assert_eq!(change(|r| r.replicas = Fact::stated(0, HERE)), 0);
        assert_eq!(change(|r| r.declared.plan = Some(Fact::stated("p.yaml".into(), HERE))), 0);
        assert_eq!(change(|r| r.strategy.value = Strategy::Recreate), 1);
        assert_eq!(
            change(|r| (r.strategy.value, r.replicas, r.declared.annotated) =
                (Strategy::Recreate, Fact::stated(2, HERE), true)),
            0
        );
    }

    #[test]
    fn the_schema_tells_the_defaults() {
        crate::rules::testing::schema_tells_the_defaults::<UngatedWorkload>();
    }
}

//! `flag-required`: a prompt or model change without a flag that switches it off.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::{ChangeKind, Rollout, SubjectKind};

declare_rule! {
    /// ## What it checks
    ///
    /// A rollout of one of the kinds of change in `for` names a flag: a plan's `flag`, the plan that governs it, or it is a flag
    /// itself. With `unit: tenant` the flag switches customers one by one (`unit: tenant`, `account`, `organization`,
    /// `customer`). In a gate, git tells the kind of change where nothing declares it: the text of a
    /// prompt, the name of a model, a vendor. A prompt or a model that changes and that no rollout carries is asked too.
    /// Where nothing tells the kind, nothing is asked.
    ///
    /// ## Why it matters
    ///
    /// A prompt or a model that misbehaves at night is switched off by whoever is on call, within seconds and without a deploy.
    /// Without a flag the way back is a pipeline.
    ///
    /// ## What to do
    ///
    /// Put the change behind a flag and name it in the plan: `flag: {system: launchdarkly, key: support-model, unit: tenant}`.
    ///
    /// ## Examples
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {flag-required: error}
    /// ```
    ///
    /// ```yaml violates file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: model-upgrade}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {flag-required: error}
    /// ```
    ///
    /// ```yaml passes file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: model-upgrade}
    /// strategy: canary
    /// flag: {system: launchdarkly, key: support-model}
    /// stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Whether the code asks the flag, and whether the flag exists: it is looked for only in the checked files.
    pub FlagRequired {
        id: "flag-required",
        family: Monitors,
        summary: "a prompt or model change without a flag that switches it off",
        level: Off,
    }
}

/// Parameters of `flag-required`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The kinds of change that are asked.
    #[schemars(extend("default" = ["prompt-tweak", "model-upgrade", "vendor-switch", "new-feature"]))]
    pub r#for: Vec<ChangeKind>,
    /// Whom the flag switches one by one.
    #[schemars(extend("default" = "any"))]
    pub unit: Unit,
}

/// Whom a flag switches one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Anybody: users, sessions, requests.
    Any,
    /// Customers.
    Tenant,
}

impl Default for Params {
    fn default() -> Self {
        let kinds =
            [ChangeKind::PromptTweak, ChangeKind::ModelUpgrade, ChangeKind::VendorSwitch, ChangeKind::NewFeature];
        Self { r#for: kinds.into(), unit: Unit::Any }
    }
}

impl Rule for FlagRequired {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const JUDGES_UNPLANNED: bool = true;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let Some(kind) = asked_of(rollout, &params.r#for) else { return };
        if rollout.subject == SubjectKind::Flag && rollout.guards.flag.is_none() {
            return;
        }
        let Some(flag) = &rollout.guards.flag else {
            let what = format!("{} without a flag: switching it off takes a deploy", told(rollout, kind));
            let help = planned(
                rollout,
                kind,
                "name the flag that switches it: `flag: {system: launchdarkly, key: support-model}`",
            );
            cx.report(rollout.name_span, what, help).measured("no flag", "a flag").about("flag");
            return;
        };
        if params.unit == Unit::Tenant && !flag.is_per_tenant() {
            let unit = flag.unit.as_deref().unwrap_or("nobody knows whom");
            let what = format!("flag `{}` switches {unit}, and this policy asks for tenants one by one", flag.key);
            let raw = cx.report(flag.span, what, "bucket the flag by customers and write `unit: tenant`");
            raw.measured(unit, "tenant").about("flag unit").limit("unit");
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        let unit = (after.unit < before.unit).then(|| Weaker::new("unit", "no longer asks for tenants"));
        weaker::loses("for", &names(&before.r#for), &names(&after.r#for)).into_iter().chain(unit).collect()
    }
}

/// The kind of change of `rollout`, if it is a whole rollout of one of `kinds`.
pub(super) fn asked_of(rollout: &Rollout, kinds: &[ChangeKind]) -> Option<ChangeKind> {
    rollout.kinds().into_iter().find(|kind| rollout.stands_alone() && kinds.contains(kind))
}

/// The change of `rollout` in words: its kind and, where nothing declares that, what shows it.
pub(super) fn told(rollout: &Rollout, kind: ChangeKind) -> String {
    let article = if kind == ChangeKind::Architecture { "an" } else { "a" };
    let shown = if rollout.declared.change.is_none() { &*rollout.recognised } else { &[] };
    let mut signs = shown.iter().filter(|sign| sign.kind == kind);
    let Some(first) = signs.next() else { return format!("{article} {}", kind.name()) };
    let more = match signs.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("{article} {} ({}{more})", kind.name(), first.what)
}

/// What to do about it; where no rollout carries it, in a plan of its own.
pub(super) fn planned(rollout: &Rollout, kind: ChangeKind, help: &str) -> String {
    if rollout.unplanned {
        let (path, kind) = (&rollout.id.name, kind.name());
        format!("add a RolloutPlan with `change: {{kind: {kind}, payload: [{{file: {path}}}]}}`, and in it {help}")
    } else {
        help.to_owned()
    }
}

/// The names of `kinds`.
pub(super) fn names(kinds: &[ChangeKind]) -> Vec<String> {
    kinds.iter().map(|kind| kind.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{FlagUse, Hold};
    use crate::rules::testing::{HERE, canary, check, stage};

    /// A flag is given by its unit; "" is one that tells none.
    fn judge(change: Option<ChangeKind>, unit: Option<&str>, params: serde_json::Value) -> usize {
        let mut rollout = canary(vec![stage(5.0, Hold::Gated)]);
        rollout.declared.change = change;
        rollout.guards.flag = unit.map(|unit| {
            let unit = Some(unit).filter(|u| !u.is_empty()).map(Into::into);
            FlagUse { system: None, key: "k".into(), unit, span: HERE }
        });
        check::<FlagRequired>(params, rollout).len()
    }

    #[test]
    fn of_prompts_models_and_features() {
        assert_eq!(judge(Some(ChangeKind::PromptTweak), None, json!({})), 1);
        assert_eq!(judge(Some(ChangeKind::PromptTweak), Some(""), json!({})), 0);
        assert_eq!(judge(Some(ChangeKind::Code), None, json!({})), 0);
        assert_eq!(judge(Some(ChangeKind::Code), None, json!({"for": ["code"]})), 1);
        assert_eq!(judge(None, None, json!({})), 0);
    }

    #[test]
    fn per_customer_where_that_is_asked() {
        let tenant = || json!({"unit": "tenant"});
        assert_eq!(judge(Some(ChangeKind::NewFeature), Some("tenant"), tenant()), 0);
        assert_eq!(judge(Some(ChangeKind::NewFeature), Some("Organization"), tenant()), 0);
        assert_eq!(judge(Some(ChangeKind::NewFeature), Some("user"), tenant()), 1);
        assert_eq!(judge(Some(ChangeKind::NewFeature), Some(""), tenant()), 1);
    }
}

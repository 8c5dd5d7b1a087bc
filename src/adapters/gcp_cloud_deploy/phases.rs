//! The phases of a rollout to one target.

use super::skaffold::{self, Profiles};
use super::{Field, block};
use crate::adapters::Lowering;
use crate::adapters::duration::go_seconds;
use crate::model::{
    Action, Basis, Criterion, Evaluated, Exposure, Fact, Gate, GateKind, Hold, Method, Progression, Rollout, Share,
    Stage, StageRange, Strategy, Unresolved,
};
use crate::text::{Span, Spanned};

/// What a strategy comes to.
pub(super) struct Phases {
    stages: Vec<Stage>,
    criteria: Vec<Criterion>,
    strategy: Strategy,
    basis: Basis,
    /// The profiles that each phase adds.
    profiles: Vec<Profiles>,
}

impl Phases {
    pub(super) fn read(strategy: Option<&Field<'_>>, near: Span, cx: &mut Lowering<'_>) -> Self {
        let mut all = Self {
            stages: Vec::new(),
            criteria: Vec::new(),
            strategy: Strategy::AllAtOnce,
            basis: Basis::Requests,
            profiles: Vec::new(),
        };
        let canary = strategy.and_then(|s| block(s, "Canary"));
        match canary {
            Some(canary) if canary.unknown().is_some() => {
                cx.unknown(canary.node, canary.unknown().unwrap_or_default());
                let exposure = Fact::Dynamic { expr: "".into(), span: canary.span() };
                all.strategy = Strategy::Unknown;
                all.stages.push(Stage::new(exposure, canary.span()));
            }
            Some(canary) => all.canary(&canary, cx),
            None => {
                let standard = strategy.and_then(|s| block(s, "Standard"));
                let by = "Cloud Deploy: everybody at once without a canary";
                let value = Exposure::exact(Share::ALL, all.basis);
                let exposure = Fact::Defaulted { value, by, near: strategy.map_or(near, Field::anchor) };
                all.phase(Some("stable".into()), exposure, standard.as_ref(), cx);
            }
        }
        all
    }

    fn canary(&mut self, canary: &Field<'_>, cx: &mut Lowering<'_>) {
        self.strategy = Strategy::Canary;
        let runtime = block(canary, "RuntimeConfig");
        let kubernetes = runtime.and_then(|r| block(&r, "Kubernetes"));
        if kubernetes.is_some_and(|k| block(&k, "ServiceNetworking").is_some()) {
            self.basis = Basis::Pods;
        }
        if let Some(custom) = block(canary, "CustomCanaryDeployment") {
            self.custom(&custom, cx);
        } else if let Some(deployment) = block(canary, "CanaryDeployment") {
            if let Some(run) = runtime.and_then(|r| block(&r, "CloudRun")) {
                controls_traffic(&run, cx);
            }
            self.percentages(&deployment, cx);
        } else {
            self.stable(canary.anchor(), None, cx);
        }
    }

    /// Shares below 100 %, then everybody.
    fn percentages(&mut self, deployment: &Field<'_>, cx: &mut Lowering<'_>) {
        let below = |f: &Field<'_>| f.whole().filter(|p| *p < 100);
        for item in deployment.get("Percentages").map(|p| p.items()).unwrap_or_default() {
            let percent = cx.take_field(&item, "percentages", "a whole number from 0 to 99, in percent", below);
            let name = percent.known().map(|p| format!("canary-{p}").into());
            let basis = self.basis;
            let exposure = percent.map(|p| Exposure::exact(Share::of(p, 100), basis));
            self.phase(name, exposure, Some(deployment), cx);
        }
        let near = deployment.get("Percentages").map_or_else(|| deployment.anchor(), |p| p.anchor());
        self.stable(near, Some(deployment), cx);
    }

    fn stable(&mut self, near: Span, deployment: Option<&Field<'_>>, cx: &mut Lowering<'_>) {
        let value = Exposure::exact(Share::ALL, self.basis);
        let exposure = Fact::Defaulted { value, by: "Cloud Deploy ends with the phase `stable`", near };
        self.phase(Some("stable".into()), exposure, deployment, cx);
        if let Some(last) = self.stages.last_mut() {
            last.implied = true;
        }
    }

    fn custom(&mut self, custom: &Field<'_>, cx: &mut Lowering<'_>) {
        let whole = |f: &Field<'_>| f.whole().filter(|p| *p <= 100);
        for phase in block(custom, "PhaseConfigs").map(|p| p.items()).unwrap_or_default() {
            let name = phase.any(&["PhaseId", "phaseID"]).and_then(|id| id.text());
            let percent = cx.field(&phase, &["Percentage"], "a whole number from 0 to 100, in percent", whole);
            let basis = self.basis;
            let exposure =
                percent.or_default(0, "Cloud Deploy: 0 when absent").map(|p| Exposure::exact(Share::of(p, 100), basis));
            self.phase(name.map(Into::into), exposure, Some(&phase), cx);
        }
    }

    /// Adds a phase; what runs after its deployment is written in `config`.
    fn phase(
        &mut self,
        name: Option<Box<str>>,
        exposure: Fact<Exposure>,
        config: Option<&Field<'_>>,
        cx: &mut Lowering<'_>,
    ) {
        let mut stage = {
            let span = exposure.span();
            Stage::new(exposure, span)
        };
        stage.name = name;
        let evaluated = if stage.share() == Some(Share::ALL) { Evaluated::AfterExposure } else { Evaluated::Yes };
        let at = StageRange::one(self.stages.len());
        if let Some(config) = config {
            let verify = cx.field(config, &["Verify"], "`true` or `false`", Field::boolean);
            let evaluated = if verify.is_dynamic() { Evaluated::Unknown } else { evaluated.clone() };
            if verify.is_dynamic() || verify.known() == Some(&true) {
                self.check(&mut stage, "verify", &evaluated, (at, verify.span()));
            }
        }
        if let Some(analysis) = config.and_then(|c| block(c, "Analysis")) {
            self.check(&mut stage, "analysis", &evaluated, (at, analysis.anchor()));
            let seconds = |f: &Field<'_>| f.text().and_then(go_seconds).and_then(|s| u64::try_from(s).ok());
            let length = cx.field(&analysis, &["Duration"], "a duration such as `400s`", seconds);
            if !length.is_absent() {
                stage.hold = length.map(|s| if s == 0 { Hold::None } else { Hold::Timed(s) });
            }
        }
        self.stages.push(stage);
        self.profiles.push(config.map(skaffold::profiles).unwrap_or_default());
    }

    fn check(&mut self, stage: &mut Stage, name: &str, evaluated: &Evaluated, (at, span): (StageRange, Span)) {
        let kind = if name == "verify" { GateKind::Test } else { GateKind::Analysis };
        stage.gates.push(Gate { kind, name: name.into(), blocking: true, span });
        let text = if name == "verify" { "a container of Skaffold's `verify` decides" } else { "its checks decide" };
        self.criteria.push(Criterion {
            action: Action::Pause,
            evaluated: evaluated.clone(),
            ..Criterion::opaque(name, text, at, span)
        });
    }

    /// Puts everything into `rollout`, and says which profiles each phase adds.
    pub(super) fn give(self, rollout: &mut Rollout, near: Span) -> Vec<Profiles> {
        let Self { stages, criteria, strategy, profiles, .. } = self;
        // What a verify container holds its numbers against are its arguments, in another file.
        if let Some(verify) = criteria.iter().find(|c| &*c.metric.name == "verify") {
            let because = "so the numbers of its criteria are unknown";
            let (kind, name) = (skaffold::KIND.into(), "verify".into());
            rollout.unresolved.push(Unresolved { kind, name, span: verify.span, because });
        }
        rollout.strategy = Spanned::new(strategy, near);
        rollout.rollback.anchor = near;
        let method = if strategy == Strategy::Canary { Method::TrafficFlip } else { Method::Redeploy };
        rollout.rollback.method = Some(method);
        rollout.rollback.criteria = criteria;
        rollout.progression = Progression::Declared(stages);
        profiles
    }
}

/// Without it Cloud Deploy refuses a canary on Cloud Run.
fn controls_traffic(run: &Field<'_>, cx: &mut Lowering<'_>) {
    let control = run.get("AutomaticTrafficControl");
    if control.is_some_and(|c| c.unknown().is_some() || c.boolean() == Some(true)) {
        return;
    }
    let span = control.map_or_else(|| run.anchor(), |c| c.span());
    let message = "`automaticTrafficControl` is not `true`, and a `canaryDeployment` on Cloud Run needs it";
    let remark = cx.invalid(span, message, "write `automaticTrafficControl: true`");
    remark.required = Some("true".into());
}

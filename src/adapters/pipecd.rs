//! PipeCD: applications whose pipeline moves traffic stage by stage.

use super::duration::go_seconds;
use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::units::Unit;
use crate::model::{
    Action, Basis, Bound, Comparison, Criterion, CriterionClass, Exposure, Fact, Gate, GateKind, Hold, Method, Metric,
    Progression, Rollout, Share, Stage, StageRange, Strategy, SubjectKind,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// `ECSApp`, `CloudRunApp`, `LambdaApp` and `KubernetesApp` of `pipecd.dev`, usually in `app.pipecd.yaml`. The file is
    /// the plan.
    ///
    /// ## Mapping
    ///
    /// | stage of `spec.pipeline.stages` | model | when absent |
    /// |---|---|---|
    /// | no pipeline | all at once: a quick sync | – |
    /// | `ECS_TRAFFIC_ROUTING`, `K8S_TRAFFIC_ROUTING`: `canary` percent | exposure | – |
    /// | `CLOUDRUN_PROMOTE`, `LAMBDA_PROMOTE`: `percent` | exposure | 100 |
    /// | `ECS_PRIMARY_ROLLOUT`, `K8S_PRIMARY_ROLLOUT`, `ECS_SYNC`, `K8S_SYNC` | everybody | – |
    /// | `K8S_CANARY_ROLLOUT`: `replicas` in percent, without routing in the pipeline | exposure by pods | a number of pods: unknown |
    /// | `ECS_CANARY_ROLLOUT`: `scale` with `accessType: SERVICE_DISCOVERY` | exposure by tasks | – |
    /// | `WAIT`: `duration` | hold | – |
    /// | `WAIT_APPROVAL` | an approval; the stage waits for it | – |
    /// | `ANALYSIS`: `duration`; `metrics[].expected.{min,max}` | hold; criteria | – |
    /// | `spec.planner.autoRollback` | whether it goes back by itself | true |
    ///
    /// ## What bites
    ///
    /// - Behind a load balancer the tasks of a canary get no traffic before it is routed to them: a wait
    ///   before that is no hold. With service discovery they do.
    /// - `primary: 100` before the primary was replaced is the way back, after that everybody has the new version.
    /// - A metric's strategy other than `THRESHOLD` compares with another variant and has no number.
    ///
    /// Sources: pipe-cd/examples: `v0/ecs/`, `v0/cloudrun/`; pipe-cd/pipecd: `pkg/config/`. Details of `ANALYSIS` and the
    /// default of `autoRollback` are general knowledge of the project's reference.
    ///
    /// ## What it cannot see
    ///
    /// Metrics of an analysis template on the server. How many pods a number of replicas is a part of.
    pub PipeCd {
        id: "pipecd",
        title: "PipeCD",
        summary: "applications of ECS, Cloud Run, Lambda and Kubernetes",
        kinds: [
            ("pipecd.dev", "ECSApp"),
            ("pipecd.dev", "CloudRunApp"),
            ("pipecd.dev", "LambdaApp"),
            ("pipecd.dev", "KubernetesApp"),
        ],
    }
}

impl Adapter for PipeCd {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        let name = present(spec, "name");
        let object = &Object::document(object.node, object.group, object.kind, name);
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let inputs = spec.get("input").into_iter().flat_map(Node::entries);
        let files = inputs.filter(|(key, value)| value.is_scalar() && key.text().is_some_and(|k| k.ends_with("File")));
        rollout.payload = files.filter_map(|(_, value)| payload(value)).collect();
        rollout.rollback.method = Some(Method::TrafficFlip);
        let near = spec.path(&["planner", "autoRollback"]).map_or(object.name_span(), Node::anchor);
        rollout.rollback.automatic = spec
            .get("planner")
            .map_or(Fact::Absent { near }, |planner| cx.read_bool(planner, "autoRollback"))
            .or_default(true, "pipecd: rolls back by itself when absent");
        let stages: Vec<Node<'_>> = spec.get("pipeline").into_iter().flat_map(|p| items(p, "stages")).collect();
        if stages.is_empty() {
            let value = Exposure::exact(Share::ALL, Basis::Requests);
            let by = "pipecd: a quick sync without a pipeline";
            let near = object.name_span();
            rollout.strategy = Spanned::new(Strategy::AllAtOnce, near);
            rollout.progression = Progression::Declared(vec![Stage::new(Fact::Defaulted { value, by, near }, near)]);
            return cx.rollout(rollout);
        }
        let routes = |stage: &Node<'_>| text(*stage, "name") == "K8S_TRAFFIC_ROUTING";
        let discovered = spec.path(&["input", "accessType"]).and_then(Node::text) == Some("SERVICE_DISCOVERY");
        let routes = stages.iter().any(routes) || (object.kind == "ECSApp" && !discovered);
        let mut walk = Walk { routes, ..Walk::default() };
        for stage in &stages {
            walk.step(*stage, cx);
        }
        walk.give(&mut rollout, spec.get("pipeline").map_or(object.name_span(), Node::anchor));
        cx.rollout(rollout);
    }
}

/// A walk over the stages of a pipeline.
#[derive(Default)]
struct Walk {
    stages: Vec<Stage>,
    criteria: Vec<Criterion>,
    /// Does a stage route traffic, so that pods alone get none?
    routes: bool,
    /// Has the primary been replaced?
    replaced: bool,
    /// Where everybody went over to the canary while the primary was still the old one.
    switched: Option<Span>,
}

impl Walk {
    fn step(&mut self, stage: Node<'_>, cx: &mut Lowering<'_>) {
        let Some(name) = stage.get("name") else { return };
        let with = present(stage, "with");
        match name.text().unwrap_or_default() {
            "ECS_TRAFFIC_ROUTING" | "K8S_TRAFFIC_ROUTING" => self.route(name, with, cx),
            "CLOUDRUN_PROMOTE" | "LAMBDA_PROMOTE" => {
                let share = match with {
                    Some(with) => cx.read(with, "percent", PERCENT, percent),
                    None => Fact::Absent { near: name.span() },
                };
                let share = share.or_default(Share::ALL, "pipecd: 100 when absent");
                self.expose(share.map(|s| Exposure::exact(s, Basis::Requests)));
            }
            "ECS_PRIMARY_ROLLOUT"
            | "K8S_PRIMARY_ROLLOUT"
            | "ECS_SYNC"
            | "K8S_SYNC"
            | "CLOUDRUN_SYNC"
            | "LAMBDA_SYNC" => {
                self.replaced = true;
                self.expose(everybody(name.span()));
            }
            "K8S_CANARY_ROLLOUT" if !self.routes => self.pods(name, with.and_then(|w| present(w, "replicas")), cx),
            "ECS_CANARY_ROLLOUT" if !self.routes => self.pods(name, with.and_then(|w| present(w, "scale")), cx),
            "WAIT" => {
                let length = with.map_or(Fact::Absent { near: name.span() }, |w| length(w, cx));
                self.hold(length);
            }
            "WAIT_APPROVAL" => {
                self.gate(GateKind::Approval, name);
                self.hold(Fact::stated(Hold::Gated, name.span()));
            }
            "ANALYSIS" => self.analyse(name, with, cx),
            _ => {}
        }
    }

    fn route(&mut self, name: Node<'_>, with: Option<Node<'_>>, cx: &mut Lowering<'_>) {
        let Some(with) = with else { return };
        let all = present(with, "all");
        let share = if present(with, "canary").is_some() {
            cx.read(with, "canary", PERCENT, percent)
        } else if let Some(all) = all {
            let to_canary = all.text() == Some("canary");
            Fact::stated(if to_canary { Share::ALL } else { Share::NONE }, all.span())
        } else {
            let primary = cx.read(with, "primary", PERCENT, percent);
            primary.map(|p| Share::from_ppm(1_000_000 - p.ppm())).or_default(Share::NONE, "pipecd: 0 when absent")
        };
        if self.replaced {
            return self.expose(everybody(name.span()));
        }
        if share.known() == Some(&Share::ALL) && self.switched.is_none() {
            self.switched = Some(share.span());
        }
        self.expose(share.map(|s| Exposure::exact(s, Basis::Requests)));
    }

    /// So many pods or tasks beside those of the primary: `50%` is 50 of 150. Of tasks the number is a percentage.
    fn pods(&mut self, name: Node<'_>, replicas: Option<Node<'_>>, cx: &mut Lowering<'_>) {
        let Some(replicas) = replicas else { return };
        let of_tasks = name.text() == Some("ECS_CANARY_ROLLOUT");
        let number = |t: &str| if of_tasks { Some(t.to_owned()) } else { t.strip_suffix('%').map(str::to_owned) };
        let part = replicas.text().and_then(|t| number(t.trim())?.trim().parse::<u64>().ok());
        let exposure = if let Some(part) = part {
            let share = Share::of(part, 100_u64.saturating_add(part));
            Fact::stated(Exposure::exact(share, Basis::Pods), replicas.span())
        } else {
            cx.unknown(replicas, "number-of-pods");
            Fact::Dynamic { expr: text(name, "name").into(), span: replicas.span() }
        };
        self.expose(exposure);
    }

    fn expose(&mut self, exposure: Fact<Exposure>) {
        let same = |s: &Stage| {
            s.share().is_some() && s.exposure.known().map(Exposure::judged) == exposure.known().map(Exposure::judged)
        };
        if !self.stages.last().is_some_and(same) {
            let span = exposure.span();
            self.stages.push(Stage::new(exposure, span));
        }
    }

    /// Adds to the hold of the stage that stands; before anybody is exposed a wait holds nothing.
    fn hold(&mut self, more: Fact<Hold>) {
        let Some(stage) = self.stages.last_mut() else { return };
        stage.hold = match (stage.hold.known().copied(), more) {
            (Some(sofar), Fact::Stated(more)) => Fact::stated(sofar.then(more.value), more.span),
            (Some(_), Fact::Absent { .. }) => return,
            (_, other @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. } | Fact::Absent { .. })) => {
                other
            }
        };
    }

    fn gate(&mut self, kind: GateKind, name: Node<'_>) {
        let Some(stage) = self.stages.last_mut() else { return };
        let label = name.text().unwrap_or_default().into();
        stage.gates.push(Gate { kind, name: label, blocking: true, span: name.span() });
    }

    fn analyse(&mut self, name: Node<'_>, with: Option<Node<'_>>, cx: &mut Lowering<'_>) {
        let Some(with) = with else { return };
        self.gate(GateKind::Analysis, name);
        self.hold(length(with, cx));
        let Some(at) = self.stages.len().checked_sub(1) else { return };
        let covers = StageRange::one(at);
        for metric in items(with, "metrics") {
            self.criteria.extend(criteria(metric, covers, cx));
        }
        for kind in ["logs", "https"] {
            let all =
                items(with, kind).map(|check| Criterion::opaque(kind, "a check of another kind", covers, check.span()));
            self.criteria.extend(all);
        }
    }

    fn give(self, rollout: &mut Rollout, near: Span) {
        let Self { stages, criteria, switched, .. } = self;
        let first = stages.iter().find(|s| s.share() != Some(Share::NONE)).map(Stage::share);
        let strategy = match (first, switched) {
            (Some(Some(Share::ALL)), Some(_)) => Strategy::BlueGreen,
            (Some(Some(Share::ALL)), None) => Strategy::AllAtOnce,
            (Some(_), _) => Strategy::Canary,
            (None, _) => Strategy::Unknown,
        };
        if let (Strategy::BlueGreen, Some(span)) = (strategy, switched) {
            let kept = stages.last().and_then(|s| s.hold.known()).and_then(|h| h.seconds());
            rollout.rollback.way_back = kept.map_or(Fact::Absent { near: span }, |kept| Fact::stated(kept, span));
        }
        rollout.strategy = Spanned::new(strategy, near);
        rollout.rollback.anchor = near;
        for criterion in &criteria {
            if !rollout.monitors.iter().any(|m| m.value == criterion.metric) {
                rollout.monitors.push(Spanned::new(criterion.metric.clone(), criterion.span));
            }
        }
        rollout.rollback.criteria = criteria;
        rollout.progression = Progression::Declared(stages);
    }
}

const PERCENT: &str = "a whole number from 0 to 100, in percent";

fn percent(node: Node<'_>) -> Option<Share> {
    let text = node.text()?.trim();
    let number: u64 = text.strip_suffix('%').unwrap_or(text).trim().parse().ok()?;
    (number <= 100).then(|| Share::of(number, 100))
}

fn everybody(span: Span) -> Fact<Exposure> {
    Fact::stated(Exposure::exact(Share::ALL, Basis::Requests), span)
}

fn length(with: Node<'_>, cx: &mut Lowering<'_>) -> Fact<Hold> {
    let seconds = |n: Node<'_>| n.text().and_then(go_seconds).and_then(|s| u64::try_from(s).ok());
    cx.read(with, "duration", "a duration such as `10m`", seconds).map(Hold::Timed)
}

/// What a metric of an analysis may be: at least, at most, or no worse than another variant.
fn criteria(metric: Node<'_>, covers: StageRange, cx: &mut Lowering<'_>) -> Vec<Criterion> {
    let query = text(metric, "query");
    let named = Metric::recognise(text(metric, "name"), query);
    let base = Criterion { metric: named, ..Criterion::opaque("", query, covers, metric.span()) };
    if let Some(other) = present(metric, "strategy").filter(|s| s.text() != Some("THRESHOLD")) {
        return vec![Criterion { class: CriterionClass::Statistical, span: other.span(), ..base }];
    }
    let tolerated = cx.read_u64(metric, "failureLimit").known().and_then(|n| u32::try_from(*n).ok());
    let Some(expected) = present(metric, "expected") else { return vec![base] };
    let bounds = [("max", Comparison::Above), ("min", Comparison::Below)];
    let bounds = bounds.into_iter().filter(|(key, _)| present(expected, key).is_some());
    bounds
        .map(|(key, comparison)| {
            let bound = cx.read_f64(expected, key).map(|number| Bound { number, unit: Unit::None });
            Criterion {
                class: CriterionClass::Absolute,
                comparison: Some(comparison),
                span: bound.span(),
                bound,
                tolerated,
                action: Action::Rollback,
                ..base.clone()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{Rollout, Share, Strategy};

    fn app(kind: &str, stages: &str) -> Rollout {
        let pipeline = if stages.is_empty() { String::new() } else { format!("  pipeline: {{stages: [{stages}]}}\n") };
        lower(&format!("apiVersion: pipecd.dev/v1beta1\nkind: {kind}\nspec:\n  name: chat\n{pipeline}")).remove(0)
    }

    fn table(rollout: &Rollout) -> Vec<(f64, Option<u64>)> {
        let held = |s: &crate::model::Stage| s.hold.known().and_then(|h| h.seconds());
        rollout.stages().iter().map(|s| (s.share().map_or(-1.0, Share::percent), held(s))).collect()
    }

    #[test]
    fn traffic_is_what_counts_and_a_wait_before_it_holds_nothing() {
        let stages = "{name: ECS_CANARY_ROLLOUT, with: {scale: 30}}, {name: WAIT, with: {duration: 1h}}, {name: ECS_TRAFFIC_ROUTING, with: {canary: 20}}, {name: WAIT, with: {duration: 150s}}, {name: ECS_PRIMARY_ROLLOUT}, {name: ECS_TRAFFIC_ROUTING, with: {primary: 100}}, {name: ECS_CANARY_CLEAN}";
        let found = app("ECSApp", stages);
        assert_eq!(
            (found.strategy.value, table(&found)),
            (Strategy::Canary, vec![(20.0, Some(150)), (100.0, Some(0))])
        );
        assert_eq!(&*found.id.name, "chat");
    }

    #[test]
    fn everybody_at_once_in_three_spellings() {
        assert_eq!(app("ECSApp", "").strategy.value, Strategy::AllAtOnce);
        assert_eq!(
            app("CloudRunApp", "{name: CLOUDRUN_PROMOTE, with: {percent: 100}}").strategy.value,
            Strategy::AllAtOnce
        );
        let switch = "{name: ECS_CANARY_ROLLOUT, with: {scale: 100}}, {name: ECS_TRAFFIC_ROUTING, with: {canary: 100}}, {name: WAIT, with: {duration: 5m}}, {name: ECS_PRIMARY_ROLLOUT}";
        let found = app("ECSApp", switch);
        assert_eq!((found.strategy.value, found.rollback.way_back.known()), (Strategy::BlueGreen, Some(&300)));
    }

    #[test]
    fn pods_count_only_where_nothing_routes() {
        let pods =
            "{name: K8S_CANARY_ROLLOUT, with: {replicas: 25%}}, {name: WAIT_APPROVAL}, {name: K8S_PRIMARY_ROLLOUT}";
        assert_eq!(table(&app("KubernetesApp", pods))[0], (20.0, None));
        let routed = "{name: K8S_CANARY_ROLLOUT, with: {replicas: 25%}}, {name: K8S_TRAFFIC_ROUTING, with: {canary: 5}}, {name: K8S_PRIMARY_ROLLOUT}";
        assert_eq!(table(&app("KubernetesApp", routed))[0], (5.0, Some(0)));
        assert!(app("KubernetesApp", "{name: K8S_CANARY_ROLLOUT, with: {replicas: 2}}").exposure_is_dynamic());
    }

    #[test]
    fn an_analysis_holds_and_has_bounds() {
        let stages = "{name: LAMBDA_PROMOTE, with: {percent: 10}}, {name: ANALYSIS, with: {duration: 30m, metrics: [{strategy: THRESHOLD, query: 'sum(rate(http_errors[1m]))', expected: {max: 0.01}}, {strategy: CANARY_BASELINE, query: x, deviation: HIGH}]}}, {name: LAMBDA_PROMOTE, with: {percent: 100}}";
        let found = app("LambdaApp", stages);
        assert_eq!(table(&found)[0], (10.0, Some(1800)));
        let criteria = &found.rollback.criteria;
        assert_eq!(
            (criteria.len(), criteria[0].bound.known().unwrap().number, criteria[1].is_numeric()),
            (2, 0.01, false)
        );
    }
}

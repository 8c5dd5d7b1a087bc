//! The steps of a release.

use super::release::{Router, Style};
use crate::adapters::Lowering;
use crate::adapters::nodes::{items, present};
use crate::model::{
    Audience, Basis, Exposure, Fact, Gate, GateKind, Hold, Progression, Remark, RemarkKind, Rollout, Share, Stage,
    Unknown,
};
use crate::syntax::Node;
use crate::text::Span;

/// Pods of the new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pods {
    /// Percent of the workload's replicas, rounded up to whole pods.
    Percent(u64),
    /// A number of pods.
    Count(u64),
}

/// What of a step has to wait for the workload's replicas.
pub(super) struct Step {
    /// Pods that the exposure follows; `None` where it is known already.
    pods: Option<Pods>,
    /// Pointer of the value.
    path: Box<str>,
}

/// Where a partition's step may have traffic, unless a flag of the controller says otherwise.
const PARTITION_LIMIT: u64 = 50;

/// Reads the steps into the stages of `rollout`; [`finish`] completes them.
pub(super) fn read(style: Style<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Vec<Step> {
    let list: Vec<Node<'_>> = items(style.block, "steps").collect();
    if list.is_empty() && !rollout.partial {
        let near = present(style.block, "steps").unwrap_or(style.block).anchor();
        let message = "there are no `steps`, and a release needs at least one";
        cx.invalid(near, message, "write `steps: [{replicas: \"5%\", pause: {duration: 3600}}]`");
    }
    let mut stages = Vec::new();
    let mut steps = Vec::new();
    let mut before = None;
    for (index, node) in list.iter().enumerate() {
        let reading = Reading::of(*node, style, cx);
        reading.checks(&mut before, cx);
        let (stage, pods) = reading.stage(index + 1 == list.len(), cx);
        let path = reading.pods_at.unwrap_or(*node).pointer().into();
        stages.push(stage);
        steps.push(Step { pods, path });
    }
    rollout.progression = Progression::Declared(stages);
    steps
}

/// One step as it is written.
struct Reading<'d> {
    node: Node<'d>,
    style: Style<'d>,
    pods: Fact<Pods>,
    pods_at: Option<Node<'d>>,
    /// Percent of requests.
    traffic: Fact<u64>,
    matches: Option<Node<'d>>,
}

impl<'d> Reading<'d> {
    fn of(node: Node<'d>, style: Style<'d>, cx: &mut Lowering<'_>) -> Self {
        let written = present(node, "replicas");
        let matches = present(node, "matches").filter(|m| m.items().next().is_some());
        let traffic = if style.alpha { cx.read_u64(node, "weight") } else { percent_text(node, cx) };
        let traffic = in_range(traffic, style, cx);
        let wanted = "a number of pods of at least 1, or a percentage such as `5%` up to `100%`";
        let stated = cx.read(node, "replicas", wanted, pods);
        let from_weight = style.alpha && stated.is_absent();
        let pods = if from_weight { traffic.clone().map(Pods::Percent) } else { stated };
        let pods_at = if from_weight { present(node, "weight") } else { written };
        Self { node, style, pods, pods_at, traffic, matches }
    }

    fn checks(&self, before: &mut Option<Pods>, cx: &mut Lowering<'_>) {
        self.strays(cx);
        if self.pods.is_absent() {
            let (wants, help) = if self.style.alpha {
                ("`weight` or `replicas`", "write `weight: 5`")
            } else {
                ("`replicas`", "write `replicas: \"5%\"`")
            };
            cx.invalid(self.node.span(), format!("this step has no {wants}, and every step needs one"), help);
        }
        if let Some(pods) = self.pods.known().copied() {
            if let Some((was, is)) = before.and_then(|was| shrinks(was, pods)) {
                let message = format!("`replicas` goes from {was} to {is}, and steps must not shrink");
                cx.invalid(self.pods.span(), message, format!("write {was} or more"));
            }
            *before = Some(pods);
            self.limit(pods, cx);
        }
    }

    /// Keys of the other version, which the API drops.
    fn strays(&self, cx: &mut Lowering<'_>) {
        let (stray, right) = if self.style.alpha { ("traffic", "weight") } else { ("weight", "traffic") };
        if let Some(node) = present(self.node, stray) {
            let message = format!("`{stray}` does nothing in this version of the API, which reads `{right}`");
            cx.ignored(node.anchor(), message, format!("write `{right}`, or change `apiVersion`"));
        }
    }

    fn limit(&self, pods: Pods, cx: &mut Lowering<'_>) {
        let splits = self.traffic.written().is_some() || self.matches.is_some();
        let Pods::Percent(percent) = pods else { return };
        if self.style.alpha || !self.style.partition || !splits || percent <= PARTITION_LIMIT {
            return;
        }
        let message = format!(
            "`replicas` is {percent}% in a step with traffic; without an extra workload at most {PARTITION_LIMIT}% is allowed"
        );
        let help = format!("write {PARTITION_LIMIT}% or less, or `enableExtraWorkloadForCanary: true`");
        cx.invalid(self.pods.span(), message, help);
    }

    /// The stage, and the pods that its exposure follows where that is still to be told.
    fn stage(&self, last: bool, cx: &mut Lowering<'_>) -> (Stage, Option<Pods>) {
        let (exposure, pods) = self.exposure(cx);
        let mut stage = Stage::new(exposure, self.node.span());
        if let Some(matches) = self.matches.filter(|_| self.style.router != Router::Nothing) {
            stage.exposure = Fact::Absent { near: matches.anchor() };
            stage.audience = Some(Audience { name: "matched requests".into(), size: None, customers: false });
        }
        stage.hold = self.hold(last, cx);
        if stage.hold.known() == Some(&Hold::Gated) {
            let span = stage.hold.span();
            stage.gates.push(Gate { kind: GateKind::Approval, name: "pause".into(), blocking: true, span });
        }
        if last && stage.hold.known() == Some(&Hold::None) {
            self.never_waits(&stage, cx);
        }
        (stage, pods)
    }

    fn exposure(&self, cx: &mut Lowering<'_>) -> (Fact<Exposure>, Option<Pods>) {
        self.ignored(cx);
        if self.matches.is_some() && self.style.router != Router::Nothing {
            return (Fact::Absent { near: self.node.span() }, None);
        }
        if self.style.router == Router::Steps && !self.traffic.is_absent() {
            let share = |percent| Exposure::exact(Share::of(percent, 100), Basis::Requests);
            return (self.traffic.clone().map(share), None);
        }
        let unknown = || Fact::Dynamic { expr: "".into(), span: self.pods.span() };
        match self.pods.known().copied() {
            Some(Pods::Percent(percent)) => {
                let written = Share::of(percent, 100);
                let routed = self.style.router == Router::Elsewhere;
                let effective = (!routed && percent == 100).then_some(written);
                let basis = if routed { Basis::Unknown } else { Basis::Pods };
                let exposure = Fact::stated(Exposure { written, effective, basis }, self.pods.span());
                (exposure, Some(Pods::Percent(percent)).filter(|_| !routed))
            }
            Some(Pods::Count(count)) => (unknown(), Some(Pods::Count(count))),
            None => (unknown(), None),
        }
    }

    /// Fields that look as if they limited who meets the new version, and do not.
    fn ignored(&self, cx: &mut Lowering<'_>) {
        let key = if self.style.alpha { "weight" } else { "traffic" };
        let Fact::Stated(traffic) = &self.traffic else {
            if let Some(matches) = self.matches.filter(|_| self.style.router == Router::Nothing) {
                cx.ignored(matches.anchor(), "`matches` do nothing without `trafficRoutings`", "add `trafficRoutings`");
            }
            return;
        };
        match (self.matches, self.style.router) {
            (Some(matches), Router::Steps) => {
                let message = format!("`{key}` does nothing in a step with `matches`: they win");
                cx.ignored(traffic.span, message, format!("remove `{key}`, or use two steps")).related =
                    Some((matches.anchor(), "these are used".into()));
            }
            // Pods in the same share make no difference.
            (None, Router::Nothing) if self.pods.known() != Some(&Pods::Percent(traffic.value)) => {
                let message = format!("`{key}` does nothing without `trafficRoutings`: requests follow the pods");
                cx.ignored(traffic.span, message, "add `trafficRoutings`");
            }
            (Some(matches), Router::Nothing) => {
                cx.ignored(matches.anchor(), "`matches` do nothing without `trafficRoutings`", "add `trafficRoutings`");
            }
            (None, Router::Nothing | Router::Steps) | (_, Router::Elsewhere) => {}
        }
    }

    /// A pause that a canary's last step skips, while only some people have the new version.
    fn never_waits(&self, stage: &Stage, cx: &mut Lowering<'_>) {
        let limited = stage.audience.is_some() || stage.share().is_some_and(Share::is_limited);
        let waits = |p: &Node<'_>| p.get("duration").is_none_or(|d| d.as_i64() != Some(0));
        if let Some(pause) = present(self.node, "pause").filter(waits).filter(|_| limited) {
            let message = "`pause` does nothing in a last step with `replicas: \"100%\"`: the release ends at once";
            cx.ignored(pause.anchor(), message, "put a step with fewer replicas before the last one, and pause there");
        }
    }

    fn hold(&self, last: bool, cx: &mut Lowering<'_>) -> Fact<Hold> {
        let pause = present(self.node, "pause");
        let near = pause.map_or(self.node.span(), Node::anchor);
        let duration = match pause {
            Some(pause) if pause.is_map() => cx.read(pause, "duration", "a whole number of seconds, 0 or more", |n| {
                n.as_i64().and_then(|seconds| u64::try_from(seconds).ok())
            }),
            Some(pause) => cx.take(pause, "pause", "a mapping such as `{duration: 3600}`", |_| None),
            None => Fact::Absent { near },
        };
        let whole = self.pods_at.and_then(Node::as_str) == Some("100%")
            || self.style.alpha && present(self.node, "replicas").is_none() && self.traffic.known() == Some(&100);
        if last && whole && !self.style.blue_green {
            // The controller does not pause there: the release finishes at once.
            return Fact::stated(Hold::None, near);
        }
        match duration {
            Fact::Absent { near } => Fact::Defaulted {
                value: Hold::Gated,
                by: "openkruise: a step without `duration` waits for a person",
                near,
            },
            other @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. }) => {
                other.map(|seconds| if seconds == 0 { Hold::None } else { Hold::Timed(seconds) })
            }
        }
    }
}

/// A share that admission lets pass; one that it refuses is told once and judged no further.
fn in_range(traffic: Fact<u64>, style: Style<'_>, cx: &mut Lowering<'_>) -> Fact<u64> {
    let least = u64::from(!style.blue_green);
    let Fact::Stated(percent) = &traffic else { return traffic };
    if (least..=100).contains(&percent.value) {
        return traffic;
    }
    let (key, sign) = if style.alpha { ("weight", "") } else { ("traffic", "%") };
    let message = format!("`{key}` is {}{sign}; it must be between {least}{sign} and 100{sign}", percent.value);
    let help = format!("write a percentage between {least}{sign} and 100{sign}");
    let span = percent.span;
    cx.invalid(span, message, help);
    Fact::Dynamic { expr: "".into(), span }
}

/// A number of pods, or a percentage.
fn pods(node: Node<'_>) -> Option<Pods> {
    if let Some(text) = node.as_str() {
        return percent(text).filter(|p| (1..=100).contains(p)).map(Pods::Percent);
    }
    node.as_i64().and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0).map(Pods::Count)
}

/// `traffic: "5%"`.
fn percent_text(step: Node<'_>, cx: &mut Lowering<'_>) -> Fact<u64> {
    cx.read(step, "traffic", "text with a percent sign, such as `\"5%\"`", |n| n.as_str().and_then(percent))
}

/// `5%` in whole percents.
fn percent(text: &str) -> Option<u64> {
    text.strip_suffix('%')?.parse().ok()
}

/// The two numbers where the later is the smaller; a percentage and a number cannot be compared.
fn shrinks(was: Pods, is: Pods) -> Option<(String, String)> {
    match (was, is) {
        (Pods::Percent(was), Pods::Percent(is)) => (is < was).then(|| (format!("{was}%"), format!("{is}%"))),
        (Pods::Count(was), Pods::Count(is)) => (is < was).then(|| (was.to_string(), is.to_string())),
        (Pods::Percent(_), Pods::Count(_)) | (Pods::Count(_), Pods::Percent(_)) => None,
    }
}

/// Tells shares of pods by the workload's replicas, and adds the end that every release comes to.
pub(super) fn finish(steps: &[Step], replicas: Option<u64>, rollout: &mut Rollout) {
    let Progression::Declared(mut stages) = std::mem::replace(&mut rollout.progression, Progression::Declared(vec![]))
    else {
        return;
    };
    for (stage, step) in stages.iter_mut().zip(steps) {
        let Some(pods) = step.pods else { continue };
        match (replicas.filter(|n| *n > 0), pods) {
            (Some(all), pods) => served(stage, pods, all, rollout),
            (None, Pods::Count(_)) => rollout.undetermined.push(Unknown {
                path: step.path.clone(),
                span: stage.exposure.span(),
                reason: "replicas-unknown",
            }),
            (None, Pods::Percent(_)) => {}
        }
    }
    if let Some(last) = stages.last().filter(|s| s.share() != Some(Share::ALL)) {
        let basis = last.exposure.known().map_or(Basis::Pods, |e| e.basis);
        let value = Exposure::exact(Share::ALL, basis);
        let by = "openkruise: after the last step everybody has the new version";
        let mut end = Stage::new(Fact::Defaulted { value, by, near: last.span }, last.span);
        end.implied = true;
        stages.push(end);
    }
    rollout.progression = Progression::Declared(stages);
}

/// The share that whole pods come to.
fn served(stage: &mut Stage, pods: Pods, all: u64, rollout: &mut Rollout) {
    let span = stage.exposure.span();
    let (written, count) = match pods {
        Pods::Percent(percent) => (Share::of(percent, 100), percent.saturating_mul(all).div_ceil(100)),
        Pods::Count(count) => (Share::of(count, all), count),
    };
    let effective = Share::of(count, all);
    stage.exposure = Fact::stated(Exposure { written, effective: Some(effective), basis: Basis::Pods }, span);
    let bent = u64::from(effective.ppm()) * 4 > u64::from(written.ppm()) * 5;
    if let (Pods::Percent(percent), true) = (pods, bent) {
        rollout.remarks.push(unreachable(percent, all, effective, span));
    }
}

fn unreachable(percent: u64, all: u64, effective: Share, span: Span) -> Remark {
    let pods = if all == 1 { "1 replica".to_owned() } else { format!("{all} replicas") };
    let least = (1..100).find(|n| (n * percent).is_multiple_of(100)).unwrap_or(100);
    Remark {
        kind: RemarkKind::Unreachable,
        span,
        message: format!("{percent}% of {pods} is rounded up to whole pods, which is {effective}").into(),
        help: format!("add `trafficRoutings` and `traffic: \"{percent}%\"`, or run {least} replicas").into(),
        found: Some(effective.to_string().into()),
        required: Some(format!("{percent}%").into()),
        related: None,
        instead: None,
    }
}

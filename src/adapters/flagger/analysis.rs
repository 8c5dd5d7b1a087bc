//! The `analysis` block: what the controller makes of it.

use super::checks;
use crate::adapters::duration::go_seconds;
use crate::adapters::nodes::{items, present, text};
use crate::adapters::{Lowering, Object};
use crate::model::{Basis, Fact, StageRange};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// Routers that copy traffic.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mirrors {
    /// At any time, with any share.
    Istio,
    /// Everything, and only in blue-green.
    GatewayApi,
    /// The controller's flag decides which router it is.
    Unknown,
    /// Never.
    Never,
}

/// Which way the controller goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Everybody at once: no analysis, or one that is skipped.
    Skipped,
    /// Matching users first.
    AbTest,
    /// A second stack that is tested, then a switch.
    BlueGreen,
    /// Growing weights.
    Canary,
    /// A patch that says nothing of it.
    Untold,
}

/// The analysis of one canary.
pub(super) struct Analysis<'d> {
    /// The block, where there is one.
    pub(super) node: Option<Node<'d>>,
    pub(super) way: Way,
    /// The value of `skipAnalysis: true`.
    pub(super) skip: Option<Span>,
    pub(super) provider: Option<Node<'d>>,
    /// Seconds of one stage.
    pub(super) interval: Fact<u64>,
    /// How often blue-green and A/B tests are checked.
    pub(super) iterations: Fact<u64>,
    /// How many failed checks are tolerated.
    pub(super) tolerated: Option<u32>,
    pub(super) partial: bool,
}

impl<'d> Analysis<'d> {
    /// Reads the analysis of the canary `object`, and remarks what the schema refuses or the controller ignores.
    pub(super) fn of(object: &Object<'d>, spec: Node<'d>, partial: bool, cx: &mut Lowering<'_>) -> Self {
        let current = present(spec, "analysis");
        let old = present(spec, "canaryAnalysis");
        if let (Some(current), Some(old)) = (current, old) {
            let message = "`canaryAnalysis` is ignored beside `analysis`";
            cx.ignored(old.anchor(), message, "remove `canaryAnalysis`").related =
                Some((current.anchor(), "Flagger reads this one".into()));
        }
        let node = current.or(old);
        let skipped = cx.read_bool(spec, "skipAnalysis");
        let skip = if let Fact::Stated(s) = &skipped { s.value.then_some(s.span) } else { None };
        let near = node.map_or_else(|| object.name_span(), Node::anchor);
        let absent = Fact::Absent { near };
        let mut analysis = Self {
            node,
            way: Way::Skipped,
            skip,
            provider: present(spec, "provider"),
            interval: node.map_or_else(|| absent.clone(), |n| interval(n, cx)),
            iterations: node.map_or(absent, |n| cx.read_u64(n, "iterations")),
            tolerated: node.and_then(|n| tolerated(n, cx)),
            partial,
        };
        if analysis.is_kubernetes() && analysis.iterations.known().is_none_or(|n| *n == 0) {
            // Dynamic iterations stay so: they may well be more than ten.
            let ten = Fact::Defaulted { value: 10, by: "flagger: 10 with provider kubernetes", near };
            analysis.iterations = if analysis.iterations.is_dynamic() { analysis.iterations } else { ten };
        }
        analysis.way = analysis.way();
        if let Some(node) = node {
            checks::schema(object, node, partial, cx);
            checks::ignored(&analysis, node, cx);
        }
        analysis
    }

    /// The controller's order.
    fn way(&self) -> Way {
        let Some(node) = self.node.filter(|_| self.skip.is_none()) else {
            return if self.partial && self.skip.is_none() { Way::Untold } else { Way::Skipped };
        };
        let iterates = self.iterations.is_dynamic() || self.iterations.known().is_some_and(|n| *n > 0);
        let matches = items(node, "match").next().is_some() && !self.is_kubernetes();
        let weights = ["stepWeight", "stepWeights", "maxWeight"].iter().any(|k| present(node, k).is_some());
        match (iterates, matches) {
            (true, true) => Way::AbTest,
            (true, false) => Way::BlueGreen,
            (false, _) if self.partial && !weights => Way::Untold,
            (false, _) => Way::Canary,
        }
    }

    /// Does Kubernetes alone route, which can't split traffic?
    pub(super) fn is_kubernetes(&self) -> bool {
        self.provider.and_then(Node::text) == Some("kubernetes")
    }

    /// What the router copies.
    pub(super) fn mirrors(&self) -> Mirrors {
        match self.provider.and_then(Node::text) {
            None => Mirrors::Unknown,
            Some("istio") => Mirrors::Istio,
            Some(p) if p.starts_with("gatewayapi") => Mirrors::GatewayApi,
            Some(p) if crate::adapters::is_template(p) => Mirrors::Unknown,
            Some(_) => Mirrors::Never,
        }
    }

    /// Where a reader looks for the analysis: its key, else what switches it off, else the name.
    pub(super) fn anchor(&self, object: &Object<'_>) -> Span {
        self.node.map(Node::anchor).or(self.skip).unwrap_or_else(|| object.name_span())
    }

    /// What the weights are a share of.
    pub(super) fn basis(&self) -> Basis {
        let sticky = self.node.is_some_and(|n| present(n, "sessionAffinity").is_some());
        if sticky { Basis::Users } else { Basis::Requests }
    }

    /// The stages during which the canary's pods have to be ready: all before promotion.
    pub(super) const fn readiness(&self) -> StageRange {
        match self.way {
            Way::BlueGreen => StageRange::one(0),
            Way::Skipped | Way::AbTest | Way::Canary | Way::Untold => StageRange::ALL,
        }
    }

    /// Seconds of all iterations together.
    pub(super) fn iterated(&self) -> Fact<u64> {
        match (&self.interval, &self.iterations) {
            (Fact::Dynamic { expr, span }, _) | (_, Fact::Dynamic { expr, span }) => {
                Fact::Dynamic { expr: expr.clone(), span: *span }
            }
            (interval, iterations) => {
                let seconds = interval.known().copied().unwrap_or(60);
                let total = seconds.saturating_mul(iterations.known().copied().unwrap_or(0));
                Fact::Stated(Spanned::new(total, iterations.span()))
            }
        }
    }
}

/// The schema's pattern for intervals: `^[0-9]+(m|s)`.
pub(super) fn fits_pattern(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < text.len() && rest.starts_with(['m', 's'])
}

/// Seconds between two checks, as the controller reads it: what it can't read is a minute, less than 10 s is 10 s.
fn interval(node: Node<'_>, cx: &mut Lowering<'_>) -> Fact<u64> {
    let by = "flagger: 60 s when absent";
    let Some(written) = present(node, "interval") else {
        return Fact::Defaulted { value: 60, by, near: node.anchor() };
    };
    if written.text().is_some_and(crate::adapters::is_template) {
        cx.unknown(written, "template");
        return Fact::Dynamic { expr: text(node, "interval").into(), span: written.span() };
    }
    checks::interval("interval", written, cx);
    let read = written.as_str().and_then(go_seconds).and_then(|s| u64::try_from(s).ok());
    Fact::stated(read.map_or(60, |s| s.max(10)), written.span())
}

/// `threshold: 3` goes back on the third failed check, so two are tolerated; 0 counts as 1.
fn tolerated(node: Node<'_>, cx: &mut Lowering<'_>) -> Option<u32> {
    match cx.read_i64(node, "threshold") {
        Fact::Stated(written) => u32::try_from(written.value.max(1) - 1).ok(),
        Fact::Absent { .. } => Some(0),
        Fact::Defaulted { .. } | Fact::Dynamic { .. } => None,
    }
}

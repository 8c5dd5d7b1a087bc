//! The share of people that a step exposes.

use super::{items, present, take, text};
use crate::adapters::Lowering;
use crate::model::{Basis, Exposure, Fact, Share};
use crate::syntax::Node;
use crate::text::Span;

const PERCENT: &str = "a whole number from 0 to 100, in percent";
const WEIGHT: &str = "a whole number, 0 or more";

/// What the loops around a step stand at: `matrix.weight` and the value.
pub(super) type Bound<'d> = Vec<(String, Node<'d>)>;

/// Reads shares of one step.
pub(super) struct Reader<'d, 'b> {
    pub(super) bound: &'b Bound<'d>,
    /// The step's `type`: what shares that are not there are anchored at.
    pub(super) kind: Node<'d>,
    pub(super) spec: Option<Node<'d>>,
}

impl<'d> Reader<'d, '_> {
    /// The node itself, or the value of the loop that it names.
    fn resolve(&self, node: Node<'d>) -> Node<'d> {
        let name = node.text().and_then(|t| t.trim().strip_prefix("<+")?.strip_suffix('>'));
        let value = name.and_then(|name| self.bound.iter().rev().find(|(bound, _)| bound == name.trim()));
        value.map_or(node, |(_, value)| *value)
    }

    /// A share that nobody can read from this file.
    fn hidden(&self, why: &'static str, node: Option<Node<'d>>, cx: &mut Lowering<'_>) -> Fact<Exposure> {
        let node = node.unwrap_or(self.kind);
        cx.unknown(node, why);
        Fact::Dynamic { expr: self.kind.text().unwrap_or_default().into(), span: node.span() }
    }

    fn percent(&self, node: Node<'d>, name: &str, basis: Basis, cx: &mut Lowering<'_>) -> Fact<Exposure> {
        let part = |t: &str| t.strip_suffix('%').unwrap_or(t).trim().parse::<u64>().ok().filter(|n| *n <= 100);
        let share = take(self.resolve(node), (name, PERCENT), cx, part);
        share.map(|n| Exposure::exact(Share::of(n, 100), basis))
    }

    /// The share at `path` of the `spec`.
    pub(super) fn shift(&self, path: &[&str], cx: &mut Lowering<'_>) -> Fact<Exposure> {
        let found = self.spec.and_then(|spec| spec.path(path)).filter(|n| !n.is_null());
        match (found, path.last()) {
            (Some(node), Some(name)) => self.percent(node, name, Basis::Requests, cx),
            (None | Some(_), _) => self.hidden("no-share", None, cx),
        }
    }

    /// The share of the revision `LATEST`.
    pub(super) fn revisions(&self, cx: &mut Lowering<'_>) -> Fact<Exposure> {
        let mut all = self.spec.into_iter().flat_map(|spec| items(spec, "revisionTrafficDetails"));
        let latest = all.find(|r| text(*r, "revisionName") == "LATEST").and_then(|r| present(r, "trafficValue"));
        match latest {
            Some(value) => self.percent(value, "trafficValue", Basis::Requests, cx),
            None => self.hidden("no-share", None, cx),
        }
    }

    /// What the routes of the step send to the canary, if they have weights.
    pub(super) fn routed(&self, cx: &mut Lowering<'_>) -> Option<Fact<Exposure>> {
        let all = weighted(self.spec?);
        (!all.is_empty()).then(|| self.split(&all, cx))
    }

    fn split(&self, all: &[Node<'d>], cx: &mut Lowering<'_>) -> Fact<Exposure> {
        let Some(canary) = new_side(all) else {
            return self.hidden("unnamed-destination", all.first().copied(), cx);
        };
        let mut sum = 0_u64;
        let mut part = (0, canary.anchor());
        for destination in all {
            let Some(weight) = present(*destination, "weight") else { continue };
            let read = take(self.resolve(weight), ("weight", WEIGHT), cx, |t| t.parse::<u32>().ok());
            let Some(number) = read.known().copied().map(u64::from) else {
                return read.map(|_| Exposure::exact(Share::NONE, Basis::Requests));
            };
            sum += number;
            if *destination == canary {
                part = (number, read.span());
            }
        }
        Fact::stated(Exposure::exact(Share::of(part.0, sum), Basis::Requests), part.1)
    }

    /// So many instances beside the others; how many others there are is not in the file. Where a later step routes, it
    /// is not told either whether they get anything before that.
    pub(super) fn instances(&self, is_routed_later: bool, cx: &mut Lowering<'_>) -> Fact<Exposure> {
        if is_routed_later {
            return self.hidden("routed-later", None, cx);
        }
        let selection = self.spec.and_then(|spec| present(spec, "instanceSelection"));
        let Some(selection) = selection else { return self.hidden("number-of-pods", None, cx) };
        match selection.path(&["spec", "percentage"]) {
            Some(percent) => {
                let share = self.percent(percent, "percentage", Basis::Pods, cx);
                share.map(|exact| Exposure { effective: None, ..exact })
            }
            None => self.hidden("number-of-pods", selection.path(&["spec", "count"]), cx),
        }
    }
}

/// The destinations of the first route that has any, if one of them has a weight. A step that inherits its routes has
/// them without a `spec`.
pub(super) fn weighted(spec: Node<'_>) -> Vec<Node<'_>> {
    let Some(routing) = present(spec, "trafficRouting") else { return Vec::new() };
    let places = [Some(routing), routing.get("spec")].into_iter().flatten();
    let routes = places.flat_map(|place| items(place, "routes").filter_map(|r| r.get("route")).chain([place]));
    let all = routes.map(destinations).find(|d| !d.is_empty()).unwrap_or_default();
    if all.iter().any(|d| present(*d, "weight").is_some()) { all } else { Vec::new() }
}

fn destinations(route: Node<'_>) -> Vec<Node<'_>> {
    items(route, "destinations").filter_map(|d| d.get("destination")).collect()
}

/// The destination whose name, or whose only neighbour's name, tells that it is the new side.
fn new_side<'d>(all: &[Node<'d>]) -> Option<Node<'d>> {
    let called = |d: &&Node<'d>, names: &[&str]| names.iter().any(|name| text(**d, "host").contains(name));
    let canary = all.iter().find(|d| called(d, &["canary"])).copied();
    let [a, b] = all else { return canary };
    let old = |d: &Node<'d>| called(&d, &["stable", "primary"]);
    canary.or(match (old(a), old(b)) {
        (true, false) => Some(*b),
        (false, true) => Some(*a),
        (true, true) | (false, false) => None,
    })
}

/// Everybody, by a step whose type is written at `span`.
pub(super) fn everybody(span: Span) -> Fact<Exposure> {
    Fact::stated(Exposure::exact(Share::ALL, Basis::Requests), span)
}

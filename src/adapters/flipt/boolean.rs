//! Boolean flags: rollouts, the first of which that picks somebody decides.

use super::segments::Segments;
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Ring, Split, Variation};
use crate::adapters::nodes::{items, present};
use crate::model::Share;
use crate::syntax::Node;
use crate::text::Span;

const ON: usize = 0;
const OFF: usize = 1;

pub(super) fn variations() -> Vec<Variation> {
    let one = |(name, is_false): (&str, bool)| Variation { name: name.into(), is_false, ships: Vec::new() };
    [("true", false), ("false", true)].map(one).into()
}

/// What those get who come so far; a threshold counts buckets of one and the same hash, so a later one has more of it.
struct Reached {
    arms: Vec<Arm>,
    percent: u64,
}

impl Reached {
    /// As many of the hundred buckets as `percent` reaches into.
    fn up_to(&mut self, (percent, written): (u64, Option<Share>), variation: usize, span: Span) {
        if let Some(more) = percent.checked_sub(self.percent).filter(|more| *more > 0) {
            let share = Some(Share::of(more, 100));
            let written = written.filter(|w| self.percent == 0 && Some(*w) != share);
            self.arms.push(Arm { variation: Some(variation), share, written, span });
            self.percent = percent;
        }
    }

    /// All who are left.
    fn split(mut self, variation: usize, span: Span) -> Split {
        self.up_to((100, None), variation, span);
        Split { arms: self.arms, span }
    }
}

pub(super) fn serve<'d>(flag: &mut Flag, node: Node<'d>, segments: &Segments<'d>, cx: &mut Lowering<'_>) {
    let enabled = cx.read_bool(node, "enabled");
    let mut reached = Reached { arms: Vec::new(), percent: 0 };
    for rollout in items(node, "rollouts") {
        if let Some(threshold) = present(rollout, "threshold") {
            let wanted = "a number from 0 to 100";
            let read = |n: Node<'_>| n.as_f64().filter(|p| (0.0..=100.0).contains(p));
            let percent = cx.read(threshold, "percentage", wanted, read);
            let (Some(value), false) = (value(threshold, cx), percent.is_dynamic()) else {
                flag.rest = Split::unknown(percent.span());
                return;
            };
            let number = percent.known().copied().unwrap_or(0.0);
            reached.up_to((buckets(number), Some(Share::from_percent(number))), value, percent.span());
        } else if let Some(segment) = present(rollout, "segment") {
            let Some(picked) = segments.picked(rollout, cx) else { continue };
            let value = value(segment, cx);
            let so_far = Reached { arms: reached.arms.clone(), percent: reached.percent };
            let split = value.map_or_else(|| Split::unknown(segment.span()), |v| so_far.split(v, segment.span()));
            if picked.everybody {
                flag.rest = split;
                return;
            }
            flag.rings.push(Ring { name: picked.name, size: picked.size, customers: picked.customers, split });
        }
    }
    flag.rest = match enabled.known() {
        _ if enabled.is_dynamic() => Split::unknown(enabled.span()),
        Some(true) => reached.split(ON, enabled.span()),
        Some(false) | None => reached.split(OFF, enabled.span()),
    };
    in_vain(flag, node, cx);
}

/// A fraction reaches into the next bucket: the bucket is a whole number and has to be less.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held within 0 and 100")]
fn buckets(percent: f64) -> u64 {
    percent.ceil().clamp(0.0, 100.0) as u64
}

/// What a rollout serves: `false` where nothing is written.
fn value(place: Node<'_>, cx: &mut Lowering<'_>) -> Option<usize> {
    let value = cx.read_bool(place, "value");
    if value.is_dynamic() {
        return None;
    }
    Some(if value.known() == Some(&true) { ON } else { OFF })
}

/// Rollouts that serve what everybody else gets anyway.
fn in_vain(flag: &Flag, node: Node<'_>, cx: &mut Lowering<'_>) {
    let arms = || flag.rings.iter().flat_map(|ring| &ring.split.arms).chain(&flag.rest.arms);
    let all = |variation| !flag.rest.arms.is_empty() && arms().all(|arm| arm.variation == Some(variation));
    let parts = || items(node, "rollouts").filter_map(|r| present(r, "threshold").or_else(|| present(r, "segment")));
    if all(ON) {
        let limits = |part: &Node<'_>| part.get("percentage").and_then(Node::as_f64).is_some_and(|p| p < 100.0);
        let Some(percentage) = parts().find(limits).and_then(|part| part.get("percentage")) else { return };
        let text = percentage.text().unwrap_or_default();
        let message = format!("the threshold of {text} % limits nothing: `enabled: true` is what all others get");
        cx.ignored(percentage.span(), message, "write `enabled: false`, which is for those whom no rollout picks");
    } else if all(OFF) {
        let Some(part) = parts().find(|part| part.key("value").is_none()) else { return };
        let message = "this rollout has no `value` and serves `false`, as all others get";
        cx.ignored(part.anchor(), message, "write `value: true` in it");
    }
}

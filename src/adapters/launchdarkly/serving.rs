//! Who gets what in one environment: weights, and what the engine makes of them.

use super::rings;
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Split, basis_of};
use crate::adapters::infra::Field;
use crate::model::Share;
use crate::text::Span;

/// What everybody is in weights: thousandths of a percent.
const WHOLE: u64 = 100_000;

/// Reads the flag's environment at `place`.
pub(super) fn read(flag: &mut Flag, place: &Field<'_>, cx: &mut Lowering<'_>) {
    let on = place.any(&["on", "targeting_enabled"]);
    let off = place.get("OffVariation").and_then(|f| f.whole()).and_then(|i| usize::try_from(i).ok());
    flag.off = off.filter(|i| *i < flag.variations.len()).or(flag.off);
    let unknown = on.filter(|on| on.unknown().is_some() || on.boolean().is_none());
    if let Some(on) = unknown {
        flag.rest = Split::unknown(on.span());
        return;
    }
    if on.and_then(|on| on.boolean()) != Some(true) {
        flag.rest = Split::all(flag.off, on.map_or(flag.name_span, |on| on.span()));
        return;
    }
    flag.rings = rings::read(flag, place, cx);
    let Some(rest) = place.any(&["Fallthrough", "flag_fallthrough"]) else {
        flag.rest = Split::unknown(place.anchor());
        return;
    };
    flag.rest = split(flag, &rest, cx);
    let rollout = rest.get("rollout").unwrap_or(rest);
    let unit = rollout.any(&["BucketBy", "ContextKind"]).filter(|f| f.text() != Some("key"));
    let kind = rollout.get("ContextKind").or(unit).and_then(|f| f.text());
    flag.basis = basis_of(kind.unwrap_or_default());
    if let Some(by) = rollout.get("BucketBy").and_then(|f| f.text())
        && basis_of(by) == crate::model::Basis::Tenants
    {
        flag.basis = basis_of(by);
    }
}

/// What the fallthrough or a rule at `place` serves.
pub(super) fn split(flag: &Flag, place: &Field<'_>, cx: &mut Lowering<'_>) -> Split {
    if let Some(one) = place.get("variation") {
        return fixed(flag, &one, cx);
    }
    let listed = place.path(&["rollout", "variations"]).filter(|_| place.unknown().is_none());
    let weights = listed.or_else(|| place.any(&["RolloutWeights"]));
    let Some(weights) = weights.filter(|w| w.unknown().is_none()) else { return Split::unknown(place.span()) };
    let mut parts = Vec::new();
    for (index, item) in weights.items().iter().enumerate() {
        let (variation, weight) = match listed {
            Some(_) => (
                item.get("variation").and_then(|v| v.whole()).and_then(|v| usize::try_from(v).ok()),
                item.get("weight"),
            ),
            None => (Some(index), Some(*item)),
        };
        let variation = variation.filter(|v| *v < flag.variations.len());
        let weight =
            weight.map(|w| (w.span(), cx.take_field(&w, "weight", WANTED, |f| f.whole().filter(|w| *w <= WHOLE))));
        let Some((variation, (span, Some(weight)))) = variation.zip(weight.map(|(s, w)| (s, w.known().copied())))
        else {
            return Split::unknown(item.span());
        };
        parts.push((variation, weight, span));
    }
    small(&parts, weights.span(), cx);
    Split { arms: arms(&parts), span: weights.anchor() }
}

const WANTED: &str = "a whole number from 0 to 100000, in thousandths of a percent";

fn fixed(flag: &Flag, one: &Field<'_>, cx: &mut Lowering<'_>) -> Split {
    if one.unknown().is_some() {
        return Split::unknown(one.span());
    }
    let index = one.whole().and_then(|i| usize::try_from(i).ok()).filter(|i| *i < flag.variations.len());
    if index.is_none() {
        let (found, count) = (one.text().unwrap_or("nothing"), flag.variations.len());
        let message = format!("`variation` is {found}, and there are {count} variations, counted from 0");
        cx.invalid(one.span(), message, "name one of the variations by its place").found = Some(found.into());
    }
    Split::all(index, one.span())
}

/// The buckets in their order: each takes its weight of what is left, and the last one the rest.
fn arms(parts: &[(usize, u64, Span)]) -> Vec<Arm> {
    let mut left = WHOLE;
    let last = parts.len().saturating_sub(1);
    let arm = |(index, (variation, weight, span)): (usize, &(usize, u64, Span))| {
        let served = if index == last { left } else { (*weight).min(left) };
        left -= served;
        let written = (served != *weight).then(|| Share::of(*weight, WHOLE));
        Arm { variation: Some(*variation), share: Some(Share::of(served, WHOLE)), written, span: *span }
    };
    parts.iter().enumerate().map(arm).collect()
}

/// Percents written where thousandths are read.
fn small(parts: &[(usize, u64, Span)], span: Span, cx: &mut Lowering<'_>) {
    let sum: u64 = parts.iter().map(|(_, weight, _)| weight).sum();
    if parts.len() < 2 || sum == 0 || sum > 100 {
        return;
    }
    let message = format!("the weights add up to {sum} of {WHOLE}, so the last variation listed gets the rest");
    let remark = cx.invalid(span, message, "write thousandths of a percent: 5000 is 5 %");
    remark.found = Some(sum.to_string().into());
    remark.required = Some(WHOLE.to_string().into());
}

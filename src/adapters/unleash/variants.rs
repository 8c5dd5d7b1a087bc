//! Variants: what those get for whom the flag is on.

use super::Place;
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Ring, Split, Variation, basis_of, is_tenant};
use crate::adapters::infra::Field;
use crate::model::{Basis, Payload, Share};

/// What everybody is in weights.
const WHOLE: u64 = 1000;

/// What the payloads of `variants` ship.
pub(super) fn shipped<'f, 'd: 'f>(variants: impl Iterator<Item = &'f Field<'d>>) -> Vec<Payload> {
    variants.flat_map(|v| variation(v).ships).collect()
}

fn variation(variant: &Field<'_>) -> Variation {
    let name = variant.get("name").and_then(|n| n.text()).unwrap_or_default();
    let payload = variant.get("payload");
    let is_number = payload.and_then(|p| p.get("type")).is_some_and(|t| t.text() == Some("number"));
    let value = payload.and_then(|p| p.get("value")).filter(|v| !is_number && v.unknown().is_none());
    let plain = || Variation { name: name.into(), is_false: false, ships: Vec::new() };
    value.map_or_else(plain, |value| Variation::of(name, value.node))
}

/// Splits a flag that is on for everybody into its `variants`; one alone is the flag itself.
pub(super) fn split(flag: &mut Flag, variants: &[Field<'_>], place: &Place<'_, '_>, cx: &mut Lowering<'_>) {
    let [first, _, ..] = variants else { return };
    let weights = weights(variants, place, cx);
    let total: u64 = weights.iter().flatten().sum();
    if total == 0 && weights.iter().all(Option::is_some) {
        return;
    }
    flag.variations = variants.iter().map(variation).collect();
    flag.off = None;
    flag.basis = match first.get("stickiness").and_then(|s| s.text()).unwrap_or_default() {
        "random" => Basis::Requests,
        unit => basis_of(unit),
    };
    flag.rings.extend(variants.iter().enumerate().flat_map(|(index, variant)| pinned(index, variant)));
    if weights.iter().any(Option::is_none) {
        flag.rest = Split::unknown(first.span());
        return;
    }
    let arm = |(index, (variant, weight)): (usize, (&Field<'_>, &Option<u64>))| {
        let share = Share::of(weight.unwrap_or_default(), total);
        let span = variant.get("weight").map_or_else(|| variant.span(), |w| w.span());
        Arm { variation: Some(index), share: Some(share), written: None, span }
    };
    let arms = variants.iter().zip(&weights).enumerate().map(arm).collect();
    flag.rest = Split { arms, span: first.span() };
}

/// The weight of each: Terraform shares out among the variable ones what the fixed ones leave.
fn weights(variants: &[Field<'_>], place: &Place<'_, '_>, cx: &mut Lowering<'_>) -> Vec<Option<u64>> {
    let is_fixed = |v: &Field<'_>| v.get("WeightType").is_some_and(|t| t.text() == Some("fix"));
    let is_computed = |v: &Field<'_>| !is_fixed(v) && (place.is_terraform || v.get("weight").is_none());
    let wanted = "a whole number from 0 to 1000, in thousandths";
    let mut written = |v: &Field<'_>| {
        let weight = cx.field(v, &["weight"], wanted, |w| w.whole().filter(|w| *w <= WHOLE));
        weight.known().copied()
    };
    let read: Vec<Option<u64>> = variants.iter().map(|v| if is_computed(v) { Some(0) } else { written(v) }).collect();
    let computed = variants.iter().filter(|v| is_computed(v)).count() as u64;
    let fixed: u64 = read.iter().flatten().sum();
    let rest = WHOLE.saturating_sub(fixed).checked_div(computed);
    variants.iter().zip(read).map(|(v, weight)| if is_computed(v) { rest } else { weight }).collect()
}

/// Those to whom a variant is pinned.
fn pinned(index: usize, variant: &Field<'_>) -> Vec<Ring> {
    let overrides = variant.get("overrides").map(|o| o.items()).unwrap_or_default();
    let ring = |one: &Field<'_>| {
        let context = one.get("ContextName").and_then(|c| c.text()).unwrap_or("context");
        let values = one.get("values").map(|v| v.items()).unwrap_or_default();
        let names: Vec<&str> = values.iter().filter_map(Field::text).collect();
        let name = format!("{context} {}", names.join(", "));
        let (size, split) = (Some(values.len() as u64), Split::all(Some(index), one.span()));
        (!values.is_empty()).then(|| Ring { name: name.into(), size, customers: is_tenant(context), split })
    };
    overrides.iter().filter_map(ring).collect()
}

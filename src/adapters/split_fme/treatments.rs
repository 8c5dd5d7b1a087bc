//! Treatments and their shares.

use super::audience::Picked;
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Ring, Split, Variation};
use crate::adapters::infra::Field;
use crate::model::{Basis, Share};
use crate::text::Span;

/// A flag of which only the key is known.
pub(super) fn blank(key: &str, name_span: Span, span: Span) -> Flag {
    Flag {
        key: key.into(),
        name_span,
        span,
        environment: None,
        variations: Vec::new(),
        off: None,
        rings: Vec::new(),
        rest: Split::unknown(name_span),
        basis: Basis::Users,
        plan: None,
    }
}

/// The place of the treatment `name` among the flag's, where it is put if it is not there.
pub(super) fn place_of(flag: &mut Flag, name: &str) -> usize {
    flag.variations.iter().position(|v| &*v.name == name).unwrap_or_else(|| {
        flag.variations.push(Variation { name: name.into(), is_false: false, ships: Vec::new() });
        flag.variations.len() - 1
    })
}

/// Whom the conditions leave, and what they get who are let in.
pub(super) struct Reached {
    /// The share of everybody that is let in; `None` where nobody can know.
    pub(super) allocation: Option<Share>,
    /// Where it is written.
    pub(super) span: Span,
}

impl Reached {
    /// Everybody.
    pub(super) const fn all(span: Span) -> Self {
        Self { allocation: Some(Share::ALL), span }
    }

    /// Those whom `trafficAllocation` of `place` lets in.
    pub(super) fn read(place: &Field<'_>, cx: &mut Lowering<'_>) -> Self {
        let percent = |f: &Field<'_>| f.number().filter(|n| (0.0..=100.0).contains(n));
        let Some(written) = place.get("trafficAllocation") else { return Self::all(place.anchor()) };
        let read = cx.take_field(&written, "trafficAllocation", "a percentage from 0 to 100", percent);
        let allocation = read.known().map(|p| Share::from_percent(p.floor()));
        Self { allocation, span: written.span() }
    }
}

/// Adds the ring of those who are picked at `span`; or the rest, and is then the last that counts.
pub(super) fn takes_the_rest(flag: &mut Flag, picked: Picked, split: Split, span: Span) -> bool {
    match picked {
        Picked::Nobody => false,
        Picked::Some { name, size, customers } => {
            flag.rings.push(ring(name, size, customers, split));
            false
        }
        Picked::All => {
            flag.rest = split;
            true
        }
        Picked::ByFlag => {
            flag.rest = Split::unknown(span);
            true
        }
    }
}

/// The shares of the list of `treatment` and `size` at `list`, of those who are `reached`.
pub(super) fn split(flag: &mut Flag, list: &Field<'_>, reached: &Reached, cx: &mut Lowering<'_>) -> Split {
    let (mut arms, mut sum, mut so_far) = (Vec::new(), 0.0, Share::NONE);
    for part in list.items() {
        let Some(name) = part.get("treatment").and_then(|t| t.text()) else { return Split::unknown(part.span()) };
        let percent = |f: &Field<'_>| f.number().filter(|n| (0.0..=100.0).contains(n));
        let size = cx.field(&part, &["size"], "a percentage from 0 to 100", percent);
        let (Some(size), Some(allocation)) = (size.known().copied(), reached.allocation) else {
            return Split::unknown(part.span());
        };
        sum += size;
        // Buckets are whole percents.
        let up_to = Share::from_percent(f64::min(sum, 100.0).floor());
        let own = Share::from_ppm(up_to.ppm() - so_far.ppm());
        so_far = up_to;
        let share = times(own, allocation);
        let written = Some(Share::from_percent(size)).filter(|w| *w != share && w.is_limited());
        let span = part.get("size").map_or_else(|| part.span(), |s| s.span());
        arms.push(Arm { variation: Some(place_of(flag, name)), share: Some(share), written, span });
    }
    if arms.is_empty() {
        return Split::unknown(list.span());
    }
    incomplete(sum, list, cx);
    let served = arms.iter().filter_map(|a| a.share).fold(Share::NONE, Share::plus);
    let left = Share::from_ppm(Share::ALL.ppm() - served.ppm());
    if left > Share::NONE {
        let span = if so_far == Share::ALL { reached.span } else { list.anchor() };
        arms.push(Arm { variation: flag.off, share: Some(left), written: None, span });
    }
    arms.retain(|a| a.share != Some(Share::NONE) || a.written.is_some());
    Split { arms, span: list.anchor() }
}

/// A share of a share.
fn times(one: Share, other: Share) -> Share {
    let whole = u64::from(Share::ALL.ppm());
    Share::of(u64::from(one.ppm()) * u64::from(other.ppm()), whole * whole)
}

fn incomplete(sum: f64, list: &Field<'_>, cx: &mut Lowering<'_>) {
    if (sum - 100.0).abs() < 0.001 {
        return;
    }
    let message = format!("the sizes add up to {sum}, and Split takes exactly 100");
    let remark = cx.invalid(list.anchor(), message, "make the sizes add up to 100");
    remark.found = Some(format!("{sum}").into());
    remark.required = Some("100".into());
}

/// The ring `name` that gets all of one treatment, or a split of them.
pub(super) fn ring(name: String, size: Option<u64>, customers: bool, split: Split) -> Ring {
    Ring { name: name.into(), size, customers, split }
}

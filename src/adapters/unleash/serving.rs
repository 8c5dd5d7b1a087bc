//! Who gets a flag: strategies of which any one is enough, then the variants of those for whom it is on.

use super::audience::Audience;
use super::strategy::{self, Strategy};
use super::{Feature, Place, variants};
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Ring, Split, Variation, basis_of};
use crate::adapters::infra::Field;
use crate::model::{Basis, Share};
use crate::text::Span;

/// The places of the two values of a flag.
const ON: usize = 0;
const OFF: usize = 1;

/// What all strategies of a flag come to.
pub(super) enum Outcome {
    /// Everybody gets it, by the strategy of that place.
    Everybody(usize),
    /// A share of everybody gets it, as drawn by a unit; nobody too.
    Share(Arm, Basis),
    /// Nobody can know.
    Unknown(Span),
}

/// The flag of `feature`, without its plan.
pub(in crate::adapters) fn flag(feature: &Feature<'_>, place: &Place<'_, '_>, cx: &mut Lowering<'_>) -> Flag {
    let mut flag = blank(feature);
    flag.environment = place.environment.name().map(Into::into);
    let at = feature.enabled.map_or(feature.name_span, |enabled| enabled.span());
    match feature.enabled.map_or(Some(feature.is_on), |enabled| enabled.boolean()) {
        Some(true) => serve(&mut flag, feature, place, cx),
        Some(false) => flag.rest = Split::all(Some(OFF), at),
        None => flag.rest = Split::unknown(at),
    }
    flag
}

fn blank(feature: &Feature<'_>) -> Flag {
    let is = |name: &str, is_false| Variation { name: name.into(), is_false, ships: Vec::new() };
    Flag {
        key: feature.key.into(),
        name_span: feature.name_span,
        span: feature.span,
        environment: None,
        variations: vec![is("on", false), is("off", true)],
        off: Some(OFF),
        rings: Vec::new(),
        rest: Split::unknown(feature.name_span),
        basis: Basis::Users,
        plan: None,
    }
}

fn serve(flag: &mut Flag, feature: &Feature<'_>, place: &Place<'_, '_>, cx: &mut Lowering<'_>) {
    let Some(listed) = &feature.strategies else { return };
    let live = strategy::live(listed);
    let strategies: Vec<Strategy<'_>> = live.iter().map(|s| strategy::read(s, place, cx)).collect();
    let own = strategies.iter().flat_map(|s| &s.variants);
    flag.variations[ON].ships = variants::shipped(own.chain(&feature.variants));
    if strategies.is_empty() {
        flag.rest = Split::all(Some(ON), feature.strategies_span);
        variants::split(flag, &feature.variants, place, cx);
        return;
    }
    match combined(&strategies, feature.strategies_span) {
        Outcome::Everybody(by) => everybody(flag, feature, (&strategies, by), place, cx),
        Outcome::Share(arm, basis) => {
            flag.basis = basis;
            flag.rings = rings(&strategies);
            let off = arm.share.map(|s| Share::from_ppm(Share::ALL.ppm() - s.ppm()));
            let nobody = Arm { variation: Some(OFF), share: off, written: None, span: arm.span };
            flag.rest = match off {
                Some(Share::ALL) if arm.written.is_none() => Split { arms: vec![nobody], span: arm.span },
                Some(_) | None => Split { span: arm.span, arms: vec![arm, nobody] },
            };
        }
        Outcome::Unknown(span) => {
            flag.rings = rings(&strategies);
            flag.rest = Split::unknown(span);
        }
    }
}

/// The flag is on for everybody by one of its strategies: what the others limit limits nothing.
fn everybody(
    flag: &mut Flag,
    feature: &Feature<'_>,
    (all, by): (&[Strategy<'_>], usize),
    place: &Place<'_, '_>,
    cx: &mut Lowering<'_>,
) {
    let whole = &all[by];
    let limited = |s: &&Strategy<'_>| {
        s.audience != Audience::Nobody && s.share != Some(Share::NONE) && s.written.is_some_and(Share::is_limited)
    };
    for strategy in all.iter().filter(limited) {
        let (written, name) = (strategy.written.unwrap_or_default(), whole.name);
        let message =
            format!("the share {written} limits nothing: any strategy is enough, and `{name}` lets everybody pass");
        let help = format!("delete the strategy `{name}`, or limit it too");
        let remark = cx.ignored(strategy.span, message, help);
        remark.found = Some(written.to_string().into());
        remark.related = Some((whole.span, "everybody passes here".into()));
    }
    flag.rest = Split::all(Some(ON), whole.span);
    // The first strategy that passes gives its own variants.
    if all[..by].iter().any(|s| !s.variants.is_empty()) {
        flag.rest = Split::unknown(whole.span);
        return;
    }
    let variants: &[Field<'_>] = if whole.variants.is_empty() { &feature.variants } else { &whole.variants };
    variants::split(flag, variants, place, cx);
}

/// What `all` come to for those whom no ring picks.
pub(super) fn combined(all: &[Strategy<'_>], at: Span) -> Outcome {
    let open: Vec<&Strategy<'_>> =
        all.iter().filter(|s| matches!(s.audience, Audience::All | Audience::Untold)).collect();
    let is_whole = |s: &Strategy<'_>| s.audience == Audience::All && s.share == Some(Share::ALL);
    if let Some(by) = all.iter().position(is_whole) {
        return Outcome::Everybody(by);
    }
    let is_unknown = |s: &&&Strategy<'_>| s.share.is_none() || s.audience == Audience::Untold;
    if let Some(unknown) = open.iter().filter(|s| s.share != Some(Share::NONE)).find(is_unknown) {
        return Outcome::Unknown(unknown.span);
    }
    let Some(most) = open.iter().max_by_key(|s| s.share) else {
        let nobody = Arm { variation: Some(ON), share: Some(Share::NONE), written: None, span: at };
        return Outcome::Share(nobody, Basis::Users);
    };
    let share = united(&open);
    let written = open.iter().filter_map(|s| s.written).max().filter(|w| *w != share);
    Outcome::Share(Arm { variation: Some(ON), share: Some(share), written, span: most.span }, basis(most))
}

/// What a strategy's share is a share of: `random` draws each time anew.
pub(super) fn basis(strategy: &Strategy<'_>) -> Basis {
    if &*strategy.draw.0 == "random" { Basis::Requests } else { basis_of(&strategy.draw.0) }
}

/// The share of those whom any of `open` lets pass: one draw lets the same people pass, different draws are independent.
fn united(open: &[&Strategy<'_>]) -> Share {
    let mut draws: Vec<(&Strategy<'_>, Share)> = Vec::new();
    for strategy in open {
        let share = strategy.share.unwrap_or_default();
        let same =
            |(other, _): &&mut (&Strategy<'_>, Share)| other.draw == strategy.draw && &*strategy.draw.0 != "random";
        match draws.iter_mut().find(same) {
            Some((_, most)) => *most = share.max(*most),
            None => draws.push((strategy, share)),
        }
    }
    let whole = u64::from(Share::ALL.ppm());
    let out = |left: u64, (_, share): &(&Strategy<'_>, Share)| {
        let stays = whole - u64::from(share.ppm());
        (left * stays + whole / 2) / whole
    };
    Share::of(whole - draws.iter().fold(whole, out), whole)
}

/// One ring for each strategy that picks people.
pub(super) fn rings(all: &[Strategy<'_>]) -> Vec<Ring> {
    let ring = |s: &Strategy<'_>| {
        let Audience::Some(picked) = &s.audience else { return None };
        let arm = Arm { variation: Some(ON), share: s.share, written: s.written, span: s.span };
        Some(Ring {
            name: picked.name.as_str().into(),
            size: picked.size,
            customers: picked.customers,
            split: Split { arms: vec![arm], span: s.span },
        })
    };
    all.iter().filter_map(ring).collect()
}

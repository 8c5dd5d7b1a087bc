//! A feature in its environment: identities first, then segments by priority, then everybody.

use super::segment::{self, Place, Reach};
use super::state::{self, OFF};
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Ring, Split, basis_of};
use crate::model::{Basis, Share};
use crate::syntax::Node;
use crate::text::Span;

/// A setting for a segment.
pub(super) struct Override<'d> {
    pub(super) state: Node<'d>,
    pub(super) segment: Option<Node<'d>>,
    /// The lowest number wins; what has none comes last.
    pub(super) priority: i64,
}

/// A feature with all that is set for it.
pub(super) struct Feature<'d> {
    pub(super) name: Node<'d>,
    pub(super) state: Node<'d>,
    pub(super) overrides: Vec<Override<'d>>,
    /// Who is pinned: the name of each, and what it gets.
    pub(super) identities: Vec<(&'d str, Node<'d>)>,
    pub(super) environment: &'d str,
}

pub(super) fn flag(feature: &mut Feature<'_>, cx: &mut Lowering<'_>) -> Flag {
    let span = feature.name.span();
    let mut flag = Flag {
        key: feature.name.text().unwrap_or_default().into(),
        name_span: span,
        span: feature.state.span(),
        environment: Some(feature.environment).filter(|e| !e.is_empty()).map(Into::into),
        variations: vec![state::off()],
        off: Some(OFF),
        rings: Vec::new(),
        rest: Split::unknown(span),
        basis: Basis::Users,
        plan: None,
    };
    let everybody = state::split(&mut flag, feature.state, cx);
    pinned(&mut flag, feature, cx);
    feature.overrides.sort_by_key(|o| o.priority);
    let (mut left, mut general) = (Rest { share: 1.0, arms: Vec::new(), by: None }, feature.state);
    for one in &feature.overrides {
        if overridden(&mut flag, one, feature.environment, &mut left, cx).is_none() {
            flag.rest = Split::unknown(one.state.anchor());
            return flag;
        }
        if left.share <= NOBODY {
            // A segment that holds for everybody: what it sets is set for everybody.
            general = one.state;
            break;
        }
    }
    flag.basis = left.by.as_deref().map_or(Basis::Users, basis_of);
    flag.rest = whole(everybody, left);
    // A feature that is on for everybody has its value for a control where some get another one.
    let control = Some(state::plain(&mut flag, general));
    let is_on = general.get("enabled").and_then(Node::as_bool) == Some(true);
    if is_on && flag.rest.arms.len() > 1 {
        flag.off = control;
    }
    flag
}

/// A share that comes of rounding.
const NOBODY: f64 = 1e-9;

/// What segments leave to everybody.
struct Rest {
    share: f64,
    arms: Vec<Arm>,
    by: Option<String>,
}

/// Those who are set one by one, with what they get.
fn pinned(flag: &mut Flag, feature: &Feature<'_>, cx: &mut Lowering<'_>) {
    for (identity, state) in &feature.identities {
        let split = state::split(flag, *state, cx);
        flag.rings.push(Ring { name: format!("identity {identity}").into(), size: Some(1), customers: false, split });
    }
}

/// Adds what one override does; `None` where its share of everybody cannot be known.
fn overridden(
    flag: &mut Flag,
    one: &Override<'_>,
    environment: &str,
    left: &mut Rest,
    cx: &mut Lowering<'_>,
) -> Option<()> {
    let split = state::split(flag, one.state, cx);
    let reach = segment::reach(one.segment?, &Place { environment }, cx)?;
    let name = one.segment.map_or("", |s| crate::adapters::nodes::text(s, "name"));
    if reach.picks && reach.picked > 0.0 {
        flag.rings.push(ring(name, &reach, &split));
    }
    if reach.rest <= 0.0 {
        return Some(());
    }
    if split.arms.is_empty() {
        return None;
    }
    let taken = left.share * reach.rest;
    left.by = left.by.take().or_else(|| reach.by.map(str::to_owned));
    left.arms.extend(split.arms.iter().map(|arm| scaled(arm, taken, reach.span)));
    left.share -= taken;
    Some(())
}

fn ring(name: &str, reach: &Reach<'_>, split: &Split) -> Ring {
    let part = Share::from_percent(reach.picked * 100.0);
    let name = if part == Share::ALL { format!("segment {name}") } else { format!("{part} of segment {name}") };
    Ring { name: name.into(), size: reach.size, customers: reach.customers, split: split.clone() }
}

/// `arm` of a share of everybody.
fn scaled(arm: &Arm, taken: f64, span: Option<Span>) -> Arm {
    let part = |share: Share| Share::from_percent(share.percent() * taken);
    Arm { share: arm.share.map(part), written: arm.written.map(part), span: span.unwrap_or(arm.span), ..arm.clone() }
}

/// The setting for everybody, for those whom no segment takes.
fn whole(everybody: Split, left: Rest) -> Split {
    if left.share >= 1.0 || everybody.arms.is_empty() {
        return everybody;
    }
    let mut arms = left.arms;
    if left.share > NOBODY {
        arms.extend(everybody.arms.iter().map(|arm| scaled(arm, left.share, None)));
    }
    Split { arms, span: everybody.span }
}

//! What a feature is set to: for everybody, for a segment, for an identity.

use super::segment::percent;
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Split, Variation};
use crate::adapters::nodes::{items, present};
use crate::model::Share;
use crate::syntax::Node;

/// The place of what a feature is while it is switched off.
pub(super) const OFF: usize = 0;

/// Of a setting: its name, where it stands.
pub(super) fn name(state: Node<'_>) -> Option<Node<'_>> {
    state.path(&["feature", "name"]).or_else(|| state.get("name"))
}

/// A feature of which only the switched-off side is known.
pub(super) fn off() -> Variation {
    Variation { name: "off".into(), is_false: true, ships: Vec::new() }
}

/// The value that a setting serves to those whom no variant takes; `OFF` where it is switched off.
pub(super) fn plain(flag: &mut Flag, state: Node<'_>) -> usize {
    let value = present(state, "feature_state_value").or_else(|| present(state, "value"));
    let place = |flag: &mut Flag, variation: Variation| {
        let same = |v: &Variation| v.name == variation.name && v.ships.len() == variation.ships.len();
        flag.variations.iter().position(same).unwrap_or_else(|| {
            flag.variations.push(variation);
            flag.variations.len() - 1
        })
    };
    let on = Variation { name: "on".into(), is_false: false, ships: Vec::new() };
    place(flag, value.map_or(on, |value| variation(value, None)))
}

fn variation(value: Node<'_>, key: Option<&str>) -> Variation {
    let short = |t: &&str| !t.is_empty() && t.len() <= 40 && !t.contains('\n');
    let named = key.or_else(|| value.text().filter(short));
    // A long text is called by its beginning: two of them are not the same.
    let start = || value.text().unwrap_or("value").chars().take(40).collect::<String>();
    let mut made = Variation::of(&named.map_or_else(start, str::to_owned), value);
    made.is_false = false;
    made
}

/// What `state` serves to those it is for.
pub(super) fn split(flag: &mut Flag, state: Node<'_>, cx: &mut Lowering<'_>) -> Split {
    let enabled = present(state, "enabled");
    let span = enabled.unwrap_or(state).span();
    match enabled.map(Node::as_bool) {
        Some(Some(true)) => {}
        Some(None) => return Split::unknown(span),
        Some(Some(false)) | None => return Split::all(Some(OFF), span),
    }
    let control = plain(flag, state);
    let mut options: Vec<Node<'_>> =
        items(state, "multivariate_feature_state_values").chain(items(state, "variants")).collect();
    options.sort_by_key(|o| o.get("priority").and_then(Node::as_i64));
    let (mut left, mut arms) = (Share::ALL.ppm(), Vec::new());
    for option in options {
        let weight = present(option, "percentage_allocation").or_else(|| present(option, "weight"));
        let value = option.path(&["multivariate_feature_option", "value"]).or_else(|| option.get("value"));
        let (Some(weight), Some(value)) = (weight, value) else { continue };
        let share = cx.take(weight, "weight", "a percent from 0 to 100", percent);
        let Some(share) = share.known().map(|p| Share::from_percent(*p)) else { return Split::unknown(weight.span()) };
        let served = Share::from_ppm(share.ppm().min(left));
        left -= served.ppm();
        let of = variation(value, option.get("key").and_then(Node::text));
        let same = |v: &Variation| v.name == of.name;
        let at = flag.variations.iter().position(same).unwrap_or_else(|| {
            flag.variations.push(of.clone());
            flag.variations.len() - 1
        });
        let written = (served != share).then_some(share);
        arms.push(Arm { variation: Some(at), share: Some(served), written, span: weight.span() });
    }
    if left > 0 {
        arms.push(Arm { variation: Some(control), share: Some(Share::from_ppm(left)), written: None, span });
    }
    Split { arms, span }
}

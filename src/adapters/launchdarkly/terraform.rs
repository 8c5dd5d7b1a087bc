//! Flags of Terraform: a flag's environment, and the flag that it refers to.

use super::{blank, hand_in, serving};
use crate::adapters::flag::Variation;
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object, payload};

/// The most variations that are made up where the flag is out of reach.
const MOST: usize = 100;

pub(super) fn environment(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let named = body.get("FlagId");
    let flag = named.and_then(|f| f.resource());
    let definition = flag.as_ref().and_then(Object::body);
    let variations = definition.as_ref().map_or_else(Vec::new, variations);
    let variations = if variations.is_empty() { made_up(&body) } else { variations };
    let known = definition.and_then(|d| d.get("key")).and_then(|k| k.text());
    let by_id = named.and_then(|f| f.text()).map(|id| id.rsplit('/').next().unwrap_or(id));
    let key = known.or(by_id).or_else(|| flag.as_ref().map(Object::name)).unwrap_or_else(|| object.name());
    let mut read = blank(key, object.name_span(), object.node.span(), variations);
    read.environment = body.get("EnvKey").and_then(|e| named_environment(&e)).map(Into::into);
    let off = definition.and_then(|d| d.path(&["defaults", "OffVariation"])).and_then(|o| o.whole());
    let by_place = off.and_then(|o| usize::try_from(o).ok()).filter(|o| *o < read.variations.len());
    // The first provider named it by its value.
    let value = definition.and_then(|d| d.get("default_off_variation")).and_then(|v| v.text());
    let is_it = |v: &Variation| Some(&*v.name) == value || v.ships.iter().any(|p| Some(&*p.value) == value);
    read.off = by_place.or_else(|| read.variations.iter().position(is_it));
    serving::read(&mut read, &body, cx);
    hand_in(&read, object, cx);
}

/// The key of an environment, or the name of the resource that has it.
fn named_environment<'d>(field: &Field<'d>) -> Option<&'d str> {
    let resource = || {
        let object = field.resource()?;
        let key = object.body().and_then(|b| b.get("key")?.text());
        key.or_else(|| object.name_node()?.text())
    };
    field.text().or_else(resource)
}

/// The variations of a flag; a boolean flag without them has two.
fn variations(flag: &Field<'_>) -> Vec<Variation> {
    let kind = flag.get("VariationType").and_then(|t| t.text()).unwrap_or_default();
    let listed = flag.get("variations").map(|v| v.items()).unwrap_or_default();
    if listed.is_empty() && kind == "boolean" {
        let of = |(name, is_false): (&str, bool)| Variation { name: name.into(), is_false, ships: Vec::new() };
        return [("true", false), ("false", true)].map(of).into();
    }
    let one = |(index, v): (usize, &Field<'_>)| {
        let value = v.get("value");
        let text = value.and_then(|v| v.text());
        let name = v.get("name").and_then(|n| n.text()).or(text.filter(|t| t.len() <= 40));
        let name: Box<str> = name.map_or_else(|| format!("variation {index}").into(), Into::into);
        let ships = value.filter(|v| !matches!(kind, "boolean" | "number") && v.unknown().is_none());
        let ships = ships.and_then(|v| payload(v.node)).map(|p| crate::model::Payload { slot: name.clone(), ..p });
        let ships = ships.into_iter().collect();
        Variation { is_false: kind == "boolean" && text == Some("false"), name, ships }
    };
    listed.iter().enumerate().map(one).collect()
}

/// As many variations as the environment speaks of, by their places.
fn made_up(body: &Field<'_>) -> Vec<Variation> {
    let rest = body.any(&["Fallthrough", "flag_fallthrough"]);
    let weights = rest.and_then(|f| f.get("RolloutWeights")).map_or(0, |w| w.items().len());
    let index = |f: Option<Field<'_>>| f.and_then(|f| f.whole()).and_then(|i| usize::try_from(i).ok());
    let rules = body.get("rules").map(|r| r.items()).unwrap_or_default();
    let targets = ["targets", "ContextTargets"].into_iter().filter_map(|key| body.get(key)).flat_map(|t| t.items());
    let places = rules.into_iter().chain(targets).chain(rest).map(|f| f.get("variation"));
    let highest = places.chain([body.get("OffVariation")]).filter_map(index).max();
    let count = weights.max(highest.map_or(0, |i| i.saturating_add(1))).min(MOST);
    let one = |index| Variation { name: format!("variation {index}").into(), is_false: false, ships: Vec::new() };
    (0..count).map(one).collect()
}

//! OpenFeature flagd.

mod audience;
mod fractional;
mod targeting;
#[cfg(test)]
mod tests;

use super::flag::{self, Flag, Split, Variation};
use super::nodes::{present, text};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Schedule};
use crate::syntax::Node;
use targeting::Reader;

declare_adapter! {
    /// ## What is read
    ///
    /// Flag files in JSON or YAML (`$schema` of flagd, or `flags` whose members have a `state` and `variants`), and
    /// `FeatureFlag` resources. Each flag is a live split: one moment, whose history in git is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `flags.<key>` | a flag; the way back is to switch it off | – |
    /// | `state: DISABLED` | everybody gets the caller's own default, taken to be the control | – |
    /// | `variants` | destinations; texts and objects among the values are what is shipped | – |
    /// | `defaultVariant` | what is served without targeting, where that gives null, and where it fails | the caller's own default |
    /// | `targeting`: each branch of `if` | a ring, in order | no rings |
    /// | `targeting`: `fractional` | shares: weight over the sum of weights, nested ones multiplied | weight 1 |
    /// | weights `timestamp - start` and `end - timestamp` | a declared ramp from 0 to 100 % | – |
    /// | `$ref` | the rule of `$evaluators` | – |
    ///
    /// The control is the variant of value `false`, else the one named `off`, `control` or `default`, else with targeting
    /// the `defaultVariant`.
    ///
    /// ## What bites
    ///
    /// - Weights are relative: `5` and `5` is 50 %.
    /// - A weight that is negative, no whole number or text makes the whole split fail, and a split that fails serves
    ///   `defaultVariant` to everybody without a word. So does a sum of 0.
    /// - `defaultVariant` at the new variant without targeting is 100 %.
    /// - A result that names no variant is an error: the caller's own default is served.
    /// - Who is bucketed by a tenant's attribute is counted in tenants, all others in users.
    ///
    /// Sources: open-feature/flagd-schemas: `json/flags.yaml`, `json/targeting.yaml`; open-feature/flagd:
    /// `core/pkg/evaluator/fractional.go`, `core/pkg/evaluator/json.go`.
    ///
    /// ## What it cannot see
    ///
    /// Flags in a ConfigMap or in the text of a `v1alpha1` resource. How many people a ring has. Weights and conditions
    /// that are computed from anything but the time: such shares are undetermined. The environment: it is no part of
    /// the format.
    pub Flagd {
        id: "flagd",
        title: "OpenFeature flagd",
        summary: "flag files and `FeatureFlag` resources",
        kinds: [
            ("flagd", "Flags"),
            ("core.openfeature.dev", "FeatureFlag"),
            ("core.openfeature.dev", "FeatureFlagConfiguration"),
        ],
        words: ["flagd.dev/schema", "defaultVariant"],
    }
}

impl Adapter for Flagd {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let schema = root.get("$schema").and_then(Node::text).unwrap_or_default();
        let flags = root.get("flags")?;
        let is_flag = |flag: Node<'_>| {
            matches!(text(flag, "state"), "ENABLED" | "DISABLED") && flag.get("variants").is_some_and(Node::is_map)
        };
        let is_ours = schema.contains("flagd.dev/schema")
            || flags.entries().any(|(_, flag)| is_flag(flag))
            || flags.items().any(|flag| is_flag(flag) && flag.key("key").is_some());
        is_ours.then(|| Object::document(root, "flagd", "Flags", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let root = match object.kind {
            "Flags" => Some(object.node),
            _ => object.spec().and_then(|spec| spec.get("flagSpec").or_else(|| spec.get("featureFlagSpec"))),
        };
        let Some((root, flags)) = root.and_then(|root| Some((root, root.get("flags")?))) else { return };
        let evaluators = root.get("$evaluators");
        for (key, flag) in flags.entries() {
            lower_flag(object, (key, flag), evaluators, cx);
        }
        for flag in flags.items() {
            if let Some(key) = present(flag, "key") {
                lower_flag(object, (key, flag), evaluators, cx);
            }
        }
    }
}

fn lower_flag<'d>(
    object: &Object<'d>,
    (key, node): (Node<'d>, Node<'d>),
    evaluators: Option<Node<'d>>,
    cx: &mut Lowering<'_>,
) {
    let (Some(name), Some(variants)) = (key.text(), present(node, "variants").filter(|v| v.is_map())) else { return };
    let variations: Vec<Variation> =
        variants.entries().map(|(name, value)| Variation::of(name.text().unwrap_or_default(), value)).collect();
    let mut flag = Flag {
        key: name.into(),
        name_span: key.span(),
        span: node.span(),
        environment: None,
        variations,
        off: None,
        rings: Vec::new(),
        rest: Split::unknown(node.anchor()),
        basis: Basis::Users,
        plan: None,
    };
    let start = serve(&mut flag, node, evaluators, cx);
    let mut rollout = flag.rollout(object, cx);
    rollout.schedule = start;
    flag::hand_in(rollout, cx);
}

/// Reads who gets what, and when a ramp starts.
fn serve<'d>(flag: &mut Flag, node: Node<'d>, evaluators: Option<Node<'d>>, cx: &mut Lowering<'_>) -> Option<Schedule> {
    let state = node.get("state");
    let anchor = state.unwrap_or(node).span();
    match state.and_then(Node::text) {
        Some("ENABLED") => {}
        Some("DISABLED") => {
            flag.rest = Split::all(None, anchor);
            return None;
        }
        Some(_) | None => return None,
    }
    let default = default_of(flag, node, cx);
    let Some(targeting) = present(node, "targeting").filter(|t| !t.is_map() || t.entries().next().is_some()) else {
        let span = present(node, "defaultVariant").map_or(anchor, Node::span);
        flag.rest = Split::all(default, span);
        return None;
    };
    let mut reader = Reader::new(&flag.variations, default, evaluators, cx);
    flag.rest = reader.everybody(targeting);
    let (rings, basis, ramp) = reader.found();
    (flag.rings, flag.basis) = (rings, basis);
    if flag.control().is_none() {
        flag.off = default;
    }
    let ramp = ramp?;
    flag.plan = Some(ramp.stages(flag));
    ramp.schedule()
}

/// The variant that is served where nothing else is.
fn default_of(flag: &Flag, node: Node<'_>, cx: &mut Lowering<'_>) -> Option<usize> {
    let default = present(node, "defaultVariant")?;
    let name = default.text()?;
    let found = flag.variations.iter().position(|v| *v.name == *name);
    if found.is_none() {
        let message = format!("`defaultVariant` is `{name}`, which is none of the variants");
        let remark = cx.invalid(default.span(), message, "name one of the variants");
        remark.found = Some(name.into());
    }
    found
}

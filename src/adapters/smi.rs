//! SMI TrafficSplit: a live split.

use super::split::{Arm, candidates, of_arms, picked};
use super::{Adapter, Lowering, Object, backing, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Destination, Progression, RouterRule, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// `TrafficSplit` of `split.smi-spec.io`, versions v1alpha1 to v1alpha4.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.backends[].weight` | share of requests: weight over the sum | 0 |
    /// | `spec.backends[].service` | the arms; the root service's own name or the largest share is the baseline | – |
    /// | `spec.matches[]` | the split is for a segment of unknown size | everything |
    ///
    /// ## What bites
    ///
    /// - Weights of v1alpha1 are quantities: `900m` beside `1` is 900 to 1000.
    /// - Later versions take whole numbers with no fixed sum.
    /// - Flagger and Argo Rollouts rewrite these objects: they are judged through their owner.
    ///
    /// Sources: servicemeshinterface/smi-spec: `apis/traffic-split/`.
    ///
    /// ## What it cannot see
    ///
    /// How long a split stands: the file's history in git tells. There are no mirrors and no criteria in this kind.
    pub Smi {
        id: "smi",
        title: "SMI",
        summary: "TrafficSplit weights",
        kinds: [("split.smi-spec.io", "TrafficSplit")],
    }
}

impl Adapter for Smi {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let quantities = object.version == "v1alpha1";
        let backends: Vec<Node<'_>> = spec.get("backends").into_iter().flat_map(Node::items).collect();
        let mut arms: Vec<Arm> = backends.iter().filter_map(|b| arm(*b, quantities, cx)).collect();
        if arms.len() < 2 && !cx.has_remarks() && !cx.is_comparing() {
            return;
        }
        let root = spec.get("service").and_then(Node::text).unwrap_or_default();
        // A backend with the root's own name is the version that was there before the split.
        if let Some(at) = arms.iter().position(|a| a.service == root) {
            arms[at].version = Some("stable".to_owned());
        }
        rollout.payload = backends.iter().filter_map(|b| b.get("service")).filter_map(payload).collect();
        let stages = if arms.len() < 2 { Vec::new() } else { candidates(&arms, None, Basis::Requests) };
        let matches = spec.get("matches").filter(|m| m.items().next().is_some());
        if matches.is_none() {
            // The backends of one root service are its versions, whatever they are called.
            let destinations = of_arms(&arms, &RouterRule::only(), Basis::Requests).into_iter();
            rollout.destinations = destinations.map(|d| Destination { kin: root.into(), ..d }).collect();
        }
        let stages = match matches {
            Some(matches) => stages.into_iter().map(|s| picked(s, matches.anchor())).collect(),
            None => stages,
        };
        rollout.strategy = Spanned::new(Strategy::Canary, object.name_span());
        rollout.progression = Progression::Live(stages);
        cx.rollout_after(rollout, |rollout, world| backing::find(rollout, world, |_, _| None));
    }
}

fn arm(backend: Node<'_>, quantities: bool, cx: &mut Lowering<'_>) -> Option<Arm> {
    let service = backend.get("service").and_then(Node::text)?;
    let weight = if quantities {
        cx.read(backend, "weight", "a quantity such as `900m` or `1`", |n| n.text().and_then(thousandths))
    } else {
        cx.read_u64(backend, "weight")
    };
    let number = if weight.is_absent() { Some(0) } else { weight.known().copied() };
    let span = if weight.is_absent() { backend.span() } else { weight.span() };
    Some(Arm { service: service.to_owned(), version: None, weight: number, span })
}

/// A Kubernetes quantity in thousandths: `900m` is 900, `1` is 1000, `1k` is 1000000.
fn thousandths(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let factor = match suffix {
        "m" => 1.0,
        "" => 1e3,
        "k" => 1e6,
        "M" => 1e9,
        _ => return None,
    };
    let value = number.parse::<f64>().ok()? * factor;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..1e15")]
    (0.0..1e15).contains(&value).then(|| value.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::thousandths;
    use crate::adapters::testing::lower;
    use crate::model::Share;

    fn split(version: &str, backends: &str) -> Option<Share> {
        let text = format!(
            "apiVersion: split.smi-spec.io/{version}\nkind: TrafficSplit\nmetadata: {{name: web}}\nspec:\n  service: web\n  backends: {backends}\n"
        );
        lower(&text)[0].stages()[0].share()
    }

    #[test]
    fn quantities_and_whole_numbers() {
        assert_eq!(thousandths("900m"), Some(900));
        assert_eq!(thousandths("1"), Some(1000));
        assert_eq!(thousandths("x"), None);
        let old = split("v1alpha1", "[{service: web-v41, weight: 900m}, {service: web-v42, weight: 1}]");
        assert_eq!(old, Some(Share::of(1000, 1900)));
        let new = split("v1alpha4", "[{service: web-v41, weight: 95}, {service: web-v42, weight: 5}]");
        assert_eq!(new, Some(Share::from_percent(5.0)));
    }

    #[test]
    fn the_root_service_is_the_baseline() {
        assert_eq!(
            split("v1alpha2", "[{service: web-next, weight: 60}, {service: web, weight: 40}]"),
            Some(Share::from_percent(60.0))
        );
    }
}

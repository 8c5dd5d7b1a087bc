//! OpenShift Route: a live split.

use super::nodes::items;
use super::split::{Arm, candidates, is_one_service, of_arms};
use super::{Adapter, Lowering, Object, backing, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Progression, RouterRule, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// `Route` of `route.openshift.io` with `alternateBackends`: one moment of a split, whose history in git is the plan.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.to.weight`, `spec.alternateBackends[].weight` | share of requests: weight over the sum | 100 |
    /// | `spec.to.name`, `spec.alternateBackends[].name` | the arms; their names and shares tell the baseline | – |
    ///
    /// ## What bites
    ///
    /// - Weights are 0 to 256 and are held against their sum: two backends without weights share evenly.
    /// - Backends that are no versions of one service are a fan-out and no canary.
    ///
    /// Sources: the table of other routers in the design's notes; openshift/api: `route/v1/types.go` by general knowledge.
    ///
    /// ## What it cannot see
    ///
    /// How long a split stands: the file's history in git tells. There are no mirrors and no criteria in this kind.
    pub OpenshiftRoute {
        id: "openshift-route",
        title: "OpenShift Route",
        summary: "Route weights",
        kinds: [("route.openshift.io", "Route")],
    }
}

impl Adapter for OpenshiftRoute {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        let backends: Vec<Node<'_>> = spec.get("to").into_iter().chain(items(spec, "alternateBackends")).collect();
        let arms: Vec<Arm> = backends.iter().filter_map(|backend| arm(*backend, cx)).collect();
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let split = arms.len() > 1 && is_one_service(&arms);
        if !split && !cx.has_remarks() && !cx.is_comparing() {
            return;
        }
        rollout.payload = backends.iter().filter_map(|b| b.get("name")).filter_map(payload).collect();
        rollout.destinations = of_arms(&arms, &RouterRule::only(), Basis::Requests);
        let stages = if split { candidates(&arms, None, Basis::Requests) } else { Vec::new() };
        rollout.strategy = Spanned::new(Strategy::Canary, object.name_span());
        rollout.progression = Progression::Live(stages);
        cx.rollout_after(rollout, |rollout, world| backing::find(rollout, world, |_, _| None));
    }
}

fn arm(backend: Node<'_>, cx: &mut Lowering<'_>) -> Option<Arm> {
    let service = backend.get("name").and_then(Node::text)?.to_owned();
    let number = |n: Node<'_>| n.as_i64().and_then(|w| u64::try_from(w).ok()).filter(|w| *w <= 256);
    let weight = cx.read(backend, "weight", "a whole number from 0 to 256", number);
    let span = if weight.is_absent() { backend.span() } else { weight.span() };
    let weight = weight.or_default(100, "openshift: 100 when absent");
    Some(Arm { service, version: None, weight: weight.known().copied(), span })
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{Rollout, Share};

    fn route(to: &str, others: &str) -> Vec<Rollout> {
        lower(&format!(
            "apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {{name: web}}\nspec:\n  to: {to}\n  alternateBackends: {others}\n"
        ))
    }

    #[test]
    fn weights_over_their_sum_and_even_without_any() {
        let found = route("{kind: Service, name: web-v1, weight: 95}", "[{kind: Service, name: web-v2, weight: 5}]");
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(5.0)));
        let even = route("{kind: Service, name: web-v1}", "[{kind: Service, name: web-v2}]");
        assert_eq!(even[0].stages()[0].share(), Some(Share::from_percent(50.0)));
    }

    #[test]
    fn one_backend_and_different_services_are_no_split() {
        assert!(route("{name: web}", "[]").is_empty());
        assert!(route("{name: cart}", "[{name: checkout}]").is_empty());
        assert_eq!(route("{name: web-v1, weight: 300}", "[{name: web-v2}]")[0].remarks.len(), 1);
    }
}

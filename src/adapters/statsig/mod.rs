//! Statsig.

mod condition;
mod counting;
mod documents;
mod experiment;
mod handing;
mod pipeline;
mod schedule;
mod spec;
#[cfg(test)]
mod tests;

use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// Objects of the Console API saved as JSON (gates, dynamic configs, experiments, release pipelines; one, a list, or
    /// the API's answer with `data`), the config specs that server SDKs start from (`feature_gates`, `dynamic_configs`, of
    /// both versions), and Terraform: `statsig_gate`, `statsig_dynamic_config`, `statsig_experiment`. A gate is a live
    /// split: one moment, whose history in git is the plan. Scheduled rollouts and release pipelines are declared plans.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `isEnabled`, `enabled`, `is_enabled`: false; `status: Disabled`, `Archived` | everybody gets the default | on |
    /// | `status: Launched` | everybody passes the gate | – |
    /// | `type: TEMPLATE`, `isTemplate` | not live: not read | live |
    /// | `rules[].conditions` | a ring, in order; `public` and no condition: everybody who is left | everybody |
    /// | `rules[].environments`, `environment_tier` | the environments of the rule: a rollout for each | every environment |
    /// | `rules[].passPercentage` | percent of those whom the rule picks | undetermined |
    /// | `rules[].returnValue`, `defaultValue` | what is served to them and to the others; payload | `true`, `false` |
    /// | `passes_gate`, `fails_gate` | a product, where the gate's own share is known; else a ring | – |
    /// | `user_bucket` | thousandths of everybody | – |
    /// | `idType` of a company, an organization and the like | shares are of tenants | of users |
    /// | `pendingAutomatedRollouts`, `completedAutomatedRollouts` | stages; a hold is the time between two of them | none |
    /// | `monitoringMetrics`, `primaryMetrics`, `secondaryMetrics` | monitors | none |
    /// | `groups[].size` of an experiment | share: of its `allocation` | allocation 100 |
    /// | `launchedGroupID` | everybody gets that group | none |
    /// | `phases[].timeIntervalMs`, `requiredReview` | hold and approval of a stage without a share | – |
    ///
    /// The control is what is served by default; of an experiment the group called `control`, or `controlGroupID`.
    ///
    /// ## What bites
    ///
    /// - The first rule that matches ends it: who meets its conditions and loses the draw gets the default, and no later
    ///   rule is tried. A rule behind one for everybody is never tried.
    /// - `passPercentage` is percent, `user_bucket` is thousandths. The draw has ten thousand steps: a finer share is
    ///   rounded up to 0.01 %.
    /// - A rule without `environments` is for every one, production too.
    /// - Rules named `override` come first with 100 %: they are lists of ids, not everybody.
    /// - A holdout keeps people out before the rules are tried: shares are of those who are not held out.
    /// - A release pipeline says where a change is live, not for how many. One phase for everybody without a review is
    ///   everybody at once.
    /// - A condition on the time is undetermined.
    ///
    /// Sources: statsig-io/statsig-server-core: `statsig-rust/src/evaluation/evaluator.rs`; statsig-io/docs:
    /// `console-api/capiopenapi.json`, `feature-flags/scheduled-rollouts.mdx`, `release-pipeline/`;
    /// statsig-io/terraform-provider-statsig: `docs/resources/`.
    ///
    /// ## What it cannot see
    ///
    /// How many people a segment or a rule has. Layers (the experiments in them say what they get), autotunes, and the
    /// holdouts and targeting gates that are kept elsewhere: shares are the most that may meet it. Alerts, which carry the
    /// only numbers and do not say which gate they watch. Which gate runs through a pipeline, and how far it is. An
    /// experiment without a `status` is taken to be running.
    pub Statsig {
        id: "statsig",
        title: "Statsig",
        summary: "gates, dynamic configs, experiments and release pipelines",
        kinds: [
            ("statsig", "ConfigSpecs"),
            ("statsig", "Objects"),
            ("terraform", "statsig_gate"),
            ("terraform", "statsig_dynamic_config"),
            ("terraform", "statsig_experiment"),
        ],
        words: ["passPercentage", "layer_configs", "idType", "timeIntervalMs"],
    }
}

impl Adapter for Statsig {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        if documents::is_specs(root) {
            return Some(Object::document(root, "statsig", "ConfigSpecs", None));
        }
        let is_ours = |node: Node<'_>| documents::sort_of(node).is_some();
        let of = |node: Node<'_>| is_ours(node) || node.items().any(is_ours);
        let found = of(root) || root.get("data").is_some_and(of);
        found.then(|| Object::document(root, "statsig", "Objects", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "ConfigSpecs" => documents::specs(object, cx),
            "Objects" => documents::objects(object, cx),
            _ => documents::resource(object, cx),
        }
    }
}

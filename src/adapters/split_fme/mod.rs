//! Split, which is Harness FME.

mod audience;
mod definition;
mod local;
mod request;
#[cfg(test)]
mod tests;
mod treatments;

use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// Definitions as SDKs get them (`splitChanges`: `ff.d`, or `splits` in older ones, or one by itself), definitions of
    /// the admin API of Split and Harness (`treatments` beside `defaultRule`), and files of the localhost mode
    /// (`split.yaml`: a list of flags with a `treatment` each). Each flag is a live split: one moment, whose history in git
    /// is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `killed: true` | everybody gets the default treatment, and that is the way back | not killed |
    /// | `status: ARCHIVED` | everybody gets the caller's own `control` | active |
    /// | `defaultTreatment` | the control | the caller's own `control` |
    /// | `conditions`, `rules`: the first that matches | rings, in order; `ALL_KEYS` is the rest | the rest gets the default treatment |
    /// | `partitions[].size`, `buckets[].size`: percent | share, of those whom the allocation lets in | – |
    /// | `trafficAllocation`: percent | multiplies the shares of conditions of type `ROLLOUT`; the others get the default treatment | 100 |
    /// | `treatments[].keys`, `.segments` | rings before all rules | – |
    /// | `trafficTypeName`, `trafficType.name` of an account and the like | shares are of tenants | of users |
    /// | `configurations` of a treatment | payload | – |
    /// | `treatment` with `keys` of the localhost mode | a ring | – |
    /// | `treatment` without `keys` | everybody else | the caller's own `control` |
    ///
    /// ## What bites
    ///
    /// - An allocation of 5 and a size of 5 is 0.25 %. Conditions without a type, and those of type `WHITELIST`, are no
    ///   part of the allocation, but what follows a `ROLLOUT` condition is: who is not let in stops there.
    /// - Conditions after one for `ALL_KEYS` are never reached.
    /// - Sizes that add up to less than 100 leave the default treatment to the rest.
    /// - Buckets are whole percents, so what is beyond the point counts for nothing.
    /// - `treatment: on` without quotes is a boolean to SDKs that read YAML 1.1.
    /// - A condition on another flag's treatment says nothing of how many that are: such shares are undetermined.
    /// - A prerequisite that is not met gives the default treatment: shares are the most that may meet the others.
    ///
    /// Sources: splitio/javascript-commons: `src/evaluator/Engine.ts`, `src/evaluator/condition/index.ts`;
    /// splitio/split-openfeature-provider-js: `split.yaml`; docs.split.io: `reference/split-definition`. The matchers of
    /// the admin API are general knowledge: they are read leniently.
    ///
    /// ## What it cannot see
    ///
    /// How many keys a segment has. The environment of definitions that SDKs get: it belongs to the key they are asked
    /// with. Text files of the localhost mode (`.split`). Definitions within Terraform.
    pub SplitFme {
        id: "split-fme",
        title: "Split, Harness FME",
        summary: "definitions of SDKs and of the admin API, and files of the localhost mode",
        kinds: [
            ("split-fme", "Definitions"),
            ("split-fme", "Request"),
            ("split-fme", "Localhost"),
        ],
        words: ["defaultTreatment", "treatment:", "matcherGroup"],
    }
}

impl Adapter for SplitFme {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let of = |kind| Some(Object::document(root, "split-fme", kind, root.get("name")));
        if definition::all(root).next().is_some() {
            of("Definitions")
        } else if request::all(root).next().is_some() {
            of("Request")
        } else if local::is_list(root) {
            of("Localhost")
        } else {
            None
        }
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "Definitions" => definition::lower(object, cx),
            "Request" => request::lower(object, cx),
            _ => local::lower(object, cx),
        }
    }
}

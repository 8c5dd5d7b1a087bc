//! Unleash.

mod audience;
mod documents;
mod plan;
mod serving;
mod strategy;
mod terraform;
#[cfg(test)]
mod tests;
mod variants;

use std::collections::BTreeMap;

// GitLab's flags are evaluated by Unleash's clients.
pub(super) use serving::flag;

use super::infra::Field;
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::syntax::Node;
use crate::text::Span;

declare_adapter! {
    /// ## What is read
    ///
    /// JSON with flags: exports of an environment (`featureStrategies` beside `features`), imports that wrap one, state
    /// exports of versions 1 to 4, and what clients are given (`features` with `strategies`, events of the delta API,
    /// seeds such as `.unleash/flags.json`); release plans and templates (`milestones`); Terraform: `unleash_feature_v2`,
    /// and `unleash_feature_enabling` with its `unleash_strategy_assignment`. A flag is a live split in each environment:
    /// one moment, whose history in git is the plan. A release plan is a declared plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `enabled` | off: nobody has it, and that is the way back | off; on in Terraform |
    /// | `strategies`, less those that are `disabled` | any one is enough | everybody |
    /// | `rollout` of `flexibleRollout`: percent | share, of those whom constraints leave | 100 |
    /// | `percentage` of `gradualRollout…`: percent | the same | 0 |
    /// | `constraints`, `segments`, `userIds`, `IPs`, `hostNames` | rings | everybody; a list without members is nobody |
    /// | `stickiness` of a tenant, an account and the like | shares are of tenants | of users |
    /// | `stickiness: random`, `gradualRolloutRandom` | shares are of requests: each is drawn anew | – |
    /// | constraints on `environment` | the flag is read once for each environment that they tell apart | – |
    /// | `variants` of a flag that is on for everybody: weights over their sum | shares | – |
    /// | `payload` of variants | payload | – |
    /// | `milestones` in the order of `sortOrder` | stages: the strategies of a milestone take the place of those before | – |
    /// | `transitionCondition.intervalMinutes` | hold | a person moves on |
    /// | `safeguards`: metric, `>` or `<`, number | criteria; `disableFeatureEnvironment` goes back, `pauseReleasePlanProgressions` stops | none |
    ///
    /// The off value is the control. Variants of a flag that is on for everybody have a control only by name (`control`,
    /// `default`, `off`); without one, history tells it.
    ///
    /// ## What bites
    ///
    /// - Any one strategy is enough: a `default` strategy beside one of 5 % is 100 %. A share that limits nothing is reported.
    /// - Shares are whole percents, rounded down: `"0.5"` is nobody. `"25%"` is no number.
    /// - Strategies of the same stickiness and group let the same people pass, so that the larger share counts; others
    ///   add up as independent draws.
    /// - A flag that is on without a live strategy is on for everybody.
    /// - Variants share out whom the flag is on for and never limit that: of a flag at 10 % the 10 % are judged.
    /// - A strategy of somebody's own is opaque, and dates decide for everybody alike: such shares are undetermined.
    /// - A safeguard's `hour` is the shortest range: a plan that is over before it has nothing to judge by.
    /// - A dependency that is not met switches the flag off: shares are the most that may meet it.
    /// - A flag of type `kill-switch` that is wholly on or off is a lever, and no rollout.
    ///
    /// Sources: Unleash/unleash: `src/lib/openapi/spec/`,
    /// `src/lib/features/playground/feature-evaluator/`; Unleash/client-specification: `specifications/`;
    /// philips-labs/terraform-provider-unleash: `docs/resources/feature_v2.md`.
    ///
    /// ## What it cannot see
    ///
    /// How many people a ring has; an application (`appName`) is a ring too. The environment, where it is in the name of
    /// the file alone: the policy's `environments` tell it then; `default`, the only one of the open edition, tells
    /// nothing. That the flag of an environment which a constraint names is the one that stood for all before. Which
    /// milestone is active. Strategies that are assigned in other files.
    pub Unleash {
        id: "unleash",
        title: "Unleash",
        summary: "exports, client payloads, release plans and Terraform",
        kinds: [
            ("unleash", "Flags"),
            ("unleash", "ReleasePlan"),
            ("terraform", "unleash_feature_v2"),
            ("terraform", "unleash_feature_enabling"),
        ],
        words: ["\"strategies\"", "featureStrategies"],
    }
}

impl Adapter for Unleash {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        if plan::is_plan(root) {
            return Some(Object::document(root, "unleash", "ReleasePlan", root.get("name")));
        }
        documents::flags(root).map(|_| Object::document(root, "unleash", "Flags", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "Flags" => documents::lower(object, cx),
            "ReleasePlan" => documents::lower_plan(object, cx),
            "unleash_feature_v2" => terraform::whole(object, cx),
            _ => terraform::switch(object, cx),
        }
    }
}

/// Where a flag's strategies are looked at.
pub(super) enum Environment {
    /// In the environment of that name.
    Named(Box<str>),
    /// In one that no constraint names.
    Other,
    /// Nothing tells where.
    Untold,
}

impl Environment {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Other | Self::Untold => None,
        }
    }
}

/// What stands around a strategy.
pub(super) struct Place<'d, 'p> {
    /// The key of its flag: the group that draws are made in where none is written.
    pub(super) key: &'p str,
    pub(super) environment: Environment,
    /// The segments of the file by their ids.
    pub(super) segments: &'p BTreeMap<&'d str, Field<'d>>,
    /// The segments of a strategy, where they are written apart from it.
    pub(super) segments_of: &'p BTreeMap<&'d str, Vec<&'d str>>,
    /// Is it Terraform, which computes the weights of variants?
    pub(super) is_terraform: bool,
}

/// One flag as it is written, in one environment.
pub(super) struct Feature<'d> {
    pub(super) key: &'d str,
    pub(super) name_span: Span,
    pub(super) span: Span,
    /// Is it on where nothing is written?
    pub(super) is_on: bool,
    pub(super) enabled: Option<Field<'d>>,
    /// Its strategies; `None` where they are elsewhere.
    pub(super) strategies: Option<Vec<Field<'d>>>,
    pub(super) strategies_span: Span,
    pub(super) variants: Vec<Field<'d>>,
    /// Is it there to switch something off?
    pub(super) is_lever: bool,
}

impl<'d> Feature<'d> {
    pub(super) fn new(name: Field<'d>, span: Span) -> Option<Self> {
        Some(Self::blank(name.text()?, name.span(), span))
    }

    pub(super) const fn blank(key: &'d str, name_span: Span, span: Span) -> Self {
        Self {
            key,
            name_span,
            span,
            is_on: false,
            enabled: None,
            strategies: None,
            strategies_span: name_span,
            variants: Vec::new(),
            is_lever: false,
        }
    }
}

//! GitLab: feature flags of projects, and GitLab's own.

mod own;
mod project;
#[cfg(test)]
mod tests;

use super::flag::{Flag, Split, Variation};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::Basis;
use crate::syntax::Node;
use crate::text::Span;

declare_adapter! {
    /// ## What is read
    ///
    /// Two things of one name. Feature flags of projects, which Unleash's clients evaluate: `gitlab_project_feature_flag`
    /// of Terraform, and saved answers of the REST API (`version: new_version_flag`). GitLab's own development flags and
    /// those of who copies them: definitions (`default_enabled` or `rollout_issue_url` beside `name` and `type`, as under
    /// `config/feature_flags/`), and saved answers of `/features` (`gates`). Each is a live split: one moment, whose history
    /// in git is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `active` | off: nobody has it, and that is the way back | on |
    /// | `strategies` whose scope is the environment | any one is enough | Terraform leaves them as they are: unknown |
    /// | `scopes[].environment_scope` | the environment; the flag is read once for each scope | `*`, everywhere |
    /// | `percentage` of `gradualRolloutUserId`, `rollout` of `flexibleRollout`: percent | share | 0; 100 |
    /// | `userWithId`, `gitlabUserList` | rings | – |
    /// | `stickiness` of a tenant and the like; `random` | shares are of tenants; of requests | of users |
    /// | `default_enabled` | on for all installations, or for none | off |
    /// | gate `percentage_of_actors` | share of users | – |
    /// | gate `percentage_of_time` | share of requests: drawn anew at each call | – |
    /// | gates `groups`, `actors` | rings; groups and projects are customers | – |
    ///
    /// ## What bites
    ///
    /// - Any one strategy is enough: a `default` strategy on `*` is everybody in every environment, whatever stands beside
    ///   it. A share that limits nothing is reported.
    /// - A scope with a `*` in it tells no environment; its strategies also count where another scope fits it.
    /// - Where no strategy's scope fits, the flag is off.
    /// - Shares are whole percents, rounded down, and written as text.
    /// - `default_enabled` from `false` to `true` is one step of 100 % for every installation that updates.
    ///
    /// Sources: docs.gitlab.com: `api/feature_flags`, `api/features`; gitlabhq/terraform-provider-gitlab:
    /// `docs/resources/project_feature_flag.md`. That a flag without a fitting strategy is off is general knowledge.
    ///
    /// ## What it cannot see
    ///
    /// Flags that are kept in GitLab alone. That the flag of a new scope is the one that stood under another. Who is on a list of users that other files define. Legacy flags (`legacy_flag`).
    /// Programs of Pulumi. What administrators set over a `default_enabled`.
    pub GitlabFeatureFlags {
        id: "gitlab-feature-flags",
        title: "GitLab feature flags",
        summary: "project flags of Terraform and REST answers, and definitions of development flags",
        kinds: [
            ("gitlab-feature-flags", "Flags"),
            ("gitlab-feature-flags", "Definition"),
            ("gitlab-feature-flags", "Features"),
            ("terraform", "gitlab_project_feature_flag"),
        ],
        words: ["new_version_flag", "default_enabled", "rollout_issue_url", "\"gates\""],
    }
}

impl Adapter for GitlabFeatureFlags {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, path: &str) -> Option<Object<'d>> {
        let of = |kind| Some(Object::document(root, "gitlab-feature-flags", kind, root.get("name")));
        if project::flags(root).next().is_some() {
            of("Flags")
        } else if own::is_definition(root, path) {
            of("Definition")
        } else if own::features(root).next().is_some() {
            of("Features")
        } else {
            None
        }
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "Flags" => project::lower(object, cx),
            "Definition" => own::lower(object, cx),
            "Features" => own::lower_features(object, cx),
            _ => project::terraform(object, cx),
        }
    }
}

/// The root itself, or the members of a list.
fn members(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    root.is_map().then_some(root).into_iter().chain(root.items())
}

/// The places of the two values of a flag.
const ON: usize = 0;
const OFF: usize = 1;

/// A flag of which only the key is known.
fn blank(key: &str, name_span: Span, span: Span) -> Flag {
    let is = |name: &str, is_false| Variation { name: name.into(), is_false, ships: Vec::new() };
    Flag {
        key: key.into(),
        name_span,
        span,
        environment: None,
        variations: vec![is("on", false), is("off", true)],
        off: Some(OFF),
        rings: Vec::new(),
        rest: Split::unknown(span),
        basis: Basis::Users,
        plan: None,
    }
}

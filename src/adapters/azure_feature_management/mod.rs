//! Microsoft Feature Management.

mod filters;
mod serving;
#[cfg(test)]
mod tests;
mod variants;

use super::flag::{self, Flag, Split};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::Basis;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// Files with `feature_management.feature_flags` (Microsoft's schema), the older `FeatureManagement` map of .NET's
    /// `appsettings*.json`, and single flags with `conditions.client_filters`. Each flag is a live split: one moment,
    /// whose history in git is the plan. The environment is the one that .NET reads out of the file's name:
    /// `appsettings.Production.json`. JSON with comments is read, as .NET reads it.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `enabled`, also as text | off: what `default_when_disabled` says | off |
    /// | no `client_filters` | everybody | – |
    /// | `EnabledFor` of .NET: an empty list | nobody | – |
    /// | `Audience.Users` | a ring | none |
    /// | `Audience.Groups[]` | a ring each, with its own percent | 0 % |
    /// | `DefaultRolloutPercentage` | share of users | 0 % |
    /// | `Microsoft.Percentage` `Value` | share of requests: it is drawn anew for each | 0 % |
    /// | `Microsoft.TimeWindow` | everybody while it is open | nobody without `Start` and `End` |
    /// | `requirement_type`: `Any`, `All` | the union of the filters, or what passes all of them | `Any` |
    /// | `allocation.user`, `allocation.group` | rings | none |
    /// | `allocation.percentile[]`: `to` less `from` | share of a variant among those who pass the filters | – |
    /// | `default_when_enabled` | what percentiles leave over | no variant |
    /// | `default_when_disabled` | the control, and what those get who pass no filter | no variant |
    /// | `configuration_value` | payload | – |
    ///
    /// ## What bites
    ///
    /// - Enabled without filters is everybody; an empty `EnabledFor` of .NET is nobody.
    /// - `Any` with a time window and a 2 % targeting is everybody inside the window. Which of the two it is, the time
    ///   tells: the share is undetermined. With `All` it is 2 % at most, and that is what is judged.
    /// - Members of a group who are not in its percent are asked again, with the default's.
    /// - Two targetings of one flag place a user alike: together they let the larger share pass, not the sum.
    /// - Percentile ranges that overlap are undetermined: some libraries take the first of them and some the last.
    /// - `Exclusion` takes people out; shares are the most that may meet the flag.
    ///
    /// Sources: microsoft/FeatureManagement: `Schema/FeatureFlag.v2.0.0.schema.json`; microsoft/FeatureManagement-Python:
    /// `featuremanagement/_defaultfilters.py`, `featuremanagement/_featuremanagerbase.py`. `Microsoft.Percentage`, the
    /// `appsettings` form and its `EnabledFor` are general knowledge.
    ///
    /// ## What it cannot see
    ///
    /// Filters of your own: their share is undetermined. What a group has for members. Flags inside the text of an App
    /// Configuration key, and sections that are not called `FeatureManagement`. `status_override` of a variant: who meets
    /// the variant is judged. When a time window opens.
    pub AzureFeatureManagement {
        id: "azure-feature-management",
        title: "Microsoft Feature Management",
        summary: "feature flags of App Configuration and `appsettings.json`",
        kinds: [("azure-feature-management", "FeatureFlags")],
        words: ["feature_management", "FeatureManagement", "client_filters"],
    }
}

impl Adapter for AzureFeatureManagement {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let listed = root.path(&["feature_management", "feature_flags"]);
        let is_ours = listed.is_some_and(|flags| flags.items().any(|f| f.key("id").is_some()))
            || root.get("FeatureManagement").is_some_and(|map| map.entries().any(|(_, flag)| is_dotnet(flag)))
            || is_alone(root);
        is_ours.then(|| Object::document(root, "azure-feature-management", "FeatureFlags", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let root = object.node;
        for flag in root.path(&["feature_management", "feature_flags"]).into_iter().flat_map(Node::items) {
            if let Some(id) = flag.get("id") {
                lower_flag(object, id, flag, cx);
            }
        }
        for (key, flag) in root.get("FeatureManagement").into_iter().flat_map(Node::entries) {
            if is_dotnet(flag) {
                lower_flag(object, key, flag, cx);
            }
        }
        if let Some(id) = root.get("id").filter(|_| is_alone(root)) {
            lower_flag(object, id, root, cx);
        }
    }
}

/// A switch, or what .NET binds to a flag.
fn is_dotnet(flag: Node<'_>) -> bool {
    switch(flag).is_some() || find(flag, "EnabledFor").is_some_and(Node::is_seq)
}

/// One flag as App Configuration holds it.
fn is_alone(root: Node<'_>) -> bool {
    root.get("id").is_some_and(Node::is_scalar)
        && root.path(&["conditions", "client_filters"]).is_some_and(Node::is_seq)
}

/// `true` or `false`, as text too.
fn switch(node: Node<'_>) -> Option<bool> {
    let text = node.text()?.trim();
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") { Some(true) } else { is("false").then_some(false) }
}

/// The value of `key` in either spelling: .NET looks without regard to case, and calls `default_when_enabled`
/// `DefaultWhenEnabled`.
fn find<'d>(node: Node<'d>, key: &str) -> Option<Node<'d>> {
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let is_it = |text: &str| text.len().abs_diff(key.len()) <= 4 && plain(text) == plain(key);
    let found = node.entries().find(|(k, _)| k.text().is_some_and(is_it));
    found.map(|(_, value)| value).filter(|v| !v.is_null())
}

/// The items of the list `key`.
fn items<'d>(node: Node<'d>, key: &str) -> impl Iterator<Item = Node<'d>> {
    find(node, key).into_iter().flat_map(Node::items)
}

fn lower_flag(object: &Object<'_>, name: Node<'_>, node: Node<'_>, cx: &mut Lowering<'_>) {
    let key = name.text().unwrap_or_default();
    let mut flag = Flag {
        key: key.into(),
        name_span: name.span(),
        span: node.span(),
        environment: environment(cx.path).map(Into::into),
        variations: Vec::new(),
        off: None,
        rings: Vec::new(),
        rest: Split::unknown(name.span()),
        basis: Basis::Users,
        plan: None,
    };
    let gate = serving::gate(node, cx);
    flag.basis = gate.basis;
    match find(node, "allocation").filter(|_| items(node, "variants").next().is_some()) {
        Some(allocation) => variants::read(&mut flag, node, allocation, &gate, cx),
        None => serving::switched(&mut flag, &gate),
    }
    let rollout = flag.rollout(object, cx);
    flag::hand_in(rollout, cx);
}

/// `Production` of `appsettings.Production.json`, in small letters.
fn environment(path: &str) -> Option<String> {
    let file = path.rsplit('/').next()?.to_ascii_lowercase();
    let middle = file.strip_prefix("appsettings.")?.strip_suffix(".json")?;
    (!middle.is_empty()).then(|| middle.to_owned())
}

//! LaunchDarkly.

mod policy;
mod rings;
mod serving;
mod terraform;
#[cfg(test)]
mod tests;

use super::flag::{self, Flag, Split, Variation};
use super::infra::{Field, Template};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::Basis;
use crate::syntax::Node;
use crate::text::Span;

declare_adapter! {
    /// ## What is read
    ///
    /// Flag data of SDKs and relays (`flags`, `flagValues`), the REST export of a flag or of a list (`environments`), and
    /// Terraform: `launchdarkly_feature_flag_environment` and `launchdarkly_release_policy`, as blocks or as attributes.
    /// A flag is a live split in each environment: one moment, whose history in git is the plan. A release policy is a
    /// declared plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `on: false` | everybody gets `offVariation`; what else is written is planned and nobody meets it | off |
    /// | `offVariation` | the control, and the way back | the caller's own default |
    /// | `targets`, `contextTargets`, `rules` | rings, in order | no rings |
    /// | `fallthrough.variation` | 100 % of the rest | – |
    /// | `fallthrough.rollout.variations[].weight`, `rollout_weights`: thousandths of a percent | share | – |
    /// | `contextKind`, `bucketBy` of an account, an organization and the like | shares are of tenants | of users |
    /// | `variations`: texts and objects (an AI Config is an object) | payload | – |
    /// | `flagValues.<key>` | one value for everybody | – |
    /// | `stages[].allocation`, `duration_millis` of a release policy | exposure and hold | – |
    /// | `metric_keys`, `metric_group_keys` | criteria: worse than the control, decided by a statistical test | none |
    /// | `rollback_on_regression` | what happens then: back, or somebody is told | somebody is told |
    ///
    /// ## What bites
    ///
    /// - 5000 is 5 %. Weights of data that add up to less than 100000 give the rest to the last one listed: `99` and `1`
    ///   is 0.099 % and 99.901 %.
    /// - An `allocation` up to 100 is taken as percent, more as thousandths of a percent: the two references of
    ///   LaunchDarkly disagree.
    /// - Nothing says which variation is new: the off variation is the control.
    /// - A prerequisite that is not met switches the flag off: shares are the most that may meet it.
    /// - A metric of a release policy has a direction and no number (`accept: [statistical]` of
    ///   `rollback-criterion-not-numeric`).
    ///
    /// Sources: launchdarkly/go-server-sdk-evaluation: `ldmodel/model_flag.go`, `evaluator_bucketing.go`;
    /// launchdarkly/terraform-provider-launchdarkly: `docs/resources/`.
    ///
    /// ## What it cannot see
    ///
    /// How many people a target's segment or a rule has. Archives of the relay. Which flags a release policy is used for.
    /// `launchdarkly_ai_config_variation`, which says nothing of who meets it. Home-made catalogues are not read.
    pub LaunchDarkly {
        id: "launchdarkly",
        title: "LaunchDarkly",
        summary: "flag data, REST exports, Terraform and release policies",
        kinds: [
            ("launchdarkly", "FlagData"),
            ("launchdarkly", "FlagExport"),
            ("terraform", "launchdarkly_feature_flag_environment"),
            ("terraform", "launchdarkly_release_policy"),
        ],
        words: ["fallthrough", "flagValues"],
    }
}

impl Adapter for LaunchDarkly {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let values = root.get("flagValues").filter(|v| v.is_map());
        let is_flag = |flag: Node<'_>| {
            flag.get("fallthrough").is_some_and(Node::is_map) && flag.get("variations").is_some_and(Node::is_seq)
        };
        let flags = root.get("flags").filter(|f| f.entries().any(|(_, flag)| is_flag(flag)));
        if values.is_some() || flags.is_some() {
            return Some(Object::document(root, "launchdarkly", "FlagData", None));
        }
        let exported = is_export(root) || root.get("items").is_some_and(|i| i.items().any(is_export));
        exported.then(|| Object::document(root, "launchdarkly", "FlagExport", root.get("key")))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "FlagData" => data(object, cx),
            "FlagExport" => export(object, cx),
            "launchdarkly_feature_flag_environment" => terraform::environment(object, cx),
            _ => policy::lower(object, cx),
        }
    }
}

fn is_export(flag: Node<'_>) -> bool {
    let is_environment = |e: Node<'_>| e.get("fallthrough").is_some() || e.get("rules").is_some_and(Node::is_seq);
    flag.get("variations").is_some_and(Node::is_seq)
        && flag.get("environments").is_some_and(|all| all.entries().any(|(_, e)| is_environment(e)))
}

/// A flag of which only the key and the values are known.
fn blank(key: &str, name_span: Span, span: Span, variations: Vec<Variation>) -> Flag {
    Flag {
        key: key.into(),
        name_span,
        span,
        environment: None,
        variations,
        off: None,
        rings: Vec::new(),
        rest: Split::unknown(name_span),
        basis: Basis::Users,
        plan: None,
    }
}

fn data(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let template = Template::document(object.node);
    let body = template.body();
    for (key, field) in body.get("flags").iter().flat_map(Field::entries) {
        let deleted = field.get("deleted").and_then(|d| d.boolean()) == Some(true);
        let Some(name) = key.text().filter(|_| !deleted && field.node.is_map()) else { continue };
        let values = field.node.get("variations").into_iter().flat_map(Node::items);
        let variations = values.enumerate().map(|(index, value)| variation(index, None, value)).collect();
        let mut flag = blank(name, key.span(), field.span(), variations);
        serving::read(&mut flag, &field, cx);
        hand_in(&flag, object, cx);
    }
    for (key, value) in object.node.get("flagValues").into_iter().flat_map(Node::entries) {
        let Some(name) = key.text() else { continue };
        let mut flag = blank(name, key.span(), value.span(), vec![variation(0, None, value)]);
        flag.rest = Split::all(Some(0), value.span());
        hand_in(&flag, object, cx);
    }
}

fn export(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let template = Template::document(object.node);
    let body = template.body();
    let listed = body.get("items").map_or_else(|| vec![body], |items| items.items());
    for field in listed.iter().filter(|f| is_export(f.node)) {
        let Some(key) = field.node.get("key") else { continue };
        let all = field.node.get("variations").into_iter().flat_map(Node::items).enumerate();
        let one = |(index, v): (usize, Node<'_>)| variation(index, v.get("name"), v.get("value").unwrap_or(v));
        let variations: Vec<Variation> = all.map(one).collect();
        for (name, environment) in field.get("environments").iter().flat_map(Field::entries) {
            let mut flag = blank(key.text().unwrap_or_default(), key.span(), environment.span(), variations.clone());
            flag.environment = name.text().map(Into::into);
            serving::read(&mut flag, &environment, cx);
            hand_in(&flag, object, cx);
        }
    }
}

/// The variation of that value: called by its name, else by its value, else by its place.
fn variation(index: usize, name: Option<Node<'_>>, value: Node<'_>) -> Variation {
    let short = |text: &&str| !text.is_empty() && text.len() <= 40 && !text.contains('\n');
    let marked = value.path(&["_ldMeta", "variationKey"]).or_else(|| value.path(&["_ldMeta", "versionKey"]));
    let name = name.or(marked).or(Some(value)).and_then(Node::text).filter(short);
    let place = format!("variation {index}");
    Variation::of(name.unwrap_or(&place), value)
}

fn hand_in(flag: &Flag, object: &Object<'_>, cx: &mut Lowering<'_>) {
    let rollout = flag.rollout(object, cx);
    flag::hand_in(rollout, cx);
}

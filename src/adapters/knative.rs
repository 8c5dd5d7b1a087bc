//! Knative Serving: the traffic table of a Service or a Route.

use super::nodes::{present, text};
use super::{Adapter, Lowering, Object, live_stage, payload, pod_template};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Exposure, Fact, Progression, Rollout, Share, Stage, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// `Service` and `Route` of `serving.knative.dev` in any version; Google Cloud Run writes the same kind. A core `Service`
    /// is another thing.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.traffic[].percent` of floating entries (`latestRevision`, `configurationName`) | share of requests of the newest revision | no `traffic`: 100 |
    /// | `spec.traffic[].revisionName` | pinned: the baseline, or the newest revision where the template bears that name | – |
    /// | `spec.traffic[].tag` with percent 0 | a private URL: nobody by default | – |
    /// | annotation `serving.knative.dev/rollout-duration` | a ramp of the newest revision: still a live split | 0 |
    /// | `spec.template.spec.containers[].image` | payload | – |
    ///
    /// ## What bites
    ///
    /// - No traffic block means that every push goes to everybody once it is ready.
    /// - Percents have to add up to exactly 100; an entry without one counts as 0.
    /// - A floating entry of 10 % always goes to the newest push: two pushes in a row replace the canary silently.
    /// - `rollout-duration` is time alone: no metric, no pause, and on the template it does nothing.
    /// - Nothing in these kinds is a rollback criterion.
    ///
    /// Sources: knative/serving: `pkg/apis/serving/v1/{route_types,route_validation,route_defaults,service_defaults}.go`,
    /// `pkg/reconciler/route/traffic/rollout.go`.
    ///
    /// ## What it cannot see
    ///
    /// The cluster's default rollout duration, and how long a split stands: the file's history in git tells.
    pub Knative {
        id: "knative",
        title: "Knative",
        summary: "Service and Route traffic (Cloud Run too)",
        kinds: [("serving.knative.dev", "Service"), ("serving.knative.dev", "Route")],
    }
}

impl Adapter for Knative {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        rollout.payload = present(spec, "template").map(pod_template).unwrap_or_default();
        rollout.partial = present(spec, "template").is_none() && object.kind == "Service";
        ramp_on_template(spec, cx);
        let stages = match present(spec, "traffic") {
            Some(table) => traffic(spec, table, &mut rollout, cx),
            None if rollout.partial => Vec::new(),
            None => vec![floating_default(object)],
        };
        let limited = stages.iter().any(|s| s.share().is_some_and(Share::is_limited));
        let value = if limited { Strategy::Canary } else { Strategy::AllAtOnce };
        rollout.strategy = Spanned::new(value, object.name_span());
        rollout.progression = Progression::Live(stages);
        cx.rollout(rollout);
    }
}

/// Without a table the newest revision takes everything.
fn floating_default(object: &Object<'_>) -> Stage {
    let near = object.name_span();
    let value = Exposure::exact(Share::ALL, Basis::Requests);
    live_stage(Fact::Defaulted { value, by: "knative: 100 % to the latest revision without `traffic`", near }, near)
}

fn ramp_on_template(spec: Node<'_>, cx: &mut Lowering<'_>) {
    let annotations = spec.path(&["template", "metadata", "annotations"]);
    if let Some(key) = annotations.and_then(|a| a.key("serving.knative.dev/rollout-duration")) {
        let message = "`rollout-duration` does nothing on the template";
        cx.ignored(key.span(), message, "move it to the annotations of the Service itself");
    }
}

/// Each entry of the table that is not the baseline: floating ones, or the pinned one that the template is named after.
fn traffic(spec: Node<'_>, table: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let newest = spec.path(&["template", "metadata", "name"]).and_then(Node::text);
    let entries: Vec<Entry<'_>> = table.items().map(|item| Entry::read(item, cx)).collect();
    check_sum(table, &entries, cx);
    for entry in &entries {
        rollout.payload.extend(entry.item.get("revisionName").and_then(payload));
        contradiction(entry.item, cx);
    }
    let is_new = |e: &&Entry<'_>| e.floating || newest.is_some_and(|n| n == e.revision);
    let mut new: Vec<&Entry<'_>> = entries.iter().filter(is_new).collect();
    if new.is_empty() || new.len() == entries.len() && entries.len() > 1 {
        // Nothing says which is the new one: the smaller share is (clarifications 13).
        let largest = entries.iter().max_by_key(|e| e.percent.known().copied().unwrap_or(0)).map(|e| e.item.span());
        new = entries.iter().filter(|e| Some(e.item.span()) != largest).collect();
    }
    new.into_iter().filter(|e| !e.is_private()).map(Entry::stage).collect()
}

/// One entry of a traffic table.
struct Entry<'d> {
    item: Node<'d>,
    percent: Fact<u64>,
    revision: &'d str,
    floating: bool,
}

impl<'d> Entry<'d> {
    fn read(item: Node<'d>, cx: &mut Lowering<'_>) -> Self {
        let revision = text(item, "revisionName");
        let percent = cx.read_u64(item, "percent");
        let pinned = !revision.is_empty();
        Self { item, percent, revision, floating: !pinned }
    }

    /// A tag with no share: reachable by its own URL alone.
    fn is_private(&self) -> bool {
        !matches!(self.percent, Fact::Dynamic { .. })
            && self.percent.known().is_none_or(|p| *p == 0)
            && present(self.item, "tag").is_some()
    }

    fn stage(&self) -> Stage {
        let near = self.percent.span();
        let percent = self.percent.clone().or_default(0, "knative: an entry without a percent gets 0");
        let exposure = percent.map(|p| Exposure::exact(Share::of(p.min(100), 100), Basis::Requests));
        let mut stage = live_stage(exposure, near);
        let name = if self.floating { "latest" } else { self.revision };
        stage.name = Some(name.into());
        stage
    }
}

fn check_sum(table: Node<'_>, entries: &[Entry<'_>], cx: &mut Lowering<'_>) {
    if entries.iter().any(|e| e.percent.is_dynamic()) {
        return;
    }
    let sum: u64 = entries.iter().map(|e| e.percent.known().copied().unwrap_or(0)).sum();
    if sum != 100 {
        let message = format!("the percents add up to {sum}, and have to be 100");
        let remark = cx.invalid(table.anchor(), message, "make the percents add up to 100");
        remark.found = Some(sum.to_string().into());
        remark.required = Some("100".into());
    }
}

fn contradiction(item: Node<'_>, cx: &mut Lowering<'_>) {
    let latest = item.get("latestRevision").filter(|n| n.as_bool() == Some(true));
    if let (Some(latest), Some(pinned)) = (latest, present(item, "revisionName")) {
        let message = "`latestRevision: true` and `revisionName` contradict each other";
        cx.invalid(latest.span(), message, "remove one of them").related =
            Some((pinned.span(), "the other one".into()));
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{RemarkKind, Share};

    fn service(more: &str) -> String {
        format!(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  template: {{metadata: {{name: web-42}}, spec: {{containers: [{{image: 'web:42'}}]}}}}\n{more}"
        )
    }

    #[test]
    fn no_table_is_everybody_and_floating_entries_are_the_new_version() {
        assert_eq!(lower(&service(""))[0].stages()[0].share(), Some(Share::ALL));
        let table = "  traffic: [{revisionName: web-41, percent: 90}, {latestRevision: true, percent: 10}]\n";
        let found = lower(&service(table));
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(10.0)));
    }

    #[test]
    fn a_revision_named_as_the_template_is_the_new_one() {
        let table =
            "  traffic: [{revisionName: web-41, percent: 95}, {revisionName: web-42, percent: 5, tag: canary}]\n";
        let found = lower(&service(table));
        assert_eq!(found[0].stages().len(), 1);
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(5.0)));
    }

    #[test]
    fn percents_add_up_to_a_hundred() {
        let table = "  traffic: [{revisionName: web-41, percent: 90}, {latestRevision: true, percent: 5}]\n";
        assert_eq!(lower(&service(table))[0].remarks[0].kind, RemarkKind::Invalid);
    }

    #[test]
    fn a_pinned_table_gives_a_new_image_nothing() {
        let table =
            "  traffic: [{revisionName: web-40, percent: 100}, {latestRevision: true, percent: 0, tag: next}]\n";
        assert!(lower(&service(table))[0].stages().is_empty());
    }
}

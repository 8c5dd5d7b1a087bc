//! Knative Serving: the traffic table of a Service or a Route.

use super::duration::{go_seconds_f64, go_text};
use super::nodes::{present, text};
use super::split::{Arm, baseline, of_arms};
use super::{Adapter, Lowering, Object, Workload, live_stage, payload, pod_template};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::units::parse_seconds;
use crate::model::{
    Basis, Destination, Exposure, Fact, ObjectRef, Payload, Progression, Rollout, RouterRule, Share, Stage, Strategy,
    SubjectKind,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// `Service` and `Route` of `serving.knative.dev` in any version, and `Configuration` for what it ships; Google Cloud
    /// Run writes the same kinds. A core `Service` is another thing.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.traffic[].percent` of floating entries (`latestRevision`) | share of requests of the newest revision, added up | no `traffic`: 100 |
    /// | `spec.traffic[].revisionName` | pinned: the baseline, or the newest revision where the template bears that name | – |
    /// | a table of pinned revisions alone, or of a `Route` | a split told by names and tags, else the smaller share is new | – |
    /// | `spec.traffic[].tag` with percent 0 | a private URL: nobody by default | – |
    /// | annotation `serving.knative.dev/rollout-duration` | a ramp of the newest revision: still a live split | 0 |
    /// | `spec.template.spec.containers[].image` | payload of a Service | – |
    /// | names of the revisions, images of the configurations | payload of a Route | – |
    /// | `spec.runLatest`, `spec.release.rolloutPercent`, `spec.pinned` (v1alpha1) | 100, the share of the newer revision, 0 | – |
    ///
    /// ## What bites
    ///
    /// - No traffic block means that every push goes to everybody once it is ready.
    /// - Percents have to add up to exactly 100; an entry without one counts as 0.
    /// - A table that pins one revision gives a new image nothing: promotion is a later edit.
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
        kinds: [
            ("serving.knative.dev", "Configuration"),
            ("serving.knative.dev", "Route"),
            ("serving.knative.dev", "Service"),
        ],
    }
}

impl Adapter for Knative {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec().filter(|s| s.is_map()) else { return };
        let shipped = shipped(spec);
        if object.kind != "Route" {
            // A canary of Flagger rolls out a Service, and a Route leads to what a Configuration ships.
            let replicas = Fact::Absent { near: object.name_span() };
            cx.define(object.id(), Workload { payload: shipped.clone(), replicas });
        }
        match object.kind {
            "Configuration" => {}
            "Route" => route(object, spec, cx),
            _ => service(object, spec, shipped, cx),
        }
    }
}

fn service(object: &Object<'_>, spec: Node<'_>, shipped: Vec<Payload>, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    rollout.partial = shipped.is_empty();
    rollout.payload = shipped;
    ramp(object, cx);
    ramp_on_template(spec, cx);
    let newest = spec.path(&["template", "metadata", "name"]).and_then(Node::text);
    let table = present(spec, "traffic").filter(|t| t.items().next().is_some());
    let entries = table.map(|table| (table, read(table, cx)));
    rollout.destinations = match &entries {
        Some((_, entries)) => destinations(object, entries, newest, &rollout.payload),
        None if rollout.partial => Vec::new(),
        None => vec![newest_alone(object, newest, &rollout.payload)],
    };
    let stages = match (&entries, present(spec, "release"), present(spec, "pinned")) {
        (Some((table, entries)), ..) => of_service(object, *table, entries, newest),
        (None, Some(release), _) => vec![released(release, cx)],
        (None, None, Some(pinned)) => vec![given(Share::NONE, PINNED, pinned.anchor())],
        (None, None, None) if rollout.partial => Vec::new(),
        (None, None, None) => vec![floating_default(object)],
    };
    finish(object, &mut rollout, stages);
    cx.rollout(rollout);
}

/// The images of a template. The first versions had a mode for each kind of split, and one container.
fn shipped(spec: Node<'_>) -> Vec<Payload> {
    if let Some(template) = present(spec, "template") {
        return pod_template(template);
    }
    let modes = ["runLatest", "release", "pinned"].into_iter().filter_map(|mode| present(spec, mode));
    let configurations = modes.filter_map(|m| present(m, "configuration")).chain([spec]);
    let containers = configurations.filter_map(|c| c.path(&["revisionTemplate", "spec", "container", "image"]));
    containers.filter_map(payload).collect()
}

const PINNED: &str = "knative: the table gives the latest revision nothing";

/// The mode `release` of the first version: a share for the second of two revisions.
fn released(release: Node<'_>, cx: &mut Lowering<'_>) -> Stage {
    let percent = cx.read_u64(release, "rolloutPercent").or_default(0, "knative: 0 when absent");
    let near = percent.span();
    live_stage(percent.map(|p| Exposure::exact(Share::of(p.min(100), 100), Basis::Requests)), near)
}

fn route(object: &Object<'_>, spec: Node<'_>, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    ramp(object, cx);
    let Some(table) = present(spec, "traffic").filter(|t| t.items().next().is_some()) else {
        cx.invalid(spec.anchor(), "the route has no `traffic`, and needs 100 percent of it", "add `traffic:`");
        rollout.progression = Progression::Live(Vec::new());
        return cx.rollout(rollout);
    };
    let entries = read(table, cx);
    rollout.payload = table.items().filter_map(|e| e.get("revisionName")).filter_map(payload).collect();
    for entry in entries.iter().filter(|e| matches!(e.target, Target::Latest)) {
        let message = "a route's target has neither `revisionName` nor `configurationName`, and needs one";
        cx.invalid(entry.item.span(), message, "name the configuration or the revision");
    }
    let stages = arms(object, &entries);
    rollout.destinations = destinations(object, &entries, None, &[]);
    finish(object, &mut rollout, stages);
    let configurations: Vec<ObjectRef> = entries
        .iter()
        .filter_map(|e| match e.target {
            Target::Configuration(name) => Some(object.neighbour("serving.knative.dev", "Configuration", name)),
            Target::Latest | Target::Revision(_) => None,
        })
        .collect();
    cx.rollout_after(rollout, move |rollout, world| {
        let shipped = configurations.iter().filter_map(|id| world.find::<Workload>(id));
        rollout.payload.extend(shipped.flat_map(|w| w.payload.iter().cloned()));
    });
}

fn finish(object: &Object<'_>, rollout: &mut Rollout, stages: Vec<Stage>) {
    let limited = stages.iter().any(|s| s.share().is_some_and(Share::is_limited) || s.exposure.is_dynamic());
    let value = if limited { Strategy::Canary } else { Strategy::AllAtOnce };
    rollout.strategy = Spanned::new(value, object.name_span());
    rollout.progression = Progression::Live(stages);
}

fn given(share: Share, by: &'static str, near: Span) -> Stage {
    live_stage(Fact::Defaulted { value: Exposure::exact(share, Basis::Requests), by, near }, near)
}

/// Without a table the newest revision takes everything.
fn floating_default(object: &Object<'_>) -> Stage {
    given(Share::ALL, "knative: 100 % to the latest revision without `traffic`", object.name_span())
}

/// The annotation that stretches a switch over time.
const RAMP: &str = "serving.knative.dev/rollout-duration";

/// A ramp is a Go duration of whole seconds.
pub(super) fn ramp(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(node) = object.annotation(RAMP) else { return };
    let Some(text) = node.text().filter(|t| !super::is_template(t)) else { return };
    if !go_seconds_f64(text).is_some_and(|s| s >= 0.0 && s.fract() == 0.0) {
        let message = format!("`rollout-duration` is `{text}`, and has to be a duration of whole seconds, 0 or more");
        let remark = cx.invalid(node.span(), message, "write it as `600s` or `10m`");
        remark.found = Some(text.into());
        remark.required = Some("whole seconds".into());
        if let Some(seconds) = parse_seconds(text) {
            cx.same_as(node.span(), go_text(seconds));
        }
    }
}

fn ramp_on_template(spec: Node<'_>, cx: &mut Lowering<'_>) {
    let annotations = spec.path(&["template", "metadata", "annotations"]);
    if let Some(key) = annotations.and_then(|a| a.key(RAMP)) {
        let message = "`rollout-duration` does nothing on the template";
        cx.ignored(key.span(), message, "move it to the annotations of the Service itself");
    }
}

/// What an entry of a traffic table leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target<'d> {
    /// Whatever is newest.
    Latest,
    /// Whatever is newest of a configuration.
    Configuration(&'d str),
    Revision(&'d str),
}

/// The entries of a traffic table that lead to one target.
struct Entry<'d> {
    item: Node<'d>,
    target: Target<'d>,
    percent: Fact<u64>,
    tag: &'d str,
}

impl Entry<'_> {
    fn name(&self) -> &str {
        match self.target {
            Target::Latest => "latest",
            Target::Configuration(name) | Target::Revision(name) => name,
        }
    }

    /// A tag with no share: reachable by its own URL alone.
    fn is_private(&self) -> bool {
        self.percent.known() == Some(&0) && !self.tag.is_empty()
    }

    fn stage(&self) -> Stage {
        let exposure = self.percent.clone().map(|p| Exposure::exact(Share::of(p.min(100), 100), Basis::Requests));
        let mut stage = live_stage(exposure, self.percent.span());
        stage.name = Some(self.name().into());
        stage
    }
}

/// Reads the table; entries that lead to the same target are added up.
fn read<'d>(table: Node<'d>, cx: &mut Lowering<'_>) -> Vec<Entry<'d>> {
    let mut entries: Vec<Entry<'d>> = Vec::new();
    for item in table.items() {
        let target = match (text(item, "revisionName"), text(item, "configurationName")) {
            ("", "") => Target::Latest,
            ("", configuration) => Target::Configuration(configuration),
            (revision, _) => Target::Revision(revision),
        };
        contradictions(item, target, cx);
        let percent = cx.read_u64(item, "percent").or_default(0, "knative: an entry without a percent gets 0");
        match entries.iter_mut().find(|e| e.target == target) {
            Some(same) => same.percent = sum(&same.percent, percent),
            None => entries.push(Entry { item, target, percent, tag: text(item, "tag") }),
        }
    }
    check_sum(table, &entries, cx);
    entries
}

/// What both come to; where it stands is where the larger one does.
fn sum(one: &Fact<u64>, other: Fact<u64>) -> Fact<u64> {
    match (one.known().copied(), other.known().copied()) {
        (Some(a), Some(b)) if a >= b => one.clone().map(|_| a.saturating_add(b)),
        (Some(a), Some(b)) => other.map(|_| a.saturating_add(b)),
        (None, _) => one.clone(),
        (Some(_), None) => other,
    }
}

/// The newest revision's share: that of floating entries, and of the one that the template is named after.
fn of_service(object: &Object<'_>, table: Node<'_>, entries: &[Entry<'_>], newest: Option<&str>) -> Vec<Stage> {
    let is_new = |e: &&Entry<'_>| match e.target {
        Target::Latest | Target::Configuration(_) => true,
        Target::Revision(name) => Some(name) == newest,
    };
    let mut new = entries.iter().filter(is_new);
    if let Some(first) = new.next() {
        let percent = new.fold(first.percent.clone(), |all, e| sum(&all, e.percent.clone()));
        return vec![Entry { item: first.item, target: first.target, percent, tag: "" }.stage()];
    }
    let pinned = if entries.len() > 1 { arms(object, entries) } else { Vec::new() };
    if pinned.is_empty() {
        return vec![given(Share::NONE, PINNED, table.anchor())];
    }
    pinned
}

/// The arms that are not the baseline. A lone one takes everything.
fn arms(object: &Object<'_>, entries: &[Entry<'_>]) -> Vec<Stage> {
    if let [entry] = entries {
        return vec![entry.stage()];
    }
    let arm = |e: &Entry<'_>| Arm {
        service: object.name().to_owned(),
        // A tag such as `canary` tells as much as the name of the revision.
        version: Some(format!("{} {}", e.name(), e.tag)),
        weight: e.percent.known().copied(),
        span: e.percent.span(),
    };
    let base = baseline(&entries.iter().map(arm).collect::<Vec<_>>());
    let candidates = entries.iter().enumerate().filter(|(i, e)| *i != base && !e.is_private());
    candidates.map(|(_, e)| e.stage()).collect()
}

/// Where requests go: to what the template ships now, and to revisions by their names.
fn destinations(
    object: &Object<'_>,
    entries: &[Entry<'_>],
    newest: Option<&str>,
    payload: &[Payload],
) -> Vec<Destination> {
    let arm = |e: &Entry<'_>| Arm {
        service: object.name().to_owned(),
        version: Some(format!("{} {}", e.name(), e.tag)),
        weight: e.percent.known().copied(),
        span: e.percent.span(),
    };
    let arms: Vec<Arm> = entries.iter().map(arm).collect();
    let mut all = of_arms(&arms, &RouterRule::only(), Basis::Requests);
    for (destination, entry) in all.iter_mut().zip(entries) {
        destination.name = entry.name().into();
        destination.immutable = matches!(entry.target, Target::Revision(_));
        let floats = match entry.target {
            Target::Latest | Target::Configuration(_) => true,
            Target::Revision(name) => Some(name) == newest,
        };
        if floats {
            destination.ships = payload.iter().map(|p| p.value.clone()).collect();
            destination.leaning = 1;
            // A template that is named makes the revision of that name.
            if let Some(name) = newest {
                (destination.name, destination.immutable) = (name.into(), true);
            }
        }
    }
    all
}

/// Without a table the newest revision takes everything.
fn newest_alone(object: &Object<'_>, newest: Option<&str>, payload: &[Payload]) -> Destination {
    Destination {
        rule: RouterRule::only(),
        kin: object.name().into(),
        name: newest.unwrap_or("latest").into(),
        ships: payload.iter().map(|p| p.value.clone()).collect(),
        backing: None,
        immutable: newest.is_some(),
        share: Some(Share::ALL),
        basis: Basis::Requests,
        leaning: 1,
        number: None,
        span: payload.first().map_or_else(|| object.name_span(), |p| p.span),
    }
}

fn check_sum(table: Node<'_>, entries: &[Entry<'_>], cx: &mut Lowering<'_>) {
    let sum = entries.iter().try_fold(0u64, |sum, e| Some(sum.saturating_add(*e.percent.known()?)));
    if let Some(sum) = sum.filter(|s| *s != 100) {
        let message = format!("the percents of `traffic` add up to {sum}, and have to be exactly 100");
        let remark = cx.invalid(table.anchor(), message, "make the percents add up to 100");
        remark.found = Some(sum.to_string().into());
        remark.required = Some("100".into());
    }
}

/// `latestRevision` says whether an entry floats, which `revisionName` says too.
fn contradictions(item: Node<'_>, target: Target<'_>, cx: &mut Lowering<'_>) {
    let Some(latest) = item.get("latestRevision") else { return };
    match (latest.as_bool(), target) {
        (Some(true), Target::Revision(_)) => {
            let message = "`latestRevision: true` and `revisionName` contradict each other";
            cx.invalid(latest.span(), message, "remove one of them").related =
                item.get("revisionName").map(|pinned| (pinned.span(), "the other one".into()));
        }
        (Some(false), Target::Latest) => {
            let message = "`latestRevision: false` needs a `revisionName`";
            cx.invalid(latest.span(), message, "name the revision, or write `latestRevision: true`");
        }
        _ => {}
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
        assert_eq!(lower(&service(table))[0].stages()[0].share(), Some(Share::NONE));
        let pinned = "  traffic: [{revisionName: web-40, percent: 100}]\n";
        assert_eq!(lower(&service(pinned))[0].stages()[0].share(), Some(Share::NONE));
    }

    #[test]
    fn pinned_tables_and_routes_are_told_by_their_names() {
        let candidate = |text: &str| {
            let found = lower(text);
            let stage = &found[0].stages()[0];
            (stage.name.as_deref().unwrap().to_owned(), stage.share().unwrap().percent())
        };
        let table = "  traffic: [{revisionName: web-39, percent: 80}, {revisionName: web-40, percent: 15}, {revisionName: web-40, percent: 5, tag: next}]\n";
        assert_eq!(candidate(&service(table)), ("web-40".to_owned(), 20.0));
        let route = "apiVersion: serving.knative.dev/v1\nkind: Route\nmetadata: {name: web}\nspec: {traffic: [{configurationName: web-canary, percent: 10}, {configurationName: web, percent: 90}]}\n";
        assert_eq!(candidate(route), ("web-canary".to_owned(), 10.0));
    }

    #[test]
    fn what_the_webhook_refuses() {
        for table in
            ["[{revisionName: web-41, latestRevision: true, percent: 100}]", "[{latestRevision: false, percent: 100}]"]
        {
            let found = lower(&service(&format!("  traffic: {table}\n")));
            assert_eq!(found[0].remarks.len(), 1, "{table}");
        }
        for (duration, remarks) in [("600s", 0), ("10m", 0), ("1500ms", 1), ("-5s", 1), ("soon", 1)] {
            let text = service("").replace(
                "{name: web}",
                &format!("{{name: web, annotations: {{serving.knative.dev/rollout-duration: {duration}}}}}"),
            );
            assert_eq!(lower(&text)[0].remarks.len(), remarks, "{duration}");
        }
    }
}

//! GO Feature Flag.

mod audience;
mod plan;
mod rule;
mod schedule;
mod serving;
#[cfg(test)]
mod tests;
mod values;

use super::flag::{self, Flag, basis_of};
use super::nodes::present;
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Fact, Hold, Schedule, Stage};
use crate::syntax::Node;
use crate::text::Span;
use plan::Plan;
use schedule::View;
use serving::{Reader, Served};

declare_adapter! {
    /// ## What is read
    ///
    /// Flag files in YAML or JSON: a mapping of flags whose members have `variations` and a `defaultRule`. A flag is a live
    /// split: one moment, whose history in git is the plan. A ramp of its default rule and the steps of its schedule are a
    /// declared plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `<flag>` | a flag; the way back is to disable it | – |
    /// | `disable: true` | everybody gets the caller's own default, taken to be the control | enabled |
    /// | `variations` | destinations; texts and objects among the values are what is shipped | – |
    /// | `targeting[]` | rings, in order; a disabled one is skipped | no rings |
    /// | `percentage` | shares: weight over the sum of weights, to a thousandth of a percent | `variation` |
    /// | `progressiveRollout` of the default rule | a declared ramp from the initial variation to that of the end | – |
    /// | `initial.percentage`, `end.percentage` | the share of the end's variation | 0 and 100 |
    /// | `scheduledRollout[]` | declared stages, one a step that changes who meets what; the next date ends its hold | – |
    /// | `experimentation.start` | when it starts | – |
    /// | `bucketingKey` of a tenant | shares are of tenants | of users |
    ///
    /// The control is the variation of value `false` (all of that value are one), else the one named `off`, `control` or `default`; of a ramp its
    /// initial one, and of a schedule what most have before it.
    ///
    /// ## What bites
    ///
    /// - A ramp goes before `percentage`, and that before `variation`: one that is left over does nothing.
    /// - Percentages are relative: `1` and `1` is 50 %. A sum of 0 is an error.
    /// - A ramp grows with the time, with no step and no gate, and its length is the only hold. An end of 0, of more than
    ///   100 and without a percentage is 100.
    /// - A ramp that does not end after it starts, a rule with nothing to serve and a name that is none of the variations
    ///   are errors: the caller's own default is served.
    /// - A step is a patch. It changes the rule of the same `name`, adds what has none behind the others, and merges
    ///   percentages one by one: a negative one takes its variation out. `variation` beside the percentages of the rule
    ///   changes nothing.
    /// - `disable` of the default rule is ignored.
    /// - Outside of its experimentation a flag is as if disabled; shares are those while it runs.
    /// - A schedule that only takes back is none: the flag is judged as it is written.
    ///
    /// Sources: thomaspoignant/go-feature-flag: `modules/core/flag/rule.go`, `rule_validation.go`, `internal_flag.go`,
    /// `.schema/flag-schema.json`.
    ///
    /// ## What it cannot see
    ///
    /// Files in TOML, flags in a ConfigMap, the format before 1.0 (`rule`, `percentage: 30`). Which steps are past: a plan is
    /// judged whole. How fast a ramp of a targeting rule is, unless the flag has a schedule. How many people a ring
    /// has. The environment: it is no part of the format.
    pub GoFeatureFlag {
        id: "go-feature-flag",
        title: "GO Feature Flag",
        summary: "flag files with percentages, ramps and schedules",
        kinds: [("go-feature-flag", "Flags")],
        words: ["defaultRule"],
    }
}

impl Adapter for GoFeatureFlag {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let serves =
            |rule: Node<'_>| ["variation", "percentage", "progressiveRollout"].iter().any(|k| rule.key(k).is_some());
        let is_flag = |(_, flag): (Node<'_>, Node<'_>)| {
            flag.get("variations").is_some_and(Node::is_map) && flag.get("defaultRule").is_some_and(serves)
        };
        root.entries().any(is_flag).then(|| Object::document(root, "go-feature-flag", "Flags", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        for (key, flag) in object.node.entries() {
            // A mapping that others are made of by reference is no flag.
            let Some(name) = key.text().filter(|name| !name.starts_with("x-") && !name.starts_with('.')) else {
                continue;
            };
            if flag.get("variations").is_some_and(Node::is_map) {
                lower_flag(object, (key, name), flag, cx);
            }
        }
    }
}

fn lower_flag(object: &Object<'_>, (key, name): (Node<'_>, &str), node: Node<'_>, cx: &mut Lowering<'_>) {
    values::of_one_type(node, cx);
    let unit = present(node, "bucketingKey").and_then(Node::text).unwrap_or_default();
    let mut flag = values::blank(name, (key.span(), node), basis_of(unit));
    let mut reader = Reader::new(&flag.variations, cx);
    let views = schedule::views(node, &mut reader);
    let planned = views.as_deref().and_then(|views| serve(&mut flag, views));
    let (plan, schedule) = planned.map_or((None, None), |plan| (Some(plan.stages), plan.schedule));
    flag.plan = plan;
    let mut rollout = flag.rollout(object, cx);
    rollout.schedule = schedule.or_else(|| experiment(node, cx));
    if let crate::model::Progression::Live(stages) = &mut rollout.progression {
        let ramps = views.iter().flatten().next().map_or(&[][..], |view| &view.ramps);
        for stage in stages {
            ramp_of_ring(stage, ramps);
        }
    }
    flag::hand_in(rollout, cx);
}

/// Who gets what as the file is written, and the plan, where it has one.
fn serve(flag: &mut Flag, views: &[View<'_>]) -> Option<Plan> {
    let first = views.first()?;
    flag.rings = first.rings.iter().map(|(ring, _)| ring.clone()).collect();
    match &first.rest {
        Served::Split(split) => flag.rest = split.clone(),
        Served::Ramp(ramp) => flag.off = Some(ramp.from),
    }
    if flag.control().is_some() {
        return plan::of(flag, views);
    }
    flag.off = plan::most_at_first(views);
    let plan = plan::of(flag, views);
    if plan.is_none() {
        flag.off = None;
    }
    plan
}

/// A ring whose share grows with the time says how long.
fn ramp_of_ring(stage: &mut Stage, ramps: &[(Span, u64)]) {
    if let Some((span, seconds)) = ramps.iter().find(|(span, _)| *span == stage.span) {
        stage.hold = Fact::stated(Hold::Ramp(*seconds), *span);
    }
}

/// When an experiment starts.
fn experiment(node: Node<'_>, cx: &mut Lowering<'_>) -> Option<Schedule> {
    let start = present(present(node, "experimentation")?, "start")?;
    Some(Schedule { start: Reader::new(&[], cx).date(start)? })
}

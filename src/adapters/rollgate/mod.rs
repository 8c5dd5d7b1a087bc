//! Our own files: `RolloutPlan`, `RollbackDrill`, `Waivers`.

mod add;
mod criteria;
mod desk;
mod drill;
mod keys;
mod plan;
mod schema;
mod stages;
mod text;
mod waivers;

pub use plan::{Governed, PlanParts};
pub use schema::schema;

use super::{Adapter, Addition, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::finding::Wish;
use crate::model::Instead;
use crate::text::{Span, nearest, same_name};

declare_adapter! {
    /// ## What is read
    ///
    /// `RolloutPlan`, `RollbackDrill` and `Waivers` of `apiVersion: rollgate/v1`, in any file, several to a file. They are
    /// read as YAML 1.2. `rollgate schema rollout-plan`, `rollback-drill` and `waivers` print their schemas.
    ///
    /// ## Mapping
    ///
    /// | RolloutPlan | model | when absent |
    /// |---|---|---|
    /// | `metadata.name` | name | required |
    /// | `metadata.service`, `environment`, `labels` | service, environment, labels | the name; unknown; none |
    /// | `change.kind`, `change.risk` | change, risk | unknown; medium |
    /// | `change.payload[].model`, `.file` | payload | none |
    /// | `strategy` | strategy | required, but for a plan that only governs others |
    /// | `stages[].exposure` | exposure, effective as written, of requests; of users or tenants by `flag.unit` | of an audience: unknown |
    /// | `stages[].audience`, `size`, `tenants` | audience | none |
    /// | `stages[].hold` | timed hold | none; gated where there is an `approval` |
    /// | `stages[].approval` | approval gate | none |
    /// | the way to 100 % | a last stage, for `canary` and `blue-green` | added |
    /// | `shadow.duration`, `share`, `compare` | shadow | required; 100 %; nothing compares |
    /// | `flag`, `tenancy`, `offline-eval` | the flag and whom it switches, several customers or one, the evaluation before exposure | not told |
    /// | `flag.key`, `flag.system` | lends criteria, monitors, way back and service to the flag of that key and system, in the plan's environment if both tell one | of any system |
    /// | `monitors` | monitors, beside the criteria's metrics | none |
    /// | `rollback.criteria` | criteria | none |
    /// | `rollback.automatic` | automatic | people act |
    /// | `rollback.method`, `keep-old-for` | method, way back | unknown |
    /// | `schedule.start` | schedule | none |
    /// | `traffic`, `on-call` | traffic, on call | unknown |
    /// | `governs[]` | lends criteria, monitors and schedule to those objects; is the rollout of a plain workload among them | – |
    ///
    /// ## What bites
    ///
    /// * Unknown keys, wrong types and missing parts are all reported at once, and are `manifest-invalid`.
    /// * A number without its unit is refused where it has two readings: `exposure: 5`, `hold: 10`, `above: 0.5` of an
    ///   error rate, `drop: 3`. A score or a count needs no unit.
    /// * `drop: 3pp` is three points below the baseline; `drop: 3%` is three percent of the baseline.
    /// * A criterion may be a line of text. `A or B` are two criteria. `drops to 90%` and `rises above 2s` name the bound
    ///   itself, `drops by 3%` and `drops >3%` a distance from the baseline. Words after the number that name no window
    ///   are not read. A line without a comparison or without a number is kept as text.
    /// * `stages` may be left out with `strategy: all-at-once` only, which is one step to everybody.
    /// * A template in a drill or a waiver is refused: a record is read as it stands.
    ///
    /// ## What it cannot see
    ///
    /// Whether anybody follows the plan, and whether `file` and `suite` exist. `detect` is checked for its
    /// shape.
    pub Rollgate {
        id: "rollgate",
        title: "rollgate",
        summary: "RolloutPlan, RollbackDrill and Waivers: our own files",
        kinds: [("rollgate", "RolloutPlan"), ("rollgate", "RollbackDrill"), ("rollgate", "Waivers")],
    }
}

/// The one version there is.
const VERSION: &str = "v1";

impl Adapter for Rollgate {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        if object.version != VERSION {
            let span = object.node.get("apiVersion").unwrap_or(object.node).span();
            let message = format!("`rollgate/{}` is no version of our files; there is `rollgate/v1`", object.version);
            cx.problem(span, message, "write `apiVersion: rollgate/v1`");
            return;
        }
        match object.kind {
            "RolloutPlan" => plan::lower(object, cx),
            "RollbackDrill" => drill::lower(object, cx),
            "Waivers" => waivers::lower(object, cx),
            other => unknown_kind(other, object, cx),
        }
    }

    fn add<'d>(&self, object: &Object<'d>, wish: &Wish, at: Span) -> Option<Addition<'d>> {
        add::add(object, wish, at)
    }
}

/// Says that our group has no such kind: a plan whose kind is misspelled must not pass unseen.
fn unknown_kind(kind: &str, object: &Object<'_>, cx: &mut Lowering<'_>) {
    let span = object.node.get("kind").unwrap_or(object.node).span();
    let kinds = ["RolloutPlan", "RollbackDrill", "Waivers"];
    let help = nearest(kind, kinds)
        .map_or("write one of `RolloutPlan`, `RollbackDrill`, `Waivers`".to_owned(), |k| format!("write `{k}`"));
    let problem = cx.problem(span, format!("`{kind}` is no kind of `rollgate/v1`"), help);
    let meant = nearest(kind, kinds);
    problem.instead = meant.map(|k| Instead { span, text: k.into(), same_meaning: same_name(k, kind) });
}

#[cfg(test)]
mod tests;

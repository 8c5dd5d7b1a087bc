//! A rule as the registry holds it, and bound to its parameters.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::{Cx, Rule};
use crate::catalog::RuleMeta;
use crate::finding::Weaker;
use crate::model::{Change, Rollout};

/// A rule bound to its parameters.
pub trait Bound: Send + Sync {
    /// Judges one rollout.
    fn rollout(&self, rollout: &Rollout, cx: &mut Cx<'_>);
    /// Judges what a change makes of one rollout.
    fn change(&self, change: &Change, rollout: &Rollout, cx: &mut Cx<'_>);
    /// Judges the repository.
    fn repository(&self, cx: &mut Cx<'_>);
}

struct Checked<R: Rule>(R::Params);

impl<R: Rule> Bound for Checked<R>
where
    R::Params: Send + Sync,
{
    fn rollout(&self, rollout: &Rollout, cx: &mut Cx<'_>) {
        R::rollout(&self.0, rollout, cx);
    }

    fn change(&self, change: &Change, rollout: &Rollout, cx: &mut Cx<'_>) {
        R::change(&self.0, change, rollout, cx);
    }

    fn repository(&self, cx: &mut Cx<'_>) {
        R::repository(&self.0, cx);
    }
}

/// A rule as the registry holds it.
pub struct RuleDef {
    /// What it says of itself.
    pub meta: &'static RuleMeta,
    /// See [`Rule::FOLLOWS`].
    pub follows: &'static [(&'static str, &'static str, &'static str)],
    /// See [`Rule::CALENDARS`].
    pub calendars: &'static [&'static str],
    /// See [`Rule::COMES_AND_GOES`].
    pub comes_and_goes: bool,
    /// See [`Rule::JUDGES_UNPLANNED`].
    pub judges_unplanned: bool,
    /// Binds it to parameters; the error is serde's and names the parameter.
    pub bind: fn(&Value) -> Result<Box<dyn Bound>, serde_json::Error>,
    /// The schema of its parameters.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// See [`Rule::weakened`]. What is left out has the rule's default; what cannot be bound is not compared.
    pub weakened: fn(&Value, &Value) -> Vec<Weaker>,
}

impl RuleDef {
    /// The registry entry of rule `R`.
    pub const fn of<R: Rule>() -> Self {
        Self {
            meta: R::META,
            follows: R::FOLLOWS,
            calendars: R::CALENDARS,
            comes_and_goes: R::COMES_AND_GOES,
            judges_unplanned: R::JUDGES_UNPLANNED,
            bind: |value| Ok(Box::new(Checked::<R>(serde_json::from_value(value.clone())?))),
            schema: |generator| <R::Params as JsonSchema>::json_schema(generator),
            weakened: weakened::<R>,
        }
    }
}

fn weakened<R: Rule>(before: &Value, after: &Value) -> Vec<Weaker> {
    let read = |value: &Value| serde_json::from_value::<R::Params>(value.clone()).ok();
    read(before).zip(read(after)).map_or_else(Vec::new, |(before, after)| R::weakened(&before, &after))
}

//! Functions and state machines of SAM.

use super::shape::{self, Said, Shape};
use crate::adapters::cloudwatch::{self, Watched};
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object, payload};
use crate::model::{
    Basis, Exposure, Fact, Gate, GateKind, Hold, Method, Payload, Progression, Rollout, Share, Stage, Strategy,
    SubjectKind,
};
use crate::text::{Span, Spanned};

/// A function's preference over that of the template's globals, key by key.
struct Preference<'d> {
    own: Option<Field<'d>>,
    global: Option<Field<'d>>,
}

impl<'d> Preference<'d> {
    fn of(object: &Object<'d>, body: &Field<'d>) -> Self {
        let global = object.globals("Function").and_then(|g| g.get("DeploymentPreference"));
        Self { own: body.get("DeploymentPreference"), global }
    }

    /// The nearest of the two that is there.
    fn field(&self) -> Option<Field<'d>> {
        self.own.or(self.global)
    }

    fn get(&self, name: &str) -> Option<Field<'d>> {
        let own = self.own.and_then(|field| field.get(name));
        own.or_else(|| self.global.and_then(|field| field.get(name)))
    }

    fn is_off(&self) -> bool {
        self.get("Enabled").is_some_and(|e| e.boolean() == Some(false))
    }
}

pub(super) fn function(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let preference = Preference::of(object, &body);
    let alias = body.get("AutoPublishAlias").or_else(|| object.globals("Function")?.get("AutoPublishAlias"));
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    rollout.payload = code(&body);
    match (alias, preference.field()) {
        (_, Some(field)) if alias.is_none() && !preference.is_off() => {
            let message = "`DeploymentPreference` needs `AutoPublishAlias`, and SAM refuses the template without it";
            cx.invalid(field.anchor(), message, "add `AutoPublishAlias: live`");
        }
        (None, _) => return,
        (Some(_), _) => {}
    }
    let at_once = match (alias, preference.field()) {
        (_, Some(_)) if preference.is_off() => preference.get("Enabled"),
        (Some(alias), None) => Some(alias),
        (_, Some(_)) | (None, None) => None,
    };
    match at_once {
        Some(_) if is_hook(object, &body) => {}
        Some(why) => whole(rollout, &why, cx),
        None => gradual(object, rollout, &preference, cx),
    }
}

/// What the function runs.
fn code(body: &Field<'_>) -> Vec<Payload> {
    let places = [&["ImageUri"][..], &["CodeUri"], &["CodeUri", "Key"], &["CodeUri", "Version"], &["InlineCode"]];
    places.iter().filter_map(|path| body.path(path)).filter_map(|f| payload(f.node)).collect()
}

/// A function that CodeDeploy calls to test another one serves nobody.
fn is_hook(object: &Object<'_>, body: &Field<'_>) -> bool {
    if body.get("FunctionName").and_then(|n| n.as_written()).is_some_and(|n| n.starts_with("CodeDeployHook_")) {
        return true;
    }
    let functions = object.neighbours(&[("AWS::Serverless", "Function")]);
    let own = functions.iter().filter_map(|o| o.body()?.get("DeploymentPreference"));
    let preferences = own.chain(object.globals("Function").and_then(|g| g.get("DeploymentPreference")));
    let hooks = preferences.filter_map(|p| p.get("Hooks")).flat_map(|h| h.entries());
    hooks.filter_map(|(_, hook)| hook.resource()).any(|hook| hook.name() == object.name())
}

/// The alias goes over to the new version as a whole.
fn whole(mut rollout: Rollout, why: &Field<'_>, cx: &mut Lowering<'_>) {
    let by = "SAM: the alias points to the new version at once";
    let value = Exposure::exact(Share::ALL, Basis::Requests);
    let stage = Stage::new(Fact::Defaulted { value, by, near: why.anchor() }, why.anchor());
    rollout.strategy = Spanned::new(Strategy::AllAtOnce, why.anchor());
    rollout.progression = Progression::Declared(vec![stage]);
    rollout.rollback.anchor = why.anchor();
    cx.rollout(rollout);
}

fn gradual(object: &Object<'_>, mut rollout: Rollout, preference: &Preference<'_>, cx: &mut Lowering<'_>) {
    let Some(field) = preference.field() else { return };
    let anchor = preference.get("Alarms").map_or_else(|| field.anchor(), |a| a.anchor());
    rollout.rollback.anchor = anchor;
    rollout.rollback.method = Some(Method::TrafficFlip);
    let by = "SAM: rolls back on a failure, a stop, and an alarm";
    rollout.rollback.automatic = Fact::Defaulted { value: true, by, near: anchor };
    let switch = preference.get("Enabled").filter(|enabled| enabled.boolean().is_none());
    let (said, span) = match (switch, preference.get("Type")) {
        // Off would be everybody at once.
        (Some(enabled), _) => {
            cx.unknown(enabled.node, enabled.unknown().unwrap_or("reference"));
            (Said::Nowhere, enabled.span())
        }
        (None, Some(kind)) => (shape::said(object, &kind, cx), kind.span()),
        (None, None) if field.unknown().is_some() => (Said::Nowhere, field.span()),
        (None, None) => {
            cx.invalid(field.anchor(), "`DeploymentPreference` has no `Type`, and SAM refuses it", "add `Type`");
            (Said::Nowhere, field.anchor())
        }
    };
    let alarms = preference.get("Alarms").map(|a| a.items()).unwrap_or_default();
    let watched = Watched::new(object, &alarms, cx);
    let tested = preference.get("Hooks").and_then(|h| h.get("PostTraffic"));
    hand_in(
        rollout,
        (said, span),
        watched,
        tested.map(|t| (t.as_written().unwrap_or("PostTraffic").into(), t.span())),
        cx,
    );
}

/// Hands in a rollout whose stages or alarms may stand in other files.
fn hand_in(
    mut rollout: Rollout,
    (said, span): (Said, Span),
    watched: Watched,
    tested: Option<(Box<str>, Span)>,
    cx: &mut Lowering<'_>,
) {
    let shaped = said.finish(&mut rollout, span);
    let alarmed = watched.finish(&mut rollout, |criterion| cloudwatch::acts(criterion, true));
    cx.rollout_after(rollout, move |rollout, world| {
        shaped(rollout, world);
        alarmed(rollout, world);
        settle(rollout);
        let (Some((name, span)), Progression::Declared(stages)) = (&tested, &mut rollout.progression) else { return };
        let gate = Gate { kind: GateKind::Test, name: name.clone(), blocking: true, span: *span };
        stages.last_mut().into_iter().for_each(|last| last.gates.push(gate.clone()));
    });
}

/// What the stages say of the alarms: can they go off in time?
pub(super) fn settle(rollout: &mut Rollout) {
    if rollout.strategy.value != Strategy::Canary {
        return;
    }
    if let Some(exposed) = Shape::exposed(rollout) {
        rollout.rollback.criteria.iter_mut().for_each(|criterion| cloudwatch::in_time(criterion, exposed));
    }
}

/// A state machine says its strategy in words and numbers of its own.
pub(super) fn state_machine(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let Some(alias) = body.get("AutoPublishAlias") else { return };
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    let places = [&["DefinitionUri"][..], &["DefinitionUri", "Key"], &["DefinitionUri", "Version"]];
    rollout.payload = places.iter().filter_map(|p| body.path(p)).filter_map(|f| payload(f.node)).collect();
    let Some(preference) = body.get("DeploymentPreference") else { return whole(rollout, &alias, cx) };
    if preference.get("Enabled").is_some_and(|e| e.boolean() == Some(false)) {
        return whole(rollout, &preference, cx);
    }
    rollout.rollback.anchor = preference.anchor();
    rollout.rollback.method = Some(Method::TrafficFlip);
    let alarms = preference.get("Alarms").map(|a| a.items()).unwrap_or_default();
    let watched = Watched::new(object, &alarms, cx);
    let said = stepped(&preference, cx);
    hand_in(rollout, said, watched, None, cx);
}

/// The stages of a state machine's preference.
fn stepped(preference: &Field<'_>, cx: &mut Lowering<'_>) -> (Said, Span) {
    let Some(kind) = preference.get("Type") else { return (Said::Nowhere, preference.anchor()) };
    let shape = match kind.text() {
        Some("ALL_AT_ONCE") => {
            let all = kind.fact(Exposure::exact(Share::ALL, Basis::Requests));
            Shape::at_once(all, kind.span())
        }
        Some(word @ ("CANARY" | "LINEAR")) => Shape::steps(preference, &shape::STEPPED, word == "LINEAR", cx),
        Some(_) | None => {
            cx.take_field(&kind, "Type", "`ALL_AT_ONCE`, `CANARY` or `LINEAR`", |_| None::<Hold>);
            return (Said::Nowhere, kind.span());
        }
    };
    (Said::Here(shape), kind.span())
}

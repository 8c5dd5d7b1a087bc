//! `rollgate window`: may a deploy start, and if not, when.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::args::{Format, Window};
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{Outcome, check, print, setup};
use crate::catalog::Level;
use crate::clock::Moment;
use crate::model::{KnownService, Labels};
use crate::policy::{Facets, Policy, Setting};
use crate::render::{visible, wrap};
use crate::rules::deploy_days::DeployDays;
use crate::rules::deploy_window::{DeployWindow, Params};

pub(super) fn run(args: &Window, around: &Surroundings) -> Outcome {
    let at = setup::moment(args.at.as_deref(), around.now)?.unwrap_or(around.now);
    let roots = check::roots(&[], around, false);
    let policy = setup::policy(&args.policy, &roots, around)?;
    let known = known(args, &policy)?;
    let setting = setting(&policy, &known);
    let told = match &setting {
        Some(setting) if setting.level != Level::Off => judge(setting, &policy, &known, at)?,
        Some(_) | None => Told::off(at, policy.timezone),
    };
    let width = around.width;
    print(&if args.output.format == Format::Json { told.json() } else { told.text(args.service.as_deref(), width) })?;
    Ok(u8::from(!told.open))
}

/// What the policy says of the service that is asked for.
fn known<'a>(args: &'a Window, policy: &Policy) -> Result<KnownService<'a>, Vec<Failure>> {
    let Some(name) = args.service.as_deref() else { return Ok(KnownService::default()) };
    if name.is_empty() {
        return Err(vec![Failure::new("`--service` names no service", "name one, or leave it out")]);
    }
    let declared = policy.services.iter().find(|s| *s.name.value == *name);
    Ok(KnownService {
        service: Some(name),
        change: declared.and_then(|s| s.change),
        risk: declared.and_then(|s| s.risk),
    })
}

/// The rule's setting for the scopes and classes that are known to hold.
fn setting(policy: &Policy, known: &KnownService<'_>) -> Option<Setting> {
    let facets = Facets {
        environment: None,
        service: known.service.unwrap_or_default(),
        system: "",
        kind: "",
        namespace: None,
        name: "",
        labels: Labels::NONE,
        path: "",
        change: known.change,
        risk: known.risk,
    };
    policy.settings(&policy.selector(&facets)).remove(DeployWindow::META.id)
}

/// What is told.
struct Told {
    open: bool,
    at: Moment,
    zone: crate::clock::Tz,
    /// The sentence after `open: ` or `closed: `.
    reason: String,
    opens: Option<Moment>,
    closes: Option<Moment>,
    /// Freezes that may hold for some rollouts and not for others.
    aside: Vec<String>,
}

impl Told {
    fn off(at: Moment, zone: crate::clock::Tz) -> Self {
        let reason = "the rule `deploy-window` is off, so a deploy may start at any time".to_owned();
        Self { open: true, at, zone, reason, opens: None, closes: None, aside: Vec::new() }
    }

    fn text(&self, service: Option<&str>, width: usize) -> String {
        let word = if self.open { "open" } else { "closed" };
        let whom = service.map(|s| format!(" for {s}")).unwrap_or_default();
        let mut out = wrap(&visible(&format!("{word}{whom}: {}", self.reason)), width, "", "  ");
        for aside in &self.aside {
            let note = format!("some rollouts are {aside}, which matches by more than the service");
            out += &wrap(&visible(&note), width, "notice: ", "  ");
        }
        out
    }

    fn json(&self) -> String {
        let moment = |m: Moment| m.with_timezone(&self.zone).to_rfc3339_opts(SecondsFormat::Secs, true);
        let optional = |m: Option<Moment>| m.map_or(Value::Null, |m| Value::String(moment(m)));
        let mut object = Map::new();
        object.insert("schema".into(), json!("rollgate/window/v1"));
        object.insert("at".into(), json!(moment(self.at)));
        object.insert("timezone".into(), json!(self.zone.name()));
        object.insert("open".into(), json!(self.open));
        object.insert("reason".into(), json!(self.reason));
        object.insert("opens".into(), optional(self.opens));
        object.insert("closes".into(), optional(self.closes));
        object.insert("notices".into(), json!(self.aside));
        format!("{:#}\n", Value::Object(object))
    }
}

fn judge(setting: &Setting, policy: &Policy, known: &KnownService<'_>, at: Moment) -> Result<Told, Vec<Failure>> {
    let written: Map<String, Value> = setting.params.iter().map(|(k, p)| (k.clone(), p.value.clone())).collect();
    let failed = |e: serde_json::Error| vec![Failure::new(format!("`deploy-window`: {e}"), "mend the policy")];
    let params: Params = serde_json::from_value(Value::Object(written)).map_err(failed)?;
    let holds = |wanted: Option<bool>| move |m: &crate::model::Match| m.holds_for(known) == wanted;
    let days = DeployDays::new(&params, policy.timezone, &policy.calendars, holds(Some(true)));
    if let Some(unknown) = days.unknown(at) {
        return Err(vec![Failure::new(unknown, "ask for an earlier moment")]);
    }
    let maybe = DeployDays::new(&params, policy.timezone, &policy.calendars, holds(None));
    let (zone, aside) = (days.zone(), maybe.frozen(at).collect());
    if let Some(closed) = days.closed(at) {
        let reason = format!("{}, {}; {}", closed.local, closed.why, days.opening(&closed, at));
        return Ok(Told { open: false, at, zone, reason, opens: closed.opens, closes: None, aside });
    }
    let closes = days.closes(at);
    let reason = format!("{}, {}", days.told(at), days.closing(closes, at));
    Ok(Told { open: true, at, zone, reason, opens: None, closes, aside })
}

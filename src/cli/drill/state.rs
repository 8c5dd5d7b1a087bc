//! `rollgate drill list` and `rollgate drill verify`.

use std::collections::BTreeSet;

use chrono::{NaiveDate, SecondsFormat};
use serde_json::{Value, json};

use super::{Survey, survey};
use crate::cli::args::{DrillList, DrillVerify, Format};
use crate::cli::failure::Failure;
use crate::cli::history::explain;
use crate::cli::surroundings::Surroundings;
use crate::cli::{Outcome, print, setup};
use crate::clock::period;
use crate::history::HistoryError;
use crate::model::units::Period;
use crate::model::{Looked, Proof};
use crate::policy::Selector;
use crate::render::visible;
use crate::rules::rollback_drill_stale::{self, last_drill};

/// A drill is due soon when it is within these days.
const SOON: i64 = 14;

/// One service and its last drill.
struct Line {
    service: String,
    last: Option<(NaiveDate, String)>,
    due: Option<NaiveDate>,
    state: &'static str,
}

/// Each service with its last drill, its age, and when the next one is due.
pub(super) fn list(args: &DrillList, around: &Surroundings) -> Outcome {
    let at = setup::moment(args.at.as_deref(), around.now)?.unwrap_or(around.now);
    let survey = survey(at, around)?;
    let within = within(&survey);
    let facts = &survey.facts;
    let anchors = facts.service_anchors.iter().filter_map(|i| facts.rollouts.get(*i)).map(|r| &*r.service);
    let services: BTreeSet<&str> = anchors.chain(facts.services.iter().map(|s| &*s.name)).collect();
    let today = at.with_timezone(&facts.zone).date_naive();
    let unseen = facts.drill_log.as_ref().is_none_or(|l| l.looked != Looked::Everywhere || l.tags_may_be_missing);
    let line = |service: &&str| {
        let last = last_drill(service, facts);
        let due = last.as_ref().and_then(|l| period::last_day(l.performed, within.months, within.seconds, facts.zone));
        let state = match due {
            None if unseen => "unknown",
            None => "none",
            Some(due) if today > due => "stale",
            Some(due) if (due - today).num_days() <= SOON => "due",
            Some(_) => "ok",
        };
        let day = |l: &rollback_drill_stale::LastDrill<'_>| l.performed.with_timezone(&facts.zone).date_naive();
        let last = last.map(|l| (day(&l), l.known_by.clone().unwrap_or_else(|| "record".to_owned())));
        Line { service: (*service).to_owned(), last, due, state }
    };
    let lines: Vec<Line> = services.iter().map(line).collect();
    print(&if args.output.format == Format::Json {
        let as_of = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let all: Vec<Value> = lines.iter().map(|l| as_json(l, today)).collect();
        format!(
            "{:#}\n",
            json!({"schema": "rollgate/drills/v1", "as_of": as_of, "within": within.to_string(), "services": all})
        )
    } else {
        as_table(&lines, today, within)
    })?;
    Ok(0)
}

fn within(survey: &Survey) -> Period {
    let settings = survey.policy.settings(&Selector::default());
    let written = settings.get("rollback-drill-stale").and_then(|s| s.params.get("within"));
    let read = written.and_then(|p| serde_json::from_value(json!({"within": p.value})).ok());
    let read: Option<rollback_drill_stale::Params> = read;
    read.unwrap_or_default().within
}

fn as_json(line: &Line, today: NaiveDate) -> Value {
    let last =
        line.last.as_ref().map(|(day, by)| json!({"day": day, "age_days": (today - *day).num_days(), "known_by": by}));
    json!({"service": line.service, "state": line.state, "last": last, "due": line.due})
}

fn as_table(lines: &[Line], today: NaiveDate, within: Period) -> String {
    if lines.is_empty() {
        return "no service is rolled out here\n".to_owned();
    }
    let cell = |line: &Line| {
        let (day, age, by) = match &line.last {
            Some((day, by)) => (day.to_string(), format!("{}d", (today - *day).num_days()), by.clone()),
            None => ("–".to_owned(), "–".to_owned(), "–".to_owned()),
        };
        let due = line.due.map_or_else(|| "–".to_owned(), |d| d.to_string());
        [visible(&line.service).into_owned(), line.state.to_owned(), day, age, due, visible(&by).into_owned()]
    };
    let head = ["service", "state", "last drill", "age", "due by", "known by"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(lines.iter().map(cell)).collect();
    let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for row in &rows {
        let cells = row.iter().enumerate().map(|(i, text)| format!("{text:<width$}", width = width(i)));
        out += cells.collect::<Vec<_>>().join("  ").trim_end();
        out.push('\n');
    }
    out + &format!("\na drill is due every {within}\n")
}

/// Every record, and what git says of it.
pub(super) fn verify(args: &DrillVerify, around: &Surroundings) -> Outcome {
    let survey = survey(around.now, around)?;
    let Some(log) = survey.git.as_ref().and(survey.facts.drill_log.as_ref()) else {
        return Err(vec![explain(&HistoryError::NoRepository)]);
    };
    let path = |index: usize| survey.facts.path(survey.facts.drills[index].anchor).to_owned();
    let wanted: Vec<String> =
        args.files.iter().map(|f| f.to_string_lossy().trim_start_matches("./").to_owned()).collect();
    let chosen: Vec<usize> =
        (0..survey.facts.drills.len()).filter(|i| wanted.is_empty() || wanted.contains(&path(*i))).collect();
    let unread = wanted.iter().filter(|w| !chosen.iter().any(|i| path(*i) == **w));
    let help = "name a file of this repository, by its path from the root, that holds a RollbackDrill";
    let unread: Vec<Failure> =
        unread.map(|w| Failure::new(format!("`{w}` holds no record of a drill"), help)).collect();
    if !unread.is_empty() {
        return Err(unread);
    }
    let (mut out, mut all, mut code) = (String::new(), Vec::new(), 0);
    for index in chosen {
        let drill = &survey.facts.drills[index];
        let place = format!("{}:{}", path(index), survey.sources.positions(drill.anchor).0.line);
        let day = drill.performed.value.with_timezone(&survey.facts.zone).date_naive();
        let (state, why) = match log.proofs.get(index) {
            Some(Proof::Confirmed) => ("confirmed", ""),
            Some(Proof::Refuted(why)) => ("refuted", why.as_str()),
            Some(Proof::Unknown(_, why)) => ("unknown", why.as_str()),
            None => ("unknown", "was not looked at: the drill rules are off"),
        };
        code = code.max(match state {
            "confirmed" => 0,
            "refuted" => 1,
            _ => 2,
        });
        let tail = if why.is_empty() { String::new() } else { format!(": it {why}") };
        let service = &drill.service.value;
        out += &format!("{}: {service}, {day}: {state}{}\n", visible(&place), visible(&tail));
        all.push(json!({"place": place, "service": service, "day": day, "state": state, "why": why}));
    }
    if all.is_empty() {
        out += "there are no records of drills\n";
    }
    print(&if args.output.format == Format::Json {
        format!("{:#}\n", json!({"schema": "rollgate/drill-verify/v1", "drills": all}))
    } else {
        out
    })?;
    Ok(code)
}

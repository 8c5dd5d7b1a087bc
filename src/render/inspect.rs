//! The model for people: a block per rollout, its stages as a table.

use super::inspect_json::Model;
use super::visible;
use super::wrap::{columns, wrap};
use crate::model::units::display_seconds;
use crate::model::{
    Action, Bound, Comparer, CriteriaDocument, Criterion, CriterionClass, Evaluated, Fact, Hold, ObjectRef, PromptFile,
    Rollout, Share, Stage,
};
use crate::text::Sources;

/// What files lowered to, as blocks of text that fit 80 columns where names allow.
pub fn inspect(model: &Model<'_>, sources: &Sources) -> String {
    let blocks = model.rollouts.iter().map(|r| block(r, sources));
    let documents = model.criteria.iter().map(|d| {
        let (start, _) = sources.positions(d.name.span);
        let place = format!("{}:{}", visible(sources.path(d.span.file)), start.line);
        heading(&title(d), &place) + &asked(&d.criteria)
    });
    let prompts = model.prompts.iter().map(|p| prompt(p, sources));
    let mut parts: Vec<String> = blocks.chain(documents).chain(prompts).collect();
    parts.extend(model.skipped.iter().map(|s| format!("skipped {}: {}\n", visible(&s.path), s.reason)));
    if parts.is_empty() {
        return "no rollout in these files\n".to_owned();
    }
    parts.join("\n")
}

/// Columns that blocks are wrapped to.
const WIDTH: usize = 80;

fn object(id: &ObjectRef) -> String {
    let name = id.namespace.as_deref().map_or_else(|| id.name.to_string(), |ns| format!("{ns}/{}", id.name));
    format!("{} {}", id.kind, visible(&name))
}

fn block(rollout: &Rollout, sources: &Sources) -> String {
    let (start, _) = sources.positions(rollout.name_span);
    let file = visible(sources.path(rollout.span.file));
    let mut out =
        heading(&format!("{} ({})", object(&rollout.id), rollout.adapter.id), &format!("{file}:{}", start.line));
    let kind = if rollout.progression.is_live() { "live split" } else { "declared plan" };
    field(&mut out, "strategy", &format!("{}, {kind}", rollout.strategy.value.name()));
    let environment = rollout.environment.as_deref().map(|e| format!(" in {}", visible(e))).unwrap_or_default();
    field(&mut out, "service", &format!("{}{environment}", visible(&rollout.service)));
    for payload in &rollout.payload {
        field(&mut out, "ships", &visible(&payload.value));
    }
    if let Some(owner) = &rollout.owner {
        field(&mut out, "owner", &format!("{}: judged there", object(owner)));
    }
    if rollout.partial {
        field(&mut out, "patch", "partial: nothing is missing from it");
    }
    stages(&mut out, rollout.stages());
    shadow(&mut out, rollout);
    criteria(&mut out, &rollout.rollback.criteria);
    ends(&mut out, rollout);
    out
}

/// What a document of criteria is called; some have no name.
fn title(document: &CriteriaDocument) -> String {
    let name =
        if document.name.value.is_empty() { String::new() } else { format!(" {}", visible(&document.name.value)) };
    format!("criteria document {}{name} ({})", document.kind, document.system)
}

fn prompt(prompt: &PromptFile, sources: &Sources) -> String {
    let (start, _) = sources.positions(prompt.name.span);
    let title = format!("{} {} ({})", prompt.kind, visible(&prompt.name.value), prompt.system);
    let mut out = heading(&title, &format!("{}:{}", visible(sources.path(prompt.span.file)), start.line));
    let whose = prompt.vendor.as_deref().map(|v| format!(" ({})", visible(v))).unwrap_or_default();
    let model = match &prompt.model {
        Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. } => {
            prompt.model.known().map_or("not named here".into(), |m| visible(m))
        }
        Fact::Dynamic { expr, .. } => format!("unknown: {}", visible(expr)).into(),
    };
    field(&mut out, "model", &format!("{model}{whose}"));
    let parameters = prompt.parameters.iter().map(|(name, value)| format!("{} {}", visible(name), visible(value)));
    let texts = |all: &[Box<str>]| all.iter().map(|t| visible(t).into_owned()).collect::<Vec<_>>();
    let lists = [
        ("asked with", parameters.collect()),
        ("filled with", texts(&prompt.variables)),
        ("may call", texts(&prompt.tools)),
    ];
    for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
        field(&mut out, name, &values.join(", "));
    }
    out
}

/// What it is and where, on one line if both fit.
fn heading(what: &str, place: &str) -> String {
    let line = format!("{what} · {place}\n");
    if columns(&line) <= WIDTH { line } else { format!("{what}\n  at           {place}\n") }
}

fn field(out: &mut String, name: &str, value: &str) {
    *out += &wrap(value, WIDTH, &format!("  {name:<12} "), "               ");
}

/// The end of a block: what watches it, how it goes back, what it refers to.
fn ends(out: &mut String, rollout: &Rollout) {
    let mut monitors: Vec<String> = Vec::new();
    for monitor in &rollout.monitors {
        let name = visible(&monitor.value.name).into_owned();
        if !monitors.contains(&name) {
            monitors.push(name);
        }
    }
    if !monitors.is_empty() {
        field(out, "monitors", &monitors.join(", "));
    }
    match &rollout.rollback.way_back {
        Fact::Stated(s) => field(out, "way back", &format!("old side kept {}", display_seconds(s.value))),
        Fact::Defaulted { value, by, .. } => {
            field(out, "way back", &format!("old side kept {} ({by})", display_seconds(*value)));
        }
        Fact::Dynamic { expr, .. } => field(out, "way back", &format!("unknown: {}", visible(expr))),
        Fact::Absent { .. } => {}
    }
    for owned in &rollout.owns {
        field(out, "owns", &object(owned));
    }
    for missing in &rollout.unresolved {
        field(out, "unresolved", &format!("{} {}", missing.kind, visible(&missing.name)));
    }
    for unknown in &rollout.undetermined {
        field(out, "unknown", &format!("{} ({})", visible(&unknown.path), unknown.reason));
    }
    for remark in &rollout.remarks {
        field(out, "remark", &visible(&remark.message));
    }
}

fn stages(out: &mut String, stages: &[Stage]) {
    if stages.is_empty() {
        return;
    }
    let head = ["stage", "written", "effective", "of", "hold", "gates"].map(str::to_owned);
    let rows: Vec<[String; 6]> =
        std::iter::once(head).chain(stages.iter().enumerate().map(|(i, s)| row(i, s))).collect();
    let widest = |column: usize| rows.iter().map(|r| columns(&r[column])).max().unwrap_or(0);
    let mut widths: [usize; 6] = std::array::from_fn(widest);
    if table_width(&widths) > WIDTH {
        widths[0] = widths[0].min(LABEL);
        widths[5] = WIDTH.saturating_sub(table_width(&widths) - widths[5]).clamp(LABEL, widths[5].max(LABEL));
    }
    for row in &rows {
        *out += &table_row(row, &widths);
    }
}

/// Columns that a stage's name or its gates get at least, before they are broken into lines.
const LABEL: usize = 20;

/// Columns of a whole row: four before it, two between cells.
fn table_width(widths: &[usize; 6]) -> usize {
    4 + widths.iter().sum::<usize>() + 2 * 5
}

/// One row, of several lines where a cell is wider than its column.
fn table_row(row: &[String; 6], widths: &[usize; 6]) -> String {
    let broken = row.iter().zip(widths).map(|(cell, width)| wrap(cell, *width, "", ""));
    let cells: Vec<Vec<String>> = broken.map(|cell| cell.lines().map(str::to_owned).collect()).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = String::new();
    for line in 0..height {
        let mut text = String::from("    ");
        for (cell, width) in cells.iter().zip(widths) {
            let part = cell.get(line).map_or("", |part| part);
            text += part;
            text += &" ".repeat((width + 2).saturating_sub(columns(part)));
        }
        out += text.trim_end();
        out.push('\n');
    }
    out
}

fn row(index: usize, stage: &Stage) -> [String; 6] {
    let exposure = stage.exposure.known();
    let label = stage.name.as_deref().or(stage.audience.as_ref().map(|a| &*a.name));
    let number = (index + 1).to_string();
    let name = label.map_or_else(|| number.clone(), |l| format!("{number} {}", visible(l)));
    let share = |s: Option<Share>| s.map_or_else(|| "?".to_owned(), |s| s.to_string());
    let written = match &stage.exposure {
        Fact::Dynamic { expr, .. } => visible(expr).into_owned(),
        Fact::Absent { .. } => "-".to_owned(),
        Fact::Stated(_) | Fact::Defaulted { .. } => share(exposure.map(|e| e.written)),
    };
    let effective = exposure.map_or_else(|| "-".to_owned(), |e| share(e.effective));
    let basis = exposure.map_or("-", |e| e.basis.name()).to_owned();
    let gates: Vec<String> = stage
        .gates
        .iter()
        .map(|g| format!("{} {}{}", g.kind.name(), visible(&g.name), if g.blocking { "" } else { " (background)" }))
        .collect();
    [name, written, effective, basis, hold(&stage.hold), gates.join(", ")]
}

fn hold(hold: &Fact<Hold>) -> String {
    match hold {
        Fact::Dynamic { expr, .. } => visible(expr).into_owned(),
        Fact::Absent { .. } => "none".to_owned(),
        Fact::Stated(_) | Fact::Defaulted { .. } => match hold.known() {
            Some(Hold::Timed(s)) => display_seconds(*s),
            Some(Hold::Ramp(s)) => format!("ramp over {}", display_seconds(*s)),
            Some(Hold::Gated) => "until approved".to_owned(),
            Some(Hold::Unknown) => "?".to_owned(),
            Some(Hold::None) | None => "none".to_owned(),
        },
    }
}

fn shadow(out: &mut String, rollout: &Rollout) {
    let Some(shadow) = &rollout.shadow else { return };
    let share = shadow.share.known().map_or_else(|| "?".to_owned(), ToString::to_string);
    let length = shadow.duration.known().map(|s| format!(" for {}", display_seconds(*s))).unwrap_or_default();
    let compared = match &shadow.comparer {
        Comparer::Nothing => "compared by nothing".to_owned(),
        Comparer::Named(name) => format!("compared by {}", visible(name)),
        Comparer::Unknown => "comparison unknown".to_owned(),
    };
    field(out, "shadow", &format!("{share} mirrored{length}, {compared}"));
}

fn criteria(out: &mut String, criteria: &[Criterion]) {
    for criterion in criteria {
        let mut line = sentence(criterion) + &evaluated(criterion);
        if criterion.evaluated == Evaluated::Unknown {
            line += " [evaluated: unknown]";
        }
        if criterion.action != Action::Rollback {
            line += &format!(" -> {}", criterion.action.name());
        }
        field(out, "roll back", &line);
    }
}

/// What a document of criteria asks: numbers line by line, what has none in one go.
fn asked(criteria: &[Criterion]) -> String {
    let mut out = String::new();
    let mut checks = Vec::new();
    let mixed = criteria.windows(2).any(|two| two[0].action != two[1].action);
    for criterion in criteria {
        let action = if mixed { format!(" -> {}", criterion.action.name()) } else { String::new() };
        let end = evaluated(criterion) + &action;
        if criterion.class == CriterionClass::Opaque {
            let said = criterion.text.as_deref().map(|t| format!(" `{}`", visible(t))).unwrap_or_default();
            let window = criterion.window.map(|w| format!(" over {}", display_seconds(w))).unwrap_or_default();
            checks.push(format!("{}{said}{window}{end}", visible(&criterion.metric.name)));
        } else {
            field(&mut out, "fails on", &(sentence(criterion) + &end));
        }
    }
    if !checks.is_empty() {
        field(&mut out, "no number", &checks.join(", "));
    }
    if criteria.is_empty() {
        field(&mut out, "fails on", "nothing");
    } else if criteria.iter().any(|c| c.evaluated == Evaluated::Unknown) {
        field(&mut out, "evaluated", "unknown: these files do not tell what runs it");
    }
    out
}

/// Why nothing looks at a criterion in time, with a space before it.
fn evaluated(criterion: &Criterion) -> String {
    match &criterion.evaluated {
        Evaluated::Yes | Evaluated::Unknown => String::new(),
        Evaluated::No(why) => format!(" [not evaluated: {}]", visible(why)),
        Evaluated::AfterExposure => " [only after everybody has it]".to_owned(),
    }
}

fn sentence(criterion: &Criterion) -> String {
    let name = visible(&criterion.metric.name);
    let bound = match &criterion.bound {
        Fact::Stated(_) | Fact::Defaulted { .. } => criterion.bound.known().map(Bound::to_string),
        Fact::Dynamic { expr, .. } => Some(format!("? ({})", visible(expr))),
        Fact::Absent { .. } => None,
    };
    let text = criterion.text.as_deref().map(|t| format!(" `{}`", visible(t))).unwrap_or_default();
    let mut out = match (criterion.comparison, bound) {
        (Some(comparison), Some(bound)) => format!("{name} {} {bound}", comparison.name()),
        _ if criterion.class == CriterionClass::Text => {
            format!("{} (compares nothing with a number)", text.trim_start())
        }
        (None, _) | (_, None) => format!("{name}: {}{text}", criterion.class.name()),
    };
    if let Some(window) = criterion.window {
        out += &format!(" over {}", display_seconds(window));
    }
    if let Some(tolerated) = criterion.tolerated.filter(|t| *t > 0) {
        out += &format!(", {tolerated} tolerated");
    }
    out
}

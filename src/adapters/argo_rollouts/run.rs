//! What one analysis run comes to: templates found, merged, filled with arguments, and read.

use regex_lite::Regex;

use super::criteria::{Judged, Metered, judge, unconditional};
use super::template::{Argument, MetricSpec, Template, TemplateRef, Value, Written};
use super::tokens::hole;
use crate::adapters::World;
use crate::model::{Metric, ObjectRef, Remark, RemarkKind, Unknown, Unresolved};
use crate::text::{Span, Spanned};

/// A reference to templates, with what the rollout supplies to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Use {
    pub(super) templates: Vec<TemplateRef>,
    pub(super) arguments: Vec<Argument>,
    pub(super) dry_run: Vec<Box<str>>,
}

impl Use {
    /// What people call it: the templates' names.
    pub(super) fn name(&self) -> String {
        self.templates.iter().map(|t| &*t.name).collect::<Vec<_>>().join(", ")
    }
}

/// How long a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    /// Seconds it takes at least.
    pub(super) at_least: u64,
    /// It takes longer than that by a time nobody can know: a Job, a template that is not there.
    pub(super) open: bool,
    /// It never ends by itself.
    pub(super) endless: bool,
}

impl Length {
    /// The length of two runs side by side.
    pub(super) fn beside(self, other: Self) -> Self {
        Self {
            at_least: self.at_least.max(other.at_least),
            open: self.open || other.open,
            endless: self.endless || other.endless,
        }
    }
}

/// What a run comes to.
#[derive(Default)]
pub(super) struct Run {
    pub(super) judged: Vec<Judged>,
    pub(super) monitors: Vec<Spanned<Metric>>,
    pub(super) length: Length,
    pub(super) unresolved: Vec<Unresolved>,
    pub(super) undetermined: Vec<Unknown>,
    pub(super) remarks: Vec<Remark>,
}

/// The arguments that hold in a run.
pub(super) struct Arguments(Vec<Argument>);

/// A text with its arguments filled in.
pub(super) struct Filled {
    pub(super) text: String,
    /// Where the one argument that was filled in is written, with its value.
    pub(super) from: Option<(Box<str>, Span)>,
    /// Why a template is left: the first one that nobody fills in.
    pub(super) reason: Option<&'static str>,
}

impl Arguments {
    /// The arguments as a template's own text gives them.
    pub(super) fn own(template: &Template) -> Self {
        Self(template.arguments.clone())
    }

    /// Fills `{{args.name}}` in `text`; what nobody supplies stays as it is.
    pub(super) fn fill(&self, text: &str) -> Filled {
        let mut out = Filled { text: String::new(), from: None, reason: None };
        let (mut rest, mut filled) = (text, 0);
        while let Some(c) = rest.chars().next() {
            let Some((found, after)) = hole(rest) else {
                out.text.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            };
            let inside = found.strip_prefix("{{").and_then(|t| t.strip_suffix("}}")).unwrap_or("").trim();
            let name = inside.strip_prefix("args.");
            match name.and_then(|n| self.0.iter().find(|a| *a.name == *n)).map(|a| &a.value) {
                Some(Value::Known(value)) if hole(value.text.trim()).is_none() => {
                    out.text += &value.text;
                    out.from = Some((value.text.clone(), value.span));
                    filled += 1;
                }
                Some(Value::Known(_) | Value::Runtime | Value::Missing) | None => {
                    out.text += found;
                    let reason = if name.is_some() { "unresolved-argument" } else { "template" };
                    out.reason = out.reason.or(Some(reason));
                }
            }
            rest = after;
        }
        out.from = out.from.filter(|_| filled == 1);
        out
    }

    /// The written value with its arguments filled in.
    pub(super) fn filled(&self, written: Option<&Written>) -> Option<Filled> {
        written.map(|w| self.fill(&w.text))
    }
}

/// Finds the templates of `used` as seen from the object `from`, and reads them as one run.
pub(super) fn run(used: &Use, from: &ObjectRef, world: &World<'_>) -> Run {
    let mut run = Run::default();
    let mut found: Vec<(&Template, Span)> = Vec::new();
    let mut seen: Vec<(bool, Box<str>)> = Vec::new();
    let mut waiting: Vec<(TemplateRef, Span)> = used.templates.iter().map(|t| (t.clone(), t.span)).rev().collect();
    while let Some((reference, via)) = waiting.pop() {
        let key = (reference.cluster, reference.name.clone());
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let namespace = from.namespace.as_deref().filter(|_| !reference.cluster);
        let id = ObjectRef::new("argoproj.io", reference.kind(), namespace, &reference.name);
        if let Some(template) = world.find::<Template>(&id) {
            found.push((template, via));
            waiting.extend(template.nested.iter().rev().map(|n| (n.clone(), via)));
            continue;
        }
        run.length.open = true;
        run.unresolved.push(Unresolved {
            kind: reference.kind().into(),
            name: reference.name.clone(),
            span: reference.span,
            because: "so its criteria are unknown",
        });
    }
    let arguments = merge(&found, &used.arguments, &mut run);
    let metrics: Vec<(&MetricSpec, Span)> =
        found.iter().flat_map(|(t, via)| t.metrics.iter().map(|m| (m, *via))).collect();
    refuse_equal_names(&metrics, &mut run);
    let patterns = used.dry_run.iter().chain(found.iter().flat_map(|(t, _)| &t.dry_run));
    let dry: Vec<Regex> = patterns.filter_map(|p| Regex::new(p).ok()).collect();
    let first = metrics.first().copied();
    for (spec, via) in metrics {
        let dry = dry.iter().any(|d| d.is_match(&spec.name));
        measure(&Metered { spec, arguments: &arguments, dry, via: Some(via) }, &mut run);
    }
    if let (true, true, Some((spec, via))) = (run.judged.is_empty(), run.unresolved.is_empty(), first) {
        run.judged.push(unconditional(spec, via));
    }
    run
}

impl Run {
    /// What a template comes to by itself, with nobody supplying arguments.
    pub(super) fn of_template(template: &Template, arguments: &Arguments) -> Self {
        let mut run = Self::default();
        let dry: Vec<Regex> = template.dry_run.iter().filter_map(|p| Regex::new(p).ok()).collect();
        for spec in &template.metrics {
            let dry = dry.iter().any(|d| d.is_match(&spec.name));
            measure(&Metered { spec, arguments, dry, via: None }, &mut run);
        }
        run
    }
}

/// Adds one metric to the run.
fn measure(metered: &Metered<'_>, run: &mut Run) {
    let verdict = judge(metered);
    run.monitors.push(verdict.monitor);
    run.length = run.length.beside(verdict.length);
    run.judged.extend(verdict.judged);
    run.undetermined.extend(verdict.undetermined);
}

/// The arguments of the merged templates, overridden by what the rollout supplies; names that no template declares are
/// dropped, as the controller drops them.
fn merge(found: &[(&Template, Span)], supplied: &[Argument], run: &mut Run) -> Arguments {
    let mut merged: Vec<Argument> = Vec::new();
    for (template, via) in found {
        for argument in &template.arguments {
            let Some(before) = merged.iter_mut().find(|a| a.name == argument.name) else {
                merged.push(argument.clone());
                continue;
            };
            match (&before.value, &argument.value) {
                (Value::Known(a), Value::Known(b)) if a.text != b.text => {
                    let message = format!(
                        "the templates give argument `{}` two values, `{}` and `{}`, so the run ends in an error",
                        argument.name, a.text, b.text
                    );
                    let help = "give it one value in the templates and the other in `args`";
                    run.remarks.push(invalid(*via, message, help, (b.span, "the second value")));
                }
                (Value::Missing | Value::Runtime, Value::Known(_)) => before.value = argument.value.clone(),
                _ => {}
            }
        }
    }
    for argument in &mut merged {
        let given = supplied.iter().rev().find(|s| s.name == argument.name && s.value != Value::Missing);
        if let Some(given) = given {
            argument.value = given.value.clone();
        }
    }
    Arguments(merged)
}

fn refuse_equal_names(metrics: &[(&MetricSpec, Span)], run: &mut Run) {
    for (at, (metric, via)) in metrics.iter().enumerate() {
        // Within one template the template itself is at fault, and said to be.
        let twin = metrics[..at].iter().find(|(m, v)| m.name == metric.name && v != via);
        if let Some((twin, _)) = twin {
            let message = format!("two of the templates have a metric `{}`, so the run ends in an error", metric.name);
            run.remarks.push(invalid(
                *via,
                message,
                "rename one of the two metrics",
                (twin.name_span, "the other one"),
            ));
        }
    }
}

fn invalid(span: Span, message: String, help: &str, related: (Span, &str)) -> Remark {
    Remark {
        kind: RemarkKind::Invalid,
        span,
        message: message.into(),
        help: help.into(),
        found: None,
        required: None,
        related: Some((related.0, related.1.into())),
        instead: None,
    }
}

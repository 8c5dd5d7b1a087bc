//! Metrics of a run as rollback criteria, and how long their measurements take.

use super::duration::go_seconds;
use super::expr::{Leaf, Reading, Side, read};
use super::run::{Arguments, Filled, Length};
use super::template::{MetricSpec, Provider, Written};
use crate::model::units::{Unit, display_seconds};
use crate::model::{
    Action, Bound, Comparison, Criterion, CriterionClass, Evaluated, Fact, Metric, StageRange, Unknown,
};
use crate::text::{Span, Spanned};

/// A metric in a run.
pub(super) struct Metered<'a> {
    pub(super) spec: &'a MetricSpec,
    pub(super) arguments: &'a Arguments,
    /// Is it measured without any consequence?
    pub(super) dry: bool,
    /// Where the rollout names the template.
    pub(super) via: Option<Span>,
}

/// A criterion, and when it can trip at the earliest.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) criterion: Criterion,
    /// Seconds from the start of the run.
    pub(super) trips_after: Option<u64>,
}

/// What one metric comes to.
pub(super) struct Verdict {
    pub(super) judged: Vec<Judged>,
    pub(super) monitor: Spanned<Metric>,
    pub(super) length: Length,
    pub(super) undetermined: Vec<Unknown>,
}

/// How often and when a metric is measured, arguments filled in; `Err` where a template is left.
struct Rhythm {
    delay: Result<u64, ()>,
    interval: Result<Option<u64>, ()>,
    /// `None`: without an end.
    count: Result<Option<u64>, ()>,
    limit: Result<i64, ()>,
    streak: Result<u64, ()>,
}

/// Reads one metric of a run.
pub(super) fn judge(metered: &Metered<'_>) -> Verdict {
    let spec = metered.spec;
    let query = match &spec.provider {
        Provider::Query(query) | Provider::Web(query) => query,
        Provider::Kayenta { .. } | Provider::Job | Provider::Plugin(_) | Provider::None => "",
    };
    let metric = Metric::recognise(&spec.name, query);
    let rhythm = Rhythm::of(metered);
    let mut drafts = Drafts { metered, metric: &metric, rhythm: &rhythm, judged: Vec::new(), undetermined: Vec::new() };
    drafts.draft();
    let (judged, undetermined) = (drafts.judged, drafts.undetermined);
    Verdict {
        judged,
        monitor: Spanned::new(metric, spec.name_span),
        length: rhythm.length(&spec.provider),
        undetermined,
    }
}

impl Rhythm {
    fn of(metered: &Metered<'_>) -> Self {
        let filled = |written: &Option<Written>| metered.arguments.filled(written.as_ref());
        let seconds = |written: &Option<Written>| match filled(written) {
            Some(Filled { reason: Some(_), .. }) => Err(()),
            Some(Filled { text, .. }) => go_seconds(&text).and_then(|s| u64::try_from(s).ok()).map(Some).ok_or(()),
            None => Ok(None),
        };
        let number = |written: &Option<Written>| match filled(written) {
            Some(Filled { text, .. }) => text.trim().parse::<i64>().map_err(|_| ()),
            None => Ok(0),
        };
        let interval = seconds(&metered.spec.interval);
        let count = match (number(&metered.spec.count), interval) {
            (Ok(n), _) if n > 0 => Ok(Some(n.unsigned_abs())),
            (Ok(_), Ok(None)) => Ok(Some(1)),
            (Ok(_), Ok(Some(_)) | Err(())) => Ok(None),
            (Err(()), _) => Err(()),
        };
        let streak = number(&metered.spec.success_streak).map(|n| u64::try_from(n).unwrap_or(0));
        let delay = seconds(&metered.spec.initial_delay).map(|s| s.unwrap_or(0));
        Self { delay, interval, count, limit: number(&metered.spec.failure_limit), streak }
    }

    /// The first measurement is taken when the delay has passed, each further one an interval after the one before.
    fn length(&self, provider: &Provider) -> Length {
        let delay = self.delay.unwrap_or(0);
        let slow = matches!(provider, Provider::Job | Provider::Kayenta { .. } | Provider::Plugin(_));
        let (Ok(interval), Ok(count), Ok(streak), Ok(_)) = (self.interval, self.count, self.streak, self.delay) else {
            return Length { at_least: delay, open: true, endless: false };
        };
        let measurements = match (count, streak) {
            (None, 0) => return Length { at_least: delay, open: false, endless: true },
            (Some(n), 0) | (None, n) => n,
            (Some(n), streak) => n.min(streak),
        };
        let between = interval.unwrap_or(0).saturating_mul(measurements.saturating_sub(1));
        Length { at_least: delay.saturating_add(between), open: slow, endless: false }
    }

    /// When the run can fail at the earliest: when more measurements have failed than are tolerated.
    fn trips_after(&self) -> Option<u64> {
        let failures = u64::try_from(self.limit.ok()?).ok()?;
        let between = self.interval.ok()?.unwrap_or(0).checked_mul(failures)?;
        self.delay.ok()?.checked_add(between)
    }
}

/// The criteria of one metric in the making.
struct Drafts<'a> {
    metered: &'a Metered<'a>,
    metric: &'a Metric,
    rhythm: &'a Rhythm,
    judged: Vec<Judged>,
    undetermined: Vec<Unknown>,
}

/// The part of a criterion that differs from one statement to the next.
struct Statement {
    class: CriterionClass,
    comparison: Option<Comparison>,
    bound: Fact<Bound>,
    text: Box<str>,
    span: Span,
    action: Action,
    cannot_fire: Option<(Box<str>, Span)>,
}

impl Drafts<'_> {
    fn draft(&mut self) {
        let spec = self.metered.spec;
        match &spec.provider {
            Provider::Job => self.opaque("exit code of the Job"),
            Provider::Plugin(name) => self.opaque(&format!("plugin {name}")),
            Provider::Kayenta { pass, marginal } => self.score(pass.as_ref(), marginal.as_ref()),
            Provider::Query(_) | Provider::Web(_) | Provider::None => self.conditions(),
        }
    }

    fn opaque(&mut self, text: &str) {
        let span = self.metered.spec.name_span;
        self.push(Statement {
            class: CriterionClass::Opaque,
            comparison: None,
            bound: Fact::Absent { near: span },
            text: text.into(),
            span,
            action: Action::Rollback,
            cannot_fire: None,
        });
    }

    /// Below the lower mark the run fails, between the two it is inconclusive and waits for a person.
    fn score(&mut self, pass: Option<&Written>, marginal: Option<&Written>) {
        let marks =
            [(marginal, Action::Rollback), (pass, if marginal.is_some() { Action::Pause } else { Action::Rollback })];
        let mut before: Option<String> = None;
        for (mark, action) in marks {
            let Some(mark) = mark else { continue };
            let filled = self.metered.arguments.fill(&mark.text);
            if before.as_ref() == Some(&filled.text) {
                continue;
            }
            let bound = match filled.text.parse() {
                Ok(number) => Fact::stated(Bound { number, unit: Unit::None }, mark.span),
                Err(_) => self.unknown(mark, &filled),
            };
            before = Some(filled.text);
            self.push(Statement {
                class: CriterionClass::Score,
                comparison: Some(Comparison::Below),
                bound,
                text: format!("score below {}", mark.text).into(),
                span: mark.span,
                action,
                cannot_fire: None,
            });
        }
        if before.is_none() {
            self.opaque("judgement of Kayenta");
        }
    }

    fn conditions(&mut self) {
        let spec = self.metered.spec;
        let arguments = self.metered.arguments;
        let failure = spec.failure.as_ref().map(|c| (c, arguments.fill(&c.text)));
        let success = spec.success.as_ref().map(|c| (c, arguments.fill(&c.text)));
        let failing = failure.as_ref().map(|(_, f)| read(&f.text, Side::Failure));
        if let (Some((written, filled)), Some(reading)) = (&failure, &failing) {
            // A measurement that a constant `false` never fails is still held against a success condition.
            let idle = reading.constant == Some(false);
            if !(idle && success.is_some()) {
                let why = idle.then_some("can never fail: its failure condition is always false");
                self.condition((written, filled), reading, Action::Rollback, why);
            }
        }
        let Some((written, filled)) = success else { return };
        let mut reading = read(&filled.text, Side::Success);
        let always = reading.constant == Some(true);
        if let Some(failing) = &failing {
            if always {
                return;
            }
            // What the failure condition says already, the success condition need not say again.
            reading.leaves.retain(|leaf| *leaf == Leaf::Text || !failing.leaves.contains(leaf));
        }
        let action = if failing.is_some() { Action::Pause } else { Action::Rollback };
        let why = always.then_some("can never fail: its success condition is always true");
        self.condition((written, &filled), &reading, action, why);
    }

    fn condition(
        &mut self,
        (written, filled): (&Written, &Filled),
        reading: &Reading,
        action: Action,
        why: Option<&str>,
    ) {
        for leaf in &reading.leaves {
            let (class, comparison, bound) = self.leaf(leaf, written, filled);
            self.push(Statement {
                class,
                comparison,
                bound,
                text: written.text.clone(),
                span: written.span,
                action,
                cannot_fire: why.map(|w| (w.into(), written.span)),
            });
        }
    }

    fn leaf(
        &mut self,
        leaf: &Leaf,
        written: &Written,
        filled: &Filled,
    ) -> (CriterionClass, Option<Comparison>, Fact<Bound>) {
        let stated = |number: f64, span| Fact::stated(Bound { number, unit: Unit::None }, span);
        match leaf {
            Leaf::Number(comparison, number) => {
                let argument = filled.from.as_ref().filter(|(text, _)| text.trim().parse() == Ok(*number));
                (
                    CriterionClass::Absolute,
                    *comparison,
                    stated(*number, argument.map_or(written.span, |(_, span)| *span)),
                )
            }
            Leaf::Hole(comparison, _) => (CriterionClass::Absolute, *comparison, self.unknown(written, filled)),
            Leaf::Relative(comparison, true) => (CriterionClass::Relative, *comparison, stated(0.0, written.span)),
            Leaf::Relative(comparison, false) => {
                (CriterionClass::Relative, *comparison, Fact::Absent { near: written.span })
            }
            Leaf::Text => {
                let web = matches!(self.metered.spec.provider, Provider::Web(_));
                let class = if web { CriterionClass::Opaque } else { CriterionClass::Text };
                (class, None, Fact::Absent { near: written.span })
            }
        }
    }

    /// A number that an argument would give, if anybody supplied it.
    fn unknown(&mut self, written: &Written, filled: &Filled) -> Fact<Bound> {
        self.undetermined.push(Unknown {
            path: written.path.clone(),
            span: written.span,
            reason: filled.reason.unwrap_or("template"),
        });
        Fact::Dynamic { expr: written.text.clone(), span: written.span }
    }

    fn push(&mut self, statement: Statement) {
        let cannot_fire = statement.cannot_fire.or_else(|| self.never_fails());
        let evaluated = if self.metered.dry { Evaluated::No("dry run".into()) } else { Evaluated::Yes };
        let criterion = Criterion {
            metric: self.metric.clone(),
            class: statement.class,
            comparison: statement.comparison,
            bound: statement.bound,
            text: Some(statement.text),
            window: self.rhythm.interval.ok().flatten(),
            tolerated: self.rhythm.limit.ok().and_then(|l| u32::try_from(l).ok()),
            action: statement.action,
            evaluated,
            covers: StageRange::ALL,
            cannot_fire,
            span: statement.span,
            via: self.metered.via,
        };
        self.judged.push(Judged { criterion, trips_after: self.rhythm.trips_after() });
    }

    /// Why no number of failed measurements fails the run.
    fn never_fails(&self) -> Option<(Box<str>, Span)> {
        let span = self.metered.spec.failure_limit.as_ref()?.span;
        let limit = self.rhythm.limit.ok()?;
        if limit < 0 {
            let streak = self.rhythm.streak.is_ok_and(|s| s == 0);
            return streak.then(|| ("can never fail: `failureLimit: -1` tolerates every failure".into(), span));
        }
        let count = self.rhythm.count.ok().flatten()?;
        let measurements = if count == 1 { "1 measurement".to_owned() } else { format!("{count} measurements") };
        (count <= limit.unsigned_abs())
            .then(|| (format!("can never fail: it takes {measurements} and tolerates {limit} failed").into(), span))
    }
}

/// A run in which no metric has a condition, told at its first metric: whatever is measured, it succeeds.
pub(super) fn unconditional(spec: &MetricSpec, via: Span) -> Judged {
    let why = "can never fail: it has neither a success nor a failure condition, so every measurement succeeds";
    let criterion = Criterion {
        metric: Metric::recognise(&spec.name, ""),
        class: CriterionClass::Text,
        comparison: None,
        bound: Fact::Absent { near: spec.name_span },
        text: None,
        window: None,
        tolerated: None,
        action: Action::Rollback,
        evaluated: Evaluated::Yes,
        covers: StageRange::ALL,
        cannot_fire: Some((why.into(), spec.name_span)),
        span: spec.name_span,
        via: Some(via),
    };
    Judged { criterion, trips_after: None }
}

/// Why a run beside the steps cannot fail before they are over, if that is so.
pub(super) fn too_late(judged: &Judged, steps_take: u64) -> Option<Box<str>> {
    let after = judged.trips_after.filter(|after| *after > steps_take)?;
    let (after, total) = (display_seconds(after), display_seconds(steps_take));
    Some(format!("can't fail in time: {after} is the earliest, and the steps it runs beside hold {total}").into())
}

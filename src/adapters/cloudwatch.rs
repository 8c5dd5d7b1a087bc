//! Alarms of CloudWatch: where the numbers of AWS's rollback criteria are.
//!
//! A rollout names alarms only. One of the same template is found by its logical id, or by a name that is written the
//! same way; one of another file by its literal name.
//!
//! Sources: hashicorp/terraform-provider-awscc: `internal/service/cloudformation/schemas/AWS_CloudWatch_Alarm.json`;
//! botocore: `cloudwatch/2010-08-01/service-2.json`; units of metrics: the services' pages of CloudWatch metrics.

use super::infra::Field;
use super::{Lowering, Object, World};
use crate::model::units::Unit;
use crate::model::{
    Action, Bound, Comparison, Criterion, CriterionClass, Evaluated, Metric, MetricKind, ObjectRef, Rollout,
    StageRange, Unresolved,
};
use crate::text::Span;

/// The kinds of alarms, in every language.
const ALARMS: [(&str, &str); 3] = [
    ("AWS::CloudWatch", "Alarm"),
    ("terraform", "aws_cloudwatch_metric_alarm"),
    ("terraform", "awscc_cloudwatch_alarm"),
];
/// The kinds of alarms over alarms.
const COMPOSITES: [(&str, &str); 2] =
    [("AWS::CloudWatch", "CompositeAlarm"), ("terraform", "aws_cloudwatch_composite_alarm")];

/// What a definition of an alarm holds.
#[derive(Clone)]
struct Alarm(Criterion);

fn named(name: &str) -> ObjectRef {
    ObjectRef::new("AWS::CloudWatch", "Alarm", None, name)
}

/// Is that object an alarm?
pub(super) fn is_alarm(object: &Object<'_>) -> bool {
    ALARMS.contains(&(object.group, object.kind))
}

/// Defines the alarm `object` for rollouts of other files that name it.
pub(super) fn define(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(name) = object.body().and_then(|body| body.get("AlarmName")?.text()) else { return };
    let alarm = criterion(object, cx);
    cx.forget();
    cx.define(named(name), Alarm(alarm));
}

/// Alarms that a rollout names.
#[derive(Default)]
pub(super) struct Watched {
    /// Those that are at hand.
    pub(super) criteria: Vec<Criterion>,
    /// Those of other files, by name and by where they are named.
    named: Vec<(Box<str>, Span)>,
    /// Those that nobody can find from these files.
    unresolved: Vec<Unresolved>,
}

impl Watched {
    /// What `alarms` stand for: references, names or ARNs of alarms.
    pub(super) fn new(object: &Object<'_>, alarms: &[Field<'_>], cx: &mut Lowering<'_>) -> Self {
        let mut out = Self::default();
        for alarm in alarms {
            out.add(object, alarm, cx);
        }
        out
    }

    fn add(&mut self, object: &Object<'_>, alarm: &Field<'_>, cx: &mut Lowering<'_>) {
        let via = alarm.span();
        if let Some(found) = alarm.resource().or_else(|| same_name(object, alarm)) {
            return self.found(&found, via, cx, 0);
        }
        let text = alarm.text().filter(|text| !super::is_template(text));
        let name = text.map(|text| text.rsplit_once(":alarm:").map_or(text, |(_, name)| name));
        match name.filter(|name| !name.is_empty()) {
            Some(name) => self.named.push((name.into(), via)),
            None => self.unresolved.push(unresolved(alarm.as_written().unwrap_or("of a condition"), via)),
        }
    }

    fn found(&mut self, alarm: &Object<'_>, via: Span, cx: &mut Lowering<'_>, depth: usize) {
        let kind = (alarm.group, alarm.kind);
        if ALARMS.contains(&kind) {
            let mut one = criterion(alarm, cx);
            one.via = Some(via);
            self.criteria.push(one);
        } else if COMPOSITES.contains(&kind) && depth < 4 {
            let parts = parts(alarm);
            if parts.is_empty() {
                self.unresolved.push(unresolved(alarm.name(), via));
            }
            for part in parts {
                self.found(&part, via, cx, depth + 1);
            }
        } else {
            self.unresolved.push(unresolved(alarm.name(), via));
        }
    }

    /// Hands over what is known now and returns what completes `rollout` when all files are read; `change` says of each
    /// criterion what happens when it trips.
    pub(super) fn finish(
        self,
        rollout: &mut Rollout,
        change: impl Fn(&mut Criterion) + Send + Sync + 'static,
    ) -> impl Fn(&mut Rollout, &World<'_>) + Send + Sync + 'static {
        let Self { mut criteria, named: names, unresolved } = self;
        criteria.iter_mut().for_each(&change);
        rollout.rollback.criteria.append(&mut criteria);
        rollout.unresolved.extend(unresolved);
        observe(rollout);
        move |rollout, world| {
            for (name, via) in &names {
                let Some(Alarm(found)) = world.find::<Alarm>(&named(name)) else {
                    rollout.unresolved.push(self::unresolved(name, *via));
                    continue;
                };
                let mut one = Criterion { via: Some(*via), ..found.clone() };
                change(&mut one);
                rollout.rollback.criteria.push(one);
            }
            observe(rollout);
        }
    }
}

/// What the criteria look at is watched.
fn observe(rollout: &mut Rollout) {
    for criterion in &rollout.rollback.criteria {
        if !rollout.monitors.iter().any(|m| m.value == criterion.metric) {
            rollout.monitors.push(crate::text::Spanned::new(criterion.metric.clone(), criterion.span));
        }
    }
}

fn unresolved(name: &str, span: Span) -> Unresolved {
    Unresolved { kind: "alarm".into(), name: name.into(), span, because: "so its criteria are unknown" }
}

/// The alarm of the same template whose name is written as `alarm` is: as a literal or as the same expression.
fn same_name<'d>(object: &Object<'d>, alarm: &Field<'d>) -> Option<Object<'d>> {
    let text = alarm.as_written()?;
    let wanted = text.rsplit_once(":alarm:").map_or(text, |(_, name)| name);
    let is_it = |o: &Object<'_>| o.body().and_then(|b| b.get("AlarmName")?.as_written()).is_some_and(|n| n == wanted);
    object.neighbours(&[ALARMS[0], ALARMS[1], ALARMS[2], COMPOSITES[0], COMPOSITES[1]]).into_iter().find(is_it)
}

/// The alarms of the same template that an alarm over alarms is made of.
fn parts<'d>(composite: &Object<'d>) -> Vec<Object<'d>> {
    let rule = composite.body().and_then(|b| b.get("AlarmRule")?.as_written()).unwrap_or_default();
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let words: Vec<&str> = rule.split(|c: char| !word(c)).collect();
    let is_part = |o: &Object<'_>| {
        let name = o.body().and_then(|b| b.get("AlarmName")?.as_written());
        let head = |w: &&str| w.split('.').any(|part| part == o.name());
        words.iter().any(|w| head(w) || name == Some(w))
    };
    composite.neighbours(&ALARMS).into_iter().filter(is_part).collect()
}

/// What the alarm says: the condition in which it is in alarm.
fn criterion(object: &Object<'_>, cx: &mut Lowering<'_>) -> Criterion {
    let mut out = Criterion::opaque(object.name(), "an alarm", StageRange::ALL, object.name_span());
    let Some(body) = object.body() else { return out };
    let series = Series::of(&body);
    out.metric = series.metric();
    out.text = None;
    let operator = body.get("ComparisonOperator");
    (out.class, out.comparison) = match operator.and_then(|o| o.text()) {
        Some("GreaterThanThreshold" | "GreaterThanOrEqualToThreshold") => {
            (CriterionClass::Absolute, Some(Comparison::Above))
        }
        Some("LessThanThreshold" | "LessThanOrEqualToThreshold") => (CriterionClass::Absolute, Some(Comparison::Below)),
        Some("GreaterThanUpperThreshold") => (CriterionClass::Statistical, Some(Comparison::Above)),
        Some("LessThanLowerThreshold") => (CriterionClass::Statistical, Some(Comparison::Below)),
        Some("LessThanLowerOrGreaterThanUpperThreshold") => (CriterionClass::Statistical, None),
        Some(_) | None => (CriterionClass::Absolute, None),
    };
    if out.class == CriterionClass::Absolute {
        let (unit, scale) = series.unit();
        out.bound =
            cx.field(&body, &["Threshold"], "a number", Field::number).map(|n| Bound { number: n * scale, unit });
        out.span = out.bound.span();
    } else {
        out.text = Some("outside of the band that CloudWatch expects".into());
        out.span = operator.map_or(out.span, |o| o.span());
    }
    out.window = window(&body);
    out
}

/// Seconds that the metric has to be bad before the alarm goes off.
fn window(body: &Field<'_>) -> Option<u64> {
    let whole = |name: &str| body.get(name).and_then(|f| f.whole());
    let period = whole("Period").or_else(|| body.get("Metrics")?.items().iter().find_map(period_of))?;
    let points = whole("DatapointsToAlarm").or_else(|| whole("EvaluationPeriods"))?;
    period.checked_mul(points)
}

/// The period of one series of a metric calculation.
fn period_of(metric: &Field<'_>) -> Option<u64> {
    metric.any(&["MetricStat", "metric"])?.get("Period")?.whole()
}

/// What an alarm looks at.
struct Series<'d> {
    name: &'d str,
    namespace: &'d str,
    statistic: &'d str,
    /// Of a calculation over metrics: the expression.
    expression: &'d str,
}

impl<'d> Series<'d> {
    fn of(body: &Field<'d>) -> Self {
        let text = |field: Option<Field<'d>>| field.and_then(|f| f.text()).unwrap_or_default();
        let statistic = |f: &Field<'d>| text(f.any(&["ExtendedStatistic", "Statistic", "Stat", "stat"]));
        let mut metrics = body.any(&["Metrics", "metric_query"]).map(|m| m.items()).unwrap_or_default();
        // The band that is drawn around a metric is not what is looked at.
        let band = text(body.get("ThresholdMetricId"));
        metrics.retain(|m| band.is_empty() || text(m.get("Id")) != band);
        let returned = |m: &&Field<'d>| m.get("ReturnData").and_then(|r| r.boolean()) == Some(true);
        let Some(alarmed) = metrics.iter().find(returned).or_else(|| metrics.first()) else {
            let (name, namespace) = (text(body.get("MetricName")), text(body.get("Namespace")));
            return Self { name, namespace, statistic: statistic(body), expression: "" };
        };
        let stat = alarmed.any(&["MetricStat", "metric"]);
        let metric = stat.and_then(|s| s.get("Metric").or(Some(s)));
        let expression = text(alarmed.get("Expression"));
        let label = alarmed.any(&["Label", "Id"]);
        match metric.filter(|_| expression.is_empty()) {
            Some(metric) => Self {
                name: text(metric.get("MetricName")),
                namespace: text(metric.get("Namespace")),
                statistic: stat.as_ref().map(statistic).unwrap_or_default(),
                expression,
            },
            None => Self { name: text(label), namespace: "", statistic: "", expression },
        }
    }

    fn metric(&self) -> Metric {
        let mut metric = Metric::recognise(self.name, self.expression);
        let told = |words: &[&str]| words.iter().any(|w| self.name.contains(w));
        if metric.kind == MetricKind::Custom && told(&["5XX", "4XX", "5xx", "4xx", "Error", "Fault", "UnHealthy"]) {
            metric.kind = MetricKind::ErrorRate;
        } else if metric.kind == MetricKind::Custom && told(&["Latency", "ResponseTime", "Duration"]) {
            metric.kind = MetricKind::Latency;
        }
        let percentile = self.statistic.strip_prefix('p').and_then(|p| p.parse::<f64>().ok());
        if metric.kind == MetricKind::Latency
            && let Some(percentile) = percentile.filter(|p| (0.0..=100.0).contains(p))
        {
            metric.percentile_tenths = Some(tenths(percentile));
        }
        metric
    }

    /// The unit of its values, and what brings them to it.
    fn unit(&self) -> (Unit, f64) {
        if !self.expression.is_empty() {
            return (Unit::None, 1.0);
        }
        match (self.namespace, self.name) {
            ("AWS/SageMaker", "ModelLatency" | "OverheadLatency") => (Unit::Seconds, 1e-6),
            ("AWS/Lambda", "Duration")
            | ("AWS/ApiGateway", "Latency" | "IntegrationLatency")
            | ("AWS/Bedrock", "InvocationLatency") => (Unit::Seconds, 1e-3),
            ("AWS/ApplicationELB" | "AWS/ELB", "TargetResponseTime" | "Latency") => (Unit::Seconds, 1.0),
            _ if matches!(self.statistic, "Sum" | "SampleCount") => (Unit::Count, 1.0),
            // An average over calls of what is 0 or 1 for each.
            ("AWS/Lambda", "Errors" | "Throttles") | ("AWS/ApiGateway", "5XXError" | "4XXError") => (Unit::Ratio, 1.0),
            _ => (Unit::None, 1.0),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a percentile is between 0 and 100")]
fn tenths(percentile: f64) -> u16 {
    (percentile * 10.0).round() as u16
}

/// Whether an alarm can go off while people are exposed for `exposed` seconds, which is all the time there is.
pub(super) fn in_time(criterion: &mut Criterion, exposed: u64) {
    let Some(window) = criterion.window.filter(|w| *w > exposed) else { return };
    let length = crate::model::units::display_seconds;
    let why = format!(
        "needs {} of bad values before it goes off, and not everybody has the new version for only {}",
        length(window),
        length(exposed)
    );
    criterion.cannot_fire = Some((why.into(), criterion.via.unwrap_or(criterion.span)));
}

/// Criteria that act: the deployment goes back, or only stops.
pub(super) fn acts(criterion: &mut Criterion, rolls_back: bool) {
    criterion.action = if rolls_back { Action::Rollback } else { Action::Pause };
}

/// Criteria that nothing looks at, and why.
pub(super) fn ignored(criterion: &mut Criterion, why: &str) {
    criterion.evaluated = Evaluated::No(why.into());
}

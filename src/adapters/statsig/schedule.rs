//! Scheduled rollouts: jumps of one rule's percentage at known times.

use chrono::DateTime;

use super::spec::{Rule, percent};
use crate::adapters::Lowering;
use crate::adapters::flag::Flag;
use crate::adapters::infra::Field;
use crate::model::{Exposure, Fact, Hold, Schedule, Share, Stage};
use crate::text::{Span, Spanned};

/// What is planned for a rule.
pub(super) struct Planned {
    pub(super) stages: Vec<Stage>,
    /// When it begins, where nobody meets it before.
    pub(super) start: Option<Schedule>,
}

/// A percentage from some moment on.
struct Point {
    /// Epoch milliseconds, where they are known.
    from: Option<u64>,
    exposure: Fact<Share>,
    span: Span,
}

/// The stages of `rule`, which takes everybody whom no ring picks, if more are to come.
pub(super) fn read(rule: &Rule<'_>, flag: &Flag, cx: &mut Lowering<'_>) -> Option<Planned> {
    let pending = points(rule, "PendingAutomatedRollouts", cx);
    if pending.is_empty() {
        return None;
    }
    let mut all = points(rule, "CompletedAutomatedRollouts", cx);
    let now = rule.percent.map(Share::from_percent);
    let reached = all.last().and_then(|p| p.exposure.known().copied());
    let begins = all.is_empty() && now == Some(Share::NONE);
    if !begins && (reached.is_none() || reached != now) {
        let at = rule.field.get("PassPercentage").map_or_else(|| rule.field.anchor(), |p| p.span());
        let exposure = now.map_or(Fact::Dynamic { expr: "".into(), span: at }, |now| Fact::stated(now, at));
        all.push(Point { from: None, exposure, span: at });
    }
    let first = pending.first().map(|p| (p.from, p.span));
    all.extend(pending);
    let mut stages: Vec<Stage> = flag.rings.iter().flat_map(|ring| flag.ring_stages(ring)).collect();
    for ring in &mut stages {
        ring.hold = Fact::stated(Hold::None, ring.span);
    }
    for (index, point) in all.iter().enumerate() {
        let exposure = point.exposure.clone().map(|share| Exposure::exact(share, flag.basis));
        let mut stage = Stage::new(exposure, point.span);
        let hold = all.get(index + 1).map_or(Hold::None, |next| match (point.from, next.from) {
            (Some(from), Some(to)) => Hold::Timed(to.saturating_sub(from) / 1000),
            (None, _) | (_, None) => Hold::Unknown,
        });
        stage.hold = Fact::stated(hold, all.get(index + 1).map_or(point.span, |next| next.span));
        stages.push(stage);
    }
    let start = first.filter(|_| begins).and_then(|(from, span)| {
        let moment = DateTime::from_timestamp_millis(i64::try_from(from?).ok()?)?.fixed_offset();
        Some(Schedule { start: Spanned::new(moment, span) })
    });
    Some(Planned { stages, start })
}

fn points(rule: &Rule<'_>, key: &str, cx: &mut Lowering<'_>) -> Vec<Point> {
    let mut all = Vec::new();
    for step in rule.field.get(key).iter().flat_map(Field::items) {
        let exposure = cx.field(&step, &["passPercent"], "a number of percent, from 0 to 100", percent);
        let from = cx.field(&step, &["time"], "a time in milliseconds", |f| f.whole().or_else(|| float(f)));
        all.push(Point {
            from: from.known().copied(),
            exposure: match exposure {
                Fact::Absent { near } => Fact::Dynamic { expr: "".into(), span: near },
                known @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. }) => {
                    known.map(Share::from_percent)
                }
            },
            span: step.span(),
        });
    }
    all
}

/// Milliseconds written as `1.7e12`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held within the whole numbers of an f64")]
fn float(field: &Field<'_>) -> Option<u64> {
    field.number().filter(|n| (0.0..9.0e15).contains(n)).map(|n| n as u64)
}

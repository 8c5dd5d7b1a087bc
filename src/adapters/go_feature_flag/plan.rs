//! Planned stages: ramps, and what the steps of a schedule expose.

use chrono::{DateTime, FixedOffset};

use super::schedule::View;
use super::serving::{Ramp, Served};
use crate::adapters::flag::{Arm, Flag, Ring, Split};
use crate::model::{Exposure, Fact, Hold, Schedule, Share, Stage};
use crate::text::{Span, Spanned};

/// The moment something begins; `None` where it is so as the file is written.
type At = Option<Spanned<DateTime<FixedOffset>>>;

/// What a plan comes to.
pub(super) struct Plan {
    pub(super) stages: Vec<Stage>,
    pub(super) schedule: Option<Schedule>,
}

/// The variation that most of the rest have before the plan begins.
pub(super) fn most_at_first(views: &[View<'_>]) -> Option<usize> {
    let most = |view: &View<'_>| match &view.rest {
        Served::Ramp(ramp) => Some(ramp.from),
        Served::Split(split) => split.arms.iter().rev().max_by_key(|arm| arm.share).and_then(|arm| arm.variation),
    };
    views.iter().find_map(most)
}

/// The stages of `flag` over `views`; `None` where nothing grows with the time.
pub(super) fn of(flag: &Flag, views: &[View<'_>]) -> Option<Plan> {
    let base = match &views.first()?.rest {
        Served::Split(split) => exposed(flag, split).0,
        Served::Ramp(_) => Some(Share::NONE),
    };
    let mut line = Line { flag, stages: Vec::new(), last: Some(Share::NONE), base, grows: false, ramp: None };
    let mut before: &[(Ring, &str)] = &[];
    for view in views {
        line.rings(view, before);
        before = &view.rings;
        match &view.rest {
            Served::Split(split) => line.split(split, view.at),
            Served::Ramp(ramp) => line.ramp(ramp),
        }
    }
    let from_nobody = base == Some(Share::NONE);
    let start = line.stages.iter().find(|(stage, _)| from_nobody && !stage.is_ring()).and_then(|(_, at)| *at);
    line.grows.then(|| Plan { schedule: start.map(|start| Schedule { start }), stages: held(line.stages) })
}

/// Stages in the order of time.
struct Line<'f> {
    flag: &'f Flag,
    stages: Vec<(Stage, At)>,
    /// What was exposed last, as far as it is known.
    last: Option<Share>,
    /// What is exposed as the file is written.
    base: Option<Share>,
    grows: bool,
    /// Where the stages of a ramp are, as long as nothing comes after them.
    ramp: Option<usize>,
}

impl Line<'_> {
    /// The rings that were not there before, or not so.
    fn rings(&mut self, view: &View<'_>, before: &[(Ring, &str)]) {
        for (ring, _) in view.rings.iter().filter(|ring| !before.contains(ring)) {
            for mut stage in self.flag.ring_stages(ring) {
                stage.hold = Fact::stated(Hold::None, stage.span);
                super::ramp_of_ring(&mut stage, &view.ramps);
                if let Some(at) = view.at {
                    stage.span = at.span;
                    self.grows = true;
                }
                self.stages.push((stage, view.at));
            }
        }
    }

    /// The rest, where it is another share of it than before.
    fn split(&mut self, split: &Split, at: At) {
        let (share, written) = exposed(self.flag, split);
        let before = std::mem::replace(&mut self.last, share);
        if share.is_some() && share == before {
            return;
        }
        self.grows |= at.is_some() && share.is_none_or(|share| self.base < Some(share));
        let new: Vec<&Arm> = new_arms(self.flag, split).collect();
        let span = new.first().map_or(split.span, |arm| arm.span);
        let exposure = match (share, written) {
            (Some(share), written) => self.stated(written.unwrap_or(share), share, span),
            (None, _) => Fact::Dynamic { expr: "".into(), span },
        };
        let mut stage = Stage::new(exposure, span);
        if let [one] = *new {
            stage.name = one.variation.map(|v| self.flag.variations[v].name.clone());
        }
        self.stages.push((stage, at));
    }

    fn ramp(&mut self, ramp: &Ramp) {
        let goes_back = self.flag.control() == Some(ramp.to);
        let new = |share: Share| if goes_back { Share::from_ppm(1_000_000 - share.ppm()) } else { share };
        let (written, served) = ramp.last;
        let last = match written {
            Some(written) if written.value == served => self.stated(new(served), new(served), written.span),
            Some(written) => self.stated(written.value, new(served), written.span),
            None => {
                let value = Exposure::exact(new(served), self.flag.basis);
                Fact::Defaulted { value, by: "go-feature-flag: 100 when absent", near: ramp.end.span }
            }
        };
        let first = new(ramp.first.value);
        let mut start = Stage::new(self.stated(first, first, ramp.first.span), ramp.start.span);
        start.hold = Fact::stated(Hold::Ramp(ramp.seconds()), ramp.end.span);
        let end = Stage::new(last, ramp.end.span);
        if self.stages.iter().any(|(stage, _)| *stage == start) {
            return;
        }
        // A step that moves the ramp takes the place of the one before.
        if let Some(ramp) = self.ramp.filter(|ramp| ramp + 2 == self.stages.len()) {
            self.stages.truncate(ramp);
        }
        self.ramp = Some(self.stages.len());
        self.last = Some(new(served));
        self.grows = true;
        for (mut stage, at) in [(start, ramp.start), (end, ramp.end)] {
            stage.name = Some(self.flag.variations[ramp.to].name.clone());
            self.stages.push((stage, Some(at)));
        }
    }

    fn stated(&self, written: Share, served: Share, span: Span) -> Fact<Exposure> {
        Fact::stated(Exposure { written, effective: Some(served), basis: self.flag.basis }, span)
    }
}

fn new_arms<'s>(flag: &Flag, split: &'s Split) -> impl Iterator<Item = &'s Arm> {
    let control = flag.control();
    split.arms.iter().filter(move |arm| arm.variation.is_some() && arm.variation != control)
}

/// What the new variations have together, as served and as written.
fn exposed(flag: &Flag, split: &Split) -> (Option<Share>, Option<Share>) {
    let sum = |of: fn(&Arm) -> Option<Share>| {
        let all = new_arms(flag, split).try_fold(Share::NONE, |sum, arm| Some(sum.plus(of(arm)?)));
        all.filter(|_| !split.arms.is_empty())
    };
    (sum(|arm| arm.share), sum(|arm| arm.written.or(arm.share)))
}

/// Each stage lasts until the next one begins.
fn held(stages: Vec<(Stage, At)>) -> Vec<Stage> {
    let begins: Vec<At> = stages.iter().map(|(_, at)| *at).collect();
    let mut stages: Vec<Stage> = stages.into_iter().map(|(stage, _)| stage).collect();
    for (index, stage) in stages.iter_mut().enumerate() {
        let Some(next) = begins.get(index + 1) else { continue };
        if !matches!(stage.hold.known(), Some(Hold::None)) {
            continue;
        }
        stage.hold = match (begins[index], next) {
            (Some(at), Some(next)) => match u64::try_from((next.value - at.value).num_seconds()) {
                Ok(0) | Err(_) => continue,
                Ok(seconds) => Fact::stated(Hold::Timed(seconds), next.span),
            },
            // A ring that is there as the file is written stays for all of the plan.
            (None, Some(next)) if !stage.is_ring() => Fact::stated(Hold::Unknown, next.span),
            (_, None) | (None, Some(_)) => continue,
        };
    }
    stages
}

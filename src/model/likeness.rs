//! Whether two rollouts say the same, wherever they are written.

use super::{Criterion, Fact, Guards, Progression, Rollout, Stage};
use crate::text::{FileId, Span};

/// The one place where everything stands when places make no difference.
const NOWHERE: Span = Span::new(FileId(0), 0, 0);

impl Rollout {
    /// Do both say the same? Places make no difference, nor does the number of replicas.
    pub fn is_like(&self, other: &Self) -> bool {
        self.placeless() == other.placeless()
    }

    /// Does the same take both of them back, as far as these files tell?
    pub fn goes_back_like(&self, other: &Self) -> bool {
        let (one, other) = (self.placeless(), other.placeless());
        one.rollback == other.rollback && one.hidden_criteria() == other.hidden_criteria()
    }

    /// Is the same copied to both of them, and compared in the same way?
    pub fn is_mirrored_like(&self, other: &Self) -> bool {
        self.placeless().shadow == other.placeless().shadow
    }

    /// Is the same watched in both of them?
    pub fn is_watched_like(&self, other: &Self) -> bool {
        self.placeless().monitors == other.placeless().monitors
    }

    fn placeless(&self) -> Self {
        let mut one = self.clone();
        (one.name_span, one.span, one.strategy.span) = (NOWHERE, NOWHERE, NOWHERE);
        one.recognised.clear();
        one.replicas = Fact::Absent { near: NOWHERE };
        one.declared.plan.iter_mut().for_each(Fact::forget_place);
        one.payload.iter_mut().for_each(|p| p.span = NOWHERE);
        match &mut one.progression {
            Progression::Declared(stages) | Progression::Live(stages) => {
                stages.iter_mut().for_each(Stage::forget_places);
            }
        }
        for destination in &mut one.destinations {
            // What runs behind it has a rollout of its own.
            (destination.span, destination.backing) = (NOWHERE, None);
        }
        if let Some(shadow) = &mut one.shadow {
            shadow.share.forget_place();
            shadow.duration.forget_place();
            shadow.span = NOWHERE;
        }
        let back = &mut one.rollback;
        back.criteria.iter_mut().for_each(Criterion::forget_places);
        back.automatic.forget_place();
        back.way_back.forget_place();
        back.revisions.forget_place();
        back.anchor = NOWHERE;
        one.monitors.iter_mut().for_each(|m| m.span = NOWHERE);
        one.schedule.iter_mut().for_each(|s| s.start.span = NOWHERE);
        one.unresolved.iter_mut().for_each(|u| u.span = NOWHERE);
        one.undetermined.iter_mut().for_each(|u| u.span = NOWHERE);
        for remark in &mut one.remarks {
            remark.span = NOWHERE;
            remark.related.iter_mut().for_each(|(span, _)| *span = NOWHERE);
        }
        one.guards.forget_places();
        // A plan has a rollout of its own.
        one.planned.clear();
        one.bypass.iter_mut().for_each(|b| b.span = NOWHERE);
        one
    }
}

impl Guards {
    fn forget_places(&mut self) {
        self.flag.iter_mut().for_each(|flag| flag.span = NOWHERE);
        self.multi_tenant.iter_mut().for_each(|multi| multi.span = NOWHERE);
        if let Some(eval) = &mut self.offline_eval {
            eval.span = NOWHERE;
            eval.suite.iter_mut().chain(&mut eval.result).for_each(|named| named.span = NOWHERE);
        }
    }
}

impl Stage {
    fn forget_places(&mut self) {
        self.exposure.forget_place();
        self.hold.forget_place();
        self.gates.iter_mut().for_each(|g| g.span = NOWHERE);
        self.span = NOWHERE;
    }
}

impl Criterion {
    fn forget_places(&mut self) {
        self.bound.forget_place();
        self.cannot_fire.iter_mut().for_each(|(_, span)| *span = NOWHERE);
        self.span = NOWHERE;
        self.via = self.via.map(|_| NOWHERE);
    }
}

impl<T> Fact<T> {
    const fn forget_place(&mut self) {
        match self {
            Self::Stated(stated) => stated.span = NOWHERE,
            Self::Defaulted { near, .. } | Self::Absent { near } => *near = NOWHERE,
            Self::Dynamic { span, .. } => *span = NOWHERE,
        }
    }
}

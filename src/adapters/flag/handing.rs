//! From a flag to a rollout.

use super::{Arm, Flag};
use crate::adapters::{Lowering, Object, live_stage};
use crate::model::{
    Audience, Destination, Exposure, Fact, Method, ObjectRef, Progression, RollbackPlan, Rollout, RouterRule, Share,
    Stage, Strategy, SubjectKind,
};
use crate::text::Spanned;

impl Flag {
    /// The rollout of this flag, which stands in `object`.
    pub(in crate::adapters) fn rollout(&self, object: &Object<'_>, cx: &Lowering<'_>) -> Rollout {
        let mut rollout = cx.blank(object, SubjectKind::Flag);
        let place = self.environment.as_deref().or_else(|| object.namespace());
        rollout.id = ObjectRef::new(cx.adapter.id, "Flag", place, &self.key);
        (rollout.name_span, rollout.span) = (self.name_span, self.span);
        rollout.service = rollout.declared.service.clone().unwrap_or_else(|| self.key.clone());
        rollout.environment = rollout.environment.take().or_else(|| self.environment.clone());
        rollout.strategy = Spanned::new(Strategy::Flag, self.name_span);
        rollout.replicas = Fact::Absent { near: self.name_span };
        rollout.rollback = RollbackPlan { method: Some(Method::FlagOff), ..RollbackPlan::none(self.name_span) };
        rollout.payload = self.variations.iter().flat_map(|v| v.ships.iter().cloned()).collect();
        rollout.progression = match &self.plan {
            Some(stages) => Progression::Declared(stages.clone()),
            None => Progression::Live(self.stages()),
        };
        if self.plan.is_none() {
            rollout.destinations = self.destinations();
        }
        rollout
    }

    /// The rings that meet a candidate, then the candidates of the rest.
    fn stages(&self) -> Vec<Stage> {
        let mut stages: Vec<Stage> = self.rings.iter().flat_map(|ring| self.ring_stages(ring)).collect();
        stages.extend(self.candidates());
        stages
    }

    /// The stages of a ring: one for each candidate that it meets.
    pub(in crate::adapters) fn ring_stages(&self, ring: &super::Ring) -> Vec<Stage> {
        let control = self.control();
        let met = |arm: &&Arm| arm.share != Some(Share::NONE) && self.served(arm) != control && arm.variation.is_some();
        let audience = Audience { name: ring.name.clone(), size: ring.size, customers: ring.customers };
        let stage = |arm: &Arm| {
            let mut stage = live_stage(Fact::Absent { near: arm.span }, arm.span);
            stage.name = arm.variation.map(|v| format!("{}: {}", ring.name, self.variations[v].name).into());
            stage.audience = Some(audience.clone());
            stage
        };
        ring.split.arms.iter().filter(met).map(stage).collect()
    }

    /// What an arm serves: the caller's own default is taken to be the control.
    fn served(&self, arm: &Arm) -> Option<usize> {
        arm.variation.or_else(|| self.control())
    }

    /// The arms of the rest, each variation once.
    fn arms(&self) -> Vec<Arm> {
        let mut arms: Vec<Arm> = Vec::new();
        for arm in &self.rest.arms {
            let variation = self.served(arm);
            let Some(same) = arms.iter_mut().find(|a| a.variation == variation) else {
                arms.push(Arm { variation, ..arm.clone() });
                continue;
            };
            let written = same.written.or(same.share).zip(arm.written.or(arm.share)).map(|(a, b)| a.plus(b));
            same.share = same.share.zip(arm.share).map(|(a, b)| a.plus(b));
            same.written = written;
        }
        arms
    }

    fn candidates(&self) -> Vec<Stage> {
        let arms = self.arms();
        let dynamic = |span| live_stage(Fact::Dynamic { expr: "".into(), span }, span);
        if arms.is_empty() {
            return vec![dynamic(self.rest.span)];
        }
        if let [one] = &*arms
            && one.share == Some(Share::ALL)
        {
            return Vec::new();
        }
        let Some(control) = self.control() else {
            // Which of them is the control is for history to tell.
            let most = (0..arms.len()).max_by_key(|i| (arms[*i].share, std::cmp::Reverse(*i)));
            let others = arms.iter().enumerate().filter(|(i, _)| Some(*i) != most);
            return others.map(|(_, arm)| dynamic(arm.span)).collect();
        };
        let candidates = arms.iter().filter(|arm| arm.variation != Some(control));
        let stage = |arm: &Arm| {
            let mut stage = live_stage(self.exposure(arm), arm.span);
            stage.name = arm.variation.map(|v| self.variations[v].name.clone());
            stage
        };
        candidates.map(stage).collect()
    }

    fn exposure(&self, arm: &Arm) -> Fact<Exposure> {
        match (arm.share, arm.written) {
            (Some(share), written) => {
                let written = written.unwrap_or(share);
                Fact::stated(Exposure { written, effective: Some(share), basis: self.basis }, arm.span)
            }
            (None, Some(_) | None) => Fact::Dynamic { expr: "".into(), span: arm.span },
        }
    }

    /// One destination per variation that the rest may meet.
    fn destinations(&self) -> Vec<Destination> {
        let unknown = |variation| Arm { variation: Some(variation), share: None, written: None, span: self.rest.span };
        let arms =
            if self.rest.arms.is_empty() { (0..self.variations.len()).map(unknown).collect() } else { self.arms() };
        arms.iter().map(|arm| self.destination(arm)).collect()
    }

    fn destination(&self, arm: &Arm) -> Destination {
        let variation = arm.variation.and_then(|v| self.variations.get(v));
        let is_control = arm.variation.is_none() || arm.variation == self.control();
        let leaning = match variation {
            Some(v) if is_control && !v.is_plain_off() => -1,
            _ if is_control => Destination::OFF,
            // The one value beside the control is the new one, however it is called.
            Some(_) if self.variations.len() == 2 && self.control().is_some() => 1,
            Some(_) | None => 0,
        };
        Destination {
            rule: RouterRule::only(),
            kin: self.key.clone(),
            name: variation.map_or_else(|| "the caller's default".into(), |v| v.name.clone()),
            ships: variation.iter().flat_map(|v| &v.ships).map(|p| p.value.clone()).collect(),
            backing: None,
            immutable: false,
            share: arm.share,
            basis: self.basis,
            leaning,
            number: None,
            span: arm.span,
        }
    }
}

/// Hands `rollout` in where there is something to say: a flag that is fully on or off counts only for who compares, and
/// one that is fully on for the plans that name it.
pub(in crate::adapters) fn hand_in(rollout: Rollout, cx: &mut Lowering<'_>) {
    if rollout.stages().is_empty() && !cx.compares(&rollout) && !cx.has_remarks() {
        if rollout.destinations.iter().any(|d| d.leaning > 0 && d.share == Some(Share::ALL)) {
            cx.at_rest(rollout);
        }
        return;
    }
    cx.rollout(rollout);
}

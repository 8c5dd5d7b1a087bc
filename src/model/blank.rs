//! A rollout of which nothing is known yet, and what is none.

use super::{
    ChangeKind, Declared, Fact, Guards, ObjectRef, Progression, RollbackPlan, Rollout, Sign, Strategy, SubjectKind,
};
use crate::catalog::AdapterMeta;
use crate::text::{Span, Spanned};

impl Rollout {
    /// A rollout of the object `id`, which has its name and its whole text at `spans`: strategy unknown, an empty plan, no
    /// criteria, a service of its own name.
    pub fn blank(
        adapter: &'static AdapterMeta,
        id: ObjectRef,
        subject: SubjectKind,
        (anchor, span): (Span, Span),
    ) -> Self {
        Self {
            adapter,
            service: id.name.clone(),
            id,
            subject,
            name_span: anchor,
            span,
            environment: None,
            declared: Declared::default(),
            strategy: Spanned::new(Strategy::Unknown, anchor),
            payload: Vec::new(),
            progression: Progression::Declared(Vec::new()),
            destinations: Vec::new(),
            shadow: None,
            rollback: RollbackPlan::none(anchor),
            monitors: Vec::new(),
            schedule: None,
            guards: Guards::default(),
            planned: Vec::new(),
            ceiling: None,
            replicas: Fact::Absent { near: anchor },
            owns: Vec::new(),
            owner: None,
            unresolved: Vec::new(),
            undetermined: Vec::new(),
            remarks: Vec::new(),
            partial: false,
            plain_workload: false,
            recognised: Vec::new(),
            unplanned: false,
            bypass: None,
        }
    }

    /// What git shows in the file `path`, and no rollout carries: it meets everybody as soon as it is merged and started.
    /// `None` without a sign.
    pub fn unplanned(adapter: &'static AdapterMeta, path: &str, signs: Vec<Sign>) -> Option<Self> {
        let gravest = signs.iter().max_by_key(|s| s.kind.gravity())?;
        let is_prompt = gravest.kind == ChangeKind::PromptTweak;
        let subject = if is_prompt { SubjectKind::Prompt } else { SubjectKind::Model };
        let kind = if is_prompt { "Prompt" } else { "Model" };
        let blank = Self::blank(adapter, ObjectRef::new("", kind, None, path), subject, (gravest.span, gravest.span));
        let strategy = Spanned::new(Strategy::AllAtOnce, gravest.span);
        Some(Self { strategy, recognised: signs, unplanned: true, ..blank })
    }
}

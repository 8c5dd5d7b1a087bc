//! What an adapter reads with, and where it puts what it read.

use std::any::Any;
use std::sync::Arc;

use super::{Object, World};
use crate::catalog::AdapterMeta;
use crate::model::{
    CriteriaDocument, Declared, Drill, Fact, Instead, ObjectRef, Problem, ProblemKind, PromptFile, Remark, RemarkKind,
    Rollout, SubjectKind, Unknown, Waiver,
};
use crate::syntax::{Node, Scalar};
use crate::text::{FileId, Span};

/// What a definition holds: whoever defines it and whoever looks for it agree on the type.
pub type Defined = Arc<dyn Any + Send + Sync>;

/// Finishes a rollout once every file has been read: resolves references to siblings.
pub type Finish = Box<dyn Fn(&mut Rollout, &World<'_>) + Send + Sync>;

/// Whom a file is lowered for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Rules.
    #[default]
    Rules,
    /// People who look at everything a file lowers to.
    Inspection,
    /// Who holds two states against each other: a router that sends everything to one destination counts too.
    Change,
}

/// What one file lowered to.
#[derive(Default)]
pub struct Lowered {
    /// Whom it is for.
    pub audience: Audience,
    /// Rollouts, each with what is still to be done when all files are read.
    pub rollouts: Vec<(Box<Rollout>, Option<Finish>)>,
    /// Flags that are on for everybody, of which there is something to say only where a plan names them.
    pub at_rest: Vec<Rollout>,
    /// Rollouts as they are before the file is applied, where it holds both states.
    pub before: Vec<(Box<Rollout>, Option<Finish>)>,
    /// Definitions that rollouts of any file may refer to.
    pub definitions: Vec<(ObjectRef, Defined)>,
    /// Is something among them that rollouts of other files live by: a template, what they ship, a plan?
    pub lends: bool,
    /// Documents that hold criteria and roll nothing out.
    pub criteria: Vec<CriteriaDocument>,
    /// Prompts, which roll nothing out.
    pub prompts: Vec<PromptFile>,
    /// Drills on record.
    pub drills: Vec<Drill>,
    /// Waivers on record.
    pub waivers: Vec<Waiver>,
    /// What belongs to no rollout.
    pub problems: Vec<Problem>,
    /// How many objects of known kinds there were, those included that nothing is to be said about.
    pub claimed: usize,
}

impl Lowered {
    /// Gives back what the lists of this file will not need: thousands of files are kept until all are read.
    pub fn shrink(&mut self) {
        self.rollouts.shrink_to_fit();
        self.definitions.shrink_to_fit();
        self.criteria.shrink_to_fit();
        self.prompts.shrink_to_fit();
        self.problems.shrink_to_fit();
    }

    /// Adds what another part of the same file lowered to.
    pub fn append(&mut self, mut more: Self) {
        self.rollouts.append(&mut more.rollouts);
        self.at_rest.append(&mut more.at_rest);
        self.before.append(&mut more.before);
        self.definitions.append(&mut more.definitions);
        self.criteria.append(&mut more.criteria);
        self.prompts.append(&mut more.prompts);
        self.drills.append(&mut more.drills);
        self.waivers.append(&mut more.waivers);
        self.problems.append(&mut more.problems);
        self.lends |= more.lends;
        self.claimed += more.claimed;
    }
}

/// The desk of an adapter: readers that keep spans, and the tray for what was read.
pub struct Lowering<'a> {
    /// The adapter at work.
    pub adapter: &'static AdapterMeta,
    /// The file being read.
    pub file: FileId,
    /// Its path, repository-relative.
    pub path: &'a Arc<str>,
    out: &'a mut Lowered,
    remarks: Vec<Remark>,
    undetermined: Vec<Unknown>,
}

impl<'a> Lowering<'a> {
    /// A desk for `adapter` over the file `path`; what it reads goes to `out`.
    pub const fn new(adapter: &'static AdapterMeta, file: FileId, path: &'a Arc<str>, out: &'a mut Lowered) -> Self {
        Self { adapter, file, path, out, remarks: Vec::new(), undetermined: Vec::new() }
    }

    /// A rollout of `object` with nothing known about it yet: strategy unknown, an empty plan, no criteria.
    pub fn blank(&self, object: &Object<'_>, subject: SubjectKind) -> Rollout {
        let declared: Declared = object.declared();
        Rollout {
            service: declared.own_service().unwrap_or_else(|| object.name()).into(),
            environment: declared.environment.clone(),
            declared,
            ..Rollout::blank(self.adapter, object.id(), subject, (object.name_span(), object.node.span()))
        }
    }

    /// Hands in a rollout that is complete.
    pub fn rollout(&mut self, rollout: Rollout) {
        self.push(rollout, None);
    }

    /// Hands in a rollout that `finish` completes when all files have been read.
    pub fn rollout_after(
        &mut self,
        rollout: Rollout,
        finish: impl Fn(&mut Rollout, &World<'_>) + Send + Sync + 'static,
    ) {
        self.push(rollout, Some(Box::new(finish)));
    }

    /// Hands in a flag that is on for everybody, for the plans that name it.
    pub fn at_rest(&mut self, mut rollout: Rollout) {
        rollout.shrink();
        self.out.at_rest.push(rollout);
    }

    fn push(&mut self, mut rollout: Rollout, finish: Option<Finish>) {
        rollout.remarks.append(&mut self.remarks);
        rollout.undetermined.append(&mut self.undetermined);
        rollout.shrink();
        self.out.rollouts.push((Box::new(rollout), finish));
    }

    /// Is the file lowered to be held against another state of it?
    pub fn is_comparing(&self) -> bool {
        self.out.audience == Audience::Change
    }

    /// Is the file lowered to be held against another state of it, and does `rollout` send requests somewhere?
    pub fn compares(&self, rollout: &Rollout) -> bool {
        self.is_comparing() && !rollout.destinations.is_empty()
    }

    /// Defines something that rollouts of any file can find by the object's identity: [`World::find`].
    pub fn define<T: Any + Send + Sync>(&mut self, id: ObjectRef, value: T) {
        self.out.lends = true;
        self.define_base(id, value);
    }

    /// Defines something that only patches of the same object look for.
    pub fn define_base<T: Any + Send + Sync>(&mut self, id: ObjectRef, value: T) {
        self.out.definitions.push((id, Arc::new(value)));
    }

    /// Hands in a document that holds criteria and rolls nothing out; it is made only for who looks at such documents.
    pub fn criteria(&mut self, document: impl FnOnce() -> CriteriaDocument) {
        if self.out.audience == Audience::Inspection {
            self.out.criteria.push(document());
        }
    }

    /// Hands in what is made only for who looks at prompts: no rule asks anything of them.
    pub fn prompt(&mut self, prompt: impl FnOnce() -> PromptFile) {
        if self.out.audience == Audience::Inspection {
            self.out.prompts.push(prompt());
        }
    }

    /// Hands in a drill.
    pub fn drill(&mut self, drill: Drill) {
        self.out.drills.push(drill);
    }

    /// Hands in a waiver.
    pub fn waiver(&mut self, waiver: Waiver) {
        self.out.waivers.push(waiver);
    }

    /// Reports something that belongs to no rollout.
    pub fn problem(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) -> &mut Problem {
        let (message, help, at) = (message.into(), help.into(), self.out.problems.len());
        self.out.problems.push(Problem { kind: ProblemKind::Invalid, span, message, help, instead: None });
        &mut self.out.problems[at]
    }

    /// Reports a field that looks safe and that the system ignores, in a document that is no rollout.
    pub fn ignored_alone(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problem(span, message, help).kind = ProblemKind::Ignored;
    }

    /// Remarks that the manifest breaks its system's own rules at `span`; goes with the next rollout handed in.
    pub fn invalid(&mut self, span: Span, message: impl Into<Box<str>>, help: impl Into<Box<str>>) -> &mut Remark {
        self.remark(RemarkKind::Invalid, span, message, help)
    }

    /// Remarks that the system ignores the safety field at `span`; goes with the next rollout handed in.
    pub fn ignored(&mut self, span: Span, message: impl Into<Box<str>>, help: impl Into<Box<str>>) -> &mut Remark {
        self.remark(RemarkKind::Ignored, span, message, help)
    }

    /// Says of the last remark, where it is about `span`, which other spelling means the same.
    pub fn same_as(&mut self, span: Span, text: impl Into<Box<str>>) {
        if let Some(remark) = self.remarks.last_mut().filter(|r| r.span == span) {
            remark.instead = Some(Instead { span, text: text.into(), same_meaning: true });
        }
    }

    /// Adds a remark for the next rollout handed in.
    pub fn remark(
        &mut self,
        kind: RemarkKind,
        span: Span,
        message: impl Into<Box<str>>,
        help: impl Into<Box<str>>,
    ) -> &mut Remark {
        let (message, help) = (message.into(), help.into());
        let at = self.remarks.len();
        self.remarks.push(Remark {
            kind,
            span,
            message,
            help,
            found: None,
            required: None,
            related: None,
            instead: None,
        });
        &mut self.remarks[at]
    }

    /// Has anything been remarked since the last rollout was handed in?
    pub fn has_remarks(&self) -> bool {
        !self.remarks.is_empty()
    }

    /// Drops remarks and unknowns gathered since the last rollout: for documents that turn out to be none.
    pub fn forget(&mut self) {
        self.remarks.clear();
        self.undetermined.clear();
    }

    /// Notes that the value at `node` cannot be known from these files.
    pub fn unknown(&mut self, node: Node<'_>, reason: &'static str) {
        self.undetermined.push(Unknown { path: node.pointer().into(), span: node.span(), reason });
    }

    /// Reads `parent.key` by `take`: absent if it is not there or null, dynamic if it holds template syntax, and a
    /// remark (with `Dynamic`, so that nothing counts it as missing) if `take` refuses it. `wanted` ends "is not …".
    pub fn read<'d, T>(
        &mut self,
        parent: Node<'d>,
        key: &str,
        wanted: &str,
        take: impl FnOnce(Node<'d>) -> Option<T>,
    ) -> Fact<T> {
        match parent.get(key).filter(|n| !n.is_null()) {
            Some(node) => self.take(node, key, wanted, take),
            None => Fact::Absent { near: parent.anchor() },
        }
    }

    /// As [`Lowering::read`], for a node at hand; `name` is what messages call it.
    pub fn take<'d, T>(
        &mut self,
        node: Node<'d>,
        name: &str,
        wanted: &str,
        take: impl FnOnce(Node<'d>) -> Option<T>,
    ) -> Fact<T> {
        if let Some(text) = node.text().filter(|t| is_template(t)) {
            self.unknown(node, "template");
            return Fact::Dynamic { expr: text.into(), span: node.span() };
        }
        if let Some(value) = take(node) {
            return Fact::stated(value, node.span());
        }
        let found = written(node);
        let message = format!("`{name}` is {found}, which is not {wanted}");
        let remark = self.invalid(node.span(), message, format!("write {wanted}"));
        remark.found = Some(found.into());
        remark.required = Some(wanted.into());
        Fact::Dynamic { expr: node.text().unwrap_or_default().into(), span: node.span() }
    }

    /// A whole number of at least 0.
    pub fn read_u64(&mut self, parent: Node<'_>, key: &str) -> Fact<u64> {
        self.read(parent, key, "a whole number, 0 or more", |n| n.as_i64().and_then(|v| u64::try_from(v).ok()))
    }

    /// A whole number.
    pub fn read_i64(&mut self, parent: Node<'_>, key: &str) -> Fact<i64> {
        self.read(parent, key, "a whole number", Node::as_i64)
    }

    /// A number.
    pub fn read_f64(&mut self, parent: Node<'_>, key: &str) -> Fact<f64> {
        self.read(parent, key, "a number", Node::as_f64)
    }

    /// `true` or `false`.
    pub fn read_bool(&mut self, parent: Node<'_>, key: &str) -> Fact<bool> {
        self.read(parent, key, "`true` or `false`", Node::as_bool)
    }

    /// Text; numbers and booleans without quotes are refused, as a typed API refuses them.
    pub fn read_str(&mut self, parent: Node<'_>, key: &str) -> Fact<Box<str>> {
        self.read(parent, key, "text", |n| n.as_str().map(Into::into))
    }
}

/// How a value reads in a message: its text in backquotes, or what it is.
fn written(node: Node<'_>) -> String {
    match node.scalar() {
        Some(Scalar::Str(text)) => format!("the text `{text}`"),
        Some(Scalar::Null) => "empty".to_owned(),
        Some(_) => format!("`{}`", node.text().unwrap_or_default()),
        None if node.is_map() => "a mapping".to_owned(),
        None => "a list".to_owned(),
    }
}

/// Does a scalar hold template syntax whose value only a renderer knows (clarifications 44)?
pub fn is_template(text: &str) -> bool {
    ["${", "$(", "{{", "<%"].iter().any(|open| text.contains(open))
}

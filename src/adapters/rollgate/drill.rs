//! `RollbackDrill`: evidence that going back works.

use super::desk::{Desk, text};
use super::keys;
use super::plan::{METHODS, moment, one_key};
use crate::adapters::{Lowering, Object};
use crate::model::units::Length;
use crate::model::{Drill, DrillOutcome, Evidence, Fact};
use crate::syntax::Node;
use crate::text::Spanned;

const OUTCOMES: [(&str, DrillOutcome); 2] = [("success", DrillOutcome::Success), ("failure", DrillOutcome::Failure)];

/// Lowers one drill; a record without service, date or outcome is a problem and no drill.
pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let mut desk = Desk::default();
    let drill = read(&mut desk, object);
    desk.onto_file(cx);
    if let Some(drill) = drill {
        cx.drill(drill);
    }
}

fn read<'d>(desk: &mut Desk<'d>, object: &Object<'d>) -> Option<Drill> {
    let root = object.node;
    let anchor = object.name_span();
    desk.open(root, &keys::DRILL, anchor);
    let metadata = desk.map(root, "metadata", &keys::DRILL_METADATA);
    let service = metadata.map(|node| desk.text(node, "service"));
    let environment = metadata.and_then(|node| desk.own_text(node, "environment"));
    let performed = desk.read(root, "performed", moment);
    let outcome = desk.one_of(root, "outcome", &OUTCOMES);
    let time = desk.unit::<Length>(root, "time-to-rollback").map(|l| l.0);
    desk.one_of(root, "method", &METHODS);
    desk.text(root, "notes");
    for person in desk.list(root, "by") {
        desk.take(person, "by", text);
    }
    let evidence = desk.list(root, "evidence").into_iter().filter_map(|item| evidence(desk, item)).collect();
    Some(Drill {
        service: stated(service?)?,
        environment,
        performed: stated(performed)?,
        outcome: stated(outcome)?,
        time_to_rollback: stated(time),
        evidence,
        anchor,
    })
}

fn stated<T>(fact: Fact<T>) -> Option<Spanned<T>> {
    match fact {
        Fact::Stated(value) => Some(value),
        Fact::Defaulted { .. } | Fact::Absent { .. } | Fact::Dynamic { .. } => None,
    }
}

fn evidence<'d>(desk: &mut Desk<'d>, item: Node<'d>) -> Option<Spanned<Evidence>> {
    let (name, value) =
        one_key(desk, item, &keys::EVIDENCE, "`{commit: 3f2a9c1}` or `{tag: rollback-drill/web/2026-10-14}`")?;
    let text: Box<str> = value.text()?.into();
    let evidence = if name == "commit" { Evidence::Commit(text) } else { Evidence::Tag(text) };
    Some(Spanned::new(evidence, value.span()))
}

//! Lowers a text for the adapters' unit tests.

use std::sync::Arc;

use super::{Audience, Definitions, Lowered, Lowering, Object, World, claiming};
use crate::model::Rollout;
use crate::syntax::{self, Engine, Limits, Node};
use crate::text::FileId;

/// Everything that the documents of `text` lower to, before anything is linked.
pub(crate) fn lower_all(text: &str) -> Lowered {
    lower_for(text, Audience::Rules)
}

/// The same for people who look at everything.
pub(crate) fn inspect_all(text: &str) -> Lowered {
    lower_for(text, Audience::Inspection)
}

fn lower_for(text: &str, audience: Audience) -> Lowered {
    let mut out = Lowered { audience, ..Lowered::default() };
    let path: Arc<str> = "test.yaml".into();
    for chunk in syntax::chunks(text) {
        let engine = if text.contains("rollgate/v1") { Engine::Core12 } else { Engine::GoYamlV2 };
        let doc = syntax::parse(FileId(0), &chunk, engine, &Limits::default(), false).unwrap();
        lower_node(doc.root(), &path, &mut out);
    }
    out
}

fn lower_node(node: Node<'_>, path: &Arc<str>, out: &mut Lowered) {
    let Some(object) = Object::new(node) else { return };
    if let Some(adapter) = claiming(object.group, object.kind) {
        adapter.lower(&object, &mut Lowering::new(adapter.meta(), FileId(0), path, out));
    }
}

/// The rollouts of `text`, linked with each other.
pub(crate) fn lower(text: &str) -> Vec<Rollout> {
    let lowered = lower_all(text);
    let mut definitions = Definitions::default();
    let path: Arc<str> = "test.yaml".into();
    for (id, value) in lowered.definitions {
        definitions.add(id, &path, value);
    }
    let world = World::new(&definitions, &path);
    let finish = |(mut rollout, finish): (Box<Rollout>, Option<super::Finish>)| {
        if let Some(finish) = finish {
            finish(&mut rollout, &world);
        }
        *rollout
    };
    lowered.rollouts.into_iter().map(finish).collect()
}

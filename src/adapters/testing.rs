//! Lowers a text for the adapters' unit tests.

use std::sync::Arc;

use super::{Audience, Definitions, Lowered, Lowering, Object, Template, World, claiming, recognised};
use crate::model::{PromptFile, Rollout, Stage};
use crate::syntax::{self, Chunk, Engine, Limits, Node};
use crate::text::FileId;

/// Everything that the documents of `text` lower to, before anything is linked.
pub(crate) fn lower_all(text: &str) -> Lowered {
    lower_for("test.yaml", text, Audience::Rules)
}

/// The same for people who look at everything.
pub(crate) fn inspect_all(text: &str) -> Lowered {
    inspect_at("test.yaml", text)
}

/// The same of the file `path`.
pub(crate) fn inspect_at(path: &str, text: &str) -> Lowered {
    lower_for(path, text, Audience::Inspection)
}

/// The prompts of the file `path`, whose front matter is `text` where it has one.
pub(crate) fn prompts_of(path: &str, text: &str) -> Vec<PromptFile> {
    inspect_at(path, text).prompts
}

fn lower_for(path: &str, text: &str, audience: Audience) -> Lowered {
    let mut out = Lowered { audience, ..Lowered::default() };
    let path: Arc<str> = path.into();
    let engine = engine(text);
    let whole = Chunk { text, offset: 0, json: false };
    let chunks: Vec<Chunk<'_>> =
        if matches!(engine, Engine::Hcl | Engine::Ocl) { vec![whole] } else { syntax::chunks(text).collect() };
    for chunk in chunks {
        let doc = syntax::parse(FileId(0), &chunk, engine, &Limits::default(), false).unwrap();
        lower_node(doc.root(), &path, &mut out);
    }
    out
}

/// Whose text it is, as far as tests go.
fn engine(text: &str) -> Engine {
    if text.contains("rollgate/v1") {
        Engine::Core12
    } else if text.contains("apiVersion:") {
        Engine::GoYamlV2
    } else if text.contains("AWS::") {
        Engine::CloudFormation
    } else if text.contains("resource \"") {
        Engine::Hcl
    } else if text.contains("action_type = ") {
        Engine::Ocl
    } else {
        Engine::Core12
    }
}

fn lower_node(node: Node<'_>, path: &Arc<str>, out: &mut Lowered) {
    if let Some(object) = Object::new(node) {
        lower_object(&object, path, out);
    } else if let Some(template) = Template::new(node) {
        template.objects().iter().for_each(|object| lower_object(object, path, out));
    } else if let Some((adapter, object)) = recognised(node, path) {
        adapter.lower(&object, &mut Lowering::new(adapter.meta(), FileId(0), path, out));
    }
}

fn lower_object(object: &Object<'_>, path: &Arc<str>, out: &mut Lowered) {
    if let Some(adapter) = claiming(object.group, object.kind) {
        adapter.lower(object, &mut Lowering::new(adapter.meta(), FileId(0), path, out));
    }
}

/// What `look` makes of the root of the document `text`.
pub(crate) fn with_root<T>(text: &str, look: impl FnOnce(Node<'_>) -> T) -> T {
    let whole = Chunk { text, offset: 0, json: false };
    let doc = syntax::parse(FileId(0), &whole, engine(text), &Limits::default(), false).unwrap();
    look(doc.root())
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

/// The stages that a flag comes to: names and percents, -1 for a ring, -2 for a share that is not known.
pub(super) type Wanted = &'static [(&'static str, f64)];

/// What [`Wanted`] is held against.
pub(super) fn stages(found: &[Rollout]) -> Vec<(String, f64)> {
    let percent = |s: &Stage| match s.share() {
        Some(share) => share.percent(),
        None if s.exposure.is_dynamic() => -2.0,
        None => -1.0,
    };
    let name = |s: &Stage| s.name.as_deref().unwrap_or("?").to_owned();
    found.iter().flat_map(Rollout::stages).map(|s| (name(s), percent(s))).collect()
}

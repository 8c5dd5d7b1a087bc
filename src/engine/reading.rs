//! Whose reading of a text counts.
//!
//! Kubernetes, our own files, CloudFormation, Terraform: each reads the same text its own way, and whose a document is
//! shows only when it is read. So it is read by what it looks like, and again where that was wrong.

use crate::adapters::{self, Object, Template};
use crate::syntax::{self, Chunk, Document, Engine, Limits, Node, SyntaxError};
use crate::text::FileId;

/// The group of our own files, which are read as YAML 1.2 and not as Kubernetes reads.
pub(super) const OWN_GROUP: &str = "rollgate";

/// The documents of the file `path`.
pub(super) fn chunks<'s>(path: &str, text: &'s str) -> Vec<Chunk<'s>> {
    if hcl(path).is_some() {
        return vec![Chunk { text, offset: 0, json: false }];
    }
    if is_prompt(path) {
        return syntax::front_matter(text).map(|(front, _)| front).into_iter().collect();
    }
    syntax::chunks(text).collect()
}

/// Is it a prompt behind front matter? What a model is given is no YAML.
fn is_prompt(path: &str) -> bool {
    let ending = std::path::Path::new(path).extension();
    ending.is_some_and(|e| e == "prompt" || e == "prompty")
}

/// Which language of HCL's kind the file `path` is in, if it is in one.
fn hcl(path: &str) -> Option<Engine> {
    let ending = std::path::Path::new(path).extension()?;
    let languages = [("tf", Engine::Hcl), ("ocl", Engine::Ocl)];
    languages.into_iter().find(|(name, _)| ending.eq_ignore_ascii_case(name)).map(|(_, engine)| engine)
}

/// Reads one document of the file `path` as the system reads it whose it is.
pub(super) fn parse<'s>(
    id: FileId,
    path: &str,
    chunk: &Chunk<'s>,
    limits: &Limits,
) -> Result<Document<'s>, SyntaxError> {
    let read = |engine| syntax::parse(id, chunk, engine, limits, false);
    let is_hcl = hcl(path);
    let looks = is_hcl.unwrap_or_else(|| looks_like(chunk.text));
    let found = read(looks);
    let right = match &found {
        Ok(doc) => owner(doc.root(), path),
        // What Kubernetes refuses may be somebody else's.
        Err(_) if looks == Engine::GoYamlV2 => read(Engine::Core12).ok().and_then(|doc| owner(doc.root(), path)),
        Err(_) => None,
    };
    match right {
        Some(engine) if engine != looks && is_hcl.is_none() && !(found.is_err() && engine == Engine::GoYamlV2) => {
            read(engine)
        }
        Some(_) | None => found,
    }
}

fn looks_like(text: &str) -> Engine {
    if text.contains("apiVersion") {
        Engine::GoYamlV2
    } else if text.contains("AWS::") {
        Engine::CloudFormation
    } else {
        Engine::Core12
    }
}

/// Who reads the document at `root`, if it is of a known system.
fn owner(root: Node<'_>, path: &str) -> Option<Engine> {
    match Object::new(root) {
        Some(object) if object.group == OWN_GROUP => Some(Engine::Core12),
        Some(_) => Some(Engine::GoYamlV2),
        None => match Template::new(root) {
            Some(template) => Some(template.engine()),
            None => adapters::recognised(root, path).map(|_| Engine::Core12),
        },
    }
}

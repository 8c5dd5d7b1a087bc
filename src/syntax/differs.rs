//! Plain scalars that engines read as different values.

use super::Engine;
use super::note::quoted;
use super::resolve::{self, Hint, Scalar};

/// What the readers make of the plain scalar `text`, where they differ.
pub(super) fn check(text: &str, key: bool) -> Option<String> {
    match resolve::hint(text) {
        Hint::Text | Hint::Merge => None,
        Hint::Word => word(text, key),
        Hint::Number => number(text, key),
    }
}

fn word(text: &str, key: bool) -> Option<String> {
    let kubernetes = resolve::plain(Engine::GoYamlV2, text);
    if kubernetes.same(resolve::plain(Engine::GoYamlV3, text)) {
        return None;
    }
    let value = describe(kubernetes);
    Some(if key {
        format!("Kubernetes reads the key {} as {value}, kustomize as text; put it in quotes", quoted(text))
    } else {
        format!("Kubernetes reads {} as {value}, kustomize as text; write {value}, or put it in quotes", quoted(text))
    })
}

fn number(text: &str, key: bool) -> Option<String> {
    let bytes = text.as_bytes();
    let simple = bytes.iter().all(u8::is_ascii_digit) && (bytes[0] != b'0' || bytes.len() == 1);
    if simple {
        return None;
    }
    if resolve::is_rewritten_timestamp(text) {
        return Some(format!("Kubernetes reads {} as text, kustomize as a date; put it in quotes", quoted(text)));
    }
    let go = resolve::plain(Engine::GoYamlV2, text);
    let core = resolve::plain(Engine::Core12, text);
    if go.same(core) {
        return None;
    }
    let what = if key { "the key " } else { "" };
    let (go, core) = (describe(go), describe(core));
    Some(format!(
        "Kubernetes reads {what}{} as {go}, YAML 1.2 readers as {core}; write the value you mean, or put it in quotes",
        quoted(text)
    ))
}

fn describe(scalar: Scalar<'_>) -> String {
    match scalar {
        Scalar::Null => "null".to_owned(),
        Scalar::Bool(b) => b.to_string(),
        Scalar::Int(n) => n.to_string(),
        Scalar::Uint(n) => n.to_string(),
        Scalar::Float(f) => f.to_string(),
        Scalar::Str(_) => "text".to_owned(),
    }
}

//! What the readers of prompts share: models, parameters and names, however a format writes them.

use super::nodes::present;
use super::{Lowering, Object, is_template};
use crate::model::{Fact, PromptFile};
use crate::syntax::Node;
use crate::text::Spanned;

/// A prompt of `object` called `name`, with nothing known of it.
pub(super) fn blank(object: &Object<'_>, kind: &'static str, name: &str, cx: &Lowering<'_>) -> PromptFile {
    PromptFile {
        system: cx.adapter.id,
        kind,
        name: Spanned::new(name.trim().into(), object.name_span()),
        model: Fact::Absent { near: object.node.anchor() },
        vendor: None,
        parameters: Vec::new(),
        variables: Vec::new(),
        tools: Vec::new(),
        span: object.node.span(),
    }
}

/// The model that is named at `node`.
pub(super) fn model(node: Node<'_>) -> Fact<Box<str>> {
    match node.text().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) if is_template(text) => Fact::Dynamic { expr: text.into(), span: node.span() },
        Some(text) => Fact::stated(text.into(), node.span()),
        None => Fact::Absent { near: node.span() },
    }
}

/// Whose model `vendor/model` is.
pub(super) fn vendor(model: &Fact<Box<str>>) -> Option<Box<str>> {
    model.known()?.split_once('/').map(|(vendor, _)| vendor.into())
}

/// Adds what stands under `node`: texts and lists of them.
pub(super) fn parameters(node: Option<Node<'_>>, out: &mut PromptFile) {
    for (key, value) in node.into_iter().flat_map(Node::entries) {
        let listed = || value.items().filter_map(Node::text).collect::<Vec<_>>().join(", ");
        let said = value.text().map(str::to_owned).or_else(|| value.is_seq().then(listed));
        if let (Some(key), Some(said)) = (key.text(), said.filter(|s| !s.is_empty())) {
            out.parameters.push((key.into(), said.as_str().into()));
        }
    }
}

/// Adds the value of `parent.key`, if it is a text.
pub(super) fn parameter(parent: Node<'_>, key: &str, out: &mut PromptFile) {
    if let Some(said) = present(parent, key).and_then(Node::text).filter(|s| !s.is_empty()) {
        out.parameters.push((key.into(), said.into()));
    }
}

/// Names of what is listed at `node`: keys of a mapping, texts, `name` or `id` of items or of their `function`.
pub(super) fn names(node: Option<Node<'_>>) -> Vec<Box<str>> {
    let Some(node) = node else { return Vec::new() };
    let inner = |item: Node<'_>| {
        let of = present(item, "function").filter(|f| f.is_map()).unwrap_or(item);
        let called = |key: &str| present(of, key).and_then(Node::text).map(Into::into);
        item.text().map(Into::into).or_else(|| called("name")).or_else(|| called("id"))
    };
    let keys = node.entries().filter_map(|(key, _)| key.text().map(Into::into));
    keys.chain(node.items().filter_map(inner)).collect()
}

/// The names between `open` and `close` in `text`, each once, in their order; anything but a plain name is left out.
pub(super) fn placeholders(text: &str, (open, close): (&str, &str), out: &mut Vec<Box<str>>) {
    for part in text.split(open).skip(1) {
        let Some((name, _)) = part.split_once(close) else { continue };
        let name = name.trim();
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if plain && !out.iter().any(|known| **known == *name) {
            out.push(name.into());
        }
    }
}

/// The name of the file `path`, less `ending`.
pub(super) fn stem<'p>(path: &'p str, ending: &str) -> &'p str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(ending).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_plain_names_each_once() {
        let found = |text, marks| {
            let mut out = Vec::new();
            placeholders(text, marks, &mut out);
            out.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(found("{{a}} {{ b }} {{a}} {{#if c}} {{", ("{{", "}}")), ["a", "b"]);
        assert_eq!(found("[{input}] {\"x\": 1} {ideal}", ("{", "}")), ["input", "ideal"]);
    }
}

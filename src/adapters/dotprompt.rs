//! Dotprompt: prompts behind front matter, `.prompt`.

use super::nodes::present;
use super::{Adapter, Lowering, Object, prompt_file};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// The front matter of `.prompt` files that has `model`, `config`, `input`, `output`, `tools` or `variant`. Other tools call
    /// plain text so too: a file without front matter is passed by. A prompt rolls nothing out: `inspect` shows which model
    /// it asks, how, and with what. No rule judges it; what a change does to it is told from git.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `model` | model; what stands before its `/` is the vendor | not named: the caller decides |
    /// | `config`, `output.format`, `toolChoice`, `maxTurns` | parameters | – |
    /// | keys of `input.schema` and `input.default` | variables | – |
    /// | `tools` | tools | – |
    ///
    /// ## What bites
    ///
    /// - `config.version` pins a checkpoint under the same `model`.
    /// - `name.variant.prompt` is a prompt beside `name.prompt`: nobody meets it until something asks for the variant.
    /// - `_name.prompt` is a part of others: to change it changes all of them.
    ///
    /// Sources: google/dotprompt: `third_party/docsite/src/content/docs/reference/frontmatter.mdx`, `examples/`; firebase/genkit:
    /// `js/genkit/tests/prompts/`.
    ///
    /// ## What it cannot see
    ///
    /// The text behind the front matter, and what it is filled with where no schema says so. Schemas that are named and stand
    /// elsewhere.
    pub Dotprompt {
        id: "dotprompt",
        title: "Dotprompt",
        summary: "front matter of `.prompt` files",
        kinds: [("dotprompt", "Prompt")],
        paths: [".prompt"],
    }
}

/// Keys one of which stands in the front matter of a prompt.
const KEYS: [&str; 6] = ["model", "config", "input", "output", "tools", "variant"];

impl Adapter for Dotprompt {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, path: &str) -> Option<Object<'d>> {
        let is_one = path.ends_with(".prompt") && KEYS.iter().any(|key| root.get(key).is_some());
        is_one.then(|| Object::document(root, Self::META.id, "Prompt", present(root, "name")))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let root = object.node;
        let named = Some(object.name()).filter(|name| !name.is_empty());
        let name = named.unwrap_or_else(|| prompt_file::stem(cx.path, ".prompt"));
        let mut out = prompt_file::blank(object, "Prompt", name, cx);
        if let Some(node) = present(root, "model") {
            out.model = prompt_file::model(node);
        }
        out.vendor = prompt_file::vendor(&out.model);
        prompt_file::parameters(present(root, "config"), &mut out);
        for key in ["variant", "toolChoice", "maxTurns"] {
            prompt_file::parameter(root, key, &mut out);
        }
        if let Some(output) = present(root, "output") {
            prompt_file::parameter(output, "format", &mut out);
        }
        for place in ["schema", "default"] {
            let said = root.path(&["input", place]);
            // A schema is short, or a whole JSON Schema.
            let keys = said.and_then(|s| present(s, "properties")).or(said).into_iter().flat_map(Node::entries);
            for name in keys.filter_map(|(key, _)| key.text()).map(plain) {
                if !out.variables.iter().any(|known| **known == *name) {
                    out.variables.push(name.into());
                }
            }
        }
        out.tools = prompt_file::names(present(root, "tools"));
        cx.prompt(|| out);
    }
}

/// The name in a key of a schema: `style?` and `tags(array, some of them)` are `style` and `tags`.
fn plain(key: &str) -> &str {
    key.split(['?', '(']).next().unwrap_or(key).trim()
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::prompts_of;

    #[test]
    fn a_prompt_by_its_keys() {
        let text = "model: googleai/gemini-2.5-flash\nconfig: {temperature: 0.7, stopSequences: [END]}\ninput:\n  schema: {name: string, style?: string, 'tags(array, some)': string}\n  default: {name: x}\noutput: {format: json}\ntools: [search]\n";
        let found = prompts_of("p/greet.formal.prompt", text).remove(0);
        assert_eq!((found.vendor.as_deref(), &*found.name.value), (Some("googleai"), "greet.formal"));
        assert_eq!(found.variables, ["name", "style", "tags"].map(Into::into));
        assert_eq!((found.parameters.len(), &*found.tools[0]), (3, "search"));
        let whole = "input: {schema: {type: object, properties: {q: {type: string}}}}\n";
        assert_eq!(prompts_of("p/greet.prompt", whole)[0].variables, ["q".into()]);
        assert!(prompts_of("p/greet.prompt", "title: notes\n").is_empty(), "somebody else's");
        assert!(prompts_of("p/greet.yaml", text).is_empty());
    }
}

//! ConfigCat.

mod audience;
mod setting;
#[cfg(test)]
mod tests;

use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// Config JSON as SDKs and local override files have it (`f` with its settings), of versions 6 and 5. Each setting is a
    /// live split: one moment, whose history in git is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `f.<key>` | a flag | – |
    /// | `f.<key>.v` | what everybody gets where there are no percentages; payload | – |
    /// | `f.<key>.r[]` | rings, in order: `c` says whom, `s` or `p` what they get | no rings |
    /// | `f.<key>.p[].p` | percent of the rest | everybody gets `v` |
    /// | `f.<key>.a`: an attribute of a tenant, an account and the like | shares are of tenants | of users |
    /// | `s[].n` | the name of a segment | its place |
    ///
    /// The control is the value `false`, else one called `off`, `control` or `default`, else `v`.
    ///
    /// ## What bites
    ///
    /// - Percentages that do not reach 100 are an error at run time: everybody gets the caller's own default.
    /// - With percentages, `v` is served only to who is not known.
    /// - A plain `v` of `true` is everybody.
    /// - A rule whose percentage attribute is missing is passed over.
    ///
    /// Sources: configcat/common-js: `src/ConfigJson.ts`, `src/RolloutEvaluator.ts`. The letters of version 5 are general
    /// knowledge, and are read leniently.
    ///
    /// ## What it cannot see
    ///
    /// The environment: there is one file for each, and it does not say which. How many people a segment or a rule has; a
    /// prerequisite flag is a ring of unknown size. Hashed values. Override files of fixed values (`flags`), whose form is
    /// everybody's. A file that does not parse is not known to be one.
    pub ConfigCat {
        id: "configcat",
        title: "ConfigCat",
        summary: "config JSON of SDKs, versions 5 and 6",
        kinds: [("configcat", "Settings")],
        words: ["configcat.com", "\"f\": {", "\"f\":{"],
    }
}

impl Adapter for ConfigCat {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let settings = root.get("f").filter(|f| f.is_map())?;
        let mut all = settings.entries().map(|(_, setting)| setting).peekable();
        all.peek()?;
        let has_preferences = root.path(&["p", "u"]).is_some();
        all.all(|s| setting::is_setting(s, has_preferences))
            .then(|| Object::document(root, "configcat", "Settings", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        for (key, setting) in object.node.get("f").into_iter().flat_map(Node::entries) {
            setting::lower((key, setting), object, cx);
        }
    }
}

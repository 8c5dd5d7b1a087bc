//! Everything that is derived from the code: pages, schemas, tables. Pure: paths to texts.

mod examples;
mod formats;
mod levels;
mod params;
mod rules;
mod schemas;
mod tables;

pub use examples::{Example, Kind, examples};
pub use levels::flow;
pub use schemas::{SCHEMAS, schema};
pub use tables::readme;

use std::collections::BTreeMap;

use crate::{adapters, render, rules as registry};

/// The file that a schema is kept in.
pub fn schema_path(name: &str) -> String {
    format!("schemas/{name}.schema.json")
}

/// Every generated file but the README: its path from the repository's root, and its text.
pub fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    let levels = levels::Levels::new();
    for def in registry::ALL {
        pages.insert(format!("docs/rules/{}.md", def.meta.id), rules::page(def, &levels));
    }
    for adapter in adapters::ALL {
        pages.insert(format!("docs/formats/{}.md", adapter.meta().id), formats::page(adapter.meta()));
    }
    pages.insert("docs/rules/README.md".to_owned(), tables::rules_index(&levels));
    pages.insert("docs/formats/README.md".to_owned(), tables::formats_index());
    for name in SCHEMAS {
        if let Some(schema) = schema(name) {
            pages.insert(schema_path(name), format!("{schema:#}\n"));
        }
    }
    pages
}

/// The page of `def` for a terminal of `width` columns. `here` is what the policy in force says of it.
pub fn explain(def: &registry::RuleDef, here: &str, width: usize) -> String {
    render::explain(def.meta, here, &params::plain(def), width)
}

/// Doc comments as they were meant: without the blank that follows `///`.
fn docs(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line))
}

/// A rule's or an adapter's summary as a sentence.
fn sentence(summary: &str) -> String {
    let mut chars = summary.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).chain(std::iter::once('.')).collect()
}

/// A path as it stands in the repository, whatever machine compiled it.
fn repository_path(file: &str) -> String {
    file.replace('\\', "/")
}

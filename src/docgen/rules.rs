//! The page of a rule.

use super::examples::{Example, Fence, Fences, Kind};
use super::levels::Levels;
use super::{docs, params, repository_path, sentence};
use crate::catalog::RuleMeta;
use crate::render::{Detail, Style, frames};
use crate::rules::RuleDef;

/// The page of `def` as Markdown.
pub(super) fn page(def: &RuleDef, levels: &Levels) -> String {
    let meta = def.meta;
    let mut out = format!("# {}\n\n{}\n\n{}\n", meta.id, sentence(meta.summary), body(meta));
    out += &format!("{}\n{}\n", params::section(def), levels_section(meta, levels));
    let (family, file) = (meta.family.title(), repository_path(meta.file));
    out += &format!(
        "---\n\nFamily: [{family}](README.md#{}) · since {} · declared at [`{file}:{line}`](../../{file}#L{line})\n",
        anchor(family),
        meta.since,
        line = meta.line
    );
    out
}

/// The heading's name in links, as GitHub makes it.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-');
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The rule's own text, with what is printed for each example beneath it.
fn body(meta: &RuleMeta) -> String {
    let mut out = String::new();
    let mut fences = Fences::default();
    for line in docs(meta.docs) {
        match line.strip_prefix("```") {
            Some("") if fences.is_open() => {
                out += "```\n";
                out += &fences.close().map(|example| printed(meta, &example)).unwrap_or_default();
                continue;
            }
            Some(info) => {
                if let Some(fence) = fences.open(info) {
                    out += match fence {
                        Fence::Before => "Before:\n\n",
                        Fence::Also => "The change also brings:\n\n",
                        Fence::Shown(Kind::Violates) => "Found:\n\n",
                        Fence::Shown(Kind::Passes) => "Fine:\n\n",
                    };
                    out += "```yaml\n";
                    continue;
                }
            }
            None => fences.line(line),
        }
        out += line;
        out.push('\n');
    }
    out
}

/// What is printed for an example that is found.
fn printed(meta: &RuleMeta, example: &Example) -> String {
    if example.kind == Kind::Passes {
        return String::new();
    }
    let style = Style { color: false, unicode: true, width: 90, detail: Detail::Normal };
    let Some((report, sources)) = example.check(Some(meta.id)) else { return String::new() };
    format!("\n```text\n{}```\n", frames(&report, &sources, style).trim_end_matches('\n').to_owned() + "\n")
}

fn levels_section(meta: &RuleMeta, levels: &Levels) -> String {
    let mut out = "## Levels\n\n| preset | level | parameters |\n|---|---|---|\n".to_owned();
    for line in levels.lines(meta.id) {
        let params = line.params.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ");
        out += &format!("| {} | {} | {params} |\n", line.preset, line.level.name());
    }
    out
}

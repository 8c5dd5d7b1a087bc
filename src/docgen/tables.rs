//! The indices of rules and formats, and the README's tables.

use super::levels::Levels;
use super::sentence;
use crate::catalog::Family;
use crate::{adapters, rules};

/// The index of the rules' pages.
pub(super) fn rules_index(levels: &Levels) -> String {
    let mut out = "# Rules\n\nWhat each rule finds, and its level under each preset.\n".to_owned();
    let mut family: Option<Family> = None;
    for def in rules::ALL {
        if family != Some(def.meta.family) {
            family = Some(def.meta.family);
            let names: Vec<&str> = levels.names().collect();
            let (heads, lines) = (names.join(" | "), "---|".repeat(names.len()));
            out += &format!("\n## {}\n\n| rule | finds | {heads} |\n|---|---|{lines}\n", def.meta.family.title());
        }
        let (id, summary) = (def.meta.id, def.meta.summary);
        let cells: Vec<&str> = levels.of(id).map(crate::catalog::Level::name).collect();
        out += &format!("| [`{id}`]({id}.md) | {summary} | {} |\n", cells.join(" | "));
    }
    out
}

/// The index of the formats' pages.
pub(super) fn formats_index() -> String {
    format!("# Formats\n\nWhat is read, and how each is understood.\n\n{}", formats_table(""))
}

fn formats_table(folder: &str) -> String {
    let mut out = "| format | in reports | read |\n|---|---|---|\n".to_owned();
    for adapter in adapters::ALL {
        let meta = adapter.meta();
        let (id, title, summary) = (meta.id, meta.title, sentence(meta.summary));
        out += &format!("| [{title}]({folder}{id}.md) | `{id}` | {summary} |\n");
    }
    out
}

fn rules_table() -> String {
    let mut out = "| rule | level | finds |\n|---|---|---|\n".to_owned();
    for def in rules::ALL {
        let (id, level, summary) = (def.meta.id, def.meta.level.name(), def.meta.summary);
        out += &format!("| [`{id}`](docs/rules/{id}.md) | {level} | {summary} |\n");
    }
    out
}

/// The README with its generated tables as the registries have them: what stands between `<!-- rules:begin -->` and
/// `<!-- rules:end -->`, and the same for `formats`. A README without the markers stays as it is.
pub fn readme(current: &str) -> String {
    let with_rules = between(current, "rules", &rules_table());
    between(&with_rules, "formats", &formats_table("docs/formats/"))
}

fn between(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let Some((before, rest)) = text.split_once(&begin) else { return text.to_owned() };
    let Some((_, after)) = rest.split_once(&end) else { return text.to_owned() };
    format!("{before}{begin}{table}{end}{after}")
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let text = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n";
        assert_eq!(between(text, "x", "new\n"), "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n");
        assert_eq!(between(text, "y", "new\n"), text);
        assert_eq!(between("<!-- x:begin -->\n", "x", "new\n"), "<!-- x:begin -->\n");
    }
}

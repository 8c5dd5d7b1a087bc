//! A rule's page in the terminal.

use super::wrap::wrap;
use crate::catalog::RuleMeta;

/// The page of `rule` as plain text of at most `width` columns: headings stand out, paragraphs wrap, examples are
/// indented. `here` is what the policy in force says of it, `parameters` has a paragraph for each of its parameters.
pub fn explain(rule: &RuleMeta, here: &str, parameters: &[String], width: usize) -> String {
    let mut page = Page { out: String::new(), paragraph: String::new(), width };
    page.out += &format!("{}\n{}\n\n", rule.id, "=".repeat(rule.id.len()));
    page.out += &format!("{}\nfamily: {}\n", sentence(rule.summary), rule.family.title());
    page.line("## In this repository");
    page.out += here;
    page.docs(rule.docs);
    page.line("## Parameters");
    if parameters.is_empty() {
        page.line("None.");
    }
    for parameter in parameters {
        page.line(parameter);
    }
    page.flush();
    page.out += &format!("\nPage: docs/rules/{}.md\n", rule.id);
    page.out
}

/// What a rule says of itself, as plain text of at most `width` columns.
pub(super) fn plain(docs: &str, width: usize) -> String {
    let mut page = Page { out: String::new(), paragraph: String::new(), width };
    page.docs(docs);
    page.flush();
    page.out.trim_start().to_owned()
}

/// A rule's summary as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect::<String>() + ".")
}

struct Page {
    out: String,
    /// What has been read of the paragraph at hand.
    paragraph: String,
    width: usize,
}

impl Page {
    fn docs(&mut self, docs: &str) {
        let mut fence = false;
        for line in docs.lines().map(|l| l.strip_prefix(' ').unwrap_or(l)) {
            match line.strip_prefix("```") {
                Some(info) => {
                    fence = !fence;
                    self.fence(info);
                }
                None if fence => self.out += &format!("    {line}\n"),
                None => self.line(line),
            }
        }
    }

    /// The words above an example; nothing at its end.
    fn fence(&mut self, info: &str) {
        self.flush();
        if info.contains("violates") {
            self.out += "\n  This is found:\n\n";
        } else if info.contains("passes") {
            self.out += "\n  This passes:\n\n";
        }
    }

    fn line(&mut self, line: &str) {
        if let Some(heading) = line.strip_prefix("## ") {
            self.flush();
            self.out += &format!("\n{heading}\n{}\n", "-".repeat(heading.chars().count()));
            return;
        }
        if line.starts_with('|') {
            self.flush();
            self.out += &format!("{line}\n");
            return;
        }
        if line.trim().is_empty() || line.starts_with("- ") {
            self.flush();
        }
        if !line.trim().is_empty() {
            self.paragraph += line;
            self.paragraph.push(' ');
        }
    }

    /// Writes the gathered paragraph, wrapped; an item of a list hangs on its dash. Paragraphs are set apart.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.paragraph);
        if text.is_empty() {
            return;
        }
        let item = text.starts_with("- ");
        if !self.out.ends_with("-\n") && !item {
            self.out.push('\n');
        }
        self.out += &wrap(&text, self.width, "", if item { "  " } else { "" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Family, Level};

    #[test]
    fn a_page() {
        let docs = " ## What it checks\n\n One long\n sentence.\n\n - a first item\n - b\n\n ```yaml violates\n a: |\n\n   x\n ```\n";
        let rule = RuleMeta {
            id: "big-bang",
            summary: "everybody at once",
            docs,
            family: Family::Exposure,
            level: Level::Error,
            since: "0.1.0",
            file: "",
            line: 1,
        };
        let page = explain(&rule, "It is on.\n", &["- `min`: text".to_owned()], 12);
        let expected = "\nWhat it checks\n--------------\nOne long\nsentence.\n- a first\n  item\n- b\n\n  This is found:\n\n    a: |\n    \n      x\n\nParameters\n----------\n- `min`:\n  text\n\nPage: docs/rules/big-bang.md\n";
        assert_eq!(page.split_once("It is on.\n").unwrap().1, expected);
    }
}

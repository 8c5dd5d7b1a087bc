//! A rule's page in the terminal.

use super::wrap::put;
use crate::catalog::RuleMeta;

/// The page of `rule` as plain text of at most `width` columns: headings stand out, paragraphs wrap, examples are
/// indented. `level` is its level under the policy in force.
pub fn explain(rule: &RuleMeta, level: &str, width: usize) -> String {
    let mut out = format!("{}\n{}\n\n", rule.id, "=".repeat(rule.id.len()));
    put(
        &mut out,
        format_args!("{}\nfamily: {} · level here: {level}\n", capitalised(rule.summary), rule.family.title()),
    );
    let mut paragraph = String::new();
    let mut fence = false;
    for line in rule.docs.lines().map(|l| l.strip_prefix(' ').unwrap_or(l)) {
        if line.starts_with("```") {
            flush(&mut out, &mut paragraph, width);
            if !fence {
                let verdict = if line.contains("violates") { "is found" } else { "passes" };
                put(&mut out, format_args!("\n  This {verdict}:\n\n"));
            }
            fence = !fence;
        } else if fence {
            put(&mut out, format_args!("    {line}\n"));
        } else if let Some(heading) = line.strip_prefix("## ") {
            flush(&mut out, &mut paragraph, width);
            put(&mut out, format_args!("\n{heading}\n{}\n", "-".repeat(heading.chars().count())));
        } else if line.starts_with('|') {
            flush(&mut out, &mut paragraph, width);
            put(&mut out, format_args!("{line}\n"));
        } else if line.trim().is_empty() {
            flush(&mut out, &mut paragraph, width);
        } else {
            if line.starts_with("- ") {
                flush(&mut out, &mut paragraph, width);
            }
            paragraph += line;
            paragraph.push(' ');
        }
    }
    flush(&mut out, &mut paragraph, width);
    put(&mut out, format_args!("\nPage: docs/rules/{}.md\n", rule.id));
    out
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect::<String>() + ".")
}

/// Writes the gathered paragraph, wrapped.
fn flush(out: &mut String, paragraph: &mut String, width: usize) {
    let mut column = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        }
        if column > 0 {
            out.push(' ');
            column += 1;
        }
        *out += word;
        column += length;
    }
    if column > 0 {
        out.push('\n');
    }
    paragraph.clear();
}

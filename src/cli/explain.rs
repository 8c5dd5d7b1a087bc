//! `rollgate explain`: a rule's page, and what the policy in force says of it.

use serde_json::json;

use super::args::{Explain, Format};
use super::surroundings::Surroundings;
use super::{Outcome, check, print, setup};
use crate::catalog::Level;
use crate::collect::Roots;
use crate::docgen;
use crate::engine::Registry;
use crate::policy::{Mention, Policy, Selector, ShownRule};
use crate::render::{link, visible, wrap};
use crate::rules;

pub(super) fn run(args: &Explain, around: &Surroundings) -> Outcome {
    let Some(def) = rules::find(&args.rule) else { return Err(vec![setup::unknown_rule(&args.rule)]) };
    let roots = check::roots(&[], around, false);
    let policy = setup::policy(&args.policy, &roots, around)?;
    let shown = policy.show(&Selector::default(), &Registry);
    let Some(setting) = shown.rules.iter().find(|rule| rule.rule == def.meta.id) else {
        return Err(vec![setup::unknown_rule(&args.rule)]);
    };
    let mentions = policy.mentions(def.meta.id);
    if args.output.format == Format::Json {
        let page = json!({
            "id": def.meta.id, "family": def.meta.family.title(), "summary": def.meta.summary,
            "level": setting.level.value, "docs": def.meta.docs,
            "policy": policy.name(), "setting": setting, "said": mentions,
        });
        print(&format!("{page:#}\n"))?;
        return Ok(0);
    }
    let width = around.width.min(100);
    let here = Here { policy: &policy, setting, mentions: &mentions, width, links: around.links().then_some(&roots) };
    print(&docgen::explain(def, &here.text(), width))?;
    Ok(0)
}

/// What the policy in force says of a rule.
struct Here<'a> {
    policy: &'a Policy,
    setting: &'a ShownRule,
    mentions: &'a [Mention],
    width: usize,
    /// Where the policy's files are, if they are linked to.
    links: Option<&'a Roots>,
}

impl Here<'_> {
    fn text(&self) -> String {
        let mut out = wrap(&self.why(), self.width, "", "");
        if !self.mentions.is_empty() {
            out += "\n";
            let rows: Vec<_> = self.mentions.iter().map(|m| (m.from.clone(), said(m), m.file.as_deref())).collect();
            out += &self.table(&rows);
            if self.mentions.len() > 1 {
                out += &wrap("\nA later line beats an earlier one in what both say.", self.width, "", "");
            }
        }
        if self.setting.parameters.is_empty() {
            return out;
        }
        out += "\nThe values of its parameters:\n\n";
        let parameters = self.setting.parameters.iter();
        let value = |name: &str, value| format!("{name}: {}", docgen::flow(value));
        let rows: Vec<_> = parameters.map(|(name, p)| (p.from.clone(), value(name, &p.value), None)).collect();
        out + &self.table(&rows)
    }

    /// One sentence: is it on, and why?
    fn why(&self) -> String {
        let (name, from) = (self.policy.name(), &self.setting.level.from);
        let over = self.policy.extends();
        let over = if over.is_empty() { String::new() } else { format!(", over {}", over.join(", ")) };
        let level = self.setting.level.value.as_str().unwrap_or_default();
        let state = if self.mentions.is_empty() {
            "it is off: nothing in it names this rule".to_owned()
        } else if level == Level::Off.name() {
            format!("it is off: {from} says so")
        } else {
            let fails = level == Level::Error.name() || self.policy.fail_on == Level::Warning;
            let not = if fails { "fails the check" } else { "does not fail the check" };
            format!("it is on as {level}, which {not}: {from} says so")
        };
        let some = self.mentions.iter().any(|m| m.scope.is_some());
        let some = if some { ", where no scope and no class says anything else" } else { "" };
        format!("Under {}{over} {state}{some}.", visible(&name))
    }

    /// Two columns; what the first one names is linked to where it is a file.
    fn table(&self, rows: &[(String, String, Option<&str>)]) -> String {
        let widest = rows.iter().map(|(left, ..)| left.chars().count()).max().unwrap_or(0).min(self.width / 2);
        let indent = " ".repeat(widest + 4);
        let row = |(left, right, file): &(String, String, Option<&str>)| {
            let left = visible(left);
            let first = format!("  {left:widest$}  ");
            let text = wrap(&visible(right), self.width, &first, &indent);
            match (self.links, file) {
                (Some(roots), Some(file)) => text.replacen(&*left, &link(&roots.root.join(file), &left), 1),
                (Some(_) | None, _) => text,
            }
        };
        rows.iter().map(row).collect()
    }
}

/// What one place says: `error, min: 2%, for environment: staging`.
fn said(mention: &Mention) -> String {
    let parameters = mention.parameters.iter().map(|(name, value)| format!("{name}: {}", docgen::flow(value)));
    let scope = mention.scope.iter().map(|scope| format!("for {scope}"));
    let level = mention.level.iter().map(|level| (*level).to_owned());
    let all: Vec<String> = level.chain(parameters).chain(scope).collect();
    if all.is_empty() { "names it".to_owned() } else { all.join(", ") }
}

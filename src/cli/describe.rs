//! What describes the program itself: rules, explanations, schemas, completions, the manual.

use clap::CommandFactory;
use serde_json::{Value, json};

use super::args::{Cli, Completions, Explain, Format, Rules, Schema};
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{Outcome, check, print, setup};
use crate::docgen;
use crate::policy::Selector;
use crate::rules;
use crate::text::nearest;

/// `rollgate rules`.
pub(super) fn rules(args: &Rules, around: &Surroundings) -> Outcome {
    let roots = check::roots(&[], around, false);
    let policy = setup::policy(&args.policy, &roots, around)?;
    let settings = policy.settings(&Selector::default());
    let level = |id: &str| settings.get(id).map_or("off", |s| s.level.name());
    if args.output.format == Format::Json {
        let rules: Vec<Value> = rules::ALL
            .iter()
            .map(|d| json!({"id": d.meta.id, "family": d.meta.family.title(), "level": level(d.meta.id), "summary": d.meta.summary}))
            .collect();
        print(&format!("{:#}\n", json!({"policy": policy.name(), "rules": rules})))?;
        return Ok(0);
    }
    let mut out = format!("levels under {}\n", policy.name());
    let mut family = None;
    for def in rules::ALL {
        if family != Some(def.meta.family) {
            family = Some(def.meta.family);
            out += &format!("\n{}\n", def.meta.family.title());
        }
        out += &format!("  {:<31} {:<8} {}\n", def.meta.id, level(def.meta.id), def.meta.summary);
    }
    out += "\n`rollgate explain RULE` says more about one of them.\n";
    print(&out)?;
    Ok(0)
}

/// `rollgate explain`.
pub(super) fn explain(args: &Explain, around: &Surroundings) -> Outcome {
    let Some(def) = rules::find(&args.rule) else { return Err(vec![setup::unknown_rule(&args.rule)]) };
    let roots = check::roots(&[], around, false);
    let policy = setup::policy(&super::args::PolicyChoice::default(), &roots, around)?;
    let settings = policy.settings(&Selector::default());
    let setting = settings.get(def.meta.id);
    let level = setting.map_or_else(|| "off".to_owned(), |s| format!("{} ({})", s.level.name(), s.level_from));
    if args.output.format == Format::Json {
        let page = json!({
            "id": def.meta.id, "family": def.meta.family.title(), "summary": def.meta.summary,
            "level": setting.map_or("off", |s| s.level.name()), "docs": def.meta.docs,
        });
        print(&format!("{page:#}\n"))?;
        return Ok(0);
    }
    print(&docgen::explain(def, &level, around.width.min(100)))?;
    Ok(0)
}

/// `rollgate schema`.
pub(super) fn schema(args: &Schema) -> Outcome {
    if let Some(schema) = docgen::schema(&args.name) {
        return print(&format!("{schema:#}\n")).map(|()| 0);
    }
    let help = match nearest(&args.name, docgen::SCHEMAS.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the schemas are {}", docgen::SCHEMAS.join(", ")),
    };
    Err(vec![Failure::new(format!("there is no schema `{}`", args.name), help)])
}

/// `rollgate completions`.
pub(super) fn completions(args: &Completions) -> Outcome {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rollgate", &mut out);
    print(&String::from_utf8_lossy(&out))?;
    Ok(0)
}

/// `rollgate man`.
pub(super) fn man() -> Outcome {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = clap_mangen::Man::new(Cli::command()).render(&mut out);
    print(&String::from_utf8_lossy(&out))?;
    Ok(0)
}

//! `rollgate completions` and `rollgate man`, from the definition of the command line.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;

use super::args::{Cli, Completions, Man};
use super::failure::Failure;
use super::{Outcome, print};
use crate::docgen;
use crate::policy::PRESETS;
use crate::rules;
use crate::text::nearest;

/// `rollgate completions`.
pub(super) fn completions(args: &Completions) -> Outcome {
    let mut command = known(Cli::command());
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut command, "rollgate", &mut out);
    let mut out = String::from_utf8_lossy(&out).into_owned();
    if args.shell == Shell::Fish {
        out += &for_fish(&command, &[]);
    }
    print(&out)?;
    Ok(0)
}

/// `command`, where what a shell offers is known though any text is taken and answered in our own words: rules, presets
/// and schemas.
fn known(command: Command) -> Command {
    command.mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        sub.mut_args(|arg| offered(arg, &name)).mut_subcommands(|sub| sub.mut_args(|arg| offered(arg, "")))
    })
}

fn offered(arg: Arg, command: &str) -> Arg {
    let values: Vec<&'static str> = match (command, arg.get_id().as_str()) {
        (_, "rule" | "select" | "ignore") => rules::ALL.iter().map(|d| d.meta.id).collect(),
        (_, "preset") => PRESETS.iter().map(|p| p.name).collect(),
        ("schema", "name") => docgen::SCHEMAS.to_vec(),
        _ => return arg,
    };
    arg.value_parser(PossibleValuesParser::new(values))
}

/// The generator for fish knows options and commands only: this adds what may stand without an option's name.
fn for_fish(command: &Command, path: &[&str]) -> String {
    let mut out = String::new();
    for sub in command.get_subcommands() {
        let path = [path, &[sub.get_name()]].concat();
        let place = match path.as_slice() {
            [one] => format!("__fish_rollgate_using_subcommand {one}"),
            [one, two] => format!("__fish_rollgate_using_subcommand {one}; and __fish_seen_subcommand_from {two}"),
            _ => continue,
        };
        for arg in sub.get_positionals() {
            let values: Vec<String> = arg.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect();
            if !values.is_empty() {
                out += &format!("complete -c rollgate -n \"{place}\" -f -a \"{}\"\n", values.join(" "));
            }
        }
        out += &for_fish(sub, &path);
    }
    out
}

/// `rollgate man`.
pub(super) fn man(args: &Man) -> Outcome {
    let mut whole = Cli::command();
    // Gives each command its whole name.
    whole.build();
    let mut command = &whole;
    for name in &args.command {
        let Some(sub) = command.get_subcommands().find(|sub| sub.get_name() == name) else {
            let near = nearest(name, command.get_subcommands().map(Command::get_name));
            let help = near
                .map_or_else(|| "`rollgate --help` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(vec![Failure::new(format!("there is no command `{name}`"), help)]);
        };
        command = sub;
    }
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = clap_mangen::Man::new(command.clone()).render(&mut out);
    print(&String::from_utf8_lossy(&out))?;
    Ok(0)
}

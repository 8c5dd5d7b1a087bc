//! The command line: arguments and environment in, reports and an exit code out.

mod args;
mod baseline;
mod check;
mod ci;
mod describe;
mod drill;
mod explain;
mod failure;
mod fix;
mod gate;
mod history;
mod hook;
mod init;
mod inspect;
mod lsp;
mod manual;
mod output;
mod policy;
mod policy_diff;
mod policy_test;
mod progress;
mod setup;
mod surroundings;
mod window;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, PolicyCommand};
use failure::Failure;
use surroundings::Surroundings;

use crate::render::Detail;

/// What a command ends with: an exit code, or the failures that kept it from beginning.
type Outcome = Result<u8, Vec<Failure>>;

/// Runs `rollgate` with `args`, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            // A closed pipe is quiet.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let around = match Surroundings::ask() {
        Ok(around) => around,
        Err(error) => {
            say(&format!("rollgate: the working directory cannot be read: {error}\n"));
            return ExitCode::from(2);
        }
    };
    match command(cli.command, &around) {
        Ok(code) => ExitCode::from(code),
        Err(failures) => {
            say(&failure::show(&failures, output::style(around.color_on_stderr(), Detail::Normal, &around)));
            ExitCode::from(2)
        }
    }
}

fn command(command: Command, around: &Surroundings) -> Outcome {
    match command {
        Command::Check(args) => check::run(&args, around),
        Command::Inspect(args) => inspect::run(&args, around),
        Command::Drill(command) => drill::run(&command, around),
        Command::Window(args) => window::run(&args, around),
        Command::Rules(args) => describe::rules(&args, around),
        Command::Explain(args) => explain::run(&args, around),
        Command::Policy(PolicyCommand::Show(args)) => policy::show(&args, around),
        Command::Policy(PolicyCommand::Check(args)) => policy::check(&args, around),
        Command::Policy(PolicyCommand::Test(args)) => policy_test::run(&args, around),
        Command::Policy(PolicyCommand::Diff(args)) => policy_diff::run(&args, around),
        Command::Baseline(command) => baseline::run(&command, around),
        Command::Hook(command) => hook::run(&command, around),
        Command::Init(args) => init::run(&args, around),
        Command::Schema(args) => describe::schema(&args),
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
        Command::Lsp => lsp::run(around),
    }
}

/// Writes the report to standard output; a closed pipe is quiet.
fn print(text: &str) -> Result<(), Vec<Failure>> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(vec![Failure::new(
            format!("the report cannot be written: {error}"),
            "free some space, or write elsewhere",
        )]),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Says something on standard error.
fn say(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

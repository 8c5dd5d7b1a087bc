//! The `rollgate` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    rollgate::cli::run(std::env::args_os())
}

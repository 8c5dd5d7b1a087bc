//! What the process was started in. The only reader of the environment.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::args::Color;
use super::ci::CiEnv;
use crate::clock::{self, Moment};
use crate::collect::{self, Content, File, Origin};

/// What the process was started in.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a variable of its own")]
pub(super) struct Surroundings {
    /// The working directory, absolute.
    pub(super) cwd: PathBuf,
    /// The present.
    pub(super) now: Moment,
    /// Does standard output reach a terminal?
    pub(super) terminal: bool,
    /// Columns to write for.
    pub(super) width: usize,
    no_color: bool,
    force_color: bool,
    unicode: bool,
}

impl Surroundings {
    /// Asks the process.
    ///
    /// # Errors
    /// When the working directory is gone.
    pub(super) fn ask() -> std::io::Result<Self> {
        let set = |name: &str| variable(name).is_some_and(|v| !v.is_empty());
        let forced = |name: &str| variable(name).is_some_and(|v| !v.is_empty() && v != "0");
        let terminal = std::io::stdout().is_terminal();
        let width = variable("COLUMNS").and_then(|v| v.parse().ok()).filter(|w| (40..=400).contains(w));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|n| variable(n).filter(|v| !v.is_empty()));
        let utf8 = |l: String| l.to_ascii_lowercase().replace('-', "").contains("utf8");
        #[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
        let cwd = std::env::current_dir()?;
        Ok(Self {
            cwd,
            now: clock::now(),
            terminal,
            width: width.unwrap_or(if terminal { terminal_width() } else { 100 }),
            no_color: set("NO_COLOR"),
            force_color: forced("CLICOLOR_FORCE") || forced("FORCE_COLOR"),
            unicode: !terminal || locale.is_none_or(utf8),
        })
    }

    /// Is the report coloured? `--color` first, then `NO_COLOR`, the forcing variables, `CLICOLOR=0`, the terminal.
    pub(super) fn color(&self, asked: Color) -> bool {
        match asked {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if self.no_color => false,
            Color::Auto if self.force_color => true,
            Color::Auto => self.terminal && variable("CLICOLOR").is_none_or(|v| v != "0"),
        }
    }

    /// Does standard output reach a terminal that shows links? `FORCE_HYPERLINK` says so or not; else it is known by the
    /// variables that such terminals set. One that is not known gets none.
    pub(super) fn links(&self) -> bool {
        let set = |name: &str| variable(name).is_some_and(|v| !v.is_empty());
        let is = |name: &str, known: &[&str]| variable(name).is_some_and(|v| known.contains(&&*v));
        match variable("FORCE_HYPERLINK") {
            Some(forced) if !forced.is_empty() => forced != "0",
            Some(_) | None => {
                let vte = variable("VTE_VERSION").and_then(|v| v.parse::<u32>().ok()).is_some_and(|v| v >= 5000);
                let program = is("TERM_PROGRAM", &["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio"]);
                let term = is("TERM", &["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm"]);
                let known = vte || program || term || set("WT_SESSION") || set("KONSOLE_VERSION");
                self.terminal && !is("TERM", &["dumb"]) && known
            }
        }
    }

    /// Does standard error reach a terminal?
    pub(super) fn sees_progress() -> bool {
        std::io::stderr().is_terminal()
    }

    /// Are failures on standard error coloured?
    pub(super) fn color_on_stderr(&self) -> bool {
        !self.no_color && (self.force_color || std::io::stderr().is_terminal())
    }

    /// This very program, where it can be found again.
    pub(super) fn program() -> Option<String> {
        std::env::current_exe().ok().filter(|p| p.is_file())?.into_os_string().into_string().ok()
    }

    /// What a CI service says of its job.
    pub(super) fn ci() -> CiEnv {
        // Values that are no UTF-8 are kept, with a mark that no name of git's holds.
        #[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
        let variable = |name: &str| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned());
        CiEnv::take(variable, event)
    }

    /// What `git push --push-option` sent, as git tells hooks of the receiving side.
    pub(super) fn push_options() -> Vec<String> {
        #[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
        let variable = |name: &str| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned());
        super::hook::push_options(variable)
    }

    /// What the framework pre-commit says of a push.
    pub(super) fn pre_commit() -> super::hook::PreCommit {
        super::hook::PreCommit::take(variable)
    }

    /// Is this a job of GitHub Actions, whose log reads commands?
    pub(super) fn in_github_job(&self) -> bool {
        !self.terminal && variable("GITHUB_ACTIONS").is_some_and(|v| v == "true")
    }

    /// The file that becomes the summary of a step of GitHub Actions.
    pub(super) fn step_summary(&self) -> Option<PathBuf> {
        variable("GITHUB_STEP_SUMMARY").filter(|v| !v.is_empty()).map(|path| self.cwd.join(path))
    }

    /// Can the terminal draw frames with more than ASCII?
    pub(super) const fn unicode(&self) -> bool {
        self.unicode
    }
}

/// The text of the event that a CI service wrote for its job.
fn event(path: &str) -> Result<String, String> {
    const LARGEST: u64 = 64 << 20;
    let file = File { path: path.into(), origin: Origin::Disk(path.into()) };
    match collect::read(&file, LARGEST) {
        Ok(Content::Text(text)) => Ok(text),
        Ok(Content::NotUtf8 { .. }) => Err("it is no UTF-8".to_owned()),
        Ok(Content::TooLarge { size }) => Err(format!("it has {size} bytes")),
        Err(error) => Err(error.to_string()),
    }
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
    std::env::var(name).ok()
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 400)
}

//! The script that git calls: what stood there before, then rollgate.

use crate::cli::args::HookName;
use crate::finding::Fingerprint;

/// What the hook that stood there is called from then on.
pub(super) fn before_name(name: HookName) -> String {
    format!("{}.before-rollgate", name.as_str())
}

/// Whose a hook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Ours, as we wrote it; perhaps another version of us.
    Ours,
    /// Ours, and somebody changed it since.
    Changed,
    /// Somebody's.
    Foreign,
}

const MARK: &str = "# rollgate-hook ";

/// The script for `name`; `program` is asked first, then whatever `rollgate` is on the path.
pub(super) fn write(name: HookName, program: Option<&str>) -> String {
    let hook = name.as_str();
    let before = before_name(name);
    let recorded = quoted(program.unwrap_or_default());
    let (keep, give) = if name.reads_input() {
        let keep = "# Git says on standard input what moves: both hooks read all of it.\n\
                    input=$(cat && printf .) || exit 2\n\
                    input=${input%.}\n\n";
        (keep, "printf %s \"$input\" 2>/dev/null | ")
    } else {
        ("", "")
    };
    let body = format!(
        "# Written by `rollgate hook install`; `rollgate hook uninstall` takes it away. Do not edit it: what stood here\n\
         # before is kept as {before} and runs first.\n\
         \n\
         case $0 in */*) folder=${{0%/*}} ;; *) folder=. ;; esac\n\
         before=$folder/{before}\n\
         recorded={recorded}\n\
         \n\
         {keep}\
         if [ -f \"$before\" ] && [ -x \"$before\" ]; then\n    \
             {give}\"$before\" \"$@\" || exit $?\n\
         fi\n\
         \n\
         if [ -f \"$recorded\" ] && [ -x \"$recorded\" ]; then\n    \
             rollgate=$recorded\n\
         elif ! rollgate=$(command -v rollgate); then\n    \
             echo \"rollgate: the {hook} hook finds no rollgate, neither at '$recorded' nor on the PATH\" >&2\n    \
             echo \"  help: install it and run 'rollgate hook install {hook}' again, or take the hook $0 away\" >&2\n    \
             exit 2\n\
         fi\n\
         {give}\"$rollgate\" hook run {hook} \"$@\"\n"
    );
    format!("#!/bin/sh\n{MARK}{hook} {}\n{body}", seal(hook, &body))
}

/// Tells a script that nobody touched from one that somebody did.
fn seal(hook: &str, body: &str) -> Fingerprint {
    Fingerprint::of([hook, body])
}

/// Whose is the hook `name` that holds `text`?
pub(super) fn whose(name: HookName, text: &str) -> Whose {
    let inside = text.strip_prefix("#!/bin/sh\n").and_then(|rest| rest.strip_prefix(MARK));
    let Some((mark, body)) = inside.and_then(|rest| rest.split_once('\n')) else {
        let marked = text.lines().any(|line| line.starts_with(MARK));
        return if marked { Whose::Changed } else { Whose::Foreign };
    };
    let intact = mark == format!("{} {}", name.as_str(), seal(name.as_str(), body));
    if intact { Whose::Ours } else { Whose::Changed }
}

/// `text` as one word of sh.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

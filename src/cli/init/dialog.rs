//! Questions on a terminal. Where nobody can answer, every answer is the proposal.

use std::io::BufRead;

use crate::cli::say;

/// Asks a person, if there is one.
pub(super) struct Dialog<'i> {
    input: Option<&'i mut dyn BufRead>,
}

impl<'i> Dialog<'i> {
    /// A dialog with whoever writes to `input`; `None` takes every proposal without a word.
    pub(super) fn with(input: Option<&'i mut dyn BufRead>) -> Self {
        Self { input }
    }

    /// A line of text.
    pub(super) fn text(&mut self, question: &str, proposal: &str) -> String {
        let shown = if proposal.is_empty() { "none" } else { proposal };
        self.ask(&format!("{question} [{shown}]: ")).unwrap_or_else(|| proposal.to_owned())
    }

    /// One of `choices`; asks again until it is.
    pub(super) fn choice(&mut self, question: &str, choices: &[&str], proposal: &str) -> String {
        let question = format!("{question} ({}) [{proposal}]: ", choices.join(", "));
        while let Some(answer) = self.ask(&question) {
            if choices.contains(&&*answer) {
                return answer;
            }
            say(&format!("  it is one of {}\n", choices.join(", ")));
        }
        proposal.to_owned()
    }

    /// Yes or no; asks again until it is one of them.
    pub(super) fn yes(&mut self, question: &str, proposal: bool) -> bool {
        let question = format!("{question} [{}]: ", if proposal { "Y/n" } else { "y/N" });
        while let Some(answer) = self.ask(&question) {
            match &*answer.to_ascii_lowercase() {
                "y" | "yes" => return true,
                "n" | "no" => return false,
                _ => say("  answer y or n\n"),
            }
        }
        proposal
    }

    /// What was answered; `None` for an empty line, the end of input, or nobody there.
    fn ask(&mut self, question: &str) -> Option<String> {
        let input = self.input.as_mut()?;
        say(question);
        let mut line = String::new();
        input.read_line(&mut line).ok()?;
        let answer = line.trim();
        (!answer.is_empty()).then(|| answer.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_an_empty_line_and_the_end_of_input() {
        let mut input = &b"Europe/Berlin\n\nfoo\nai\nmaybe\nYES\n"[..];
        let mut dialog = Dialog::with(Some(&mut input));
        assert_eq!(dialog.text("zone", "UTC"), "Europe/Berlin");
        assert_eq!(dialog.text("zone", "UTC"), "UTC");
        assert_eq!(dialog.choice("preset", &["ai", "strict"], "strict"), "ai");
        assert!(dialog.yes("hook", false));
        assert!(!dialog.yes("hook", false), "the input is at its end");
        assert_eq!(dialog.choice("preset", &["ai", "strict"], "strict"), "strict");
    }

    #[test]
    fn nobody_is_asked() {
        let mut dialog = Dialog::with(None);
        assert_eq!((dialog.text("zone", "UTC"), dialog.yes("hook", true)), ("UTC".to_owned(), true));
    }
}

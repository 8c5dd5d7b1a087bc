//! Simple commands of a script, as far as their words are plain.

/// One simple command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Its words without quotes; variables stand as they are written.
    pub(super) words: Vec<String>,
    /// Does it run in another case only: after `||`, in an `else`, a `case` or a function?
    pub(super) is_other_case: bool,
    /// Does it stand in a loop?
    pub(super) is_looped: bool,
    /// The innermost `if` around it by number, 0 for none.
    pub(super) block: usize,
}

/// The commands of `script` in order of writing; comments, texts fed to commands and substitutions are left out.
pub(super) fn commands(script: &str) -> Vec<Command> {
    let mut reader = Reader { rest: script, ..Reader::default() };
    while !reader.rest.is_empty() {
        reader.step();
    }
    reader.end_command("");
    reader.frame.out
}

#[derive(Default)]
struct Reader<'s> {
    rest: &'s str,
    word: Option<String>,
    words: Vec<String>,
    /// Delimiters of texts that begin at the next line.
    texts: Vec<String>,
    frame: Frame,
}

impl Reader<'_> {
    fn step(&mut self) {
        let Some(first) = self.rest.chars().next() else { return };
        let whole = ["${{", "$(", "\\\r\n", "\\\n", "`\r\n", "`\n", "&&", "||", ">&", "&>", "<<<", "<<", "()"];
        let long = whole.into_iter().find(|w| self.rest.starts_with(w));
        match long {
            Some("${{") => return self.copy_until("}}"),
            Some("$(") => return self.substitution(),
            Some(gap @ ("\\\r\n" | "\\\n" | "`\r\n" | "`\n")) => {
                self.take(gap.len());
                return self.end_word();
            }
            Some(operator @ ("&&" | "||")) => {
                self.take(2);
                return self.end_command(operator);
            }
            Some("<<") => return self.here(),
            Some(other) => {
                self.push(other);
                self.take(other.len());
                return;
            }
            None => {}
        }
        match first {
            '\n' => self.new_line(),
            ';' | '|' | '&' | '(' | ')' => {
                self.take(1);
                self.end_command(";");
            }
            '#' if self.word.is_none() => self.take(self.rest.find('\n').unwrap_or(self.rest.len())),
            '\'' | '"' => self.quoted(first),
            '\\' => {
                self.take(1);
                self.push_one();
            }
            c if c.is_whitespace() => {
                self.take(c.len_utf8());
                self.end_word();
            }
            _ => self.push_one(),
        }
    }

    fn take(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    fn push(&mut self, text: &str) {
        self.word.get_or_insert_with(String::new).push_str(text);
    }

    fn push_one(&mut self) {
        if let Some(c) = self.rest.chars().next() {
            self.word.get_or_insert_with(String::new).push(c);
            self.take(c.len_utf8());
        }
    }

    fn copy_until(&mut self, end: &str) {
        let length = self.rest.find(end).map_or(self.rest.len(), |at| at + end.len());
        self.push(&self.rest[..length]);
        self.take(length);
    }

    /// `$(…)` is one part of a word.
    fn substitution(&mut self) {
        let mut depth = 0_usize;
        for (at, c) in self.rest.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 {
                self.push(&self.rest[..=at]);
                return self.take(at + 1);
            }
        }
        self.push(self.rest);
        self.rest = "";
    }

    fn quoted(&mut self, quote: char) {
        self.take(1);
        self.push("");
        while let Some(c) = self.rest.chars().next() {
            match c {
                c if c == quote => return self.take(1),
                '$' if self.rest.starts_with("${{") => self.copy_until("}}"),
                '$' if quote == '"' && self.rest.starts_with("$(") => self.substitution(),
                '\\' if quote == '"' => {
                    self.take(1);
                    self.push_one();
                }
                _ => self.push_one(),
            }
        }
    }

    /// `<<END`: a text follows on the next line.
    fn here(&mut self) {
        self.end_word();
        self.take(2);
        let rest = self.rest.trim_start_matches(['-', ' ']);
        let end = rest.find(|c: char| c.is_whitespace() || ";|&)".contains(c)).unwrap_or(rest.len());
        self.texts.push(rest[..end].trim_matches(['\'', '"', '\\']).to_owned());
        self.rest = &rest[end..];
    }

    fn new_line(&mut self) {
        self.take(1);
        self.end_command(";");
        for end in std::mem::take(&mut self.texts) {
            while !self.rest.is_empty() {
                let length = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
                let is_end = self.rest[..length].trim() == end;
                self.take(length);
                if is_end {
                    break;
                }
            }
        }
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self, operator: &str) {
        self.end_word();
        let words = std::mem::take(&mut self.words);
        self.frame.add(words);
        self.frame.is_alternative = operator == "||" || (operator == "&&" && self.frame.is_alternative);
    }
}

/// What stands around the command.
#[derive(Default)]
struct Frame {
    out: Vec<Command>,
    /// The numbers of the `if`s that are open, and whether an `else` was passed.
    ifs: Vec<(usize, bool)>,
    count: usize,
    loops: usize,
    cases: usize,
    is_function: bool,
    is_alternative: bool,
}

impl Frame {
    fn add(&mut self, words: Vec<String>) {
        let mut words = words.into_iter().peekable();
        while let Some(first) = words.peek() {
            match first.as_str() {
                "if" => {
                    self.count += 1;
                    self.ifs.push((self.count, false));
                }
                "else" | "elif" => {
                    if let Some((_, passed)) = self.ifs.last_mut() {
                        *passed = true;
                    }
                }
                "fi" => {
                    self.ifs.pop();
                }
                "while" | "until" | "for" => self.loops += 1,
                "done" => self.loops = self.loops.saturating_sub(1),
                "case" => self.cases += 1,
                "esac" => self.cases = self.cases.saturating_sub(1),
                "}" => self.is_function = false,
                "function" => self.is_function = true,
                name if name.ends_with("()") => self.is_function = true,
                "then" | "do" | "!" | "{" | "time" | "sudo" => {}
                _ => break,
            }
            let is_header = matches!(first.as_str(), "for" | "case" | "function");
            words.next();
            if is_header {
                return;
            }
        }
        let words: Vec<String> = words.collect();
        if words.is_empty() {
            return;
        }
        let is_other_case =
            self.is_alternative || self.is_function || self.cases > 0 || self.ifs.iter().any(|(_, passed)| *passed);
        let block = self.ifs.last().map_or(0, |(number, _)| *number);
        self.out.push(Command { words, is_other_case, is_looped: self.loops > 0, block });
    }
}

#[cfg(test)]
mod tests {
    use super::commands;

    fn plain(script: &str) -> Vec<String> {
        commands(script).iter().filter(|c| !c.is_other_case).map(|c| c.words.join(" ")).collect()
    }

    #[test]
    fn words_continue_and_quotes_and_comments_go() {
        assert_eq!(
            plain("az ml \\\n  x --traffic \"a=90 b=10\" # c\n# az y\nsleep 5"),
            ["az ml x --traffic a=90 b=10", "sleep 5"]
        );
        assert_eq!(plain("az `\n x 2>&1 | tee log"), ["az x 2>&1", "tee log"]);
        assert_eq!(
            plain("az -n ${{ env.A || 'b' }} --w '{\"8\"=0.05}'"),
            ["az -n ${{ env.A || 'b' }} --w {\"8\"=0.05}"]
        );
        assert_eq!(plain("X=$(az show; y) && cat <<'END' > f\naz update\nEND\nz"), ["X=$(az show; y)", "cat > f", "z"]);
        assert_eq!(plain("\"open"), ["open"]);
        assert_eq!(plain("$(open"), ["$(open"]);
    }

    #[test]
    fn what_runs_in_another_case_is_told_apart() {
        assert_eq!(plain("if a; then b; else c; fi; d || e\nf"), ["a", "b", "d", "f"]);
        assert_eq!(plain("back() {\n  b\n}\nc\ncase $x in y) d;; esac\ne"), ["c", "e"]);
        let found = commands("for p in 1 2; do a; done; b");
        assert_eq!(found.iter().map(|c| (&*c.words[0], c.is_looped)).collect::<Vec<_>>(), [("a", true), ("b", false)]);
        let found = commands("a; if b; then c; fi; if d; then e; fi");
        assert_eq!(found.iter().map(|c| c.block).collect::<Vec<_>>(), [0, 1, 1, 2, 2]);
    }
}

//! What an ignore says: `rollgate: ignore[rule-a, rule-b] reason="why" until=2026-12-31`.

use chrono::NaiveDate;

use crate::text::nearest;

/// How a comment of ours begins.
pub(in crate::engine) const MARKER: &str = "rollgate:";

/// How many rules an ignore may name: more than there are.
const MOST: usize = 100;

/// The longest name of a rule, and the most of a word that a message repeats: more than any has.
const LONGEST: usize = 60;

/// The beginning of `word`.
fn short(word: &str) -> String {
    word.chars().take(LONGEST).collect()
}

/// An ignore that could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The rules it names, each with the byte at which its name begins in the comment. At least one.
    pub(super) rules: Vec<(usize, Box<str>)>,
    /// Why, if it says so.
    pub(super) reason: Option<Box<str>>,
    /// Its last day as written, if it has one.
    pub(super) until: Option<Box<str>>,
}

impl Said {
    /// Its last day; an error holds what is written there and is none.
    pub(super) fn last_day(&self) -> Result<Option<NaiveDate>, &str> {
        let Some(text) = self.until.as_deref() else { return Ok(None) };
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Some).map_err(|_| text)
    }
}

/// Why an ignore can't be read, as a sentence, and what to write.
pub(super) type Unread = (String, String);

/// Reads a comment from its `#` on. `None` where it is no ignore at all.
pub(super) fn read(comment: &str) -> Option<Result<Said, Unread>> {
    let mut left = Left { text: comment, at: 0 };
    left.skip("#");
    left.space();
    if !left.skip(MARKER) {
        return None;
    }
    left.space();
    let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    if !left.skip("ignore") || left.rest().starts_with(is_word) {
        return None;
    }
    Some(said(&mut left))
}

/// Reads what stands behind `ignore`.
fn said(left: &mut Left<'_>) -> Result<Said, Unread> {
    let mut said = Said { rules: rules(left)?, ..Said::default() };
    loop {
        let spaced = left.space();
        if left.rest().is_empty() {
            return Ok(said);
        }
        let key = left.until(|c: char| c == '=' || c.is_whitespace());
        if !spaced || !left.skip("=") {
            let help = "write it as `reason=\"why\" until=2026-12-31`, and put other words into the reason";
            return Err((format!("`{}` has no place in an ignore", short(key)), help.to_owned()));
        }
        let place = match key {
            "reason" => &mut said.reason,
            "until" => &mut said.until,
            _ => return Err(unknown_key(key)),
        };
        if place.is_some() {
            return Err((format!("this ignore says `{key}` twice"), format!("keep one `{key}`")));
        }
        *place = Some(value(left)?.trim().into());
    }
}

/// Reads `[rule-a, rule-b]`.
fn rules(left: &mut Left<'_>) -> Result<Vec<(usize, Box<str>)>, Unread> {
    let help = || "name the rules: `ignore[canary-too-small]`".to_owned();
    left.space();
    if !left.skip("[") {
        return Err(("this ignore names no rule".to_owned(), help()));
    }
    let Some(end) = left.rest().find(']') else {
        return Err(("the list of rules has no `]`".to_owned(), help()));
    };
    let mut names = Vec::new();
    for name in left.rest()[..end].split_inclusive(',') {
        if names.len() == MOST {
            return Err((format!("this ignore names more than {MOST} rules"), help()));
        }
        left.space();
        let at = left.at;
        let text = name.trim_end_matches(',').trim();
        if text.is_empty() {
            return Err(("the list of rules has an empty place".to_owned(), help()));
        }
        if text.len() > LONGEST {
            return Err((format!("`{}…` is no name of a rule", short(text)), help()));
        }
        names.push((at, text.into()));
        left.at += name.trim_start().len();
    }
    if names.is_empty() {
        return Err(("the list of rules is empty".to_owned(), help()));
    }
    left.skip("]");
    Ok(names)
}

fn unknown_key(key: &str) -> Unread {
    let help = match nearest(key, ["reason", "until"]) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "an ignore has a `reason` and an `until`".to_owned(),
    };
    (format!("an ignore has no `{}`", short(key)), help)
}

/// Reads a value: in double quotes, in which `\"` and `\\` stand for themselves, or one word.
fn value(left: &mut Left<'_>) -> Result<String, Unread> {
    if !left.skip("\"") {
        return Ok(left.until(char::is_whitespace).to_owned());
    }
    let mut out = String::new();
    let mut chars = left.rest().char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                left.at += at + 1;
                return Ok(out);
            }
            '\\' => out.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => out.push(c),
        }
    }
    Err(("a text in this ignore has no closing quote".to_owned(), "close it with `\"`".to_owned()))
}

/// A text and how far it has been read.
struct Left<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Left<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Skips white space; says whether there was some.
    fn space(&mut self) -> bool {
        let before = self.at;
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at > before
    }

    /// The text before the first character that passes `stop`.
    fn until(&mut self, stop: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let found = &rest[..rest.find(stop).unwrap_or(rest.len())];
        self.at += found.len();
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn good(comment: &str) -> Said {
        read(comment).unwrap().unwrap()
    }

    fn fault(comment: &str) -> String {
        read(comment).unwrap().unwrap_err().0
    }

    fn names(said: &Said) -> Vec<&str> {
        said.rules.iter().map(|(_, name)| &**name).collect()
    }

    #[test]
    fn an_ignore_names_rules_and_says_why_and_until_when() {
        let text = "# rollgate: ignore[big-bang, step-too-steep] reason=\"a \\\"pilot\\\", 1%\" until=2026-12-31";
        let said = good(text);
        assert_eq!(names(&said), ["big-bang", "step-too-steep"]);
        assert!(said.rules.iter().all(|(at, name)| text[*at..].starts_with(&**name)));
        assert_eq!(
            (said.reason.as_deref(), said.last_day()),
            (Some("a \"pilot\", 1%"), Ok(NaiveDate::from_ymd_opt(2026, 12, 31)))
        );
        assert_eq!(
            good("#rollgate:ignore [ big-bang ]  until=2026-12-31\treason=pilot").reason.as_deref(),
            Some("pilot")
        );
        assert_eq!(good("# rollgate: ignore[x]"), Said { rules: vec![(19, "x".into())], ..Said::default() });
        for wrong in ["soon", "2026-02-30", "", "31.12.2026", "2026-12-31T00:00:00Z"] {
            assert_eq!(good(&format!("# rollgate: ignore[x] until={wrong}")).last_day(), Err(wrong));
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert_eq!(fault("# rollgate: ignore"), "this ignore names no rule");
        assert_eq!(fault("# rollgate: ignore all of it"), "this ignore names no rule");
        assert_eq!(fault("# rollgate: ignore[]"), "the list of rules is empty");
        assert_eq!(fault("# rollgate: ignore[a,,b]"), "the list of rules has an empty place");
        let long = format!("# rollgate: ignore[{}]", "é".repeat(40));
        assert_eq!(fault(&long), format!("`{}…` is no name of a rule", "é".repeat(40)));
        let many = format!("# rollgate: ignore[{}a]", "a,".repeat(MOST));
        assert_eq!(fault(&many), "this ignore names more than 100 rules");
        assert_eq!(fault("# rollgate: ignore[a"), "the list of rules has no `]`");
        assert_eq!(fault("# rollgate: ignore[a] because"), "`because` has no place in an ignore");
        assert_eq!(fault("# rollgate: ignore[a]reason=x"), "`reason` has no place in an ignore");
        assert_eq!(fault("# rollgate: ignore[a] reason=two words"), "`words` has no place in an ignore");
        assert_eq!(fault("# rollgate: ignore[a] untill=2026-12-31"), "an ignore has no `untill`");
        assert_eq!(fault("# rollgate: ignore[a] until=x until=y"), "this ignore says `until` twice");
        assert_eq!(fault("# rollgate: ignore[a] reason=\"x"), "a text in this ignore has no closing quote");
    }

    #[test]
    fn other_comments_are_none() {
        for other in [
            "# ignore[a]",
            "# rollgate",
            "# rollgate: ignored[a]",
            "# see rollgate: ignore[a]",
            "## rollgate: ignore[a]",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rules in prop::collection::vec("[a-z]{1,8}(-[a-z]{1,8}){0,2}", 1..4), reason in "\\PC{0,40}", space in "[ \t]{1,3}") {
            let quoted = reason.replace('\\', "\\\\").replace('"', "\\\"");
            let text = format!("#{space}rollgate:{space}ignore[{}]{space}reason=\"{quoted}\"{space}until=2026-12-31", rules.join(&format!(",{space}")));
            let said = good(&text);
            prop_assert_eq!(names(&said), rules);
            prop_assert_eq!(said.reason.as_deref(), Some(reason.trim()));
            prop_assert_eq!(said.until.as_deref(), Some("2026-12-31"));
        }

        #[test]
        fn nothing_breaks_it(tail in "\\PC{0,60}") {
            if let Some(Ok(said)) = read(&format!("# rollgate: ignore{tail}")) {
                prop_assert!(!said.rules.is_empty() && said.rules.iter().all(|(_, name)| !name.is_empty()));
            }
            read(&tail);
        }
    }
}

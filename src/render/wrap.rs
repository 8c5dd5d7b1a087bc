//! Text in columns.

/// `text` in lines of at most `width` columns, broken at spaces only: a word longer than a line stands alone. The first
/// line begins with `first`, the others with `rest`. Line breaks in `text` stay, and a text that has some is left as it
/// is between them: it is meant to be pasted.
pub fn wrap(text: &str, width: usize, first: &str, rest: &str) -> String {
    if text.contains('\n') {
        let lines: Vec<&str> = text.lines().collect();
        return format!("{first}{}\n", lines.join(&format!("\n{rest}")));
    }
    let mut out = first.to_owned();
    let (mut column, mut empty) = (columns(first), true);
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let length = columns(word);
        if !empty && column + 1 + length > width {
            out.push('\n');
            out += rest;
            (column, empty) = (columns(rest), true);
        }
        if !empty {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
        empty = false;
    }
    out.push('\n');
    out
}

/// How many columns `text` takes, near enough to break lines by: what lies beyond the alphabets counts double.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| if c < '\u{1100}' { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn breaks_at_spaces_only() {
        assert_eq!(wrap("one two-three four", 10, "", "  "), "one\n  two-three\n  four\n");
        assert_eq!(wrap("an-unbreakable-word here", 8, "- ", "  "), "- an-unbreakable-word\n  here\n");
    }

    #[test]
    fn what_is_pasted_stays_as_it_is() {
        assert_eq!(
            wrap("analysis:\n  threshold: 5 and more", 8, "help: ", ".. "),
            "help: analysis:\n..   threshold: 5 and more\n"
        );
    }
}

//! What would change in a file, as a unified diff.

use similar::TextDiff;

use super::escape::{visible, visible_lines};

/// The change of the file `path` as `git apply` takes it. On a terminal control characters are shown, not sent.
pub fn diff(path: &str, before: &str, after: &str, terminal: bool) -> String {
    let path = visible(path);
    let changes = TextDiff::from_lines(before, after);
    let text = changes.unified_diff().header(&format!("a/{path}"), &format!("b/{path}")).to_string();
    if terminal { visible_lines(&text) + "\n" } else { text }
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn line_ends_are_kept() {
        let made = diff("x.yaml", "a: 1\r\nb: 2", "a: 1\r\nb: 3", false);
        assert_eq!(
            made,
            "--- a/x.yaml\n+++ b/x.yaml\n@@ -1,2 +1,2 @@\n a: 1\r\n-b: 2\n\\ No newline at end of file\n+b: 3\n\\ No newline at end of file\n"
        );
        assert!(!diff("x", "a: \u{1b}[2J\n", "a: 1\n", true).contains('\u{1b}'));
    }
}

//! Tells a template that is no YAML from broken YAML with braces in a string.

/// Where the first template expression of `text` is that keeps it from being YAML: one that stands where a value or a
/// line starts, or that has quotes in it. `{{args.host}}` inside of a string is YAML, and no reason not to parse. So is
/// `%IMAGE%`, unless a value starts with it.
pub(super) fn first(text: &str) -> Option<usize> {
    let opens = text.match_indices("{{").chain(text.match_indices('%').filter(|(at, _)| is_placeholder(&text[*at..])));
    let keeps = |at: &usize| {
        let line = text[..*at].rfind('\n').map_or(0, |n| n + 1);
        let before = text[line..*at].trim_end();
        let comment = before.trim_start().starts_with('#');
        let starts = before.is_empty() || before.ends_with([':', '-', ',', '[', '{', '}']);
        !comment && (starts || text[*at..].starts_with('{') && is_quoting(&text[*at..]))
    };
    opens.map(|(at, _)| at).filter(keeps).min()
}

/// Does `text` start with a name in capitals between two `%`, for a script to replace?
fn is_placeholder(text: &str) -> bool {
    let name = text[1..].split_once('%').map_or("", |(name, _)| name);
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(plain)
}

/// Has the expression that `text` starts with quotes in it? They end the string around it.
fn is_quoting(text: &str) -> bool {
    let end = text.find("}}").or_else(|| text.find('\n')).unwrap_or(text.len());
    text[..end].contains(['"', '\'', '`'])
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn what_stands_in_a_string_or_a_comment_is_no_template() {
        assert_eq!(first("a: {{ .Values.a }}\n"), Some(3));
        assert_eq!(first("a:\n  {{- toYaml . }}\n"), Some(5));
        assert_eq!(first("- {{ item }}\n"), Some(2));
        assert_eq!(first("a: \"{{ .x | default \"y\" }}\"\n"), Some(4));
        assert_eq!(first("a: x-{{ include \"n\" . }}\n"), Some(5));
        assert_eq!(first("a: \"{{args.host}}\"\n# {{ x }}\n"), None);
        assert_eq!(first("a: http://{{ host }}/\n"), None);
        assert_eq!(first("a: 5%\nimage: %IMAGE% # To be replaced\n"), Some(13));
        assert_eq!(first("a: projects/%PROJECT_ID%/x\nb: %5%\n# %X%\n"), None);
    }
}

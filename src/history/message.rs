//! What a commit's message says to machines: trailers and reverts.

use super::ObjectId;

/// The trailers of a message, in order, as git finds them; a value that goes on over several lines is joined by spaces.
pub fn trailers(message: &str) -> Vec<(&str, String)> {
    let lines: Vec<&str> = message.trim_end().lines().map(str::trim_end).skip_while(|l| l.is_empty()).collect();
    let mut found: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in &lines[trailer_block(&lines)..] {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut().filter(|_| inside) {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        let read = key_value(line);
        inside = read.is_some();
        found.extend(read.map(|(key, value)| (key, value.trim().to_owned())));
    }
    found
}

/// The number of the line at which the trailers begin, as git finds them: the last paragraph, never the first, all of
/// trailers, or a quarter of them where git itself wrote one. `lines` begin and end with text; without trailers it is
/// how many there are.
pub fn trailer_block(lines: &[&str]) -> usize {
    let Some(gap) = lines.iter().rposition(|l| l.is_empty()) else { return lines.len() };
    let (mut trailers, mut others, mut by_git, mut inside) = (0_usize, 0_usize, false, false);
    for line in &lines[gap + 1..] {
        let signed = line.starts_with("Signed-off-by: ") || line.starts_with("(cherry picked from commit ");
        by_git |= signed;
        if line.starts_with([' ', '\t']) {
            // A line that goes on with the one before is whatever that one is.
            others += usize::from(!inside);
            continue;
        }
        inside = signed || key_value(line).is_some();
        if inside { trailers += 1 } else { others += 1 }
    }
    let fits = trailers > 0 && (others == 0 || (by_git && trailers * 3 >= others));
    if fits { gap + 1 } else { lines.len() }
}

/// `Key: value`.
pub fn key_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end_matches([' ', '\t']);
    let word = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    word.then_some((key, value))
}

/// The values of the trailer `key`, in order.
pub fn trailer<'m>(message: &'m str, key: &'m str) -> impl Iterator<Item = String> + 'm {
    trailers(message).into_iter().filter(move |(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

/// The commit that a message of `git revert` names.
pub fn reverts(message: &str) -> Option<ObjectId> {
    let rest = message.split("This reverts commit ").nth(1)?;
    let hex: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    ObjectId::from_hex(&hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_the_last_paragraph_alone() {
        let message = "Promote web\n\nRollback-Drill: not here\n\nRollout-Stage: 25\nRollback-Drill: web\n and more\n";
        assert_eq!(trailer(message, "rollback-drill").collect::<Vec<_>>(), ["web and more"]);
        assert!(trailers("Rollback-Drill: web").is_empty());
        assert!(trailers("Subject\n\nRollback-Drill: web\nand prose\n").is_empty());
    }

    #[test]
    fn reverts_name_a_whole_id() {
        let id = "ab".repeat(20);
        assert_eq!(reverts(&format!("Revert\n\nThis reverts commit {id}.\n")).unwrap().to_string(), id);
        assert!(reverts("This reverts commit abc123.").is_none() && reverts("x").is_none());
    }
}

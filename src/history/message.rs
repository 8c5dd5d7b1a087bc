//! What a commit's message says to machines: trailers and reverts.

use super::ObjectId;

/// The trailers of a message, in order: `Key: value` lines of the last paragraph, where it is not the first one and holds
/// nothing else but continuations (lines that begin with a space).
pub fn trailers(message: &str) -> Vec<(&str, String)> {
    let body = message.trim_end();
    let Some(at) = body.rfind("\n\n") else { return Vec::new() };
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in body[at + 2..].lines() {
        if line.starts_with([' ', '\t']) {
            let Some((_, value)) = found.last_mut() else { return Vec::new() };
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        // git writes this one into reverts and cherry-picks, and takes the paragraph for trailers all the same.
        if line.starts_with("(cherry picked from commit ") {
            continue;
        }
        let Some((key, value)) = line.split_once(':') else { return Vec::new() };
        let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_key {
            return Vec::new();
        }
        found.push((key, value.trim().to_owned()));
    }
    found
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

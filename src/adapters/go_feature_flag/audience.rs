//! Whom a query picks: `tenantId in ["t-1", "t-2"]`, or `JsonLogic` in a text.

use crate::adapters::flag::is_tenant;

/// How many characters of a query name a ring.
const LONGEST: usize = 60;

/// Names of the attribute that tells everybody apart.
const KEYS: [&str; 3] = ["key", "targetingkey", "anonymouskey"];

/// How people call those whom `query` picks.
pub(super) fn name(query: &str) -> String {
    let words = query.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &words[..cut]),
        None if words.is_empty() => "everybody".to_owned(),
        None => words,
    }
}

/// Does it ask for an attribute of customers?
pub(super) fn customers(query: &str) -> bool {
    attributes(query).into_iter().any(is_tenant)
}

/// How many it picks, where it lists them: `tenantId in ["t-1", "t-2"]`.
pub(super) fn size(query: &str) -> Option<u64> {
    let (attribute, list) = query.trim().split_once(char::is_whitespace)?;
    let list = list.trim_start().strip_prefix("in")?.trim().strip_prefix('[')?.strip_suffix(']')?;
    let is_one_each = is_tenant(attribute) || KEYS.contains(&attribute.to_ascii_lowercase().as_str());
    let listed = texts(list).len() as u64;
    (is_one_each && listed > 0 && !list.contains(']')).then_some(listed)
}

/// The attributes that a query asks for.
fn attributes(query: &str) -> Vec<&str> {
    if query.trim_start().starts_with('{') {
        let texts = texts(query);
        return texts.windows(2).filter(|pair| pair[0] == "var").map(|pair| pair[1]).collect();
    }
    let outside = query.split('"').step_by(2);
    outside.flat_map(|part| part.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-')))).collect()
}

/// What stands in quotes.
fn texts(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_tells_whom_it_is_for() {
        let table = [
            (r#"tenantId in ["t-17", "t-40"]"#, true, Some(2)),
            (r#"targetingKey in ["u-1"]"#, false, Some(1)),
            (r#"country in ["de", "at"]"#, false, None),
            (r#"email ew "@tenant.example""#, false, None),
            (r#"(org_id eq "o-1") and (beta eq true)"#, true, None),
            (r#"{"in": [{"var": "accountId"}, ["1", "2"]]}"#, true, None),
            (r#"key in ["a"] or key in ["b"]"#, false, None),
        ];
        for (query, of_customers, listed) in table {
            assert_eq!((customers(query), size(query)), (of_customers, listed), "{query}");
        }
        assert_eq!(name("key in [\n\"a\",\n\"b\"\n]"), r#"key in [ "a", "b" ]"#);
    }
}

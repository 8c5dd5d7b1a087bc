//! The name somebody meant when they wrote another one.

/// The one of `names` that `written` most likely means, if any is near: spelled the same but for case, `_` and `-`, or a
/// few letters away. Among equally near ones the first wins.
pub fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let plain = |text: &str| -> Vec<char> {
        let lower = text.chars().flat_map(char::to_lowercase);
        lower.map(|c| if c == '_' || c == ' ' { '-' } else { c }).take(LONGEST).collect()
    };
    let wanted = plain(written);
    let distances = names.into_iter().map(|name| (distance(&wanted, &plain(name)), name));
    let (edits, name) = distances.min_by_key(|(edits, _)| *edits)?;
    (edits <= allowed(wanted.len())).then_some(name)
}

/// Are these one name, but for case and for what parts its words: `keepOldFor`, `keep_old_for`, `keep-old-for`?
pub fn same_name(a: &str, b: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
    };
    letters(a) == letters(b)
}

/// Names are short; what is longer than this is no misspelling of one.
const LONGEST: usize = 64;

/// How many edits still make a misspelling: one in a short name, a third of a long one.
const fn allowed(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=5 => 2,
        _ => {
            let third = length / 3;
            if third < 2 { 2 } else { third }
        }
    }
}

/// Edits between two texts: a letter put in, left out, exchanged, or swapped with its neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{nearest, same_name};

    #[test]
    fn misspellings_find_their_name() {
        let names = ["exposure", "hold", "approval", "audience", "keep-old-for"];
        assert_eq!(nearest("exposre", names), Some("exposure"));
        assert_eq!(nearest("hodl", names), Some("hold"));
        assert_eq!(nearest("keepOldFor", names), Some("keep-old-for"));
        assert_eq!(nearest("keep_old_for", names), Some("keep-old-for"));
        assert_eq!(nearest("Approval", names), Some("approval"));
    }

    #[test]
    fn one_name_in_many_spellings() {
        assert!(same_name("keepOldFor", "keep-old-for") && same_name("Blue Green", "blue-green"));
        assert!(!same_name("keep-old", "keep-old-for"));
    }

    #[test]
    fn strangers_find_none() {
        assert_eq!(nearest("replicas", ["exposure", "hold"]), None);
        assert_eq!(nearest("x", ["hold"]), None);
        assert_eq!(nearest("", ["hold"]), None);
        assert_eq!(nearest("hold", []), None);
    }
}

//! Globs over paths and over names.

use globset::{GlobBuilder, GlobMatcher};

/// What a glob is matched against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// A path: `*` stays within one folder, `**` crosses them.
    Paths,
    /// A name: `*` is any text.
    Names,
}

/// A list of globs; matches what any of them matches.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    matchers: Vec<GlobMatcher>,
}

impl Globs {
    /// Does any of them match `text`?
    pub fn matches(&self, text: &str) -> bool {
        self.matchers.iter().any(|m| m.is_match(text))
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.matchers.is_empty()
    }

    /// The globs as written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.matchers.iter().map(|m| m.glob().glob())
    }

    pub(super) fn push(&mut self, matcher: GlobMatcher) {
        self.matchers.push(matcher);
    }
}

/// The longest glob that is read: the matcher of a longer one might not fit in memory.
const LONGEST: usize = 1000;

/// The matcher of `glob`; the error says what is wrong with it.
pub(super) fn matcher(glob: &str, over: Over) -> Result<GlobMatcher, String> {
    if glob.len() > LONGEST {
        return Err(format!("it has {} bytes, and {LONGEST} are the most", glob.len()));
    }
    let built = GlobBuilder::new(glob).literal_separator(over == Over::Paths).backslash_escape(true).build();
    built.map(|g| g.compile_matcher()).map_err(|error| error.kind().to_string())
}

/// Does `text` hold anything that a glob reads in its own way?
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names_differ_in_slashes() {
        let is = |glob, over, text: &str| matcher(glob, over).unwrap().is_match(text);
        assert!(is("deploy/*.yaml", Over::Paths, "deploy/a.yaml"));
        assert!(!is("deploy/*.yaml", Over::Paths, "deploy/x/a.yaml"));
        assert!(is("**/prod/**", Over::Paths, "prod/a.yaml"));
        assert!(is("**/prod/**", Over::Paths, "x/prod/y/a.yaml"));
        assert!(!is("**/prod/**", Over::Paths, "x/PROD/a.yaml"));
        assert!(is("team*", Over::Names, "team/a"));
        assert!(matcher("a[", Over::Names).is_err());
    }

    #[test]
    fn the_longest_globs_can_be_compiled() {
        for part in ["?", "*", "**/", "[!a-c]", "{a,b}", "{?,[!é]}", "é"] {
            let glob = part.repeat(LONGEST / part.len());
            assert!(matcher(&glob, Over::Paths).is_ok() && matcher(&glob, Over::Names).is_ok(), "{part}");
        }
        assert!(matcher(&"?".repeat(LONGEST + 1), Over::Names).is_err());
    }
}

//! How a finding can be mended: what a rule wishes for, and the edits that bring it about.

use crate::text::Span;

/// May a fix be made without a person looking at it?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// What is written is no valid spelling, and has one meaning: `--fix` writes that.
    Safe,
    /// It changes how the rollout goes: `--unsafe-fix` makes it, and somebody decides whether it is right.
    Suggested,
}

impl Safety {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Suggested => "suggested",
        }
    }
}

/// What a rule wants the model to say, told without any format. Nobody knows yet whether a file can be made to say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The word at `span`, a key or a value, is written as `text`.
    Written {
        /// The word.
        span: Span,
        /// What it should be.
        text: Box<str>,
        /// Does it have this one meaning?
        safety: Safety,
    },
    /// The comment at the finding's place goes on with `text`.
    Appended {
        /// What is added to it.
        text: Box<str>,
    },
    /// A stage exposes this share, in parts per million.
    Exposure {
        /// The stage's number.
        stage: usize,
        /// The share.
        ppm: u32,
    },
    /// A stage is held this long.
    Hold {
        /// The stage's number.
        stage: usize,
        /// How long.
        seconds: u64,
    },
    /// Traffic is mirrored this long.
    Shadow {
        /// How long.
        seconds: u64,
    },
    /// The old side is kept this long.
    WayBack {
        /// How long.
        seconds: u64,
    },
    /// So many old revisions are kept.
    Revisions {
        /// How many.
        count: u64,
    },
    /// Something makes the rollout go back by itself.
    Criterion,
}

impl Wish {
    /// May it come true without a person looking at it?
    pub const fn safety(&self) -> Safety {
        match self {
            Self::Written { safety, .. } => *safety,
            Self::Appended { .. } => Safety::Safe,
            Self::Exposure { .. }
            | Self::Hold { .. }
            | Self::Shadow { .. }
            | Self::WayBack { .. }
            | Self::Revisions { .. }
            | Self::Criterion => Safety::Suggested,
        }
    }
}

/// A replacement of bytes in one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What is replaced; empty where something is put in.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// Edits that end a finding: proved on the file's text to change what is wished for and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a command: ``write `setWeight: 2` ``.
    pub title: String,
    /// May it be made without a person looking at it?
    pub safety: Safety,
    /// The edits, in the order of their places; none overlaps another.
    pub edits: Vec<Edit>,
}

/// `text` with `edits` made, which must be sorted, apart from each other and inside of it; `None` where they are not.
pub fn edited<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        out += text.get(at..start)?;
        out += &edit.text;
        text.get(start..end)?;
        at = end;
    }
    out += text.get(at..)?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FileId;

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { span: Span::new(FileId(0), start, end), text: text.to_owned() }
    }

    #[test]
    fn edits_leave_the_rest_alone() {
        let made = edited("a: 1 # é\r\n", &[edit(3, 4, "22"), edit(9, 9, "!")]);
        assert_eq!(made.as_deref(), Some("a: 22 # é!\r\n"));
    }

    #[test]
    fn what_overlaps_or_splits_a_character_is_refused() {
        assert_eq!(edited("abcd", &[edit(0, 2, "x"), edit(1, 3, "y")]), None);
        assert_eq!(edited("é", &[edit(1, 1, "x")]), None);
        assert_eq!(edited("ab", &[edit(1, 9, "x")]), None);
    }
}

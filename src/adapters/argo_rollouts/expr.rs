//! Conditions of a metric: which numbers a measurement is held against.
//!
//! Just enough of the expression language to tell a comparison with a number from anything else. What the reader does
//! not know stays text; it never guesses a number.

use super::parser::Parser;
use super::tokens::tokens;
use crate::model::Comparison;

/// A part of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Number(f64),
    Bool(bool),
    /// A template that nobody filled in.
    Hole(String),
    /// Something computed from the measurement, and how plainly: `result[0]` is plain, `len(result)` looks at its shape.
    Measured(Shape),
    Compare(Op, Box<Expr>, Box<Expr>),
    Both(Box<Expr>, Box<Expr>),
    Either(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    /// `condition ? then : otherwise`.
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Anything else: texts, lists, `nil`.
    Other,
}

/// What is computed from the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Its value.
    Value,
    /// Its value, scaled or shifted.
    Computed,
    /// Whether there is one: `len(result)`, `isNaN(result)`.
    Presence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Op {
    const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Equal => Self::Equal,
            Self::NotEqual => Self::NotEqual,
        }
    }

    const fn negated(self) -> Self {
        match self {
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
        }
    }

    /// Where the measurement is bad, if the comparison is the one to roll back on.
    const fn direction(self) -> Option<Comparison> {
        match self {
            Self::Less | Self::LessOrEqual => Some(Comparison::Below),
            Self::Greater | Self::GreaterOrEqual => Some(Comparison::Above),
            Self::Equal | Self::NotEqual => None,
        }
    }

    #[expect(clippy::float_cmp, reason = "the platform compares the same way")]
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }
}

/// One statement of a condition, as the condition to roll back on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    /// The measurement against a number.
    Number(Option<Comparison>, f64),
    /// The measurement against a template that nobody filled in.
    Hole(Option<Comparison>, String),
    /// Two measurements against each other; `true` where nothing but the two values is compared.
    Relative(Option<Comparison>, bool),
    /// Anything else.
    Text,
}

/// What a condition says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    /// Its statements.
    pub(super) leaves: Vec<Leaf>,
    /// Its value where the measurement does not matter.
    pub(super) constant: Option<bool>,
}

/// Which of the two conditions is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// `successCondition`: to roll back on is its opposite.
    Success,
    /// `failureCondition`.
    Failure,
}

/// Reads a condition, arguments filled in.
pub(super) fn read(text: &str, side: Side) -> Reading {
    let parsed = tokens(text).filter(|t| t.len() <= WORDS).and_then(|t| Parser::new(&t).whole());
    let Some(expr) = parsed else {
        // A template in the place of an operator: whatever it becomes, it is not known to be words.
        let open = text.contains("{{") || text.contains("${");
        let leaf = if open { Leaf::Hole(None, text.to_owned()) } else { Leaf::Text };
        return Reading { leaves: vec![leaf], constant: None };
    };
    let mut found = Vec::new();
    leaves(&expr, side == Side::Success, &mut found);
    let telling = found.iter().any(|(_, presence)| !presence);
    found.retain(|(_, presence)| !(telling && *presence));
    let mut leaves: Vec<Leaf> = found.into_iter().map(|(leaf, _)| leaf).collect();
    let numeric = leaves.iter().any(|l| *l != Leaf::Text);
    leaves.retain(|l| !numeric || *l != Leaf::Text);
    leaves.dedup();
    if leaves.is_empty() {
        leaves.push(Leaf::Text);
    }
    Reading { leaves, constant: constant(&expr) }
}

/// The value of an expression that no measurement can change.
fn constant(expr: &Expr) -> Option<bool> {
    match expr {
        Expr::Bool(value) => Some(*value),
        Expr::Not(inner) => constant(inner).map(|v| !v),
        Expr::Both(a, b) => match (constant(a), constant(b)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            (None, _) | (_, None) => None,
        },
        Expr::Either(a, b) => match (constant(a), constant(b)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            (None, _) | (_, None) => None,
        },
        Expr::Compare(op, a, b) => match (&**a, &**b) {
            (Expr::Number(a), Expr::Number(b)) => Some(op.holds(*a, *b)),
            _ => None,
        },
        Expr::Choice(condition, then, otherwise) => match constant(condition) {
            Some(true) => constant(then),
            Some(false) => constant(otherwise),
            None => constant(then).filter(|v| constant(otherwise) == Some(*v)),
        },
        Expr::Number(_) | Expr::Hole(_) | Expr::Measured(_) | Expr::Other => None,
    }
}

/// Gathers the statements of `expr`, each with whether it only asks if there is a measurement at all.
fn leaves(expr: &Expr, negate: bool, out: &mut Vec<(Leaf, bool)>) {
    match expr {
        Expr::Both(a, b) | Expr::Either(a, b) => {
            leaves(a, negate, out);
            leaves(b, negate, out);
        }
        Expr::Not(inner) => leaves(inner, !negate, out),
        Expr::Compare(op, a, b) => {
            let op = if negate { op.negated() } else { *op };
            out.push(compare(op, a, b));
        }
        Expr::Choice(condition, then, otherwise) => match (constant(then), constant(otherwise)) {
            (Some(true), Some(false)) => leaves(condition, negate, out),
            (Some(false), Some(true)) => leaves(condition, !negate, out),
            _ => {
                leaves(then, negate, out);
                leaves(otherwise, negate, out);
            }
        },
        Expr::Hole(text) => out.push((Leaf::Hole(None, text.clone()), false)),
        Expr::Measured(shape) => out.push((Leaf::Text, *shape == Shape::Presence)),
        Expr::Bool(_) => {}
        Expr::Number(_) | Expr::Other => out.push((Leaf::Text, false)),
    }
}

fn compare(op: Op, left: &Expr, right: &Expr) -> (Leaf, bool) {
    match (left, right) {
        (Expr::Measured(shape), Expr::Number(n)) => (Leaf::Number(op.direction(), *n), *shape == Shape::Presence),
        (Expr::Measured(shape), Expr::Hole(h)) => (Leaf::Hole(op.direction(), h.clone()), *shape == Shape::Presence),
        (Expr::Number(_) | Expr::Hole(_), Expr::Measured(_)) => compare(op.mirrored(), right, left),
        (Expr::Measured(a), Expr::Measured(b)) => {
            let comparison = op.direction().map(|d| match d {
                Comparison::Above | Comparison::Rise => Comparison::Rise,
                Comparison::Below | Comparison::Drop => Comparison::Drop,
            });
            (Leaf::Relative(comparison, *a == Shape::Value && *b == Shape::Value), false)
        }
        (Expr::Measured(Shape::Presence), _) | (_, Expr::Measured(Shape::Presence)) => (Leaf::Text, true),
        // `result != nil` asks for presence; a text or a list is no number.
        _ => (Leaf::Text, false),
    }
}

/// Length that no condition of a person reaches.
const WORDS: usize = 1000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn success(text: &str) -> Vec<Leaf> {
        read(text, Side::Success).leaves
    }

    #[test]
    fn a_success_condition_is_turned_round() {
        assert_eq!(success("result[0] >= 0.95"), [Leaf::Number(Some(Comparison::Below), 0.95)]);
        assert_eq!(success("0.05 > asFloat(result.errors)"), [Leaf::Number(Some(Comparison::Above), 0.05)]);
        assert_eq!(success("!(result > 5)"), [Leaf::Number(Some(Comparison::Above), 5.0)]);
        assert_eq!(read("result > 800", Side::Failure).leaves, [Leaf::Number(Some(Comparison::Above), 800.0)]);
        assert_eq!(success("result == -1"), [Leaf::Number(None, -1.0)]);
    }

    #[test]
    fn guards_against_missing_data_are_no_bounds() {
        assert_eq!(success("len(result) == 0 || result[0] < 10"), [Leaf::Number(Some(Comparison::Above), 10.0)]);
        assert_eq!(success("isNaN(result) || result <= 2 * 3"), [Leaf::Number(Some(Comparison::Above), 6.0)]);
        assert_eq!(success("all(result, # < 0.5)"), [Leaf::Number(Some(Comparison::Above), 0.5)]);
        assert_eq!(success("all(result, {.errors < 0.5})"), [Leaf::Number(Some(Comparison::Above), 0.5)]);
        assert_eq!(success("len(result) > 3"), [Leaf::Number(Some(Comparison::Below), 3.0)]);
        assert_eq!(success("result[0] > 1 && result[1] < 2").len(), 2);
    }

    #[test]
    fn what_is_no_number_stays_text() {
        for text in
            ["result == 'ok'", "result.success", "result contains \"x\"", "result[0] >", "true", "result in [1]"]
        {
            assert_eq!(success(text), [Leaf::Text], "{text}");
        }
        assert_eq!(success("result[0] > result[1]"), [Leaf::Relative(Some(Comparison::Drop), true)]);
        let hole = Leaf::Hole(Some(Comparison::Below), "{{args.min}}".to_owned());
        assert_eq!(success("result[0] >= {{args.min}}"), [hole]);
    }

    #[test]
    fn constants_are_known() {
        for (text, value) in [("true", Some(true)), ("result > 1 || true", Some(true)), ("1 > 2", Some(false))] {
            assert_eq!(read(text, Side::Success).constant, value, "{text}");
        }
        assert_eq!(read("result > 1 && true", Side::Success).constant, None);
        assert_eq!(success(&"(".repeat(5000)), [Leaf::Text]);
    }

    proptest! {
        #[test]
        fn no_condition_panics(text in "[result0-9<>=!&|?:()\\[\\]{}$%#.,'\"ü -]{0,40}") {
            prop_assert!(!read(&text, Side::Failure).leaves.is_empty());
        }
    }
}

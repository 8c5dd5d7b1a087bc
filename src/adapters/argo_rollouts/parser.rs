//! The grammar of conditions, as far as numbers need it.

use super::expr::{Expr, Op, Shape};
use super::tokens::Token;

/// Nesting that no condition of a person reaches.
const DEPTH: usize = 64;

pub(super) struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    /// A parser at the first of `tokens`.
    pub(super) const fn new(tokens: &'t [Token]) -> Self {
        Self { tokens, at: 0, depth: 0 }
    }

    /// The expression that all words make, if they make one.
    pub(super) fn whole(mut self) -> Option<Expr> {
        let expr = self.ternary()?;
        (self.at == self.tokens.len()).then_some(expr)
    }

    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(s)) if *s == wanted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(n)) if n == wanted);
        self.at += usize::from(found);
        found
    }

    /// `a ? b : c`, and everything that binds tighter.
    fn ternary(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let condition = self.either()?;
        let expr = if self.sign("?") {
            let then = self.ternary()?;
            self.sign(":").then_some(())?;
            branches(condition, then, self.ternary()?)
        } else {
            condition
        };
        self.depth -= 1;
        Some(expr)
    }

    fn either(&mut self) -> Option<Expr> {
        let mut left = self.both()?;
        while self.sign("||") || self.word("or") {
            left = Expr::Either(Box::new(left), Box::new(self.both()?));
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Expr> {
        let mut left = self.comparison()?;
        while self.sign("&&") || self.word("and") {
            left = Expr::Both(Box::new(left), Box::new(self.comparison()?));
        }
        Some(left)
    }

    fn comparison(&mut self) -> Option<Expr> {
        let left = self.sum()?;
        for word in ["in", "contains", "matches", "startsWith", "endsWith"] {
            if self.word(word) {
                self.sum()?;
                return Some(Expr::Other);
            }
        }
        if self.word("not") {
            self.at += 1;
            self.sum()?;
            return Some(Expr::Other);
        }
        let ops = [
            ("==", Op::Equal),
            ("!=", Op::NotEqual),
            ("<=", Op::LessOrEqual),
            (">=", Op::GreaterOrEqual),
            ("<", Op::Less),
            (">", Op::Greater),
        ];
        let Some((_, op)) = ops.into_iter().find(|(sign, _)| self.sign(sign)) else { return Some(left) };
        Some(Expr::Compare(op, Box::new(left), Box::new(self.sum()?)))
    }

    fn sum(&mut self) -> Option<Expr> {
        let mut left = self.product()?;
        loop {
            left = if self.sign("+") {
                combine(&left, &self.product()?, |a, b| a + b)
            } else if self.sign("-") {
                combine(&left, &self.product()?, |a, b| a - b)
            } else if self.sign("??") || self.sign("|") || self.sign("..") {
                combine(&left, &self.product()?, |a, _| a)
            } else {
                return Some(left);
            };
        }
    }

    fn product(&mut self) -> Option<Expr> {
        let mut left = self.unary()?;
        loop {
            left = if self.sign("**") || self.sign("^") {
                combine(&left, &self.unary()?, f64::powf)
            } else if self.sign("*") {
                combine(&left, &self.unary()?, |a, b| a * b)
            } else if self.sign("/") {
                combine(&left, &self.unary()?, |a, b| a / b)
            } else if self.sign("%") {
                combine(&left, &self.unary()?, |a, b| a % b)
            } else {
                return Some(left);
            };
        }
    }

    fn unary(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let expr = if self.sign("!") || self.word("not") {
            Expr::Not(Box::new(self.unary()?))
        } else if self.sign("-") {
            combine(&Expr::Number(0.0), &self.unary()?, |a, b| a - b)
        } else if self.sign("+") {
            self.unary()?
        } else {
            self.postfix()?
        };
        self.depth -= 1;
        Some(expr)
    }

    fn postfix(&mut self) -> Option<Expr> {
        let mut expr = self.primary()?;
        loop {
            if self.sign(".") || self.sign("?.") {
                matches!(self.peek(), Some(Token::Name(_))).then_some(())?;
                self.at += 1;
                if self.sign("(") {
                    self.arguments(")")?;
                }
            } else if self.sign("[") {
                self.arguments("]")?;
            } else {
                return Some(expr);
            }
            if !matches!(expr, Expr::Measured(_)) {
                expr = Expr::Other;
            }
        }
    }

    fn primary(&mut self) -> Option<Expr> {
        let token = self.peek()?;
        self.at += 1;
        match token {
            Token::Number(n) => Some(Expr::Number(*n)),
            Token::Text => Some(Expr::Other),
            Token::Hole(text) => Some(Expr::Hole(text.clone())),
            Token::Name(name) => self.name(name),
            Token::Sign("(") => {
                let inner = self.ternary()?;
                self.sign(")").then_some(inner)
            }
            Token::Sign("[") => self.arguments("]").map(|_| Expr::Other),
            Token::Sign("{") => {
                let inner = self.ternary()?;
                self.sign("}").then_some(inner)
            }
            // Inside a closure `.field` is the item's field.
            Token::Sign(".") => {
                self.at += 1;
                Some(Expr::Measured(Shape::Value))
            }
            Token::Sign(_) => None,
        }
    }

    fn name(&mut self, name: &str) -> Option<Expr> {
        match name {
            "true" => return Some(Expr::Bool(true)),
            "false" => return Some(Expr::Bool(false)),
            "result" | "#" => return Some(Expr::Measured(Shape::Value)),
            _ => {}
        }
        if self.sign("(") {
            let arguments = self.arguments(")")?;
            return Some(call(name, arguments));
        }
        Some(Expr::Other)
    }

    fn arguments(&mut self, close: &str) -> Option<Vec<Expr>> {
        let mut found = Vec::new();
        while !self.sign(close) {
            if self.sign(",") || self.sign(":") {
                continue;
            }
            found.push(self.ternary()?);
        }
        Some(found)
    }
}

/// What a call of `name` yields.
fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let measured = arguments.iter().any(is_measured);
    match name {
        // The statement about each item stands for the statement about all.
        "all" | "any" | "one" => arguments.into_iter().nth(1).unwrap_or(Expr::Other),
        "none" => Expr::Not(Box::new(arguments.into_iter().nth(1).unwrap_or(Expr::Other))),
        "len" | "isNaN" | "isInf" | "isNil" if measured => Expr::Measured(Shape::Presence),
        // These leave the value what it is.
        "asInt" | "asFloat" | "int" | "float" | "default" if measured => Expr::Measured(Shape::Value),
        _ if measured => Expr::Measured(Shape::Computed),
        _ => arguments.into_iter().find(|a| matches!(a, Expr::Hole(_))).unwrap_or(Expr::Other),
    }
}

fn is_measured(expr: &Expr) -> bool {
    match expr {
        Expr::Measured(_) => true,
        Expr::Compare(_, a, b) | Expr::Both(a, b) | Expr::Either(a, b) => is_measured(a) || is_measured(b),
        Expr::Not(inner) => is_measured(inner),
        Expr::Choice(a, b, c) => is_measured(a) || is_measured(b) || is_measured(c),
        Expr::Number(_) | Expr::Bool(_) | Expr::Hole(_) | Expr::Other => false,
    }
}

/// `condition ? then : otherwise`; as a value it is computed.
fn branches(condition: Expr, then: Expr, otherwise: Expr) -> Expr {
    let value = |e: &Expr| matches!(e, Expr::Measured(_) | Expr::Number(_));
    if value(&then) || value(&otherwise) {
        return Expr::Measured(Shape::Computed);
    }
    Expr::Choice(Box::new(condition), Box::new(then), Box::new(otherwise))
}

/// Two values joined by arithmetic.
fn combine(left: &Expr, right: &Expr, by: impl Fn(f64, f64) -> f64) -> Expr {
    match (left, right) {
        (Expr::Number(a), Expr::Number(b)) => Expr::Number(by(*a, *b)),
        _ if is_measured(left) || is_measured(right) => Expr::Measured(Shape::Computed),
        (Expr::Hole(text), _) | (_, Expr::Hole(text)) => Expr::Hole(text.clone()),
        _ => Expr::Other,
    }
}

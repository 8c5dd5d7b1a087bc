//! The targeting of a flag: branches as rings, the split of the rest.

use super::audience;
use super::fractional::Ramp;
use crate::adapters::flag::{Ring, Split, Variation};
use crate::adapters::{Lowering, is_template};
use crate::model::Basis;
use crate::syntax::Node;

/// How deep references may lead: they may lead in a circle.
const DEPTH: usize = 64;

/// Operations that say yes or no.
const CONDITIONS: [&str; 14] =
    ["==", "===", "!=", "!==", "<", "<=", ">", ">=", "!", "!!", "in", "starts_with", "ends_with", "sem_ver"];

/// Reads the targeting of one flag.
pub(super) struct Reader<'r, 'd, 'a> {
    variations: &'r [Variation],
    pub(super) default: Option<usize>,
    evaluators: Option<Node<'d>>,
    pub(super) cx: &'r mut Lowering<'a>,
    rings: Vec<Ring>,
    pub(super) basis: Basis,
    pub(super) ramp: Option<Ramp>,
}

impl<'r, 'd, 'a> Reader<'r, 'd, 'a> {
    pub(super) const fn new(
        variations: &'r [Variation],
        default: Option<usize>,
        evaluators: Option<Node<'d>>,
        cx: &'r mut Lowering<'a>,
    ) -> Self {
        Self { variations, default, evaluators, cx, rings: Vec::new(), basis: Basis::Users, ramp: None }
    }

    /// Who is picked, what the shares are shares of, and the ramp of the whole.
    pub(super) fn found(self) -> (Vec<Ring>, Basis, Option<Ramp>) {
        (self.rings, self.basis, self.ramp)
    }

    /// What everybody gets whom no ring picks.
    pub(super) fn everybody(&mut self, targeting: Node<'d>) -> Split {
        self.read(targeting, "", 0)
    }

    /// What those get who come to `node`; `within` names the ring they are of, "" for everybody.
    fn read(&mut self, node: Node<'d>, within: &str, depth: usize) -> Split {
        let Some(node) = self.resolve(node).filter(|_| depth < DEPTH) else { return Split::unknown(node.span()) };
        let Some((operation, arguments)) = operation(node) else { return self.leaf(node) };
        match operation {
            "if" | "?:" => self.branches(arguments, within, depth),
            "fractional" | "fractionalEvaluation" => {
                let whole = within.is_empty() && self.rings.is_empty();
                self.fractional(arguments, whole, depth)
            }
            "and" | "or" => self.yes_or_no(node, within),
            _ if CONDITIONS.contains(&operation) => self.yes_or_no(node, within),
            _ => Split::unknown(node.span()),
        }
    }

    /// A variant's name, a boolean, or null for the default.
    pub(super) fn leaf(&mut self, node: Node<'d>) -> Split {
        match node.text() {
            _ if node.is_null() => Split::all(self.default, node.span()),
            Some(text) if is_template(text) => {
                self.cx.unknown(node, "template");
                Split::unknown(node.span())
            }
            Some(text) => self.variant(text, node),
            None => Split::unknown(node.span()),
        }
    }

    /// A result that is no variant is an error, and then the caller's own default is served.
    fn variant(&mut self, name: &str, at: Node<'d>) -> Split {
        let found = self.variations.iter().position(|v| *v.name == *name);
        if found.is_none() {
            let message = format!("the targeting gives `{name}`, which is none of the variants, and that is an error");
            let remark = self.cx.invalid(at.span(), message, "name one of the variants, or `null` for the default");
            remark.found = Some(name.into());
        }
        Split::all(found, at.span())
    }

    /// What a reference stands for; `None` where it leads nowhere.
    pub(super) fn resolve(&mut self, node: Node<'d>) -> Option<Node<'d>> {
        let mut node = node;
        for _ in 0..DEPTH {
            let Some(("$ref", name)) = operation(node) else { return Some(node) };
            node = self.evaluators?.get(name.text()?)?;
        }
        None
    }

    /// The branches of an `if`: a ring each; the last one is for the rest.
    fn branches(&mut self, arguments: Node<'d>, within: &str, depth: usize) -> Split {
        if !arguments.is_seq() {
            let message = "`if` is no list, so the targeting fails and no share of it is served";
            let remark = self.cx.invalid(arguments.span(), message, "write `[condition, variant, …, variant]`");
            remark.required = Some("a list".into());
            return Split::unknown(arguments.span());
        }
        let all: Vec<Node<'d>> = arguments.items().collect();
        let mut rest = &all[..];
        while let [condition, then, others @ ..] = rest {
            rest = others;
            let who = self.audience(*condition);
            match condition.as_bool() {
                Some(true) => return self.read(*then, within, depth + 1),
                Some(false) => continue,
                None if who.by_time => return Split::unknown(condition.span()),
                None => {}
            }
            let name = joined(within, &who.name);
            let split = self.read(*then, &name, depth + 1);
            self.rings.push(Ring { name: name.into(), size: who.size, customers: who.customers, split });
        }
        match rest {
            [last] => self.read(*last, within, depth + 1),
            _ => Split::all(self.default, arguments.anchor()),
        }
    }

    /// A condition in a variant's place: `true` for those it picks, `false` for the rest.
    fn yes_or_no(&mut self, node: Node<'d>, within: &str) -> Split {
        let who = self.audience(node);
        if who.by_time {
            return Split::unknown(node.span());
        }
        let split = self.variant("true", node);
        let name = joined(within, &who.name);
        self.rings.push(Ring { name: name.into(), size: who.size, customers: who.customers, split });
        self.variant("false", node)
    }

    fn audience(&mut self, condition: Node<'d>) -> audience::Picked {
        let shared = operation(condition).filter(|(op, _)| *op == "$ref").and_then(|(_, name)| name.text());
        let Some(condition) = self.resolve(condition) else {
            return audience::Picked { name: shared.unwrap_or_default().to_owned(), ..audience::Picked::default() };
        };
        let picked = audience::of(condition);
        audience::Picked { name: shared.map_or(picked.name, str::to_owned), ..picked }
    }
}

fn joined(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}, {name}") }
}

/// The one operation of a rule, and what it is applied to.
pub(super) fn operation(node: Node<'_>) -> Option<(&str, Node<'_>)> {
    let mut entries = node.entries();
    let (operation, arguments) = entries.next()?;
    let operation = operation.text()?;
    (entries.next().is_none() || operation == "if").then_some((operation, arguments))
}

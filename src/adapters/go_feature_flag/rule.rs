//! One rule: whom it is for, what it serves, and what a later step makes of it.

use crate::syntax::Node;
use crate::text::Span;

/// A rule as it is written, or as steps of a schedule left it.
#[derive(Clone)]
pub(super) struct Rule<'d> {
    pub(super) name: Option<&'d str>,
    pub(super) query: Option<Node<'d>>,
    pub(super) disable: Option<Node<'d>>,
    pub(super) variation: Option<Node<'d>>,
    /// Names and weights.
    pub(super) percentage: Vec<(Node<'d>, Node<'d>)>,
    pub(super) ramp: Option<[Edge<'d>; 2]>,
    pub(super) anchor: Span,
}

/// The start or the end of a ramp.
#[derive(Clone, Copy, Default)]
pub(super) struct Edge<'d> {
    pub(super) variation: Option<Node<'d>>,
    pub(super) percentage: Option<Node<'d>>,
    pub(super) date: Option<Node<'d>>,
}

fn present<'d>(node: Node<'d>, key: &str) -> Option<Node<'d>> {
    crate::adapters::nodes::present(node, key)
}

impl<'d> Rule<'d> {
    pub(super) fn of(node: Node<'d>) -> Self {
        let ramp = present(node, "progressiveRollout").map(|r| ["initial", "end"].map(|key| Edge::of(r.get(key))));
        Self {
            name: present(node, "name").and_then(Node::text).filter(|n| !n.is_empty()),
            query: present(node, "query"),
            disable: present(node, "disable"),
            variation: present(node, "variation"),
            percentage: present(node, "percentage").into_iter().flat_map(Node::entries).collect(),
            ramp,
            anchor: node.anchor(),
        }
    }

    pub(super) fn query(&self) -> &'d str {
        self.query.and_then(Node::text).unwrap_or_default().trim()
    }

    /// What a step that names this rule makes of it: weights are merged one by one, and a negative one takes its
    /// variation out.
    pub(super) fn merge(&mut self, step: &Self) {
        self.query = step.query.or(self.query);
        self.disable = step.disable.or(self.disable);
        self.variation = step.variation.or(self.variation);
        if let Some(update) = step.ramp {
            let old = self.ramp.unwrap_or_default();
            self.ramp = Some([old[0].merged(update[0]), old[1].merged(update[1])]);
        }
        for (key, weight) in &step.percentage {
            let place = self.percentage.iter().position(|(k, _)| k.text() == key.text());
            match place {
                Some(place) if is_negative(*weight) => _ = self.percentage.remove(place),
                Some(place) => self.percentage[place] = (*key, *weight),
                None if is_negative(*weight) => {}
                None => self.percentage.push((*key, *weight)),
            }
        }
    }
}

impl<'d> Edge<'d> {
    fn of(node: Option<Node<'d>>) -> Self {
        let get = |key| node.and_then(|n| present(n, key));
        Self { variation: get("variation"), percentage: get("percentage"), date: get("date") }
    }

    fn merged(self, update: Self) -> Self {
        Self {
            variation: update.variation.or(self.variation),
            percentage: update.percentage.or(self.percentage),
            date: update.date.or(self.date),
        }
    }
}

fn is_negative(weight: Node<'_>) -> bool {
    weight.as_f64().is_some_and(|w| w < 0.0)
}

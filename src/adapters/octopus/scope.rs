//! For which deployments an action runs.

use crate::adapters::nodes::{items, present};
use crate::syntax::Node;

/// Where an action runs.
#[derive(PartialEq, Eq)]
pub(super) struct Scope<'d> {
    pub(super) environments: Box<[&'d str]>,
    /// Exceptions, channels and tenants: what only a deployment can tell.
    others: Vec<&'d str>,
}

impl<'d> Scope<'d> {
    pub(super) fn of(action: Node<'d>) -> Self {
        let list = |key: &str| items(action, key).filter_map(Node::text).collect::<Vec<_>>();
        let others = ["excluded_environments", "channels", "tenant_tags"].into_iter().flat_map(list);
        let others = others.collect();
        let written = present(action, "environments").and_then(Node::text);
        Self { environments: list("environments").into_iter().chain(written).collect(), others }
    }

    /// Does it run wherever `other` does? `None` where only a deployment can tell.
    pub(super) fn covers(&self, other: &Self) -> Option<bool> {
        if self == other || (self.environments.is_empty() && self.others.is_empty()) {
            return Some(true);
        }
        let is_expression = |all: &[&str]| all.iter().any(|name| name.contains("#{"));
        if is_expression(&self.environments) || is_expression(&other.environments) {
            return None;
        }
        let shared = other.environments.iter().filter(|name| self.environments.contains(name)).count();
        match (shared, other.environments.len()) {
            (_, 0) => None,
            (0, _) if !self.environments.is_empty() => Some(false),
            (shared, all) if shared == all && self.others.is_empty() => Some(true),
            (_, _) => None,
        }
    }
}

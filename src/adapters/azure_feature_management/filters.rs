//! Filters: who passes each of them, and who passes them together.

use super::{find, items};
use crate::adapters::flag::{Ring, Split, is_tenant};
use crate::adapters::{Lowering, is_template};
use crate::model::{Basis, Share};
use crate::syntax::Node;
use crate::text::Span;

/// Who passes all that stands before the variants.
pub(super) struct Gate {
    /// How many of those whom no ring picks, where it can be known.
    pub(super) share: Option<Share>,
    /// Who is picked.
    pub(super) rings: Vec<Picked>,
    /// What the shares are shares of.
    pub(super) basis: Basis,
    /// Where it stands.
    pub(super) span: Span,
}

impl Gate {
    /// Everybody or nobody.
    pub(super) const fn of(everybody: bool, span: Span) -> Self {
        let share = if everybody { Share::ALL } else { Share::NONE };
        Self { share: Some(share), rings: Vec::new(), basis: Basis::Users, span }
    }

    pub(super) const fn unknown(span: Span) -> Self {
        Self { share: None, rings: Vec::new(), basis: Basis::Users, span }
    }
}

/// Users or a group that a targeting names.
pub(super) struct Picked {
    name: String,
    size: Option<u64>,
    /// How many of them pass.
    pub(super) share: Share,
    customers: bool,
}

impl Picked {
    /// The ring of those people, who get `split`.
    pub(super) fn ring(&self, split: Split) -> Ring {
        Ring { name: (*self.name).into(), size: self.size, customers: self.customers, split }
    }
}

/// The share of the rest that passes, from 0 to 1: the least and the most, as the time tells.
#[derive(Clone, Copy)]
struct Passing {
    least: f64,
    most: f64,
}

impl Passing {
    const fn exactly(share: f64) -> Self {
        Self { least: share, most: share }
    }
}

/// One filter.
struct Filter {
    /// `None` where it cannot be known.
    passing: Option<Passing>,
    /// Does it place the same user alike in every filter of its kind?
    is_sticky: bool,
    rings: Vec<Picked>,
    span: Span,
}

pub(super) fn read(list: Node<'_>, requirement: Option<Node<'_>>, cx: &mut Lowering<'_>) -> Gate {
    let filters: Vec<Filter> = list.items().map(|f| filter(f, cx)).collect();
    let is_all = requirement.and_then(Node::text).is_some_and(|t| t.eq_ignore_ascii_case("all"));
    let passing = if is_all { together(&filters) } else { either(&filters) };
    let is_limited = |f: &&Filter| f.passing.is_some_and(|p| p.least > 0.0 && p.least < 1.0);
    let mut limited = filters.iter().filter(is_limited);
    let (first, others) = (limited.next(), limited.next().is_some());
    let basis = match first {
        Some(filter) if !filter.is_sticky && !others => Basis::Requests,
        Some(_) | None => Basis::Users,
    };
    let span = first.filter(|_| !others).map_or_else(|| list.anchor(), |f| f.span);
    let share = passing.and_then(settled);
    let is_shut_for_all = is_all && filters.iter().any(|f| !f.is_sticky && is_shut(f));
    let rings = filters.into_iter().flat_map(|f| f.rings).filter(|_| !is_shut_for_all).collect();
    Gate { share, rings, basis, span }
}

fn is_shut(filter: &Filter) -> bool {
    filter.passing.is_some_and(|p| p.most <= 0.0)
}

/// The most that may pass; not known where a window makes everybody of a part.
fn settled(passing: Passing) -> Option<Share> {
    let opens = passing.most >= 1.0 && passing.least > 0.0 && passing.least < 1.0;
    (!opens).then(|| Share::from_percent(passing.most * 100.0))
}

/// `Any`: who passes one of them. The others are asked independently of each other.
fn either(filters: &[Filter]) -> Option<Passing> {
    if filters.iter().any(|f| f.passing.is_some_and(|p| p.least >= 1.0)) {
        return Some(Passing::exactly(1.0));
    }
    let (mut sticky, mut least, mut most) = (0.0_f64, 1.0, 1.0);
    for filter in filters {
        let passing = filter.passing?;
        if filter.is_sticky {
            sticky = sticky.max(passing.most);
        } else {
            least *= 1.0 - passing.least;
            most *= 1.0 - passing.most;
        }
    }
    let missed = 1.0 - sticky;
    Some(Passing { least: 1.0 - missed * least, most: 1.0 - missed * most })
}

/// `All`: who passes every one of them.
fn together(filters: &[Filter]) -> Option<Passing> {
    if filters.iter().any(is_shut) {
        return Some(Passing::exactly(0.0));
    }
    let (mut sticky, mut least, mut most) = (1.0_f64, 1.0, 1.0);
    for filter in filters {
        let passing = filter.passing?;
        if filter.is_sticky {
            sticky = sticky.min(passing.most);
        } else {
            least *= passing.least;
            most *= passing.most;
        }
    }
    Some(Passing { least: sticky * least, most: sticky * most })
}

fn filter(node: Node<'_>, cx: &mut Lowering<'_>) -> Filter {
    let name = find(node, "name").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_prefix("microsoft.").unwrap_or(&name);
    let parameters = find(node, "parameters");
    let plain = |passing, span| Filter { passing, is_sticky: false, rings: Vec::new(), span };
    match name.strip_suffix("filter").unwrap_or(name) {
        "alwayson" => plain(Some(Passing::exactly(1.0)), node.anchor()),
        "percentage" => {
            let value = parameters.and_then(|p| find(p, "Value"));
            plain(percent(value, "Value", cx).map(Passing::exactly), value.unwrap_or(node).span())
        }
        "timewindow" => {
            let has = |key| parameters.and_then(|p| find(p, key)).is_some_and(|v| v.text() != Some(""));
            let most = if has("Start") || has("End") { 1.0 } else { 0.0 };
            plain(Some(Passing { least: 0.0, most }), node.anchor())
        }
        "targeting" => targeting(node, parameters.and_then(|p| find(p, "Audience")), cx),
        _ => {
            cx.unknown(node, "filter");
            plain(None, node.anchor())
        }
    }
}

fn targeting(node: Node<'_>, audience: Option<Node<'_>>, cx: &mut Lowering<'_>) -> Filter {
    let Some(audience) = audience else {
        cx.invalid(node.span(), "a targeting without an `Audience` is an error", "name its `Audience`");
        return Filter { passing: None, is_sticky: true, rings: Vec::new(), span: node.span() };
    };
    let value = find(audience, "DefaultRolloutPercentage");
    let rest = percent(value, "DefaultRolloutPercentage", cx);
    let mut rings = Vec::new();
    let users: Vec<&str> = items(audience, "Users").filter_map(Node::text).collect();
    rings.extend(people("user", &users));
    for group in items(audience, "Groups") {
        let of_it = find(group, "RolloutPercentage");
        let (Some(share), Some(name)) = (percent(of_it, "RolloutPercentage", cx), find(group, "Name")) else {
            continue;
        };
        let name = name.text().unwrap_or_default();
        let part = Share::from_percent(share * 100.0);
        let named = if part == Share::ALL { format!("group {name}") } else { format!("{part} of group {name}") };
        // Who is not in the group's percent is asked again with the rest.
        let passing = Share::from_percent((1.0 - (1.0 - share) * (1.0 - rest.unwrap_or(0.0))) * 100.0);
        if part != Share::NONE {
            rings.push(Picked { name: named, size: None, share: passing, customers: is_tenant(name) });
        }
    }
    let span = value.unwrap_or(audience).span();
    Filter { passing: rest.map(Passing::exactly), is_sticky: true, rings, span }
}

/// How many names a ring lists.
const LISTED: usize = 3;

/// Those who are named one by one, if anybody is.
pub(super) fn people(noun: &str, names: &[&str]) -> Option<Picked> {
    let mut name = format!("{noun} {}", names[..names.len().min(LISTED)].join(", "));
    if names.len() > LISTED {
        name += &format!(" and {} more", names.len() - LISTED);
    }
    let size = (noun == "user").then_some(names.len() as u64);
    let customers = names.iter().any(|n| is_tenant(n));
    (!names.is_empty()).then_some(Picked { name, size, share: Share::ALL, customers })
}

/// A percent as a share from 0 to 1: 0 where it is not written, `None` where it cannot be known.
fn percent(node: Option<Node<'_>>, name: &str, cx: &mut Lowering<'_>) -> Option<f64> {
    let Some(node) = node else { return Some(0.0) };
    let number = |n: Node<'_>| n.text().filter(|t| !is_template(t))?.trim().parse::<f64>().ok();
    let value = cx.take(node, name, "a percent from 0 to 100", |n| number(n).filter(|p| (0.0..=100.0).contains(p)));
    value.known().map(|p| p / 100.0)
}

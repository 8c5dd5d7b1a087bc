//! Coverage and weights, as the engine takes them.

use super::rest::Range;
use crate::adapters::nodes::present;
use crate::adapters::{Lowering, is_template};
use crate::syntax::Node;

/// A share from 0 to 1 at `key`: 1 where it is not written, `None` where it cannot be known. More than 1 is everybody.
pub(super) fn fraction(rule: Node<'_>, key: &str, cx: &mut Lowering<'_>) -> Option<f64> {
    let Some(node) = present(rule, key) else { return Some(1.0) };
    let number = cx.take(node, key, "a share from 0 to 1", number);
    let share = *number.known()?;
    if !(0.0..=1.0).contains(&share) {
        let who = if share > 1.0 { "everybody" } else { "nobody" };
        let message = format!("`{key}` is {share}, and it is a share from 0 to 1, so this is {who}");
        let remark = cx.invalid(node.span(), message, "write 0.05 for 5 %");
        remark.found = Some(share.to_string().into());
        remark.required = Some("from 0 to 1".into());
    }
    Some(share.clamp(0.0, 1.0))
}

fn number(node: Node<'_>) -> Option<f64> {
    node.text().filter(|t| !is_template(t))?.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

/// What the engine makes of weights.
pub(super) struct Weights {
    /// The weight of each variation.
    pub(super) served: Vec<f64>,
    /// What was written instead, over its sum.
    pub(super) written: Option<Vec<f64>>,
}

/// The weights of `count` variations; `None` where they cannot be known. Those that the engine refuses are equal.
pub(super) fn of(list: Option<Node<'_>>, nodes: &[Node<'_>], count: usize, cx: &mut Lowering<'_>) -> Option<Weights> {
    let equal = vec![1.0 / f64::from(u32::try_from(count).ok()?).max(1.0); count];
    let Some(first) = list.or_else(|| nodes.first().copied()) else {
        return Some(Weights { served: equal, written: None });
    };
    if nodes.iter().any(|n| n.text().is_some_and(is_template)) {
        cx.unknown(first, "template");
        return None;
    }
    let numbers: Option<Vec<f64>> = nodes.iter().map(|n| number(*n)).collect();
    let sum: f64 = numbers.iter().flatten().sum();
    let fault = match &numbers {
        None => "a weight is no number".to_owned(),
        Some(all) if all.len() != count => format!("there are {} weights for {count} variations", all.len()),
        Some(_) if !(0.99..=1.01).contains(&sum) => format!("the weights add up to {sum}, not to 1"),
        Some(all) => return Some(Weights { served: all.clone(), written: None }),
    };
    let message = format!("{fault}, so all variations get the same share");
    let remark = cx.invalid(first.span(), message, "write shares that add up to 1: `[0.95, 0.05]`");
    remark.required = Some("1".into());
    let written = numbers.filter(|all| all.len() == count && sum > 0.0);
    let written = written.map(|all| all.iter().map(|w| w / sum).collect());
    Some(Weights { served: equal, written })
}

/// Where the variations lie: each begins where its weight begins, and ends by the coverage.
pub(super) fn ranges(weights: &[f64], coverage: f64) -> Vec<Range> {
    let mut from = 0.0;
    let range = |weight: &f64| {
        let start = from;
        from += weight;
        (start, start + coverage * weight)
    };
    weights.iter().map(range).collect()
}

/// `[from, to)`.
pub(super) fn range(node: Node<'_>) -> Option<Range> {
    let mut bounds = node.items().map(number);
    let (from, to) = (bounds.next()??, bounds.next()??);
    Some((from.clamp(0.0, 1.0), to.clamp(0.0, 1.0)))
}

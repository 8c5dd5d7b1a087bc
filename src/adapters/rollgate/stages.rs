//! The stages of a plan.

use super::desk::{Desk, Refusal, holds_any, present, text};
use super::keys::STAGE;
use crate::model::units::Length;
use crate::model::{Audience, Basis, Exposure, Fact, Gate, GateKind, Hold, Share, Stage, Strategy};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// Reads `stages` of the plan at `root`, whose strategy is `strategy`.
pub(super) fn stages<'d>(desk: &mut Desk<'d>, root: Node<'d>, strategy: Spanned<Strategy>, basis: Basis) -> Vec<Stage> {
    let items = desk.list(root, "stages");
    if items.is_empty() {
        return without_stages(desk, root, strategy);
    }
    let mut stages: Vec<Stage> = items.into_iter().map(|item| stage(desk, item, basis)).collect();
    let Some(last) = stages.last() else { return stages };
    let ends_with_all = last.exposure.is_dynamic() || last.share() == Some(Share::ALL);
    let goes_to_all = matches!(strategy.value, Strategy::Canary | Strategy::BlueGreen);
    if goes_to_all && !ends_with_all {
        let span = last.span;
        stages.push(everybody(basis, span));
    }
    stages
}

/// The stage that reaches everybody, where it is not written.
fn everybody(basis: Basis, span: Span) -> Stage {
    let exposure = Fact::Defaulted {
        value: Exposure::exact(Share::ALL, basis),
        by: "rollgate: a rollout ends with everybody",
        near: span,
    };
    Stage { implied: true, ..Stage::new(exposure, span) }
}

fn without_stages<'d>(desk: &mut Desk<'d>, root: Node<'d>, strategy: Spanned<Strategy>) -> Vec<Stage> {
    if strategy.value == Strategy::AllAtOnce {
        return vec![everybody(Basis::Requests, strategy.span)];
    }
    let node = present(root, "stages");
    if node.is_some_and(|n| !n.is_seq()) || strategy.value == Strategy::Unknown {
        return Vec::new();
    }
    let message = format!("strategy `{}` needs `stages`, and there are none", strategy.value.name());
    let span = node.map_or(strategy.span, Node::anchor);
    desk.wrong(
        span,
        message,
        "add `stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]`",
    );
    Vec::new()
}

fn stage<'d>(desk: &mut Desk<'d>, node: Node<'d>, basis: Basis) -> Stage {
    if !desk.open(node, &STAGE, node.anchor()) {
        let expr = node.text().unwrap_or_default().into();
        return Stage::new(Fact::Dynamic { expr, span: node.span() }, node.span());
    }
    let audience = audience(desk, node);
    let basis = if present(node, "tenants").is_some() { Basis::Tenants } else { basis };
    let mut share = desk.unit::<Share>(node, "exposure");
    if share.is_absent() && audience.is_none() {
        // Reported below, or as a misspelled key: a stage for nobody is no ring, its share is unknown.
        share = Fact::Dynamic { expr: "".into(), span: node.anchor() };
    }
    if !holds_any(node, &["exposure", "audience", "tenants"], &STAGE) {
        desk.wrong(
            node.anchor(),
            "a stage needs `exposure`, `audience` or `tenants`, and has none",
            "add `exposure: 5%`",
        );
    }
    let mut stage = Stage::new(share.map(|share| Exposure::exact(share, basis)), node.span());
    stage.name = desk.own_text(node, "name");
    stage.audience = audience;
    let approval = desk.text(node, "approval");
    stage.hold = hold(desk, node, &approval);
    if let Fact::Stated(Spanned { value, span }) = approval {
        stage.gates.push(Gate { kind: GateKind::Approval, name: value, blocking: true, span });
    }
    stage
}

/// How long the stage at `node` lasts. An approval without a time waits for a person.
fn hold<'d>(desk: &mut Desk<'d>, node: Node<'d>, approval: &Fact<Box<str>>) -> Fact<Hold> {
    let length = desk.unit::<Length>(node, "hold");
    if length.is_absent() {
        return if approval.is_absent() {
            Fact::stated(Hold::None, node.span())
        } else {
            Fact::stated(Hold::Gated, approval.span())
        };
    }
    length.map(|length| if length.0 == 0 { Hold::None } else { Hold::Timed(length.0) })
}

/// The ring or the tenants of the stage at `node`.
fn audience<'d>(desk: &mut Desk<'d>, node: Node<'d>) -> Option<Audience> {
    let name = desk.own_text(node, "audience");
    let size = desk.read(node, "size", size).known().copied();
    let items = desk.list(node, "tenants");
    let tenants: Vec<_> = items.iter().filter_map(|n| desk.take(*n, "tenant", text).known().cloned()).collect();
    if let Some(list) = present(node, "tenants").filter(|n| n.is_seq() && items.is_empty()) {
        desk.wrong(list.anchor(), "`tenants` names nobody", "name at least one tenant");
    }
    if name.is_none() && tenants.is_empty() {
        return None;
    }
    let counted = u64::try_from(tenants.len()).ok().filter(|n| *n > 0);
    Some(Audience {
        name: name.unwrap_or_else(|| tenants.join(", ").into()),
        size: size.map(|s| s.members).or(counted),
        customers: counted.is_some() || size.is_some_and(|s| s.customers),
    })
}

/// How many members a ring has.
#[derive(Clone, Copy)]
struct Size {
    members: u64,
    customers: bool,
}

/// Takes `40 users`, `5 customers`, `40`.
fn size(node: Node<'_>) -> Result<Size, Refusal> {
    let refuse = || Refusal::not(node, "a number of members such as `40 users` or `5 tenants`");
    let text = node.text().unwrap_or_default().trim();
    let (count, noun) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let members = count.parse().map_err(|_| refuse())?;
    let customers = ["tenant", "customer", "account", "organisation", "organization", "compan"];
    let noun = noun.trim().to_ascii_lowercase();
    if noun.contains(|c: char| !(c.is_alphabetic() || c.is_whitespace() || c == '-')) {
        return Err(refuse());
    }
    Ok(Size { members, customers: customers.iter().any(|c| noun.starts_with(c)) })
}

/// What the shares of a plan are shares of, by the unit of its flag.
pub(super) fn basis(unit: Option<&str>) -> Basis {
    let unit = unit.unwrap_or_default().to_ascii_lowercase();
    match unit.as_str() {
        "tenant" | "tenants" | "customer" | "account" | "organisation" | "organization" => Basis::Tenants,
        "user" | "users" => Basis::Users,
        _ => Basis::Requests,
    }
}

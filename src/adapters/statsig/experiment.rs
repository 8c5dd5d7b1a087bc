//! Experiments of the Console API and of Terraform: an allocation, and groups of it.

use crate::adapters::flag::{self, Arm, Flag, Split, Variation, basis_of};
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object};
use crate::model::{Basis, Metric, Share};
use crate::text::{Span, Spanned};

/// Reads the experiment at `field`.
pub(super) fn lower((key, name_span): (&str, Span), field: &Field<'_>, (object, cx): (&Object<'_>, &mut Lowering<'_>)) {
    let groups = field.get("groups").map(|g| g.items()).unwrap_or_default();
    let mut variations: Vec<Variation> = groups.iter().enumerate().map(|(index, g)| variation(index, g)).collect();
    let text = |f: &Field<'_>, key: &str| f.get(key).and_then(|v| v.text().map(str::to_owned));
    let by_id = |id: Option<String>| {
        let id = id.filter(|id| !id.is_empty())?;
        groups.iter().position(|g| text(g, "id").as_ref() == Some(&id) || text(g, "name").as_ref() == Some(&id))
    };
    let named = variations.iter().position(|v| v.name.eq_ignore_ascii_case("control"));
    let control = by_id(text(field, "ControlGroupID").or_else(|| text(field, "control_group_id"))).or(named);
    variations.push(Variation { name: "default".into(), is_false: false, ships: Vec::new() });
    let default = variations.len() - 1;
    let status = field.get("status");
    let launched = text(field, "LaunchedGroupID").or_else(|| text(field, "launched_group_id"));
    let launched = by_id(launched);
    let at = status.map_or_else(|| field.anchor(), |s| s.span());
    let rest = match (launched, status.and_then(|s| s.text())) {
        (Some(group), _) => Split::all(Some(group), at),
        (None, Some("setup" | "abandoned" | "archived" | "decision_made")) => Split::all(None, at),
        (None, Some(_) | None) => split(field, &groups, cx),
    };
    let unit = field.get("IdType").and_then(|i| i.text()).unwrap_or_default();
    let flag = Flag {
        key: key.into(),
        name_span,
        span: field.span(),
        environment: None,
        variations,
        off: Some(control.unwrap_or(default)),
        rings: Vec::new(),
        rest,
        basis: if unit.is_empty() { Basis::Users } else { basis_of(unit) },
        plan: None,
    };
    let mut rollout = flag.rollout(object, cx);
    for list in ["PrimaryMetrics", "SecondaryMetrics"] {
        for name in field.get(list).iter().flat_map(Field::items).filter_map(|m| m.get("name")) {
            if let Some(text) = name.text() {
                rollout.monitors.push(Spanned::new(Metric::recognise(text, ""), name.span()));
            }
        }
    }
    flag::hand_in(rollout, cx);
}

fn variation(index: usize, group: &Field<'_>) -> Variation {
    let name = group.get("name").and_then(|n| n.text()).filter(|n| !n.is_empty());
    let name: Box<str> = name.map_or_else(|| format!("group {index}").into(), Into::into);
    match group.get("ParameterValues").filter(|v| v.unknown().is_none()) {
        Some(value) => Variation::of(&name, value.node),
        None => Variation { name, is_false: false, ships: Vec::new() },
    }
}

/// The groups' parts of the allocation; who is not allocated meets the default, taken to be the control.
fn split(field: &Field<'_>, groups: &[Field<'_>], cx: &mut Lowering<'_>) -> Split {
    let span = field.get("groups").map_or_else(|| field.anchor(), |g| g.anchor());
    let wanted = "a number of percent, from 0 to 100";
    let allocation = cx.field(field, &["allocation"], wanted, super::spec::percent);
    let whole = allocation.known().copied();
    let allocated = if matches!(allocation, crate::model::Fact::Absent { .. }) { Some(100.0) } else { whole };
    let mut arms = Vec::new();
    let mut sizes = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let size = cx.field(group, &["size"], wanted, super::spec::percent);
        let disabled = group.get("disabled").and_then(|d| d.boolean()) == Some(true);
        let part = size.known().copied().zip(allocated).filter(|_| !disabled);
        let share = part.map(|(size, allocated)| Share::from_percent(size * allocated / 100.0));
        let share = share.or(Some(Share::NONE).filter(|_| disabled));
        sizes.push(size.known().copied());
        let at = group.get("size").map_or_else(|| group.span(), |s| s.span());
        arms.push(Arm { variation: Some(index), share, written: None, span: at });
    }
    if groups.is_empty() || field.get("groups").is_some_and(|g| g.unknown().is_some()) {
        return Split::unknown(span);
    }
    add_up(&sizes, span, cx);
    let others = allocated.map(|allocated| {
        let part = arms.iter().filter_map(|a| a.share).fold(0, |sum, s| sum + s.ppm());
        let whole = Share::from_percent(allocated).ppm().max(part);
        Share::from_ppm(1_000_000u32.saturating_sub(whole))
    });
    if others != Some(Share::NONE) {
        arms.push(Arm { variation: None, share: others, written: None, span });
    }
    Split { arms, span }
}

fn add_up(sizes: &[Option<f64>], span: Span, cx: &mut Lowering<'_>) {
    let Some(sum) = sizes.iter().copied().sum::<Option<f64>>() else { return };
    // Thirds are written as 33.33.
    if (sum - 100.0).abs() > 0.5 {
        let remark = cx.invalid(span, format!("the groups add up to {sum}%"), "write sizes that add up to 100");
        remark.found = Some(sum.to_string().into());
        remark.required = Some("100".into());
    }
}

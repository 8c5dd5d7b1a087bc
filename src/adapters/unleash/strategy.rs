//! One strategy: whom it is for, and which share of them passes.

use super::Place;
use super::audience::{self, Audience};
use crate::adapters::Lowering;
use crate::adapters::infra::Field;
use crate::model::{Fact, Share};
use crate::text::Span;

/// What one strategy lets pass.
#[derive(Clone)]
pub(super) struct Strategy<'d> {
    /// Whom it is for.
    pub(super) audience: Audience,
    /// Which share of them passes; `None` where nobody can know.
    pub(super) share: Option<Share>,
    /// The percentage as it is written.
    pub(super) written: Option<Share>,
    /// What decides who is in: strategies of the same unit and group let the same people pass.
    pub(super) draw: (Box<str>, Box<str>),
    /// Its name.
    pub(super) name: &'d str,
    /// Its variants.
    pub(super) variants: Vec<Field<'d>>,
    /// Where its share stands.
    pub(super) span: Span,
}

/// The strategies of a list that are not disabled.
pub(super) fn live<'d>(list: &[Field<'d>]) -> Vec<Field<'d>> {
    list.iter().copied().filter(|s| s.get("disabled").and_then(|d| d.boolean()) != Some(true)).collect()
}

/// The strategy at `node`.
pub(super) fn read<'d>(node: &Field<'d>, place: &Place<'d, '_>, cx: &mut Lowering<'_>) -> Strategy<'d> {
    let name = node.any(&["StrategyName", "name"]).and_then(|n| n.text()).unwrap_or_default();
    let mut strategy = Strategy {
        audience: audience::of(node, place),
        share: Some(Share::ALL),
        written: None,
        draw: ("".into(), "".into()),
        name,
        variants: node.any(&["variants", "variant"]).map(|v| v.items()).unwrap_or_default(),
        span: node.span(),
    };
    let parameters = node.get("parameters");
    let unknown = parameters.filter(|p| p.unknown().is_some());
    // Their names are the same in every language, but for underscores.
    let all = parameters.map(|p| p.entries()).unwrap_or_default();
    let is = |k: Option<&str>, key: &str| k.is_some_and(|k| k.replace('_', "").eq_ignore_ascii_case(key));
    let given = |key: &str| all.iter().find(|(k, _)| is(k.text(), key)).map(|(_, value)| *value).or(unknown);
    let listed = match name {
        "default" => Audience::All,
        "userWithId" => audience::listed("user", given("userIds").as_ref()),
        "gitlabUserList" => list_of_gitlab(node),
        "remoteAddress" => audience::listed("address", given("IPs").as_ref()),
        "applicationHostname" => audience::listed("host", given("hostNames").as_ref()),
        "flexibleRollout" => {
            percentage(&mut strategy, given("rollout"), Share::ALL, "rollout", cx);
            let unit = given("stickiness");
            strategy.draw = (unit.map_or("default".into(), |u| drawn(&u)), group(given("groupId"), place));
            Audience::All
        }
        "gradualRolloutUserId" | "gradualRolloutSessionId" | "gradualRolloutRandom" => {
            percentage(&mut strategy, given("percentage"), Share::NONE, "percentage", cx);
            let unit = match name {
                "gradualRolloutUserId" => "userId",
                "gradualRolloutSessionId" => "sessionId",
                _ => "random",
            };
            strategy.draw = (unit.into(), group(given("groupId"), place));
            Audience::All
        }
        // What a strategy of somebody's own does is known to its code alone.
        _ => {
            strategy.share = None;
            Audience::All
        }
    };
    strategy.audience = match (strategy.audience, listed) {
        (Audience::All, listed) => listed,
        (audience, Audience::All) => audience,
        (audience, listed) => audience.and(listed),
    };
    strategy
}

/// What decides, and `?` with its place where that is not known.
fn drawn(field: &Field<'_>) -> Box<str> {
    field.text().or_else(|| field.as_written()).unwrap_or("?").into()
}

fn group(group: Option<Field<'_>>, place: &Place<'_, '_>) -> Box<str> {
    group.filter(|g| g.text() != Some("")).map_or_else(|| place.key.into(), |g| drawn(&g))
}

/// The list of users of GitLab that a strategy names, with its members where the same files define it.
fn list_of_gitlab(node: &Field<'_>) -> Audience {
    let list = node.any(&["user_list", "user_list_id"]);
    let resource = list.and_then(|l| l.resource());
    let body = resource.as_ref().and_then(crate::adapters::Object::body).or(list);
    let name = body.and_then(|b| b.get("name")).or(list).and_then(|n| n.text());
    let members = body.and_then(|b| b.get("user_xids"));
    let size = match audience::listed("user", members.as_ref()) {
        Audience::Some(listed) => listed.size,
        Audience::All | Audience::Nobody | Audience::Untold => None,
    };
    let name = name.map_or_else(|| "a list of users".to_owned(), |name| format!("list {name}"));
    Audience::Some(audience::Picked { name, size, customers: false })
}

const WANTED: &str = "a whole percentage from 0 to 100, such as `\"25\"`";

/// Reads the percentage `value`, which is `absent` if nothing is written.
fn percentage(strategy: &mut Strategy<'_>, value: Option<Field<'_>>, absent: Share, name: &str, cx: &mut Lowering<'_>) {
    let Some(value) = value else {
        strategy.share = Some(absent);
        return;
    };
    strategy.span = value.span();
    let in_reach = |f: &Field<'_>| f.number().filter(|n| (0.0..=100.0).contains(n));
    match cx.take_field(&value, name, WANTED, in_reach) {
        Fact::Stated(percent) => of_percent(strategy, percent.value, name, cx),
        Fact::Defaulted { value: percent, .. } => of_percent(strategy, percent, name, cx),
        Fact::Dynamic { .. } | Fact::Absent { .. } => strategy.share = None,
    }
}

/// The hash gives whole numbers from 1 to 100: what is beyond the point counts for nothing.
fn of_percent(strategy: &mut Strategy<'_>, percent: f64, name: &str, cx: &mut Lowering<'_>) {
    let share = Share::from_percent(percent.floor());
    strategy.written = Some(Share::from_percent(percent));
    strategy.share = Some(share);
    if share == Share::NONE && percent > 0.0 {
        let message = format!("`{name}` is {percent}, and shares are whole percents rounded down, so nobody gets it");
        let remark = cx.invalid(strategy.span, message, "write `\"1\"` at least");
        remark.found = Some(format!("{percent}").into());
        remark.required = Some("a whole percentage".into());
    }
}

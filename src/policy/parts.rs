//! Reads what a policy declares beside rules.

use std::str::FromStr;

use super::declared::{
    Drills, Environment, MetricNames, Overrides, PolicyLimits, Service, Suppressions, Tenancy, Trust,
};
use super::desk::{Desk, shown};
use super::globs::Over;
use crate::clock::Tz;
use crate::model::units::parse_seconds_f64;
use crate::model::{ChangeKind, MetricKind, Risk};
use crate::syntax::{Node, Scalar};
use crate::text::{Spanned, nearest};

/// The keys of an environment.
pub(super) const ENVIRONMENT_KEYS: &[&str] = &["paths", "namespaces"];
/// The keys of a service.
pub(super) const SERVICE_KEYS: &[&str] = &["name", "paths", "rollouts", "change", "tenancy", "risk", "traffic"];
/// The keys of an entry of `metrics`.
pub(super) const METRIC_KEYS: &[&str] = &["kind", "match"];
/// The keys of `drills`.
pub(super) const DRILL_KEYS: &[&str] = &["records", "tags", "trailers", "reverts"];
/// The keys of `suppressions`.
pub(super) const SUPPRESSION_KEYS: &[&str] = &["require-reason", "max-age", "forbid", "trust"];
/// The keys of `overrides`.
pub(super) const OVERRIDE_KEYS: &[&str] = &["allow", "forbid"];
/// The keys of `limits`.
pub(super) const LIMIT_KEYS: &[&str] = &["file-size", "document-size", "depth", "nodes", "commits", "history"];

pub(super) fn timezone(desk: &mut Desk<'_>, node: Node<'_>) -> Option<Tz> {
    let text = desk.text(node, "`timezone`")?;
    let zone = Tz::from_str(text).ok();
    if zone.is_none() {
        let help = match nearest(text, chrono_tz::TZ_VARIANTS.iter().map(|z| z.name())) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "use a name of the IANA database, such as `Europe/Berlin` or `UTC`".to_owned(),
        };
        desk.fault(node.span(), format!("`{}` is not a time zone", shown(text)), help);
    }
    zone
}

pub(super) fn environments(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<Environment> {
    let mut all = Vec::new();
    for (name, value) in desk.entries(node, "`environments`") {
        let mut one = Environment {
            name: name.value.into(),
            paths: super::Globs::default(),
            namespaces: super::Globs::default(),
        };
        for (key, value) in desk.fields(value, "an environment", ENVIRONMENT_KEYS) {
            match key.value {
                "paths" => one.paths = desk.globs(value, "`paths`", Over::Paths),
                _ => one.namespaces = desk.globs(value, "`namespaces`", Over::Names),
            }
        }
        if value.is_map() && value.entries().next().is_none() {
            let help = "add `paths: [\"**/prod/**\"]` or `namespaces: [\"prod-*\"]`";
            desk.fault(name.span, format!("nothing tells what is in environment `{}`", shown(name.value)), help);
        }
        all.push(one);
    }
    all
}

pub(super) fn services(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<Service> {
    let items = desk.items(node, "`services`");
    items.into_iter().filter_map(|item| service(desk, item)).collect()
}

fn service(desk: &mut Desk<'_>, item: Node<'_>) -> Option<Service> {
    let mut name = None;
    let (mut paths, mut rollouts) = (super::Globs::default(), super::Globs::default());
    let (mut change, mut tenancy, mut risk, mut traffic) = (None, None, None, None);
    for (key, value) in desk.fields(item, "a service", SERVICE_KEYS) {
        match key.value {
            "name" => name = desk.text(value, "`name`").map(|t| Spanned::new(Box::from(t), value.span())),
            "paths" => paths = desk.globs(value, "`paths`", Over::Paths),
            "rollouts" => rollouts = desk.globs(value, "`rollouts`", Over::Paths),
            "change" => change = desk.one_of(value, "`change`", &ChangeKind::ALL.map(|k| (k.name(), k))),
            "tenancy" => {
                let all = [Tenancy::Single, Tenancy::Multi].map(|t| (t.name(), t));
                tenancy = desk.one_of(value, "`tenancy`", &all);
            }
            "risk" => risk = desk.one_of(value, "`risk`", &Risk::ALL.map(|r| (r.name(), r))),
            _ => traffic = requests(desk, value),
        }
    }
    if item.is_map() && item.get("name").is_none() {
        desk.fault(item.anchor(), "this service has no name", "add `name: …`");
    }
    Some(Service { name: name?, paths, rollouts, change, tenancy, risk, traffic })
}

/// Requests a day from `120000/day`.
fn requests(desk: &mut Desk<'_>, node: Node<'_>) -> Option<f64> {
    let help = "write a number and a time: `120000/day`, `40/min` or `12/s`";
    if let Some(Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_)) = node.scalar() {
        let number = node.text().unwrap_or("");
        let message = format!("`{number}` has no unit: `{number}/day` or `{number}/s`?");
        desk.fault(node.span(), message, help);
        return None;
    }
    let text = desk.text(node, "`traffic`")?;
    let read = parse_requests(text);
    if read.is_none() {
        desk.fault(node.span(), format!("`{}` is not an amount of requests", shown(text)), help);
    }
    read
}

fn parse_requests(text: &str) -> Option<f64> {
    let (count, per) = text.split_once('/')?;
    let count: f64 = count.trim().parse().ok()?;
    let seconds = parse_seconds_f64(&format!("1{}", per.trim()))?;
    (count.is_finite() && count >= 0.0 && seconds > 0.0).then(|| count * 86_400.0 / seconds)
}

pub(super) fn metrics(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<MetricNames> {
    let items = desk.items(node, "`metrics`");
    let mut all = Vec::new();
    for item in items {
        let (mut kind, mut names) = (None, None);
        for (key, value) in desk.fields(item, "an entry of `metrics`", METRIC_KEYS) {
            match key.value {
                "kind" => kind = desk.one_of(value, "`kind`", &MetricKind::ALL.map(|k| (k.name(), k))),
                _ => names = Some(desk.globs(value, "`match`", Over::Names)),
            }
        }
        for missing in METRIC_KEYS.iter().filter(|key| item.is_map() && item.get(key).is_none()) {
            let help = "write `{kind: eval-score, match: [\"*_judge_score\"]}`";
            desk.fault(item.anchor(), format!("this entry of `metrics` has no `{missing}`"), help);
        }
        all.extend(kind.zip(names).map(|(kind, names)| MetricNames { kind, names }));
    }
    all
}

pub(super) fn drills(desk: &mut Desk<'_>, node: Node<'_>) -> Drills {
    let mut all = Drills::default();
    for (key, value) in desk.fields(node, "`drills`", DRILL_KEYS) {
        match key.value {
            "records" => all.records = Some(desk.globs(value, "`records`", Over::Paths)),
            "tags" => all.tags = Some(desk.globs(value, "`tags`", Over::Names)),
            "trailers" => {
                let texts = desk.texts(value, "`trailers`");
                all.trailers = Some(texts.into_iter().map(|t| t.value.into()).collect());
            }
            _ => all.reverts = desk.switch(value, "`reverts`"),
        }
    }
    all
}

pub(super) fn suppressions(desk: &mut Desk<'_>, node: Node<'_>) -> Suppressions {
    let mut all = Suppressions::default();
    for (key, value) in desk.fields(node, "`suppressions`", SUPPRESSION_KEYS) {
        match key.value {
            "require-reason" => all.require_reason = desk.switch(value, "`require-reason`"),
            "max-age" => all.max_age = desk.unit(value, "`max-age`"),
            "forbid" => all.forbid = Some(rule_names(desk, value)),
            _ => all.trust = desk.one_of(value, "`trust`", &[("base", Trust::Base), ("head", Trust::Head)]),
        }
    }
    all
}

pub(super) fn overrides(desk: &mut Desk<'_>, node: Node<'_>) -> Overrides {
    let mut all = Overrides::default();
    for (key, value) in desk.fields(node, "`overrides`", OVERRIDE_KEYS) {
        match key.value {
            "allow" => all.allow = desk.switch(value, "`allow`"),
            _ => all.forbid = Some(rule_names(desk, value)),
        }
    }
    all
}

fn rule_names(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<Box<str>> {
    let texts = desk.texts(node, "`forbid`");
    texts.into_iter().filter_map(|text| desk.rule(text).map(|meta| meta.id.into())).collect()
}

pub(super) fn limits(desk: &mut Desk<'_>, node: Node<'_>) -> PolicyLimits {
    let mut all = PolicyLimits::default();
    for (key, value) in desk.fields(node, "`limits`", LIMIT_KEYS) {
        match key.value {
            // Offsets are held in 32 bits, and collections are walked on the stack.
            "file-size" => all.file_size = bytes(desk, value, "`file-size`"),
            "document-size" => all.document_size = bytes(desk, value, "`document-size`"),
            "depth" => all.depth = count(desk, value, "`depth`", 1000),
            "nodes" => all.nodes = count(desk, value, "`nodes`", 100_000_000),
            "commits" => all.commits = count(desk, value, "`commits`", 100_000_000),
            _ => all.history = desk.unit(value, "`history`"),
        }
    }
    all
}

fn count(desk: &mut Desk<'_>, node: Node<'_>, what: &str, most: u64) -> Option<u64> {
    let read = node.as_i64().and_then(|n| u64::try_from(n).ok()).filter(|n| (1..=most).contains(n));
    if read.is_none() {
        desk.wrong(node, &format!("{what} is a whole number from 1 to {most}"));
    }
    read
}

/// The most bytes a limit may allow.
const MOST_BYTES: u64 = 2 << 30;

fn bytes(desk: &mut Desk<'_>, node: Node<'_>, what: &str) -> Option<u64> {
    if let Some(Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_)) = node.scalar() {
        let number = node.text().unwrap_or("");
        let message = format!("`{number}` has no unit: `{number} MiB` or `{number} KiB`?");
        desk.fault(node.span(), message, format!("give {what} a unit"));
        return None;
    }
    let text = desk.text(node, what)?;
    let read = parse_bytes(text).filter(|n| (1..=MOST_BYTES).contains(n));
    if read.is_none() {
        let message = format!("`{}` is not a size that {what} can have", shown(text));
        desk.fault(node.span(), message, "write a size up to 2 GiB, such as `256 MiB` or `512 KiB`");
    }
    read
}

fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..end].parse().ok()?;
    let unit = match text[end..].trim() {
        "B" => 1,
        "kB" | "KB" => 1000,
        "KiB" | "Ki" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" | "Mi" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" | "Gi" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

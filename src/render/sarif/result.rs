//! A finding as a result of SARIF's.

use std::collections::BTreeMap;

use serde::Serialize;

use super::place::Location;
use super::{Desk, Message, level_name};
use crate::finding::{Finding, State};
use crate::render::visible;
use crate::render::words::{excuse, object};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<[Suppression; 1]>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

impl Desk<'_> {
    pub(super) fn result(&self, finding: &Finding) -> SarifResult {
        let more = if finding.help.contains('\n') { "\n" } else { "; " };
        let related = (1..).zip(&finding.related);
        let rollout = finding.rollout.as_ref().map(|key| ("rollout", object(key)));
        let commit = finding.commit.clone().map(|commit| ("commit", commit));
        SarifResult {
            rule_id: finding.rule.id,
            rule_index: self.index(finding.rule),
            level: level_name(finding.level),
            message: Message::new(&format!("{}{more}{}", finding.what, finding.help)),
            locations: [Location::of(self.sources, finding.primary)],
            related_locations: related.map(|(id, label)| Location::related(self.sources, id, label)).collect(),
            partial_fingerprints: BTreeMap::from([("rollgate/v1", finding.fingerprint.to_string())]),
            suppressions: suppression(finding).map(|s| [s]),
            properties: rollout.into_iter().chain(commit).collect(),
        }
    }
}

fn suppression(finding: &Finding) -> Option<Suppression> {
    let kind = match finding.state {
        State::Active => return None,
        State::Suppressed => "inSource",
        State::Waived | State::Baselined | State::Overridden => "external",
    };
    let justification = visible(&excuse(finding)?).into_owned();
    Some(Suppression { kind, status: "accepted", justification })
}

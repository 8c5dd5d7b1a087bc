//! What SARIF tells beside the results: failures, what could not be known, notices.

use serde::Serialize;

use super::place::Location;
use super::{Desk, Message};
use crate::catalog::Level;
use crate::finding::{Failure, Report, Undetermined};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_rule: Option<RuleReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locations: Option<[Location; 1]>,
}

#[derive(Serialize)]
struct RuleReference {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
}

impl Desk<'_> {
    pub(super) fn notifications(&self, report: &Report) -> Vec<Notification> {
        // At level error each is a result already.
        let unknown = report.undetermined.iter().filter(|_| report.undetermined_level != Level::Error);
        let failures = report.failures.iter().map(of_failure);
        let notices = report.notices.iter().map(|notice| Notification {
            level: "note",
            message: Message::new(notice),
            associated_rule: None,
            locations: None,
        });
        failures.chain(unknown.map(|u| self.of_unknown(u))).chain(notices).collect()
    }

    fn of_unknown(&self, unknown: &Undetermined) -> Notification {
        Notification {
            level: "warning",
            message: Message::new(&format!("undetermined ({}): {}", unknown.reason, unknown.what)),
            associated_rule: Some(RuleReference { id: unknown.rule.id, index: self.index(unknown.rule) }),
            locations: Some([Location::of(self.sources, unknown.span)]),
        }
    }
}

fn of_failure(failure: &Failure) -> Notification {
    Notification {
        level: "error",
        message: Message::new(&format!("{}; {}", failure.message, failure.help)),
        associated_rule: None,
        locations: failure.path.as_deref().map(|path| [Location::of_file(path)]),
    }
}

//! What a Rollout lacks, and where it would stand.

use serde_json::json;

use super::template::present;
use crate::adapters::duration::go_text;
use crate::adapters::{Addition, Object};
use crate::finding::Wish;
use crate::syntax::Node;
use crate::text::Span;

/// What would have to be written into `object` for `wish` to come true; see [`crate::adapters::Adapter::add`].
pub(super) fn add<'d>(object: &Object<'d>, wish: &Wish, at: Span) -> Option<Addition<'d>> {
    let spec = object.spec().filter(|_| object.kind == "Rollout")?;
    let strategy = |key: &str| spec.get("strategy").and_then(|s| present(s, key)).filter(|n| n.is_map());
    match wish {
        Wish::Hold { seconds, .. } => {
            let mut steps = strategy("canary")?.get("steps")?.items();
            let after = steps.find(|s| s.span() == at && present(*s, "setWeight").is_some())?;
            Some(Addition::Item { after, value: json!({"pause": {"duration": go_text(*seconds)}}) })
        }
        Wish::WayBack { seconds } => {
            let map = strategy("canary").or_else(|| strategy("blueGreen"))?;
            key(map, "scaleDownDelaySeconds", (*seconds).into())
        }
        Wish::Criterion => key(spec, "progressDeadlineAbort", true.into()),
        Wish::Written { .. }
        | Wish::Appended { .. }
        | Wish::Exposure { .. }
        | Wish::Shadow { .. }
        | Wish::Revisions { .. } => None,
    }
}

/// A key of `map` that is not there in any way.
fn key<'d>(map: Node<'d>, key: &'static str, value: serde_json::Value) -> Option<Addition<'d>> {
    map.get(key).is_none().then_some(Addition::Key { map, key, value })
}

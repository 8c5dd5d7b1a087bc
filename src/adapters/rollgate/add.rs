//! What a RolloutPlan lacks, and where it would stand.

use super::desk::present;
use crate::adapters::{Addition, Object};
use crate::finding::Wish;
use crate::model::units::display_seconds;
use crate::text::Span;

/// What would have to be written into `object` for `wish` to come true; see [`crate::adapters::Adapter::add`].
pub(super) fn add<'d>(object: &Object<'d>, wish: &Wish, at: Span) -> Option<Addition<'d>> {
    match wish {
        Wish::Hold { seconds, .. } => {
            let map = present(object.node, "stages")?.items().find(|s| s.span() == at && s.is_map())?;
            let value = display_seconds(*seconds).into();
            map.get("hold").is_none().then_some(Addition::Key { map, key: "hold", value })
        }
        Wish::Written { .. }
        | Wish::Appended { .. }
        | Wish::Exposure { .. }
        | Wish::Shadow { .. }
        | Wish::WayBack { .. }
        | Wish::Revisions { .. }
        | Wish::Criterion => None,
    }
}

//! From files to a report: load, link, judge, seal. Pure but for the reading that `collect` does for it.

mod check;
mod compare;
mod drills;
mod excuse;
mod fix;
mod gate;
mod governed;
mod judge;
mod link;
mod links;
mod load;
mod markers;
mod moved;
mod pair;
mod past;
mod plan;
mod plans;
mod reading;
mod recognised;
mod rehearsal;
mod seal;
mod settle;
mod standing;
mod stricter;
mod template;
mod unmask;

pub use check::{Input, Inspected, check, inspect, recheck, survey};
pub use drills::{DrillQuestion, drill_log};
pub use excuse::{BASELINE, Kept, WAIVERS, Written, baseline_of, can_be_hidden};
pub use fix::{Mended, mend};
pub use gate::{ChangeInput, Override, check_change};
pub use link::{Linked, link};
pub use load::{LoadLimits, Loaded, load};
pub use plan::{Choice, Registry};
pub use rehearsal::{Rehearsal, Told, rehearse};
pub use settle::facets;

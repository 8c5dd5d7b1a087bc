//! From files to a report: load, link, judge, seal. Pure but for the reading that `collect` does for it.

mod link;
mod load;
mod markers;

pub use link::{Linked, link};
pub use load::{LoadLimits, Loaded, load};

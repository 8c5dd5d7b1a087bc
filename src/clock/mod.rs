//! Moments, zones and calendar arithmetic.

use chrono::{DateTime, Utc};
pub use chrono_tz::Tz;

/// A moment.
pub type Moment = DateTime<Utc>;

/// The present. The only place that asks the machine for it.
#[expect(clippy::disallowed_methods, reason = "the one door to the machine's clock")]
pub fn now() -> Moment {
    Utc::now()
}

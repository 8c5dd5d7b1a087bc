//! Moments, zones and calendar arithmetic.

mod calendar;
pub mod coverage;
pub mod holidays;
pub mod period;
mod recurrence;
mod stamp;
mod week_days;
pub mod windows;
pub mod written;

pub use week_days::WeekDays;

use chrono::{DateTime, Utc};
pub use chrono_tz::Tz;

/// A moment.
pub type Moment = DateTime<Utc>;

/// The present. The only place that asks the machine for it.
#[expect(clippy::disallowed_methods, reason = "the one door to the machine's clock")]
pub fn now() -> Moment {
    Utc::now()
}

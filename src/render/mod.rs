//! Reports as bytes: one file per output. A renderer never changes a verdict.

mod escape;
mod excerpt;
mod explain;
mod frame;
mod human;
mod inspect;
mod inspect_json;
mod json;
mod short;
mod wrap;

pub use escape::visible;
pub use explain::explain;
pub use frame::{Detail, Drawer, Frame, Style, Underline, Weight};
pub use human::{frames, human};
pub use inspect::inspect;
pub use inspect_json::{Model, ModelReport, inspect_json};
pub use json::{JsonReport, json};
pub use short::short;
pub use wrap::wrap;

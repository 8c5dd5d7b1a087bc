//! The one integration binary.
#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod corpus;
mod render;
mod shared;
mod support;

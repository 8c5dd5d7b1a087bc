//! The one integration binary.
#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod corpus;
mod parity;
mod render;
mod shared;
mod support;

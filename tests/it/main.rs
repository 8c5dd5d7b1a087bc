//! The one integration binary.
#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test ends it too")]
#![expect(clippy::print_stdout, reason = "tables are what --nocapture is for")]

mod accepted;
mod adopting;
mod awkward;
mod bad_input;
mod cli;
mod commits;
mod corpus;
mod docs;
mod drill_tricks;
mod drills;
mod editor;
mod evasions;
mod explain;
mod fix;
mod floors;
mod gate;
mod guide;
mod history;
mod hooks;
mod init;
mod integration;
mod joins;
mod links;
mod lsp;
mod mending;
mod mutations;
mod outputs;
mod parity;
mod plans;
mod policies;
mod promises;
mod readme;
mod recognised;
mod recognition;
mod refs;
mod registry;
mod render;
mod repository;
mod routers;
mod shared;
mod shared_history;
mod statistical;
mod support;
mod suppressions;
mod ungated;
mod ways_back;

//! rollgate lints how change may reach users.

pub mod text;

//! Everything that is derived from the code: pages, schemas, tables. Pure: paths to texts.

mod schemas;

pub use schemas::{SCHEMAS, schema};

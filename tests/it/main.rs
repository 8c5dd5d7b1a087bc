//! The one integration binary.

mod parity;

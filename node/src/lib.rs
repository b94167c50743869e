//! x
pub mod consensus;
pub mod fatal;
pub mod store;

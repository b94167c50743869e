//! Written in the commits that follow.

pub mod store;

//! What is on disk.

pub mod guard;
mod guard_file;
pub mod proposal;

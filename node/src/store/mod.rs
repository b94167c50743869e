//! x
pub mod guard;
mod guard_file;
pub mod proposal;

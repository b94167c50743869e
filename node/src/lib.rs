//! A Deedbook node: the only place with a disk, a socket or a clock.

pub mod consensus;
pub mod fatal;
pub mod store;

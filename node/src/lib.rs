//! Written in the commits that follow.

pub mod cosign;
pub mod gossip;
pub mod mempool;

//! A Deedbook validator: the only place with a disk, a socket or a clock.
//!
//! Read `ledger` first: it tells how a record becomes part of the register.

pub mod api;
pub mod approval;
pub mod config;
pub mod consensus;
pub mod cosign;
pub mod export;
pub mod fatal;
pub mod gossip;
pub mod keys;
pub mod ledger;
pub mod log_key;
pub mod log_signer;
pub mod mempool;
pub mod metrics;
pub mod node;
pub mod store;
pub mod witnesses;

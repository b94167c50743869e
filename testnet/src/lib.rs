//! A local network of real processes: validators, a reference identity provider and an evidence
//! custodian; the sale that `make demo` plays on it; the replay of real registry data; load.
//!
//! Lives here: what is needed to try the ledger. Does not live here: anything that a real network
//! would run; the provider and the custodian of this crate are references and say so.

pub mod bench;
pub mod chain;
pub mod clip;
pub mod custodian;
pub mod deals;
pub mod demo;
pub mod files;
pub mod limits;
pub mod network;
pub mod people;
pub mod provider;
pub mod replay;
pub mod service;
pub mod submit;
pub mod up;
pub mod web;

//! Three verifiers that share no code (Rust, TypeScript, Python) on the same receipts and title
//! certificates: what one proves, all prove, and nobody can be led to prove anything else.
//!
//! Lives here: how they are run, what they are given, how their answers are compared. Does not live
//! here: the vectors of each format (`schemas/vectors`), which each of them checks by itself.
//!
//! `DEEDBOOK_MUTATIONS=full` (`make mutations`) runs every count in full; otherwise a sample.

#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod cbor;
mod certificates;
mod flips;
mod log;
mod machines;
mod mutations;
mod page;
mod random;
mod receipts;
mod states;
mod structure;
mod suites;

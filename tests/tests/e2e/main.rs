//! The ledger as its operators and clients meet it: real processes, files and HTTP.
//!
//! Lives here: what only the whole can show. Does not live here: rules and formats, which their
//! crates test. Needs the programs: `cargo build --release --workspace --bins`.

#![cfg(test)]

mod audit;
mod audit_resumed;
mod bad_input;
mod certificate;
mod idle;
mod interop;
mod log_key;
mod openapi;
mod scitt;
mod settlement;
mod startup;
mod tidy;
mod validators;
mod witness;
mod world;

//! What a user of the ledger runs: a client that returns verified values only, keys, evidence,
//! the audit of the whole log, and the witness.
//!
//! Does not live here: the law (`deedbook-registry`, which the audit re-runs) and the node, on
//! which nothing here depends. The `deedbook` command is `main.rs` and one file a command.

pub mod anchor;
pub mod audit;
pub mod drafting;
pub mod evidence;
pub mod files;
pub mod http;
pub mod mirror;
pub mod qr;
pub mod time;
pub mod verified;
pub mod wallet;
pub mod witness;

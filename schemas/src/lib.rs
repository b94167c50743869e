//! Everything that crosses a boundary of Deedbook, and how it is verified.
//!
//! Lives here: records, keys and signatures, blocks and certificates, the log's proofs,
//! checkpoints, receipts and policies. Does not live here: the law (`deedbook-registry`), a disk,
//! a socket, a clock. Node, client and browser share it.

pub mod block;
pub mod digest;
pub mod encoding;
pub mod keys;
pub mod limits;
pub mod validators;

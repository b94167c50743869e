//! Everything that crosses a boundary of Deedbook, and how it is verified.
//!
//! Lives here: records, keys and signatures, blocks and certificates, the log's proofs,
//! checkpoints, receipts and policies. Does not live here: the law (`deedbook-registry`), a disk,
//! a socket, a clock. Node, client and browser share it.

pub mod access;
pub mod api;
pub mod attestation;
pub mod block;
pub mod carried;
pub mod certified;
pub mod checkpoint;
pub mod compact_receipt;
pub mod cose;
pub mod cose_key;
pub mod cose_receipt;
pub mod digest;
pub mod encoding;
pub mod encumbrance;
pub mod evidence;
pub mod fraction;
pub mod genesis;
pub mod instrument;
pub mod keys;
pub mod limits;
pub mod merkle;
pub mod note;
pub mod outcome;
pub mod parcel;
pub mod party;
pub mod policy;
pub mod proceeding;
pub mod profile;
pub mod property;
pub mod receipt;
pub mod record;
pub mod rejection;
pub mod settlement;
pub mod standing;
pub mod state_proof;
pub mod state_receipt;
pub mod text;
pub mod tile;
pub mod title_certificate;
pub mod transparent;
pub mod validators;
pub mod witness;

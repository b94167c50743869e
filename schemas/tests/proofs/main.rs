//! The proof side of the schemas: tree, tiles, notes, policies, receipts, and vectors made by others.

#![cfg(test)]

mod compact;
mod cose_receipt;
mod grade;
mod merkle;
mod network;
mod note;
mod policy;
mod receipt;
mod tile;
mod vectors;
mod witness;

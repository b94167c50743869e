//! The client and the `deedbook` command against a ledger in memory: real records, the real law,
//! real signatures; only consensus and the network are played.

#![cfg(test)]

mod anchor;
mod audit;
mod audit_follow;
mod audit_mirror;
mod certificate;
mod command;
mod evidence;
mod explain;
mod http;
mod ledger;
mod mirror;
mod people;
mod scitt;
mod verify;
mod witness;

//! The law of the ledger: a pure, deterministic state machine.
//!
//! Lives here: what each record needs to be accepted, what it changes, and what it is refused
//! for. Does not live here: bytes on a wire or a disk, a clock, a socket. Given the same state, the
//! same block time and the same records, every node computes the same changes and refuses in the
//! same words.
//!
//! A block is executed as [`begin_block`], [`apply`] for each record in order, [`end_block`], all on
//! one [`Overlay`] over the committed state.

pub mod calendar;
pub mod state;

mod accreditation;
mod act;
mod apply;
mod civil_status;
mod consent;
mod deed;
mod door;
mod enrolment;
mod expiry;
mod identity;
mod marriage;
mod power;
mod property;
mod requirements;
mod revocation;
mod shares;
mod transfer;
mod verdict;
mod waiting;
mod withdrawal;

pub use apply::{Applied, ApplyError, BlockContext, apply};
pub use expiry::{begin_block, end_block, next_deadline};
pub use power::power_in_force;
pub use requirements::{Requirement, open_requirements};
pub use state::{Checkpoint, Key, Overlay, StateError, StateRead, genesis_state};

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

mod access;
mod accreditation;
mod act;
mod appeal;
mod apply;
mod approval;
mod assignment;
mod caveat;
mod civil_status;
mod consent;
mod correction;
mod court_order;
mod court_sale;
mod deed;
mod discharge;
mod door;
mod duty;
mod encumbrance;
mod enrolment;
mod entity;
mod evidence;
mod exchange;
mod freeze;
mod guardianship;
mod identity;
mod inheritance;
mod lapse;
mod lease;
mod lodging;
mod marital;
mod marriage;
mod mortgage;
mod notarisation;
mod overlay;
mod parcel;
mod postponement;
mod power;
mod preemption;
mod priority_notice;
mod profile;
mod property;
mod ranks;
mod registration;
mod release;
mod representation;
mod requirements;
mod requisition;
mod revocation;
mod schedule;
mod self_lock;
mod servitude;
mod settlement;
mod severance;
mod shares;
mod sub_power;
mod text;
mod transfer;
mod validators;
mod verdict;
mod waiting;
mod withdrawal;

pub use apply::{Applied, ApplyError, BlockContext, apply};
pub use deedbook_schemas::standing::can_act;
pub use overlay::{Checkpoint, Overlay};
pub use power::power_in_force;
pub use requirements::{Requirement, open_requirements};
pub use schedule::{begin_block, end_block, next_deadline};
pub use state::{Key, StateError, StateRead, genesis_state};

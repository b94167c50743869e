//! The signing guard's file: what it holds and how a torn or damaged one is read.
//!
//! Four slots of 4 KiB: two pairs. State `n` is written twice, to both slots of pair `n % 2`,
//! then fsynced once, and only then does signature `n` leave.
//! * Crash while writing pair `n % 2`: whatever it holds, the other pair holds state `n - 1`
//!   twice, and signature `n` never left. Loading takes the highest valid slot: right.
//! * Any damage to one slot: its twin holds the same state. Nothing is forgotten.
//! * Damage to both slots of one pair at once cannot be told from a crash while writing them, and
//!   loses at most the last signature. They lie in different disk sectors so that it takes two
//!   independent faults; rule 3 and the engine's log stand behind it.
//! * No valid slot, a wrong length, a foreign ledger or key: refused with a typed error. There is
//!   no repair: a validator without its guard gets a new key by governance.

use borsh::{BorshDeserialize, BorshSerialize};
use deedbook_schemas::block::Height;
use deedbook_schemas::digest::{BlockId, derive};
use deedbook_schemas::keys::Signature;

use super::guard::{Position, Step};

/// Bytes of one slot: one page, so that no two slots share a disk sector.
pub(super) const SLOT_BYTES: usize = 4096;
/// Bytes of a slot before its BLAKE3 checksum.
const BODY_BYTES: usize = SLOT_BYTES - 32;
/// Bytes of the file: two pairs of two slots.
pub(super) const FILE_BYTES: usize = 4 * SLOT_BYTES;
/// First bytes of every slot.
const MAGIC: &[u8; 16] = b"deedbook guard 1";
/// Context of a slot's checksum.
const CHECKSUM: &str = "deedbook 2026 signing guard slot";

/// Number of [`Step`]s.
const STEPS: usize = 4;

/// One remembered signature.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Signed {
    pub(super) height: u64,
    pub(super) round: u32,
    pub(super) message: [u8; 32],
    pub(super) signature: [u8; 64],
}

/// The last precommit for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Lock {
    pub(super) height: u64,
    pub(super) round: u32,
    pub(super) block: [u8; 32],
}

/// What a slot holds. At most 481 bytes, far below a slot's 4,064.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct State {
    pub(super) ledger: [u8; 32],
    pub(super) key: [u8; 32],
    pub(super) sequence: u64,
    pub(super) signed: [Option<Signed>; STEPS],
    pub(super) lock: Option<Lock>,
}

/// The bytes of one slot.
pub(super) fn encode_slot(state: &State) -> std::io::Result<Vec<u8>> {
    let mut slot = MAGIC.to_vec();
    borsh::to_writer(&mut slot, state)?;
    slot.resize(BODY_BYTES, 0);
    let checksum = derive(CHECKSUM, &[&slot]);
    slot.extend_from_slice(&checksum);
    Ok(slot)
}

/// The state of one slot, if it is whole.
fn decode_slot(slot: &[u8]) -> Option<State> {
    let (body, checksum) = slot.split_at_checked(BODY_BYTES)?;
    if derive(CHECKSUM, &[body]) != checksum {
        return None;
    }
    State::deserialize(&mut body.strip_prefix(MAGIC)?).ok()
}

/// The newest state of a file's bytes.
pub(super) fn newest(bytes: &[u8]) -> Result<State, String> {
    if bytes.len() != FILE_BYTES {
        return Err(format!("{} bytes instead of {FILE_BYTES}", bytes.len()));
    }
    let states = bytes.chunks(SLOT_BYTES).filter_map(decode_slot);
    states
        .max_by_key(|state| state.sequence)
        .ok_or_else(|| "no slot is whole".to_owned())
}

impl State {
    /// This state after one more signature.
    pub(super) fn signing(
        &self,
        position: Position,
        block: Option<&BlockId>,
        message: [u8; 32],
        signature: &Signature,
    ) -> Self {
        let mut next = self.clone();
        let Position {
            height: Height(height),
            round,
            step,
        } = position;
        let [parts, proposal, prevote, precommit] = &mut next.signed;
        let slot = match step {
            Step::Parts => parts,
            Step::Proposal => proposal,
            Step::Prevote => prevote,
            Step::Precommit => precommit,
        };
        *slot = Some(Signed {
            height,
            round,
            message,
            signature: signature.0,
        });
        if let (Step::Precommit, Some(block)) = (step, block) {
            next.lock = Some(Lock {
                height,
                round,
                block: block.0,
            });
        }
        next
    }

    /// What was signed last at `step`.
    pub(super) fn at(&self, step: Step) -> Option<&Signed> {
        let [parts, proposal, prevote, precommit] = &self.signed;
        match step {
            Step::Parts => parts.as_ref(),
            Step::Proposal => proposal.as_ref(),
            Step::Prevote => prevote.as_ref(),
            Step::Precommit => precommit.as_ref(),
        }
    }

    /// The latest position signed.
    pub(super) fn latest(&self) -> Option<Position> {
        let steps = [Step::Parts, Step::Proposal, Step::Prevote, Step::Precommit];
        let positions = steps.into_iter().filter_map(|step| {
            let Signed { height, round, .. } = self.at(step)?;
            Some(Position {
                height: Height(*height),
                round: *round,
                step,
            })
        });
        positions.max()
    }
}

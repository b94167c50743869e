//! Decided blocks and undecided proposals.
//!
//! A decided block is its header and where its entries stand in the log; its bytes are put
//! together again from there, so that no record is stored twice. Undecided proposals are stored
//! whole, because the engine's own log keeps only their ids.

use deedbook_schemas::block::{Block, Certificate, Header, Height, Seal};
use deedbook_schemas::certified::Certified;
use deedbook_schemas::encoding::encode;
use deedbook_schemas::limits::PROPOSALS_PER_ROUND_MAX;
use deedbook_schemas::outcome::Entry;
use minicbor::{CborLen, Decode, Encode};
use rocksdb::{Direction, IteratorMode, WriteBatch};

use super::error::{StoreError, corrupt};
use super::log;
use super::proposal::StoredProposal;
use super::rocks::{Family, Rocks};

/// A decided block as stored: its header, and its entries' place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub struct StoredBlock {
    /// The header.
    #[n(0)]
    pub header: Header,
    /// Leaf index of its first entry; the size of the log before it.
    #[n(1)]
    pub first_index: u64,
    /// Its entries: records, outcomes, the seal; 0 for an empty block.
    #[n(2)]
    pub entries: u64,
}

/// Height (u64 BE) ‖ round (u32 BE) ‖ proposer ‖ block id.
fn proposal_row(proposal: &StoredProposal) -> Vec<u8> {
    let mut row = proposal.height.0.to_be_bytes().to_vec();
    row.extend_from_slice(&proposal.round.to_be_bytes());
    row.extend_from_slice(&proposal.proposer.0);
    row.extend_from_slice(&proposal.block.0);
    row
}

/// Adds a block and its certificate to `batch`.
pub(super) fn write(
    rocks: &Rocks,
    batch: &mut WriteBatch,
    block: &StoredBlock,
    certificate: &Certificate,
) -> Result<(), StoreError> {
    batch.put_cf(
        rocks.family(Family::Blocks)?,
        block_row(block.header.height),
        encode(block),
    );
    write_certificate(rocks, batch, certificate)
}

/// Adds a certificate to `batch`, in place of an earlier one.
pub(super) fn write_certificate(
    rocks: &Rocks,
    batch: &mut WriteBatch,
    certificate: &Certificate,
) -> Result<(), StoreError> {
    let row = certificate_row(certificate.height);
    batch.put_cf(rocks.family(Family::Blocks)?, row, encode(certificate));
    Ok(())
}

pub(super) fn block(rocks: &Rocks, height: Height) -> Result<Option<StoredBlock>, StoreError> {
    rocks.get_row(Family::Blocks, block_row(height))
}

pub(super) fn certificate(
    rocks: &Rocks,
    height: Height,
) -> Result<Option<Certificate>, StoreError> {
    rocks.get_row(Family::Blocks, certificate_row(height))
}

/// The certified headers of the blocks whose seals are among these entries.
pub(super) fn sealed(rocks: &Rocks, entries: &[Vec<u8>]) -> Result<Vec<Certified>, StoreError> {
    let mut blocks = Vec::new();
    for entry in entries.iter().filter(|entry| !Entry::is_record(entry)) {
        let entry = Entry::decode(entry).map_err(|error| corrupt("log", error))?;
        if let Entry::Seal(Seal { height, .. }) = entry {
            let missing = || corrupt("blocks", format!("height {height} is sealed and not here"));
            blocks.push(Certified {
                header: block(rocks, height)?.ok_or_else(missing)?.header,
                certificate: certificate(rocks, height)?.ok_or_else(missing)?,
            });
        }
    }
    Ok(blocks)
}

/// The bytes of a decided block, as they were proposed.
pub(super) fn bytes(rocks: &Rocks, block: &StoredBlock) -> Result<Vec<u8>, StoreError> {
    let end = block.first_index.saturating_add(block.entries);
    let mut records = Vec::new();
    let mut next = block.first_index;
    while next < end {
        let entries = log::entries(rocks, next, end)?;
        next = next.saturating_add(entries.len() as u64);
        records.extend(entries.into_iter().filter(|entry| Entry::is_record(entry)));
    }
    Ok(Block {
        header: block.header.clone(),
        records,
    }
    .encode())
}

/// Adds a proposal to `batch`; nothing if it is there already. Rows are written once and deleted
/// once, which the single delete of [`delete_proposals`] relies on.
pub(super) fn write_proposal(
    rocks: &Rocks,
    batch: &mut WriteBatch,
    proposal: &StoredProposal,
) -> Result<(), StoreError> {
    let row = proposal_row(proposal);
    let mut round = proposal.height.0.to_be_bytes().to_vec();
    round.extend_from_slice(&proposal.round.to_be_bytes());
    let rows = proposal_rows(rocks, &round)?;
    if rows.iter().any(|(key, _)| **key == *row) {
        return Ok(());
    }
    if rows.len() >= PROPOSALS_PER_ROUND_MAX {
        let (height, round, count) = (proposal.height, proposal.round, rows.len());
        return Err(StoreError::ProposalsFull {
            height,
            round,
            count,
        });
    }
    batch.put_cf(rocks.family(Family::Proposals)?, row, proposal.encode());
    Ok(())
}

/// The undecided proposals of a height, by round.
pub(super) fn proposals(rocks: &Rocks, height: Height) -> Result<Vec<StoredProposal>, StoreError> {
    let rows = proposal_rows(rocks, &height.0.to_be_bytes())?;
    let decode = |(_, row): &Row| StoredProposal::decode(row);
    rows.iter()
        .map(|row| decode(row).map_err(|error| corrupt("proposal", error)))
        .collect()
}

/// Adds to `batch` the deletion of a height's undecided proposals.
pub(super) fn delete_proposals(
    rocks: &Rocks,
    batch: &mut WriteBatch,
    height: Height,
) -> Result<(), StoreError> {
    let family = rocks.family(Family::Proposals)?;
    for (key, _) in proposal_rows(rocks, &height.0.to_be_bytes())? {
        batch.single_delete_cf(family, key);
    }
    Ok(())
}

type Row = (Box<[u8]>, Box<[u8]>);

fn proposal_rows(rocks: &Rocks, prefix: &[u8]) -> Result<Vec<Row>, StoreError> {
    let from = IteratorMode::From(prefix, Direction::Forward);
    let mut rows = Vec::new();
    for row in rocks.db.iterator_cf(rocks.family(Family::Proposals)?, from) {
        let row = row?;
        if !row.0.starts_with(prefix) {
            break;
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Height (u64 BE).
fn block_row(height: Height) -> [u8; 8] {
    height.0.to_be_bytes()
}

/// Height (u64 BE) ‖ 1: behind the block's own row.
fn certificate_row(height: Height) -> [u8; 9] {
    let mut row = [1; 9];
    if let Some(head) = row.first_chunk_mut() {
        *head = height.0.to_be_bytes();
    }
    row
}

//! What it costs to verify a receipt: each of another act by another person, at another place of another
//! log of 2^27 entries, so that nothing that was computed for one serves the next.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context as _, Result};
use deedbook_client::verified::verify_receipt;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::carried::Carried;
use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::merkle::{leaf_hash, node_hash};
use deedbook_schemas::policy::Policy;
use deedbook_schemas::receipt::Receipt;

use crate::chain::Founders;
use crate::network::usage::ratio;
use crate::people::now;

/// Receipts that are verified, once each.
const RECEIPTS: usize = 2_000;
/// Hashes of each path.
const LEVELS: u64 = 27;
/// Validators, of which a quorum cosigns.
const VALIDATORS: usize = 4;
const QUORUM: usize = 3;
/// The log's signature, the cosignatures, the act's and that of its attestation.
pub(super) const SIGNATURES: u32 = 6;

/// Microseconds from a receipt's bytes to what it proves, on one thread; the policy is read before.
pub(super) fn verify_micros() -> Result<f64> {
    let founders = Founders::invent(VALIDATORS, RECEIPTS)?;
    let policy = Policy::of_genesis(&founders.genesis).context("the founders' policy")?;
    let time = now();
    let receipts = (0..RECEIPTS).map(|place| receipt(&founders, place, time));
    let receipts: Vec<Vec<u8>> = receipts.collect::<Result<_>>()?;
    let began = Instant::now();
    for receipt in &receipts {
        black_box(verify_receipt(black_box(receipt), &policy)).context("a receipt of our own")?;
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(seconds * 1e6 / ratio(u64::try_from(RECEIPTS)?, 1))
}

/// The receipt of an act, in a log of which only the hashes on its path are known.
fn receipt(founders: &Founders, place: usize, time: Seconds) -> Result<Vec<u8>> {
    let mut deed = founders.sale(place, 0, 4_200_000_000, time)?;
    let act = deed.records.pop().context("a deed without acts")?;
    let number = u64::try_from(place)?;
    let beside = |level: u64| leaf_hash(&[number.to_be_bytes(), level.to_be_bytes()].concat());
    let path: Vec<TreeHash> = (0..LEVELS).map(beside).collect();
    let upwards = (0..LEVELS).zip(&path);
    let root = upwards.fold(leaf_hash(&act), |hash, (level, beside)| {
        if number >> level & 1 == 1 {
            node_hash(beside, &hash)
        } else {
            node_hash(&hash, beside)
        }
    });
    let checkpoint = Checkpoint {
        origin: founders.genesis.origin.parse()?,
        size: 1 << LEVELS,
        root,
    };
    let signed = founders.sign(checkpoint, QUORUM)?;
    let carried = Carried::new(act, None).encode();
    let receipt = Receipt::new(carried, number, path, signed);
    Ok(receipt.to_string().into_bytes())
}

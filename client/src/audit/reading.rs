//! The part of the audit that runs on all cores: entries decoded and hashed, signatures verified.
//!
//! Lives here: [`Reader`], which knows nothing of the entries before but who the validators were when
//! the auditor last told. Does not live here: the order of the log and the law (`auditor`), which take
//! what this prepares.

use std::sync::{Arc, PoisonError, RwLock};

use deedbook_schemas::block::{Certificate, CertificateError, Header, Seal};
use deedbook_schemas::certified::Certified;
use deedbook_schemas::cose::Statement;
use deedbook_schemas::digest::{LedgerId, RecordId, TreeHash, ValidatorSetId};
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::merkle::leaf_hash;
use deedbook_schemas::outcome::{Entry, Outcome};
use deedbook_schemas::record::Record;
use deedbook_schemas::validators::{ValidatorAddress, ValidatorSet};
use rayon::prelude::*;

use super::signatures::{Signatures, Signed, Verifier};
use super::source::Bundle;

/// What one leaf says.
#[derive(Debug)]
pub(super) enum Content {
    Record(Box<Record>),
    Outcome(Outcome),
    /// The end of a block, with its certified header if the source gave one.
    Seal(Seal, Option<Box<Block>>),
}

/// A certified header, and whether its certificate holds.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) header: Header,
    pub(super) certificate: Certificate,
    /// Whether it holds under the validators that the reader knew.
    pub(super) holds: Result<(), CertificateError>,
    pub(super) known: Arc<Known>,
}

/// Why a leaf is wrong: the record if it is known, and the reason.
pub(super) type Wrong = (Option<RecordId>, String);

/// One leaf, hashed and decoded, with its signatures checked.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) hash: TreeHash,
    pub(super) content: Result<Content, Wrong>,
}

/// Neighbouring leaves, ready for the law.
#[derive(Debug)]
pub struct Prepared {
    /// Index of the first.
    pub(super) first: u64,
    pub(super) leaves: Vec<Checked>,
}

/// Whose a signature is that waits to be verified.
enum Owner {
    Record,
    Attestation,
    Validator(ValidatorAddress),
}

/// A validator set and its id.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) id: ValidatorSetId,
    pub(super) set: ValidatorSet,
}

impl Known {
    pub(super) fn new(set: ValidatorSet) -> Arc<Self> {
        Arc::new(Self { id: set.id(), set })
    }
}

/// Prepares entries for an auditor. It works ahead: after a change of the validators some blocks are
/// prepared with those before, and the auditor verifies their certificates again.
#[derive(Debug, Clone)]
pub struct Reader {
    ledger: LedgerId,
    validators: Arc<RwLock<Arc<Known>>>,
    verifier: Verifier,
}

/// A leaf before its signatures were verified.
struct Read {
    leaf: Checked,
    pending: Vec<(Owner, Signed)>,
}

impl Reader {
    pub(super) fn new(ledger: LedgerId, validators: Arc<Known>, how: Signatures) -> Self {
        Self {
            ledger,
            validators: Arc::new(RwLock::new(validators)),
            verifier: Verifier::new(how),
        }
    }

    /// From now on these are the validators, for all clones.
    pub(super) fn follow(&self, validators: Arc<Known>) {
        let mut known = self
            .validators
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *known = validators;
    }

    fn validators(&self) -> Arc<Known> {
        let known = self
            .validators
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known)
    }

    pub(super) fn how(&self) -> Signatures {
        self.verifier.how()
    }

    /// Hashes and decodes neighbouring bundles and verifies every signature in them. What lies before
    /// the leaf `from` was audited already and is left out.
    #[must_use]
    pub fn prepare(&self, bundles: Vec<Bundle>, from: u64) -> Prepared {
        let first = bundles.first().map_or(0, |bundle| bundle.index);
        let first = first.saturating_mul(u64::from(TILE_WIDTH)).max(from);
        let mut read: Vec<Read> = bundles
            .into_par_iter()
            .flat_map_iter(|bundle| self.read(bundle, from))
            .collect();
        let (mut owners, mut signed) = (Vec::new(), Vec::new());
        for (leaf, read) in read.iter_mut().enumerate() {
            for (owner, one) in std::mem::take(&mut read.pending) {
                owners.push((leaf, owner));
                signed.push(one);
            }
        }
        // Backwards, so that of one leaf's signatures the first wrong one is told.
        for index in self.verifier.refused(&signed).into_iter().rev() {
            let Some((leaf, owner)) = owners.get(index) else {
                continue;
            };
            if let Some(read) = read.get_mut(*leaf) {
                read.leaf.refuse(owner);
            }
        }
        let leaves = read.into_iter().map(|read| read.leaf).collect();
        Prepared { first, leaves }
    }

    /// Every signature of neighbouring bundles, unverified: to know what they alone cost.
    #[must_use]
    pub fn signatures(&self, bundles: Vec<Bundle>) -> Vec<Signed> {
        bundles
            .into_par_iter()
            .flat_map_iter(|bundle| self.read(bundle, 0))
            .flat_map_iter(|read| read.pending.into_iter().map(|(_, signed)| signed))
            .collect()
    }

    fn read(&self, bundle: Bundle, from: u64) -> Vec<Read> {
        let first = bundle.index.saturating_mul(u64::from(TILE_WIDTH));
        let known = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        let mut blocks = bundle.blocks.into_iter();
        let mut leaves: Vec<Read> = Vec::with_capacity(bundle.entries.len());
        for (place, entry) in bundle.entries.iter().enumerate() {
            if place < known {
                if is_seal(entry) {
                    blocks.next();
                }
                continue;
            }
            let mut read = self.read_entry(entry, &mut blocks);
            let told = bundle.hashes.get(place);
            if let (Some(told), Ok(_)) = (
                told.filter(|told| **told != read.leaf.hash),
                &read.leaf.content,
            ) {
                let hash = read.leaf.hash;
                let what = format!("it hashes to {hash}, the tile beside it says {told}");
                read.leaf.content = Err((None, what));
            }
            leaves.push(read);
        }
        let more = blocks.count();
        if let Some(last) = leaves.last_mut().filter(|_| more > 0)
            && last.leaf.content.is_ok()
        {
            let what = format!("its bundle has {more} certified headers more than seals");
            last.leaf.content = Err((None, what));
        }
        leaves
    }

    fn read_entry(&self, bytes: &[u8], blocks: &mut impl Iterator<Item = Certified>) -> Read {
        let mut pending = Vec::with_capacity(2);
        let content = if Entry::is_record(bytes) {
            read_record(bytes, &mut pending)
        } else {
            match Entry::decode(bytes) {
                Ok(Entry::Outcome(outcome)) => Ok(Content::Outcome(outcome)),
                Ok(Entry::Seal(seal)) => {
                    let block = blocks.next().map(|it| self.read_block(it, &mut pending));
                    Ok(Content::Seal(seal, block))
                }
                Ok(Entry::Record(_)) => Err((None, "not an entry of this log".to_owned())),
                Err(error) => Err((None, error.to_string())),
            }
        };
        let hash = leaf_hash(bytes);
        Read {
            leaf: Checked { hash, content },
            pending,
        }
    }

    fn read_block(&self, block: Certified, pending: &mut Vec<(Owner, Signed)>) -> Box<Block> {
        let Certified {
            header,
            certificate,
        } = block;
        let known = self.validators();
        let mut precommits = Vec::new();
        let holds = certificate.verify_with(&self.ledger, &known.set, |key, message, it| {
            precommits.push(Signed {
                key: *key,
                message: message.to_vec(),
                signature: *it,
            });
            true
        });
        let owners = certificate.signatures.iter();
        let owners = owners.map(|signature| Owner::Validator(signature.validator));
        pending.extend(owners.zip(precommits));
        Box::new(Block {
            header,
            certificate,
            holds,
            known,
        })
    }
}

fn is_seal(entry: &[u8]) -> bool {
    !Entry::is_record(entry) && matches!(Entry::decode(entry), Ok(Entry::Seal(_)))
}

fn read_record(bytes: &[u8], pending: &mut Vec<(Owner, Signed)>) -> Result<Content, Wrong> {
    let (record, messages) =
        Record::decode_signed(bytes).map_err(|error| (None, error.to_string()))?;
    let mut wait = |owner, statement: &Statement, message| {
        let signed = Signed {
            key: statement.header.key,
            message,
            signature: statement.signature,
        };
        pending.push((owner, signed));
    };
    wait(Owner::Record, &record.statement, messages.record);
    if let Some((attested, message)) = record.attestation.as_ref().zip(messages.attestation) {
        wait(Owner::Attestation, &attested.statement, message);
    }
    Ok(Content::Record(Box::new(record)))
}

impl Checked {
    /// One of its signatures does not verify.
    fn refuse(&mut self, owner: &Owner) {
        let id = match &self.content {
            Ok(Content::Record(record)) => Some(record.id),
            Err((id, _)) => *id,
            _ => None,
        };
        let what = match owner {
            Owner::Record => "its signature does not verify",
            Owner::Attestation => "its attestation's signature does not verify",
            Owner::Validator(address) => {
                if let Ok(Content::Seal(_, Some(block))) = &mut self.content {
                    block.holds = Err(CertificateError::Signature(*address));
                }
                return;
            }
        };
        self.content = Err((id, what.to_owned()));
    }
}

//! A network of four validators with its log, as the other files' tests use it.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::merkle::{Frontier, leaf_hash, node_hash};
use deedbook_schemas::note::{KeyName, SignatureLine, SignatureType, VerifierKey};
use deedbook_schemas::policy::Policy;

pub(crate) const LOG: u8 = 100;
pub(crate) const ORIGIN: &str = "ledger.example/deeds";
pub(crate) const VALIDATORS: [&str; 4] = [
    "registrar.example",
    "notaries.example",
    "justice.example",
    "bank.example",
];

pub(crate) fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

pub(crate) fn vkey(text: &str, signature_type: SignatureType, seed: u8) -> VerifierKey {
    VerifierKey::new(name(text), signature_type, PublicKey::of(&secret(seed))).unwrap()
}

pub(crate) fn log_key() -> VerifierKey {
    vkey(ORIGIN, SignatureType::Ed25519, LOG)
}

pub(crate) fn validator_keys() -> Vec<VerifierKey> {
    (0..4)
        .map(|seed| {
            vkey(
                VALIDATORS[usize::from(seed)],
                SignatureType::CosignatureV1,
                seed,
            )
        })
        .collect()
}

pub(crate) fn network() -> Policy {
    Policy::for_network([log_key()], validator_keys(), 3).unwrap()
}

pub(crate) fn entry(index: u8) -> Vec<u8> {
    format!("deed {index}: {}", "lot 7, ".repeat(40)).into_bytes()
}

pub(crate) fn checkpoint() -> Checkpoint {
    let mut frontier = Frontier::default();
    (0..11).for_each(|index| frontier.append(leaf_hash(&entry(index))));
    Checkpoint {
        origin: name(ORIGIN),
        size: frontier.size(),
        root: frontier.root(),
    }
}

pub(crate) fn log_line(checkpoint: &Checkpoint) -> SignatureLine {
    SignatureLine::sign_note(&checkpoint.origin, &secret(LOG), &checkpoint.text())
}

pub(crate) fn cosignature_line(checkpoint: &Checkpoint, seed: u8) -> SignatureLine {
    let validator = name(VALIDATORS[usize::from(seed)]);
    let time = Seconds(1_790_000_000 + u64::from(seed));
    Cosignature::sign(&validator, &secret(seed), checkpoint, time).to_line()
}

/// Signed by the log and cosigned by these validators.
pub(crate) fn signed(validators: &[u8]) -> SignedCheckpoint {
    let checkpoint = checkpoint();
    let cosigned = validators
        .iter()
        .map(|seed| cosignature_line(&checkpoint, *seed));
    let signatures = std::iter::once(log_line(&checkpoint))
        .chain(cosigned)
        .collect();
    SignedCheckpoint {
        checkpoint,
        signatures,
    }
}

pub(crate) fn subtree(level: u8, index: u64) -> TreeHash {
    if level == 0 {
        return leaf_hash(&entry(u8::try_from(index).unwrap()));
    }
    node_hash(
        &subtree(level - 1, 2 * index),
        &subtree(level - 1, 2 * index + 1),
    )
}

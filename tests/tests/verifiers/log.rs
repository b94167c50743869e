//! A log in memory with a network's keys: any entries, signed by whom a test likes.

use std::convert::Infallible;
use std::path::Path;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::merkle::{Frontier, inclusion_proof, leaf_hash, node_hash};
use deedbook_schemas::note::{KeyName, SignatureLine, SignatureType, VerifierKey};
use serde_json::Value;

pub(crate) const ORIGIN: &str = "ledger.example/deeds";
/// Four validators, three of which are a quorum, and two witnesses outside.
const COSIGNERS: [&str; 6] = [
    "registrar.example",
    "notaries.example",
    "justice.example",
    "bank.example",
    "bar.example/witness",
    "press.example",
];
const LOG_SEED: u8 = 100;

/// Whose signatures a checkpoint carries beside the log's, by their place in [`COSIGNERS`].
pub(crate) const SIGNERS: [&[usize]; 6] = [
    &[0, 1, 2],
    &[0, 1, 2, 3],
    &[0, 2, 3, 4],
    &[0, 1, 2, 3, 4, 5],
    &[3, 1, 0, 5],
    &[5, 4, 1, 2, 3],
];

pub(crate) fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn cosigner_seed(place: usize) -> u8 {
    101 + u8::try_from(place).unwrap()
}

fn vkey(name: &str, signature_type: SignatureType, seed: u8) -> VerifierKey {
    let key = PublicKey::of(&secret(seed));
    VerifierKey::new(name.parse().unwrap(), signature_type, key).unwrap()
}

/// The policy as a file: the group of validators, two more witnesses.
pub(crate) fn policy_text() -> String {
    let log = vkey(ORIGIN, SignatureType::Ed25519, LOG_SEED);
    let mut text = format!("# whom we trust\nlog {log} https://ledger.example\n");
    for (place, name) in COSIGNERS.iter().enumerate() {
        let key = vkey(name, SignatureType::CosignatureV1, cosigner_seed(place));
        text.push_str(&format!("witness {name} {key}\n"));
    }
    let validators = COSIGNERS[..4].join(" ");
    text.push_str(&format!(
        "group validators 3 {validators}\nquorum validators\n"
    ));
    text
}

/// Signs a checkpoint as the log and these cosigners.
pub(crate) fn sign(size: u64, root: TreeHash, signers: &[usize]) -> SignedCheckpoint {
    let origin: KeyName = ORIGIN.parse().unwrap();
    let checkpoint = Checkpoint { origin, size, root };
    let log = SignatureLine::sign_note(&checkpoint.origin, &secret(LOG_SEED), &checkpoint.text());
    let cosigned = signers.iter().map(|place| {
        let name = COSIGNERS[*place].parse().unwrap();
        let time = Seconds(1_790_000_000 + u64::try_from(*place).unwrap());
        Cosignature::sign(&name, &secret(cosigner_seed(*place)), &checkpoint, time).to_line()
    });
    let signatures = std::iter::once(log).chain(cosigned).collect();
    SignedCheckpoint {
        checkpoint,
        signatures,
    }
}

/// A log of entries.
pub(crate) struct Log {
    leaves: Vec<TreeHash>,
}

impl Log {
    pub(crate) fn of(entries: &[Vec<u8>]) -> Self {
        let leaves = entries.iter().map(|entry| leaf_hash(entry)).collect();
        Self { leaves }
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.leaves.len()).unwrap()
    }

    pub(crate) fn root(&self) -> TreeHash {
        let mut frontier = Frontier::default();
        self.leaves.iter().for_each(|leaf| frontier.append(*leaf));
        frontier.root()
    }

    pub(crate) fn path(&self, index: u64) -> Vec<TreeHash> {
        let read = |level, index| Ok::<_, Infallible>(self.subtree(level, index));
        inclusion_proof(index, self.size(), read).unwrap()
    }

    fn subtree(&self, level: u8, index: u64) -> TreeHash {
        match level {
            0 => self.leaves[usize::try_from(index).unwrap()],
            _ => node_hash(
                &self.subtree(level - 1, 2 * index),
                &self.subtree(level - 1, 2 * index + 1),
            ),
        }
    }

    pub(crate) fn signed(&self, signers: &[usize]) -> SignedCheckpoint {
        sign(self.size(), self.root(), signers)
    }
}

/// The JSON files of a folder of `schemas/vectors`, in the order of their names.
pub(crate) fn json_files(folder: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../schemas/vectors")
        .join(folder);
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect()
}

pub(crate) fn bytes_of(vector: &Value) -> Vec<u8> {
    hex::decode(vector["hex"].as_str().unwrap()).unwrap()
}

/// The bytes of every valid vector.
pub(crate) fn vectors() -> Vec<Vec<u8>> {
    json_files("valid").iter().map(bytes_of).collect()
}

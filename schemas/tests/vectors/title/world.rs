//! A ledger made by hand: a state with its tree, a log that ends with the seal of that state, and a
//! network that signs it.

use std::collections::BTreeMap;

use deedbook_schemas::block::{BlockTime, Height, Seal, Seconds};
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::{StateRoot, TreeHash, ValidatorSetId, derive};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::merkle::{leaf_hash, node_hash};
use deedbook_schemas::note::{SignatureLine, SignatureType, VerifierKey};
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::policy::Policy;
use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateKeyHash, StateLeaf, StateProof};
use deedbook_schemas::state_receipt::{Kind, Object, SealProof, StateReceipt};

use crate::people::NOW;

pub(crate) const ORIGIN: &str = "deeds.example/register";
/// Seeds: the log's key, the validators' from here on, the bar's.
pub(crate) const LOG: u8 = 41;
pub(crate) const VALIDATOR: u8 = 31;
pub(crate) const BAR: u8 = 51;
const VALIDATORS: [&str; 4] = [
    "bank.example",
    "justice.example",
    "notaries.example",
    "registrar.example",
];

pub(crate) fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn vkey(name: &str, signature_type: SignatureType, seed: u8) -> VerifierKey {
    VerifierKey::new(
        name.parse().unwrap(),
        signature_type,
        PublicKey::of(&secret(seed)),
    )
    .unwrap()
}

/// Three of four validators decide; the bar is a witness outside.
pub(crate) fn policy_text() -> String {
    let mut text = format!("log {}\n", vkey(ORIGIN, SignatureType::Ed25519, LOG));
    let names = (VALIDATOR..).zip(VALIDATORS);
    for (seed, name) in names.chain([(BAR, "bar.example")]) {
        let key = vkey(name, SignatureType::CosignatureV1, seed);
        text.push_str(&format!("witness {name} {key}\n"));
    }
    text + &format!(
        "group validators 3 {}\nquorum validators\n",
        VALIDATORS.join(" ")
    )
}

pub(crate) fn policy() -> Policy {
    Policy::from_text(&policy_text()).unwrap()
}

/// A state: what every key holds. Above `filled`, every subtree that we have nothing in holds
/// somebody else's objects, as in a large register.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) values: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) filled: usize,
}

type Leaves = Vec<(StateKeyHash, StateHash)>;

fn bit(place: &StateKeyHash, depth: usize) -> bool {
    place.0[depth / 8] & (0x80 >> (depth % 8)) != 0
}

impl State {
    fn leaves(&self) -> Leaves {
        let leaf = |(key, value): (&Vec<u8>, &Vec<u8>)| {
            let key_hash = StateKeyHash::of(key);
            let value_hash = StateHash::of_value(value);
            (
                key_hash,
                StateLeaf {
                    key_hash,
                    value_hash,
                }
                .hash(),
            )
        };
        self.values.iter().map(leaf).collect()
    }

    fn subtree(&self, leaves: &Leaves, depth: usize, path: &str) -> StateHash {
        match leaves.as_slice() {
            [] if depth <= self.filled => StateHash(derive(
                "deedbook 2026 test vectors",
                &[b"state", path.as_bytes()],
            )),
            [] => StateHash(EMPTY_ROOT.0),
            [(_, leaf)] if depth >= self.filled => *leaf,
            _ => {
                let (right, left) = leaves
                    .iter()
                    .copied()
                    .partition(|(place, _)| bit(place, depth));
                StateHash::of_node(
                    &self.subtree(&left, depth + 1, &format!("{path}0")),
                    &self.subtree(&right, depth + 1, &format!("{path}1")),
                )
            }
        }
    }

    pub(crate) fn root(&self) -> StateRoot {
        StateRoot(self.subtree(&self.leaves(), 0, "").0)
    }

    pub(crate) fn prove(&self, key: &[u8]) -> Object {
        let place = StateKeyHash::of(key);
        let (mut leaves, mut path) = (self.leaves(), String::new());
        let mut siblings = Vec::new();
        while leaves.len() > 1 || path.len() < self.filled {
            let depth = path.len();
            let (near, far) = leaves
                .into_iter()
                .partition(|(other, _)| bit(other, depth) == bit(&place, depth));
            let (own, other) = if bit(&place, depth) {
                ('1', '0')
            } else {
                ('0', '1')
            };
            let beside = self.subtree(&far, depth + 1, &format!("{path}{other}"));
            siblings.push(Some(beside).filter(|hash| hash.0 != EMPTY_ROOT.0));
            leaves = near;
            path.push(own);
        }
        siblings.reverse();
        let held = leaves.first().map(|(key_hash, _)| {
            let found = |(key, value): (&Vec<u8>, &Vec<u8>)| {
                (StateKeyHash::of(key) == *key_hash).then(|| StateHash::of_value(value))
            };
            StateLeaf {
                key_hash: *key_hash,
                value_hash: self.values.iter().find_map(found).unwrap(),
            }
        });
        let value = self.values.get(key).cloned();
        Object {
            key: key.to_vec().into(),
            value: value.map(Into::into),
            proof: StateProof {
                leaf: held,
                siblings,
            },
        }
    }
}

/// A seal as the last leaf of a log of `size` leaves, of which only the hashes beside it are known.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) size: u64,
    pub(crate) entry: Vec<u8>,
}

pub(crate) fn seal(state_root: StateRoot, first_index: u64) -> Seal {
    Seal {
        height: Height(7),
        time: BlockTime(NOW.0 * 1000 + 250),
        state_root,
        next_validators: ValidatorSetId([9; 32]),
        first_index,
    }
}

impl Log {
    pub(crate) fn of(state: &State, size: u64) -> Self {
        let entry = Entry::Seal(seal(state.root(), size - 3)).encode();
        Self { size, entry }
    }

    /// The hashes beside the last leaf: one for each other one in the binary form of the size. All
    /// are to its left.
    pub(crate) fn path(&self) -> Vec<TreeHash> {
        let levels = u64::BITS - (self.size - 1).leading_zeros();
        (0..levels)
            .filter(|level| (self.size - 1) >> level & 1 == 1)
            .map(|level| {
                TreeHash(derive(
                    "deedbook 2026 test vectors",
                    &[b"log", &level.to_be_bytes()],
                ))
            })
            .collect()
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let root = self
            .path()
            .iter()
            .fold(leaf_hash(&self.entry), |hash, left| node_hash(left, &hash));
        Checkpoint {
            origin: ORIGIN.parse().unwrap(),
            size: self.size,
            root,
        }
    }

    pub(crate) fn proof(&self) -> SealProof {
        SealProof {
            index: self.size - 1,
            path: self.path(),
            entry: self.entry.clone().into(),
        }
    }
}

pub(crate) fn cosignature(checkpoint: &Checkpoint, seed: u8) -> SignatureLine {
    let name = match seed {
        BAR => "bar.example",
        _ => VALIDATORS[usize::from(seed - VALIDATOR)],
    };
    let time = Seconds(NOW.0 + 1);
    Cosignature::sign(&name.parse().unwrap(), &secret(seed), checkpoint, time).to_line()
}

/// Signed by the log and these cosigners.
pub(crate) fn signed(checkpoint: &Checkpoint, cosigners: &[u8]) -> SignedCheckpoint {
    let log = SignatureLine::sign_note(&checkpoint.origin, &secret(LOG), &checkpoint.text());
    let lines = cosigners.iter().map(|seed| cosignature(checkpoint, *seed));
    SignedCheckpoint {
        checkpoint: checkpoint.clone(),
        signatures: std::iter::once(log).chain(lines).collect(),
    }
}

/// The three validators that are a quorum.
pub(crate) const QUORUM: [u8; 3] = [VALIDATOR, VALIDATOR + 1, VALIDATOR + 3];

/// A receipt of these keys, in a log of `size` leaves.
pub(crate) fn receipt(
    kind: Kind,
    state: &State,
    size: u64,
    keys: &[Vec<u8>],
    cosigners: &[u8],
) -> StateReceipt {
    let log = Log::of(state, size);
    let objects = keys.iter().map(|key| state.prove(key)).collect();
    StateReceipt::new(
        kind,
        &signed(&log.checkpoint(), cosigners),
        log.proof(),
        objects,
    )
}

/// The one encoding of an object of the state.
pub(crate) fn stored<T: minicbor::Encode<()> + minicbor::CborLen<()>>(value: &T) -> Vec<u8> {
    encode(value)
}

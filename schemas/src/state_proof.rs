//! Proofs against the state root: that a key holds a value, or that it holds none.
//!
//! Lives here: the hashes of the state tree and the check of one path. Does not live here: the
//! tree itself (on RocksDB, in the node) nor what keys and values mean (the law).
//!
//! The tree is a Jellyfish Merkle tree over BLAKE3: a binary trie over the bits of the key's
//! hash, most significant first, in which a subtree of one leaf is that leaf and an empty one is
//! [`EMPTY_ROOT`]. Leaf = H("JMT::LeafNode" ‖ key hash ‖ value hash), node =
//! H("JMT::IntrnalNode" ‖ left ‖ right), where H is BLAKE3 under the context of the state tree.

use minicbor::{CborLen, Decode, Encode};

use crate::digest::{Context, StateRoot};
use crate::encoding::{DecodeError, decode, encode, fixed_bytes};
use crate::limits::{STATE_PROOF_BYTES_MAX, STATE_PROOF_HASHES_MAX};

fixed_bytes!(
    /// A hash of the state tree: of a node, a leaf or a value; 32 bytes.
    StateHash, 32
);
fixed_bytes!(
    /// A key's place in the state tree: BLAKE3 of the key, 32 bytes.
    StateKeyHash, 32
);

/// Root of the empty state, and hash of every empty subtree (`jmt`'s placeholder).
pub const EMPTY_ROOT: StateRoot = StateRoot(*b"SPARSE_MERKLE_PLACEHOLDER_HASH__");

const LEAF_PREFIX: &[u8] = b"JMT::LeafNode";
const INTERNAL_PREFIX: &[u8] = b"JMT::IntrnalNode";

static TREE: Context = Context::new("deedbook 2026 state tree");
static KEY: Context = Context::new("deedbook 2026 state key");

/// The hash of the state tree, to be fed piece by piece.
#[must_use]
pub fn tree_hasher() -> blake3::Hasher {
    TREE.hasher()
}

impl StateKeyHash {
    /// The place of a key.
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        Self(KEY.hash(&[key]))
    }

    /// Bit `depth`, 0 being the most significant of the first byte.
    fn bit(&self, depth: usize) -> bool {
        self.0
            .get(depth / 8)
            .is_some_and(|byte| byte & (0x80 >> (depth % 8)) != 0)
    }

    /// How many leading bits two places share, 0 to 256.
    fn common_bits(&self, other: &Self) -> usize {
        (0..8 * Self::LEN)
            .take_while(|depth| self.bit(*depth) == other.bit(*depth))
            .count()
    }
}

impl StateHash {
    /// The hash of a value.
    #[must_use]
    pub fn of_value(value: &[u8]) -> Self {
        Self(TREE.hash(&[value]))
    }

    /// The hash of a prefix and two hashes. One piece is hashed faster than three.
    fn of_two<const N: usize>(prefix: &[u8], left: &[u8; 32], right: &[u8; 32]) -> Self {
        let mut bytes = [0; N];
        let parts = prefix.iter().chain(left).chain(right);
        bytes
            .iter_mut()
            .zip(parts)
            .for_each(|(to, from)| *to = *from);
        Self(TREE.hash(&[&bytes]))
    }

    /// The hash of an inner node.
    #[must_use]
    pub fn of_node(left: &Self, right: &Self) -> Self {
        Self::of_two::<{ INTERNAL_PREFIX.len() + 64 }>(INTERNAL_PREFIX, &left.0, &right.0)
    }
}

/// A leaf of the state tree: where, and the hash of what.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub struct StateLeaf {
    /// The place.
    #[n(0)]
    pub key_hash: StateKeyHash,
    /// The hash of the value.
    #[n(1)]
    pub value_hash: StateHash,
}

impl StateLeaf {
    /// The hash of this leaf.
    #[must_use]
    pub fn hash(&self) -> StateHash {
        StateHash::of_two::<{ LEAF_PREFIX.len() + 64 }>(
            LEAF_PREFIX,
            &self.key_hash.0,
            &self.value_hash.0,
        )
    }
}

/// One path of the state tree. Says nothing until [`StateProof::verify`] has been asked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct StateProof {
    /// The leaf at the end of the path: of the key itself, or of the only other key in the
    /// subtree where it would be. `None`: that subtree is empty.
    #[n(0)]
    pub leaf: Option<StateLeaf>,
    /// Hashes beside the path, from the leaf up to the root, `None` where that side is empty; at
    /// most [`STATE_PROOF_HASHES_MAX`].
    #[n(1)]
    pub siblings: Vec<Option<StateHash>>,
}

/// Why a state proof does not show what it is said to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateProofError {
    /// Not the deterministic encoding of a state proof.
    #[error("state proof: {0}")]
    Decode(#[from] DecodeError),
    /// Longer than the tree is deep.
    #[error("a path of {0} hashes; the state tree is {STATE_PROOF_HASHES_MAX} levels deep")]
    Length(usize),
    /// An empty side that is spelled out: a second encoding of the same proof.
    #[error("hash {0} of the path spells out an empty side")]
    EmptySpelledOut(usize),
    /// The value was said to be there, and the path ends at another key or at nothing.
    #[error("the path does not end at the key")]
    OtherKey,
    /// The path ends at the key, with another value.
    #[error("the key holds a value with hash {held}, not one with hash {claimed}")]
    OtherValue {
        /// Hash in the proof.
        held: StateHash,
        /// Hash of the value claimed.
        claimed: StateHash,
    },
    /// The value was said to be absent, and the path does not rule the key out.
    #[error("the path does not show that the key is absent")]
    NotAbsent,
    /// The path leads to another root.
    #[error("the path leads to root {computed}, not {expected}")]
    Root {
        /// Root that follows from the path.
        computed: StateRoot,
        /// Root given.
        expected: StateRoot,
    },
}

impl StateProof {
    /// The one encoding of this proof.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a proof of at most [`STATE_PROOF_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`StateProofError`] if it is not one.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateProofError> {
        Ok(decode(bytes, STATE_PROOF_BYTES_MAX)?)
    }

    /// Checks that under `root` the key holds exactly `value`, or nothing if that is `None`.
    ///
    /// # Errors
    /// [`StateProofError`] names the first thing wrong.
    pub fn verify(
        &self,
        root: &StateRoot,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), StateProofError> {
        let depth = self.siblings.len();
        if depth > STATE_PROOF_HASHES_MAX {
            return Err(StateProofError::Length(depth));
        }
        let place = StateKeyHash::of(key);
        self.check_end(&place, value)?;
        let empty = StateHash(EMPTY_ROOT.0);
        let mut hash = self.leaf.as_ref().map_or(empty, StateLeaf::hash);
        for (index, sibling) in self.siblings.iter().enumerate() {
            if *sibling == Some(empty) {
                return Err(StateProofError::EmptySpelledOut(index));
            }
            let sibling = sibling.unwrap_or(empty);
            hash = if place.bit(depth - 1 - index) {
                StateHash::of_node(&sibling, &hash)
            } else {
                StateHash::of_node(&hash, &sibling)
            };
        }
        let computed = StateRoot(hash.0);
        if computed == *root {
            Ok(())
        } else {
            Err(StateProofError::Root {
                computed,
                expected: *root,
            })
        }
    }

    /// Whether the leaf at the end of the path fits the claim.
    fn check_end(&self, place: &StateKeyHash, value: Option<&[u8]>) -> Result<(), StateProofError> {
        match (value, &self.leaf) {
            (Some(value), Some(leaf)) if leaf.key_hash == *place => {
                let claimed = StateHash::of_value(value);
                if leaf.value_hash == claimed {
                    Ok(())
                } else {
                    Err(StateProofError::OtherValue {
                        held: leaf.value_hash,
                        claimed,
                    })
                }
            }
            (Some(_), _) => Err(StateProofError::OtherKey),
            (None, None) => Ok(()),
            (None, Some(leaf)) => {
                let ruled_out = leaf.key_hash != *place
                    && leaf.key_hash.common_bits(place) >= self.siblings.len();
                if ruled_out {
                    Ok(())
                } else {
                    Err(StateProofError::NotAbsent)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(key: &[u8], value: &[u8]) -> StateLeaf {
        StateLeaf {
            key_hash: StateKeyHash::of(key),
            value_hash: StateHash::of_value(value),
        }
    }

    #[test]
    fn a_single_leaf_is_the_root() {
        let leaf = leaf(b"a", b"1");
        let root = StateRoot(leaf.hash().0);
        let proof = StateProof {
            leaf: Some(leaf),
            siblings: vec![],
        };
        assert_eq!(proof.verify(&root, b"a", Some(b"1")), Ok(()));
        assert_eq!(proof.verify(&root, b"b", None), Ok(()));
        assert_eq!(
            proof.verify(&root, b"a", None),
            Err(StateProofError::NotAbsent)
        );
        assert_eq!(
            proof.verify(&root, b"b", Some(b"1")),
            Err(StateProofError::OtherKey)
        );
        assert!(matches!(
            proof.verify(&root, b"a", Some(b"2")),
            Err(StateProofError::OtherValue { .. })
        ));
    }

    #[test]
    fn the_empty_state_proves_absence_and_nothing_else() {
        let proof = StateProof {
            leaf: None,
            siblings: vec![],
        };
        assert_eq!(proof.verify(&EMPTY_ROOT, b"a", None), Ok(()));
        assert_eq!(
            proof.verify(&EMPTY_ROOT, b"a", Some(b"")),
            Err(StateProofError::OtherKey)
        );
    }

    #[test]
    fn a_proof_has_one_encoding_and_a_bounded_length() {
        let long = StateProof {
            leaf: None,
            siblings: vec![None; STATE_PROOF_HASHES_MAX + 1],
        };
        assert!(matches!(
            long.verify(&EMPTY_ROOT, b"a", None),
            Err(StateProofError::Length(_))
        ));
        let spelled = StateProof {
            leaf: None,
            siblings: vec![Some(StateHash(EMPTY_ROOT.0))],
        };
        assert!(matches!(
            spelled.verify(&EMPTY_ROOT, b"a", None),
            Err(StateProofError::EmptySpelledOut(0))
        ));
        let longest = StateProof {
            leaf: Some(leaf(b"a", b"1")),
            siblings: vec![Some(StateHash([7; 32])); STATE_PROOF_HASHES_MAX],
        };
        assert_eq!(StateProof::decode(&longest.encode()), Ok(longest.clone()));
        assert!(longest.encode().len() <= STATE_PROOF_BYTES_MAX);
    }
}

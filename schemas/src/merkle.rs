//! The log's Merkle tree (RFC 9162 §2.1, SHA-256): hashing, the frontier that a node appends to,
//! making proofs from stored hashes, and verifying them.
//!
//! Does not live here: where hashes are stored (`tile` says how they are laid out), and who signed
//! a root (`checkpoint`, `policy`).
//!
//! A *complete subtree* at level `l` with index `i` covers the leaves `i × 2^l .. (i + 1) × 2^l`.
//! Its hash never changes once these leaves exist, so it is what gets stored; everything else is
//! computed from at most 63 of them.

use sha2::{Digest as _, Sha256};

use crate::digest::TreeHash;
use crate::limits::TREE_SIZE_MAX;

/// Levels of complete subtrees in a tree of at most [`TREE_SIZE_MAX`] leaves: 0 to 62.
const LEVELS: u8 = 63;

/// Hash of a leaf: SHA-256 of 0x00 and the entry (RFC 9162 §2.1.1).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> TreeHash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    TreeHash(hasher.finalize().into())
}

/// Hash of an inner node: SHA-256 of 0x01 and both children (RFC 9162 §2.1.1).
#[must_use]
pub fn node_hash(left: &TreeHash, right: &TreeHash) -> TreeHash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left.0);
    hasher.update(right.0);
    TreeHash(hasher.finalize().into())
}

/// Root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> TreeHash {
    TreeHash(Sha256::digest([]).into())
}

/// Why no proof can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The leaf is not in a tree of this size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    Index {
        /// The leaf asked for.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {old} leaves does not come before one of {new}")]
    Sizes {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// More leaves than [`TREE_SIZE_MAX`].
    #[error("a tree of {0} leaves; at most {TREE_SIZE_MAX} are allowed")]
    TooLarge(u64),
    /// A stored hash could not be read.
    #[error("cannot read a hash of the tree: {0}")]
    Read(#[source] E),
}

/// The right edge of a growing tree: the hashes of the complete subtrees that its leaves divide
/// into, largest first. At most 63 hashes, whatever the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    edge: Vec<TreeHash>,
}

impl Frontier {
    /// The frontier of a stored tree. `read(level, index)` returns the hash of a complete subtree.
    ///
    /// # Errors
    /// [`ProveError::TooLarge`], or [`ProveError::Read`] with what `read` said.
    pub fn load<E>(
        size: u64,
        mut read: impl FnMut(u8, u64) -> Result<TreeHash, E>,
    ) -> Result<Self, ProveError<E>> {
        check_size(size)?;
        let edge = complete_subtrees(0, size)
            .map(|(level, index)| read(level, index).map_err(ProveError::Read))
            .collect::<Result<_, _>>()?;
        Ok(Self { size, edge })
    }

    /// Leaves of the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes, largest subtree first: what [`Frontier::load`] asks for, in its order.
    #[must_use]
    pub fn edge(&self) -> &[TreeHash] {
        &self.edge
    }

    /// Root of the tree (`MTH(D[n])`).
    #[must_use]
    pub fn root(&self) -> TreeHash {
        join(&self.edge).unwrap_or_else(empty_root)
    }

    /// Appends one leaf.
    pub fn append(&mut self, leaf: TreeHash) {
        self.append_with(leaf, |_, _, _| {});
    }

    /// Appends one leaf and hands `completed(level, index, hash)` every complete subtree that it
    /// finishes, the leaf itself (level 0) first. Those whose level is a multiple of 8 are the
    /// ones that tiles store.
    pub fn append_with(&mut self, leaf: TreeHash, mut completed: impl FnMut(u8, u64, TreeHash)) {
        let (mut level, mut index, mut hash) = (0, self.size, leaf);
        completed(level, index, hash);
        while index & 1 == 1 {
            let left = self
                .edge
                .pop()
                .expect("the left sibling of an odd index is on the edge");
            hash = node_hash(&left, &hash);
            level += 1;
            index >>= 1;
            completed(level, index, hash);
        }
        self.edge.push(hash);
        self.size += 1;
    }
}

/// `PATH(index, D[size])` (RFC 9162 §2.1.3.1), the leaf's sibling first.
///
/// # Errors
/// [`ProveError`] if the leaf is not in the tree, the tree is too large, or `read` fails.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    mut read: impl FnMut(u8, u64) -> Result<TreeHash, E>,
) -> Result<Vec<TreeHash>, ProveError<E>> {
    check_size(size)?;
    if index >= size {
        return Err(ProveError::Index { index, size });
    }
    let (mut start, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range_hash(middle, end, &mut read)?);
            end = middle;
        } else {
            proof.push(range_hash(start, middle, &mut read)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// `PROOF(old, D[new])` (RFC 9162 §2.1.4.1). Empty if `old` is 0 or equals `new`.
///
/// # Errors
/// [`ProveError`] if `old` exceeds `new`, the tree is too large, or `read` fails.
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    mut read: impl FnMut(u8, u64) -> Result<TreeHash, E>,
) -> Result<Vec<TreeHash>, ProveError<E>> {
    check_size(new)?;
    if old > new {
        return Err(ProveError::Sizes { old, new });
    }
    let mut proof = Vec::new();
    if old == 0 {
        return Ok(proof);
    }
    let (mut start, mut end) = (0, new);
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range_hash(middle, end, &mut read)?);
            end = middle;
        } else {
            proof.push(range_hash(start, middle, &mut read)?);
            start = middle;
        }
    }
    // The verifier knows the old root; it needs this subtree only if it is not the whole old tree.
    if start != 0 {
        proof.push(range_hash(start, end, &mut read)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf is not in a tree of this size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    Index {
        /// The leaf claimed.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {old} leaves does not come before one of {new}")]
    Sizes {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// More or fewer hashes than such a proof has.
    #[error("a proof of {hashes} hashes is too short or too long for a tree of {size} leaves")]
    Length {
        /// Hashes received.
        hashes: usize,
        /// Leaves of the tree.
        size: u64,
    },
    /// The hashes lead to another root.
    #[error("the proof leads to root {computed}, not to {expected}")]
    Root {
        /// What the hashes lead to.
        computed: TreeHash,
        /// The root that was claimed.
        expected: TreeHash,
    },
}

/// Verifies that `leaf` is leaf `index` of the tree with `size` leaves and this root
/// (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofError`] says what does not hold.
pub fn verify_inclusion(
    leaf: &TreeHash,
    index: u64,
    size: u64,
    proof: &[TreeHash],
    root: &TreeHash,
) -> Result<(), ProofError> {
    same_root(inclusion_root(leaf, index, size, proof)?, *root)
}

/// The root that an inclusion proof leads to, for whoever has a signature over it and not the root
/// itself. Proves nothing alone.
///
/// # Errors
/// [`ProofError`] if `index` is not in a tree of `size` leaves, or the proof is not of its length.
pub fn inclusion_root(
    leaf: &TreeHash,
    index: u64,
    size: u64,
    proof: &[TreeHash],
) -> Result<TreeHash, ProofError> {
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    let length = ProofError::Length {
        hashes: proof.len(),
        size,
    };
    let mut climb = Climb {
        node: index,
        last: size - 1,
    };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match climb.step().ok_or(length)? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    if !climb.at_root() {
        return Err(length);
    }
    Ok(hash)
}

/// Verifies that the tree with `new` leaves begins with the leaves of the tree with `old`
/// (RFC 9162 §2.1.4.2). Of an empty old tree only its root is checked, and the proof is empty.
///
/// # Errors
/// [`ProofError`] says what does not hold.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &TreeHash,
    new_root: &TreeHash,
    proof: &[TreeHash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Sizes { old, new });
    }
    let length = ProofError::Length {
        hashes: proof.len(),
        size: new,
    };
    if old == 0 || old == new {
        let expected = if old == 0 { empty_root() } else { *new_root };
        return if proof.is_empty() {
            same_root(expected, *old_root)
        } else {
            Err(length)
        };
    }
    let mut climb = Climb {
        node: old - 1,
        last: new - 1,
    };
    climb.skip_while_right_child();
    let (seed, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (seed, rest) = proof.split_first().ok_or(length)?;
        (*seed, rest)
    };
    let (mut old_hash, mut new_hash) = (seed, seed);
    for sibling in rest {
        match climb.step().ok_or(length)? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
            }
            Side::Right => new_hash = node_hash(&new_hash, sibling),
        }
    }
    if !climb.at_root() {
        return Err(length);
    }
    same_root(old_hash, *old_root)?;
    same_root(new_hash, *new_root)
}

/// On which side of the node the next hash of a proof stands.
enum Side {
    Left,
    Right,
}

/// The walk from a node up to the root: `fn` and `sn` of RFC 9162 §2.1.3.2.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    fn at_root(&self) -> bool {
        self.last == 0
    }

    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }

    fn skip_while_right_child(&mut self) {
        while self.node & 1 == 1 {
            self.up();
        }
    }

    /// Goes up past one sibling; `None` if the root was reached before.
    fn step(&mut self) -> Option<Side> {
        if self.at_root() {
            return None;
        }
        let left = self.node & 1 == 1 || self.node == self.last;
        if left {
            // A node at the right edge has no sibling on the levels where it is a left child.
            while self.node & 1 == 0 && self.node != 0 {
                self.up();
            }
        }
        self.up();
        Some(if left { Side::Left } else { Side::Right })
    }
}

fn same_root(computed: TreeHash, expected: TreeHash) -> Result<(), ProofError> {
    if computed == expected {
        Ok(())
    } else {
        Err(ProofError::Root { computed, expected })
    }
}

fn check_size<E>(size: u64) -> Result<(), ProveError<E>> {
    if size > TREE_SIZE_MAX {
        Err(ProveError::TooLarge(size))
    } else {
        Ok(())
    }
}

/// The largest power of two below `leaves`, of which there are at least two (RFC 9162's `k`).
fn split(leaves: u64) -> u64 {
    leaves.next_power_of_two() / 2
}

/// The complete subtrees that the leaves `start..end` divide into, largest first. `start` is a
/// multiple of a power of two that is not below `end - start`, as in every split of a tree.
fn complete_subtrees(start: u64, end: u64) -> impl Iterator<Item = (u8, u64)> {
    let leaves = end - start;
    let levels = (0..LEVELS)
        .rev()
        .filter(move |level| (leaves >> level) & 1 == 1);
    levels.map(move |level| (level, (end >> level) - 1))
}

/// `MTH(D[start:end])`, from stored hashes.
fn range_hash<E>(
    start: u64,
    end: u64,
    read: &mut impl FnMut(u8, u64) -> Result<TreeHash, E>,
) -> Result<TreeHash, ProveError<E>> {
    let hashes: Vec<_> = complete_subtrees(start, end)
        .map(|(level, index)| read(level, index).map_err(ProveError::Read))
        .collect::<Result<_, _>>()?;
    Ok(join(&hashes).unwrap_or_else(empty_root))
}

/// Root over complete subtrees, largest first; `None` of none.
fn join(subtrees: &[TreeHash]) -> Option<TreeHash> {
    subtrees
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| node_hash(&left, &right))
}

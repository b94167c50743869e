//! The nodes of the state tree: their rows, their hashes, and how a node leads towards a key.
//!
//! Does not live here: what changes make of them (`state_change`), nor proofs (`state_path`).
//!
//! A node stores four levels of the binary tree: up to sixteen children, whose hashes are enough to
//! compute everything between. The rows are those of `jmt` 0.12, byte for byte.

use borsh::{BorshDeserialize, BorshSerialize};
use deedbook_schemas::digest::StateRoot;
use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateKeyHash, StateLeaf};

/// Nibbles of a key's place.
pub(super) const PLACE_NIBBLES: usize = 2 * StateKeyHash::LEN;

/// A row of the tree.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Node {
    /// The root of the empty tree.
    Empty,
    /// A subtree of several leaves.
    Inner(Inner),
    /// A subtree of one leaf.
    Leaf(Leaf),
}

/// A key's place and the hash of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Leaf {
    pub(super) place: [u8; 32],
    pub(super) value_hash: [u8; 32],
}

/// The children of a subtree by their next nibble.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Inner {
    children: Box<[Option<Child>; 16]>,
    /// How many children there are.
    present: u64,
    /// How many leaves are below.
    leaves: u64,
}

/// A child of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Child {
    pub(super) hash: [u8; 32],
    /// The version that wrote its row.
    pub(super) version: u64,
    below: Below,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
enum Below {
    Leaf,
    Inner { leaves: u64 },
}

impl Leaf {
    /// As proofs show it.
    pub(super) fn shown(&self) -> StateLeaf {
        StateLeaf {
            key_hash: StateKeyHash(self.place),
            value_hash: StateHash(self.value_hash),
        }
    }

    /// A row of its own, written by `version`.
    pub(super) fn child(&self, version: u64) -> Child {
        Child {
            hash: self.shown().hash().0,
            version,
            below: Below::Leaf,
        }
    }
}

impl Child {
    pub(super) fn is_leaf(&self) -> bool {
        self.below == Below::Leaf
    }

    /// Whether it is the child of a subtree of so many leaves.
    pub(super) fn counts(&self, leaves: usize) -> bool {
        self.is_leaf() == (leaves == 1) && self.leaves() == leaves as u64
    }

    fn leaves(&self) -> u64 {
        match self.below {
            Below::Leaf => 1,
            Below::Inner { leaves } => leaves,
        }
    }
}

impl Inner {
    pub(super) fn new(children: [Option<Child>; 16]) -> Self {
        let present = children.iter().flatten().count();
        let leaves = children.iter().flatten().map(Child::leaves).sum();
        Self {
            children: Box::new(children),
            present: present as u64,
            leaves,
        }
    }

    /// Whether what the row says of its children is so, and it has so many leaves, which are several.
    pub(super) fn counts(&self, leaves: usize) -> bool {
        leaves > 1 && self.leaves == leaves as u64 && *self == Self::new(*self.children)
    }

    pub(super) fn children(&self) -> &[Option<Child>; 16] {
        &self.children
    }

    /// A row of its own, written by `version`.
    pub(super) fn child(&self, version: u64) -> Child {
        Child {
            hash: range_hash(&*self.children).0,
            version,
            below: Below::Inner {
                leaves: self.leaves,
            },
        }
    }
}

impl Node {
    /// The root, if this is the node at the root.
    pub(super) fn root(&self) -> StateRoot {
        match self {
            Self::Empty => EMPTY_ROOT,
            Self::Inner(inner) => StateRoot(range_hash(inner.children()).0),
            Self::Leaf(leaf) => StateRoot(leaf.shown().hash().0),
        }
    }
}

/// Hash of the binary subtree over some children: empty, a single leaf itself, or a node.
pub(super) fn range_hash(children: &[Option<Child>]) -> StateHash {
    let mut present = children.iter().flatten();
    match (present.next(), present.next()) {
        (None, _) => StateHash(EMPTY_ROOT.0),
        (Some(only), None) if only.is_leaf() || children.len() == 1 => StateHash(only.hash),
        _ => {
            let (left, right) = children.split_at(children.len() / 2);
            StateHash::of_node(&range_hash(left), &range_hash(right))
        }
    }
}

/// The nibble of a place at a depth, the most significant of the first byte being at 0.
pub(super) fn nibble(place: &[u8; 32], depth: usize) -> u8 {
    let byte = place.get(depth / 2).copied().unwrap_or(0);
    if depth.is_multiple_of(2) {
        byte >> 4
    } else {
        byte & 15
    }
}

/// Key of a node's row: number of nibbles (u8) ‖ nibbles, two a byte ‖ version (u64 BE). Neighbours in
/// the tree lie side by side.
pub(super) fn node_row(nibbles: &[u8], version: u64) -> Vec<u8> {
    let mut row = Vec::with_capacity(1 + nibbles.len().div_ceil(2) + 8);
    row.push(u8::try_from(nibbles.len()).unwrap_or(u8::MAX));
    for pair in nibbles.chunks(2) {
        row.push(pair.iter().fold(0, |byte, nibble| byte << 4 | nibble) << (4 * (2 - pair.len())));
    }
    row.extend_from_slice(&version.to_be_bytes());
    row
}

//! The state as an auditor recomputes it: all in memory, with a tree of its own.
//!
//! Lives here: what the law reads and writes, and the root over it. Does not live here: the law
//! (`deedbook-registry`) and the tree's hashes (`deedbook_schemas::state_proof`). The node changes
//! its tree node by node; this one is written anew from the definition, so that an error in either
//! shows.

use std::collections::{BTreeMap, HashSet};

use deedbook_registry::{Overlay, StateError, StateRead};
use deedbook_schemas::digest::StateRoot;
use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateKeyHash, StateLeaf};

/// Keys, values, marks, and the tree over the keys' and values' hashes.
#[derive(Debug, Default)]
pub(super) struct MemoryState {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    marks: HashSet<[u8; 32]>,
    tree: Option<Node>,
}

impl StateRead for MemoryState {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.values.get(key).cloned())
    }

    fn seen(&self, mark: &[u8; 32]) -> Result<bool, StateError> {
        Ok(self.marks.contains(mark))
    }
}

/// What one block changes.
pub(super) struct BlockChanges {
    values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    marks: Vec<[u8; 32]>,
}

impl BlockChanges {
    pub(super) fn of(overlay: &Overlay<'_>) -> Self {
        Self {
            values: overlay.changes().clone(),
            marks: overlay.marks().iter().copied().collect(),
        }
    }
}

impl MemoryState {
    pub(super) fn new(values: BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        let mut state = Self::default();
        for (key, value) in values {
            state.put(key, Some(value));
        }
        state
    }

    pub(super) fn commit(&mut self, changes: BlockChanges) {
        for (key, value) in changes.values {
            self.put(key, value);
        }
        self.marks.extend(changes.marks);
    }

    fn put(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let key_hash = StateKeyHash::of(&key);
        let node = self.tree.take();
        match value {
            Some(value) => {
                let value_hash = StateHash::of_value(&value);
                self.tree = Some(insert(
                    node,
                    0,
                    StateLeaf {
                        key_hash,
                        value_hash,
                    },
                ));
                self.values.insert(key, value);
            }
            None => {
                self.tree = node.and_then(|node| remove(node, 0, &key_hash));
                self.values.remove(&key);
            }
        }
    }

    /// The root over everything that was put.
    pub(super) fn root(&mut self) -> StateRoot {
        self.tree
            .as_mut()
            .map_or(EMPTY_ROOT, |node| StateRoot(node.hash().0))
    }
}

/// A subtree that is not empty. One of a single leaf is that leaf.
#[derive(Debug)]
enum Node {
    Leaf(StateLeaf),
    Inner(Box<Inner>),
}

/// A subtree of two leaves or more; `hash` is absent after a change below.
#[derive(Debug)]
struct Inner {
    left: Option<Node>,
    right: Option<Node>,
    hash: Option<StateHash>,
}

impl Inner {
    fn side(&mut self, right: bool) -> &mut Option<Node> {
        if right {
            &mut self.right
        } else {
            &mut self.left
        }
    }
}

impl Node {
    fn hash(&mut self) -> StateHash {
        match self {
            Self::Leaf(leaf) => leaf.hash(),
            Self::Inner(inner) => match inner.hash {
                Some(hash) => hash,
                None => {
                    let side = |node: &mut Option<Self>| {
                        node.as_mut().map_or(StateHash(EMPTY_ROOT.0), Self::hash)
                    };
                    let (left, right) = (side(&mut inner.left), side(&mut inner.right));
                    *inner.hash.insert(StateHash::of_node(&left, &right))
                }
            },
        }
    }
}

/// Bit `depth` of a place, the most significant of the first byte being 0.
fn bit(place: &StateKeyHash, depth: usize) -> bool {
    place
        .0
        .get(depth / 8)
        .is_some_and(|byte| byte & (0x80 >> (depth % 8)) != 0)
}

fn insert(node: Option<Node>, depth: usize, leaf: StateLeaf) -> Node {
    let mut inner = match node {
        None => return Node::Leaf(leaf),
        Some(Node::Leaf(old)) if old.key_hash == leaf.key_hash => return Node::Leaf(leaf),
        Some(Node::Leaf(old)) => {
            let mut inner = Box::new(Inner {
                left: None,
                right: None,
                hash: None,
            });
            let right = bit(&old.key_hash, depth);
            *inner.side(right) = Some(Node::Leaf(old));
            inner
        }
        Some(Node::Inner(inner)) => inner,
    };
    inner.hash = None;
    let side = inner.side(bit(&leaf.key_hash, depth));
    *side = Some(insert(side.take(), depth + 1, leaf));
    Node::Inner(inner)
}

fn remove(node: Node, depth: usize, place: &StateKeyHash) -> Option<Node> {
    let mut inner = match node {
        Node::Leaf(leaf) if leaf.key_hash == *place => return None,
        Node::Leaf(leaf) => return Some(Node::Leaf(leaf)),
        Node::Inner(inner) => inner,
    };
    inner.hash = None;
    let side = inner.side(bit(place, depth));
    *side = side.take().and_then(|node| remove(node, depth + 1, place));
    match (inner.left.take(), inner.right.take()) {
        (None, None) => None,
        // A leaf that is alone rises to the top of its subtree.
        (Some(Node::Leaf(leaf)), None) | (None, Some(Node::Leaf(leaf))) => Some(Node::Leaf(leaf)),
        (left, right) => {
            (inner.left, inner.right) = (left, right);
            Some(Node::Inner(inner))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The root straight from the definition.
    fn defined(leaves: &[StateLeaf], depth: usize) -> StateHash {
        match leaves {
            [] => StateHash(EMPTY_ROOT.0),
            [leaf] => leaf.hash(),
            _ => {
                let (right, left): (Vec<_>, Vec<_>) = leaves
                    .iter()
                    .cloned()
                    .partition(|leaf| bit(&leaf.key_hash, depth));
                StateHash::of_node(&defined(&left, depth + 1), &defined(&right, depth + 1))
            }
        }
    }

    fn check(state: &mut MemoryState) {
        let leaves: Vec<StateLeaf> = state
            .values
            .iter()
            .map(|(key, value)| StateLeaf {
                key_hash: StateKeyHash::of(key),
                value_hash: StateHash::of_value(value),
            })
            .collect();
        assert_eq!(state.root().0, defined(&leaves, 0).0);
    }

    #[test]
    fn the_root_is_the_defined_one_through_insertions_changes_and_deletions() {
        let mut state = MemoryState::default();
        check(&mut state);
        for round in 0_u8..3 {
            for key in 0_u8..60 {
                state.put(vec![key], Some(vec![round, key]));
                check(&mut state);
            }
            for key in (0_u8..60).filter(|key| key % 3 != round % 3) {
                state.put(vec![key], None);
                check(&mut state);
            }
        }
        for key in 0_u8..60 {
            state.put(vec![key], None);
        }
        assert_eq!(state.root(), EMPTY_ROOT);
    }
}

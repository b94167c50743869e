//! Paths of the state tree, for proofs: from the root to where a key is, or would be; and all of them,
//! to compare what is stored with itself.
//!
//! Does not live here: the tree's updates and its rows (`state_tree`).
//!
//! `jmt` stores four levels of the binary tree as one node with up to sixteen children, whose
//! hashes are enough to compute everything beside the path.

use borsh::BorshDeserialize;
use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateKeyHash, StateLeaf};
use jmt::storage::Node;

use super::error::{StoreError, corrupt};

/// A child of a stored node.
#[derive(Debug, Clone, Copy)]
struct Child {
    hash: StateHash,
    version: u64,
    is_leaf: bool,
    leaves: usize,
}

/// The children of an inner node by nibble; `None` of another node.
fn children(node: &Node) -> Option<[Option<Child>; 16]> {
    let Node::Internal(node) = node else {
        return None;
    };
    let mut children = [None; 16];
    for (nibble, child) in node.children_sorted() {
        if let Some(slot) = children.get_mut(usize::from(u8::from(nibble))) {
            *slot = Some(Child {
                hash: StateHash(child.hash),
                version: child.version,
                is_leaf: child.is_leaf(),
                leaves: child.leaf_count(),
            });
        }
    }
    Some(children)
}

/// Reads the node at a path of nibbles, written by a version.
type Read<'a> = dyn FnMut(&[u8], u64) -> Result<Node, StoreError> + 'a;

/// The leaf at the end of a key's path (its own, or the only other one where it would be), and
/// the hashes beside the path, from the leaf up; `None` for an empty side.
pub(super) fn walk(
    version: u64,
    place: &StateKeyHash,
    read: &mut Read<'_>,
) -> Result<(Option<StateLeaf>, Vec<Option<StateHash>>), StoreError> {
    let mut siblings = Vec::new();
    let mut path = Vec::new();
    let mut node = read(&path, version)?;
    for nibble in place.0.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        let Some(children) = children(&node) else {
            break;
        };
        match descend(&children, nibble, &mut siblings) {
            Some((step, child)) => {
                path.push(step);
                node = read(&path, child.version)?;
            }
            None => {
                node = Node::Null;
                break;
            }
        }
    }
    siblings.reverse();
    match node {
        Node::Null => Ok((None, siblings)),
        Node::Leaf(leaf) => Ok((Some(state_leaf(&leaf)?), siblings)),
        Node::Internal(_) => Err(corrupt("state tree", "a path longer than a key")),
    }
}

/// The root that follows from the leaves, sorted by place, once every stored node that the version's
/// root leads to was found to agree with them.
pub(super) fn check(
    version: u64,
    leaves: &[StateLeaf],
    read: &mut Read<'_>,
) -> Result<StateHash, StoreError> {
    check_below(&mut Vec::new(), version, leaves, read)
}

fn check_below(
    path: &mut Vec<u8>,
    version: u64,
    leaves: &[StateLeaf],
    read: &mut Read<'_>,
) -> Result<StateHash, StoreError> {
    let differs = |path: &[u8]| {
        let message = format!("the values and node {path:x?} of version {version} differ");
        corrupt("state tree", message)
    };
    let node = read(path, version)?;
    let Some(children) = children(&node) else {
        return match (node, leaves) {
            (Node::Null, []) => Ok(StateHash(EMPTY_ROOT.0)),
            (Node::Leaf(leaf), [only]) if state_leaf(&leaf)? == *only => Ok(only.hash()),
            _ => Err(differs(path)),
        };
    };
    let (depth, mut rest) = (path.len(), leaves);
    for (step, child) in (0..).zip(&children) {
        let end = rest.partition_point(|leaf| nibble(leaf, depth) <= step);
        let (own, after) = rest.split_at(end);
        rest = after;
        let Some(child) = child else {
            if own.is_empty() {
                continue;
            }
            return Err(differs(path));
        };
        path.push(step);
        let hash = check_below(path, child.version, own, read)?;
        let agrees = hash == child.hash && own.len() == child.leaves;
        if !agrees || child.is_leaf != (own.len() == 1) {
            return Err(differs(path));
        }
        path.pop();
    }
    Ok(range_hash(&children))
}

/// Nibble `depth` of a leaf's place.
fn nibble(leaf: &StateLeaf, depth: usize) -> u8 {
    let byte = leaf.key_hash.0.get(depth / 2).copied().unwrap_or(0);
    if depth % 2 == 0 { byte >> 4 } else { byte & 15 }
}

/// Goes down the four binary levels of one node towards `nibble`, noting what lies beside.
/// Returns the child to go on with, or the only leaf where the key would be, or nothing.
fn descend(
    children: &[Option<Child>],
    nibble: u8,
    siblings: &mut Vec<Option<StateHash>>,
) -> Option<(u8, Child)> {
    let mut range = children;
    let mut first = 0;
    for bit in [8u8, 4, 2, 1] {
        let (left, right) = range.split_at(usize::from(bit));
        let (near, far) = if nibble & bit == 0 {
            (left, right)
        } else {
            (right, left)
        };
        first |= nibble & bit;
        siblings.push(Some(range_hash(far)).filter(|hash| hash.0 != EMPTY_ROOT.0));
        range = near;
        let mut present = (first..)
            .zip(near)
            .filter_map(|(step, child)| Some((step, (*child)?)));
        match (present.next(), present.next()) {
            (None, _) => return None,
            (Some(only), None) if only.1.is_leaf || bit == 1 => return Some(only),
            _ => {}
        }
    }
    None
}

/// Hash of the binary subtree over some children: empty, a single leaf itself, or a node.
fn range_hash(children: &[Option<Child>]) -> StateHash {
    let mut present = children.iter().flatten();
    match (present.next(), present.next()) {
        (None, _) => StateHash(EMPTY_ROOT.0),
        (Some(only), None) if only.is_leaf || children.len() == 1 => only.hash,
        _ => {
            let (left, right) = children.split_at(children.len() / 2);
            StateHash::of_node(&range_hash(left), &range_hash(right))
        }
    }
}

/// `jmt` shows a leaf's value hash only by serialising it: key hash ‖ value hash.
fn state_leaf(leaf: &jmt::storage::LeafNode) -> Result<StateLeaf, StoreError> {
    let bytes = borsh::to_vec(leaf).map_err(|error| corrupt("leaf", error))?;
    let (key_hash, value_hash) =
        <([u8; 32], [u8; 32])>::try_from_slice(&bytes).map_err(|error| corrupt("leaf", error))?;
    Ok(StateLeaf {
        key_hash: StateKeyHash(key_hash),
        value_hash: StateHash(value_hash),
    })
}

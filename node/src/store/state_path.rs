//! Paths of the state tree, for proofs: from the root to where a key is, or would be; and all of them,
//! to compare what is stored with itself.
//!
//! Does not live here: the nodes (`state_node`), reading their rows (`state_tree`).

use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateKeyHash, StateLeaf};

use super::error::{StoreError, corrupt};
use super::state_change::Read;
use super::state_node::{Child, Node, PLACE_NIBBLES, nibble, range_hash};

/// The leaf at the end of a key's path (its own, or the only other one where it would be), and
/// the hashes beside the path, from the leaf up; `None` for an empty side.
pub(super) fn walk(
    version: u64,
    place: &StateKeyHash,
    read: &Read<'_>,
) -> Result<(Option<StateLeaf>, Vec<Option<StateHash>>), StoreError> {
    let mut siblings = Vec::new();
    let mut path = Vec::new();
    let mut node = read(&path, version)?;
    while let Node::Inner(inner) = &node {
        if path.len() >= PLACE_NIBBLES {
            return Err(corrupt("state tree", "a path longer than a key"));
        }
        let towards = nibble(&place.0, path.len());
        let Some((step, child)) = descend(inner.children(), towards, &mut siblings) else {
            siblings.reverse();
            return Ok((None, siblings));
        };
        path.push(step);
        node = read(&path, child.version)?;
    }
    siblings.reverse();
    let leaf = match node {
        Node::Leaf(leaf) => Some(leaf.shown()),
        Node::Empty | Node::Inner(_) => None,
    };
    Ok((leaf, siblings))
}

/// The root that follows from the leaves, sorted by place, once every stored node that the version's
/// root leads to was found to agree with them.
pub(super) fn check(
    version: u64,
    leaves: &[StateLeaf],
    read: &Read<'_>,
) -> Result<StateHash, StoreError> {
    check_below(&mut Vec::new(), version, leaves, read)
}

fn check_below(
    path: &mut Vec<u8>,
    version: u64,
    leaves: &[StateLeaf],
    read: &Read<'_>,
) -> Result<StateHash, StoreError> {
    let differs = |path: &[u8]| {
        let message = format!("the values and node {path:x?} of version {version} differ");
        corrupt("state tree", message)
    };
    let node = read(path, version)?;
    let inner = match (&node, leaves) {
        (Node::Empty, []) => return Ok(StateHash(EMPTY_ROOT.0)),
        (Node::Leaf(leaf), [only]) if leaf.shown() == *only => return Ok(only.hash()),
        (Node::Inner(inner), _) if inner.counts(leaves.len()) => inner,
        _ => return Err(differs(path)),
    };
    let (depth, mut rest) = (path.len(), leaves);
    for (step, child) in (0..).zip(inner.children()) {
        let end = rest.partition_point(|leaf| nibble(&leaf.key_hash.0, depth) <= step);
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
        if hash.0 != child.hash || !child.counts(own.len()) {
            return Err(differs(path));
        }
        path.pop();
    }
    Ok(range_hash(inner.children()))
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
            (Some(only), None) if only.1.is_leaf() || bit == 1 => return Some(only),
            _ => {}
        }
    }
    None
}

//! The state as an auditor recomputes it: all in memory, with a tree of its own.
//!
//! Lives here: what the law reads and writes, and the root over it. Does not live here: the law
//! (`deedbook-registry`), the tree's hashes (`deedbook_schemas::state_proof`), the file between two
//! audits (`saved`). The node changes its tree node by node; this one is written anew from the
//! definition, so that an error in either shows.
//!
//! A million records leave some hundred thousand objects, so that memory counts: the tree is the
//! only map there is. A value hangs at the hash of its key, nodes lie in vectors and name each
//! other by number (a leaf 48 bytes, an inner node 72), and a block's changes go down in one
//! descent, which hashes each node on its way once. What a reader follows lies apart from the
//! hashes, which a node keeps of its two sides, so that neither way touches what it does not need.

use std::collections::{BTreeMap, HashSet};

use deedbook_registry::state::{DecodeObject, Object};
use deedbook_registry::{Overlay, StateError, StateRead};
use deedbook_schemas::digest::StateRoot;
use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateKeyHash, StateLeaf};

/// Values, marks, and the tree over the keys' and values' hashes.
#[derive(Debug, Default)]
pub(super) struct MemoryState {
    leaves: Slots<Leaf>,
    inner: Slots<[Link; 2]>,
    /// The hashes of an inner node's two sides, at its number.
    hashes: Vec<[StateHash; 2]>,
    root: Part,
    marks: HashSet<[u8; 32]>,
}

/// A subtree and its hash.
#[derive(Debug, Clone, Copy)]
struct Part {
    link: Link,
    hash: StateHash,
}

impl Part {
    const EMPTY: Self = Self {
        link: Link::EMPTY,
        hash: StateHash(EMPTY_ROOT.0),
    };
}

impl Default for Part {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// Values in numbered places; those that were given up are filled again.
#[derive(Debug)]
struct Slots<T> {
    slots: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        let (slots, free) = (Vec::new(), Vec::new());
        Self { slots, free }
    }
}

impl<T> Slots<T> {
    fn put(&mut self, value: T) -> u32 {
        if let Some(number) = self.free.pop() {
            *self.at_mut(number) = value;
            return number;
        }
        let number = u32::try_from(self.slots.len())
            .ok()
            .filter(|number| *number < Link::LEAF)
            .expect("2^31 nodes take 80 GiB: memory ends before");
        self.slots.push(value);
        number
    }

    fn at(&self, number: u32) -> &T {
        let slot = usize::try_from(number).ok().and_then(|n| self.slots.get(n));
        slot.expect("a link names a slot that was filled")
    }

    fn at_mut(&mut self, number: u32) -> &mut T {
        let slot = usize::try_from(number).ok();
        slot.and_then(|number| self.slots.get_mut(number))
            .expect("a link names a slot that was filled")
    }
}

/// A subtree: empty, one leaf, or an inner node over two leaves or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Link(u32);

enum Subtree {
    Empty,
    Leaf(u32),
    Inner(u32),
}

impl Default for Link {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Link {
    const EMPTY: Self = Self(u32::MAX);
    /// Set in the numbers of leaves.
    const LEAF: u32 = 1 << 31;

    fn leaf(number: u32) -> Self {
        Self(number | Self::LEAF)
    }

    fn subtree(self) -> Subtree {
        match self {
            Self::EMPTY => Subtree::Empty,
            Self(number) if number & Self::LEAF != 0 => Subtree::Leaf(number & !Self::LEAF),
            Self(number) => Subtree::Inner(number),
        }
    }
}

#[derive(Debug)]
struct Leaf {
    place: StateKeyHash,
    value: Box<[u8]>,
}

impl StateRead for MemoryState {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.find(key).map(<[u8]>::to_vec))
    }

    fn object(&self, key: &[u8], decode: &DecodeObject<'_>) -> Result<Option<Object>, StateError> {
        self.find(key).map(decode).transpose()
    }

    fn seen(&self, mark: &[u8; 32]) -> Result<bool, StateError> {
        Ok(self.marks.contains(mark))
    }
}

/// What one block changes.
pub(super) struct BlockChanges {
    values: Vec<Change>,
    marks: Vec<[u8; 32]>,
}

/// What a place becomes; `None` empties it.
struct Change {
    place: StateKeyHash,
    leaf: Option<(Leaf, StateHash)>,
}

impl Change {
    fn put(place: StateKeyHash, value: Vec<u8>) -> Self {
        let value_hash = StateHash::of_value(&value);
        let leaf = StateLeaf {
            key_hash: place,
            value_hash,
        };
        let hash = leaf.hash();
        let value = value.into_boxed_slice();
        let leaf = Some((Leaf { place, value }, hash));
        Self { place, leaf }
    }
}

impl BlockChanges {
    pub(super) fn of(overlay: &Overlay<'_>) -> Self {
        let mut values: Vec<Change> = overlay
            .changes()
            .into_iter()
            .map(|(key, value)| {
                let place = StateKeyHash::of(&key);
                match value {
                    Some(value) => Change::put(place, value),
                    None => Change { place, leaf: None },
                }
            })
            .collect();
        values.sort_unstable_by_key(|change| change.place);
        let marks = overlay.marks().iter().copied().collect();
        Self { values, marks }
    }
}

impl MemoryState {
    fn find(&self, key: &[u8]) -> Option<&[u8]> {
        let place = StateKeyHash::of(key);
        let mut link = self.root.link;
        for depth in 0.. {
            match link.subtree() {
                Subtree::Empty => break,
                Subtree::Leaf(number) => {
                    let leaf = self.leaves.at(number);
                    return (leaf.place == place).then_some(&*leaf.value);
                }
                Subtree::Inner(number) => {
                    let [left, right] = *self.inner.at(number);
                    link = if bit(&place, depth) { right } else { left };
                }
            }
        }
        None
    }

    pub(super) fn new(values: &BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        let mut state = Self::default();
        let places = values
            .iter()
            .map(|(key, value)| (StateKeyHash::of(key), value.clone()));
        state.restore(places);
        state
    }

    /// Puts values at places, in any order.
    pub(super) fn restore(&mut self, values: impl IntoIterator<Item = (StateKeyHash, Vec<u8>)>) {
        let put = |(place, value)| Change::put(place, value);
        let mut changes: Vec<Change> = values.into_iter().map(put).collect();
        changes.sort_unstable_by_key(|change| change.place);
        self.root = self.merge(self.root, 0, &mut changes);
    }

    pub(super) fn mark(&mut self, mark: [u8; 32]) {
        self.marks.insert(mark);
    }

    pub(super) fn marks(&self) -> &HashSet<[u8; 32]> {
        &self.marks
    }

    /// Every value and the hash of its key, in no order that means anything.
    pub(super) fn values(&self) -> impl Iterator<Item = (&StateKeyHash, &[u8])> {
        let mut left = vec![self.root.link];
        std::iter::from_fn(move || {
            loop {
                match left.pop()?.subtree() {
                    Subtree::Empty => {}
                    Subtree::Leaf(number) => {
                        let leaf = self.leaves.at(number);
                        return Some((&leaf.place, &*leaf.value));
                    }
                    Subtree::Inner(number) => {
                        let [one, other] = *self.inner.at(number);
                        left.extend([other, one]);
                    }
                }
            }
        })
    }

    pub(super) fn commit(&mut self, mut changes: BlockChanges) {
        self.root = self.merge(self.root, 0, &mut changes.values);
        self.marks.extend(changes.marks);
    }

    /// The root over everything that was put.
    pub(super) fn root(&self) -> StateRoot {
        StateRoot(self.root.hash.0)
    }

    /// The subtree at `depth` after changes, which are sorted and all belong there.
    fn merge(&mut self, old: Part, depth: usize, changes: &mut [Change]) -> Part {
        let one = match changes {
            [] => return old,
            [one] => Some(one),
            _ => None,
        };
        let (number, [left, right]) = match (old.link.subtree(), one) {
            (Subtree::Inner(number), _) => (number, self.sides(number)),
            (Subtree::Empty, Some(change)) => {
                let leaf = change.leaf.take();
                return leaf.map_or(Part::EMPTY, |(leaf, hash)| Part {
                    link: Link::leaf(self.leaves.put(leaf)),
                    hash,
                });
            }
            (Subtree::Leaf(number), Some(change))
                if self.leaves.at(number).place == change.place =>
            {
                return match change.leaf.take() {
                    Some((leaf, hash)) => {
                        *self.leaves.at_mut(number) = leaf;
                        Part { hash, ..old }
                    }
                    None => self.give_up(number),
                };
            }
            (Subtree::Leaf(_), Some(Change { leaf: None, .. })) => return old,
            (Subtree::Leaf(leaf), _) => {
                let sides = if bit(&self.leaves.at(leaf).place, depth) {
                    [Part::EMPTY, old]
                } else {
                    [old, Part::EMPTY]
                };
                (self.part(), sides)
            }
            (Subtree::Empty, None) => (self.part(), [Part::EMPTY; 2]),
        };
        let middle = changes.partition_point(|change| !bit(&change.place, depth));
        let (lefts, rights) = changes.split_at_mut(middle);
        let left = self.merge(left, depth + 1, lefts);
        let right = self.merge(right, depth + 1, rights);
        self.join(number, left, right)
    }

    /// Both sides of an inner node.
    fn sides(&self, number: u32) -> [Part; 2] {
        let [left, right] = *self.inner.at(number);
        let hashes = usize::try_from(number).ok();
        let hashes = hashes.and_then(|number| self.hashes.get(number));
        let [of_left, of_right] = *hashes.expect("hashes grow with the nodes");
        [(left, of_left), (right, of_right)].map(|(link, hash)| Part { link, hash })
    }

    /// A new inner node over nothing.
    fn part(&mut self) -> u32 {
        let number = self.inner.put([Link::EMPTY; 2]);
        let nothing = [Part::EMPTY.hash; 2];
        self.hashes.resize(self.inner.slots.len(), nothing);
        number
    }

    /// Empties a leaf's slot.
    fn give_up(&mut self, number: u32) -> Part {
        self.leaves.at_mut(number).value = Box::default();
        self.leaves.free.push(number);
        Part::EMPTY
    }

    /// The inner node over both sides, or what rises in its place: nothing, or a leaf alone.
    fn join(&mut self, number: u32, left: Part, right: Part) -> Part {
        let alone = match (left.link.subtree(), right.link.subtree()) {
            (Subtree::Empty, Subtree::Empty | Subtree::Leaf(_)) => Some(right),
            (Subtree::Leaf(_), Subtree::Empty) => Some(left),
            _ => None,
        };
        if let Some(alone) = alone {
            self.inner.free.push(number);
            return alone;
        }
        *self.inner.at_mut(number) = [left.link, right.link];
        let hashes = usize::try_from(number).ok();
        let hashes = hashes.and_then(|number| self.hashes.get_mut(number));
        *hashes.expect("hashes grow with the nodes") = [left.hash, right.hash];
        Part {
            link: Link(number),
            hash: StateHash::of_node(&left.hash, &right.hash),
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

    type Values = BTreeMap<Vec<u8>, Vec<u8>>;

    fn check(state: &MemoryState, values: &Values) {
        let leaves: Vec<StateLeaf> = values
            .iter()
            .map(|(key, value)| StateLeaf {
                key_hash: StateKeyHash::of(key),
                value_hash: StateHash::of_value(value),
            })
            .collect();
        assert_eq!(state.root().0, defined(&leaves, 0).0);
        assert_eq!(state.values().count(), values.len());
        let used = state.leaves.slots.len() - state.leaves.free.len();
        assert_eq!(used, values.len(), "leaves are given up");
        for (key, value) in values {
            assert_eq!(state.get(key).unwrap().as_ref(), Some(value));
        }
    }

    fn commit(state: &mut MemoryState, values: &mut Values, changes: &[(u8, Option<u8>)]) {
        let mut block: Vec<Change> = Vec::new();
        for (key, value) in changes {
            let place = StateKeyHash::of(&[*key]);
            match value {
                Some(value) => {
                    values.insert(vec![*key], vec![*value, *key]);
                    block.push(Change::put(place, vec![*value, *key]));
                }
                None => {
                    values.remove(&vec![*key]);
                    block.push(Change { place, leaf: None });
                }
            }
        }
        block.sort_unstable_by_key(|change| change.place);
        let marks = Vec::new();
        state.commit(BlockChanges {
            values: block,
            marks,
        });
        check(state, values);
    }

    #[test]
    fn the_root_is_the_defined_one_through_insertions_changes_and_deletions() {
        let (mut state, mut values) = (MemoryState::default(), Values::new());
        check(&state, &values);
        for round in 0_u8..4 {
            for step in [1_usize, 7, 60] {
                let keys: Vec<u8> = (0_u8..120).collect();
                for keys in keys.chunks(step) {
                    let put = |key: &u8| (*key, (key % 4 != round).then_some(round));
                    let changes: Vec<_> = keys.iter().map(put).collect();
                    commit(&mut state, &mut values, &changes);
                }
            }
            assert_eq!(state.get(&[round]).unwrap(), None);
        }
        let all: Vec<_> = (0_u8..120).map(|key| (key, None)).collect();
        commit(&mut state, &mut values, &all);
        assert_eq!(state.root(), EMPTY_ROOT);
        let used = state.inner.slots.len() - state.inner.free.len();
        assert_eq!(used, 0, "inner nodes are given up");
    }

    #[test]
    fn what_was_restored_has_the_root_it_had() {
        let values: Values = (0_u8..200)
            .map(|key| (vec![key], vec![key; usize::from(key)]))
            .collect();
        let state = MemoryState::new(&values);
        let mut again = MemoryState::default();
        let all: Vec<_> = state
            .values()
            .map(|(place, value)| (*place, value))
            .collect();
        for part in all.chunks(7) {
            again.restore(part.iter().map(|(place, value)| (*place, value.to_vec())));
        }
        assert_eq!(again.root(), state.root());
        check(&again, &values);
    }
}

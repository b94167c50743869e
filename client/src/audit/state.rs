//! The state as an auditor recomputes it: all in memory, with a tree of its own.
//!
//! Lives here: what the law reads and writes, and the root over it. Does not live here: the law
//! (`deedbook-registry`), the tree's hashes (`deedbook_schemas::state_proof`), the file between two
//! audits (`saved`). The node changes its tree node by node; this one is written anew from the
//! definition, so that an error in either shows.
//!
//! A million records leave some hundred thousand objects, so that memory counts: the tree is the
//! only map there is. A value hangs at the hash of its key, nodes lie in two vectors and name each
//! other by number (a leaf 80 bytes, an inner node 40), and a block's changes go down in one
//! descent, which hashes each node on its way once.

use std::collections::{BTreeMap, HashSet};

use deedbook_registry::{Overlay, StateError, StateRead};
use deedbook_schemas::digest::StateRoot;
use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateKeyHash, StateLeaf};

/// Values, marks, and the tree over the keys' and values' hashes.
#[derive(Debug, Default)]
pub(super) struct MemoryState {
    leaves: Slots<Leaf>,
    inner: Slots<Inner>,
    root: Link,
    marks: HashSet<[u8; 32]>,
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
    hash: StateHash,
    value: Box<[u8]>,
}

#[derive(Debug)]
struct Inner {
    left: Link,
    right: Link,
    hash: StateHash,
}

impl StateRead for MemoryState {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        let place = StateKeyHash::of(key);
        let mut link = self.root;
        for depth in 0.. {
            match link.subtree() {
                Subtree::Empty => break,
                Subtree::Leaf(number) => {
                    let leaf = self.leaves.at(number);
                    return Ok((leaf.place == place).then(|| leaf.value.to_vec()));
                }
                Subtree::Inner(number) => {
                    let inner = self.inner.at(number);
                    let right = bit(&place, depth);
                    link = if right { inner.right } else { inner.left };
                }
            }
        }
        Ok(None)
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
    leaf: Option<Leaf>,
}

impl Change {
    fn put(place: StateKeyHash, value: &[u8]) -> Self {
        let value_hash = StateHash::of_value(value);
        let leaf = StateLeaf {
            key_hash: place,
            value_hash,
        };
        let leaf = Leaf {
            place,
            hash: leaf.hash(),
            value: value.into(),
        };
        let leaf = Some(leaf);
        Self { place, leaf }
    }
}

impl BlockChanges {
    pub(super) fn of(overlay: &Overlay<'_>) -> Self {
        let mut values: Vec<Change> = overlay
            .changes()
            .iter()
            .map(|(key, value)| {
                let place = StateKeyHash::of(key);
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
    pub(super) fn new(values: &BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        let mut state = Self::default();
        let places = values
            .iter()
            .map(|(key, value)| (StateKeyHash::of(key), &**value));
        state.restore(places);
        state
    }

    /// Puts values at places, in any order.
    pub(super) fn restore<V: AsRef<[u8]>>(
        &mut self,
        values: impl IntoIterator<Item = (StateKeyHash, V)>,
    ) {
        let put = |(place, value): (_, V)| Change::put(place, value.as_ref());
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
        let mut left = vec![self.root];
        std::iter::from_fn(move || {
            loop {
                match left.pop()?.subtree() {
                    Subtree::Empty => {}
                    Subtree::Leaf(number) => {
                        let leaf = self.leaves.at(number);
                        return Some((&leaf.place, &*leaf.value));
                    }
                    Subtree::Inner(number) => {
                        let inner = self.inner.at(number);
                        left.extend([inner.right, inner.left]);
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
        StateRoot(self.hash(self.root).0)
    }

    fn hash(&self, link: Link) -> StateHash {
        match link.subtree() {
            Subtree::Empty => StateHash(EMPTY_ROOT.0),
            Subtree::Leaf(number) => self.leaves.at(number).hash,
            Subtree::Inner(number) => self.inner.at(number).hash,
        }
    }

    /// The subtree at `depth` after changes, which are sorted and all belong there.
    fn merge(&mut self, link: Link, depth: usize, changes: &mut [Change]) -> Link {
        let one = match changes {
            [] => return link,
            [one] => Some(one),
            _ => None,
        };
        let number = match (link.subtree(), one) {
            (Subtree::Inner(number), _) => number,
            (Subtree::Empty, Some(change)) => {
                let leaf = change.leaf.take();
                return leaf.map_or(Link::EMPTY, |leaf| Link::leaf(self.leaves.put(leaf)));
            }
            (Subtree::Leaf(number), Some(change))
                if self.leaves.at(number).place == change.place =>
            {
                return match change.leaf.take() {
                    Some(leaf) => {
                        *self.leaves.at_mut(number) = leaf;
                        link
                    }
                    None => self.give_up(number),
                };
            }
            (Subtree::Leaf(_), Some(Change { leaf: None, .. })) => return link,
            (Subtree::Leaf(leaf), _) => {
                let right = bit(&self.leaves.at(leaf).place, depth);
                self.part(if right {
                    [Link::EMPTY, link]
                } else {
                    [link, Link::EMPTY]
                })
            }
            (Subtree::Empty, None) => self.part([Link::EMPTY; 2]),
        };
        let middle = changes.partition_point(|change| !bit(&change.place, depth));
        let (lefts, rights) = changes.split_at_mut(middle);
        let Inner { left, right, .. } = *self.inner.at(number);
        let left = self.merge(left, depth + 1, lefts);
        let right = self.merge(right, depth + 1, rights);
        self.join(number, left, right)
    }

    /// A new inner node, not hashed yet.
    fn part(&mut self, [left, right]: [Link; 2]) -> u32 {
        let hash = StateHash(EMPTY_ROOT.0);
        self.inner.put(Inner { left, right, hash })
    }

    /// Empties a leaf's slot.
    fn give_up(&mut self, number: u32) -> Link {
        self.leaves.at_mut(number).value = Box::default();
        self.leaves.free.push(number);
        Link::EMPTY
    }

    /// The inner node over both sides, or what rises in its place: nothing, or a leaf alone.
    fn join(&mut self, number: u32, left: Link, right: Link) -> Link {
        let alone = match (left.subtree(), right.subtree()) {
            (Subtree::Empty, Subtree::Empty | Subtree::Leaf(_)) => Some(right),
            (Subtree::Leaf(_), Subtree::Empty) => Some(left),
            _ => None,
        };
        if let Some(alone) = alone {
            self.inner.free.push(number);
            return alone;
        }
        let hash = StateHash::of_node(&self.hash(left), &self.hash(right));
        *self.inner.at_mut(number) = Inner { left, right, hash };
        Link(number)
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
                    block.push(Change::put(place, &[*value, *key]));
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
            again.restore(part.iter().copied());
        }
        assert_eq!(again.root(), state.root());
        check(&again, &values);
    }
}

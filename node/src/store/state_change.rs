//! What changes of values make of the state tree: the nodes that the next version writes, and those
//! that it no longer refers to. Each node on the way is read, hashed and written once, however many of
//! the changes are below it.
//!
//! Does not live here: the nodes themselves (`state_node`), reading and committing them (`state_tree`).

use deedbook_schemas::state_proof::{StateHash, StateKeyHash};

use super::error::{StoreError, corrupt};
use super::state_node::{Child, Inner, Leaf, Node, PLACE_NIBBLES, nibble, node_row};

/// A key's place and the hash of its new value; `None` if it has none any more.
pub(super) type LeafChange = (StateKeyHash, Option<StateHash>);

/// Reads the node at a path of nibbles, written by a version.
pub(super) type Read<'a> = dyn Fn(&[u8], u64) -> Result<Node, StoreError> + 'a;

/// The nodes of the next version.
pub(super) struct Change<'a> {
    read: &'a Read<'a>,
    version: u64,
    path: Vec<u8>,
    /// Rows that it writes.
    pub(super) written: Vec<(Vec<u8>, Node)>,
    /// Rows that it no longer refers to.
    pub(super) stale: Vec<Vec<u8>>,
}

/// What a subtree becomes. A leaf has no row yet: it belongs as high up as it is alone.
enum Subtree {
    Empty,
    Leaf(Leaf),
    Inner(Inner),
}

impl<'a> Change<'a> {
    /// Makes version `base + 1`. `changes` are sorted by place, which are distinct; gives its root node.
    pub(super) fn make(
        read: &'a Read<'a>,
        base: u64,
        changes: &[LeafChange],
    ) -> Result<(Node, Self), StoreError> {
        let mut change = Self {
            read,
            version: base + 1,
            path: Vec::new(),
            written: Vec::new(),
            stale: Vec::new(),
        };
        let root = if base == 0 {
            Node::Empty
        } else {
            change.take(base)?
        };
        let root = match change.subtree(root, changes)? {
            Subtree::Empty => Node::Empty,
            Subtree::Leaf(leaf) => Node::Leaf(leaf),
            Subtree::Inner(inner) => Node::Inner(inner),
        };
        change.write(root.clone());
        Ok((root, change))
    }

    /// Reads the node at the path, which is then no longer referred to.
    fn take(&mut self, version: u64) -> Result<Node, StoreError> {
        self.stale.push(node_row(&self.path, version));
        (self.read)(&self.path, version)
    }

    /// Writes the node at the path.
    fn write(&mut self, node: Node) {
        self.written
            .push((node_row(&self.path, self.version), node));
    }

    /// What the subtree at the path becomes.
    fn subtree(&mut self, old: Node, changes: &[LeafChange]) -> Result<Subtree, StoreError> {
        let children = match old {
            Node::Inner(inner) => *inner.children(),
            Node::Empty => return self.grow(changes),
            Node::Leaf(leaf) => {
                let changed = changes.binary_search_by_key(&leaf.place, |(place, _)| place.0);
                let Err(position) = changed else {
                    return self.grow(changes);
                };
                let mut all = changes.to_vec();
                let leaf = leaf.shown();
                all.insert(position, (leaf.key_hash, Some(leaf.value_hash)));
                return self.grow(&all);
            }
        };
        self.inner(children, changes)
    }

    /// What grows where nothing is kept: the leaves that the changes put there.
    fn grow(&mut self, changes: &[LeafChange]) -> Result<Subtree, StoreError> {
        let mut put = changes
            .iter()
            .filter_map(|(place, value)| Some((place, (*value)?)));
        match (put.next(), put.next()) {
            (None, _) => Ok(Subtree::Empty),
            (Some((place, value)), None) => Ok(Subtree::Leaf(Leaf {
                place: place.0,
                value_hash: value.0,
            })),
            _ => self.inner([None; 16], changes),
        }
    }

    /// What a node with these children becomes.
    fn inner(
        &mut self,
        mut children: [Option<Child>; 16],
        changes: &[LeafChange],
    ) -> Result<Subtree, StoreError> {
        let depth = self.path.len();
        if depth >= PLACE_NIBBLES {
            return Err(corrupt("state tree", "a path longer than a key"));
        }
        let mut changed = Vec::new();
        for below in changes.chunk_by(|(a, _), (b, _)| nibble(&a.0, depth) == nibble(&b.0, depth)) {
            let Some((first, _)) = below.first() else {
                continue;
            };
            let step = nibble(&first.0, depth);
            let old = children.get_mut(usize::from(step)).and_then(Option::take);
            self.path.push(step);
            let subtree = match old {
                Some(child) => {
                    let old = self.take(child.version)?;
                    self.subtree(old, below)?
                }
                None => self.grow(below)?,
            };
            match subtree {
                Subtree::Empty => {}
                subtree => changed.push((step, subtree)),
            }
            self.path.pop();
        }
        if let Some(leaf) = self.only_leaf(&children, &changed)? {
            return Ok(Subtree::Leaf(leaf));
        }
        for (step, subtree) in changed {
            self.path.push(step);
            let (child, node) = match subtree {
                Subtree::Empty => continue,
                Subtree::Leaf(leaf) => (leaf.child(self.version), Node::Leaf(leaf)),
                Subtree::Inner(inner) => (inner.child(self.version), Node::Inner(inner)),
            };
            self.write(node);
            self.path.pop();
            if let Some(slot) = children.get_mut(usize::from(step)) {
                *slot = Some(child);
            }
        }
        if children.iter().all(Option::is_none) {
            return Ok(Subtree::Empty);
        }
        Ok(Subtree::Inner(Inner::new(children)))
    }

    /// The leaf that is alone among kept and changed children, if one is: it moves up.
    fn only_leaf(
        &mut self,
        kept: &[Option<Child>; 16],
        changed: &[(u8, Subtree)],
    ) -> Result<Option<Leaf>, StoreError> {
        let mut present = (0..)
            .zip(kept)
            .filter_map(|(step, kept)| Some((step, (*kept)?)));
        match (present.next(), present.next(), changed) {
            (None, _, [(_, Subtree::Leaf(leaf))]) => Ok(Some(*leaf)),
            (Some((step, child)), None, []) if child.is_leaf() => {
                self.path.push(step);
                let node = self.take(child.version)?;
                self.path.pop();
                match node {
                    Node::Leaf(leaf) => Ok(Some(leaf)),
                    Node::Empty | Node::Inner(_) => {
                        Err(corrupt("state tree", "a leaf's row holds another node"))
                    }
                }
            }
            _ => Ok(None),
        }
    }
}

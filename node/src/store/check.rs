//! Everything read back and compared: entries with tiles and roots, blocks with their chain and
//! certificates, values with the state tree.
//!
//! Lives here: [`Store::check`], for an export, and for a running node that doubts its disk. Does not
//! live here: the law; whether what was decided was lawful is an audit's question.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use deedbook_schemas::block::Height;
use deedbook_schemas::digest::{BlockId, TreeHash};
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::merkle::{Frontier, leaf_hash};
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::state_proof::{StateHash, StateKeyHash, StateLeaf};
use deedbook_schemas::validators::ValidatorSet;
use rocksdb::IteratorMode;

use super::error::{StoreError, corrupt};
use super::rocks::Family;
use super::{Store, log, state_tree};

/// Tree levels from one row of tiles to the next.
const TILE_HEIGHT: u8 = 8;

/// Asked at every row: an error once the check is to stop.
type GoOn<'a> = &'a dyn Fn() -> Result<(), StoreError>;

/// The log as its entries make it.
struct Recomputed {
    frontier: Frontier,
    /// The tile that grows at each level.
    growing: BTreeMap<u8, Vec<u8>>,
    /// Tiles that were full, and compared.
    compared: usize,
}

impl Store {
    /// Reads all of the ledger back and compares it: every entry with its leaf, every tile with the
    /// entries, every block with the one before it, its certificate and its place in the log, every
    /// value with the state tree. `founders` are the validators of the genesis; each later set is what
    /// the block before it names. Nobody may write meanwhile: of a running node a copy is checked.
    ///
    /// # Errors
    /// [`StoreError`] names the first thing that cannot be read or contradicts the rest;
    /// [`StoreError::Stopped`] soon after `stop` was set.
    pub fn check(&self, founders: &ValidatorSet, stop: &AtomicBool) -> Result<(), StoreError> {
        let go_on = || match stop.load(Ordering::Relaxed) {
            true => Err(StoreError::Stopped),
            false => Ok(()),
        };
        self.verify_tip()?;
        let log = self.check_entries(&go_on)?;
        self.check_growing(&log)?;
        self.check_blocks(founders, &go_on)?;
        let tip = self.tip();
        let leaves = self.state_leaves(&go_on)?;
        state_tree::check(&self.rocks, tip.state_version, &tip.state_root, &leaves)
    }

    fn check_entries(&self, go_on: GoOn<'_>) -> Result<Recomputed, StoreError> {
        let (tip, mut log) = (self.tip(), Recomputed::new());
        let family = self.rocks.family(Family::Entries)?;
        for row in self.rocks.db.iterator_cf(family, IteratorMode::Start) {
            go_on()?;
            let (key, entry) = row?;
            let index = log.frontier.size();
            if *key != index.to_be_bytes() {
                return Err(corrupt(
                    "log",
                    format!("no entry {index}, but one behind it"),
                ));
            }
            for (level, number, tile) in log.append(leaf_hash(&entry)) {
                self.check_tile(level, number, &tile)?;
                log.compared += 1;
            }
            self.check_seal(index, &entry, &log.frontier)?;
        }
        let (size, root) = (log.frontier.size(), log.frontier.root());
        if (size, root) == (tip.tree_size, tip.tree_root) {
            return Ok(log);
        }
        let (tip_size, tip_root) = (tip.tree_size, tip.tree_root);
        Err(corrupt(
            "log",
            format!("{size} entries with root {root}, the tip has {tip_size} with {tip_root}"),
        ))
    }

    /// A seal closes the block that has its height, place and roots.
    fn check_seal(&self, index: u64, entry: &[u8], tree: &Frontier) -> Result<(), StoreError> {
        if Entry::is_record(entry) {
            return Ok(());
        }
        let wrong = |what: String| corrupt("log", format!("entry {index}: {what}"));
        let Entry::Seal(seal) = Entry::decode(entry).map_err(|error| wrong(error.to_string()))?
        else {
            return Ok(());
        };
        let block = self.block(seal.height)?;
        let block = block.ok_or_else(|| wrong(format!("no block {}", seal.height)))?;
        let header = &block.header;
        let placed = (block.first_index, block.first_index + block.entries);
        let agrees = header.height == seal.height
            && header.time == seal.time
            && header.state_root == seal.state_root
            && header.next_validators == seal.next_validators
            && placed == (seal.first_index, index + 1)
            && (header.tree_size, header.tree_root) == (tree.size(), tree.root());
        if agrees {
            Ok(())
        } else {
            Err(wrong(format!(
                "block {} is not the one it seals",
                seal.height
            )))
        }
    }

    fn check_tile(&self, level: u8, number: u64, computed: &[u8]) -> Result<(), StoreError> {
        let stored = log::stored_tile(&self.rocks, (level, number))?;
        if stored == computed {
            return Ok(());
        }
        let hashes = |bytes: &[u8]| bytes.len() / TreeHash::LEN;
        let differs = stored
            .chunks(TreeHash::LEN)
            .zip(computed.chunks(TreeHash::LEN))
            .position(|(stored, computed)| stored != computed);
        let place = differs.unwrap_or(hashes(computed).min(hashes(&stored)));
        Err(corrupt(
            "log",
            format!("hash {place} of tile {number} at level {level} is not that of the entries"),
        ))
    }

    fn check_growing(&self, log: &Recomputed) -> Result<(), StoreError> {
        let mut tiles = log.compared;
        for (level, tile) in log.growing.iter().filter(|(_, tile)| !tile.is_empty()) {
            let row = log.frontier.size() >> (u32::from(*level) * u32::from(TILE_HEIGHT));
            self.check_tile(*level, row / u64::from(TILE_WIDTH), tile)?;
            tiles += 1;
        }
        let family = self.rocks.family(Family::Tiles)?;
        let mut stored = 0;
        for row in self.rocks.db.iterator_cf(family, IteratorMode::Start) {
            row?;
            stored += 1;
        }
        if stored == tiles {
            Ok(())
        } else {
            let message = format!("{stored} tiles, the entries make {tiles}");
            Err(corrupt("log", message))
        }
    }

    /// The chain from the first block to the tip, each certified.
    fn check_blocks(&self, founders: &ValidatorSet, go_on: GoOn<'_>) -> Result<(), StoreError> {
        let tip = self.tip();
        let mut validators = founders.clone();
        let mut previous = BlockId(self.ledger.0);
        let (mut size, mut root) = (0, deedbook_schemas::merkle::empty_root());
        for height in (1..=tip.height.0).map(Height) {
            go_on()?;
            let wrong = |what: String| corrupt("blocks", format!("block {height}: {what}"));
            let missing = || wrong("it is not there".to_owned());
            let block = self.block(height)?.ok_or_else(missing)?;
            let certificate = self.certificate(height)?.ok_or_else(missing)?;
            let header = &block.header;
            let id = header.id();
            let follows = header.ledger == self.ledger
                && (header.height, certificate.height) == (height, height)
                && header.previous == previous
                && certificate.block == id
                && block.first_index == size
                && header.tree_size == size + block.entries
                && (block.entries > 0 || header.tree_root == root);
            if !follows {
                return Err(wrong("it does not follow the block before it".to_owned()));
            }
            certificate
                .verify(&self.ledger, &validators)
                .map_err(|error| wrong(error.to_string()))?;
            let next = &header.next_validators;
            if validators.id() != *next {
                let set = self.validator_set(next)?;
                let unknown = || wrong(format!("the validators after it, {next}, are not here"));
                validators = set.ok_or_else(unknown)?;
            }
            (previous, size, root) = (id, header.tree_size, header.tree_root);
        }
        let family = self.rocks.family(Family::Blocks)?;
        let mut rows = 0u64;
        for row in self.rocks.db.iterator_cf(family, IteratorMode::Start) {
            row?;
            rows += 1;
        }
        if rows == tip.height.0.saturating_mul(2) {
            Ok(())
        } else {
            let message = format!("{rows} rows for {} heights", tip.height);
            Err(corrupt("blocks", message))
        }
    }

    /// Places and hashes of all values, in the order of the tree.
    fn state_leaves(&self, go_on: GoOn<'_>) -> Result<Vec<StateLeaf>, StoreError> {
        let family = self.rocks.family(Family::Values)?;
        let mut leaves = Vec::new();
        for row in self.rocks.db.iterator_cf(family, IteratorMode::Start) {
            go_on()?;
            let (key, value) = row?;
            leaves.push(StateLeaf {
                key_hash: StateKeyHash::of(&key),
                value_hash: StateHash::of_value(&value),
            });
        }
        leaves.sort_unstable_by_key(|leaf| leaf.key_hash);
        Ok(leaves)
    }
}

impl Recomputed {
    fn new() -> Self {
        Self {
            frontier: Frontier::default(),
            growing: BTreeMap::new(),
            compared: 0,
        }
    }

    /// Appends a leaf; gives the tiles that it fills: level, place, bytes.
    fn append(&mut self, leaf: TreeHash) -> Vec<(u8, u64, Vec<u8>)> {
        let (growing, mut full) = (&mut self.growing, Vec::new());
        self.frontier.append_with(leaf, |level, index, hash| {
            if level % TILE_HEIGHT != 0 {
                return;
            }
            let row = level / TILE_HEIGHT;
            let tile = growing.entry(row).or_default();
            tile.extend_from_slice(&hash.0);
            if tile.len() == usize::from(TILE_WIDTH) * TreeHash::LEN {
                full.push((row, index / u64::from(TILE_WIDTH), std::mem::take(tile)));
            }
        });
        full
    }
}

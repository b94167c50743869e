//! A ledger in memory: the law, the log, certificates and cosignatures, and its REST paths as
//! files.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use deedbook_registry::{BlockContext, Overlay, StateError, StateRead, begin_block, end_block};
use deedbook_schemas::api::BlockView;
use deedbook_schemas::block::{
    BlockTime, Certificate, CommitSignature, Header, Height, Seal, Seconds, precommit_bytes,
};
use deedbook_schemas::carried::Carried;
use deedbook_schemas::certified::{Certified, encode_certified};
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::{BlockId, LedgerId, RecordId, StateRoot, TreeHash};
use deedbook_schemas::genesis::{Genesis, GenesisAuthority};
use deedbook_schemas::instrument::ActRole;
use deedbook_schemas::keys::{PublicKey, sign};
use deedbook_schemas::merkle::{Frontier, inclusion_proof, leaf_hash};
use deedbook_schemas::note::SignatureLine;
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::policy::Policy;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::receipt::Receipt;
use deedbook_schemas::record::Record;
use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateKeyHash, StateLeaf};
use deedbook_schemas::tile::{Tile, TileKind, changed_tiles, encode_entries, encode_hashes};
use deedbook_schemas::validators::{Validator, ValidatorSet};

use crate::people::{Pen, accreditation, id, key, record_id};

pub(crate) const ORIGIN: &str = "ledger.example/deeds";
pub(crate) const VALIDATORS: [&str; 4] = [
    "registrar.example",
    "notaries.example",
    "justice.example",
    "bank.example",
];
/// 2026-03-02T10:00:00Z.
const START: u64 = 1_772_445_600;

#[derive(Default)]
struct Memory {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    marks: BTreeSet<[u8; 32]>,
}

impl StateRead for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.values.get(key).cloned())
    }

    fn seen(&self, mark: &[u8; 32]) -> Result<bool, StateError> {
        Ok(self.marks.contains(mark))
    }
}

/// The state root straight from its definition.
fn state_root(values: &BTreeMap<Vec<u8>, Vec<u8>>) -> StateRoot {
    fn hash(leaves: &[StateLeaf], depth: usize) -> StateHash {
        match leaves {
            [] => StateHash(EMPTY_ROOT.0),
            [leaf] => leaf.hash(),
            _ => {
                let right =
                    |leaf: &&StateLeaf| leaf.key_hash.0[depth / 8] & (0x80 >> (depth % 8)) != 0;
                let rights: Vec<_> = leaves.iter().filter(right).cloned().collect();
                let lefts: Vec<_> = leaves.iter().filter(|leaf| !right(leaf)).cloned().collect();
                StateHash::of_node(&hash(&lefts, depth + 1), &hash(&rights, depth + 1))
            }
        }
    }
    let leaf = |(key, value): (&Vec<u8>, &Vec<u8>)| StateLeaf {
        key_hash: StateKeyHash::of(key),
        value_hash: StateHash::of_value(value),
    };
    StateRoot(hash(&values.iter().map(leaf).collect::<Vec<_>>(), 0).0)
}

pub(crate) struct Ledger {
    pub(crate) genesis: Genesis,
    pub(crate) ledger: LedgerId,
    pub(crate) pen: Pen,
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) blocks: BTreeMap<Height, BlockView>,
    set: ValidatorSet,
    state: Memory,
    height: Height,
    previous: BlockId,
}

fn validator(name: &str) -> Validator {
    let public = |role: &str| PublicKey::of(&key(&format!("{name} {role}")));
    Validator {
        name: name.to_owned(),
        consensus_key: public("consensus"),
        note_key: public("note"),
        log_share: public("log"),
        power: 1,
    }
}

fn genesis() -> Genesis {
    let mut authorities: Vec<GenesisAuthority> = [
        ("registrar", AuthorityRole::Registrar),
        ("civil", AuthorityRole::CivilRegistry),
        ("provider", AuthorityRole::IdentityProvider),
    ]
    .map(|(name, role)| GenesisAuthority {
        id: id(name),
        accreditation: accreditation(name, role),
    })
    .into();
    authorities.sort_by_key(|authority| authority.id);
    Genesis {
        origin: ORIGIN.to_owned(),
        time: BlockTime(START * 1_000),
        validators: VALIDATORS.map(validator).into(),
        authorities,
        profile: Profile::kazakhstan(),
        log_key: PublicKey::of(&key("the validators' log key")),
    }
}

impl Ledger {
    pub(crate) fn new() -> Self {
        let genesis = genesis();
        let (ledger, set) = (genesis.ledger_id(), genesis.check().unwrap());
        let values = deedbook_registry::genesis_state(&genesis);
        Self {
            pen: Pen::new(ledger),
            ledger,
            set,
            state: Memory {
                values,
                ..Memory::default()
            },
            genesis,
            entries: Vec::new(),
            blocks: BTreeMap::new(),
            height: Height(0),
            previous: BlockId(ledger.0),
        }
    }

    /// The story the tests tell: two people, a flat, a sale, a power, a sale refused.
    pub(crate) fn with_a_sale() -> (Self, Story) {
        Self::told(false)
    }

    /// The same story by the same hands, with another deed in it: a history that was rewritten.
    pub(crate) fn with_another_sale() -> Self {
        Self::told(true).0
    }

    fn told(rewritten: bool) -> (Self, Story) {
        let mut ledger = Self::new();
        let at = ledger.now();
        let records = ["seller", "buyer"].map(|name| ledger.pen.enrolment(name, at));
        ledger.block(&records);
        let at = ledger.now();
        let status = ledger.pen.unmarried(&["seller", "buyer"], at);
        let title = ledger.pen.first_registration("seller", at);
        ledger.block(&[status, title]);
        let at = ledger.now();
        if rewritten {
            // Every record has a number in it: this deed and what follows become others.
            ledger.pen.skip();
        }
        let sale = ledger.pen.sale("seller", "buyer", 1, at);
        let deed = record_id(&sale);
        let gives = ledger.pen.act("seller", deed, ActRole::Disponor, at);
        let receives = ledger.pen.act("buyer", deed, ActRole::Acquirer, at);
        ledger.block(&[sale, gives, receives]);
        let at = ledger.now();
        let power = ledger.pen.power("buyer", "seller", at);
        let late = ledger.pen.sale("seller", "buyer", 1, at);
        let story = Story {
            sale: deed,
            power: record_id(&power),
            refused: record_id(&late),
        };
        ledger.block(&[power, late]);
        (ledger, story)
    }

    /// The time of the next block.
    pub(crate) fn now(&self) -> Seconds {
        Seconds(START + self.height.0 + 1)
    }

    fn frontier(&self, from: usize, end: usize) -> Frontier {
        let mut frontier = Frontier::default();
        self.entries[from..end]
            .iter()
            .for_each(|entry| frontier.append(leaf_hash(entry)));
        frontier
    }

    /// Executes records as a block, seals and certifies it.
    pub(crate) fn block(&mut self, records: &[Vec<u8>]) {
        let first_index = self.entries.len() as u64;
        let (height, time) = (self.height.next(), BlockTime(self.now().0 * 1_000));
        let context = BlockContext {
            ledger: self.ledger,
            height,
            time,
        };
        let mut overlay = Overlay::new(&self.state);
        let begun = begin_block(&mut overlay, &context).unwrap();
        let mut entries: Vec<Entry> = begun.into_iter().map(Entry::Outcome).collect();
        for bytes in records {
            let record = Record::decode(bytes).unwrap();
            let applied =
                deedbook_registry::apply(&mut overlay, &context, &record, &Record::verify).unwrap();
            entries.push(Entry::Record(bytes.clone()));
            entries.extend(applied.outcomes.into_iter().map(Entry::Outcome));
        }
        end_block(&mut overlay, &context).unwrap();
        let (changes, marks) = (overlay.changes(), overlay.marks().clone());
        self.state.marks.extend(marks);
        for (key, value) in changes {
            match value {
                Some(value) => drop(self.state.values.insert(key, value)),
                None => drop(self.state.values.remove(&key)),
            }
        }
        let state_root = state_root(&self.state.values);
        let next_validators = self.set.id();
        entries.push(Entry::Seal(Seal {
            height,
            time,
            state_root,
            next_validators,
            first_index,
        }));
        self.entries.extend(entries.iter().map(Entry::encode));
        self.certify(height, time, state_root, first_index);
    }

    /// Certifies the entries so far as the block of a height.
    pub(crate) fn certify(
        &mut self,
        height: Height,
        time: BlockTime,
        state_root: StateRoot,
        first_index: u64,
    ) {
        let frontier = self.frontier(0, self.entries.len());
        let header = Header {
            ledger: self.ledger,
            height,
            time,
            proposer: self.set.as_slice()[0].address(),
            previous: self.previous,
            tree_size: frontier.size(),
            tree_root: frontier.root(),
            state_root,
            next_validators: self.set.id(),
        };
        let block = header.id();
        let message = precommit_bytes(&self.ledger, height, 0, &block);
        let signatures = VALIDATORS[..3].iter().map(|name| CommitSignature {
            validator: validator(name).address(),
            signature: sign(&key(&format!("{name} consensus")), &message),
        });
        let signatures = signatures.collect();
        let certificate = Certificate {
            height,
            round: 0,
            block,
            signatures,
        };
        (self.height, self.previous) = (height, block);
        self.blocks.insert(
            height,
            BlockView {
                header,
                certificate,
                first_index,
            },
        );
    }

    pub(crate) fn checkpoint(&self, cosigners: &[&str]) -> SignedCheckpoint {
        self.checkpoint_at(cosigners, self.now())
    }

    pub(crate) fn checkpoint_at(&self, cosigners: &[&str], at: Seconds) -> SignedCheckpoint {
        let frontier = self.frontier(0, self.entries.len());
        let (size, root) = (frontier.size(), frontier.root());
        let checkpoint = Checkpoint {
            origin: ORIGIN.parse().unwrap(),
            size,
            root,
        };
        let log = key("the validators' log key");
        let mut signatures = vec![SignatureLine::sign_note(
            &checkpoint.origin,
            &log,
            &checkpoint.text(),
        )];
        signatures.extend(cosigners.iter().map(|name| {
            let note = key(&format!("{name} note"));
            Cosignature::sign(&name.parse().unwrap(), &note, &checkpoint, at).to_line()
        }));
        SignedCheckpoint {
            checkpoint,
            signatures,
        }
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy::of_genesis(&self.genesis).unwrap()
    }

    fn subtree(&self, level: u8, index: u64) -> Result<TreeHash, Infallible> {
        let at = |index: u64| usize::try_from(index << level).unwrap();
        Ok(self.frontier(at(index), at(index + 1)).root())
    }

    /// The receipt of the leaf at `index`, carrying `record` if it is an outcome's.
    pub(crate) fn receipt_of(&self, index: usize, record: Option<Vec<u8>>) -> String {
        let (leaf, size) = (index as u64, self.entries.len() as u64);
        let hashes = inclusion_proof(leaf, size, |level, index| self.subtree(level, index));
        let carried = Carried::new(self.entries[index].clone(), record);
        let checkpoint = self.checkpoint(&VALIDATORS[..3]);
        Receipt::new(carried.encode(), leaf, hashes.unwrap(), checkpoint).to_string()
    }

    /// Where the outcome of a record stands.
    pub(crate) fn outcome_index(&self, id: RecordId) -> usize {
        let of_record = |entry: &Vec<u8>| matches!(Entry::decode(entry), Ok(Entry::Outcome(outcome)) if outcome.record == id);
        self.entries.iter().position(of_record).unwrap()
    }

    pub(crate) fn record(&self, id: RecordId) -> Vec<u8> {
        let is = |entry: &&Vec<u8>| Entry::is_record(entry) && record_id(entry) == id;
        self.entries.iter().find(is).unwrap().clone()
    }

    pub(crate) fn receipt(&self, id: RecordId) -> String {
        self.receipt_of(self.outcome_index(id), Some(self.record(id)))
    }

    /// What a node answers, by path.
    pub(crate) fn paths(&self) -> BTreeMap<String, Vec<u8>> {
        let mut paths = BTreeMap::new();
        let checkpoint = self.checkpoint(&VALIDATORS[1..]);
        let size = checkpoint.checkpoint.size;
        paths.insert(
            "/v1/log/checkpoint".to_owned(),
            checkpoint.to_string().into_bytes(),
        );
        paths.insert(
            "/v1/genesis".to_owned(),
            serde_json::to_vec(&self.genesis).unwrap(),
        );
        for (tile, bytes) in self.tiles(size) {
            paths.insert(format!("/v1/log/{tile}"), bytes);
        }
        paths
    }

    /// Every tile of the log of `size` leaves.
    fn tiles(&self, size: u64) -> Vec<(Tile, Vec<u8>)> {
        let mut tiles = Vec::new();
        for (index, entries) in self.entries.chunks(256).enumerate() {
            let tile = |kind| Tile::of_tree(kind, index as u64, size).unwrap();
            let bundle = encode_entries(entries.iter().map(Vec::as_slice)).unwrap();
            tiles.push((tile(TileKind::Entries), bundle));
            let seals = entries.iter().filter(|it| !Entry::is_record(it));
            let seals = seals.filter_map(|entry| match Entry::decode(entry) {
                Ok(Entry::Seal(seal)) => self.blocks.get(&seal.height),
                _ => None,
            });
            let blocks: Vec<Certified> = seals
                .map(|view| Certified {
                    header: view.header.clone(),
                    certificate: view.certificate.clone(),
                })
                .collect();
            tiles.push((tile(TileKind::Blocks), encode_certified(&blocks)));
        }
        for tile in changed_tiles(0, size) {
            let TileKind::Hashes(level) = tile.kind else {
                continue;
            };
            let first = tile.index * 256;
            let hashes: Vec<TreeHash> = (first..first + u64::from(tile.width))
                .map(|index| self.subtree(8 * level, index).unwrap())
                .collect();
            tiles.push((tile, encode_hashes(&hashes)));
        }
        tiles
    }

    /// Writes the log as a mirror.
    pub(crate) fn mirror(&self, folder: &std::path::Path, checkpoint: &SignedCheckpoint) {
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        write("checkpoint", checkpoint.to_string().as_bytes());
        write("genesis", &serde_json::to_vec(&self.genesis).unwrap());
        for (tile, bytes) in self.tiles(checkpoint.checkpoint.size) {
            write(&tile.to_string(), &bytes);
        }
    }
}

/// Ids to ask about.
pub(crate) struct Story {
    pub(crate) sale: RecordId,
    pub(crate) power: RecordId,
    pub(crate) refused: RecordId,
}

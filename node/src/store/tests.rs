//! The store on a real disk: what a reopened one answers, whom it refuses, and (in the files
//! beside this) the state tree, damage, and cost.

mod cost;
mod damage;
mod edited;
mod log;
mod state;

use std::collections::BTreeMap;
use std::path::Path;

use deedbook_schemas::block::{Block, BlockTime, Certificate, Header, Height, Seal};
use deedbook_schemas::digest::{BlockId, LedgerId, RecordId, ValidatorSetId, derive};
use deedbook_schemas::limits::PROPOSALS_PER_ROUND_MAX;
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::validators::ValidatorAddress;

use super::*;

pub(super) const LEDGER: LedgerId = LedgerId([7; 32]);

/// Numbers that look random and are the same in every run (splitmix64).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// An entry that starts as a record does.
pub(super) fn record(numbers: &mut Numbers, length: usize) -> Vec<u8> {
    let mut bytes = numbers.bytes(length);
    bytes[0] = 0xd2;
    bytes
}

pub(super) fn record_id(record: &[u8]) -> RecordId {
    RecordId(derive("test record id", &[record]))
}

/// What the ledger would commit: records, the state they make, and the seal behind them.
pub(super) fn next_batch(
    store: &Store,
    records: Vec<Vec<u8>>,
    changes: &StateChanges,
) -> CommitBatch {
    next_batch_before(store, records, changes, store.tip().next_validators)
}

/// The same, and then these validators decide.
pub(super) fn next_batch_before(
    store: &Store,
    records: Vec<Vec<u8>>,
    changes: &StateChanges,
    next_validators: ValidatorSetId,
) -> CommitBatch {
    let tip = store.tip();
    let (height, time) = (tip.height.next(), BlockTime(tip.time.0 + 40));
    let state = store.update(changes).unwrap();
    let ids = records
        .iter()
        .map(|record| record_id(record))
        .zip(tip.tree_size..)
        .collect();
    let mut entries = records;
    if !entries.is_empty() {
        let seal = Seal {
            height,
            time,
            state_root: state.root,
            next_validators,
            first_index: tip.tree_size,
        };
        entries.push(Entry::Seal(seal).encode());
    }
    let log = store.append(entries).unwrap();
    let header = Header {
        ledger: LEDGER,
        height,
        time,
        proposer: ValidatorAddress([3; 20]),
        previous: tip.block,
        tree_size: log.size(),
        tree_root: log.root,
        state_root: state.root,
        next_validators,
    };
    let block = header.id();
    let certificate = Certificate {
        height,
        round: 0,
        block,
        signatures: vec![],
    };
    CommitBatch {
        header,
        certificate,
        log,
        state,
        records: ids,
        index: vec![],
        values: vec![],
    }
}

pub(super) fn commit(store: &Store, records: Vec<Vec<u8>>, changes: &StateChanges) -> Tip {
    store.commit(next_batch(store, records, changes)).unwrap()
}

pub(super) fn put(key: &str, value: &str) -> (Vec<u8>, Option<Vec<u8>>) {
    (key.as_bytes().to_vec(), Some(value.as_bytes().to_vec()))
}

/// `heights` blocks of a few records and changes; every fifth is empty.
pub(super) fn grow(store: &Store, numbers: &mut Numbers, heights: u64) {
    for height in 0..heights {
        if height % 5 == 4 {
            commit(store, vec![], &BTreeMap::new());
            continue;
        }
        let records = (0..=numbers.below(6))
            .map(|_| record(numbers, 300))
            .collect();
        let changes = (0..3)
            .map(|_| {
                (
                    format!("p/{}", numbers.below(40)).into_bytes(),
                    Some(numbers.bytes(60)),
                )
            })
            .collect();
        commit(store, records, &changes);
    }
}

fn open(path: &Path) -> Store {
    Store::open(path, LEDGER).unwrap()
}

#[test]
fn a_reopened_store_answers_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(1);
    let store = open(folder.path());
    grow(&store, &mut numbers, 30);
    let mut batch = next_batch(
        &store,
        vec![record(&mut numbers, 200)],
        &[put("k", "v")].into(),
    );
    batch.index = vec![(b"party/1".to_vec(), Some(b"x".to_vec()))];
    batch.values = vec![("validators:1".into(), b"set".to_vec())];
    let tip = store.commit(batch).unwrap();
    let decided: Vec<_> = (1..=tip.height.0)
        .map(|h| store.decided(Height(h)).unwrap())
        .collect();
    let entries = store.entries(0, tip.tree_size).unwrap();
    drop(store);
    for clean in [false, true] {
        let store = open(folder.path());
        if clean {
            store.close().unwrap();
        }
        drop(store);
        let store = open(folder.path());
        assert_eq!(store.tip(), tip);
        store.verify_tip().unwrap();
        let again: Vec<_> = (1..=tip.height.0)
            .map(|h| store.decided(Height(h)).unwrap())
            .collect();
        assert_eq!(again, decided);
        assert_eq!(store.entries(0, u64::MAX).unwrap(), entries);
        assert_eq!(store.get(b"k").unwrap(), Some(b"v".to_vec()));
        assert_eq!(store.index(b"party/1").unwrap(), Some(b"x".to_vec()));
        assert_eq!(store.value("validators:1").unwrap(), Some(b"set".to_vec()));
        assert_eq!(store.decided(tip.height.next()).unwrap(), None);
    }
}

#[test]
fn a_folder_in_use_of_another_ledger_or_format_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |ledger| Store::open(folder.path(), ledger).unwrap_err();
    let store = open(folder.path());
    assert!(
        matches!(refusal(LEDGER), StoreError::Locked { .. }),
        "{}",
        refusal(LEDGER)
    );
    drop(store);
    let foreign = refusal(LedgerId([8; 32]));
    assert!(
        matches!(foreign, StoreError::ForeignLedger { .. }),
        "{foreign}"
    );
    assert_eq!(foreign.to_string().lines().count(), 1);
    let store = open(folder.path());
    store.rocks.db.put(FORMAT_ROW, b"2").unwrap();
    drop(store);
    assert!(matches!(refusal(LEDGER), StoreError::UnknownFormat { found, .. } if found == "2"));
}

#[test]
fn a_path_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(
        Store::open(file.path(), LEDGER),
        Err(StoreError::Open { .. })
    ));
}

#[test]
fn what_was_computed_and_not_committed_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(2);
    let store = open(folder.path());
    grow(&store, &mut numbers, 10);
    let tip = store.tip();
    let never = next_batch(
        &store,
        vec![record(&mut numbers, 99)],
        &[put("never", "x")].into(),
    );
    drop((never, store));
    let store = open(folder.path());
    assert_eq!(store.tip(), tip);
    assert_eq!(store.get(b"never").unwrap(), None);
    store.verify_tip().unwrap();
}

#[test]
fn an_empty_block_leaves_log_and_state_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let before = commit(
        &store,
        vec![record(&mut Numbers(3), 50)],
        &[put("a", "1")].into(),
    );
    let after = commit(&store, vec![], &BTreeMap::new());
    assert_eq!(after.height, before.height.next());
    assert_eq!(
        (
            after.tree_size,
            after.tree_root,
            after.state_root,
            after.state_version
        ),
        (
            before.tree_size,
            before.tree_root,
            before.state_root,
            before.state_version
        )
    );
    store.rehash_block(after.height).unwrap();
    let (bytes, _) = store.decided(after.height).unwrap().unwrap();
    assert_eq!(
        Block::decode(&bytes).unwrap().records,
        Vec::<Vec<u8>>::new()
    );
}

#[test]
fn a_decided_block_has_the_bytes_that_were_proposed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut numbers = Numbers(4);
    let records: Vec<_> = (0..5).map(|_| record(&mut numbers, 400)).collect();
    let batch = next_batch(&store, records.clone(), &BTreeMap::new());
    let proposed = Block {
        header: batch.header.clone(),
        records: records.clone(),
    }
    .encode();
    let tip = store.commit(batch).unwrap();
    assert_eq!(store.decided(tip.height).unwrap().unwrap().0, proposed);
    for (record, index) in records.iter().zip(0..) {
        assert_eq!(store.record_index(&record_id(record)).unwrap(), Some(index));
        assert_eq!(store.entry(index).unwrap().as_ref(), Some(record));
    }
    assert_eq!(store.record_index(&RecordId([0; 32])).unwrap(), None);
    assert_eq!(store.entry(tip.tree_size).unwrap(), None);
}

#[test]
fn a_batch_that_does_not_follow_from_the_tip_is_refused_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut numbers = Numbers(5);
    let batch = |numbers: &mut Numbers| {
        next_batch(
            &store,
            vec![record(numbers, 50)],
            &[put("a", &numbers.next().to_string())].into(),
        )
    };
    let stale = batch(&mut numbers);
    store.commit(batch(&mut numbers)).unwrap();
    let mut wrong_root = batch(&mut numbers);
    wrong_root.header.state_root.0[0] ^= 1;
    let mut wrong_certificate = batch(&mut numbers);
    wrong_certificate.certificate.block.0[0] ^= 1;
    for wrong in [stale, wrong_root, wrong_certificate] {
        assert!(matches!(
            store.commit(wrong),
            Err(StoreError::Mismatch { .. })
        ));
    }
    store.commit(batch(&mut numbers)).unwrap();
    store.verify_tip().unwrap();
}

#[test]
fn after_a_failed_write_nothing_more_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    *store.failed.lock().unwrap() = true;
    let batch = next_batch(&store, vec![record(&mut Numbers(6), 50)], &BTreeMap::new());
    assert!(matches!(store.commit(batch), Err(StoreError::Failed)));
    assert!(matches!(
        store.put_value("a", b"b"),
        Err(StoreError::Failed)
    ));
    assert_eq!(store.tip().height, Height(0));
}

#[test]
fn the_genesis_state_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let genesis = || GenesisBatch {
        time: BlockTime(5),
        state: store.update(&[put("authority", "x")].into()).unwrap(),
        next_validators: ValidatorSetId([4; 32]),
        index: vec![],
        values: vec![],
    };
    let tip = store.commit_genesis(genesis()).unwrap();
    assert_eq!((tip.height, tip.state_version), (Height(0), 1));
    assert_eq!((tip.time, tip.block), (BlockTime(5), BlockId(LEDGER.0)));
    assert!(matches!(
        store.commit_genesis(genesis()),
        Err(StoreError::Mismatch { .. })
    ));
    store.verify_tip().unwrap();
}

#[test]
fn undecided_proposals_survive_a_restart_and_go_with_the_decision() {
    let folder = tempfile::tempdir().unwrap();
    let proposal = |height, round, block: u8| StoredProposal {
        height: Height(height),
        round,
        proposer: ValidatorAddress([1; 20]),
        block: BlockId([block; 32]),
        bytes: vec![block; 1000],
        signature: None,
    };
    let all = [
        proposal(1, 0, 1),
        proposal(1, 0, 2),
        proposal(1, 300, 1),
        proposal(2, 0, 3),
    ];
    let store = open(folder.path());
    for proposal in all.iter().chain(&all) {
        store.put_proposal(proposal).unwrap();
    }
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.proposals(Height(1)).unwrap(), all[..3]);
    commit(&store, vec![record(&mut Numbers(7), 10)], &BTreeMap::new());
    assert_eq!(store.proposals(Height(1)).unwrap(), []);
    assert_eq!(store.proposals(Height(2)).unwrap(), all[3..]);
    assert!(matches!(
        store.put_proposal(&all[0]),
        Err(StoreError::Mismatch { .. })
    ));
    for block in 0..PROPOSALS_PER_ROUND_MAX {
        store
            .put_proposal(&proposal(9, 0, u8::try_from(block).unwrap()))
            .unwrap();
    }
    let full = store.put_proposal(&proposal(9, 0, 200));
    assert!(matches!(full, Err(StoreError::ProposalsFull { .. })));
    store.put_proposal(&proposal(9, 1, 200)).unwrap();
}

#[test]
fn a_certificate_is_replaced_only_by_one_for_the_same_block() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let tip = commit(&store, vec![record(&mut Numbers(8), 10)], &BTreeMap::new());
    let mut certificate = store.decided(tip.height).unwrap().unwrap().1;
    certificate.round = 3;
    store.update_certificate(&certificate).unwrap();
    assert_eq!(store.decided(tip.height).unwrap().unwrap().1, certificate);
    certificate.block = BlockId([9; 32]);
    assert!(store.update_certificate(&certificate).is_err());
    certificate.height = Height(50);
    assert!(store.update_certificate(&certificate).is_err());
}

#[test]
fn the_secondary_index_is_listed_by_prefix_in_pages() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut batch = next_batch(&store, vec![], &BTreeMap::new());
    for key in ["a/1", "a/2", "a/3", "b/1"] {
        batch.index.push((key.into(), Some(key.into())));
    }
    batch.index.push((b"a/2".to_vec(), None));
    store.commit(batch).unwrap();
    let keys = |after: Option<&[u8]>, max| -> Vec<Vec<u8>> {
        store
            .index_rows(b"a/", after, max)
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    };
    assert_eq!(keys(None, 10), [b"a/1", b"a/3"]);
    assert_eq!(keys(None, 1), [b"a/1"]);
    assert_eq!(keys(Some(b"a/1"), 1), [b"a/3"]);
    assert_eq!(keys(Some(b"a/3"), 1), Vec::<Vec<u8>>::new());
}

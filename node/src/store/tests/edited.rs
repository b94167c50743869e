//! A database that was edited: rows rewritten through RocksDB itself, so that every checksum of the
//! database fits. Nothing of it passes in silence.

use std::sync::atomic::AtomicBool;

use deedbook_schemas::block::{BlockTime, CommitSignature, precommit_bytes};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::keys::{PublicKey, SigningKey, sign};
use deedbook_schemas::validators::{Validator, ValidatorSet};
use rocksdb::IteratorMode;

use super::*;
use crate::store::rocks::Family;

const EDITS: usize = 1_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// One validator, who certifies everything until another one does: the one whose consensus key has this
/// seed.
fn validator(seed: u8) -> ValidatorSet {
    let public = |seed| PublicKey::of(&key(seed));
    let validator = Validator {
        name: format!("registrar{seed}.example"),
        consensus_key: public(seed),
        note_key: public(seed + 1),
        log_share: public(seed + 2),
        power: 1,
    };
    ValidatorSet::new(vec![validator]).unwrap()
}

fn validators() -> ValidatorSet {
    validator(FIRST)
}

const FIRST: u8 = 1;
const SECOND: u8 = 11;
/// The block after which the second validator decides.
const CHANGE: u64 = 13;

/// Some blocks, certified; more leaves than one tile holds.
fn build(path: &Path) -> Store {
    let (store, validators) = (open(path), validators());
    let second = validator(SECOND);
    let mut numbers = Numbers(51);
    let genesis = GenesisBatch {
        time: BlockTime(5),
        state: store.update(&[put("authority", "x")].into()).unwrap(),
        next_validators: validators.id(),
        index: vec![],
        values: vec![],
    };
    store.commit_genesis(genesis).unwrap();
    for height in 0..30 {
        let records = match height % 5 {
            4 => vec![],
            _ => (0..12).map(|_| record(&mut numbers, 300)).collect(),
        };
        let changes = (0..4)
            .map(|_| {
                let key = format!("p/{}", numbers.below(60)).into_bytes();
                (key, Some(numbers.bytes(60)))
            })
            .collect();
        let none = BTreeMap::new();
        let changes = if records.is_empty() { &none } else { &changes };
        let mut next = store.tip().next_validators;
        if height == CHANGE {
            next = second.id();
        }
        let mut batch = next_batch_before(&store, records, changes, next);
        if height == CHANGE {
            let row = (validators_row(&next), Some(encode(&second)));
            batch.index.push(row);
        }
        let seed = if height > CHANGE { SECOND } else { FIRST };
        let certificate = &mut batch.certificate;
        let message = precommit_bytes(&LEDGER, certificate.height, 0, &certificate.block);
        certificate.signatures.push(CommitSignature {
            validator: validator(seed).as_slice()[0].address(),
            signature: sign(&key(seed), &message),
        });
        store.commit(batch).unwrap();
    }
    store
}

/// Every row of a family that a node still needs, and its value.
fn rows(store: &Store, family: Family) -> Vec<(Vec<u8>, Vec<u8>)> {
    let rows = store
        .rocks
        .db
        .iterator_cf(store.rocks.family(family).unwrap(), IteratorMode::Start);
    rows.map(|row| row.unwrap())
        .map(|(key, value)| (key.into_vec(), value.into_vec()))
        .collect()
}

#[test]
fn each_of_a_thousand_edited_bytes_of_blocks_entries_tiles_and_state_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = build(folder.path());
    let validators = validators();
    store.check(&validators, &AtomicBool::new(false)).unwrap();
    let stale = state_tree::stale_rows(&store.rocks, store.tip().state_version).unwrap();
    let families = [
        Family::Blocks,
        Family::Entries,
        Family::Tiles,
        Family::Values,
        Family::Nodes,
        // The validators after the change: there is nothing else in this store's index.
        Family::Index,
    ];
    let all = families.map(|family| {
        let mut rows = rows(&store, family);
        // Nodes of older versions, which wait to be deleted, belong to no state that is shown.
        rows.retain(|(key, _)| family != Family::Nodes || !stale.contains(key));
        (family, rows)
    });
    let mut numbers = Numbers(52);
    let mut pick = |end: usize| usize::try_from(numbers.below(end as u64)).unwrap();
    for edit in 0..EDITS {
        let (family, rows) = &all[edit % families.len()];
        let (key, sound) = &rows[pick(rows.len())];
        let (place, bit) = (pick(sound.len()), pick(8));
        let mut edited = sound.clone();
        edited[place] ^= 1 << bit;
        let family = store.rocks.family(*family).unwrap();
        store.rocks.db.put_cf(family, key, edited).unwrap();
        let found = store.check(&validators, &AtomicBool::new(false));
        assert!(
            found.is_err(),
            "edit {edit}: byte {place}, bit {bit} of row {key:x?} passed"
        );
        store.rocks.db.put_cf(family, key, sound).unwrap();
    }
    store.check(&validators, &AtomicBool::new(false)).unwrap();
}

#[test]
fn a_row_that_is_gone_or_too_many_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = build(folder.path());
    let validators = validators();
    for family in [
        Family::Blocks,
        Family::Entries,
        Family::Tiles,
        Family::Values,
    ] {
        let rows = rows(&store, family);
        let family = store.rocks.family(family).unwrap();
        for (key, value) in [&rows[0], &rows[rows.len() / 2], &rows[rows.len() - 1]] {
            store.rocks.db.delete_cf(family, key).unwrap();
            assert!(
                store.check(&validators, &AtomicBool::new(false)).is_err(),
                "row {key:x?} is gone"
            );
            store.rocks.db.put_cf(family, key, value).unwrap();
        }
        let (last, value) = &rows[rows.len() - 1];
        let more = [last.as_slice(), &[1]].concat();
        store.rocks.db.put_cf(family, &more, value).unwrap();
        assert!(
            store.check(&validators, &AtomicBool::new(false)).is_err(),
            "a row too many"
        );
        store.rocks.db.delete_cf(family, &more).unwrap();
    }
    store.check(&validators, &AtomicBool::new(false)).unwrap();
}

#[test]
fn validators_that_are_gone_or_others_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = build(folder.path());
    let check = || {
        let found = store.check(&validators(), &AtomicBool::new(false));
        found.map_err(|error| error.to_string())
    };
    let row = validators_row(&validator(SECOND).id());
    let family = store.rocks.family(Family::Index).unwrap();
    store.rocks.db.delete_cf(family, &row).unwrap();
    let error = check().unwrap_err();
    assert!(
        error.contains("block 14") && error.contains("are not here"),
        "{error}"
    );
    // The first one, who could certify what follows as well: but the block names the second.
    let first = encode(&validators());
    store.rocks.db.put_cf(family, &row, first).unwrap();
    let error = check().unwrap_err();
    assert!(error.contains("the set that is there is"), "{error}");
    let second = encode(&validator(SECOND));
    store.rocks.db.put_cf(family, &row, second).unwrap();
    check().unwrap();
    // From the wrong founders on, nothing is certified.
    let found = store.check(&validator(SECOND), &AtomicBool::new(false));
    assert!(found.unwrap_err().to_string().contains("block 1:"));
}

#[test]
fn a_store_opened_to_be_read_answers_and_leaves_its_folder_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = build(folder.path());
    let tip = store.tip();
    drop(store);
    let names = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap())
            .map(|file| (file.file_name(), file.metadata().unwrap().len()))
            .filter(|(name, _)| !name.to_string_lossy().starts_with("LOG"))
            .collect();
        names.sort();
        names
    };
    let before = names();
    let store = Store::open_read_only(folder.path(), LEDGER).unwrap();
    assert_eq!(store.tip(), tip);
    store.check(&validators(), &AtomicBool::new(false)).unwrap();
    drop(store);
    assert_eq!(names(), before);
    let nowhere = Store::open_read_only(&folder.path().join("nowhere"), LEDGER);
    assert!(matches!(nowhere, Err(StoreError::Open { .. })));
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn a_copy_is_the_store_as_it_stood_and_its_check_stops_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let store = build(&folder.path().join("store"));
    let tip = store.tip();
    let copy = store.link_copy(&folder.path().join("copy")).unwrap();
    let grown = next_batch(
        &store,
        vec![record(&mut Numbers(52), 300)],
        &BTreeMap::new(),
    );
    store.commit(grown).unwrap();
    assert!(store.tip().height > tip.height);
    assert_eq!(copy.tip(), tip);
    copy.check(&validators(), &AtomicBool::new(false)).unwrap();
    let stopped = copy.check(&validators(), &AtomicBool::new(true));
    assert!(matches!(stopped, Err(StoreError::Stopped)));
}

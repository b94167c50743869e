//! The state tree against a naive one, its proofs, and its older versions.

use deedbook_schemas::digest::StateRoot;
use deedbook_schemas::limits::STATE_VERSIONS_KEPT;
use deedbook_schemas::state_proof::{StateHash, StateKeyHash, StateLeaf, StateProof};

use super::*;

type State = BTreeMap<Vec<u8>, Vec<u8>>;

/// BLAKE3 of the 400 roots that `jmt` 0.12.0 computes for the history below with the hash and the places
/// of `state_proof`. A program of its own computed it: as a dependency, even of the tests, it would turn
/// on features of others.
const ROOTS_BY_JMT: &str = "1ecbd3e122b116314c0cd5969b43a7c26fd4a04c811d4b5e4b4a37055700a50f";

/// The root as `state_proof` defines it, from all keys at once.
fn naive_state_root(state: &State) -> StateRoot {
    let mut leaves: Vec<_> = state
        .iter()
        .map(|(key, value)| StateLeaf {
            key_hash: StateKeyHash::of(key),
            value_hash: StateHash::of_value(value),
        })
        .collect();
    leaves.sort_by_key(|leaf| leaf.key_hash);
    StateRoot(subtree(&leaves, 0).0)
}

fn subtree(leaves: &[StateLeaf], depth: usize) -> StateHash {
    match leaves {
        [] => StateHash(EMPTY_ROOT.0),
        [leaf] => leaf.hash(),
        _ => {
            let is_left =
                |leaf: &StateLeaf| leaf.key_hash.0[depth / 8] & (0x80 >> (depth % 8)) == 0;
            let (left, right) = leaves.split_at(leaves.partition_point(is_left));
            StateHash::of_node(&subtree(left, depth + 1), &subtree(right, depth + 1))
        }
    }
}

fn apply(state: &mut State, changes: &StateChanges) {
    for (key, value) in changes {
        match value {
            Some(value) => state.insert(key.clone(), value.clone()),
            None => state.remove(key),
        };
    }
}

fn changes(numbers: &mut Numbers, keys: u64, deletes: bool) -> StateChanges {
    (0..=numbers.below(12))
        .map(|_| {
            let key = format!("k/{}", numbers.below(keys)).into_bytes();
            let value = (!deletes || numbers.below(3) > 0).then(|| numbers.bytes(20));
            (key, value)
        })
        .collect()
}

#[test]
fn the_root_is_the_naive_one_through_a_history_of_insertions_and_deletions() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (mut numbers, mut state) = (Numbers(20), State::new());
    let mut roots = blake3::Hasher::new();
    for round in 0..400 {
        // Phases: few keys so that the tree empties and refills, then many; with and without
        // deletions, because they take different ways through the tree.
        let keys = if round % 100 < 40 { 4 } else { 500 };
        let changes = changes(&mut numbers, keys, round % 3 != 0);
        let tip = commit(&store, vec![], &changes);
        apply(&mut state, &changes);
        assert_eq!(tip.state_root, naive_state_root(&state), "round {round}");
        roots.update(&tip.state_root.0);
    }
    assert_eq!(roots.finalize().to_hex().as_str(), ROOTS_BY_JMT);
    for (key, value) in &state {
        assert_eq!(store.get(key).unwrap().as_ref(), Some(value));
    }
    let all: StateChanges = state.keys().map(|key| (key.clone(), None)).collect();
    assert_eq!(commit(&store, vec![], &all).state_root, EMPTY_ROOT);
    let refilled = commit(&store, vec![], &[put("again", "1")].into());
    assert_eq!(
        refilled.state_root,
        naive_state_root(&[(b"again".to_vec(), b"1".to_vec())].into())
    );
    store.verify_tip().unwrap();
}

#[test]
fn the_root_depends_on_the_state_and_not_on_the_order_of_insertion() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, other] = folders.each_ref().map(|folder| open(folder.path()));
    let keys: Vec<_> = (0..100)
        .map(|i| put(&format!("k{i}"), &i.to_string()))
        .collect();
    for change in &keys {
        commit(&one, vec![], &[change.clone()].into());
    }
    commit(&other, vec![], &keys.iter().rev().cloned().collect());
    assert_eq!(one.tip().state_root, other.tip().state_root);
    let before = one.tip().state_root;
    commit(&one, vec![], &[put("extra", "1")].into());
    assert_ne!(one.tip().state_root, before);
    commit(&one, vec![], &[(b"extra".to_vec(), None)].into());
    assert_eq!(one.tip().state_root, before);
}

#[test]
fn changes_that_change_nothing_make_no_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let tip = commit(&store, vec![], &[put("a", "1")].into());
    assert_eq!(tip.state_version, 1);
    let nothing = [put("a", "1"), (b"b".to_vec(), None)].into();
    let again = commit(&store, vec![], &nothing);
    assert_eq!((again.state_version, again.state_root), (1, tip.state_root));
}

#[test]
fn every_kept_version_proves_presence_and_absence_and_older_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (mut numbers, mut state) = (Numbers(21), State::new());
    let mut history = vec![(EMPTY_ROOT, state.clone())];
    while store.tip().state_version < STATE_VERSIONS_KEPT + 90 {
        let changes = changes(&mut numbers, 60, true);
        let before = store.tip().state_version;
        let tip = commit(&store, vec![], &changes);
        apply(&mut state, &changes);
        if tip.state_version > before {
            history.push((tip.state_root, state.clone()));
        }
    }
    let newest = store.tip().state_version;
    let oldest = newest - STATE_VERSIONS_KEPT;
    for version in oldest..=newest {
        let (root, state) = &history[usize::try_from(version).unwrap()];
        let found = store.state_version(root).unwrap();
        assert_eq!(found, Some(version), "the root of version {version}");
        for key in 0..70 {
            let key = format!("k/{key}").into_bytes();
            let (value, proof) = store.prove(version, &key).unwrap();
            assert_eq!(value.as_ref(), state.get(&key), "version {version}");
            proof.verify(root, &key, value.as_deref()).unwrap();
        }
    }
    assert!(matches!(
        store.prove(oldest - 1, b"k/1"),
        Err(StoreError::Pruned { .. })
    ));
    let (older, _) = &history[usize::try_from(oldest - 1).unwrap()];
    assert_eq!(store.state_version(older).unwrap(), None);
    assert!(matches!(
        store.prove(newest + 1, b"k/1"),
        Err(StoreError::Pruned { .. })
    ));
}

#[test]
fn pruning_leaves_no_more_nodes_than_the_kept_versions_need() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let count = |family| {
        let family = store.rocks.family(family).unwrap();
        store
            .rocks
            .db
            .iterator_cf(family, IteratorMode::Start)
            .count() as u64
    };
    for version in 0..4 * STATE_VERSIONS_KEPT {
        commit(&store, vec![], &[put("one", &version.to_string())].into());
    }
    // One leaf, which is the root: one node a version.
    assert_eq!(count(Family::Nodes), STATE_VERSIONS_KEPT + 1);
    assert_eq!(count(Family::Undo), STATE_VERSIONS_KEPT);
    assert_eq!(count(Family::Values), 1);
}

#[test]
fn a_mutated_proof_value_key_or_root_does_not_verify() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let all = (0..300)
        .map(|i| put(&format!("k{i}"), &format!("value {i}")))
        .collect();
    let tip = commit(&store, vec![], &all);
    for key in ["k7", "absent", "nowhere", "k299", "missing"] {
        let key = key.as_bytes();
        let (value, proof) = store.prove(tip.state_version, key).unwrap();
        proof
            .verify(&tip.state_root, key, value.as_deref())
            .unwrap();
        let bytes = proof.encode();
        for bit in 0..bytes.len() * 8 {
            let mut mutated = bytes.clone();
            mutated[bit / 8] ^= 1 << (bit % 8);
            let verdict = StateProof::decode(&mutated)
                .and_then(|proof| proof.verify(&tip.state_root, key, value.as_deref()));
            assert!(verdict.is_err(), "bit {bit}");
        }
        let other = if value.is_some() {
            None
        } else {
            Some(b"value".as_slice())
        };
        assert!(proof.verify(&tip.state_root, key, other).is_err());
        assert!(
            proof
                .verify(&tip.state_root, key, Some(b"another"))
                .is_err()
        );
        assert!(proof.verify(&EMPTY_ROOT, key, value.as_deref()).is_err());
        assert!(
            proof
                .verify(&tip.state_root, b"k8", value.as_deref())
                .is_err()
        );
    }
}

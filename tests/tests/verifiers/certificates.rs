//! Title certificates: those of the vectors under our keys, and states made anew of changed objects.

use deedbook_schemas::block::{BlockTime, Height, Seal};
use deedbook_schemas::digest::{StateRoot, ValidatorSetId};
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateKeyHash, StateLeaf};
use deedbook_schemas::state_receipt::{Kind, StateReceiptCheck};

use crate::cbor::Item;
use crate::log::{Log, SIGNERS, bytes_of, json_files};
use crate::states::made;

/// The second at which all is judged.
pub(crate) const NOW: u64 = 1_772_442_000;

/// A key of the state and what it holds.
pub(crate) type Object = (Vec<u8>, Option<Vec<u8>>);

/// The objects of every valid certificate of the vectors.
pub(crate) fn states() -> Vec<Vec<Object>> {
    let vectors = json_files("title-certificate");
    let valid = vectors.iter().filter_map(|file| file.as_array()).flatten();
    let titles = valid.filter(|vector| vector["kind"] == "title");
    titles.map(|vector| objects_of(&bytes_of(vector))).collect()
}

fn objects_of(certificate: &[u8]) -> Vec<Object> {
    let Some(Item::Array(parts)) = Item::read(certificate) else {
        panic!("a certificate is an array");
    };
    let Item::Array(objects) = &parts[3] else {
        panic!("its fourth part are objects");
    };
    let objects = objects.iter().map(|object| match object {
        Item::Array(object) => match (&object[0], &object[1]) {
            (Item::Bytes(key), Item::Bytes(value)) => (key.clone(), Some(value.clone())),
            (Item::Bytes(key), _) => (key.clone(), None),
            other => panic!("no object: {other:?}"),
        },
        other => panic!("no object: {other:?}"),
    });
    objects.collect()
}

/// Twenty states that differ in what they hold: those of the vectors, and others.
pub(crate) fn different_states() -> Vec<Vec<Object>> {
    let mut different: Vec<Vec<Object>> = Vec::new();
    for state in states().into_iter().chain((8..20).map(made)) {
        if !different.contains(&state) {
            different.push(state);
        }
    }
    assert!(different.len() >= 20, "{} states", different.len());
    different
}

/// Twenty certificates of twenty states, in registers and logs of many sizes.
pub(crate) fn certificates() -> Vec<Vec<u8>> {
    let states = different_states().into_iter().take(20).enumerate();
    states
        .map(|(turn, objects)| of(turn, Kind::Title, &objects))
        .collect()
}

/// Receipts of one object, which is or is not there.
pub(crate) fn state_receipts(count: usize) -> Vec<Vec<u8>> {
    let objects = different_states().into_iter().flatten().step_by(7);
    let receipts: Vec<_> = objects
        .take(count)
        .enumerate()
        .map(|(turn, object)| of(turn, Kind::Object, &[object]))
        .collect();
    assert_eq!(receipts.len(), count);
    receipts
}

fn of(turn: usize, kind: Kind, objects: &[Object]) -> Vec<u8> {
    let others = [20, 3, 100, 0, 50][turn % 5];
    let entries = [3, 6, 31, 200, 1, 12, 1_000][turn % 7];
    proving(
        kind,
        objects,
        SIGNERS[turn % SIGNERS.len()],
        others,
        entries,
    )
}

/// A certificate of a state that holds these objects and a few others.
pub(crate) fn certificate(objects: &[Object], signers: &[usize]) -> Vec<u8> {
    proving(Kind::Title, objects, signers, 20, 3)
}

/// A receipt of a state that holds these objects and `others`, in a log of `entries` and the seal.
pub(crate) fn proving(
    kind: Kind,
    objects: &[Object],
    signers: &[usize],
    others: u8,
    entries: u64,
) -> Vec<u8> {
    let others = (0..others).map(|other| (vec![b'x', other], vec![other; 40]));
    let held = objects
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
    let mut leaves: Vec<StateLeaf> = held
        .chain(others)
        .map(|(key, value)| StateLeaf {
            key_hash: StateKeyHash::of(&key),
            value_hash: StateHash::of_value(&value),
        })
        .collect();
    // A changed key may be one that is there already; the tree has each once.
    leaves.sort_by_key(|leaf| leaf.key_hash.0);
    leaves.dedup_by_key(|leaf| leaf.key_hash.0);
    let seal = Entry::Seal(Seal {
        height: Height(7),
        time: BlockTime(NOW * 1000 + 321),
        state_root: StateRoot(subtree(&leaves, 0).0),
        next_validators: ValidatorSetId([8; 32]),
        first_index: entries / 2,
    });
    let mut leaves_of_log: Vec<_> = (0..entries)
        .map(|entry| entry.to_be_bytes().to_vec())
        .collect();
    leaves_of_log.push(seal.encode());
    let log = Log::of(&leaves_of_log);
    let path = log
        .path(entries)
        .iter()
        .map(|hash| Item::Bytes(hash.0.to_vec()))
        .collect();
    let checkpoint = log.signed(signers).to_string().into_bytes();
    let proven = objects.iter().map(|(key, value)| {
        let value = value.clone().map_or(Item::Simple(22), Item::Bytes);
        Item::Array(vec![Item::Bytes(key.clone()), value, proof(&leaves, key)])
    });
    let parts = vec![
        Item::Uint(match kind {
            Kind::Title => 1,
            Kind::Object => 2,
        }),
        Item::Text(checkpoint),
        Item::Array(vec![
            Item::Uint(entries),
            Item::Array(path),
            Item::Bytes(seal.encode()),
        ]),
        Item::Array(proven.collect()),
    ];
    checked(Item::Array(parts))
}

/// The bytes of a certificate's parts with the check made anew: a fifth part is replaced or added.
pub(crate) fn checked(mut certificate: Item) -> Vec<u8> {
    if let Item::Array(parts) = &mut certificate {
        parts.truncate(4);
        parts.push(Item::Bytes(vec![0; StateReceiptCheck::LEN]));
    }
    let mut bytes = certificate.write();
    let StateReceiptCheck(check) = StateReceiptCheck::of(&bytes);
    let end = bytes.len() - check.len().min(bytes.len());
    bytes.truncate(end);
    bytes.extend(check);
    bytes
}

fn bit(key: &StateKeyHash, depth: usize) -> bool {
    key.0[depth / 8] & (0x80 >> (depth % 8)) != 0
}

/// Hash of the subtree of these leaves, which share their first `depth` bits.
fn subtree(leaves: &[StateLeaf], depth: usize) -> StateHash {
    match leaves {
        [] => StateHash(EMPTY_ROOT.0),
        [leaf] => leaf.hash(),
        _ => {
            let (left, right) = halves(leaves, depth);
            StateHash::of_node(&subtree(left, depth + 1), &subtree(right, depth + 1))
        }
    }
}

fn halves(leaves: &[StateLeaf], depth: usize) -> (&[StateLeaf], &[StateLeaf]) {
    leaves.split_at(leaves.partition_point(|leaf| !bit(&leaf.key_hash, depth)))
}

/// The proof of what a key holds, as CBOR.
fn proof(leaves: &[StateLeaf], key: &[u8]) -> Item {
    let place = StateKeyHash::of(key);
    let (mut here, mut siblings, mut depth) = (leaves, Vec::new(), 0);
    while here.len() > 1 {
        let (left, right) = halves(here, depth);
        let (on, beside) = if bit(&place, depth) {
            (right, left)
        } else {
            (left, right)
        };
        siblings.push(match subtree(beside, depth + 1) {
            StateHash(hash) if hash == EMPTY_ROOT.0 => Item::Simple(22),
            StateHash(hash) => Item::Bytes(hash.to_vec()),
        });
        (here, depth) = (on, depth + 1);
    }
    siblings.reverse();
    let siblings = (Item::Uint(1), Item::Array(siblings));
    let leaf = here.first().map(|leaf| {
        let hashes = [leaf.key_hash.0, leaf.value_hash.0].map(|hash| Item::Bytes(hash.to_vec()));
        (Item::Uint(0), Item::Array(hashes.to_vec()))
    });
    Item::Map(leaf.into_iter().chain([siblings]).collect())
}

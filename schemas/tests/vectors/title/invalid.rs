//! Files that prove nothing. Whatever covers a break is made anew (the proofs, the tree, the
//! signatures), so that nothing else is wrong.

#![allow(clippy::too_many_lines, reason = "each function is one table")]

use deedbook_schemas::checkpoint::{Checkpoint, SignedCheckpoint};
use deedbook_schemas::instrument::{Power, Status};
use deedbook_schemas::limits::STATE_RECEIPT_OBJECTS_MAX;
use deedbook_schemas::note::SignatureLine;
use deedbook_schemas::outcome::{Entry, Outcome};
use deedbook_schemas::state_proof::{EMPTY_ROOT, StateHash, StateProof};
use deedbook_schemas::state_receipt::{Kind, Object, SealProof, StateReceipt, StateReceiptCheck};
use deedbook_schemas::title_certificate::{instrument_key, party_key, power_key, title_key};

use super::valid::{ABSENT, CANCELLED, CLEAN, ENCUMBERED, id, keys_of_powers, power, state};
use super::world::{
    Log, QUORUM, State, VALIDATOR, cosignature, receipt, seal, secret, signed, stored,
};
use crate::common::cbor::Item;
use crate::people::{AGENT, BUYER, SELLER};

type File = (&'static str, &'static str, Vec<u8>);

const SIZE: u64 = 11;

/// The parts of a certificate that can each be broken.
#[derive(Clone)]
struct Parts {
    checkpoint: SignedCheckpoint,
    seal: SealProof,
    objects: Vec<Object>,
}

impl Parts {
    fn of(state: &State, keys: &[Vec<u8>]) -> Self {
        let log = Log::of(state, SIZE);
        Self {
            checkpoint: signed(&log.checkpoint(), &QUORUM),
            seal: log.proof(),
            objects: keys.iter().map(|key| state.prove(key)).collect(),
        }
    }

    fn build(self) -> Vec<u8> {
        StateReceipt::new(Kind::Title, &self.checkpoint, self.seal, self.objects).encode()
    }
}

/// Breaks a certificate's CBOR.
fn edit(bytes: &[u8], change: impl FnOnce(&mut Vec<Item>)) -> Vec<u8> {
    let mut whole = Item::read(bytes);
    change(whole.items());
    checked(whole.write())
}

/// The bytes with a check that fits them.
pub(super) fn checked(mut bytes: Vec<u8>) -> Vec<u8> {
    let check = StateReceiptCheck::of(&bytes);
    let end = bytes.len() - StateReceiptCheck::LEN;
    bytes[end..].copy_from_slice(&check.0);
    bytes
}

fn clean() -> Parts {
    Parts::of(&state(0), &[title_key(CLEAN)])
}

fn encumbered() -> Parts {
    Parts::of(
        &state(0),
        &[title_key(ENCUMBERED), instrument_key(&id("sale"))],
    )
}

pub(super) fn files() -> Vec<File> {
    let mut files = checkpoints();
    files.extend(seals());
    files.extend(objects());
    files.extend(meanings());
    files.extend(forms());
    files
}

fn checkpoints() -> Vec<File> {
    let resigned = |change: &dyn Fn(&mut SignedCheckpoint)| {
        let mut parts = clean();
        change(&mut parts.checkpoint);
        parts.build()
    };
    let of = |checkpoint: &Checkpoint| signed(checkpoint, &QUORUM);
    let line = |signed: &SignedCheckpoint, seed| {
        let text = signed.checkpoint.text();
        SignatureLine::sign_note(&signed.checkpoint.origin, &secret(seed), &text)
    };
    let other_ledger = |signed: &mut SignedCheckpoint| {
        signed.checkpoint.origin = "other.example/register".parse().unwrap();
        signed.signatures = of(&signed.checkpoint).signatures;
        signed.signatures[0] = line(signed, 99);
    };
    vec![
        (
            "foreign-origin",
            "the same tree in another log's name, signed by the same keys",
            resigned(&|signed| {
                signed.checkpoint.origin = "other.example/register".parse().unwrap();
                *signed = of(&signed.checkpoint);
            }),
        ),
        (
            "other-ledger",
            "another ledger's log, with a key of its own",
            resigned(&other_ledger),
        ),
        (
            "unknown-log-key",
            "the log's line is by a key that the policy does not name",
            resigned(&|signed| signed.signatures[0] = line(signed, 99)),
        ),
        (
            "too-few-cosignatures",
            "two of four validators",
            resigned(&|signed| drop(signed.signatures.pop())),
        ),
        (
            "validator-twice",
            "a validator's line is there twice",
            resigned(&|signed| signed.signatures.push(signed.signatures[1].clone())),
        ),
        (
            "spoiled-cosignature",
            "a fourth validator's line does not verify",
            resigned(&|signed| {
                let mut fourth = cosignature(&signed.checkpoint, VALIDATOR + 2);
                fourth.signature[70] ^= 1;
                signed.signatures.push(fourth);
            }),
        ),
        (
            "other-root",
            "the checkpoint is signed, and of another tree",
            resigned(&|signed| {
                signed.checkpoint.root.0[0] ^= 1;
                *signed = of(&signed.checkpoint);
            }),
        ),
        (
            "other-size",
            "the checkpoint is signed, with another size",
            resigned(&|signed| {
                signed.checkpoint.size += 1;
                *signed = of(&signed.checkpoint);
            }),
        ),
        (
            "extension-line",
            "the checkpoint has a fourth line",
            edit(&clean().build(), |parts| {
                let Item::Text(text) = &mut parts[1] else {
                    panic!("a checkpoint is text")
                };
                *text = text.replacen("\n\n", "\nmore\n\n", 1);
            }),
        ),
    ]
}

fn seals() -> Vec<File> {
    let sealed = |entry: Vec<u8>, path_of: u64| {
        let state = state(0);
        let log = Log { size: SIZE, entry };
        let mut parts = Parts::of(&state, &[title_key(CLEAN)]);
        parts.checkpoint = signed(&log.checkpoint(), &QUORUM);
        parts.seal = log.proof();
        parts.seal.index = path_of;
        parts.build()
    };
    let root = state(0).root();
    let entry = |first_index| Entry::Seal(seal(root, first_index)).encode();
    let outcome = Entry::Outcome(Outcome {
        record: id("sale"),
        status: Status::Registered,
        codes: Vec::new(),
        title_version: None,
    });
    let mut earlier = clean();
    // Leaf 1 of 2 is in the tree of 2 leaves, and no longer the last one of 3.
    let two = Log {
        size: 2,
        entry: entry(0),
    };
    let mut three = two.checkpoint();
    three.size = 3;
    three.root = deedbook_schemas::merkle::node_hash(
        &three.root,
        &deedbook_schemas::merkle::leaf_hash(b"\xd2a later record"),
    );
    let mut path = two.path();
    path.push(deedbook_schemas::merkle::leaf_hash(b"\xd2a later record"));
    earlier.checkpoint = signed(&three, &QUORUM);
    earlier.seal = SealProof {
        index: 1,
        path,
        entry: two.entry.clone().into(),
    };
    let mut long_path = clean();
    long_path
        .seal
        .path
        .push(deedbook_schemas::merkle::leaf_hash(b""));
    vec![
        (
            "wrong-seal-index",
            "the seal's leaf index is not the last",
            sealed(entry(8), 9),
        ),
        (
            "seal-index-beyond-the-tree",
            "the seal's leaf index is the tree's size",
            sealed(entry(8), SIZE),
        ),
        (
            "largest-seal-index",
            "the seal's leaf index is 2^64 - 1",
            sealed(entry(8), u64::MAX),
        ),
        (
            "seal-of-an-earlier-block",
            "the seal is in the tree, with records behind it",
            earlier.build(),
        ),
        (
            "last-leaf-is-an-outcome",
            "the last leaf is an outcome",
            sealed(outcome.encode(), SIZE - 1),
        ),
        (
            "last-leaf-is-a-record",
            "the last leaf begins like a record",
            sealed(vec![0xd2, 0x84, 0x40], SIZE - 1),
        ),
        (
            "seal-that-begins-later",
            "the block would begin behind its own seal",
            sealed(entry(SIZE), SIZE - 1),
        ),
        (
            "seal-with-a-byte-more",
            "the seal is followed by a byte",
            sealed([entry(8), vec![0]].concat(), SIZE - 1),
        ),
        (
            "path-too-long",
            "the inclusion path has a hash too many",
            long_path.build(),
        ),
        (
            "seal-of-another-state",
            "the seal is of another state than the objects",
            {
                let mut other = state(0);
                other.values.remove(&title_key(CANCELLED));
                let mut parts = Parts::of(&other, &[title_key(CLEAN)]);
                parts.objects = clean().objects;
                parts.build()
            },
        ),
    ]
}

fn objects() -> Vec<File> {
    let edited = |change: &dyn Fn(&mut Vec<Object>)| {
        let mut parts = encumbered();
        change(&mut parts.objects);
        parts.build()
    };
    let items = |change: &dyn Fn(&mut Vec<Item>)| {
        edit(&encumbered().build(), |parts| change(parts[3].items()))
    };
    let other = state(0).prove(&title_key(CLEAN));
    vec![
        (
            "swapped-objects",
            "the objects are not in order",
            items(&|objects| objects.swap(0, 1)),
        ),
        (
            "object-twice",
            "the title is there twice",
            items(&|objects| objects.push(objects[1].clone())),
        ),
        (
            "no-objects",
            "the list of objects is empty",
            items(&|objects| objects.clear()),
        ),
        (
            "too-many-objects",
            "more objects than allowed",
            edited(&|objects| {
                let one = Object {
                    key: Vec::new().into(),
                    value: None,
                    proof: StateProof {
                        leaf: None,
                        siblings: Vec::new(),
                    },
                };
                *objects = vec![one; STATE_RECEIPT_OBJECTS_MAX + 1];
            }),
        ),
        (
            "other-value",
            "the title's value is that of another title, the proof is its own",
            edited(&|objects| objects[0].value.clone_from(&other.value)),
        ),
        (
            "other-proof",
            "the title's proof is that of another title",
            edited(&|objects| objects[0].proof = other.proof.clone()),
        ),
        (
            "other-value-and-proof",
            "value and proof are those of another title",
            edited(&|objects| {
                objects[0].proof = other.proof.clone();
                objects[0].value.clone_from(&other.value);
            }),
        ),
        (
            "absence-claimed",
            "the title is there, and is said to be absent",
            edited(&|objects| objects[0].value = None),
        ),
        (
            "absence-by-another-leaf",
            "the title is said to be absent, by the path of another one",
            edited(&|objects| {
                objects[0].value = None;
                objects[0].proof = other.proof.clone();
            }),
        ),
        (
            "presence-claimed",
            "a property that is absent is said to have a title",
            {
                let mut parts = Parts::of(&state(0), &[title_key(ABSENT)]);
                parts.objects[0].value.clone_from(&other.value);
                parts.build()
            },
        ),
        (
            "empty-side-spelled-out",
            "an empty side of the path is given as a hash",
            edited(&|objects| {
                let siblings = &mut objects[0].proof.siblings;
                let empty = siblings.iter_mut().find(|hash| hash.is_none());
                match empty {
                    Some(hash) => *hash = Some(StateHash(EMPTY_ROOT.0)),
                    None => siblings.insert(0, Some(StateHash(EMPTY_ROOT.0))),
                }
            }),
        ),
        (
            "sibling-missing",
            "a hash of the path is missing",
            edited(&|objects| {
                objects[0].proof.siblings.pop();
            }),
        ),
        (
            "path-deeper-than-the-tree",
            "the state path has 257 hashes",
            edited(&|objects| objects[0].proof.siblings.resize(257, None)),
        ),
    ]
}

/// Proven objects that are not those of one title.
fn meanings() -> Vec<File> {
    let plain = state(0);
    let of = |keys: &[Vec<u8>]| Parts::of(&plain, keys).build();
    let with = |change: &dyn Fn(&mut State), keys: &[Vec<u8>]| {
        let mut state = plain.clone();
        change(&mut state);
        Parts::of(&state, keys).build()
    };
    let put =
        |state: &mut State, key: Vec<u8>, value: Vec<u8>| drop(state.values.insert(key, value));
    let clean_and = |more: &[Vec<u8>]| [&[title_key(CLEAN)], more].concat();
    let about = keys_of_powers(&["power"]);
    let without = |gone: &[u8]| {
        let keys = clean_and(&about);
        let kept: Vec<_> = keys.into_iter().filter(|key| key != gone).collect();
        of(&kept)
    };
    let sub_only = [
        power_key(&id("sub-power")),
        party_key(&SELLER.id),
        party_key(&BUYER.id),
    ];
    let mut bad_title = plain.values[&title_key(CLEAN)].clone();
    bad_title.push(0);
    let chain: Vec<String> = (0..6).map(|link| format!("link {link}")).collect();
    let chained = |state: &mut State| {
        for (index, name) in chain.iter().enumerate() {
            let link = Power {
                parent: chain.get(index + 1).map(|above| id(above)),
                notarised: Some(id("notarisation")),
                ..power(AGENT.id)
            };
            put(state, power_key(&id(name)), stored(&link));
        }
    };
    let links: Vec<_> = chain.iter().map(|name| power_key(&id(name))).collect();
    let sides = [party_key(&SELLER.id), party_key(&AGENT.id)];
    vec![
        ("no-title", "no object is a title", of(&about)),
        (
            "two-titles",
            "two objects are titles",
            of(&clean_and(&[title_key(ABSENT)])),
        ),
        (
            "without-the-slot-s-instrument",
            "the instrument in the title's slot is missing",
            of(&[title_key(ENCUMBERED)]),
        ),
        (
            "slot-s-instrument-absent",
            "the instrument in the title's slot is proven to be absent",
            with(
                &|state| drop(state.values.remove(&instrument_key(&id("sale")))),
                &[title_key(ENCUMBERED), instrument_key(&id("sale"))],
            ),
        ),
        (
            "without-the-principal",
            "the power's principal is missing",
            without(&party_key(&SELLER.id)),
        ),
        (
            "without-the-agent",
            "the power's agent is missing",
            without(&party_key(&AGENT.id)),
        ),
        (
            "without-the-parent-power",
            "the power that a sub-power is part of is missing",
            of(&clean_and(&sub_only)),
        ),
        (
            "parent-power-absent",
            "the power that a sub-power is part of is proven to be absent",
            with(
                &|state| drop(state.values.remove(&power_key(&id("power")))),
                &clean_and(&[&sub_only[..], &[power_key(&id("power"))]].concat()),
            ),
        ),
        (
            "a-stranger-s-party",
            "a party that no power here names",
            of(&clean_and(&[party_key(&BUYER.id)])),
        ),
        (
            "another-instrument",
            "an instrument that the title does not name",
            of(&clean_and(&[instrument_key(&id("sale"))])),
        ),
        (
            "another-prefix",
            "an object of another kind",
            of(&clean_and(&[[b"C".as_slice(), &id("consent").0].concat()])),
        ),
        (
            "short-power-id",
            "a power's key of 31 bytes",
            of(&clean_and(&[vec![b'W'; 32]])),
        ),
        ("empty-key", "a key of no bytes", of(&clean_and(&[vec![]]))),
        (
            "title-key-alone",
            "a title without a cadastral number",
            of(&[b"T".to_vec()]),
        ),
        (
            "title-key-not-text",
            "a cadastral number that is no text",
            of(&[b"T\xff\xfe".to_vec()]),
        ),
        (
            "title-key-too-long",
            "a cadastral number of 65 bytes",
            of(&[title_key(&"7A-".repeat(22)[..65])]),
        ),
        (
            "title-does-not-read",
            "the title's value is followed by a byte",
            with(
                &|state| put(state, title_key(CLEAN), bad_title.clone()),
                &[title_key(CLEAN)],
            ),
        ),
        (
            "power-does-not-read",
            "a power's key holds a title",
            with(
                &|state| {
                    let title = state.values[&title_key(CLEAN)].clone();
                    put(state, power_key(&id("power")), title);
                },
                &clean_and(&[power_key(&id("power"))]),
            ),
        ),
        (
            "chain-too-long",
            "a power with five powers above it",
            with(&chained, &clean_and(&[&links[..], &sides[..]].concat())),
        ),
    ]
}

/// Bytes that are not of the form.
fn forms() -> Vec<File> {
    let bytes = clean().build();
    let object = receipt(Kind::Object, &state(0), SIZE, &[title_key(CLEAN)], &QUORUM);
    let changed = |change: &dyn Fn(&mut Vec<Item>)| edit(&bytes, |parts| change(parts));
    let mut long_head = vec![0x98, 0x05];
    long_head.extend_from_slice(&bytes[1..]);
    let long_head = checked(long_head);
    vec![
        ("empty", "no bytes", Vec::new()),
        (
            "truncated",
            "the last byte is missing",
            bytes[..bytes.len() - 1].to_vec(),
        ),
        (
            "a-byte-more",
            "a byte behind the end",
            [bytes.as_slice(), &[0]].concat(),
        ),
        (
            "long-head",
            "the array's head is not the shortest",
            long_head,
        ),
        (
            "state-receipt-of-one-object",
            "a state receipt of kind 2",
            object.encode(),
        ),
        (
            "kind-3",
            "a kind that is not defined",
            changed(&|parts| parts[0] = Item::Uint(3)),
        ),
        (
            "a-sixth-part",
            "an array of six",
            changed(&|parts| parts.insert(4, Item::Uint(0))),
        ),
        (
            "no-check",
            "an array of four",
            Item::Array(Item::read(&bytes).items()[..4].to_vec()).write(),
        ),
        (
            "wrong-check",
            "the check does not fit",
            [&bytes[..bytes.len() - 1], &[bytes[bytes.len() - 1] ^ 1]].concat(),
        ),
        (
            "checkpoint-as-bytes",
            "the checkpoint is a byte string",
            changed(&|parts| {
                let Item::Text(text) = parts[1].clone() else {
                    panic!("a checkpoint is text")
                };
                parts[1] = Item::Bytes(text.into_bytes());
            }),
        ),
    ]
}

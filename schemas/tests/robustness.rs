//! What the codec does with bytes that nobody meant: it refuses them, or they are the one encoding
//! of what they say. It never panics, and never gives one id to two things.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod common;

use common::Valid;
use deedbook_schemas::block::{Block, Certificate, Header};
use deedbook_schemas::cose::{Statement, StatementHeader};
use deedbook_schemas::cose_receipt::CoseReceipt;
use deedbook_schemas::encoding::{decode, encode};
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::limits::{BLOCK_BYTES_MAX, GENESIS_BYTES_MAX, RECORD_BYTES_MAX};
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::record::{Record, SignedAttestation};
use deedbook_schemas::transparent::TransparentStatement;

/// Decodes bytes as a kind and encodes what they mean; `None` if they are refused.
fn again(kind: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match kind {
        "attestation" => SignedAttestation::decode(bytes).ok().map(|signed| {
            let mut statement = signed.statement;
            statement.payload = encode(&signed.attestation);
            statement.encode()
        }),
        "entry" => Entry::decode(bytes).ok().map(|entry| entry.encode()),
        "header" => decode::<Header>(bytes, BLOCK_BYTES_MAX)
            .ok()
            .map(|header| encode(&header)),
        "certificate" => decode::<Certificate>(bytes, BLOCK_BYTES_MAX)
            .ok()
            .map(|certificate| encode(&certificate)),
        "genesis" => decode::<Genesis>(bytes, GENESIS_BYTES_MAX)
            .ok()
            .map(|genesis| encode(&genesis)),
        "block" => Block::decode(bytes).ok().map(|block| block.encode()),
        "cose-receipt" => CoseReceipt::decode(bytes)
            .ok()
            .map(|receipt| receipt.encode()),
        "transparent-statement" => TransparentStatement::decode(bytes)
            .ok()
            .map(|transparent| transparent.encode()),
        _ => Record::decode(bytes).ok().map(|record| {
            let draft = draft_of(&record);
            let attestation = record.attestation.map(|signed| signed.statement.encode());
            let StatementHeader { key, .. } = record.statement.header;
            draft.with_signature(key, attestation.as_deref(), record.statement.signature)
        }),
    }
}

fn draft_of(record: &Record) -> deedbook_schemas::record::Draft {
    deedbook_schemas::record::Draft {
        ledger: record.ledger,
        issuer: record.issuer(),
        subject: record.subject().to_owned(),
        issued_at: record.statement.header.issued_at,
        nonce: record.nonce,
        body: record.body.clone(),
        evidence: record.evidence.clone(),
    }
}

/// Either refused, or exactly the bytes of what it means.
fn assert_one_encoding(vector: &Valid, bytes: &[u8]) {
    if let Some(encoded) = again(&vector.kind, bytes) {
        assert_eq!(hex::encode(encoded), hex::encode(bytes), "{}", vector.name);
    }
}

/// A counter-based generator: the same bytes in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

#[test]
fn every_single_bit_flip_is_refused_or_means_what_it_says() {
    for vector in common::valid() {
        let bytes = vector.bytes();
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[index] ^= 1 << bit;
                assert_one_encoding(&vector, &flipped);
            }
        }
    }
}

#[test]
fn no_flipped_byte_of_a_record_leaves_both_its_id_and_its_signatures_whole() {
    for vector in common::valid().iter().filter(|vector| vector.is_record()) {
        let bytes = vector.bytes();
        for index in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[index] ^= 1;
            if let Ok(record) = Record::decode(&flipped) {
                assert!(!record.verify(), "{} at {index}", vector.name);
                let in_signature = index >= bytes.len() - 64;
                let same_id = Some(record.id.to_string()) == vector.id;
                assert_eq!(same_id, in_signature, "{} at {index}", vector.name);
            }
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    for vector in common::valid() {
        let bytes = vector.bytes();
        for length in 0..bytes.len() {
            let decoded = again(&vector.kind, &bytes[..length]);
            let entry_record = vector.kind == "entry" && decoded.is_some();
            assert!(
                decoded.is_none() || entry_record,
                "{} {length}",
                vector.name
            );
        }
    }
}

#[test]
fn random_mutations_are_refused_or_mean_what_they_say() {
    let mut random = Random(2026);
    let vectors = common::valid();
    for vector in &vectors {
        let good = vector.bytes();
        for _ in 0..2_000 {
            let mut bytes = good.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                match random.below(5) {
                    0 => bytes[at] = random.byte(),
                    1 => bytes.insert(at, random.byte()),
                    2 => drop(bytes.remove(at)),
                    3 => {
                        let donor = vectors[random.below(vectors.len())].bytes();
                        let from = random.below(donor.len());
                        let length = random.below(donor.len() - from).min(64);
                        bytes.splice(at..at, donor[from..from + length].iter().copied());
                    }
                    _ => {
                        let end = at + random.below(bytes.len() - at).min(16);
                        let copy = bytes[at..end].to_vec();
                        bytes.splice(at..at, copy);
                    }
                }
            }
            assert_one_encoding(vector, &bytes);
        }
    }
}

/// The payload of a record may be mutated without breaking its frame: this reaches the bodies.
#[test]
fn random_payloads_in_a_sound_envelope_are_refused_or_mean_what_they_say() {
    let mut random = Random(9052);
    for vector in common::valid().iter().filter(|vector| vector.is_record()) {
        let good = Statement::decode(&vector.bytes()).unwrap();
        for _ in 0..4_000 {
            let mut statement = good.clone();
            let at = random.below(statement.payload.len());
            match random.below(3) {
                0 => statement.payload[at] = random.byte(),
                1 => statement.payload.insert(at, random.byte()),
                _ => drop(statement.payload.remove(at)),
            }
            assert_one_encoding(vector, &statement.encode());
        }
    }
}

#[test]
fn a_payload_under_another_content_type_is_refused_or_another_record_that_does_not_verify() {
    let valid = common::valid();
    let records: Vec<_> = valid.iter().filter(|vector| vector.is_record()).collect();
    for vector in &records {
        for other in &records {
            if vector.kind == other.kind {
                continue;
            }
            let mut statement = Statement::decode(&vector.bytes()).unwrap();
            statement.header.kind.clone_from(&other.kind);
            if let Ok(record) = Record::decode(&statement.encode()) {
                let context = format!("{} as {}", vector.name, other.kind);
                assert_ne!(Some(record.id.to_string()), vector.id, "{context}");
                assert!(!record.verify(), "{context}");
            }
        }
    }
}

#[test]
fn no_kind_of_bytes_is_read_as_another() {
    let valid = common::valid();
    let frames = [
        "attestation",
        "entry",
        "header",
        "block",
        "certificate",
        "genesis",
        "cose-receipt",
        "transparent-statement",
        "record",
    ];
    // An entry that begins as a statement does is one; its form is looked at elsewhere.
    let statements = [
        "record",
        "attestation",
        "cose-receipt",
        "transparent-statement",
    ];
    for vector in &valid {
        let own = if vector.is_record() {
            "record"
        } else {
            &vector.kind
        };
        for frame in frames {
            let logged = frame == "entry" && statements.contains(&own);
            if frame != own && !logged {
                assert!(
                    again(frame, &vector.bytes()).is_none(),
                    "{} as {frame}",
                    vector.name
                );
            }
        }
    }
}

#[test]
fn announced_lengths_and_deep_nesting_cost_nothing_and_are_refused() {
    let huge = [0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let mut hostile: Vec<Vec<u8>> = Vec::new();
    for major in [0x40u8, 0x60, 0x80, 0xa0, 0xc0] {
        let mut head = huge.to_vec();
        head[0] |= major;
        hostile.push(head);
    }
    for nest in [
        [0x81, 0x81],
        [0x9f, 0x9f],
        [0xbf, 0x00],
        [0xa1, 0x00],
        [0xd2, 0xd2],
        [0x82, 0x9f],
    ] {
        hostile.push(nest.repeat(RECORD_BYTES_MAX / 2 - 200));
    }
    let valid = common::valid();
    for vector in valid.iter().filter(|vector| vector.is_record()) {
        let good = Statement::decode(&vector.bytes()).unwrap();
        for junk in &hostile {
            assert!(again(&vector.kind, junk).is_none());
            // As the value of an unknown key, which a lenient decoder skips.
            let entries = good.payload[0] + 1;
            let unknown = [&[entries], &good.payload[1..], &[0x18, 99], junk].concat();
            for payload in [junk.clone(), unknown] {
                let mut statement = good.clone();
                statement.payload = payload;
                assert!(
                    again(&vector.kind, &statement.encode()).is_none(),
                    "{}",
                    vector.name
                );
            }
        }
    }
}

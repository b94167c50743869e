//! Receipts in their compact form: the same receipt, small enough for one QR code.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::carried::Carried;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::compact_receipt::{compact, expand};
use deedbook_schemas::digest::{RecordId, TreeHash};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::QR_BYTES_MAX;
use deedbook_schemas::merkle::{leaf_hash, node_hash};
use deedbook_schemas::note::SignatureLine;
use deedbook_schemas::outcome::{Entry, Outcome};
use deedbook_schemas::receipt::Receipt;
use serde_json::Value;

use crate::network::{LOG, ORIGIN, VALIDATORS, name, network, secret, signed};

/// A receipt at the end of a log of 2^27 leaves, cosigned by three, of which only the hashes on the
/// path are known.
fn large(carried: &Carried) -> Receipt {
    let path: Vec<TreeHash> = (0..27u8).map(|level| leaf_hash(&[level])).collect();
    let root = path.iter().fold(leaf_hash(carried.entry()), |hash, left| {
        node_hash(left, &hash)
    });
    let checkpoint = Checkpoint {
        origin: name(ORIGIN),
        size: 1 << 27,
        root,
    };
    let log = SignatureLine::sign_note(&checkpoint.origin, &secret(LOG), &checkpoint.text());
    let lines = (0..3u8).map(|seed| {
        let validator = name(VALIDATORS[usize::from(seed)]);
        let time = Seconds(1_790_000_000);
        Cosignature::sign(&validator, &secret(seed), &checkpoint, time).to_line()
    });
    let signatures = std::iter::once(log).chain(lines).collect();
    let signed = SignedCheckpoint {
        checkpoint,
        signatures,
    };
    Receipt::new(carried.encode(), (1 << 27) - 1, path, signed)
}

/// A record of the golden vectors, and its id.
fn record(name: &str) -> (Vec<u8>, RecordId) {
    let path = format!("{}/vectors/valid/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let vector: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |field: &str| vector[field].as_str().unwrap().to_owned();
    (
        hex::decode(text("hex")).unwrap(),
        text("id").parse().unwrap(),
    )
}

fn with_outcome(name: &str) -> Carried {
    let (bytes, record) = record(name);
    let outcome = Outcome {
        record,
        status: Status::Registered,
        codes: Vec::new(),
        title_version: Some(2),
    };
    Carried::new(Entry::Outcome(outcome).encode(), Some(bytes))
}

#[test]
fn a_typical_act_s_receipt_at_2_to_the_27_leaves_fits_one_qr_code() {
    let act = Carried::new(record("act-disponor").0, None);
    let kinds = [
        ("act", act),
        ("sale and its outcome", with_outcome("transfer-sale")),
        ("mortgage and its outcome", with_outcome("mortgage")),
        ("power and its outcome", with_outcome("power-of-attorney")),
        ("consent and its outcome", with_outcome("spousal-consent")),
    ];
    for (name, carried) in kinds {
        let receipt = large(&carried);
        receipt.verify(carried.entry(), &network()).unwrap();
        let (text, compact) = (receipt.to_string(), compact(&receipt));
        eprintln!(
            "{name}: record {} bytes, .tlog-proof {}, compact {}",
            carried.record().unwrap_or(carried.entry()).len(),
            text.len(),
            compact.len()
        );
        assert!(compact.len() <= QR_BYTES_MAX, "{name}: {}", compact.len());
        assert_eq!(expand(&compact).unwrap().to_string(), text, "{name}");
    }
    let text = large(&Carried::new(record("act-disponor").0, None)).to_string();
    assert!(text.len() <= QR_BYTES_MAX, "{}", text.len());
}

fn small(extra: &[u8], cosigners: &[u8]) -> Receipt {
    let hashes = vec![leaf_hash(b"a"), leaf_hash(b"b")];
    Receipt::new(extra.to_vec(), 5, hashes, signed(cosigners))
}

#[test]
fn a_compact_receipt_expands_to_the_very_bytes_it_was_made_from() {
    for receipt in [
        small(b"", &[0]),
        small(b"x", &[0, 1, 2, 3]),
        Receipt::new(Vec::new(), 0, Vec::new(), signed(&[2])),
    ] {
        let expanded = expand(&compact(&receipt)).unwrap();
        assert_eq!(expanded.to_string(), receipt.to_string());
        assert_eq!(expanded, receipt);
    }
}

#[test]
fn no_two_compact_forms_expand_to_one_receipt() {
    let receipt = small(b"carried", &[0, 1, 2]);
    let bytes = compact(&receipt);
    let mut others = 0;
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1 << bit;
            let Ok(other) = expand(&flipped) else {
                continue;
            };
            others += 1;
            assert_ne!(other.to_string(), receipt.to_string(), "{position}.{bit}");
            assert_eq!(compact(&other), flipped, "{position}.{bit}");
        }
    }
    assert!(others > 0, "a flipped signature is still a compact receipt");
    for cut in 0..bytes.len() {
        assert!(expand(&bytes[..cut]).is_err(), "{cut} bytes");
    }
    assert!(expand(&[bytes.as_slice(), &[0]].concat()).is_err());
    // The origin's name spelled out, an empty extra, a path of 31 bytes.
    let spelled = bytes_with(&bytes, &[0x82, 0xf6], &origin_spelled_out());
    assert!(expand(&spelled).is_err());
    let mut empty_extra = compact(&small(b"", &[0]));
    empty_extra[0] += 1;
    empty_extra.push(0x40);
    assert!(expand(&empty_extra).is_err());
}

fn origin_spelled_out() -> Vec<u8> {
    let length = u8::try_from(ORIGIN.len()).unwrap();
    [&[0x82, 0x60 | length], ORIGIN.as_bytes()].concat()
}

/// The bytes with the first `from` replaced.
fn bytes_with(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(from.len())
        .position(|window| window == from)
        .unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

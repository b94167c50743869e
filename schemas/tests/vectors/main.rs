//! Golden vectors: they are made here, deterministically, and every test run makes them anew and
//! compares. After an intended change of a format, write them with
//! `cargo test --release -p deedbook-schemas --test vectors -- --ignored write`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

#[path = "../common/mod.rs"]
mod common;
mod invalid;
mod people;
mod valid;

use std::collections::{BTreeMap, BTreeSet};

use common::{Invalid, Valid};
use deedbook_schemas::block::{Block, BlockError, Certificate, Header};
use deedbook_schemas::encoding::{DecodeError, decode, encode};
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::limits::{BLOCK_BYTES_MAX, GENESIS_BYTES_MAX, SECONDS_MAX};
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::record::{Draft, Record, SignedAttestation};
use deedbook_schemas::rejection::Code;

/// How the codec refuses bytes of a kind; `None` if it decodes them and their signatures verify.
fn refusal(kind: &str, bytes: &[u8]) -> Option<&'static str> {
    let signature = |verifies: bool| if verifies { None } else { Some("signature") };
    let decoded = match kind {
        "attestation" => {
            SignedAttestation::decode(bytes).map(|signed| signature(signed.statement.verifies()))
        }
        "entry" => match Entry::decode(bytes) {
            Ok(Entry::Record(_)) => Err(DecodeError::Malformed("a record".to_owned())),
            other => other.map(|_| None),
        },
        "header" => decode::<Header>(bytes, BLOCK_BYTES_MAX).map(|_| None),
        "certificate" => decode::<Certificate>(bytes, BLOCK_BYTES_MAX).map(|_| None),
        "genesis" => decode::<Genesis>(bytes, GENESIS_BYTES_MAX).map(|_| None),
        "block" => match Block::decode(bytes) {
            Ok(_) => Ok(None),
            Err(BlockError::Decode(error)) => Err(error),
            Err(BlockError::Records) => return Some("too_long"),
        },
        _ => Record::decode(bytes).map(|record| signature(record.verify())),
    };
    match decoded {
        Ok(refusal) => refusal,
        Err(DecodeError::TooLong { .. }) => Some("too_long"),
        Err(DecodeError::Malformed(_)) => Some("malformed"),
        Err(DecodeError::NotCanonical) => Some("not_canonical"),
    }
}

/// The invalid vectors, by file: of every kind, its first valid vector broken; of civil status,
/// every fact.
fn invalid_by_file(valid: &[Valid]) -> BTreeMap<String, Vec<Invalid>> {
    let names = [
        "accreditation",
        "enrolment",
        "civil-status-marriage",
        "civil-status-division",
        "first-registration",
        "power-of-attorney",
        "spousal-consent",
        "revocation",
        "transfer-sale",
        "act-disponor",
        "withdrawal",
        "attestation",
        "outcome-refused",
        "seal",
        "header",
        "block",
        "certificate",
        "genesis",
    ];
    let broken = |name: &str| {
        let vector = valid.iter().find(|vector| vector.name == name).unwrap();
        (name.to_owned(), invalid::broken(vector))
    };
    names.into_iter().map(broken).collect()
}

fn valid_by_name(vectors: Vec<Valid>) -> BTreeMap<String, Valid> {
    vectors
        .into_iter()
        .map(|vector| (vector.name.clone(), vector))
        .collect()
}

#[test]
#[ignore = "writes the files that the other tests compare with"]
fn write() {
    for folder in ["valid", "invalid"] {
        let folder = common::folder(folder);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(&folder).unwrap();
    }
    let put = |folder: &str, name: &str, mut json: String| {
        json.push('\n');
        std::fs::write(common::folder(folder).join(format!("{name}.json")), json).unwrap();
    };
    let valid = valid::vectors();
    for (name, vectors) in invalid_by_file(&valid) {
        put(
            "invalid",
            &name,
            serde_json::to_string_pretty(&vectors).unwrap(),
        );
    }
    for vector in valid {
        put(
            "valid",
            &vector.name,
            serde_json::to_string_pretty(&vector).unwrap(),
        );
    }
}

#[test]
fn the_files_are_what_this_code_makes() {
    let made = valid::vectors();
    let invalid: Vec<_> = invalid_by_file(&made).into_values().flatten().collect();
    assert!(
        invalid == common::invalid(),
        "invalid vectors differ: write them anew"
    );
    let made = valid_by_name(made);
    let kept = valid_by_name(common::valid());
    assert_eq!(
        made.keys().collect::<BTreeSet<_>>(),
        kept.keys().collect::<BTreeSet<_>>()
    );
    for (name, vector) in &made {
        assert_eq!(Some(vector), kept.get(name), "{name}");
    }
}

#[test]
fn every_valid_vector_decodes_verifies_and_encodes_to_its_bytes() {
    for vector in common::valid() {
        let bytes = vector.bytes();
        assert_eq!(refusal(&vector.kind, &bytes), None, "{}", vector.name);
        if vector.is_record() {
            let record = Record::decode(&bytes).unwrap();
            assert_eq!(record.statement.encode(), bytes, "{}", vector.name);
            assert_eq!(Some(record.id.to_string()), vector.id);
            let signed = hex::encode(record.statement.to_be_signed());
            assert_eq!(Some(signed), vector.to_be_signed);
        }
    }
}

#[test]
fn the_json_draft_of_every_record_gives_its_bytes() {
    for vector in common::valid().iter().filter(|vector| vector.is_record()) {
        let draft: Draft = serde_json::from_value(vector.content.clone()).unwrap();
        let record = Record::decode(&vector.bytes()).unwrap();
        let attestation = record
            .attestation
            .as_ref()
            .map(|signed| signed.statement.encode());
        let key = record.statement.header.key;
        let signature = record.statement.signature;
        let joined = draft.with_signature(key, attestation.as_deref(), signature);
        assert_eq!(hex::encode(joined), vector.hex, "{}", vector.name);
        assert_eq!(draft.act_digest(key), record.act_digest, "{}", vector.name);
        if let Some(signed) = &record.attestation {
            assert_eq!(
                signed.attestation.nonce, record.act_digest,
                "{}",
                vector.name
            );
        }
    }
}

#[test]
fn a_draft_with_a_misspelt_field_is_no_draft() {
    let valid = common::valid();
    for vector in valid.iter().filter(|vector| vector.is_record()) {
        for place in ["", "/body"] {
            let mut draft = vector.content.clone();
            let object = draft.pointer_mut(place).unwrap().as_object_mut().unwrap();
            object.insert("evidense".to_owned(), serde_json::Value::Null);
            let refused = serde_json::from_value::<Draft>(draft).is_err();
            assert!(refused, "{} {place}", vector.name);
        }
    }
}

#[test]
fn a_time_after_the_year_9999_is_refused_wherever_it_stands() {
    let valid = valid_by_name(common::valid());
    let places = [
        ("civil-status-marriage", "/body/from"),
        ("civil-status-death", "/body/at"),
        ("first-registration", "/body/holdings/1/acquired"),
        ("power-of-attorney", "/body/issued"),
        ("power-of-attorney", "/body/starts"),
        ("power-of-attorney", "/body/expires"),
        ("spousal-consent", "/body/expires"),
        ("act-disponor", "/evidence/started"),
        ("withdrawal", "/issued_at"),
    ];
    for (name, place) in places {
        for (time, accepted) in [
            (SECONDS_MAX, true),
            (SECONDS_MAX + 1, false),
            (u64::MAX, false),
        ] {
            let mut draft = valid[name].content.clone();
            *draft.pointer_mut(place).unwrap() = time.into();
            let draft: Draft = serde_json::from_value(draft).unwrap();
            let record = Record::decode(&draft.sign(&people::SELLER.key(), None));
            assert_eq!(record.is_ok(), accepted, "{name} {place} {time}");
        }
    }
}

#[test]
fn the_genesis_in_json_has_the_id_of_its_bytes() {
    let vector = &valid_by_name(common::valid())["genesis"];
    let genesis: Genesis = serde_json::from_value(vector.content.clone()).unwrap();
    assert_eq!(hex::encode(encode(&genesis)), vector.hex);
    assert_eq!(Some(genesis.ledger_id().to_string()), vector.id);
    assert!(genesis.check().is_ok());
}

#[test]
fn every_invalid_vector_is_refused_as_it_says() {
    let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    for vector in common::invalid() {
        let context = format!("{} {}: {}", vector.kind, vector.name, vector.why);
        match (refusal(&vector.kind, &vector.bytes()), vector.code) {
            (None, Some(code)) => {
                assert_eq!(vector.refusal, "law", "{context}");
                assert!(codes.contains(code.as_str()), "{context}");
            }
            (refusal, code) => {
                assert_eq!(refusal, Some(vector.refusal.as_str()), "{context}");
                assert_eq!(code, None, "{context}");
            }
        }
    }
}

#[test]
fn no_two_valid_vectors_share_an_id() {
    let ids: Vec<_> = common::valid()
        .into_iter()
        .filter(Valid::is_record)
        .filter_map(|vector| vector.id)
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

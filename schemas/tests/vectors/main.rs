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
mod title;
mod valid;

use std::collections::{BTreeMap, BTreeSet};

use common::{Invalid, Valid};
use deedbook_schemas::block::{Block, BlockError, Certificate, Header};
use deedbook_schemas::cose_receipt::CoseReceipt;
use deedbook_schemas::encoding::{DecodeError, decode, encode};
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::limits::{BLOCK_BYTES_MAX, GENESIS_BYTES_MAX, SECONDS_MAX};
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::record::{Body, Draft, Record, SignedAttestation};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::transparent::TransparentStatement;

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
        "cose-receipt" => CoseReceipt::decode(bytes).map(|_| None),
        "transparent-statement" => TransparentStatement::decode(bytes)
            .map(|transparent| signature(transparent.statement.verifies())),
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

/// Vectors that are broken in every way: around their body, the kinds are alike.
const BROKEN: [&str; 20] = [
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
    "cose-receipt",
    "transparent-statement",
];

/// Vectors whose body alone is broken: one of every other kind, and more where a kind has more than
/// one shape.
const BROKEN_BODY: [&str; 51] = [
    "accreditation-notary",
    "civil-status-minority",
    "power-of-attorney-sub-power",
    "transfer-settled",
    "transfer-exchange",
    "act-for-ward",
    "legal-entity",
    "group-party",
    "guardianship",
    "mortgage",
    "servitude",
    "lease",
    "assignment",
    "postponement",
    "subdivision",
    "consolidation",
    "discharge",
    "mortgagee-consent",
    "freeze",
    "freeze-release",
    "caveat",
    "self-lock",
    "self-lock-release",
    "priority-notice",
    "preemption-notice",
    "preemption-waiver",
    "guardian-permission",
    "notarisation",
    "escrow-funding",
    "escrow-release",
    "escrow-refund",
    "duty-paid",
    "duty-exempt",
    "requisition",
    "requisition-answer",
    "requisition-decision",
    "succession-certificate",
    "court-order-sell",
    "correction-slip",
    "correction-holdings",
    "correction-approval",
    "appeal",
    "appeal-decision",
    "access-consent",
    "access-entry",
    "access-entry-by-law",
    "legal-hold",
    "evidence-deletion",
    "profile",
    "validator-set-change",
    "officer-approval",
];

/// The invalid vectors, by file.
fn invalid_by_file(valid: &[Valid]) -> BTreeMap<String, Vec<Invalid>> {
    let named = |name: &str| valid.iter().find(|vector| vector.name == name).unwrap();
    let broken = BROKEN.map(|name| (name.to_owned(), invalid::broken(named(name), valid)));
    let bodies =
        BROKEN_BODY.map(|name| (name.to_owned(), invalid::broken_body(named(name), valid)));
    broken.into_iter().chain(bodies).collect()
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
    title::write();
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
            let (record, signed) = Record::decode_signed(&bytes).unwrap();
            assert_eq!(record.statement.encode(), bytes, "{}", vector.name);
            assert_eq!(Some(record.id.to_string()), vector.id);
            assert_eq!(signed.record, record.statement.to_be_signed());
            let attested = record.attestation.map(|it| it.statement.to_be_signed());
            assert_eq!(signed.attestation, attested, "{}", vector.name);
            assert_eq!(Some(hex::encode(signed.record)), vector.to_be_signed);
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
fn every_record_goes_to_json_and_back_to_its_bytes() {
    for vector in common::valid().iter().filter(|vector| vector.is_record()) {
        let record = Record::decode(&vector.bytes()).unwrap();
        let key = record.statement.header.key;
        let signature = record.statement.signature;
        let attestation = record
            .attestation
            .as_ref()
            .map(|signed| signed.statement.encode());
        let draft = Draft {
            ledger: record.ledger,
            issuer: record.issuer(),
            subject: record.subject().to_owned(),
            issued_at: record.statement.header.issued_at,
            nonce: record.nonce,
            body: record.body,
            evidence: record.evidence,
        };
        let json = serde_json::to_string(&draft).unwrap();
        let read: Draft = serde_json::from_str(&json).unwrap();
        assert_eq!(read, draft, "{}", vector.name);
        let joined = read.with_signature(key, attestation.as_deref(), signature);
        assert_eq!(hex::encode(joined), vector.hex, "{}", vector.name);
        let kind = serde_json::to_value(&draft).unwrap()["body"]["kind"].clone();
        assert_eq!(kind, vector.kind, "{}", vector.name);
    }
}

/// The pointers (RFC 6901) of every object in a value.
fn objects(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            found.push(at.to_owned());
            for (name, value) in fields {
                objects(value, &format!("{at}/{name}"), found);
            }
        }
        serde_json::Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                objects(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_draft_with_a_misspelt_field_anywhere_is_no_draft() {
    let valid = common::valid();
    let mut accepted = Vec::new();
    for vector in valid.iter().filter(|vector| vector.is_record()) {
        let mut places = Vec::new();
        objects(&vector.content, "", &mut places);
        for place in places {
            let mut draft = vector.content.clone();
            let object = draft.pointer_mut(&place).unwrap().as_object_mut().unwrap();
            object.insert("evidense".to_owned(), serde_json::Value::Null);
            if serde_json::from_value::<Draft>(draft).is_ok() {
                accepted.push(format!("{} {place}", vector.name));
            }
        }
    }
    assert_eq!(accepted, Vec::<String>::new());
}

#[test]
fn every_kind_of_record_has_valid_and_invalid_vectors() {
    let cddl = std::fs::read_to_string(common::folder("../deedbook.cddl")).unwrap();
    let kinds: BTreeSet<_> = cddl
        .lines()
        .filter_map(|line| line.strip_prefix("record-")?.split_once(" = "))
        .filter(|(_, rule)| rule.starts_with("statement<"))
        .map(|(kind, _)| kind.to_owned())
        .collect();
    assert_eq!(kinds.len(), 52);
    let valid: BTreeSet<_> = common::valid()
        .into_iter()
        .filter(Valid::is_record)
        .map(|vector| vector.kind)
        .collect();
    assert_eq!(valid, kinds);
    let invalid: BTreeSet<_> = common::invalid()
        .into_iter()
        .map(|vector| vector.kind)
        .collect();
    assert_eq!(
        kinds.difference(&invalid).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

/// Every time of every record: the bounds are the codec's, so that no kind can be forgotten by a law.
const TIMES: [(&str, &str); 22] = [
    ("civil-status-unmarried", "/body/from"),
    ("civil-status-marriage", "/body/from"),
    ("civil-status-divorce", "/body/from"),
    ("civil-status-separate-property", "/body/from"),
    ("civil-status-death", "/body/at"),
    ("civil-status-incapacity", "/body/from"),
    ("civil-status-minority", "/body/until"),
    ("civil-status-capacity", "/body/from"),
    ("first-registration", "/body/holdings/1/acquired"),
    ("power-of-attorney", "/body/issued"),
    ("power-of-attorney", "/body/starts"),
    ("power-of-attorney", "/body/expires"),
    ("spousal-consent", "/body/expires"),
    ("servitude", "/body/until"),
    ("lease", "/body/until"),
    ("freeze", "/body/until"),
    ("caveat", "/body/until"),
    ("guardian-permission", "/body/expires"),
    ("access-consent", "/body/expires"),
    ("court-order-sell", "/body/final_from"),
    ("court-order-correct", "/body/final_from"),
    ("correction-holdings", "/body/amendment/holdings/1/acquired"),
];

#[test]
fn a_time_after_the_year_9999_is_refused_wherever_it_stands() {
    let valid = valid_by_name(common::valid());
    let around = [
        ("act-disponor", "/evidence/started"),
        ("withdrawal", "/issued_at"),
    ];
    for (name, place) in TIMES.into_iter().chain(around) {
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
fn an_approval_names_the_hash_of_the_kind_the_subject_and_the_body() {
    let vectors = valid_by_name(common::valid());
    let approval: Draft =
        serde_json::from_value(vectors["officer-approval"].content.clone()).unwrap();
    let Body::OfficerApproval(approval) = approval.body else {
        panic!("{:?}", approval.body)
    };
    let discharge = &vectors["discharge-least"];
    let subject = discharge.content["subject"].as_str().unwrap();
    let entity = people::BANK.0;
    // [kind, subject, {0: property, 3: represents}], byte by byte.
    let mut bytes = vec![0x83, 0x69];
    bytes.extend(b"discharge");
    bytes.extend([0x78, 64]);
    bytes.extend(subject.as_bytes());
    let property = discharge.content["body"]["property"].as_str().unwrap();
    let length = u8::try_from(property.len()).unwrap();
    assert!(length < 24, "its length is in the head");
    bytes.extend([0xa2, 0x00, 0x60 + length]);
    bytes.extend(property.as_bytes());
    bytes.extend([0x03, 0x50]);
    bytes.extend(entity);
    let expected = blake3::derive_key("deedbook 2026 body digest", &bytes);
    assert_eq!(approval.approves.0, expected);
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

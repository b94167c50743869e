//! Title certificates and state receipts, with the policy that accepts them.

mod invalid;
mod valid;
mod world;

use std::collections::BTreeMap;

use deedbook_schemas::limits::STATE_RECEIPT_OBJECTS_MAX;
use deedbook_schemas::policy::{Grade, Policy};
use deedbook_schemas::state_receipt::{Kind, StateReceipt, StateReceiptCheck};
use deedbook_schemas::title_certificate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::common;

/// Where they are.
const FOLDER: &str = "title-certificate";

/// A file that proves something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Proving {
    name: String,
    /// `title` or `object`.
    kind: String,
    /// The file.
    hex: String,
    /// What it proves under `policy.txt`: of a certificate all that `title_certificate` lists; of an
    /// object, that object.
    statement: serde_json::Value,
}

/// A file that proves nothing, as a title certificate under `policy.txt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Refused {
    name: String,
    why: String,
    hex: String,
}

fn statement(receipt: &StateReceipt, policy: &Policy) -> serde_json::Value {
    match receipt.kind() {
        Kind::Title => {
            let verified = title_certificate::verify(&receipt.encode(), policy).unwrap();
            serde_json::to_value(verified).unwrap()
        }
        Kind::Object => {
            let verified = receipt.verify(policy).unwrap();
            let (key, value) = verified.objects.first_key_value().unwrap();
            json!({ "key": hex::encode(key), "value": value.as_ref().map(hex::encode) })
        }
    }
}

fn valid() -> Vec<Proving> {
    let policy = world::policy();
    let of = |(name, receipt): (&str, StateReceipt)| Proving {
        name: name.to_owned(),
        kind: match receipt.kind() {
            Kind::Title => "title".to_owned(),
            Kind::Object => "object".to_owned(),
        },
        hex: hex::encode(receipt.encode()),
        statement: statement(&receipt, &policy),
    };
    valid::receipts().into_iter().map(of).collect()
}

fn refused() -> Vec<Refused> {
    let of = |(name, why, bytes): (&str, &str, Vec<u8>)| Refused {
        name: name.to_owned(),
        why: why.to_owned(),
        hex: hex::encode(bytes),
    };
    invalid::files().into_iter().map(of).collect()
}

fn files() -> BTreeMap<&'static str, String> {
    let text = |value| serde_json::to_string_pretty(&value).unwrap() + "\n";
    BTreeMap::from([
        ("policy.txt", world::policy_text()),
        ("valid.json", text(json!(valid()))),
        ("invalid.json", text(json!(refused()))),
    ])
}

/// Writes the files anew.
pub(crate) fn write() {
    let folder = common::folder(FOLDER);
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in files() {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn the_files_of_title_certificates_are_what_this_code_makes() {
    for (name, text) in files() {
        let kept = std::fs::read_to_string(common::folder(FOLDER).join(name)).unwrap();
        assert!(kept == text, "{name} differs: write the vectors anew");
    }
}

#[test]
fn every_broken_certificate_is_refused_and_says_why() {
    let policy = world::policy();
    let mut reasons = BTreeMap::new();
    for (name, _, bytes) in invalid::files() {
        let error = title_certificate::verify(&bytes, &policy).expect_err(name);
        assert!(
            reasons.insert(name, error.to_string()).is_none(),
            "{name} is there twice"
        );
    }
    for (name, reason) in [
        ("foreign-origin", "no log"),
        ("unknown-log-key", "no log"),
        ("too-few-cosignatures", "quorum"),
        ("validator-twice", "signed twice"),
        ("spoiled-cosignature", "does not verify"),
        ("extension-line", "three lines"),
        ("wrong-seal-index", "last of 11 leaves"),
        ("seal-of-an-earlier-block", "last of 3 leaves"),
        ("last-leaf-is-an-outcome", "not the seal"),
        ("swapped-objects", "not behind"),
        ("object-twice", "not behind"),
        ("no-title", "0 titles"),
        ("two-titles", "2 titles"),
        ("without-the-slot-s-instrument", "missing"),
        ("without-the-agent", "missing"),
        ("without-the-parent-power", "missing"),
        ("a-stranger-s-party", "nothing calls for"),
        ("another-instrument", "nothing calls for"),
        ("another-prefix", "nothing calls for"),
        ("truncated", "malformed"),
        ("a-byte-more", "deterministic"),
        ("wrong-check", "damaged"),
        ("other-value", "holds a value with hash"),
        ("absence-claimed", "does not show that the key is absent"),
        ("other-ledger", "no log"),
        (
            "too-many-objects",
            &format!("1 to {STATE_RECEIPT_OBJECTS_MAX}"),
        ),
    ] {
        let got = &reasons[name];
        assert!(got.contains(reason), "{name}: {got}");
    }
}

#[test]
fn grades_tell_the_network_s_word_from_an_outsider_s() {
    let policy = world::policy();
    let grade = |name: &str| {
        let receipts = valid::receipts();
        let (_, receipt) = receipts.iter().find(|(one, _)| *one == name).unwrap();
        receipt.verify(&policy).unwrap().vouched.grade
    };
    assert_eq!(grade("clean"), Grade::Committed);
    assert_eq!(grade("clean-all-validators"), Grade::Committed);
    assert_eq!(grade("clean-witnessed"), Grade::Witnessed);
}

/// What a certificate proves, whoever vouches for it.
fn meaning(mut statement: serde_json::Value) -> serde_json::Value {
    let fields = statement.as_object_mut().unwrap();
    fields.remove("witnesses").unwrap();
    fields.remove("grade").unwrap();
    statement
}

/// Every file that differs from `bytes` in one bit.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..8 * bytes.len()).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn a_certificate_with_any_bit_flipped_is_refused() {
    let policy = world::policy();
    for (name, receipt) in valid::receipts() {
        for (bit, bytes) in flipped(&receipt.encode()).enumerate() {
            let refused = title_certificate::verify(&bytes, &policy).is_err();
            assert!(
                refused && StateReceipt::parse(&bytes).is_err(),
                "{name} {bit}"
            );
        }
    }
}

#[test]
fn a_certificate_with_a_bit_flipped_and_its_check_made_anew_is_refused_or_proves_the_same() {
    let policy = world::policy();
    for (name, receipt) in valid::receipts() {
        // Those with a cosignature to spare, and every kind of right. Not those that prove an absence:
        // they may come to prove another one.
        let spare = match name {
            "clean-witnessed" | "clean-all-validators" => true,
            "encumbered" => false,
            _ => continue,
        };
        let same = statement(&receipt, &policy);
        let vouched = same["witnesses"].as_array().unwrap().len();
        let same = meaning(same);
        let mut still_proves = 0;
        let bytes = receipt.encode();
        let bits = 8 * (bytes.len() - StateReceiptCheck::ENCODED_LEN);
        for (bit, bytes) in flipped(&bytes).take(bits).enumerate() {
            let Ok(verified) = title_certificate::verify(&invalid::checked(bytes), &policy) else {
                continue;
            };
            still_proves += 1;
            let said = serde_json::to_value(verified).unwrap();
            let left = said["witnesses"].as_array().unwrap().len();
            assert_eq!(left, vouched - 1, "{name} {bit}");
            assert_eq!(meaning(said), same, "{name} {bit}");
        }
        assert_eq!(still_proves > 0, spare, "{name}");
    }
}

#[test]
fn a_typical_certificate_takes_less_than_8_kib_in_a_register_of_2_to_the_27() {
    let bytes = valid::typical().encode();
    eprintln!("typical certificate: {} bytes", bytes.len());
    assert!(bytes.len() <= 8 * 1024, "{}", bytes.len());
    let verified = title_certificate::verify(&bytes, &world::policy()).unwrap();
    let against: Vec<_> = verified.against.iter().map(|one| one.what).collect();
    assert_eq!(against, ["slot", "mortgage", "lease"]);
    assert_eq!(verified.pending.len() + verified.powers.len(), 2);
}

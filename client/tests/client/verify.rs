//! `verify`: good receipts and their plain words, and everything that is not one.

use deedbook_client::verified::{VerifyError, verify_receipt};
use deedbook_schemas::note::{SignatureType, VerifierKey};
use deedbook_schemas::policy::Policy;

use crate::command::{Desk, code, text};
use crate::ledger::{Ledger, Story};
use crate::people::{id, key};

fn desk() -> (Desk, Ledger, Story) {
    let (ledger, story) = Ledger::with_a_sale();
    let desk = Desk::new();
    desk.put("network.policy", ledger.policy().to_text());
    desk.put("sale.tlog-proof", ledger.receipt(story.sale));
    (desk, ledger, story)
}

#[test]
fn a_registered_sale_is_proven_and_its_limits_are_told() {
    let (desk, _, story) = desk();
    let output = desk.run("verify sale.tlog-proof --policy network.policy");
    let said = text(&output.stdout);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(
        said.starts_with("PROVEN: The sale of property 20-315-001 was registered"),
        "{said}"
    );
    assert!(said.contains("version 2 of the title"), "{said}");
    assert!(said.contains("3 of the 4 witnesses"), "{said}");
    assert!(
        said.contains("registrar.example, notaries.example, justice.example"),
        "{said}"
    );
    assert!(
        said.contains("It does not prove who holds the property today"),
        "{said}"
    );
    let (status, json) = desk.json("verify sale.tlog-proof --policy network.policy");
    assert_eq!(status, 0);
    assert_eq!(json["proven"], true);
    assert_eq!(json["record"], story.sale.to_string());
    assert_eq!(json["outcome"], "registered");
    assert_eq!(json["title_version"], 2);
    assert_eq!(json["witnesses"].as_array().unwrap().len(), 3);
}

#[test]
fn a_power_and_a_refusal_are_told_as_what_they_are() {
    let (ledger, story) = Ledger::with_a_sale();
    let policy = ledger.policy();
    let power = verify_receipt(ledger.receipt(story.power).as_bytes(), &policy).unwrap();
    let words = power.words(&policy);
    let (from, to) = (id("buyer"), id("seller"));
    assert_eq!(
        words.headline,
        format!("A power of attorney from {from} to {to} was registered.")
    );
    assert!(words.details.iter().any(|line| line == "covers: sell"));
    assert!(words.limits[0].contains("still in force"));
    let refused = verify_receipt(ledger.receipt(story.refused).as_bytes(), &policy).unwrap();
    let words = refused.words(&policy);
    assert!(words.headline.ends_with("was refused."));
    let codes = &refused.outcome().unwrap().codes;
    assert!(
        codes.contains(&"title.version_changed".to_owned()),
        "{codes:?}"
    );
    assert!(words.details[0].contains("rule"));
}

#[test]
fn a_receipt_with_any_byte_changed_proves_nothing_or_the_same() {
    let (ledger, story) = Ledger::with_a_sale();
    let policy = ledger.policy();
    let good = ledger.receipt(story.sale).into_bytes();
    let proven = verify_receipt(&good, &policy).unwrap();
    for position in (0..good.len()).step_by(3) {
        let mut bad = good.clone();
        bad[position] ^= 1;
        assert!(verify_receipt(&bad, &policy).is_err(), "byte {position}");
    }
    for length in (0..good.len()).step_by(41) {
        assert!(
            verify_receipt(&good[..length], &policy).is_err(),
            "cut to {length}"
        );
    }
    assert_eq!(verify_receipt(&good, &policy).unwrap(), proven);
}

#[test]
fn the_command_says_why_a_receipt_proves_nothing() {
    let (desk, ledger, story) = desk();
    let good = ledger.receipt(story.sale);
    desk.put("cut.tlog-proof", &good[..good.len() / 2]);
    desk.put("tampered.tlog-proof", good.replace("index ", "index 1"));
    let log = VerifierKey::new(
        crate::ledger::ORIGIN.parse().unwrap(),
        SignatureType::Ed25519,
        deedbook_schemas::keys::PublicKey::of(&key("another log")),
    );
    let stranger = VerifierKey::new(
        "stranger.example".parse().unwrap(),
        SignatureType::CosignatureV1,
        deedbook_schemas::keys::PublicKey::of(&key("stranger")),
    );
    let other = Policy::for_network([log.unwrap()], [stranger.unwrap()], 1).unwrap();
    desk.put("other.policy", other.to_text());
    for line in [
        "verify cut.tlog-proof --policy network.policy",
        "verify tampered.tlog-proof --policy network.policy",
        "verify sale.tlog-proof --policy other.policy",
    ] {
        let output = desk.run(line);
        assert_eq!(code(&output), 1, "{line}");
        assert!(
            text(&output.stderr).starts_with("error: not proven: "),
            "{line}"
        );
        assert!(output.stdout.is_empty());
        let (status, json) = desk.json(line);
        assert_eq!((status, json["proven"].as_bool()), (1, Some(false)));
    }
    assert_eq!(
        code(&desk.run("verify sale.tlog-proof --policy sale.tlog-proof")),
        2
    );
    assert_eq!(code(&desk.run("verify missing --policy network.policy")), 1);
    assert_eq!(code(&desk.run("verify sale.tlog-proof")), 2);
}

#[test]
fn an_outcome_is_only_believed_with_its_own_record() {
    let (ledger, story) = Ledger::with_a_sale();
    let (policy, index) = (ledger.policy(), ledger.outcome_index(story.sale));
    let other = ledger.receipt_of(index, Some(ledger.record(story.power)));
    assert!(matches!(
        verify_receipt(other.as_bytes(), &policy),
        Err(VerifyError::OtherRecord { .. })
    ));
    let bare = ledger.receipt_of(index, None);
    assert_eq!(
        verify_receipt(bare.as_bytes(), &policy),
        Err(VerifyError::Pairing)
    );
    let mut forged = ledger.record(story.sale);
    *forged.last_mut().unwrap() ^= 1;
    let forged = ledger.receipt_of(index, Some(forged));
    assert_eq!(
        verify_receipt(forged.as_bytes(), &policy),
        Err(VerifyError::Signature(story.sale))
    );
}

#[test]
fn a_record_and_a_seal_are_proven_as_such() {
    let (ledger, _) = Ledger::with_a_sale();
    let policy = ledger.policy();
    let record = verify_receipt(ledger.receipt_of(0, None).as_bytes(), &policy).unwrap();
    assert!(
        record
            .words(&policy)
            .headline
            .contains("was entered in the log")
    );
    let last = ledger.entries.len() - 1;
    let seal = verify_receipt(ledger.receipt_of(last, None).as_bytes(), &policy).unwrap();
    assert!(
        seal.words(&policy)
            .headline
            .starts_with("Block 4 ended at 2026-03-02T10:00:04")
    );
    assert!(seal.record().is_none());
}

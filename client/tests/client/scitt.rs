//! `verify` on SCITT's forms: what a transparent statement proves, and everything that is none.

use std::convert::Infallible;

use deedbook_client::verified::scitt::{ScittError, verify_cose_receipt, verify_transparent};
use deedbook_schemas::cose::Statement;
use deedbook_schemas::cose_key::KeyThumbprint;
use deedbook_schemas::cose_receipt::{CoseReceipt, CoseReceiptError, cose_sig_structure};
use deedbook_schemas::digest::{RecordId, TreeHash};
use deedbook_schemas::keys::{PublicKey, sign};
use deedbook_schemas::merkle::{Frontier, inclusion_proof, leaf_hash};
use deedbook_schemas::note::{SignatureType, VerifierKey};
use deedbook_schemas::policy::Policy;
use deedbook_schemas::transparent::TransparentStatement;

use crate::command::{Desk, code, text};
use crate::ledger::{Ledger, ORIGIN, VALIDATORS};
use crate::people::key;

/// A network with one log key of this name.
fn policy(log: &str) -> Policy {
    let named = |name: &str, kind, secret: &str| {
        let public = PublicKey::of(&key(secret));
        VerifierKey::new(name.parse().unwrap(), kind, public).unwrap()
    };
    let validators =
        VALIDATORS.map(|name| named(name, SignatureType::CosignatureV1, &format!("{name} note")));
    let log = named(ORIGIN, SignatureType::Ed25519, log);
    Policy::for_network([log], validators, 3).unwrap()
}

fn subtree(ledger: &Ledger, level: u8, index: u64) -> TreeHash {
    let at = |index: u64| usize::try_from(index << level).unwrap();
    let mut frontier = Frontier::default();
    let leaves = &ledger.entries[at(index)..at(index + 1)];
    leaves
        .iter()
        .for_each(|entry| frontier.append(leaf_hash(entry)));
    frontier.root()
}

/// The receipt of a record's own leaf, signed by the log key of this name.
fn receipt(ledger: &Ledger, id: RecordId, log: &str) -> Vec<u8> {
    let tree = ledger.checkpoint(&[]).checkpoint;
    let record = ledger.record(id);
    let index = ledger.entries.iter().position(|entry| *entry == record);
    let index = u64::try_from(index.unwrap()).unwrap();
    let read = |level: u8, index: u64| Ok::<_, Infallible>(subtree(ledger, level, index));
    let log = key(log);
    let public = PublicKey::of(&log);
    let receipt = CoseReceipt {
        key: KeyThumbprint::of(&public),
        tree_size: tree.size,
        index,
        hashes: inclusion_proof(index, tree.size, read).unwrap(),
        signature: sign(&log, &cose_sig_structure(&tree, &public)),
        origin: tree.origin,
    };
    receipt.encode()
}

fn transparent(record: &[u8], receipts: Vec<Vec<u8>>) -> Vec<u8> {
    let statement = Statement::decode(record).unwrap();
    TransparentStatement {
        statement,
        receipts,
    }
    .encode()
}

#[test]
fn a_transparent_statement_is_proven_on_the_log_key_s_word_and_says_so() {
    let (ledger, story) = Ledger::with_a_sale();
    let desk = Desk::new();
    let (record, receipt) = (
        ledger.record(story.sale),
        receipt(&ledger, story.sale, "log"),
    );
    desk.put("network.policy", policy("log").to_text());
    desk.put("sale.scitt", transparent(&record, vec![receipt.clone()]));
    desk.put("sale.receipt", receipt);
    desk.put("sale.cose", record);
    for (line, file) in [
        (
            "verify sale.scitt --policy network.policy",
            "transparent-statement",
        ),
        (
            "verify sale.receipt --record sale.cose --policy network.policy",
            "cose-receipt",
        ),
    ] {
        let (status, json) = desk.json(line);
        assert_eq!(status, 0, "{json}");
        assert_eq!(json["proven"], true);
        assert_eq!(json["file"], file);
        assert_eq!(json["grade"], "log-signed");
        assert_eq!(json["record"], story.sale.to_string());
        assert_eq!(json["kind"], "transfer");
        assert_eq!(json.get("outcome"), None, "it proves none");
        let said = text(&desk.run(line).stdout);
        assert!(said.contains("was entered in the log."), "{said}");
        assert!(said.contains("nobody else did"), "{said}");
        assert!(said.contains("what became of the record"), "{said}");
    }
    let alone = desk.run("verify sale.receipt --policy network.policy");
    assert_eq!(code(&alone), 2);
    assert!(text(&alone.stderr).contains("--record"));
}

#[test]
fn a_refused_sale_is_proven_to_have_been_entered_and_nothing_more() {
    let (ledger, story) = Ledger::with_a_sale();
    let file = transparent(
        &ledger.record(story.refused),
        vec![receipt(&ledger, story.refused, "log")],
    );
    let words = verify_transparent(&file, &policy("log")).unwrap().words();
    assert!(words.headline.ends_with("was entered in the log."));
    assert!(words.limits[0].contains("what became of the record"));
}

#[test]
fn no_flipped_byte_of_a_transparent_statement_is_proven() {
    let (ledger, story) = Ledger::with_a_sale();
    let file = transparent(
        &ledger.record(story.sale),
        vec![receipt(&ledger, story.sale, "log")],
    );
    let policy = policy("log");
    assert!(verify_transparent(&file, &policy).is_ok());
    for position in 0..file.len() {
        let mut flipped = file.clone();
        flipped[position] ^= 1;
        let refused = verify_transparent(&flipped, &policy);
        assert!(refused.is_err(), "byte {position}");
    }
    for length in (0..file.len()).step_by(31) {
        assert!(verify_transparent(&file[..length], &policy).is_err());
    }
}

#[test]
fn a_receipt_for_another_record_and_one_by_a_stranger_prove_nothing() {
    let (ledger, story) = Ledger::with_a_sale();
    let (sale, policy) = (ledger.record(story.sale), policy("log"));
    let others = receipt(&ledger, story.power, "log");
    let strangers = receipt(&ledger, story.sale, "another log");
    let good = receipt(&ledger, story.sale, "log");
    assert!(matches!(
        verify_cose_receipt(&others, &sale, &policy),
        Err(ScittError::Receipt(CoseReceiptError::Signature { .. }))
    ));
    assert!(matches!(
        verify_transparent(&transparent(&sale, vec![strangers.clone()]), &policy),
        Err(ScittError::Receipt(CoseReceiptError::UnknownKey { .. }))
    ));
    // A stranger's beside the log's is ignored; a wrong one of the log's spoils the file.
    let both = transparent(&sale, vec![strangers, good.clone()]);
    assert!(verify_transparent(&both, &policy).is_ok());
    let spoilt = transparent(&sale, vec![good, others]);
    assert!(verify_transparent(&spoilt, &policy).is_err());
}

//! `audit`: a sound log, and logs that are not, each named by its first bad leaf.

use deedbook_schemas::block::{BlockTime, Height};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::outcome::Entry;

use crate::command::{Desk, code, serve, text};
use crate::ledger::{Ledger, VALIDATORS};
use crate::people::record_id;

/// Audits a ledger that may have been tampered with; gives the exit code and the JSON.
fn audited(ledger: &Ledger) -> (i32, serde_json::Value) {
    let desk = Desk::new();
    desk.put("genesis.json", serde_json::to_vec(&ledger.genesis).unwrap());
    let served = serve(ledger.paths());
    desk.json(&format!(
        "audit http://{} --genesis genesis.json",
        served.address
    ))
}

#[test]
fn a_sound_log_is_found_sound() {
    let (ledger, _) = Ledger::with_a_sale();
    let (status, report) = audited(&ledger);
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["sound"], true);
    assert_eq!(report["leaves"].as_u64(), Some(ledger.entries.len() as u64));
    assert_eq!(
        (report["blocks"].as_u64(), report["records"].as_u64()),
        (Some(4), Some(9))
    );
    assert_eq!(report["precommits"], 12);
    assert_eq!(report["vouched_by"].as_array().unwrap().len(), 3);
}

#[test]
fn a_policy_or_the_node_s_own_genesis_serve_as_well() {
    let (ledger, _) = Ledger::with_a_sale();
    let desk = Desk::new();
    desk.put("network.policy", ledger.policy().to_text());
    let mut paths = ledger.paths();
    let cosigned = ledger.checkpoint(&VALIDATORS[..3]).to_string();
    paths.insert("/v1/log/checkpoint".to_owned(), cosigned.into_bytes());
    let served = serve(paths);
    let output = desk.run(&format!(
        "audit http://{} --policy network.policy",
        served.address
    ));
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(
        said.starts_with("SOUND") && said.contains(&ledger.ledger.to_string()),
        "{said}"
    );
}

#[test]
fn a_checkpoint_without_a_quorum_is_not_audited() {
    let (ledger, _) = Ledger::with_a_sale();
    let desk = Desk::new();
    let mut paths = ledger.paths();
    let cosigned = ledger.checkpoint(&VALIDATORS[..2]).to_string();
    paths.insert("/v1/log/checkpoint".to_owned(), cosigned.into_bytes());
    let served = serve(paths);
    let (status, report) = desk.json(&format!("audit http://{}", served.address));
    assert_eq!((status, report["sound"].as_bool()), (1, Some(false)));
    assert!(report["error"].as_str().unwrap().contains("quorum"));
}

#[test]
fn a_forged_signature_names_its_record() {
    let (mut ledger, story) = Ledger::with_a_sale();
    let index = ledger
        .entries
        .iter()
        .position(|entry| Entry::is_record(entry) && record_id(entry) == story.sale);
    let index = index.unwrap();
    *ledger.entries[index].last_mut().unwrap() ^= 1;
    let (status, report) = audited(&ledger);
    assert_eq!(status, 1);
    assert_eq!(report["finding"]["leaf"].as_u64(), Some(index as u64));
    assert_eq!(report["finding"]["record"], story.sale.to_string());
}

#[test]
fn an_outcome_that_the_law_does_not_give_is_named() {
    let (mut ledger, story) = Ledger::with_a_sale();
    let index = ledger.outcome_index(story.refused);
    let Ok(Entry::Outcome(mut outcome)) = Entry::decode(&ledger.entries[index]) else {
        panic!()
    };
    outcome.status = Status::Registered;
    outcome.codes.clear();
    ledger.entries[index] = Entry::Outcome(outcome).encode();
    let (status, report) = audited(&ledger);
    assert_eq!(
        (status, report["finding"]["leaf"].as_u64()),
        (1, Some(index as u64))
    );
    assert_eq!(report["finding"]["record"], story.refused.to_string());
    assert!(
        report["finding"]["what"]
            .as_str()
            .unwrap()
            .contains("the law says refused")
    );
}

#[test]
fn a_record_that_the_law_does_not_let_in_is_named_even_under_a_certificate() {
    let (mut ledger, story) = Ledger::with_a_sale();
    // The validators log the same record a second time, and certify it.
    let first = ledger.entries.len();
    ledger.entries.push(ledger.record(story.sale));
    let (height, time) = (Height(5), BlockTime(ledger.now().0 * 1_000));
    let view = ledger.blocks.last_key_value().unwrap().1.clone();
    let seal = deedbook_schemas::block::Seal {
        height,
        time,
        state_root: view.header.state_root,
        next_validators: view.header.next_validators,
        first_index: first as u64,
    };
    ledger.entries.push(Entry::Seal(seal).encode());
    ledger.certify(height, time, view.header.state_root, first as u64);
    let (status, report) = audited(&ledger);
    assert_eq!(
        (status, report["finding"]["leaf"].as_u64()),
        (1, Some(first as u64))
    );
    assert!(
        report["finding"]["what"]
            .as_str()
            .unwrap()
            .contains("record.duplicate")
    );
}

#[test]
fn a_wrong_state_root_a_missing_block_and_a_weak_certificate_are_named() {
    let (mut ledger, _) = Ledger::with_a_sale();
    let last = ledger.entries.len() - 1;
    let Ok(Entry::Seal(mut seal)) = Entry::decode(&ledger.entries[last]) else {
        panic!()
    };
    seal.state_root.0[0] ^= 1;
    ledger.entries[last] = Entry::Seal(seal.clone()).encode();
    let view = ledger.blocks[&seal.height].clone();
    ledger.certify(seal.height, seal.time, seal.state_root, view.first_index);
    // The certificate is for the wrong root as well; only the law shows it.
    ledger.blocks.get_mut(&seal.height).unwrap().header.previous = view.header.previous;
    let (status, report) = audited(&ledger);
    assert_eq!(
        (status, report["finding"]["leaf"].as_u64()),
        (1, Some(last as u64))
    );

    let (mut ledger, _) = Ledger::with_a_sale();
    ledger
        .blocks
        .get_mut(&Height(3))
        .unwrap()
        .certificate
        .signatures
        .pop();
    let (status, report) = audited(&ledger);
    assert_eq!((status, report["finding"]["height"].as_u64()), (1, Some(3)));
    assert!(
        report["finding"]["what"]
            .as_str()
            .unwrap()
            .contains("no quorum")
    );
}

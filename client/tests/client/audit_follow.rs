//! `audit --follow`: sources that agree, and the two histories of one log that two of them show.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::command::{Desk, Served, serve, text};
use crate::ledger::{Ledger, VALIDATORS};

fn node(ledger: &Ledger) -> Served {
    serve(ledger.paths())
}

/// A page that shows one checkpoint.
fn witness(ledger: &Ledger) -> Served {
    let note = ledger.checkpoint(&VALIDATORS[..3]).to_string();
    serve([("/shown".to_owned(), note.into_bytes())].into())
}

/// Follows until the first whole round, or the alarm; gives the exit code, the events, the errors.
fn followed(desk: &Desk, line: &str) -> (Option<i32>, Vec<Value>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_deedbook"))
        .args(format!("audit --follow --json {line}").split_whitespace())
        .current_dir(desk.path("."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut events: Vec<Value> = Vec::new();
    let mut rest = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        match serde_json::from_str::<Value>(&line) {
            Ok(event) if event["event"] == "round" => {
                events.push(event);
                child.kill().unwrap();
            }
            Ok(event) if event.is_object() => events.push(event),
            _ => rest.push_str(&line),
        }
    }
    events.extend(serde_json::from_str::<Value>(&rest));
    let mut errors = Vec::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_end(&mut errors)
        .unwrap();
    (child.wait().unwrap().code(), events, text(&errors))
}

fn has(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|event| event["event"] == kind).count()
}

#[test]
fn two_nodes_and_a_witness_that_agree_are_audited_and_compared() {
    let (ledger, _) = Ledger::with_a_sale();
    let desk = Desk::new();
    let (one, other, witness) = (node(&ledger), node(&ledger), witness(&ledger));
    let line = format!(
        "--node http://{} --node http://{} --witness http://{}/shown --state progress",
        one.address, other.address, witness.address
    );
    let (_, events, errors) = followed(&desk, &line);
    assert_eq!(has(&events, "audited"), 1, "{events:?} {errors}");
    let round = events.last().unwrap();
    assert_eq!(round["audited"].as_u64(), Some(ledger.entries.len() as u64));
    assert_eq!(round["shown"], 3);
    let (_, events, errors) = followed(&desk, &line);
    assert_eq!(has(&events, "agrees"), 3, "{events:?} {errors}");
}

#[test]
fn a_node_that_shows_another_history_is_named_whatever_its_length() {
    let (ledger, _) = Ledger::with_a_sale();
    let same = Ledger::with_another_sale();
    let mut longer = Ledger::with_another_sale();
    let at = longer.now();
    let more = longer.pen.enrolment("latecomer", at);
    longer.block(&[more]);
    for other in [&same, &longer] {
        let desk = Desk::new();
        let (one, other) = (node(&ledger), node(other));
        let line = format!(
            "--node http://{} --node http://{}",
            one.address, other.address
        );
        let (status, events, errors) = followed(&desk, &line);
        assert_eq!(status, Some(1), "{events:?} {errors}");
        assert!(errors.contains("SPLIT VIEW"), "{errors}");
        for address in [one.address, other.address] {
            assert!(errors.contains(&address.to_string()), "{errors}");
        }
        let kept = std::fs::read_dir(desk.path("split-view")).unwrap().count();
        assert_eq!(kept, 2, "both checkpoints are kept");
    }
}

#[test]
fn a_witness_that_was_shown_another_history_gives_the_alarm() {
    let (ledger, _) = Ledger::with_a_sale();
    let other = Ledger::with_another_sale();
    let desk = Desk::new();
    let (node, witness) = (node(&ledger), witness(&other));
    let line = format!(
        "--node http://{} --witness http://{}/shown",
        node.address, witness.address
    );
    let (status, _, errors) = followed(&desk, &line);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("SPLIT VIEW"), "{errors}");
    assert!(errors.contains(&witness.address.to_string()), "{errors}");
}

#[test]
fn validators_who_rewrite_an_old_deed_are_found_by_whoever_watched_before() {
    let (ledger, _) = Ledger::with_a_sale();
    let desk = Desk::new();
    let honest = node(&ledger);
    followed(
        &desk,
        &format!("--node http://{} --state progress", honest.address),
    );
    let mut rewritten = Ledger::with_another_sale();
    for _ in 0..3 {
        let at = rewritten.now();
        let name = format!("person {}", at.0);
        let more = rewritten.pen.enrolment(&name, at);
        rewritten.block(&[more]);
    }
    let dishonest = node(&rewritten);
    let line = format!("--node http://{} --state progress", dishonest.address);
    let (status, _, errors) = followed(&desk, &line);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("SPLIT VIEW"), "{errors}");
    assert!(errors.contains(&honest.address.to_string()), "{errors}");
}

#[test]
fn a_checkpoint_that_shrank_a_silent_node_and_a_foreign_log_are_warnings() {
    let (mut ledger, _) = Ledger::with_a_sale();
    let desk = Desk::new();
    let before = node(&ledger);
    let at = ledger.now();
    let more = ledger.pen.enrolment("latecomer", at);
    ledger.block(&[more]);
    let now = node(&ledger);
    let foreign = ledger.checkpoint(&VALIDATORS[..3]).to_string();
    let foreign = foreign.replace("/deeds\n", "/other\n").into_bytes();
    let foreign = serve([("/v1/log/checkpoint".to_owned(), foreign)].into());
    let silent = serve(std::collections::BTreeMap::new());
    let line = format!(
        "--node http://{},http://{},http://{},http://{}",
        now.address, before.address, foreign.address, silent.address
    );
    let (_, events, errors) = followed(&desk, &line);
    let warned: Vec<_> = events
        .iter()
        .filter(|it| it["event"] == "warning")
        .collect();
    assert_eq!(warned.len(), 2, "{events:?} {errors}");
    assert!(
        warned[0]["what"]
            .as_str()
            .unwrap()
            .contains("of log ledger.example/other")
    );
    assert!(
        warned[1]["what"]
            .as_str()
            .unwrap()
            .contains("has no checkpoint")
    );
    assert_eq!(events.last().unwrap()["shown"], 2);
}

//! The journeys that the README promises, run as a user runs them: the built commands, in an
//! empty folder.

#![cfg(test)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A built command, beside the folder of this test's own executable.
fn command(name: &str) -> Command {
    let test = std::env::current_exe().expect("this test is a file");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("cargo puts it in release/deps");
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is missing: cargo build --release --workspace --bins",
        path.display()
    );
    Command::new(path)
}

fn succeeds(command: &mut Command) -> Output {
    let output = command.output().expect("the command starts");
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn verify(receipt: &Path, policy: &Path) -> Option<i32> {
    let mut verify = command("deedbook");
    verify
        .arg("verify")
        .arg(receipt)
        .arg("--policy")
        .arg(policy);
    verify.output().expect("the command starts").status.code()
}

#[test]
fn the_demo_holds_and_its_receipts_verify_with_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo-out");
    succeeds(
        command("deedbook-testnet")
            .arg("demo")
            .arg("--out")
            .arg(&out),
    );
    assert!(out.join("deal.json").exists());
    let policy = out.join("network.policy");
    for name in ["transfer", "poa", "consent"] {
        let receipt = out.join(format!("{name}.tlog-proof"));
        assert_eq!(verify(&receipt, &policy), Some(0), "{name}");
        let mut bytes = std::fs::read(&receipt).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
        let forged = folder.path().join("forged.tlog-proof");
        std::fs::write(&forged, bytes).unwrap();
        assert_eq!(verify(&forged, &policy), Some(1), "{name}");
    }
}

#[test]
fn real_sales_replay_to_the_same_roots_on_four_nodes() {
    replays(&["--limit", "300"]);
}

#[test]
fn the_same_sales_in_dress_end_with_the_mortgages_they_should() {
    replays(&["--limit", "200", "--dressed"]);
}

fn replays(options: &[&str]) {
    let file =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/price-paid-sw19.csv");
    if !file.exists() {
        writeln!(std::io::stderr(), "SKIPPED: no {} here", file.display())
            .expect("standard error is open");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = succeeds(
        command("deedbook-testnet")
            .arg("replay")
            .arg(&file)
            .args(options)
            .arg("--json")
            .arg("--dir")
            .arg(folder.path().join("network")),
    );
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["deeds_registered"], summary["sales"]);
    assert!(summary["sales"].as_u64().unwrap() >= 200);
    assert_eq!(summary["titles_that_differ"], serde_json::json!([]));
    assert_eq!(summary["deeds_refused"], 0);
    let nodes = summary["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4);
    for node in nodes {
        assert_eq!(node["tree_root"], nodes[0]["tree_root"]);
        assert_eq!(node["state_root"], nodes[0]["state_root"]);
    }
}

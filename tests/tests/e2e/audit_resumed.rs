//! A long log: an audit that is killed again and again goes on where it stood, and says in the end
//! what one that was never disturbed says.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use deedbook_testnet::chain::{Chain, Founders};
use deedbook_testnet::network::process::run_any;
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::world::{program, until};

/// Deeds of the log: 15,000 records, 20,000 leaves.
const DEEDS: usize = 5_000;
const PROPERTIES: usize = 100;
const DEEDS_A_BLOCK: usize = 50;

fn long_log(folder: &Path, mirror: &Path) {
    let founders = Founders::invent(4, PROPERTIES).unwrap();
    let chain = Chain::begin(&founders, folder).unwrap();
    for block in founders.setup(chain.next_time()).unwrap() {
        chain.block(&block).unwrap();
    }
    for first in (0..DEEDS).step_by(DEEDS_A_BLOCK) {
        let time = chain.next_time();
        let deeds = (first..first + DEEDS_A_BLOCK).map(|deed| {
            let turn = u64::try_from(deed / PROPERTIES).unwrap();
            let sale = founders.sale(deed % PROPERTIES, turn, 4_200_000_000, time);
            sale.unwrap().records
        });
        chain.block(&deeds.flatten().collect::<Vec<_>>()).unwrap();
    }
    chain.mirror(mirror).unwrap();
}

fn begin(mirror: &Path, state: &Path) -> Child {
    Command::new(program("deedbook"))
        .arg("audit")
        .arg("--tiles")
        .arg(mirror)
        .arg("--state")
        .arg(state)
        .args(["--save-every", "0", "--json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn report(mirror: &Path, more: &[&str]) -> Value {
    let mirror = mirror.to_str().unwrap();
    let arguments = [&["audit", "--tiles", mirror, "--json"], more].concat();
    let output = run_any(&program("deedbook"), arguments).await.unwrap();
    assert!(output.success, "{}", output.text);
    serde_json::from_str(&output.text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_is_killed_goes_on_where_it_stood_and_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (mirror, state) = (folder.path().join("mirror"), folder.path().join("progress"));
    long_log(&folder.path().join("store"), &mirror);
    for _ in 0..2 {
        let before = fs::read(&state).ok();
        let mut audit = begin(&mirror, &state);
        until("new progress is written", async || {
            let written = fs::read(&state).ok();
            (written != before).then_some(())
        })
        .await;
        audit.start_kill().unwrap();
        audit.wait().await.unwrap();
    }
    let state = state.to_str().unwrap();
    let resumed = report(&mirror, &["--state", state]).await;
    let whole = report(&mirror, &[]).await;
    assert!(resumed["resumed"].as_u64() > Some(0), "{resumed}");
    for field in [
        "leaves",
        "root",
        "state_root",
        "records",
        "attestations",
        "outcomes",
        "precommits",
        "blocks",
        "height",
    ] {
        assert_eq!(resumed[field], whole[field], "{field}");
    }
}

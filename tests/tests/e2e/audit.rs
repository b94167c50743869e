//! A deed, nodes that come back, the audit of it all, and a disk that lies.

use std::fs;
use std::path::{Path, PathBuf};

use deedbook_testnet::network::process::run_any;
use deedbook_testnet::submit::{Lanes, Verdict};
use serde_json::Value;

use crate::startup::refusal;
use crate::world::{World, program};

async fn audited(world: &World, node: usize) -> Value {
    let node = &world.network.nodes[node];
    let genesis = node.home.join("genesis.json");
    let arguments = [
        "audit",
        &node.api,
        "--genesis",
        genesis.to_str().unwrap(),
        "--json",
    ];
    let output = run_any(&program("deedbook"), arguments).await.unwrap();
    assert!(output.success, "{}", output.text);
    serde_json::from_str(&output.text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deed_survives_restarts_passes_the_audit_and_a_damaged_store_is_refused() {
    let mut world = World::start(4).await;
    world.settle().await;
    let deed = world.deed();
    let verdict = Lanes::new(&world.network).unwrap().deed(0, &deed).await;
    assert_eq!(verdict.unwrap(), Verdict::Registered);
    for node in [3, 2] {
        world.network.kill(node).await.unwrap();
        world.network.restart(node).await.unwrap();
    }
    let standing = world.at_rest().await;
    for node in [0, 3] {
        let report = audited(&world, node).await;
        assert_eq!(report["sound"], true, "{report}");
        assert_eq!(report["leaves"], standing[node].tree_size);
        assert_eq!(report["records"], 6);
        assert_eq!(
            report["state_root"],
            standing[node].state_root.to_string().as_str()
        );
    }
    world.network.stop().await.unwrap();

    let home = world.network.nodes[0].home.clone();
    let report = audited_at_rest(&home).await;
    assert_eq!(report["sound"], true, "{report}");
    assert_eq!(report["root"], standing[0].tree_root.to_string().as_str());
    assert_eq!(
        report["state_root"],
        standing[0].state_root.to_string().as_str()
    );
    for path in tables(&home.join("data/ledger")) {
        let sound = fs::read(&path).unwrap();
        let mut damaged = sound.clone();
        for block in damaged.chunks_mut(512) {
            let middle = block.len() / 2;
            block[middle] ^= 1;
        }
        fs::write(&path, damaged).unwrap();
        let line = refusal(&home).await;
        assert!(line.contains("the store"), "{line}");
        let report = audited_at_rest(&home).await;
        assert_eq!(report["sound"], false, "{report}");
        fs::write(&path, sound).unwrap();
    }
}

/// What an audit of a stopped node's folder says.
async fn audited_at_rest(home: &Path) -> Value {
    let arguments = ["audit", "--data", home.to_str().unwrap(), "--json"];
    let output = run_any(&program("deedbook"), arguments).await.unwrap();
    let json = output
        .text
        .find('{')
        .map_or("", |start| &output.text[start..]);
    let mut values = serde_json::Deserializer::from_str(json).into_iter();
    values.next().unwrap().unwrap()
}

/// The store's tables with something in them. The rest of its folder comes and goes.
fn tables(ledger: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(ledger).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let tables: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|kind| kind == "sst"))
        .collect();
    assert!(!tables.is_empty(), "{} has no table", ledger.display());
    tables
}

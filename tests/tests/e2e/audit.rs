//! A deed, nodes that come back, the audit of it all, and a disk that lies.

use std::fs;
use std::path::Path;

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
    damage(&home.join("data/ledger"));
    let line = refusal(&home).await;
    assert!(line.contains("store"), "{line}");
}

/// Turns one bit in every 512 bytes of every table and log of the store.
fn damage(ledger: &Path) {
    let mut damaged = 0;
    for entry in fs::read_dir(ledger).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.extension().and_then(|kind| kind.to_str());
        if !matches!(kind, Some("sst" | "log")) {
            continue;
        }
        let mut bytes = fs::read(&path).unwrap();
        for block in bytes.chunks_mut(512) {
            *block.last_mut().unwrap() ^= 1;
            damaged += 1;
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(damaged > 0, "{} holds nothing", ledger.display());
}

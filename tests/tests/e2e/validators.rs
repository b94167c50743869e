//! Validators come and go on a running network: a fifth joins, the first leaves, and whoever relies on
//! the ledger follows them with proof.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::policy::Policy;
use deedbook_schemas::receipt::Receipt;
use deedbook_schemas::record::Draft;
use deedbook_schemas::validators::{Validator, ValidatorsInOffice};
use deedbook_testnet::submit::accepted;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::log_key::registered;
use crate::world::{World, program, until};

/// What a program prints; it must succeed.
async fn run(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(program(name))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Where this test keeps a file.
fn file(world: &World, name: &str) -> PathBuf {
    world.network.folder.join(name)
}

fn policy_in(path: &Path) -> Policy {
    Policy::from_text(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Who is in office, proved under `policy` by a node: also in a file, and the policy that follows them.
async fn in_office(world: &World, policy: &Path, round: usize) -> (PathBuf, PathBuf) {
    let present = file(world, &format!("present-{round}.json"));
    let next_policy = file(world, &format!("policy-{round}"));
    let node = &world.network.nodes[1].api;
    let arguments = [
        "validators",
        "--node",
        node,
        "--policy",
        text(policy),
        "--out",
        text(&present),
        "--next-policy",
        text(&next_policy),
    ];
    run("deedbook", &arguments).await;
    (present, next_policy)
}

fn office(path: &Path) -> ValidatorsInOffice {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Lodges the change of the validators to `next`, approved by the nodes at these places.
async fn change(world: &World, present: &Path, next: &[Validator], approving: &[usize]) {
    let network = &world.network;
    let next_file = file(world, "next.json");
    fs::write(&next_file, serde_json::to_vec(next).unwrap()).unwrap();
    let mut arguments: Vec<String> = ["draft", "validators", "--present", text(present)]
        .map(str::to_owned)
        .to_vec();
    arguments.extend(["--next".to_owned(), text(&next_file).to_owned()]);
    for place in approving {
        let home = &network.nodes[*place].home;
        let approve = [
            "approve",
            "--home",
            text(home),
            "--present",
            text(present),
            "--next",
            text(&next_file),
        ];
        let approval = file(world, &format!("approval-{place}.json"));
        fs::write(&approval, run("deedbook-node", &approve).await).unwrap();
        arguments.extend(["--approval".to_owned(), text(&approval).to_owned()]);
    }
    let supervisor = &network.authorities.supervisor;
    let (party, ledger) = (supervisor.party.to_string(), network.ledger.to_string());
    arguments.extend(["--issuer", &party, "--ledger", &ledger].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let draft: Draft = serde_json::from_str(&run("deedbook", &arguments).await).unwrap();
    let record = draft.sign(supervisor.key(), None);
    let client = network.client(1).unwrap();
    accepted(&client, &[record]).await.unwrap();
}

/// Waits until a node serves a checkpoint of everything there is, cosigned by `name`.
async fn cosigned_by(world: &World, node: usize, name: &str) {
    let client = world.network.client(node).unwrap();
    until(
        &format!("a cosignature of {name} at node {node}"),
        async || {
            let size = client.health().await.ok()?.tree_size;
            let text = client.checkpoint().await.ok()?;
            let signed = SignedCheckpoint::parse(text.as_bytes()).unwrap();
            let by = signed
                .signatures
                .iter()
                .any(|line| line.name.as_str() == name);
            (by && signed.checkpoint.size == size).then_some(())
        },
    )
    .await;
}

async fn audit(world: &World, policy: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["audit", "--json", "--policy", text(policy)];
    arguments.extend(more);
    let report = run("deedbook", &arguments).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["ledger"], world.network.ledger.to_string());
    report
}

/// Who decides, as an audit says that watches with a policy until it tells.
async fn watched(policy: &Path, node: &str) -> Value {
    let arguments = ["audit", "--follow", "--every", "1", "--json", "--policy"];
    let mut child = Command::new(program("deedbook"))
        .args(arguments)
        .args([text(policy), "--node", node])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    until("the audit to follow the validators", async || {
        let line = lines
            .next_line()
            .await
            .unwrap()
            .expect("it goes on watching");
        let event: Value = serde_json::from_str(&line).unwrap();
        (event["event"] == "validators").then_some(event)
    })
    .await
}

/// Whether a record's receipt is one to rely on under a policy.
fn relied_on(record: &[u8], receipt: &Receipt, policy: &Path) -> bool {
    receipt.verify(record, &policy_in(policy)).is_ok()
}

fn signed_by(receipt: &Receipt, name: &str) -> bool {
    let lines = &receipt.checkpoint().signatures;
    lines.iter().any(|line| line.name.as_str() == name)
}

/// A fifth node follows, and becomes a validator: its place, who is in office then with their policy.
async fn joins(world: &mut World, founding: &Path) -> (usize, PathBuf, PathBuf) {
    // A node that is no validator follows the ledger, and serves what the others signed.
    let newcomer = world.network.join().await.unwrap();
    let name = world.network.nodes[newcomer].name.clone();
    let (record, receipt) = registered(world, 601, newcomer).await;
    assert!(relied_on(&record, &receipt, founding));
    assert!(!signed_by(&receipt, &name), "it is no validator");

    // The log's key is dealt to five; three of the four approve, and it.
    let (present, _) = in_office(world, founding, 0).await;
    let before = office(&present).validators;
    let next = world
        .network
        .reshare(&before, &[0, 1, 2], &[0, 1, 2, 3, newcomer]);
    let next = next.unwrap();
    change(world, &present, &next, &[0, 1, 2, newcomer]).await;
    for node in 0..5 {
        cosigned_by(world, node, &name).await;
    }
    let (present, of_five) = in_office(world, founding, 1).await;
    assert_eq!(office(&present).number, 1);
    assert_eq!(office(&present).validators, next);

    // Four of five are needed now: without the first, the newcomer is one of them.
    world.network.kill(0).await.unwrap();
    let (record, receipt) = registered(world, 602, newcomer).await;
    assert!(relied_on(&record, &receipt, &of_five));
    let three_are_left = relied_on(&record, &receipt, founding);
    assert!(three_are_left, "of those that the first policy names");
    world.network.restart(0).await.unwrap();
    world.at_rest().await;
    (newcomer, present, of_five)
}

/// The first of five leaves: the policy of the others.
async fn leaves(world: &mut World, present: &Path, of_five: &Path) -> PathBuf {
    // The others destroy their old shares and are dealt new ones.
    for node in 0..5 {
        world.network.forget_old_share(node).unwrap();
    }
    let stay = [1, 2, 3, 4];
    let before = office(present).validators;
    let next = world.network.reshare(&before, &stay, &stay).unwrap();
    // It is down when that happens, and learns of it when it catches up.
    world.network.kill(0).await.unwrap();
    change(world, present, &next, &stay).await;
    let (behind, behind_receipt) = registered(world, 603, 2).await;
    world.network.restart(0).await.unwrap();
    world.at_rest().await;
    // The policy of five asks for four, and four are left: once all of them have cosigned, it serves.
    for node in stay {
        cosigned_by(world, 1, &world.network.nodes[node].name).await;
    }
    let (present, of_four) = in_office(world, of_five, 2).await;
    assert_eq!(office(&present).number, 2);
    assert_eq!(office(&present).validators, next);
    assert!(relied_on(&behind, &behind_receipt, &of_four));

    // The first is no part of any quorum any more: without another one, the last three go on.
    world.network.kill(3).await.unwrap();
    let (record, receipt) = registered(world, 604, 1).await;
    assert!(relied_on(&record, &receipt, &of_four));
    let four = relied_on(&record, &receipt, of_five);
    assert!(!four, "the policy of five asks for four");
    assert!(!signed_by(&receipt, &world.network.nodes[0].name));
    world.network.restart(3).await.unwrap();
    world.at_rest().await;
    of_four
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_joins_another_leaves_and_everybody_follows() {
    let mut world = World::start(4).await;
    world.settle().await;
    let founding = file(&world, "network.policy");
    let progress = file(&world, "audit.progress");
    let node = world.network.nodes[1].api.clone();
    let resumable = ["--node", &node, "--state", text(&progress)];
    audit(&world, &founding, &resumable).await;
    let (newcomer, present, of_five) = joins(&mut world, &founding).await;
    let of_four = leaves(&mut world, &present, &of_five).await;

    // The audit follows every change: from where it stood before them, and from the genesis on.
    let report = audit(&world, &of_four, &resumable).await;
    assert!(report["resumed"].as_u64().unwrap() > 0, "{report}");
    audit(&world, &of_four, &["--node", &node]).await;
    // One that watches needs no other policy than the first, as long as three are left that it names.
    let mut names: Vec<_> = world.network.nodes[1..].iter().map(|it| &it.name).collect();
    names.sort();
    assert_eq!(watched(&founding, &node).await["names"], json!(names));
    // So does one of a stopped node's disk, which is held against itself first.
    world.network.kill(newcomer).await.unwrap();
    let home = world.network.nodes[newcomer].home.clone();
    let report = run("deedbook", &["audit", "--json", "--data", text(&home)]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["ledger"], world.network.ledger.to_string());
    world.network.restart(newcomer).await.unwrap();
    // Who left is no validator, and is told so when it starts again without a name.
    world.network.kill(0).await.unwrap();
    let error = world.network.restart(0).await.unwrap_err().to_string();
    assert!(error.contains("give it a name in node.toml"), "{error}");
    let (record, receipt) = registered(&world, 605, newcomer).await;
    assert!(relied_on(&record, &receipt, &of_four));
}

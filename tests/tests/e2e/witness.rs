//! Witnesses outside the network: ours and one that others wrote, pushed to by real nodes; and our
//! witness, driven by a client that others wrote.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use deedbook_client::http::Client;
use deedbook_client::verified::{verify_checkpoint, verify_receipt};
use deedbook_node::keys::{NodeKeys, log_shares};
use deedbook_node::log_key::LogGroup;
use deedbook_node::witnesses::WitnessConfig;
use deedbook_schemas::api::{WitnessState, WitnessView};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::{RecordId, TreeHash};
use deedbook_schemas::keys::Signature;
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::merkle::{Frontier, consistency_proof, leaf_hash};
use deedbook_schemas::note::{SignatureLine, SignatureType, VerifierKey};
use deedbook_schemas::policy::Policy;
use deedbook_schemas::record::Record;
use deedbook_schemas::witness::AddCheckpoint;
use deedbook_testnet::network::process::{Process, run, run_any};
use deedbook_testnet::people::now;
use deedbook_testnet::submit::{Lanes, Verdict};
use tempfile::TempDir;
use tokio::process::Command;

use crate::startup::refusal;
use crate::world::{World, program, until};

const WAIT: Option<Duration> = Some(Duration::from_secs(30));

fn id(record: &[u8]) -> RecordId {
    Record::decode(record).unwrap().id
}

/// A node's witnesses, once all of them stand like this.
async fn all_are(client: &Client, state: WitnessState) -> Vec<WitnessView> {
    until("all witnesses in one state", async || {
        let witnesses = client.witnesses().await.unwrap().witnesses;
        let same = witnesses.iter().all(|witness| witness.state == state);
        same.then_some(witnesses)
    })
    .await
}

/// The groups of the policy that vouch for a record's receipt.
async fn groups(client: &Client, record: &RecordId, witnesses: u8, policy: &Policy) -> Vec<String> {
    let receipt = client
        .witnessed_receipt(record, witnesses, WAIT)
        .await
        .unwrap();
    let verified = verify_receipt(receipt.as_bytes(), policy).unwrap();
    verified.receipt().groups.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn witnesses_vouch_for_what_is_registered_and_their_absence_stops_nothing() {
    let mut world = World::create_witnessed(4, 2).await;
    world.network.start().await.unwrap();
    let records = world.settle().await;
    let policy = world.network.policy.clone();
    for node in 0..4 {
        let client = world.network.client(node).unwrap();
        let groups = groups(&client, &id(&records[2]), 2, &policy).await;
        assert_eq!(groups, ["validators", "public"], "node {node}");
        all_are(&client, WitnessState::Witnessed).await;
    }
    world.at_rest().await;
    let client = world.network.client(0).unwrap();
    until("the checkpoint carries both witnesses", async || {
        let note = client.checkpoint().await.unwrap();
        let (_, vouching) = verify_checkpoint(note.as_bytes(), &policy).unwrap();
        let vouching = format!("{vouching:?}");
        let both = vouching.contains("bar.example/witness") && vouching.contains("ngo.example");
        both.then_some(())
    })
    .await;

    for witness in 0..2 {
        world.network.kill_witness(witness).await.unwrap();
    }
    let deed = world.deed();
    let verdict = Lanes::new(&world.network).unwrap().deed(0, &deed).await;
    assert_eq!(verdict.unwrap(), Verdict::Registered);
    for witness in all_are(&client, WitnessState::Failing).await {
        assert!(
            witness.witnessed.is_some() && witness.alarm.is_none(),
            "{witness:?}"
        );
        assert!(witness.failing.unwrap().reason.contains("no answer"));
    }
    let sale = deed_id(&world, &client).await;
    assert_eq!(groups(&client, &sale, 0, &policy).await, ["validators"]);
    let refused = client.witnessed_receipt(&sale, 1, None).await.unwrap_err();
    assert_eq!(refused.problem().unwrap().codes, ["receipt.not_witnessed"]);
    let health = client.health().await.unwrap();
    assert_eq!((health.witnesses, health.witnesses_failing), (2, 2));
    assert!(health.witnessed_size < health.tree_size);

    for witness in 0..2 {
        world.network.restart_witness(witness).await.unwrap();
    }
    assert_eq!(
        groups(&client, &sale, 2, &policy).await,
        ["validators", "public"]
    );
    all_are(&client, WitnessState::Witnessed).await;
    let node = world.network.nodes[0].api.clone();
    let shown = run(&program("deedbook"), ["log", "witnesses", "--node", &node]).await;
    assert!(shown.unwrap().contains("bar.example/witness"));
    world.network.stop().await.unwrap();
}

/// The newest leaf that is a record of a transfer.
async fn deed_id(world: &World, client: &Client) -> RecordId {
    let tip = world.at_rest().await[0].tree_size;
    let records = leaves(client, tip).await;
    let mut records = records
        .iter()
        .filter_map(|entry| Record::decode(entry).ok());
    let transfer = records.find(|record| record.body.kind() == "transfer");
    transfer.unwrap().id
}

async fn leaves(client: &Client, size: u64) -> Vec<Vec<u8>> {
    let mut leaves = Vec::new();
    for bundle in 0..size.div_ceil(u64::from(TILE_WIDTH)) {
        leaves.extend(client.entries(bundle, size).await.unwrap());
    }
    leaves
}

/// Signs in the log's name with the shares of all validators, as if they were of one mind.
fn sign_together(world: &World, message: &[u8]) -> Signature {
    let group = LogGroup::of_genesis(&world.network.genesis).unwrap();
    let keys = world.network.nodes.iter().map(|node| {
        let shares = log_shares(&node.home.join("keys")).unwrap();
        let share = group.choose(&node.name, &shares).unwrap();
        group.key_package(&node.name, share).unwrap()
    });
    let keys: Vec<_> = keys.collect();
    let mut random = rand_core::OsRng;
    let (mut nonces, mut commitments) = (Vec::new(), std::collections::BTreeMap::new());
    for key in &keys {
        let (nonce, commitment) = frost_ed25519::round1::commit(key.signing_share(), &mut random);
        nonces.push(nonce);
        commitments.insert(*key.identifier(), commitment);
    }
    let package = frost_ed25519::SigningPackage::new(commitments, message);
    let shares = keys.iter().zip(&nonces).map(|(key, nonces)| {
        let share = frost_ed25519::round2::sign(&package, nonces, key).unwrap();
        (*key.identifier(), share)
    });
    let signature = frost_ed25519::aggregate(&package, &shares.collect(), group.package()).unwrap();
    Signature(signature.serialize().unwrap().try_into().unwrap())
}

/// A tree of these leaves, and what its operators can say about it.
struct Tree {
    nodes: std::collections::BTreeMap<(u8, u64), TreeHash>,
    frontier: Frontier,
}

impl Tree {
    fn of(leaves: &[Vec<u8>]) -> Self {
        let (mut nodes, mut frontier) = (std::collections::BTreeMap::new(), Frontier::default());
        for leaf in leaves {
            frontier.append_with(leaf_hash(leaf), |level, index, hash| {
                nodes.insert((level, index), hash);
            });
        }
        Self { nodes, frontier }
    }

    fn proof(&self, old: u64) -> Vec<TreeHash> {
        let read = |level, index| Ok::<_, std::convert::Infallible>(self.nodes[&(level, index)]);
        consistency_proof(old, self.frontier.size(), read).unwrap()
    }

    /// Signed in the log's name and cosigned with the keys of all validators.
    fn signed(&self, world: &World) -> SignedCheckpoint {
        let checkpoint = Checkpoint {
            origin: world.network.genesis.origin.parse().unwrap(),
            size: self.frontier.size(),
            root: self.frontier.root(),
        };
        let genesis = &world.network.genesis;
        let log = sign_together(world, checkpoint.text().as_bytes());
        let log = SignatureLine::from_signature(&checkpoint.origin, &genesis.log_key, &log);
        let mut signatures = vec![log];
        for node in &world.network.nodes {
            let keys = NodeKeys::load(&node.home.join("keys")).unwrap();
            let name = node.name.parse().unwrap();
            let time = Seconds(now().0);
            signatures.push(Cosignature::sign(&name, &keys.note, &checkpoint, time).to_line());
        }
        SignedCheckpoint {
            checkpoint,
            signatures,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_all_validators_rewrite_together_no_witness_cosigns() {
    let mut world = World::create_witnessed(4, 1).await;
    world.network.start().await.unwrap();
    let records = world.settle().await;
    let size = world.at_rest().await[0].tree_size;
    let client = world.network.client(0).unwrap();
    until("the witness has the whole log", async || {
        let health = client.health().await.unwrap();
        (health.witnessed_size == size).then_some(())
    })
    .await;
    let honest = leaves(&client, size).await;
    for node in 0..4 {
        world.network.kill(node).await.unwrap();
    }

    // The registration of the house becomes another one; everything after it stays.
    let place = honest
        .iter()
        .position(|entry| *entry == records[2])
        .unwrap();
    let mut rewritten = honest.clone();
    *rewritten[place].last_mut().unwrap() ^= 1;
    let same_size = Tree::of(&rewritten);
    rewritten.push(honest[0].clone());
    let longer = Tree::of(&rewritten);
    let witness = &world.network.witnesses[0];
    let url = format!("{}/add-checkpoint", witness.url);
    let http = reqwest::Client::builder()
        .tls_certs_only([])
        .build()
        .unwrap();
    for (tree, old, expected) in [
        (&same_size, size, 422),
        (&longer, size, 422),
        (&longer, place as u64, 409),
        (&same_size, 0, 409),
    ] {
        let checkpoint = tree.signed(&world);
        // Nothing but the witness stands between this and a client that follows the policy.
        world.network.policy.verify(&checkpoint).unwrap();
        let request = AddCheckpoint {
            old_size: old,
            proof: tree.proof(old),
            checkpoint,
        };
        let answer = http
            .post(&url)
            .body(request.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), expected, "from {old}");
        assert!(
            !answer
                .text()
                .await
                .unwrap()
                .contains(witness.key.name().as_str())
        );
    }
    let evidence = fs::read_dir(witness.home.join("evidence")).unwrap();
    assert_eq!(evidence.count(), 2);
    world.network.stop().await.unwrap();
}

#[tokio::test]
async fn a_witness_that_is_a_validator_or_no_witness_is_named() {
    let world = World::create(1).await;
    let home = &world.network.nodes[0].home;
    let file = home.join("node.toml");
    let text = fs::read_to_string(&file).unwrap();
    let validator = &world.network.genesis.validators[0];
    let vkey = |key| {
        let name = "w.example/w".parse().unwrap();
        VerifierKey::new(name, SignatureType::CosignatureV1, key).unwrap()
    };
    let entry =
        |url: &str, vkey: &str| format!("\n[[witnesses]]\nurl = {url:?}\nvkey = {vkey:?}\n");
    let note_key = vkey(validator.note_key).to_string();
    for (entry, named) in [
        (
            entry("https://w.example", &note_key),
            validator.name.as_str(),
        ),
        (entry("w.example", &note_key), "w.example"),
        (
            entry("https://w.example", "w.example+nonsense"),
            "verifier key",
        ),
    ] {
        fs::write(&file, format!("{text}{entry}")).unwrap();
        let line = refusal(home).await;
        assert!(line.contains("node.toml") && line.contains(named), "{line}");
    }
}

fn say(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Whether the foreign witness is installed; says so loudly if it is not.
async fn foreign() -> bool {
    let found = run_any(Path::new("python3"), ["-c", "import aics_witness"]).await;
    let found = found.is_ok_and(|output| output.success);
    if !found {
        say("SKIPPED: aics-witness is not installed; pip install aics-witness\n");
    }
    found
}

fn free_port() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_others_wrote_cosigns_what_our_node_pushes() {
    if !foreign().await {
        return;
    }
    let mut world = World::create(4).await;
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("witness.json");
    let (listen, python) = (free_port(), Path::new("python3"));
    let aics = |command: &str, more: &[&str]| {
        let mut line = vec!["-m", "aics_witness", command, "--config"];
        line.push(config.to_str().unwrap());
        line.extend(more);
        line.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let address = listen.to_string();
    let init = ["--name", "foreign.example/w1", "--listen", &address];
    let made = run(python, aics("init", &init)).await.unwrap();
    let vkey = made
        .split_whitespace()
        .find(|word| word.starts_with("foreign.example/w1+"));
    let vkey: VerifierKey = vkey.unwrap().parse().unwrap();
    let origin = world.network.genesis.origin.clone();
    for key in world.network.policy.log_keys() {
        let more = ["--origin", &origin, "--vkey", &key.to_string()];
        run(python, aics("add-log", &more)).await.unwrap();
    }
    let log = folder.path().join("log");
    let mut witness = Process::start("aics-witness", python, aics("serve", &[]), &log).unwrap();
    witness.listening(listen).await.unwrap();
    let config = WitnessConfig {
        url: format!("http://{listen}"),
        vkey: vkey.to_string(),
    };
    for node in &world.network.nodes {
        let file = node.home.join("node.toml");
        let text = fs::read_to_string(&file).unwrap();
        let (url, vkey) = (&config.url, &config.vkey);
        let entry = format!("\n[[witnesses]]\nurl = \"{url}\"\nvkey = \"{vkey}\"\n");
        fs::write(&file, text + &entry).unwrap();
    }
    world.network.start().await.unwrap();
    let records = world.settle().await;
    let policy = world.network.policy.with_public(&[vkey], 1).unwrap();
    for node in 0..4 {
        let client = world.network.client(node).unwrap();
        let groups = groups(&client, &id(&records[2]), 1, &policy).await;
        assert_eq!(groups, ["validators", "public"], "node {node}");
        let view = all_are(&client, WitnessState::Witnessed).await;
        assert!(view[0].alarm.is_none(), "{view:?}");
    }
    world.network.stop().await.unwrap();
    witness.kill().await.unwrap();
}

#[tokio::test]
async fn our_witness_answers_a_client_that_others_wrote_as_it_expects() {
    if !foreign().await {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/witness.py");
    let script = script.to_str().unwrap();
    let log = run(Path::new("python3"), [script, "vkey"]).await.unwrap();
    let folder = TempDir::new().unwrap();
    let home = folder.path().join("w");
    let home = home.to_str().unwrap();
    let deedbook = program("deedbook");
    let init = [
        "witness",
        "init",
        home,
        "--name",
        "bar.example/w1",
        "--json",
    ];
    let made: serde_json::Value =
        serde_json::from_str(&run(&deedbook, init).await.unwrap()).unwrap();
    let add = ["witness", "add-log", home, "--vkey", log.trim()];
    run(&deedbook, add).await.unwrap();
    let listen = free_port();
    let address = listen.to_string();
    let arguments = ["witness", "run", home, "--listen", &address];
    let output = folder.path().join("log");
    let mut witness = Process::start("witness", &deedbook, arguments, &output).unwrap();
    witness.listening(listen).await.unwrap();
    let mut feed = Command::new("python3");
    feed.args([script, "feed", &format!("http://{listen}")]);
    feed.arg(made["key"].as_str().unwrap()).stdin(Stdio::null());
    let fed = feed.output().await.unwrap();
    let said = String::from_utf8_lossy(&fed.stderr);
    assert!(fed.status.success(), "{said}\n{}", witness.last_words());
    say(&String::from_utf8_lossy(&fed.stdout));
    witness.kill().await.unwrap();
}

//! A node that cannot start says so, in one line that names the thing.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use rocksdb::{DB, Options};
use tokio::process::Command;

use crate::world::{World, program};

/// Runs a node that must not start: the one line that it says. Standard input is closed from the
/// beginning, so that a node that does start ends at once.
pub(crate) async fn refusal(home: &Path) -> String {
    let mut command = Command::new(program("deedbook-node"));
    let output = command
        .args(["run", "--stop-on-stdin-close", "--home"])
        .arg(home)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .output();
    let output = output.await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "the node started: {said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    assert_eq!(said.lines().count(), 1, "more than one line: {said}");
    assert!(said.starts_with("deedbook-node: "), "{said}");
    said
}

#[track_caller]
fn names(line: &str, things: &[&str]) {
    for thing in things {
        assert!(line.contains(thing), "{thing:?} is not named: {line}");
    }
}

#[tokio::test]
async fn a_broken_configuration_is_named() {
    let world = World::create(1).await;
    let home = &world.network.nodes[0].home;
    let file = home.join("node.toml");
    let text = fs::read_to_string(&file).unwrap();

    fs::write(&file, format!("colour = \"red\"\n{text}")).unwrap();
    names(&refusal(home).await, &["node.toml", "colour"]);
    fs::write(&file, format!("name = \"elsewhere.example\"\n{text}")).unwrap();
    let line = refusal(home).await;
    names(
        &line,
        &["node.toml", "elsewhere.example", "registrar.example"],
    );
    fs::write(&file, "genesis = [").unwrap();
    names(&refusal(home).await, &["node.toml"]);
    fs::write(
        &file,
        text.replace("keys = \"keys\"", "keys = \"data/keys\""),
    )
    .unwrap();
    names(&refusal(home).await, &["node.toml", "keys", "data"]);
    fs::remove_file(&file).unwrap();
    names(&refusal(home).await, &["node.toml"]);
}

#[tokio::test]
async fn a_foreign_or_broken_genesis_is_named() {
    let (world, other) = (World::create(1).await, World::create(1).await);
    let home = &world.network.nodes[0].home;
    let file = home.join("genesis.json");
    fs::copy(other.network.nodes[0].home.join("genesis.json"), &file).unwrap();
    names(&refusal(home).await, &["signing guard", "ledger"]);
    fs::write(&file, "{}").unwrap();
    names(&refusal(home).await, &["genesis.json"]);
    fs::remove_file(&file).unwrap();
    names(&refusal(home).await, &["genesis.json"]);
}

#[tokio::test]
async fn a_store_or_guard_of_another_ledger_is_named_with_both_ledgers() {
    let (mut world, mut other) = (World::start(1).await, World::start(1).await);
    world.network.stop().await.unwrap();
    other.network.stop().await.unwrap();
    let data = |world: &World| world.network.nodes[0].home.join("data");
    let (ours, theirs) = (data(&world), data(&other));
    let ledgers = [world.network.ledger, other.network.ledger].map(|it| it.to_string());
    let ledgers = ledgers.each_ref().map(String::as_str);
    let home = &world.network.nodes[0].home;

    fs::remove_dir_all(ours.join("ledger")).unwrap();
    fs::rename(theirs.join("ledger"), ours.join("ledger")).unwrap();
    let line = refusal(home).await;
    names(&line, &["store"]);
    names(&line, &ledgers);

    fs::rename(theirs.join("signing-guard"), ours.join("signing-guard")).unwrap();
    let line = refusal(home).await;
    names(&line, &["guard"]);
    names(&line, &ledgers);
}

#[tokio::test]
async fn an_occupied_port_is_named() {
    let world = World::create(1).await;
    let node = &world.network.nodes[0];
    let address = node.api.strip_prefix("http://").unwrap();
    let occupant = TcpListener::bind(address).unwrap();
    names(&refusal(&node.home).await, &[address, "in use"]);
    drop(occupant);
}

#[tokio::test]
async fn a_corrupt_or_missing_guard_is_named_and_never_made_anew() {
    let world = World::create(1).await;
    let home = &world.network.nodes[0].home;
    let guard = home.join("data/signing-guard");
    let mut bytes = fs::read(&guard).unwrap();
    for block in bytes.chunks_mut(4096) {
        block[100] ^= 1;
    }
    fs::write(&guard, &bytes).unwrap();
    names(&refusal(home).await, &["signing-guard", "corrupt"]);
    assert_eq!(fs::read(&guard).unwrap(), bytes);
    fs::write(&guard, &bytes[..100]).unwrap();
    names(&refusal(home).await, &["signing-guard", "corrupt"]);
    fs::remove_file(&guard).unwrap();
    names(&refusal(home).await, &["signing-guard", "missing"]);
    assert!(!guard.exists());
}

#[tokio::test]
async fn a_key_that_others_can_read_or_that_is_none_is_named_and_not_shown() {
    let world = World::create(1).await;
    let home = &world.network.nodes[0].home;
    for name in ["consensus.key", "note.key", "log.key", "network.key"] {
        let file = home.join("keys").join(name);
        let text = fs::read_to_string(&file).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let line = refusal(home).await;
        names(&line, &[name, "644", "chmod 600"]);
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();

        fs::write(&file, text.get(..62).unwrap()).unwrap();
        let line = refusal(home).await;
        names(&line, &[name]);
        assert!(!line.contains(text.get(..16).unwrap()), "{name} is shown");
        fs::write(&file, text).unwrap();
    }
}

#[tokio::test]
async fn a_missing_share_of_the_log_s_key_and_another_s_are_named_and_not_shown() {
    let world = World::create(4).await;
    let [ours, theirs] = [0, 1].map(|node| world.network.nodes[node].home.join("keys/log.key"));
    fs::copy(&theirs, &ours).unwrap();
    let home = &world.network.nodes[0].home;
    let line = refusal(home).await;
    names(
        &line,
        &["shares of the log's key here", "registrar.example"],
    );
    assert!(!line.contains(fs::read_to_string(&theirs).unwrap().trim()));
    fs::remove_file(&ours).unwrap();
    names(&refusal(home).await, &["log.key", "ceremony"]);
}

#[tokio::test]
async fn a_node_that_is_stopped_while_it_starts_ends_in_order() {
    let world = World::create(4).await;
    for _ in 0..24 {
        let mut command = Command::new(program("deedbook-node"));
        let output = command
            .args(["run", "--stop-on-stdin-close", "--home"])
            .arg(&world.network.nodes[0].home)
            .stdin(Stdio::null())
            .output();
        let output = output.await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", output.status);
        // What the store's library prints when a thread still uses it while the process exits.
        assert!(!said.contains("pthread lock"), "{said}");
    }
}

/// Flips a bit of the first entry of a stopped node's log, through the database itself, so that every
/// checksum of the database fits.
fn edit_first_entry(home: &Path) {
    let path = home.join("data/ledger");
    let families = DB::list_cf(&Options::default(), &path).unwrap();
    let db = DB::open_cf(&Options::default(), &path, families).unwrap();
    let entries = db.cf_handle("entries").unwrap();
    let mut entry = db.get_cf(entries, 0u64.to_be_bytes()).unwrap().unwrap();
    *entry.last_mut().unwrap() ^= 1;
    db.put_cf(entries, 0u64.to_be_bytes(), entry).unwrap();
}

#[tokio::test]
async fn a_node_whose_old_records_were_edited_finds_it_by_itself_and_stops() {
    let mut world = World::start(4).await;
    world.settle().await;
    world.network.stop().await.unwrap();
    let home = &world.network.nodes[0].home;
    edit_first_entry(home);
    let mut node = Command::new(program("deedbook-node"))
        .args(["run", "--stop-on-stdin-close", "--home"])
        .arg(home)
        .env("RUST_LOG", "off")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _open = node.stdin.take();
    let output = node.wait_with_output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    names(
        &said,
        &["the store is corrupt", "block 1 is not the one it seals"],
    );
    assert!(!home.join("data/self-check").exists());
}

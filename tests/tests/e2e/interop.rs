//! What software that nobody here wrote makes of a log that a real node wrote: Go's
//! golang.org/x/mod/sumdb, PyPI's pymerkle, sigstore, scitt-cose and pycose.
//!
//! The files are what the node answers, unmodified; the programs are in `tests/interop`. Each of them
//! also alters what it reads and insists on a refusal. Where one is not installed, it says so.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use deedbook_client::http::Client;
use deedbook_schemas::carried::Carried;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::cose::Statement;
use deedbook_schemas::digest::{RecordId, TreeHash};
use deedbook_schemas::merkle::consistency_proof;
use deedbook_schemas::receipt::Receipt;
use deedbook_schemas::tile::{HashPlace, Tile, TileError, TileKind, changed_tiles};
use deedbook_schemas::transparent::TransparentStatement;
use deedbook_testnet::deals::record_id;
use deedbook_testnet::people::{Person, now};
use deedbook_testnet::submit::{Lanes, Verdict, accepted};
use tempfile::TempDir;

use crate::world::World;

/// Bundles of enrolments: with them the log has a full tile and a partial one.
const CROWDS: usize = 5;
const CROWD: usize = 64;
/// Exit status of a program whose modules are missing (as automake's tests have it).
const SKIPPED: i32 = 77;
/// Where Debian's golang-golang-x-mod-dev lies.
const GO_PATH: &str = "/usr/share/gocode";

/// Says it past the capture of a passing test's output: a skipped check must be seen.
fn say(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// The log as files.
struct Export {
    folder: TempDir,
    /// The file of a checkpoint and the tree in it, the newest last.
    checkpoints: Vec<SignedCheckpoint>,
}

impl Export {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for inside in ["checkpoints", "consistency", "receipts", "statements"] {
            fs::create_dir(folder.path().join(inside)).unwrap();
        }
        Self {
            folder,
            checkpoints: Vec::new(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    async fn checkpoint(&mut self, client: &Client) {
        let note = client.checkpoint().await.unwrap();
        let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        self.put(&format!("checkpoints/{}", signed.checkpoint.size), &note);
        self.put("checkpoint", note);
        self.checkpoints.push(signed);
    }

    fn size(&self) -> u64 {
        self.checkpoints.last().unwrap().checkpoint.size
    }

    async fn tiles(&self, client: &Client) {
        let size = self.size();
        let bundles = (0..)
            .map_while(|index| Tile::of_tree(TileKind::Entries, index, size))
            .collect::<Vec<_>>();
        for tile in changed_tiles(0, size).chain(bundles) {
            self.put(&tile.to_string(), client.tile(&tile).await.unwrap());
        }
    }

    /// Our consistency proofs from every older checkpoint to the newest.
    fn consistency(&self) {
        let size = self.size();
        let read = |level: u8, index: u64| -> Result<TreeHash, TileError> {
            let place = HashPlace::of(level, index);
            let tile = place.tile(size).unwrap();
            place.hash(&fs::read(self.path().join(tile.to_string())).unwrap())
        };
        for signed in &self.checkpoints[..self.checkpoints.len() - 1] {
            let old = signed.checkpoint.size;
            let hashes = consistency_proof(old, size, read).unwrap();
            let lines = hashes.iter().map(|hash| BASE64.encode(hash.0) + "\n");
            self.put(&format!("consistency/{old}"), lines.collect::<String>());
        }
    }

    async fn proofs(&self, client: &Client, record: &RecordId) {
        let proof = client.receipt(record, None).await.unwrap();
        let receipt = Receipt::parse(proof.as_bytes()).unwrap();
        let carried = Carried::decode(receipt.extra().unwrap()).unwrap();
        let index = receipt.index();
        self.put(&format!("receipts/{index}.tlog-proof"), &proof);
        self.put(&format!("receipts/{index}.entry"), carried.entry());

        let bytes = client.record_bytes(record).await.unwrap();
        let receipt = client.cose_receipt(record, None).await.unwrap();
        let transparent = TransparentStatement {
            statement: Statement::decode(&bytes).unwrap(),
            receipts: vec![receipt.clone()],
        };
        self.put(&format!("statements/{record}.cose"), bytes);
        self.put(&format!("statements/{record}.receipt"), receipt);
        let scitt = format!("statements/{record}.scitt");
        self.put(&scitt, transparent.encode());
    }
}

/// A log of more than 300 leaves by one node: crowds of people, then a sale.
async fn exported() -> (World, Export) {
    let world = World::start(1).await;
    let client = world.network.any_client().unwrap();
    let mut export = Export::new();
    let mut records = Vec::new();
    let provider = world.network.provider();
    for _ in 0..CROWDS {
        let enrolments: Vec<Vec<u8>> = (0..CROWD)
            .map(|_| {
                let person = Person::invent("one of many").unwrap();
                let enrolment = person.enrolment(&world.network.ledger);
                let party = person.wallet.party;
                provider.enrol(party, enrolment, now()).unwrap()
            })
            .collect();
        accepted(&client, &enrolments).await.unwrap();
        records.extend([&enrolments[0], &enrolments[CROWD - 1]].map(|it| record_id(it).unwrap()));
        world.at_rest().await;
        export.checkpoint(&client).await;
    }
    world.settle().await;
    let deed = world.deed();
    let verdict = Lanes::new(&world.network).unwrap().deed(0, &deed).await;
    assert_eq!(verdict.unwrap(), Verdict::Registered);
    records.push(deed.instrument);
    world.at_rest().await;
    export.checkpoint(&client).await;
    assert!(export.size() > 300, "{}", export.size());
    export.tiles(&client).await;
    export.consistency();
    for record in &records {
        export.proofs(&client, record).await;
    }
    let policy = world.network.policy.to_text();
    let log = policy.lines().find_map(|line| line.strip_prefix("log "));
    export.put("log.vkey", log.unwrap());
    let keys = format!("{}/.well-known/scitt-keys", world.network.nodes[0].api);
    let keys = reqwest::get(keys).await.unwrap().bytes().await.unwrap();
    export.put("scitt-keys", keys);
    (world, export)
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What became of a program: `None` if it, or what it needs, is not installed.
fn run(command: &mut Command) -> Option<Output> {
    let shown = format!("{command:?}");
    match command.output() {
        Err(error) => {
            say(&format!("SKIPPED: {shown}: {error}\n"));
            None
        }
        Ok(output) if output.status.code() == Some(SKIPPED) => {
            say(&String::from_utf8_lossy(&output.stderr));
            None
        }
        Ok(output) => Some(output),
    }
}

fn go(export: &Export) -> Option<Output> {
    if !Path::new(GO_PATH)
        .join("src/golang.org/x/mod/sumdb")
        .is_dir()
    {
        say("SKIPPED: golang.org/x/mod/sumdb is not installed (golang-golang-x-mod-dev)\n");
        return None;
    }
    run(Command::new("go")
        .args(["run".as_ref(), script("interop/go/main.go").as_os_str()])
        .arg(export.path())
        .env("GO111MODULE", "off")
        .env("GOPATH", GO_PATH))
}

fn python(export: &Export) -> Option<Output> {
    run(Command::new("python3")
        .arg("-B")
        .arg(script("interop/log.py"))
        .arg(export.path()))
}

/// Runs a reader on the log as it is, then with one byte of one file changed by the second.
fn reads(export: &Export, reader: fn(&Export) -> Option<Output>, altered: &[&str]) {
    let Some(output) = reader(export) else {
        return;
    };
    let (out, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}{errors}");
    say(&format!("{out}{errors}"));
    for name in altered {
        let path = export.path().join(name);
        let sound = fs::read(&path).unwrap();
        let mut bytes = sound.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let output = reader(export).unwrap();
        assert!(!output.status.success(), "{name} altered, and accepted");
        fs::write(path, sound).unwrap();
    }
}

/// The first file of a folder in the export with this extension.
fn first(export: &Export, folder: &str, extension: &str) -> String {
    let files = fs::read_dir(export.path().join(folder)).unwrap();
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(extension))
        .collect();
    names.sort();
    format!("{folder}/{}", names[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_others_read_our_log_unmodified_and_refuse_what_was_altered() {
    let (mut world, export) = exported().await;
    world.network.stop().await.unwrap();
    let entry = first(&export, "receipts", ".entry");
    reads(&export, go, &["checkpoint", "tile/0/000", &entry]);
    let receipt = first(&export, "statements", ".receipt");
    let statement = first(&export, "statements", ".scitt");
    let history = first(&export, "consistency", "");
    let altered = [&entry, &receipt, &statement, &history, "scitt-keys"];
    reads(&export, python, &altered);
}

//! A witness: what it cosigns, what it refuses and how, and that it never forgets.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use deedbook_client::files::Existing;
use deedbook_client::witness::home::{Home, HomeError};
use deedbook_client::witness::{Refusal, Witness, http};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::limits::{ADD_CHECKPOINT_BYTES_MAX, CONSISTENCY_HASHES_MAX};
use deedbook_schemas::merkle::{Frontier, consistency_proof, leaf_hash};
use deedbook_schemas::note::{KeyName, SignatureLine, SignatureType, VerifierKey};
use deedbook_schemas::policy::Policy;
use deedbook_schemas::witness::{AddCheckpoint, origin_hash, parse_cosignature_answer};
use tempfile::TempDir;

use crate::command::{Desk, code, text};

const ORIGIN: &str = "ledger.example/deeds";
const NOW: Seconds = Seconds(1_790_000_000);

fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

fn seed(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn verifier(text: &str, kind: SignatureType, key: &SigningKey) -> VerifierKey {
    VerifierKey::new(name(text), kind, PublicKey::of(key)).unwrap()
}

/// A log in memory, under the keys of a network of four.
struct Log {
    nodes: BTreeMap<(u8, u64), TreeHash>,
    frontiers: Vec<Frontier>,
}

impl Log {
    /// A log of `size` leaves; from leaf `from` on another one than others with another `salt`.
    fn new(size: u64, from: u64, salt: &str) -> Self {
        let (mut nodes, mut frontier) = (BTreeMap::new(), Frontier::default());
        let mut frontiers = vec![frontier.clone()];
        for index in 0..size {
            let salt = if index < from { "" } else { salt };
            let leaf = leaf_hash(format!("entry {index}{salt}").as_bytes());
            frontier.append_with(leaf, |level, index, hash| {
                nodes.insert((level, index), hash);
            });
            frontiers.push(frontier.clone());
        }
        Self { nodes, frontiers }
    }

    fn checkpoint(&self, size: u64) -> Checkpoint {
        let frontier = &self.frontiers[usize::try_from(size).unwrap()];
        Checkpoint {
            origin: name(ORIGIN),
            size,
            root: frontier.root(),
        }
    }

    fn signed(&self, size: u64) -> SignedCheckpoint {
        signed(self.checkpoint(size), 3)
    }

    fn proof(&self, old: u64, new: u64) -> Vec<TreeHash> {
        let read = |level, index| Ok::<_, std::convert::Infallible>(self.nodes[&(level, index)]);
        consistency_proof(old, new, read).unwrap()
    }

    fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        AddCheckpoint {
            old_size: old,
            proof: self.proof(old, new),
            checkpoint: self.signed(new),
        }
    }

    fn body(&self, old: u64, new: u64) -> Vec<u8> {
        self.request(old, new).to_string().into_bytes()
    }
}

/// Signed in the log's name, and cosigned by the first `count` validators.
fn signed(checkpoint: Checkpoint, count: u8) -> SignedCheckpoint {
    let mut signatures = vec![SignatureLine::sign_note(
        &checkpoint.origin,
        &seed(100),
        &checkpoint.text(),
    )];
    signatures.extend((0..count).map(|index| {
        let validator = name(&format!("validator{index}.example"));
        Cosignature::sign(&validator, &seed(index + 1), &checkpoint, NOW).to_line()
    }));
    SignedCheckpoint {
        checkpoint,
        signatures,
    }
}

fn policy() -> Policy {
    let log = verifier(ORIGIN, SignatureType::Ed25519, &seed(100));
    let validators = (0..4).map(|index| {
        let name = format!("validator{index}.example");
        verifier(&name, SignatureType::CosignatureV1, &seed(index + 1))
    });
    Policy::for_network([log], validators, 3).unwrap()
}

/// The folder of a witness that watches the log.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::init(&folder.path().join("w"), &name("bar.example/w1")).unwrap();
        home.add_log(&policy(), Existing::Keep).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("w")
    }

    fn open(&self) -> Witness {
        Witness::open(Home::open(&self.path()).unwrap()).unwrap()
    }

    /// Why it does not open.
    fn retired(&self) -> String {
        let error = Witness::open(Home::open(&self.path()).unwrap()).unwrap_err();
        assert!(matches!(error, HomeError::Retired { .. }), "{error}");
        error.to_string()
    }

    fn evidence(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path().join("evidence")) else {
            return Vec::new();
        };
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

/// A witness served in this process, and who asks it.
struct Served {
    base: String,
    key: VerifierKey,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Served {
    fn new(folder: &Folder) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let witness = Arc::new(folder.open());
        let key = witness.verifier().clone();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let listener = listener.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(http::serve(witness, listener, std::future::pending()));
        // Installs what TLS needs, which the client wants even without TLS.
        deedbook_client::http::Client::new(&[&base]).unwrap();
        let http = reqwest::Client::builder().tls_certs_only([]);
        Self {
            base,
            key,
            http: http.build().unwrap(),
            runtime,
        }
    }

    /// Status, media type and body.
    fn post(&self, body: impl Into<Vec<u8>>) -> (u16, String, Vec<u8>) {
        let request = self.http.post(format!("{}/add-checkpoint", self.base));
        self.answer(request.body(body.into()))
    }

    fn get(&self, path: &str) -> (u16, String, Vec<u8>) {
        self.answer(self.http.get(format!("{}{path}", self.base)))
    }

    fn answer(&self, request: reqwest::RequestBuilder) -> (u16, String, Vec<u8>) {
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            let kind = response.headers().get("content-type");
            let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
            let status = response.status().as_u16();
            (status, kind, response.bytes().await.unwrap().to_vec())
        })
    }
}

#[test]
fn what_continues_the_log_is_cosigned_and_served() {
    let (folder, log) = (Folder::new(), Log::new(300, 0, ""));
    let served = Served::new(&folder);
    let path = format!("/{}/checkpoint", origin_hash(&name(ORIGIN)));
    assert_eq!(served.get(&path).0, 404);
    for (old, new) in [(0, 0), (0, 7), (7, 7), (7, 8), (8, 256), (256, 300)] {
        let (status, _, body) = served.post(log.body(old, new));
        assert_eq!(status, 200, "{old} to {new}: {}", text(&body));
        parse_cosignature_answer(&body, &served.key, &log.checkpoint(new)).unwrap();
        let (status, _, shown) = served.get(&path);
        assert_eq!(status, 200);
        let shown = SignedCheckpoint::parse(&shown).unwrap();
        assert_eq!(shown.checkpoint, log.checkpoint(new));
        // What it verified, and its own.
        assert_eq!(shown.signatures.len(), 5);
        assert_eq!(format!("{}\n", shown.signatures[4]).into_bytes(), body);
        policy().verify(&shown).unwrap();
    }
    let (_, _, status) = served.get("/status");
    let status: serde_json::Value = serde_json::from_slice(&status).unwrap();
    assert_eq!(status["logs"][0]["size"], 300);
    assert_eq!(status["logs"][0]["cosigned"], 6);
    let (status, _, health) = served.get("/health");
    assert_eq!(status, 200);
    assert!(text(&health).contains(&served.key.to_string()));
    assert_eq!(served.get("/elsewhere").0, 404);
    assert_eq!(served.get("/add-checkpoint").0, 405);
}

/// What is no request at all.
fn malformed(log: &Log) -> Vec<(u16, &'static str, String)> {
    let note = log.signed(200).to_string();
    let many = "A".repeat(43) + "=\n";
    vec![
        (400, "nothing", String::new()),
        (400, "no old size", format!("\n{note}")),
        (400, "a leading zero", format!("old 0100\n\n{note}")),
        (400, "no blank line", format!("old 100\n{note}")),
        (400, "no hash", format!("old 100\nx\n\n{note}")),
        (
            400,
            "64 hashes",
            format!(
                "old 100\n{}\n{note}",
                many.repeat(CONSISTENCY_HASHES_MAX + 1)
            ),
        ),
        (
            400,
            "no signature",
            "old 100\n\nledger.example/deeds\n".to_owned(),
        ),
        (400, "too long", "x".repeat(ADD_CHECKPOINT_BYTES_MAX + 1)),
    ]
}

#[test]
fn every_refusal_has_the_status_of_the_protocol_and_changes_nothing() {
    let (folder, log) = (Folder::new(), Log::new(300, 0, ""));
    let served = Served::new(&folder);
    assert_eq!(served.post(log.body(0, 100)).0, 200);
    let with = |change: &dyn Fn(&mut AddCheckpoint)| {
        let mut request = log.request(100, 200);
        change(&mut request);
        request.to_string()
    };
    let cases = [
        (400, "old above new", with(&|it| it.old_size = 201)),
        (
            400,
            "an extension line",
            with(&|_| ()).replace("\n\n\u{2014}", "\nmore\n\n\u{2014}"),
        ),
        (
            404,
            "another log",
            with(&|it| it.checkpoint.checkpoint.origin = name("other.example/log")),
        ),
        (
            403,
            "no log signature",
            with(&|it| drop(it.checkpoint.signatures.remove(0))),
        ),
        (
            403,
            "a log signature of something else",
            with(&|it| it.checkpoint.checkpoint.root.0[0] ^= 1),
        ),
        (
            403,
            "the log's key twice",
            with(&|it| {
                let line = it.checkpoint.signatures[0].clone();
                it.checkpoint.signatures.push(line);
            }),
        ),
        (
            403,
            "two of four validators",
            with(&|it| it.checkpoint = signed(log.checkpoint(200), 2)),
        ),
        (422, "no proof", with(&|it| it.proof.clear())),
        (422, "another proof", with(&|it| it.proof[0].0[0] ^= 1)),
        (
            422,
            "one hash more",
            with(&|it| it.proof.push(TreeHash([7; 32]))),
        ),
    ];
    for (expected, case, body) in malformed(&log).into_iter().chain(cases) {
        let (status, _, answer) = served.post(body);
        assert_eq!(status, expected, "{case}: {}", text(&answer));
        assert!(!text(&answer).contains('\u{2014}'), "{case}");
    }
    for old in [0, 99, 101, 200] {
        let mut request = log.request(100, 200);
        request.old_size = old;
        let (status, kind, answer) = served.post(request.to_string());
        assert_eq!((status, kind.as_str()), (409, "text/x.tlog.size"));
        assert_eq!(answer, b"100\n");
    }
    assert_eq!(served.post(log.body(100, 200)).0, 200);
}

#[test]
fn a_history_rewritten_by_all_validators_is_refused_and_kept_as_evidence() {
    let (folder, log) = (Folder::new(), Log::new(300, 0, ""));
    let forged = Log::new(300, 41, " rewritten");
    let witness = folder.open();
    witness.add_checkpoint(&log.body(0, 200), NOW).unwrap();
    // All four cosign the rewritten tree: the policy accepts it.
    policy().verify(&signed(forged.checkpoint(250), 4)).unwrap();
    for (old, new) in [(200, 250), (200, 200)] {
        let mut request = forged.request(old, new);
        request.checkpoint = signed(forged.checkpoint(new), 4);
        let refusal = witness.add_checkpoint(request.to_string().as_bytes(), NOW);
        let refusal = refusal.unwrap_err();
        assert!(matches!(refusal, Refusal::Inconsistent { .. }), "{refusal}");
    }
    for (old, new) in [(0, 250), (41, 250), (199, 200)] {
        let refusal = witness.add_checkpoint(&forged.body(old, new), NOW);
        assert!(matches!(refusal, Err(Refusal::Conflict { known: 200, .. })));
    }
    let evidence = folder.evidence();
    assert_eq!(evidence.len(), 2, "{evidence:?}");
    assert!(evidence[0].starts_with("fork-200-"), "{evidence:?}");
    assert!(evidence[1].starts_with("inconsistent-250-"), "{evidence:?}");
    let kept = fs::read(folder.path().join("evidence").join(&evidence[0])).unwrap();
    let kept = AddCheckpoint::parse(&kept).unwrap();
    policy().verify(&kept.checkpoint).unwrap();
    assert_eq!(witness.status()[0].size, Some(200));
    witness.add_checkpoint(&log.body(200, 300), NOW).unwrap();
}

#[test]
fn its_time_never_goes_back_and_a_wrong_clock_signs_nothing() {
    let (folder, log) = (Folder::new(), Log::new(9, 0, ""));
    let witness = folder.open();
    let at = |seconds: u64| Seconds(NOW.0 + seconds);
    let first = witness.add_checkpoint(&log.body(0, 3), at(100)).unwrap();
    assert_eq!(first.time, at(100));
    let second = witness.add_checkpoint(&log.body(3, 5), at(40)).unwrap();
    assert_eq!(second.time, at(100));
    drop(witness);
    let witness = folder.open();
    let refusal = witness.add_checkpoint(&log.body(5, 7), at(39)).unwrap_err();
    assert!(matches!(refusal, Refusal::Clock(61)), "{refusal}");
    assert_eq!(witness.status()[0].size, Some(5));
    // The same again in the same second is the same, and costs no write.
    let database = folder.path().join("database");
    let before = fs::read(&database).unwrap();
    let again = witness.add_checkpoint(&log.body(5, 5), at(100)).unwrap();
    assert_eq!((again, fs::read(&database).unwrap()), (second, before));
}

#[test]
fn a_witness_whose_database_is_not_the_last_one_is_retired() {
    let (folder, log) = (Folder::new(), Log::new(9, 0, ""));
    let other = Folder::new();
    let [database, mark] = ["database", "witness.mark"].map(|name| folder.path().join(name));
    let unused = fs::read(&database).unwrap();
    let witness = folder.open();
    witness.add_checkpoint(&log.body(0, 3), NOW).unwrap();
    let older = fs::read(&database).unwrap();
    let older_mark = fs::read(&mark).unwrap();
    witness.add_checkpoint(&log.body(3, 5), NOW).unwrap();
    drop(witness);
    let last = fs::read(&database).unwrap();

    for (case, bytes) in [
        ("never used", unused),
        ("older", older.clone()),
        ("cut", last[..last.len() - 7].to_vec()),
        ("empty", Vec::new()),
        (
            "another's",
            fs::read(other.path().join("database")).unwrap(),
        ),
    ] {
        fs::write(&database, bytes).unwrap();
        let error = folder.retired();
        assert!(
            error.contains("bar.example/w1 is retired"),
            "{case}: {error}"
        );
    }
    for place in (0..last.len()).step_by(11) {
        let mut damaged = last.clone();
        damaged[place] ^= 1;
        fs::write(&database, damaged).unwrap();
        folder.retired();
    }
    fs::remove_file(&database).unwrap();
    assert!(folder.retired().contains("database cannot be read"));
    // Nor can it begin again under that key.
    let again = Home::init(&folder.path(), &name("bar.example/w1")).unwrap_err();
    assert!(matches!(again, HomeError::Exists(_)), "{again}");
    fs::write(&database, &last).unwrap();
    let newest = fs::read(&mark).unwrap();
    fs::remove_file(&mark).unwrap();
    assert!(folder.retired().contains("witness.mark"));

    // A crash between database and mark: the database is newer, which loses nothing.
    fs::write(&mark, older_mark).unwrap();
    assert_eq!(folder.open().status()[0].size, Some(5));
    fs::write(&mark, newest).unwrap();
    assert_eq!(folder.open().status()[0].size, Some(5));
}

#[test]
fn what_cannot_be_stored_is_not_cosigned() {
    let (folder, log) = (Folder::new(), Log::new(9, 0, ""));
    let witness = folder.open();
    witness.add_checkpoint(&log.body(0, 3), NOW).unwrap();
    // In the way of each of the two files in turn.
    for name in ["database", "witness.mark"] {
        let partial = format!(".{name}.{}.partial", std::process::id());
        let obstacle = folder.path().join(partial);
        fs::create_dir(&obstacle).unwrap();
        let refusal = witness.add_checkpoint(&log.body(3, 5), NOW).unwrap_err();
        assert!(matches!(refusal, Refusal::Disk(_)), "{refusal}");
        assert_eq!(witness.status()[0].size, Some(3));
        fs::remove_dir(&obstacle).unwrap();
    }
    witness.add_checkpoint(&log.body(3, 5), NOW).unwrap();
    drop(witness);
    assert_eq!(folder.open().status()[0].size, Some(5));
}

#[test]
fn of_many_requests_at_once_each_size_is_continued_once() {
    let (folder, log) = (Folder::new(), Log::new(300, 0, ""));
    let witness = folder.open();
    witness.add_checkpoint(&log.body(0, 1), NOW).unwrap();
    let (witness, log) = (&witness, &log);
    let mut next = 1;
    for round in 0..8_u64 {
        let won: Vec<u64> = std::thread::scope(|scope| {
            let runs = (1..=8).map(|step| {
                let size = next + step + round;
                scope.spawn(move || {
                    let cosigned = witness.add_checkpoint(&log.body(next, size), NOW);
                    match cosigned {
                        Ok(_) => Some(size),
                        Err(Refusal::Conflict { known, .. }) if known != next => None,
                        Err(other) => panic!("{other}"),
                    }
                })
            });
            let runs: Vec<_> = runs.collect();
            runs.into_iter()
                .filter_map(|run| run.join().unwrap())
                .collect()
        });
        assert_eq!(won.len(), 1, "round {round}");
        next = won[0];
    }
    assert_eq!(witness.status()[0].size, Some(next));
}

/// A process of `deedbook witness run`, and where it listens.
struct Running {
    child: Child,
    base: String,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deedbook"))
            .args(["witness", "run", "--listen", "127.0.0.1:0"])
            .arg("--stop-on-stdin-close")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map(Result::unwrap)
            .find_map(|line| Some(line.strip_prefix("listening on ")?.to_owned()));
        let address = address.unwrap();
        let address = address.split(';').next().unwrap();
        let base = format!("http://{address}");
        Self { child, base }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn killed_at_any_moment_it_comes_back_with_all_that_it_cosigned() {
    let (folder, log) = (Folder::new(), Log::new(2_000, 0, ""));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    deedbook_client::http::Client::new(&["http://127.0.0.1:1"]).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([])
        .build()
        .unwrap();
    let (mut answered, mut kills) = (0, 0);
    while kills < 12 {
        let mut running = Running::start(&folder.path());
        let url = format!("{}/add-checkpoint", running.base);
        let known = runtime.block_on(async {
            let nowhere = http.post(&url).body(log.body(1, 1)).send().await.unwrap();
            match nowhere.status().as_u16() {
                409 => nowhere.text().await.unwrap().trim().parse().unwrap(),
                _ => 1,
            }
        });
        assert!(known >= answered, "{known} after {answered} was cosigned");
        answered = known;
        // Answers some, and dies while the next is under way.
        runtime.block_on(async {
            for _ in 0..kills {
                let request = http.post(&url).body(log.body(answered, answered + 1));
                assert_eq!(request.send().await.unwrap().status(), 200);
                answered += 1;
            }
            let request = http.post(&url).body(log.body(answered, answered + 1));
            let last = tokio::spawn(request.send());
            tokio::task::yield_now().await;
            running.child.kill().unwrap();
            if last
                .await
                .unwrap()
                .is_ok_and(|answer| answer.status() == 200)
            {
                answered += 1;
            }
        });
        kills += 1;
    }
    let size = folder.open().status()[0].size.unwrap();
    assert!(
        size >= answered && size <= answered + 1,
        "{size} after {answered}"
    );
}

#[test]
fn the_command_makes_shows_and_runs_a_witness_alone() {
    let desk = Desk::new();
    desk.put("network.policy", policy().to_text());
    let (status, made) = desk.json("witness init w --name bar.example/w1");
    assert_eq!(status, 0, "{made}");
    let key: VerifierKey = made["key"].as_str().unwrap().parse().unwrap();
    assert_eq!(made["policy_line"], format!("witness bar.example/w1 {key}"));
    let file = desk.path("w/witness.key");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    let stored: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let secret = stored["seed"].as_str().unwrap();

    let refused = desk.run("witness init w --name other.example/w");
    assert_eq!(code(&refused), 1);
    assert!(text(&refused.stderr).contains("never replaced"));
    let refused = desk.run("witness run w");
    assert!(text(&refused.stderr).contains("watches no log"));
    assert_eq!(
        code(&desk.run("witness add-log w --policy network.policy")),
        0
    );
    let again = desk.run("witness add-log w --policy network.policy");
    assert_eq!(code(&again), 1);
    assert!(text(&again.stderr).contains("--force"));
    assert_eq!(
        code(&desk.run("witness add-log w --policy network.policy --force")),
        0
    );
    let other = verifier("other.example/log", SignatureType::Ed25519, &seed(9));
    assert_eq!(
        code(&desk.run(&format!("witness add-log w --vkey {other}"))),
        0
    );
    let (_, shown) = desk.json("witness show w");
    assert_eq!(shown["logs"].as_array().unwrap().len(), 2);
    assert!(!shown.to_string().contains(secret));

    let mut running = Running::start(&desk.path("w"));
    for line in ["witness run w", "witness show w"] {
        let refused = desk.run(line);
        assert_eq!(code(&refused), 1, "{line}");
        assert!(text(&refused.stderr).contains("in use"), "{line}");
    }
    drop(running.child.stdin.take());
    assert!(running.child.wait().unwrap().success());
    drop(running);

    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    let refused = desk.run("witness show w");
    assert!(text(&refused.stderr).contains("chmod 600"));
    let help = desk.run("witness --help");
    assert!(text(&help.stdout).contains("deedbook witness add-log"));
}

#[test]
fn requests_that_others_made_are_answered_as_they_must_be() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/tlog");
    let Ok(key) = fs::read_to_string(shared.join("log.vkey")) else {
        let mut stderr = std::io::stderr();
        writeln!(stderr, "SKIPPED: no golden vectors at {}", shared.display()).unwrap();
        return;
    };
    let folder = Folder::new();
    let home = Home::open(&folder.path()).unwrap();
    let policy = format!("log {}\nquorum none\n", key.trim());
    let policy = Policy::from_text(&policy).unwrap();
    home.add_log(&policy, Existing::Keep).unwrap();
    drop(home);
    let served = Served::new(&folder);
    let add = |name: &str| {
        let body = fs::read(shared.join(name)).unwrap();
        assert_eq!(
            AddCheckpoint::parse(&body)
                .unwrap()
                .to_string()
                .into_bytes(),
            body
        );
        served.post(body).0
    };
    let sizes = ["add.0.1", "add.1.100", "add.100.256", "add.256.300"];
    assert_eq!(sizes.map(add), [200; 4]);
    // Another tree; and the right one, too late.
    assert_eq!([add("b3.add.300.600"), add("add.forged")], [422, 422]);
    assert_eq!([add("add.300.600"), add("add.600.600")], [200, 200]);
    assert_eq!([add("add.512.600"), add("add.300.600")], [409, 409]);
}

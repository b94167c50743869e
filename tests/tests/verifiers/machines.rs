//! The three verifiers behind one face: a policy, then files; each answer is a refusal or a statement
//! as JSON, without the words for people.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::num::NonZero;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use deedbook_client::verified::{VerifiedStatement, verify_receipt};
use deedbook_schemas::compact_receipt::expand;
use deedbook_schemas::policy::Policy;
use deedbook_schemas::state_receipt::{Kind, StateReceipt, VerifiedState};
use deedbook_schemas::title_certificate;
use serde_json::{Value, json};

/// Flipped bits that still prove something, and what.
pub(crate) type Flips = BTreeMap<usize, Value>;

pub(crate) trait Machine: Send {
    fn name(&self) -> &'static str;
    /// Whether it reads the policy, which counts from now on.
    fn policy(&mut self, bytes: &[u8]) -> bool;
    /// What the file proves.
    fn file(&mut self, bytes: &[u8]) -> Option<Value>;
    /// What the last file proves with each one of these bits flipped.
    fn flips(&mut self, bits: Range<usize>) -> Flips;
    /// The answers to many cases, in their order.
    fn answers(&mut self, cases: &[Case]) -> Vec<Answer> {
        let answer = |case: &Case| {
            let read = case.policy.as_ref().map(|policy| self.policy(policy));
            (read, self.file(&case.file))
        };
        cases.iter().map(answer).collect()
    }
}

/// A file under a policy.
pub(crate) struct Case {
    /// The policy from now on; `None`: the one before.
    pub(crate) policy: Option<Vec<u8>>,
    pub(crate) file: Vec<u8>,
}

/// Whether the policy reads, if there is one, and what the file proves.
pub(crate) type Answer = (Option<bool>, Option<Value>);

/// Does all the work, each piece with machines that know the policy, on every core at once: one piece
/// waits for no other. The results are in the order of the work.
pub(crate) fn share<T: Sync, R: Send>(
    what: &str,
    work: &[T],
    policy: &[u8],
    each: impl Fn(&mut [Box<dyn Machine>], &T) -> R + Sync,
) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (next, started) = (AtomicUsize::new(0), Instant::now());
    let results = Mutex::new(Vec::new());
    let worker = || {
        let mut machines = machines();
        for machine in &mut machines {
            assert!(machine.policy(policy), "{}", machine.name());
        }
        while let Some((at, piece)) = claim(&next, work) {
            let result = each(&mut machines, piece);
            let mut results = results.lock().unwrap();
            results.push((at, result));
            if results.len().is_multiple_of(20) {
                let (done, of, took) = (results.len(), work.len(), started.elapsed());
                say(&format!("{what}: {done} of {of} pieces in {took:.0?}"));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..cores.min(work.len()) {
            scope.spawn(worker);
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn claim<'w, T>(next: &AtomicUsize, work: &'w [T]) -> Option<(usize, &'w T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    work.get(at).map(|piece| (at, piece))
}

/// All three, or as many as this machine can run; a missing one is named aloud.
pub(crate) fn machines() -> Vec<Box<dyn Machine>> {
    let mut machines: Vec<Box<dyn Machine>> = vec![Box::new(Rust::default())];
    if let Some(web) = workshop() {
        let mut node = Command::new("node");
        node.arg("out/batch.mjs")
            .current_dir(web.join("client/web"));
        machines.push(Box::new(Batch::start("TypeScript", node)));
    }
    if has_python() {
        let mut python = Command::new("python3");
        python
            .arg("-B")
            .arg(repository().join("client/verifier/batch.py"));
        machines.push(Box::new(Batch::start("Python", python)));
    }
    machines
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// Past the test runner, which keeps what a passing test prints with `eprintln` to itself.
pub(crate) fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").unwrap();
}

fn runs(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

pub(crate) fn has_python() -> bool {
    let has = runs(Command::new("python3").args(["-c", "import cryptography"]));
    if !has {
        say(
            "SKIPPED: python3 with the package cryptography is missing; the Python verifier is not run",
        );
    }
    has
}

/// The folder beside the target in which `.ci/web` installed the npm packages, with the page's
/// sources copied into it and built; `None`, said aloud, where there is no node or no package.
pub(crate) fn workshop() -> Option<&'static Path> {
    static WORKSHOP: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let test = std::env::current_exe().unwrap();
        // target/release/deps/verifiers-…
        let folder = test.ancestors().nth(4)?.join("web");
        if !runs(Command::new("node").arg("--version"))
            || !folder.join("node_modules/esbuild").is_dir()
        {
            say(
                "SKIPPED: node or its packages are missing (.ci/web); the TypeScript verifier is not run",
            );
            return None;
        }
        for part in ["client/web", "client/verifier", "schemas/vectors"] {
            copy(&repository().join(part), &folder.join(part));
        }
        let cddl = "schemas/deedbook.cddl";
        copy_file(&repository().join(cddl), &folder.join(cddl));
        succeeds(
            Command::new("node")
                .arg("build.mjs")
                .current_dir(folder.join("client/web")),
        );
        Some(folder)
    };
    WORKSHOP.get_or_init(build).as_deref()
}

fn copy(from: &Path, into: &Path) {
    std::fs::create_dir_all(into).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, kind) = (entry.file_name(), entry.file_type().unwrap());
        // What a developer's own build left there.
        if ["node_modules", "out", "__pycache__"]
            .iter()
            .any(|left| name == *left)
        {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &into.join(name));
        } else {
            copy_file(&entry.path(), &into.join(name));
        }
    }
}

/// What is the same stays untouched: another run may be reading it.
fn copy_file(from: &Path, into: &Path) {
    let bytes = std::fs::read(from).unwrap();
    if std::fs::read(into).ok().as_ref() != Some(&bytes) {
        std::fs::write(into, bytes).unwrap();
    }
}

pub(crate) fn succeeds(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Rust, in this process.
#[derive(Default)]
pub(crate) struct Rust {
    policy: Option<Policy>,
    file: Vec<u8>,
}

impl Rust {
    fn proves(&self, bytes: &[u8]) -> Option<Value> {
        let policy = self.policy.as_ref()?;
        let (file, mut statement) = if bytes.starts_with(b"c2sp.org/") {
            let verified = verify_receipt(bytes, policy).ok()?;
            ("receipt", receipt_json(&verified))
        } else if bytes.starts_with(&[0x85, 3]) || bytes.starts_with(&[0x86, 3]) {
            let text = expand(bytes).ok()?.to_string();
            let verified = verify_receipt(text.as_bytes(), policy).ok()?;
            ("receipt", receipt_json(&verified))
        } else {
            let read = StateReceipt::parse(bytes).ok()?;
            match read.kind() {
                Kind::Title => {
                    let title = title_certificate::verify(bytes, policy).ok()?;
                    ("title-certificate", serde_json::to_value(title).unwrap())
                }
                Kind::Object => ("state-receipt", state_json(&read.verify(policy).ok()?)),
            }
        };
        statement["proven"] = Value::Bool(true);
        statement["file"] = Value::from(file);
        Some(statement)
    }
}

/// A receipt's statement, as `deedbook verify --json` gives it; a test compares the two.
fn receipt_json(verified: &VerifiedStatement) -> Value {
    let (receipt, outcome) = (verified.receipt(), verified.outcome());
    json!({
        "record": verified.record().map(|record| record.id),
        "kind": verified.record().map(|record| record.body.kind()),
        "outcome": outcome.map(|outcome| outcome.status),
        "codes": outcome.map(|outcome| outcome.codes.clone()).unwrap_or_default(),
        "title_version": outcome.and_then(|outcome| outcome.title_version),
        "origin": receipt.origin,
        "leaf_index": receipt.index,
        "tree_size": receipt.tree_size,
        "root": receipt.root,
        "grade": receipt.grade,
        "witnesses": receipt.witnesses,
    })
}

/// A state receipt's statement, likewise.
fn state_json(verified: &VerifiedState) -> Value {
    let (vouched, seal) = (&verified.vouched, &verified.seal);
    let (key, value) = verified.objects.first_key_value().unwrap();
    json!({
        "origin": vouched.origin,
        "tree_size": vouched.tree_size,
        "root": vouched.root,
        "height": seal.height,
        "time": seal.time.seconds(),
        "grade": vouched.grade,
        "witnesses": vouched.witnesses,
        "key": hex::encode(key),
        "value": value.as_ref().map(hex::encode),
    })
}

impl Machine for Rust {
    fn name(&self) -> &'static str {
        "Rust"
    }

    fn policy(&mut self, bytes: &[u8]) -> bool {
        let text = std::str::from_utf8(bytes).ok();
        self.policy = text.and_then(|text| Policy::from_text(text).ok());
        self.policy.is_some()
    }

    fn file(&mut self, bytes: &[u8]) -> Option<Value> {
        self.file = bytes.to_vec();
        self.proves(bytes)
    }

    fn flips(&mut self, bits: Range<usize>) -> Flips {
        let mut file = self.file.clone();
        let mut flips = Flips::new();
        for bit in bits {
            file[bit / 8] ^= 1 << (bit % 8);
            flips.extend(self.proves(&file).map(|statement| (bit, statement)));
            file[bit / 8] ^= 1 << (bit % 8);
        }
        flips
    }
}

/// Another program that reads commands and answers in lines: `test/batch.mjs`, `batch.py`.
struct Batch {
    name: &'static str,
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    output: BufReader<ChildStdout>,
}

impl Batch {
    fn start(name: &'static str, mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = Some(BufWriter::new(child.stdin.take().unwrap()));
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            name,
            child,
            input,
            output,
        }
    }

    fn ask(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    fn statement(&mut self) -> Option<Value> {
        let answer = self.answer();
        (answer != "-").then(|| serde_json::from_str(&answer).unwrap())
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert!(
            line.ends_with('\n'),
            "the {} verifier broke off; its last words are above",
            self.name
        );
        line.pop();
        line
    }
}

impl Machine for Batch {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&mut self, bytes: &[u8]) -> bool {
        self.ask(&format!("policy {}", hex::encode(bytes)));
        self.answer() == "+"
    }

    fn file(&mut self, bytes: &[u8]) -> Option<Value> {
        self.ask(&format!("file {}", hex::encode(bytes)));
        self.statement()
    }

    fn answers(&mut self, cases: &[Case]) -> Vec<Answer> {
        let mut input = self.input.take().unwrap();
        std::thread::scope(|scope| {
            // Asked while the answers are read: nobody waits for the other with full pipes.
            let asked = scope.spawn(|| {
                for case in cases {
                    if let Some(policy) = &case.policy {
                        writeln!(input, "policy {}", hex::encode(policy)).unwrap();
                    }
                    writeln!(input, "file {}", hex::encode(&case.file)).unwrap();
                }
                input.flush().unwrap();
                input
            });
            let answer = |case: &Case| {
                let read = case.policy.as_ref().map(|_| self.answer() == "+");
                (read, self.statement())
            };
            let answers = cases.iter().map(answer).collect();
            self.input = Some(asked.join().unwrap());
            answers
        })
    }

    fn flips(&mut self, bits: Range<usize>) -> Flips {
        self.ask(&format!("flips {} {}", bits.start, bits.end));
        let mut flips = Flips::new();
        loop {
            let answer = self.answer();
            let Some((bit, statement)) = answer.split_once(' ') else {
                assert_eq!(answer, ".");
                return flips;
            };
            flips.insert(
                bit.parse().unwrap(),
                serde_json::from_str(statement).unwrap(),
            );
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        self.input = None;
        let ended = self.child.wait();
        debug_assert!(ended.is_ok(), "a child of ours can be waited for");
    }
}

//! The three verifiers behind one face: a policy, then files; each answer is a refusal or a statement
//! as JSON, without the words for people.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;

use deedbook_client::verified::{VerifiedStatement, verify_receipt};
use deedbook_schemas::policy::Policy;
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
}

/// All three, or as many as this machine can run; a missing one is named aloud.
pub(crate) fn machines() -> Vec<Box<dyn Machine>> {
    let mut machines: Vec<Box<dyn Machine>> = vec![Box::new(Rust::default())];
    if let Some(web) = workshop() {
        let mut node = Command::new("node");
        node.arg("test/batch.mjs")
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
        let (file, statement) = if bytes.first() == Some(&0x85) {
            let title = title_certificate::verify(bytes, policy).ok()?;
            ("title-certificate", serde_json::to_value(title).unwrap())
        } else {
            (
                "receipt",
                receipt_json(&verify_receipt(bytes, policy).ok()?),
            )
        };
        let mut statement = statement;
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
        let answer = self.answer();
        (answer != "-").then(|| serde_json::from_str(&answer).unwrap())
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

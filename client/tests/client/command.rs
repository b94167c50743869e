//! The command as a user meets it: output, exit codes, files.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use deedbook_schemas::record::{Draft, Record};
use serde_json::Value;
use tempfile::TempDir;

use crate::people::id;

/// A folder, and `deedbook` run in it.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let list = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = list
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.run_with(line, b"")
    }

    pub(crate) fn run_with(&self, line: &str, stdin: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deedbook"))
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .env_remove("DEEDBOOK_NODE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs with `--json` and reads the one object on stdout.
    pub(crate) fn json(&self, line: &str) -> (i32, Value) {
        let output = self.run(&format!("{line} --json"));
        (
            code(&output),
            serde_json::from_slice(&output.stdout).unwrap(),
        )
    }
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Serves fixed answers over HTTP until it is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

pub(crate) fn serve(paths: BTreeMap<String, Vec<u8>>) -> Served {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let paths = Arc::new(paths);
    let app = axum::Router::new().fallback(move |uri: axum::http::Uri| {
        let found = paths.get(uri.path()).cloned();
        std::future::ready(match found {
            Some(bytes) => (axum::http::StatusCode::OK, bytes),
            None => (axum::http::StatusCode::NOT_FOUND, Vec::new()),
        })
    });
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, app).await });
    Served {
        address,
        _runtime: runtime,
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_key_is_its_owner_s_alone_and_is_never_printed_nor_overwritten() {
    let desk = Desk::new();
    let made = desk.run("key new me.json");
    assert_eq!(code(&made), 0);
    assert_eq!(mode(&desk.path("me.json")), 0o600);
    let file: Value =
        serde_json::from_slice(&std::fs::read(desk.path("me.json")).unwrap()).unwrap();
    let (again, shown) = (
        desk.run("key new me.json"),
        desk.run("key show me.json --json"),
    );
    assert_eq!((code(&again), code(&shown)), (1, 0));
    assert!(text(&again.stderr).contains("--force"));
    let view: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(view["party"], file["party"]);
    assert_eq!(view["public_key"], file["public_key"]);
    let seed = file["seed"].as_str().unwrap();
    for output in [made, again, shown] {
        assert!(!text(&output.stdout).contains(seed) && !text(&output.stderr).contains(seed));
    }
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_remedy() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    desk.run("key new me.json");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(desk.path("me.json"), open).unwrap();
    let shown = desk.run("key show me.json");
    assert_eq!(code(&shown), 1);
    assert!(text(&shown.stderr).contains("chmod 600"));
}

#[test]
fn an_imported_seed_gives_the_same_key() {
    let desk = Desk::new();
    let party = id("seller").to_string();
    let line = format!("key import me.json --party {party} --json");
    let seed = hex::encode([7; 32]);
    let output = desk.run_with(&line, format!("{seed}\n").as_bytes());
    let view: Value = serde_json::from_slice(&output.stdout).unwrap();
    let key = deedbook_schemas::keys::SigningKey::from_bytes(&[7; 32]);
    let public = deedbook_schemas::keys::PublicKey::of(&key).to_string();
    assert_eq!(
        (view["party"].as_str(), view["public_key"].as_str()),
        (Some(&*party), Some(&*public))
    );
    assert_eq!(
        code(&desk.run_with("key import it.json --party 00 ", b"")),
        2
    );
    assert_eq!(
        code(&desk.run_with(&line.replace("me.json", "it.json"), b"short")),
        2
    );
    assert_eq!(desk.names(), ["me.json"]);
}

#[test]
fn a_transfer_is_drafted_and_signed_without_a_node() {
    let desk = Desk::new();
    let (_, me) = desk.json("key new me.json");
    let me = me["party"].as_str().unwrap();
    let (ledger, buyer) = ("11".repeat(32), id("buyer"));
    let line = format!(
        "draft transfer --property 20-315-001 --from {me}=1/1 --to {buyer}=1/1 --price 420.50KZT \
         --title-version 3 --key me.json --ledger {ledger} --out deal.draft.json"
    );
    let drafted = desk.run(&line);
    assert_eq!(code(&drafted), 0, "{}", text(&drafted.stderr));
    let (status, signed) = desk.json("sign deal.draft.json --key me.json");
    assert_eq!((status, signed["file"].as_str()), (0, Some("deal.cose")));
    let record = Record::decode(&std::fs::read(desk.path("deal.cose")).unwrap()).unwrap();
    assert!(record.verify());
    assert_eq!(signed["record"], record.id.to_string());
    assert_eq!(record.ledger.to_string(), ledger);
    assert_eq!(desk.names(), ["deal.cose", "deal.draft.json", "me.json"]);
}

#[test]
fn an_act_without_its_attestation_is_not_signed_but_its_digest_is_told() {
    let desk = Desk::new();
    desk.run("key new me.json");
    let (ledger, deed) = ("11".repeat(32), "22".repeat(32));
    let line =
        format!("draft act {deed} --role disponor --key me.json --ledger {ledger} -o a.json");
    assert_eq!(code(&desk.run(&line)), 0);
    let (status, told) = desk.json("sign a.json --key me.json");
    let digest = desk.run("sign a.json --key me.json --digest");
    assert_eq!((status, code(&digest)), (1, 0));
    assert_eq!(
        told["act_digest"].as_str(),
        Some(text(&digest.stdout).trim())
    );
    assert_eq!(desk.names(), ["a.json", "me.json"]);
}

#[test]
fn a_draft_from_json_is_completed_and_unknown_fields_are_refused() {
    let desk = Desk::new();
    let (party, ledger) = (id("seller"), "11".repeat(32));
    let line = format!("draft json --issuer {party} --ledger {ledger} --json");
    let body = r#""subject": "ab", "body": {"kind": "withdrawal"}"#;
    let output = desk.run_with(&line, format!("{{{body}}}").as_bytes());
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let draft: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(draft["nonce"].as_str().unwrap().len(), 32);
    assert!(draft["issued_at"].as_u64().unwrap() > 1_700_000_000);
    let output = desk.run_with(&line, format!("{{{body}, \"extra\": 1}}").as_bytes());
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("extra"));
}

#[test]
fn an_officer_approves_the_draft_of_another_one() {
    let desk = Desk::new();
    let (officer, bank, ledger) = (id("officer"), id("bank"), "11".repeat(32));
    let mortgage = "22".repeat(32);
    let body =
        format!(r#"{{"kind": "discharge", "property": "20-315-001", "represents": "{bank}"}}"#);
    let other = format!(r#"{{"subject": "{mortgage}", "body": {body}}}"#);
    let line = format!("draft json --issuer {officer} --ledger {ledger} -o theirs.json");
    let drafted = desk.run_with(&line, other.as_bytes());
    assert_eq!(code(&drafted), 0, "{}", text(&drafted.stderr));
    let line = format!(
        "draft officer-approval theirs.json --issuer {} --ledger {ledger}",
        id("me")
    );
    let (status, approval) = desk.json(&line);
    assert_eq!(
        (status, approval["subject"].as_str()),
        (0, Some(&*bank.to_string()))
    );
    let theirs: Draft =
        serde_json::from_slice(&std::fs::read(desk.path("theirs.json")).unwrap()).unwrap();
    let digest = theirs.body.digest(&mortgage).to_string();
    assert_eq!(approval["body"]["approves"].as_str(), Some(&*digest));
    // What nobody signs alone for an entity, nobody approves.
    let withdrawal = r#"{"subject": "ab", "body": {"kind": "withdrawal"}}"#;
    let own = format!("draft json --issuer {officer} --ledger {ledger} -o own.json");
    assert_eq!(code(&desk.run_with(&own, withdrawal.as_bytes())), 0);
    let refused = desk.run(&line.replace("theirs", "own"));
    assert_eq!(code(&refused), 2);
    assert!(text(&refused.stderr).contains("withdrawal"));
}

#[test]
fn every_code_is_explained() {
    let desk = Desk::new();
    let (status, all) = desk.json("explain --all");
    assert_eq!(status, 0);
    assert_eq!(
        all.as_array().unwrap().len(),
        deedbook_schemas::rejection::Code::ALL.len()
    );
    let (status, one) = desk.json("explain consent.missing");
    assert_eq!((status, one["rule"].as_u64()), (0, Some(12)));
    assert_eq!(code(&desk.run("explain no.such_code")), 2);
    assert_eq!(code(&desk.run("explain")), 2);
}

#[test]
fn exit_codes_tell_a_missing_node_from_an_unreachable_one() {
    let desk = Desk::new();
    let none = desk.run("title x");
    assert_eq!(code(&none), 2);
    assert!(text(&none.stderr).contains("DEEDBOOK_NODE"));
    assert_eq!(code(&desk.run("title x --node ftp://example")), 2);
    // Port 1 of the loopback address has no listener.
    let down = desk.run("health http://127.0.0.1:1");
    assert_eq!(code(&down), 3);
    let error = text(&down.stderr);
    assert!(error.contains("cannot reach http://127.0.0.1:1"), "{error}");
    let (status, object) = desk.json("health http://127.0.0.1:1");
    assert_eq!(status, 3);
    assert!(object["error"].is_string());
}

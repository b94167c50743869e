//! Anchors against a real time-stamping authority: `openssl ts`, behind HTTP.

use std::collections::VecDeque;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use deedbook_client::anchor::{TimestampError, query, read_authorities, verify};

use crate::command::{Desk, code, serve, text};
use crate::ledger::Ledger;

const CONFIG: &str = "\
[ req ]
distinguished_name = dn
prompt = no
[ dn ]
CN = Test
[ authority ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ stamper ]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ server ]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
[ tsa ]
default_tsa = here
[ here ]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
";

fn run(folder: &Path, line: &str) -> bool {
    let mut words = line.split_whitespace();
    let output = Command::new(words.next().unwrap())
        .args(words.map(|word| word.replace('~', " ")))
        .current_dir(folder)
        .output()
        .unwrap();
    if !output.status.success() {
        eprintln!("{line}\n{}", text(&output.stderr));
    }
    output.status.success()
}

/// A time-stamping authority of our own making: keys, certificates, and `openssl ts`.
#[derive(Clone)]
struct Authority {
    folder: Arc<tempfile::TempDir>,
    /// Answers to give before the true ones.
    instead: Arc<Mutex<VecDeque<Response>>>,
}

impl Authority {
    /// `key` as `openssl genpkey` takes it; `purpose` a section of the configuration. Without
    /// openssl, nothing.
    fn new(key: &str, purpose: &str) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            // Not `eprintln!`, which the harness keeps to itself when a test passes.
            let line = "SKIPPED: openssl is not installed; nothing about timestamps was tested";
            writeln!(std::io::stderr(), "{line}").unwrap();
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::write(path.join("openssl.cnf"), CONFIG).unwrap();
        std::fs::write(path.join("serial"), "01\n").unwrap();
        for line in [
            format!("openssl genpkey {key} -out ca.key"),
            format!("openssl genpkey {key} -out tsa.key"),
            "openssl req -x509 -new -config openssl.cnf -extensions authority -key ca.key \
             -days 30 -subj /CN=Root -out ca.pem"
                .to_owned(),
            "openssl req -new -config openssl.cnf -key tsa.key -subj /O=Elsewhere/CN=Clock \
             -out tsa.csr"
                .to_owned(),
            format!(
                "openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 30 \
                 -extfile openssl.cnf -extensions {purpose} -out tsa.pem"
            ),
        ] {
            assert!(run(path, &line));
        }
        Some(Self {
            folder: Arc::new(folder),
            instead: Arc::default(),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn answer(&self, query: &[u8]) -> Vec<u8> {
        std::fs::write(self.path("query.tsq"), query).unwrap();
        assert!(run(
            self.folder.path(),
            "openssl ts -reply -config openssl.cnf -queryfile query.tsq -signer tsa.pem \
             -inkey tsa.key -out answer.tsr",
        ));
        std::fs::read(self.path("answer.tsr")).unwrap()
    }

    /// Serves it over HTTP until the runtime is dropped.
    fn serve(&self) -> (String, tokio::runtime::Runtime) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let own = self.clone();
        let app = axum::Router::new().fallback(move |query: Bytes| {
            let instead = own.instead.lock().unwrap().pop_front();
            let kind = [(header::CONTENT_TYPE, "application/timestamp-reply")];
            let answer = instead.unwrap_or_else(|| (kind, own.answer(&query)).into_response());
            std::future::ready(answer)
        });
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = format!("http://{}/tsa", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, app).await });
        (address, runtime)
    }
}

const ELLIPTIC: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
const NONCE: [u8; 8] = [0, 200, 3, 4, 5, 6, 7, 8];

#[test]
fn a_timestamp_proves_when_these_bytes_existed_at_the_latest_and_nothing_of_others() {
    for key in [ELLIPTIC, RSA] {
        let Some(authority) = Authority::new(key, "stamper") else {
            return;
        };
        let trusted = read_authorities(&authority.path("ca.pem")).unwrap();
        let answer = authority.answer(&query(b"checkpoint", NONCE).unwrap());
        let before = deedbook_client::time::now().0;
        let stamp = verify(&answer, b"checkpoint", Some(NONCE), &trusted).unwrap();
        assert!(stamp.time.0.abs_diff(before) < 3600, "{stamp:?}");
        assert_eq!(stamp.authority, "CN=Clock,O=Elsewhere");
        assert_eq!(verify(&answer, b"checkpoint", None, &trusted), Ok(stamp));
        assert_eq!(
            verify(&answer, b"checkpoinT", Some(NONCE), &trusted),
            Err(TimestampError::OtherBytes)
        );
        assert_eq!(
            verify(&answer, b"checkpoint", Some([9; 8]), &trusted),
            Err(TimestampError::OtherNonce)
        );
        let stranger = Authority::new(key, "stamper").unwrap();
        let stranger = read_authorities(&stranger.path("ca.pem")).unwrap();
        let refused = verify(&answer, b"checkpoint", None, &stranger);
        assert!(
            matches!(refused, Err(TimestampError::Untrusted(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn a_certificate_for_another_purpose_stamps_nothing() {
    // openssl does not stamp with a server's certificate; whoever holds its key could all the same.
    for (purpose, lawful) in [("stamper", true), ("server", false)] {
        let Some(authority) = Authority::new(ELLIPTIC, "stamper") else {
            return;
        };
        let trusted = read_authorities(&authority.path("ca.pem")).unwrap();
        // Before the stamp: it is not valid earlier than the second in which it is made.
        let certify = format!(
            "openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -set_serial 8 -days 30 \
             -extfile openssl.cnf -extensions {purpose} -out other.pem"
        );
        assert!(run(authority.folder.path(), &certify));
        authority.answer(&query(b"checkpoint", NONCE).unwrap());
        for line in [
            "openssl ts -reply -in answer.tsr -token_out -out token.der",
            "openssl cms -verify -noverify -inform DER -in token.der -out time.der",
            "openssl cms -sign -binary -nodetach -cades -md sha256 -in time.der \
             -econtent_type 1.2.840.113549.1.9.16.1.4 -signer other.pem -inkey tsa.key \
             -outform DER -out token.der",
        ] {
            assert!(run(authority.folder.path(), line));
        }
        let token = std::fs::read(authority.path("token.der")).unwrap();
        // TimeStampResp: granted, and the token.
        let length = u16::try_from(5 + token.len()).unwrap().to_be_bytes();
        let head = [0x30, 0x82, length[0], length[1], 0x30, 3, 2, 1, 0];
        let answer = [&head[..], &token].concat();
        let result = verify(&answer, b"checkpoint", None, &trusted);
        assert_eq!(result.is_ok(), lawful, "{result:?}");
        let refused = matches!(result, Err(TimestampError::Untrusted(_)));
        assert_eq!(refused, !lawful, "{result:?}");
    }
}

#[test]
fn no_flipped_bit_of_an_answer_changes_what_it_proves() {
    let Some(authority) = Authority::new(ELLIPTIC, "stamper") else {
        return;
    };
    let trusted = read_authorities(&authority.path("ca.pem")).unwrap();
    let answer = authority.answer(&query(b"checkpoint", NONCE).unwrap());
    let proved = verify(&answer, b"checkpoint", Some(NONCE), &trusted).unwrap();
    let mut accepted = 0;
    for bit in 0..answer.len() * 8 {
        let mut flipped = answer.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(stamp) = verify(&flipped, b"checkpoint", Some(NONCE), &trusted) {
            assert_eq!(stamp, proved, "bit {bit}");
            accepted += 1;
        }
    }
    // What no signature covers: versions, empty parameters, how the grant is worded.
    assert!(accepted * 50 < answer.len() * 8, "{accepted} are accepted");
    for length in 0..answer.len() {
        assert!(verify(&answer[..length], b"checkpoint", None, &trusted).is_err());
    }
    let long = vec![0x30; 100_000];
    let refused = verify(&long, b"checkpoint", None, &trusted);
    assert_eq!(refused, Err(TimestampError::TooLong(100_000)));
}

/// A node that shows a checkpoint, and a desk with its policy.
fn desk(ledger: &Ledger) -> (Desk, crate::command::Served) {
    let desk = Desk::new();
    desk.put("network.policy", ledger.policy().to_text());
    (desk, serve(ledger.paths()))
}

#[test]
fn an_anchor_is_pending_then_failed_then_confirmed_and_openssl_agrees() {
    let Some(authority) = Authority::new(ELLIPTIC, "stamper") else {
        return;
    };
    let (ledger, _) = Ledger::with_a_sale();
    let (desk, node) = desk(&ledger);
    let (address, clock) = authority.serve();
    let place = format!(
        "--dir anchors --tsa-ca {}",
        authority.path("ca.pem").display()
    );
    let busy = StatusCode::SERVICE_UNAVAILABLE.into_response();
    let kind = [(header::CONTENT_TYPE, "application/timestamp-reply")];
    authority
        .instead
        .lock()
        .unwrap()
        .extend([busy, (kind, "garbage").into_response()]);
    let made = format!(
        "anchor new {place} --tsa {address} --policy network.policy --node http://{}",
        node.address
    );
    let (status, json) = desk.json(&made);
    assert_eq!(
        (status, &json["anchors"][0]["state"]),
        (1, &"pending".into()),
        "{json}"
    );
    let (status, json) = desk.json(&format!("anchor retry {place}"));
    assert_eq!(
        (status, &json["anchors"][0]["state"]),
        (1, &"failed".into()),
        "{json}"
    );
    let (_, json) = desk.json(&format!("anchor list {place}"));
    assert_eq!(json["anchors"][0]["state"], "failed");
    let (status, json) = desk.json(&format!("anchor retry {place}"));
    assert_eq!(
        (status, &json["anchors"][0]["state"]),
        (0, &"confirmed".into()),
        "{json}"
    );
    assert_eq!(json["anchors"][0]["authority"], "CN=Clock,O=Elsewhere");
    drop(clock);

    // Confirmed is what verifies again, and nobody is asked for that.
    let listed = desk.run(&format!("anchor list {place}"));
    assert!(
        text(&listed.stdout).contains("CONFIRMED"),
        "{}",
        text(&listed.stdout)
    );
    let size = json["anchors"][0]["size"].as_u64().unwrap();
    let foreign = format!(
        "openssl ts -verify -data {size}.checkpoint -in {size}.tsr -CAfile {}",
        authority.path("ca.pem").display()
    );
    assert!(run(&desk.path("anchors"), &foreign));
    let checkpoint = std::fs::read(desk.path(&format!("anchors/{size}.checkpoint"))).unwrap();
    assert_eq!(checkpoint, ledger.paths()["/v1/log/checkpoint"]);

    // A checkpoint that was exchanged afterwards is not the one that was stamped.
    let exchanged = ledger.checkpoint(&["registrar.example"]).to_string();
    desk.put(&format!("anchors/{size}.checkpoint"), exchanged);
    let (status, json) = desk.json(&format!("anchor list {place}"));
    assert_eq!(
        (status, &json["anchors"][0]["state"]),
        (1, &"failed".into()),
        "{json}"
    );
    assert!(!run(&desk.path("anchors"), &foreign));
}

#[test]
fn an_authority_that_is_away_or_no_address_leaves_the_checkpoint_pending_or_says_so() {
    let Some(authority) = Authority::new(ELLIPTIC, "stamper") else {
        return;
    };
    let (ledger, _) = Ledger::with_a_sale();
    let (desk, node) = desk(&ledger);
    let place = format!(
        "--dir anchors --tsa-ca {}",
        authority.path("ca.pem").display()
    );
    let new = |tsa: &str| {
        format!(
            "anchor new {place} --tsa {tsa} --policy network.policy --node http://{}",
            node.address
        )
    };
    // Nobody listens on port 1.
    let (status, json) = desk.json(&new("http://127.0.0.1:1/"));
    assert_eq!(
        (status, &json["anchors"][0]["state"]),
        (1, &"pending".into()),
        "{json}"
    );
    assert_eq!(json["hint"], "deedbook anchor retry sends them once more");
    // The policy decides whether a checkpoint is worth a stamp at all.
    let lonely = ledger.checkpoint(&["registrar.example"]).to_string();
    let node = serve([("/v1/log/checkpoint".to_owned(), lonely.into_bytes())].into());
    let refused = desk.run(&format!(
        "anchor new {place} --tsa http://127.0.0.1:1/ --policy network.policy --node http://{}",
        node.address
    ));
    assert_eq!(code(&refused), 1);
    let why = text(&refused.stderr);
    assert!(why.contains("quorum \"validators\" is not met"), "{why}");
    desk.put("empty.pem", "no certificate");
    let refused = desk.run("anchor list --dir anchors --tsa-ca empty.pem");
    assert!(text(&refused.stderr).contains("no certificate in it"));
}

#[test]
fn the_audit_holds_an_anchor_against_the_log() {
    let Some(authority) = Authority::new(ELLIPTIC, "stamper") else {
        return;
    };
    let (ledger, _) = Ledger::with_a_sale();
    let (desk, node) = desk(&ledger);
    let (address, _clock) = authority.serve();
    let trusted = format!("--tsa-ca {}", authority.path("ca.pem").display());
    let made = desk.run(&format!(
        "anchor new --dir anchors {trusted} --tsa {address} --policy network.policy --node http://{}",
        node.address
    ));
    assert_eq!(code(&made), 0, "{}", text(&made.stderr));
    let audit = format!("audit --policy network.policy --anchors anchors {trusted} --node http://");
    let (status, json) = desk.json(&format!("{audit}{}", node.address));
    assert_eq!(status, 0, "{json}");
    assert_eq!(json["anchors"][0]["state"], "confirmed");
    assert!(json["anchors"][0]["wrong"].is_null());

    // A log that is shorter than what was stamped, and one that is longer and another.
    let mut other = Ledger::new();
    for why in ["fewer than were stamped", "TWO HISTORIES"] {
        for _ in 0..60 {
            let at = other.now();
            let name = format!("somebody {}", other.entries.len());
            let enrolment = other.pen.enrolment(&name, at);
            other.block(&[enrolment]);
            if why.starts_with("fewer") {
                break;
            }
        }
        let node = serve(other.paths());
        let (status, json) = desk.json(&format!("{audit}{}", node.address));
        assert_eq!(status, 1, "{json}");
        let wrong = json["anchors"][0]["wrong"].as_str().unwrap();
        assert!(wrong.contains(why), "{wrong}");
    }
}

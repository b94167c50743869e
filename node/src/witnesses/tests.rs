use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::limits::WITNESS_ANSWER_BYTES_MAX;
use deedbook_schemas::merkle::{
    Frontier, consistency_proof, empty_root, leaf_hash, verify_consistency,
};
use deedbook_schemas::note::{KeyName, SignatureLine};
use deedbook_schemas::witness::{AddCheckpoint, SIZE_MEDIA_TYPE, size_answer};

use super::*;

fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

fn seed(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn vkey(text: &str, kind: SignatureType, byte: u8) -> VerifierKey {
    VerifierKey::new(name(text), kind, PublicKey::of(&seed(byte))).unwrap()
}

/// A log in memory that shows its first `size` leaves.
struct Log {
    nodes: BTreeMap<(u8, u64), TreeHash>,
    roots: Vec<TreeHash>,
    size: AtomicUsize,
}

impl Log {
    fn new(leaves: u64, size: usize) -> Arc<Self> {
        let (mut nodes, mut frontier) = (BTreeMap::new(), Frontier::default());
        let mut roots = vec![frontier.root()];
        for index in 0..leaves {
            let leaf = leaf_hash(&index.to_be_bytes());
            frontier.append_with(leaf, |level, index, hash| {
                nodes.insert((level, index), hash);
            });
            roots.push(frontier.root());
        }
        let size = AtomicUsize::new(size);
        Arc::new(Self { nodes, roots, size })
    }
}

impl Source for Log {
    fn newest(&self) -> Option<SignedCheckpoint> {
        let size = self.size.load(Ordering::SeqCst);
        let checkpoint = Checkpoint {
            origin: name("ledger.example/deeds"),
            size: size as u64,
            root: self.roots[size],
        };
        let line = SignatureLine::sign_note(&checkpoint.origin, &seed(9), &checkpoint.text());
        Some(SignedCheckpoint {
            checkpoint,
            signatures: vec![line],
        })
    }

    fn prove(&self, old: u64, new: u64) -> Result<Vec<TreeHash>, Fatal> {
        let read = |level, index| Ok::<_, std::convert::Infallible>(self.nodes[&(level, index)]);
        consistency_proof(old, new, read).map_err(|error| Fatal::new(error.to_string()))
    }
}

/// What a played witness does with the next request.
enum Turn {
    /// As the protocol says.
    Honest,
    /// As the protocol says, with its clock so far ahead.
    Ahead(u64),
    /// Answers this.
    Says(Response),
    /// Answers never.
    Stalls,
}

/// A witness that keeps its promises, except in the turns that it is told.
struct Played {
    key: u8,
    known: (u64, TreeHash),
    turns: VecDeque<Turn>,
    requests: usize,
}

type Shared = Arc<Mutex<Played>>;

async fn played(key: u8, turns: impl IntoIterator<Item = Turn>) -> (Url, Shared) {
    let played = Arc::new(Mutex::new(Played {
        key,
        known: (0, empty_root()),
        turns: turns.into_iter().collect(),
        requests: 0,
    }));
    let app = axum::Router::new()
        .route("/prefix/add-checkpoint", axum::routing::post(answer))
        .with_state(Arc::clone(&played));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/prefix/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url.parse().unwrap(), played)
}

async fn answer(State(played): State<Shared>, body: Bytes) -> Response {
    let turn = {
        let mut played = played.lock().unwrap();
        played.requests += 1;
        played.turns.pop_front().unwrap_or(Turn::Honest)
    };
    match turn {
        Turn::Honest => played.lock().unwrap().honest(&body, 0),
        Turn::Ahead(seconds) => played.lock().unwrap().honest(&body, seconds),
        Turn::Says(response) => response,
        Turn::Stalls => std::future::pending().await,
    }
}

impl Played {
    fn honest(&mut self, body: &[u8], ahead: u64) -> Response {
        let request = AddCheckpoint::parse(body).unwrap();
        let checkpoint = &request.checkpoint.checkpoint;
        let (size, root) = self.known;
        if request.old_size != size {
            return conflict(size);
        }
        let proof = &request.proof;
        if verify_consistency(size, checkpoint.size, &root, &checkpoint.root, proof).is_err() {
            return StatusCode::UNPROCESSABLE_ENTITY.into_response();
        }
        self.known = (checkpoint.size, checkpoint.root);
        let time = Seconds(now().seconds().0 + ahead);
        cosigned("w.example/w", self.key, checkpoint, time)
    }
}

fn cosigned(as_name: &str, key: u8, checkpoint: &Checkpoint, time: Seconds) -> Response {
    let line = Cosignature::sign(&name(as_name), &seed(key), checkpoint, time).to_line();
    format!("{line}\n").into_response()
}

fn conflict(size: u64) -> Response {
    let kind = [(header::CONTENT_TYPE, SIZE_MEDIA_TYPE)];
    (StatusCode::CONFLICT, kind, size_answer(size)).into_response()
}

fn feeder(url: &Url) -> Feeder {
    let http = feeder::client([url].into_iter()).unwrap();
    Feeder::new(
        http,
        url,
        vkey("w.example/w", SignatureType::CosignatureV1, 1),
    )
}

fn source(log: &Arc<Log>) -> Arc<dyn Source> {
    Arc::clone(log) as Arc<dyn Source>
}

#[tokio::test]
async fn a_witness_gets_what_continues_the_last_and_a_forgetful_node_asks_it() {
    let (log, (url, witness)) = (Log::new(300, 7), played(1, []).await);
    let source = source(&log);
    let mut feeder = feeder(&url);
    for size in [7, 7, 8, 256, 300] {
        log.size.store(size, Ordering::SeqCst);
        let (signed, cosignature) = feeder.push(&source).await.unwrap();
        assert_eq!(signed.checkpoint.size, size as u64);
        assert_eq!(cosignature.name.as_str(), "w.example/w");
    }
    assert_eq!(witness.lock().unwrap().requests, 5);
    // A node that was restarted learns from the 409 where to go on.
    let mut again = self::feeder(&url);
    again.push(&source).await.unwrap();
    assert_eq!(witness.lock().unwrap().requests, 7);
}

/// Answers that no cosignature follows from, and what is said about each.
fn faulty(log: &Log) -> Vec<(&'static str, Turn)> {
    let checkpoint = log.newest().unwrap().checkpoint;
    let other = Checkpoint {
        size: 11,
        root: log.roots[11],
        ..checkpoint.clone()
    };
    let long = || {
        let chunk = Bytes::from(vec![b'x'; WITNESS_ANSWER_BYTES_MAX]);
        let chunks = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
        Body::from_stream(chunks).into_response()
    };
    let broken = || {
        let chunks = [Ok(Bytes::from("half")), Err(std::io::Error::other("gone"))];
        Body::from_stream(futures::stream::iter(chunks)).into_response()
    };
    let kind = |kind: &'static str, text: &'static str| {
        (StatusCode::CONFLICT, [(header::CONTENT_TYPE, kind)], text).into_response()
    };
    let mut twice = String::new();
    for time in [1, 2] {
        let key = seed(1);
        let cosignature = Cosignature::sign(&name("w.example/w"), &key, &checkpoint, Seconds(time));
        twice.push_str(&format!("{}\n", cosignature.to_line()));
    }
    vec![
        (
            "not a signature line",
            Turn::Says("hello\n".into_response()),
        ),
        (
            "not signature lines",
            Turn::Says(vec![0xff, 0xfe].into_response()),
        ),
        (
            "not signature lines",
            Turn::Says(StatusCode::OK.into_response()),
        ),
        (
            "no cosignature by",
            Turn::Says(cosigned("x.example/w", 2, &checkpoint, Seconds(1))),
        ),
        (
            "does not verify",
            Turn::Says(cosigned("w.example/w", 1, &other, Seconds(1))),
        ),
        (
            "does not verify",
            Turn::Says(cosigned("w.example/w", 1, &checkpoint, Seconds(0))),
        ),
        ("does not verify", Turn::Says(twice.into_response())),
        ("ahead of ours", Turn::Ahead(100_000)),
        ("more than", Turn::Says(long())),
        ("no answer", Turn::Says(broken())),
        ("no answer", Turn::Stalls),
        (
            "not as text/x.tlog.size",
            Turn::Says(kind("text/plain", "3\n")),
        ),
        (
            "not a tree size",
            Turn::Says(kind(SIZE_MEDIA_TYPE, "three\n")),
        ),
        ("not a tree size", Turn::Says(kind(SIZE_MEDIA_TYPE, "3"))),
        ("that it was sent", Turn::Says(conflict(0))),
    ]
}

#[tokio::test]
async fn whatever_a_faulty_witness_answers_counts_for_nothing_and_the_next_push_succeeds() {
    let log = Log::new(20, 10);
    let refusals = ["400", "403", "404", "429", "302", "503"].map(|code| {
        let status: StatusCode = code.parse().unwrap();
        (code, Turn::Says(status.into_response()))
    });
    for (expected, turn) in faulty(&log).into_iter().chain(refusals) {
        let clock_ahead = matches!(turn, Turn::Ahead(_));
        let (url, _) = played(1, [turn]).await;
        let mut feeder = feeder(&url);
        feeder.timeout = Duration::from_millis(300);
        let error = feeder.push(&source(&log)).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert!(!error.is_alarm(), "{error}");
        assert!(error.to_string().len() < 500, "{error}");
        feeder.timeout = Duration::from_secs(20);
        let next = feeder.push(&source(&log)).await;
        assert!(
            next.is_ok(),
            "after {expected} (clock ahead: {clock_ahead}): {next:?}"
        );
    }
}

#[tokio::test]
async fn a_witness_whose_size_never_settles_is_given_up_for_this_time() {
    let log = Log::new(20, 20);
    let turns = [3, 5, 4, 7, 6].map(|size| Turn::Says(conflict(size)));
    let (url, witness) = played(1, turns).await;
    let error = feeder(&url).push(&source(&log)).await.unwrap_err();
    assert!(matches!(error, PushError::Unsettled(6)), "{error}");
    assert_eq!(witness.lock().unwrap().requests, 5);
}

#[tokio::test]
async fn a_witness_that_refuses_our_tree_or_forgets_its_own_is_an_alarm() {
    let log = Log::new(20, 10);
    // It cosigned another history of 8 leaves.
    let (url, witness) = played(1, []).await;
    witness.lock().unwrap().known = (8, TreeHash([7; 32]));
    let error = feeder(&url).push(&source(&log)).await.unwrap_err();
    assert!(matches!(
        error,
        PushError::Conflict {
            old: 8,
            size: 10,
            ..
        }
    ));
    assert!(error.is_alarm());
    // Of 10 leaves, and answers as version 1.0 of the protocol has it.
    let turns = [Turn::Says(conflict(10)), Turn::Says(conflict(10))];
    let (url, _) = played(1, turns).await;
    let error = feeder(&url).push(&source(&log)).await.unwrap_err();
    assert!(matches!(
        error,
        PushError::Conflict {
            old: 10,
            size: 10,
            ..
        }
    ));

    let (url, witness) = played(1, []).await;
    let mut feeder = feeder(&url);
    feeder.push(&source(&log)).await.unwrap();
    witness.lock().unwrap().known = (0, empty_root());
    for _ in 0..2 {
        let error = feeder.push(&source(&log)).await.unwrap_err();
        assert!(matches!(
            error,
            PushError::RolledBack {
                known: 0,
                cosigned: 10
            }
        ));
        assert!(error.is_alarm());
    }
    assert_eq!(witness.lock().unwrap().known.0, 0);
}

#[tokio::test]
async fn a_witness_that_another_node_took_further_is_followed_or_waited_for() {
    let log = Log::new(20, 10);
    let (url, witness) = played(1, []).await;
    witness.lock().unwrap().known = (12, log.roots[12]);
    let mut feeder = feeder(&url);
    let error = feeder.push(&source(&log)).await.unwrap_err();
    assert!(matches!(
        error,
        PushError::Ahead {
            known: 12,
            ours: 10
        }
    ));
    log.size.store(15, Ordering::SeqCst);
    let (signed, _) = feeder.push(&source(&log)).await.unwrap();
    assert_eq!(signed.checkpoint.size, 15);
}

fn config(as_name: &str, key: u8, url: &str) -> WitnessConfig {
    WitnessConfig {
        url: url.to_owned(),
        vkey: vkey(as_name, SignatureType::CosignatureV1, key).to_string(),
    }
}

#[tokio::test]
async fn each_witness_stands_for_itself_and_receipts_take_the_one_with_the_most() {
    let log = Log::new(20, 10);
    let (good, _) = played(1, []).await;
    let (bad, bad_witness) = played(2, []).await;
    bad_witness.lock().unwrap().known = (5, TreeHash([7; 32]));
    let config = [
        config("w.example/w", 1, good.as_str()),
        config("x.example/w", 2, bad.as_str()),
        config("y.example/w", 3, "http://127.0.0.1:1"),
    ];
    let witnesses = Arc::new(Witnesses::new(&config).unwrap());
    assert!(
        witnesses
            .views()
            .iter()
            .all(|it| it.state == WitnessState::Pending)
    );
    let (grown, changed) = watch::channel(10);
    let tasks = witnesses.start(&source(&log), changed).unwrap();
    let mut news = witnesses.news();
    news.wait_for(|_| witnesses.best(10, 1).is_some())
        .await
        .unwrap();
    let settled = async {
        while witnesses.summary().failing < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), settled)
        .await
        .unwrap();
    let views = witnesses.views();
    let states: Vec<_> = views.iter().map(|view| view.state).collect();
    let failing = WitnessState::Failing;
    assert_eq!(states, [WitnessState::Witnessed, failing, failing]);
    assert!(views[1].alarm.as_ref().unwrap().reason.contains("CONFLICT"));
    assert!(views[2].alarm.is_none());
    let summary = witnesses.summary();
    assert_eq!(
        (summary.configured, summary.alarms, summary.witnessed_size),
        (3, 1, 10)
    );

    log.size.store(14, Ordering::SeqCst);
    grown.send(14).unwrap();
    news.wait_for(|_| witnesses.best(11, 1).is_some())
        .await
        .unwrap();
    assert!(witnesses.best(11, 2).is_none());
    assert!(witnesses.best(15, 1).is_none());
    let best = witnesses.best(3, 1).unwrap();
    assert_eq!(best.checkpoint.size, 14);
    assert_eq!(best.signatures.len(), 2);
    assert_eq!(witnesses.with_cosignatures(log.newest().unwrap()), best);
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}

#[test]
fn more_witnesses_win_over_a_newer_tree_and_old_ones_go() {
    let log = Log::new(100, 0);
    let mut held = Held::default();
    let mut add = |size: usize, who: &str, key: u8| {
        log.size.store(size, Ordering::SeqCst);
        let signed = log.newest().unwrap();
        let own = Cosignature::sign(&name(who), &seed(key), &signed.checkpoint, Seconds(1));
        held.add(&signed, own);
    };
    add(5, "w.example/w", 1);
    add(5, "x.example/w", 2);
    add(6, "x.example/w", 2);
    let size = |held: &Held, leaves, count| held.best(leaves, count).map(|it| it.checkpoint.size);
    assert_eq!(size(&held, 5, 1), Some(5));
    assert_eq!(size(&held, 6, 1), Some(6));
    assert_eq!(size(&held, 6, 2), None);
    // Another root at a size that is held is not completed.
    let mut other = log.newest().unwrap();
    other.checkpoint.root = TreeHash([1; 32]);
    assert_eq!(held.complete(other.clone()), other);
    for size in 7..100 {
        let signed = Log::new(100, size).newest().unwrap();
        let own = Cosignature::sign(
            &name("w.example/w"),
            &seed(1),
            &signed.checkpoint,
            Seconds(1),
        );
        held.add(&signed, own);
    }
    assert_eq!(size(&held, 0, 2), None);
    assert_eq!(size(&held, 0, 1), Some(99));
}

#[test]
fn a_witness_that_cannot_be_one_is_named() {
    let refused = |config: &[WitnessConfig]| Witnesses::new(config).unwrap_err();
    let good = config("w.example/w", 1, "https://w.example");
    let log = WitnessConfig {
        vkey: vkey("w.example/w", SignatureType::Ed25519, 1).to_string(),
        ..good.clone()
    };
    assert!(refused(&[log]).contains("a log's key"));
    for url in [
        "w.example",
        "ftp://w.example",
        "https://",
        "https://me:secret@w.example",
        "https://w.example/?a=b",
        "https://w.example/#a",
    ] {
        let line = refused(&[config("w.example/w", 1, url)]);
        assert!(line.contains("w.example/w"), "{url}: {line}");
    }
    // The same key or the same name twice.
    for other in [
        config("x.example/w", 1, "https://x.example"),
        config("w.example/w", 2, "https://x.example"),
    ] {
        assert!(refused(&[good.clone(), other]).contains("twice"));
    }
    let many: Vec<_> = (0..=WITNESSES_MAX)
        .map(|index| {
            let key = u8::try_from(index).unwrap() + 1;
            config(&format!("w{index}.example"), key, "https://w.example")
        })
        .collect();
    assert!(refused(&many).contains("at most"));
    let validator = |as_name: &str, note: u8| Validator {
        name: as_name.to_owned(),
        consensus_key: PublicKey::of(&seed(50)),
        note_key: PublicKey::of(&seed(note)),
        log_share: PublicKey::of(&seed(52)),
        power: 1,
    };
    let witnesses = Witnesses::new(&[good]).unwrap();
    witnesses
        .strangers_to(&[validator("bank.example", 51)])
        .unwrap();
    for validator in [validator("bank.example", 1), validator("w.example/w", 51)] {
        let line = witnesses.strangers_to(&[validator]).unwrap_err();
        assert!(line.contains("w.example/w"), "{line}");
    }
}

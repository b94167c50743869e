//! The SCITT reference API of a running node: register, resolve, keys, and how it says no.

use deedbook_schemas::cose_key::{KeyThumbprint, cose_key, cose_key_set};
use deedbook_schemas::cose_receipt::CoseReceipt;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::limits::{BUNDLE_BYTES_MAX, RECORD_BYTES_MAX};
use deedbook_testnet::deals::{record_id, sale, sign_plain};
use deedbook_testnet::network::process::run_any;
use deedbook_testnet::people::{Person, now};
use reqwest::{Client, Response, StatusCode, header, redirect};
use tempfile::tempdir;

use crate::world::{HOUSE, World, price, program, until};

const COSE: &str = "application/cose";
const STATEMENT: &str = "application/scitt-statement+cose";
const PROBLEM: &str = "application/concise-problem-details+cbor";

/// A client of one node that follows nothing by itself.
struct Visitor {
    http: Client,
    node: String,
}

impl Visitor {
    fn of(world: &World) -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).build();
        Self {
            http: http.unwrap(),
            node: world.network.nodes[0].api.clone(),
        }
    }

    async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.node);
        self.http.get(url).send().await.unwrap()
    }

    async fn post(&self, path: &str, media_type: &str, body: Vec<u8>) -> Response {
        let url = format!("{}{path}", self.node);
        let request = self.http.post(url).header(header::CONTENT_TYPE, media_type);
        request.body(body).send().await.unwrap()
    }
}

fn header_of(response: &Response, name: header::HeaderName) -> String {
    let value = response.headers().get(name).expect("the header is there");
    value.to_str().unwrap().to_owned()
}

async fn receipt_of(response: Response) -> CoseReceipt {
    assert_eq!(header_of(&response, header::CONTENT_TYPE), COSE);
    CoseReceipt::decode(&response.bytes().await.unwrap()).unwrap()
}

fn enrolment(world: &World) -> Vec<u8> {
    let person = Person::invent("anybody").unwrap();
    let enrolment = person.enrolment(&world.network.ledger);
    let provider = world.network.provider();
    provider
        .enrol(person.wallet.party, enrolment, now())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_registered_its_receipt_resolved_and_its_key_found() {
    let world = World::start(1).await;
    let visitor = Visitor::of(&world);
    let policy = &world.network.policy;

    // At once, and again the same.
    let record = enrolment(&world);
    let id = record_id(&record).unwrap();
    let created = visitor
        .post("/entries?wait=30", STATEMENT, record.clone())
        .await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let location = header_of(&created, header::LOCATION);
    assert_eq!(location, format!("/entries/{id}"));
    let receipt = receipt_of(created).await;
    let proved = receipt.verify(&record, policy).unwrap();
    let again = visitor.post("/entries", COSE, record.clone()).await;
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(receipt_of(again).await.index, proved.index);

    registered_in_two_steps(&world, &visitor).await;

    // Fresh: the first entry, under the tree of now.
    let fresh = visitor.get(&format!("/entries/{id}")).await;
    let fresh = receipt_of(fresh).await.verify(&record, policy).unwrap();
    assert_eq!(fresh.index, proved.index);
    assert!(fresh.tree_size > proved.tree_size);

    key_found(&world, &visitor, &receipt).await;
    refused(&world, &visitor, &record).await;
    fetched_and_verified_by_the_command(&world, &record).await;
}

/// Accepted, asked after while it is running, and resolved.
async fn registered_in_two_steps(world: &World, visitor: &Visitor) {
    let later = enrolment(world);
    let accepted = visitor.post("/entries?wait=0", COSE, later.clone()).await;
    assert_eq!(accepted.status(), StatusCode::SEE_OTHER);
    assert_eq!(header_of(&accepted, header::RETRY_AFTER), "1");
    let location = header_of(&accepted, header::LOCATION);
    assert!(accepted.bytes().await.unwrap().is_empty());
    let resolved = until("the receipt", async || {
        let answer = visitor.get(&location).await;
        if answer.status() == StatusCode::FOUND {
            assert_eq!(header_of(&answer, header::LOCATION), location);
            return None;
        }
        assert_eq!(answer.status(), StatusCode::OK);
        Some(answer)
    })
    .await;
    let second = receipt_of(resolved).await;
    second.verify(&later, &world.network.policy).unwrap();
}

/// The key that a receipt names, alone and in the set.
async fn key_found(world: &World, visitor: &Visitor, receipt: &CoseReceipt) {
    let log = world.network.policy.log_keys().next().unwrap().public();
    let kid = receipt.key.to_segment();
    let key = visitor.get(&format!("/.well-known/scitt-keys/{kid}")).await;
    assert_eq!(header_of(&key, header::CONTENT_TYPE), "application/cbor");
    assert_eq!(key.bytes().await.unwrap(), cose_key(log));
    let keys = visitor.get("/.well-known/scitt-keys").await;
    assert_eq!(keys.bytes().await.unwrap(), cose_key_set(&[*log]));
}

/// Status, a title of the draft's, and our stable code.
type No = (u16, &'static str, &'static str);

const MALFORMED: No = (400, "Malformed request", "record.malformed");
const NOT_FOUND: No = (404, "Not found", "api.not_found");
const NO_KEY: No = (404, "No such key", "api.not_found");

/// Every error is CBOR problem details with a title of the draft's and our stable code.
async fn refused(world: &World, visitor: &Visitor, record: &[u8]) {
    for (media_type, body, no) in bad_statements(world, record) {
        said(visitor.post("/entries", media_type, body).await, no).await;
    }
    let nobody = KeyThumbprint::of(&PublicKey([7; 32])).to_segment();
    let unknown = RecordId([7; 32]);
    let gets = [
        (format!("/entries/{unknown}"), NOT_FOUND),
        (
            "/entries/7".to_owned(),
            (400, "Invalid locator", "api.path"),
        ),
        ("/entries/7/8".to_owned(), NOT_FOUND),
        ("/entries".to_owned(), (405, "Wrong method", "api.method")),
        (format!("/.well-known/scitt-keys/{nobody}"), NO_KEY),
        ("/.well-known/scitt-keys/7".to_owned(), NO_KEY),
    ];
    for (path, no) in gets {
        said(visitor.get(&path).await, no).await;
    }
    // Elsewhere it is JSON as before.
    let elsewhere = visitor.get("/entriesish").await;
    let media_type = header_of(&elsewhere, header::CONTENT_TYPE);
    assert_eq!(media_type, "application/problem+json");
}

fn bad_statements(world: &World, record: &[u8]) -> Vec<(&'static str, Vec<u8>, No)> {
    let forge = |mut record: Vec<u8>| {
        *record.last_mut().unwrap() ^= 1;
        record
    };
    let (resigned, forged) = (forge(record.to_vec()), forge(enrolment(world)));
    let (seller, buyer) = (&world.seller.wallet, &world.buyer.wallet);
    let body = sale(seller.party, buyer.party, 1, price());
    let stranger = sign_plain(world.network.ledger, seller, HOUSE, body, now()).unwrap();
    let cut = record[..record.len() - 1].to_vec();
    let otherwise = (409, "Registered otherwise", "record.other_signature");
    let sequence = "application/cbor-seq";
    vec![
        (COSE, forged, (400, "Rejected", "signature")),
        (COSE, resigned, otherwise),
        (COSE, stranger, (400, "Rejected", "[")),
        (COSE, cut, MALFORMED),
        (COSE, vec![0xff], MALFORMED),
        (COSE, vec![0; RECORD_BYTES_MAX + 1], MALFORMED),
        (
            COSE,
            vec![0; BUNDLE_BYTES_MAX + 1],
            (413, "The bundle", "bundle.size"),
        ),
        (
            sequence,
            record.to_vec(),
            (415, "Wrong media type", "api.media_type"),
        ),
    ]
}

async fn said(answer: Response, (status, title, code): No) {
    let url = answer.url().to_string();
    assert_eq!(answer.status().as_u16(), status, "{url}");
    assert_eq!(header_of(&answer, header::CONTENT_TYPE), PROBLEM, "{url}");
    let body = answer.bytes().await.unwrap();
    // {-1: title, -2: detail}
    assert_eq!(body[..2], [0xa2, 0x20], "{url}");
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains(title) && text.contains(code), "{url}: {text}");
}

async fn fetched_and_verified_by_the_command(world: &World, record: &[u8]) {
    let folder = tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, policy) = (at("entry.scitt"), at("network.policy"));
    std::fs::write(&policy, world.network.policy.to_text()).unwrap();
    let id = record_id(record).unwrap().to_string();
    let node = world.network.nodes[0].api.as_str();
    let fetch = [
        "receipt", &id, "--format", "cose", "--out", &file, "--node", node,
    ];
    let fetched = run_any(&program("deedbook"), fetch).await.unwrap();
    assert!(fetched.success, "{}", fetched.text);
    let verify = ["verify", &file, "--policy", &policy];
    let verified = run_any(&program("deedbook"), verify).await.unwrap();
    assert!(verified.success, "{}", verified.text);
    assert!(
        verified.text.contains("was entered in the log."),
        "{}",
        verified.text
    );
    let unknown = RecordId([7; 32]).to_string();
    let nothing = ["receipt", &unknown, "--format", "cose", "--node", node];
    let nothing = run_any(&program("deedbook"), nothing).await.unwrap();
    assert!(
        !nothing.success && nothing.text.contains("there is no entry"),
        "{}",
        nothing.text
    );
}

/// While every validator signs in the log's name with a key of its own, the network's policy believes
/// no COSE receipt: it is one institution's word. What a policy with that one key makes of it is its
/// writer's choice.
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_of_a_network_verifies_under_the_key_that_it_names() {
    let world = World::start(4).await;
    let visitor = Visitor::of(&world);
    let record = enrolment(&world);
    let created = visitor.post("/entries?wait=30", COSE, record.clone()).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let receipt = receipt_of(created).await;
    let keys: Vec<_> = world.network.policy.log_keys().collect();
    let named = |key: &&&deedbook_schemas::note::VerifierKey| {
        KeyThumbprint::of(key.public()) == receipt.key
    };
    let key = keys.iter().find(named).unwrap();
    let alone = deedbook_schemas::policy::Policy::from_text(&format!("log {key}\nquorum none\n"));
    receipt.verify(&record, &alone.unwrap()).unwrap();
    let believed = receipt.verify(&record, &world.network.policy).is_ok();
    assert_eq!(believed, keys.len() == 1);
}

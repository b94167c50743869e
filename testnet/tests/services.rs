//! The provider and the custodian as what they are: processes that are spoken to over HTTP.

use std::net::TcpListener;
use std::path::Path;

use deedbook_client::evidence::check;
use deedbook_client::wallet::Wallet;
use deedbook_schemas::digest::{ActDigest, EvidenceRoot, LedgerId};
use deedbook_schemas::keys::sign;
use deedbook_schemas::record::{Record, SignedAttestation};
use deedbook_testnet::clip::{ClipShape, write_clip};
use deedbook_testnet::network::process::Process;
use deedbook_testnet::people::Person;
use deedbook_testnet::provider::Provider;
use deedbook_testnet::provider::device::ProviderDesk;
use deedbook_testnet::provider::home::ProviderHome;
use deedbook_testnet::web::Service;

const LEDGER: LedgerId = LedgerId([7; 32]);

async fn start(role: &str, home: &Path) -> (Process, Service) {
    let listen = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let listen = listen.expect("a free port");
    let binary = Path::new(env!("CARGO_BIN_EXE_deedbook-testnet"));
    let (home_text, listen_text) = (
        home.to_str().expect("a temporary folder in UTF-8"),
        listen.to_string(),
    );
    let arguments = [
        role,
        "--home",
        home_text,
        "--listen",
        &listen_text,
        "--stop-on-stdin-close",
    ];
    let log = home.join("log");
    let mut process = Process::start(role, binary, arguments, &log).expect("it starts");
    process.listening(listen).await.expect("it listens");
    let service = Service::new(format!("http://{listen}")).expect("an address");
    (process, service)
}

#[tokio::test]
async fn the_provider_enrols_attests_once_and_refuses_in_the_form_of_problems() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider {
        wallet: Wallet::generate(None).unwrap(),
        ledger: LEDGER,
    };
    ProviderHome::create(folder.path(), &provider).unwrap();
    let (process, service) = start("provider", folder.path()).await;
    let desk = ProviderDesk::new(service.clone(), LEDGER);
    let about = desk.about().await.unwrap();
    assert_eq!(
        (about.method.as_str(), about.assurance, about.liveness),
        ("key-possession", 1, 0)
    );

    let person = Person::invent("A").unwrap();
    let act = ActDigest([9; 32]);
    let stranger = desk.attest(&person.wallet, act).await.unwrap_err();
    assert!(
        format!("{stranger:#}").contains("provider.party_unknown"),
        "{stranger:#}"
    );
    let record = Record::decode(&desk.enrol(&person).await.unwrap()).unwrap();
    assert!(record.verify());

    let attestation = desk.attest(&person.wallet, act).await.unwrap();
    let signed = SignedAttestation::decode(&attestation).unwrap();
    assert!(signed.statement.verifies());
    assert_eq!(signed.statement.header.issuer, provider.wallet.party);
    assert_eq!(signed.attestation.nonce, act);

    let impostor = Wallet::generate(Some(person.wallet.party)).unwrap();
    let refused = desk.attest(&impostor, act).await.unwrap_err();
    assert!(
        format!("{refused:#}").contains("session.answer_invalid"),
        "{refused:#}"
    );
    let other = Person {
        wallet: impostor,
        ..Person::invent("B").unwrap()
    };
    let refused = desk.enrol(&other).await.unwrap_err();
    assert!(
        format!("{refused:#}").contains("provider.enrolled"),
        "{refused:#}"
    );
    let malformed: Result<serde_json::Value, _> = service
        .post("/v1/sessions", &serde_json::json!({ "party": 1 }))
        .await;
    let refused = format!("{:#}", malformed.unwrap_err());
    assert!(refused.contains("request.malformed"), "{refused}");
    process.stop().await.unwrap();

    let (process, service) = start("provider", folder.path()).await;
    let desk = ProviderDesk::new(service, LEDGER);
    assert!(
        desk.attest(&person.wallet, act).await.is_ok(),
        "enrolment survives a restart"
    );
    process.stop().await.unwrap();
}

#[tokio::test]
async fn the_custodian_keeps_what_hashes_to_its_root_and_proves_a_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (process, custodian) = start("custodian", folder.path()).await;
    let clip = write_clip(ClipShape::DEMO, &[1; 32]).unwrap();
    let root = EvidenceRoot(*blake3::hash(&clip).as_bytes());
    let path = format!("/v1/evidence/{root}");
    let other = format!("/v1/evidence/{}", EvidenceRoot([0; 32]));
    for (wrong, bytes, code) in [
        (other.as_str(), clip.clone(), "evidence.root_mismatch"),
        ("/v1/evidence/xyz", vec![1], "evidence.root_malformed"),
    ] {
        let refused = custodian.put(wrong, bytes).await.unwrap_err();
        assert!(format!("{refused:#}").contains(code), "{refused:#}");
    }
    let empty = custodian.put(&path, Vec::new()).await.unwrap_err();
    assert!(format!("{empty:#}").contains("evidence.empty"), "{empty:#}");
    let unknown = custodian.bytes(&path).await.unwrap_err();
    assert!(
        format!("{unknown:#}").contains("evidence.unknown"),
        "{unknown:#}"
    );

    custodian.put(&path, clip.clone()).await.unwrap();
    custodian.put(&path, clip.clone()).await.unwrap();
    assert!(custodian.bytes(&path).await.unwrap() == clip);
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "log")
        .collect();
    assert_eq!(names, [root.to_string()], "nothing else is left behind");

    let slice = custodian
        .bytes(&format!("{path}/slice?from=500000&len=1000"))
        .await
        .unwrap();
    assert!(slice.len() < 64 * 1024);
    let mut part = Vec::new();
    check(slice.as_slice(), root, &mut part, &mut |_| Ok(())).unwrap();
    assert!(part == clip[500_000..501_000]);
    let beyond = custodian
        .bytes(&format!("{path}/slice?from=9999999&len=1"))
        .await
        .unwrap_err();
    assert!(
        format!("{beyond:#}").contains("evidence.range"),
        "{beyond:#}"
    );
    process.stop().await.unwrap();
}

#[test]
fn a_signature_for_the_provider_is_none_for_the_ledger() {
    // The two domains differ in their first bytes, so that neither can be replayed as the other.
    let wallet = Wallet::generate(None).unwrap();
    let answer = deedbook_testnet::provider::session::answer_bytes(
        &LEDGER,
        &wallet.party,
        &ActDigest([1; 32]),
        &[2; 32],
    );
    let signature = sign(wallet.key(), &answer);
    assert!(wallet.public().verify(&answer, &signature));
    let possession =
        deedbook_schemas::party::possession_bytes(&LEDGER, &wallet.party, &wallet.public());
    assert!(!wallet.public().verify(&possession, &signature));
}

//! Everything that a node must refuse: each with its stable code, none with a trace.

use deedbook_client::drafting::draft;
use deedbook_client::wallet::Wallet;
use deedbook_schemas::api::Problem;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::cose::Statement;
use deedbook_schemas::digest::{LedgerId, RecordId};
use deedbook_schemas::instrument::{Act, ActRole, Withdrawal};
use deedbook_schemas::limits::{BUNDLE_BYTES_MAX, BUNDLE_RECORDS_MAX, RECORD_BYTES_MAX};
use deedbook_schemas::property::{Ground, LandUse};
use deedbook_schemas::record::{Body, Draft};
use deedbook_testnet::deals::{first_registration, sale, sign_plain};
use deedbook_testnet::people::now;
use deedbook_testnet::submit::{Lanes, Verdict};
use reqwest::{Client, Method, StatusCode, header};

use crate::world::{HOUSE, World, price};

const COSE: &str = "application/cose";
const SEQUENCE: &str = "application/cbor-seq";
const JSON: &str = "application/json";

/// A request that must be refused.
struct Bad {
    name: String,
    method: Method,
    path: String,
    media_type: Option<&'static str>,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
}

fn bad(name: &str, method: Method, path: &str, (status, code): (u16, &'static str)) -> Bad {
    Bad {
        name: name.to_owned(),
        method,
        path: path.to_owned(),
        media_type: None,
        body: Vec::new(),
        status,
        code,
    }
}

fn post(
    name: &str,
    path: &str,
    media_type: &'static str,
    body: impl Into<Vec<u8>>,
    answer: (u16, &'static str),
) -> Bad {
    Bad {
        media_type: Some(media_type),
        body: body.into(),
        ..bad(name, Method::POST, path, answer)
    }
}

fn record(name: &str, body: impl Into<Vec<u8>>, answer: (u16, &'static str)) -> Bad {
    post(name, "/v1/records", COSE, body, answer)
}

fn bundle(name: &str, records: &[Vec<u8>], answer: (u16, &'static str)) -> Bad {
    post(name, "/v1/records", SEQUENCE, records.concat(), answer)
}

/// A transfer that the seller may lodge.
fn transfer(world: &World) -> Draft {
    let (seller, buyer) = (world.seller.wallet.party, world.buyer.wallet.party);
    let body = sale(seller, buyer, 1, price());
    draft(world.network.ledger, seller, HOUSE, now(), body).unwrap()
}

fn malformed(world: &World) -> Vec<Bad> {
    let good = transfer(world).sign(world.seller.wallet.key(), None);
    let mut trailing = good.clone();
    trailing.push(0);
    let other_kind = Statement::decode(&good).map(|mut statement| {
        statement.header.kind = Body::Withdrawal(Withdrawal {}).kind().to_owned();
        Statement::sign(
            statement.header,
            statement.payload,
            world.seller.wallet.key(),
        )
        .encode()
    });
    let no = (400, "record.malformed");
    let much = (413, "bundle.size");
    let cut = good.get(..good.len() - 1).unwrap();
    vec![
        record("not CBOR", [0xff, 0xff], no),
        record("text", "a deed", no),
        record("CBOR, but no record", [0x01], no),
        record("an empty body", [], no),
        record("a record cut short", cut, no),
        record("a byte behind the record", trailing, no),
        record("content of another kind", other_kind.unwrap(), no),
        record("48 KiB and a byte", vec![0; RECORD_BYTES_MAX + 1], no),
        record("256 KiB and a byte", vec![0; BUNDLE_BYTES_MAX + 1], much),
        bundle("an empty bundle", &[], much),
        bundle(
            "65 records",
            &vec![good.clone(); BUNDLE_RECORDS_MAX + 1],
            much,
        ),
        bundle("a bundle cut short", &[good.clone(), cut.to_vec()], no),
        bundle("a bundle with a number in it", &[good.clone(), vec![1]], no),
        post("JSON", "/v1/records", JSON, "{}", (415, "api.media_type")),
        Bad {
            body: good,
            ..bad(
                "no media type",
                Method::POST,
                "/v1/records",
                (415, "api.media_type"),
            )
        },
    ]
}

fn not_authentic(world: &World) -> Vec<Bad> {
    let seller = &world.seller.wallet;
    let good = transfer(world);
    let mut forged = good.sign(seller.key(), None);
    *forged.last_mut().unwrap() ^= 1;
    let signed = |draft: Draft| draft.sign(seller.key(), None);
    let foreign = Draft {
        ledger: LedgerId([7; 32]),
        ..good.clone()
    };
    let at = |seconds| Draft {
        issued_at: Seconds(seconds),
        ..good.clone()
    };
    let (old, early) = (at(now().0 - 366 * 86_400), at(now().0 + 86_400));
    let stranger = Wallet::generate(None).unwrap();
    let strange = Draft {
        issuer: stranger.party,
        ..good.clone()
    };
    let impostor = good.sign(stranger.key(), None);
    let twice = vec![signed(good.clone()); 2];
    vec![
        record(
            "a forged signature",
            forged,
            (422, "record.signature_invalid"),
        ),
        record(
            "another ledger's",
            signed(foreign),
            (422, "record.foreign_ledger"),
        ),
        record("a year old", signed(old), (422, "record.stale")),
        record("of tomorrow", signed(early), (422, "record.stale")),
        record(
            "by a stranger",
            strange.sign(stranger.key(), None),
            (422, "party.unknown"),
        ),
        record(
            "under another's name",
            impostor,
            (422, "party.key_mismatch"),
        ),
        bundle("one record twice", &twice, (422, "record.duplicate")),
    ]
}

fn not_allowed(world: &World) -> Vec<Bad> {
    let seller = &world.seller.wallet;
    let by_seller = |subject: &str, body| {
        sign_plain(world.network.ledger, seller, subject, body, now()).unwrap()
    };
    let house = |address: &str| {
        let address = address.to_owned();
        let ground = Ground::Inheritance;
        first_registration(LandUse::Flat, 1, address, seller.party, Seconds(1), ground)
    };
    let registrar = &world.network.authorities.registrar;
    let by_registrar = |body| {
        let ledger = world.network.ledger;
        sign_plain(ledger, registrar, "KZ-ALA:1", body, now()).unwrap()
    };
    let lodged = transfer(world).sign(seller.key(), None);
    let instrument = deedbook_testnet::deals::record_id(&lodged).unwrap();
    let role = ActRole::Disponor;
    let act = |instrument: RecordId| {
        by_seller(
            &instrument.to_string(),
            Body::Act(Act {
                role,
                power: None,
                represents: None,
            }),
        )
    };
    vec![
        bundle(
            "an act without attestation",
            &[lodged, act(instrument)],
            (422, "attestation.missing"),
        ),
        record(
            "an act on nothing",
            act(RecordId([9; 32])),
            (422, "instrument.unknown"),
        ),
        record(
            "a registration by a seller",
            by_seller("KZ-ALA:1", house("Almaty")),
            (422, "authority.not_accredited"),
        ),
        record(
            "a personal number in an address",
            by_registrar(house("Almaty 880101300123")),
            (422, "record.personal_data"),
        ),
    ]
}

fn bad_requests(world: &World) -> Vec<Bad> {
    let good = transfer(world).sign(world.seller.wallet.key(), None);
    let query = (400, "api.query");
    vec![
        post(
            "a wait of words",
            "/v1/records?wait=long",
            COSE,
            good.clone(),
            query,
        ),
        post(
            "another parameter",
            "/v1/records?wiat=1",
            COSE,
            good.clone(),
            query,
        ),
        post(
            "a wait beyond 64 bits",
            "/v1/records?wait=18446744073709551616",
            COSE,
            good,
            query,
        ),
        bad("no path", Method::GET, "/", (404, "api.not_found")),
        bad(
            "an unknown path",
            Method::GET,
            "/v1/nothing",
            (404, "api.not_found"),
        ),
        bad(
            "an unknown property",
            Method::GET,
            "/v1/properties/NONE",
            (404, "api.not_found"),
        ),
        bad(
            "an unknown block",
            Method::GET,
            "/v1/blocks/999999",
            (404, "api.not_found"),
        ),
        bad(
            "a block below zero",
            Method::GET,
            "/v1/blocks/-1",
            (400, "api.path"),
        ),
        bad(
            "a tile of words",
            Method::GET,
            "/v1/log/tile/a/b",
            (400, "api.path"),
        ),
        bad(
            "a tile of the future",
            Method::GET,
            "/v1/log/tile/0/999",
            (404, "api.not_found"),
        ),
        bad("DELETE", Method::DELETE, "/v1/records", (405, "api.method")),
        bad("PUT", Method::PUT, "/v1/genesis", (405, "api.method")),
        bad(
            "GET of drafts",
            Method::GET,
            "/v1/drafts",
            (405, "api.method"),
        ),
    ]
}

fn bad_names(_: &World) -> Vec<Bad> {
    let mut list = Vec::new();
    for path in ["properties", "blocks", "log/tile"] {
        let path = format!("/v1/{path}/%ff");
        list.push(bad(&path, Method::GET, &path, (400, "api.path")));
    }
    for kind in [
        "records",
        "instruments",
        "powers",
        "consents",
        "parties",
        "receipts",
    ] {
        for id in ["zz", "%ff", "00", &"g".repeat(64), &"a".repeat(4_000)] {
            let path = format!("/v1/{kind}/{id}");
            list.push(bad(&path, Method::GET, &path, (400, "api.path")));
        }
        let digits = if kind == "parties" { 32 } else { 64 };
        let path = format!("/v1/{kind}/{}", "0".repeat(digits));
        list.push(bad(&path, Method::GET, &path, (404, "api.not_found")));
    }
    list
}

fn bad_drafts(world: &World) -> Vec<Bad> {
    let key = world.seller.wallet.public();
    let json = |draft: &Draft| serde_json::json!({ "draft": draft, "key": key });
    let good = json(&transfer(world));
    let foreign = json(&Draft {
        ledger: LedgerId([7; 32]),
        ..transfer(world)
    });
    let mut unknown_field = good.clone();
    unknown_field["colour"] = "red".into();
    let mut attestation = good.clone();
    attestation["attestation"] = "zz".into();
    let mut impossible = good.clone();
    impossible["draft"]["subject"] = "two words".into();
    let no = (400, "draft.malformed");
    let draft = |name, body: String, answer| post(name, "/v1/drafts", JSON, body, answer);
    vec![
        draft("no JSON", "{".to_owned(), no),
        draft("an empty object", "{}".to_owned(), no),
        draft("deep JSON", "[".repeat(100_000), no),
        draft("an unknown field", unknown_field.to_string(), no),
        draft("an attestation of words", attestation.to_string(), no),
        draft("an impossible subject", impossible.to_string(), no),
        draft(
            "a draft for another ledger",
            foreign.to_string(),
            (400, "record.foreign_ledger"),
        ),
        post("a draft as COSE", "/v1/drafts", COSE, good.to_string(), no),
    ]
}

async fn ask(http: &Client, api: &str, bad: &Bad) -> Result<(), String> {
    let mut request = http
        .request(bad.method.clone(), format!("{api}{}", bad.path))
        .body(bad.body.clone());
    if let Some(media_type) = bad.media_type {
        request = request.header(header::CONTENT_TYPE, media_type);
    }
    let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status();
    let media_type = answer.headers().get(header::CONTENT_TYPE).cloned();
    let text = answer.text().await.map_err(|error| format!("{error:?}"))?;
    let said = format!("{status} {media_type:?} {text}");
    if media_type.is_none_or(|it| it != "application/problem+json") {
        return Err(said);
    }
    let problem: Problem = serde_json::from_str(&text).map_err(|_| said.clone())?;
    let fits = status.as_u16() == bad.status
        && problem.status == bad.status
        && problem.codes.iter().any(|code| code == bad.code)
        && !problem.detail.is_empty();
    fits.then_some(()).ok_or(said)
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_with_its_code_and_leaves_no_trace() {
    let mut world = World::start(4).await;
    let logged = world.settle().await;
    let before = world.at_rest().await;
    let http = Client::builder().tls_certs_only([]).build().unwrap();
    let api = world.network.nodes[1].api.clone();

    let mut wrong = Vec::new();
    let groups = [
        malformed,
        not_authentic,
        not_allowed,
        bad_requests,
        bad_names,
        bad_drafts,
    ];
    for bad in groups.iter().flat_map(|group| group(&world)) {
        if let Err(said) = ask(&http, &api, &bad).await {
            let (name, status, code) = (&bad.name, bad.status, bad.code);
            wrong.push(format!("{name}: expected {status} {code}, got {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let house = logged.last().unwrap();
    let mut answers = Vec::new();
    for node in &world.network.nodes {
        let url = format!("{}/v1/records", node.api);
        let request = http.post(url).header(header::CONTENT_TYPE, COSE);
        let answer = request.body(house.clone()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answers.push(answer.text().await.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "a logged record is answered the same");

    assert_eq!(world.at_rest().await, before);
    assert!(before.iter().all(|standing| standing.ready));
    world.network.check().unwrap();
    let deed = world.deed();
    let verdict = Lanes::new(&world.network).unwrap().deed(1, &deed).await;
    assert_eq!(verdict.unwrap(), Verdict::Registered);
    world.network.stop().await.unwrap();
}

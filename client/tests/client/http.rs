//! The HTTP client: patience, fail-over, and answers that no node gives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use deedbook_client::http::{ApiError, Client};
use deedbook_schemas::api::{Problem, RecordState, RecordView, SubmissionView};
use deedbook_schemas::digest::RecordId;
use futures::StreamExt as _;

use crate::people::id;

/// What a played node received, and what it answers next.
#[derive(Default)]
struct Script {
    received: Vec<(String, Vec<u8>)>,
    answers: VecDeque<Response>,
}

type Shared = Arc<Mutex<Script>>;

async fn node(answers: impl IntoIterator<Item = Response>) -> (String, Shared) {
    let script = Script {
        answers: answers.into_iter().collect(),
        ..Script::default()
    };
    let script = Arc::new(Mutex::new(script));
    let played = Arc::clone(&script);
    let app = axum::Router::new().fallback(move |uri: axum::http::Uri, body: Bytes| {
        let mut script = played.lock().unwrap();
        script.received.push((uri.to_string(), body.to_vec()));
        std::future::ready(script.answers.pop_front().unwrap())
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, script)
}

fn problem(status: u16, code: &str, retry: bool) -> Response {
    let problem = Problem {
        kind: format!("urn:deedbook:problem:{code}"),
        title: "No.".to_owned(),
        status,
        detail: "Not this.".to_owned(),
        codes: vec![code.to_owned()],
    };
    let body = serde_json::to_vec(&problem).unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    if retry {
        (status, [(header::RETRY_AFTER, "0")], kind, body).into_response()
    } else {
        (status, kind, body).into_response()
    }
}

fn accepted() -> Response {
    let record = RecordView {
        id: RecordId([7; 32]),
        kind: "transfer".to_owned(),
        issuer: id("seller"),
        subject: "x".to_owned(),
        state: RecordState::Logged,
        leaf_index: Some(3),
        outcome: None,
        reasons: Vec::new(),
    };
    let view = SubmissionView {
        records: vec![record],
        instrument: None,
    };
    (StatusCode::OK, serde_json::to_vec(&view).unwrap()).into_response()
}

/// Nobody listens on port 1 of the loopback address.
const DOWN: &str = "http://127.0.0.1:1";

#[tokio::test]
async fn a_submission_is_repeated_with_the_same_bytes_until_a_node_takes_it() {
    let busy = || problem(503, "api.busy", true);
    let (address, script) = node([busy(), busy(), accepted()]).await;
    let client = Client::new(&[DOWN, &address]).unwrap();
    let wait = Some(Duration::from_secs(90));
    let view = client.submit(&[vec![1, 2], vec![3]], wait).await.unwrap();
    assert_eq!(view.records[0].leaf_index, Some(3));
    let request = ("/v1/records?wait=30".to_owned(), vec![1, 2, 3]);
    assert_eq!(script.lock().unwrap().received, vec![request; 3]);
}

#[tokio::test]
async fn a_refusal_comes_with_its_codes_and_is_not_repeated() {
    let (address, script) = node([problem(422, "title.not_holder", false)]).await;
    let client = Client::new(&[address]).unwrap();
    let error = client.submit(&[vec![1]], None).await.unwrap_err();
    assert_eq!(error.status(), Some(422));
    assert_eq!(error.problem().unwrap().codes, ["title.not_holder"]);
    assert_eq!(error.to_string(), "Not this. [title.not_holder] (422)");
    assert_eq!(script.lock().unwrap().received.len(), 1);
}

#[tokio::test]
async fn without_patience_every_node_is_asked_once() {
    let (address, script) = node([problem(503, "api.busy", false)]).await;
    let client = Client::new(&[DOWN, &address])
        .unwrap()
        .with_patience(Duration::ZERO);
    let error = client.health().await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(script.lock().unwrap().received.len(), 1);
    let nobody = Client::new(&[DOWN]).unwrap().with_patience(Duration::ZERO);
    assert!(matches!(
        nobody.health().await,
        Err(ApiError::Unreachable { .. })
    ));
}

#[tokio::test]
async fn answers_that_are_too_long_or_of_another_kind_are_refused() {
    let long = vec![b'x'; 3 * 1024 * 1024].into_response();
    let page = (StatusCode::NOT_FOUND, "<html>\u{1b}[31m").into_response();
    let (address, _) = node([long, page, "[]".into_response()]).await;
    let client = Client::new(&[address]).unwrap();
    assert!(matches!(
        client.health().await,
        Err(ApiError::TooLong { .. })
    ));
    let Err(ApiError::Unexpected {
        status: 404,
        excerpt,
        ..
    }) = client.health().await
    else {
        panic!("a page is no answer");
    };
    assert_eq!(excerpt, "<html>[31m");
    assert!(matches!(
        client.health().await,
        Err(ApiError::Unexpected { .. })
    ));
}

#[tokio::test]
async fn events_arrive_in_order_with_their_ids() {
    let text = "id: 4\nevent: seal\ndata: {}\n\nid: 5\nevent: record\ndata: {}\n\n";
    let stream = ([(header::CONTENT_TYPE, "text/event-stream")], text).into_response();
    let (address, _) = node([stream]).await;
    let client = Client::new(&[address]).unwrap();
    let events: Vec<_> = client.events(Some(3)).await.unwrap().collect().await;
    let ids: Vec<_> = events.into_iter().map(|event| event.unwrap().id).collect();
    assert_eq!(ids, [Some(4), Some(5)]);
}

#[test]
fn only_addresses_of_nodes_are_taken() {
    for address in ["", "node", "ftp://node.example", "127.0.0.1:80"] {
        assert!(
            matches!(Client::new(&[address]), Err(ApiError::Address(_))),
            "{address}"
        );
    }
    assert!(matches!(Client::new::<&str>(&[]), Err(ApiError::NoNode)));
}

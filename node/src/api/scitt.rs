//! The SCITT reference API (SCRAPI, draft-ietf-scitt-scrapi): register a signed statement, resolve its
//! receipt, find the keys.
//!
//! Lives here: the draft's resources at the draft's paths, and errors as it wants them (RFC 9290). Does
//! not live here: submission (`records`; there is one way into the ledger), receipts (`ledger`,
//! `schemas::cose_receipt`).
//!
//! A receipt is of the record's own leaf: that the statement was entered. What became of it, of a deed
//! whether it was registered, is another leaf, the outcome; `/v1/receipts` proves that.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use deedbook_schemas::api::Problem;
use deedbook_schemas::cose_key::{KeyThumbprint, cose_key, cose_key_set};
use deedbook_schemas::cose_receipt::CoseReceipt;
use deedbook_schemas::digest::RecordId;
use minicbor::Encoder;
use tokio::time::Instant;

use super::log::await_cosigned;
use super::problem::{Answer, ApiProblem};
use super::records::{await_decided, read_body, read_statement, submit_bundle};
use super::{Api, Segment, Shared, Wait, parse, wait};

const COSE: &str = "application/cose";
const CBOR: &str = "application/cbor";
const PROBLEM: &str = "application/concise-problem-details+cbor";
const ENTRIES: &str = "/entries";
const KEYS: &str = "/.well-known/scitt-keys";

/// How long a registration waits for its receipt if the client does not say; a block and its
/// cosignatures take about one second.
const WAIT_SECONDS: u64 = 5;
/// When a client may ask again after a registration that is running.
const RETRY_AFTER_SECONDS: u16 = 1;

/// Register a signed statement (SCRAPI).
///
/// The statement is a record, as `POST /v1/records` takes it. 201: entered; the COSE receipt of the
/// record's own leaf. 303: running; ask at the location. An error is CBOR problem details (RFC 9290).
#[utoipa::path(post, path = "/entries", params(Wait), tag = "scitt",
    request_body(content_type = "application/cose", content = Vec<u8>),
    responses(
        (status = 201, content_type = "application/cose", body = Vec<u8>),
        (status = 303, description = "Registration is running; the location tells where to ask."),
        (status = 400, content_type = "application/concise-problem-details+cbor", body = Vec<u8>),
        (status = 409, content_type = "application/concise-problem-details+cbor", body = Vec<u8>),
        (status = 413, content_type = "application/concise-problem-details+cbor", body = Vec<u8>),
        (status = 415, content_type = "application/concise-problem-details+cbor", body = Vec<u8>),
        (status = 429, content_type = "application/concise-problem-details+cbor", body = Vec<u8>),
        (status = 503, content_type = "application/concise-problem-details+cbor", body = Vec<u8>)))]
pub(super) async fn register(
    State(api): Shared,
    query: Result<Query<Wait>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Response> {
    let deadline = wait(query)?.deadline_or(WAIT_SECONDS);
    let bundle = read_statement(&headers, &read_body(body)?)?;
    let bundle = submit_bundle(&api, bundle, deadline).await?;
    let mut submitted = bundle.records.iter().zip(bundle.bytes);
    let (id, bytes) = submitted
        .next()
        .map(|(record, bytes)| (record.id, bytes))
        .ok_or(crate::ledger::Refused::Size)?;
    same_signature(&api, id, bytes).await?;
    Ok(match receipt(&api, &id, deadline).await? {
        Some(receipt) => resolved(StatusCode::CREATED, &id, &receipt),
        None => running(StatusCode::SEE_OTHER, &id),
    })
}

/// A record's id does not depend on its signature, and who submits it again is answered the same. A
/// receipt is for the bytes in the log; to other bytes it would not belong.
async fn same_signature(api: &Arc<Api>, id: RecordId, submitted: Arc<[u8]>) -> Answer<()> {
    let held = api
        .blocking(move |api| api.ledger.record_bytes(&id))
        .await?;
    if held.is_none_or(|held| *held == *submitted) {
        return Ok(());
    }
    let detail = format!("statement {id} is registered, with another signature");
    let (status, code) = (StatusCode::CONFLICT, "record.other_signature");
    Err(ApiProblem::new(
        status,
        code,
        "Registered otherwise",
        detail,
    ))
}

/// Resolve the receipt of an entry, or ask after a registration (SCRAPI).
///
/// 200: the COSE receipt of the record's own leaf, fresh. 302: registration is running; ask again.
#[utoipa::path(get, path = "/entries/{id}", params(("id" = String, Path), Wait), tag = "scitt",
    responses(
        (status = 200, content_type = "application/cose", body = Vec<u8>),
        (status = 302, description = "Registration is running; ask again."),
        (status = 400, content_type = "application/concise-problem-details+cbor", body = Vec<u8>),
        (status = 404, content_type = "application/concise-problem-details+cbor", body = Vec<u8>)))]
pub(super) async fn entry(
    State(api): Shared,
    Segment(id): Segment,
    query: Result<Query<Wait>, QueryRejection>,
) -> Answer<Response> {
    let id: RecordId = parse("record", &id)?;
    let deadline = wait(query)?.deadline();
    await_decided(&api, &[id], deadline).await?;
    Ok(match receipt(&api, &id, deadline).await? {
        Some(receipt) => resolved(StatusCode::OK, &id, &receipt),
        None => running(StatusCode::FOUND, &id),
    })
}

/// The keys under which this log's COSE receipts verify: a COSE key set (SCRAPI).
#[utoipa::path(get, path = "/.well-known/scitt-keys", tag = "scitt",
    responses((status = 200, content_type = "application/cbor", body = Vec<u8>)))]
pub(super) async fn keys(State(api): Shared) -> Response {
    let keys = cose_key_set(&[api.ledger.log_key()]);
    ([(header::CONTENT_TYPE, CBOR)], keys).into_response()
}

/// One of these keys, by the base64url of its `kid`, the COSE key thumbprint (RFC 9679).
#[utoipa::path(get, path = "/.well-known/scitt-keys/{kid}", params(("kid" = String, Path)),
    tag = "scitt", responses((status = 200, content_type = "application/cbor", body = Vec<u8>),
        (status = 404, content_type = "application/concise-problem-details+cbor", body = Vec<u8>)))]
pub(super) async fn key(State(api): Shared, Segment(kid): Segment) -> Answer<Response> {
    let wanted = KeyThumbprint::from_segment(&kid);
    let key = api.ledger.log_key();
    if wanted != Some(KeyThumbprint::of(&key)) {
        let detail = "no key of this log has this kid, in base64url".to_owned();
        return Err(ApiProblem::new(
            StatusCode::NOT_FOUND,
            "api.not_found",
            "No such key",
            detail,
        ));
    }
    Ok(([(header::CONTENT_TYPE, CBOR)], cose_key(&key)).into_response())
}

/// The receipt of a record's own leaf, once the log has signed a tree with it; `None` before.
async fn receipt(api: &Arc<Api>, id: &RecordId, deadline: Instant) -> Answer<Option<CoseReceipt>> {
    // Asked first: a record leaves the mempool only after it is in the store.
    let waiting = api.ledger.mempool.contains(id);
    let record = *id;
    let index = api
        .blocking(move |api| Ok(api.ledger.store().record_index(&record)?))
        .await?;
    let Some(index) = index else {
        return if waiting {
            Ok(None)
        } else {
            Err(ApiProblem::not_found("entry", &id.to_string()))
        };
    };
    if !await_cosigned(api, index, deadline).await {
        return Ok(None);
    }
    let Some(signed) = api
        .cose_signed_tree()
        .filter(|signed| signed.tree.size > index)
    else {
        return Ok(None);
    };
    let made = api.blocking(move |api| api.ledger.cose_receipt(index, &signed));
    made.await.map(Some)
}

fn location(id: &RecordId) -> String {
    format!("{ENTRIES}/{id}")
}

fn resolved(status: StatusCode, id: &RecordId, receipt: &CoseReceipt) -> Response {
    let headers = [
        (header::CONTENT_TYPE, COSE.to_owned()),
        (header::LOCATION, location(id)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (status, headers, receipt.encode()).into_response()
}

fn running(status: StatusCode, id: &RecordId) -> Response {
    let headers = [
        (header::LOCATION, location(id)),
        (header::RETRY_AFTER, RETRY_AFTER_SECONDS.to_string()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (status, headers).into_response()
}

/// At the paths of the draft every problem, whoever found it, is CBOR problem details (RFC 9290).
pub(super) async fn concise_problems(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let ours = [ENTRIES, KEYS].iter().any(|prefix| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) if ours => concise(problem, response.headers().get(header::RETRY_AFTER)),
        _ => response,
    }
}

/// Title and detail as the draft wants them; the stable codes are in the detail.
fn concise(problem: &Problem, retry_after: Option<&HeaderValue>) -> Response {
    let code = problem.codes.first().map(String::as_str);
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (status, title) = match (status, code) {
        (StatusCode::UNPROCESSABLE_ENTITY, _) => (StatusCode::BAD_REQUEST, "Rejected"),
        (StatusCode::BAD_REQUEST, Some("api.path")) => (status, "Invalid locator"),
        (StatusCode::BAD_REQUEST, _) => (status, "Malformed request"),
        (StatusCode::TOO_MANY_REQUESTS, _) => (status, "Too Many Requests"),
        _ => (status, problem.title.as_str()),
    };
    let detail = format!("{} [{}]", problem.detail, problem.codes.join(", "));
    let mut response = (status, details(title, &detail)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds.clone());
    }
    response
}

/// `{-1: title, -2: detail}`.
fn details(title: &str, detail: &str) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(title.len() + detail.len() + 16));
    let written = (|| -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        encoder.map(2)?.i8(-1)?.str(title)?;
        encoder.i8(-2)?.str(detail)?.ok()
    })();
    debug_assert!(written.is_ok(), "writing to a Vec cannot fail");
    encoder.into_writer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_a_map_of_title_and_detail() {
        let bytes = details("No", "a b");
        assert_eq!(bytes, b"\xa2\x20\x62No\x21\x63a b");
    }
}

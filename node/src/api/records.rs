//! Submitting records, asking after them, and drafting them.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use deedbook_schemas::api::{
    DraftRequest, DraftView, Problem, RecordState, RecordView, SubmissionView,
};
use deedbook_schemas::cose::Statement;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::limits::BUNDLE_RECORDS_MAX;
use deedbook_schemas::record::Record;
use tokio::time::Instant;

use super::problem::{Answer, ApiProblem};
use super::{Api, Segment, Shared, Wait, parse, split_sequence, wait};
use crate::ledger::{Admitted, Ledger, Refused, SubmittedBundle};

const COSE: &str = "application/cose";
const SEQUENCE: &str = "application/cbor-seq";
const STATEMENT: &str = "application/scitt-statement+cose";

/// Submit a record or an atomic bundle.
///
/// `application/cose` is one record, `application/cbor-seq` a bundle: taken whole or not at all.
/// Submitting the same again is answered the same. 200: final, decided and durable on this node.
/// 202: queued; ask again at `/v1/records/{id}`.
#[utoipa::path(post, path = "/v1/records", params(Wait), tag = "records",
    request_body(content_type = "application/cose", content = Vec<u8>),
    responses(
        (status = 200, body = SubmissionView), (status = 202, body = SubmissionView),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn submit(
    State(api): Shared,
    query: Result<Query<Wait>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Response> {
    let deadline = wait(query)?.deadline();
    let bundle = read_bundle(&headers, &read_body(body)?)?;
    let bundle = submit_bundle(&api, bundle, deadline).await?;
    let view = api
        .blocking(move |api| submission(&api.ledger, &bundle.records))
        .await?;
    let is_final = view
        .records
        .iter()
        .all(|record| record.state == RecordState::Logged);
    let status = if is_final {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Ok((status, Json(view)).into_response())
}

/// Admits a bundle, tells the peers, and waits until it is decided or the time is up: the one way by
/// which clients bring records to the ledger.
pub(super) async fn submit_bundle(
    api: &Arc<Api>,
    bundle: SubmittedBundle,
    deadline: Instant,
) -> Answer<SubmittedBundle> {
    if !*api.ready.borrow() {
        let detail = "this node's disk is nearly full; submit through another".to_owned();
        return Err(ApiProblem::unavailable("node.disk_full", detail, 60));
    }
    let ids: Vec<RecordId> = bundle.records.iter().map(|record| record.id).collect();
    let submitted: Vec<Arc<[u8]>> = bundle.bytes.iter().map(Arc::clone).collect();
    let (admitted, bundle) = api
        .blocking(move |api| Ok((api.ledger.admit(&bundle)?, bundle)))
        .await?;
    if admitted? == Admitted::Queued {
        if let Err(error) = api.gossip.publish_bundle(submitted) {
            tracing::debug!(%error, "a bundle goes out with the next rebroadcast");
        }
        await_decided(api, &ids, deadline).await?;
    }
    Ok(bundle)
}

/// A body that could not be read is the client's problem.
pub(super) fn read_body(body: Result<Bytes, BytesRejection>) -> Answer<Bytes> {
    body.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiProblem::from(Refused::Size)
        } else {
            ApiProblem::bad_request("api.body", error.body_text())
        }
    })
}

/// The media type without its parameters.
fn media_type(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    text.split(';').next().map(str::trim)
}

fn wrong_media_type(allowed: &str) -> ApiProblem {
    let detail = format!("the content type must be {allowed}");
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    ApiProblem::new(status, "api.media_type", "Wrong media type.", detail)
}

/// One signed statement, under either of its media types (RFC 9052, RFC 9943).
pub(super) fn read_statement(headers: &HeaderMap, body: &Bytes) -> Answer<SubmittedBundle> {
    match media_type(headers) {
        Some(COSE | STATEMENT) => Ok(Ledger::read_bundle(vec![body.as_ref().into()])?),
        _ => Err(wrong_media_type(&format!("{COSE} or {STATEMENT}"))),
    }
}

fn read_bundle(headers: &HeaderMap, body: &Bytes) -> Answer<SubmittedBundle> {
    let items: Vec<Arc<[u8]>> = match media_type(headers) {
        Some(COSE) => vec![body.as_ref().into()],
        Some(SEQUENCE) => {
            let items = split_sequence(body)
                .map_err(|error| ApiProblem::bad_request("record.malformed", error.to_string()))?;
            items
                .into_iter()
                .take(BUNDLE_RECORDS_MAX + 1)
                .map(Into::into)
                .collect()
        }
        _ => return Err(wrong_media_type(&format!("{COSE} or {SEQUENCE}"))),
    };
    Ok(Ledger::read_bundle(items)?)
}

/// Waits until the bundle's first record is on the ledger or refused, or the time is up.
pub(super) async fn await_decided(api: &Api, ids: &[RecordId], deadline: Instant) -> Answer<()> {
    let Some(first) = ids.first().copied() else {
        return Ok(());
    };
    let mut tips = api.ledger.tips();
    loop {
        tips.borrow_and_update();
        if let Some(rejection) = api.ledger.rejection(&first) {
            return Err(ApiProblem::law(&rejection));
        }
        if !api.ledger.mempool.contains(&first) {
            return Ok(());
        }
        if !matches!(
            tokio::time::timeout_at(deadline, tips.changed()).await,
            Ok(Ok(()))
        ) {
            return Ok(());
        }
    }
}

fn submission(ledger: &Ledger, records: &[Record]) -> Result<SubmissionView, crate::fatal::Fatal> {
    let mut views = Vec::with_capacity(records.len());
    for record in records {
        views.push(ledger.record_view(record)?);
    }
    let instrument = match records.first() {
        Some(record) => ledger.instrument_of(record)?,
        None => None,
    };
    Ok(SubmissionView {
        records: views,
        instrument,
    })
}

/// Ask after a record. With `Accept: application/cose`, its bytes.
#[utoipa::path(get, path = "/v1/records/{id}", params(("id" = String, Path), Wait), tag = "records",
    responses((status = 200, body = RecordView),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn record(
    State(api): Shared,
    Segment(id): Segment,
    query: Result<Query<Wait>, QueryRejection>,
    headers: HeaderMap,
) -> Answer<Response> {
    let id: RecordId = parse("record", &id)?;
    let deadline = wait(query)?.deadline();
    await_decided(&api, &[id], deadline).await?;
    let bytes = api
        .blocking(move |api| api.ledger.record_bytes(&id))
        .await?;
    let Some(bytes) = bytes else {
        return Err(ApiProblem::not_found("record", &id.to_string()));
    };
    let wants_cose = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains(COSE));
    if wants_cose {
        return Ok(([(header::CONTENT_TYPE, COSE)], bytes).into_response());
    }
    let view = api
        .blocking(move |api| api.ledger.record_view_of_bytes(&bytes))
        .await?;
    Ok(Json(view).into_response())
}

/// From JSON to the bytes to sign.
#[utoipa::path(post, path = "/v1/drafts", tag = "records", request_body = DraftRequest,
    responses((status = 200, body = DraftView),
        (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn draft(
    State(api): Shared,
    request: Result<Json<DraftRequest>, JsonRejection>,
) -> Answer<Json<DraftView>> {
    let Json(request) =
        request.map_err(|error| ApiProblem::bad_request("draft.malformed", error.body_text()))?;
    if request.draft.ledger != api.ledger.id() {
        let detail = format!("this ledger is {}", api.ledger.id());
        return Err(ApiProblem::bad_request("record.foreign_ledger", detail));
    }
    let attestation = request
        .attestation
        .as_deref()
        .map(|text| {
            hex::decode(text).map_err(|error| {
                ApiProblem::bad_request("draft.malformed", format!("attestation: {error}"))
            })
        })
        .transpose()?;
    let to_be_signed = request
        .draft
        .to_be_signed(request.key, attestation.as_deref());
    // Read back what will be signed: a draft that could never be a record is refused now.
    let unsigned = request.draft.with_signature(
        request.key,
        attestation.as_deref(),
        deedbook_schemas::keys::Signature([0; 64]),
    );
    let record = Record::decode(&unsigned)
        .map_err(|error| ApiProblem::bad_request("draft.malformed", error.to_string()))?;
    debug_assert_eq!(
        Statement::decode(&unsigned).map(|s| s.to_be_signed()).ok(),
        Some(to_be_signed.clone())
    );
    Ok(Json(DraftView {
        act_digest: record.act_digest,
        record: record.id,
        to_be_signed: hex::encode(to_be_signed),
    }))
}

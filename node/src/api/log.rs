//! The log as anybody may read it: receipts, checkpoints, tiles (C2SP tlog-tiles), blocks.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use deedbook_schemas::api::{BlockView, Problem, WitnessesView};
use deedbook_schemas::block::Height;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::limits::WITNESSES_MAX;
use deedbook_schemas::tile::Tile;
use tokio::time::Instant;

use super::problem::{Answer, ApiProblem};
use super::{Api, Segment, Shared, Wait, parse};

const TEXT: &str = "text/plain; charset=utf-8";
/// A full tile never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// What a receipt is asked for.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReceiptQuery {
    /// Seconds to wait, 0 to 30.
    wait: Option<u64>,
    /// Witnesses outside the network that must have cosigned as well; 0 if not given.
    witnesses: Option<usize>,
}

/// The receipt of a record (C2SP tlog-proof). With `wait`, until enough validators, and with
/// `witnesses` so many of these, cosigned.
///
/// Its checkpoint is, of the recent ones that cover the record, the one that the most witnesses
/// cosigned, the newest of these; if no witness cosigned one yet, the newest of the validators'.
#[utoipa::path(get, path = "/v1/receipts/{id}", tag = "log",
    params(("id" = String, Path), ReceiptQuery),
    responses((status = 200, content_type = "text/plain", body = String),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn receipt(
    State(api): Shared,
    Segment(id): Segment,
    query: Result<Query<ReceiptQuery>, QueryRejection>,
) -> Answer<Response> {
    let id: RecordId = parse("record", &id)?;
    let bad = |detail: String| ApiProblem::bad_request("api.query", detail);
    let Query(query) = query.map_err(|error| bad(error.body_text()))?;
    let deadline = Wait { wait: query.wait }.deadline();
    let count = query.witnesses.unwrap_or(0);
    if count > WITNESSES_MAX {
        return Err(bad(format!("{count} witnesses; at most {WITNESSES_MAX}")));
    }
    let leaf = api.blocking(move |api| api.ledger.proof_leaf(&id)).await?;
    let leaf = leaf.ok_or_else(|| ApiProblem::not_found("record", &id.to_string()))?;
    if !await_cosigned(&api, leaf.index, deadline).await {
        let detail = "the record is final; its checkpoint is not cosigned by enough validators yet";
        return Err(ApiProblem::unavailable(
            "receipt.not_cosigned",
            detail.to_owned(),
            1,
        ));
    }
    let leaves = leaf.index.saturating_add(1);
    let mut news = api.witnesses.news();
    let witnessed = news.wait_for(|_| api.witnesses.best(leaves, count).is_some());
    if count > 0
        && !matches!(
            tokio::time::timeout_at(deadline, witnessed).await,
            Ok(Ok(_))
        )
    {
        let detail = format!("no {count} witnesses have cosigned a checkpoint with it yet");
        return Err(ApiProblem::unavailable("receipt.not_witnessed", detail, 1));
    }
    let best = api.witnesses.best(leaves, count);
    let signed = best.or_else(|| api.signed_checkpoint()).ok_or_else(|| {
        ApiProblem::unavailable("receipt.not_cosigned", "no checkpoint yet".to_owned(), 1)
    })?;
    let receipt = api
        .blocking(move |api| api.ledger.receipt(leaf, signed))
        .await?;
    Ok(([(header::CONTENT_TYPE, TEXT)], receipt.to_string()).into_response())
}

/// Waits until enough validators cosigned a tree with this leaf; false if the time is up before.
pub(super) async fn await_cosigned(api: &Api, index: u64, deadline: Instant) -> bool {
    let mut cosigned = api.cosigned_size.clone();
    let covered = cosigned.wait_for(|size| *size > index);
    matches!(tokio::time::timeout_at(deadline, covered).await, Ok(Ok(_)))
}

/// The newest checkpoint that a quorum of validators cosigned, with the cosignatures of the
/// witnesses that have seen it (C2SP tlog-checkpoint).
#[utoipa::path(get, path = "/v1/log/checkpoint", tag = "log",
    responses((status = 200, content_type = "text/plain", body = String),
        (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn checkpoint(State(api): Shared) -> Answer<Response> {
    let signed = api.signed_checkpoint().ok_or_else(|| {
        let detail = "no checkpoint is cosigned by a quorum yet".to_owned();
        ApiProblem::unavailable("log.no_checkpoint", detail, 1)
    })?;
    let signed = api.witnesses.with_cosignatures(signed);
    let headers = [
        (header::CONTENT_TYPE, TEXT),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, signed.to_string()).into_response())
}

/// A hash tile, entry bundle or bundle of certified headers: `/v1/log/tile/<level>/<index>[.p/<width>]`,
/// `/v1/log/tile/entries/…` (C2SP tlog-tiles), `/v1/log/tile/blocks/…` (the blocks whose seals are in
/// the entry bundle of the same index and width: `deedbook.cddl`).
#[utoipa::path(get, path = "/v1/log/tile/{*path}", tag = "log", params(("path" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn tile(State(api): Shared, Segment(path): Segment) -> Answer<Response> {
    let tile: Tile = parse("tile", &format!("tile/{path}"))?;
    let bytes = api
        .blocking(move |api| Ok(api.ledger.store().tile(tile)?))
        .await?;
    let bytes = bytes.ok_or_else(|| ApiProblem::not_found("tile", &path))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, FOREVER),
    ];
    Ok((headers, bytes).into_response())
}

/// The witnesses that this node pushes every checkpoint to, and how each stands.
#[utoipa::path(get, path = "/v1/witnesses", tag = "log",
    responses((status = 200, body = WitnessesView)))]
pub(super) async fn witnesses(State(api): Shared) -> Json<WitnessesView> {
    let witnesses = api.witnesses.views();
    Json(WitnessesView { witnesses })
}

/// A decided block's header and certificate.
#[utoipa::path(get, path = "/v1/blocks/{height}", tag = "log", params(("height" = u64, Path)),
    responses((status = 200, body = BlockView),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn block(State(api): Shared, Segment(height): Segment) -> Answer<Json<BlockView>> {
    let height = Height(parse("block", &height)?);
    let view = api
        .blocking(move |api| api.ledger.block_view(height))
        .await?;
    view.map(Json)
        .ok_or_else(|| ApiProblem::not_found("block", &height.to_string()))
}

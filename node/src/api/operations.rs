//! Health, metrics, the genesis and this API's own description.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use deedbook_schemas::api::Health;
use deedbook_schemas::genesis::Genesis;

use super::Shared;
use super::problem::{Answer, ApiProblem};

/// Where this node stands.
#[utoipa::path(get, path = "/v1/health", tag = "operations",
    responses((status = 200, body = Health)))]
pub(super) async fn health(State(api): Shared) -> Json<Health> {
    let tip = api.ledger.tip();
    let witnesses = api.witnesses.summary();
    let log_signed_size = api.log_signed_size();
    Json(Health {
        ledger: api.ledger.id(),
        origin: api.ledger.genesis().origin.clone(),
        node: api.name.clone(),
        ready: *api.ready.borrow(),
        height: tip.height,
        time: tip.time,
        tree_size: tip.tree_size,
        tree_root: tip.tree_root,
        state_root: tip.state_root,
        cosigned_size: *api.cosigned_size.borrow(),
        witnessed_size: witnesses.witnessed_size,
        witnesses: witnesses.configured,
        witnesses_failing: witnesses.failing,
        witness_alarms: witnesses.alarms,
        log_signed_size,
        peers: api.gossip.peers_connected(),
        queued: api.ledger.mempool.stats().records,
    })
}

/// What the ledger began with. Its hash is the ledger's id.
#[utoipa::path(get, path = "/v1/genesis", tag = "operations",
    responses((status = 200, body = Object)))]
pub(super) async fn genesis(State(api): Shared) -> Json<Genesis> {
    Json(api.ledger.genesis().clone())
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/v1/metrics", tag = "operations",
    responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn metrics(State(api): Shared) -> Answer<Response> {
    let text = api
        .metrics
        .render(&api)
        .map_err(|error| ApiProblem::unavailable("node.metrics", error.to_string(), 1))?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}

/// This document (OpenAPI 3.1).
#[utoipa::path(get, path = "/v1/openapi.json", tag = "operations",
    responses((status = 200, body = Object)))]
pub(super) async fn openapi() -> Answer<Response> {
    let text = super::openapi()
        .map_err(|error| ApiProblem::unavailable("node.openapi", error.to_string(), 1))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

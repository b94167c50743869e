//! The REST API: decodes, calls, encodes. No rules live here.
//!
//! Lives here: the router, what the handlers share, and the OpenAPI document. Does not live here:
//! shapes (`deedbook_schemas::api`), and anything that decides.

mod certificates;
mod events;
mod log;
mod operations;
mod problem;
mod records;
mod register;
mod scitt;

use std::collections::VecDeque;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use deedbook_schemas::limits::{API_REQUESTS_MAX, API_WAIT_SECONDS_MAX, BUNDLE_BYTES_MAX};
use tokio::sync::{Semaphore, watch};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::cosign::Cosigner;
use crate::fatal::Fatal;
use crate::gossip::GossipHandle;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::witnesses::Witnesses;
use problem::{Answer, ApiProblem};

/// What the handlers share.
pub struct Api {
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// Cosignatures, this node's and the others'.
    pub cosigner: Arc<Mutex<Cosigner>>,
    /// Leaves covered by a checkpoint that validators cosigned and the log's key signed.
    pub cosigned_size: watch::Receiver<u64>,
    /// The record network.
    pub gossip: GossipHandle,
    /// This node's name.
    pub name: String,
    /// Figures.
    pub metrics: Metrics,
    /// Who cosigns beside the validators.
    pub witnesses: Arc<Witnesses>,
    /// Stops the node.
    pub fatal: tokio::sync::mpsc::Sender<Fatal>,
    /// Whether records are accepted: false when the disk is nearly full.
    pub ready: watch::Receiver<bool>,
}

/// Handlers get this.
type Shared = State<Arc<Api>>;

#[derive(OpenApi)]
#[openapi(info(
    title = "Deedbook",
    description = "A permissioned ledger of real estate whose register can be proved offline. \
        Records are COSE_Sign1 signed statements; every error is problem+json with stable codes."
))]
struct Document;

fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(records::submit))
        .routes(routes!(records::record))
        .routes(routes!(records::draft))
        .routes(routes!(register::instrument))
        .routes(routes!(register::title))
        .routes(routes!(register::power))
        .routes(routes!(register::consent))
        .routes(routes!(register::party))
        .routes(routes!(register::accesses))
        .routes(routes!(certificates::certificate))
        .routes(routes!(certificates::state))
        .routes(routes!(log::receipt))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::tile))
        .routes(routes!(log::block))
        .routes(routes!(scitt::register))
        .routes(routes!(scitt::entry))
        .routes(routes!(scitt::keys))
        .routes(routes!(scitt::key))
        .routes(routes!(log::witnesses))
        .routes(routes!(events::events))
        .routes(routes!(operations::health))
        .routes(routes!(operations::genesis))
        .routes(routes!(operations::metrics))
        .routes(routes!(operations::openapi))
}

/// The OpenAPI 3.1 document, as `GET /v1/openapi.json` answers.
///
/// # Errors
/// If the document cannot be written as JSON, which its own tests exclude.
pub fn openapi() -> Result<String, serde_json::Error> {
    routes().split_for_parts().1.to_pretty_json()
}

/// The router. Every path, known or not, answers problem+json on error; those of SCITT, CBOR.
pub fn router(api: Arc<Api>) -> Router {
    let permits = Arc::new(Semaphore::new(API_REQUESTS_MAX));
    let (router, _) = routes().split_for_parts();
    router
        .fallback(async || ApiProblem::not_found("resource", "at this path"))
        .method_not_allowed_fallback(async || {
            let detail = "see /v1/openapi.json".to_owned();
            ApiProblem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "api.method",
                "Wrong method.",
                detail,
            )
        })
        .layer(axum::middleware::from_fn_with_state(permits, bounded))
        .layer(DefaultBodyLimit::max(BUNDLE_BYTES_MAX))
        .layer(CatchPanicLayer::custom(
            |_: Box<dyn std::any::Any + Send>| {
                tracing::error!("a request handler panicked");
                let detail = "the request could not be handled".to_owned();
                ApiProblem::unavailable("node.failed", detail, 5).into_response()
            },
        ))
        .layer(axum::middleware::from_fn(scitt::concise_problems))
        .with_state(api)
}

/// Bounds how many requests are in work; the rest is told to come again.
async fn bounded(State(permits): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match permits.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => {
            let detail = format!("{API_REQUESTS_MAX} requests are in work");
            ApiProblem::unavailable("api.busy", detail, 1).into_response()
        }
    }
}

/// `?wait=SECONDS`: long-poll until the thing is there, at most [`API_WAIT_SECONDS_MAX`].
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wait {
    /// Seconds, 0 to 30.
    wait: Option<u64>,
}

impl Wait {
    fn deadline(&self) -> tokio::time::Instant {
        self.deadline_or(0)
    }

    /// With how many seconds to wait if the client does not say.
    fn deadline_or(&self, seconds: u64) -> tokio::time::Instant {
        let seconds = self.wait.unwrap_or(seconds).min(API_WAIT_SECONDS_MAX);
        tokio::time::Instant::now() + Duration::from_secs(seconds)
    }
}

/// A query string that could not be read is the client's problem.
fn wait(
    query: Result<axum::extract::Query<Wait>, axum::extract::rejection::QueryRejection>,
) -> Answer<Wait> {
    query
        .map(|axum::extract::Query(wait)| wait)
        .map_err(|error| ApiProblem::bad_request("api.query", error.body_text()))
}

/// The variable part of a path. One that is not text cannot name anything.
struct Segment(String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text))
            .map_err(|error| ApiProblem::bad_request("api.path", error.body_text()))
    }
}

/// A path segment that is not of its form cannot name anything.
fn parse<T: FromStr>(what: &str, text: &str) -> Answer<T> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(80).collect();
        ApiProblem::bad_request("api.path", format!("{shown:?} is not the id of a {what}"))
    })
}

impl Api {
    /// Runs blocking work (signatures, disk) off the connection threads. A fatal error also stops
    /// the node.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Fatal> + Send + 'static,
    ) -> Answer<T> {
        let api = Arc::clone(self);
        let result = tokio::task::spawn_blocking(move || work(&api)).await;
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(fatal)) => {
                // If the channel is full or closed, the node is stopping already.
                let _stopping = self.fatal.try_send(fatal.clone());
                Err(fatal.into())
            }
            Err(error) => Err(Fatal::new(format!("a request panicked: {error}")).into()),
        }
    }
}

/// Items of a CBOR sequence (RFC 8742), as byte ranges.
fn split_sequence(bytes: &[u8]) -> Result<VecDeque<&[u8]>, minicbor::decode::Error> {
    let mut items = VecDeque::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut decoder = minicbor::Decoder::new(rest);
        decoder.skip()?;
        let (item, after) = rest.split_at(decoder.position());
        items.push_back(item);
        rest = after;
    }
    Ok(items)
}

//! Entries of the log as they become durable, by server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use deedbook_schemas::api::Problem;
use deedbook_schemas::limits::ENTRIES_READ_MAX;
use deedbook_schemas::outcome::Entry;
use futures::{Stream, StreamExt as _, stream};

use super::problem::{Answer, ApiProblem};
use super::{Api, Shared};

/// Follow the log. The event id is the leaf index; `Last-Event-ID` resumes behind it, without it
/// the stream begins at the present end. Events: `record`, `outcome`, `seal`.
#[utoipa::path(get, path = "/v1/events", tag = "log",
    params(("Last-Event-ID" = Option<u64>, Header)),
    responses((status = 200, content_type = "text/event-stream", body = String),
        (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn events(
    State(api): Shared,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let next = match headers.get("last-event-id") {
        None => api.ledger.tip().tree_size,
        Some(value) => value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
            .ok_or_else(|| {
                ApiProblem::bad_request("api.last_event_id", "a leaf index is needed".to_owned())
            })?
            .saturating_add(1),
    };
    let stream = stream::unfold((api, next), next_entries).flat_map(stream::iter);
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

/// The next entries, waiting for some if there are none. The stream ends when the node stops, or
/// cannot read its log.
async fn next_entries(
    (api, next): (Arc<Api>, u64),
) -> Option<(Vec<Result<Event, Infallible>>, (Arc<Api>, u64))> {
    let mut tips = api.ledger.tips();
    tips.wait_for(|tip| tip.tree_size > next).await.ok()?;
    let end = next.saturating_add(ENTRIES_READ_MAX);
    let entries = api
        .blocking(move |api| Ok(api.ledger.store().entries(next, end)?))
        .await
        .ok()?;
    let after = next.saturating_add(entries.len() as u64);
    let events = (next..)
        .zip(&entries)
        .map(|(index, entry)| Ok(event(index, entry)))
        .collect();
    Some((events, (api, after)))
}

fn event(index: u64, entry: &[u8]) -> Event {
    let (kind, data) = match Entry::decode(entry) {
        Ok(Entry::Record(bytes)) => ("record", record_data(&bytes)),
        Ok(Entry::Outcome(outcome)) => ("outcome", serde_json::json!(outcome)),
        Ok(Entry::Seal(seal)) => ("seal", serde_json::json!(seal)),
        Err(error) => (
            "unreadable",
            serde_json::json!({ "error": error.to_string() }),
        ),
    };
    Event::default()
        .id(index.to_string())
        .event(kind)
        .data(data.to_string())
}

fn record_data(bytes: &[u8]) -> serde_json::Value {
    match deedbook_schemas::record::Record::decode(bytes) {
        Ok(record) => serde_json::json!({
            "id": record.id,
            "kind": record.body.kind(),
            "issuer": record.issuer(),
            "subject": record.subject(),
        }),
        Err(error) => serde_json::json!({ "error": error.to_string() }),
    }
}

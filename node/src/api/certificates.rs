//! Proofs of the state: title certificates, and what one key holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use deedbook_schemas::api::Problem;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::limits::{
    CADASTRAL_NUMBER_BYTES_MAX, CERTIFICATE_POWERS_MAX, STATE_KEY_BYTES_MAX,
};
use deedbook_schemas::state_receipt::{OBJECT_MEDIA_TYPE, StateReceipt, TITLE_MEDIA_TYPE};
use deedbook_schemas::text::is_identifier;

use super::problem::{Answer, ApiProblem};
use super::{Api, Segment, Shared, Wait, parse};
use crate::fatal::Fatal;

/// How often a checkpoint is taken anew because its state was pruned while it was read.
const ATTEMPTS: usize = 3;

/// What a certificate is asked for.
#[derive(Debug, Default)]
struct Asked {
    wait: Wait,
    powers: BTreeSet<RecordId>,
}

impl Asked {
    /// Reads `power=ID&power=ID&wait=SECONDS`; ids and numbers need no escapes.
    fn parse(query: Option<&str>) -> Answer<Self> {
        let bad = |detail: String| ApiProblem::bad_request("api.query", detail);
        let mut asked = Self::default();
        for pair in query.unwrap_or_default().split('&') {
            match pair.split_once('=') {
                _ if pair.is_empty() => {}
                Some(("power", id)) => {
                    asked.powers.insert(parse("power of attorney", id)?);
                    if asked.powers.len() > CERTIFICATE_POWERS_MAX {
                        let detail = format!("at most {CERTIFICATE_POWERS_MAX} powers");
                        return Err(bad(detail));
                    }
                }
                Some(("wait", seconds)) if asked.wait.wait.is_none() => {
                    let seconds = seconds
                        .parse()
                        .map_err(|_| bad("wait is a number of seconds".to_owned()))?;
                    asked.wait.wait = Some(seconds);
                }
                _ => {
                    return Err(bad(
                        "power=ID, any number, and wait=SECONDS, once".to_owned()
                    ));
                }
            }
        }
        Ok(asked)
    }
}

/// The certificate of a title: its owners, shares and encumbrances, the instruments that hold its
/// slot, and whether the powers asked about are in force, with proofs, at the newest signed checkpoint.
/// A property that is not registered has one too: it says so. With `wait`, until a checkpoint covers
/// everything that was on the ledger when this was asked.
#[utoipa::path(get, path = "/v1/certificates/{cadastral_number}", tag = "log",
    params(("cadastral_number" = String, Path),
        ("power" = Option<Vec<String>>, Query, description = "Ids of powers of attorney, at most 8"),
        Wait),
    responses((status = 200, content_type = "application/vnd.deedbook.title-certificate+cbor", body = Vec<u8>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn certificate(
    State(api): Shared,
    Segment(cadastral_number): Segment,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    if !is_identifier(&cadastral_number, CADASTRAL_NUMBER_BYTES_MAX) {
        let detail = "that is not a cadastral number".to_owned();
        return Err(ApiProblem::bad_request("api.path", detail));
    }
    let Asked { wait, powers } = Asked::parse(query.as_deref())?;
    let make = move |api: &Api, signed: &SignedCheckpoint| {
        api.ledger
            .title_certificate(signed, &cadastral_number, &powers)
    };
    answer(api, &wait, TITLE_MEDIA_TYPE, make).await
}

/// What one key of the state holds, or that it holds nothing, with its proof, at the newest signed
/// checkpoint. The key in hexadecimal. With `wait`, as for a certificate.
#[utoipa::path(get, path = "/v1/state/{key}", tag = "log",
    params(("key" = String, Path), Wait),
    responses((status = 200, content_type = "application/vnd.deedbook.state-receipt+cbor", body = Vec<u8>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn state(
    State(api): Shared,
    Segment(key): Segment,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let Asked { wait, powers } = Asked::parse(query.as_deref())?;
    let key = hex::decode(&key).ok();
    let key = key.filter(|key| key.len() <= STATE_KEY_BYTES_MAX && powers.is_empty());
    let key = key.ok_or_else(|| {
        let detail = format!("a key is at most {STATE_KEY_BYTES_MAX} bytes in hexadecimal");
        ApiProblem::bad_request("api.path", detail)
    })?;
    let make = move |api: &Api, signed: &SignedCheckpoint| api.ledger.state_receipt(signed, &key);
    answer(api, &wait, OBJECT_MEDIA_TYPE, make).await
}

/// Makes a receipt at the newest signed checkpoint, once that covers what it is waited for.
async fn answer(
    api: Arc<Api>,
    wait: &Wait,
    media_type: &'static str,
    make: impl Fn(&Api, &SignedCheckpoint) -> Result<Option<StateReceipt>, Fatal> + Send + 'static,
) -> Answer<Response> {
    let unavailable =
        |detail: &str| ApiProblem::unavailable("certificate.not_cosigned", detail.to_owned(), 1);
    if wait.wait.is_some() {
        let asked_at = api.ledger.tip().tree_size;
        let mut cosigned = api.cosigned_size.clone();
        let covered = cosigned.wait_for(|size| *size >= asked_at);
        if !matches!(
            tokio::time::timeout_at(wait.deadline(), covered).await,
            Ok(Ok(_))
        ) {
            let detail = "the newest block's checkpoint is not cosigned by enough validators yet";
            return Err(unavailable(detail));
        }
    }
    let made = api
        .blocking(move |api| {
            for _ in 0..ATTEMPTS {
                let Some(signed) = api.signed_checkpoint() else {
                    return Ok(None);
                };
                let signed = api.witnesses.with_cosignatures(signed);
                let made = make(api, &signed)?;
                if made.is_some() {
                    return Ok(made);
                }
            }
            Ok(None)
        })
        .await?;
    let receipt =
        made.ok_or_else(|| unavailable("there is no signed checkpoint whose state is kept"))?;
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, receipt.encode()).into_response())
}

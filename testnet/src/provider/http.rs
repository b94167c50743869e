//! The provider as a process: REST with problem+json.
//!
//! `GET /v1/about`, `POST /v1/enrolments`, `POST /v1/sessions`, `POST /v1/sessions/{id}/answer`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use deedbook_client::wallet::{WalletError, random};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{ActDigest, LedgerId};
use deedbook_schemas::keys::{PublicKey, Signature};
use deedbook_schemas::party::{Enrolment, PartyId};
use serde::{Deserialize, Serialize};

use super::home::ProviderHome;
use super::session::{SessionError, Sessions};
use super::{ASSURANCE, EnrolError, LIVENESS, METHOD, Provider};
use crate::limits::{PROVIDER_PARTIES_MAX, PROVIDER_REQUEST_BYTES_MAX};
use crate::people::now;
use crate::service::{Refusal, serve};

/// What the provider says of itself, for people.
pub const STATEMENT: &str = "Reference provider of a test network. It compares no face and reads \
     no document: it checks that whoever signs holds the enrolled key, and attests no more than that.";

/// `GET /v1/about`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct About {
    /// The provider.
    pub provider: PartyId,
    /// The ledger it works for.
    pub ledger: LedgerId,
    /// The key it signs with.
    pub key: PublicKey,
    /// The method it attests.
    pub method: String,
    /// Assurance level (eIDAS): 1 low, 2 substantial, 3 high.
    pub assurance: u8,
    /// Liveness: 0 none, 1 passive, 2 active, 3 certified against injection.
    pub liveness: u8,
    /// The same in plain words.
    pub statement: String,
}

/// `POST /v1/enrolments`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// The pseudonym that the party chose.
    pub party: PartyId,
    /// Key, commitment and proof of possession.
    pub enrolment: Enrolment,
}

/// Answer to an enrolment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrolmentView {
    /// The signed enrolment record, hexadecimal, ready to be submitted.
    pub record: String,
}

/// `POST /v1/sessions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// Who wants to act.
    pub party: PartyId,
    /// What they are about to sign.
    pub act_digest: ActDigest,
}

/// An open session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionView {
    /// Its name.
    pub session: String,
    /// What to sign (`session::answer_bytes`), 32 bytes in hexadecimal.
    pub challenge: String,
    /// Until when.
    pub expires: Seconds,
}

/// `POST /v1/sessions/{id}/answer`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// By the enrolled key.
    pub signature: Signature,
}

/// A finished check.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttestationView {
    /// The signed attestation, hexadecimal, to be embedded in the act's record.
    pub attestation: String,
}

struct Desk {
    provider: Provider,
    home: Mutex<ProviderHome>,
    sessions: Mutex<Sessions>,
}

/// A lock whose holder panicked guards maps that are whole after every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Answer<T> = Result<Json<T>, Refusal>;
type Body<T> = Result<Json<T>, JsonRejection>;

impl From<WalletError> for Refusal {
    fn from(error: WalletError) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "provider.unavailable",
            error,
        )
    }
}

fn body<T>(body: Body<T>) -> Result<T, Refusal> {
    match body {
        Ok(Json(value)) => Ok(value),
        Err(error) => Err(Refusal::new(
            error.status(),
            "request.malformed",
            error.body_text(),
        )),
    }
}

/// Runs the provider of `folder` until it is stopped.
///
/// # Errors
/// If the folder is not a provider's, or the address is taken.
pub async fn run(folder: &Path, listen: SocketAddr, with_parent: bool) -> Result<()> {
    let (provider, home) = ProviderHome::open(folder)?;
    serve(listen, router(provider, home), with_parent).await
}

fn router(provider: Provider, home: ProviderHome) -> Router {
    let sessions = Mutex::new(Sessions::new(provider.ledger));
    let desk = Desk {
        provider,
        home: Mutex::new(home),
        sessions,
    };
    Router::new()
        .route("/v1/about", get(about))
        .route("/v1/enrolments", post(enrol))
        .route("/v1/sessions", post(open_session))
        .route("/v1/sessions/{id}/answer", post(answer_session))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "request.unknown", "no such page"))
        .layer(DefaultBodyLimit::max(PROVIDER_REQUEST_BYTES_MAX))
        .with_state(Arc::new(desk))
}

async fn about(State(desk): State<Arc<Desk>>) -> Json<About> {
    Json(About {
        provider: desk.provider.wallet.party,
        ledger: desk.provider.ledger,
        key: desk.provider.wallet.public(),
        method: METHOD.to_owned(),
        assurance: ASSURANCE,
        liveness: LIVENESS,
        statement: STATEMENT.to_owned(),
    })
}

async fn enrol(
    State(desk): State<Arc<Desk>>,
    request: Body<EnrolmentRequest>,
) -> Answer<EnrolmentView> {
    let request = body(request)?;
    let mut home = lock(&desk.home);
    let other_key = home
        .key(&request.party)
        .is_some_and(|known| known != request.enrolment.key);
    if other_key {
        let detail = "this party is enrolled with another key";
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "provider.enrolled",
            detail,
        ));
    }
    if home.count() >= PROVIDER_PARTIES_MAX {
        let detail = format!("{PROVIDER_PARTIES_MAX} parties are enrolled, which is the limit");
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "provider.full",
            detail,
        ));
    }
    let key = request.enrolment.key;
    let record = desk
        .provider
        .enrol(request.party, request.enrolment, now())
        .map_err(|error| match error {
            EnrolError::Machine(error) => error.into(),
            EnrolError::Key | EnrolError::Possession => Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "provider.possession",
                error,
            ),
        })?;
    home.remember(request.party, key).map_err(|error| {
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "provider.unavailable",
            error,
        )
    })?;
    Ok(Json(EnrolmentView {
        record: hex::encode(record),
    }))
}

async fn open_session(
    State(desk): State<Arc<Desk>>,
    request: Body<SessionRequest>,
) -> Answer<SessionView> {
    let request = body(request)?;
    let key = lock(&desk.home).key(&request.party).ok_or_else(|| {
        let detail = format!("party {} is not enrolled here", request.party);
        Refusal::new(StatusCode::NOT_FOUND, "provider.party_unknown", detail)
    })?;
    let id = hex::encode(random::<16>()?);
    let subject = (request.party, key);
    let session = lock(&desk.sessions)
        .open(id.clone(), subject, request.act_digest, random()?, now())
        .map_err(refuse_session)?;
    Ok(Json(SessionView {
        session: id,
        challenge: hex::encode(session.challenge),
        expires: session.expires,
    }))
}

async fn answer_session(
    State(desk): State<Arc<Desk>>,
    UrlPath(id): UrlPath<String>,
    request: Body<AnswerRequest>,
) -> Answer<AttestationView> {
    let request = body(request)?;
    let now = now();
    let session = lock(&desk.sessions)
        .answer(&id, &request.signature, now)
        .map_err(refuse_session)?;
    let attestation = desk.provider.attest(session.party, session.act, now);
    Ok(Json(AttestationView {
        attestation: hex::encode(attestation),
    }))
}

fn refuse_session(error: SessionError) -> Refusal {
    let (status, code) = match error {
        SessionError::Unknown => (StatusCode::NOT_FOUND, "session.unknown"),
        SessionError::Expired { .. } => (StatusCode::GONE, "session.expired"),
        SessionError::Answer => (StatusCode::FORBIDDEN, "session.answer_invalid"),
        SessionError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "session.too_many"),
    };
    Refusal::new(status, code, error)
}

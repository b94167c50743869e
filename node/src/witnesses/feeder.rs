//! One push to one witness: request, answer, and what a 409 asks for.
//!
//! Does not live here: when to push, and how a witness stands (`super`). Whatever a witness answers
//! is a stranger's word: bounded, and verified before it counts.

use std::error::Error;
use std::sync::{Arc, Once};
use std::time::Duration;

use deedbook_schemas::checkpoint::{Cosignature, SignedCheckpoint};
use deedbook_schemas::limits::WITNESS_ANSWER_BYTES_MAX;
use deedbook_schemas::note::VerifierKey;
use deedbook_schemas::witness::{
    AddCheckpoint, SIZE_MEDIA_TYPE, WitnessError, parse_cosignature_answer, parse_size_answer,
};
use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url};

use super::{Source, ahead_of};
use crate::fatal::Fatal;
use crate::ledger::now;

/// Time to set up a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for a whole answer: a witness verifies, writes to its disk, signs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Requests of one push. Every 409 names a size; while other nodes push it grows once or twice.
const REQUESTS_MAX: usize = 5;
/// How far a witness's clock may be ahead of ours.
const FUTURE_SECONDS_MAX: u64 = 300;

/// Why a push got no cosignature.
#[derive(Debug, thiserror::Error)]
pub(super) enum PushError {
    /// No answer in time, or a broken one.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// Longer than any lawful answer.
    #[error("it answered with more than {WITNESS_ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// Another status than the protocol's, or a refusal.
    #[error("it answered {status}: {excerpt:?}")]
    Refused { status: u16, excerpt: String },
    /// Not what the protocol says.
    #[error("{0}")]
    Answer(#[from] WitnessError),
    /// A 409 without the protocol's media type.
    #[error("it answered 409 as {0:?}, not as {SIZE_MEDIA_TYPE}")]
    MediaType(String),
    /// A 409 that names the very size that was sent.
    #[error("it names the size {0} that it was sent, and refuses it")]
    Circle(u64),
    /// Its size was another in every answer.
    #[error("its size changes with every answer, to {0} at last")]
    Unsettled(u64),
    /// A cosignature of the future.
    #[error("its clock is {0} s ahead of ours")]
    Future(u64),
    /// It knows more than we do.
    #[error("it has cosigned {known} leaves; the newest checkpoint of this node has {ours}")]
    Ahead { known: u64, ours: u64 },
    /// It knows less than it cosigned.
    #[error("it rolled back: it has cosigned {known} leaves, and {cosigned} before")]
    RolledBack { known: u64, cosigned: u64 },
    /// It cosigned something that ours does not continue.
    #[error(
        "CONFLICT: it refuses that our tree of {size} leaves continues the one of {old} that it \
         cosigned: it, or this network, has two histories: {excerpt:?}"
    )]
    Conflict {
        old: u64,
        size: u64,
        excerpt: String,
    },
    /// Our own store failed.
    #[error("this node: {0}")]
    Own(#[from] Fatal),
    /// There is nothing to push yet.
    #[error("this node has no checkpoint")]
    Nothing,
}

impl PushError {
    /// Whether somebody has to look at it: the witness and this log contradict each other, or the
    /// witness contradicts itself.
    pub(super) fn is_alarm(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::RolledBack { .. })
    }
}

/// A client for the witnesses at these addresses.
pub(super) fn client<'a>(
    mut urls: impl Iterator<Item = &'a Url>,
) -> Result<reqwest::Client, String> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that the program around us has installed one already.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("deedbook-node/", env!("CARGO_PKG_VERSION")));
    if urls.all(|url| url.scheme() == "http") {
        // Without it the system's certificates are loaded, which a bare machine lacks.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| chain(&error))
}

/// One witness, and where the next push to it begins.
#[derive(Debug)]
pub(super) struct Feeder {
    http: reqwest::Client,
    url: Url,
    key: VerifierKey,
    /// Leaves of the largest tree that it cosigned for us, 0 if none since the start.
    cosigned: u64,
    pub(super) timeout: Duration,
}

/// An answer as it came.
struct Answer {
    status: StatusCode,
    media_type: String,
    body: Vec<u8>,
}

impl Answer {
    fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        text.trim()
            .chars()
            .filter(|c| !c.is_control())
            .take(120)
            .collect()
    }
}

impl Feeder {
    pub(super) fn new(http: reqwest::Client, prefix: &Url, key: VerifierKey) -> Self {
        let mut url = prefix.clone();
        url.set_path(&format!(
            "{}/add-checkpoint",
            prefix.path().trim_end_matches('/')
        ));
        Self {
            http,
            url,
            key,
            cosigned: 0,
            timeout: ANSWER_TIMEOUT,
        }
    }

    /// Pushes the newest checkpoint until the witness cosigns it or says no.
    pub(super) async fn push(
        &mut self,
        source: &Arc<dyn Source>,
    ) -> Result<(SignedCheckpoint, Cosignature), PushError> {
        let mut signed = source.newest().ok_or(PushError::Nothing)?;
        let mut old = self.cosigned.min(signed.checkpoint.size);
        for _ in 0..REQUESTS_MAX {
            let size = signed.checkpoint.size;
            let answer = self.add_checkpoint(source, old, &signed).await?;
            match answer.status {
                StatusCode::OK => {
                    let cosignature = self.cosignature(&answer, &signed)?;
                    self.cosigned = size;
                    return Ok((signed, cosignature));
                }
                StatusCode::CONFLICT => {
                    old = self.known(&answer, old, size)?;
                    if old > size {
                        // Another node was faster; perhaps we are that far by now.
                        signed = source.newest().ok_or(PushError::Nothing)?;
                        let ours = signed.checkpoint.size;
                        if old > ours {
                            return Err(PushError::Ahead { known: old, ours });
                        }
                    }
                }
                StatusCode::UNPROCESSABLE_ENTITY => {
                    let excerpt = answer.excerpt();
                    return Err(PushError::Conflict { old, size, excerpt });
                }
                status => {
                    let (status, excerpt) = (status.as_u16(), answer.excerpt());
                    return Err(PushError::Refused { status, excerpt });
                }
            }
        }
        Err(PushError::Unsettled(old))
    }

    fn cosignature(
        &self,
        answer: &Answer,
        signed: &SignedCheckpoint,
    ) -> Result<Cosignature, PushError> {
        let cosignature = parse_cosignature_answer(&answer.body, &self.key, &signed.checkpoint)?;
        match ahead_of(cosignature.time, now().seconds()) {
            0..=FUTURE_SECONDS_MAX => Ok(cosignature),
            ahead => Err(PushError::Future(ahead)),
        }
    }

    /// What a 409 says that the witness knows.
    fn known(&self, answer: &Answer, old: u64, size: u64) -> Result<u64, PushError> {
        if answer.media_type != SIZE_MEDIA_TYPE {
            return Err(PushError::MediaType(answer.media_type.clone()));
        }
        let known = parse_size_answer(&answer.body)?;
        if known < self.cosigned {
            let cosigned = self.cosigned;
            return Err(PushError::RolledBack { known, cosigned });
        }
        // How witnesses of version 1.0 answer another root at an equal size.
        if known == old && old == size {
            let excerpt = "another root at this size".to_owned();
            return Err(PushError::Conflict { old, size, excerpt });
        }
        if known == old {
            return Err(PushError::Circle(known));
        }
        Ok(known)
    }

    async fn add_checkpoint(
        &self,
        source: &Arc<dyn Source>,
        old: u64,
        signed: &SignedCheckpoint,
    ) -> Result<Answer, PushError> {
        let (prover, size) = (Arc::clone(source), signed.checkpoint.size);
        let proof = tokio::task::spawn_blocking(move || prover.prove(old, size)).await;
        let proof = proof.map_err(|error| Fatal::new(format!("a proof panicked: {error}")))??;
        let request = AddCheckpoint {
            old_size: old,
            proof,
            checkpoint: signed.clone(),
        };
        let unreachable =
            |error: reqwest::Error| PushError::Unreachable(chain(&error.without_url()));
        let sent = self.http.post(self.url.clone()).timeout(self.timeout);
        let mut response = sent
            .body(request.to_string())
            .send()
            .await
            .map_err(unreachable)?;
        let media_type = response.headers().get(CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|value| value.split(';').next());
        let media_type = media_type.unwrap_or_default().trim().chars();
        let media_type = media_type.take(80).collect();
        let (status, mut body) = (response.status(), Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > WITNESS_ANSWER_BYTES_MAX {
                return Err(PushError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            media_type,
            body,
        })
    }
}

/// An error with all its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.chars().take(300).collect()
}

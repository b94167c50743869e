//! Asking a time-stamping authority over HTTP (RFC 3161 §3.4).
//!
//! Does not live here: whether the answer proves anything (`token`).

use std::time::Duration;

use deedbook_schemas::limits::TIMESTAMP_BYTES_MAX;
use reqwest::header::CONTENT_TYPE;

use super::token::TimestampError;
use crate::http::{ApiError, chain, http_client};

/// An authority that has not answered by then is asked again another time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
const QUERY: &str = "application/timestamp-query";
const REPLY: &str = "application/timestamp-reply";

/// Why there is no timestamp.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Not an address that can be asked, or no client to ask with.
    #[error("{0}")]
    Setup(String),
    /// No answer came, or the authority said that it is busy.
    #[error("no answer from {authority}: {reason}")]
    Silent {
        /// Its address.
        authority: String,
        /// What happened.
        reason: String,
    },
    /// Something else than a timestamp came.
    #[error("{authority} answered {reason}")]
    Other {
        /// Its address.
        authority: String,
        /// What came.
        reason: String,
    },
    /// A timestamp came that proves nothing.
    #[error(transparent)]
    Timestamp(#[from] TimestampError),
}

impl AuthorityError {
    /// Whether asking again may help.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Silent { .. })
    }
}

impl From<ApiError> for AuthorityError {
    fn from(error: ApiError) -> Self {
        Self::Setup(error.to_string())
    }
}

/// Sends a query to the authority at `url` and gives the answer as it came.
///
/// # Errors
/// [`AuthorityError`] if none came, or something else.
pub async fn ask(url: &str, query: Vec<u8>) -> Result<Vec<u8>, AuthorityError> {
    let silent = |error: reqwest::Error| AuthorityError::Silent {
        authority: url.to_owned(),
        reason: chain(&error),
    };
    let other = |reason: String| AuthorityError::Other {
        authority: url.to_owned(),
        reason,
    };
    let client = http_client(url.starts_with("https://"))?;
    let request = client
        .post(url)
        .header(CONTENT_TYPE, QUERY)
        .timeout(ANSWER_TIMEOUT)
        .body(query);
    let mut response = request.send().await.map_err(|error| {
        if error.is_builder() {
            AuthorityError::Setup(format!("{url:?} is no address: write http://host/path"))
        } else {
            silent(error)
        }
    })?;
    let status = response.status();
    if status.is_server_error() {
        return Err(AuthorityError::Silent {
            authority: url.to_owned(),
            reason: format!("status {status}"),
        });
    }
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind
        .and_then(|value| value.to_str().ok())
        .unwrap_or("nothing")
        .to_owned();
    if !status.is_success() || !kind.starts_with(REPLY) {
        return Err(other(format!("status {status} with {kind}, not {REPLY}")));
    }
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(silent)? {
        if answer.len() + chunk.len() > TIMESTAMP_BYTES_MAX {
            return Err(other(format!("more than {TIMESTAMP_BYTES_MAX} bytes")));
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

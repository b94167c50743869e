//! Errors of the API: always problem+json (RFC 9457), always with a stable code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use deedbook_schemas::api::Problem;
use deedbook_schemas::rejection::Rejection;

use crate::fatal::Fatal;
use crate::ledger::Refused;

/// An answer that is a problem.
#[derive(Debug)]
pub(super) struct ApiProblem {
    problem: Problem,
    retry_after_s: Option<u16>,
}

/// What a handler gives.
pub(super) type Answer<T> = Result<T, ApiProblem>;

impl ApiProblem {
    pub(super) fn new(status: StatusCode, code: &str, title: &str, detail: String) -> Self {
        let problem = Problem {
            kind: format!("urn:deedbook:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            codes: vec![code.to_owned()],
        };
        Self {
            problem,
            retry_after_s: None,
        }
    }

    pub(super) fn bad_request(code: &str, detail: String) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            code,
            "The request is malformed.",
            detail,
        )
    }

    pub(super) fn not_found(what: &str, name: &str) -> Self {
        let detail = format!("there is no {what} {name} on this ledger");
        Self::new(StatusCode::NOT_FOUND, "api.not_found", "Not found.", detail)
    }

    pub(super) fn unavailable(code: &str, detail: String, retry_after_s: u16) -> Self {
        let title = "Not available at the moment; try again.";
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail);
        problem.retry_after_s = Some(retry_after_s);
        problem
    }

    pub(super) fn law(rejection: &Rejection) -> Self {
        let code = rejection
            .codes()
            .next()
            .map_or("law.refused", |code| code.as_str());
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let mut answer = Self::new(status, code, "The law refuses this.", rejection.to_string());
        answer.problem.codes = rejection.to_strings();
        answer
    }
}

impl From<Refused> for ApiProblem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Size => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "bundle.size",
                "The bundle is empty or too large.",
                refused.to_string(),
            ),
            Refused::Malformed { .. } => Self::bad_request("record.malformed", refused.to_string()),
            Refused::Law(rejection) => Self::law(&rejection),
            Refused::Busy(error) => {
                let title = "Too much is waiting; try again.";
                let status = StatusCode::TOO_MANY_REQUESTS;
                let mut answer = Self::new(status, "mempool.full", title, error.to_string());
                answer.retry_after_s = Some(1);
                answer
            }
        }
    }
}

impl From<Fatal> for ApiProblem {
    /// The node stops on it; the client is told no more than that.
    fn from(error: Fatal) -> Self {
        tracing::error!(%error, "a request met a fatal error");
        Self::unavailable(
            "node.failed",
            "the node has failed and is stopping".to_owned(),
            5,
        )
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self.problem)).into_response();
        // For whoever must say it in another form.
        response.extensions_mut().insert(self.problem);
        let headers = response.headers_mut();
        let media_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, media_type);
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

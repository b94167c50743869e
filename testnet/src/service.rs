//! What the two small services share: problem+json, serving, and stopping with their parent.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use deedbook_schemas::api::Problem;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A refusal of a service: status, stable code, and what was wrong with this request.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

impl Refusal {
    /// A refusal under a stable code.
    pub fn new(status: StatusCode, code: &'static str, detail: impl ToString) -> Self {
        Self {
            status,
            code,
            detail: detail.to_string(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = Problem {
            kind: format!("urn:deedbook:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            codes: vec![self.code.to_owned()],
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, content_type, body).into_response()
    }
}

/// Ctrl-C or a polite request to end.
///
/// # Errors
/// If the signals cannot be listened to.
pub async fn interrupted() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// The parent is gone: the pipe on standard input was closed, by it or by its death.
async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut waste = [0; 64];
    while matches!(stdin.read(&mut waste).await, Ok(1..)) {}
}

/// Serves until dropped, or until the parent is gone if `with_parent`.
///
/// # Errors
/// If the address is taken or serving fails.
pub async fn serve(listen: SocketAddr, router: Router, with_parent: bool) -> Result<()> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("listening on {listen}"))?;
    let parent_gone = async move {
        if with_parent {
            stdin_closed().await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    axum::serve(listener, router)
        .with_graceful_shutdown(parent_gone)
        .await
        .with_context(|| format!("serving on {listen}"))
}

//! A witness over HTTP: the protocol's two paths, and two for whoever looks after it.
//!
//! Lives here: limits, time, status codes. Does not live here: what is cosigned (`super`), TLS: a
//! witness that the world can reach stands behind a proxy that has the certificate.
//!
//! ```text
//! POST /add-checkpoint      C2SP tlog-witness
//! GET  /HASH/checkpoint     C2SP tlog-witness: the newest cosigned checkpoint of a log
//! GET  /health              JSON: who this is, and that it works
//! GET  /status              JSON: every log, what was cosigned and refused
//! ```

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::Listener;
use axum::{Json, Router};
use deedbook_schemas::limits::ADD_CHECKPOINT_BYTES_MAX;
use deedbook_schemas::witness::{SIZE_MEDIA_TYPE, size_answer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::{Refusal, Witness};
use crate::time::now;

/// Requests in work: 64 × 68 KiB of bodies, and each up to 201 signatures of 50 µs.
const REQUESTS_MAX: usize = 64;
/// Connections, idle ones included. Files and the database need some of the usual 1,024
/// descriptors.
const CONNECTIONS_MAX: usize = 512;
/// A connection on which nothing arrives for so long is closed.
const IDLE: Duration = Duration::from_secs(60);
/// Time for the body of a request to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long answers under way may take once the witness is to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

const TEXT: &str = "text/plain; charset=utf-8";

/// What the handlers share.
#[derive(Debug, Clone)]
struct Desk {
    witness: Arc<Witness>,
    permits: Arc<Semaphore>,
}

/// Serves until `stop` completes; answers that are under way are finished.
///
/// # Errors
/// If serving fails.
pub async fn serve(
    witness: Arc<Witness>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let doors = Doors {
        listener,
        room: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
    };
    let graceful = async move {
        stop.await;
        // If nobody waits for it, serving has ended.
        stopping.send(()).unwrap_or(());
    };
    let served = axum::serve(doors, router(witness)).with_graceful_shutdown(graceful);
    let late = async move {
        match stopped.await {
            Ok(()) => tokio::time::sleep(STOP_TIMEOUT).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        result = served => result,
        // Whoever still holds a connection open has no answer coming.
        () = late => Ok(()),
    }
}

fn router(witness: Arc<Witness>) -> Router {
    let permits = Arc::new(Semaphore::new(REQUESTS_MAX));
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{hash}/checkpoint", get(checkpoint))
        .route("/health", get(health))
        .route("/status", get(status))
        .with_state(Desk { witness, permits })
}

async fn add_checkpoint(State(desk): State<Desk>, request: Request<Body>) -> Response {
    let Ok(permit) = desk.permits.try_acquire_owned() else {
        return busy("too many requests are in work");
    };
    let body = axum::body::to_bytes(request.into_body(), ADD_CHECKPOINT_BYTES_MAX);
    let body = match timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let reason =
                format!("the body is broken or has more than {ADD_CHECKPOINT_BYTES_MAX} bytes\n");
            return (StatusCode::BAD_REQUEST, reason).into_response();
        }
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    // Goes on to its end even if the client leaves: what is stored and what memory says agree.
    let judged = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        desk.witness.add_checkpoint(&body, now())
    });
    match judged.await {
        Ok(Ok(cosignature)) => {
            let line = format!("{}\n", cosignature.to_line());
            ([(header::CONTENT_TYPE, TEXT)], line).into_response()
        }
        Ok(Err(refusal)) => refused(&refusal),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The protocol's status for each refusal.
fn refused(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Conflict { known, .. } => {
            let kind = [(header::CONTENT_TYPE, SIZE_MEDIA_TYPE)];
            return (StatusCode::CONFLICT, kind, size_answer(*known)).into_response();
        }
        Refusal::Clock(_) | Refusal::Disk(_) => {
            eprintln!("not cosigned: {refusal}");
            return busy(&refusal.to_string());
        }
        Refusal::Malformed(_) | Refusal::OldSize { .. } => StatusCode::BAD_REQUEST,
        Refusal::UnknownLog(_) => StatusCode::NOT_FOUND,
        Refusal::Policy(_) => StatusCode::FORBIDDEN,
        Refusal::Inconsistent { .. } | Refusal::EmptyRoot(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let kind = [(header::CONTENT_TYPE, TEXT)];
    (status, kind, format!("{refusal}\n")).into_response()
}

fn busy(reason: &str) -> Response {
    let headers = [(header::CONTENT_TYPE, TEXT), (header::RETRY_AFTER, "1")];
    let body = format!("{reason}\n");
    (StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response()
}

async fn checkpoint(State(desk): State<Desk>, Path(hash): Path<String>) -> Response {
    match desk.witness.newest(&hash) {
        Some(signed) => {
            let headers = [
                (header::CONTENT_TYPE, TEXT),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, signed.to_string()).into_response()
        }
        None => (
            StatusCode::NOT_FOUND,
            "no checkpoint of this log is cosigned\n",
        )
            .into_response(),
    }
}

async fn health(State(desk): State<Desk>) -> Response {
    let key = desk.witness.verifier();
    let logs = desk.witness.status().len();
    Json(serde_json::json!({
        "name": key.name(),
        "key": key.to_string(),
        "time": now(),
        "logs": logs,
    }))
    .into_response()
}

async fn status(State(desk): State<Desk>) -> Response {
    Json(serde_json::json!({ "logs": desk.witness.status() })).into_response()
}

/// A listener with room for so many.
struct Doors {
    listener: TcpListener,
    room: Arc<Semaphore>,
}

impl Listener for Doors {
    type Io = Visit;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Visit, SocketAddr) {
        let place = Arc::clone(&self.room).acquire_owned().await;
        let place = place.expect("nobody closes this semaphore");
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let idle = Box::pin(sleep_until(Instant::now() + IDLE));
        let visit = Visit {
            stream,
            idle,
            _place: place,
        };
        (visit, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when nothing arrives.
struct Visit {
    stream: TcpStream,
    idle: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Visit {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            self.idle.as_mut().reset(Instant::now() + IDLE);
            return Poll::Ready(read);
        }
        ready!(self.idle.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Visit {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

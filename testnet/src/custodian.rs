//! The reference evidence custodian: a process that keeps video files under their BLAKE3 root.
//!
//! `PUT /v1/evidence/{root}`, `GET /v1/evidence/{root}`, and
//! `GET /v1/evidence/{root}/slice?from=&len=`, which proves a range without the rest of the file.
//! A file appears under its root only after its bytes were hashed to it; whoever asks may have it:
//! who may see which video is a later matter, and this custodian is for tests.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use deedbook_client::evidence::{EvidenceError, slice};
use deedbook_client::files::{Access, Existing, NewFile};
use deedbook_schemas::digest::EvidenceRoot;
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;

use crate::limits::{CUSTODIAN_FILE_BYTES_MAX, CUSTODIAN_SLICE_BYTES_MAX};
use crate::service::{Refusal, serve};

/// Read from a file at once while it is sent.
const CHUNK_BYTES: usize = 64 * 1024;

/// Runs the custodian of `folder` until it is stopped.
///
/// # Errors
/// If the folder cannot be made, or the address is taken.
pub async fn run(folder: &Path, listen: SocketAddr, with_parent: bool) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    serve(listen, router(folder.to_owned()), with_parent).await
}

fn router(folder: PathBuf) -> Router {
    Router::new()
        .route("/v1/evidence/{root}", put(store).get(fetch))
        .route("/v1/evidence/{root}/slice", get(fetch_slice))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "request.unknown", "no such page"))
        // The handler counts the bytes itself, as they come.
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::new(folder))
}

type Answer = Result<Response, Refusal>;

fn parse_root(text: &str) -> Result<EvidenceRoot, Refusal> {
    text.parse().map_err(|error: String| {
        Refusal::new(StatusCode::BAD_REQUEST, "evidence.root_malformed", error)
    })
}

fn broken(error: impl ToString) -> Refusal {
    Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "custodian.unavailable",
        error,
    )
}

async fn store(
    State(folder): State<Arc<PathBuf>>,
    UrlPath(root): UrlPath<String>,
    body: Body,
) -> Answer {
    let root = parse_root(&root)?;
    let path = folder.join(root.to_string());
    let mut file = NewFile::create(&path, Access::Owner, Existing::Replace).map_err(broken)?;
    let received = receive(body, &mut file).await?;
    if received != root {
        let detail = format!("the bytes hash to {received}, not to {root}");
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "evidence.root_mismatch",
            detail,
        ));
    }
    // Crash before this returns: a hidden partial file, nothing under the root.
    let finished = tokio::task::spawn_blocking(|| file.finish()).await;
    finished.map_err(broken)?.map_err(broken)?;
    Ok(StatusCode::CREATED.into_response())
}

async fn receive(body: Body, file: &mut NewFile) -> Result<EvidenceRoot, Refusal> {
    let mut hasher = blake3::Hasher::new();
    let mut length = 0u64;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk
            .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "request.cut_off", error))?;
        length = length.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if length > CUSTODIAN_FILE_BYTES_MAX {
            let detail = format!("at most {CUSTODIAN_FILE_BYTES_MAX} bytes are stored");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return Err(Refusal::new(status, "evidence.too_large", detail));
        }
        hasher.update(&chunk);
        file.write_all(&chunk).map_err(broken)?;
    }
    if length == 0 {
        let detail = "an empty file is no evidence";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Refusal::new(status, "evidence.empty", detail));
    }
    Ok(EvidenceRoot(*hasher.finalize().as_bytes()))
}

fn unknown(root: EvidenceRoot) -> Refusal {
    let detail = format!("no file with root {root} is kept here");
    Refusal::new(StatusCode::NOT_FOUND, "evidence.unknown", detail)
}

async fn fetch(State(folder): State<Arc<PathBuf>>, UrlPath(root): UrlPath<String>) -> Answer {
    let root = parse_root(&root)?;
    let opened = tokio::fs::File::open(folder.join(root.to_string())).await;
    let file = opened.map_err(|_| unknown(root))?;
    let length = file.metadata().await.map_err(broken)?.len();
    let chunks = stream::try_unfold(file, async |mut file| {
        let mut chunk = vec![0; CHUNK_BYTES];
        let count = file.read(&mut chunk).await?;
        chunk.truncate(count);
        Ok::<_, std::io::Error>((count > 0).then_some((chunk, file)))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SliceQuery {
    from: u64,
    len: u64,
}

async fn fetch_slice(
    State(folder): State<Arc<PathBuf>>,
    UrlPath(root): UrlPath<String>,
    query: Result<Query<SliceQuery>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let root = parse_root(&root)?;
    let Query(range) = query.map_err(|error| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "request.malformed",
            error.body_text(),
        )
    })?;
    if range.len > CUSTODIAN_SLICE_BYTES_MAX {
        let detail = format!("a slice has at most {CUSTODIAN_SLICE_BYTES_MAX} bytes");
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(Refusal::new(status, "evidence.slice_too_large", detail));
    }
    let path = folder.join(root.to_string());
    let cut = tokio::task::spawn_blocking(move || cut_slice(&path, root, &range)).await;
    let bytes = cut.map_err(broken)??;
    let content_type = [(header::CONTENT_TYPE, "application/octet-stream")];
    Ok((content_type, bytes).into_response())
}

fn cut_slice(path: &Path, root: EvidenceRoot, range: &SliceQuery) -> Result<Vec<u8>, Refusal> {
    let file = File::open(path).map_err(|_| unknown(root))?;
    let mut bytes = Vec::new();
    slice(&file, range.from, range.len, &mut bytes, &mut |_| Ok(())).map_err(
        |error| match error {
            EvidenceError::Range { .. } => {
                Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "evidence.range", error)
            }
            other => broken(other),
        },
    )?;
    Ok(bytes)
}

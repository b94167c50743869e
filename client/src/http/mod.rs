//! The ledger's REST API, typed: one method an endpoint, several nodes, patience.
//!
//! Lives here: which node is asked, how often, and how long an answer may be. Does not live here:
//! the endpoints (`endpoints`), events (`events`), and belief: what a node answers is its word,
//! until `verified` or `audit` has checked it.
//!
//! A node that cannot be reached, or answers 502, 503 or 504, is passed over for the next one.
//! Submissions are repeated with the same bytes, which name the same records, so that a repetition
//! does nothing twice; reads are repeated as well.

mod endpoints;
mod events;
mod problems;

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deedbook_schemas::api::Problem;
use deedbook_schemas::limits::API_WAIT_SECONDS_MAX;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{StatusCode, Url};

pub use events::{Event, Events};
use problems::Form;

/// Time to set up a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for an answer beyond what the request asked the node to wait.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of a JSON answer: a title with 16 holders or a block view with 100 signatures has 40 KiB.
const JSON_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Longest pause before asking again, whatever `Retry-After` says.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Pause when no node says how long.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a request is repeated by default.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer to rely on.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Not the address of a node.
    #[error("{0:?} is no node address: write http://host:port")]
    Address(String),
    /// No node was named.
    #[error("no node is named")]
    NoNode,
    /// The client could not be set up.
    #[error("HTTP client: {0}")]
    Setup(String),
    /// No node could be reached in time.
    #[error("cannot reach {node}: {reason}")]
    Unreachable {
        /// The node asked last.
        node: String,
        /// What happened.
        reason: String,
    },
    /// The node said no, in the form of a problem.
    #[error("{} ({status})", problem_line(problem))]
    Refused {
        /// HTTP status.
        status: u16,
        /// The node's reason.
        problem: Box<Problem>,
    },
    /// An answer of another kind than the API gives.
    #[error("{node} answered {status}, not as a Deedbook node does: {excerpt}")]
    Unexpected {
        /// The node.
        node: String,
        /// HTTP status.
        status: u16,
        /// Beginning of the answer, or what is wrong with it.
        excerpt: String,
    },
    /// An answer longer than any lawful one.
    #[error("{node} answered with more than {max} bytes")]
    TooLong {
        /// The node.
        node: String,
        /// The limit.
        max: usize,
    },
    /// What was to be sent is not a bundle.
    #[error(transparent)]
    Drafting(#[from] crate::drafting::DraftingError),
}

fn problem_line(problem: &Problem) -> String {
    if problem.codes.is_empty() {
        return format!("{}: {}", problem.title, problem.detail);
    }
    format!("{} [{}]", problem.detail, problem.codes.join(", "))
}

impl ApiError {
    /// The node's reasons, if it refused.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// HTTP status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } | Self::Unexpected { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// One request, to be sent to whichever node answers.
pub(crate) struct Ask {
    path: String,
    query: Vec<(&'static str, String)>,
    accept: &'static str,
    body: Option<(&'static str, Vec<u8>)>,
    wait: Option<Duration>,
    max: usize,
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        let accept = "application/json";
        let path = path.into();
        Self {
            path,
            query: Vec::new(),
            accept,
            body: None,
            wait: None,
            max: JSON_BYTES_MAX,
        }
    }

    pub(crate) fn post(path: &str, content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            body: Some((content_type, body)),
            ..Self::get(path)
        }
    }

    pub(crate) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub(crate) fn accept(mut self, media_type: &'static str, max: usize) -> Self {
        (self.accept, self.max) = (media_type, max);
        self
    }

    /// Asks the node to hold the answer until the matter is settled, in whole seconds, and no
    /// longer than a node does.
    pub(crate) fn wait(mut self, wait: Option<Duration>) -> Self {
        let wait = wait.map(|wait| wait.min(Duration::from_secs(API_WAIT_SECONDS_MAX)));
        self.wait = wait;
        if let Some(wait) = wait {
            self.query.push(("wait", wait.as_secs().to_string()));
        }
        self
    }
}

/// A client of one network: any of its nodes will do.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    nodes: Vec<Url>,
    /// The node that answered last.
    preferred: AtomicUsize,
    patience: Duration,
}

/// An answer: status, how long to wait if it is busy, content type, bytes.
struct Answer {
    status: StatusCode,
    retry_after: Option<Duration>,
    problem: Option<Form>,
    body: Vec<u8>,
}

impl Client {
    /// A client of the nodes at these addresses (`http://host:port`), tried in this order.
    ///
    /// # Errors
    /// [`ApiError`] if there is none, one is no address, or TLS cannot be set up.
    pub fn new<S: AsRef<str>>(nodes: &[S]) -> Result<Self, ApiError> {
        let nodes: Vec<Url> = nodes
            .iter()
            .map(|node| address(node.as_ref()))
            .collect::<Result<_, _>>()?;
        if nodes.is_empty() {
            return Err(ApiError::NoNode);
        }
        let http = http_client(nodes.iter().any(|node| node.scheme() != "http"))?;
        Ok(Self {
            http,
            nodes,
            preferred: AtomicUsize::new(0),
            patience: PATIENCE,
        })
    }

    /// Repeats requests to nodes that are unreachable or busy for this long; zero: asks each once.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// As [`Client::with_patience`].
    pub(crate) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// The nodes' addresses.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(Url::as_str)
    }

    fn node(&self, index: usize) -> &Url {
        let index = index % self.nodes.len().max(1);
        self.nodes
            .get(index)
            .expect("a client has at least one node")
    }

    /// Sends a request until a node answers or patience ends; gives the bytes of a 2xx answer.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Vec<u8>, ApiError> {
        let deadline = Instant::now() + self.patience + ask.wait.unwrap_or_default();
        let mut index = self.preferred.load(Ordering::Relaxed);
        let mut tried = 0;
        loop {
            let (error, retry_after) = match self.send(self.node(index), ask).await {
                Ok(answer) if is_busy(answer.status) => {
                    let pause = answer.retry_after;
                    (self.refusal(index, answer), pause)
                }
                Ok(answer) => {
                    self.preferred.store(index, Ordering::Relaxed);
                    let success = answer.status.is_success();
                    return if success {
                        Ok(answer.body)
                    } else {
                        Err(self.refusal(index, answer))
                    };
                }
                Err(error @ ApiError::Unreachable { .. }) => (error, None),
                Err(error) => return Err(error),
            };
            tried += 1;
            index = index.wrapping_add(1);
            let pause = retry_after.unwrap_or(PAUSE).min(PAUSE_MAX);
            let whole_round = tried % self.nodes.len() == 0;
            if whole_round && Instant::now() + pause >= deadline {
                return Err(error);
            }
            if whole_round {
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn send(&self, node: &Url, ask: &Ask) -> Result<Answer, ApiError> {
        let unreachable = |error: reqwest::Error| ApiError::Unreachable {
            node: show(node),
            reason: chain(&error),
        };
        let mut url = node.clone();
        url.set_path(&ask.path);
        for (name, value) in &ask.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let timeout = ANSWER_TIMEOUT + ask.wait.unwrap_or_default();
        let request = match &ask.body {
            None => self.http.get(url),
            Some((content_type, body)) => self
                .http
                .post(url)
                .header(CONTENT_TYPE, *content_type)
                .body(body.clone()),
        };
        let request = request.header(ACCEPT, ask.accept).timeout(timeout);
        let mut response = request.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers());
        let (retry_after, problem) = (retry_after(headers), Form::of(status, headers));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > ask.max {
                return Err(ApiError::TooLong {
                    node: show(node),
                    max: ask.max,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            retry_after,
            problem,
            body,
        })
    }

    fn refusal(&self, index: usize, answer: Answer) -> ApiError {
        let status = answer.status.as_u16();
        let problem = answer.problem;
        if let Some(problem) = problem.and_then(|form| form.read(status, &answer.body)) {
            return ApiError::Refused {
                status,
                problem: Box::new(problem),
            };
        }
        self.unexpected(index, status, &String::from_utf8_lossy(&answer.body))
    }

    fn unexpected(&self, index: usize, status: u16, text: &str) -> ApiError {
        let excerpt = text.chars().filter(|c| !c.is_control()).take(120).collect();
        ApiError::Unexpected {
            node: show(self.node(index)),
            status,
            excerpt,
        }
    }

    /// An answer that arrived and cannot be read.
    pub(crate) fn unreadable(&self, reason: &str) -> ApiError {
        self.unexpected(self.preferred.load(Ordering::Relaxed), 200, reason)
    }
}

/// An HTTP client that follows no redirects. With `tls` it trusts the system's certificates, which
/// a bare machine lacks.
pub(crate) fn http_client(tls: bool) -> Result<reqwest::Client, ApiError> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that the program around us has installed one already.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("deedbook/", env!("CARGO_PKG_VERSION")));
    if !tls {
        builder = builder.tls_certs_only([]);
    }
    builder
        .build()
        .map_err(|error| ApiError::Setup(chain(&error)))
}

fn address(text: &str) -> Result<Url, ApiError> {
    let url = Url::parse(text).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| ApiError::Address(text.chars().take(120).collect()))
}

/// A node's address for people, without a lonely slash.
fn show(node: &Url) -> String {
    node.as_str().trim_end_matches('/').to_owned()
}

/// An error with all its causes: reqwest's own line leaves out the one that matters.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn is_busy(status: StatusCode) -> bool {
    matches!(
        status,
        // SCITT's answer about a registration that is running.
        StatusCode::FOUND
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
    )
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

//! Submissions that wait for finality, spread over the nodes.
//!
//! Lives here: what became of a deed, in one word. Does not live here: verification of what a node
//! says; replay compares the nodes and the titles afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use deedbook_client::http::{ApiError, Client};
use deedbook_schemas::api::{InstrumentView, RecordState, SubmissionView};
use deedbook_schemas::instrument::Status;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::deals::Deed;
use crate::limits::{BUNDLES_IN_FLIGHT_MAX, FINALITY_TIMEOUT};
use crate::network::Network;

/// How long one request waits; it is repeated until [`FINALITY_TIMEOUT`].
const WAIT: Duration = Duration::from_secs(20);

/// What became of a deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The title has changed.
    Registered,
    /// It has not, and why.
    Refused(Vec<String>),
}

/// How often each code refused a deed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Refusals(BTreeMap<String, u64>);

impl Refusals {
    /// Counts one refused deed under each of its codes.
    pub fn count(&mut self, codes: &[String]) {
        for code in codes {
            *self.0.entry(code.clone()).or_default() += 1;
        }
    }

    /// Whether nothing was refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One connection pool a node; work is dealt out by index.
#[derive(Debug)]
pub struct Lanes {
    clients: Vec<Client>,
    record_bytes: AtomicU64,
}

impl Lanes {
    /// A lane to every node.
    ///
    /// # Errors
    /// If a client cannot be set up.
    pub fn new(network: &Network) -> Result<Self> {
        let apis = network.nodes.iter().map(|node| Client::new(&[&node.api]));
        Ok(Self {
            clients: apis.collect::<Result<_, _>>()?,
            record_bytes: AtomicU64::new(0),
        })
    }

    /// Bytes of all records submitted so far.
    pub fn record_bytes(&self) -> u64 {
        self.record_bytes.load(Ordering::Relaxed)
    }

    fn count(&self, records: &[Vec<u8>]) -> Result<()> {
        let bytes = u64::try_from(records.iter().map(Vec::len).sum::<usize>())?;
        self.record_bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// The lane of the `index`th piece of work.
    ///
    /// # Errors
    /// If there are no lanes.
    pub fn lane(&self, index: usize) -> Result<&Client> {
        let lane = index.checked_rem(self.clients.len());
        let client = lane.and_then(|lane| self.clients.get(lane));
        client.context("a network without nodes")
    }

    /// Submits a deed and waits for its end.
    ///
    /// # Errors
    /// If no node answers, or the deed is still pending: then what it needs.
    pub async fn deed(&self, index: usize, deed: &Deed) -> Result<Verdict> {
        let client = self.lane(index)?;
        self.count(&deed.records)?;
        let submitted = match client.submit(&deed.records, Some(WAIT)).await {
            Ok(submitted) => submitted,
            Err(ApiError::Refused { problem, .. }) if !problem.codes.is_empty() => {
                return Ok(Verdict::Refused(problem.codes));
            }
            Err(error) => return Err(error).context("submitting a deed"),
        };
        match submitted
            .instrument
            .filter(|view| view.status != Status::Pending)
        {
            Some(view) => verdict(&view),
            None => {
                let wait = Some(FINALITY_TIMEOUT.min(WAIT));
                verdict(&client.instrument(&deed.instrument, wait).await?)
            }
        }
    }

    /// Submits bundles that must all be accepted, [`BUNDLES_IN_FLIGHT_MAX`] at once; `done` is told
    /// the number of records after each.
    ///
    /// # Errors
    /// If one is refused or does not become final.
    pub async fn all(&self, bundles: Vec<Vec<Vec<u8>>>, done: impl Fn(u64)) -> Result<()> {
        let numbered = bundles.into_iter().enumerate();
        stream::iter(numbered.map(|(index, bundle)| async move {
            self.count(&bundle)?;
            accepted(self.lane(index)?, &bundle).await?;
            Ok::<_, anyhow::Error>(u64::try_from(bundle.len())?)
        }))
        .buffer_unordered(BUNDLES_IN_FLIGHT_MAX)
        .try_for_each(async |records| {
            done(records);
            Ok(())
        })
        .await
    }
}

fn verdict(view: &InstrumentView) -> Result<Verdict> {
    match view.status {
        Status::Registered => Ok(Verdict::Registered),
        Status::Pending => {
            let open: Vec<_> = view.open.iter().map(|open| open.code.as_str()).collect();
            bail!("instrument {} is pending: {}", view.id, open.join(", "))
        }
        Status::Refused | Status::Withdrawn | Status::Expired => Ok(Verdict::Refused(
            view.reasons
                .iter()
                .map(|reason| reason.code.clone())
                .collect(),
        )),
    }
}

/// Submits records as one bundle and waits until they are final.
///
/// # Errors
/// If they are refused, or not final within [`FINALITY_TIMEOUT`].
pub async fn accepted(client: &Client, records: &[Vec<u8>]) -> Result<SubmissionView> {
    let deadline = std::time::Instant::now() + FINALITY_TIMEOUT;
    loop {
        let view = client.submit(records, Some(WAIT)).await?;
        let refused = view
            .records
            .iter()
            .find(|it| it.outcome == Some(Status::Refused));
        if let Some(refused) = refused {
            let codes: Vec<_> = refused.reasons.iter().map(|it| it.code.as_str()).collect();
            bail!(
                "{} {} was refused: {}",
                refused.kind,
                refused.id,
                codes.join(", ")
            );
        }
        if view
            .records
            .iter()
            .all(|it| it.state == RecordState::Logged)
        {
            return Ok(view);
        }
        if std::time::Instant::now() >= deadline {
            let waiting = view
                .records
                .iter()
                .find(|it| it.state == RecordState::Queued);
            let id = waiting.map(|it| it.id.to_string()).unwrap_or_default();
            return Err(anyhow!("{id} is not final after {FINALITY_TIMEOUT:?}"));
        }
    }
}

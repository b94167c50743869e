//! Witnesses: others who cosign the log's checkpoints (C2SP tlog-witness), each in its own time.
//!
//! Lives here: who they are, how each stands, what each cosigned, and the tasks that push to them.
//! Does not live here: one push (`feeder`), what a receipt asks for (`api::log`).
//!
//! Nothing waits for a witness: not consensus, not the validators' checkpoint, not a receipt unless
//! whoever asks for it says so. Nothing is stored either: after a restart every witness answers
//! what it cosigned last, and cosigns it again.

mod feeder;
mod held;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deedbook_schemas::api::{TroubleView, WitnessState, WitnessView, WitnessedView};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::limits::WITNESSES_MAX;
use deedbook_schemas::note::{SignatureType, VerifierKey};
use deedbook_schemas::validators::Validator;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::fatal::Fatal;
use crate::ledger::now;
use feeder::{Feeder, PushError};
use held::Held;

/// Shortest time from one checkpoint that witnesses get to the next. All get the same one, so that
/// their cosignatures meet.
const PACE: Duration = Duration::from_millis(500);
/// How often a checkpoint that no other followed is cosigned again: shows that a witness lives.
const REFRESH: Duration = Duration::from_secs(60);
/// Pause after the first failure; doubled after each that follows.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Longest pause after a failure.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// A witness that got a newer checkpoint from another node is waited for this long.
const AHEAD: Duration = Duration::from_secs(10);
/// From here on a witness that knows a larger tree than ours is an alarm.
const AHEAD_ALARM: Duration = Duration::from_secs(120);

/// A witness as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// Its submission prefix: `https://…`, to which `/add-checkpoint` is added.
    pub url: String,
    /// Its key (a C2SP vkey), `name+id+base64`.
    pub vkey: String,
}

/// A witness that this node pushes to.
#[derive(Debug, Clone)]
struct Address {
    url: Url,
    key: VerifierKey,
}

/// Where this node's own log stands. The store and the cosigner; a log in memory in the tests.
pub trait Source: Send + Sync + 'static {
    /// The newest checkpoint with the log's signature and a quorum.
    fn newest(&self) -> Option<SignedCheckpoint>;

    /// The consistency proof between two sizes.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    fn prove(&self, old: u64, new: u64) -> Result<Vec<TreeHash>, Fatal>;
}

/// How one witness stands.
#[derive(Debug, Default)]
struct Standing {
    witnessed: Option<WitnessedView>,
    failing: Option<TroubleView>,
    alarm: Option<TroubleView>,
}

#[derive(Debug)]
struct Inner {
    standings: Vec<Standing>,
    held: Held,
    alarms: u64,
}

/// All witnesses of this node.
#[derive(Debug)]
pub struct Witnesses {
    addresses: Vec<Address>,
    inner: Mutex<Inner>,
    /// Counts cosignatures: what whoever waits for one looks at.
    news: watch::Sender<u64>,
}

/// What all witnesses together look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Witnesses configured.
    pub configured: usize,
    /// Of these, failing now.
    pub failing: usize,
    /// Of these, with an alarm now.
    pub alarms: usize,
    /// Alarms raised since the start.
    pub alarms_raised: u64,
    /// Leaves of the newest tree that one of them cosigned.
    pub witnessed_size: u64,
}

impl Witnesses {
    /// The witnesses of a configuration.
    ///
    /// # Errors
    /// One line about the first that cannot be used: not an address, not a witness's key, a key or
    /// name given twice.
    pub fn new(config: &[WitnessConfig]) -> Result<Self, String> {
        if config.len() > WITNESSES_MAX {
            let count = config.len();
            return Err(format!(
                "{count} witnesses; at most {WITNESSES_MAX} are allowed"
            ));
        }
        let addresses: Vec<_> = config.iter().map(address).collect::<Result<_, _>>()?;
        let (mut names, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for Address { key, .. } in &addresses {
            if !names.insert(key.name()) || !keys.insert(key.public().0) {
                return Err(format!("witness {} is there twice", key.name()));
            }
        }
        let standings = addresses.iter().map(|_| Standing::default()).collect();
        let inner = Inner {
            standings,
            held: Held::default(),
            alarms: 0,
        };
        Ok(Self {
            addresses,
            inner: Mutex::new(inner),
            news: watch::Sender::new(0),
        })
    }

    /// That no witness is a validator under another name: one operator would count twice.
    ///
    /// # Errors
    /// One line that names it.
    pub fn strangers_to(&self, validators: &[Validator]) -> Result<(), String> {
        for validator in validators {
            let keys = [
                validator.consensus_key,
                validator.note_key,
                validator.log_share,
            ];
            let same = |address: &&Address| {
                address.key.name().as_str() == validator.name || keys.contains(address.key.public())
            };
            if let Some(address) = self.addresses.iter().find(same) {
                let (witness, name) = (address.key.name(), &validator.name);
                return Err(format!("witness {witness} is the validator {name}"));
            }
        }
        Ok(())
    }

    /// Starts pushing what `source` has; `changed` says that there may be something newer.
    ///
    /// # Errors
    /// If the HTTP client cannot be set up.
    pub fn start(
        self: &Arc<Self>,
        source: &Arc<dyn Source>,
        changed: watch::Receiver<u64>,
    ) -> Result<Vec<tokio::task::JoinHandle<()>>, String> {
        if self.addresses.is_empty() {
            return Ok(Vec::new());
        }
        let http = feeder::client(self.addresses.iter().map(|address| &address.url))?;
        let (round, rounds) = watch::channel(());
        let ticker = tokio::spawn(rounds_of(Arc::clone(source), changed, round));
        let pushing = self.addresses.iter().enumerate().map(|(index, address)| {
            let feeder = Feeder::new(http.clone(), &address.url, address.key.clone());
            let (witnesses, source) = (Arc::clone(self), Arc::clone(source));
            tokio::spawn(witnesses.push(index, feeder, source, rounds.clone()))
        });
        Ok(pushing.chain([ticker]).collect())
    }

    /// Pushes every round's checkpoint to one witness, for as long as the node runs.
    async fn push(
        self: Arc<Self>,
        index: usize,
        mut feeder: Feeder,
        source: Arc<dyn Source>,
        mut rounds: watch::Receiver<()>,
    ) {
        let mut backoff = BACKOFF_MIN;
        let mut ahead: Option<Instant> = None;
        loop {
            if source.newest().is_some() {
                let pushed = feeder.push(&source).await;
                let waits = match &pushed {
                    Err(PushError::Ahead { .. }) => {
                        ahead.get_or_insert_with(Instant::now).elapsed()
                    }
                    _ => {
                        ahead = None;
                        Duration::ZERO
                    }
                };
                match pushed {
                    Ok((signed, cosignature)) => {
                        backoff = BACKOFF_MIN;
                        self.witnessed(index, &signed, cosignature);
                    }
                    // Another node was faster; ours will get there with the next blocks.
                    Err(PushError::Ahead { .. }) if waits < AHEAD => {}
                    Err(error) => {
                        let alarm = error.is_alarm() || waits > AHEAD_ALARM;
                        self.failed(index, &error, alarm);
                        tokio::time::sleep(backoff).await;
                        backoff = (2 * backoff).min(BACKOFF_MAX);
                        continue;
                    }
                }
            }
            // An error means that the node is stopping.
            let Ok(_) = tokio::time::timeout(REFRESH, rounds.changed())
                .await
                .unwrap_or(Ok(()))
            else {
                return;
            };
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn witnessed(&self, index: usize, signed: &SignedCheckpoint, cosignature: Cosignature) {
        let mut inner = self.inner();
        let witnessed = WitnessedView {
            size: signed.checkpoint.size,
            time: cosignature.time,
        };
        if let Some(standing) = inner.standings.get_mut(index) {
            if standing.failing.take().is_some() {
                tracing::info!(name = %cosignature.name, "a witness cosigns again");
            }
            standing.alarm = None;
            standing.witnessed = Some(witnessed);
        }
        inner.held.add(signed, cosignature);
        drop(inner);
        self.news.send_modify(|news| *news = news.wrapping_add(1));
    }

    fn failed(&self, index: usize, error: &PushError, alarm: bool) {
        let mut inner = self.inner();
        let (Some(address), Some(standing)) =
            (self.addresses.get(index), inner.standings.get_mut(index))
        else {
            return;
        };
        let (witness, since) = (address.key.name(), now().seconds());
        let reason = error.to_string();
        let trouble = |before: &Option<TroubleView>| TroubleView {
            since: before.as_ref().map_or(since, |before| before.since),
            reason: reason.clone(),
        };
        let news = standing.failing.as_ref().map(|before| &before.reason) != Some(&reason);
        standing.failing = Some(trouble(&standing.failing));
        let raised = alarm && standing.alarm.is_none();
        if alarm {
            tracing::error!(%witness, reason, "ALARM: a witness does not confirm this log");
            standing.alarm = Some(trouble(&standing.alarm));
        } else if news {
            tracing::warn!(%witness, reason, "a witness does not cosign");
        }
        inner.alarms += u64::from(raised);
    }

    /// Every witness, in the order of the configuration.
    #[must_use]
    pub fn views(&self) -> Vec<WitnessView> {
        let inner = self.inner();
        let all = self.addresses.iter().zip(&inner.standings);
        all.map(|(address, standing)| WitnessView {
            name: address.key.name().to_string(),
            vkey: address.key.to_string(),
            url: address.url.to_string(),
            state: match (&standing.failing, &standing.witnessed) {
                (Some(_), _) => WitnessState::Failing,
                (None, Some(_)) => WitnessState::Witnessed,
                (None, None) => WitnessState::Pending,
            },
            witnessed: standing.witnessed.clone(),
            failing: standing.failing.clone(),
            alarm: standing.alarm.clone(),
        })
        .collect()
    }

    /// The figures of all together.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let inner = self.inner();
        let count = |is: fn(&Standing) -> bool| inner.standings.iter().filter(|it| is(it)).count();
        let sizes = inner
            .standings
            .iter()
            .filter_map(|it| it.witnessed.as_ref());
        Summary {
            configured: self.addresses.len(),
            failing: count(|it| it.failing.is_some()),
            alarms: count(|it| it.alarm.is_some()),
            alarms_raised: inner.alarms,
            witnessed_size: sizes.map(|it| it.size).max().unwrap_or(0),
        }
    }

    /// Adds to a checkpoint what witnesses cosigned of it.
    #[must_use]
    pub fn with_cosignatures(&self, signed: SignedCheckpoint) -> SignedCheckpoint {
        self.inner().held.complete(signed)
    }

    /// Of the recent checkpoints that cover the first `leaves` leaves and that at least `count`
    /// witnesses cosigned: the one with the most of them, the newest of these.
    #[must_use]
    pub fn best(&self, leaves: u64, count: usize) -> Option<SignedCheckpoint> {
        self.inner().held.best(leaves, count)
    }

    /// Changes with every cosignature.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }
}

/// Starts a round when there is something new, and not too soon after the last. Looks now and then
/// by itself: a checkpoint may become whole after its size was announced.
async fn rounds_of(
    source: Arc<dyn Source>,
    mut changed: watch::Receiver<u64>,
    round: watch::Sender<()>,
) {
    let mut last = None;
    loop {
        let news = tokio::time::timeout(PACE, changed.changed()).await;
        if matches!(news, Ok(Err(_))) {
            return;
        }
        let newest = source.newest().map(|signed| signed.checkpoint.size);
        if newest > last {
            last = newest;
            if round.send(()).is_err() {
                return;
            }
            tokio::time::sleep(PACE).await;
        }
    }
}

fn address(config: &WitnessConfig) -> Result<Address, String> {
    let key: VerifierKey = config
        .vkey
        .parse()
        .map_err(|error| format!("witness at {:?}: {error}", config.url))?;
    let name = key.name();
    if key.signature_type() != SignatureType::CosignatureV1 {
        return Err(format!("witness {name}: a log's key, not a witness's"));
    }
    let wrong = || {
        format!(
            "witness {name}: {:?} is no http or https address",
            config.url
        )
    };
    let url = Url::parse(&config.url).map_err(|_| wrong())?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain {
        Ok(Address { url, key })
    } else {
        Err(wrong())
    }
}

/// Seconds that a cosignature's time is ahead of `now`.
fn ahead_of(time: Seconds, now: Seconds) -> u64 {
    time.0.saturating_sub(now.0)
}

#[cfg(test)]
mod tests;

//! One running node: its parts, wired together.
//!
//! Lives here: start, the tasks between ledger, record network, cosigner and consensus, and stop.
//! Does not live here: what any of them decides.
//!
//! Order of start: everything that can be wrong (configuration, genesis, keys, ports, store,
//! guard) is looked at before the node says anything to anybody.

mod log_signing;
mod seat;
mod self_check;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deedbook_schemas::block::Height;
use deedbook_schemas::digest::ValidatorSetId;
use deedbook_schemas::limits::{GOSSIP_REBROADCAST_BYTES_MAX, MEMPOOL_AGE_SECONDS_MAX};
use deedbook_schemas::note::KeyName;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::api::{self, Api};
use crate::config::{ConfigError, NodeConfig};
use crate::consensus::{self, ConsensusConfig, IdleGate, Timeouts};
use crate::cosign::{CoseSignedTree, CosignatureError, CosignatureMessage, Cosigner, DurableTree};
use crate::fatal::Fatal;
use crate::gossip::{self, GossipConfig, GossipHandle, GossipInbox, GossipMessage, RecordBytes};
use crate::keys::NodeKeys;
use crate::ledger::{Ledger, Refused, now};
use crate::log_signer::LogSigner;
use crate::metrics::Metrics;
use crate::store::guard::SigningGuard;
use crate::store::{Store, Tip, disk_free_percent};
use crate::witnesses::{Source, Witnesses};

use log_signing::{EVENTS_WAITING, Event};
use seat::Seat;
use self_check::EndsCheck;

/// How often a node tells the others its height and looks after what waits.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// From this age on a waiting bundle of this node's clients is sent to the peers again.
const REBROADCAST_AGE: Duration = Duration::from_secs(2);
/// How often an unchanged checkpoint is cosigned afresh, so that its age shows a live network.
const RECOSIGN: Duration = Duration::from_secs(60);
/// Gossip messages with bundles that wait to be verified: of 256 KiB at most, 16 MiB.
const BUNDLE_MESSAGES_WAITING: usize = 64;
/// In so many seconds after a change of the validators a node cosigns again: who was not told yet that
/// it is one took its first cosignature for a stranger's.
const COSIGN_AGAIN: u8 = 3;
/// Below this share of free disk the node accepts no records.
const DISK_FREE_PERCENT_MIN: u8 = 10;

/// Files and folders inside the data folder.
struct Paths {
    ledger: PathBuf,
    wal: PathBuf,
    guard: PathBuf,
}

impl Paths {
    fn of(data: &Path) -> Self {
        Self {
            ledger: data.join("ledger"),
            wal: data.join("consensus.wal"),
            guard: data.join("signing-guard"),
        }
    }
}

/// Where the ledger lies in a data folder.
pub(crate) fn ledger_folder(data: &Path) -> PathBuf {
    Paths::of(data).ledger
}

/// Prepares the data folder of a new validator: creates the signing guard. Done once; a guard is
/// never created again for a key that may have signed.
///
/// # Errors
/// [`Fatal`] if the configuration does not hold together, or the folder was prepared already.
pub fn init(home: &Path) -> Result<(), Fatal> {
    let config = NodeConfig::load(home).map_err(config_error)?;
    let genesis = config.load_genesis().map_err(config_error)?;
    let keys = load_keys(&config)?;
    let founders = genesis
        .check()
        .map_err(|error| Fatal::new(error.to_string()))?;
    Seat::new(&config, &keys, &founders)?;
    let paths = Paths::of(&config.data);
    std::fs::create_dir_all(&config.data)
        .map_err(|error| Fatal::new(format!("{}: {error}", config.data.display())))?;
    let key = deedbook_schemas::keys::PublicKey::of(&keys.consensus);
    SigningGuard::create(&paths.guard, &genesis.ledger_id(), &key)
        .map_err(|error| Fatal::new(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err passes")]
fn config_error(error: ConfigError) -> Fatal {
    Fatal::new(error.to_string())
}

fn load_keys(config: &NodeConfig) -> Result<NodeKeys, Fatal> {
    NodeKeys::load(&config.keys).map_err(|error| Fatal::new(error.to_string()))
}

/// Runs a node until `shutdown` completes or something fatal happens.
///
/// # Errors
/// [`Fatal`] says in one line why the node cannot start, or had to stop.
pub async fn run(home: &Path, shutdown: impl Future<Output = ()>) -> Result<(), Fatal> {
    let config = NodeConfig::load(home).map_err(config_error)?;
    let genesis = config.load_genesis().map_err(config_error)?;
    let keys = load_keys(&config)?;
    let listener = TcpListener::bind(config.api_listen)
        .await
        .map_err(|error| Fatal::new(format!("API on {}: {error}", config.api_listen)))?;
    let paths = Paths::of(&config.data);
    let guard = SigningGuard::open(&paths.guard, &genesis.ledger_id(), keys.consensus.clone())
        .map_err(|error| Fatal::new(error.to_string()))?;
    let store = Store::open(&paths.ledger, genesis.ledger_id())?;
    let (ledger, blocks) = Ledger::open(store, genesis)?;
    let ledger = Arc::new(ledger);
    let validators = ledger.set_after(&ledger.tip())?;
    let witnesses = config
        .load_witnesses(home, &validators)
        .map_err(config_error)?;
    let seat = Seat::new(&config, &keys, &validators)?;
    let behind = guard.height() > ledger.tip().height.next();
    if behind {
        tracing::warn!(
            guard = %guard.height(), store = %ledger.tip().height,
            "the store is behind the signing guard: this node syncs, and votes when it has caught up"
        );
    }
    let (gossip, inbox) = gossip::start(GossipConfig {
        listen: config.records.listen.clone(),
        peers: config.records.peers.clone(),
        keypair: keys.network.clone(),
        ledger: ledger.id(),
    })
    .await
    .map_err(|error| Fatal::new(error.to_string()))?;
    let (fatal, stop) = mpsc::channel(1);
    let (log_events, log_inbox) = mpsc::channel(EVENTS_WAITING);
    let signer = seat.first_log_signer(&ledger, behind)?;
    let engine = ConsensusConfig {
        moniker: seat.name().to_owned(),
        listen: config.consensus.listen,
        peers: config.consensus.peers,
        network_key: keys.network,
        wal: paths.wal,
        timeouts: Timeouts::default(),
    };
    let ends = Ends { fatal, log_events };
    let node = Arc::new(Node::new(
        ledger,
        gossip,
        seat,
        config.data,
        ends,
        witnesses,
    )?);
    let parts = Parts {
        listener,
        inbox,
        blocks,
        engine,
        guard: Arc::new(guard),
        signer,
        log_inbox,
    };
    let result = node.serve(parts, stop, shutdown).await;
    let closed = node.api.ledger.store().close();
    result.and(closed.map_err(Fatal::from))
}

/// The node's ends of queues whose other ends its tasks hold.
struct Ends {
    fatal: mpsc::Sender<Fatal>,
    log_events: mpsc::Sender<Event>,
}

/// What a node is started from.
struct Parts {
    listener: TcpListener,
    inbox: GossipInbox,
    blocks: mpsc::Receiver<Tip>,
    engine: ConsensusConfig,
    guard: Arc<SigningGuard>,
    signer: LogSigner,
    log_inbox: mpsc::Receiver<Event>,
}

/// When this node last cosigned, who was in office, and how often it will anyhow.
struct Cosigned {
    at: Instant,
    office: ValidatorSetId,
    again: u8,
}

/// The running parts.
struct Node {
    api: Arc<Api>,
    gate: IdleGate,
    ready: watch::Sender<bool>,
    seat: Seat,
    data: PathBuf,
    log_events: mpsc::Sender<Event>,
}

impl Node {
    fn new(
        ledger: Arc<Ledger>,
        gossip: GossipHandle,
        seat: Seat,
        data: PathBuf,
        ends: Ends,
        witnesses: Witnesses,
    ) -> Result<Self, Fatal> {
        let key_name = |text: &str| {
            text.parse::<KeyName>()
                .map_err(|error| Fatal::new(error.to_string()))
        };
        let origin = key_name(&ledger.genesis().origin)?;
        let tree = durable_tree(&ledger, &ledger.tip())?;
        let log_key = ledger.genesis().log_key;
        let name = key_name(seat.name())?;
        let cosigner = Cosigner::new(origin, log_key, name, seat.note_key().clone(), &tree);
        let (ready, is_ready) = watch::channel(true);
        let api = Api {
            cosigned_size: cosigner.cosigned_size(),
            cosigner: Arc::new(Mutex::new(cosigner)),
            gossip,
            name: seat.name().to_owned(),
            metrics: Metrics::default(),
            witnesses: Arc::new(witnesses),
            fatal: ends.fatal,
            ready: is_ready,
            ledger,
        };
        Ok(Self {
            api: Arc::new(api),
            gate: IdleGate::default(),
            ready,
            seat,
            data,
            log_events: ends.log_events,
        })
    }

    async fn serve(
        self: &Arc<Self>,
        parts: Parts,
        mut stop: mpsc::Receiver<Fatal>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Fatal> {
        let Parts {
            listener,
            inbox,
            blocks,
            engine,
            guard,
            signer,
            log_inbox,
        } = parts;
        let (end_consensus, consensus_ended) = oneshot::channel::<()>();
        let (events, _) = broadcast::channel(64);
        let mut consensus = tokio::spawn(consensus::run(
            engine,
            Arc::clone(&self.api.ledger) as Arc<dyn consensus::Application>,
            guard,
            self.gate.clone(),
            events,
            async move {
                // Sent or dropped: either way it is time to end.
                let _asked = consensus_ended.await;
            },
        ));
        let router = api::router(Arc::clone(&self.api));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let (to_admit, bundles) = mpsc::channel(BUNDLE_MESSAGES_WAITING);
        let source = Arc::clone(&self.api) as Arc<dyn Source>;
        let changed = self.api.cosigned_size.clone();
        let (_ends_check, stop_check) = EndsCheck::new();
        let pushing = self.api.witnesses.start(&source, changed);
        let mut tasks = pushing.map_err(|error| Fatal::new(format!("witnesses: {error}")))?;
        tasks.extend([
            tokio::spawn(Arc::clone(self).receive(inbox, to_admit)),
            tokio::spawn(Arc::clone(self).admit(bundles)),
            tokio::spawn(Arc::clone(self).follow_blocks(blocks)),
            tokio::spawn(Arc::clone(self).wake_for_records()),
            tokio::spawn(Arc::clone(self).heartbeat()),
            tokio::spawn(Arc::clone(self).sign_log(signer, log_inbox)),
            tokio::spawn(Arc::clone(self).check_store(stop_check)),
        ]);
        let early = tokio::select! {
            () = shutdown => None,
            fatal = stop.recv() => fatal.map(Err),
            ended = &mut consensus => Some(flatten(ended)),
        };
        server.abort();
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        match early {
            Some(result @ Ok(())) if consensus.is_finished() => {
                result.and(Err(Fatal::new("consensus ended".to_owned())))
            }
            Some(result) if consensus.is_finished() => result,
            other => {
                drop(end_consensus);
                other.unwrap_or(Ok(())).and(flatten(consensus.await))
            }
        }
    }

    fn cosigner(&self) -> std::sync::MutexGuard<'_, Cosigner> {
        self.api
            .cosigner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn stop_on<T>(&self, result: Result<T, Fatal>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fatal) => {
                // If nobody receives it, the node is stopping already.
                let _stopping = self.api.fatal.send(fatal).await;
                None
            }
        }
    }

    /// Takes what peers send. Bundles wait for their signatures to be verified elsewhere, so that
    /// cosignatures do not wait behind them; when too many wait, their sender sends them again.
    async fn receive(
        self: Arc<Self>,
        mut inbox: GossipInbox,
        to_admit: mpsc::Sender<Vec<Vec<RecordBytes>>>,
    ) {
        while let Some((peer, message)) = inbox.recv().await {
            match message {
                GossipMessage::Bundles(bundles) => {
                    if to_admit.try_send(bundles).is_err() {
                        tracing::debug!("bundles of a peer are dropped: too many wait");
                    }
                }
                GossipMessage::Tip { height } => {
                    self.gate.follow(self.api.ledger.tip().height, height);
                }
                GossipMessage::Cosignature(message) => self.take_cosignature(&peer, &message),
                GossipMessage::LogSigning(message) => self.tell_signer(Event::Message(message)),
            }
        }
    }

    async fn admit(self: Arc<Self>, mut bundles: mpsc::Receiver<Vec<Vec<RecordBytes>>>) {
        while let Some(bundles) = bundles.recv().await {
            let node = Arc::clone(&self);
            let taken = tokio::task::spawn_blocking(move || node.take_bundles(bundles));
            let taken = flatten(taken.await);
            if self.stop_on(taken).await.is_none() {
                return;
            }
        }
    }

    fn take_bundles(&self, bundles: Vec<Vec<RecordBytes>>) -> Result<(), Fatal> {
        for bytes in bundles {
            let admitted = match Ledger::read_bundle(bytes) {
                Ok(bundle) => self.api.ledger.admit_from_peer(&bundle)?,
                Err(refused) => Err(refused),
            };
            match admitted {
                Ok(()) | Err(Refused::Busy(_)) => {}
                Err(refused) => {
                    self.api.metrics.peer_bundles_refused.inc();
                    tracing::warn!(%refused, "a peer sent a bundle that is refused");
                }
            }
        }
        Ok(())
    }

    fn take_cosignature(&self, peer: &libp2p::PeerId, message: &CosignatureMessage) {
        match self.cosigner().on_cosignature(message) {
            Ok(_) | Err(CosignatureError::NotHeld { .. }) => {}
            // The cosigner has raised the alarm.
            Err(CosignatureError::Fork(_)) => drop(self.api.metrics.forks.inc()),
            Err(error) => tracing::warn!(%peer, %error, "a cosignature does not count"),
        }
    }

    /// At the start and after every durable block: cosign, publish, count.
    async fn follow_blocks(self: Arc<Self>, mut blocks: mpsc::Receiver<Tip>) {
        let mut tip = self.api.ledger.tip();
        let mut leaves = tip.tree_size;
        loop {
            self.publish_tip(tip.height);
            let node = Arc::clone(&self);
            let durable = tip.clone();
            let cosigned = tokio::task::spawn_blocking(move || node.cosign(&durable));
            if self.stop_on(flatten(cosigned.await)).await.is_none() {
                return;
            }
            let Some(next) = blocks.recv().await else {
                return;
            };
            tip = next;
            self.api.metrics.blocks.inc();
            self.api
                .metrics
                .leaves
                .inc_by(tip.tree_size.saturating_sub(leaves));
            leaves = tip.tree_size;
            let delay_ms = now().0.saturating_sub(tip.time.0);
            self.api
                .metrics
                .finality_seconds
                .set(Duration::from_millis(delay_ms).as_secs_f64());
        }
    }

    /// Cosigns a durable tree, publishes the cosignature, and lets the log's key be used for it. What
    /// was stored is hashed again first: a disk that changed a byte must not be vouched for.
    fn cosign(&self, tip: &Tip) -> Result<(), Fatal> {
        let ledger = &self.api.ledger;
        if tip.height > Height(0) {
            ledger.store().rehash_block(tip.height)?;
        }
        let tree = durable_tree(ledger, tip)?;
        let message = self
            .cosigner()
            .on_durable(&tree, now().seconds())
            .map_err(|error| Fatal::new(error.to_string()))?;
        if let Some(message) = message {
            self.publish_cosignature(message);
        }
        self.tell_signer(Event::Durable(tip.clone()));
        Ok(())
    }

    fn publish_cosignature(&self, message: CosignatureMessage) {
        if let Err(error) = self.api.gossip.publish_cosignature(message) {
            tracing::debug!(%error, "a cosignature goes out with the next heartbeat");
        }
    }

    fn publish_tip(&self, height: Height) {
        if let Err(error) = self.api.gossip.publish_tip(height) {
            tracing::debug!(%error, "the tip goes out with the next heartbeat");
        }
    }

    /// Keeps consensus awake while records wait.
    async fn wake_for_records(self: Arc<Self>) {
        let mut waiting = self.api.ledger.mempool.non_empty();
        let mut tips = self.api.ledger.tips();
        loop {
            if waiting.wait_for(|waiting| *waiting).await.is_err() {
                return;
            }
            let height = tips.borrow_and_update().height;
            self.gate.wake(height.next());
            if tips.changed().await.is_err() {
                return;
            }
        }
    }

    /// Once a second: send again what still waits, let go of what waited too
    /// long, start a block if a deadline is due, look at the disk.
    async fn heartbeat(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(HEARTBEAT);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut cosigned = Cosigned {
            at: Instant::now(),
            office: self.api.ledger.tip().next_validators,
            again: 0,
        };
        loop {
            ticks.tick().await;
            let node = Arc::clone(&self);
            let beat =
                tokio::task::spawn_blocking(move || node.beat(&mut cosigned).map(|()| cosigned));
            match self.stop_on(flatten(beat.await)).await {
                Some(after) => cosigned = after,
                None => return,
            }
        }
    }

    fn beat(&self, cosigned: &mut Cosigned) -> Result<(), Fatal> {
        let ledger = &self.api.ledger;
        let tip = ledger.tip();
        let behind = *self.api.cosigned_size.borrow() < tip.tree_size;
        if std::mem::replace(&mut cosigned.office, tip.next_validators) != tip.next_validators {
            cosigned.again = COSIGN_AGAIN;
        }
        if behind || cosigned.again > 0 || cosigned.at.elapsed() > RECOSIGN {
            self.cosign(&tip)?;
            cosigned.at = Instant::now();
            cosigned.again = cosigned.again.saturating_sub(1);
        }
        if let Some(old) = Instant::now().checked_sub(REBROADCAST_AGE) {
            ledger.retry_passed_over(old)?;
            for bundle in ledger
                .mempool
                .local_pending(old, GOSSIP_REBROADCAST_BYTES_MAX)
            {
                let records = bundle
                    .records()
                    .iter()
                    .map(|record| Arc::clone(&record.bytes));
                if self.api.gossip.publish_bundle(records.collect()).is_err() {
                    break;
                }
            }
        }
        if let Some(old) = Instant::now().checked_sub(Duration::from_secs(MEMPOOL_AGE_SECONDS_MAX))
        {
            ledger.mempool.expire(old);
        }
        if ledger
            .next_deadline()?
            .is_some_and(|deadline| deadline <= now().seconds())
        {
            self.gate.wake(tip.height.next());
        }
        let free = disk_free_percent(&self.data)?;
        let ready = free >= DISK_FREE_PERCENT_MIN;
        if self.ready.send_replace(ready) != ready {
            tracing::warn!(free_percent = free, accepting = ready, "free disk space");
        }
        Ok(())
    }
}

fn durable_tree(ledger: &Ledger, tip: &Tip) -> Result<DurableTree, Fatal> {
    Ok(DurableTree {
        tree_size: tip.tree_size,
        root: tip.tree_root,
        validators: ledger.set_after(tip)?,
    })
}

fn flatten<T>(joined: Result<Result<T, Fatal>, tokio::task::JoinError>) -> Result<T, Fatal> {
    joined.unwrap_or_else(|error| Err(Fatal::new(format!("a task panicked: {error}"))))
}

impl Source for Api {
    fn newest(&self) -> Option<deedbook_schemas::checkpoint::SignedCheckpoint> {
        self.signed_checkpoint()
    }

    fn prove(&self, old: u64, new: u64) -> Result<Vec<deedbook_schemas::digest::TreeHash>, Fatal> {
        let proof = self.ledger.store().consistency_proof(old, new);
        let proof = proof.map_err(Fatal::from);
        if let Err(fatal) = &proof {
            // If the channel is full or closed, the node is stopping already.
            let _stopping = self.fatal.try_send(fatal.clone());
        }
        proof
    }
}

impl Api {
    /// Leaves covered by the log's signature, with enough cosignatures or without.
    pub(crate) fn log_signed_size(&self) -> u64 {
        let cosigner = self.cosigner.lock().unwrap_or_else(PoisonError::into_inner);
        cosigner.log_signed_size()
    }

    /// The newest checkpoint with a quorum of cosignatures and the log's signature.
    pub(crate) fn signed_checkpoint(
        &self,
    ) -> Option<deedbook_schemas::checkpoint::SignedCheckpoint> {
        let cosigner = self.cosigner.lock().unwrap_or_else(PoisonError::into_inner);
        Some(cosigner.latest()?.to_signed())
    }

    /// The newest tree with a quorum of cosignatures, and the log's signature of it for COSE receipts.
    pub(crate) fn cose_signed_tree(&self) -> Option<CoseSignedTree> {
        let cosigner = self.cosigner.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = cosigner.latest()?;
        Some(CoseSignedTree {
            tree: latest.checkpoint.clone(),
            key: latest.log_key,
            signature: latest.cose_signature,
        })
    }
}

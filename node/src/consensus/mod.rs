//! Agreement on the next block. The only module that imports the engine.
//!
//! Lives here: the engine's configuration and life cycle, and what the rest of the node sees of
//! consensus: [`run`], [`Application`], [`IdleGate`], [`ConsensusEvent`]. The conversation with
//! the engine is told in `driver`. Does not live here: what a block means (`ledger`).

mod codec;
mod codec_blocks;
mod context;
mod driver;
mod gate;
mod parts;
mod proposing;
mod signer;
mod syncing;
mod watch;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_malachitebft_app::config::{
    ConsensusConfig as EngineConsensusConfig, DiscoveryConfig, NodeConfig, P2pConfig,
    ProtocolNames, ValuePayload, ValueSyncConfig,
};
use arc_malachitebft_app::types::codec::Codec as _;
use arc_malachitebft_app::types::{Keypair, PeerId};
use arc_malachitebft_app_channel::{
    Channels, ConsensusContext, EngineBuilder, EngineHandle, NetworkContext, NetworkIdentity,
    RequestContext, SyncContext, WalContext,
};
use arc_malachitebft_core_types::LinearTimeouts;
use arc_malachitebft_signing::Signer as _;
use deedbook_schemas::block::{Certificate, Height};
use deedbook_schemas::digest::{BlockId, LedgerId};
use deedbook_schemas::limits::{BLOCK_BYTES_MAX, PART_BYTES_MAX, SYNC_BYTES_MAX, VALIDATORS_MAX};
use deedbook_schemas::validators::{ValidatorAddress, ValidatorSet};
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use tokio::sync::broadcast;

use crate::fatal::Fatal;
use crate::store::guard::SigningGuard;
use crate::store::proposal::StoredProposal;
use codec::BorshCodec;
use context::{Address, Ctx};
use driver::Driver;
pub use gate::IdleGate;
use signer::{GuardedSigner, StrictVerifier};

/// Where a block came from; decides which clock rules apply to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Proposed now: its time must lie near this node's clock.
    Proposed,
    /// Decided earlier by more than two thirds, received by sync: any age is fine.
    Synced,
}

/// What consensus needs of the ledger. Every method may block on disk and CPU; `run` calls them
/// off the async threads. A [`Fatal`] from any of them stops the node.
pub trait Application: Send + Sync + 'static {
    /// The ledger, inside everything signed.
    fn ledger_id(&self) -> LedgerId;

    /// The last durable height; 0 before the first block.
    fn tip(&self) -> Height;

    /// The first height kept; what lies below cannot be served to peers.
    fn history_min(&self) -> Height;

    /// The validators of `height`, which is at most tip + 1.
    ///
    /// # Errors
    /// [`Fatal`] if they cannot be read.
    fn validators(&self, height: Height) -> Result<ValidatorSet, Fatal>;

    /// Builds and executes a block of what waits: its encoding and id. Empty if nothing waits.
    ///
    /// # Errors
    /// [`Fatal`] if the state cannot be read.
    fn build(
        &self,
        height: Height,
        proposer: ValidatorAddress,
    ) -> Result<(Vec<u8>, BlockId), Fatal>;

    /// Decodes and re-executes a whole block on top of the tip. The inner error says why it is
    /// not lawful, in words for the log.
    ///
    /// # Errors
    /// [`Fatal`] if the state cannot be read.
    fn check(&self, block: &[u8], source: Source) -> Result<Result<BlockId, String>, Fatal>;

    /// Keeps a proposal durably until its height is committed.
    ///
    /// # Errors
    /// [`Fatal`] if it cannot be made durable.
    fn keep_proposal(&self, proposal: &StoredProposal) -> Result<(), Fatal>;

    /// The proposals kept for `height`.
    ///
    /// # Errors
    /// [`Fatal`] if they cannot be read.
    fn proposals(&self, height: Height) -> Result<Vec<StoredProposal>, Fatal>;

    /// Makes the decided block durable in one synced batch and forgets the height's proposals.
    /// After a restart the block may be known from [`Application::keep_proposal`] alone, and has
    /// to be executed again.
    ///
    /// # Errors
    /// [`Fatal`] if the block is unknown or cannot be made durable.
    fn commit(&self, certificate: &Certificate) -> Result<(), Fatal>;

    /// Replaces a committed height's certificate by one with more signatures.
    ///
    /// # Errors
    /// [`Fatal`] if it cannot be made durable.
    fn update_certificate(&self, certificate: &Certificate) -> Result<(), Fatal>;

    /// A decided block's encoding and certificate, if it is kept.
    ///
    /// # Errors
    /// [`Fatal`] if it cannot be read.
    fn decided(&self, height: Height) -> Result<Option<(Vec<u8>, Certificate)>, Fatal>;
}

/// What happened in consensus, for gossip and the API. Slow receivers miss events, not state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsensusEvent {
    /// This node works on the height from now on; peers that idle should too.
    Starting(Height),
    /// The height is decided and durable here.
    Decided(Height),
}

/// How long a round waits. The engine adds 100 ms a round to each, up to 10 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the proposal.
    pub propose: Duration,
    /// For votes, once two thirds of them disagree.
    pub vote: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            propose: Duration::from_millis(500),
            vote: Duration::from_millis(200),
        }
    }
}

impl Timeouts {
    fn linear(self) -> LinearTimeouts {
        let delta = Duration::from_millis(100);
        LinearTimeouts {
            propose: self.propose,
            propose_delta: delta,
            prevote: self.vote,
            prevote_delta: delta,
            precommit: self.vote,
            precommit_delta: delta,
            rebroadcast: self.propose + 2 * self.vote,
            max_timeout: Duration::from_secs(10),
        }
    }
}

/// Everything that [`run`] has to be told.
#[derive(Clone)]
pub struct ConsensusConfig {
    /// This node's name in logs and metrics.
    pub moniker: String,
    /// Where to listen: `/ip4/…/tcp/…`.
    pub listen: Multiaddr,
    /// The other validators' nodes and nobody else: `/ip4/…/tcp/…/p2p/…`.
    pub peers: Vec<Multiaddr>,
    /// The libp2p identity; a key of its own, never the consensus key.
    pub network_key: libp2p::identity::Keypair,
    /// The engine's write-ahead log.
    pub wal: PathBuf,
    /// How long rounds wait.
    pub timeouts: Timeouts,
}

impl ConsensusConfig {
    /// The peers' ids, without which nobody could be told from a stranger.
    fn publishers(&self) -> Result<std::collections::HashSet<PeerId>, Fatal> {
        let id = |address: &Multiaddr| match address.iter().last() {
            Some(Protocol::P2p(id)) => PeerId::from_bytes(&id.to_bytes())
                .map_err(|error| Fatal::new(format!("peer address {address}: {error}"))),
            _ => Err(Fatal::new(format!(
                "peer address {address} does not end in /p2p/…"
            ))),
        };
        self.peers.iter().map(id).collect()
    }
}

/// The engine's own configuration.
struct EngineConfig {
    moniker: String,
    consensus: EngineConsensusConfig,
    sync: ValueSyncConfig,
}

impl NodeConfig for EngineConfig {
    fn moniker(&self) -> &str {
        &self.moniker
    }

    fn consensus(&self) -> &EngineConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut EngineConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.sync
    }
}

/// A size in the engine's notation.
fn size<T: std::str::FromStr<Err: std::fmt::Display>>(bytes: usize) -> Result<T, Fatal> {
    format!("{bytes} B")
        .parse()
        .map_err(|error| Fatal::new(format!("{bytes} bytes: {error}")))
}

/// A part and its frame, or a certificate of all validators, whichever is longer.
const GOSSIP_BYTES_MAX: usize = PART_BYTES_MAX + 64 * 1024;
/// Blocks and their certificates in one sync answer.
const RPC_BYTES_MAX: usize = SYNC_BYTES_MAX + 2 * 1024 * 1024;
const _: () =
    assert!(GOSSIP_BYTES_MAX > 2 * VALIDATORS_MAX * 128 && RPC_BYTES_MAX > BLOCK_BYTES_MAX);

impl EngineConfig {
    fn new(config: &ConsensusConfig, ledger: &LedgerId) -> Result<Self, Fatal> {
        // Nodes of two ledgers that find each other have no protocol in common.
        let protocol = |name: &str| format!("/deedbook/{ledger}/{name}/1");
        let peers = VALIDATORS_MAX.saturating_mul(2);
        let p2p = P2pConfig {
            listen_addr: config.listen.clone(),
            persistent_peers: config.peers.clone(),
            persistent_peers_only: true,
            pubsub_max_size: size(GOSSIP_BYTES_MAX)?,
            rpc_max_size: size(RPC_BYTES_MAX)?,
            protocol_names: ProtocolNames {
                consensus: protocol("consensus"),
                discovery_kad: protocol("kad"),
                discovery_regres: protocol("discovery"),
                sync: protocol("sync"),
                validator_proof: protocol("validator-proof"),
            },
            discovery: DiscoveryConfig {
                num_outbound_peers: peers,
                num_inbound_peers: peers,
                // A test network lives on one address; strangers are refused by their id.
                max_connections_per_ip: peers,
                ip_throttle_duration: Duration::ZERO,
                // Gossip tells its subscriptions on the first connection to a peer alone. A peer
                // that restarts while its old connection still lingers must be turned away until
                // that is gone, or it would hear everything and never be heard (rust-libp2p 5097).
                max_connections_per_peer: 1,
                ..DiscoveryConfig::default()
            },
            ..P2pConfig::default()
        };
        let consensus = EngineConsensusConfig {
            p2p,
            value_payload: ValuePayload::ProposalAndParts,
            queue_per_height_capacity: 500,
            ..EngineConsensusConfig::default()
        };
        let sync = ValueSyncConfig {
            status_update_interval: Duration::from_secs(1),
            request_timeout: Duration::from_secs(5),
            max_response_size: size(RPC_BYTES_MAX)?,
            batch_size: deedbook_schemas::limits::SYNC_BLOCKS_MAX,
            ..ValueSyncConfig::default()
        };
        Ok(Self {
            moniker: config.moniker.clone(),
            consensus,
            sync,
        })
    }
}

/// Starts the engine for the holder of `signer`'s key.
async fn start(
    config: &ConsensusConfig,
    signer: &GuardedSigner,
) -> Result<(Channels<Ctx>, EngineHandle), Fatal> {
    let fatal = |error: &dyn std::fmt::Display| Fatal::new(format!("consensus: {error}"));
    let key = signer.guard.public_key();
    let address = Address(ValidatorAddress::of(&key));
    let keypair: Keypair = config.network_key.clone();
    let peer = keypair.public().to_peer_id().to_bytes();
    let proof = signer.sign_validator_proof(key.0.to_vec(), peer).await;
    let proof = proof.map_err(|error| fatal(&error))?;
    let proof = BorshCodec.encode(&proof).map_err(|error| fatal(&error))?;
    let (moniker, ledger) = (config.moniker.clone(), signer.ledger);
    let identity = NetworkIdentity::new_validator(moniker, keypair, address.to_string(), proof);
    let verifier = Box::new(StrictVerifier { ledger });
    EngineBuilder::new(Ctx, EngineConfig::new(config, &ledger)?)
        .with_default_wal(WalContext::new(config.wal.clone(), BorshCodec))
        .with_default_network(NetworkContext::new(identity, BorshCodec))
        .with_default_consensus(ConsensusContext::new_validator(
            address,
            verifier,
            Box::new(signer.clone()),
        ))
        .with_default_sync(SyncContext::new(BorshCodec))
        .with_default_request(RequestContext::new(16))
        .build()
        .await
        .map_err(|error| fatal(&format!("{error:#}")))
}

/// Takes part in consensus until `shutdown` completes.
///
/// # Errors
/// [`Fatal`] if the configuration is unusable, the ledger or the signing guard fails, or the
/// engine stops. The node must stop too; starting it again is safe, because the guard signs
/// nothing twice.
pub async fn run(
    config: ConsensusConfig,
    application: Arc<dyn Application>,
    guard: Arc<SigningGuard>,
    gate: IdleGate,
    events: broadcast::Sender<ConsensusEvent>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Fatal> {
    let publishers = config.publishers()?;
    let signer = GuardedSigner {
        guard,
        ledger: application.ledger_id(),
    };
    let (channels, engine) = start(&config, &signer).await?;
    let watcher = watch::Watcher {
        application: Arc::clone(&application),
        signer: signer.clone(),
        gate: gate.clone(),
    };
    let watching = tokio::spawn(watcher.run(channels.events.subscribe()));
    let timeouts = config.timeouts.linear();
    let Channels {
        consensus: questions,
        network,
        ..
    } = channels;
    let driver = Driver::new(
        application,
        signer,
        gate,
        events,
        timeouts,
        publishers,
        network,
    );
    let result = driver.run(questions, shutdown).await;
    watching.abort();
    let patience = Some(Duration::from_secs(5));
    engine
        .actor
        .stop_children_and_wait(Some("shutdown".to_owned()), patience)
        .await;
    engine.actor.stop(Some("shutdown".to_owned()));
    match engine.handle.await {
        Err(error) if error.is_panic() => Err(Fatal::new("the consensus engine panicked")),
        _ => result,
    }
}

/// The engine's metrics in Prometheus' text format.
#[must_use]
pub fn metrics() -> String {
    let mut text = String::new();
    arc_malachitebft_app::metrics::export(&mut text);
    text
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;

#[cfg(test)]
mod testing;

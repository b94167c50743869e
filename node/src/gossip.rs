//! The validators' second network: pending bundles, tips, checkpoint cosignatures, and how they sign
//! together in the log's name.
//!
//! Lives here: a libp2p swarm of our own (TCP, Noise, Yamux, gossipsub), separate from the
//! consensus engine's, whose topics are fixed: own port, own key, only listed peers. Does not
//! live here: what a record is worth (admission), the mempool, counting cosignatures (`cosign`).
//!
//! Every queue is bounded, and what does not fit is dropped and counted: bundles are broadcast
//! again by the mempool's owner while they are pending, tips and cosignatures are superseded by
//! the next ones, log signatures are tried again. The envelope carries no signature: records,
//! cosignatures and messages about log signatures have one, and Noise names the peer.

mod inbox;
mod message;
mod network;
mod stats;
mod task;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::Arc;

use deedbook_schemas::block::Height;
use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::limits::{GOSSIP_OUTBOX_MAX, VALIDATORS_MAX};
use libp2p::multiaddr::Protocol;
use tokio::sync::{mpsc, watch};

pub use inbox::GossipInbox;
pub use libp2p::identity::Keypair;
pub use libp2p::{Multiaddr, PeerId};
pub use message::{GossipMessage, MessageError, RecordBytes};
pub use stats::GossipStats;

use crate::cosign::CosignatureMessage;
use crate::log_signer::LogSigningMessage;
use stats::Counters;
use task::{Command, Timing};

/// What the gossip network is started with.
#[derive(Debug, Clone)]
pub struct GossipConfig {
    /// Where to listen: `/ip4/<address>/tcp/<port>`; port 0 takes a free one.
    pub listen: Multiaddr,
    /// The other validators: `/ip4/<address>/tcp/<port>/p2p/<peer id>`, at most
    /// [`VALIDATORS_MAX`]. This node's own entry is skipped, so all nodes may share one list.
    pub peers: Vec<Multiaddr>,
    /// This node's gossip key: neither its consensus key nor its note key.
    pub keypair: Keypair,
    /// The ledger; nodes of another ledger hear nothing.
    pub ledger: LedgerId,
}

/// Why the gossip network cannot start. The node stops with it.
#[derive(Debug, thiserror::Error)]
pub enum GossipError {
    /// An address that is not of the one accepted form.
    #[error("gossip address {address} is not of the form {expected}")]
    Address {
        /// The address given.
        address: Multiaddr,
        /// The accepted form.
        expected: &'static str,
    },
    /// Two entries for one peer.
    #[error("gossip peer {0} is listed twice")]
    DuplicatePeer(PeerId),
    /// More peers than there can be validators.
    #[error("{0} gossip peers; at most {VALIDATORS_MAX} are allowed")]
    TooManyPeers(usize),
    /// The port is taken, or the address is not this machine's.
    #[error("cannot listen for gossip on {address}: {reason}")]
    Listen {
        /// The address given.
        address: Multiaddr,
        /// What the operating system says.
        reason: String,
    },
    /// The network library refuses its configuration.
    #[error("gossip network: {0}")]
    Setup(String),
}

/// Why a message was not taken for sending.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The outbox is full; a pending bundle goes out with the next rebroadcast.
    #[error("{GOSSIP_OUTBOX_MAX} messages wait to be sent already")]
    Busy,
    /// The gossip task has ended.
    #[error("the gossip network has stopped")]
    Stopped,
    /// Beyond the limits of a bundle.
    #[error(transparent)]
    Limits(#[from] MessageError),
}

/// The gossip key from its 32 secret bytes.
#[must_use]
pub fn keypair(mut seed: [u8; 32]) -> Keypair {
    Keypair::ed25519_from_bytes(&mut seed).expect("any 32 bytes are an Ed25519 secret key")
}

/// The sending half, cheap to clone. The network stops when the last one is dropped.
#[derive(Debug, Clone)]
pub struct GossipHandle {
    commands: mpsc::Sender<Command>,
    connected: watch::Receiver<BTreeSet<PeerId>>,
    counters: Arc<Counters>,
    peer_id: PeerId,
    listen: Multiaddr,
}

impl GossipHandle {
    /// Sends a bundle, together with others submitted within the next milliseconds. Also called
    /// for the rebroadcast of what is still pending.
    ///
    /// # Errors
    /// [`PublishError`] if the bundle is beyond the limits or the outbox is full.
    pub fn publish_bundle(&self, records: Vec<RecordBytes>) -> Result<(), PublishError> {
        message::check_bundle(&records)?;
        self.send(Command::Bundle(records))
    }

    /// Tells the others this node's last decided height. To be called when it changes; the
    /// network repeats it every second, which also shows that this node is alive.
    ///
    /// # Errors
    /// [`PublishError`] if the outbox is full.
    pub fn publish_tip(&self, height: Height) -> Result<(), PublishError> {
        self.send(Command::Tip(height))
    }

    /// Sends this node's cosignature of a checkpoint.
    ///
    /// # Errors
    /// [`PublishError`] if the outbox is full.
    pub fn publish_cosignature(&self, cosignature: CosignatureMessage) -> Result<(), PublishError> {
        self.send(Command::Cosignature(cosignature))
    }

    /// Sends this node's word about a signature by the log's key.
    ///
    /// # Errors
    /// [`PublishError`] if the outbox is full.
    pub fn publish_log_signing(&self, message: LogSigningMessage) -> Result<(), PublishError> {
        self.send(Command::LogSigning(Box::new(message)))
    }

    fn send(&self, command: Command) -> Result<(), PublishError> {
        self.commands
            .try_send(command)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => PublishError::Busy,
                mpsc::error::TrySendError::Closed(_) => PublishError::Stopped,
            })
    }

    /// Listed peers that are connected and listen to this ledger.
    #[must_use]
    pub fn peers_connected(&self) -> usize {
        self.connected.borrow().len()
    }

    /// The same peers by id, to wait for a change.
    #[must_use]
    pub fn connected(&self) -> watch::Receiver<BTreeSet<PeerId>> {
        self.connected.clone()
    }

    /// Counts since the start.
    #[must_use]
    pub fn stats(&self) -> GossipStats {
        self.counters.snapshot()
    }

    /// This node's id on the gossip network.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// The address listened on, with its real port.
    #[must_use]
    pub fn listen_address(&self) -> &Multiaddr {
        &self.listen
    }
}

/// Starts the gossip network on the current tokio runtime and returns once it listens.
///
/// # Errors
/// [`GossipError`] if an address is not acceptable or the port is taken.
pub async fn start(config: GossipConfig) -> Result<(GossipHandle, GossipInbox), GossipError> {
    start_with(config, Timing::default()).await
}

async fn start_with(
    config: GossipConfig,
    timing: Timing,
) -> Result<(GossipHandle, GossipInbox), GossipError> {
    let peer_id = config.keypair.public().to_peer_id();
    let peers = parse_peers(&config.peers, peer_id)?;
    let nonce = getrandom::u64().map_err(|error| GossipError::Setup(error.to_string()))?;
    probe_port(&config.listen)?;
    let (swarm, listen) = network::listen(&config, peers.keys()).await?;

    let (commands, outbox) = mpsc::channel(GOSSIP_OUTBOX_MAX);
    let (connected_sender, connected) = watch::channel(BTreeSet::new());
    let (inbox_sender, inbox) = inbox::channel(peers.keys().copied());
    let counters = Arc::new(Counters::default());
    let task = task::Task::new(
        swarm,
        network::topic(&config.ledger),
        peers,
        task::Ends {
            outbox,
            inbox: inbox_sender,
            connected: connected_sender,
        },
        Arc::clone(&counters),
        nonce,
        timing,
    );
    tokio::spawn(task.run());
    Ok((
        GossipHandle {
            commands,
            connected,
            counters,
            peer_id,
            listen,
        },
        inbox,
    ))
}

fn parse_peers(
    addresses: &[Multiaddr],
    own: PeerId,
) -> Result<BTreeMap<PeerId, Multiaddr>, GossipError> {
    if addresses.len() > VALIDATORS_MAX {
        return Err(GossipError::TooManyPeers(addresses.len()));
    }
    let mut peers = BTreeMap::new();
    for address in addresses {
        let parts: Vec<Protocol<'_>> = address.iter().collect();
        let [Protocol::Ip4(_), Protocol::Tcp(_), Protocol::P2p(peer)] = parts.as_slice() else {
            let expected = "/ip4/<address>/tcp/<port>/p2p/<peer id>";
            return Err(GossipError::Address {
                address: address.clone(),
                expected,
            });
        };
        if *peer != own && peers.insert(*peer, address.clone()).is_some() {
            return Err(GossipError::DuplicatePeer(*peer));
        }
    }
    Ok(peers)
}

/// libp2p listens with `SO_REUSEPORT`, so two nodes of one user would share a port and each get
/// half of the connections. Binding once without it makes the second one fail.
fn probe_port(listen: &Multiaddr) -> Result<(), GossipError> {
    let parts: Vec<Protocol<'_>> = listen.iter().collect();
    let [Protocol::Ip4(ip), Protocol::Tcp(port)] = parts.as_slice() else {
        let expected = "/ip4/<address>/tcp/<port>";
        return Err(GossipError::Address {
            address: listen.clone(),
            expected,
        });
    };
    bind_once(*ip, *port).map_err(|error| GossipError::Listen {
        address: listen.clone(),
        reason: error.to_string(),
    })
}

fn bind_once(ip: Ipv4Addr, port: u16) -> std::io::Result<()> {
    TcpListener::bind(SocketAddrV4::new(ip, port)).map(drop)
}

#[cfg(test)]
mod tests;

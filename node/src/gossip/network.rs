//! How the swarm is put together: transports, limits, allow-list, gossipsub.
//!
//! Lives here: settings and why they are what they are. Does not live here: what happens while
//! it runs (`task`).

use std::collections::HashSet;
use std::time::Duration;

use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::limits::{GOSSIP_MESSAGE_BYTES_MAX, GOSSIP_PEER_QUEUE_MAX, VALIDATORS_MAX};
use futures::StreamExt as _;
use libp2p::gossipsub::{
    self, IdentTopic, IdentityTransform, MaxCountSubscriptionFilter, MessageAuthenticity,
    MessageId, ValidationMode, WhitelistSubscriptionFilter,
};
use libp2p::identity::Keypair;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, SwarmBuilder, noise, tcp, yamux};
use libp2p_allow_block_list::AllowedPeers;
use libp2p_connection_limits::ConnectionLimits;

use super::{GossipConfig, GossipError};

/// Bytes of a gossipsub frame around a message: the topic (79 bytes) and protobuf heads.
const FRAME_BYTES: usize = 256;

/// Connections of strangers that are still in their Noise handshake.
const PENDING_CONNECTIONS_MAX: u32 = 64;

/// Connections with one peer: one dialled by each side, and as many not yet seen to be dead.
const CONNECTIONS_PER_PEER_MAX: u32 = 4;

/// A connection attempt, handshake included, takes no longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// gossipsub lets go of connections outside its relaying mesh; here every connection counts.
/// Dead ones are found by their silence.
const IDLE_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

pub(super) type Gossipsub = gossipsub::Behaviour<
    IdentityTransform,
    MaxCountSubscriptionFilter<WhitelistSubscriptionFilter>,
>;

/// Order matters: a connection is counted and its peer checked before gossipsub hears of it.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: libp2p_connection_limits::Behaviour,
    allowed: libp2p_allow_block_list::Behaviour<AllowedPeers>,
    pub(super) gossipsub: Gossipsub,
}

/// The one topic of a ledger.
pub(super) fn topic(ledger: &LedgerId) -> IdentTopic {
    IdentTopic::new(format!("deedbook/1/{ledger}"))
}

/// Builds the swarm and listens; returns the address with its real port.
pub(super) async fn listen(
    config: &GossipConfig,
    allowed: impl Iterator<Item = &PeerId>,
) -> Result<(Swarm<Behaviour>, Multiaddr), GossipError> {
    let failed = |reason: String| GossipError::Listen {
        address: config.listen.clone(),
        reason,
    };
    let mut swarm = build(
        &config.keypair,
        &config.ledger,
        allowed,
        GOSSIP_MESSAGE_BYTES_MAX,
    )?;
    swarm
        .listen_on(config.listen.clone())
        .map_err(|error| failed(error.to_string()))?;
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { address, .. } => return Ok((swarm, address)),
            SwarmEvent::ListenerError { error, .. } => return Err(failed(error.to_string())),
            SwarmEvent::ListenerClosed { reason, .. } => return Err(failed(format!("{reason:?}"))),
            _ => {}
        }
    }
}

/// A swarm that does not listen yet.
pub(super) fn build<'a>(
    keypair: &Keypair,
    ledger: &LedgerId,
    allowed: impl Iterator<Item = &'a PeerId>,
    message_bytes_max: usize,
) -> Result<Swarm<Behaviour>, GossipError> {
    let setup = |error: &dyn std::fmt::Display| GossipError::Setup(error.to_string());
    let mut behaviour = Behaviour {
        limits: libp2p_connection_limits::Behaviour::new(connection_limits()),
        allowed: libp2p_allow_block_list::Behaviour::default(),
        gossipsub: gossipsub_of(ledger, message_bytes_max)?,
    };
    for peer in allowed {
        behaviour.allowed.allow_peer(*peer);
    }
    behaviour
        .gossipsub
        .subscribe(&topic(ledger))
        .map_err(|error| setup(&error))?;
    let swarm = SwarmBuilder::with_existing_identity(keypair.clone())
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            noise::Config::new,
            yamux::Config::default,
        )
        .map_err(|error| setup(&error))?
        .with_behaviour(|_| behaviour)
        .map_err(|error| setup(&error))?
        .with_swarm_config(|swarm| swarm.with_idle_connection_timeout(IDLE_TIMEOUT))
        .with_connection_timeout(CONNECT_TIMEOUT)
        .build();
    Ok(swarm)
}

fn connection_limits() -> ConnectionLimits {
    let validators = u32::try_from(VALIDATORS_MAX).unwrap_or(u32::MAX);
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(PENDING_CONNECTIONS_MAX))
        .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER_MAX))
        .with_max_established(Some(validators.saturating_mul(CONNECTIONS_PER_PEER_MAX)))
}

/// gossipsub as a permissioned mesh of at most 100 validators needs it: no signatures (content
/// carries its own), the content's hash as id, nothing relayed before it was checked.
fn gossipsub_of(ledger: &LedgerId, message_bytes_max: usize) -> Result<Gossipsub, GossipError> {
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(|message| MessageId::from(blake3::hash(&message.data).as_bytes().as_slice()))
        .max_transmit_size(message_bytes_max.saturating_add(FRAME_BYTES))
        .flood_publish(true)
        .heartbeat_interval(Duration::from_secs(1))
        .heartbeat_initial_delay(Duration::from_millis(100))
        // Messages kept for peers that ask for them: three heartbeats, 12 MB at 4 MB/s.
        .history_length(3)
        .history_gossip(2)
        .connection_handler_queue_len(GOSSIP_PEER_QUEUE_MAX)
        .build()
        .map_err(|error| GossipError::Setup(error.to_string()))?;
    let filter = MaxCountSubscriptionFilter {
        filter: WhitelistSubscriptionFilter(HashSet::from([topic(ledger).hash()])),
        max_subscribed_topics: 1,
        max_subscriptions_per_request: 4,
    };
    Gossipsub::new_with_subscription_filter(MessageAuthenticity::Anonymous, config, filter)
        .map_err(|error| GossipError::Setup(error.to_owned()))
}

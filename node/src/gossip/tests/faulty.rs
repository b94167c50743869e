//! Strangers, foreign ledgers, and listed peers that send what they should not, played by swarms
//! in the test's own hands.

use deedbook_schemas::limits::GOSSIP_MESSAGE_BYTES_MAX;
use futures::StreamExt as _;
use libp2p::Swarm;
use libp2p::gossipsub::{self, PublishError as GossipsubError};
use libp2p::swarm::SwarmEvent;

use super::super::network::{self, Behaviour, BehaviourEvent};
use super::*;

const FOREIGN: LedgerId = LedgerId([2; 32]);

/// A swarm of the same build in the test's own hands.
fn raw(number: u8, ledger: &LedgerId, message_bytes_max: usize) -> Swarm<Behaviour> {
    let peers: Vec<PeerId> = (1..10).map(id).collect();
    network::build(&key(number), ledger, peers.iter(), message_bytes_max).unwrap()
}

/// Runs the swarm until `seen` says so.
async fn run_until(
    swarm: &mut Swarm<Behaviour>,
    mut seen: impl FnMut(&SwarmEvent<BehaviourEvent>) -> bool,
) {
    within(async { while !seen(&swarm.select_next_some().await) {} }).await;
}

fn is_subscribed(event: &SwarmEvent<BehaviourEvent>) -> bool {
    let SwarmEvent::Behaviour(BehaviourEvent::Gossipsub(event)) = event else {
        return false;
    };
    matches!(event, gossipsub::Event::Subscribed { .. })
}

#[tokio::test]
async fn a_stranger_hears_nothing_and_is_not_heard() {
    let (a, mut b) = pair().await;
    let mut stranger = raw(9, &LEDGER, GOSSIP_MESSAGE_BYTES_MAX);
    for _ in 0..2 {
        stranger.dial(a.address()).unwrap();
        run_until(&mut stranger, |event| {
            assert!(!is_subscribed(event), "the stranger was let in");
            matches!(
                event,
                SwarmEvent::ConnectionClosed { .. } | SwarmEvent::OutgoingConnectionError { .. }
            )
        })
        .await;
    }
    let spoken = stranger
        .behaviour_mut()
        .gossipsub
        .publish(network::topic(&LEDGER), [1]);
    assert!(
        matches!(spoken, Err(GossipsubError::NoPeersSubscribedToTopic)),
        "{spoken:?}"
    );
    a.handle.publish_tip(Height(1)).unwrap();
    assert_eq!(
        b.next().await,
        (id(1), tip(1)),
        "the others are not disturbed"
    );
    assert_eq!(a.handle.peers_connected(), 1);
    assert_eq!(a.handle.stats().received, 0);
}

#[tokio::test]
async fn a_listed_node_of_a_foreign_ledger_hears_nothing_and_is_not_heard() {
    let a = node(1, vec![caller(2), caller(3)]).await;
    let mut b = node(2, vec![a.address()]).await;
    a.connected_to(1).await;
    let mut foreign = raw(3, &FOREIGN, GOSSIP_MESSAGE_BYTES_MAX);
    foreign.dial(a.address()).unwrap();
    let established =
        |event: &SwarmEvent<_>| matches!(event, SwarmEvent::ConnectionEstablished { .. });
    run_until(&mut foreign, established).await;

    a.handle.publish_tip(Height(1)).unwrap();
    assert_eq!(b.next().await, (id(1), tip(1)));
    for ledger in [&FOREIGN, &LEDGER] {
        let spoken = foreign
            .behaviour_mut()
            .gossipsub
            .publish(network::topic(ledger), [1]);
        assert!(
            matches!(spoken, Err(GossipsubError::NoPeersSubscribedToTopic)),
            "{spoken:?}"
        );
    }
    assert_eq!(
        a.handle.peers_connected(),
        1,
        "connected, but of no use to this ledger"
    );
    assert_eq!(a.handle.stats().received, 0);
    a.stop().await;
    run_until(&mut foreign, |event| {
        assert!(
            !matches!(event, SwarmEvent::Behaviour(_)),
            "heard {event:?}"
        );
        matches!(event, SwarmEvent::ConnectionClosed { .. })
    })
    .await;
}

#[tokio::test]
async fn garbage_from_a_listed_peer_is_dropped_counted_and_not_relayed() {
    let mut a = node(1, vec![caller(2), caller(3)]).await;
    let mut b = node(2, vec![a.address()]).await;
    a.connected_to(1).await;
    let mut faulty = raw(3, &LEDGER, GOSSIP_MESSAGE_BYTES_MAX);
    faulty.dial(a.address()).unwrap();
    run_until(&mut faulty, is_subscribed).await;

    let empty_bundle = GossipMessage::Bundles(vec![vec![]]).encode(1);
    for bytes in [
        vec![0xff; 100],
        vec![0x82, 1, 0x82, 9, 0x81, 3],
        empty_bundle,
    ] {
        faulty
            .behaviour_mut()
            .gossipsub
            .publish(network::topic(&LEDGER), bytes)
            .unwrap();
    }
    let driver = tokio::spawn(drive_and_repeat(
        faulty,
        GossipMessage::Cosignature(cosignature()),
    ));
    let good = GossipMessage::Cosignature(cosignature());
    assert_eq!(
        a.next().await,
        (id(3), good.clone()),
        "the first that is delivered"
    );
    assert_eq!(a.handle.stats().malformed, 3);
    assert_eq!(b.next().await, (id(1), good), "the first that is relayed");
    assert_eq!(b.handle.stats().malformed, 0);
    driver.abort();
}

#[tokio::test]
async fn an_oversized_message_is_not_read_and_harms_nobody() {
    let mut a = node(1, vec![caller(2), caller(3)]).await;
    let b = node(2, vec![a.address()]).await;
    a.connected_to(1).await;
    b.connected_to(1).await;
    let mut faulty = raw(3, &LEDGER, 8 * GOSSIP_MESSAGE_BYTES_MAX);
    faulty.dial(a.address()).unwrap();
    run_until(&mut faulty, is_subscribed).await;
    let huge = vec![0x82; 4 * GOSSIP_MESSAGE_BYTES_MAX];
    faulty
        .behaviour_mut()
        .gossipsub
        .publish(network::topic(&LEDGER), huge)
        .unwrap();
    let driver = tokio::spawn(drive_and_repeat(faulty, tip(4)));
    for height in 0..20 {
        b.handle.publish_tip(Height(height)).unwrap();
        assert_eq!(a.next().await, (id(2), tip(height)));
    }
    let stats = a.handle.stats();
    assert!(stats.received_bytes < 1_000, "{stats:?}");
    driver.abort();
}

#[tokio::test]
async fn the_tip_is_repeated_and_a_silent_peer_is_disconnected() {
    let timing = Timing {
        heartbeat: Duration::from_millis(50),
        silence: Duration::from_millis(1_500),
    };
    let (handle, inbox) = start_with(config(1, vec![caller(3)]), timing)
        .await
        .unwrap();
    let a = Node { handle, inbox };
    let mut silent = raw(3, &LEDGER, GOSSIP_MESSAGE_BYTES_MAX);
    silent.dial(a.address()).unwrap();
    run_until(&mut silent, is_subscribed).await;
    a.handle.publish_tip(Height(6)).unwrap();
    let mut tips = 0;
    run_until(&mut silent, |event| {
        if let SwarmEvent::Behaviour(BehaviourEvent::Gossipsub(gossipsub::Event::Message {
            message,
            ..
        })) = event
        {
            tips += usize::from(GossipMessage::decode(&message.data) == Ok(tip(6)));
        }
        matches!(event, SwarmEvent::ConnectionClosed { .. })
    })
    .await;
    assert!(tips > 1, "{tips} tips before the connection was closed");
    a.connected_to(0).await;
}

/// Runs a swarm for ever, and publishes `message` again and again.
async fn drive_and_repeat(mut swarm: Swarm<Behaviour>, message: GossipMessage) {
    let mut again = tokio::time::interval(Duration::from_millis(100));
    let mut nonce = 100;
    loop {
        tokio::select! {
            _ = swarm.select_next_some() => {}
            _ = again.tick() => {
                nonce += 1;
                let bytes = message.encode(nonce);
                // No peer for a moment, when the other side has reset the stream.
                drop(swarm.behaviour_mut().gossipsub.publish(network::topic(&LEDGER), bytes));
            }
        }
    }
}

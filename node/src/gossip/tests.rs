//! Real swarms on loopback, on ports that the system chooses. Peers that misbehave: `faulty`.

mod faulty;

use std::time::Duration;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::Signature;
use deedbook_schemas::limits::{BUNDLE_BYTES_MAX, RECORD_BYTES_MAX};

use super::*;

const LEDGER: LedgerId = LedgerId([1; 32]);

/// No heartbeats between the messages of a test.
const QUIET: Timing = Timing {
    heartbeat: Duration::from_secs(3_600),
    silence: Duration::from_secs(3_600),
};

struct Node {
    handle: GossipHandle,
    inbox: GossipInbox,
}

impl Node {
    /// Its address with its id, as others list it.
    fn address(&self) -> Multiaddr {
        let listen = self.handle.listen_address().clone();
        listen.with(Protocol::P2p(self.handle.peer_id()))
    }

    async fn connected_to(&self, peers: usize) {
        let mut connected = self.handle.connected();
        within(connected.wait_for(|connected| connected.len() == peers))
            .await
            .unwrap();
    }

    async fn next(&mut self) -> (PeerId, GossipMessage) {
        within(self.inbox.recv()).await.expect("the network runs")
    }

    /// The bundles of the next messages, until there are `count`.
    async fn bundles(&mut self, count: usize) -> Vec<Vec<RecordBytes>> {
        let mut all = Vec::new();
        while all.len() < count {
            let (_, GossipMessage::Bundles(bundles)) = self.next().await else {
                panic!("only bundles were sent");
            };
            all.extend(bundles);
        }
        all
    }

    /// Stops the network and waits until its port is free.
    async fn stop(self) {
        let Self { handle, mut inbox } = self;
        drop(handle);
        while within(inbox.recv()).await.is_some() {}
    }
}

/// A guard against hanging, not a bound on speed.
async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect("nothing for a minute")
}

fn key(number: u8) -> Keypair {
    keypair([number; 32])
}

fn id(number: u8) -> PeerId {
    key(number).public().to_peer_id()
}

/// An entry for a peer that is expected to call, not to be called.
fn caller(number: u8) -> Multiaddr {
    format!("/ip4/127.0.0.1/tcp/1/p2p/{}", id(number))
        .parse()
        .unwrap()
}

fn config(number: u8, peers: Vec<Multiaddr>) -> GossipConfig {
    let listen = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
    GossipConfig {
        listen,
        peers,
        keypair: key(number),
        ledger: LEDGER,
    }
}

async fn node(number: u8, peers: Vec<Multiaddr>) -> Node {
    let (handle, inbox) = start_with(config(number, peers), QUIET).await.unwrap();
    Node { handle, inbox }
}

/// Two nodes that are connected.
async fn pair() -> (Node, Node) {
    let a = node(1, vec![caller(2)]).await;
    let b = node(2, vec![a.address()]).await;
    a.connected_to(1).await;
    b.connected_to(1).await;
    (a, b)
}

fn bundle(text: &str) -> Vec<RecordBytes> {
    vec![
        text.as_bytes().into(),
        [text, "!"].concat().as_bytes().into(),
    ]
}

fn tip(height: u64) -> GossipMessage {
    GossipMessage::Tip {
        height: Height(height),
    }
}

fn cosignature() -> CosignatureMessage {
    CosignatureMessage {
        tree_size: 5,
        root: TreeHash([5; 32]),
        name: "notaries".to_owned(),
        time: Seconds(7),
        signature: Signature([7; 64]),
    }
}

#[tokio::test]
async fn everything_one_node_publishes_reaches_the_other() {
    let (a, mut b) = pair().await;
    assert_eq!(
        (a.handle.peers_connected(), b.handle.peers_connected()),
        (1, 1)
    );
    a.handle.publish_bundle(bundle("deed")).unwrap();
    assert_eq!(
        b.next().await,
        (id(1), GossipMessage::Bundles(vec![bundle("deed")]))
    );
    a.handle.publish_tip(Height(3)).unwrap();
    assert_eq!(b.next().await, (id(1), tip(3)));
    a.handle.publish_cosignature(cosignature()).unwrap();
    assert_eq!(
        b.next().await,
        (id(1), GossipMessage::Cosignature(cosignature()))
    );
    a.handle.publish_tip(Height(3)).unwrap();
    assert_eq!(
        b.next().await,
        (id(1), tip(3)),
        "the same again is sent again"
    );
    assert_eq!(
        (a.handle.stats().published, b.handle.stats().received),
        (4, 4)
    );
}

#[tokio::test]
async fn bundles_submitted_together_travel_together_and_in_order() {
    let (a, mut b) = pair().await;
    let sent: Vec<_> = (0..200)
        .map(|number| bundle(&format!("deed {number}")))
        .collect();
    for bundle in &sent {
        a.handle.publish_bundle(bundle.clone()).unwrap();
    }
    assert_eq!(b.bundles(200).await, sent);
    assert!(b.handle.stats().received < 200);
}

#[tokio::test]
async fn the_largest_bundles_arrive() {
    let (a, mut b) = pair().await;
    let largest = |byte: u8| -> Vec<RecordBytes> {
        let rest = BUNDLE_BYTES_MAX % RECORD_BYTES_MAX;
        let whole = std::iter::repeat_n(RECORD_BYTES_MAX, BUNDLE_BYTES_MAX / RECORD_BYTES_MAX);
        whole
            .chain([rest])
            .map(|bytes| vec![byte; bytes].into())
            .collect()
    };
    a.handle.publish_bundle(largest(1)).unwrap();
    a.handle.publish_bundle(largest(2)).unwrap();
    assert_eq!(b.bundles(2).await, [largest(1), largest(2)]);
    assert_eq!(b.handle.stats().received, 2);

    let too_long = vec![vec![1; RECORD_BYTES_MAX + 1].into()];
    let error = MessageError::RecordBytes(RECORD_BYTES_MAX + 1);
    assert_eq!(
        a.handle.publish_bundle(too_long),
        Err(PublishError::Limits(error))
    );
    let none = MessageError::Records(0);
    assert_eq!(
        a.handle.publish_bundle(vec![]),
        Err(PublishError::Limits(none))
    );
}

#[tokio::test]
async fn four_validators_hear_each_other_once() {
    let a = node(1, vec![caller(2), caller(3), caller(4)]).await;
    let b = node(2, vec![a.address(), caller(3), caller(4)]).await;
    let c = node(3, vec![a.address(), b.address(), caller(4)]).await;
    let d = node(4, vec![a.address(), b.address(), c.address()]).await;
    let mut nodes = [a, b, c, d];
    for node in &nodes {
        node.connected_to(3).await;
    }
    let text = |from: usize, number: usize| format!("deed {number} by node {from}");
    for (from, node) in nodes.iter().enumerate() {
        for number in 0..20 {
            node.handle
                .publish_bundle(bundle(&text(from, number)))
                .unwrap();
        }
    }
    for (to, node) in nodes.iter_mut().enumerate() {
        let mut got = node.bundles(60).await;
        let others = (0..4).filter(|from| *from != to);
        let mut sent: Vec<_> = others
            .flat_map(|from| (0..20).map(move |number| bundle(&text(from, number))))
            .collect();
        got.sort();
        sent.sort();
        assert_eq!(got, sent);
    }
}

#[tokio::test]
async fn what_one_peer_says_is_relayed_to_peers_it_does_not_reach() {
    let hub = node(1, vec![caller(2), caller(3)]).await;
    let left = node(2, vec![hub.address()]).await;
    let mut right = node(3, vec![hub.address()]).await;
    hub.connected_to(2).await;
    right.connected_to(1).await;
    left.connected_to(1).await;
    // The mesh through which messages are relayed forms with a heartbeat; until then the owner
    // of a pending bundle broadcasts it again, as here.
    let mut again = tokio::time::interval(Duration::from_millis(100));
    let (from, message) = within(async {
        loop {
            tokio::select! {
                message = right.inbox.recv() => return message.expect("the network runs"),
                _ = again.tick() => left.handle.publish_bundle(bundle("deed")).unwrap(),
            }
        }
    })
    .await;
    assert_eq!(from, id(1), "delivered by the hub");
    let GossipMessage::Bundles(bundles) = message else {
        panic!("{message:?}")
    };
    assert!(bundles.iter().all(|one| *one == bundle("deed")));
}

#[tokio::test]
async fn a_pending_bundle_reaches_a_late_joiner_when_it_is_broadcast_again() {
    let a = node(1, vec![caller(2)]).await;
    a.handle.publish_bundle(bundle("deed")).unwrap();
    let mut late = node(2, vec![a.address()]).await;
    a.connected_to(1).await;
    a.handle.publish_bundle(bundle("deed")).unwrap();
    let got = late.bundles(1).await;
    assert!(got.iter().all(|one| *one == bundle("deed")));
}

#[tokio::test]
async fn peers_find_each_other_again_after_either_has_restarted() {
    let (a, b) = pair().await;
    let (a_address, a_listen) = (a.address(), a.handle.listen_address().clone());
    a.stop().await;
    b.connected_to(0).await;
    let again = GossipConfig {
        listen: a_listen,
        ..config(1, vec![caller(2)])
    };
    let (handle, inbox) = start_with(again, QUIET).await.unwrap();
    let mut a = Node { handle, inbox };
    a.connected_to(1).await;
    b.connected_to(1).await;
    b.handle.publish_tip(Height(8)).unwrap();
    assert_eq!(a.next().await, (id(2), tip(8)));

    b.stop().await;
    a.connected_to(0).await;
    let mut b = node(2, vec![a_address]).await;
    a.connected_to(1).await;
    b.connected_to(1).await;
    a.handle.publish_tip(Height(9)).unwrap();
    assert_eq!(b.next().await, (id(1), tip(9)));
}

#[tokio::test]
async fn an_occupied_port_stops_the_start_and_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let by_program = format!("/ip4/127.0.0.1/tcp/{}", other.local_addr().unwrap().port());
    let running = node(1, vec![]).await;
    let by_node = running.handle.listen_address().to_string();
    for listen in [by_program, by_node] {
        let taken = GossipConfig {
            listen: listen.parse().unwrap(),
            ..config(2, vec![])
        };
        let error = start(taken).await.unwrap_err().to_string();
        assert!(
            error.contains(&listen) && error.contains("in use"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn addresses_of_another_form_are_refused() {
    let peer = id(2);
    for address in [
        "/ip4/127.0.0.1/tcp/4000".to_owned(),
        format!("/ip6/::1/tcp/4000/p2p/{peer}"),
        format!("/dns4/node.example/tcp/4000/p2p/{peer}"),
        format!("/ip4/127.0.0.1/udp/4000/p2p/{peer}"),
        format!("/ip4/127.0.0.1/tcp/4000/ws/p2p/{peer}"),
    ] {
        let refused = start(config(1, vec![address.parse().unwrap()])).await;
        assert!(
            matches!(refused, Err(GossipError::Address { .. })),
            "{address}"
        );
    }
    for listen in ["/ip6/::1/tcp/0", "/ip4/127.0.0.1/udp/0", "/ip4/127.0.0.1"] {
        let wrong = GossipConfig {
            listen: listen.parse().unwrap(),
            ..config(1, vec![])
        };
        assert!(
            matches!(start(wrong).await, Err(GossipError::Address { .. })),
            "{listen}"
        );
    }
    let twice = start(config(1, vec![caller(2), caller(2)])).await;
    assert!(matches!(twice, Err(GossipError::DuplicatePeer(_))));
    let many = vec![caller(2); VALIDATORS_MAX + 1];
    assert!(matches!(
        start(config(1, many)).await,
        Err(GossipError::TooManyPeers(101))
    ));
    let own = start(config(1, vec![caller(1)])).await;
    assert!(own.is_ok(), "one list may serve all nodes");
}

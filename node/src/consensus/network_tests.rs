//! Four engines on loopback over a ledger in memory.

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::testing::{Memory, NODES, create_guard, open_guard, validators};
use super::*;

/// One node that runs.
struct Running {
    gate: IdleGate,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Fatal>>,
}

struct Network {
    folder: tempfile::TempDir,
    ports: Vec<u16>,
    ledgers: Vec<Arc<Memory>>,
    running: Vec<Option<Running>>,
}

fn network_key(index: usize) -> libp2p::identity::Keypair {
    libp2p::identity::Keypair::ed25519_from_bytes([u8::try_from(index).unwrap() + 101; 32]).unwrap()
}

/// Ports that were free a moment ago, all different.
fn free_ports() -> Vec<u16> {
    let listeners: Vec<_> = (0..NODES)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    listeners
        .iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect()
}

impl Network {
    fn new() -> Self {
        let ledgers = (0..NODES).map(|_| Arc::new(Memory::new(validators())));
        let folder = tempfile::tempdir().unwrap();
        (0..NODES).for_each(|index| create_guard(folder.path(), index));
        let (ports, running) = (free_ports(), (0..NODES).map(|_| None).collect());
        Self {
            folder,
            ports,
            ledgers: ledgers.collect(),
            running,
        }
    }

    fn address(&self, index: usize) -> Multiaddr {
        format!("/ip4/127.0.0.1/tcp/{}", self.ports[index])
            .parse()
            .unwrap()
    }

    fn start(&mut self, index: usize) {
        let peers = (0..NODES).filter(|other| *other != index).map(|other| {
            self.address(other)
                .with(Protocol::P2p(network_key(other).public().to_peer_id()))
        });
        let config = ConsensusConfig {
            moniker: format!("node{index}"),
            listen: self.address(index),
            peers: peers.collect(),
            network_key: network_key(index),
            wal: self.folder.path().join(format!("wal{index}")),
            timeouts: Timeouts::default(),
        };
        let guard = open_guard(self.folder.path(), index);
        let ledger: Arc<dyn Application> = self.ledgers[index].clone();
        let (gate, (stop, stopped)) = (IdleGate::default(), oneshot::channel());
        let (events, _) = broadcast::channel(16);
        let shutdown = async move { stopped.await.unwrap_or(()) };
        let task = tokio::spawn(run(config, ledger, guard, gate.clone(), events, shutdown));
        self.running[index] = Some(Running { gate, stop, task });
    }

    async fn stop(&mut self, index: usize) {
        let Running { stop, task, .. } = self.running[index].take().unwrap();
        stop.send(()).unwrap();
        task.await.unwrap().unwrap();
    }

    /// Gives every running node a record and wakes it, as mempool gossip does.
    fn submit(&self, record: &[u8]) {
        for (ledger, running) in self.ledgers.iter().zip(&self.running) {
            ledger.pool.lock().unwrap().push(record.to_vec());
            if let Some(running) = running {
                running.gate.wake(ledger.tip().next());
            }
        }
    }

    /// Waits until the nodes that run have decided `height`; a node that stops fails the test.
    async fn reach(&mut self, height: u64) {
        for (ledger, running) in self.ledgers.iter().zip(&mut self.running) {
            if let Some(running) = running {
                tokio::select! {
                    () = ledger.reaches(Height(height)) => {}
                    ended = &mut running.task => panic!("a node ended: {ended:?}"),
                }
            }
        }
    }

    fn tips(&self) -> Vec<u64> {
        self.ledgers.iter().map(|ledger| ledger.tip().0).collect()
    }

    fn start_all(&mut self) {
        (0..NODES).for_each(|index| self.start(index));
    }

    async fn stop_all(&mut self) {
        for index in 0..NODES {
            if self.running[index].is_some() {
                self.stop(index).await;
            }
        }
    }

    /// Decides a record with another node away, so that it takes `index`'s votes.
    async fn needs(&mut self, index: usize, record: &[u8]) {
        self.stop((index + 1) % NODES).await;
        self.submit(record);
        let mut tip = self.ledgers[index].tip().0;
        while !self.ledgers[index]
            .records()
            .iter()
            .any(|one| one == record)
        {
            tip += 1;
            self.reach(tip).await;
        }
    }

    fn assert_agreement(&self) {
        let first = self.ledgers[0].ids();
        for ledger in &self.ledgers {
            assert_eq!(ledger.ids(), first);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_decide_stand_still_wake_and_take_back_one_that_was_away() {
    let mut network = Network::new();
    network.start_all();
    // Every node starts the first height of its own accord. From then on: one block a record.
    network.reach(1).await;
    for height in 2..=20 {
        network.submit(&[u8::try_from(height).unwrap()]);
        network.reach(height).await;
    }
    network.assert_agreement();
    let records = network.ledgers[0].records();
    assert_eq!(records.len(), 19, "each record once: {records:?}");

    // Nobody wants height 21: for two seconds of the engines' clock nothing is decided.
    for ledger in &network.ledgers {
        ledger.statuses(3).await;
    }
    assert_eq!(network.tips(), vec![20; NODES]);
    network.submit(b"after idling");
    network.reach(21).await;
    assert_eq!(network.ledgers[0].records().len(), 20);

    // Three go on while one is away; it comes back, starts of its own accord, and catches up.
    network.stop(3).await;
    for height in 22..=25 {
        network.submit(&[u8::try_from(height).unwrap()]);
        network.reach(height).await;
    }
    network.start(3);
    network.reach(25).await;
    network.needs(3, b"with the returned").await;
    network.stop_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_waking_node_wakes_the_others() {
    let mut network = Network::new();
    network.start_all();
    network.reach(1).await;
    network.running[2].as_ref().unwrap().gate.wake(Height(2));
    network.reach(2).await;
    network.assert_agreement();
    network.stop_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lost_its_store_and_log_but_not_its_guard_catches_up_and_votes_again() {
    let mut network = Network::new();
    network.start_all();
    network.reach(1).await;
    for height in 2..=40 {
        network.submit(&[u8::try_from(height).unwrap()]);
        network.reach(height).await;
    }
    network.stop(3).await;
    network.ledgers[3] = Arc::new(Memory::new(validators()));
    std::fs::remove_file(network.folder.path().join("wal3")).unwrap();
    network.start(3);
    network.reach(40).await;
    network.needs(3, b"with the restored").await;
    network.stop_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_stopped_as_a_whole_goes_on_also_without_the_engines_logs() {
    let mut network = Network::new();
    for _ in 0..2 {
        network.start_all();
        let tip = network.tips().into_iter().max().unwrap();
        network.reach(tip + 1).await;
        network.submit(&tip.to_be_bytes());
        network.reach(tip + 2).await;
        network.stop_all().await;
        for index in 0..NODES {
            std::fs::remove_file(network.folder.path().join(format!("wal{index}"))).unwrap();
        }
    }
    network.start_all();
    let tip = network.tips().into_iter().max().unwrap();
    network.reach(tip + 1).await;
    network.stop_all().await;
}

//! Four engines on loopback over a ledger in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use deedbook_schemas::block::{Block, BlockTime, Header};
use deedbook_schemas::digest::{StateRoot, TreeHash};
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::validators::Validator;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::*;

const LEDGER: LedgerId = LedgerId([7; 32]);
const NODES: usize = 4;

/// A ledger whose law is: a block follows the tip, and its header counts its records.
struct Memory {
    validators: ValidatorSet,
    chain: watch::Sender<BTreeMap<Height, (Block, Certificate)>>,
    proposals: Mutex<Vec<StoredProposal>>,
    /// Records that wait, as a mempool has them.
    pool: Mutex<Vec<Vec<u8>>>,
}

impl Memory {
    fn new(validators: ValidatorSet) -> Self {
        let (chain, proposals, pool) = Default::default();
        Self {
            validators,
            chain: watch::Sender::new(chain),
            proposals,
            pool,
        }
    }

    fn head(&self) -> (Height, BlockId, u64) {
        self.chain
            .borrow()
            .last_key_value()
            .map_or((Height(0), BlockId(LEDGER.0), 0), |(height, (block, _))| {
                (*height, block.header.id(), block.header.tree_size)
            })
    }

    fn block(&self, proposer: ValidatorAddress, records: Vec<Vec<u8>>) -> Block {
        let (tip, previous, size) = self.head();
        let tree_size = size + u64::try_from(records.len()).unwrap();
        let header = Header {
            ledger: LEDGER,
            height: tip.next(),
            time: BlockTime(tip.next().0),
            proposer,
            previous,
            tree_size,
            tree_root: TreeHash([0; 32]),
            state_root: StateRoot([0; 32]),
            next_validators: self.validators.id(),
        };
        Block { header, records }
    }

    async fn reaches(&self, height: Height) {
        let tall = |chain: &BTreeMap<_, _>| chain.len() as u64 >= height.0;
        self.chain.subscribe().wait_for(tall).await.unwrap();
    }

    fn ids(&self) -> Vec<BlockId> {
        self.chain
            .borrow()
            .values()
            .map(|(block, _)| block.header.id())
            .collect()
    }

    fn records(&self) -> Vec<Vec<u8>> {
        self.chain
            .borrow()
            .values()
            .flat_map(|(block, _)| block.records.clone())
            .collect()
    }
}

impl Application for Memory {
    fn ledger_id(&self) -> LedgerId {
        LEDGER
    }

    fn tip(&self) -> Height {
        self.head().0
    }

    fn history_min(&self) -> Height {
        Height(1)
    }

    fn validators(&self, _: Height) -> Result<ValidatorSet, Fatal> {
        Ok(self.validators.clone())
    }

    fn build(&self, _: Height, by: ValidatorAddress) -> Result<(Vec<u8>, BlockId), Fatal> {
        let block = self.block(by, self.pool.lock().unwrap().clone());
        Ok((block.encode(), block.header.id()))
    }

    fn check(&self, bytes: &[u8], _: Source) -> Result<Result<BlockId, String>, Fatal> {
        let Ok(block) = Block::decode(bytes) else {
            return Ok(Err("no block".to_owned()));
        };
        let expected = self.block(block.header.proposer, block.records.clone());
        let lawful = block == expected;
        Ok(if lawful {
            Ok(block.header.id())
        } else {
            Err("not reproduced".to_owned())
        })
    }

    fn keep_proposal(&self, proposal: &StoredProposal) -> Result<(), Fatal> {
        self.proposals.lock().unwrap().push(proposal.clone());
        Ok(())
    }

    fn proposals(&self, height: Height) -> Result<Vec<StoredProposal>, Fatal> {
        let kept = self.proposals.lock().unwrap();
        Ok(kept
            .iter()
            .filter(|one| one.height == height)
            .cloned()
            .collect())
    }

    fn commit(&self, certificate: &Certificate) -> Result<(), Fatal> {
        certificate
            .verify(&LEDGER, &self.validators)
            .map_err(|e| Fatal::new(e.to_string()))?;
        let kept = self.proposals(certificate.height)?;
        let kept = kept.into_iter().find(|one| one.block == certificate.block);
        let kept = kept.ok_or_else(|| Fatal::new("decided an unknown block"))?;
        let block = Block::decode(&kept.bytes).map_err(|e| Fatal::new(e.to_string()))?;
        if certificate.height != self.tip().next() {
            return Err(Fatal::new("decided a height twice"));
        }
        self.proposals.lock().unwrap().clear();
        self.pool
            .lock()
            .unwrap()
            .retain(|record| !block.records.contains(record));
        self.chain.send_modify(|chain| {
            chain.insert(certificate.height, (block, certificate.clone()));
        });
        Ok(())
    }

    fn update_certificate(&self, certificate: &Certificate) -> Result<(), Fatal> {
        self.chain.send_modify(|chain| {
            if let Some((_, kept)) = chain.get_mut(&certificate.height) {
                *kept = certificate.clone();
            }
        });
        Ok(())
    }

    fn decided(&self, height: Height) -> Result<Option<(Vec<u8>, Certificate)>, Fatal> {
        let chain = self.chain.borrow();
        Ok(chain
            .get(&height)
            .map(|(block, certificate)| (block.encode(), certificate.clone())))
    }
}

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

fn key(index: usize) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(index).unwrap() + 1; 32])
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
        let validators = (0..NODES).map(|index| Validator {
            name: format!("validator{index}"),
            consensus_key: PublicKey::of(&key(index)),
            note_key: PublicKey::of(&key(index + 50)),
            power: 1,
        });
        let validators = ValidatorSet::new(validators.collect()).unwrap();
        let ledgers = (0..NODES).map(|_| Arc::new(Memory::new(validators.clone())));
        let folder = tempfile::tempdir().unwrap();
        for index in 0..NODES {
            let path = folder.path().join(format!("guard{index}"));
            SigningGuard::create(&path, &LEDGER, &PublicKey::of(&key(index))).unwrap();
        }
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
        let path = self.folder.path().join(format!("guard{index}"));
        let guard = Arc::new(SigningGuard::open(&path, &LEDGER, key(index)).unwrap());
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
    for index in 0..NODES {
        network.start(index);
    }
    // Every node starts the first height of its own accord. From then on: one block a record.
    network.reach(1).await;
    for height in 2..=20 {
        network.submit(&[u8::try_from(height).unwrap()]);
        network.reach(height).await;
    }
    network.assert_agreement();
    let records = network.ledgers[0].records();
    assert_eq!(records.len(), 19, "each record once: {records:?}");

    // Nobody wants height 21 unless asked: every engine sits in the commit step of height 20, and
    // one that slipped through would show up below as a block without a record.
    assert_eq!(network.tips(), vec![20; NODES]);
    network.submit(b"after idling");
    network.reach(21).await;
    assert_eq!(
        network.ledgers[0].records().last(),
        Some(&b"after idling".to_vec())
    );
    assert_eq!(network.ledgers[0].records().len(), 20);

    // Three go on while one is away; it comes back, starts of its own accord, and catches up.
    network.stop(3).await;
    for height in 22..=25 {
        network.submit(&[u8::try_from(height).unwrap()]);
        network.reach(height).await;
    }
    network.start(3);
    network.reach(25).await;
    // It takes part again: its ledger gets the next record with everybody else's.
    let tip = network.tips().into_iter().max().unwrap();
    network.submit(b"all four");
    network.reach(tip + 1).await;
    let has = |ledger: &Memory| ledger.records().contains(&b"all four".to_vec());
    let tip = network.tips().into_iter().max().unwrap();
    if !network.ledgers.iter().all(|ledger| has(ledger)) {
        network.reach(tip + 1).await;
    }
    let tip = network.tips().into_iter().max().unwrap();
    network.reach(tip).await;
    assert!(network.ledgers.iter().all(|ledger| has(ledger)));
    network.assert_agreement();
    for index in 0..NODES {
        network.stop(index).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_waking_node_wakes_the_others() {
    let mut network = Network::new();
    for index in 0..NODES {
        network.start(index);
    }
    network.reach(1).await;
    network.running[2].as_ref().unwrap().gate.wake(Height(2));
    network.reach(2).await;
    network.assert_agreement();
    for index in 0..NODES {
        network.stop(index).await;
    }
}

use std::sync::Arc;

use arc_malachitebft_app::engine::host::SyncedValueOutcome;
use deedbook_schemas::block::Certificate;
use deedbook_schemas::keys::{PublicKey, Signature, SigningKey, sign};
use deedbook_schemas::limits::{BLOCK_BYTES_MAX, SYNC_BLOCKS_MAX, SYNC_BYTES_MAX};
use tokio::sync::{broadcast, mpsc};

use super::super::context::Members;
use super::super::testing::{LEDGER, Memory, NODES, create_guard, key, open_guard, validators};
use super::super::{Application, IdleGate, Timeouts};
use super::*;
use crate::consensus::signer::GuardedSigner;

/// A driver without an engine, for validator `index`.
struct Bench {
    folder: tempfile::TempDir,
    ledger: Arc<Memory>,
    driver: Driver,
    peer: PeerId,
    published: mpsc::Receiver<NetworkMsg<Ctx>>,
}

fn driver(
    folder: &tempfile::TempDir,
    ledger: &Arc<Memory>,
    index: usize,
    peer: PeerId,
) -> (Driver, mpsc::Receiver<NetworkMsg<Ctx>>) {
    let signer = GuardedSigner {
        guard: open_guard(folder.path(), index),
        ledger: LEDGER,
    };
    let application: Arc<dyn Application> = Arc::clone(ledger) as _;
    let (events, timeouts) = (broadcast::channel(1).0, Timeouts::default().linear());
    let (network, published) = mpsc::channel(100);
    let (gate, peers) = (IdleGate::default(), [peer].into());
    (
        Driver::new(application, signer, gate, events, timeouts, peers, network),
        published,
    )
}

fn bench(index: usize) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    (0..NODES).for_each(|index| create_guard(folder.path(), index));
    let ledger = Arc::new(Memory::new(validators()));
    let peer = PeerId::from_bytes(&libp2p::PeerId::random().to_bytes()).unwrap();
    let (driver, published) = driver(&folder, &ledger, index, peer);
    Bench {
        folder,
        ledger,
        driver,
        peer,
        published,
    }
}

impl Bench {
    /// All parts of a proposal; what the last one brought.
    async fn receive(&mut self, proposal: &StoredProposal) -> Option<ProposedValue<Ctx>> {
        let mut last = None;
        self.driver.streams += 1;
        for part in split(proposal, self.driver.streams) {
            last = self
                .driver
                .received_part(Some(self.peer), part)
                .await
                .unwrap();
        }
        last
    }
}

fn address(index: usize) -> ValidatorAddress {
    ValidatorAddress::of(&PublicKey::of(&key(index)))
}

/// The validator whose turn it is, by its test key.
fn proposer(height: Height, round: u32) -> usize {
    let turn = Members::from(&validators())
        .proposer(height, round)
        .address
        .0;
    (0..NODES).find(|index| address(*index) == turn).unwrap()
}

/// Signs the parts of a proposal as it is.
fn resign(proposal: &mut StoredProposal, by: &SigningKey) {
    let StoredProposal {
        height,
        round,
        block,
        ..
    } = *proposal;
    let message = parts_bytes(&LEDGER, height, round, &block, &proposal.bytes);
    proposal.signature = Some(sign(by, &message));
}

/// A block as the validator whose turn it is proposes it.
fn propose(height: Height, round: u32, block: &Block) -> StoredProposal {
    let turn = proposer(height, round);
    let (proposer, id, bytes) = (address(turn), block.header.id(), block.encode());
    let mut proposal = StoredProposal {
        height,
        round,
        proposer,
        block: id,
        bytes,
        signature: None,
    };
    resign(&mut proposal, &key(turn));
    proposal
}

/// An honest proposal of the validator whose turn it is.
fn honest(ledger: &Memory, round: u32, records: Vec<Vec<u8>>) -> StoredProposal {
    let height = ledger.tip().next();
    let block = ledger.block(address(proposer(height, round)), records);
    propose(height, round, &block)
}

/// The same height with a header that no execution gives.
fn unlawful(ledger: &Memory, round: u32, salt: u64) -> StoredProposal {
    let height = ledger.tip().next();
    let mut block = ledger.block(address(proposer(height, round)), vec![]);
    block.header.tree_size = 1_000 + salt;
    propose(height, round, &block)
}

#[tokio::test]
async fn a_lawful_block_is_kept_and_offered_and_opens_the_gate() {
    let mut bench = bench(0);
    let proposal = honest(&bench.ledger, 1, vec![vec![1; 40_000]; 8]);
    let value = bench.receive(&proposal).await.unwrap();
    assert_eq!(value.validity, Validity::Valid);
    assert_eq!((value.height.0, value.round), (Height(1), Round::new(1)));
    assert_eq!(value.value, Value(proposal.block));
    assert_eq!(*bench.ledger.proposals.lock().unwrap(), vec![proposal]);
    assert_eq!(bench.driver.gate.wanted(), Height(1));
}

#[tokio::test]
async fn what_is_not_its_proposers_block_is_dropped_and_opens_nothing() {
    let mut bench = bench(0);
    let good = honest(&bench.ledger, 0, vec![vec![1]]);
    let turn = proposer(Height(1), 0);
    let other = (turn + 1) % NODES;
    let mut altered = Block::decode(&good.bytes).unwrap();
    altered.records = vec![vec![2]];
    let spoil = |change: &dyn Fn(&mut StoredProposal)| {
        let mut proposal = good.clone();
        change(&mut proposal);
        proposal
    };
    let signing = |change: &dyn Fn(&mut StoredProposal)| {
        let mut proposal = spoil(change);
        resign(&mut proposal, &key(turn));
        proposal
    };
    let cases = [
        (
            "another's turn",
            spoil(&|one| one.proposer = address(other)),
        ),
        ("another round", spoil(&|one| one.round = 4)),
        (
            "no signature",
            spoil(&|one| one.signature = Some(Signature([0; 64]))),
        ),
        (
            "another's signature",
            spoil(&|one| resign(one, &key(other))),
        ),
        ("other records", spoil(&|one| one.bytes = altered.encode())),
        ("another id", signing(&|one| one.block = BlockId([9; 32]))),
        ("no block", signing(&|one| one.bytes = vec![1])),
        (
            "a far round",
            honest(&bench.ledger, ROUNDS_AHEAD_MAX + 1, vec![]),
        ),
    ];
    for (what, proposal) in cases {
        assert_eq!(bench.receive(&proposal).await, None, "{what}");
    }
    assert!(bench.ledger.proposals.lock().unwrap().is_empty());
    assert_eq!(bench.driver.gate.wanted(), Height(0));
    assert!(
        bench.receive(&good).await.is_some(),
        "none of it spoiled the honest block"
    );
}

#[tokio::test]
async fn an_unlawful_block_is_offered_as_invalid_and_never_kept() {
    let mut bench = bench(0);
    let value = bench.receive(&unlawful(&bench.ledger, 0, 1)).await.unwrap();
    assert_eq!(value.validity, Validity::Invalid);
    assert!(bench.ledger.proposals.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_dishonest_proposer_has_only_so_many_blocks_executed_a_round() {
    let mut bench = bench(0);
    for salt in 0..10 {
        let value = bench.receive(&unlawful(&bench.ledger, 0, salt)).await;
        assert_eq!(value.is_some(), salt < 3);
    }
    let next_round = honest(&bench.ledger, 1, vec![]);
    assert!(
        bench.receive(&next_round).await.is_some(),
        "the next proposer is not affected"
    );
}

#[tokio::test]
async fn kept_blocks_are_offered_in_their_round_again_after_a_restart() {
    let mut bench = bench(0);
    let proposal = honest(&bench.ledger, 1, vec![]);
    bench.receive(&proposal).await.unwrap();
    drop(bench.driver);
    let (mut driver, _published) = driver(&bench.folder, &bench.ledger, 0, bench.peer);
    assert_eq!(
        driver
            .started_round(Height(1), Round::new(0))
            .await
            .unwrap(),
        vec![]
    );
    let offered = driver
        .started_round(Height(1), Round::new(1))
        .await
        .unwrap();
    assert_eq!(
        offered
            .iter()
            .map(|value| value.value.0)
            .collect::<Vec<_>>(),
        vec![proposal.block]
    );
}

#[tokio::test]
async fn the_proposer_repeats_its_block_for_a_round_and_publishes_what_it_kept() {
    let own = proposer(Height(1), 0);
    let mut bench = bench(own);
    bench.ledger.pool.lock().unwrap().push(vec![1]);
    bench.driver.gate.wake(Height(1));
    let timeout = Duration::from_millis(500);
    let first = bench
        .driver
        .proposal(Height(1), 0, timeout)
        .await
        .unwrap()
        .unwrap();
    bench.ledger.pool.lock().unwrap().push(vec![2]);
    drop(bench.driver);
    let (mut driver, mut published) = driver(&bench.folder, &bench.ledger, own, bench.peer);
    let again = driver
        .proposal(Height(1), 0, timeout)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again, first);
    driver.publish(&again).await.unwrap();
    drop(driver);
    let mut parts = 0;
    while published.recv().await.is_some() {
        parts += 1;
    }
    assert_eq!(parts, 2, "the head and one piece");
    assert!(
        bench.published.try_recv().is_err(),
        "building alone publishes nothing"
    );
}

#[tokio::test]
async fn without_the_kept_block_the_guard_forbids_another_one_for_the_round() {
    let own = proposer(Height(1), 0);
    let mut bench = bench(own);
    let timeout = Duration::ZERO;
    assert!(
        bench
            .driver
            .proposal(Height(1), 0, timeout)
            .await
            .unwrap()
            .is_some()
    );
    bench.ledger.proposals.lock().unwrap().clear();
    bench.ledger.pool.lock().unwrap().push(vec![1]);
    assert_eq!(
        bench.driver.proposal(Height(1), 0, timeout).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_validator_locked_before_a_restart_proposes_the_block_it_is_locked_on() {
    let own = proposer(Height(1), 4);
    let mut bench = bench(own);
    let locked = honest(&bench.ledger, 1, vec![vec![1]]);
    bench.receive(&locked).await.unwrap();
    let position = Position {
        height: Height(1),
        round: 1,
        step: Step::Precommit,
    };
    bench
        .driver
        .signer
        .guard
        .sign(position, Some(&locked.block), b"precommit")
        .unwrap();
    drop(bench.driver);
    let (mut driver, _published) = driver(&bench.folder, &bench.ledger, own, bench.peer);
    let proposal = driver
        .proposal(Height(1), 4, Duration::ZERO)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (proposal.block, proposal.bytes),
        (locked.block, locked.bytes)
    );
}

#[tokio::test]
async fn a_synced_block_is_executed_and_kept_and_a_bad_one_is_the_peers_fault() {
    let mut bench = bench(0);
    let block = honest(&bench.ledger, 0, vec![vec![1]]);
    let by = Address(block.proposer);
    for bad in [vec![], vec![1, 2, 3], unlawful(&bench.ledger, 0, 1).bytes] {
        let outcome = bench
            .driver
            .synced(Height(1), 0, by, bad.into())
            .await
            .unwrap();
        assert!(matches!(outcome, SyncedValueOutcome::PeerFault));
    }
    let bytes = block.bytes.clone();
    let outcome = bench
        .driver
        .synced(Height(2), 0, by, bytes.clone().into())
        .await
        .unwrap();
    assert!(matches!(outcome, SyncedValueOutcome::LocalTransientError));
    assert!(bench.ledger.proposals.lock().unwrap().is_empty());
    match bench
        .driver
        .synced(Height(1), 0, by, bytes.into())
        .await
        .unwrap()
    {
        SyncedValueOutcome::Verdict(value) => assert_eq!(value.value.0, block.block),
        other => panic!("{other:?}"),
    }
    let kept = vec![StoredProposal {
        signature: None,
        ..block
    }];
    assert_eq!(*bench.ledger.proposals.lock().unwrap(), kept);
}

#[tokio::test]
async fn an_answer_to_a_syncing_peer_is_bounded_in_blocks_and_bytes() {
    let bench = bench(0);
    let all = EngineHeight(Height(0))..=EngineHeight(Height(u64::MAX));
    let fill = |blocks: u64, bytes: usize| {
        let block = bench
            .ledger
            .block(address(0), vec![vec![0; 40_000]; bytes / 40_000]);
        let certificate = |height| {
            let (height, round, block) = (Height(height), 0, block.header.id());
            Certificate {
                height,
                round,
                block,
                signatures: vec![],
            }
        };
        let chain =
            (0..blocks).map(|height| (Height(height), (block.clone(), certificate(height))));
        bench.ledger.chain.send_replace(chain.collect());
    };
    fill(100, 0);
    assert_eq!(
        bench
            .driver
            .decided_values(all.clone())
            .await
            .unwrap()
            .len(),
        SYNC_BLOCKS_MAX
    );
    fill(10, BLOCK_BYTES_MAX - 50_000);
    let values = bench.driver.decided_values(all).await.unwrap();
    let bytes: usize = values.iter().map(|value| value.value_bytes.len()).sum();
    assert!(
        values.len() >= 4 && bytes <= SYNC_BYTES_MAX,
        "{} values, {bytes} bytes",
        values.len()
    );
}

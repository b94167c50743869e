//! The schedule of `architecture.md`: with one faulty validator of four, precommits for V in rounds 0
//! and 2 by different honest validators plus the faulty one's add up to three, while V' (polka in
//! rounds 1 and 3) is what gets decided. If a precommit carried a cosignature or a share, both would
//! have a checkpoint with a quorum.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Cosignature, SignedCheckpoint};
use deedbook_schemas::merkle::empty_root;
use deedbook_schemas::note::{SignatureLine, SignatureType, VerifierKey};
use deedbook_schemas::policy::Policy;

use super::network::{Network, SECOND, origin, root};
use super::*;
use crate::cosign::{Cosigner, DurableTree};
use crate::log_key::tests::note_key;

const SIZE: u64 = 10;
const NOW: Seconds = Seconds(1_700_000_000);
const FAULTY: usize = 3;
const HONEST: std::ops::Range<usize> = 0..FAULTY;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// Precommitted by two honest validators, in different rounds; never decided.
    V,
    /// Decided.
    VPrime,
}

/// Round, value, who precommitted it.
const PRECOMMITS: [(u32, Value, &[usize]); 4] = [
    // 0 alone sees the polka in time, and locks V.
    (0, Value::V, &[0, FAULTY]),
    // Of the polka for V' nobody honest hears in time.
    (1, Value::VPrime, &[FAULTY]),
    // 1 alone sees the polka in time, and locks V.
    (2, Value::V, &[1, FAULTY]),
    // A polka later than both locks: all unlock and precommit.
    (3, Value::VPrime, &[0, 1, 2, FAULTY]),
];

impl Value {
    fn checkpoint(self) -> Checkpoint {
        let root = match self {
            Self::V => TreeHash([0xaa; 32]),
            Self::VPrime => root(SIZE),
        };
        Checkpoint {
            origin: origin(),
            size: SIZE,
            root,
        }
    }

    /// Who precommitted it in some round.
    fn precommitted(self) -> BTreeSet<usize> {
        let rounds = PRECOMMITS.iter().filter(|(_, value, _)| *value == self);
        rounds.flat_map(|(_, _, who)| who.iter().copied()).collect()
    }

    /// Whether one round decided it.
    fn decided(self) -> bool {
        PRECOMMITS
            .iter()
            .any(|(_, value, who)| *value == self && who.len() >= 3)
    }

    fn with(self, signatures: &[SignatureLine]) -> SignedCheckpoint {
        let (checkpoint, signatures) = (self.checkpoint(), signatures.to_vec());
        SignedCheckpoint {
            checkpoint,
            signatures,
        }
    }
}

/// What a client of this network follows.
fn policy(network: &Network) -> Policy {
    let log = VerifierKey::new(origin(), SignatureType::Ed25519, network.keys.log_key).unwrap();
    let validators = network.validators.as_slice().iter().map(|validator| {
        let name = validator.name.parse().unwrap();
        VerifierKey::new(name, SignatureType::CosignatureV1, validator.note_key).unwrap()
    });
    Policy::for_network([log], validators, 3).unwrap()
}

fn cosignature(network: &Network, node: usize, value: Value) -> SignatureLine {
    let name = network.names[node].parse().unwrap();
    Cosignature::sign(&name, &note_key(node), &value.checkpoint(), NOW).to_line()
}

#[test]
fn had_precommits_cosigned_two_checkpoints_of_one_size_would_have_a_quorum() {
    let network = Network::ready(4);
    let policy = policy(&network);
    for value in [Value::V, Value::VPrime] {
        let who = value.precommitted();
        let lines: Vec<_> = who
            .iter()
            .map(|node| cosignature(&network, *node, value))
            .collect();
        assert!(
            policy.evaluate(&value.with(&lines)).unwrap().quorum_met,
            "{value:?}"
        );
    }
    assert!(!Value::V.decided() && Value::VPrime.decided());
}

/// The honest validators' own cosigners, fed with what became durable: V' alone.
fn cosignatures_after_the_decision(network: &Network) -> Vec<SignatureLine> {
    let tree = |size, root| DurableTree {
        tree_size: size,
        root,
        validators: network.validators.clone(),
    };
    let cosign = |node: usize| {
        let (name, key) = (network.names[node].parse().unwrap(), note_key(node));
        let empty = tree(0, empty_root());
        let mut cosigner = Cosigner::new(origin(), network.keys.log_key, name, key, &empty);
        let said = cosigner
            .on_durable(&tree(SIZE, root(SIZE)), NOW)
            .unwrap()
            .unwrap();
        let own = cosignature(network, node, Value::VPrime);
        assert_eq!(
            Cosignature::from_line(&own).unwrap().signature,
            said.signature
        );
        let second = tree(SIZE, Value::V.checkpoint().root);
        assert!(
            cosigner.on_durable(&second, NOW).is_err(),
            "never V after V'"
        );
        own
    };
    HONEST.map(cosign).collect()
}

#[test]
fn as_it_is_no_second_checkpoint_has_a_quorum_or_the_log_s_signature() {
    let mut network = Network::ready(4);
    let policy = policy(&network);
    // Rounds 0 to 2: nothing is decided, so nothing is durable, and nobody signs.
    for _ in 0..SECOND {
        network.tick();
    }
    assert_eq!((network.counts().shares, network.counts().signed), (0, 0));
    // Round 3 decides V'. The faulty one acts as if it were V, hears everything, and asks for shares
    // of V with nonces that the honest offer it, before and after V' is durable with them.
    network.durable_with_root(FAULTY, SIZE, Value::V.checkpoint().root);
    for step in 0..2 * SECOND {
        if HONEST.contains(&step) {
            network.durable_at(step, SIZE);
        }
        let of_v = (SIZE, Value::V.checkpoint().root);
        let request = network.request_of(FAULTY, of_v, &["node0", "node1", "node2"]);
        network.inject(request);
        let with_itself = network.request_of(FAULTY, of_v, &["node1", "node2", "node3"]);
        network.inject(with_itself);
        network.tick();
    }
    network.lies.insert(FAULTY, Box::new(|_| Vec::new()));
    network.until_signed(SIZE, 10 * SECOND);
    assert!(network.signers[FAULTY].signed().is_none());
    for message in network
        .said
        .iter()
        .filter(|said| said.from != network.names[FAULTY])
    {
        if let Body::Shares(_, shares) = &message.body {
            assert!(
                network.answers_root(shares, root(SIZE)),
                "a share of V, by {}",
                message.from
            );
        }
    }
    // What there is of V': three honest cosignatures and the log's signature.
    let signed = network.signers[0].signed().unwrap().note_signature;
    let log = SignatureLine::from_signature(&origin(), &network.keys.log_key, &signed);
    let honest = cosignatures_after_the_decision(&network);
    let accepts = |value: Value, lines: &[SignatureLine]| policy.verify(&value.with(lines)).is_ok();
    assert!(accepts(
        Value::VPrime,
        &[std::slice::from_ref(&log), honest.as_slice()].concat()
    ));
    // What the faulty one can put together for V: its cosignature, whatever the others signed.
    let own = cosignature(&network, FAULTY, Value::V);
    assert!(
        !policy
            .evaluate(&Value::V.with(std::slice::from_ref(&own)))
            .unwrap()
            .quorum_met
    );
    let mut pieces = honest;
    pieces.extend([own, log]);
    for mask in 0_u32..1 << pieces.len() {
        let chosen = pieces
            .iter()
            .enumerate()
            .filter(|(place, _)| mask & 1 << place != 0);
        let lines: Vec<_> = chosen.map(|(_, line)| line.clone()).collect();
        assert!(!accepts(Value::V, &lines), "{mask:b}");
    }
}

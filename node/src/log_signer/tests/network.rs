//! The network: every message goes over the gossip encoding to everybody else, in order.

use std::collections::VecDeque;

use deedbook_schemas::cose_receipt::cose_sig_structure;
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::validators::Validator;

use super::super::*;
use crate::gossip::GossipMessage;
use crate::log_key::tests::{ceremony, note_key};
use crate::log_key::{LogKeyError, LogKeys, LogShare};

/// Ticks of one second.
pub(super) const SECOND: usize = 10;
pub(super) const LEDGER: LedgerId = LedgerId([9; 32]);

pub(super) fn origin() -> KeyName {
    "ledger.example/log".parse().unwrap()
}

/// The root of the honest history at a size.
pub(super) fn root(size: u64) -> TreeHash {
    TreeHash(*blake3::hash(&size.to_be_bytes()).as_bytes())
}

/// What a faulty node does with what it would say; whatever it returns goes out instead.
pub(super) type Lie = Box<dyn FnMut(LogSigningMessage) -> Vec<LogSigningMessage>>;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) requests: usize,
    pub(super) shares: usize,
    pub(super) signed: usize,
}

pub(super) struct Network {
    pub(super) names: Vec<String>,
    pub(super) keys: LogKeys,
    pub(super) validators: ValidatorSet,
    shares: Vec<LogShare>,
    pub(super) signers: Vec<LogSigner>,
    pub(super) silent: BTreeSet<usize>,
    pub(super) lies: BTreeMap<usize, Lie>,
    pub(super) now: Duration,
    queue: VecDeque<(usize, LogSigningMessage)>,
    /// Everything that nodes said.
    pub(super) said: Vec<LogSigningMessage>,
    pub(super) errors: Vec<(usize, LogSigningError)>,
}

impl Network {
    /// Validators that have nonces of each other, and no tree.
    pub(super) fn ready(count: usize) -> Self {
        Self::ready_with(count, BTreeMap::new())
    }

    /// The same, where some lie from the first word on.
    pub(super) fn ready_with(count: usize, lies: BTreeMap<usize, Lie>) -> Self {
        let names: Vec<String> = (0..count).map(|index| format!("node{index}")).collect();
        let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
        let (keys, shares) = ceremony(&borrowed);
        let validator = |(index, name): (usize, &String)| Validator {
            name: name.clone(),
            consensus_key: PublicKey::of(&note_key(index + 100)),
            note_key: PublicKey::of(&note_key(index)),
            log_share: keys.shares[name],
            power: 1,
        };
        let validators = names.iter().enumerate().map(validator).collect();
        let mut network = Self {
            validators: ValidatorSet::new(validators).unwrap(),
            signers: Vec::new(),
            silent: BTreeSet::new(),
            lies,
            now: Duration::ZERO,
            queue: VecDeque::new(),
            said: Vec::new(),
            errors: Vec::new(),
            names,
            keys,
            shares,
        };
        for index in 0..count {
            let signer = network.make(index, index, 1_000_000).unwrap();
            network.signers.push(signer);
        }
        network.tick();
        network
    }

    fn make(&self, index: usize, share: usize, serial: u64) -> Result<LogSigner, LogKeyError> {
        let group = LogGroup::new(&self.keys).unwrap();
        let key = group.key_package(&self.names[index], &self.shares[share])?;
        Ok(LogSigner::new(SignerConfig {
            ledger: LEDGER,
            origin: origin(),
            name: &self.names[index],
            note_key: note_key(index),
            key: Some(key),
            group: Arc::new(group),
            validators: &self.validators,
            first_serial: serial,
        }))
    }

    pub(super) fn signer_with_share_of(&self, share: usize) -> Result<LogSigner, LogKeyError> {
        self.make(0, share, 1)
    }

    /// The node's memory is gone; it starts again, serials counted from `first_serial`.
    pub(super) fn restart(&mut self, index: usize, first_serial: u64) {
        self.signers[index] = self.make(index, index, first_serial).unwrap();
    }

    pub(super) fn durable(&mut self, size: u64) {
        for node in 0..self.signers.len() {
            self.durable_at(node, size);
        }
    }

    pub(super) fn durable_at(&mut self, node: usize, size: u64) {
        self.durable_with_root(node, size, root(size));
    }

    pub(super) fn durable_with_root(&mut self, node: usize, size: u64, root: TreeHash) {
        let step = self.signers[node].on_durable(size, root, self.now);
        self.after(node, step);
    }

    /// A message from anywhere: peers relay.
    pub(super) fn inject(&mut self, message: LogSigningMessage) {
        self.queue.push_back((usize::MAX, message));
    }

    pub(super) fn tick(&mut self) {
        self.now += Duration::from_millis(100);
        for node in 0..self.signers.len() {
            let step = self.signers[node].on_tick(self.now);
            self.after(node, Ok(step));
        }
        self.settle();
    }

    fn after(&mut self, node: usize, step: Result<Step, LogSigningError>) {
        match step {
            Ok(step) => {
                for message in step.publish {
                    self.publish(node, message);
                }
            }
            Err(error) => self.errors.push((node, error)),
        }
    }

    fn publish(&mut self, node: usize, message: LogSigningMessage) {
        if self.silent.contains(&node) {
            return;
        }
        let messages = match self.lies.get_mut(&node) {
            Some(lie) => lie(message),
            None => vec![message],
        };
        for message in messages {
            self.said.push(message.clone());
            self.queue.push_back((node, message));
        }
    }

    /// Delivers until nothing is said any more.
    pub(super) fn settle(&mut self) {
        while let Some((from, message)) = self.queue.pop_front() {
            let bytes = GossipMessage::LogSigning(Box::new(message)).encode(1);
            let decoded = GossipMessage::decode(&bytes);
            let Ok(GossipMessage::LogSigning(message)) = decoded else {
                panic!("{decoded:?}");
            };
            for node in 0..self.signers.len() {
                let own = node == from || self.names[node] == message.from;
                if own || self.silent.contains(&node) {
                    continue;
                }
                let step = self.signers[node].on_message((*message).clone(), self.now);
                self.after(node, step);
            }
        }
    }

    pub(super) fn signed(&self) -> Vec<Option<u64>> {
        self.signers.iter().map(LogSigner::signed_size).collect()
    }

    /// Lets time pass until all who are neither silent nor lie have the signature of a tree.
    pub(super) fn until_signed(&mut self, size: u64, ticks: usize) {
        self.settle();
        let honest = |network: &Self, node: &usize| {
            !network.silent.contains(node) && !network.lies.contains_key(node)
        };
        let done = |network: &Self| {
            let mut nodes = (0..network.signers.len()).filter(|node| honest(network, node));
            nodes.all(|node| network.signers[node].signed_size() == Some(size))
        };
        for _ in 0..ticks {
            if done(self) {
                break;
            }
            self.tick();
        }
        assert!(
            done(self),
            "tree {size}: {:?} after {ticks} ticks",
            self.signed()
        );
        for signed in self.signers.iter().filter_map(LogSigner::signed) {
            self.assert_verifies_elsewhere(signed);
        }
    }

    /// The signatures verify under ed25519-dalek, strictly, over what others see.
    pub(super) fn assert_verifies_elsewhere(&self, signed: &TreeSignature) {
        let key = ed25519_dalek::VerifyingKey::from_bytes(self.keys.log_key.as_bytes()).unwrap();
        let (size, root) = (signed.tree_size, signed.root);
        let checkpoint = Checkpoint {
            origin: origin(),
            size,
            root,
        };
        let verify = |message: &[u8], signature: &[u8; 64]| {
            let signature = ed25519_dalek::Signature::from_bytes(signature);
            key.verify_strict(message, &signature).unwrap();
        };
        verify(checkpoint.text().as_bytes(), &signed.note_signature.0);
        let cose = cose_sig_structure(&checkpoint, &self.keys.log_key);
        verify(&cose, &signed.cose_signature.0);
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for message in &self.said {
            match message.body {
                Body::Request(_) => counts.requests += 1,
                Body::Shares(..) => counts.shares += 1,
                Body::Signed(_) => counts.signed += 1,
                Body::Want(_) | Body::Offers(..) => {}
            }
        }
        counts
    }

    /// Who asked for shares of a tree.
    pub(super) fn coordinators_of(&self, size: u64) -> Vec<String> {
        let asked = |message: &LogSigningMessage| match &message.body {
            Body::Request(request) => request.tree_size == size,
            _ => false,
        };
        let asked = self.said.iter().filter(|message| asked(message));
        asked.map(|message| message.from.clone()).collect()
    }

    /// Whose turn a tree is while nobody was late.
    pub(super) fn turn_of(&self, size: u64) -> usize {
        let [a, b, c, d, ..] = root(size).0;
        u32::from_be_bytes([a, b, c, d]) as usize % self.names.len()
    }

    fn requests(&self) -> impl Iterator<Item = &Request> {
        self.said.iter().filter_map(|message| match &message.body {
            Body::Request(request) => Some(request),
            _ => None,
        })
    }

    /// Every answer of a signer used nonces that no other answer of it used.
    pub(super) fn assert_no_nonce_was_used_twice(&self) {
        let mut requests = BTreeMap::new();
        for request in self.requests() {
            let id: [u8; 32] = request.id().into();
            requests.insert(id, request);
        }
        let mut used = BTreeSet::new();
        for message in &self.said {
            if let Body::Shares(_, shares) = &message.body {
                let id: [u8; 32] = shares.session.into();
                let mut signers = requests[&id].signers.iter();
                let chosen = signers.find(|signer| signer.name == message.from).unwrap();
                let nonce = deedbook_schemas::encoding::encode(&chosen.offer.note);
                assert!(used.insert(nonce), "{} used a nonce twice", message.from);
            }
        }
        assert!(!used.is_empty());
    }

    /// Whether shares answer a request for this root.
    pub(super) fn answers_root(&self, shares: &Shares, root: TreeHash) -> bool {
        let mut requests = self.requests();
        requests.any(|request| request.id() == shares.session && request.root == root)
    }

    /// A request in a node's name with fresh nonces of `signers`, as that node could send it.
    pub(super) fn request_of(
        &mut self,
        node: usize,
        tree: (u64, TreeHash),
        signers: &[&str],
    ) -> LogSigningMessage {
        let mut chosen = Vec::new();
        for name in signers {
            let offers = self.signers[node].offers.get_mut(*name);
            let offer = match offers.and_then(Offers::next) {
                Some(offer) => offer,
                None => draw(self.signers[node].key.as_ref().unwrap().signing_share(), 7).1,
            };
            chosen.push(Chosen {
                name: (*name).to_owned(),
                offer,
            });
        }
        let (tree_size, root) = tree;
        let request = Request {
            tree_size,
            root,
            signers: chosen,
        };
        self.in_the_name_of(node, Body::Request(request))
    }

    /// A message in a node's name, signed with its key.
    pub(super) fn in_the_name_of(&self, node: usize, body: Body) -> LogSigningMessage {
        LogSigningMessage::sign(&LEDGER, &self.names[node], body, &note_key(node))
    }
}

/// Another body in place of a message's, signed again by its author.
pub(super) fn restate(node: usize, message: &LogSigningMessage, body: Body) -> LogSigningMessage {
    LogSigningMessage::sign(&LEDGER, &message.from, body, &note_key(node))
}

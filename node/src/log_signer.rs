//! Signing in the log's name, together with the other validators (FROST, RFC 9591).
//!
//! Lives here: which trees this node signs, what it answers to whom, and how a signature comes about
//! although some are silent or lie. Does not live here: the key (`log_key`), the wire (`gossip`), a
//! clock: the node calls [`LogSigner::on_tick`] ten times a second.
//!
//! What this node signs: only what it makes itself of a tree that is durable here, never a text that
//! came over the wire; so one root for each size, for ever. Nothing is persisted for that, as for
//! cosignatures (`cosign`).
//!
//! How: every signer lies a few nonces ready with every coordinator ([`nonces`]). When a tree is
//! durable, the coordinator of that tree picks as many signers as the threshold asks for and sends
//! its request; each answers with its shares; the coordinator adds them up and tells everybody. One
//! round trip and one message. Who answers late is asked last for a while; whose share is wrong is
//! never asked again; a coordinator that brings nothing about is passed over by everybody. So any
//! `threshold` honest nodes suffice, and the others only delay.

mod message;
mod nonces;
mod session;
mod standing;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::digest::{LedgerId, TreeHash};
use deedbook_schemas::keys::{AdmittedKey, SigningKey};
use deedbook_schemas::limits::{COSIGNATURES_AHEAD_MAX, LOG_SESSIONS_MAX, LOG_TREES_MAX};
use deedbook_schemas::note::KeyName;
use deedbook_schemas::validators::ValidatorSet;
use frost_ed25519::keys::KeyPackage;

use crate::log_key::LogGroup;
use message::{Body, Chosen, Offer, Request, SessionId, Shares, Want};
use nonces::{Held, Offers, draw};
use session::{Outcome, Packages, Session};
use standing::Standing;
use tree::Tree;

pub use message::LogSigningMessage;
pub use session::Unfit;
pub use tree::TreeSignature;

/// How long a coordinator waits for shares before it asks others.
const ATTEMPT: Duration = Duration::from_millis(400);
/// How long a coordinator may bring nothing about before it is passed over: two attempts.
const STEP_IN: Duration = Duration::from_millis(1_000);
/// How often a node says what it lacks.
const WANT: Duration = Duration::from_millis(300);

/// What is to be done after a step.
#[derive(Debug, Default)]
pub struct Step {
    /// To publish, in this order.
    pub publish: Vec<LogSigningMessage>,
    /// The log key's signature of a tree that is durable here, newer than all before.
    pub signed: Option<TreeSignature>,
    /// A peer lacks what was signed last: it lacks this node's cosignature too.
    pub peer_is_behind: bool,
}

/// Why a message leads to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogSigningError {
    /// Its author is no other validator.
    #[error("{0:?} is not another validator")]
    Stranger(String),
    /// It is not its author's.
    #[error("a message in the name of {0} about log signatures does not verify")]
    Signature(String),
    /// A request that cannot be signed.
    #[error("the request of {from} for tree size {tree_size} is refused: {unfit}")]
    Request {
        /// Who asks.
        from: String,
        /// For which tree.
        tree_size: u64,
        /// Why not.
        unfit: Unfit,
    },
    /// A request to sign another history.
    #[error(
        "{from} asks to sign root {theirs} at tree size {tree_size}, where {ours} is durable here"
    )]
    OtherRoot {
        /// Who asks.
        from: String,
        /// The size of both.
        tree_size: u64,
        /// The durable root.
        ours: TreeHash,
        /// The root it has.
        theirs: TreeHash,
    },
    /// The log's key signed another history: two thirds of the validators, or this node, have forked.
    #[error(
        "FORK: the log's key signed root {theirs} at tree size {tree_size}, where {ours} is durable here"
    )]
    Fork {
        /// The size of both.
        tree_size: u64,
        /// The durable root.
        ours: TreeHash,
        /// The signed root.
        theirs: TreeHash,
    },
}

/// What a signer is made of.
pub struct SignerConfig<'a> {
    /// The ledger.
    pub ledger: LedgerId,
    /// The log's origin.
    pub origin: KeyName,
    /// This validator's name.
    pub name: &'a str,
    /// Signs its messages.
    pub note_key: SigningKey,
    /// What it signs with in the log's name; without it, it only learns what others signed.
    pub key: Option<KeyPackage>,
    /// Everybody's public shares.
    pub group: Arc<LogGroup>,
    /// The validators.
    pub validators: &'a ValidatorSet,
    /// Greater than at any earlier start: the clock in milliseconds, times a million.
    pub first_serial: u64,
}

/// Signs and coordinates, for one validator set. Synchronous; owned by one task.
pub struct LogSigner {
    ledger: LedgerId,
    origin: KeyName,
    name: String,
    note_key: SigningKey,
    key: Option<KeyPackage>,
    group: Arc<LogGroup>,
    /// Note keys of the other validators.
    others: BTreeMap<String, AdmittedKey>,
    /// Recent durable trees by size.
    trees: BTreeMap<u64, Tree>,
    /// The newest signature of a tree that is durable here.
    signed: Option<TreeSignature>,
    /// Signatures of trees that we do not have yet.
    ahead: BTreeMap<u64, TreeSignature>,
    /// Since when the newest tree waits for a signature without any progress.
    waiting_since: Option<Duration>,
    /// Our nonces, by coordinator.
    held: BTreeMap<String, Held>,
    /// Others' nonces, by signer.
    offers: BTreeMap<String, Offers>,
    /// Our sessions as coordinator.
    sessions: BTreeMap<[u8; 32], Session>,
    /// Requests for trees that we do not have yet, the last of each coordinator.
    early: BTreeMap<String, Request>,
    standing: Standing,
    want_serial: u64,
    wanted_at: Option<Duration>,
    tell_signed: bool,
    step: Step,
}

impl LogSigner {
    /// A signer that knows no tree yet: [`LogSigner::on_durable`] with the store's tip follows.
    #[must_use]
    pub fn new(config: SignerConfig<'_>) -> Self {
        let mut others = BTreeMap::new();
        for validator in config.validators.as_slice() {
            let admitted = validator.note_key.admit();
            if let (Ok(admitted), true) = (admitted, validator.name != config.name) {
                others.insert(validator.name.clone(), admitted);
            }
        }
        let held = |name: &String| (name.clone(), Held::new(config.first_serial));
        Self {
            ledger: config.ledger,
            origin: config.origin,
            name: config.name.to_owned(),
            note_key: config.note_key,
            key: config.key,
            group: config.group,
            held: others.keys().map(held).collect(),
            offers: others
                .keys()
                .map(|name| (name.clone(), Offers::default()))
                .collect(),
            others,
            trees: BTreeMap::new(),
            signed: None,
            ahead: BTreeMap::new(),
            waiting_since: None,
            sessions: BTreeMap::new(),
            early: BTreeMap::new(),
            standing: Standing::default(),
            want_serial: config.first_serial,
            wanted_at: None,
            tell_signed: false,
            step: Step::default(),
        }
    }

    /// A tree is durable and what was stored was hashed again: from now on this node signs it.
    /// `now` is the time since any fixed moment.
    ///
    /// # Errors
    /// [`LogSigningError::Fork`] if the log's key signed another root at that size.
    pub fn on_durable(
        &mut self,
        tree_size: u64,
        root: TreeHash,
        now: Duration,
    ) -> Result<Step, LogSigningError> {
        if self.newest().is_some_and(|newest| newest.size >= tree_size) {
            self.drive(now);
            return Ok(std::mem::take(&mut self.step));
        }
        let tree = self.tree(tree_size, root);
        self.trees.insert(tree_size, tree);
        while self.trees.len() > LOG_TREES_MAX {
            self.trees.pop_first();
        }
        self.waiting_since.get_or_insert(now);
        let later = self.ahead.split_off(&tree_size.saturating_add(1));
        let signature = std::mem::replace(&mut self.ahead, later).remove(&tree_size);
        let taken = signature.map_or(Ok(()), |signature| self.take_signed(signature, now));
        self.answer_early();
        self.drive(now);
        taken.map(|()| std::mem::take(&mut self.step))
    }

    /// Takes a message of another validator.
    ///
    /// # Errors
    /// [`LogSigningError`] if it leads to nothing; [`LogSigningError::Fork`] is an alarm.
    pub fn on_message(
        &mut self,
        message: LogSigningMessage,
        now: Duration,
    ) -> Result<Step, LogSigningError> {
        let from = message.from.clone();
        let Some(key) = self.others.get(&from) else {
            return self.hear_stranger(&message);
        };
        if !self.concerns_us(&message.body) {
            return Ok(Step::default());
        }
        if !message.verify(&self.ledger, key) {
            return Err(LogSigningError::Signature(from));
        }
        self.standing.heard(&from);
        let taken = match message.body {
            Body::Want(want) => {
                self.take_want(&from, &want);
                Ok(())
            }
            Body::Offers(_, offers) => {
                if let Some(known) = self.offers.get_mut(&from) {
                    known.replace(offers);
                }
                self.drive(now);
                Ok(())
            }
            Body::Request(request) => self.answer(&from, request),
            Body::Shares(_, shares) => {
                self.take_shares(&from, &shares, now);
                Ok(())
            }
            Body::Signed(signature) => self.take_signed(signature, now),
        };
        taken.map(|()| std::mem::take(&mut self.step))
    }

    /// Lets time pass: gives up on who is late, steps in, says what is lacking, lies nonces ready.
    pub fn on_tick(&mut self, now: Duration) -> Step {
        self.give_up_on_sessions(now);
        self.pass_over_coordinator(now);
        self.drive(now);
        self.say_what_is_lacking(now);
        let to_tell: Vec<String> = self
            .held
            .iter()
            .filter(|(_, held)| held.tell)
            .map(|(name, _)| name.clone())
            .collect();
        for name in to_tell {
            if let (Some(held), Some(key)) = (self.held.get_mut(&name), &self.key) {
                let offers = held.refill(key.signing_share());
                self.say(Body::Offers(name, offers));
            }
        }
        if std::mem::take(&mut self.tell_signed)
            && let Some(signed) = self.signed.clone()
        {
            self.say(Body::Signed(signed));
            self.step.peer_is_behind = true;
        }
        std::mem::take(&mut self.step)
    }

    /// The newest log signature of a tree that is durable here.
    #[must_use]
    pub fn signed(&self) -> Option<&TreeSignature> {
        self.signed.as_ref()
    }

    /// Validators that sent wrong shares since the start: to be looked into.
    #[must_use]
    pub fn cheats(&self) -> &BTreeSet<String> {
        self.standing.cheats()
    }

    fn newest(&self) -> Option<&Tree> {
        self.trees.last_key_value().map(|(_, tree)| tree)
    }

    fn signed_size(&self) -> Option<u64> {
        self.signed.as_ref().map(|signed| signed.tree_size)
    }

    fn tree(&self, size: u64, root: TreeHash) -> Tree {
        let origin = self.origin.clone();
        Tree::new(&Checkpoint { origin, size, root }, &self.group)
    }

    fn say(&mut self, body: Body) {
        let message = LogSigningMessage::sign(&self.ledger, &self.name, body, &self.note_key);
        self.step.publish.push(message);
    }

    /// Whether a message is worth verifying.
    fn concerns_us(&self, body: &Body) -> bool {
        match body {
            Body::Want(_) => true,
            Body::Offers(to, _) | Body::Shares(to, _) => *to == self.name,
            Body::Request(request) => request
                .signers
                .iter()
                .any(|signer| signer.name == self.name),
            Body::Signed(signature) => {
                let ours = self.trees.get(&signature.tree_size);
                Some(signature.tree_size) > self.signed_size()
                    || ours.is_some_and(|ours| ours.root != signature.root)
            }
        }
    }

    /// A node that is no validator may ask what was signed, in whose name ever: the answer is public, and
    /// is said ten times a second at most.
    fn hear_stranger(&mut self, message: &LogSigningMessage) -> Result<Step, LogSigningError> {
        match &message.body {
            Body::Want(want) if message.from != self.name => {
                self.tell_signed |= self.signed_size() > want.signed;
                Ok(Step::default())
            }
            _ => Err(LogSigningError::Stranger(message.from.clone())),
        }
    }

    fn take_want(&mut self, from: &str, want: &Want) {
        if let Some(held) = self.held.get_mut(from)
            && want.offers_of.contains(&self.name)
        {
            held.wanted(want.serial);
        }
        self.tell_signed |= self.signed_size() > want.signed;
    }

    /// Signs what a coordinator asks for, if it is a tree of ours.
    fn answer(&mut self, from: &str, request: Request) -> Result<(), LogSigningError> {
        let tree_size = request.tree_size;
        if self.newest().is_none_or(|newest| newest.size < tree_size) {
            self.early.insert(from.to_owned(), request);
            return Ok(());
        }
        let Some(tree) = self.trees.get(&tree_size) else {
            tracing::debug!(
                from,
                tree_size,
                "a log signature is asked for a tree that is not held"
            );
            return Ok(());
        };
        if tree.root != request.root {
            return Err(LogSigningError::OtherRoot {
                from: from.to_owned(),
                tree_size,
                ours: tree.root,
                theirs: request.root,
            });
        }
        let refused = |unfit| LogSigningError::Request {
            from: from.to_owned(),
            tree_size,
            unfit,
        };
        let own = request
            .signers
            .iter()
            .find(|signer| signer.name == self.name);
        let (Some(own), Some(held)) = (own, self.held.get_mut(from)) else {
            return Ok(());
        };
        let (Some(key), Some(nonces)) = (&self.key, held.take(&own.offer)) else {
            tracing::debug!(
                from,
                tree_size,
                "asked to sign with nonces that are not held any more"
            );
            return Ok(());
        };
        if self
            .signed
            .as_ref()
            .is_some_and(|signed| signed.tree_size >= tree_size)
        {
            self.tell_signed = true;
            return Ok(());
        }
        let packages = Packages::new(&request, tree, &self.group).map_err(refused)?;
        match packages.sign(request.id(), nonces, key) {
            Ok(shares) => self.say(Body::Shares(from.to_owned(), shares)),
            Err(error) => tracing::warn!(from, tree_size, %error, "no share of a log signature"),
        }
        Ok(())
    }

    /// Answers what was asked for before the tree was durable here.
    fn answer_early(&mut self) {
        let newest = self.newest().map(|newest| newest.size);
        let due = |request: &Request| Some(request.tree_size) <= newest;
        let ready: Vec<String> = self
            .early
            .iter()
            .filter(|(_, request)| due(request))
            .map(|(from, _)| from.clone())
            .collect();
        for from in ready {
            if let Some(request) = self.early.remove(&from)
                && let Err(error) = self.answer(&from, request)
            {
                tracing::warn!(%error, "a request for a log signature is refused");
            }
        }
    }

    /// Takes a finished signature: of a tree of ours, or of one that we do not have yet.
    fn take_signed(
        &mut self,
        signature: TreeSignature,
        now: Duration,
    ) -> Result<(), LogSigningError> {
        let (tree_size, root) = (signature.tree_size, signature.root);
        if !self.tree(tree_size, root).verify(&signature, &self.group) {
            tracing::debug!(tree_size, "a log signature does not verify");
            return Ok(());
        }
        if self.newest().is_none_or(|newest| newest.size < tree_size) {
            self.ahead.insert(tree_size, signature);
            while self.ahead.len() > COSIGNATURES_AHEAD_MAX {
                self.ahead.pop_first();
            }
            return Ok(());
        }
        let Some(ours) = self.trees.get(&tree_size) else {
            return Ok(());
        };
        if ours.root != root {
            return Err(LogSigningError::Fork {
                tree_size,
                ours: ours.root,
                theirs: root,
            });
        }
        if Some(tree_size) > self.signed_size() {
            let behind = self.newest().is_some_and(|newest| newest.size > tree_size);
            self.waiting_since = behind.then_some(now);
            self.sessions
                .retain(|_, session| session.tree.size > tree_size);
            self.signed = Some(signature.clone());
            self.step.signed = Some(signature);
        }
        Ok(())
    }
}

mod coordinate;

#[cfg(test)]
mod tests;

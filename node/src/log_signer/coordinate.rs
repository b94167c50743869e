//! The coordinator's side: when this node asks for a signature, whom, and what it makes of answers.

use super::*;

impl LogSigner {
    /// Starts a session for the newest tree if it is this node's turn.
    pub(super) fn drive(&mut self, now: Duration) {
        let Some(newest) = self.newest() else {
            return;
        };
        let wanted = Some(newest.size) > self.signed_size()
            && !self
                .sessions
                .values()
                .any(|session| session.tree.size == newest.size)
            && self.coordinator(newest, now) == self.name;
        if wanted {
            let tree = newest.clone();
            self.begin(&tree, now);
        }
    }

    /// The validators in an order that the tree's root decides, so that they take turns.
    fn order(&self, tree: &Tree) -> Vec<&String> {
        let mut names: Vec<&String> = self.group.names().collect();
        let [a, b, c, d, ..] = tree.root.0;
        let turn = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(0);
        let turn = turn.checked_rem(names.len()).unwrap_or(0);
        names.rotate_left(turn);
        names
    }

    /// Whose turn it is: the first in the order that this node relies on, or itself.
    fn coordinator(&self, tree: &Tree, now: Duration) -> &str {
        let relied_on = |name: &&String| **name == self.name || self.standing.is_trusted(name, now);
        let mut order = self.order(tree).into_iter();
        order.find(relied_on).unwrap_or(&self.name)
    }

    /// Asks for shares, from those who were late only if there are not enough others.
    fn begin(&mut self, tree: &Tree, now: Duration) {
        loop {
            let Some(signers) = self.signers(tree, now) else {
                return;
            };
            let Some(key) = self.key.clone() else {
                return;
            };
            let (nonces, own) = draw(key.signing_share(), 0);
            let Some(request) = self.request(tree, &signers, own) else {
                return;
            };
            match Packages::new(&request, tree, &self.group) {
                Ok(packages) => return self.open(tree, &request, packages, (nonces, &key), now),
                Err(Unfit::Points(name)) => self.cheated(&name, "malformed commitments"),
                Err(Unfit::Signers) => return,
            }
        }
    }

    /// Names of the others to ask; `None` if too few have nonces ready.
    fn signers(&self, tree: &Tree, now: Duration) -> Option<Vec<String>> {
        let needed = self.group.threshold().saturating_sub(1);
        let ready = |name: &&String| {
            let offers = self.offers.get(*name);
            !self.standing.is_cheat(name) && offers.is_some_and(|offers| !offers.is_empty())
        };
        let mut names: Vec<&String> = self.order(tree).into_iter().filter(ready).collect();
        names.sort_by_key(|name| self.standing.late_since(name, now));
        let chosen: Vec<String> = names.into_iter().take(needed).cloned().collect();
        (chosen.len() == needed).then_some(chosen)
    }

    fn request(&mut self, tree: &Tree, others: &[String], own: Offer) -> Option<Request> {
        let mut signers = vec![Chosen {
            name: self.name.clone(),
            offer: own,
        }];
        for name in others {
            let offer = self.offers.get_mut(name)?.next()?;
            signers.push(Chosen {
                name: name.clone(),
                offer,
            });
        }
        signers.sort_by(|one, other| one.name.cmp(&other.name));
        Some(Request {
            tree_size: tree.size,
            root: tree.root,
            signers,
        })
    }

    fn open(
        &mut self,
        tree: &Tree,
        request: &Request,
        packages: Packages,
        (nonces, key): (nonces::Nonces, &KeyPackage),
        now: Duration,
    ) {
        let id: SessionId = request.id();
        let own = match packages.sign(id, nonces, key) {
            Ok(shares) => shares,
            Err(error) => {
                tracing::error!(%error, "this node cannot sign with its share of the log's key");
                return;
            }
        };
        while self.sessions.len() >= LOG_SESSIONS_MAX {
            let smallest = self
                .sessions
                .iter()
                .min_by_key(|(_, session)| session.tree.size);
            let Some(id) = smallest.map(|(id, _)| *id) else {
                break;
            };
            self.sessions.remove(&id);
        }
        let session = Session::new(tree.clone(), request, packages, now);
        self.sessions.insert(id.into(), session);
        self.say(Body::Request(request.clone()));
        let name = self.name.clone();
        self.take_shares(&name, &own, now);
    }

    /// Takes a signer's shares for one of our sessions.
    pub(super) fn take_shares(&mut self, from: &str, shares: &Shares, now: Duration) {
        let id: [u8; 32] = shares.session.into();
        let group = Arc::clone(&self.group);
        let session = self.sessions.get_mut(&id);
        let Some(outcome) = session.and_then(|session| session.take(from, shares, &group)) else {
            return;
        };
        self.sessions.remove(&id);
        match outcome {
            Outcome::Signed(signature) => {
                self.say(Body::Signed(signature.clone()));
                if let Err(error) = self.take_signed(signature, now) {
                    tracing::error!(%error, "our own log signature");
                }
            }
            Outcome::Cheated(names) => {
                for name in &names {
                    self.cheated(name, "a wrong share");
                }
                // Without anybody to leave out, another attempt would end in the same way.
                if !names.is_empty() {
                    self.drive(now);
                }
            }
        }
    }

    fn cheated(&mut self, name: &str, how: &str) {
        tracing::error!(
            name,
            how,
            "a validator spoils log signatures and is left out from now on"
        );
        self.standing.cheated(name);
    }

    /// Closes sessions that took too long; who did not answer is asked last for a while.
    pub(super) fn give_up_on_sessions(&mut self, now: Duration) {
        let standing = &mut self.standing;
        self.sessions.retain(|_, session| {
            let open = now < session.started + ATTEMPT;
            if !open {
                for name in &session.missing {
                    tracing::debug!(name, tree_size = session.tree.size, "no share in time");
                    standing.late(name, now);
                }
            }
            open
        });
    }

    /// Passes over the coordinator under whom nothing came about.
    pub(super) fn pass_over_coordinator(&mut self, now: Duration) {
        let waited = self
            .waiting_since
            .is_some_and(|since| now >= since + STEP_IN);
        let Some(newest) = self.newest().filter(|_| waited) else {
            return;
        };
        let coordinator = self.coordinator(newest, now).to_owned();
        if coordinator != self.name {
            tracing::debug!(
                coordinator,
                tree_size = newest.size,
                "no log signature in time"
            );
            self.standing.late(&coordinator, now);
            self.waiting_since = Some(now);
        }
    }

    /// Says whose nonces are used up, and since when no signature came.
    pub(super) fn say_what_is_lacking(&mut self, now: Duration) {
        let coordinates = self.key.is_some();
        let lacking = |(name, offers): (&String, &Offers)| {
            let lacks = coordinates && offers.is_empty() && !self.standing.is_cheat(name);
            lacks.then(|| name.clone())
        };
        let offers_of: Vec<String> = self.offers.iter().filter_map(lacking).collect();
        let late = self.waiting_since.is_some_and(|since| now >= since + WANT);
        let due = self.wanted_at.is_none_or(|at| now >= at + WANT);
        if due && (late || !offers_of.is_empty()) {
            self.wanted_at = Some(now);
            self.want_serial = self.want_serial.saturating_add(1);
            self.say(Body::Want(Want {
                serial: self.want_serial,
                offers_of,
                signed: self.signed_size(),
            }));
        }
    }
}

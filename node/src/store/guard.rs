//! The signing guard: this validator never signs two values for one (height, round, step).
//!
//! Lives here: the consensus key, the file that remembers what it signed last, and the rules.
//! Does not live here: which bytes a vote has (`deedbook_schemas::block`), the engine.
//!
//! # Rules
//! 1. A request at the position of a remembered signature of the same step gets that signature
//!    again if the bytes are the same, and [`Refusal::Conflict`] if they are not.
//! 2. Every other request must lie above *everything* remembered, in the order
//!    (height, round, step); otherwise [`Refusal::Regression`].
//! 3. A lock taken before this start (a precommit for a block, remembered in the file) that the
//!    engine's own log has not shown again forbids votes for any other block of that height
//!    ([`Refusal::Locked`]): the engine may have forgotten the lock with its log. Nil, and the
//!    locked block itself, stay allowed.
//!
//!
//! The file itself is described in `guard_file`.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use deedbook_schemas::block::Height;
use deedbook_schemas::digest::{BlockId, LedgerId, derive};
use deedbook_schemas::keys::{PublicKey, Signature, SigningKey, sign};
use nix::fcntl::{Flock, FlockArg};

use super::guard_file::{Lock, SLOT_BYTES, State, encode_slot, newest};

/// What is signed, in the order in which one round signs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The parts of a block, by its proposer.
    Parts,
    /// The proposal message.
    Proposal,
    /// The first vote.
    Prevote,
    /// The second vote.
    Precommit,
}

/// A place in the life of a validator, ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The height.
    pub height: Height,
    /// The round, from 0.
    pub round: u32,
    /// The step of the round.
    pub step: Step,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?} at height {} round {}",
            self.step, self.height, self.round
        )
    }
}

/// Why the guard file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// There is none. Only `init` creates one; a lost one is never replaced.
    #[error("signing guard {0} is missing: this key must not vote any more")]
    Missing(PathBuf),
    /// There already is one.
    #[error("signing guard {0} exists already")]
    Exists(PathBuf),
    /// It cannot be trusted.
    #[error("signing guard {0} is corrupt ({1}): this key must not vote any more")]
    Corrupt(PathBuf, String),
    /// It belongs to another ledger.
    #[error("signing guard belongs to ledger {found}, not to {expected}")]
    Ledger {
        /// The ledger of this node.
        expected: LedgerId,
        /// The ledger in the file.
        found: LedgerId,
    },
    /// It belongs to another key.
    #[error("signing guard belongs to key {found}, not to {expected}")]
    Key {
        /// The key of this node.
        expected: PublicKey,
        /// The key in the file.
        found: PublicKey,
    },
    /// Another process holds it.
    #[error("signing guard {0} is in use by another process")]
    InUse(PathBuf),
    /// The disk failed.
    #[error("signing guard {0}: {1}")]
    Io(PathBuf, std::io::Error),
}

/// A lawful no: the node goes on and stays silent at this position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Other bytes were signed here.
    #[error("already signed other bytes: {0}")]
    Conflict(Position),
    /// Something later was signed.
    #[error("{wanted} lies before {signed}, which is signed")]
    Regression {
        /// What was asked.
        wanted: Position,
        /// The latest signature.
        signed: Position,
    },
    /// An earlier run precommitted another block of this height.
    #[error("{wanted} is for another block than {locked}, precommitted before the restart")]
    Locked {
        /// What was asked.
        wanted: Position,
        /// The block this key is locked on.
        locked: BlockId,
    },
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Signing could contradict an earlier signature.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The guard could not be made durable. It signs nothing until the process is started again.
    #[error("the signing guard could not be written: {0}")]
    Io(String),
}

/// The guard of one consensus key. Share it by `Arc`; signing is serial and blocks on the disk.
pub struct SigningGuard {
    key: SigningKey,
    inner: Mutex<Inner>,
}

struct Inner {
    file: Flock<File>,
    state: State,
    /// Rule 3: the lock of an earlier run, until the engine's log shows it again.
    inherited: Option<Lock>,
    /// A write failed: what the file holds is unknown, so nothing may be signed any more.
    failed: bool,
}

impl std::fmt::Debug for SigningGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningGuard")
            .field("key", &PublicKey::of(&self.key))
            .finish_non_exhaustive()
    }
}

impl SigningGuard {
    /// Creates the guard of a key that has never signed. For `init` alone.
    ///
    /// # Errors
    /// [`GuardError::Exists`] if there is a file, [`GuardError::Io`] if it cannot be written.
    pub fn create(path: &Path, ledger: &LedgerId, key: &PublicKey) -> Result<(), GuardError> {
        let io = |error| GuardError::Io(path.to_owned(), error);
        let state = State {
            ledger: ledger.0,
            key: key.0,
            sequence: 0,
            signed: Default::default(),
            lock: None,
        };
        let bytes = encode_slot(&state).map_err(io)?.repeat(4);
        // Under its own name only when it is whole: a crash before the link leaves no guard.
        let draft = path.with_extension("draft");
        std::fs::write(&draft, bytes)
            .and_then(|()| File::open(&draft)?.sync_all())
            .map_err(io)?;
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft).map_err(io)?;
        linked.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => GuardError::Exists(path.to_owned()),
            _ => io(error),
        })?;
        sync_parent(path).map_err(io)
    }

    /// Opens the guard, takes it for this process alone, and makes both pairs whole again.
    ///
    /// # Errors
    /// [`GuardError`], always before anything is signed.
    pub fn open(path: &Path, ledger: &LedgerId, key: SigningKey) -> Result<Self, GuardError> {
        let io = |error| GuardError::Io(path.to_owned(), error);
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(GuardError::Missing(path.to_owned()));
            }
            file => file.map_err(io)?,
        };
        let file = Flock::lock(file, FlockArg::LockExclusiveNonblock)
            .map_err(|_| GuardError::InUse(path.to_owned()))?;
        let bytes = std::fs::read(path).map_err(io)?;
        let state =
            newest(&bytes).map_err(|reason| GuardError::Corrupt(path.to_owned(), reason))?;
        let public = PublicKey::of(&key);
        if state.ledger != ledger.0 {
            return Err(GuardError::Ledger {
                expected: *ledger,
                found: LedgerId(state.ledger),
            });
        }
        if state.key != public.0 {
            return Err(GuardError::Key {
                expected: public,
                found: PublicKey(state.key),
            });
        }
        let mut inner = Inner {
            file,
            inherited: state.lock,
            state,
            failed: false,
        };
        for _ in 0..2 {
            let state = inner.state.clone();
            inner.write(state).map_err(io)?;
        }
        sync_parent(path).map_err(io)?;
        Ok(Self {
            key,
            inner: Mutex::new(inner),
        })
    }

    /// The consensus key's public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::of(&self.key)
    }

    /// The highest height at which anything was signed; 0 if nothing was. A store whose tip lies
    /// more than one below it was rolled back: until the store passes it, every vote is refused.
    #[must_use]
    pub fn height(&self) -> Height {
        self.inner()
            .state
            .latest()
            .map_or(Height(0), |position| position.height)
    }

    /// The block of `height` on which an earlier run locked, if the engine's log has not shown
    /// that lock again: the one block this validator may propose and vote for.
    #[must_use]
    pub fn inherited_lock(&self, height: Height) -> Option<BlockId> {
        let lock = self
            .inner()
            .inherited
            .filter(|lock| lock.height == height.0)?;
        Some(BlockId(lock.block))
    }

    /// The engine's log showed this validator's own precommit for `block`: the engine knows the
    /// lock, and rule 3 is no longer needed for it.
    pub fn recall(&self, height: Height, round: u32, block: &BlockId) {
        self.inner().recall(&Lock {
            height: height.0,
            round,
            block: block.0,
        });
    }

    /// Signs `message` at `position`, durably remembered before this returns. `block` is what the
    /// message is for, nothing for nil.
    ///
    /// # Errors
    /// [`SignError::Refused`] if it could contradict an earlier signature, [`SignError::Io`] if
    /// it could not be remembered.
    pub fn sign(
        &self,
        position: Position,
        block: Option<&BlockId>,
        message: &[u8],
    ) -> Result<Signature, SignError> {
        let mut inner = self.inner();
        if inner.failed {
            return Err(SignError::Io("an earlier write failed".to_owned()));
        }
        let digest = derive("deedbook 2026 guarded message", &[message]);
        if let Some(signature) = inner.repeat(position, block, &digest)? {
            return Ok(signature);
        }
        let signature = sign(&self.key, message);
        let next = inner.state.signing(position, block, digest, &signature);
        match inner.write(next) {
            // Crash here: remembered but never sent. The same bytes are signed again.
            Ok(()) => Ok(signature),
            Err(error) => {
                inner.failed = true;
                Err(SignError::Io(error.to_string()))
            }
        }
    }

    /// Signs a statement that is no proposal and no vote (who this validator's peer is), and so
    /// cannot contradict one: its first bytes must name another use.
    #[must_use]
    pub fn sign_statement(&self, message: &[u8]) -> Signature {
        sign(&self.key, message)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // The state changes only after a successful write, so a panic elsewhere left it whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The signature to repeat, or nothing if a new one is lawful.
    fn repeat(
        &mut self,
        position: Position,
        block: Option<&BlockId>,
        digest: &[u8; 32],
    ) -> Result<Option<Signature>, Refusal> {
        let Position {
            height,
            round,
            step,
        } = position;
        let here = self
            .state
            .at(step)
            .filter(|last| (last.height, last.round) == (height.0, round));
        if let Some(last) = here {
            if last.message != *digest {
                return Err(Refusal::Conflict(position));
            }
            let signature = Signature(last.signature);
            if let (Step::Precommit, Some(block)) = (step, block) {
                self.recall(&Lock {
                    height: height.0,
                    round,
                    block: block.0,
                });
            }
            return Ok(Some(signature));
        }
        if let Some(signed) = self.state.latest().filter(|signed| *signed >= position) {
            return Err(Refusal::Regression {
                wanted: position,
                signed,
            });
        }
        let locked = self.inherited.filter(|lock| lock.height == height.0);
        match (locked, block) {
            (Some(lock), Some(block)) if step >= Step::Prevote && lock.block != block.0 => {
                Err(Refusal::Locked {
                    wanted: position,
                    locked: BlockId(lock.block),
                })
            }
            _ => Ok(None),
        }
    }

    fn recall(&mut self, lock: &Lock) {
        if self.inherited.as_ref() == Some(lock) {
            self.inherited = None;
        }
    }

    /// Writes `state` as the next one to both slots of its pair and syncs once.
    fn write(&mut self, mut state: State) -> std::io::Result<()> {
        state.sequence = self.state.sequence.saturating_add(1);
        let pair = encode_slot(&state)?.repeat(2);
        let offset = if state.sequence.is_multiple_of(2) {
            0
        } else {
            2 * SLOT_BYTES as u64
        };
        // Crash here: one pair is torn, the other holds the state before.
        self.file.write_all_at(&pair, offset)?;
        self.file.sync_data()?;
        self.state = state;
        Ok(())
    }
}

/// Makes a file's name durable.
fn sync_parent(path: &Path) -> std::io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;

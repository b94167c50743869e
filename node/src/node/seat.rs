//! Which validator this node is, if it is one, and what it signs with in the log's name.
//!
//! Lives here: finding the node's place in the validator set in office, and its share of the log's key in
//! the key folder. Does not live here: what it signs (`cosign`, `log_signer`), votes (`consensus`).
//!
//! A node whose keys are in no set follows the ledger: it checks and stores everything and signs
//! nothing. When a set names its keys it takes part from the next height on, without being started again.

use std::path::PathBuf;
use std::sync::Arc;

use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::note::KeyName;
use deedbook_schemas::validators::{ValidatorAddress, ValidatorSet};
use frost_ed25519::keys::KeyPackage;

use crate::config::{FILE_NAME, NodeConfig};
use crate::fatal::Fatal;
use crate::keys::{NodeKeys, log_shares};
use crate::ledger::{Ledger, now};
use crate::log_key::{LogGroup, LogKeyError, LogKeys};
use crate::log_signer::{LogSigner, SignerConfig};

/// Serials of nonces that a start of the node has for every millisecond since 1970: more than it can
/// use before the next millisecond. 2^64 are reached in the year 2554.
const SERIALS_A_MILLISECOND: u64 = 1_000_000;

/// Who this node is.
pub(super) struct Seat {
    name: String,
    consensus_key: PublicKey,
    note_key: SigningKey,
    /// Where the shares of the log's key are.
    keys: PathBuf,
}

fn fatal(error: impl std::fmt::Display) -> Fatal {
    Fatal::new(error.to_string())
}

impl Seat {
    /// The seat of a node with these keys while `validators` are in office.
    ///
    /// # Errors
    /// [`Fatal`] if they name it otherwise than its configuration does, or nobody names it.
    pub(super) fn new(
        config: &NodeConfig,
        keys: &NodeKeys,
        validators: &ValidatorSet,
    ) -> Result<Self, Fatal> {
        let consensus_key = PublicKey::of(&keys.consensus);
        let known = validators.get(&ValidatorAddress::of(&consensus_key));
        if let Some(validator) = known
            && validator.note_key != PublicKey::of(&keys.note)
        {
            let name = &validator.name;
            return Err(Fatal::new(format!(
                "the note key of this node is not that of {name}"
            )));
        }
        let name = match (known.map(|validator| &validator.name), &config.name) {
            (Some(known), Some(given)) if known != given => {
                return Err(Fatal::new(format!(
                    "{FILE_NAME} calls this node {given}, the validator set {known}"
                )));
            }
            (Some(name), _) | (None, Some(name)) => name.clone(),
            (None, None) => {
                return Err(Fatal::new(format!(
                    "this node's keys are not those of a validator; to let it follow the ledger, \
                     give it a name in {FILE_NAME}"
                )));
            }
        };
        Ok(Self {
            name,
            consensus_key,
            note_key: keys.note.clone(),
            keys: config.keys.clone(),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn note_key(&self) -> &SigningKey {
        &self.note_key
    }

    fn is_in(&self, validators: &ValidatorSet) -> bool {
        let own = validators.get(&ValidatorAddress::of(&self.consensus_key));
        own.is_some_and(|validator| validator.name == self.name)
    }

    /// What this node signs with as one of `group`.
    fn key_package(&self, group: &LogGroup) -> Result<KeyPackage, Fatal> {
        let shares = log_shares(&self.keys).map_err(fatal)?;
        let share = group.choose(&self.name, &shares).map_err(fatal)?;
        group.key_package(&self.name, share).map_err(fatal)
    }

    /// The signer at the start. A validator without its share is not started, unless it is `behind` its
    /// own votes: it replays a time whose share it need not have any more.
    pub(super) fn first_log_signer(
        &self,
        ledger: &Ledger,
        behind: bool,
    ) -> Result<LogSigner, Fatal> {
        let validators = ledger.set_after(&ledger.tip())?;
        let group = group(ledger, &validators).map_err(fatal)?;
        if self.is_in(&validators) && !behind {
            self.key_package(&group)?;
        }
        self.log_signer(ledger, &validators)
    }

    /// The signer while `validators` are in office. Without a share it only learns what others sign.
    pub(super) fn log_signer(
        &self,
        ledger: &Ledger,
        validators: &ValidatorSet,
    ) -> Result<LogSigner, Fatal> {
        let group = group(ledger, validators).map_err(fatal)?;
        let mut key = None;
        if self.is_in(validators) {
            match self.key_package(&group) {
                Ok(package) => key = Some(package),
                Err(error) => tracing::error!(%error, "this node cannot sign in the log's name"),
            }
        }
        let origin = ledger.genesis().origin.parse::<KeyName>().map_err(fatal)?;
        Ok(LogSigner::new(SignerConfig {
            ledger: ledger.id(),
            origin,
            name: &self.name,
            note_key: self.note_key.clone(),
            key,
            group: Arc::new(group),
            validators,
            first_serial: now().0.saturating_mul(SERIALS_A_MILLISECOND),
        }))
    }
}

fn group(ledger: &Ledger, validators: &ValidatorSet) -> Result<LogGroup, LogKeyError> {
    LogGroup::new(&LogKeys::of(
        ledger.genesis().log_key,
        validators.as_slice(),
    )?)
}

//! A validator approves those who shall follow the present ones: `deedbook-node approve`.
//!
//! Lives here: what it checks before it signs, above all what the law cannot: that the new shares are
//! shares of the log's key, and that this node holds its own. Does not live here: how the shares come
//! about (`log_key`), what the law asks of a change (`deedbook-registry`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::validators::{
    Approval, Validator, ValidatorAddress, ValidatorSet, ValidatorSetError, ValidatorsInOffice,
};
use serde::de::DeserializeOwned;

use crate::config::{ConfigError, NodeConfig};
use crate::keys::{KeyError, NodeKeys, log_shares};
use crate::log_key::{LogGroup, LogKeyError, LogKeys};

/// Why nothing is approved.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// The home cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The node's keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A file cannot be read, or is not what it should be.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The present validators are of another ledger.
    #[error("the present validators hold log key {got}, the genesis says {want}")]
    Foreign {
        /// The file's.
        got: PublicKey,
        /// The genesis'.
        want: PublicKey,
    },
    /// The next validators are no set.
    #[error("the next validators: {0}")]
    Set(#[from] ValidatorSetError),
    /// The law would refuse them.
    #[error("the next validators: {0}")]
    Unlawful(String),
    /// Their shares are no shares of the log's key, or this node's is not here.
    #[error("the next validators: {0}")]
    Share(#[from] LogKeyError),
    /// This node is no validator, now or then.
    #[error("this node's consensus key {0} is of no present and no next validator")]
    Stranger(PublicKey),
}

/// What was approved.
#[derive(Debug)]
pub struct Approved {
    /// The word, for the supervisor.
    pub approval: Approval,
    /// Names of those who join, sorted.
    pub joining: BTreeSet<String>,
    /// Names of those who leave, sorted.
    pub leaving: BTreeSet<String>,
}

/// Checks the `next` validators (a JSON list) against the `present` ones (what `deedbook validators`
/// writes), and approves them with the consensus key of the node in `home`.
///
/// # Errors
/// [`ApprovalError`]: nothing was signed.
pub fn approve(home: &Path, present: &Path, next: &Path) -> Result<Approved, ApprovalError> {
    let config = NodeConfig::load(home)?;
    let genesis = config.load_genesis()?;
    let keys = NodeKeys::load(&config.keys)?;
    let office: ValidatorsInOffice = read(present)?;
    let (got, want) = (office.log_key, genesis.log_key);
    if got != want {
        return Err(ApprovalError::Foreign { got, want });
    }
    let present = office.set()?;
    let next = ValidatorSet::new(read::<Vec<Validator>>(next)?)?;
    check_lawful(&present, &next)?;
    let group = LogGroup::new(&LogKeys::of(want, next.as_slice())?)?;
    let own = PublicKey::of(&keys.consensus);
    let address = ValidatorAddress::of(&own);
    match (next.get(&address), present.get(&address)) {
        (Some(validator), _) => {
            let shares = log_shares(&config.keys)?;
            group.choose(&validator.name, &shares)?;
        }
        (None, Some(_)) => {}
        (None, None) => return Err(ApprovalError::Stranger(own)),
    }
    let number = office.number.saturating_add(1);
    let names = |of: &ValidatorSet, other: &ValidatorSet| {
        let gone = |validator: &&Validator| other.get(&validator.address()).is_none();
        let names = of.as_slice().iter().filter(gone);
        names.map(|validator| validator.name.clone()).collect()
    };
    Ok(Approved {
        approval: Approval::sign(&keys.consensus, &genesis.ledger_id(), number, next.id()),
        joining: names(&next, &present),
        leaving: names(&present, &next),
    })
}

/// What an operator can get wrong and would hear from the ledger only at the end.
fn check_lawful(present: &ValidatorSet, next: &ValidatorSet) -> Result<(), ApprovalError> {
    let no = |what: String| Err(ApprovalError::Unlawful(what));
    for validator in next.as_slice() {
        let name = &validator.name;
        if !validator.has_key_name() || !validator.has_admissible_keys() {
            return no(format!("the name or a key of {name} is not admissible"));
        }
        let before = present.get(&validator.address());
        if before.is_some_and(|it| it.name != *name || it.note_key != validator.note_key) {
            return no(format!("{name} stays, with another name or note key"));
        }
    }
    if !next.counts_as_it_weighs() {
        return no("their powers differ so much that no number of them is a quorum".to_owned());
    }
    if next == present {
        return no("they are those in office".to_owned());
    }
    Ok(())
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ApprovalError> {
    let wrong = |reason: String| ApprovalError::File {
        path: path.to_owned(),
        reason,
    };
    let text = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests;

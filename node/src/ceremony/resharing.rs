//! `deedbook-node ceremony reshare`: the steps on the command line. Lives here: arguments and what is
//! printed. Does not live here: what the steps do (`deedbook_node::log_key`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use deedbook_node::log_key::ceremony::Fingerprint;
use deedbook_node::log_key::ceremony::resharing::Terms;
use deedbook_node::log_key::{LogKeys, Resharing};
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::validators::ValidatorsInOffice;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Folders;

/// Deal the log's key anew, to the next validators: the same key, in new shares.
///
/// Before the validators change, those who hold the log's key deal it to those who shall hold it.
/// Nobody ever holds the key itself, and whoever trusts it notices nothing. Dealers are as many of the
/// present validators as sign together, more than two thirds and no more (3 of 4, 5 of 7): agree on
/// them first. Everybody who deals or gets a share takes part and gives the same names, in four steps:
///
///   begin    everybody; send the file it writes to all others
///   compare  everybody, once all files are there; read the validators that it prints, call each
///            other and read out the fingerprint
///   deal     everybody, if all fingerprints were equal; dealers send each file to the one it is for
///   finish   everybody, once the dealers' files are there; writes the new share as `log.next.key`
///            beside the other keys, and prints the next validators
///
/// Approve the next validators on the ledger only when every one of them says that its `finish`
/// printed the same. Until they are in force the present shares sign, so `log.key` stays.
///
/// Then the old shares must be destroyed, with all their copies in backups: whoever stays renames
/// `log.next.key` to `log.key`, whoever leaves deletes `log.key`. As many old shares as dealers still
/// make the log's signature, for ever; old and new ones do not go together. It is enough that more of
/// the old holders destroy theirs than may be missing at a signature: 2 of 4, 3 of 7.
///
/// With the present validators as the next ones, their shares are refreshed: what a thief took before
/// is worth nothing once the old shares are destroyed.
///
/// What is said of files and trust in `ceremony --help` holds here too. A wrong package names whose it
/// is; begin anew with other dealers. To begin anew, all together, remove `resharing-begun.secret`,
/// `resharing-dealt.secret` and, if no validator set names it, `log.next.key` beside the keys, and empty
/// the exchange folder.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Step {
    /// First step: choose a secret and write `first.<you>.json`, which goes to all others.
    #[command(verbatim_doc_comment)]
    Begin {
        #[command(flatten)]
        folders: Folders,
        /// This institution's name in the validator set, present or next.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        terms: TermsArguments,
        /// This institution's voting power in the next set, if it is in it.
        #[arg(long, default_value_t = 1)]
        power: u64,
    },
    /// Second step: check all first packages; print the next validators, and the fingerprint to read
    /// out to the others.
    Compare {
        #[command(flatten)]
        folders: Folders,
    },
    /// Third step: a dealer writes `second.<you>.for.<them>.json` for every next validator, encrypted.
    Deal {
        #[command(flatten)]
        folders: Folders,
        /// The fingerprint, as the others read it out; not as it is printed here.
        #[arg(long)]
        fingerprint: Fingerprint,
    },
    /// Last step: write this node's next share of the log's key; print the next validators, for all
    /// to approve. They must be the same at all participants.
    Finish {
        #[command(flatten)]
        folders: Folders,
    },
}

/// What everybody gives alike.
#[derive(Args)]
pub(crate) struct TermsArguments {
    /// The ledger's genesis file: it names the ledger and the log's key.
    #[arg(long)]
    genesis: PathBuf,
    /// The present validators: what `deedbook validators --out` wrote.
    #[arg(long)]
    present: PathBuf,
    /// A present validator that deals its share; once for each.
    #[arg(long = "dealer", required = true)]
    dealers: Vec<String>,
    /// A validator of the next set, whether it is one now or not; once for each.
    #[arg(long = "member", required = true)]
    members: Vec<String>,
}

impl TermsArguments {
    fn read(&self) -> anyhow::Result<Terms> {
        let genesis: Genesis = read_json(&self.genesis)?;
        genesis
            .check()
            .with_context(|| self.genesis.display().to_string())?;
        let present: ValidatorsInOffice = read_json(&self.present)?;
        anyhow::ensure!(
            present.log_key == genesis.log_key,
            "{}: they hold another log's key than that of the genesis",
            self.present.display()
        );
        let present = LogKeys::of(genesis.log_key, &present.validators)?;
        let terms = Terms::new(genesis.ledger_id(), present, &self.dealers, &self.members)?;
        Ok(terms)
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

impl From<Folders> for Resharing {
    fn from(Folders { keys, exchange }: Folders) -> Self {
        Self { keys, exchange }
    }
}

/// Does one step; what it prints.
pub(super) fn outcome(step: Step) -> anyhow::Result<Value> {
    Ok(match step {
        Step::Begin {
            folders,
            name,
            terms,
            power,
        } => {
            let file = Resharing::from(folders).begin(&name, &terms.read()?, power)?;
            json!({ "send_to_all": file })
        }
        Step::Compare { folders } => {
            let (fingerprint, next) = Resharing::from(folders).compare()?;
            json!({ "fingerprint": fingerprint, "next_validators": next })
        }
        Step::Deal {
            folders,
            fingerprint,
        } => {
            json!({ "send_each_to_its_recipient": Resharing::from(folders).deal(&fingerprint)? })
        }
        Step::Finish { folders } => {
            let next = Resharing::from(folders).finish()?;
            eprintln!(
                "Keep log.key until these validators are in force. Then destroy it and its copies: \
                 whoever stays renames log.next.key to log.key, whoever leaves deletes log.key."
            );
            serde_json::to_value(next)?
        }
    })
}

#[cfg(test)]
mod tests;

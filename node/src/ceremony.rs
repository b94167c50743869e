//! `deedbook-node ceremony`: the steps on the command line. Lives here: arguments and what is
//! printed. Does not live here: what the steps do (`deedbook_node::log_key`), and the steps by which
//! the key is dealt anew (`resharing`).

mod resharing;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use deedbook_node::log_key::ceremony::Fingerprint;
use deedbook_node::log_key::{Ceremony, alone};
use serde_json::{Value, json};

/// Make the log's key together with the other validators.
///
/// The log's key signs checkpoints in the name of the ledger. Nobody ever holds it: every validator
/// holds a share, and more than two thirds of them sign together. It is made once, before the
/// genesis, by all of them, in four steps:
///
///   begin    everybody; send the file it writes to all others
///   compare  everybody, once all files are there; call each other and read out the fingerprint
///   deal     everybody, if all fingerprints were equal; send each file to the one it is for
///   finish   everybody, once all files are there; writes the share beside the other keys
///
/// Whatever carries the files (mail, a memory stick) needs no trust: what is secret in them is
/// encrypted to its recipient (HPKE, RFC 9180), and the fingerprint shows if somebody changed them
/// on the way. What you must trust is the voice that reads the fingerprint to you. A package that is
/// wrong names whose it is. Between the steps two secret files lie beside the node's keys; `finish`
/// removes them. To begin anew, remove `ceremony-begun.secret` and `ceremony-dealt.secret` there and
/// empty the exchange folder; all participants must begin anew together.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Step {
    /// First step: choose a secret and write `first.<you>.json`, which goes to all others.
    #[command(verbatim_doc_comment)]
    Begin {
        #[command(flatten)]
        folders: Folders,
        /// This institution's name in the genesis.
        #[arg(long)]
        name: String,
        /// Every institution that takes part, this one too; once for each.
        #[arg(long = "participant", required = true)]
        participants: Vec<String>,
    },
    /// Second step: check all first packages and print the fingerprint to read out to the others.
    Compare {
        #[command(flatten)]
        folders: Folders,
    },
    /// Third step: write `second.<you>.for.<them>.json` for every other participant, encrypted.
    Deal {
        #[command(flatten)]
        folders: Folders,
        /// The fingerprint, as the others read it out; not as it is printed here.
        #[arg(long)]
        fingerprint: Fingerprint,
    },
    /// Last step: write this node's share of the log's key; print the key and all public shares, for
    /// the genesis. They must be the same at all participants.
    Finish {
        #[command(flatten)]
        folders: Folders,
    },
    // Its help stands above its steps.
    #[command(subcommand)]
    Reshare(resharing::Step),
    /// For a ledger with one validator: make the log's key and be its only holder.
    Alone {
        /// Folder of this node's keys.
        #[arg(long)]
        keys: PathBuf,
        /// The institution's name in the genesis.
        #[arg(long)]
        name: String,
    },
}

#[derive(Args)]
pub(crate) struct Folders {
    /// Folder of this node's keys, as given to `keys`.
    #[arg(long)]
    keys: PathBuf,
    /// Folder for the files that are sent and received. Nothing in it is secret.
    #[arg(long)]
    exchange: PathBuf,
}

impl From<Folders> for Ceremony {
    fn from(Folders { keys, exchange }: Folders) -> Self {
        Self { keys, exchange }
    }
}

/// Does one step and prints its outcome as JSON.
pub(crate) fn execute(step: Step) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&outcome(step)?)?);
    Ok(())
}

fn outcome(step: Step) -> anyhow::Result<Value> {
    Ok(match step {
        Step::Begin {
            folders,
            name,
            participants,
        } => {
            let file = Ceremony::from(folders).begin(&name, &participants)?;
            json!({ "send_to_all": file })
        }
        Step::Compare { folders } => {
            json!({ "fingerprint": Ceremony::from(folders).compare()? })
        }
        Step::Deal {
            folders,
            fingerprint,
        } => {
            json!({ "send_each_to_its_recipient": Ceremony::from(folders).deal(&fingerprint)? })
        }
        Step::Finish { folders } => serde_json::to_value(Ceremony::from(folders).finish()?)?,
        Step::Reshare(step) => resharing::outcome(step)?,
        Step::Alone { keys, name } => serde_json::to_value(alone(&keys, &name)?)?,
    })
}

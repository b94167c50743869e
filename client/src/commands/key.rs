//! `deedbook key`: key files.

use std::path::{Path, PathBuf};

use deedbook_client::wallet::{Wallet, WalletError};
use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::keys::{PublicKey, Signature};
use deedbook_schemas::party::PartyId;
use serde::Serialize;

use crate::output::{Context, Failure, Overwrite, read_file};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Key {
    /// Make a key and write it to a file that only its owner can read (mode 0600)
    New {
        /// The file
        file: PathBuf,
        /// Whose key it is; without it, a new party's
        #[arg(long, value_name = "PARTY")]
        party: Option<PartyId>,
        #[command(flatten)]
        overwrite: Overwrite,
    },
    /// Show whose key a file holds and its public half; never the secret
    Show {
        /// The file
        file: PathBuf,
        /// Also show the party's proof, for this ledger, that the key is theirs
        #[arg(long, value_name = "LEDGER")]
        ledger: Option<LedgerId>,
    },
    /// Write a key file from a 32-byte seed, 64 hexadecimal digits on stdin
    Import {
        /// The file
        file: PathBuf,
        /// Whose key it is
        #[arg(long, value_name = "PARTY")]
        party: PartyId,
        #[command(flatten)]
        overwrite: Overwrite,
    },
}

#[derive(Serialize)]
struct Shown {
    party: PartyId,
    public_key: PublicKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    possession: Option<Signature>,
}

pub(crate) fn run(key: Key, context: &Context) -> Result<(), Failure> {
    let (wallet, ledger) = match key {
        Key::New {
            file,
            party,
            overwrite,
        } => {
            let wallet = Wallet::generate(party).map_err(|error| failure(&file, &error))?;
            (save(wallet, &file, &overwrite)?, None)
        }
        Key::Import {
            file,
            party,
            overwrite,
        } => {
            let wallet = Wallet::from_seed(party, &read_seed()?);
            (save(wallet, &file, &overwrite)?, None)
        }
        Key::Show { file, ledger } => (load(&file)?, ledger),
    };
    let shown = Shown {
        party: wallet.party,
        public_key: wallet.public(),
        possession: ledger.map(|ledger| wallet.possession(&ledger)),
    };
    context.print(&shown, || {
        let mut text = format!(
            "party      {}\npublic key {}",
            shown.party, shown.public_key
        );
        if let Some(possession) = shown.possession {
            text.push_str(&format!("\npossession {possession}"));
        }
        text
    })
}

/// Reads a key file, for another command as well.
pub(crate) fn load(file: &Path) -> Result<Wallet, Failure> {
    Wallet::load(file).map_err(|error| failure(file, &error))
}

fn save(wallet: Wallet, file: &Path, overwrite: &Overwrite) -> Result<Wallet, Failure> {
    wallet
        .save(file, overwrite.existing())
        .map_err(|error| failure(file, &error))?;
    Ok(wallet)
}

fn failure(file: &Path, error: &WalletError) -> Failure {
    match error {
        WalletError::Io(error) => Failure::file(file, error),
        other => Failure::no(format!("{}: {other}", file.display())),
    }
}

fn read_seed() -> Result<[u8; 32], Failure> {
    /// 64 digits and a line end.
    const SEED_BYTES_MAX: usize = 66;
    let bytes = read_file(Path::new("-"), SEED_BYTES_MAX)?;
    let mut seed = [0; 32];
    hex::decode_to_slice(bytes.trim_ascii(), &mut seed)
        .map_err(|_| Failure::usage("stdin has no seed of 64 hexadecimal digits"))?;
    Ok(seed)
}

//! The provider's folder: its key, and one small file for every party it enrolled.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use deedbook_client::files::{Access, Existing, write};
use deedbook_client::wallet::Wallet;
use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::party::PartyId;

use super::Provider;

const KEY: &str = "provider.key.json";
const LEDGER: &str = "ledger";
const PARTIES: &str = "parties";

/// A provider's folder, open.
#[derive(Debug)]
pub struct ProviderHome {
    folder: PathBuf,
    parties: BTreeMap<PartyId, PublicKey>,
}

impl ProviderHome {
    /// Makes the folder of a provider that was accredited with this key.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(folder: &Path, provider: &Provider) -> Result<()> {
        let parties = folder.join(PARTIES);
        fs::create_dir_all(&parties).with_context(|| format!("making {}", parties.display()))?;
        let ledger = format!("{}\n", provider.ledger);
        let written = write(
            &folder.join(LEDGER),
            ledger.as_bytes(),
            Access::Public,
            Existing::Keep,
        );
        written.with_context(|| format!("writing into {}", folder.display()))?;
        let saved = provider.wallet.save(&folder.join(KEY), Existing::Keep);
        saved.with_context(|| format!("writing the key into {}", folder.display()))
    }

    /// Opens the folder: the provider and the parties it enrolled so far.
    ///
    /// # Errors
    /// If a file is missing or is not what it should be.
    pub fn open(folder: &Path) -> Result<(Provider, Self)> {
        let path = folder.join(LEDGER);
        let text =
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let ledger: Result<LedgerId, String> = text.trim_end().parse();
        let ledger = ledger.map_err(anyhow::Error::msg);
        let path = folder.join(KEY);
        let wallet = Wallet::load(&path).with_context(|| format!("reading {}", path.display()))?;
        let provider = Provider {
            wallet,
            ledger: ledger.with_context(|| format!("{}", folder.join(LEDGER).display()))?,
        };
        let home = Self {
            folder: folder.to_owned(),
            parties: read_parties(&folder.join(PARTIES))?,
        };
        Ok((provider, home))
    }

    /// The enrolled key of a party.
    #[must_use]
    pub fn key(&self, party: &PartyId) -> Option<PublicKey> {
        self.parties.get(party).copied()
    }

    /// Parties enrolled so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.parties.len()
    }

    /// Remembers an enrolled party. Written before the enrolment record is handed out.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn remember(&mut self, party: PartyId, key: PublicKey) -> Result<()> {
        let path = self.folder.join(PARTIES).join(party.to_string());
        let text = format!("{key}\n");
        write(&path, text.as_bytes(), Access::Public, Existing::Replace)
            .with_context(|| format!("writing {}", path.display()))?;
        self.parties.insert(party, key);
        Ok(())
    }
}

fn read_parties(folder: &Path) -> Result<BTreeMap<PartyId, PublicKey>> {
    let mut parties = BTreeMap::new();
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry.context("reading the parties")?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        // What a crash left half written was never answered for.
        let Some(Ok(party)) = name.map(str::parse::<PartyId>) else {
            continue;
        };
        let text =
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let key = text.trim_end().parse().map_err(anyhow::Error::msg);
        parties.insert(party, key.with_context(|| format!("{}", path.display()))?);
    }
    Ok(parties)
}

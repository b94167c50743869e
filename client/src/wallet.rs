//! Key files: one Ed25519 key of one party, readable by its owner alone.
//!
//! Does not live here: what is signed with it. The seed is in the file in the clear and protected
//! by its mode (0600); who needs more keeps the folder on an encrypted disk. It is never printed.

use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::keys::{PublicKey, Signature, SigningKey, sign};
use deedbook_schemas::party::{PartyId, possession_bytes};
use serde::{Deserialize, Serialize};

use crate::files::{self, Access, Existing};

/// What the file says it is.
const FORMAT: &str = "deedbook-key/v1";
/// Bytes of a key file: four short fields.
const KEY_FILE_BYTES_MAX: usize = 4 * 1024;

/// A party's key.
pub struct Wallet {
    /// Whose.
    pub party: PartyId,
    key: SigningKey,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    party: PartyId,
    public_key: PublicKey,
    seed: String,
}

/// Why there is no usable key.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Others may read or write the file.
    #[error("mode {0:04o} lets others read the key; it must be 0600 (chmod 600)")]
    Mode(u32),
    /// Not a key file.
    #[error("not a key file: {0}")]
    Format(String),
    /// The operating system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(String),
}

/// Random bytes from the operating system.
///
/// # Errors
/// [`WalletError::Random`] if it gives none.
pub fn random<const N: usize>() -> Result<[u8; N], WalletError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| WalletError::Random(error.to_string()))?;
    Ok(bytes)
}

impl Wallet {
    /// A new key; for a new party if none is named.
    ///
    /// # Errors
    /// [`WalletError::Random`].
    pub fn generate(party: Option<PartyId>) -> Result<Self, WalletError> {
        let party = party.map_or_else(|| random().map(PartyId), Ok)?;
        Ok(Self {
            party,
            key: SigningKey::from_bytes(&random()?),
        })
    }

    /// A party's key from its 32-byte seed.
    #[must_use]
    pub fn from_seed(party: PartyId, seed: &[u8; 32]) -> Self {
        Self {
            party,
            key: SigningKey::from_bytes(seed),
        }
    }

    /// The key's public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::of(&self.key)
    }

    /// The key, for signing.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The party's proof that the key is theirs, which enrolment asks for.
    #[must_use]
    pub fn possession(&self, ledger: &LedgerId) -> Signature {
        sign(
            &self.key,
            &possession_bytes(ledger, &self.party, &self.public()),
        )
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`WalletError`] if it cannot be read, others may read it, or it is not a key file.
    pub fn load(path: &Path) -> Result<Self, WalletError> {
        let file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(WalletError::Mode(mode));
        }
        let bytes = files::read_from(file, KEY_FILE_BYTES_MAX)?;
        // serde's message could quote the line; a seed must not end up in a terminal.
        let stored: KeyFile = serde_json::from_slice(&bytes).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            WalletError::Format(place)
        })?;
        if stored.format != FORMAT {
            return Err(WalletError::Format(format!("the format must be {FORMAT}")));
        }
        let mut seed = [0; 32];
        hex::decode_to_slice(&stored.seed, &mut seed)
            .map_err(|_| WalletError::Format("the seed must be 64 digits".to_owned()))?;
        let wallet = Self::from_seed(stored.party, &seed);
        if wallet.public() == stored.public_key {
            Ok(wallet)
        } else {
            Err(WalletError::Format(
                "the public key is not the seed's".to_owned(),
            ))
        }
    }

    /// Writes a key file with mode 0600, whole or not at all.
    ///
    /// # Errors
    /// [`WalletError::Io`] if it cannot be written or must not replace what is there.
    pub fn save(&self, path: &Path, existing: Existing) -> Result<(), WalletError> {
        let stored = KeyFile {
            format: FORMAT.to_owned(),
            party: self.party,
            public_key: self.public(),
            seed: hex::encode(self.key.to_bytes()),
        };
        let mut bytes = serde_json::to_vec_pretty(&stored)
            .map_err(|error| WalletError::Format(error.to_string()))?;
        bytes.push(b'\n');
        Ok(files::write(path, &bytes, Access::Owner, existing)?)
    }
}

impl std::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wallet({}, {})", self.party, self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_as_it_was_written_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        let wallet = Wallet::generate(None).unwrap();
        wallet.save(&path, Existing::Keep).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        let read = Wallet::load(&path).unwrap();
        assert_eq!((read.party, read.public()), (wallet.party, wallet.public()));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Wallet::load(&path), Err(WalletError::Mode(0o640))));
    }

    #[test]
    fn neither_debug_nor_an_error_shows_the_seed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        let wallet = Wallet::generate(None).unwrap();
        let seed = hex::encode(wallet.key.to_bytes());
        assert!(!format!("{wallet:?}").contains(&seed));
        let broken = format!("{{\"format\": \"{FORMAT}\", \"seed\": [\"{seed}\"]}}");
        files::write(&path, broken.as_bytes(), Access::Owner, Existing::Keep).unwrap();
        assert!(!Wallet::load(&path).unwrap_err().to_string().contains(&seed));
    }
}

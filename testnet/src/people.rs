//! The people of a test network: made-up persons with a key of their own.
//!
//! Lives here: key, pseudonym, and the salted commitment to what a real provider would have
//! checked. Does not live here: what they sign (`deals`), or how a provider is asked (`provider`).

use std::time::{SystemTime, UNIX_EPOCH};

use deedbook_client::wallet::{Wallet, WalletError, random};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{Commitment, LedgerId};
use deedbook_schemas::party::Enrolment;

/// This machine's clock, in seconds UTC; 0 if it stands before 1970, which every node refuses.
#[must_use]
pub fn now() -> Seconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Seconds(since.map_or(0, |since| since.as_secs()))
}

/// A made-up person.
#[derive(Debug)]
pub struct Person {
    /// A name for the console. It never reaches the ledger.
    pub name: String,
    /// Pseudonym and key.
    pub wallet: Wallet,
    /// Salted commitment to the name: salt and name stay here.
    pub personal: Commitment,
}

impl Person {
    /// Invents a person.
    ///
    /// # Errors
    /// [`WalletError::Random`].
    pub fn invent(name: &str) -> Result<Self, WalletError> {
        Ok(Self {
            name: name.to_owned(),
            wallet: Wallet::generate(None)?,
            personal: Commitment::new(&random()?, name.as_bytes()),
        })
    }

    /// What this person hands to a provider to be enrolled: key, commitment, and the proof that
    /// the key is theirs.
    #[must_use]
    pub fn enrolment(&self, ledger: &LedgerId) -> Enrolment {
        Enrolment {
            key: self.wallet.public(),
            personal: self.personal,
            possession: self.wallet.possession(ledger),
        }
    }
}

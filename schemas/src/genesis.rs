//! The genesis: what a ledger is before its first record, and whose hash is its name.
//!
//! A JSON file for people; the ledger id is BLAKE3 of its deterministic CBOR.

use std::collections::BTreeSet;

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::BlockTime;
use crate::digest::{LedgerId, derive};
use crate::encoding::encode;
use crate::evidence::Topic;
use crate::limits::{KEY_NAME_CHARS_MAX, LABEL_BYTES_MAX, TEXT_BYTES_MAX};
use crate::party::{Accreditation, AuthorityRole, PartyId};
use crate::text::{check_text, is_identifier};
use crate::validators::{Validator, ValidatorSet, ValidatorSetError};

/// Parameters of the law: nothing of this is a constant in code. The profile in force when an
/// instrument is lodged decides.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, for people.
    #[n(0)]
    pub name: String,
    /// Years a power lasts that states no term (Civil Code 168: one).
    #[n(1)]
    pub power_default_years: u8,
    /// Years a power lasts at most (Civil Code 168: three).
    #[n(2)]
    pub power_max_years: u8,
    /// Days a pending instrument waits for its last requirement.
    #[n(3)]
    pub pending_days: u16,
    /// Seconds between a record's time of signing and its block, either way.
    #[n(4)]
    pub record_window_s: u32,
    /// Seconds between an identity check and the time of signing.
    #[n(5)]
    pub attestation_window_s: u32,
    /// Assurance level an act needs (1 low, 2 substantial, 3 high).
    #[n(6)]
    pub assurance_min: u8,
    /// Liveness level an act needs (0 none, 1 passive, 2 active, 3 certified).
    #[n(7)]
    pub liveness_min: u8,
    /// Topics every recording must cover, sorted; of a sale also the price.
    #[n(8)]
    pub topics: Vec<Topic>,
    /// Years a recording is kept at least.
    #[n(9)]
    pub retention_years: u8,
    /// Days in which a spouse may contest (Marriage Code 34: one year).
    #[n(10)]
    pub contest_days: u16,
}

impl Profile {
    /// Whether its parameters are possible together.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        check_text(&self.name, TEXT_BYTES_MAX).is_ok()
            && (1..=self.power_max_years).contains(&self.power_default_years)
            && self.pending_days > 0
            && (1..=3).contains(&self.assurance_min)
            && self.liveness_min <= 3
            && self.topics.is_sorted_by(|a, b| a < b)
    }

    /// The default: the Civil Code and the Marriage Code of Kazakhstan, high assurance, active
    /// liveness.
    #[must_use]
    pub fn kazakhstan() -> Self {
        Self {
            name: "KZ-2026".to_owned(),
            power_default_years: 1,
            power_max_years: 3,
            pending_days: 30,
            record_window_s: 900,
            attestation_window_s: 300,
            assurance_min: 3,
            liveness_min: 2,
            topics: vec![Topic::Identity, Topic::FreeWill, Topic::Object, Topic::Date],
            retention_years: 75,
            contest_days: 365,
        }
    }
}

/// An authority at the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct GenesisAuthority {
    /// Its id.
    #[n(0)]
    pub id: PartyId,
    /// What it may do.
    #[n(1)]
    pub accreditation: Accreditation,
}

/// The genesis.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// The log's origin (C2SP tlog-checkpoint): a schema-less URL such as `ledger.example/deeds`.
    #[n(0)]
    pub origin: String,
    /// When; the first block is later.
    #[n(1)]
    pub time: BlockTime,
    /// The first validators.
    #[n(2)]
    pub validators: Vec<Validator>,
    /// The first authorities, sorted by id.
    #[n(3)]
    pub authorities: Vec<GenesisAuthority>,
    /// The law's parameters.
    #[n(4)]
    pub profile: Profile,
}

/// Why a genesis cannot begin a ledger.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// The origin is empty, too long, or has spaces or a plus sign.
    #[error("{0:?} is not an origin")]
    Origin(String),
    /// The validators are no set.
    #[error(transparent)]
    Validators(#[from] ValidatorSetError),
    /// A validator's name that cannot stand in a note's signature line.
    #[error("{0:?} is not a validator's name: printable ASCII without spaces and plus signs")]
    ValidatorName(String),
    /// A key that is malformed or weak, or another authority's.
    #[error("{0} has an inadmissible key")]
    Key(String),
    /// Authorities unsorted or repeated, with an unfit name, or methods unsorted or not a provider's.
    #[error("authority {0} is out of order or repeated, or its name or methods are unfit")]
    Authority(PartyId),
    /// Parameters that no law can have: a default above its maximum, a level that does not exist.
    #[error("the profile {0:?} has an impossible parameter")]
    Profile(String),
}

impl Genesis {
    /// The ledger's name.
    #[must_use]
    pub fn ledger_id(&self) -> LedgerId {
        LedgerId(derive("deedbook 2026 genesis", &[&encode(self)]))
    }

    /// Checks the genesis and gives its validator set.
    ///
    /// # Errors
    /// [`GenesisError`] names the first thing wrong.
    pub fn check(&self) -> Result<ValidatorSet, GenesisError> {
        if !is_key_name(&self.origin) {
            return Err(GenesisError::Origin(self.origin.clone()));
        }
        if !self.profile.is_well_formed() {
            return Err(GenesisError::Profile(self.profile.name.clone()));
        }
        for validator in &self.validators {
            if !is_key_name(&validator.name) {
                return Err(GenesisError::ValidatorName(validator.name.clone()));
            }
            let admissible = validator.consensus_key.admit().is_ok()
                && validator.note_key.admit().is_ok()
                && validator.log_key.admit().is_ok();
            if !admissible {
                return Err(GenesisError::Key(validator.name.clone()));
            }
        }
        self.check_authorities()?;
        Ok(ValidatorSet::new(self.validators.clone())?)
    }

    fn check_authorities(&self) -> Result<(), GenesisError> {
        let mut previous: Option<PartyId> = None;
        let mut keys = BTreeSet::new();
        for GenesisAuthority { id, accreditation } in &self.authorities {
            let methods = &accreditation.methods;
            let fit = previous.is_none_or(|previous| previous < *id)
                && check_text(&accreditation.name, TEXT_BYTES_MAX).is_ok()
                && methods.is_sorted_by(|a, b| a < b)
                && methods
                    .iter()
                    .all(|method| is_identifier(method, LABEL_BYTES_MAX))
                && (methods.is_empty() || accreditation.role == AuthorityRole::IdentityProvider);
            if !fit {
                return Err(GenesisError::Authority(*id));
            }
            if accreditation.key.admit().is_err() || !keys.insert(accreditation.key) {
                return Err(GenesisError::Key(accreditation.name.clone()));
            }
            previous = Some(*id);
        }
        Ok(())
    }
}

/// Whether a name may stand in a note's signature line (C2SP signed-note: no space, no plus sign)
/// and in a policy (not a word of its own).
fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= KEY_NAME_CHARS_MAX
        && !matches!(name, "none" | "validators")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'+')
}

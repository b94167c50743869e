//! The genesis: what a ledger is before its first record, and whose hash is its name.
//!
//! A JSON file for people; the ledger id is BLAKE3 of its deterministic CBOR.

use std::collections::BTreeSet;

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::BlockTime;
use crate::digest::{LedgerId, derive};
use crate::encoding::encode;
use crate::keys::PublicKey;
use crate::limits::{LABEL_BYTES_MAX, SUPERIORS_MAX, TEXT_BYTES_MAX};
use crate::party::{Accreditation, AuthorityRole, PartyId};
use crate::profile::Profile;
use crate::text::{check_text, is_identifier};
use crate::validators::{Validator, ValidatorSet, ValidatorSetError, is_key_name};

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
    /// Signs checkpoints in the log's name, the origin (Ed25519, 32 bytes): the key of the group of
    /// all validators, of whom [`crate::validators::quorum_count`] sign together (FROST, RFC 9591).
    #[n(5)]
    pub log_key: PublicKey,
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
    /// Powers that differ so much that no number of validators stands for a quorum, while the log's
    /// key is held by a number of them.
    #[error("validators of these powers are a quorum or none by weight and not by number")]
    Powers,
    /// A key that is malformed or weak, or another authority's.
    #[error("{0} has an inadmissible key")]
    Key(String),
    /// Authorities unsorted or repeated, or one with an unfit name, methods, superior, territory or
    /// person.
    #[error(
        "authority {0} is out of order or repeated, or its name, methods, superior, territory or person is unfit"
    )]
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
            if !validator.has_key_name() {
                return Err(GenesisError::ValidatorName(validator.name.clone()));
            }
            if !validator.has_admissible_keys() {
                return Err(GenesisError::Key(validator.name.clone()));
            }
        }
        self.check_authorities()?;
        let set = ValidatorSet::new(self.validators.clone())?;
        if !set.counts_as_it_weighs() {
            return Err(GenesisError::Powers);
        }
        self.check_log_key()?;
        Ok(set)
    }

    /// The log's key is of no other use. Whether the validators' shares are shares of it, those who
    /// sign with it check: that is arithmetic on curves, of no use to who only verifies.
    fn check_log_key(&self) -> Result<(), GenesisError> {
        let of_a_validator = |validator: &Validator| {
            [validator.consensus_key, validator.note_key].contains(&self.log_key)
        };
        if self.log_key.admit().is_err() || self.validators.iter().any(of_a_validator) {
            return Err(GenesisError::Key(self.origin.clone()));
        }
        Ok(())
    }

    /// Whether above an authority stand others of the genesis, not too many, and never itself.
    fn is_below_others(&self, authority: PartyId, superior: Option<PartyId>) -> bool {
        let mut above = superior;
        for _ in 0..SUPERIORS_MAX {
            let Some(id) = above else {
                return true;
            };
            let found = self.authorities.iter().find(|other| other.id == id);
            let Some(found) = found.filter(|_| id != authority) else {
                return false;
            };
            above = found.accreditation.superior;
        }
        above.is_none()
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
                && (methods.is_empty() || accreditation.role == AuthorityRole::IdentityProvider)
                && accreditation.is_territory_well_formed()
                && (accreditation.person.is_none() || accreditation.role == AuthorityRole::Notary)
                && self.is_below_others(*id, accreditation.superior);
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

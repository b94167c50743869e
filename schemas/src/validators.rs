//! Who decides: the validators of one height, in their one order, and how others follow them.

use std::collections::BTreeSet;

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::digest::{LedgerId, ValidatorSetId, derive};
use crate::encoding::{encode, fixed_bytes};
use crate::keys::{PublicKey, Signature, SigningKey, sign};
use crate::limits::{KEY_NAME_CHARS_MAX, VALIDATORS_MAX};

fixed_bytes!(
    /// A validator's address: the first 20 bytes of BLAKE3 of its consensus key.
    ValidatorAddress, 20
);

impl ValidatorAddress {
    /// The address of a consensus key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let hash = derive("deedbook 2026 validator address", &[key.as_bytes()]);
        let mut address = [0; 20];
        address.copy_from_slice(hash.split_at(20).0);
        Self(address)
    }
}

/// One validator: a named institution and its keys.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// The institution's note key name (C2SP signed-note): no spaces, no plus sign.
    #[n(0)]
    pub name: String,
    /// Signs votes and proposals (Ed25519, 32 bytes).
    #[n(1)]
    pub consensus_key: PublicKey,
    /// Signs checkpoint cosignatures (Ed25519, 32 bytes); never the same as the consensus key.
    #[n(2)]
    pub note_key: PublicKey,
    /// Its public share of the log's key (a point of full order, 32 bytes): shows whose contribution
    /// to a signature in the log's name is wrong. Nothing is signed by it alone.
    #[n(3)]
    pub log_share: PublicKey,
    /// Voting power, at least 1.
    #[n(4)]
    pub power: u64,
}

impl Validator {
    /// The address, derived from the consensus key.
    #[must_use]
    pub fn address(&self) -> ValidatorAddress {
        ValidatorAddress::of(&self.consensus_key)
    }

    /// Whether its name may stand in a note's signature line (C2SP signed-note: no space, no plus
    /// sign) and in a policy (not a word of its own).
    #[must_use]
    pub fn has_key_name(&self) -> bool {
        is_key_name(&self.name)
    }

    /// Whether all of its keys are fit to be relied on.
    #[must_use]
    pub fn has_admissible_keys(&self) -> bool {
        [self.consensus_key, self.note_key, self.log_share]
            .iter()
            .all(|key| key.admit().is_ok())
    }
}

/// Whether a name may stand in a note's signature line and in a policy: see
/// [`Validator::has_key_name`].
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= KEY_NAME_CHARS_MAX
        && !matches!(name, "none" | "validators")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'+')
}

/// How many of `count` validators of equal power are needed to have more than two thirds of it:
/// 3 of 4, 5 of 7, 67 of 100. So many hold the log's key together.
///
/// No other number can stand for a quorum. If any t of n have more than two thirds of the power,
/// then so have the weakest t, and t/n > 2/3; if no t-1 have, then neither have the strongest t-1,
/// and (t-1)/n ≤ 2/3. Only ⌊2n/3⌋ + 1 is both.
#[must_use]
pub const fn quorum_count(count: usize) -> usize {
    count * 2 / 3 + 1
}

/// Why a list of validators is not a validator set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// None, or more than [`VALIDATORS_MAX`].
    #[error("{0} validators; between 1 and {VALIDATORS_MAX} are allowed")]
    Count(usize),
    /// Two share a name or a key, or one uses one key for two roles.
    #[error("validator {0} shares a name or a key")]
    Duplicate(String),
    /// Power zero, or so large that the sum overflows.
    #[error("validator {0} has an impossible voting power")]
    Power(String),
}

/// The validators of one height: sorted by address, no duplicates, total power below 2^63.
#[derive(Debug, Clone, PartialEq, Eq, Encode, CborLen, Serialize)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct ValidatorSet(#[n(0)] Vec<Validator>);

impl ValidatorSet {
    /// Sorts and checks a list.
    ///
    /// # Errors
    /// [`ValidatorSetError`] if it is empty, too long, has duplicates or impossible powers.
    pub fn new(mut validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        if validators.is_empty() || validators.len() > VALIDATORS_MAX {
            return Err(ValidatorSetError::Count(validators.len()));
        }
        validators.sort_by_key(Validator::address);
        let (mut names, mut keys) = (BTreeSet::new(), BTreeSet::new());
        let mut total: u64 = 0;
        for validator in &validators {
            let fresh = names.insert(validator.name.clone())
                && keys.insert(*validator.consensus_key.as_bytes())
                && keys.insert(*validator.note_key.as_bytes())
                && keys.insert(*validator.log_share.as_bytes());
            if !fresh {
                return Err(ValidatorSetError::Duplicate(validator.name.clone()));
            }
            total = total
                .checked_add(validator.power)
                .filter(|total| validator.power > 0 && *total < 1 << 63)
                .ok_or_else(|| ValidatorSetError::Power(validator.name.clone()))?;
        }
        Ok(Self(validators))
    }

    /// The validators, sorted by address.
    #[must_use]
    pub fn as_slice(&self) -> &[Validator] {
        &self.0
    }

    /// The validator at `address`.
    #[must_use]
    pub fn get(&self, address: &ValidatorAddress) -> Option<&Validator> {
        let index = self.0.binary_search_by_key(address, Validator::address);
        index.ok().and_then(|index| self.0.get(index))
    }

    /// Sum of the voting powers.
    #[must_use]
    pub fn total_power(&self) -> u64 {
        self.0.iter().map(|validator| validator.power).sum()
    }

    /// Whether `power` is more than two thirds of the total.
    #[must_use]
    pub fn is_quorum(&self, power: u64) -> bool {
        u128::from(power) * 3 > u128::from(self.total_power()) * 2
    }

    /// Whether counting validators is as good as counting their power: those who are
    /// [`quorum_count`] or more have more than two thirds of it, and those who are fewer have not.
    /// A threshold key knows only counts.
    #[must_use]
    pub fn counts_as_it_weighs(&self) -> bool {
        let mut powers: Vec<u64> = self.0.iter().map(|validator| validator.power).collect();
        powers.sort_unstable();
        let count = quorum_count(powers.len());
        let weakest = powers.iter().take(count).sum();
        let strongest_but_one_less = powers.iter().rev().take(count - 1).sum();
        self.is_quorum(weakest) && !self.is_quorum(strongest_but_one_less)
    }

    /// Hash of the set, as a block header and a seal carry it.
    #[must_use]
    pub fn id(&self) -> ValidatorSetId {
        ValidatorSetId(derive("deedbook 2026 validator set", &[&encode(self)]))
    }
}

/// Another set shall decide from the next height on. Lodged by the supervisor, approved by more than
/// two thirds of the present validators' power and by every validator that joins.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct ValidatorSetChange {
    /// How many changes there are with this one.
    #[n(0)]
    pub number: u32,
    /// The whole next set, as [`ValidatorSet`] sorts it.
    #[n(1)]
    pub validators: Vec<Validator>,
    /// Sorted by validator.
    #[n(2)]
    pub approvals: Vec<Approval>,
}

/// A validator's word that a set shall follow the present one: of a present validator, or of one that
/// joins.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Whose.
    #[n(0)]
    pub validator: ValidatorAddress,
    /// By its consensus key, over [`approval_bytes`].
    #[n(1)]
    pub signature: Signature,
}

impl Approval {
    /// Approves, as the validator of a consensus key.
    #[must_use]
    pub fn sign(key: &SigningKey, ledger: &LedgerId, number: u32, next: ValidatorSetId) -> Self {
        Self {
            validator: ValidatorAddress::of(&PublicKey::of(key)),
            signature: sign(key, &approval_bytes(ledger, number, next)),
        }
    }
}

/// The bytes a validator signs to approve a set, of fixed layout: `"deedbook/validators/v1" ‖ ledger(32)
/// ‖ number of the change(u32 BE) ‖ id of the set(32)`.
#[must_use]
pub fn approval_bytes(ledger: &LedgerId, number: u32, next: ValidatorSetId) -> Vec<u8> {
    [
        b"deedbook/validators/v1".as_slice(),
        &ledger.0,
        &number.to_be_bytes(),
        &next.0,
    ]
    .concat()
}

/// Who decides the next height, as the state holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct ValidatorsInOffice {
    /// Changes so far; 0 from the genesis on.
    #[n(0)]
    pub number: u32,
    /// Signs checkpoints in the log's name; the same whoever holds its shares.
    #[n(1)]
    pub log_key: PublicKey,
    /// Sorted as [`ValidatorSet`] sorts them.
    #[n(2)]
    pub validators: Vec<Validator>,
}

impl ValidatorsInOffice {
    /// The set, checked again.
    ///
    /// # Errors
    /// [`ValidatorSetError`] if they are none, which the law excludes.
    pub fn set(&self) -> Result<ValidatorSet, ValidatorSetError> {
        ValidatorSet::new(self.validators.clone())
    }
}

//! The log's key: one Ed25519 key that no machine ever holds. `⌊2n/3⌋ + 1` of n validators sign
//! together (FROST, RFC 9591), so that no faulty minority can sign in the log's name.
//!
//! Lives here: a validator's share, the group as the validator set names it, and the check that its shares
//! are shares of its key. Does not live here: how the shares are made (`ceremony`), and when they
//! sign (`log_signer`).

pub mod ceremony;
mod files;

use std::collections::BTreeMap;
use std::fmt;

use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::keys::{AdmittedKey, PublicKey, Signature};
use deedbook_schemas::validators::{Validator, quorum_count};
use frost_ed25519::keys::{KeyPackage, PublicKeyPackage, SigningShare, VerifyingShare};
use frost_ed25519::{Ed25519Group, Ed25519ScalarField, Field as _, Group as _, Identifier};
use zeroize::Zeroizing;

pub use files::{Ceremony, CeremonyFileError, Resharing, alone};

/// Why shares and key do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogKeyError {
    /// Two validators of one name, or none at all.
    #[error("{0} names of validators are needed, none of them twice")]
    Names(usize),
    /// Not a point of full order, canonically encoded.
    #[error("{0} is not a point that can be a key or a share")]
    Point(PublicKey),
    /// Not a scalar.
    #[error("the secret share of the log's key is malformed")]
    Share,
    /// A public share that is not one of the log's key.
    #[error("the share of {name} is not one of the log's key {log_key}")]
    Inconsistent {
        /// Whose share.
        name: String,
        /// The log's key.
        log_key: PublicKey,
    },
    /// The secret share is not the one whose public half the validator set names.
    #[error("this node's share of the log's key belongs to {got}, the genesis says {want}")]
    OtherShare {
        /// Its public half.
        got: PublicKey,
        /// The public half in the genesis.
        want: PublicKey,
    },
    /// None of a node's secret shares is the one whose public half the validator set names.
    #[error("none of the {count} shares of the log's key here is that of {name}, {want}")]
    NoneFits {
        /// How many there are.
        count: usize,
        /// Who looks for its share.
        name: String,
        /// The public half in the set.
        want: PublicKey,
    },
    /// No validator of that name.
    #[error("{0:?} holds no share of the log's key")]
    Stranger(String),
}

/// A validator's secret share of the log's key. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct LogShare(Zeroizing<SigningShare>);

impl fmt::Debug for LogShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogShare(secret)")
    }
}

impl LogShare {
    /// Reads a share, 32 bytes.
    ///
    /// # Errors
    /// [`LogKeyError::Share`] if they are no scalar.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, LogKeyError> {
        let share = SigningShare::deserialize(bytes).map_err(|_| LogKeyError::Share)?;
        Ok(Self(Zeroizing::new(share)))
    }

    fn of(share: SigningShare) -> Self {
        Self(Zeroizing::new(share))
    }

    /// The secret bytes, 32.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize())
    }

    fn scalar(&self) -> Result<Zeroizing<Scalar>, LogKeyError> {
        let bytes = self.to_bytes();
        let bytes = bytes
            .as_slice()
            .try_into()
            .map_err(|_| LogKeyError::Share)?;
        let scalar = Ed25519ScalarField::deserialize(bytes).map_err(|_| LogKeyError::Share)?;
        Ok(Zeroizing::new(scalar))
    }

    /// Its public half, as the validator set names it.
    ///
    /// # Errors
    /// [`LogKeyError::Share`] if it is the share zero, which no ceremony deals.
    pub fn public(&self) -> Result<PublicKey, LogKeyError> {
        let public = VerifyingShare::from(*self.0);
        let bytes = public.serialize().map_err(|_| LogKeyError::Share)?;
        Ok(PublicKey(bytes.try_into().map_err(|_| LogKeyError::Share)?))
    }
}

/// The public half of a log key: what the genesis says about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogKeys {
    /// The key itself.
    pub log_key: PublicKey,
    /// Every validator's public share, by its name.
    pub shares: BTreeMap<String, PublicKey>,
}

impl LogKeys {
    /// The public half as a validator set says it.
    ///
    /// # Errors
    /// [`LogKeyError::Names`] if two validators have one name.
    pub fn of(log_key: PublicKey, validators: &[Validator]) -> Result<Self, LogKeyError> {
        let shares: BTreeMap<_, _> = validators
            .iter()
            .map(|validator| (validator.name.clone(), validator.log_share))
            .collect();
        if shares.len() != validators.len() {
            return Err(LogKeyError::Names(validators.len()));
        }
        Ok(Self { log_key, shares })
    }
}

/// Who holds the log's key: names, public shares, threshold; checked to belong together.
#[derive(Debug, Clone)]
pub struct LogGroup {
    log_key: PublicKey,
    admitted: AdmittedKey,
    members: BTreeMap<String, Identifier>,
    names: BTreeMap<Identifier, String>,
    package: PublicKeyPackage,
    threshold: usize,
}

impl LogGroup {
    /// The group of a ledger.
    ///
    /// # Errors
    /// [`LogKeyError`] if the genesis names shares that are not shares of its log key.
    pub fn of_genesis(genesis: &Genesis) -> Result<Self, LogKeyError> {
        Self::new(&LogKeys::of(genesis.log_key, &genesis.validators)?)
    }

    /// The group of these keys.
    ///
    /// # Errors
    /// [`LogKeyError`] if they do not belong together.
    pub fn new(keys: &LogKeys) -> Result<Self, LogKeyError> {
        let point = |key: &PublicKey| LogKeyError::Point(*key);
        let log_key = keys.log_key;
        let admitted = log_key.admit().map_err(|_| point(&log_key))?;
        let verifying_key = frost_ed25519::VerifyingKey::deserialize(log_key.as_bytes())
            .map_err(|_| point(&log_key))?;
        let mut members = BTreeMap::new();
        let mut shares = BTreeMap::new();
        for (name, share) in &keys.shares {
            let id = identifier(name);
            let verifying =
                VerifyingShare::deserialize(share.as_bytes()).map_err(|_| point(share))?;
            members.insert(name.clone(), id);
            shares.insert(id, verifying);
        }
        let count = members.len();
        // Two names with one identifier: a collision of SHA-512.
        if count == 0 || shares.len() != count {
            return Err(LogKeyError::Names(count));
        }
        let threshold = quorum_count(count);
        check_shares(keys, threshold)?;
        let min_signers = u16::try_from(threshold).map_err(|_| LogKeyError::Names(count))?;
        Ok(Self {
            log_key,
            admitted,
            names: members
                .iter()
                .map(|(name, id)| (*id, name.clone()))
                .collect(),
            members,
            package: PublicKeyPackage::new(shares, verifying_key, Some(min_signers)),
            threshold,
        })
    }

    /// The log's key.
    #[must_use]
    pub fn log_key(&self) -> &PublicKey {
        &self.log_key
    }

    /// How many sign together.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// The names of all who hold a share, sorted.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.members.keys()
    }

    /// Whether the log's key signed this, strictly.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        self.admitted.verify(message, signature)
    }

    pub(crate) fn identifier(&self, name: &str) -> Option<Identifier> {
        self.members.get(name).copied()
    }

    pub(crate) fn name(&self, id: &Identifier) -> Option<&String> {
        self.names.get(id)
    }

    /// The public side of the key, as FROST wants it.
    #[must_use]
    pub fn package(&self) -> &PublicKeyPackage {
        &self.package
    }

    /// Of several shares that a node keeps, the one of `name` in this group: around a change of the
    /// validator set it has the one in force and the next.
    ///
    /// # Errors
    /// [`LogKeyError`] if `name` is no member, or none of them is its share.
    pub fn choose<'a>(
        &self,
        name: &str,
        shares: &'a [LogShare],
    ) -> Result<&'a LogShare, LogKeyError> {
        let want = self.public_share(name)?;
        let fits = |share: &&LogShare| share.public().is_ok_and(|got| got == want);
        let none = || LogKeyError::NoneFits {
            count: shares.len(),
            name: name.to_owned(),
            want,
        };
        shares.iter().find(fits).ok_or_else(none)
    }

    fn public_share(&self, name: &str) -> Result<PublicKey, LogKeyError> {
        let id = self.identifier(name);
        let share = id.and_then(|id| self.package.verifying_shares().get(&id));
        public(share.ok_or_else(|| LogKeyError::Stranger(name.to_owned()))?)
    }

    /// What `name` signs with, if the share is the one that the group knows.
    ///
    /// # Errors
    /// [`LogKeyError`] otherwise.
    pub fn key_package(&self, name: &str, share: &LogShare) -> Result<KeyPackage, LogKeyError> {
        let stranger = || LogKeyError::Stranger(name.to_owned());
        let id = self.identifier(name).ok_or_else(stranger)?;
        let known = self.package.verifying_shares().get(&id);
        let known = known.ok_or_else(stranger)?;
        let (got, want) = (share.public()?, public(known)?);
        if got != want {
            return Err(LogKeyError::OtherShare { got, want });
        }
        let min_signers = self.package.min_signers().ok_or(LogKeyError::Share)?;
        let key = *self.package.verifying_key();
        Ok(KeyPackage::new(id, *share.0, *known, key, min_signers))
    }
}

fn public(share: &VerifyingShare) -> Result<PublicKey, LogKeyError> {
    let bytes = share.serialize().map_err(|_| LogKeyError::Share)?;
    Ok(PublicKey(bytes.try_into().map_err(|_| LogKeyError::Share)?))
}

/// A validator's place on the polynomial: a hash of its name, so that nobody needs to agree on an
/// order.
pub(crate) fn identifier(name: &str) -> Identifier {
    let place = [b"deedbook 2026 log share of ", name.as_bytes()].concat();
    Identifier::derive(&place).expect("a hash is zero once in 2^252 names")
}

type Scalar = <Ed25519ScalarField as frost_ed25519::Field>::Scalar;
type Point = <Ed25519Group as frost_ed25519::Group>::Element;

/// Checks that key and shares lie on one polynomial whose degree is below the threshold: the first
/// `threshold` shares fix it, and the key and every other share must be its values. Whoever wrote
/// other shares into the genesis would otherwise be found only when nothing can be signed.
fn check_shares(keys: &LogKeys, threshold: usize) -> Result<(), LogKeyError> {
    let mut points = Vec::with_capacity(keys.shares.len());
    for (name, share) in &keys.shares {
        points.push((name, scalar(&identifier(name))?, point(share)?));
    }
    let (basis, others) = points.split_at(threshold.min(points.len()));
    let wrong = |name: &str| LogKeyError::Inconsistent {
        name: name.to_owned(),
        log_key: keys.log_key,
    };
    let at = |x| interpolate(basis.iter().map(|(_, x, y)| (*x, *y)), x);
    let all = || keys.shares.keys().map(String::as_str).collect::<Vec<_>>();
    if at(Ed25519ScalarField::zero())? != point(&keys.log_key)? {
        return Err(wrong(&all().join(", ")));
    }
    for (name, x, y) in others {
        if at(*x)? != *y {
            return Err(wrong(name));
        }
    }
    Ok(())
}

/// The value at `at` of the polynomial through `points` (Lagrange), in the exponent.
fn interpolate(
    points: impl Iterator<Item = (Scalar, Point)> + Clone,
    at: Scalar,
) -> Result<Point, LogKeyError> {
    let mut sum = Ed25519Group::identity();
    for (x, y) in points.clone() {
        sum += y * weight(points.clone().map(|(other, _)| other), x, at)?;
    }
    Ok(sum)
}

/// How much the value at `x`, one of `places`, counts in the value at `at` (Lagrange's coefficient).
fn weight(
    places: impl Iterator<Item = Scalar>,
    x: Scalar,
    at: Scalar,
) -> Result<Scalar, LogKeyError> {
    let (mut above, mut below) = (Ed25519ScalarField::one(), Ed25519ScalarField::one());
    for other in places.filter(|other| *other != x) {
        above *= at - other;
        below *= x - other;
    }
    let inverse = Ed25519ScalarField::invert(&below).map_err(|_| LogKeyError::Share)?;
    Ok(above * inverse)
}

fn scalar(id: &Identifier) -> Result<Scalar, LogKeyError> {
    let bytes = id.serialize().try_into().map_err(|_| LogKeyError::Share)?;
    Ed25519ScalarField::deserialize(&bytes).map_err(|_| LogKeyError::Share)
}

fn point(key: &PublicKey) -> Result<Point, LogKeyError> {
    Ed25519Group::deserialize(key.as_bytes()).map_err(|_| LogKeyError::Point(*key))
}

#[cfg(test)]
pub(crate) mod tests;

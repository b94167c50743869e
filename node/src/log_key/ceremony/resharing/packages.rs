//! What the participants of a resharing tell all others first, and what follows from it: the
//! fingerprint and the next validator set. Does not live here: anything secret.

use deedbook_schemas::digest::derive;
use deedbook_schemas::encoding::encode;
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::validators::{Validator, ValidatorSet};
use frost_ed25519::{Ed25519Group, Group as _};
use minicbor::bytes::ByteSlice;
use serde::{Deserialize, Serialize};

use super::super::packages::one_of_each;
use super::super::sealing::{self, Party};
use super::super::{CeremonyError, Fingerprint, Hex, wrong};
use super::Terms;
use crate::log_key::{LogGroup, LogKeyError, LogKeys, Point, identifier, point, scalar};

/// A validator of the next set, as it says itself; all but its share of the log's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Signs its votes and proposals.
    pub consensus_key: PublicKey,
    /// Signs its cosignatures.
    pub note_key: PublicKey,
    /// Its voting power.
    pub power: u64,
}

/// What a participant tells all others first. Public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstPackage {
    /// The participant's name, as the validator set has it or will have it.
    pub from: String,
    /// Hash of the ledger, its log key and the present public shares, 32 bytes.
    pub holders: Hex,
    /// Everybody who deals, sorted.
    pub dealers: Vec<String>,
    /// Everybody who gets a share, sorted.
    pub members: Vec<String>,
    /// A dealer's commitments to its polynomial, 32 bytes each, the constant first.
    pub commitments: Option<Hex>,
    /// What a member will be as a validator.
    pub candidate: Option<Candidate>,
    /// Others encrypt to this key (X25519).
    pub encryption_key: Hex,
}

impl FirstPackage {
    pub(super) fn party(&self) -> Party<'_> {
        Party {
            name: &self.from,
            key: &self.encryption_key,
        }
    }

    pub(super) fn commitments(&self) -> Result<&[u8], CeremonyError> {
        let commitments = self.commitments.as_ref();
        let none = || wrong(&self.from, &"it deals nothing");
        Ok(&commitments.ok_or_else(none)?.0)
    }

    /// The points that it commits to.
    fn points(&self) -> Result<Vec<Point>, CeremonyError> {
        let refused = |error: &dyn std::fmt::Display| wrong(&self.from, error);
        let read = |bytes: &[u8]| {
            let bytes = <[u8; 32]>::try_from(bytes).map_err(|error| refused(&error))?;
            point(&PublicKey(bytes)).map_err(|error| refused(&error))
        };
        self.commitments()?.chunks(32).map(read).collect()
    }
}

/// Checks that there is one first package of every participant, `own` unchanged and all of them
/// right; sorted by name.
pub(super) fn read<'a>(
    own: &FirstPackage,
    terms: &Terms,
    firsts: &'a [FirstPackage],
) -> Result<Vec<&'a FirstPackage>, CeremonyError> {
    let firsts = one_of_each(&terms.participants(), firsts, |first| &first.from)?;
    for first in &firsts {
        if first.from == own.from && *first != own {
            return Err(CeremonyError::Changed(own.from.clone()));
        }
        check(terms, first)?;
    }
    Ok(firsts)
}

fn check(terms: &Terms, first: &FirstPackage) -> Result<(), CeremonyError> {
    let refused = |reason: &str| Err(wrong(&first.from, &reason));
    if first.holders.0 != terms.holders() {
        return refused("it is of another ledger or of other present shares");
    }
    if first.dealers != terms.dealers {
        return refused("it names other dealers");
    }
    if first.members != terms.members {
        return refused("it names other new validators");
    }
    if !sealing::is_key(&first.encryption_key.0) {
        return refused("its encryption key is malformed");
    }
    match (&first.candidate, terms.is_member(&first.from)) {
        (Some(candidate), true) => check_keys(terms, first, candidate)?,
        (None, false) => {}
        (Some(_), false) => return refused("it is of no new validator, and has keys of one"),
        (None, true) => return refused("it does not have the keys of a new validator"),
    }
    match (&first.commitments, terms.is_dealer(&first.from)) {
        (_, true) => check_commitments(terms, first),
        (None, false) => Ok(()),
        (Some(_), false) => refused("it deals, and is of no dealer"),
    }
}

fn check_keys(
    terms: &Terms,
    first: &FirstPackage,
    candidate: &Candidate,
) -> Result<(), CeremonyError> {
    for key in [candidate.consensus_key, candidate.note_key] {
        if key.admit().is_err() || key == terms.present.log_key {
            let reason = format!("{key} is no key for a validator");
            return Err(wrong(&first.from, &reason));
        }
    }
    Ok(())
}

/// The dealer commits to a polynomial of the new threshold, and its constant is what the dealer's
/// present public share counts for: it deals its real share.
fn check_commitments(terms: &Terms, first: &FirstPackage) -> Result<(), CeremonyError> {
    let (length, threshold) = (first.commitments()?.len(), terms.threshold());
    if length != 32 * threshold {
        let reason = format!("it is for {} signers, not {threshold}", length / 32);
        return Err(wrong(&first.from, &reason));
    }
    let points = first.points()?;
    let share = terms.present.shares.get(&first.from);
    let share = share.ok_or_else(|| LogKeyError::Stranger(first.from.clone()))?;
    if points.first() != Some(&(point(share)? * terms.weight(&first.from)?)) {
        return Err(wrong(&first.from, &"it does not deal its present share"));
    }
    Ok(())
}

/// The next validator set: what the members say of themselves, and the public shares that follow from
/// all commitments together. Nothing secret is needed for it.
pub(super) fn next_set(
    terms: &Terms,
    firsts: &[&FirstPackage],
) -> Result<ValidatorSet, CeremonyError> {
    let mut sum = vec![Ed25519Group::identity(); terms.threshold()];
    for dealer in firsts.iter().filter(|first| terms.is_dealer(&first.from)) {
        for (sum, point) in sum.iter_mut().zip(dealer.points()?) {
            *sum += point;
        }
    }
    let mut validators = Vec::new();
    for first in firsts {
        let Some(candidate) = &first.candidate else {
            continue;
        };
        validators.push(Validator {
            name: first.from.clone(),
            consensus_key: candidate.consensus_key,
            note_key: candidate.note_key,
            log_share: public_share(&sum, &first.from)?,
            power: candidate.power,
        });
    }
    let set = ValidatorSet::new(validators)?;
    if !set.counts_as_it_weighs() {
        return Err(CeremonyError::Powers);
    }
    LogGroup::new(&LogKeys::of(terms.present.log_key, set.as_slice())?)?;
    Ok(set)
}

/// The value of the polynomial at a member's place, in the exponent (Horner).
fn public_share(coefficients: &[Point], name: &str) -> Result<PublicKey, LogKeyError> {
    let (zero, x) = (Ed25519Group::identity(), scalar(&identifier(name))?);
    let value = coefficients.iter().rev().fold(zero, |sum, c| sum * x + c);
    let bytes = Ed25519Group::serialize(&value).map_err(|_| LogKeyError::Share)?;
    Ok(PublicKey(bytes))
}

/// Hash of the terms and of all first packages, sorted by name.
pub(super) fn fingerprint(terms: &Terms, firsts: &[&FirstPackage]) -> Fingerprint {
    let said: Vec<_> = firsts
        .iter()
        .map(|first| {
            let commitments = first.commitments.as_ref();
            let candidate = first.candidate.as_ref();
            let commitments: Option<&ByteSlice> = commitments.map(|hex| hex.0.as_slice().into());
            let candidate = candidate.map(|one| (one.consensus_key, one.note_key, one.power));
            let key: &ByteSlice = first.encryption_key.0.as_slice().into();
            (first.from.as_str(), commitments, candidate, key)
        })
        .collect();
    let holders = terms.holders();
    let holders: &ByteSlice = holders.as_slice().into();
    let said = (holders, &terms.dealers, &terms.members, said);
    let context = "deedbook 2026 log key resharing";
    Fingerprint::of(derive(context, &[&encode(&said)]))
}

//! The ceremony in which the validators make the log's key without anybody ever holding it:
//! Pedersen's distributed key generation with proofs of possession (FROST, figure 1).
//!
//! Lives here: its steps as functions without a disk, and who is to blame when one fails. Does not
//! live here: the files that people exchange (`files`).
//!
//! What it rests on: that all participants saw the same first packages. They compare their
//! [`Fingerprint`] by voice before they deal; from then on every package is encrypted to its
//! recipient and authenticated as its sender's (HPKE, RFC 9180, mode Auth) with keys that are under
//! the fingerprint, so that whatever carries the files needs no trust.

mod packages;
pub mod resharing;
mod sealing;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use deedbook_schemas::digest::derive;
use deedbook_schemas::encoding::encode;
use deedbook_schemas::limits::{KEY_NAME_CHARS_MAX, VALIDATORS_MAX};
use deedbook_schemas::validators::{ValidatorSetError, quorum_count};
use frost_ed25519::keys::dkg::{self, round1, round2};
use frost_ed25519::keys::{KeyPackage, PublicKeyPackage, SigningShare, VerifyingShare};
use frost_ed25519::{Identifier, SigningKey};
use rand_core::OsRng;
use serde::{Deserialize, Serialize};

use super::{LogGroup, LogKeyError, LogKeys, LogShare, identifier, public};
use packages::{one_of_each, read_firsts};
use sealing::{open, seal};

pub use packages::{Fingerprint, FirstPackage, Hex, SecondPackage, Secret};

/// Why a ceremony cannot go on. What somebody else did wrong names them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyError {
    /// The list of participants is no list of validators.
    #[error("the participants are {0}")]
    Participants(String),
    /// A ledger of one validator.
    #[error("one validator alone needs no ceremony: see `ceremony alone`")]
    Alone,
    /// A participant's package is missing.
    #[error("the package of {0} is missing")]
    Missing(String),
    /// A participant's package is there twice, or somebody's who does not take part.
    #[error("{0} sent a package twice, or does not take part")]
    Unexpected(String),
    /// A participant's package is not what it must be.
    #[error("the package of {from} is refused: {reason}")]
    Package {
        /// Who made it.
        from: String,
        /// What is wrong.
        reason: String,
    },
    /// This participant's own package came back changed: whoever carries the files changes them.
    #[error("the package of {0} is not the one that was made here: somebody changes the files")]
    Changed(String),
    /// The fingerprints differ.
    #[error("the fingerprint here is {ours}, not {given}: the participants saw different packages")]
    Fingerprint {
        /// Of the packages that are here.
        ours: Fingerprint,
        /// As the others read it out.
        given: Fingerprint,
    },
    /// Those who deal the key anew are too few or too many.
    #[error("{given} dealers are named; {wanted} of the {holders} who hold the log's key deal")]
    Dealers {
        /// How many are named.
        given: usize,
        /// The threshold of those who hold the key.
        wanted: usize,
        /// How many hold it.
        holders: usize,
    },
    /// What the new validators say of themselves makes no validator set.
    #[error("the new validators are no validator set: {0}")]
    Set(#[from] ValidatorSetError),
    /// Powers by which no number of validators stands for a quorum.
    #[error("the new validators are a quorum or none by weight and not by number")]
    Powers,
    /// The library refuses without naming anybody.
    #[error("key generation: {0}")]
    Library(String),
    /// The outcome does not hold together, which correct packages exclude.
    #[error(transparent)]
    Key(#[from] LogKeyError),
}

/// What a participant keeps after its first step. Secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// The package that goes to all others.
    pub own: FirstPackage,
    polynomial: Secret,
    decryption_key: Secret,
}

/// What a participant keeps after it has dealt. Secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dealt {
    name: String,
    fingerprint: Fingerprint,
    firsts: Vec<FirstPackage>,
    polynomial: Secret,
    decryption_key: Secret,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun")
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Dealt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dealt")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// First step: `name`, one of the participants, chooses its polynomial and says so in public.
///
/// # Errors
/// [`CeremonyError`] if the participants are no list of validators with `name` among them.
pub fn begin(name: &str, participants: &[String]) -> Result<Begun, CeremonyError> {
    let participants = check_participants(name, participants)?;
    let (count, threshold) = sizes(participants.len())?;
    let (polynomial, package) =
        dkg::part1(identifier(name), count, threshold, OsRng).map_err(library)?;
    let (decryption_key, encryption_key) = sealing::key_pair();
    let own = FirstPackage {
        from: name.to_owned(),
        participants,
        commitments: Hex(package.serialize().map_err(library)?),
        encryption_key: Hex(encryption_key),
    };
    Ok(Begun {
        own,
        polynomial: Secret::new(polynomial.serialize().map_err(library)?),
        decryption_key: Secret::new(decryption_key),
    })
}

impl Begun {
    /// Second step: checks every participant's first package, and gives the fingerprint of all of
    /// them, which the participants read out to each other.
    ///
    /// # Errors
    /// [`CeremonyError`] names whose package is missing or wrong.
    pub fn compare(&self, firsts: &[FirstPackage]) -> Result<Fingerprint, CeremonyError> {
        self.part2(firsts).map(|_| fingerprint(&sorted(firsts)))
    }

    /// Third step, once all read out the same `agreed` fingerprint: one encrypted package for each
    /// other participant.
    ///
    /// # Errors
    /// [`CeremonyError`] names whose package is missing or wrong.
    pub fn deal(
        &self,
        firsts: &[FirstPackage],
        agreed: &Fingerprint,
    ) -> Result<(Dealt, Vec<SecondPackage>), CeremonyError> {
        let (polynomial, packages) = self.part2(firsts)?;
        let firsts = sorted(firsts);
        let ours = fingerprint(&firsts);
        if ours != *agreed {
            let given = agreed.clone();
            return Err(CeremonyError::Fingerprint { ours, given });
        }
        let others = firsts.iter().filter(|first| first.from != self.own.from);
        let mut seconds = Vec::new();
        for to in others {
            let package = packages.get(&identifier(&to.from));
            let package = package.ok_or_else(|| CeremonyError::Missing(to.from.clone()))?;
            let share = Secret::new(package.serialize().map_err(library)?);
            let own = self.own.party();
            seconds.push(seal(&ours, own, &self.decryption_key, to.party(), &share)?);
        }
        let dealt = Dealt {
            name: self.own.from.clone(),
            fingerprint: ours,
            firsts,
            polynomial: Secret::new(polynomial.serialize().map_err(library)?),
            decryption_key: self.decryption_key.clone(),
        };
        Ok((dealt, seconds))
    }

    /// The library's second part, which verifies every proof of possession.
    fn part2(&self, firsts: &[FirstPackage]) -> Result<Part2, CeremonyError> {
        let received = read_firsts(&self.own, firsts)?;
        let polynomial =
            round1::SecretPackage::deserialize(self.polynomial.bytes()).map_err(library)?;
        dkg::part2(polynomial, &received).map_err(|error| blame(&self.own.participants, &error))
    }
}

type Part2 = (round2::SecretPackage, BTreeMap<Identifier, round2::Package>);

impl Dealt {
    /// Last step: opens and checks what every other participant dealt, and adds it up to this
    /// participant's share and the group's public keys, which are the same for all.
    ///
    /// # Errors
    /// [`CeremonyError`] names whose package is missing or wrong.
    pub fn finish(&self, seconds: &[SecondPackage]) -> Result<(LogShare, LogKeys), CeremonyError> {
        let own = self.firsts.iter().find(|first| first.from == self.name);
        let own = own.ok_or_else(|| CeremonyError::Missing(self.name.clone()))?;
        let received = read_firsts(own, &self.firsts)?;
        let others = self.firsts.iter().filter(|first| first.from != self.name);
        let names: Vec<String> = others.clone().map(|first| first.from.clone()).collect();
        let seconds = one_of_each(&names, seconds, |second| &second.from)?;
        let mut shares = BTreeMap::new();
        for (from, second) in others.zip(seconds) {
            let share = open(
                &self.fingerprint,
                from.party(),
                &self.name,
                &self.decryption_key,
                second,
            )?;
            let share = round2::Package::deserialize(share.bytes())
                .map_err(|error| wrong(&from.from, &error))?;
            shares.insert(identifier(&from.from), share);
        }
        let polynomial =
            round2::SecretPackage::deserialize(self.polynomial.bytes()).map_err(library)?;
        let (key, group) = dkg::part3(&polynomial, &received, &shares)
            .map_err(|error| blame(&own.participants, &error))?;
        outcome(&self.name, &own.participants, &key, &group)
    }
}

#[cfg(test)]
impl Begun {
    /// A participant that publishes one polynomial and deals shares of another.
    pub(crate) fn lying(published: Self, dealt: &Self) -> Self {
        Self {
            polynomial: dealt.polynomial.clone(),
            ..published
        }
    }
}

/// The key of a ledger with one validator, which needs nobody else.
///
/// # Errors
/// [`CeremonyError`] if the name is not a validator's.
pub fn alone(name: &str) -> Result<(LogShare, LogKeys), CeremonyError> {
    check_name(name)?;
    let key = SigningKey::new(&mut OsRng);
    let share = SigningShare::deserialize(Secret::new(key.serialize()).bytes()).map_err(library)?;
    let log_key = public(&VerifyingShare::from(share))?;
    let shares = BTreeMap::from([(name.to_owned(), log_key)]);
    Ok((LogShare::of(share), LogKeys { log_key, shares }))
}

/// The participant's share and everybody's public keys, checked as a node checks them.
fn outcome(
    name: &str,
    participants: &[String],
    key: &KeyPackage,
    group: &PublicKeyPackage,
) -> Result<(LogShare, LogKeys), CeremonyError> {
    let missing = |name: &String| CeremonyError::Missing(name.clone());
    let log_key = group.verifying_key().serialize().map_err(library)?;
    let log_key = <[u8; 32]>::try_from(log_key).map_err(|_| LogKeyError::Share)?;
    let mut shares = BTreeMap::new();
    for member in participants {
        let share = group.verifying_shares().get(&identifier(member));
        shares.insert(
            member.clone(),
            public(share.ok_or_else(|| missing(member))?)?,
        );
    }
    let keys = LogKeys {
        log_key: deedbook_schemas::keys::PublicKey(log_key),
        shares,
    };
    let share = LogShare::of(*key.signing_share());
    LogGroup::new(&keys)?.key_package(name, &share)?;
    Ok((share, keys))
}

/// Hash of all first packages, sorted by name: whom they are from, what they commit to, and the keys
/// to which secrets will be encrypted.
fn fingerprint(firsts: &[FirstPackage]) -> Fingerprint {
    let said: Vec<(
        &str,
        &minicbor::bytes::ByteSlice,
        &minicbor::bytes::ByteSlice,
    )> = firsts
        .iter()
        .map(|first| {
            let (commitments, key) = (&first.commitments.0, &first.encryption_key.0);
            (
                first.from.as_str(),
                commitments.as_slice().into(),
                key.as_slice().into(),
            )
        })
        .collect();
    Fingerprint::of(derive("deedbook 2026 log key ceremony", &[&encode(&said)]))
}

fn sorted(firsts: &[FirstPackage]) -> Vec<FirstPackage> {
    let mut firsts = firsts.to_vec();
    firsts.sort_by(|one, other| one.from.cmp(&other.from));
    firsts
}

fn check_participants(name: &str, names: &[String]) -> Result<Vec<String>, CeremonyError> {
    let sorted = check_list(names)?;
    if !sorted.iter().any(|other| other == name) {
        let without = "listed without this one";
        return Err(CeremonyError::Participants(without.to_owned()));
    }
    if sorted.len() == 1 {
        return Err(CeremonyError::Alone);
    }
    Ok(sorted)
}

/// Names of validators, each once; sorted.
fn check_list(names: &[String]) -> Result<Vec<String>, CeremonyError> {
    let sorted: BTreeSet<&String> = names.iter().collect();
    let refused = |why: &str| Err(CeremonyError::Participants(why.to_owned()));
    for name in &sorted {
        check_name(name)?;
    }
    if sorted.len() != names.len() {
        return refused("listed with a name twice");
    }
    if names.len() > VALIDATORS_MAX {
        return refused("too many: at most 100 validators are allowed");
    }
    Ok(sorted.into_iter().cloned().collect())
}

fn check_name(name: &str) -> Result<(), CeremonyError> {
    let fits = (1..=KEY_NAME_CHARS_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'+');
    if fits {
        return Ok(());
    }
    let shown: String = name.chars().take(KEY_NAME_CHARS_MAX).collect();
    let why = format!("listed with {shown:?}, which is no name for a signature line");
    Err(CeremonyError::Participants(why))
}

/// Number of participants and threshold, as the library counts.
fn sizes(count: usize) -> Result<(u16, u16), CeremonyError> {
    let too_many = |_| CeremonyError::Participants("too many".to_owned());
    let threshold = u16::try_from(quorum_count(count)).map_err(too_many)?;
    Ok((u16::try_from(count).map_err(too_many)?, threshold))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err passes")]
fn library(error: frost_ed25519::Error) -> CeremonyError {
    CeremonyError::Library(error.to_string())
}

fn wrong(from: &str, reason: &dyn fmt::Display) -> CeremonyError {
    CeremonyError::Package {
        from: from.to_owned(),
        reason: reason.to_string(),
    }
}

/// The library's error as one that names a participant, where it knows who it was.
fn blame(participants: &[String], error: &frost_ed25519::Error) -> CeremonyError {
    let culprits = error.culprits();
    let name = participants
        .iter()
        .find(|name| culprits.contains(&identifier(name)));
    match name {
        Some(name) => wrong(name, error),
        None => CeremonyError::Library(error.to_string()),
    }
}

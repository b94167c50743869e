//! The ceremony in which the log's key is dealt anew: the same key, from those who hold it to those who
//! shall hold it (verifiable secret redistribution: Desmedt and Jajodia 1997; Wong, Wang and Wing 2002).
//!
//! Lives here: its terms, and its steps as functions without a disk. Does not live here: what the
//! participants tell each other first and what follows from it (`packages`), and the files (`files`).
//!
//! As many holders as sign together deal, no more and no fewer. Each of them deals, not its share, but
//! what its share counts for in the key (Lagrange), so that all the dealt polynomials together are
//! one through the key. What they commit to is under the fingerprint, and its constant must be what
//! the present public share counts for: nobody can deal anything but its real share, and who does is
//! named. The new public shares follow from the commitments alone, before anything secret is sent.

mod packages;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use deedbook_schemas::digest::{LedgerId, derive};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::validators::{ValidatorSet, quorum_count};
use frost_ed25519::keys::{
    IdentifierList, SecretShare, SigningShare, VerifiableSecretSharingCommitment, split,
};
use frost_ed25519::{Ed25519ScalarField, Field as _, Identifier, SigningKey, VerifyingKey};
use rand_core::OsRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::packages::one_of_each;
use super::sealing::{self, open, seal};
use super::{
    CeremonyError, Fingerprint, Hex, SecondPackage, Secret, check_list, library, sizes, wrong,
};
use crate::log_key::{
    LogGroup, LogKeyError, LogKeys, LogShare, Scalar, identifier, scalar, weight,
};

pub use packages::{Candidate, FirstPackage};

/// What all participants know before they begin, and must know alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    ledger: LedgerId,
    present: LogKeys,
    dealers: Vec<String>,
    members: Vec<String>,
}

impl Terms {
    /// The terms under which `dealers`, as many of the `present` holders as sign together, deal the
    /// ledger's log key to `members`, the whole next validator set.
    ///
    /// # Errors
    /// [`CeremonyError`] if the present shares are not shares of the key, a dealer holds none, the
    /// dealers are too many or too few, or the members are no list of validators.
    pub fn new(
        ledger: LedgerId,
        present: LogKeys,
        dealers: &[String],
        members: &[String],
    ) -> Result<Self, CeremonyError> {
        let group = LogGroup::new(&present)?;
        let (dealers, members) = (check_list(dealers)?, check_list(members)?);
        let holds = |name: &&String| present.shares.contains_key(*name);
        if let Some(stranger) = dealers.iter().find(|name| !holds(name)) {
            return Err(LogKeyError::Stranger(stranger.clone()).into());
        }
        if dealers.len() != group.threshold() {
            return Err(CeremonyError::Dealers {
                given: dealers.len(),
                wanted: group.threshold(),
                holders: present.shares.len(),
            });
        }
        if members.is_empty() {
            let nobody = "no list: the key needs a holder";
            return Err(CeremonyError::Participants(nobody.to_owned()));
        }
        Ok(Self {
            ledger,
            present,
            dealers,
            members,
        })
    }

    /// Whether `name` deals.
    #[must_use]
    pub fn is_dealer(&self, name: &str) -> bool {
        self.dealers.iter().any(|dealer| dealer == name)
    }

    /// Whether `name` gets a share.
    #[must_use]
    pub fn is_member(&self, name: &str) -> bool {
        self.members.iter().any(|member| member == name)
    }

    /// The names of those who deal, sorted.
    #[must_use]
    pub fn dealers(&self) -> &[String] {
        &self.dealers
    }

    /// The names of those who get a share, sorted.
    #[must_use]
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// The names of all who take part, sorted.
    #[must_use]
    pub fn participants(&self) -> Vec<String> {
        let all: BTreeSet<_> = self.dealers.iter().chain(&self.members).cloned().collect();
        all.into_iter().collect()
    }

    fn threshold(&self) -> usize {
        quorum_count(self.members.len())
    }

    /// What the present share of a dealer counts for in the key.
    fn weight(&self, dealer: &str) -> Result<Scalar, LogKeyError> {
        let places = self.dealers.iter().map(|name| scalar(&identifier(name)));
        let places: Vec<Scalar> = places.collect::<Result<_, _>>()?;
        let own = scalar(&identifier(dealer))?;
        weight(places.into_iter(), own, Ed25519ScalarField::zero())
    }

    /// Hash of the ledger, its log key and who holds it.
    fn holders(&self) -> [u8; 32] {
        let shares: Vec<(&String, &PublicKey)> = self.present.shares.iter().collect();
        let said = (self.ledger, self.present.log_key, shares);
        derive("deedbook 2026 log key holders", &[&encode(&said)])
    }
}

/// What a participant keeps after its first step. Secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// The package that goes to all others.
    pub own: FirstPackage,
    /// The terms under which it began.
    pub terms: Terms,
    /// What it deals, by the member's name; nothing if it is no dealer.
    shares: BTreeMap<String, Secret>,
    decryption_key: Secret,
}

/// What a participant keeps after it has dealt. Secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dealt {
    name: String,
    terms: Terms,
    fingerprint: Fingerprint,
    firsts: Vec<FirstPackage>,
    /// What a dealer that is a member deals to itself.
    own_share: Option<Secret>,
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

/// First step of `name`: if it is a dealer, chooses the polynomial with which it deals its share,
/// one of `shares`, and says so in public; if it is a member, says with which keys it will be a
/// validator, those of `candidate`.
///
/// # Errors
/// [`CeremonyError`] if `name` takes no part, or deals and none of `shares` is its own.
pub fn begin(
    name: &str,
    terms: &Terms,
    shares: &[LogShare],
    candidate: &Candidate,
) -> Result<Begun, CeremonyError> {
    if !terms.is_dealer(name) && !terms.is_member(name) {
        let without = "listed without this one";
        return Err(CeremonyError::Participants(without.to_owned()));
    }
    let (mut commitments, mut dealt) = (None, BTreeMap::new());
    if terms.is_dealer(name) {
        let group = LogGroup::new(&terms.present)?;
        let (public, secret) = deal(name, terms, group.choose(name, shares)?)?;
        (commitments, dealt) = (Some(Hex(public)), secret);
    }
    let (decryption_key, encryption_key) = sealing::key_pair();
    Ok(Begun {
        own: FirstPackage {
            from: name.to_owned(),
            holders: Hex(terms.holders().to_vec()),
            dealers: terms.dealers.clone(),
            members: terms.members.clone(),
            commitments,
            candidate: terms.is_member(name).then(|| candidate.clone()),
            encryption_key: Hex(encryption_key),
        },
        terms: terms.clone(),
        shares: dealt,
        decryption_key: Secret::new(decryption_key),
    })
}

/// Splits what a dealer's share counts for among the members: the commitment to the polynomial, and a
/// share for each.
fn deal(
    name: &str,
    terms: &Terms,
    share: &LogShare,
) -> Result<(Vec<u8>, BTreeMap<String, Secret>), CeremonyError> {
    let part = Zeroizing::new(terms.weight(name)? * *share.scalar()?);
    let part = SigningKey::from_scalar(*part).map_err(library)?;
    let (count, threshold) = sizes(terms.members.len())?;
    if threshold == 1 {
        // The library deals to two and more. The polynomial of which one value is enough is constant.
        let commitment = VerifyingKey::from(&part).serialize().map_err(library)?;
        let part = Secret::new(part.serialize());
        let shares = terms.members.iter();
        return Ok((
            commitment,
            shares.map(|to| (to.clone(), part.clone())).collect(),
        ));
    }
    let places: Vec<Identifier> = terms.members.iter().map(|to| identifier(to)).collect();
    let places = IdentifierList::Custom(&places);
    let (split, _) = split(&part, count, threshold, places, &mut OsRng).map_err(library)?;
    let (mut commitment, mut shares) = (Vec::new(), BTreeMap::new());
    for to in &terms.members {
        let share = split.get(&identifier(to));
        let share = share.ok_or_else(|| CeremonyError::Missing(to.clone()))?;
        commitment = share.commitment().serialize_whole().map_err(library)?;
        shares.insert(to.clone(), Secret::new(share.signing_share().serialize()));
    }
    Ok((commitment, shares))
}

impl Begun {
    /// Second step: checks every participant's first package, and gives the fingerprint of all of
    /// them, which the participants read out to each other, with the validator set that they make.
    ///
    /// # Errors
    /// [`CeremonyError`] names whose package is missing or wrong.
    pub fn compare(
        &self,
        firsts: &[FirstPackage],
    ) -> Result<(Fingerprint, ValidatorSet), CeremonyError> {
        let firsts = packages::read(&self.own, &self.terms, firsts)?;
        let next = packages::next_set(&self.terms, &firsts)?;
        Ok((packages::fingerprint(&self.terms, &firsts), next))
    }

    /// Third step, once all read out the same `agreed` fingerprint: a dealer gets one encrypted
    /// package for each member but itself, others none.
    ///
    /// # Errors
    /// [`CeremonyError`] names whose package is missing or wrong.
    pub fn deal(
        &self,
        firsts: &[FirstPackage],
        agreed: &Fingerprint,
    ) -> Result<(Dealt, Vec<SecondPackage>), CeremonyError> {
        let (ours, _) = self.compare(firsts)?;
        if ours != *agreed {
            let given = agreed.clone();
            return Err(CeremonyError::Fingerprint { ours, given });
        }
        let (own, key) = (self.own.party(), &self.decryption_key);
        let mut seconds = Vec::new();
        for to in firsts.iter().filter(|first| first.from != self.own.from) {
            if let Some(share) = self.shares.get(&to.from) {
                seconds.push(seal(&ours, own, key, to.party(), share)?);
            }
        }
        let dealt = Dealt {
            name: self.own.from.clone(),
            terms: self.terms.clone(),
            fingerprint: ours,
            firsts: firsts.to_vec(),
            own_share: self.shares.get(&self.own.from).cloned(),
            decryption_key: self.decryption_key.clone(),
        };
        Ok((dealt, seconds))
    }
}

impl Dealt {
    /// Last step: the next validator set, which is the same for all; and a member's share, added up
    /// from what every dealer dealt to it, each opened and checked.
    ///
    /// # Errors
    /// [`CeremonyError`] names whose package is missing or wrong.
    pub fn finish(
        &self,
        seconds: &[SecondPackage],
    ) -> Result<(Option<LogShare>, ValidatorSet), CeremonyError> {
        let missing = |name: &String| CeremonyError::Missing(name.clone());
        let own = self.firsts.iter().find(|first| first.from == self.name);
        let own = own.ok_or_else(|| missing(&self.name))?;
        let firsts = packages::read(own, &self.terms, &self.firsts)?;
        let next = packages::next_set(&self.terms, &firsts)?;
        if !self.terms.is_member(&self.name) {
            return Ok((None, next));
        }
        let dealers = firsts.iter().filter(|first| first.commitments.is_some());
        let mut sum = Zeroizing::new(Ed25519ScalarField::zero());
        let others: Vec<_> = dealers
            .clone()
            .filter(|from| from.from != self.name)
            .collect();
        let names: Vec<String> = others.iter().map(|from| from.from.clone()).collect();
        let seconds = one_of_each(&names, seconds, |second| &second.from)?;
        for (from, second) in others.iter().zip(seconds) {
            let (party, key) = (from.party(), &self.decryption_key);
            let share = open(&self.fingerprint, party, &self.name, key, second)?;
            *sum += *read_share(from, &self.name, &share)?;
        }
        if let Some(own_share) = &self.own_share {
            *sum += *read_share(own, &self.name, own_share)?;
        }
        let share = LogShare::from_bytes(&Zeroizing::new(Ed25519ScalarField::serialize(&sum)))?;
        let keys = LogKeys::of(self.terms.present.log_key, next.as_slice())?;
        LogGroup::new(&keys)?.key_package(&self.name, &share)?;
        Ok((Some(share), next))
    }
}

/// What `from` dealt to `to`, if it is what `from` committed to.
fn read_share(
    from: &FirstPackage,
    to: &str,
    share: &Secret,
) -> Result<Zeroizing<Scalar>, CeremonyError> {
    let refused = |error: frost_ed25519::Error| wrong(&from.from, &error);
    let share = Zeroizing::new(SigningShare::deserialize(share.bytes()).map_err(refused)?);
    let commitment = VerifiableSecretSharingCommitment::deserialize_whole(from.commitments()?)
        .map_err(refused)?;
    let dealt = SecretShare::new(identifier(to), *share, commitment);
    dealt.verify().map_err(refused)?;
    Ok(LogShare::of(*share).scalar()?)
}

//! What the participants of a ceremony send to each other, and how it is read. Lives here: the
//! shapes, in JSON. Does not live here: what is inside the secrets (`sealing`, the library).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use frost_ed25519::Identifier;
use frost_ed25519::keys::dkg::round1;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::sealing::{self, Party};
use super::{CeremonyError, identifier, quorum_count, wrong};

/// Bytes in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

/// Secret bytes: wiped when dropped, never shown, in hexadecimal in a file of its owner's.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(hex::encode(self.bytes())))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        // What the decoder says about a wrong digit would quote it.
        let bytes = hex::decode(text.as_bytes())
            .map_err(|_| serde::de::Error::custom("a secret is not hexadecimal"))?;
        Ok(Self::new(bytes))
    }
}

/// A hash of all first packages, 32 bytes; written in groups of four digits, to be read out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pair) in self.0.chunks(2).enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{}", hex::encode(pair))?;
        }
        Ok(())
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    /// With or without spaces, in either case: it was read out.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits: String = text.split_whitespace().collect();
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash)
            .map_err(|_| "a fingerprint is 64 hexadecimal digits".to_owned())?;
        Ok(Self(hash))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// What a participant tells all others first. Public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstPackage {
    /// The participant's name, as the genesis will have it.
    pub from: String,
    /// Everybody who takes part, sorted.
    pub participants: Vec<String>,
    /// Commitments to its polynomial and the proof that it knows what they hide (FROST, RFC 9591).
    pub commitments: Hex,
    /// Others encrypt to this key (X25519).
    pub encryption_key: Hex,
}

/// What a participant tells one other, encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondPackage {
    /// Who made it.
    pub from: String,
    /// Who can open it.
    pub to: String,
    /// The key that was made for it (HPKE, RFC 9180).
    pub encapsulated_key: Hex,
    /// The share, encrypted.
    pub ciphertext: Hex,
}

impl FirstPackage {
    pub(super) fn party(&self) -> Party<'_> {
        Party {
            name: &self.from,
            key: &self.encryption_key,
        }
    }
}

/// Of every name one package, in the order of the names, and nobody else's.
pub(super) fn one_of_each<'a, P>(
    names: &[String],
    packages: &'a [P],
    from: impl Fn(&P) -> &String,
) -> Result<Vec<&'a P>, CeremonyError> {
    let mut found = Vec::new();
    for name in names {
        let mut sent = packages.iter().filter(|package| from(package) == name);
        let package = sent.next();
        found.push(package.ok_or_else(|| CeremonyError::Missing(name.clone()))?);
        if sent.next().is_some() {
            return Err(CeremonyError::Unexpected(name.clone()));
        }
    }
    match packages
        .iter()
        .find(|package| !names.contains(from(package)))
    {
        Some(stranger) => Err(CeremonyError::Unexpected(from(stranger).clone())),
        None => Ok(found),
    }
}

/// Checks that there is one first package of every participant, `own` unchanged, and reads the
/// others'.
pub(super) fn read_firsts(
    own: &FirstPackage,
    firsts: &[FirstPackage],
) -> Result<BTreeMap<Identifier, round1::Package>, CeremonyError> {
    let mut received = BTreeMap::new();
    for first in one_of_each(&own.participants, firsts, |first| &first.from)? {
        if first.from != own.from {
            received.insert(identifier(&first.from), read_first(own, first)?);
        } else if first != own {
            return Err(CeremonyError::Changed(own.from.clone()));
        }
    }
    Ok(received)
}

fn read_first(own: &FirstPackage, first: &FirstPackage) -> Result<round1::Package, CeremonyError> {
    let refused = |reason: &dyn fmt::Display| wrong(&first.from, reason);
    if first.participants != own.participants {
        return Err(refused(&"it names other participants"));
    }
    let package = round1::Package::deserialize(&first.commitments.0).map_err(|e| refused(&e))?;
    let commitments = package
        .commitment()
        .serialize()
        .map_err(|e| refused(&e))?
        .len();
    let threshold = quorum_count(own.participants.len());
    if commitments != threshold {
        let reason = format!("it is for {commitments} signers, not {threshold}");
        return Err(refused(&reason));
    }
    if !sealing::is_key(&first.encryption_key.0) {
        return Err(refused(&"its encryption key is malformed"));
    }
    Ok(package)
}

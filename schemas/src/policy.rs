//! Trust policies (C2SP tlog-policy): whose signatures make a checkpoint one to rely on.
//!
//! Lives here: the file, strictly read, and its evaluation on a checkpoint. Does not live here:
//! what a checkpoint commits to (`receipt`), and where a policy comes from.
//!
//! Stricter than the format in four ways: the file is UTF-8, at least one log is named, logs have
//! plain Ed25519 keys and witnesses cosignature/v1 keys, and one public key has one role.

mod builder;
mod grade;

use std::collections::BTreeSet;
use std::fmt;

use builder::Builder;
pub use grade::Grade;

use crate::block::Seconds;
use crate::checkpoint::{Cosignature, SignedCheckpoint};
use crate::genesis::Genesis;
use crate::limits::{POLICY_BYTES_MAX, POLICY_DEFINITIONS_MAX};
use crate::note::{KeyName, NoteError, SignatureLine, SignatureType, VerifierKey};
use crate::validators::{Validator, quorum_count};

/// The name of the group that holds a network's validators.
pub const VALIDATORS_GROUP: &str = "validators";

/// The name of the group that holds the witnesses outside a network.
pub const PUBLIC_GROUP: &str = "public";

/// The predefined name of the quorum that asks for no witness.
const NONE: &str = "none";

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than [`POLICY_BYTES_MAX`].
    #[error("a policy of {0} bytes; at most {POLICY_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// A control character other than tab and newline, or no newline at the end.
    #[error(
        "a policy is lines of text, each ended by a newline, with no control character but tab"
    )]
    NotText,
    /// More definitions than [`POLICY_DEFINITIONS_MAX`].
    #[error("a policy has at most {POLICY_DEFINITIONS_MAX} definitions")]
    TooMany,
    /// A line that is none of log, witness, group, quorum, comment, or has other items than these.
    #[error("{0:?} is not a line of a policy")]
    Line(String),
    /// A key that cannot be read.
    #[error(transparent)]
    Key(#[from] NoteError),
    /// A witness's key as a log's, or the reverse.
    #[error("key {name} has signature type {got:?}; {want:?} is needed there")]
    Role {
        /// The key's name.
        name: KeyName,
        /// Its type.
        got: SignatureType,
        /// The type its role needs.
        want: SignatureType,
    },
    /// One public key, or one name and key id, given twice.
    #[error("key {0} is there twice")]
    DuplicateKey(KeyName),
    /// A name given to two witnesses or groups, or `none`.
    #[error("the name {0:?} is taken")]
    NameTaken(String),
    /// A name that no earlier line defines.
    #[error("no earlier line defines {0:?}")]
    Unknown(String),
    /// A member of two groups, or twice of one.
    #[error("{0:?} is a member twice")]
    MemberTwice(String),
    /// A threshold of zero, or above the number of members.
    #[error("group {group:?} asks for {threshold} of {members} members")]
    Threshold {
        /// The group.
        group: String,
        /// Members it asks for.
        threshold: String,
        /// Members it has.
        members: usize,
    },
    /// No log line.
    #[error("the policy names no log")]
    NoLog,
    /// No quorum line, or two.
    #[error("a policy has exactly one quorum line")]
    Quorum,
}

/// Why a checkpoint is not one to rely on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A known key's signature does not verify: the whole note is refused.
    #[error("the signature of {0} does not verify")]
    Signature(KeyName),
    /// A known key signed twice.
    #[error("{0} signed twice")]
    Duplicate(KeyName),
    /// No signature by a log of the policy under the checkpoint's origin.
    #[error("the policy has no log whose signature {0} carries")]
    Log(KeyName),
    /// Too few cosignatures.
    #[error("quorum {quorum:?} is not met: cosigned by [{}]", witnesses.join(", "))]
    Quorum {
        /// The quorum's name.
        quorum: String,
        /// The witnesses that did cosign.
        witnesses: Vec<String>,
    },
}

/// A witness that cosigned.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Witnessed {
    /// Its name in the policy.
    pub name: String,
    /// When, by its own clock.
    pub time: Seconds,
}

/// What a policy finds in a checkpoint whose known signatures all verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether a log of the policy, under the checkpoint's origin, signed.
    pub log_signed: bool,
    /// The witnesses that cosigned, in the order of the policy.
    pub witnesses: Vec<Witnessed>,
    /// The groups that are satisfied, in the order of the policy.
    pub groups: Vec<String>,
    /// Whether the quorum is met.
    pub quorum_met: bool,
}

/// A key with an address nobody here visits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Keyed {
    key: VerifierKey,
    url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Witness {
    name: String,
    keyed: Keyed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: String,
    threshold: usize,
    members: Vec<String>,
}

/// A policy: logs, witnesses, groups of these, and the quorum. All names in it are defined, every
/// group names only earlier ones, and no key or member is there twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Keyed>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    /// `None` asks for no witness.
    quorum: Option<String>,
}

impl Policy {
    /// The policy of a ledger's first network: the log's key, which so many validators hold together
    /// that they have more than two thirds of the voting power, and cosignatures of as many. Once other
    /// validators are in office, [`Policy::with_validators`] follows them.
    ///
    /// # Errors
    /// [`PolicyError`] if the genesis has names or keys that notes do not allow. A genesis that
    /// passes [`Genesis::check`] has none.
    pub fn of_genesis(genesis: &Genesis) -> Result<Self, PolicyError> {
        let origin: KeyName = genesis.origin.parse()?;
        let log = VerifierKey::new(origin, SignatureType::Ed25519, genesis.log_key)?;
        let validators = genesis.validators.iter().map(cosigner);
        let validators: Vec<_> = validators.collect::<Result<_, _>>()?;
        let threshold = quorum_count(validators.len());
        Self::for_network([log], validators, threshold)
    }

    /// The policy of a network: any one of the keys that sign in its log's name, and `threshold` of
    /// its validators, each a witness under its key's name, in the group [`VALIDATORS_GROUP`].
    /// Counts validators, not power.
    ///
    /// # Errors
    /// [`PolicyError`] if keys or names repeat, have another type than their role needs, or the
    /// threshold is zero or above the number of validators.
    pub fn for_network(
        logs: impl IntoIterator<Item = VerifierKey>,
        validators: impl IntoIterator<Item = VerifierKey>,
        threshold: usize,
    ) -> Result<Self, PolicyError> {
        let mut builder = Builder::default();
        for log in logs {
            builder.add_log(log, None)?;
        }
        let mut members = Vec::new();
        for key in validators {
            let name = key.name().to_string();
            builder.add_witness(name.clone(), key, None)?;
            members.push(name);
        }
        builder.add_group(VALIDATORS_GROUP.to_owned(), &threshold.to_string(), members)?;
        builder.set_quorum(VALIDATORS_GROUP)?;
        builder.finish()
    }

    /// Reads a policy file of at most [`POLICY_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`PolicyError`] names the first thing that is wrong.
    pub fn from_text(text: &str) -> Result<Self, PolicyError> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLong(text.len()));
        }
        let control = |byte: u8| byte.is_ascii_control() && byte != b'\t' && byte != b'\n';
        if !text.ends_with('\n') || text.bytes().any(control) {
            return Err(PolicyError::NotText);
        }
        let mut builder = Builder::default();
        for line in text.lines() {
            builder.line(line)?;
        }
        builder.finish()
    }

    /// The same policy with witnesses outside the network, each under its key's name, in the group
    /// [`PUBLIC_GROUP`], of which `threshold` satisfy it. The quorum stays what it was.
    ///
    /// # Errors
    /// [`PolicyError`] if a key or name is there already, has another type than a witness's, or the
    /// threshold is zero or above the number of witnesses.
    pub fn with_public(
        &self,
        witnesses: &[VerifierKey],
        threshold: usize,
    ) -> Result<Self, PolicyError> {
        let mut text = self.to_text();
        for key in witnesses {
            text.push_str(&format!("witness {} {key}\n", key.name()));
        }
        let names: Vec<_> = witnesses.iter().map(|key| key.name().as_str()).collect();
        let names = names.join(" ");
        Self::from_text(&format!("{text}group {PUBLIC_GROUP} {threshold} {names}\n"))
    }

    /// The same policy with these validators in place of those before: as many of them as have more
    /// than two thirds of the voting power satisfy the group [`VALIDATORS_GROUP`].
    ///
    /// # Errors
    /// [`PolicyError`] if the policy has no such group, or a name or key has another role in it.
    pub fn with_validators(&self, validators: &[Validator]) -> Result<Self, PolicyError> {
        let named = |group: &&Group| group.name == VALIDATORS_GROUP;
        let before = self.groups.iter().find(named);
        let before = before.ok_or_else(|| PolicyError::Unknown(VALIDATORS_GROUP.to_owned()))?;
        let mut builder = Builder::default();
        for Keyed { key, url } in &self.logs {
            builder.add_log(key.clone(), url.as_deref())?;
        }
        for Witness { name, keyed } in &self.witnesses {
            if !before.members.contains(name) {
                builder.add_witness(name.clone(), keyed.key.clone(), keyed.url.as_deref())?;
            }
        }
        for validator in validators {
            builder.add_witness(validator.name.clone(), cosigner(validator)?, None)?;
        }
        for group in &self.groups {
            let (threshold, members) = if group.name == VALIDATORS_GROUP {
                let names = validators.iter().map(|validator| validator.name.clone());
                (quorum_count(validators.len()), names.collect())
            } else {
                (group.threshold, group.members.clone())
            };
            builder.add_group(group.name.clone(), &threshold.to_string(), members)?;
        }
        builder.set_quorum(self.quorum.as_deref().unwrap_or(NONE))?;
        builder.finish()
    }

    /// Whether a line says it is by a key of this policy.
    #[must_use]
    pub fn knows(&self, line: &SignatureLine) -> bool {
        let witnesses = self.witnesses.iter().map(|witness| &witness.keyed);
        let mut keys = self.logs.iter().chain(witnesses);
        keys.any(|keyed| keyed.key.claims(line))
    }

    /// The policy as a file: logs, witnesses, groups, quorum; thresholds as numbers, no comments.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// The keys of the logs that the policy names, in its order.
    pub fn log_keys(&self) -> impl Iterator<Item = &VerifierKey> {
        self.logs.iter().map(|log| &log.key)
    }

    /// Verifies every signature by a known key and says what follows from them. Lines by unknown
    /// keys are ignored, as the format demands.
    ///
    /// # Errors
    /// [`EvaluationError::Signature`] or [`EvaluationError::Duplicate`]: a known key's line that is
    /// wrong spoils the note.
    pub fn evaluate(&self, signed: &SignedCheckpoint) -> Result<Evaluation, EvaluationError> {
        let checkpoint = &signed.checkpoint;
        let text = checkpoint.text();
        let mut log_signed = false;
        for Keyed { key, .. } in &self.logs {
            let Some(line) = line_of(key, signed)? else {
                continue;
            };
            if !key.verify_note(&text, line) {
                return Err(EvaluationError::Signature(key.name().clone()));
            }
            log_signed |= *key.name() == checkpoint.origin;
        }
        let mut witnesses = Vec::new();
        for Witness {
            name,
            keyed: Keyed { key, .. },
        } in &self.witnesses
        {
            let Some(line) = line_of(key, signed)? else {
                continue;
            };
            let cosignature = Cosignature::from_line(line)
                .filter(|cosignature| cosignature.verify(key, checkpoint))
                .ok_or_else(|| EvaluationError::Signature(key.name().clone()))?;
            witnesses.push(Witnessed {
                name: name.clone(),
                time: cosignature.time,
            });
        }
        let (groups, quorum_met) = self.satisfied(&witnesses);
        Ok(Evaluation {
            log_signed,
            witnesses,
            groups,
            quorum_met,
        })
    }

    /// Accepts a checkpoint only if a log of the policy signed it and the quorum is met.
    ///
    /// # Errors
    /// [`EvaluationError`] says which of them fails.
    pub fn verify(&self, signed: &SignedCheckpoint) -> Result<Evaluation, EvaluationError> {
        let evaluation = self.evaluate(signed)?;
        if !evaluation.log_signed {
            return Err(EvaluationError::Log(signed.checkpoint.origin.clone()));
        }
        if !evaluation.quorum_met {
            let quorum = self.quorum.clone().unwrap_or_else(|| NONE.to_owned());
            let witnesses = evaluation
                .witnesses
                .into_iter()
                .map(|witness| witness.name)
                .collect();
            return Err(EvaluationError::Quorum { quorum, witnesses });
        }
        Ok(evaluation)
    }

    /// The satisfied groups, and whether the quorum is among what is satisfied.
    fn satisfied(&self, witnesses: &[Witnessed]) -> (Vec<String>, bool) {
        let mut satisfied: BTreeSet<&str> = witnesses
            .iter()
            .map(|witness| witness.name.as_str())
            .collect();
        let mut groups = Vec::new();
        for group in &self.groups {
            let count = group
                .members
                .iter()
                .filter(|name| satisfied.contains(name.as_str()))
                .count();
            if count >= group.threshold {
                satisfied.insert(&group.name);
                groups.push(group.name.clone());
            }
        }
        let quorum_met = self
            .quorum
            .as_ref()
            .is_none_or(|name| satisfied.contains(name.as_str()));
        (groups, quorum_met)
    }
}

/// A validator's key for cosignatures.
fn cosigner(validator: &Validator) -> Result<VerifierKey, PolicyError> {
    let name: KeyName = validator.name.parse()?;
    let key = VerifierKey::new(name, SignatureType::CosignatureV1, validator.note_key)?;
    Ok(key)
}

/// The one line that says it is by `key`, if any.
fn line_of<'a>(
    key: &VerifierKey,
    signed: &'a SignedCheckpoint,
) -> Result<Option<&'a SignatureLine>, EvaluationError> {
    let mut lines = signed.signatures.iter().filter(|line| key.claims(line));
    let line = lines.next();
    if lines.next().is_some() {
        return Err(EvaluationError::Duplicate(key.name().clone()));
    }
    Ok(line)
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for log in &self.logs {
            writeln!(f, "log {log}")?;
        }
        for Witness { name, keyed } in &self.witnesses {
            writeln!(f, "witness {name} {keyed}")?;
        }
        for Group {
            name,
            threshold,
            members,
        } in &self.groups
        {
            writeln!(f, "group {name} {threshold} {}", members.join(" "))?;
        }
        writeln!(f, "quorum {}", self.quorum.as_deref().unwrap_or(NONE))
    }
}

impl fmt::Display for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)?;
        self.url.iter().try_for_each(|url| write!(f, " {url}"))
    }
}

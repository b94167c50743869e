//! A policy as it is put together, definition by definition: every rule that makes one well-formed.

use std::collections::BTreeSet;

use super::{Group, Keyed, NONE, Policy, PolicyError, Witness};
use crate::limits::POLICY_DEFINITIONS_MAX;
use crate::note::{SignatureType, VerifierKey, decimal, excerpt};

/// The definitions so far.
#[derive(Default)]
pub(super) struct Builder {
    logs: Vec<Keyed>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<Option<String>>,
    /// Of witnesses and groups.
    names: BTreeSet<String>,
    /// Names that are a member of some group.
    members: BTreeSet<String>,
}

impl Builder {
    /// Reads one line of a policy file.
    pub(super) fn line(&mut self, line: &str) -> Result<(), PolicyError> {
        let items: Vec<&str> = line
            .split([' ', '\t'])
            .filter(|item| !item.is_empty())
            .collect();
        match *items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] => self.add_log(key.parse()?, None),
            ["log", key, url] => self.add_log(key.parse()?, Some(url)),
            ["witness", name, key] => self.add_witness(name.to_owned(), key.parse()?, None),
            ["witness", name, key, url] => {
                self.add_witness(name.to_owned(), key.parse()?, Some(url))
            }
            ["group", name, threshold, ref members @ ..] => {
                let members = members.iter().map(|member| (*member).to_owned()).collect();
                self.add_group(name.to_owned(), threshold, members)
            }
            ["quorum", name] => self.set_quorum(name),
            _ => Err(PolicyError::Line(excerpt(line))),
        }
    }

    pub(super) fn add_log(
        &mut self,
        key: VerifierKey,
        url: Option<&str>,
    ) -> Result<(), PolicyError> {
        let keyed = self.keyed(key, url, SignatureType::Ed25519)?;
        self.logs.push(keyed);
        Ok(())
    }

    pub(super) fn add_witness(
        &mut self,
        name: String,
        key: VerifierKey,
        url: Option<&str>,
    ) -> Result<(), PolicyError> {
        let keyed = self.keyed(key, url, SignatureType::CosignatureV1)?;
        self.define(&name)?;
        self.witnesses.push(Witness { name, keyed });
        Ok(())
    }

    /// Checks a key's role, and that it has no other.
    fn keyed(
        &self,
        key: VerifierKey,
        url: Option<&str>,
        want: SignatureType,
    ) -> Result<Keyed, PolicyError> {
        let got = key.signature_type();
        if got != want {
            return Err(PolicyError::Role {
                name: key.name().clone(),
                got,
                want,
            });
        }
        let witnesses = self.witnesses.iter().map(|witness| &witness.keyed);
        let taken = self
            .logs
            .iter()
            .chain(witnesses)
            .any(|Keyed { key: other, .. }| {
                other.public() == key.public()
                    || (other.name(), other.id()) == (key.name(), key.id())
            });
        if taken {
            return Err(PolicyError::DuplicateKey(key.name().clone()));
        }
        self.check_room()?;
        Ok(Keyed {
            key,
            url: url.map(str::to_owned),
        })
    }

    pub(super) fn add_group(
        &mut self,
        name: String,
        threshold: &str,
        members: Vec<String>,
    ) -> Result<(), PolicyError> {
        self.check_room()?;
        for member in &members {
            if !self.names.contains(member) {
                return Err(PolicyError::Unknown(excerpt(member)));
            }
            if !self.members.insert(member.clone()) {
                return Err(PolicyError::MemberTwice(excerpt(member)));
            }
        }
        let asked = match threshold {
            "any" => Some(1),
            "all" => Some(members.len()),
            number => decimal(number).and_then(|number| usize::try_from(number).ok()),
        };
        let asked = asked.filter(|asked| (1..=members.len()).contains(asked));
        let Some(threshold) = asked else {
            let (group, threshold) = (excerpt(&name), excerpt(threshold));
            return Err(PolicyError::Threshold {
                group,
                threshold,
                members: members.len(),
            });
        };
        self.define(&name)?;
        self.groups.push(Group {
            name,
            threshold,
            members,
        });
        Ok(())
    }

    pub(super) fn set_quorum(&mut self, name: &str) -> Result<(), PolicyError> {
        if self.quorum.is_some() {
            return Err(PolicyError::Quorum);
        }
        if name != NONE && !self.names.contains(name) {
            return Err(PolicyError::Unknown(excerpt(name)));
        }
        self.quorum = Some((name != NONE).then(|| name.to_owned()));
        Ok(())
    }

    fn define(&mut self, name: &str) -> Result<(), PolicyError> {
        if name == NONE || !self.names.insert(name.to_owned()) {
            return Err(PolicyError::NameTaken(excerpt(name)));
        }
        Ok(())
    }

    fn check_room(&self) -> Result<(), PolicyError> {
        let definitions = self.logs.len() + self.witnesses.len() + self.groups.len();
        if definitions < POLICY_DEFINITIONS_MAX {
            Ok(())
        } else {
            Err(PolicyError::TooMany)
        }
    }

    pub(super) fn finish(self) -> Result<Policy, PolicyError> {
        let Self {
            logs,
            witnesses,
            groups,
            quorum,
            ..
        } = self;
        if logs.is_empty() {
            return Err(PolicyError::NoLog);
        }
        let quorum = quorum.ok_or(PolicyError::Quorum)?;
        Ok(Policy {
            logs,
            witnesses,
            groups,
            quorum,
        })
    }
}

//! The door, as the model sees it: what is asked of every record before the law looks at it.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::evidence::Topic;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::Code;

use crate::memory::{Codes, Model};

pub(crate) fn unless(holds: bool, code: Code, codes: &mut Codes) {
    if !holds {
        codes.insert(code);
    }
}

/// What a personal act has to be accompanied by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recording {
    Needed,
    NeededWithPrice,
    Welcome,
}

impl Model {
    /// The door of an authority's record.
    pub(crate) fn authority_door(&self, record: &Record, role: AuthorityRole) -> Codes {
        self.authority_door_of(record, &[role])
    }

    pub(crate) fn authority_door_of(&self, record: &Record, roles: &[AuthorityRole]) -> Codes {
        let mut door = Codes::new();
        match self.accreditation(&record.issuer()) {
            None => drop(door.insert(Code::AuthorityUnknown)),
            Some(found) => {
                let key = record.statement.header.key;
                unless(found.key == key, Code::KeyNotParty, &mut door);
                unless(
                    roles.contains(&found.role),
                    Code::AuthorityUnknown,
                    &mut door,
                );
                unless(!found.suspended, Code::AuthoritySuspended, &mut door);
            }
        }
        bare(record, &mut door);
        door
    }

    /// The door of a person's record.
    pub(crate) fn person_door(&self, record: &Record) -> Codes {
        let mut door = Codes::new();
        let keys = self.keys(&record.issuer());
        if keys.is_empty() && !self.known(&record.issuer()) {
            door.insert(Code::SignerUnknown);
        } else {
            let known = keys.contains(&record.statement.header.key);
            unless(known, Code::KeyNotParty, &mut door);
        }
        door
    }

    /// The door of a person's own act: somebody checked who it was, and there is a film of it.
    pub(crate) fn act_door(&self, record: &Record, recording: Recording, now: Seconds) -> Codes {
        self.act_door_under(record, recording, now, self.law())
    }

    /// The same, of what is said about a deed.
    pub(crate) fn deed_door(&self, record: &Record, recording: Recording, now: Seconds) -> Codes {
        let law = match record.subject().parse() {
            Ok(deed) => self.law_about(&deed, now),
            Err(_) => self.law(),
        };
        self.act_door_under(record, recording, now, law)
    }

    /// The same, under some law.
    pub(crate) fn act_door_under(
        &self,
        record: &Record,
        recording: Recording,
        now: Seconds,
        law: &Profile,
    ) -> Codes {
        let mut door = self.person_door(record);
        let signed_at = record.statement.header.issued_at;
        match &record.attestation {
            None => drop(door.insert(Code::AttestationMissing)),
            Some(check) => {
                let header = &check.statement.header;
                let said = &check.attestation;
                let provider = self.accreditation(&header.issuer);
                let able = provider.is_some_and(|provider| {
                    provider.role == AuthorityRole::IdentityProvider
                        && provider.key == header.key
                        && provider.methods.contains(&said.method)
                });
                unless(able, Code::AttestationProvider, &mut door);
                let suspended = provider.is_some_and(|provider| provider.suspended);
                unless(!suspended, Code::AuthoritySuspended, &mut door);
                let own = header.subject == record.issuer().to_string();
                unless(own, Code::AttestationSubject, &mut door);
                let bound = said.nonce == record.act_digest && said.ledger == self.ledger;
                unless(bound, Code::AttestationNonce, &mut door);
                let window = u64::from(law.attestation_window_s);
                let fresh = said.time.0.abs_diff(signed_at.0) <= window
                    && said.time <= now
                    && said.time == header.issued_at;
                unless(fresh, Code::AttestationStale, &mut door);
                let high = said.assurance >= law.assurance_min && said.liveness >= law.liveness_min;
                unless(high, Code::AttestationLevel, &mut door);
                let real = said.assurance <= 3 && said.liveness <= 3;
                unless(real, Code::FieldInvalid, &mut door);
            }
        }
        match &record.evidence {
            None => unless(
                recording == Recording::Welcome,
                Code::EvidenceMissing,
                &mut door,
            ),
            Some(film) => {
                let shown = (film.started.0..=film.started.0 + film.duration_ms.div_ceil(1000))
                    .contains(&signed_at.0);
                unless(shown, Code::EvidenceTime, &mut door);
                let kept = film.retention_years >= law.retention_years;
                unless(kept, Code::EvidenceRetention, &mut door);
                unless(
                    !self.recording_used(&film.root),
                    Code::EvidenceReused,
                    &mut door,
                );
                let mut topics = law.topics.clone();
                if recording == Recording::NeededWithPrice {
                    topics.push(Topic::Price);
                }
                let all = topics
                    .iter()
                    .all(|topic| film.statements.iter().any(|said| said.topic == *topic));
                let mut said = film.statements.iter();
                let within = said.all(|said| said.offset_ms <= film.duration_ms);
                unless(all && within, Code::EvidenceStatement, &mut door);
                unless(film.bytes > 0, Code::EvidenceEmpty, &mut door);
            }
        }
        door
    }
}

/// A record that is nobody's personal act carries no attestation and no film.
pub(crate) fn bare(record: &Record, door: &mut Codes) {
    let bare = record.attestation.is_none() && record.evidence.is_none();
    unless(bare, Code::FieldInvalid, door);
}

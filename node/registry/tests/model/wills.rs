//! The model's verdict on powers, consents and their end.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Ending, PowerOfAttorney, Revocation, SpousalConsent};
use deedbook_schemas::limits::CONSENTS_PER_HOLDER_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::Code;

use crate::deeds::held;
use crate::doors::{Recording, unless};
use crate::memory::Model;
use crate::verdict::Reasons;

impl Model {
    pub(crate) fn power_reasons(
        &self,
        record: &Record,
        body: &PowerOfAttorney,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.act_door(record, Recording::Needed, now);
        let some = body.scope.substitutions != Some(0);
        let one = body.parent.is_none() || body.represents.is_none();
        unless(some && one, Code::FieldInvalid, &mut door);
        let mut law = self.standing(&record.issuer(), now);
        let agent: PartyId = record.subject().parse().unwrap();
        match (body.issued, self.term(&record.id, body)) {
            (Some(issued), Some((starts, expires))) => {
                let signed = record.statement.header.issued_at;
                let window = u64::from(self.law().record_window_s);
                let possible = issued <= now
                    && issued.0.abs_diff(signed.0) <= window
                    && issued <= starts
                    && starts < expires
                    && now < expires;
                unless(possible, Code::PowerDates, &mut law);
            }
            _ => drop(law.insert(Code::PowerNoDate)),
        }
        unless(!body.scope.acts.is_empty(), Code::PowerScopeEmpty, &mut law);
        let principal = body.represents.unwrap_or(record.issuer());
        if body.represents.is_some() {
            law.extend(self.not_alone(record, &principal, now));
            // For a ward nobody gives one.
            if self.enrolled(&principal) {
                law.extend(self.standing(&principal, now));
                law.insert(Code::EntityOfficer);
            }
        }
        let another = agent != record.issuer() && agent != principal;
        unless(another, Code::PowerSelf, &mut law);
        unless(self.able(&agent, now), Code::PowerAgentUnknown, &mut law);
        law.extend(self.passing_on_reasons(record, body, now));
        (door, law)
    }

    pub(crate) fn consent_reasons(
        &self,
        record: &Record,
        body: &SpousalConsent,
        now: Seconds,
    ) -> Reasons {
        let recording = match body.price_floor {
            Some(_) => Recording::NeededWithPrice,
            None => Recording::Needed,
        };
        let door = self.act_door(record, recording, now);
        let signer = record.issuer();
        let mut law = self.standing(&signer, now);
        let mut spouse = Some(signer);
        if let Some(id) = &body.power {
            match self.power(id) {
                None => {
                    law.insert(Code::PowerUnknown);
                    spouse = None;
                }
                Some(power) => {
                    law.extend(self.consent_power_reasons(record, body, &power, now));
                    spouse = Some(power.principal);
                    // Nor anybody else under a power that is the disponor's to use.
                    let apart = !self.agents(&power).contains(&body.disponor);
                    unless(apart, Code::ConsentByDisponor, &mut law);
                }
            }
        }
        unless(signer != body.disponor, Code::ConsentByDisponor, &mut law);
        unless(now <= body.expires, Code::ConsentExpired, &mut law);
        let Some(title) = self.title(record.subject()) else {
            law.insert(Code::TitleUnknown);
            return (door, law);
        };
        let holds = !held(&title.holds, &body.disponor).is_nothing();
        let married = self.spouse(&body.disponor, now);
        let theirs = spouse.is_none_or(|spouse| married == Some(spouse));
        unless(holds && theirs, Code::ConsentNotSpouse, &mut law);
        let others = self.valid_consents(record.subject());
        let others = others
            .iter()
            .filter(|c| c.body.disponor == body.disponor && now <= c.body.expires);
        unless(
            others.count() < CONSENTS_PER_HOLDER_MAX,
            Code::ConsentTooMany,
            &mut law,
        );
        (door, law)
    }

    pub(crate) fn revocation_reasons(
        &self,
        record: &Record,
        body: &Revocation,
        now: Seconds,
    ) -> Reasons {
        let door = self.act_door(record, Recording::Needed, now);
        let signer = record.issuer();
        let mut law = self.standing(&signer, now);
        let id: RecordId = record.subject().parse().unwrap();
        let ended = self.ended_by_will(&id).is_some();
        let consents = self.consents();
        if let Some(power) = self.power(&id) {
            let entitled = match body.ending {
                Ending::Revocation => {
                    let parent = power.body.parent.and_then(|id| self.power(&id));
                    self.is_or_acts_for(&signer, &power.principal, now)
                        || parent.is_some_and(|p| p.agent == signer)
                }
                Ending::Renunciation => power.agent == signer,
            };
            unless(entitled, Code::RevocationForeign, &mut law);
            let (_, expires) = self.term(&power.id, power.body).unwrap();
            unless(!ended && now < expires, Code::RevocationDone, &mut law);
        } else if let Some(consent) = consents.iter().find(|consent| consent.id == id) {
            let own = body.ending == Ending::Revocation && consent.spouse == signer;
            unless(own, Code::RevocationForeign, &mut law);
            unless(!ended, Code::ConsentEnded, &mut law);
            unless(!self.used(&id), Code::ConsentUsed, &mut law);
        } else if let Some(why) = self.taking_back_reasons(&id, &signer, body, now) {
            law.extend(why);
        } else if let Some(given) = self.approval(&id, now) {
            let own = body.ending == Ending::Revocation && given.officer == signer;
            unless(own, Code::RevocationForeign, &mut law);
        } else {
            law.insert(Code::PowerUnknown);
        }
        (door, law)
    }
}

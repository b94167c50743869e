//! The model's verdict on a record: turned away, refused for all of these reasons, or accepted, and
//! what ends with it. The kinds about deeds are in `signing`, the others here.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::doors::unless;
use crate::memory::{Codes, End, Model, What};

/// What the model expects the register to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    TurnedAway(Codes),
    Refused(Codes),
    Accepted,
}

/// Reasons at the door, and reasons of the law if it is let in.
pub(crate) type Reasons = (Codes, Codes);

impl Model {
    /// Judges a record at `now`, and remembers what comes of it.
    pub(crate) fn judge(&mut self, record: &Record, now: Seconds) -> (Answer, Vec<Outcome>) {
        if self.logged().any(|logged| logged.id == record.id) {
            return (
                Answer::TurnedAway([Code::RecordDuplicate].into()),
                Vec::new(),
            );
        }
        let (mut door, law) = self.reasons(record, now);
        let signed = record.statement.header.issued_at;
        unless(
            signed.0.abs_diff(now.0) <= self.law().record_window_s.into(),
            Code::RecordStale,
            &mut door,
        );
        if !door.is_empty() {
            return (Answer::TurnedAway(door), Vec::new());
        }
        if !law.is_empty() {
            return self.refuse(record, now, law);
        }
        (Answer::Accepted, self.accept(record, now))
    }

    /// What comes of a record that is accepted.
    fn accept(&mut self, record: &Record, now: Seconds) -> Vec<Outcome> {
        let corrected = self.corrects(record).map(|(id, of, _)| (id, of.to_owned()));
        // What was drawn up for the title as it was ends with a correction.
        let of = corrected.as_ref().map(|(_, of)| of.as_str());
        let outdated = of.map(|of| self.page(of).queue.clone()).unwrap_or_default();
        self.remember(now, What::Done(Box::new(record.clone())));
        let mut outcomes = Vec::new();
        if let Some((id, of)) = corrected {
            let mut done = outcome(id, Status::Registered, &Codes::new());
            done.title_version = self.title(&of).map(|title| title.number);
            outcomes.push(done);
        }
        outcomes.extend(self.outdate(&outdated, now));
        if is_done_at_once(&record.body) {
            outcomes.push(outcome(record.id, Status::Registered, &Codes::new()));
        }
        let deed: Option<RecordId> = record.subject().parse().ok();
        let ends = match &record.body {
            Body::Withdrawal(_) => Some((Status::Withdrawn, Codes::new())),
            Body::RequisitionDecision(body) if !body.cured => {
                Some((Status::Refused, [Code::RequisitionRefused].into()))
            }
            _ => None,
        };
        if let Some((status, codes)) = ends {
            outcomes.extend(self.end(deed.unwrap(), status, &codes, Vec::new(), now));
        }
        outcomes.extend(self.register_what_is_complete(now));
        outcomes
    }

    fn refuse(&mut self, record: &Record, now: Seconds, law: Codes) -> (Answer, Vec<Outcome>) {
        let mut outcomes = vec![outcome(record.id, Status::Refused, &law)];
        self.remember(now, What::Refused(Box::new(record.clone())));
        // Rule 9: the first act that comes upon a changed title ends the deed.
        if matches!(record.body, Body::Act(_)) && law.contains(&Code::TitleVersion) {
            let deed = record.subject().parse().unwrap();
            let why = [Code::TitleVersion].into();
            outcomes.extend(self.end(deed, Status::Refused, &why, Vec::new(), now));
        }
        (Answer::Refused(law), outcomes)
    }

    fn end(
        &mut self,
        deed: RecordId,
        status: Status,
        codes: &Codes,
        consents: Vec<RecordId>,
        now: Seconds,
    ) -> Vec<Outcome> {
        let funding = self.funding(&deed);
        // What was signed before a court's deed was drawn up for another title than it leaves.
        let overtaken = match status {
            Status::Registered => self.overtaken(&deed),
            _ => Vec::new(),
        };
        self.remember(
            now,
            What::Ended(End {
                deed,
                status,
                consents,
            }),
        );
        let mut ended = outcome(deed, status, codes);
        if status == Status::Registered {
            let deed = self.deed(&deed).unwrap();
            let title = self.title(deed.property).filter(|_| deed.disposes());
            ended.title_version = title.map(|title| title.number);
        }
        let order = funding.map(|funding| outcome(funding, status, &Codes::new()));
        let mut outcomes: Vec<Outcome> = std::iter::once(ended).chain(order).collect();
        outcomes.extend(self.outdate(&overtaken, now));
        outcomes
    }

    /// The private deeds that wait behind a court's.
    fn overtaken(&self, deed: &RecordId) -> Vec<RecordId> {
        let deed = self.deed(deed).unwrap();
        let legs = deed.legs().into_iter().filter(|_| deed.by_court());
        let mut waiting: Vec<RecordId> = legs
            .flat_map(|leg| self.page(leg.property).queue.clone())
            .collect();
        waiting.retain(|id| *id != deed.id);
        waiting
    }

    /// Ends what can never be registered, because a title is not any more what it was.
    fn outdate(&mut self, deeds: &[RecordId], now: Seconds) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for id in deeds {
            if self.deed(id).is_some_and(|deed| self.is_open(&deed, now)) {
                let why = [Code::TitleVersion].into();
                outcomes.extend(self.end(*id, Status::Refused, &why, Vec::new(), now));
            }
        }
        outcomes
    }

    /// Begins a block: what has not ended in time ends now.
    pub(crate) fn begin(&mut self, now: Seconds) -> Vec<Outcome> {
        self.height += 1;
        let mut outcomes = Vec::new();
        for (over, property) in self.over(now) {
            self.remember(now, What::Lapsed(over, property));
            outcomes.push(outcome(over, Status::Expired, &Codes::new()));
        }
        let mut late = Vec::new();
        for deed in self.pending() {
            // Rule 33: nobody answered while it was pending.
            let overdue = self.overdue(&deed, now);
            let unanswered = overdue.is_some_and(|due| due <= self.expires(&deed));
            if unanswered {
                let why: Codes = [Code::RequisitionUnanswered].into();
                late.push((deed.id, Status::Refused, why));
            } else if self.expires(&deed) <= now {
                late.push((deed.id, Status::Expired, Codes::new()));
            }
        }
        for (deed, status, codes) in late {
            outcomes.extend(self.end(deed, status, &codes, Vec::new(), now));
        }
        outcomes.extend(self.register_what_is_complete(now));
        outcomes
    }

    /// A deed registers in the moment in which nothing is missing any more: those of the holders first,
    /// then those of lenders, who are heard in the order in which the last of them signed.
    fn register_what_is_complete(&mut self, now: Seconds) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        loop {
            let mut pending = self.pending();
            pending.sort_by_cached_key(|deed| {
                let acts = self.acts(&deed.id);
                let last = acts.iter().map(|act| act.index).max();
                last.filter(|_| !deed.disposes())
            });
            let complete = pending.into_iter().find_map(|deed| {
                let complete = self.is_open(&deed, now) && self.needs(&deed, now).is_empty();
                complete.then(|| (deed.id, self.marriage_needs(&deed, now).1))
            });
            let Some((deed, consents)) = complete else {
                return outcomes;
            };
            let none = Codes::new();
            outcomes.extend(self.end(deed, Status::Registered, &none, consents, now));
        }
    }

    fn reasons(&self, record: &Record, now: Seconds) -> Reasons {
        match &record.body {
            Body::GroupParty(body) => self.group_reasons(record, body),
            Body::EvidenceDeletion(body) => self.deletion_reasons(record, body, now),
            Body::Profile(change) => self.change_reasons(record, change),
            Body::ValidatorSetChange(change) => self.seating_reasons(record, change),
            Body::Accreditation(body) => self.accreditation_reasons(record, body),
            Body::Enrolment(body) => self.enrolment_reasons(record, body),
            Body::CivilStatus(fact) => self.status_reasons(record, fact, now),
            Body::FirstRegistration(body) => self.first_reasons(record, body, now),
            Body::PowerOfAttorney(body) => self.power_reasons(record, body, now),
            Body::SpousalConsent(body) => self.consent_reasons(record, body, now),
            Body::Revocation(body) => self.revocation_reasons(record, body, now),
            Body::Transfer(_)
            | Body::Mortgage(_)
            | Body::Servitude(_)
            | Body::Lease(_)
            | Body::Assignment(_)
            | Body::Postponement(_)
            | Body::Subdivision(_)
            | Body::Consolidation(_) => self.lodging_reasons(record, now),
            Body::Discharge(body) => self.discharge_reasons(record, body, now),
            Body::MortgageeConsent(body) => self.passing_reasons(record, body, now),
            Body::Requisition(body) => self.requisition_reasons(record, body, now),
            Body::RequisitionAnswer(body) => self.answer_reasons(record, body, now),
            Body::RequisitionDecision(body) => self.decision_reasons(record, body, now),
            Body::SuccessionCertificate(body) => self.certificate_reasons(record, body, now),
            Body::CourtOrder(body) => self.order_reasons(record, body),
            Body::Correction(body) => self.correction_reasons(record, body, now),
            Body::CorrectionApproval(_) => self.approval_reasons(record),
            Body::Appeal(body) => self.appeal_reasons(record, body, now),
            Body::AppealDecision(_) => self.ruling_reasons(record),
            Body::AccessConsent(body) => self.letting_reasons(record, body, now),
            Body::AccessEntry(body) => self.reading_reasons(record, body, now),
            Body::LegalHold(body) => self.hold_reasons(record, body),
            Body::LegalEntity(body) => self.charter_reasons(record, body, now),
            Body::Guardianship(body) => self.appointment_reasons(record, body, now),
            Body::GuardianPermission(body) => self.permission_reasons(record, body, now),
            Body::Notarisation(_) => self.notarisation_reasons(record, now),
            Body::PriorityNotice(_) => self.reservation_reasons(record, now),
            Body::Act(body) => self.act_reasons(record, body, now),
            Body::Withdrawal(_) => self.withdrawal_reasons(record, now),
            Body::EscrowFunding(body) => self.funding_reasons(record, body, now),
            Body::EscrowRelease(body) => self.settling_reasons(record, &body.amount, true),
            Body::EscrowRefund(body) => self.settling_reasons(record, &body.amount, false),
            Body::Duty(body) => self.duty_reasons(record, body, now),
            Body::Freeze(body) => self.freeze_reasons(record, body, now),
            Body::FreezeRelease(body) => self.lifting_reasons(record, body, now),
            Body::Caveat(body) => self.caveat_reasons(record, body, now),
            Body::SelfLock(_) => self.lock_reasons(record, now),
            Body::SelfLockRelease(body) => self.opening_reasons(record, body, now),
            Body::PreemptionNotice(body) => self.offer_reasons(record, body, now),
            Body::PreemptionWaiver(body) => self.waiver_reasons(record, body, now),
            Body::OfficerApproval(body) => self.endorsement_reasons(record, body, now),
        }
    }
}

/// Whether a record is registered by being accepted.
fn is_done_at_once(body: &Body) -> bool {
    match body {
        Body::PowerOfAttorney(_)
        | Body::SpousalConsent(_)
        | Body::Freeze(_)
        | Body::Caveat(_)
        | Body::SelfLock(_)
        | Body::PriorityNotice(_)
        | Body::GuardianPermission(_)
        | Body::SuccessionCertificate(_)
        | Body::CourtOrder(_)
        | Body::Appeal(_)
        | Body::AppealDecision(_)
        | Body::AccessConsent(_)
        | Body::OfficerApproval(_)
        | Body::PreemptionNotice(_) => true,
        Body::LegalHold(body) => body.held,
        Body::Discharge(body) => body.with.is_none(),
        _ => false,
    }
}

pub(crate) fn outcome(record: RecordId, status: Status, codes: &Codes) -> Outcome {
    Outcome {
        record,
        status,
        codes: codes.iter().map(|code| code.as_str().to_owned()).collect(),
        title_version: None,
    }
}

//! The way of a record: authentic, let in at the door, judged by the law of its kind, marked.
//!
//! Lives here: the one match over the kinds of record. Does not live here: any rule.

use std::sync::Arc;

use deedbook_schemas::block::{BlockTime, Height, Seconds};
use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Rejection;

use crate::overlay::Overlay;
use crate::state::{self, StateError, evidence_mark, record_mark};
use crate::verdict::{No, Verdict, refused};
use crate::{
    access, accreditation, act, appeal, approval, caveat, civil_status, consent, correction,
    court_order, discharge, door, duty, enrolment, entity, evidence, freeze, guardianship,
    inheritance, lodging, notarisation, power, preemption, priority_notice, profile, property,
    requisition, revocation, self_lock, settlement, validators, withdrawal,
};

/// The block in which records are judged. Its time is the only time the law knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockContext {
    /// The ledger.
    pub ledger: LedgerId,
    /// The block's height.
    pub height: Height,
    /// The block's time.
    pub time: BlockTime,
}

impl BlockContext {
    /// The law's time.
    #[must_use]
    pub fn now(&self) -> Seconds {
        self.time.seconds()
    }
}

/// A record that belongs on the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Why it was refused, if it was: authentic, logged, and without effect.
    pub refusal: Option<Rejection>,
    /// The outcome leaves that follow the record, in order.
    pub outcomes: Vec<Outcome>,
}

/// A record that does not belong on the log, or a state that cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Refused at the door: nothing changed, nothing is logged.
    #[error(transparent)]
    Door(#[from] Rejection),
    /// Fatal.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A record before the law.
pub(crate) struct Case<'c, 'a> {
    pub(crate) state: &'c mut Overlay<'a>,
    pub(crate) block: &'c BlockContext,
    pub(crate) record: &'c Record,
    /// The number of the profile that judges it.
    pub(crate) judged_by: u32,
    pub(crate) profile: Arc<Profile>,
    pub(crate) now: Seconds,
}

/// Applies one record. `signatures` says whether [`Record::verify`] holds; it may remember.
///
/// # Errors
/// [`ApplyError`]; then the overlay is unchanged.
pub fn apply(
    overlay: &mut Overlay<'_>,
    block: &BlockContext,
    record: &Record,
    signatures: &dyn Fn(&Record) -> bool,
) -> Result<Applied, ApplyError> {
    let checkpoint = overlay.checkpoint();
    let verdict = door::authentic(overlay, block, record, signatures)
        .and_then(|()| judge(overlay, block, record));
    let applied = match verdict {
        Ok(outcomes) => Applied {
            refusal: None,
            outcomes,
        },
        Err(No::Law(rejection)) => {
            overlay.rollback(checkpoint);
            let mut outcomes = vec![refused(record.id, &rejection)];
            outcomes.extend(after_refusal(overlay, block, record, &rejection)?);
            Applied {
                refusal: Some(rejection),
                outcomes,
            }
        }
        Err(No::Door(rejection)) => {
            overlay.rollback(checkpoint);
            return Err(ApplyError::Door(rejection));
        }
        Err(No::State(error)) => {
            overlay.rollback(checkpoint);
            return Err(ApplyError::State(error));
        }
    };
    overlay.mark(record_mark(&record.id));
    if let Some(evidence) = &record.evidence {
        overlay.mark(evidence_mark(&evidence.root));
    }
    Ok(applied)
}

fn judge(overlay: &mut Overlay<'_>, block: &BlockContext, record: &Record) -> Verdict {
    let judged_by = state::profile_at(overlay, block.height)?;
    let mut case = Case {
        judged_by,
        profile: state::profile(overlay, judged_by)?,
        now: block.now(),
        state: overlay,
        block,
        record,
    };
    let outcomes = match &record.body {
        Body::Accreditation(body) => accreditation::apply(&mut case, body),
        Body::Enrolment(body) => enrolment::apply(&mut case, body),
        Body::CivilStatus(body) => civil_status::apply(&mut case, body),
        Body::FirstRegistration(body) => property::apply(&mut case, body),
        Body::PowerOfAttorney(body) => power::apply(&mut case, body),
        Body::SpousalConsent(body) => consent::apply(&mut case, body),
        Body::Revocation(body) => revocation::apply(&mut case, body),
        Body::Act(body) => act::apply(&mut case, body),
        Body::Withdrawal(_) => withdrawal::apply(&mut case),
        Body::LegalEntity(body) => entity::apply_entity(&mut case, body),
        Body::GroupParty(body) => entity::apply_group(&mut case, body),
        Body::Guardianship(body) => guardianship::appoint(&mut case, body),
        Body::GuardianPermission(body) => guardianship::permit(&mut case, body),
        Body::Discharge(body) => discharge::apply(&mut case, body),
        Body::MortgageeConsent(body) => discharge::consent(&mut case, body),
        Body::Freeze(body) => freeze::apply(&mut case, body),
        Body::FreezeRelease(body) => freeze::release(&mut case, body),
        Body::Caveat(body) => caveat::apply(&mut case, body),
        Body::SelfLock(body) => self_lock::apply(&mut case, body),
        Body::SelfLockRelease(body) => self_lock::release(&mut case, body),
        Body::PriorityNotice(body) => priority_notice::apply(&mut case, body),
        Body::PreemptionNotice(body) => preemption::offer(&mut case, body),
        Body::PreemptionWaiver(body) => preemption::waive(&mut case, body),
        Body::Notarisation(body) => notarisation::apply(&mut case, body),
        Body::EscrowFunding(body) => settlement::fund(&mut case, body),
        Body::EscrowRelease(body) => settlement::release(&mut case, body),
        Body::EscrowRefund(body) => settlement::refund(&mut case, body),
        Body::Duty(body) => duty::apply(&mut case, body),
        Body::Requisition(body) => requisition::apply(&mut case, body),
        Body::RequisitionAnswer(body) => requisition::answer(&mut case, body),
        Body::RequisitionDecision(body) => requisition::decide(&mut case, body),
        Body::SuccessionCertificate(body) => inheritance::certify(&mut case, body),
        Body::CourtOrder(body) => court_order::apply(&mut case, body),
        Body::Correction(body) => correction::apply(&mut case, body),
        Body::CorrectionApproval(body) => correction::approve(&mut case, body),
        Body::Appeal(body) => appeal::apply(&mut case, body),
        Body::AppealDecision(body) => appeal::decide(&mut case, body),
        Body::AccessConsent(body) => access::consent(&mut case, body),
        Body::AccessEntry(body) => access::enter(&mut case, body),
        Body::LegalHold(body) => evidence::hold(&mut case, body),
        Body::EvidenceDeletion(body) => evidence::delete(&mut case, body),
        Body::Profile(body) => profile::apply(&mut case, body),
        Body::ValidatorSetChange(body) => validators::apply(&mut case, body),
        Body::OfficerApproval(body) => approval::apply(&mut case, body),
        Body::Transfer(_)
        | Body::Mortgage(_)
        | Body::Servitude(_)
        | Body::Lease(_)
        | Body::Assignment(_)
        | Body::Postponement(_)
        | Body::Subdivision(_)
        | Body::Consolidation(_) => lodging::lodge(&mut case),
    }?;
    approval::spend(case.state, record)?;
    Ok(outcomes)
}

/// What a lawful refusal leaves behind: a refused instrument is kept with its codes, and an act on
/// a title that has changed ends its instrument.
fn after_refusal(
    overlay: &mut Overlay<'_>,
    block: &BlockContext,
    record: &Record,
    rejection: &Rejection,
) -> Result<Vec<Outcome>, StateError> {
    if lodging::text_of(&record.body).is_some() {
        lodging::keep_refused(overlay, block, record, rejection);
    }
    if matches!(record.body, Body::Act(_)) {
        return act::end_outdated(overlay, block, record, rejection);
    }
    Ok(Vec::new())
}

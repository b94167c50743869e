//! The way of a record: authentic, let in at the door, judged by the law of its kind, marked.
//!
//! Lives here: the one match over the kinds of record. Does not live here: any rule.

use deedbook_schemas::block::{BlockTime, Height, Seconds};
use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::genesis::Profile;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Rejection;

use crate::state::{self, Overlay, StateError, evidence_mark, record_mark};
use crate::verdict::{No, Verdict, refused};
use crate::{
    accreditation, act, civil_status, consent, door, enrolment, power, property, revocation,
    transfer, withdrawal,
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
    pub(crate) profile: Profile,
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
    let mut case = Case {
        profile: state::profile(overlay)?,
        now: block.now(),
        state: overlay,
        block,
        record,
    };
    match &record.body {
        Body::Accreditation(body) => accreditation::apply(&mut case, body),
        Body::Enrolment(body) => enrolment::apply(&mut case, body),
        Body::CivilStatus(body) => civil_status::apply(&mut case, body),
        Body::FirstRegistration(body) => property::apply(&mut case, body),
        Body::PowerOfAttorney(body) => power::apply(&mut case, body),
        Body::SpousalConsent(body) => consent::apply(&mut case, body),
        Body::Revocation(body) => revocation::apply(&mut case, body),
        Body::Transfer(body) => transfer::lodge(&mut case, body),
        Body::Act(body) => act::apply(&mut case, body),
        Body::Withdrawal(_) => withdrawal::apply(&mut case),
    }
}

/// What a lawful refusal leaves behind: a refused instrument is kept with its codes, and an act on
/// a title that has changed ends its instrument.
fn after_refusal(
    overlay: &mut Overlay<'_>,
    block: &BlockContext,
    record: &Record,
    rejection: &Rejection,
) -> Result<Vec<Outcome>, StateError> {
    match &record.body {
        Body::Transfer(_) => {
            transfer::keep_refused(overlay, block, record, rejection);
            Ok(Vec::new())
        }
        Body::Act(_) => act::end_outdated(overlay, block, record, rejection),
        _ => Ok(Vec::new()),
    }
}

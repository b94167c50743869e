//! Requisitions and reservations, as the model sees them.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::limits::{ENCUMBRANCES_OF_A_KIND_MAX, REQUISITIONS_MAX, SUPPLEMENTS_MAX};
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::proceeding::{Requisition, RequisitionAnswer, RequisitionDecision};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::dates::business_days;
use crate::deeds::{Need, need};
use crate::doors::{Recording, unless};
use crate::memory::{Codes, Model};
use crate::texts::Deed;
use crate::verdict::Reasons;

/// What the registrar asked for and has not decided on.
struct Clock {
    id: RecordId,
    due: Seconds,
    answered: bool,
}

impl Model {
    /// Whether the registrar took an answer.
    pub(crate) fn cured(&self, requisition: &RecordId) -> bool {
        self.done().any(|(_, _, r)| {
            matches!(&r.body, Body::RequisitionDecision(body)
                if body.requisition == *requisition && body.cured)
        })
    }

    fn due(&self, deed: &RecordId, asked: Seconds) -> Seconds {
        let law = self.law_of(deed);
        business_days(asked, law.requisition_business_days, &law.calendar)
    }

    fn clocks(&self, deed: &RecordId) -> Vec<Clock> {
        let subject = deed;
        let asked = self
            .about(subject)
            .filter(|(_, _, r)| matches!(r.body, Body::Requisition(_)) && !self.cured(&r.id));
        let clocks = asked.map(|(_, at, asked)| {
            Clock {
            id: asked.id,
            due: self.due(deed, at),
            answered: self.about(subject).any(|(_, _, r)| {
                matches!(&r.body, Body::RequisitionAnswer(body) if body.requisition == asked.id)
            }),
        }
        });
        clocks.collect()
    }

    /// A requisition on a deed, answered or not.
    pub(crate) fn open_clock(&self, deed: &RecordId, answered: bool) -> Option<RecordId> {
        let clocks = self.clocks(deed).into_iter();
        let mut fit = clocks.filter(|clock| clock.answered == answered);
        fit.next().map(|clock| clock.id)
    }

    /// When the first requisition was due that nobody answered.
    pub(crate) fn overdue(&self, deed: &Deed<'_>, now: Seconds) -> Option<Seconds> {
        let clocks = self.clocks(&deed.id).into_iter();
        let late = clocks.filter(|clock| !clock.answered && clock.due <= now);
        late.map(|clock| clock.due).min()
    }

    pub(crate) fn requisition_needs(&self, deed: &Deed<'_>) -> Vec<Need> {
        let clocks = self.clocks(&deed.id).into_iter();
        clocks
            .map(|clock| {
                let who = (!clock.answered).then_some(deed.lodger);
                need("requisition.open", who)
            })
            .collect()
    }

    pub(crate) fn requisition_reasons(
        &self,
        record: &Record,
        body: &Requisition,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Registrar);
        unless(!body.request.is_empty(), Code::FieldInvalid, &mut door);
        let id: RecordId = record.subject().parse().unwrap();
        let Some(deed) = self.open_deed(&id, now, &mut door) else {
            return (door, Codes::new());
        };
        let mut law = Codes::new();
        let room = self.clocks(&deed.id).len() < REQUISITIONS_MAX
            && self.supplements(&deed.id) < SUPPLEMENTS_MAX;
        unless(room, Code::RequisitionTooMany, &mut law);
        (door, law)
    }

    pub(crate) fn answer_reasons(
        &self,
        record: &Record,
        body: &RequisitionAnswer,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.deed_door(record, Recording::Welcome, now);
        let id: RecordId = record.subject().parse().unwrap();
        let Some(deed) = self.open_deed(&id, now, &mut door) else {
            return (door, Codes::new());
        };
        let signer = record.issuer();
        let mut law = self.standing(&signer, now);
        let mut everybody = deed.everybody().into_iter();
        let entitled =
            deed.lodger == signer || everybody.any(|party| self.speaks_for(&signer, &party, now));
        unless(entitled, Code::RequisitionForeign, &mut law);
        let clocks = self.clocks(&deed.id);
        let mut asked = clocks.iter();
        let asked = asked.any(|clock| clock.id == body.requisition && !clock.answered);
        unless(asked, Code::RequisitionUnknown, &mut law);
        (door, law)
    }

    pub(crate) fn decision_reasons(
        &self,
        record: &Record,
        body: &RequisitionDecision,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Registrar);
        let id: RecordId = record.subject().parse().unwrap();
        let Some(deed) = self.open_deed(&id, now, &mut door) else {
            return (door, Codes::new());
        };
        let mut law = Codes::new();
        let clocks = self.clocks(&deed.id);
        let mut asked = clocks.iter();
        let answered = asked.any(|clock| clock.id == body.requisition && clock.answered);
        unless(answered, Code::RequisitionUnknown, &mut law);
        (door, law)
    }

    /// Rule 32: a buyer reserves what a deed that is signed gives them, once while the title is as it
    /// is.
    pub(crate) fn reservation_reasons(&self, record: &Record, now: Seconds) -> Reasons {
        let mut door = self.deed_door(record, Recording::Needed, now);
        let id: RecordId = record.subject().parse().unwrap();
        let Some(deed) = self.open_deed(&id, now, &mut door) else {
            return (door, Codes::new());
        };
        let buyer = record.issuer();
        let mut law = self.standing(&buyer, now);
        let legs = deed.legs();
        let bought = legs.iter().filter(|leg| self.is_among(&buyer, &leg.takes));
        let bought: Vec<&str> = bought.map(|leg| leg.property).collect();
        unless(!bought.is_empty(), Code::NoticeForeign, &mut law);
        for leg in &legs {
            let signed = self.signed_first(leg.property, now) == Some(deed.id);
            unless(signed, Code::NoticeUnsigned, &mut law);
        }
        for property in bought {
            let free = self
                .reserved(property, now)
                .is_none_or(|first| first == deed.id);
            unless(free, Code::NoticeInForce, &mut law);
            let earlier = self.reservations(property);
            let stacked = earlier
                .iter()
                .any(|(by, of)| *of == deed.id || *by == buyer);
            unless(!stacked, Code::NoticeStacked, &mut law);
            let room = earlier.len() < ENCUMBRANCES_OF_A_KIND_MAX;
            unless(room, Code::EncumbranceTooMany, &mut law);
        }
        (door, law)
    }

    /// Who reserved a title since it is as it is, and for which deeds.
    fn reservations(&self, property: &str) -> Vec<(deedbook_schemas::party::PartyId, RecordId)> {
        let Some(title) = self.title(property) else {
            return Vec::new();
        };
        let notices = self.done().filter(|(index, _, r)| {
            *index > title.index && matches!(r.body, Body::PriorityNotice(_))
        });
        let ours = notices.filter_map(|(_, _, r)| {
            let deed = self.deed(&r.subject().parse().unwrap())?;
            let mut legs = deed.legs().into_iter();
            let here = legs.any(|l| l.property == property && self.is_among(&r.issuer(), &l.takes));
            here.then_some((r.issuer(), deed.id))
        });
        ours.collect()
    }
}

//! Mortgages, servitudes and leases, as the model sees them: granted, passed on, put back, given up.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Discharge, MortgageTerms, MortgageeConsent};
use deedbook_schemas::instrument::{ActKind, Transfer, TransferKind};
use deedbook_schemas::limits::SUPPLEMENTS_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::deeds::held;
use crate::doors::{Recording, unless};
use crate::memory::{Codes, Model};
use crate::pages::{Sort, Thing, is_somebodys, stands, total};
use crate::shares::Share;
use crate::signing::Wish;
use crate::texts::{Deed, Text};
use crate::verdict::Reasons;

impl Model {
    /// Whether a lender lets the property pass with a mortgage on it.
    pub(crate) fn lets_pass(&self, deed: &Deed<'_>, loan: &Thing) -> bool {
        let subject = &deed.id;
        self.about(subject)
            .any(|(_, _, record)| match &record.body {
                Body::MortgageeConsent(body) => {
                    body.mortgage == loan.id
                        && self.speaks(record, body.power.as_ref(), body.represents) == loan.whose
                }
                _ => false,
            })
    }

    fn holders(&self, property: &str) -> BTreeSet<PartyId> {
        let title = self.title(property);
        let holds = title.map(|title| title.holds).unwrap_or_default();
        holds.iter().map(|hold| hold.party).collect()
    }

    /// Whether all holders of a title, and nobody else, grant something to somebody else.
    fn by_all(&self, property: &str, grantors: &[PartyId], to: &PartyId) -> bool {
        let holders = self.holders(property);
        holders.iter().eq(grantors) && !holders.contains(to)
    }

    /// Why a mortgage cannot pass, or step back, on a title on which so much stays.
    pub(crate) fn unfit(&self, deed: &Deed<'_>, rest: &[Thing]) -> Option<Code> {
        let loans = rest.iter().filter(|thing| thing.what == Sort::Mortgage);
        let loans: Vec<&Thing> = loans.collect();
        let place = |id: &RecordId| loans.iter().position(|loan| loan.id == *id);
        match deed.text {
            Text::Assignment(text) => match place(&text.mortgage) {
                None => Some(Code::MortgageUnknown),
                Some(at) if loans[at].whose != text.assignor => Some(Code::MortgageForeign),
                Some(_) if self.holders(deed.property).contains(&text.assignee) => {
                    Some(Code::MortgageTerms)
                }
                Some(_) => None,
            },
            Text::Postponement(text) => {
                let (Some(from), Some(to)) = (place(&text.mortgage), place(&text.behind)) else {
                    return Some(Code::MortgageUnknown);
                };
                if loans[from].whose != text.mortgagee {
                    return Some(Code::MortgageForeign);
                }
                if to <= from {
                    return Some(Code::MortgageRank);
                }
                let passed = loans[from + 1..=to].iter().map(|loan| loan.whose);
                let passed: BTreeSet<PartyId> = passed.filter(|p| *p != text.mortgagee).collect();
                (!passed.iter().eq(&text.passed)).then_some(Code::MortgageRank)
            }
            _ => None,
        }
    }

    /// What the law says about what a new deed grants.
    pub(crate) fn grant_reasons(&self, deed: &Deed<'_>, now: Seconds) -> Codes {
        let mut law = Codes::new();
        let rest = self.page(deed.property).things.clone();
        let known = self.title(deed.property).is_some();
        let mut grants = |all: bool, what: Sort, code: Code| {
            if known {
                unless(all, code, &mut law);
                let room = self.has_room(deed.property, &rest, what);
                unless(room, Code::EncumbranceTooMany, &mut law);
            }
        };
        match deed.text {
            Text::Mortgage(text) => {
                let all = self.by_all(deed.property, &text.mortgagors, &text.terms.mortgagee);
                grants(all, Sort::Mortgage, Code::MortgageTerms);
                self.terms(&text.terms, &mut law);
            }
            Text::Servitude(text) => {
                let all = self.by_all(deed.property, &text.grantors, &text.beneficiary);
                let one = self.group(&text.beneficiary).is_none();
                grants(all, Sort::Servitude, Code::EncumbranceTerms);
                unless(one, Code::EncumbranceTerms, &mut law);
                let to_come = text.until.is_none_or(|until| until > now);
                unless(to_come, Code::EncumbranceTerms, &mut law);
            }
            Text::Lease(text) => {
                let all = self.by_all(deed.property, &text.lessors, &text.lessee);
                grants(all, Sort::Lease, Code::EncumbranceTerms);
                let one = self.group(&text.lessee).is_none();
                let sound = one && text.rent.minor > 0 && text.until > now;
                unless(sound, Code::EncumbranceTerms, &mut law);
            }
            Text::Assignment(text) => {
                law.extend(self.unfit(deed, &rest).filter(|_| known));
                // A group would have nobody who could give it up.
                let one = self.group(&text.assignee).is_none();
                let another = text.assignor != text.assignee;
                unless(one && another, Code::MortgageTerms, &mut law);
            }
            Text::Postponement(_) => law.extend(self.unfit(deed, &rest).filter(|_| known)),
            Text::Transfer(_) | Text::Split(_) | Text::Merger(_) => {}
        }
        law
    }

    fn terms(&self, terms: &MortgageTerms, law: &mut Codes) {
        let one = self.group(&terms.mortgagee).is_none();
        unless(one && terms.amount.minor > 0, Code::MortgageTerms, law);
    }

    /// What the law says about the mortgages of a transfer: those that go, and the one that it is paid
    /// with.
    pub(crate) fn purchase_reasons(&self, deed: &Deed<'_>, text: &Transfer) -> Codes {
        let mut law = Codes::new();
        let legs = deed.legs();
        for id in text.discharges.as_deref().unwrap_or_default() {
            let on_one = legs.iter().any(|leg| {
                let page = self.page(leg.property);
                page.mortgages().iter().any(|loan| loan.id == *id)
            });
            unless(on_one, Code::MortgageUnknown, &mut law);
        }
        let Some(terms) = &text.mortgage else {
            return law;
        };
        let pays = match text.kind {
            TransferKind::Sale | TransferKind::CourtSale => true,
            TransferKind::Exchange => text.price.is_some(),
            TransferKind::Gift | TransferKind::Inheritance | TransferKind::Severance => false,
        };
        let whole = total(&text.acquirers) == Share::ALL;
        let another = text.acquirers.iter().all(|a| a.party != terms.mortgagee);
        unless(pays && whole && another, Code::MortgageTerms, &mut law);
        self.terms(terms, &mut law);
        if self.title(deed.property).is_some() {
            let room = self.has_room(deed.property, &self.staying(deed), Sort::Mortgage);
            unless(room, Code::EncumbranceTooMany, &mut law);
        }
        law
    }

    /// For whom somebody speaks who gives something up, and why they may not.
    fn giving_up(
        &self,
        record: &Record,
        (power, represents): (Option<&RecordId>, Option<PartyId>),
        wish: (&str, BTreeSet<PartyId>),
        now: Seconds,
    ) -> (PartyId, Codes) {
        let signer = record.issuer();
        if let Some(party) = represents {
            let mut law = self.not_alone(record, &party, now);
            let spouse = self.spouse(&signer, now);
            let own = |favoured: &PartyId| *favoured == signer || Some(*favoured) == spouse;
            let favoured = self.with_members(&wish.1);
            let torn = self.enrolled(&party) && favoured.iter().any(own);
            unless(!torn, Code::GuardianConflict, &mut law);
            return (party, law);
        }
        let mut law = self.standing(&signer, now);
        let (property, mut favours) = wish;
        match power.map(|id| self.power(id)) {
            None => (signer, law),
            Some(None) => {
                law.insert(Code::PowerUnknown);
                (signer, law)
            }
            Some(Some(power)) => {
                favours.remove(&power.principal);
                let wish = Wish {
                    signer,
                    kind: ActKind::Release,
                    property,
                    price: None,
                    with: Some(favours.into_iter().collect()),
                };
                law.extend(self.overstepped(&power, &wish, now));
                (power.principal, law)
            }
        }
    }

    pub(crate) fn discharge_reasons(
        &self,
        record: &Record,
        body: &Discharge,
        now: Seconds,
    ) -> Reasons {
        let mut closed = Codes::new();
        let mut deed = None;
        if let Some(id) = &body.with {
            let about = |deed: &Deed<'_>| deed.legs().iter().any(|l| l.property == body.property);
            let open = self.open_deed(id, now, &mut closed);
            deed = open.filter(about);
            if open.is_some() && deed.is_none() {
                closed.insert(Code::InstrumentUnknown);
            }
        }
        // Rule 47: what goes with a deed is judged as the deed is.
        let judge = deed.map_or(self.law(), |deed| self.law_of(&deed.id));
        let mut door = self.act_door_under(record, Recording::Needed, now, judge);
        door.extend(closed);
        let one = body.power.is_none() || body.represents.is_none();
        unless(one, Code::FieldInvalid, &mut door);
        let favours = (body.property.as_str(), self.holders(&body.property));
        let (holder, mut law) =
            self.giving_up(record, (body.power.as_ref(), body.represents), favours, now);
        if self.title(&body.property).is_none() {
            law.insert(Code::TitleUnknown);
            return (door, law);
        }
        let page = self.page(&body.property);
        unless(!page.cancelled, Code::TitleCancelled, &mut law);
        let subject = record.subject();
        let mut things = page.things.iter();
        let found = things.find(|t| t.id.to_string() == subject && stands(t, now));
        let offers = self.offers(&body.property);
        let offered = offers.iter().any(|offer| offer.id.to_string() == subject);
        unless(
            found.is_some() || offered,
            Code::EncumbranceUnknown,
            &mut law,
        );
        let own = found.is_none_or(|t| is_somebodys(t.what) && t.whose == holder);
        unless(own && !offered, Code::EncumbranceForeign, &mut law);
        if let Some(deed) = deed {
            let again = self.about(subject).any(|(_, _, r)| match &r.body {
                Body::Discharge(before) => {
                    before.with == body.with
                        && before.property == body.property
                        && self.speaks(r, before.power.as_ref(), before.represents) == holder
                }
                _ => false,
            });
            unless(!again, Code::DischargeRepeated, &mut law);
            let room = self.supplements(&deed.id) < SUPPLEMENTS_MAX;
            unless(room, Code::RequisitionTooMany, &mut law);
        }
        (door, law)
    }

    pub(crate) fn passing_reasons(
        &self,
        record: &Record,
        body: &MortgageeConsent,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.deed_door(record, Recording::Needed, now);
        let one = body.power.is_none() || body.represents.is_none();
        unless(one, Code::FieldInvalid, &mut door);
        let id: RecordId = record.subject().parse().unwrap();
        let Some(deed) = self.open_deed(&id, now, &mut door) else {
            return (door, Codes::new());
        };
        let mut properties: Vec<&str> = deed.legs().iter().map(|leg| leg.property).collect();
        properties.sort_unstable();
        let lender_on = |property: &str| {
            let page = self.page(property);
            let loans = page.mortgages();
            let found = loans.iter().find(|loan| loan.id == body.mortgage);
            found.map(|loan| loan.whose)
        };
        let lenders: Vec<PartyId> = properties.iter().filter_map(|p| lender_on(p)).collect();
        let first = properties.iter().find(|p| lender_on(p).is_some());
        let favours = (*first.unwrap_or(&deed.property), deed.everybody());
        let (lender, mut law) =
            self.giving_up(record, (body.power.as_ref(), body.represents), favours, now);
        unless(!lenders.is_empty(), Code::MortgageUnknown, &mut law);
        let own = lenders.is_empty() || lenders.contains(&lender);
        unless(own, Code::MortgageForeign, &mut law);
        let again = self.about(record.subject()).any(|(_, _, r)| match &r.body {
            Body::MortgageeConsent(before) => {
                before.mortgage == body.mortgage
                    && self.speaks(r, before.power.as_ref(), before.represents) == lender
            }
            _ => false,
        });
        unless(!again, Code::DischargeRepeated, &mut law);
        let room = self.supplements(&deed.id) < SUPPLEMENTS_MAX;
        unless(room, Code::RequisitionTooMany, &mut law);
        (door, law)
    }

    /// Who holds something on a title.
    pub(crate) fn is_holder(&self, property: &str, party: &PartyId) -> bool {
        let title = self.title(property);
        title.is_some_and(|title| !held(&title.holds, party).is_nothing())
    }
}

//! Succession, orders of courts and corrections, as the model sees them.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Status, Transfer, TransferKind};
use deedbook_schemas::limits::{ENCUMBRANCES_OF_A_KIND_MAX, HOLDERS_MAX};
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::proceeding::{
    Amendment, Correction, CourtOrder, Order, SuccessionCertificate,
};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::deeds::{Version, held};
use crate::doors::unless;
use crate::memory::{Codes, Model, What};
use crate::pages::total;
use crate::shares::Share;
use crate::texts::Deed;
use crate::verdict::Reasons;

impl Model {
    /// Whether a certificate or an order has served: a deed or a correction that cites it is done.
    fn has_served(&self, id: &RecordId) -> bool {
        self.events.iter().any(|event| match &event.what {
            What::Ended(end) if end.status == Status::Registered => {
                let deed = self.deed(&end.deed).unwrap();
                deed.transfer().is_some_and(|text| text.ground == Some(*id))
            }
            What::Done(record) => {
                matches!(&record.body, Body::Correction(body) if body.order == Some(*id))
            }
            _ => false,
        })
    }

    fn certificate(&self, id: &RecordId) -> Option<(PartyId, &SuccessionCertificate)> {
        let (_, _, record) = self.find(id).filter(|_| !self.has_served(id))?;
        match &record.body {
            Body::SuccessionCertificate(body) => Some((record.subject().parse().unwrap(), body)),
            _ => None,
        }
    }

    /// An order that was not carried out, if it can be on this property.
    fn order(
        &self,
        id: &RecordId,
        property: &str,
        now: Seconds,
        law: &mut Codes,
    ) -> Option<&CourtOrder> {
        let found = self.find(id).filter(|_| !self.has_served(id));
        let found = found.and_then(|(_, _, record)| match &record.body {
            Body::CourtOrder(body) => Some((record.subject(), body)),
            _ => None,
        });
        let Some((of, order)) = found else {
            law.insert(Code::OrderUnknown);
            return None;
        };
        unless(of == property, Code::OrderOther, law);
        unless(order.final_from <= now, Code::OrderNotFinal, law);
        Some(order)
    }

    /// On what a transfer rests that nobody makes by their own will.
    pub(crate) fn ground_reasons(
        &self,
        deed: &Deed<'_>,
        text: &Transfer,
        now: Seconds,
        law: &mut Codes,
    ) {
        match text.kind {
            TransferKind::Inheritance => self.inheritance_reasons(deed, text, law),
            TransferKind::CourtSale => self.court_sale_reasons(deed, text, now, law),
            _ => unless(text.ground.is_none(), Code::TransferGround, law),
        }
    }

    fn inheritance_reasons(&self, deed: &Deed<'_>, text: &Transfer, law: &mut Codes) {
        let alone =
            text.settlement.is_none() && text.mortgage.is_none() && text.discharges.is_none();
        unless(alone, Code::TransferPrice, law);
        let Some(id) = &text.ground else {
            law.insert(Code::TransferGround);
            return;
        };
        let Some((deceased, certificate)) = self.certificate(id) else {
            law.insert(Code::SuccessionUnknown);
            return;
        };
        let as_certified = match text.disponors.as_slice() {
            [given] => {
                let title = self.title(deed.property);
                let owned = title.map(|title| held(&title.holds, &given.party));
                let whole = owned.is_none_or(|o| o.is_nothing() || o == Share::of(given.share));
                whole
                    && given.party == deceased
                    && certificate.property == deed.property
                    && certificate.heirs == text.acquirers
            }
            _ => false,
        };
        unless(as_certified, Code::SuccessionHeirs, law);
    }

    fn court_sale_reasons(&self, deed: &Deed<'_>, text: &Transfer, now: Seconds, law: &mut Codes) {
        let Some(id) = &text.ground else {
            law.insert(Code::TransferGround);
            return;
        };
        let order = self.order(id, deed.property, now, law);
        let title = self.title(deed.property);
        if let (Some(order), Some(title)) = (order, title) {
            let same = carries_out(&order.order, text, &title);
            unless(same, Code::OrderOther, law);
        }
    }

    pub(crate) fn certificate_reasons(
        &self,
        record: &Record,
        body: &SuccessionCertificate,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Notary);
        let heirs: Vec<PartyId> = body.heirs.iter().map(|heir| heir.party).collect();
        let sound = (1..=HOLDERS_MAX).contains(&heirs.len())
            && heirs.windows(2).all(|pair| pair[0] < pair[1]);
        unless(sound, Code::FieldInvalid, &mut door);
        let deceased: PartyId = record.subject().parse().unwrap();
        let mut parties = heirs.clone();
        parties.push(deceased);
        let property = [body.property.clone()];
        let mut law = self.notary_reasons(&record.issuer(), Some(&property), &parties, now);
        let died = self.died(&deceased).is_some();
        unless(died, Code::SuccessionAlive, &mut law);
        match self.title(&body.property) {
            None => drop(law.insert(Code::TitleUnknown)),
            Some(title) => {
                let live = !self.page(&body.property).cancelled;
                unless(live, Code::TitleCancelled, &mut law);
                let owned = held(&title.holds, &deceased);
                unless(!owned.is_nothing(), Code::TitleNotHolder, &mut law);
                let all = owned.is_nothing() || total(&body.heirs) == owned;
                unless(all, Code::SuccessionHeirs, &mut law);
            }
        }
        let living = |heir: &PartyId| self.known(heir) && self.died(heir).is_none();
        unless(heirs.iter().all(living), Code::SuccessionHeirs, &mut law);
        (door, law)
    }

    pub(crate) fn order_reasons(&self, record: &Record, body: &CourtOrder) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Court);
        if let Order::Sell {
            debtor,
            acquirer,
            price,
            discharges,
        } = &body.order
        {
            let sound = debtor != acquirer
                && price.minor > 0
                && discharges.len() <= ENCUMBRANCES_OF_A_KIND_MAX
                && discharges.windows(2).all(|pair| pair[0] < pair[1]);
            unless(sound, Code::FieldInvalid, &mut door);
        }
        let mut law = Codes::new();
        let known = self.title(record.subject()).is_some();
        unless(known, Code::TitleUnknown, &mut law);
        let live = !self.page(record.subject()).cancelled;
        unless(live, Code::TitleCancelled, &mut law);
        (door, law)
    }

    /// Whether a title is there, and as a registrar saw it.
    fn title_reasons(&self, property: &str, version: u64, law: &mut Codes) {
        match self.title(property) {
            None => drop(law.insert(Code::TitleUnknown)),
            Some(title) => {
                let live = !self.page(property).cancelled;
                unless(live, Code::TitleCancelled, law);
                unless(title.number == version, Code::TitleVersion, law);
            }
        }
    }

    pub(crate) fn correction_reasons(
        &self,
        record: &Record,
        body: &Correction,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Registrar);
        let property = record.subject();
        let mut law = Codes::new();
        self.title_reasons(property, body.title_version, &mut law);
        match &body.amendment {
            Amendment::Unit(_) => {}
            Amendment::Holdings { holdings } => {
                let past = holdings.iter().all(|holding| holding.acquired <= now);
                let few = holdings.len() <= HOLDERS_MAX;
                unless(past && few, Code::FieldInvalid, &mut door);
                let sum = holdings
                    .iter()
                    .fold(Share::NONE, |sum, h| sum.plus(Share::of(h.share)));
                unless(sum == Share::ALL, Code::TitleShares, &mut law);
                let known = holdings.iter().all(|holding| self.known(&holding.party));
                unless(known, Code::HolderUnknown, &mut law);
            }
            Amendment::Strike { encumbrance } => {
                let there = self.burdens(property).contains(encumbrance);
                unless(there, Code::EncumbranceUnknown, &mut law);
            }
        }
        match &body.order {
            None => {
                let slip = matches!(body.amendment, Amendment::Unit(_));
                unless(slip, Code::CorrectionOrder, &mut law);
            }
            Some(id) => {
                if let Some(order) = self.order(id, property, now, &mut law) {
                    let corrects = matches!(order.order, Order::Correct);
                    unless(corrects, Code::OrderOther, &mut law);
                }
            }
        }
        (door, law)
    }

    /// A slip that waits for a second registrar.
    fn slip(&self, id: &RecordId) -> Option<(&Record, &Correction)> {
        let (_, _, record) = self.find(id)?;
        let approved = self
            .about(id)
            .any(|(_, _, r)| matches!(r.body, Body::CorrectionApproval(_)));
        match &record.body {
            Body::Correction(body) if body.order.is_none() && !approved => Some((record, body)),
            _ => None,
        }
    }

    pub(crate) fn approval_reasons(&self, record: &Record) -> Reasons {
        let door = self.authority_door(record, AuthorityRole::Registrar);
        let mut law = Codes::new();
        match self.slip(&record.subject().parse().unwrap()) {
            None => drop(law.insert(Code::CorrectionUnknown)),
            Some((slip, body)) => {
                let other = slip.issuer() != record.issuer();
                unless(other, Code::CorrectionSame, &mut law);
                self.title_reasons(slip.subject(), body.title_version, &mut law);
            }
        }
        (door, law)
    }

    /// The correction that a record carries out, and of which title: a correction by order itself, an
    /// approval the slip.
    pub(crate) fn corrects<'m>(
        &'m self,
        record: &'m Record,
    ) -> Option<(RecordId, &'m str, &'m Amendment)> {
        let found = match &record.body {
            Body::Correction(body) if body.order.is_some() => record,
            Body::CorrectionApproval(_) => self.find(&record.subject().parse().unwrap())?.2,
            _ => return None,
        };
        match &found.body {
            Body::Correction(body) => Some((found.id, found.subject(), &body.amendment)),
            _ => None,
        }
    }
}

/// All that the debtor holds, to whom and at which price the court says, with what it clears.
fn carries_out(order: &Order, text: &Transfer, title: &Version) -> bool {
    let Order::Sell {
        debtor,
        acquirer,
        price,
        discharges,
    } = order
    else {
        return false;
    };
    let ([given], [received]) = (text.disponors.as_slice(), text.acquirers.as_slice()) else {
        return false;
    };
    let owned = held(&title.holds, debtor);
    given.party == *debtor
        && !owned.is_nothing()
        && Share::of(given.share) == owned
        && received.party == *acquirer
        && text.price.as_ref() == Some(price)
        && text.discharges.as_deref().unwrap_or_default() == discharges.as_slice()
}

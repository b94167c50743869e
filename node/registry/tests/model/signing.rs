//! The model's verdict on the records about a deed: acts, withdrawal, money and duties.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{Act, ActKind, ActRole, SpousalConsent, Status};
use deedbook_schemas::limits::SUPPLEMENTS_MAX;
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::settlement::{Duty, EscrowFunding};

use crate::deeds::held;
use crate::doors::{Recording, unless};
use crate::memory::{Codes, Model, Poa, What};
use crate::shares::Share;
use crate::texts::{Deed, opposite};
use crate::verdict::Reasons;

/// What somebody wants to do under a power.
pub(crate) struct Wish<'w> {
    pub(crate) signer: PartyId,
    pub(crate) kind: ActKind,
    pub(crate) property: &'w str,
    pub(crate) price: Option<&'w Money>,
    pub(crate) with: Option<Vec<PartyId>>,
}

impl Model {
    /// Why an agent may not do this under a power.
    pub(crate) fn overstepped(&self, power: &Poa<'_>, wish: &Wish<'_>, now: Seconds) -> Codes {
        let scope = &power.body.scope;
        let mut why = self.lapsed(power, now);
        unless(wish.signer == power.agent, Code::PowerNotAgent, &mut why);
        unless(scope.acts.contains(&wish.kind), Code::PowerScope, &mut why);
        if let Some(properties) = &scope.properties {
            let listed = properties.iter().any(|listed| listed == wish.property);
            unless(listed, Code::PowerScope, &mut why);
        }
        let with: Vec<PartyId> = wish.with.clone().unwrap_or_default();
        if let Some(allowed) = &scope.counterparties {
            let known = wish.with.is_some() && with.iter().all(|party| allowed.contains(party));
            unless(known, Code::PowerScope, &mut why);
        }
        if let Some(floor) = &scope.price_floor
            && wish.kind != ActKind::Acquire
        {
            match wish.price {
                Some(price) if price.currency == floor.currency => {
                    unless(price.minor >= floor.minor, Code::PowerPrice, &mut why);
                }
                _ => drop(why.insert(Code::PowerScope)),
            }
        }
        if !scope.self_dealing {
            for agent in self.agents(power) {
                let spouse = self.spouse(&agent, now);
                let spouses = spouse.is_some_and(|spouse| self.is_among(&spouse, &with));
                let own = spouses || self.is_among(&agent, &with);
                unless(!own, Code::PowerSelfDealing, &mut why);
            }
        }
        why
    }

    pub(crate) fn consent_power_reasons(
        &self,
        record: &Record,
        body: &SpousalConsent,
        power: &Poa<'_>,
        now: Seconds,
    ) -> Codes {
        let wish = Wish {
            signer: record.issuer(),
            kind: ActKind::Consent,
            property: record.subject(),
            price: body.price_floor.as_ref(),
            with: body.counterparty.map(|party| vec![party]),
        };
        self.overstepped(power, &wish, now)
    }

    /// The open deed of this id.
    pub(crate) fn open_deed(
        &self,
        id: &RecordId,
        now: Seconds,
        door: &mut Codes,
    ) -> Option<Deed<'_>> {
        if let Some(deed) = self.deed(id) {
            if self.is_open(&deed, now) {
                return Some(deed);
            }
            door.insert(Code::InstrumentClosed);
            return None;
        }
        // A lodging that was refused was an instrument, too.
        let refused = self.events.iter().any(|event| {
            matches!(&event.what, What::Refused(record)
                if record.id == *id && Deed::of(record, now).is_some())
        });
        door.insert(if refused {
            Code::InstrumentClosed
        } else {
            Code::InstrumentUnknown
        });
        None
    }

    pub(crate) fn act_reasons(&self, record: &Record, body: &Act, now: Seconds) -> Reasons {
        let mut closed = Codes::new();
        let deed = self.open_deed(&record.subject().parse().unwrap(), now, &mut closed);
        let priced = deed.is_some_and(|deed| deed.price().is_some());
        let recording = if priced {
            Recording::NeededWithPrice
        } else {
            Recording::Needed
        };
        let mut door = self.deed_door(record, recording, now);
        let one = body.power.is_none() || body.represents.is_none();
        unless(one, Code::FieldInvalid, &mut door);
        door.extend(closed);
        let Some(deed) = deed else {
            return (door, Codes::new());
        };
        let signer = record.issuer();
        let mut law = match &body.represents {
            None => self.standing(&signer, now),
            Some(party) => self.office_reasons(&deed, body.role, &signer, party, now),
        };
        let in_office = body.represents.is_some() && !law.contains(&Code::GuardianForeign);
        for leg in deed.legs() {
            let number = self.title(leg.property).unwrap().number;
            let current = leg.version.is_none_or(|version| version == number);
            let live = current && !self.page(leg.property).cancelled;
            unless(live, Code::TitleVersion, &mut law);
            if body.role == deed.slot_role() && deed.disposes() {
                law.extend(self.behind(&deed, leg.property, now));
            }
        }
        let power = body.power.as_ref().map(|id| self.power(id));
        let mut party = body.represents.unwrap_or(signer);
        match &power {
            None => {}
            Some(None) => drop(law.insert(Code::PowerUnknown)),
            Some(Some(power)) => {
                party = power.principal;
                law.extend(self.agent_reasons(&deed, body.role, signer, power, now));
            }
        }
        let own = self.is_among(&party, &deed.side(body.role));
        unless(own, Code::ActRoleForeign, &mut law);
        let impartial = !self.certified_it(&deed.id, &signer);
        unless(impartial, Code::NotaryInterested, &mut law);
        let acts = self.counting(&deed.id, now);
        let mut before = acts
            .iter()
            .filter(|a| a.role == body.role && a.party == party);
        let repeated =
            before.any(|act| act.signer == signer || self.has_acted(&acts, body.role, &party));
        unless(!repeated, Code::ActRepeated, &mut law);
        let torn = self.conflict_reasons(&deed, &signer, &party, in_office, now);
        unless(!torn, Code::GuardianConflict, &mut law);
        if body.role == ActRole::Disponor && own && deed.disposes() {
            law.extend(self.giver_reasons(&deed, &party, body.power.is_some()));
        }
        (door, law)
    }

    /// Why somebody may not sign a deed for a party by office.
    fn office_reasons(
        &self,
        deed: &Deed<'_>,
        role: ActRole,
        signer: &PartyId,
        party: &PartyId,
        now: Seconds,
    ) -> Codes {
        let mut why = self.out_of_office(signer, party, now);
        // Rule 19: nor if they act for the other side under a power that does not allow it.
        for act in self.counting(&deed.id, now) {
            let power = act.power.and_then(|id| self.power(&id));
            let theirs = act.role == opposite(role) && act.party != *party;
            let allowed = power.is_none_or(|power| power.body.scope.self_dealing);
            let both = theirs && act.signer == *signer;
            unless(!both || allowed, Code::PowerSelfDealing, &mut why);
        }
        why
    }

    /// Rules 1, 2, 20: who gives holds at least that.
    fn giver_reasons(&self, deed: &Deed<'_>, party: &PartyId, by_agent: bool) -> Codes {
        let mut law = Codes::new();
        for leg in deed.legs() {
            let own = leg.gives.iter().filter(|giver| self.is_of(party, giver));
            for giver in own {
                let owned = held(&self.title(leg.property).unwrap().holds, giver);
                let given = leg.given(giver).map(|given| Share::of(given.share));
                if !owned.is_nothing() {
                    let excess = given.is_some_and(|given| given.is_above(owned));
                    unless(!excess, Code::TitleExcess, &mut law);
                } else if by_agent {
                    law.insert(Code::PrincipalNotHolder);
                } else {
                    law.insert(Code::TitleNotHolder);
                }
            }
        }
        law
    }

    /// Why an agent may not sign a deed under a power.
    fn agent_reasons(
        &self,
        deed: &Deed<'_>,
        role: ActRole,
        signer: PartyId,
        power: &Poa<'_>,
        now: Seconds,
    ) -> Codes {
        let mut kinds = vec![match role {
            ActRole::Disponor => deed.kind().unwrap_or(ActKind::Manage),
            ActRole::Acquirer | ActRole::Mortgagee => ActKind::Acquire,
        }];
        // Rule 15: who buys with borrowed money mortgages, too.
        if role == ActRole::Acquirer && deed.lender().is_some() {
            kinds.push(ActKind::Mortgage);
        }
        let mut why = Codes::new();
        for leg in deed.legs() {
            for kind in &kinds {
                let wish = Wish {
                    signer,
                    kind: *kind,
                    property: leg.property,
                    price: deed.price(),
                    with: Some(self.facing(deed, &power.principal, role)),
                };
                why.extend(self.overstepped(power, &wish, now));
            }
        }
        // Rule 19: on both sides only with the leave of both.
        for act in self.counting(&deed.id, now) {
            let theirs = act.power.and_then(|id| self.power(&id));
            let agents = theirs
                .as_ref()
                .map_or(vec![act.signer], |theirs| self.agents(theirs));
            let same = self.agents(power).iter().any(|own| agents.contains(own));
            // Who give together, or receive together, do not deal with each other.
            let together = self.together(deed, &act.party, &power.principal);
            let other = act.party != power.principal && !together;
            if act.role != opposite(role) || !same || !other {
                continue;
            }
            let leave = power.body.scope.self_dealing
                && theirs.is_none_or(|theirs| theirs.body.scope.self_dealing);
            unless(leave, Code::PowerSelfDealing, &mut why);
        }
        why
    }

    pub(crate) fn withdrawal_reasons(&self, record: &Record, now: Seconds) -> Reasons {
        let mut door = self.deed_door(record, Recording::Welcome, now);
        let Some(deed) = self.open_deed(&record.subject().parse().unwrap(), now, &mut door) else {
            return (door, Codes::new());
        };
        let mut law = self.standing(&record.issuer(), now);
        // Rule 32: while a buyer has it reserved, by a buyer alone.
        let legs = deed.legs();
        let mut titles = legs.iter().map(|leg| leg.property);
        let reserved = titles.any(|title| self.reserved(title, now) == Some(deed.id));
        let signer = record.issuer();
        let speaks = |party: &PartyId| self.speaks_for(&signer, party, now);
        let entitled = if reserved {
            deed.side(ActRole::Acquirer).iter().any(speaks)
        } else {
            deed.lodger == signer || deed.side(ActRole::Disponor).iter().any(speaks)
        };
        unless(entitled, Code::WithdrawalForeign, &mut law);
        (door, law)
    }

    /// How many others have spoken about a deed, and not been answered for good.
    pub(crate) fn supplements(&self, deed: &RecordId) -> usize {
        let subject = deed.to_string();
        let about = |record: &Record| match &record.body {
            Body::EscrowFunding(_)
            | Body::Duty(_)
            | Body::MortgageeConsent(_)
            | Body::GuardianPermission(_)
            | Body::Notarisation(_) => record.subject() == subject,
            Body::Requisition(_) => record.subject() == subject && !self.cured(&record.id),
            Body::Discharge(body) => body.with == Some(*deed),
            _ => false,
        };
        self.done().filter(|(_, _, record)| about(record)).count()
    }

    pub(crate) fn funding_reasons(
        &self,
        record: &Record,
        body: &EscrowFunding,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::EscrowAgent);
        let Some(deed) = self.open_deed(&record.subject().parse().unwrap(), now, &mut door) else {
            return (door, Codes::new());
        };
        let mut law = Codes::new();
        if let Some(settlement) = deed.transfer().and_then(|t| t.settlement.as_ref()) {
            let chosen = settlement.agent == record.issuer();
            unless(chosen, Code::EscrowAgent, &mut law);
            let whole = deed.price() == Some(&body.amount);
            unless(whole, Code::EscrowAmount, &mut law);
        }
        let settled = deed
            .transfer()
            .is_some_and(|text| text.settlement.is_some());
        let wanted = settled && self.funding(&deed.id).is_none();
        unless(wanted, Code::EscrowFunded, &mut law);
        let room = self.supplements(&deed.id) < SUPPLEMENTS_MAX;
        unless(room, Code::RequisitionTooMany, &mut law);
        (door, law)
    }

    pub(crate) fn settling_reasons(
        &self,
        record: &Record,
        amount: &Money,
        release: bool,
    ) -> Reasons {
        let door = self.authority_door(record, AuthorityRole::EscrowAgent);
        let mut law = Codes::new();
        let id: RecordId = record.subject().parse().unwrap();
        let escrow = self.find(&id).and_then(|(_, _, found)| match &found.body {
            Body::EscrowFunding(funding) => Some((found, funding)),
            _ => None,
        });
        let Some((found, funding)) = escrow else {
            law.insert(Code::EscrowUnknown);
            return (door, law);
        };
        unless(
            found.issuer() == record.issuer(),
            Code::EscrowAgent,
            &mut law,
        );
        unless(funding.amount == *amount, Code::EscrowAmount, &mut law);
        let over = self
            .about(record.subject())
            .any(|(_, _, r)| matches!(r.body, Body::EscrowRelease(_) | Body::EscrowRefund(_)));
        let end = self.end_of(&found.subject().parse().unwrap());
        let ordered = end.is_some_and(|end| release == (end.status == Status::Registered));
        unless(!over, Code::EscrowSettled, &mut law);
        unless(over || ordered, Code::EscrowNotOrdered, &mut law);
        (door, law)
    }

    pub(crate) fn duty_reasons(&self, record: &Record, body: &Duty, now: Seconds) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::TaxAuthority);
        let said = match &body.paid {
            Some(paid) => paid.minor > 0 && body.exemption.is_none(),
            None => body
                .exemption
                .as_ref()
                .is_some_and(|ground| !ground.is_empty()),
        };
        unless(said, Code::FieldInvalid, &mut door);
        let Some(deed) = self.open_deed(&record.subject().parse().unwrap(), now, &mut door) else {
            return (door, Codes::new());
        };
        let mut law = Codes::new();
        let due = self.duties_due(&deed).contains(&body.kind);
        unless(due, Code::DutyDone, &mut law);
        let room = self.supplements(&deed.id) < SUPPLEMENTS_MAX;
        unless(room, Code::RequisitionTooMany, &mut law);
        (door, law)
    }
}

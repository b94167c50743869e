//! The model's verdict on the records about a deed: lodging, acts, withdrawal, money and duties.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, PartyShare, SpousalConsent, Status, Transfer, TransferKind,
};
use deedbook_schemas::limits::{HOLDERS_MAX, SETTLEMENT_LINES_MAX, SUPPLEMENTS_MAX};
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::settlement::{Duty, EscrowFunding};

use crate::deeds::{Deed, after, held, kind_of, parties, side};
use crate::doors::{Recording, bare, recording_of, unless};
use crate::memory::{Codes, Model, Poa, What};
use crate::shares::Share;
use crate::verdict::Reasons;

/// What somebody wants to do under a power.
pub(crate) struct Wish<'w> {
    pub(crate) signer: PartyId,
    pub(crate) kind: ActKind,
    pub(crate) property: &'w str,
    pub(crate) price: Option<&'w Money>,
    pub(crate) with: Option<Vec<PartyId>>,
}

fn total(side: &[PartyShare]) -> Share {
    side.iter()
        .fold(Share::NONE, |sum, given| sum.plus(Share::of(given.share)))
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
            let spouse = self.spouse(&power.agent, now);
            let own = |party: &PartyId| *party == power.agent || Some(*party) == spouse;
            unless(!with.iter().any(own), Code::PowerSelfDealing, &mut why);
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

    pub(crate) fn lodging_reasons(
        &self,
        record: &Record,
        text: &Transfer,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.person_door(record);
        bare(record, &mut door);
        let mut law = self.standing(&record.issuer());
        match self.title(record.subject()) {
            None => drop(law.insert(Code::TitleUnknown)),
            Some(title) => {
                let current = title.number == text.title_version;
                unless(current, Code::TitleVersion, &mut law);
                let free = self.first_in_rank(record.subject(), now).is_none();
                unless(free, Code::TitleSlot, &mut law);
                let mut able = true;
                for given in &text.disponors {
                    let owned = held(&title.holds, &given.party);
                    unless(!owned.is_nothing(), Code::TitleNotHolder, &mut law);
                    let excess = !owned.is_nothing() && Share::of(given.share).is_above(owned);
                    unless(!excess, Code::TitleExcess, &mut law);
                    able &= !owned.is_nothing() && !excess;
                }
                let many = able && after(&title.holds, text, now).len() > HOLDERS_MAX;
                unless(!many, Code::TransferHoldings, &mut law);
            }
        }
        for given in &text.disponors {
            if self.enrolled(&given.party) {
                law.extend(self.stuck(&given.party));
            }
        }
        let fit = text
            .acquirers
            .iter()
            .all(|r| self.stuck(&r.party).is_none());
        unless(fit, Code::AcquirerUnknown, &mut law);
        let even = total(&text.disponors) == total(&text.acquirers)
            && !total(&text.disponors).is_above(Share::ALL);
        unless(even, Code::TransferUnbalanced, &mut law);
        let (gives, takes) = (parties(&text.disponors), parties(&text.acquirers));
        let all: BTreeSet<&PartyId> = gives.iter().chain(&takes).collect();
        let apart =
            all.len() == gives.len() + takes.len() && !gives.is_empty() && !takes.is_empty();
        unless(apart, Code::TransferParties, &mut law);
        let priced = match text.kind {
            TransferKind::Gift => text.price.is_none(),
            _ => text.price.as_ref().is_some_and(|price| price.minor > 0),
        };
        unless(priced, Code::TransferPrice, &mut law);
        law.extend(self.settlement_reasons(text));
        (door, law)
    }

    fn settlement_reasons(&self, text: &Transfer) -> Codes {
        let mut why = Codes::new();
        let Some(settlement) = &text.settlement else {
            return why;
        };
        let price = text.price.as_ref();
        let paid: Vec<&Money> = settlement.sources.iter().map(|s| &s.amount).collect();
        let received: Vec<&Money> = settlement.destinations.iter().map(|d| &d.amount).collect();
        for side in [paid, received] {
            let mut sum: u128 = 0;
            let mut sound = !side.is_empty() && side.len() <= SETTLEMENT_LINES_MAX;
            for line in side {
                sum += u128::from(line.minor);
                sound &= line.minor != 0;
                sound &= price.is_none_or(|price| price.currency == line.currency);
            }
            unless(sound, Code::SettlementLines, &mut why);
            let even = price.is_some_and(|price| sum == u128::from(price.minor));
            unless(even, Code::SettlementUnbalanced, &mut why);
        }
        let agent = self.accreditation(&settlement.agent);
        let trusted = agent.is_some_and(|a| a.role == AuthorityRole::EscrowAgent && !a.suspended);
        unless(trusted, Code::EscrowAgent, &mut why);
        why
    }

    /// The open deed that a record is about.
    fn open_deed(&self, record: &Record, now: Seconds, door: &mut Codes) -> Option<Deed<'_>> {
        let id: RecordId = record.subject().parse().unwrap();
        if let Some(deed) = self.deed(&id) {
            if self.is_open(&deed, now) {
                return Some(deed);
            }
            door.insert(Code::InstrumentClosed);
            return None;
        }
        // A lodging that was refused was an instrument, too.
        let refused = self.events.iter().any(|event| {
            matches!(&event.what, What::Refused(record)
                if record.id == id && matches!(record.body, Body::Transfer(_)))
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
        let deed = self.open_deed(record, now, &mut closed);
        let recording = deed.map_or(Recording::Needed, |deed| recording_of(deed.text));
        let mut door = self.act_door(record, recording, now);
        door.extend(closed);
        let Some(deed) = deed else {
            return (door, Codes::new());
        };
        let signer = record.issuer();
        let mut law = self.standing(&signer);
        let title = self.title(deed.property).unwrap();
        let current = title.number == deed.text.title_version;
        unless(current, Code::TitleVersion, &mut law);
        if body.role == ActRole::Disponor {
            let first = self.first_in_rank(deed.property, now);
            let free = first.is_none_or(|first| first == deed.id);
            unless(free, Code::TitleSlot, &mut law);
        }
        let power = body.power.as_ref().map(|id| self.power(id));
        let mut party = signer;
        match &power {
            None => {}
            Some(None) => drop(law.insert(Code::PowerUnknown)),
            Some(Some(power)) => {
                party = power.principal;
                law.extend(self.agent_reasons(&deed, body.role, signer, power, now));
            }
        }
        let own = side(deed.text, body.role).contains(&party);
        unless(own, Code::ActRoleForeign, &mut law);
        let acts = self.counting(&deed.id, now);
        let before = acts.iter().any(|a| a.role == body.role && a.party == party);
        unless(!before, Code::ActRepeated, &mut law);
        if body.role == ActRole::Disponor && own {
            let owned = held(&title.holds, &party);
            let mut given = deed.text.disponors.iter().filter(|g| g.party == party);
            if !owned.is_nothing() {
                let excess = given.any(|given| Share::of(given.share).is_above(owned));
                unless(!excess, Code::TitleExcess, &mut law);
            } else if body.power.is_some() {
                law.insert(Code::PrincipalNotHolder);
            } else {
                law.insert(Code::TitleNotHolder);
            }
        }
        (door, law)
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
        let (kind, opposite) = match role {
            ActRole::Disponor => (kind_of(deed.text), ActRole::Acquirer),
            ActRole::Acquirer | ActRole::Mortgagee => (ActKind::Acquire, ActRole::Disponor),
        };
        let mut with = side(deed.text, opposite);
        with.retain(|party| *party != power.principal);
        let wish = Wish {
            signer,
            kind,
            property: deed.property,
            price: deed.text.price.as_ref(),
            with: Some(with),
        };
        let mut why = self.overstepped(power, &wish, now);
        // Rule 19: on both sides only with the leave of both.
        for act in self.counting(&deed.id, now) {
            let theirs = act.power.and_then(|id| self.power(&id));
            let agent = theirs.as_ref().map_or(act.signer, |theirs| theirs.agent);
            // Who give together, or receive together, do not deal with each other.
            let together = [ActRole::Disponor, ActRole::Acquirer]
                .into_iter()
                .any(|role| {
                    let side = side(deed.text, role);
                    side.contains(&act.party) && side.contains(&power.principal)
                });
            let other = act.party != power.principal && !together;
            if act.role != opposite || agent != power.agent || !other {
                continue;
            }
            let leave = power.body.scope.self_dealing
                && theirs.is_none_or(|theirs| theirs.body.scope.self_dealing);
            unless(leave, Code::PowerSelfDealing, &mut why);
        }
        why
    }

    pub(crate) fn withdrawal_reasons(&self, record: &Record, now: Seconds) -> Reasons {
        let mut door = self.act_door(record, Recording::Welcome, now);
        let Some(deed) = self.open_deed(record, now, &mut door) else {
            return (door, Codes::new());
        };
        let mut law = self.standing(&record.issuer());
        let entitled = deed.lodger == record.issuer()
            || parties(&deed.text.disponors).contains(&record.issuer());
        unless(entitled, Code::WithdrawalForeign, &mut law);
        (door, law)
    }

    /// How many others have spoken about a deed.
    fn supplements(&self, deed: &RecordId) -> usize {
        let subject = deed.to_string();
        self.done()
            .filter(|(_, _, r)| matches!(r.body, Body::EscrowFunding(_) | Body::Duty(_)))
            .filter(|(_, _, r)| r.subject() == subject)
            .count()
    }

    pub(crate) fn funding_reasons(
        &self,
        record: &Record,
        body: &EscrowFunding,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::EscrowAgent);
        let Some(deed) = self.open_deed(record, now, &mut door) else {
            return (door, Codes::new());
        };
        let mut law = Codes::new();
        if let Some(settlement) = &deed.text.settlement {
            let chosen = settlement.agent == record.issuer();
            unless(chosen, Code::EscrowAgent, &mut law);
            let whole = deed.text.price.as_ref() == Some(&body.amount);
            unless(whole, Code::EscrowAmount, &mut law);
        }
        let wanted = deed.text.settlement.is_some() && self.funding(&deed.id).is_none();
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
        let over = self.done().any(|(_, _, r)| {
            matches!(r.body, Body::EscrowRelease(_) | Body::EscrowRefund(_))
                && r.subject() == record.subject()
        });
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
        let Some(deed) = self.open_deed(record, now, &mut door) else {
            return (door, Codes::new());
        };
        let mut law = Codes::new();
        let due = self.duties_due(&deed.id).contains(&body.kind);
        unless(due, Code::DutyDone, &mut law);
        let room = self.supplements(&deed.id) < SUPPLEMENTS_MAX;
        unless(room, Code::RequisitionTooMany, &mut law);
        (door, law)
    }
}

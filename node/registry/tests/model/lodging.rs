//! The model's verdict on a deed that is lodged.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{PartyShare, Transfer, TransferKind};
use deedbook_schemas::limits::{HOLDERS_MAX, SETTLEMENT_LINES_MAX};
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::Code;

use crate::deeds::{after, held};
use crate::doors::{bare, unless};
use crate::memory::{Codes, Model};
use crate::pages::{ground, total};
use crate::shares::Share;
use crate::texts::{Deed, Leg, Text, parties};
use crate::verdict::Reasons;

impl Model {
    pub(crate) fn lodging_reasons(&self, record: &Record, now: Seconds) -> Reasons {
        let deed = Deed::of(record, now).unwrap();
        let by_office = matches!(deed.text, Text::Split(_) | Text::Merger(_));
        let mut door = if by_office {
            self.authority_door(record, AuthorityRole::Registrar)
        } else {
            self.person_door(record)
        };
        bare(record, &mut door);
        unless(in_order(&deed), Code::FieldInvalid, &mut door);
        let mut law = Codes::new();
        if !by_office {
            law = self.standing(&record.issuer(), now);
        }
        for leg in deed.legs() {
            law.extend(self.leg_reasons(&deed, &leg, now));
        }
        if let Some(lender) = deed.lender() {
            let able = self.stuck(&lender, now).is_empty();
            unless(able, Code::AcquirerUnknown, &mut law);
        }
        law.extend(self.grant_reasons(&deed, now));
        law.extend(self.parcel_reasons(&deed, now));
        if let Text::Transfer(text) = deed.text {
            self.transfer_reasons(&deed, text, now, &mut law);
        }
        (door, law)
    }

    fn leg_reasons(&self, deed: &Deed<'_>, leg: &Leg<'_>, now: Seconds) -> Codes {
        let mut law = Codes::new();
        match self.title(leg.property) {
            None => drop(law.insert(Code::TitleUnknown)),
            Some(title) => {
                let live = !self.page(leg.property).cancelled;
                unless(live, Code::TitleCancelled, &mut law);
                let current = leg.version.is_none_or(|version| version == title.number);
                unless(current, Code::TitleVersion, &mut law);
                if deed.disposes() {
                    let hold = |party| self.is_holder(leg.property, party);
                    unless(leg.gives.iter().all(hold), Code::TitleNotHolder, &mut law);
                    law.extend(self.behind(deed, leg.property, now));
                }
            }
        }
        for giver in leg.gives.iter().filter(|_| deed.kind().is_some()) {
            if self.known(giver) {
                law.extend(self.stuck(giver, now));
            }
        }
        let fit = leg
            .takes
            .iter()
            .all(|taker| self.stuck(taker, now).is_empty());
        unless(fit, Code::AcquirerUnknown, &mut law);
        law
    }

    fn transfer_reasons(&self, deed: &Deed<'_>, text: &Transfer, now: Seconds, law: &mut Codes) {
        for leg in deed.legs() {
            let Some((gives, takes)) = leg.shares else {
                continue;
            };
            if let Some(title) = self.title(leg.property) {
                for given in gives {
                    let owned = held(&title.holds, &given.party);
                    let excess = !owned.is_nothing() && Share::of(given.share).is_above(owned);
                    unless(!excess, Code::TitleExcess, law);
                    // Rule 5: what a group holds without shares it gives as a whole.
                    let joint = self.joint_members(&given.party).is_some();
                    let part = owned.is_above(Share::of(given.share));
                    let severs = text.kind == TransferKind::Severance;
                    unless(!(joint && part) || severs, Code::TitleJoint, law);
                }
                let able =
                    !law.contains(&Code::TitleNotHolder) && !law.contains(&Code::TitleExcess);
                let then = after(&title.holds, gives, takes, ground(text.kind), now);
                let many = able && then.len() > HOLDERS_MAX;
                unless(!many, Code::TransferHoldings, law);
            }
            let even = total(gives) == total(takes) && !total(gives).is_above(Share::ALL);
            unless(even, Code::TransferUnbalanced, law);
            unless(each_once(text, gives, takes), Code::TransferParties, law);
        }
        self.ground_reasons(deed, text, now, law);
        unless(swaps(deed, text), Code::TransferCounter, law);
        if text.kind == TransferKind::Severance {
            let joint = self.severs(deed, text, now);
            unless(joint, Code::SeveranceInvalid, law);
        }
        let priced = match text.kind {
            TransferKind::Sale | TransferKind::CourtSale => {
                text.price.as_ref().is_some_and(|price| price.minor > 0)
            }
            TransferKind::Exchange => text.price.as_ref().is_none_or(|price| price.minor > 0),
            TransferKind::Gift | TransferKind::Inheritance | TransferKind::Severance => {
                text.price.is_none()
            }
        };
        unless(priced, Code::TransferPrice, law);
        law.extend(self.purchase_reasons(deed, text));
        law.extend(self.settlement_reasons(text));
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
}

/// Whether the lists of a text are written in the one way that they can be.
fn in_order(deed: &Deed<'_>) -> bool {
    fn rising<T: Ord>(list: &[T]) -> bool {
        list.windows(2).all(|pair| pair[0] < pair[1])
    }
    match deed.text {
        Text::Transfer(text) => rising(text.discharges.as_deref().unwrap_or_default()),
        Text::Mortgage(text) => rising(&text.mortgagors),
        Text::Servitude(text) => rising(&text.grantors),
        Text::Lease(text) => rising(&text.lessors),
        Text::Assignment(_) => true,
        Text::Postponement(text) => rising(&text.passed),
        Text::Split(text) => {
            let numbers: Vec<&String> = text.into.iter().map(|new| &new.property).collect();
            rising(&text.holders) && numbers.is_sorted()
        }
        Text::Merger(text) => {
            let numbers: Vec<&String> = text.from.iter().map(|old| &old.property).collect();
            rising(&text.holders) && rising(&numbers)
        }
    }
}

/// Parties on both sides, each once; who severs is on both.
fn each_once(text: &Transfer, gives: &[PartyShare], takes: &[PartyShare]) -> bool {
    let (gives, takes) = (parties(gives), parties(takes));
    let set = |side: &[PartyId]| BTreeSet::from_iter(side.iter().copied());
    let (giving, taking) = (set(&gives), set(&takes));
    giving.len() == gives.len()
        && taking.len() == takes.len()
        && !gives.is_empty()
        && !takes.is_empty()
        && (text.kind == TransferKind::Severance || giving.is_disjoint(&taking))
}

/// Whether an exchange, and nothing else, gives another property back, between the same people.
fn swaps(deed: &Deed<'_>, text: &Transfer) -> bool {
    let set = |side: &[PartyId]| BTreeSet::from_iter(side.iter().copied());
    match (text.kind, deed.legs().as_slice()) {
        (TransferKind::Exchange, [one, other]) => {
            one.property != other.property
                && set(&one.gives) == set(&other.takes)
                && set(&one.takes) == set(&other.gives)
        }
        (TransferKind::Exchange, _) => false,
        (_, legs) => legs.len() == 1,
    }
}

//! Shares on offer to the co-owners, as the model sees them.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{PreemptionNotice, PreemptionWaiver};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::ActKind;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::dates::deadline;
use crate::deeds::{Need, held, need};
use crate::doors::{Recording, unless};
use crate::memory::{Codes, Model};
use crate::shares::Share;
use crate::signing::Wish;
use crate::texts::{Deed, Leg};
use crate::verdict::Reasons;

/// A share on offer.
#[derive(Debug, Clone)]
pub(crate) struct Offer<'m> {
    pub(crate) id: RecordId,
    index: usize,
    party: PartyId,
    body: &'m PreemptionNotice,
    until: Seconds,
    pub(crate) waived: Vec<PartyId>,
}

impl Model {
    /// The shares on offer: of each holder the last, as long as they hold it and nobody became a
    /// co-owner to whom it was not offered.
    pub(crate) fn offers(&self, property: &str) -> Vec<Offer<'_>> {
        let versions = self.versions(property);
        let mut offers: Vec<Offer<'_>> = Vec::new();
        if self.page(property).cancelled {
            return offers;
        }
        for (index, at, record) in
            self.put_on(property, |body| matches!(body, Body::PreemptionNotice(_)))
        {
            let Body::PreemptionNotice(body) = &record.body else {
                continue;
            };
            let party = body.represents.unwrap_or(record.issuer());
            offers.retain(|offer| offer.party != party);
            offers.push(Offer {
                id: record.id,
                index,
                party,
                body,
                until: deadline(at, self.law_of(&record.id).preemption_days),
                waived: self.waivers(&record.id),
            });
        }
        let struck = self.page(property).struck.clone();
        offers.retain(|offer| !struck.contains(&offer.id));
        offers.retain(|offer| {
            let pairs = versions.iter().zip(versions.iter().skip(1));
            pairs
                .filter(|(_, next)| next.index > offer.index)
                .all(|(before, next)| {
                    let known = next
                        .holds
                        .iter()
                        .all(|hold| !held(&before.holds, &hold.party).is_nothing());
                    let left = held(&next.holds, &offer.party);
                    known && !Share::of(offer.body.share).is_above(left)
                })
        });
        offers
    }

    fn waivers(&self, notice: &RecordId) -> Vec<PartyId> {
        let subject = notice;
        let waivers = self.about(subject).filter_map(|(_, _, r)| match &r.body {
            Body::PreemptionWaiver(body) => {
                Some(self.speaks(r, body.power.as_ref(), body.represents))
            }
            _ => None,
        });
        waivers.collect()
    }

    /// Rule 6: a share is sold to a stranger only as it was offered, and after the others had time.
    pub(crate) fn preemption(&self, deed: &Deed<'_>, leg: &Leg<'_>, now: Seconds) -> Vec<Need> {
        let holds = self.title(leg.property).unwrap().holds;
        let (givers, takers) = (&leg.gives, &leg.takes);
        let holders: BTreeSet<PartyId> = holds.iter().map(|hold| hold.party).collect();
        let staying = holders
            .iter()
            .filter(|p| !givers.contains(p) && !takers.contains(p));
        let staying: Vec<PartyId> = staying.copied().collect();
        // Who holds in a group is no stranger, nor is a group of those who hold.
        let known = self.with_members(&holders);
        let mut buyers = takers.iter().flat_map(|taker| self.persons(taker));
        if staying.is_empty() || buyers.all(|buyer| known.contains(&buyer)) {
            return Vec::new();
        }
        let offers = self.offers(leg.property);
        let terms = deed.transfer().and_then(|text| text.terms.as_ref());
        let offered = leg.gives.iter().map(|giver| {
            let share = leg.given(giver).map(|given| given.share);
            let mut same = offers.iter().filter(|offer| {
                offer.party == *giver
                    && Some(offer.body.share) == share
                    && offer.body.terms.as_ref() == terms
            });
            (*giver, same.next())
        });
        let offered: Vec<(PartyId, Option<&Offer<'_>>)> = offered.collect();
        let prices = offered.iter().filter_map(|(_, offer)| *offer);
        let prices: Vec<Option<&Money>> = prices.map(|offer| offer.body.price.as_ref()).collect();
        let all = prices.len() == offered.len();
        let as_offered = match deed.price() {
            None => prices.iter().all(Option::is_none),
            Some(price) => {
                let mut sum = 0;
                let mut comparable = true;
                for part in prices {
                    comparable &= part.is_some_and(|part| part.currency == price.currency);
                    sum += part.map_or(0, |part| part.minor);
                }
                comparable && sum == price.minor
            }
        };
        let same_price = !all || as_offered;
        let mut needs = Vec::new();
        for (giver, offer) in &offered {
            if offer.is_none() || !same_price {
                needs.push(need("preemption.notice_missing", Some(*giver)));
            }
        }
        if !needs.is_empty() {
            return needs;
        }
        for other in &staying {
            let mut asked = offered.iter().filter_map(|(_, offer)| *offer);
            if asked.any(|offer| now < offer.until && !self.has_waived(offer, other)) {
                needs.push(need("preemption.period_running", Some(*other)));
            }
        }
        needs
    }

    /// A group waives by all whom it consists of.
    fn has_waived(&self, offer: &Offer<'_>, other: &PartyId) -> bool {
        let mut behind = self.persons(other).into_iter();
        behind.all(|one| offer.waived.contains(&one))
    }

    /// Why somebody may not offer for a party: an officer of an entity or a guardian may alone, and of a
    /// group everybody who may for one of it. It binds nobody.
    fn offering_reasons(&self, signer: &PartyId, party: Option<PartyId>, now: Seconds) -> Codes {
        let Some(party) = party else {
            return self.standing(signer, now);
        };
        if self.group(&party).is_none() {
            return self.out_of_office(signer, &party, now);
        }
        let behind = self.persons(&party);
        if behind.contains(signer) {
            return self.standing(signer, now);
        }
        let mut others = behind.iter();
        if others.any(|one| self.out_of_office(signer, one, now).is_empty()) {
            return Codes::new();
        }
        self.out_of_office(signer, &party, now)
    }

    pub(crate) fn offer_reasons(
        &self,
        record: &Record,
        body: &PreemptionNotice,
        now: Seconds,
    ) -> Reasons {
        let door = self.act_door(record, spoken(body.price.is_some()), now);
        let mut law = self.offering_reasons(&record.issuer(), body.represents, now);
        let signer = body.represents.unwrap_or(record.issuer());
        let Some(title) = self.title(record.subject()) else {
            law.insert(Code::TitleUnknown);
            return (door, law);
        };
        let live = !self.page(record.subject()).cancelled;
        unless(live, Code::TitleCancelled, &mut law);
        let own = held(&title.holds, &signer);
        let others = title.holds.iter().any(|hold| hold.party != signer);
        let co_owner = !own.is_nothing() && others;
        unless(co_owner, Code::PreemptionForeign, &mut law);
        let within = own.is_nothing() || !Share::of(body.share).is_above(own);
        unless(within, Code::PreemptionTerms, &mut law);
        let offers = self.offers(record.subject());
        let running = offers
            .iter()
            .any(|offer| offer.party == signer && now < offer.until);
        unless(!running, Code::PreemptionWaived, &mut law);
        (door, law)
    }

    pub(crate) fn waiver_reasons(
        &self,
        record: &Record,
        body: &PreemptionWaiver,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.act_door(record, spoken(body.price.is_some()), now);
        let one = body.power.is_none() || body.represents.is_none();
        unless(one, Code::FieldInvalid, &mut door);
        let offers = self.offers(&body.property);
        let mut offers = offers.iter();
        let offer = offers.find(|offer| offer.id.to_string() == record.subject());
        let mut law = Codes::new();
        let mut party = record.issuer();
        match body.power.as_ref().map(|id| self.power(id)) {
            None => match body.represents {
                None => law.extend(self.standing(&party, now)),
                Some(represented) => {
                    law.extend(self.not_alone(record, &represented, now));
                    // What is a ward's no guardian gives up without leave, for which there is none.
                    let ward = self.enrolled(&represented);
                    unless(!ward, Code::PermissionMissing, &mut law);
                    party = represented;
                }
            },
            Some(None) => drop(law.insert(Code::PowerUnknown)),
            Some(Some(power)) => {
                party = power.principal;
                let wish = Wish {
                    signer: record.issuer(),
                    kind: ActKind::Release,
                    property: &body.property,
                    price: body.price.as_ref(),
                    with: offer.map(|offer| vec![offer.party]),
                };
                law.extend(self.overstepped(&power, &wish, now));
            }
        }
        let Some(offer) = offer else {
            law.insert(Code::PreemptionUnknown);
            return (door, law);
        };
        let title = self.title(&body.property).unwrap();
        let mut others = title.holds.iter().filter(|hold| hold.party != offer.party);
        let served = others.any(|hold| self.is_of(&party, &hold.party));
        unless(served, Code::PreemptionForeign, &mut law);
        unless(
            body.price == offer.body.price,
            Code::PreemptionTerms,
            &mut law,
        );
        let first = !offer.waived.contains(&party);
        unless(first, Code::PreemptionWaived, &mut law);
        (door, law)
    }
}

fn spoken(price: bool) -> Recording {
    if price {
        Recording::NeededWithPrice
    } else {
        Recording::Needed
    }
}

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
            offers.retain(|offer| offer.party != record.issuer());
            offers.push(Offer {
                id: record.id,
                index,
                party: record.issuer(),
                body,
                until: deadline(at, self.profile.preemption_days),
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
        let subject = notice.to_string();
        let waivers = self.about(&subject).filter_map(|(_, _, r)| match &r.body {
            Body::PreemptionWaiver(body) => Some(match &body.power {
                None => r.issuer(),
                Some(power) => self.power(power).unwrap().principal,
            }),
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
        if staying.is_empty() || takers.iter().all(|taker| holders.contains(taker)) {
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
            if asked.any(|offer| now < offer.until && !offer.waived.contains(other)) {
                needs.push(need("preemption.period_running", Some(*other)));
            }
        }
        needs
    }

    pub(crate) fn offer_reasons(
        &self,
        record: &Record,
        body: &PreemptionNotice,
        now: Seconds,
    ) -> Reasons {
        let door = self.act_door(record, spoken(body.price.is_some()), now);
        let signer = record.issuer();
        let mut law = self.standing(&signer, now);
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
        let door = self.act_door(record, spoken(body.price.is_some()), now);
        let offers = self.offers(&body.property);
        let mut offers = offers.iter();
        let offer = offers.find(|offer| offer.id.to_string() == record.subject());
        let mut law = Codes::new();
        let mut party = record.issuer();
        match body.power.as_ref().map(|id| self.power(id)) {
            None => law.extend(self.standing(&party, now)),
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
        let served = party != offer.party && !held(&title.holds, &party).is_nothing();
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

//! What the law of marriage asks of a deed, as the model sees it: whose a holding is, and which consents
//! serve.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{Transfer, TransferKind};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Ground;

use crate::deeds::{Hold, Need, held, need, take};
use crate::memory::{Given, Marital, Model};
use crate::shares::Share;
use crate::texts::{Deed, Leg, parties};

enum Owner {
    Alone,
    Unknown,
    Undivided,
    With(PartyId),
}

/// Whose else is what is given.
#[derive(Default)]
struct Claims {
    unknown: bool,
    undivided: bool,
    joint: Vec<PartyId>,
}

impl Model {
    /// What the spouses of those who give have to say, and the consents that serve.
    pub(crate) fn marriage_needs(
        &self,
        deed: &Deed<'_>,
        now: Seconds,
    ) -> (Vec<Need>, Vec<RecordId>) {
        let (mut needs, mut serving) = (Vec::new(), Vec::new());
        // What the dead leave is only what was theirs alone.
        let left = deed
            .transfer()
            .is_some_and(|text| text.kind == TransferKind::Inheritance);
        if (deed.kind().is_none() && !left) || !deed.disposes() {
            return (needs, serving);
        }
        for leg in deed.legs() {
            let holds = self.title(leg.property).unwrap().holds;
            for giver in &leg.gives {
                let owned = held(&holds, giver);
                let given = leg.given(giver).map(|given| Share::of(given.share));
                let given = given.unwrap_or(owned);
                if owned.is_nothing() || given.is_above(owned) {
                    continue;
                }
                let claims = self.claims(leg.property, &holds, giver, given, now);
                if claims.unknown {
                    needs.push(need("marriage.status_unknown", None));
                }
                if claims.undivided {
                    needs.push(need("marriage.undivided", None));
                }
                for spouse in claims.joint {
                    if given == owned {
                        let both = (giver, &spouse);
                        self.agrees(deed, &leg, both, now, &mut needs, &mut serving);
                    } else {
                        needs.push(need("title.joint_share", Some(spouse)));
                    }
                }
            }
        }
        (needs, serving)
    }

    /// Whose else is what somebody gives.
    fn claims(
        &self,
        property: &str,
        holds: &[Hold],
        giver: &PartyId,
        given: Share,
        now: Seconds,
    ) -> Claims {
        let mut claims = Claims::default();
        for hold in take(holds, giver, given).1 {
            match self.owner(property, &hold, now) {
                Owner::Unknown => claims.unknown = true,
                Owner::Undivided => claims.undivided = true,
                Owner::With(spouse) if !claims.joint.contains(&spouse) => {
                    claims.joint.push(spouse);
                }
                Owner::With(_) | Owner::Alone => {}
            }
        }
        claims
    }

    /// Rule 5: the whole of what one spouse holds jointly goes to both of them, and to nobody else.
    pub(crate) fn severs(&self, deed: &Deed<'_>, text: &Transfer, now: Seconds) -> bool {
        let Some(title) = self.title(deed.property) else {
            return true;
        };
        let [given] = text.disponors.as_slice() else {
            return false;
        };
        let owned = held(&title.holds, &given.party);
        if let Some(members) = self.joint_members(&given.party) {
            let takers: BTreeSet<PartyId> = parties(&text.acquirers).into_iter().collect();
            return Share::of(given.share) == owned && takers == members;
        }
        let claims = self.claims(deed.property, &title.holds, &given.party, owned, now);
        let [spouse] = claims.joint.as_slice() else {
            return false;
        };
        let mut owners = vec![given.party, *spouse];
        let mut takers = parties(&text.acquirers);
        owners.sort();
        takers.sort();
        takers.dedup();
        !claims.unknown && !claims.undivided && Share::of(given.share) == owned && owners == takers
    }

    fn agrees(
        &self,
        deed: &Deed<'_>,
        leg: &Leg<'_>,
        (disponor, spouse): (&PartyId, &PartyId),
        now: Seconds,
        needs: &mut Vec<Need>,
        serving: &mut Vec<RecordId>,
    ) {
        let mut theirs = self.valid_consents(leg.property);
        // Rules 12, 13: theirs, as long as they can take it back.
        theirs.retain(|c| {
            c.spouse == *spouse
                && c.body.disponor == *disponor
                && !self.broken(spouse, c.index, now)
        });
        let (fresh, expired): (Vec<_>, Vec<_>) = theirs.iter().partition(|c| now <= c.body.expires);
        if let Some(consent) = fresh.iter().find(|consent| permits(consent, deed, leg)) {
            serving.push(consent.id);
            return;
        }
        let acts = self.counting(&deed.id, now);
        if acts
            .iter()
            .any(|a| a.party == *spouse && a.signer == *spouse)
        {
            return;
        }
        needs.push(need("consent.missing", Some(*spouse)));
        if !fresh.is_empty() {
            needs.push(need("consent.out_of_scope", Some(*spouse)));
        }
        if !expired.is_empty() {
            needs.push(need("consent.expired", Some(*spouse)));
        }
    }

    /// The consents to disposals of a property that were neither revoked nor used, and whose
    /// disponor has held it ever since. One that had expired when another one was given is forgotten.
    pub(crate) fn valid_consents(&self, property: &str) -> Vec<Given<'_>> {
        let versions = self.versions(property);
        let all = self.consents();
        let mut valid = all.clone();
        valid.retain(|consent| {
            consent.property == property
                && self.ended_by_will(&consent.id).is_none()
                && !self.used(&consent.id)
                && versions
                    .iter()
                    .filter(|version| version.index > consent.index)
                    .all(|version| !held(&version.holds, &consent.body.disponor).is_nothing())
                && !all.iter().any(|later| {
                    later.property == property
                        && later.index > consent.index
                        && self.events[later.index].at > consent.body.expires
                })
        });
        valid
    }

    /// Whose a holding is, besides its holder's.
    fn owner(&self, property: &str, hold: &Hold, now: Seconds) -> Owner {
        // Legal entities do not marry.
        if hold.ground != Ground::Purchase || !self.enrolled(&hold.party) {
            return Owner::Alone;
        }
        let wedding = match self.marital_at(&hold.party, hold.acquired) {
            Marital::Unknown => return Owner::Unknown,
            Marital::Single => return Owner::Alone,
            Marital::Married(wedding) => wedding,
        };
        let separate = self.separate_from(&wedding);
        if separate.is_some_and(|from| from <= hold.acquired) {
            return Owner::Alone;
        }
        let divisions = self.divisions(&wedding, property);
        let division = divisions.iter().rev().find(|(at, _)| hold.acquired <= *at);
        match division {
            Some((_, to)) if *to == hold.party => Owner::Alone,
            Some(_) => Owner::Undivided,
            None if self.married_at(&wedding, now) => {
                let [one, other] = wedding.spouses;
                Owner::With(if one == hold.party { other } else { one })
            }
            None => Owner::Undivided,
        }
    }
}

/// This kind of act, with these counterparties, not below the floor.
fn permits(consent: &Given<'_>, deed: &Deed<'_>, leg: &Leg<'_>) -> bool {
    let body = consent.body;
    let enough = |floor: &Money| {
        let price = deed.price();
        price.is_some_and(|price| price.currency == floor.currency && price.minor >= floor.minor)
    };
    Some(body.act) == deed.kind()
        && body
            .counterparty
            .is_none_or(|only| leg.takes.iter().all(|party| *party == only))
        && body.price_floor.as_ref().is_none_or(enough)
}

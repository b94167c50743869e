//! What the law of marriage asks of a deed, as the model sees it: whose a holding is, and which consents
//! serve.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::Transfer;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Ground;

use crate::deeds::{Deed, Hold, Need, Version, held, kind_of, need, parties, take};
use crate::memory::{Given, Marital, Model};
use crate::shares::Share;

enum Owner {
    Alone,
    Unknown,
    Undivided,
    With(PartyId),
}

impl Model {
    /// What the spouses of those who give have to say, and the consents that serve.
    pub(crate) fn spouses(
        &self,
        deed: &Deed<'_>,
        title: &Version,
        now: Seconds,
    ) -> (Vec<Need>, Vec<RecordId>) {
        let (mut needs, mut serving) = (Vec::new(), Vec::new());
        for given in &deed.text.disponors {
            let owned = held(&title.holds, &given.party);
            if owned.is_nothing() || Share::of(given.share).is_above(owned) {
                continue;
            }
            let whole = Share::of(given.share) == owned;
            let (mut unknown, mut undivided, mut joint) = (false, false, Vec::new());
            for hold in take(&title.holds, given).1 {
                match self.owner(deed.property, &hold, now) {
                    Owner::Unknown => unknown = true,
                    Owner::Undivided => undivided = true,
                    Owner::With(spouse) if !joint.contains(&spouse) => joint.push(spouse),
                    Owner::With(_) | Owner::Alone => {}
                }
            }
            if unknown {
                needs.push(need("marriage.status_unknown", None));
            }
            if undivided {
                needs.push(need("marriage.undivided", None));
            }
            for spouse in joint {
                if !whole {
                    needs.push(need("title.joint_share", Some(spouse)));
                    continue;
                }
                self.agrees(deed, &given.party, &spouse, now, &mut needs, &mut serving);
            }
        }
        (needs, serving)
    }

    fn agrees(
        &self,
        deed: &Deed<'_>,
        disponor: &PartyId,
        spouse: &PartyId,
        now: Seconds,
        needs: &mut Vec<Need>,
        serving: &mut Vec<RecordId>,
    ) {
        let mut theirs = self.valid_consents(deed.property);
        // Rules 12, 13: theirs, as long as they can take it back.
        theirs.retain(|c| {
            c.spouse == *spouse && c.body.disponor == *disponor && !self.fell_after(spouse, c.index)
        });
        let (fresh, expired): (Vec<_>, Vec<_>) = theirs.iter().partition(|c| now <= c.body.expires);
        if let Some(consent) = fresh.iter().find(|consent| permits(consent, deed.text)) {
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
        if hold.ground != Ground::Purchase {
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
fn permits(consent: &Given<'_>, text: &Transfer) -> bool {
    let body = consent.body;
    let enough = |floor: &Money| {
        let price = text.price.as_ref();
        price.is_some_and(|price| price.currency == floor.currency && price.minor >= floor.minor)
    };
    body.act == kind_of(text)
        && body
            .counterparty
            .is_none_or(|only| parties(&text.acquirers).iter().all(|party| *party == only))
        && body.price_floor.as_ref().is_none_or(enough)
}

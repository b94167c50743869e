//! Who was married to whom, and when, as the model sees it.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::party::{CivilStatus, PartyId};
use deedbook_schemas::record::{Body, Record};

use crate::memory::{Marital, Model, Wedding};

impl Model {
    pub(crate) fn unmarried(&self, party: &PartyId) -> Vec<Seconds> {
        let facts = self.done().filter_map(|(_, _, r)| match &r.body {
            Body::CivilStatus(CivilStatus::Unmarried { parties, from })
                if parties.contains(party) =>
            {
                Some(*from)
            }
            _ => None,
        });
        facts.collect()
    }

    pub(crate) fn wedding(&self, id: &RecordId) -> Option<Wedding> {
        let (_, _, record) = self.find(id)?;
        match &record.body {
            Body::CivilStatus(CivilStatus::Marriage { spouses, from }) => Some(Wedding {
                id: *id,
                spouses: *spouses,
                from: *from,
            }),
            _ => None,
        }
    }

    pub(crate) fn weddings(&self, party: &PartyId) -> Vec<Wedding> {
        let all = self.done().filter_map(|(_, _, r)| self.wedding_in(r));
        all.filter(|w| w.spouses.contains(party)).collect()
    }

    fn wedding_in(&self, record: &Record) -> Option<Wedding> {
        match &record.body {
            Body::CivilStatus(CivilStatus::Marriage { spouses, from }) => Some(Wedding {
                id: record.id,
                spouses: *spouses,
                from: *from,
            }),
            _ => None,
        }
    }

    pub(crate) fn divorced(&self, wedding: &Wedding) -> Option<Seconds> {
        let facts = self.facts(&wedding.id);
        facts.iter().find_map(|(_, fact)| match fact {
            CivilStatus::Divorce { from } => Some(*from),
            _ => None,
        })
    }

    pub(crate) fn separate_from(&self, wedding: &Wedding) -> Option<Seconds> {
        let facts = self.facts(&wedding.id);
        facts.iter().find_map(|(_, fact)| match fact {
            CivilStatus::SeparateProperty { from } => Some(*from),
            _ => None,
        })
    }

    /// When a property was divided, and to whom.
    pub(crate) fn divisions(&self, wedding: &Wedding, property: &str) -> Vec<(Seconds, PartyId)> {
        let facts = self.facts(&wedding.id);
        let divisions = facts.iter().filter_map(|(index, fact)| match fact {
            CivilStatus::Division { property: of, to } if of == property => {
                Some((self.events[*index].at, *to))
            }
            _ => None,
        });
        divisions.collect()
    }

    /// Whether a marriage existed at a time, as far as is known now.
    pub(crate) fn married_at(&self, wedding: &Wedding, at: Seconds) -> bool {
        let over = |end: Option<Seconds>| end.is_some_and(|end| end <= at);
        wedding.from <= at
            && !over(self.divorced(wedding))
            && !wedding.spouses.iter().any(|spouse| over(self.died(spouse)))
    }

    pub(crate) fn marital_at(&self, party: &PartyId, at: Seconds) -> Marital {
        let weddings = self.weddings(party);
        let married = weddings.iter().find(|wedding| self.married_at(wedding, at));
        if let Some(wedding) = married {
            return Marital::Married(wedding.clone());
        }
        let was_married = weddings.iter().any(|wedding| wedding.from <= at);
        let was_single = self.unmarried(party).iter().any(|since| *since <= at);
        if was_married || was_single {
            Marital::Single
        } else {
            Marital::Unknown
        }
    }

    pub(crate) fn spouse(&self, party: &PartyId, now: Seconds) -> Option<PartyId> {
        match self.marital_at(party, now) {
            Marital::Married(wedding) => wedding.spouses.into_iter().find(|s| s != party),
            Marital::Unknown | Marital::Single => None,
        }
    }
}

//! Titles and deeds as the model sees them: who holds what, what a deed still needs, and which
//! deeds are complete.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, PartyShare, Status, Transfer, TransferKind};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::DutyKind;

use crate::dates::deadline;
use crate::memory::{End, Model, What};
use crate::shares::Share;

/// One acquisition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) party: PartyId,
    pub(crate) share: Share,
    pub(crate) acquired: Seconds,
    pub(crate) ground: Ground,
}

/// A title from some place in the history on.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) index: usize,
    pub(crate) number: u64,
    pub(crate) holds: Vec<Hold>,
    pub(crate) source: RecordId,
}

/// A deed that was lodged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deed<'m> {
    pub(crate) id: RecordId,
    pub(crate) at: Seconds,
    pub(crate) lodger: PartyId,
    pub(crate) property: &'m str,
    pub(crate) text: &'m Transfer,
}

/// An act that was accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed {
    pub(crate) index: usize,
    pub(crate) role: ActRole,
    pub(crate) signer: PartyId,
    pub(crate) party: PartyId,
    pub(crate) power: Option<RecordId>,
}

/// What a deed still needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    pub(crate) code: &'static str,
    pub(crate) party: Option<PartyId>,
}

pub(crate) fn need(code: &'static str, party: Option<PartyId>) -> Need {
    Need { code, party }
}

/// What all of somebody's holdings make.
pub(crate) fn held(holds: &[Hold], party: &PartyId) -> Share {
    let own = holds.iter().filter(|hold| hold.party == *party);
    own.fold(Share::NONE, |sum, hold| sum.plus(hold.share))
}

/// Takes a share from somebody, oldest first: what is left of everything, and what was touched.
pub(crate) fn take(holds: &[Hold], given: &PartyShare) -> (Vec<Hold>, Vec<Hold>) {
    let mut wanted = Share::of(given.share);
    let (mut left, mut touched) = (Vec::new(), Vec::new());
    for hold in holds {
        if hold.party != given.party || wanted.is_nothing() {
            left.push(hold.clone());
            continue;
        }
        let part = wanted.smaller(hold.share);
        wanted = wanted.minus(part);
        touched.push(hold.clone());
        let rest = hold.share.minus(part);
        if !rest.is_nothing() {
            left.push(Hold {
                share: rest,
                ..hold.clone()
            });
        }
    }
    (left, touched)
}

/// What a title looks like after a transfer.
pub(crate) fn after(holds: &[Hold], text: &Transfer, at: Seconds) -> Vec<Hold> {
    let mut left = holds.to_vec();
    for given in &text.disponors {
        left = take(&left, given).0;
    }
    let ground = match text.kind {
        TransferKind::Gift => Ground::Gift,
        _ => Ground::Purchase,
    };
    left.extend(text.acquirers.iter().map(|received| Hold {
        party: received.party,
        share: Share::of(received.share),
        acquired: at,
        ground,
    }));
    left
}

pub(crate) fn kind_of(text: &Transfer) -> ActKind {
    match text.kind {
        TransferKind::Gift => ActKind::Give,
        _ => ActKind::Sell,
    }
}

pub(crate) fn parties(side: &[PartyShare]) -> Vec<PartyId> {
    side.iter().map(|share| share.party).collect()
}

pub(crate) fn side(text: &Transfer, role: ActRole) -> Vec<PartyId> {
    match role {
        ActRole::Disponor => parties(&text.disponors),
        ActRole::Acquirer => parties(&text.acquirers),
        ActRole::Mortgagee => Vec::new(),
    }
}

impl Model {
    pub(crate) fn deed(&self, id: &RecordId) -> Option<Deed<'_>> {
        let (_, at, record) = self.find(id)?;
        match &record.body {
            Body::Transfer(text) => Some(Deed {
                id: *id,
                at,
                lodger: record.issuer(),
                property: record.subject(),
                text,
            }),
            _ => None,
        }
    }

    pub(crate) fn end_of(&self, deed: &RecordId) -> Option<&End> {
        self.events.iter().find_map(|event| match &event.what {
            What::Ended(end) if end.deed == *deed => Some(end),
            _ => None,
        })
    }

    pub(crate) fn expires(&self, deed: &Deed<'_>) -> Seconds {
        deadline(deed.at, self.profile.pending_days)
    }

    /// Deeds that have not ended, in the order of lodging.
    pub(crate) fn pending(&self) -> Vec<Deed<'_>> {
        let lodged = self.done().filter_map(|(_, _, r)| match r.body {
            Body::Transfer(_) => self.deed(&r.id),
            _ => None,
        });
        lodged
            .filter(|deed| self.end_of(&deed.id).is_none())
            .collect()
    }

    pub(crate) fn is_open(&self, deed: &Deed<'_>, now: Seconds) -> bool {
        self.end_of(&deed.id).is_none() && now < self.expires(deed)
    }

    /// A title from its first registration to now.
    pub(crate) fn versions(&self, property: &str) -> Vec<Version> {
        let mut versions: Vec<Version> = Vec::new();
        for (index, event) in self.events.iter().enumerate() {
            match &event.what {
                What::Done(record) if record.subject() == property => {
                    let Body::FirstRegistration(first) = &record.body else {
                        continue;
                    };
                    let mut holds: Vec<Hold> = Vec::new();
                    for holding in &first.holdings {
                        holds.push(Hold {
                            party: holding.party,
                            share: Share::of(holding.share),
                            acquired: holding.acquired,
                            ground: holding.ground,
                        });
                    }
                    holds.sort_by_key(|hold| hold.acquired);
                    versions.push(Version {
                        index,
                        number: 1,
                        holds,
                        source: record.id,
                    });
                }
                What::Ended(end) if end.status == Status::Registered => {
                    let deed = self.deed(&end.deed).unwrap();
                    if deed.property == property {
                        let last = versions.last().unwrap();
                        versions.push(Version {
                            index,
                            number: last.number + 1,
                            holds: after(&last.holds, deed.text, event.at),
                            source: deed.id,
                        });
                    }
                }
                What::Done(_) | What::Refused(_) | What::Ended(_) | What::Lapsed(_) => {}
            }
        }
        versions
    }

    pub(crate) fn title(&self, property: &str) -> Option<Version> {
        self.versions(property).pop()
    }

    pub(crate) fn acts(&self, deed: &RecordId) -> Vec<Signed> {
        let subject = deed.to_string();
        let acts = self.done().filter_map(|(index, _, r)| match &r.body {
            Body::Act(act) if r.subject() == subject => Some(Signed {
                index,
                role: act.role,
                signer: r.issuer(),
                party: match &act.power {
                    None => r.issuer(),
                    Some(power) => self.power(power).unwrap().principal,
                },
                power: act.power,
            }),
            _ => None,
        });
        acts.collect()
    }

    /// Whether an act counts: nothing that it rests on has ended since.
    pub(crate) fn counts(&self, act: &Signed, now: Seconds) -> bool {
        match &act.power {
            None => !self.fell_after(&act.party, act.index),
            Some(power) => self.lapsed(&self.power(power).unwrap(), now).is_empty(),
        }
    }

    pub(crate) fn counting(&self, deed: &RecordId, now: Seconds) -> Vec<Signed> {
        let mut acts = self.acts(deed);
        acts.retain(|act| self.counts(act, now));
        acts
    }

    /// The deed that comes first on a property: an open one on which a disponor's act counts.
    pub(crate) fn first_in_rank(&self, property: &str, now: Seconds) -> Option<RecordId> {
        let mut first = self.pending().into_iter().filter(|deed| {
            deed.property == property
                && self.is_open(deed, now)
                && self
                    .counting(&deed.id, now)
                    .iter()
                    .any(|act| act.role == ActRole::Disponor)
        });
        let found = first.next().map(|deed| deed.id);
        assert!(first.next().is_none(), "two deeds are first on {property}");
        found
    }

    pub(crate) fn funding(&self, deed: &RecordId) -> Option<RecordId> {
        let subject = deed.to_string();
        let fundings = self.done().map(|(_, _, record)| record);
        fundings
            .filter(|r| matches!(r.body, Body::EscrowFunding(_)))
            .find(|r| r.subject() == subject)
            .map(|record| record.id)
    }

    pub(crate) fn duties_due(&self, deed: &RecordId) -> Vec<DutyKind> {
        let subject = deed.to_string();
        let mut due = self.profile.duties.clone();
        for (_, _, record) in self.done() {
            if let Body::Duty(duty) = &record.body
                && record.subject() == subject
            {
                due.retain(|kind| *kind != duty.kind);
            }
        }
        due
    }

    /// Everything that a deed still needs at `now`.
    pub(crate) fn needs(&self, deed: &Deed<'_>, now: Seconds) -> Vec<Need> {
        let mut needs = Vec::new();
        let title = self.title(deed.property).unwrap();
        if title.number != deed.text.title_version {
            needs.push(need("title.version_changed", None));
        }
        let first = self.first_in_rank(deed.property, now);
        if first.is_some_and(|first| first != deed.id) {
            needs.push(need("title.slot_taken", None));
        }
        let acts = self.counting(&deed.id, now);
        for (role, code) in [
            (ActRole::Disponor, "act.disponor"),
            (ActRole::Acquirer, "act.acquirer"),
        ] {
            for party in side(deed.text, role) {
                if let Some(stuck) = self.stuck(&party) {
                    needs.push(need(stuck.as_str(), None));
                } else if !acts.iter().any(|a| a.role == role && a.party == party) {
                    needs.push(need(code, Some(party)));
                }
            }
        }
        needs.extend(self.spouses(deed, &title, now).0);
        // Rule 21: nobody has permitted anything for a ward.
        for given in &deed.text.disponors {
            if self.incapable(&given.party).is_some() {
                needs.push(need("guardian.permission_missing", None));
            }
        }
        needs.extend(self.in_the_way(deed, now));
        if let Some(settlement) = &deed.text.settlement
            && self.funding(&deed.id).is_none()
        {
            needs.push(need("escrow.not_funded", Some(settlement.agent)));
        }
        let duties = self.duties_due(&deed.id);
        needs.extend(duties.iter().map(|_| need("duty.unpaid", None)));
        needs
    }
}

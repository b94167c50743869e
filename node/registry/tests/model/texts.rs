//! What the deeds say, whatever kind they are: which titles they are about, who gives, who receives
//! and who lends.

use std::collections::BTreeSet;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Assignment, Lease, Mortgage, Postponement, Servitude};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, ActRole, PartyShare, Transfer, TransferKind};
use deedbook_schemas::parcel::{Consolidation, Subdivision};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Record};

use deedbook_schemas::block::Seconds;

/// The text of a deed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Text<'m> {
    Transfer(&'m Transfer),
    Mortgage(&'m Mortgage),
    Servitude(&'m Servitude),
    Lease(&'m Lease),
    Assignment(&'m Assignment),
    Postponement(&'m Postponement),
    Split(&'m Subdivision),
    Merger(&'m Consolidation),
}

/// A deed that was lodged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deed<'m> {
    pub(crate) id: RecordId,
    pub(crate) at: Seconds,
    pub(crate) lodger: PartyId,
    pub(crate) property: &'m str,
    pub(crate) text: Text<'m>,
}

/// One title that a deed is about.
#[derive(Debug, Clone)]
pub(crate) struct Leg<'m> {
    pub(crate) property: &'m str,
    /// The version that it was drawn up for, if it matters.
    pub(crate) version: Option<u64>,
    pub(crate) gives: Vec<PartyId>,
    pub(crate) takes: Vec<PartyId>,
    /// The shares that pass, if any do.
    pub(crate) shares: Option<(&'m [PartyShare], &'m [PartyShare])>,
}

impl Leg<'_> {
    /// The share that somebody gives, if the text says which.
    pub(crate) fn given(&self, party: &PartyId) -> Option<&PartyShare> {
        let (given, _) = self.shares?;
        given.iter().find(|given| given.party == *party)
    }
}

pub(crate) fn parties(side: &[PartyShare]) -> Vec<PartyId> {
    side.iter().map(|share| share.party).collect()
}

/// Each once, in the order in which they come.
fn once(list: impl IntoIterator<Item = PartyId>) -> Vec<PartyId> {
    let mut seen = Vec::new();
    for party in list {
        if !seen.contains(&party) {
            seen.push(party);
        }
    }
    seen
}

impl<'m> Deed<'m> {
    /// The deed that a record lodges, if it is one.
    pub(crate) fn of(record: &'m Record, at: Seconds) -> Option<Self> {
        let text = match &record.body {
            Body::Transfer(text) => Text::Transfer(text),
            Body::Mortgage(text) => Text::Mortgage(text),
            Body::Servitude(text) => Text::Servitude(text),
            Body::Lease(text) => Text::Lease(text),
            Body::Assignment(text) => Text::Assignment(text),
            Body::Postponement(text) => Text::Postponement(text),
            Body::Subdivision(text) => Text::Split(text),
            Body::Consolidation(text) => Text::Merger(text),
            _ => return None,
        };
        Some(Self {
            id: record.id,
            at,
            lodger: record.issuer(),
            property: record.subject(),
            text,
        })
    }

    pub(crate) fn legs(&self) -> Vec<Leg<'m>> {
        let plain = |version, gives: &[PartyId], takes: &[PartyId]| Leg {
            property: self.property,
            version,
            gives: gives.to_vec(),
            takes: takes.to_vec(),
            shares: None,
        };
        let passing = |property, version, gives: &'m [PartyShare], takes: &'m [PartyShare]| Leg {
            property,
            version: Some(version),
            gives: parties(gives),
            takes: parties(takes),
            shares: Some((gives, takes)),
        };
        match self.text {
            Text::Transfer(text) => {
                let mut legs = vec![passing(
                    self.property,
                    text.title_version,
                    &text.disponors,
                    &text.acquirers,
                )];
                if let Some(other) = &text.counter {
                    legs.push(passing(
                        &other.property,
                        other.title_version,
                        &other.disponors,
                        &other.acquirers,
                    ));
                }
                legs
            }
            Text::Mortgage(text) => vec![plain(
                Some(text.title_version),
                &text.mortgagors,
                &[text.terms.mortgagee],
            )],
            Text::Servitude(text) => vec![plain(
                Some(text.title_version),
                &text.grantors,
                &[text.beneficiary],
            )],
            Text::Lease(text) => {
                vec![plain(
                    Some(text.title_version),
                    &text.lessors,
                    &[text.lessee],
                )]
            }
            Text::Assignment(text) => vec![plain(None, &[text.assignor], &[text.assignee])],
            Text::Postponement(text) => vec![plain(None, &[text.mortgagee], &text.passed)],
            Text::Split(text) => vec![plain(Some(text.title_version), &text.holders, &[])],
            Text::Merger(text) => {
                let old = text.from.iter().map(|old| Leg {
                    property: &old.property,
                    ..plain(Some(old.title_version), &text.holders, &[])
                });
                old.collect()
            }
        }
    }

    pub(crate) fn transfer(&self) -> Option<&'m Transfer> {
        match self.text {
            Text::Transfer(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn price(&self) -> Option<&'m Money> {
        self.transfer()?.price.as_ref()
    }

    /// Who lends the price.
    pub(crate) fn lender(&self) -> Option<PartyId> {
        let terms = self.transfer()?.mortgage.as_ref()?;
        Some(terms.mortgagee)
    }

    /// What those who give do, if they do it by their own will.
    pub(crate) fn kind(&self) -> Option<ActKind> {
        Some(match self.text {
            Text::Transfer(text) => match text.kind {
                TransferKind::Sale => ActKind::Sell,
                TransferKind::Gift => ActKind::Give,
                TransferKind::Exchange => ActKind::Exchange,
                TransferKind::Severance => ActKind::Sever,
                TransferKind::Inheritance | TransferKind::CourtSale => return None,
            },
            Text::Mortgage(_) => ActKind::Mortgage,
            Text::Servitude(_) => ActKind::Servitude,
            Text::Lease(_) => ActKind::Lease,
            Text::Assignment(_) | Text::Postponement(_) => ActKind::Release,
            Text::Split(_) | Text::Merger(_) => ActKind::Reparcel,
        })
    }

    /// Whether it touches the holders' right, and not only what lenders have among themselves.
    pub(crate) fn disposes(&self) -> bool {
        !matches!(self.text, Text::Assignment(_) | Text::Postponement(_))
    }

    /// Who has to sign in a role.
    pub(crate) fn side(&self, role: ActRole) -> Vec<PartyId> {
        let legs = self.legs();
        match role {
            ActRole::Disponor if self.kind().is_none() => Vec::new(),
            ActRole::Disponor => once(legs.into_iter().flat_map(|leg| leg.gives)),
            ActRole::Acquirer => once(legs.into_iter().flat_map(|leg| leg.takes)),
            ActRole::Mortgagee => self.lender().into_iter().collect(),
        }
    }

    /// Whether a court orders it.
    pub(crate) fn by_court(&self) -> bool {
        let text = self.transfer();
        text.is_some_and(|text| text.kind == TransferKind::CourtSale)
    }

    /// In which role those sign who take the slot: who give, or who receive from who cannot give.
    pub(crate) fn slot_role(&self) -> ActRole {
        match self.kind() {
            Some(_) => ActRole::Disponor,
            None => ActRole::Acquirer,
        }
    }

    /// Whether an act takes the slot of a property.
    pub(crate) fn takes_slot(&self, property: &str, role: ActRole, party: &PartyId) -> bool {
        role == self.slot_role()
            && self.legs().iter().any(|leg| {
                let side = match role {
                    ActRole::Disponor => &leg.gives,
                    ActRole::Acquirer | ActRole::Mortgagee => &leg.takes,
                };
                leg.property == property && side.contains(party)
            })
    }

    /// Everybody it names.
    pub(crate) fn everybody(&self) -> BTreeSet<PartyId> {
        let legs = self.legs().into_iter();
        legs.flat_map(|leg| [leg.gives, leg.takes].concat())
            .chain(self.lender())
            .collect()
    }
}

/// Whom who signs in a role deals with.
pub(crate) fn opposite(role: ActRole) -> ActRole {
    match role {
        ActRole::Acquirer => ActRole::Disponor,
        ActRole::Disponor | ActRole::Mortgagee => ActRole::Acquirer,
    }
}

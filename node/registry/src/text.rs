//! What an instrument's text says to the law of all instruments: which titles it is about, who acts
//! in which capacity, and which kind of act that is.
//!
//! Does not live here: whether the text is lawful (`transfer`, `mortgage`, …).

use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, ActRole, PartyShare, Text, TransferKind};
use deedbook_schemas::party::PartyId;

/// One title that an instrument is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leg {
    /// The property.
    pub(crate) property: String,
    /// The title's version that the parties saw; `None` if any will do.
    pub(crate) version: Option<u64>,
    /// Who gives.
    pub(crate) disponors: Vec<PartyId>,
    /// Who receives.
    pub(crate) acquirers: Vec<PartyId>,
}

fn parties(shares: &[PartyShare]) -> Vec<PartyId> {
    shares.iter().map(|share| share.party).collect()
}

/// The titles of an instrument on `property`, in a fixed order.
pub(crate) fn legs(property: &str, text: &Text) -> Vec<Leg> {
    let leg = |version, disponors, acquirers| Leg {
        property: property.to_owned(),
        version,
        disponors,
        acquirers,
    };
    match text {
        Text::Transfer(text) => {
            let disponors = parties(&text.disponors);
            let acquirers = parties(&text.acquirers);
            let first = leg(Some(text.title_version), disponors, acquirers);
            let counter = text.counter.as_ref().map(|counter| Leg {
                property: counter.property.clone(),
                version: Some(counter.title_version),
                disponors: parties(&counter.disponors),
                acquirers: parties(&counter.acquirers),
            });
            std::iter::once(first).chain(counter).collect()
        }
        Text::Mortgage(text) => {
            let (version, mortgagee) = (text.title_version, vec![text.terms.mortgagee]);
            vec![leg(Some(version), text.mortgagors.clone(), mortgagee)]
        }
        Text::Servitude(text) => {
            let (version, beneficiary) = (text.title_version, vec![text.beneficiary]);
            vec![leg(Some(version), text.grantors.clone(), beneficiary)]
        }
        Text::Lease(text) => {
            let (version, lessee) = (text.title_version, vec![text.lessee]);
            vec![leg(Some(version), text.lessors.clone(), lessee)]
        }
        Text::Assignment(text) => vec![leg(None, vec![text.assignor], vec![text.assignee])],
        Text::Postponement(text) => vec![leg(None, vec![text.mortgagee], text.passed.clone())],
        Text::Subdivision(text) => {
            let (version, holders) = (text.title_version, text.holders.clone());
            vec![leg(Some(version), holders, Vec::new())]
        }
        Text::Consolidation(text) => {
            let of = |from: &deedbook_schemas::parcel::OldUnit| Leg {
                property: from.property.clone(),
                version: Some(from.title_version),
                disponors: text.holders.clone(),
                acquirers: Vec::new(),
            };
            text.from.iter().map(of).collect()
        }
    }
}

/// Who acts in a capacity, each once, in the order of the text.
pub(crate) fn side(property: &str, text: &Text, role: ActRole) -> Vec<PartyId> {
    match role {
        ActRole::Mortgagee => lender(text).into_iter().collect(),
        ActRole::Disponor | ActRole::Acquirer => side_of(&legs(property, text), text, role),
    }
}

/// As [`side`], of an instrument whose legs are at hand.
pub(crate) fn side_of(legs: &[Leg], text: &Text, role: ActRole) -> Vec<PartyId> {
    let mut side = Vec::new();
    if role == ActRole::Mortgagee {
        side.extend(lender(text));
    } else if role != ActRole::Disponor || acts_by_will(text) {
        for leg in legs {
            let parties = match role {
                ActRole::Disponor => &leg.disponors,
                ActRole::Acquirer | ActRole::Mortgagee => &leg.acquirers,
            };
            for party in parties {
                if !side.contains(party) {
                    side.push(*party);
                }
            }
        }
    }
    side
}

/// Every party of the text, in whatever capacity, acting or not.
pub(crate) fn all_parties(property: &str, text: &Text) -> Vec<PartyId> {
    let mut all: Vec<PartyId> = lender(text).into_iter().collect();
    for leg in legs(property, text) {
        all.extend(leg.disponors);
        all.extend(leg.acquirers);
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn lender(text: &Text) -> Option<PartyId> {
    match text {
        Text::Transfer(text) => text.mortgage.as_ref().map(|terms| terms.mortgagee),
        _ => None,
    }
}

/// Whether somebody lends the price.
pub(crate) fn lends(text: &Text) -> bool {
    lender(text).is_some()
}

/// Whether the disponors act: the dead and the debtors of a court sale do not.
pub(crate) fn acts_by_will(text: &Text) -> bool {
    disposition(text).is_some()
}

/// The kind of act by which the disponors dispose; `None` if they do not act.
pub(crate) fn disposition(text: &Text) -> Option<ActKind> {
    match text {
        Text::Transfer(text) => text.kind.disposition(),
        Text::Mortgage(_) => Some(ActKind::Mortgage),
        Text::Servitude(_) => Some(ActKind::Servitude),
        Text::Lease(_) => Some(ActKind::Lease),
        Text::Assignment(_) | Text::Postponement(_) => Some(ActKind::Release),
        Text::Subdivision(_) | Text::Consolidation(_) => Some(ActKind::Reparcel),
    }
}

/// The price, if money changes hands for the property.
pub(crate) fn price(text: &Text) -> Option<&Money> {
    match text {
        Text::Transfer(text) => text.price.as_ref(),
        _ => None,
    }
}

/// Whether the instrument disposes of the holders' right, and so takes and needs the slot (rules 9,
/// 31). What mortgagees do among themselves does not.
pub(crate) fn disposes(text: &Text) -> bool {
    !matches!(text, Text::Assignment(_) | Text::Postponement(_))
}

/// Whose act takes the slot: the disponors'; where they do not act, the acquirers' under an
/// authority's certificate or order.
pub(crate) fn slot_role(text: &Text) -> ActRole {
    if acts_by_will(text) {
        ActRole::Disponor
    } else {
        ActRole::Acquirer
    }
}

/// Whether a court orders it: nothing that private persons, or authorities below, did to the title
/// stands in its way (rules 27, 30).
pub(crate) fn by_court(text: &Text) -> bool {
    matches!(text, Text::Transfer(text) if text.kind == TransferKind::CourtSale)
}

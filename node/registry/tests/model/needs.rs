//! What a deed still needs, as the model sees it.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::instrument::{ActRole, TransferKind};
use deedbook_schemas::limits::{ENCUMBRANCES_MAX, ENCUMBRANCES_OF_A_KIND_MAX};

use crate::deeds::{Need, need};
use crate::memory::Model;
use crate::pages::{Sort, Thing};
use crate::texts::{Deed, Text};

impl Model {
    /// Everything that a deed still needs at `now`.
    pub(crate) fn needs(&self, deed: &Deed<'_>, now: Seconds) -> Vec<Need> {
        let mut needs = self.rank_needs(deed, now);
        needs.extend(self.act_needs(deed, now));
        needs.extend(self.marriage_needs(deed, now).0);
        needs.extend(self.ward_needs(deed, now));
        needs.extend(self.parcel_needs(deed, now));
        needs.extend(self.in_the_way(deed, now));
        needs.extend(self.lenders_needs(deed));
        needs.extend(self.grant_needs(deed, now));
        needs.extend(self.notary_needs(deed));
        needs.extend(self.requisition_needs(deed));
        if let Some(settlement) = deed.transfer().and_then(|text| text.settlement.as_ref())
            && self.funding(&deed.id).is_none()
        {
            needs.push(need("escrow.not_funded", Some(settlement.agent)));
        }
        let duties = self.duties_due(deed);
        needs.extend(duties.iter().map(|_| need("duty.unpaid", None)));
        needs
    }

    fn rank_needs(&self, deed: &Deed<'_>, now: Seconds) -> Vec<Need> {
        let mut needs = Vec::new();
        for leg in deed.legs() {
            let number = self.title(leg.property).unwrap().number;
            if leg.version.is_some_and(|version| version != number) {
                needs.push(need("title.version_changed", None));
            }
            if self.page(leg.property).cancelled {
                needs.push(need("title.cancelled", None));
            }
            if deed.disposes()
                && let Some(code) = self.behind(deed, leg.property, now)
            {
                needs.push(need(code.as_str(), None));
            }
        }
        needs
    }

    fn act_needs(&self, deed: &Deed<'_>, now: Seconds) -> Vec<Need> {
        let mut needs = Vec::new();
        let acts = self.counting(&deed.id, now);
        for (role, code) in [
            (ActRole::Disponor, "act.disponor"),
            (ActRole::Acquirer, "act.acquirer"),
            (ActRole::Mortgagee, "act.mortgagee"),
        ] {
            for party in deed.side(role) {
                let stuck = self.stuck(&party, now);
                if !stuck.is_empty() {
                    needs.extend(stuck.iter().map(|code| need(code.as_str(), None)));
                } else if !self.has_acted(&acts, role, &party) {
                    needs.push(need(code, Some(party)));
                }
            }
        }
        needs
    }

    /// Rule 25: what those say who have lent on the titles.
    fn lenders_needs(&self, deed: &Deed<'_>) -> Vec<Need> {
        let leave = match deed.text {
            Text::Transfer(_) => deed.kind().is_some(),
            Text::Servitude(_) | Text::Lease(_) => true,
            _ => false,
        };
        let mut needs = Vec::new();
        for leg in deed.legs() {
            let page = self.page(leg.property);
            for loan in page.mortgages() {
                if self.goes_with(deed, leg.property, loan) {
                    continue;
                }
                let goes = deed.transfer().is_some_and(|text| {
                    let listed = text.discharges.as_deref().unwrap_or_default();
                    text.kind != TransferKind::CourtSale && listed.contains(&loan.id)
                });
                if goes {
                    needs.push(need("mortgage.discharge_missing", Some(loan.whose)));
                } else if leave && !self.lets_pass(deed, loan) {
                    needs.push(need("mortgage.consent_missing", Some(loan.whose)));
                }
            }
        }
        needs
    }

    /// What stays on the title that a deed is about, without what goes with it.
    pub(crate) fn staying(&self, deed: &Deed<'_>) -> Vec<Thing> {
        let mut rest = self.page(deed.property).things.clone();
        rest.retain(|thing| !self.goes_with(deed, deed.property, thing));
        if let Some(listed) = deed.transfer().and_then(|text| text.discharges.as_ref()) {
            rest.retain(|thing| thing.what != Sort::Mortgage || !listed.contains(&thing.id));
        }
        rest
    }

    /// Whether there is room for one more on a title where so much stays.
    pub(crate) fn has_room(&self, property: &str, rest: &[Thing], what: Sort) -> bool {
        let same = rest.iter().filter(|thing| thing.what == what).count();
        let all = rest.len() + self.offers(property).len();
        same < ENCUMBRANCES_OF_A_KIND_MAX && all < ENCUMBRANCES_MAX
    }

    /// What speaks against that which a deed grants.
    fn grant_needs(&self, deed: &Deed<'_>, now: Seconds) -> Vec<Need> {
        let rest = self.staying(deed);
        let full = |what| !self.has_room(deed.property, &rest, what);
        let (over, no_room) = match deed.text {
            Text::Transfer(text) => (false, text.mortgage.is_some() && full(Sort::Mortgage)),
            Text::Mortgage(_) => (false, full(Sort::Mortgage)),
            Text::Servitude(text) => (
                text.until.is_some_and(|until| until <= now),
                full(Sort::Servitude),
            ),
            Text::Lease(text) => (text.until <= now, full(Sort::Lease)),
            Text::Assignment(_) | Text::Postponement(_) => {
                let unfit = self.unfit(deed, &rest);
                return unfit.into_iter().map(|c| need(c.as_str(), None)).collect();
            }
            Text::Split(_) | Text::Merger(_) => (false, false),
        };
        let over = over.then(|| need("encumbrance.terms", None));
        let no_room = no_room.then(|| need("encumbrance.too_many", None));
        over.into_iter().chain(no_room).collect()
    }
}

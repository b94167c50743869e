//! What a bystander with a pencil knows: which records were let in, in the order of the ledger, and
//! what the register said it registered. Shares no code with the law.

use std::collections::{BTreeMap, BTreeSet};

use crate::stage::{AIDA, Deed, Step};

/// A promise that was broken by a step; see [`Ledger::broken`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Breach {
    /// An agent acted, or an act of his counted, without a power in force.
    NoPower,
    /// A sale was registered without an act that it needs.
    Unsigned,
    /// A sale was registered without the consent that it needs.
    Unconsented,
    /// A consent served again.
    ConsentReused,
    /// A sale was registered of a title that had been sold since it was drawn up.
    SoldTwice,
    /// A sale was registered while the register itself said that something was open.
    Open,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ledger {
    /// Steps that were taken, and whether they were accepted: the others were refused.
    taken: BTreeMap<Step, bool>,
    /// Sales that were registered, in order.
    pub(crate) sold: Vec<Deed>,
    /// What should not have happened.
    pub(crate) broken: BTreeSet<Breach>,
}

impl Ledger {
    pub(crate) fn is_taken(&self, step: Step) -> bool {
        self.taken.contains_key(&step)
    }

    pub(crate) fn is_accepted(&self, step: Step) -> bool {
        self.taken.get(&step) == Some(&true)
    }

    pub(crate) fn is_late(&self) -> bool {
        self.is_taken(Step::TimePasses)
    }

    fn power_in_force(&self) -> bool {
        self.is_accepted(Step::Empower) && !self.is_accepted(Step::RevokePower) && !self.is_late()
    }

    fn consent_in_force(&self) -> bool {
        self.is_accepted(Step::Consent) && !self.is_accepted(Step::RevokeConsent) && !self.is_late()
    }

    /// The sales of a property that were registered.
    pub(crate) fn sales_of(&self, property: &str) -> impl Iterator<Item = Deed> {
        let of = move |deed: &Deed| deed.property() == property;
        self.sold.iter().copied().filter(of)
    }

    /// The version that a title must have.
    pub(crate) fn version_of(&self, property: &str) -> u64 {
        self.sales_of(property).fold(1, |version, _| version + 1)
    }

    pub(crate) fn has_signed(&self, deed: Deed) -> bool {
        let seller = self.is_accepted(Step::Sell(deed))
            || (self.is_accepted(Step::SellAsAgent(deed)) && self.power_in_force());
        seller && self.is_accepted(Step::Buy(deed))
    }

    fn consent_served(&self) -> bool {
        self.sold.iter().any(|sold| sold.needs_consent())
    }

    /// Whether nothing is missing for a sale to be registered.
    pub(crate) fn is_complete(&self, deed: Deed) -> bool {
        let consented = self.consent_in_force() && !self.consent_served();
        self.has_signed(deed)
            && self.version_of(deed.property()) == deed.version()
            && (consented || !deed.needs_consent())
    }

    /// Notes a step, and looks at what it should not have brought about.
    pub(crate) fn note(&mut self, step: Step, accepted: bool, registered: &[Deed]) {
        self.taken.insert(step, accepted);
        if accepted && matches!(step, Step::SellAsAgent(_)) && !self.power_in_force() {
            self.broken.insert(Breach::NoPower);
        }
        for deed in registered {
            self.note_sale(*deed);
        }
    }

    fn note_sale(&mut self, deed: Deed) {
        if !self.has_signed(deed) {
            let by_agent = self.is_accepted(Step::SellAsAgent(deed));
            let lapsed = by_agent && !self.power_in_force();
            let breach = if lapsed {
                Breach::NoPower
            } else {
                Breach::Unsigned
            };
            self.broken.insert(breach);
        }
        if deed.needs_consent() && !self.consent_in_force() {
            self.broken.insert(Breach::Unconsented);
        }
        if deed.needs_consent() && self.consent_served() {
            self.broken.insert(Breach::ConsentReused);
        }
        if self.version_of(deed.property()) != deed.version() {
            self.broken.insert(Breach::SoldTwice);
        }
        self.sold.push(deed);
    }

    /// How many quarters of a property Clara must hold; Aida holds the others.
    pub(crate) fn quarters_sold(&self, property: &str) -> usize {
        self.sales_of(property).fold(0, |held, deed| {
            if deed.seller() == AIDA {
                held + deed.quarters()
            } else {
                held.saturating_sub(deed.quarters())
            }
        })
    }
}

//! The stage: who holds what at the beginning, and every record that somebody may submit, signed
//! and verified once.
//!
//! Aida, married to Arman, holds a house that she was given, and a flat of which she was given one
//! quarter and bought three in marriage: these she may sell only with his consent, and not in parts.
//! Clara would buy the house, and all of the flat, or Aida's own quarter first and then the rest; and
//! she would sell the flat back. Arman is Aida's agent as long as she likes. His one consent suffices
//! for one sale.

use std::collections::BTreeMap;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{LedgerId, RecordId};
use deedbook_schemas::instrument::{ActKind, ActRole, PowerOfAttorney, SpousalConsent, Transfer};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Record;

use crate::world::{BEFORE, Memory, World, record_id};

pub(crate) const FLAT: &str = "20-313-024-118";
pub(crate) const HOUSE: &str = "20-313-024-119";
pub(crate) const AIDA: &str = "Aida";
pub(crate) const ARMAN: &str = "Arman";
pub(crate) const CLARA: &str = "Clara";

/// How long the power and the consent last, and how much later it is once time has passed. All
/// within the record window, so that no record is stale.
const TERM_S: u64 = 60;
const PASSES_S: u64 = 120;

/// The sales between which the parties choose. Of the flat, what Aida was given goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Deed {
    /// All of the flat.
    Flat,
    /// The quarter of the flat that is Aida's own.
    Quarter,
    /// The rest of the flat, after the quarter.
    Rest,
    /// All of the flat, back to Aida, who buys it in marriage.
    Back,
    /// All of the flat once more.
    Again,
    /// All of the house, which is Aida's own.
    House,
}

pub(crate) const DEEDS: [Deed; 6] = [
    Deed::Flat,
    Deed::Quarter,
    Deed::Rest,
    Deed::Back,
    Deed::Again,
    Deed::House,
];

impl Deed {
    pub(crate) fn property(self) -> &'static str {
        if self == Self::House { HOUSE } else { FLAT }
    }

    /// How many quarters of the property pass.
    pub(crate) fn quarters(self) -> usize {
        match self {
            Self::Flat | Self::Back | Self::Again | Self::House => 4,
            Self::Quarter => 1,
            Self::Rest => 3,
        }
    }

    pub(crate) fn seller(self) -> &'static str {
        if self == Self::Back { CLARA } else { AIDA }
    }

    fn buyer(self) -> &'static str {
        if self == Self::Back { AIDA } else { CLARA }
    }

    /// Whether Aida needs her husband's consent.
    pub(crate) fn needs_consent(self) -> bool {
        matches!(self, Self::Flat | Self::Rest | Self::Again)
    }

    /// For which version of the title it is drawn up.
    pub(crate) fn version(self) -> u64 {
        match self {
            Self::Flat | Self::Quarter | Self::House => 1,
            Self::Rest | Self::Back => 2,
            Self::Again => 3,
        }
    }
}

/// What can happen, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// Aida empowers Arman to sell.
    Empower,
    /// Aida revokes the power.
    RevokePower,
    /// Arman consents to a sale of the flat.
    Consent,
    /// Arman revokes his consent.
    RevokeConsent,
    /// The seller lodges; the sales for the first version of a title are lodged from the beginning.
    Lodge(Deed),
    /// The seller signs.
    Sell(Deed),
    /// Arman signs for Aida.
    SellAsAgent(Deed),
    /// The buyer signs.
    Buy(Deed),
    /// Time passes: the power and the consent end.
    TimePasses,
}

/// Two titles, and three sales of the flat in competition.
pub(crate) const RACE: [Step; 14] = [
    Step::Empower,
    Step::RevokePower,
    Step::Consent,
    Step::RevokeConsent,
    Step::SellAsAgent(Deed::Flat),
    Step::Buy(Deed::Flat),
    Step::Sell(Deed::Quarter),
    Step::Buy(Deed::Quarter),
    Step::Lodge(Deed::Rest),
    Step::Sell(Deed::Rest),
    Step::Buy(Deed::Rest),
    Step::SellAsAgent(Deed::House),
    Step::Buy(Deed::House),
    Step::TimePasses,
];

/// The flat, sold, bought back, and to be sold again with the same consent.
pub(crate) const RETURN: [Step; 12] = [
    Step::Empower,
    Step::RevokePower,
    Step::Consent,
    Step::RevokeConsent,
    Step::SellAsAgent(Deed::Flat),
    Step::Buy(Deed::Flat),
    Step::Lodge(Deed::Back),
    Step::Sell(Deed::Back),
    Step::Buy(Deed::Back),
    Step::Lodge(Deed::Again),
    Step::Sell(Deed::Again),
    Step::Buy(Deed::Again),
];

/// Shares by the number of quarters.
pub(crate) const QUARTERS: [&str; 5] = ["none", "1/4", "1/2", "3/4", "1/1"];

pub(crate) struct Stage {
    pub(crate) ledger: LedgerId,
    /// The state before the first step.
    pub(crate) state: Memory,
    pub(crate) height: u64,
    pub(crate) records: BTreeMap<Step, Record>,
    pub(crate) deeds: BTreeMap<Deed, RecordId>,
    pub(crate) power: RecordId,
    pub(crate) consent: RecordId,
    now: Seconds,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let mut world = World::new();
        world.enrol(&[AIDA, ARMAN, CLARA]);
        world.unmarried(&[CLARA], BEFORE);
        world.marry(AIDA, ARMAN, BEFORE);
        let given = (AIDA, "1/1", Ground::Gift);
        let flat = [(AIDA, "1/4", Ground::Gift), (AIDA, "3/4", Ground::Purchase)];
        for (property, holders) in [(HOUSE, &[given][..]), (FLAT, &flat)] {
            let record = world.registration(property, holders);
            world.accept(&record);
        }
        let until = Seconds(world.now().0 + TERM_S);
        let mut records = BTreeMap::new();
        let body = PowerOfAttorney {
            expires: Some(until),
            ..world.power_body(&[ActKind::Sell])
        };
        let empower = world.power(AIDA, ARMAN, body);
        let body = SpousalConsent {
            expires: until,
            ..world.consent_body(AIDA)
        };
        let consent = world.consent(ARMAN, FLAT, body);
        let mut deeds = BTreeMap::new();
        for deed in DEEDS {
            let record = lodging(&mut world, deed);
            deeds.insert(deed, record_id(&record));
            if deed.version() == 1 {
                world.accept(&record);
            } else {
                records.insert(Step::Lodge(deed), record);
            }
        }
        let (power, consented) = (record_id(&empower), record_id(&consent));
        records.insert(Step::RevokePower, world.revokes(AIDA, &power));
        records.insert(Step::RevokeConsent, world.revokes(ARMAN, &consented));
        records.insert(Step::Empower, empower);
        records.insert(Step::Consent, consent);
        for (deed, id) in &deeds {
            let role = ActRole::Disponor;
            let by_agent = world.act_under(ARMAN, id, role, power);
            records.insert(Step::SellAsAgent(*deed), by_agent);
            records.insert(Step::Sell(*deed), world.sells(deed.seller(), id));
            records.insert(Step::Buy(*deed), world.buys(deed.buyer(), id));
        }
        Self {
            ledger: world.ledger,
            now: world.now(),
            height: world.height,
            state: world.state,
            records: records
                .into_iter()
                .filter(|(step, _)| RACE.contains(step) || RETURN.contains(step))
                .map(|(step, bytes)| (step, verified(&bytes)))
                .collect(),
            deeds,
            power,
            consent: consented,
        }
    }

    /// What time it is, before and after time passes.
    pub(crate) fn time(&self, late: bool) -> Seconds {
        Seconds(self.now.0 + if late { PASSES_S } else { 0 })
    }
}

fn lodging(world: &mut World, deed: Deed) -> Vec<u8> {
    let share = QUARTERS[deed.quarters()];
    let (from, to) = ([(deed.seller(), share)], [(deed.buyer(), share)]);
    let body = Transfer {
        title_version: deed.version(),
        ..world.sale_body(deed.property(), &from, &to)
    };
    world.transfer(deed.seller(), deed.property(), body)
}

fn verified(bytes: &[u8]) -> Record {
    let record = Record::decode(bytes).unwrap();
    assert!(record.verify(), "it is signed");
    record
}

//! What courts, notaries of the dead, registrars and readers try; see `history`.

use proptest::prelude::*;

/// People, flats and so on are numbers, as in `history`; a `slip` of 0 spoils what it can.
#[derive(Debug, Clone)]
pub(crate) enum Case {
    /// A notary certifies who inherits.
    Certify {
        flat: usize,
        who: usize,
        heirs: usize,
        slip: usize,
    },
    /// The heirs lodge it.
    Inherit {
        back: usize,
        slip: usize,
    },
    Order {
        flat: usize,
        who: usize,
        to: usize,
        sells: bool,
        slip: usize,
    },
    CourtSale {
        back: usize,
        slip: usize,
    },
    Correct {
        flat: usize,
        what: usize,
        order: Option<usize>,
        slip: usize,
    },
    Approve {
        back: usize,
        second: bool,
    },
    Appeal {
        back: usize,
        who: Option<usize>,
        slip: usize,
    },
    Rule {
        back: usize,
        high: bool,
        slip: usize,
    },
    Let {
        who: usize,
        to: usize,
        days: u64,
    },
    Read {
        back: usize,
        slip: usize,
    },
    TakeBack {
        back: usize,
        slip: usize,
    },
    Hold {
        back: usize,
        held: bool,
        high: bool,
    },
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    let (person, flat, back, slip) = (0..5usize, 0..4usize, 0..3usize, 0..12usize);
    let who = prop::option::weighted(0.2, person.clone());
    let order = prop::option::weighted(0.7, back.clone());
    let high = prop::bool::weighted(0.3);
    prop_oneof![
        3 => (flat.clone(), person.clone(), person.clone(), slip.clone()).prop_map(
            |(flat, who, heirs, slip)| Case::Certify { flat, who, heirs, slip }
        ),
        3 => (back.clone(), slip.clone()).prop_map(|(back, slip)| Case::Inherit { back, slip }),
        3 => (flat.clone(), person.clone(), person.clone(), any::<bool>(), slip.clone()).prop_map(
            |(flat, who, to, sells, slip)| Case::Order { flat, who, to, sells, slip }
        ),
        3 => (back.clone(), slip.clone()).prop_map(|(back, slip)| Case::CourtSale { back, slip }),
        3 => (flat, 0..3usize, order, slip.clone()).prop_map(
            |(flat, what, order, slip)| Case::Correct { flat, what, order, slip }
        ),
        1 => (back.clone(), prop::bool::weighted(0.8))
            .prop_map(|(back, second)| Case::Approve { back, second }),
        3 => (back.clone(), who, slip.clone())
            .prop_map(|(back, who, slip)| Case::Appeal { back, who, slip }),
        2 => (back.clone(), high, slip.clone())
            .prop_map(|(back, high, slip)| Case::Rule { back, high, slip }),
        2 => (person, 0..6usize, 0..9u64).prop_map(|(who, to, days)| Case::Let { who, to, days }),
        2 => (back.clone(), slip.clone()).prop_map(|(back, slip)| Case::Read { back, slip }),
        1 => (back.clone(), slip).prop_map(|(back, slip)| Case::TakeBack { back, slip }),
        2 => (back, any::<bool>(), high)
            .prop_map(|(back, held, high)| Case::Hold { back, held, high }),
    ]
}

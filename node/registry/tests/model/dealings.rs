//! What is tried with loans, leases, parcels and clocks; see `history`.

use proptest::prelude::*;

use crate::history::{Form, Limit};

/// People, flats and so on are numbers, as in `history`.
#[derive(Debug, Clone)]
pub(crate) enum Dealing {
    /// The holders mortgage, burden or let what they hold.
    Grant {
        flat: usize,
        what: Granted,
        to: usize,
        hours: u64,
        slip: Slip,
    },
    Assign {
        loan: usize,
        to: usize,
        slip: Slip,
    },
    Postpone {
        loan: usize,
        behind: usize,
        slip: Slip,
    },
    /// Somebody gives up what they have, at once or with a deed.
    GiveUp {
        what: usize,
        with: Option<usize>,
        who: Option<usize>,
        by_agent: bool,
    },
    LetPass {
        deed: usize,
        loan: usize,
        who: Option<usize>,
        by_agent: bool,
    },
    Ask {
        deed: usize,
        mute: bool,
    },
    Reply {
        asked: usize,
        who: Option<usize>,
    },
    Decide {
        asked: usize,
        cured: bool,
    },
    Reserve {
        deed: usize,
        who: Option<usize>,
    },
    Appoint {
        ward: usize,
        guardian: Option<usize>,
    },
    Permit {
        deed: usize,
        ward: usize,
        days: u64,
    },
    /// What the business registry says about a legal entity.
    Charter {
        bank: bool,
        officers: u8,
        signatures: u8,
        dissolved: bool,
    },
    /// An officer empowers somebody for a legal entity.
    Delegate {
        bank: bool,
        to: usize,
        limit: Limit,
    },
    /// An officer approves what another one tried for an entity.
    Endorse {
        back: usize,
        who: usize,
        slip: usize,
    },
    /// What somebody tried for an entity is tried again.
    Retry {
        back: usize,
        who: Option<usize>,
    },
    /// An officer withdraws an approval.
    Rescind {
        back: usize,
        who: Option<usize>,
    },
    /// An agent passes a power on.
    PassOn {
        power: usize,
        to: usize,
        who: Option<usize>,
        slip: Slip,
    },
    /// A notary certifies a power or a deed.
    Certify {
        what: usize,
        power: bool,
        local: bool,
    },
    Swap {
        one: usize,
        other: usize,
        form: Form,
        slip: Slip,
    },
    Sever {
        flat: usize,
        slip: Slip,
    },
    Split {
        flat: usize,
        parts: usize,
        slip: Slip,
    },
    Merge {
        one: usize,
        other: usize,
        slip: Slip,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Granted {
    Mortgage,
    Servitude,
    Lease,
}

/// What is wrong with a text; what that means depends on its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slip {
    Nothing,
    OtherVersion,
    Stranger,
    Order,
    Amount,
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        24 => Just(Slip::Nothing),
        1 => Just(Slip::OtherVersion),
        1 => Just(Slip::Stranger),
        1 => Just(Slip::Order),
        1 => Just(Slip::Amount),
    ]
}

fn granted() -> impl Strategy<Value = Granted> {
    prop_oneof![
        3 => Just(Granted::Mortgage),
        1 => Just(Granted::Servitude),
        1 => Just(Granted::Lease),
    ]
}

/// What is lodged.
pub(crate) fn lodged() -> impl Strategy<Value = Dealing> {
    let (person, flat, loan) = (0..5usize, 0..4usize, 0..4usize);
    let form = crate::history::form;
    prop_oneof![
        6 => (flat.clone(), granted(), person.clone(), 0..3000u64, slip()).prop_map(
            |(flat, what, to, hours, slip)| Dealing::Grant { flat, what, to, hours, slip }
        ),
        2 => (loan.clone(), person, slip())
            .prop_map(|(loan, to, slip)| Dealing::Assign { loan, to, slip }),
        2 => (loan.clone(), loan, slip())
            .prop_map(|(loan, behind, slip)| Dealing::Postpone { loan, behind, slip }),
        3 => (flat.clone(), flat.clone(), form(), slip())
            .prop_map(|(one, other, form, slip)| Dealing::Swap { one, other, form, slip }),
        2 => (flat.clone(), slip()).prop_map(|(flat, slip)| Dealing::Sever { flat, slip }),
        1 => (flat.clone(), 1..4usize, slip())
            .prop_map(|(flat, parts, slip)| Dealing::Split { flat, parts, slip }),
        1 => (flat.clone(), flat, slip())
            .prop_map(|(one, other, slip)| Dealing::Merge { one, other, slip }),
    ]
}

/// What is said about what was lodged.
pub(crate) fn said() -> impl Strategy<Value = Dealing> {
    let deed = 0..4usize;
    let stranger = prop::option::weighted(0.15, 0..6usize);
    let with = prop::option::weighted(0.4, deed.clone());
    let agent = prop::bool::weighted(0.2);
    prop_oneof![
        5 => (0..6usize, with, stranger.clone(), agent).prop_map(
            |(what, with, who, by_agent)| Dealing::GiveUp { what, with, who, by_agent }
        ),
        2 => (deed.clone(), 0..3usize, stranger.clone(), agent).prop_map(
            |(deed, loan, who, by_agent)| Dealing::LetPass { deed, loan, who, by_agent }
        ),
        2 => (deed.clone(), prop::bool::weighted(0.05))
            .prop_map(|(deed, mute)| Dealing::Ask { deed, mute }),
        2 => (0..3usize, stranger.clone())
            .prop_map(|(asked, who)| Dealing::Reply { asked, who }),
        2 => (0..3usize, prop::bool::weighted(0.8))
            .prop_map(|(asked, cured)| Dealing::Decide { asked, cured }),
        3 => office(),
        2 => board(),
        3 => (deed.clone(), stranger.clone())
            .prop_map(|(deed, who)| Dealing::Reserve { deed, who }),
        4 => (0..3usize, 0..5usize, stranger, slip())
            .prop_map(|(power, to, who, slip)| Dealing::PassOn { power, to, who, slip }),
        4 => (deed, prop::bool::weighted(0.7), prop::bool::weighted(0.3))
            .prop_map(|(what, power, local)| Dealing::Certify { what, power, local }),
    ]
}

/// What officers say to what others tried.
fn board() -> impl Strategy<Value = Dealing> {
    let (back, who) = (0..3usize, prop::option::weighted(0.3, 0..6usize));
    prop_oneof![
        3 => (back.clone(), 0..4usize, 0..16usize)
            .prop_map(|(back, who, slip)| Dealing::Endorse { back, who, slip }),
        2 => (back.clone(), who.clone()).prop_map(|(back, who)| Dealing::Retry { back, who }),
        1 => (back, who).prop_map(|(back, who)| Dealing::Rescind { back, who }),
    ]
}

/// What is said about guardians and officers.
fn office() -> impl Strategy<Value = Dealing> {
    let guardian = prop::option::weighted(0.85, 0..5usize);
    prop_oneof![
        3 => (0..6usize, guardian).prop_map(|(ward, guardian)| Dealing::Appoint { ward, guardian }),
        2 => (0..4usize, 0..4usize, 0..9u64)
            .prop_map(|(deed, ward, days)| Dealing::Permit { deed, ward, days }),
        2 => (any::<bool>(), 0..16u8, 0..4u8, prop::bool::weighted(0.05)).prop_map(
            |(bank, officers, signatures, dissolved)| Dealing::Charter {
                bank,
                officers,
                signatures,
                dissolved
            }
        ),
        1 => (any::<bool>(), 0..5usize, crate::history::limit())
            .prop_map(|(bank, to, limit)| Dealing::Delegate { bank, to, limit }),
    ]
}

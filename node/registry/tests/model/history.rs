//! Random histories: what people, agents and authorities try, mostly what the law lets them.

use proptest::prelude::*;

use crate::cases::{Case, case};
use crate::dealings::{Dealing, lodged, said};
use crate::ventures::Venture;

/// One thing that is tried, and how it is spoilt (mostly not).
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) attempt: Attempt,
    pub(crate) spoil: Spoil,
}

/// What is wrong with the paper, whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoil {
    Nothing,
    NoCheck,
    OtherPerson,
    LowLevel,
    OldCheck,
    RivalsMethod,
    NoFilm,
    OldFilm,
    SilentFilm,
    WrongKey,
    SecondKey,
    Stale,
    /// Level, topics and term that only some laws are content with.
    Middling,
    /// The film is kept no longer than the present law asks.
    BriefFilm,
    EmptyFilm,
    /// Something is said after the film's end.
    LateWord,
    /// A level that there is not.
    NoLevel,
}

/// People, flats and so on are numbers, taken modulo how many there are.
#[derive(Debug, Clone)]
pub(crate) enum Attempt {
    Lodge {
        flat: usize,
        from: usize,
        to: usize,
        share: usize,
        form: Form,
        flaw: Flaw,
    },
    /// All holders together give everything to one.
    LodgeWhole {
        flat: usize,
        to: usize,
        form: Form,
    },
    /// Somebody does what a deed needs.
    Advance {
        deed: usize,
        need: usize,
        by_agent: bool,
    },
    Act {
        deed: usize,
        gives: bool,
        who: usize,
        power: Option<usize>,
    },
    Empower {
        from: usize,
        to: usize,
        limit: Limit,
    },
    End {
        what: usize,
        consent: bool,
        who: Option<usize>,
        renounces: bool,
    },
    Consent {
        flat: usize,
        who: usize,
        of: usize,
        limit: Limit,
        power: Option<usize>,
    },
    Withdraw {
        deed: usize,
        who: Option<usize>,
    },
    Fund {
        deed: usize,
        short: bool,
        agent: usize,
    },
    Settle {
        escrow: usize,
        release: bool,
        short: bool,
        agent: usize,
    },
    Pay {
        deed: usize,
        fee: bool,
        exempt: bool,
    },
    Civil {
        fact: Fact,
        one: usize,
        other: usize,
        days: u64,
    },
    Accredit {
        who: usize,
        suspended: bool,
    },
    Freeze {
        flat: usize,
        by: usize,
        hours: Option<u64>,
    },
    Lift {
        freeze: usize,
        by: usize,
    },
    Caveat {
        flat: usize,
        who: usize,
        hours: u64,
    },
    Lock {
        flat: usize,
        who: Option<usize>,
    },
    Unlock {
        lock: usize,
        who: Option<usize>,
    },
    Offer {
        flat: usize,
        who: usize,
        share: usize,
        price: usize,
        any: bool,
    },
    Waive {
        offer: usize,
        who: usize,
        short: bool,
        power: Option<usize>,
        any: bool,
    },
    Register {
        flat: usize,
        who: usize,
    },
    Enrol {
        who: usize,
    },
    Again {
        back: usize,
    },
    Wait {
        hours: u64,
    },
    /// Loans, leases, parcels and clocks.
    Deal(Dealing),
    /// Courts, notaries of the dead, registrars and readers.
    Case(Case),
    /// Groups, laws, keys and recordings.
    Venture(Venture),
}

/// What a deed says besides who gives what to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    pub(crate) gift: bool,
    pub(crate) settled: bool,
    pub(crate) price: usize,
    /// Who lends the price.
    pub(crate) loan: Option<usize>,
    /// Whether the mortgages on it go.
    pub(crate) clears: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Nothing,
    OtherVersion,
    Uneven,
    NoPrice,
    ShortLine,
    OtherAgent,
    SameParty,
    UnknownFlat,
    Lodger,
}

/// How far a power or a consent goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) acts: usize,
    pub(crate) floor: usize,
    pub(crate) with: Option<usize>,
    pub(crate) flat: Option<usize>,
    pub(crate) self_dealing: bool,
    pub(crate) term: usize,
    /// How often it may be passed on.
    pub(crate) passes: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    Unmarried,
    Marriage,
    Divorce,
    Separate,
    Division,
    Death,
    Incapacity,
    Minority,
    Capacity,
}

fn spoil() -> impl Strategy<Value = Spoil> {
    prop_oneof![
        110 => Just(Spoil::Nothing),
        1 => Just(Spoil::NoCheck),
        1 => Just(Spoil::OtherPerson),
        1 => Just(Spoil::LowLevel),
        1 => Just(Spoil::OldCheck),
        1 => Just(Spoil::RivalsMethod),
        1 => Just(Spoil::NoFilm),
        1 => Just(Spoil::OldFilm),
        1 => Just(Spoil::SilentFilm),
        1 => Just(Spoil::WrongKey),
        1 => Just(Spoil::SecondKey),
        1 => Just(Spoil::Stale),
        1 => Just(Spoil::EmptyFilm),
        1 => Just(Spoil::LateWord),
        1 => Just(Spoil::NoLevel),
        3 => Just(Spoil::Middling),
        6 => Just(Spoil::BriefFilm),
    ]
}

pub(crate) fn form() -> impl Strategy<Value = Form> {
    let parts = (prop::bool::weighted(0.25), any::<bool>(), 0..3usize);
    let loan = prop::option::weighted(0.3, 0..5usize);
    (parts, loan, any::<bool>()).prop_map(|((gift, settled, price), loan, clears)| Form {
        gift,
        settled,
        price,
        loan,
        clears,
    })
}

fn flaw() -> impl Strategy<Value = Flaw> {
    prop_oneof![
        40 => Just(Flaw::Nothing),
        1 => Just(Flaw::OtherVersion),
        1 => Just(Flaw::Uneven),
        1 => Just(Flaw::NoPrice),
        1 => Just(Flaw::ShortLine),
        1 => Just(Flaw::OtherAgent),
        1 => Just(Flaw::SameParty),
        1 => Just(Flaw::UnknownFlat),
        3 => Just(Flaw::Lodger),
    ]
}

pub(crate) fn limit() -> impl Strategy<Value = Limit> {
    let rarely = |max: usize| prop::option::weighted(0.2, 0..max);
    let parts = (0..6usize, 0..4usize, rarely(5), rarely(3), 0..8usize);
    (parts, prop::bool::weighted(0.3), 0..4u8).prop_map(
        |((acts, floor, with, flat, term), self_dealing, passes)| Limit {
            acts,
            floor,
            with,
            flat,
            self_dealing,
            term,
            passes,
        },
    )
}

fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        4 => Just(Fact::Unmarried),
        4 => Just(Fact::Marriage),
        3 => Just(Fact::Divorce),
        1 => Just(Fact::Separate),
        4 => Just(Fact::Division),
        1 => Just(Fact::Death),
        2 => Just(Fact::Incapacity),
        2 => Just(Fact::Minority),
        2 => Just(Fact::Capacity),
    ]
}

/// What people do about deeds.
pub(crate) fn dealing() -> impl Strategy<Value = Attempt> {
    let (person, flat, deed) = (0..6usize, 0..3usize, 0..4usize);
    let stranger = prop::option::weighted(0.2, 0..6usize);
    let power = prop::option::weighted(0.4, 0..4usize);
    prop_oneof![
        4 => (flat.clone(), 0..3usize, person.clone(), 0..6usize, form(), flaw()).prop_map(
            |(flat, from, to, share, form, flaw)| Attempt::Lodge { flat, from, to, share, form, flaw }
        ),
        3 => (flat, person.clone(), form())
            .prop_map(|(flat, to, form)| Attempt::LodgeWhole { flat, to, form }),
        16 => (deed.clone(), 0..4usize, any::<bool>())
            .prop_map(|(deed, need, by_agent)| Attempt::Advance { deed, need, by_agent }),
        3 => (deed.clone(), any::<bool>(), person, power)
            .prop_map(|(deed, gives, who, power)| Attempt::Act { deed, gives, who, power }),
        1 => (deed, stranger).prop_map(|(deed, who)| Attempt::Withdraw { deed, who }),
    ]
}

/// What people do about each other.
fn relation() -> impl Strategy<Value = Attempt> {
    let (person, flat) = (0..6usize, 0..4usize);
    let stranger = prop::option::weighted(0.2, 0..6usize);
    let power = prop::option::weighted(0.2, 0..4usize);
    prop_oneof![
        4 => (person.clone(), person.clone(), limit())
            .prop_map(|(from, to, limit)| Attempt::Empower { from, to, limit }),
        2 => (0..4usize, any::<bool>(), stranger, any::<bool>()).prop_map(
            |(what, consent, who, renounces)| Attempt::End { what, consent, who, renounces }
        ),
        2 => (flat, person.clone(), person.clone(), limit(), power).prop_map(
            |(flat, who, of, limit, power)| Attempt::Consent { flat, who, of, limit, power }
        ),
        3 => (fact(), person.clone(), person, 0..400u64)
            .prop_map(|(fact, one, other, days)| Attempt::Civil { fact, one, other, days }),
    ]
}

/// What is put on a title.
fn burden() -> impl Strategy<Value = Attempt> {
    let (person, flat) = (0..6usize, 0..4usize);
    let stranger = prop::option::weighted(0.2, 0..6usize);
    let power = prop::option::weighted(0.2, 0..4usize);
    let hours = prop::option::weighted(0.8, 0..200u64);
    prop_oneof![
        2 => (flat.clone(), 0..6usize, hours)
            .prop_map(|(flat, by, hours)| Attempt::Freeze { flat, by, hours }),
        3 => (0..3usize, 0..6usize).prop_map(|(freeze, by)| Attempt::Lift { freeze, by }),
        1 => (flat.clone(), person.clone(), 0..2400u64)
            .prop_map(|(flat, who, hours)| Attempt::Caveat { flat, who, hours }),
        1 => (flat.clone(), stranger.clone()).prop_map(|(flat, who)| Attempt::Lock { flat, who }),
        2 => (0..3usize, stranger).prop_map(|(lock, who)| Attempt::Unlock { lock, who }),
        5 => (flat, person.clone(), 0..6usize, 0..3usize, prop::bool::weighted(0.2)).prop_map(
            |(flat, who, share, price, any)| Attempt::Offer { flat, who, share, price, any }
        ),
        4 => (0..3usize, person, prop::bool::weighted(0.1), power, prop::bool::weighted(0.2))
            .prop_map(|(offer, who, short, power, any)| Attempt::Waive { offer, who, short, power, any }),
    ]
}

/// What authorities do, and what time does.
fn office() -> impl Strategy<Value = Attempt> {
    let (deed, short) = (0..4usize, prop::bool::weighted(0.1));
    let agent = prop_oneof![9 => Just(0usize), 1 => 1..3usize];
    let hours = prop_oneof![6 => 1..48u64, 2 => 48..800u64, 1 => 8_000..10_000u64];
    prop_oneof![
        2 => (deed.clone(), short, agent.clone())
            .prop_map(|(deed, short, agent)| Attempt::Fund { deed, short, agent }),
        3 => (0..3usize, any::<bool>(), short, agent).prop_map(
            |(escrow, release, short, agent)| Attempt::Settle { escrow, release, short, agent }
        ),
        2 => (deed, any::<bool>(), any::<bool>())
            .prop_map(|(deed, fee, exempt)| Attempt::Pay { deed, fee, exempt }),
        1 => (0..4usize, prop::bool::weighted(0.4))
            .prop_map(|(who, suspended)| Attempt::Accredit { who, suspended }),
        1 => (0..5usize, 0..6usize).prop_map(|(flat, who)| Attempt::Register { flat, who }),
        1 => (0..6usize).prop_map(|who| Attempt::Enrol { who }),
        1 => (0..6usize).prop_map(|back| Attempt::Again { back }),
        3 => hours.prop_map(|hours| Attempt::Wait { hours }),
    ]
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let deal = prop_oneof![1 => lodged(), 1 => said()].prop_map(Attempt::Deal);
    let attempt = prop_oneof![
        6 => dealing(),
        3 => deal,
        2 => case().prop_map(Attempt::Case),
        2 => relation(),
        2 => burden(),
        2 => office(),
        3 => crate::ventures::attempt(),
    ];
    (attempt, spoil()).prop_map(|(attempt, spoil)| Step { attempt, spoil })
}

//! Steps that belong together, so that what takes several of them happens often enough.

use proptest::prelude::*;

use crate::cases::Case;
use crate::dealings::{Dealing, Granted, Slip, lodged};
use crate::history::{Attempt, Fact, Flaw, Form, Limit, Spoil, Step, dealing, form, step};
use crate::ventures::Venture;

/// What a deed needs, one thing after the other.
fn advances(times: usize) -> impl Iterator<Item = Attempt> {
    (0..times).map(|_| Attempt::Advance {
        deed: 0,
        need: 0,
        by_agent: false,
    })
}

fn then(begins: Vec<Attempt>, times: usize) -> Vec<Attempt> {
    begins.into_iter().chain(advances(times)).collect()
}

/// A deed, and what it needs, in some order.
fn affair() -> impl Strategy<Value = Vec<Attempt>> {
    let needs = prop::collection::vec((0..3usize, prop::bool::weighted(0.2)), 2..7);
    (lodging(), needs).prop_map(move |(lodged, needs)| {
        let advances = needs.into_iter().map(|(need, by_agent)| Attempt::Advance {
            deed: 0,
            need,
            by_agent,
        });
        std::iter::once(lodged).chain(advances).collect()
    })
}

fn lodging() -> impl Strategy<Value = Attempt> {
    prop_oneof![
        1 => dealing().prop_filter("a lodging", |attempt| {
            matches!(attempt, Attempt::Lodge { .. } | Attempt::LodgeWhole { .. })
        }),
        2 => lodged().prop_map(Attempt::Deal),
    ]
}

/// A court sells, and what the acquirer does about it.
fn court_sale() -> impl Strategy<Value = Vec<Attempt>> {
    (0..4usize, 0..5usize, 0..5usize, 1..12usize, 0..24usize).prop_map(
        |(flat, who, to, slip, spoilt)| {
            let order = Case::Order {
                flat,
                who,
                to,
                sells: true,
                slip,
            };
            let sale = Case::CourtSale {
                back: 0,
                slip: spoilt,
            };
            then(vec![Attempt::Case(order), Attempt::Case(sale)], 4)
        },
    )
}

/// Somebody dies, and is inherited from.
fn succession() -> impl Strategy<Value = Vec<Attempt>> {
    (0..5usize, 0..5usize, 0..12usize, 0..24usize).prop_map(|(who, heirs, slip, spoilt)| {
        let death = Attempt::Civil {
            fact: Fact::Death,
            one: who,
            other: who,
            days: 0,
        };
        let certificate = Case::Certify {
            flat: 0,
            who,
            heirs,
            slip,
        };
        let deed = Case::Inherit {
            back: 0,
            slip: spoilt,
        };
        let begins = vec![death, Attempt::Case(certificate), Attempt::Case(deed)];
        then(begins, 4)
    })
}

/// Two lenders, of whom the first steps back, or passes its mortgage on.
fn lenders() -> impl Strategy<Value = Vec<Attempt>> {
    let loans = prop::collection::vec(0..5usize, 2..4);
    (0..4usize, loans, any::<bool>(), 0..5usize).prop_map(|(flat, loans, passes, to)| {
        let mut all = Vec::new();
        for to in loans {
            let grant = Dealing::Grant {
                flat,
                what: Granted::Mortgage,
                to,
                hours: 0,
                slip: Slip::Nothing,
            };
            all.extend(then(vec![Attempt::Deal(grant)], 4));
        }
        let last = if passes {
            Dealing::Assign {
                loan: 0,
                to,
                slip: Slip::Nothing,
            }
        } else {
            Dealing::Postpone {
                loan: to,
                behind: 0,
                slip: Slip::Nothing,
            }
        };
        all.extend(then(vec![Attempt::Deal(last)], 3));
        all
    })
}

/// A mortgage is assigned twice: the first assignment is complete when the mortgage is somebody else's,
/// who assigns it back.
fn back_and_forth() -> impl Strategy<Value = Vec<Attempt>> {
    let parts = (0..4usize, 0..5usize, 0..5usize, 0..5usize);
    (parts, any::<bool>()).prop_map(|((flat, lender, one, other), back)| {
        let (what, hours, slip) = (Granted::Mortgage, 0, Slip::Nothing);
        let grant = Dealing::Grant {
            flat,
            what,
            to: lender,
            hours,
            slip,
        };
        let assign = |to| Attempt::Deal(Dealing::Assign { loan: 0, to, slip });
        let mut all = then(vec![Attempt::Deal(grant)], 4);
        all.extend(then(vec![assign(one)], 1));
        all.extend(then(vec![assign(other)], 2));
        all.extend(advances(1));
        let last = if back { lender } else { other };
        all.extend(then(vec![assign(last)], 2));
        all
    })
}

/// A ward's guardian deals for them.
fn guardian() -> impl Strategy<Value = Vec<Attempt>> {
    let fact = prop_oneof![Just(Fact::Incapacity), Just(Fact::Minority)];
    (0..5usize, 0..5usize, fact, lodging(), 1..9u64).prop_map(
        |(who, guardian, fact, lodged, days)| {
            let falls = Attempt::Civil {
                fact,
                one: who,
                other: who,
                days: 99,
            };
            let appointed = Dealing::Appoint {
                ward: 1,
                guardian: Some(guardian),
            };
            let permitted = Dealing::Permit {
                deed: 0,
                ward: 1,
                days,
            };
            let begins = vec![
                falls,
                Attempt::Deal(appointed),
                lodged,
                Attempt::Deal(permitted),
            ];
            then(begins, 5)
        },
    )
}

/// A deed that is signed by who gives, and what happens to it before it is registered.
fn held_up() -> impl Strategy<Value = Vec<Attempt>> {
    let cured = prop::bool::weighted(0.8);
    (lodging(), 0..4usize, cured, 0..800u64).prop_map(|(lodged, what, cured, hours)| {
        let mut all = then(vec![lodged], 1);
        let deed = 0;
        match what {
            0 => all.push(Attempt::Deal(Dealing::Reserve { deed, who: None })),
            1 => {
                let (asked, who) = (0, None);
                all.push(Attempt::Deal(Dealing::Ask { deed, mute: false }));
                all.push(Attempt::Deal(Dealing::Reply { asked, who }));
                all.push(Attempt::Deal(Dealing::Decide { asked, cured }));
            }
            2 => {
                all.push(Attempt::Deal(Dealing::Ask { deed, mute: false }));
                all.push(Attempt::Wait { hours });
            }
            _ => {
                all.push(Attempt::Fund {
                    deed,
                    short: false,
                    agent: 0,
                });
                all.push(Attempt::Withdraw { deed, who: None });
                for release in [true, false] {
                    all.push(Attempt::Settle {
                        escrow: 0,
                        release,
                        short: false,
                        agent: 0,
                    });
                }
            }
        }
        all.extend(advances(3));
        all
    })
}

/// A share on offer, and what the others say; a sale to a stranger.
fn offered() -> impl Strategy<Value = Vec<Attempt>> {
    (0..3usize, 0..3usize, 0..5usize, 0..5usize).prop_map(|(who, price, other, to)| {
        let flat = 1;
        let offer = Attempt::Offer {
            flat,
            who,
            share: 9,
            price,
            any: false,
        };
        let waive = |who| Attempt::Waive {
            offer: 0,
            who,
            short: false,
            power: None,
            any: false,
        };
        let form = Form {
            gift: false,
            settled: false,
            price,
            loan: None,
            clears: false,
        };
        let sale = Attempt::Lodge {
            flat,
            from: who,
            to,
            share: 9,
            form,
            flaw: Flaw::Nothing,
        };
        then(vec![offer, waive(other), waive(other + 1), sale], 4)
    })
}

/// What is done and undone.
fn undone() -> impl Strategy<Value = Vec<Attempt>> {
    (0..4usize, 0..4usize, 0..12usize).prop_map(|(what, flat, slip)| {
        let case = |case| Attempt::Case(case);
        match what {
            0 => vec![
                Attempt::Lock { flat, who: None },
                Attempt::Unlock { lock: 0, who: None },
            ],
            1 => vec![
                case(Case::Appeal {
                    back: 0,
                    who: None,
                    slip,
                }),
                case(Case::Rule {
                    back: 0,
                    high: slip % 2 == 0,
                    slip,
                }),
            ],
            2 => vec![
                case(Case::Order {
                    flat,
                    who: 0,
                    to: 0,
                    sells: false,
                    slip,
                }),
                case(Case::Correct {
                    flat,
                    what: slip % 3,
                    order: Some(0),
                    slip: slip + 1,
                }),
            ],
            _ => vec![
                case(Case::Correct {
                    flat,
                    what: 0,
                    order: None,
                    slip,
                }),
                case(Case::Approve {
                    back: 0,
                    second: slip > 0,
                }),
            ],
        }
    })
}

/// An agent begins what the principal then takes back, or the agent gives up.
fn agent() -> impl Strategy<Value = Vec<Attempt>> {
    let limit = Limit {
        acts: 0,
        floor: 0,
        with: None,
        flat: None,
        self_dealing: true,
        term: 7,
        passes: 1,
    };
    (lodging(), 0..5usize, 0..5usize, 0..5usize, any::<bool>()).prop_map(
        move |(lodged, from, to, third, renounces)| {
            let empower = Attempt::Empower { from, to, limit };
            let pass_on = Attempt::Deal(Dealing::PassOn {
                power: 0,
                to: third,
                who: None,
                slip: Slip::Nothing,
            });
            let certify = Attempt::Deal(Dealing::Certify {
                what: 0,
                power: true,
                local: false,
            });
            let advance = |by_agent| Attempt::Advance {
                deed: 0,
                need: 0,
                by_agent,
            };
            let end = Attempt::End {
                what: 0,
                consent: false,
                who: None,
                renounces,
            };
            let mut all = vec![empower];
            if third % 2 == 0 {
                all.extend([pass_on, certify]);
            }
            all.extend([lodged, advance(true), advance(true), end, advance(true)]);
            then(all, 2)
        },
    )
}

/// What an entity's officers, of whom several sign, do about one thing.
fn board() -> impl Strategy<Value = Vec<Attempt>> {
    let officers = prop_oneof![Just(3u8), Just(6), Just(12), Just(7), Just(14)];
    let parts = (any::<bool>(), officers, 0..5usize, 0..4usize, 0..3usize);
    (parts, lodging(), 0..4usize, 0..16usize, 0..8usize).prop_map(
        |((bank, officers, what, flat, back), lodged, who, slip, between)| {
            let charter = |officers, signatures| {
                Attempt::Deal(Dealing::Charter {
                    bank,
                    officers,
                    signatures,
                    dissolved: false,
                })
            };
            let mut all = vec![charter(officers, if officers == 3 { 2 } else { 1 })];
            let grant = Dealing::Grant {
                flat,
                what: Granted::Mortgage,
                to: 0,
                hours: 0,
                slip: Slip::Nothing,
            };
            all.extend(then(vec![Attempt::Deal(grant)], 6));
            all.extend(undertaken(what, flat, back, bank, lodged));
            let endorse = |who, slip| Attempt::Deal(Dealing::Endorse { back: 0, who, slip });
            all.extend([endorse(who, slip), endorse(who + 1, 9)]);
            match between {
                0 => all.push(charter(15 - officers, 1)),
                1 => all.extend([charter(15 - officers, 1), charter(officers, 1)]),
                2 => all.push(Attempt::Wait {
                    hours: if back == 1 { 800 } else { 70 },
                }),
                3 => all.push(Attempt::Deal(Dealing::Rescind { back: 0, who: None })),
                4 => all.push(endorse(who, 9)),
                _ => {}
            }
            let retry = |who| Attempt::Deal(Dealing::Retry { back: 0, who });
            all.extend([retry(None), retry(Some(who)), retry(None)]);
            all
        },
    )
}

/// One signature for an entity, of each kind.
fn undertaken(what: usize, flat: usize, back: usize, bank: bool, lodged: Attempt) -> Vec<Attempt> {
    let gives_up = |with| Dealing::GiveUp {
        what: back,
        with,
        who: None,
        by_agent: false,
    };
    match what {
        0 => vec![Attempt::Deal(gives_up(None))],
        1 => vec![lodged, Attempt::Deal(gives_up(Some(0)))],
        2 => {
            let form = Form {
                gift: false,
                settled: false,
                price: 0,
                loan: None,
                clears: false,
            };
            let lets_pass = Dealing::LetPass {
                deed: 0,
                loan: back,
                who: None,
                by_agent: false,
            };
            let to = flat + back;
            let sold = Attempt::LodgeWhole { flat, to, form };
            vec![sold, Attempt::Deal(lets_pass)]
        }
        3 => {
            let limit = Limit {
                acts: 0,
                floor: 0,
                with: None,
                flat: None,
                self_dealing: true,
                term: 7,
                passes: 1,
            };
            let to = flat + back % 2;
            vec![Attempt::Deal(Dealing::Delegate { bank, to, limit })]
        }
        _ => {
            let (who, price, slip) = (back, 0, 20);
            let terms = false;
            let offer = Venture::Offer {
                flat,
                who,
                price,
                terms,
                slip,
            };
            let waive = |who| Venture::Waive {
                offer: 0,
                who,
                slip,
            };
            let all = [offer, waive(flat), waive(flat + 1)];
            all.map(Attempt::Venture).to_vec()
        }
    }
}

/// A freeze on what is about to be dealt with, and its end.
fn frozen() -> impl Strategy<Value = Vec<Attempt>> {
    let hours = prop::option::weighted(0.5, 1..40u64);
    (lodging(), 0..4usize, 0..5usize, hours).prop_map(|(lodged, flat, by, hours)| {
        let mut all = then(vec![Attempt::Freeze { flat, by, hours }, lodged], 4);
        all.push(match hours {
            Some(hours) => Attempt::Wait { hours },
            None => Attempt::Lift { freeze: 0, by: 5 },
        });
        then(all, 1)
    })
}

/// A deed that is signed by who gives, the court sale that comes before it, and how that ends.
fn overtaken() -> impl Strategy<Value = Vec<Attempt>> {
    let parts = (0..4usize, 0..5usize, 0..5usize, form(), any::<bool>());
    (parts, 0..6usize, 0..800u64, 0..4usize).prop_map(
        |((flat, who, to, form, whole), end, hours, later)| {
            let private = if whole {
                Attempt::LodgeWhole { flat, to, form }
            } else {
                let (from, share, flaw) = (who, 9, Flaw::Nothing);
                Attempt::Lodge {
                    flat,
                    from,
                    to,
                    share,
                    form,
                    flaw,
                }
            };
            let mut all = then(vec![private], 1 + later % 2);
            let deed = 0;
            match later {
                0 => all.push(Attempt::Deal(Dealing::Reserve { deed, who: None })),
                1 => all.push(Attempt::Fund {
                    deed,
                    short: false,
                    agent: 0,
                }),
                _ => {}
            }
            let order = Case::Order {
                flat,
                who,
                to: to + 1,
                sells: true,
                slip: 5,
            };
            all.push(Attempt::Case(order));
            all.push(Attempt::Case(Case::CourtSale { back: 0, slip: 5 }));
            all.push(Attempt::Deal(Dealing::Ask { deed, mute: false }));
            all.extend(advances(1));
            let rest = if later == 0 { 0 } else { 4 };
            all.extend((0..rest).map(|_| Attempt::Advance {
                deed: 1,
                need: 1,
                by_agent: false,
            }));
            let asked = 0;
            match end {
                0 | 1 => all.push(Attempt::Withdraw { deed, who: None }),
                2 | 3 => {
                    let cured = end == 2;
                    all.push(Attempt::Deal(Dealing::Reply { asked, who: None }));
                    all.push(Attempt::Deal(Dealing::Decide { asked, cured }));
                }
                4 => all.push(Attempt::Wait { hours }),
                _ => all.push(Attempt::Case(Case::Correct {
                    flat,
                    what: 0,
                    order: None,
                    slip: 5,
                })),
            }
            all.extend(advances(3));
            all
        },
    )
}

/// A few steps. What is drawn is boxed: all of it at once does not fit on a test's stack.
pub(crate) fn scene() -> impl Strategy<Value = Vec<Step>> {
    let together = prop_oneof![
        20 => affair().boxed(),
        3 => court_sale().boxed(),
        2 => succession().boxed(),
        3 => lenders().boxed(),
        3 => guardian().boxed(),
        4 => held_up().boxed(),
        3 => offered().boxed(),
        4 => undone().boxed(),
        4 => agent().boxed(),
        3 => frozen().boxed(),
        4 => overtaken().boxed(),
        2 => back_and_forth().boxed(),
        3 => board().boxed(),
    ];
    let sound = |attempts: Vec<Attempt>| {
        let steps = attempts.into_iter().map(|attempt| Step {
            attempt,
            spoil: Spoil::Nothing,
        });
        steps.collect()
    };
    prop_oneof![
        10 => step().prop_map(|step| vec![step]).boxed(),
        3 => together.prop_map(sound).boxed(),
        1 => crate::ventures::turn().boxed(),
    ]
}

//! What is tried with groups, laws, keys and recordings, and by those who act for others; see
//! `history`.

use proptest::prelude::*;

use crate::history::{Attempt, Flaw, Form, Spoil, Step, form};

/// People, flats and so on are numbers, as in `history`; a `slip` of 0 or a little more spoils what it
/// can.
#[derive(Debug, Clone)]
pub(crate) enum Venture {
    /// A registrar enters a group.
    Found {
        which: usize,
        members: u8,
        shares: bool,
        slip: usize,
    },
    /// A registrar enters a property of a group, alone or beside somebody.
    Enter {
        group: usize,
        beside: Option<usize>,
        slip: usize,
    },
    /// Holders give what they have to a group, or a group to somebody.
    Bring {
        flat: usize,
        to: usize,
        part: bool,
        form: Form,
    },
    /// A group turns what is joint into shares.
    Sever { flat: usize, slip: usize },
    /// The supervisor changes the law.
    Govern { law: usize, ahead: u64, slip: usize },
    /// Other validators follow: bits say who stays, comes and keeps silent.
    Reseat {
        stay: u8,
        come: u8,
        silent: u8,
        slip: usize,
    },
    /// A provider deletes a recording.
    Delete { back: usize, slip: usize },
    /// A holder offers a share, or somebody does for them.
    Offer {
        flat: usize,
        who: usize,
        price: usize,
        terms: bool,
        slip: usize,
    },
    /// A co-owner waives, or somebody for them.
    Waive {
        offer: usize,
        who: usize,
        slip: usize,
    },
    /// What was offered is sold.
    Sell {
        offer: usize,
        to: usize,
        slip: usize,
    },
    /// Somebody gets another key.
    Rekey { who: usize, slip: usize },
    /// The supervisor accredits again.
    Accredit {
        who: usize,
        superior: Option<usize>,
        person: Option<usize>,
        suspended: bool,
        slip: usize,
    },
}

fn venture() -> impl Strategy<Value = Venture> {
    let (person, flat, back, slip) = (0..6usize, 0..4usize, 0..3usize, 0..24usize);
    let few = prop::option::weighted(0.3, person.clone());
    let found = (0..4usize, any::<u8>(), any::<bool>(), slip.clone()).prop_map(
        |(which, members, shares, slip)| Venture::Found {
            which,
            members,
            shares,
            slip,
        },
    );
    let enter =
        (0..4usize, few.clone(), slip.clone()).prop_map(|(group, beside, slip)| Venture::Enter {
            group,
            beside,
            slip,
        });
    let accredit = (
        0..10usize,
        few.clone(),
        few,
        prop::bool::weighted(0.2),
        slip.clone(),
    )
        .prop_map(
            |(who, superior, person, suspended, slip)| Venture::Accredit {
                who,
                superior,
                person,
                suspended,
                slip,
            },
        );
    prop_oneof![
        3 => found,
        1 => enter,
        4 => bring(),
        1 => (flat.clone(), slip.clone()).prop_map(|(flat, slip)| Venture::Sever { flat, slip }),
        3 => govern(),
        2 => reseat(),
        2 => (back.clone(), slip.clone()).prop_map(|(back, slip)| Venture::Delete { back, slip }),
        3 => (flat, person.clone(), 0..4usize, prop::bool::weighted(0.2), slip.clone()).prop_map(
            |(flat, who, price, terms, slip)| Venture::Offer { flat, who, price, terms, slip }
        ),
        3 => (back.clone(), person.clone(), slip.clone())
            .prop_map(|(offer, who, slip)| Venture::Waive { offer, who, slip }),
        2 => (back, person.clone(), slip.clone())
            .prop_map(|(offer, to, slip)| Venture::Sell { offer, to, slip }),
        1 => (person, slip).prop_map(|(who, slip)| Venture::Rekey { who, slip }),
        1 => accredit,
    ]
}

fn bring() -> impl Strategy<Value = Venture> {
    (0..4usize, 0..9usize, prop::bool::weighted(0.2), form()).prop_map(|(flat, to, part, form)| {
        Venture::Bring {
            flat,
            to,
            part,
            form,
        }
    })
}

fn govern() -> impl Strategy<Value = Venture> {
    (0..4usize, 1..6u64, 0..24usize).prop_map(|(law, ahead, slip)| Venture::Govern {
        law,
        ahead,
        slip,
    })
}

fn reseat() -> impl Strategy<Value = Venture> {
    // Mostly most of them stay, few come, and few keep silent.
    let many = (any::<u8>(), any::<u8>()).prop_map(|(a, b)| a | b);
    let few = (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(a, b, c)| a & b & c);
    (many, few.clone(), few, 0..24usize).prop_map(|(stay, come, silent, slip)| Venture::Reseat {
        stay,
        come,
        silent,
        slip,
    })
}

pub(crate) fn attempt() -> impl Strategy<Value = Attempt> {
    venture().prop_map(Attempt::Venture).boxed()
}

/// What a deed needs, one thing after the other.
fn advances(times: usize) -> impl Iterator<Item = Attempt> {
    let advance = Attempt::Advance {
        deed: 0,
        need: 0,
        by_agent: false,
    };
    std::iter::repeat_n(advance, times)
}

fn sound(attempt: Attempt) -> Step {
    Step {
        attempt,
        spoil: Spoil::Nothing,
    }
}

/// A group comes to be, and somebody deals with it.
fn union() -> impl Strategy<Value = Vec<Step>> {
    (0..4usize, any::<u8>(), any::<bool>(), bring(), bring()).prop_map(
        |(which, members, shares, one, other)| {
            let found = Venture::Found {
                which,
                members,
                shares,
                slip: 20,
            };
            let begins = [found, one].map(Attempt::Venture);
            let then = std::iter::once(Attempt::Venture(other)).chain(advances(5));
            let all = begins.into_iter().chain(advances(5)).chain(then);
            all.map(sound).collect()
        },
    )
}

/// Groups within groups, one more than there may be.
fn nest() -> impl Strategy<Value = Vec<Step>> {
    (any::<bool>(), bring()).prop_map(|(shares, bring)| {
        let found = |(which, members)| Venture::Found {
            which,
            members,
            shares,
            slip: 20,
        };
        // Two people; then the last group and one more.
        let groups = [
            (0, 0b11),
            (1, 0b0100_0100),
            (2, 0b0100_1000),
            (3, 0b0101_0000),
        ];
        let founded = groups.map(found).into_iter();
        let begins = founded.chain(std::iter::once(bring));
        let all = begins.map(Attempt::Venture).chain(advances(7));
        all.map(sound).collect()
    })
}

/// A group without shares gets something, and severs it.
fn severed() -> impl Strategy<Value = Vec<Step>> {
    (0..4usize, any::<u8>(), 0..4usize, form(), 0..24usize).prop_map(
        |(which, members, flat, form, slip)| {
            let found = Venture::Found {
                which,
                members,
                shares: false,
                slip: 20,
            };
            let bring = Venture::Bring {
                flat,
                to: which,
                part: false,
                form,
            };
            let begins = [found, bring].map(Attempt::Venture);
            let sever = Attempt::Venture(Venture::Sever { flat, slip });
            let all = begins.into_iter().chain(advances(8));
            let all = all.chain(std::iter::once(sever)).chain(advances(6));
            all.map(sound).collect()
        },
    )
}

/// The law changes while a deed waits.
fn reform() -> impl Strategy<Value = Vec<Step>> {
    (govern(), 0..4usize, 0..6usize, form(), 0..12u64).prop_map(
        |(change, flat, to, form, hours)| {
            let lodged = Attempt::LodgeWhole { flat, to, form };
            let begins = [Attempt::Venture(change), lodged];
            let wait = Attempt::Wait { hours: hours * 60 };
            let all = begins.into_iter().chain(advances(2));
            let all = all.chain(std::iter::once(wait)).chain(advances(4));
            all.map(sound).collect()
        },
    )
}

/// A share is offered, waived and sold by whoever may.
fn offered() -> impl Strategy<Value = Vec<Step>> {
    let entity = prop::bool::weighted(0.4);
    let parts = (0..4usize, 0..3usize, 0..4usize, any::<bool>());
    (parts, 0..6usize, entity, form()).prop_map(|((flat, who, price, terms), to, entity, form)| {
        // Now and then a legal entity or a group gets a part before.
        let bring = Venture::Bring {
            flat,
            to: 6 - who,
            part: true,
            form,
        };
        let before = std::iter::once(Attempt::Venture(bring)).chain(advances(5));
        let before = before.filter(move |_| entity);
        let offer = Venture::Offer {
            flat,
            who,
            price,
            terms,
            slip: 20,
        };
        let waive = |who| Venture::Waive {
            offer: 0,
            who,
            slip: 20,
        };
        let sell = Venture::Sell {
            offer: 0,
            to,
            slip: 20,
        };
        let begins = [offer, waive(to), waive(to + 1), sell].map(Attempt::Venture);
        let all = before.chain(begins).chain(advances(4));
        all.map(sound).collect()
    })
}

/// A recording whose term is short, and what becomes of it.
fn forgotten() -> impl Strategy<Value = Vec<Step>> {
    (0..4usize, any::<bool>(), 0..4usize, 0..24usize).prop_map(|(flat, held, back, slip)| {
        let law = Venture::Govern {
            law: 3,
            ahead: 1,
            slip: 20,
        };
        let lock = Step {
            attempt: Attempt::Lock { flat, who: None },
            spoil: Spoil::BriefFilm,
        };
        let hold = |held| {
            Attempt::Case(crate::cases::Case::Hold {
                back: 0,
                held,
                high: !held,
            })
        };
        let wait = Attempt::Wait { hours: 8_800 };
        let delete = |slip| Attempt::Venture(Venture::Delete { back: 0, slip });
        let mut all = vec![
            sound(Attempt::Venture(law)),
            sound(Attempt::Again { back }),
            lock,
        ];
        if held {
            all.push(sound(hold(true)));
        }
        all.extend([sound(delete(20)), sound(wait), sound(delete(slip))]);
        if held {
            all.push(sound(hold(false)));
            all.push(sound(delete(20)));
        }
        all
    })
}

/// A few steps with any of this.
pub(crate) fn turn() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![
        4 => union().boxed(),
        2 => severed().boxed(),
        1 => nest().boxed(),
        3 => reform().boxed(),
        3 => offered().boxed(),
        1 => forgotten().boxed(),
        1 => first_of_a_group().boxed(),
    ]
}

/// A group's property, and what the group does with it.
fn first_of_a_group() -> impl Strategy<Value = Vec<Step>> {
    let beside = prop::option::of(0..6usize);
    (0..4usize, beside, form(), 0..5usize).prop_map(|(group, beside, form, to)| {
        let enter = Venture::Enter {
            group,
            beside,
            slip: 20,
        };
        let sale = Attempt::Lodge {
            flat: 3,
            from: 0,
            to,
            share: 9,
            form,
            flaw: Flaw::Nothing,
        };
        let begins = [Attempt::Venture(enter), sale];
        let all = begins.into_iter().chain(advances(6));
        all.map(sound).collect()
    })
}

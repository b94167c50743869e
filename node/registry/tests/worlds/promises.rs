//! What must hold in every state of the play, and what must happen in some.

use deedbook_registry::{Key, StateRead as _, state};
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::property::Title;
use stateright::Property;

use crate::ledger::Breach;
use crate::play::{Moment, Play};
use crate::stage::{AIDA, CLARA, DEEDS, Deed, FLAT, HOUSE, QUARTERS, Step};
use crate::world::id;

pub(crate) fn of_the_race() -> Vec<Property<Play>> {
    let mut promises = always();
    promises.extend([
        Property::sometimes("the flat is sold by the agent", |_, moment: &Moment| {
            moment.ledger.sold.contains(&Deed::Flat)
        }),
        Property::sometimes("the house is sold by the agent", |_, moment: &Moment| {
            moment.ledger.sold.contains(&Deed::House)
        }),
        Property::sometimes(
            "the quarter is sold without a consent",
            |_, moment: &Moment| {
                moment.ledger.sold == [Deed::Quarter] && !moment.ledger.is_accepted(Step::Consent)
            },
        ),
        Property::sometimes(
            "both titles are sold in three deeds",
            |_, moment: &Moment| {
                moment.ledger.sold.len() == 3 && moment.ledger.sold.contains(&Deed::Rest)
            },
        ),
        Property::sometimes("a sale waits for its consent alone", |play, moment| {
            all_but_consent(play, moment, Deed::Flat)
        }),
        Property::sometimes("a sale loses the race", |play, moment: &Moment| {
            let lost = status(play, moment, Deed::Quarter) == Some(Status::Refused);
            moment.ledger.sold.contains(&Deed::Flat) && lost
        }),
    ]);
    promises
}

pub(crate) fn of_the_return() -> Vec<Property<Play>> {
    let mut promises = always();
    promises.extend([
        Property::always("a block of two is two blocks of one", cuts),
        Property::sometimes("the flat is sold and bought back", |_, moment: &Moment| {
            moment.ledger.sold == [Deed::Flat, Deed::Back]
        }),
        Property::sometimes(
            "its second sale waits for a second consent",
            |play, moment: &Moment| {
                let used = moment.ledger.is_accepted(Step::Consent)
                    && !moment.ledger.is_accepted(Step::RevokeConsent);
                used && all_but_consent(play, moment, Deed::Again)
            },
        ),
    ]);
    promises
}

fn kept(moment: &Moment, breach: Breach) -> bool {
    !moment.ledger.broken.contains(&breach)
}

fn always() -> Vec<Property<Play>> {
    vec![
        Property::always("no title is sold twice", |_, moment| {
            kept(moment, Breach::SoldTwice)
        }),
        Property::always("nothing is sold without its acts", |_, moment| {
            kept(moment, Breach::Unsigned)
        }),
        Property::always("nothing is sold without its consent", |_, moment| {
            kept(moment, Breach::Unconsented)
        }),
        Property::always("a consent serves once", |_, moment| {
            kept(moment, Breach::ConsentReused)
        }),
        Property::always("a power that has ended never acts", |_, moment| {
            kept(moment, Breach::NoPower)
        }),
        Property::always("nothing registers while something is open", |_, moment| {
            kept(moment, Breach::Open)
        }),
        Property::always("holders hold what was sold to them and no more", holdings),
        Property::always("no title changes without a registered sale", sources),
        Property::always("an instrument is registered if it is said to be", statuses),
        Property::always("what is complete does not wait", nothing_waits),
    ]
}

/// Whether a sale is signed and pending, with nothing but a consent to wait for.
fn all_but_consent(play: &Play, moment: &Moment, deed: Deed) -> bool {
    status(play, moment, deed) == Some(Status::Pending)
        && !moment.ledger.is_late()
        && moment.ledger.has_signed(deed)
        && moment.ledger.version_of(deed.property()) == deed.version()
}

fn title(play: &Play, moment: &Moment, property: &str) -> Title {
    let found = state::title(&play.register(moment), property).unwrap();
    found.expect("no title is ever deleted")
}

fn status(play: &Play, moment: &Moment, deed: Deed) -> Option<Status> {
    let found = state::instrument(&play.register(moment), &play.stage.deeds[&deed]).unwrap();
    found.map(|instrument| instrument.status)
}

/// Clara holds what was sold to her, and Aida the rest.
fn holdings(play: &Play, moment: &Moment) -> bool {
    let share = |quarters: usize| QUARTERS[quarters].parse().ok();
    [FLAT, HOUSE].into_iter().all(|property| {
        let title = title(play, moment, property);
        let sold = moment.ledger.quarters_sold(property);
        let sum = Fraction::sum(title.holdings.iter().map(|holding| holding.share));
        sold <= 4
            && sum == Some(Fraction::ONE)
            && title.share_of(&id(CLARA)) == share(sold)
            && title.share_of(&id(AIDA)) == share(4 - sold)
    })
}

fn sources(play: &Play, moment: &Moment) -> bool {
    [FLAT, HOUSE].into_iter().all(|property| {
        let title = title(play, moment, property);
        let last = moment.ledger.sales_of(property).last();
        let expected = last.map(|deed| play.stage.deeds[&deed]);
        title.version == moment.ledger.version_of(property)
            && expected.is_none_or(|source| source == title.source)
    })
}

fn statuses(play: &Play, moment: &Moment) -> bool {
    DEEDS.into_iter().all(|deed| {
        let registered = status(play, moment, deed) == Some(Status::Registered);
        registered == moment.ledger.sold.contains(&deed)
    })
}

fn nothing_waits(_: &Play, moment: &Moment) -> bool {
    !DEEDS.iter().any(|deed| moment.ledger.is_complete(*deed))
}

/// Answers, and what parties can see, do not depend on whether two records come in one block.
fn cuts(play: &Play, moment: &Moment) -> bool {
    play.left(moment).all(|one| {
        let Some((first, between)) = play.execute(moment, &[one]) else {
            return true;
        };
        play.left(&between).all(|two| {
            let apart = play.execute(&between, &[two]);
            let together = play.execute(moment, &[one, two]);
            match (apart, together) {
                (None, None) => true,
                (Some((second, apart)), Some((both, together))) => {
                    both == [first.clone(), second].concat()
                        && seen(play, &apart) == seen(play, &together)
                }
                _ => false,
            }
        })
    })
}

/// Titles, instruments, the power and the consent.
fn seen(play: &Play, moment: &Moment) -> Vec<Option<Vec<u8>>> {
    let register = play.register(moment);
    let stage = &play.stage;
    let mut keys = vec![
        Key::Title(FLAT),
        Key::Title(HOUSE),
        Key::Power(&stage.power),
        Key::Consent(&stage.consent),
    ];
    keys.extend(stage.deeds.values().map(Key::Instrument));
    let values = keys.iter().map(|key| register.get(&key.bytes()).unwrap());
    values.collect()
}

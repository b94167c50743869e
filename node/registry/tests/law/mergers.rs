//! Rules 8, 48: what merges keeps its holders, its burdens and its area, and the versions of every title
//! meet end to begin.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::Right;
use deedbook_schemas::instrument::ActKind;
use deedbook_schemas::parcel::{Consolidation, OldUnit};
use deedbook_schemas::property::{Ground, Title};

use crate::parcels::{
    ALL, EAST, NEW, PLOT, WEST, caveat, held, mortgage, neighbours, sorted, world,
};
use crate::world::{BEFORE, DAY, LONG_AGO, SINCE, World, id, money};

#[test]
fn neighbouring_plots_become_one() {
    let mut world = neighbours();
    world.burden(EAST, 1, mortgage(1));
    world.burden(WEST, 2, caveat("Clara", Seconds(world.now().0 + 100 * DAY)));
    let deed = world.lodge_consolidation(NEW, &[EAST, WEST], 100_500);
    let act = world.sells("Aida", &deed);
    let outcomes = world.accept(&act);
    assert_eq!(outcomes[0].title_version, Some(1));
    let title = world.title(NEW);
    assert_eq!(
        title.holdings,
        [held("Aida", "1/1", LONG_AGO, Ground::Purchase)]
    );
    assert_eq!(title.parents, [EAST, WEST]);
    assert_eq!(title.unit.area_dm2, 100_500);
    let burdens: Vec<_> = title.encumbrances.iter().map(|e| e.id).collect();
    assert_eq!(burdens, [RecordId([1; 32]), RecordId([2; 32])]);
    for old in [EAST, WEST] {
        let old = world.title(old);
        assert!(old.cancelled && old.slot.is_none() && old.version == 2);
    }
    world.pass(101 * DAY);
    world.block(&[]);
    assert_eq!(world.title(NEW).encumbrances.len(), 1);
}

/// A way to spoil a consolidation of the neighbouring plots, and its codes.
type Merge = (
    &'static str,
    fn(&mut World),
    fn(&mut Consolidation),
    &'static [&'static str],
);

const BAD_MERGES: &[Merge] = &[
    (
        "of one",
        |_| {},
        |c| {
            c.from.truncate(1);
            c.unit.area_dm2 = 40_000;
        },
        &["parcel.count"],
    ),
    (
        "more land than there was",
        |_| {},
        |c| c.unit.area_dm2 = 101_001,
        &["parcel.area_not_conserved"],
    ),
    (
        "of an area that nobody knows",
        |_| {},
        |c| c.unit.area_dm2 = 0,
        &["parcel.area_not_conserved"],
    ),
    (
        "both are mortgaged",
        |w| {
            w.burden(EAST, 1, mortgage(1));
            w.burden(WEST, 2, mortgage(1));
        },
        |_| {},
        &["parcel.mortgages"],
    ),
    (
        "one mortgage that has since passed to another lender on one of them",
        |w| {
            w.burden(EAST, 1, mortgage(1));
            let other = Right::Mortgage {
                mortgagee: id("Clara"),
                amount: money(1_000_000),
                rank: 1,
            };
            w.burden(WEST, 1, other);
        },
        |_| {},
        &["parcel.mortgages"],
    ),
    (
        "more caveats than one title has room for",
        |w| {
            let until = Seconds(w.now().0 + DAY);
            for n in 0..5 {
                w.burden(EAST, 10 + n, caveat("Clara", until));
                w.burden(WEST, 20 + n, caveat("Clara", until));
            }
        },
        |_| {},
        &["encumbrance.too_many"],
    ),
    (
        "somebody else's",
        |w| {
            let gift = w.gift(WEST, "Aida", "Clara");
            w.all_act(&gift, &["Aida"], &["Clara"]);
        },
        |c| c.from[1].title_version = 2,
        &["title.not_holder", "parcel.holders"],
    ),
    (
        "with other shares",
        |w| {
            for (property, share) in [(EAST, "1/2"), (WEST, "1/3")] {
                let gift = w.lodge_gift(property, &[("Aida", share)], &[("Bolat", share)]);
                w.all_act(&gift, &["Aida"], &["Bolat"]);
            }
        },
        |c| {
            c.holders = sorted(&["Aida", "Bolat"]);
            c.from.iter_mut().for_each(|from| from.title_version = 2);
        },
        &["parcel.holders"],
    ),
    (
        "as it was",
        |_| {},
        |c| c.from[0].title_version = 0,
        &["title.version_changed"],
    ),
];

#[test]
fn a_merger_that_conserves_less_is_refused() {
    for (what, story, spoil, codes) in BAD_MERGES {
        println!("{what}");
        let mut world = neighbours();
        let mut body = world.consolidation_body(&[EAST, WEST], 100_000);
        story(&mut world);
        spoil(&mut body);
        let record = world.consolidation(NEW, body);
        world.refuse(&record, codes);
    }
}

#[test]
fn a_merger_with_twice_the_same_or_too_many_is_turned_away() {
    let mut world = neighbours();
    let mut body = world.consolidation_body(&[EAST, EAST], 80_000);
    let record = world.consolidation(NEW, body.clone());
    world.turn_away(&record, &["record.field_invalid"]);
    body.from = (0..17)
        .map(|n| OldUnit {
            property: format!("20-{n:02}"),
            title_version: 1,
        })
        .collect();
    let record = world.consolidation(NEW, body);
    world.turn_away(&record, &["record.field_invalid"]);
}

#[test]
fn what_was_split_and_merges_again_has_each_burden_once() {
    let mut world = world();
    world.burden(PLOT, 1, mortgage(1));
    let deed = world.lodge_subdivision(PLOT, &[(EAST, 40_000), (WEST, 60_000)]);
    world.all_act(&deed, &["Aida", "Bolat"], &[]);
    let tomorrow = Seconds(world.now().0 + DAY);
    let merge = world.lodge_consolidation(NEW, &[EAST, WEST], 100_000);
    world.all_act(&merge, &["Aida"], &[]);
    // What is not the holders' does not outdate the text.
    world.burden(EAST, 2, caveat("Dana", tomorrow));
    world.burden(WEST, 2, caveat("Dana", tomorrow));
    for burden in [3, 4] {
        let number = if burden == 3 { EAST } else { WEST };
        world.burden(number, burden, caveat("Clara", tomorrow));
    }
    world.all_act(&merge, &["Bolat"], &[]);
    let title = world.title(NEW);
    let expected = [
        held("Aida", "1/2", LONG_AGO, Ground::Purchase),
        held("Bolat", "1/2", SINCE, Ground::Gift),
    ];
    assert_eq!(title.holdings, expected);
    assert_eq!(title.encumbrances.len(), 4);
}

#[test]
fn every_acquisition_stays_what_it_was() {
    let mut world = World::new();
    world.enrol(&["Aida", "Arman", "Bolat"]);
    world.unmarried(&["Bolat"], BEFORE);
    world.marry("Aida", "Arman", BEFORE);
    let bought = held("Aida", "1/1", LONG_AGO, Ground::Purchase);
    let given = held("Aida", "1/1", SINCE, Ground::Gift);
    world.plot(EAST, 40_000, vec![bought]);
    world.plot(WEST, 60_000, vec![given]);
    let deed = world.lodge_consolidation(NEW, &[EAST, WEST], 100_000);
    world.all_act(&deed, &["Aida"], &[]);
    assert_eq!(
        world.open(&deed),
        ["consent.missing"],
        "for the eastern plot"
    );
    let mut body = world.consent_body("Aida");
    body.act = ActKind::Reparcel;
    body.price_floor = None;
    let record = world.consent("Arman", EAST, body);
    world.accept(&record);
    let expected = [
        held("Aida", "1/2", LONG_AGO, Ground::Purchase),
        held("Aida", "1/2", SINCE, Ground::Gift),
    ];
    assert_eq!(world.title(NEW).holdings, expected);
    let sale = world.lodge_sale(NEW, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    world.all_act(&sale, &["Aida"], &["Bolat"]);
    assert_eq!(
        world.open(&sale),
        ["consent.missing"],
        "it is still joint in part"
    );
}

#[test]
fn a_burden_that_comes_after_lodging_can_be_one_too_many() {
    let mut world = neighbours();
    let until = Seconds(world.now().0 + 2 * DAY);
    for n in 0..4 {
        world.burden(EAST, 10 + n, caveat("Clara", until));
        world.burden(WEST, 20 + n, caveat("Clara", until));
    }
    let deed = world.lodge_consolidation(NEW, &[EAST, WEST], 100_000);
    world.burden(WEST, 30, caveat("Dana", until));
    world.all_act(&deed, &["Aida"], &[]);
    assert_eq!(world.open(&deed), ["encumbrance.too_many"]);
    world.time_ms = until.0 * 1000;
    assert_eq!(
        world.open(&deed),
        Vec::<&str>::new(),
        "lapsed, swept or not"
    );
}

#[test]
fn shares_that_cannot_be_divided_any_more_are_not_merged() {
    let mut world = World::of_singles(&ALL);
    let almost = "9223372036854775806/9223372036854775807";
    let rest = "1/9223372036854775807";
    for property in [EAST, WEST] {
        let holdings = vec![
            held("Aida", almost, LONG_AGO, Ground::Gift),
            held("Bolat", rest, LONG_AGO, Ground::Gift),
        ];
        world.plot(property, 10, holdings);
    }
    let body = world.consolidation_body(&[EAST, WEST], 20);
    let record = world.consolidation(NEW, body);
    world.refuse(&record, &["transfer.unbalanced"]);
}

#[test]
fn a_merged_title_has_as_many_holdings_as_any_title_and_no_more() {
    // Aida acquired each property in so many parts, each on a day of its own.
    for (parts, codes) in [(16u64, &[][..]), (17, &["transfer.too_many_holdings"][..])] {
        let mut world = World::of_singles(&ALL);
        for (property, first) in [(EAST, 0u64), (WEST, 100)] {
            let share = format!("1/{parts}");
            let part = |n: u64| {
                let acquired = Seconds(LONG_AGO.0 + (first + n) * DAY);
                held("Aida", &share, acquired, Ground::Gift)
            };
            world.plot(property, 10, (0..parts).map(part).collect());
        }
        let body = world.consolidation_body(&[EAST, WEST], 20);
        let record = world.consolidation(NEW, body);
        if codes.is_empty() {
            world.accept(&record);
        } else {
            world.refuse(&record, codes);
        }
    }
}

#[test]
fn versions_of_every_title_meet_end_to_begin() {
    let mut world = neighbours();
    let numbers = [EAST, WEST, NEW, "20-1", "20-2", "20-3", "20-4"];
    let steps: &[fn(&mut World) -> Vec<RecordId>] = &[
        |w| vec![w.lodge_gift(EAST, &[("Aida", "1/2")], &[("Bolat", "1/2")])],
        |w| vec![w.lodge_gift(WEST, &[("Aida", "1/2")], &[("Bolat", "1/2")])],
        |w| vec![w.lodge_consolidation(NEW, &[EAST, WEST], 100_000)],
        |w| vec![w.lodge_subdivision(NEW, &[("20-1", 50_000), ("20-2", 50_000)])],
        |w| vec![w.lodge_exchange(("20-1", "Aida", "1/2"), ("20-2", "Bolat", "1/2"), |_| {})],
        |w| vec![w.lodge_subdivision("20-2", &[("20-3", 20_000), ("20-4", 30_000)])],
    ];
    for step in steps {
        for deed in step(&mut world) {
            for act in [
                world.sells("Aida", &deed),
                world.sells("Bolat", &deed),
                world.buys("Aida", &deed),
                world.buys("Bolat", &deed),
            ] {
                let find =
                    |w: &World, n: &str| deedbook_registry::state::title(&w.state, n).unwrap();
                let before: Vec<Option<Title>> = numbers.iter().map(|n| find(&world, n)).collect();
                // Not everybody is a party to everything.
                let _ = world.submit(&act);
                for (number, before) in numbers.iter().zip(before) {
                    assert_meets(
                        before.as_ref(),
                        find(&world, number).as_ref(),
                        world.time_ms,
                    );
                }
            }
            assert!(world.is_registered(&deed));
        }
    }
    let cancelled = numbers.map(|number| world.title(number).cancelled);
    assert_eq!(cancelled, [true, true, true, false, true, false, false]);
}

/// A title is as it was, or its next version begins now, or it begins now.
pub(crate) fn assert_meets(before: Option<&Title>, after: Option<&Title>, time_ms: u64) {
    match (before, after) {
        (None, None) => {}
        (None, Some(after)) => {
            assert_eq!(
                (after.version, after.begin_lifespan_version.0),
                (1, time_ms)
            );
        }
        (Some(before), Some(after)) if after.version == before.version => {
            assert_eq!(after.holdings, before.holdings);
            assert_eq!(after.begin_lifespan_version, before.begin_lifespan_version);
            assert_eq!(after.cancelled, before.cancelled);
        }
        (Some(before), Some(after)) => {
            assert!(!before.cancelled, "what is cancelled stays as it is");
            assert_eq!(after.version, before.version + 1);
            assert_eq!(after.begin_lifespan_version.0, time_ms);
        }
        (Some(_), None) => panic!("no title is ever deleted"),
    }
}

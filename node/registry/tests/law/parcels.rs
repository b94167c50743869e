//! Rules 7, 8, 48: what is split or merged keeps its holders, its encumbrances and its area, and no
//! number stands for two things.

use deedbook_registry::{Key, next_deadline};
use deedbook_schemas::block::{BlockTime, Seconds};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::encode;
use deedbook_schemas::encumbrance::{Encumbrance, Interest, Right, ServitudeKind};
use deedbook_schemas::instrument::{ActKind, Status};
use deedbook_schemas::parcel::{Consolidation, NewUnit, OldUnit, Subdivision};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::property::{FirstRegistration, Ground, Holding, LandUse, SpatialUnit, Title};
use deedbook_schemas::record::Body;

use crate::world::{BEFORE, DAY, LONG_AGO, REGISTRAR, SINCE, World, id, money, record_id};

const PLOT: &str = "20-313-024-118";
const EAST: &str = "20-313-024-201";
const WEST: &str = "20-313-024-202";
const NEW: &str = "20-313-024-300";
const ALL: [&str; 4] = ["Aida", "Bolat", "Clara", "Dana"];

fn unit(area_dm2: u64) -> SpatialUnit {
    SpatialUnit {
        land_use: LandUse::Land,
        area_dm2,
        address: "12 Abay Avenue".to_owned(),
    }
}

fn sorted(names: &[&str]) -> Vec<PartyId> {
    let mut parties: Vec<PartyId> = names.iter().map(|name| id(name)).collect();
    parties.sort();
    parties
}

impl World {
    pub(crate) fn plot(&mut self, property: &str, area_dm2: u64, holdings: Vec<Holding>) {
        let body = FirstRegistration {
            unit: unit(area_dm2),
            holdings,
        };
        let record = self.plain(REGISTRAR, property, Body::FirstRegistration(body));
        self.accept(&record);
    }

    /// Puts a burden on a title as if it had been registered there.
    pub(crate) fn burden(&mut self, property: &str, number: u8, right: Right) -> RecordId {
        let encumbrance = Encumbrance {
            id: RecordId([number; 32]),
            registered: BlockTime(1_000 * u64::from(number)),
            right,
        };
        let mut title = self.title(property);
        title.encumbrances.push(encumbrance);
        let key = Key::Title(property).bytes();
        self.state.values.insert(key, encode(&title));
        RecordId([number; 32])
    }

    pub(crate) fn subdivision_body(&self, property: &str, into: &[(&str, u64)]) -> Subdivision {
        let title = self.title(property);
        let mut holders: Vec<PartyId> = title.holdings.iter().map(|h| h.party).collect();
        holders.sort();
        holders.dedup();
        Subdivision {
            title_version: title.version,
            holders,
            into: into
                .iter()
                .map(|(property, area)| NewUnit {
                    property: (*property).to_owned(),
                    unit: unit(*area),
                })
                .collect(),
        }
    }

    fn subdivision(&mut self, property: &str, body: Subdivision) -> Vec<u8> {
        self.plain(REGISTRAR, property, Body::Subdivision(body))
    }

    /// Lodges a subdivision that is accepted.
    pub(crate) fn lodge_subdivision(&mut self, property: &str, into: &[(&str, u64)]) -> RecordId {
        let body = self.subdivision_body(property, into);
        let record = self.subdivision(property, body);
        self.accept(&record);
        record_id(&record)
    }

    fn consolidation_body(&self, from: &[&str], area_dm2: u64) -> Consolidation {
        let holders = self.subdivision_body(from[0], &[]).holders;
        Consolidation {
            from: from
                .iter()
                .map(|property| OldUnit {
                    property: (*property).to_owned(),
                    title_version: self.title(property).version,
                })
                .collect(),
            holders,
            unit: unit(area_dm2),
        }
    }

    fn consolidation(&mut self, property: &str, body: Consolidation) -> Vec<u8> {
        self.plain(REGISTRAR, property, Body::Consolidation(body))
    }

    pub(crate) fn lodge_consolidation(
        &mut self,
        property: &str,
        from: &[&str],
        area: u64,
    ) -> RecordId {
        let body = self.consolidation_body(from, area);
        let record = self.consolidation(property, body);
        self.accept(&record);
        record_id(&record)
    }
}

fn held(name: &str, share: &str, acquired: Seconds, ground: Ground) -> Holding {
    Holding {
        party: id(name),
        share: share.parse().unwrap(),
        acquired,
        ground,
    }
}

/// Aida and Bolat hold the plot of 1,000 m² by halves.
fn world() -> World {
    let mut world = World::of_singles(&ALL);
    let halves = vec![
        held("Aida", "1/2", LONG_AGO, Ground::Purchase),
        held("Bolat", "1/2", SINCE, Ground::Gift),
    ];
    world.plot(PLOT, 100_000, halves);
    world
}

/// Aida holds the eastern and the western plot alone, of 400 and 600 m².
fn neighbours() -> World {
    let mut world = World::of_singles(&ALL);
    let alone = vec![held("Aida", "1/1", LONG_AGO, Ground::Purchase)];
    world.plot(EAST, 40_000, alone.clone());
    world.plot(WEST, 60_000, alone);
    world
}

fn mortgage(rank: u16) -> Right {
    Right::Mortgage {
        mortgagee: id("Dana"),
        amount: money(1_000_000),
        rank,
    }
}

fn caveat(claimant: &str, until: Seconds) -> Right {
    Right::Caveat {
        claimant: id(claimant),
        interest: Interest::Debt,
        until,
    }
}

#[test]
fn a_plot_becomes_two_with_the_same_holders_and_burdens() {
    let mut world = world();
    world.burden(PLOT, 1, mortgage(1));
    world.burden(PLOT, 2, mortgage(2));
    let way = Right::Servitude {
        beneficiary: id("Clara"),
        kind: ServitudeKind::Way,
        until: None,
    };
    world.burden(PLOT, 3, way);
    let lapses = Seconds(world.now().0 + 100 * DAY);
    let lapsed = Seconds(world.now().0 - 1);
    world.burden(PLOT, 4, caveat("Clara", lapses));
    world.burden(PLOT, 5, caveat("Dana", lapsed));
    let before = world.title(PLOT);
    let deed = world.lodge_subdivision(PLOT, &[(EAST, 40_000), (WEST, 60_000)]);
    assert_eq!(world.open(&deed), ["act.disponor", "act.disponor"]);
    world.all_act(&deed, &["Aida", "Bolat"], &[]);
    assert!(world.is_registered(&deed));
    for (property, area) in [(EAST, 40_000), (WEST, 60_000)] {
        let title = world.title(property);
        assert_eq!(title.holdings, before.holdings);
        assert_eq!(title.encumbrances, before.encumbrances[..4], "all in force");
        assert_eq!(title.unit.area_dm2, area);
        assert_eq!(title.parents, [PLOT]);
        assert_eq!((title.version, title.slot, title.source), (1, None, deed));
    }
    let old = world.title(PLOT);
    assert!(old.cancelled);
    assert_eq!(
        (old.version, old.slot, old.encumbrances.len()),
        (2, None, 0)
    );
    assert_eq!(
        old.begin_lifespan_version,
        world.title(EAST).begin_lifespan_version,
        "the new ones begin where the old one ends"
    );
    world.pass(101 * DAY);
    world.block(&[]);
    assert_eq!(
        world.title(EAST).encumbrances.len(),
        3,
        "what lapses lapses there"
    );
    assert_eq!(world.title(WEST).encumbrances.len(), 3);
    assert_eq!(next_deadline(&world.state).unwrap(), None);
}

/// A way to spoil a subdivision of the plot of 1,000 m² into 400 and 600, and its codes.
type Split = (&'static str, fn(&mut Subdivision), &'static [&'static str]);

const BAD_SPLITS: &[Split] = &[
    (
        "into one",
        |s| s.into.truncate(1),
        &["parcel.area_not_conserved", "parcel.count"],
    ),
    (
        "into none",
        |s| s.into.clear(),
        &["parcel.area_not_conserved", "parcel.count"],
    ),
    (
        "into too many",
        |s| {
            s.into = (0..16)
                .map(|n| NewUnit {
                    property: format!("20-313-025-{n:03}"),
                    unit: unit(6_250),
                })
                .collect();
        },
        &["parcel.count"],
    ),
    (
        "one number twice",
        |s| s.into[1].property = EAST.to_owned(),
        &["parcel.number_used"],
    ),
    (
        "its own number",
        |s| s.into[0].property = PLOT.to_owned(),
        &["parcel.number_used"],
    ),
    (
        "more land than there was",
        |s| s.into[0].unit.area_dm2 = 41_001,
        &["parcel.area_not_conserved"],
    ),
    (
        "less land than there was",
        |s| s.into[0].unit.area_dm2 = 38_999,
        &["parcel.area_not_conserved"],
    ),
    (
        "an area that overflows",
        |s| {
            s.into[0].unit.area_dm2 = u64::MAX;
            s.into[1].unit.area_dm2 = u64::MAX;
        },
        &["parcel.area_not_conserved"],
    ),
    (
        "a part of which nobody knows the area",
        |s| {
            s.into[0].unit.area_dm2 = 0;
            s.into[1].unit.area_dm2 = 100_000;
        },
        &["parcel.area_not_conserved"],
    ),
    (
        "a holder is left out",
        |s| s.holders.truncate(1),
        &["parcel.holders"],
    ),
    (
        "a stranger among the holders",
        |s| s.holders = sorted(&["Aida", "Bolat", "Clara"]),
        &["title.not_holder", "parcel.holders"],
    ),
    (
        "another version of the title",
        |s| s.title_version = 2,
        &["title.version_changed"],
    ),
];

#[test]
fn a_split_that_conserves_less_is_refused() {
    for (what, spoil, codes) in BAD_SPLITS {
        println!("{what}");
        let mut world = world();
        let mut body = world.subdivision_body(PLOT, &[(EAST, 40_000), (WEST, 60_000)]);
        spoil(&mut body);
        let record = world.subdivision(PLOT, body);
        world.refuse(&record, codes);
    }
    let mut world = world();
    for (east, west) in [(41_000, 60_000), (39_000, 60_000)] {
        world.lodge_subdivision(PLOT, &[(EAST, east), (WEST, west)]);
    }
    let body = world.subdivision_body(PLOT, &[(EAST, 1), (WEST, 1)]);
    let unknown = world.subdivision("20-000-000-1", body);
    world.refuse(&unknown, &["title.unknown"]);
}

#[test]
fn what_a_registrar_may_not_lodge_is_turned_away() {
    let mut world = world();
    let sound = world.subdivision_body(PLOT, &[(EAST, 40_000), (WEST, 60_000)]);
    let by_holder = world.plain("Aida", PLOT, Body::Subdivision(sound.clone()));
    world.turn_away(&by_holder, &["authority.not_accredited"]);
    let mut spoil = |change: fn(&mut Subdivision)| {
        let mut body = sound.clone();
        change(&mut body);
        world.subdivision(PLOT, body)
    };
    let out_of_order = spoil(|s| s.into.reverse());
    let holders = spoil(|s| s.holders.reverse());
    let bomb = spoil(|s| s.into = vec![s.into[0].clone(); 17]);
    let crowd = spoil(|s| s.holders = (0..33).map(|n| PartyId([n; 16])).collect());
    let personal = spoil(|s| s.into[1].property = "850101300123".to_owned());
    let spaced = spoil(|s| s.into[0].property = "20 313".to_owned());
    let face = spoil(|s| s.into[0].unit.address = "face_template: 1f".to_owned());
    for record in [out_of_order, holders, bomb, crowd] {
        world.turn_away(&record, &["record.field_invalid"]);
    }
    world.turn_away(&personal, &["record.personal_data"]);
    world.turn_away(&spaced, &["record.field_invalid"]);
    world.turn_away(&face, &["record.personal_data"]);
}

#[test]
fn a_cancelled_number_stands_for_nothing_ever_again() {
    let mut world = world();
    let deed = world.lodge_subdivision(PLOT, &[(EAST, 40_000), (WEST, 60_000)]);
    world.all_act(&deed, &["Aida", "Bolat"], &[]);
    let sale = world.sale(PLOT, &[("Aida", "1/2")], &[("Bolat", "1/2")]);
    world.refuse(&sale, &["title.cancelled"]);
    let again = world.registration(PLOT, &[("Clara", "1/1", Ground::Purchase)]);
    world.refuse(&again, &["title.exists"]);
    let duplicate = world.registration(EAST, &[("Clara", "1/1", Ground::Purchase)]);
    world.refuse(&duplicate, &["title.exists"]);
    let body = world.subdivision_body(PLOT, &[("20-1", 40_000), ("20-2", 60_000)]);
    let split = world.subdivision(PLOT, body);
    world.refuse(&split, &["title.cancelled"]);
    let offer = world.offer("Aida", PLOT, crate::preemption::offer_of("1/2", 1));
    world.refuse(&offer, &["title.cancelled"]);
    // Back to its parent's number: a cycle of parents.
    let body = world.consolidation_body(&[EAST, WEST], 100_000);
    let cycle = world.consolidation(PLOT, body.clone());
    world.refuse(&cycle, &["parcel.number_used"]);
    let into_itself = world.consolidation(EAST, body);
    world.refuse(&into_itself, &["parcel.number_used"]);
    let body = world.subdivision_body(EAST, &[("20-3", 20_000), (PLOT, 20_000)]);
    let cycle = world.subdivision(EAST, body);
    world.refuse(&cycle, &["parcel.number_used"]);
}

#[test]
fn of_two_splits_into_one_number_the_second_finds_it_used() {
    let mut world = neighbours();
    let one = world.lodge_subdivision(EAST, &[("20-1", 20_000), ("20-2", 20_000)]);
    let two = world.lodge_subdivision(WEST, &[("20-2", 30_000), ("20-3", 30_000)]);
    let acts = [world.sells("Aida", &one), world.sells("Aida", &two)];
    for answer in world.block(&acts) {
        assert_eq!(answer.unwrap().refusal, None);
    }
    assert!(world.is_registered(&one));
    assert_eq!(world.open(&two), ["parcel.number_used"]);
    assert!(!world.title(WEST).cancelled);
    let registered = world.registration("20-3", &[("Clara", "1/1", Ground::Purchase)]);
    world.accept(&registered);
    assert_eq!(world.holders("20-2", &ALL).len(), 1);
    world.pass(31 * DAY);
    world.block(&[]);
    assert_eq!(world.instrument(&two).status, Status::Expired);
}

#[test]
fn a_plot_of_unknown_area_has_nothing_to_conserve() {
    let mut world = World::of_singles(&ALL);
    world.plot(PLOT, 0, vec![held("Aida", "1/1", LONG_AGO, Ground::Gift)]);
    let deed = world.lodge_subdivision(PLOT, &[(EAST, 40_000), (WEST, 0)]);
    world.all_act(&deed, &["Aida"], &[]);
    assert!(world.is_registered(&deed));
}

#[test]
fn areas_at_the_edge_of_their_numbers_do_not_overflow() {
    let mut world = World::of_singles(&ALL);
    world.plot(
        PLOT,
        u64::MAX,
        vec![held("Aida", "1/1", LONG_AGO, Ground::Gift)],
    );
    let into: Vec<(String, u64)> = (0..15).map(|n| (format!("20-{n:02}"), u64::MAX)).collect();
    let into: Vec<(&str, u64)> = into
        .iter()
        .map(|(number, area)| (number.as_str(), *area))
        .collect();
    let body = world.subdivision_body(PLOT, &into);
    let record = world.subdivision(PLOT, body);
    world.refuse(&record, &["parcel.area_not_conserved"]);
    world.lodge_subdivision(PLOT, &[("20-1", u64::MAX - 1), ("20-2", 1)]);
}

#[test]
fn another_profile_has_another_tolerance() {
    let profile = Profile {
        area_tolerance_permille: 0,
        ..Profile::kazakhstan()
    };
    let mut world = World::with_profile(profile);
    world.enrol(&["Aida"]);
    world.plot(
        PLOT,
        1_000,
        vec![held("Aida", "1/1", LONG_AGO, Ground::Gift)],
    );
    let body = world.subdivision_body(PLOT, &[(EAST, 400), (WEST, 601)]);
    let record = world.subdivision(PLOT, body);
    world.refuse(&record, &["parcel.area_not_conserved"]);
    world.lodge_subdivision(PLOT, &[(EAST, 400), (WEST, 600)]);
}

#[test]
fn a_spouse_consents_to_the_split_of_what_is_joint() {
    let mut world = World::new();
    world.enrol(&["Aida", "Arman"]);
    world.marry("Aida", "Arman", BEFORE);
    world.plot(
        PLOT,
        100_000,
        vec![held("Aida", "1/1", LONG_AGO, Ground::Purchase)],
    );
    let deed = world.lodge_subdivision(PLOT, &[(EAST, 40_000), (WEST, 60_000)]);
    world.all_act(&deed, &["Aida"], &[]);
    assert_eq!(world.open(&deed), ["consent.missing"]);
    let mut body = world.consent_body("Aida");
    body.act = ActKind::Reparcel;
    body.price_floor = None;
    let record = world.consent("Arman", PLOT, body);
    world.accept(&record);
    assert!(world.is_registered(&deed));
    let consent = deedbook_registry::state::consent(&world.state, &record_id(&record));
    assert_eq!(consent.unwrap().unwrap().used_by, Some(deed));
    assert_eq!(world.title(EAST).consents, []);
}

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
    let lock = |opens| Right::SelfLock {
        holder: id("Aida"),
        opens,
    };
    let deed = world.lodge_subdivision(PLOT, &[(EAST, 40_000), (WEST, 60_000)]);
    world.all_act(&deed, &["Aida", "Bolat"], &[]);
    let tomorrow = Seconds(world.now().0 + DAY);
    let merge = world.lodge_consolidation(NEW, &[EAST, WEST], 100_000);
    world.all_act(&merge, &["Aida"], &[]);
    // What is not the holders' does not outdate the text.
    world.burden(EAST, 2, lock(Some(tomorrow)));
    world.burden(WEST, 2, lock(None));
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
    assert_eq!(title.encumbrances[1].right, lock(None), "the stricter one");
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

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
use deedbook_schemas::property::{FirstRegistration, Ground, Holding, LandUse, SpatialUnit};
use deedbook_schemas::record::Body;

use crate::world::{BEFORE, DAY, LONG_AGO, REGISTRAR, SINCE, World, id, money, record_id};

pub(crate) const PLOT: &str = "20-313-024-118";
pub(crate) const EAST: &str = "20-313-024-201";
pub(crate) const WEST: &str = "20-313-024-202";
pub(crate) const NEW: &str = "20-313-024-300";
pub(crate) const ALL: [&str; 4] = ["Aida", "Bolat", "Clara", "Dana"];

fn unit(area_dm2: u64) -> SpatialUnit {
    SpatialUnit {
        land_use: LandUse::Land,
        area_dm2,
        address: "12 Abay Avenue".to_owned(),
    }
}

pub(crate) fn sorted(names: &[&str]) -> Vec<PartyId> {
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

    pub(crate) fn consolidation_body(&self, from: &[&str], area_dm2: u64) -> Consolidation {
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

    pub(crate) fn consolidation(&mut self, property: &str, body: Consolidation) -> Vec<u8> {
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

pub(crate) fn held(name: &str, share: &str, acquired: Seconds, ground: Ground) -> Holding {
    Holding {
        party: id(name),
        share: share.parse().unwrap(),
        acquired,
        ground,
    }
}

/// Aida and Bolat hold the plot of 1,000 m² by halves.
pub(crate) fn world() -> World {
    let mut world = World::of_singles(&ALL);
    let halves = vec![
        held("Aida", "1/2", LONG_AGO, Ground::Purchase),
        held("Bolat", "1/2", SINCE, Ground::Gift),
    ];
    world.plot(PLOT, 100_000, halves);
    world
}

/// Aida holds the eastern and the western plot alone, of 400 and 600 m².
pub(crate) fn neighbours() -> World {
    let mut world = World::of_singles(&ALL);
    let alone = vec![held("Aida", "1/1", LONG_AGO, Ground::Purchase)];
    world.plot(EAST, 40_000, alone.clone());
    world.plot(WEST, 60_000, alone);
    world
}

pub(crate) fn mortgage(rank: u16) -> Right {
    Right::Mortgage {
        mortgagee: id("Dana"),
        amount: money(1_000_000),
        rank,
    }
}

pub(crate) fn caveat(claimant: &str, until: Seconds) -> Right {
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
    let off = 100 * u64::from(world.profile().area_tolerance_permille);
    for (east, west) in [(40_000 + off, 60_000), (40_000 - off, 60_000)] {
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
    world.outlast_periods();
    world.block(&[]);
    assert_eq!(world.instrument(&two).status, Status::Expired);
}

#[test]
fn what_an_address_says_gives_nobody_anything() {
    let mut world = world();
    let mut body = world.subdivision_body(PLOT, &[(EAST, 40_000), (WEST, 60_000)]);
    body.into[0].unit.address =
        "The eastern part, which is Clara's and free of mortgages".to_owned();
    world.burden(PLOT, 1, mortgage(1));
    let record = world.subdivision(PLOT, body);
    world.accept(&record);
    world.all_act(&record_id(&record), &["Aida", "Bolat"], &[]);
    let (east, west) = (world.title(EAST), world.title(WEST));
    assert_eq!(
        (east.holdings, east.encumbrances),
        (west.holdings, west.encumbrances)
    );
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

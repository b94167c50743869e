//! Rule 22: what the dead held passes to certified heirs, and to nobody else.

use deedbook_registry::{Key, state};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::MortgageTerms;
use deedbook_schemas::instrument::{ActKind, CounterLeg, PartyShare, Status};
use deedbook_schemas::instrument::{Transfer, TransferKind};
use deedbook_schemas::party::CivilStatus;
use deedbook_schemas::proceeding::{Succession, SuccessionCertificate};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::Settlement;

use crate::powers::{FLAT, OTHER};
use crate::world::{BEFORE, LONG_AGO, NOTARY, World, id, money, record_id, shares};

const PEOPLE: &[&str] = &["Aida", "Bolat", "Clara", "Daniyar", "Nurlan"];
const HEIRS: &[(&str, &str)] = &[("Bolat", "1/3"), ("Clara", "1/6")];

pub(crate) fn sorted(list: &[(&str, &str)]) -> Vec<PartyShare> {
    let mut heirs = shares(list);
    heirs.sort_by_key(|heir| heir.party);
    heirs
}

impl World {
    pub(crate) fn succession_certificate(
        &mut self,
        notary: &str,
        deceased: &str,
        property: &str,
        heirs: Vec<PartyShare>,
    ) -> Vec<u8> {
        let body = SuccessionCertificate {
            property: property.to_owned(),
            heirs,
        };
        let subject = id(deceased).to_string();
        self.plain(notary, &subject, Body::SuccessionCertificate(body))
    }

    /// Certifies what Aida held in the flat to these heirs.
    fn succeeds(&mut self, heirs: &[(&str, &str)]) -> RecordId {
        let record = self.succession_certificate(NOTARY, "Aida", FLAT, sorted(heirs));
        let outcomes = self.accept(&record);
        assert_eq!(
            (outcomes[0].record, outcomes[0].status),
            (record_id(&record), Status::Registered)
        );
        record_id(&record)
    }

    /// The instrument by which they inherit it.
    fn inheritance(
        &self,
        given: &str,
        heirs: &[(&str, &str)],
        ground: Option<RecordId>,
    ) -> Transfer {
        Transfer {
            kind: TransferKind::Inheritance,
            price: None,
            ground,
            acquirers: sorted(heirs),
            ..self.sale_body(FLAT, &[("Aida", given)], &[])
        }
    }

    fn lodge_inheritance(&mut self, body: Transfer) -> RecordId {
        let record = self.transfer("Bolat", FLAT, body);
        self.accept(&record);
        record_id(&record)
    }

    fn stored_succession(&self, certificate: &RecordId) -> Succession {
        state::read(&self.state, Key::Succession(certificate))
            .unwrap()
            .unwrap()
    }
}

/// Aida and Daniyar hold a flat in halves, Daniyar another one alone; Aida is dead.
pub(crate) fn world() -> World {
    let mut world = World::of_singles(PEOPLE);
    world.property(FLAT, &[("Aida", "1/2"), ("Daniyar", "1/2")]);
    world.property(OTHER, &[("Daniyar", "1/1")]);
    world.dies("Aida");
    world
}

#[test]
fn certified_heirs_inherit_what_the_dead_held() {
    let mut world = world();
    let certificate = world.succeeds(HEIRS);
    let body = world.inheritance("1/2", HEIRS, Some(certificate));
    let deed = world.lodge_inheritance(body.clone());
    assert_eq!(world.open(&deed), ["act.acquirer", "act.acquirer"]);
    assert_eq!(world.title(FLAT).slot, None);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.title(FLAT).slot, Some(deed));
    let act = world.buys("Clara", &deed);
    let outcomes = world.accept(&act);
    assert_eq!(outcomes[0].title_version, Some(2));
    let mut holders = world.holders(FLAT, PEOPLE);
    holders.sort();
    let expected = [("Bolat", "1/3"), ("Clara", "1/6"), ("Daniyar", "1/2")];
    assert_eq!(
        holders,
        expected.map(|(name, share)| (name.to_owned(), share.to_owned()))
    );
    let title = world.title(FLAT);
    let inherited = title.holdings.iter().filter(|h| h.acquired > LONG_AGO);
    assert!(inherited.clone().count() == 2);
    assert!(
        inherited
            .into_iter()
            .all(|h| h.ground == Ground::Inheritance)
    );
    assert_eq!(world.stored_succession(&certificate).used_by, Some(deed));
    // It is used up.
    let mut again = body;
    again.title_version = 2;
    let record = world.transfer("Bolat", FLAT, again);
    world.refuse(&record, &["title.not_holder", "succession.unknown"]);
}

#[test]
fn an_only_heir_inherits_a_whole_property() {
    let mut world = World::of_singles(PEOPLE);
    world.property(FLAT, &[("Aida", "1/1")]);
    world.dies("Aida");
    let certificate = world.succeeds(&[("Bolat", "1/1")]);
    let body = world.inheritance("1/1", &[("Bolat", "1/1")], Some(certificate));
    let deed = world.lodge_inheritance(body);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

type Change = (&'static str, fn(&mut Transfer), &'static [&'static str]);

const UNLAWFUL: &[Change] = &[
    ("no certificate", |t| t.ground = None, &["transfer.ground"]),
    (
        "an unknown certificate",
        |t| t.ground = Some(RecordId([5; 32])),
        &["succession.unknown"],
    ),
    (
        "only one of the heirs",
        |t| t.acquirers = shares(&[("Bolat", "1/2")]),
        &["succession.heirs"],
    ),
    (
        "other shares",
        |t| t.acquirers = sorted(&[("Bolat", "1/6"), ("Clara", "1/3")]),
        &["succession.heirs"],
    ),
    (
        "somebody else",
        |t| t.acquirers = sorted(&[("Bolat", "1/3"), ("Nurlan", "1/6")]),
        &["succession.heirs"],
    ),
    (
        "of the living co-owner",
        |t| t.disponors = shares(&[("Daniyar", "1/2")]),
        &["succession.heirs"],
    ),
    (
        "of both",
        |t| t.disponors = shares(&[("Aida", "1/4"), ("Daniyar", "1/4")]),
        &["succession.heirs"],
    ),
    (
        "of a part",
        |t| {
            t.disponors = shares(&[("Aida", "1/3")]);
            t.acquirers = shares(&[("Bolat", "1/3")]);
        },
        &["succession.heirs"],
    ),
    (
        "for a price",
        |t| t.price = Some(money(1)),
        &["transfer.price"],
    ),
    (
        "a sale under a certificate",
        |t| {
            t.kind = TransferKind::Sale;
            t.price = Some(money(1));
        },
        &["party.dead", "transfer.ground"],
    ),
];

#[test]
fn an_inheritance_follows_its_certificate_to_the_letter() {
    for (what, change, codes) in UNLAWFUL {
        println!("{what}");
        let mut world = world();
        let certificate = world.succeeds(HEIRS);
        let mut body = world.inheritance("1/2", HEIRS, Some(certificate));
        change(&mut body);
        let record = world.transfer("Bolat", FLAT, body);
        world.refuse(&record, codes);
    }
}

/// What others say about the same fields may be refused too: see their rules.
#[test]
fn an_inheritance_comes_with_nothing_else() {
    type Addition = (fn(&mut Transfer), &'static str);
    let changes: [Addition; 4] = [
        (
            |t| t.discharges = Some(vec![RecordId([1; 32])]),
            "transfer.price",
        ),
        (
            |t| {
                t.mortgage = Some(MortgageTerms {
                    mortgagee: id("Daniyar"),
                    amount: money(1),
                });
            },
            "transfer.price",
        ),
        (
            |t| {
                t.settlement = Some(Settlement {
                    agent: id("Nurlan"),
                    sources: Vec::new(),
                    destinations: Vec::new(),
                });
            },
            "transfer.price",
        ),
        (
            |t| {
                t.counter = Some(CounterLeg {
                    property: OTHER.to_owned(),
                    title_version: 1,
                    disponors: shares(&[("Bolat", "1/1")]),
                    acquirers: shares(&[("Aida", "1/1")]),
                });
            },
            "transfer.counter",
        ),
    ];
    for (change, code) in changes {
        let mut world = world();
        let certificate = world.succeeds(HEIRS);
        let mut body = world.inheritance("1/2", HEIRS, Some(certificate));
        change(&mut body);
        let record = world.transfer("Bolat", FLAT, body);
        let refusal = world.submit(&record).unwrap().refusal.unwrap();
        let codes = refusal.to_strings();
        assert!(codes.iter().any(|found| found == code), "{codes:?}");
    }
}

#[test]
fn a_certificate_is_for_its_property_and_serves_once() {
    let mut world = World::of_singles(PEOPLE);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Aida", "1/1")]);
    }
    world.dies("Aida");
    let heir = &[("Bolat", "1/1")];
    let certificate = world.succeeds(heir);
    let body = world.inheritance("1/1", heir, Some(certificate));
    let record = world.transfer("Bolat", OTHER, body.clone());
    world.refuse(&record, &["succession.heirs"]);
    // Two instruments under one certificate: one of them registers.
    let first = world.lodge_inheritance(body.clone());
    let second = world.lodge_inheritance(body);
    let acts = [world.buys("Bolat", &first), world.buys("Bolat", &second)];
    world.block(&acts);
    assert_eq!(world.instrument(&first).status, Status::Registered);
    assert_eq!(world.instrument(&second).status, Status::Refused);
    assert_eq!(world.stored_succession(&certificate).used_by, Some(first));
}

#[test]
fn the_dead_dispose_of_nothing_by_themselves_or_by_agents_or_heirs_without_certificate() {
    let mut world = World::of_singles(PEOPLE);
    world.property(FLAT, &[("Aida", "1/1")]);
    let power = world.empower("Aida", "Clara", &[ActKind::Sell]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    world.dies("Aida");
    let act = world.sells("Aida", &deed);
    world.refuse(&act, &["party.dead"]);
    let role = deedbook_schemas::instrument::ActRole::Disponor;
    let act = world.act_under("Clara", &deed, role, power);
    world.refuse(&act, &["poa.ended_by_death"]);
    let act = world.sells("Bolat", &deed);
    world.refuse(&act, &["act.not_a_party"]);
    let record = world.sale(FLAT, &[("Bolat", "1/1")], &[("Clara", "1/1")]);
    world.refuse(&record, &["title.not_holder"]);
    let record = world.sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    world.refuse(&record, &["party.dead"]);
}

#[test]
fn a_session_dated_after_the_death_never_leads_to_a_registration() {
    // The person dies; somebody signs with their key; then the death is registered, as of before.
    let mut world = World::of_singles(PEOPLE);
    world.property(FLAT, &[("Aida", "1/1")]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let died = world.now();
    world.pass(3600);
    let forged = world.sheet(
        "Aida",
        &deed.to_string(),
        Body::Act(deedbook_schemas::instrument::Act {
            role: deedbook_schemas::instrument::ActRole::Disponor,
            power: None,
            represents: None,
        }),
    );
    assert!(forged.attestation.as_ref().unwrap().time > died);
    world.accept(&forged.seal());
    let death = world.status(&id("Aida").to_string(), CivilStatus::Death { at: died });
    world.accept(&death);
    assert_eq!(world.open(&deed), ["party.dead", "act.acquirer"]);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Pending);
    // Nor does one that comes after.
    let act = world.sells("Aida", &deed);
    world.refuse(&act, &["party.dead"]);
    // The slot that it took is free for the heirs.
    let certificate = world.succeeds(&[("Bolat", "1/1")]);
    let body = world.inheritance("1/1", &[("Bolat", "1/1")], Some(certificate));
    let inheritance = world.lodge_inheritance(body);
    let act = world.buys("Bolat", &inheritance);
    world.accept(&act);
    assert_eq!(world.instrument(&inheritance).status, Status::Registered);
}

#[test]
fn only_heirs_act_and_each_of_them() {
    let mut world = world();
    let certificate = world.succeeds(HEIRS);
    let body = world.inheritance("1/2", HEIRS, Some(certificate));
    let deed = world.lodge_inheritance(body);
    for stranger in ["Daniyar", "Nurlan"] {
        let act = world.buys(stranger, &deed);
        world.refuse(&act, &["act.not_a_party"]);
    }
    let act = world.sells("Bolat", &deed);
    world.refuse(&act, &["act.not_a_party"]);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    let act = world.buys("Bolat", &deed);
    world.refuse(&act, &["act.already_done"]);
    // An heir who dies before accepting: their own heirs need a certificate that says so.
    world.dies("Clara");
    assert_eq!(world.open(&deed), ["party.dead"]);
    let late = world.succession_certificate(NOTARY, "Aida", FLAT, sorted(HEIRS));
    world.refuse(&late, &["succession.heirs"]);
    world.succeeds(&[("Bolat", "1/2")]);
}

#[test]
fn what_was_joint_with_a_spouse_is_divided_before_it_is_inherited() {
    let mut world = World::new();
    world.enrol(PEOPLE);
    let marriage = world.marry("Aida", "Daniyar", BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    world.dies("Aida");
    let heir = &[("Bolat", "1/1")];
    let certificate = world.succeeds(heir);
    let body = world.inheritance("1/1", heir, Some(certificate));
    let deed = world.lodge_inheritance(body);
    assert_eq!(world.open(&deed), ["act.acquirer", "marriage.undivided"]);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["marriage.undivided"]);
    // The registry records that it was Aida's: the heir's instrument waited for it.
    let division = CivilStatus::Division {
        property: FLAT.to_owned(),
        to: id("Aida"),
    };
    let record = world.status(&marriage.to_string(), division);
    let outcomes = world.accept(&record);
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (deed, Status::Registered)
    );
}

#[test]
fn what_was_divided_in_favour_of_the_survivor_or_of_unknown_status_is_not_inherited() {
    let heir = &[("Bolat", "1/1")];
    for (married, code) in [
        (true, "marriage.undivided"),
        (false, "marriage.status_unknown"),
    ] {
        let mut world = World::new();
        world.enrol(PEOPLE);
        let marriage = married.then(|| world.marry("Aida", "Daniyar", BEFORE));
        world.property(FLAT, &[("Aida", "1/1")]);
        if let Some(marriage) = marriage {
            let division = CivilStatus::Division {
                property: FLAT.to_owned(),
                to: id("Daniyar"),
            };
            let record = world.status(&marriage.to_string(), division);
            world.accept(&record);
        }
        world.dies("Aida");
        let certificate = world.succeeds(heir);
        let body = world.inheritance("1/1", heir, Some(certificate));
        let deed = world.lodge_inheritance(body);
        let act = world.buys("Bolat", &deed);
        world.accept(&act);
        assert_eq!(world.open(&deed), [code]);
    }
}

#[test]
fn what_was_personal_in_marriage_is_inherited_at_once() {
    let mut world = World::new();
    world.enrol(PEOPLE);
    world.marry("Aida", "Daniyar", BEFORE);
    let record = world.registration(FLAT, &[("Aida", "1/1", Ground::Gift)]);
    world.accept(&record);
    world.dies("Aida");
    let heir = &[("Bolat", "1/1")];
    let certificate = world.succeeds(heir);
    let body = world.inheritance("1/1", heir, Some(certificate));
    let deed = world.lodge_inheritance(body);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
    // What was inherited is the heir's alone, and freely sold.
    world.unmarried(&["Bolat"], Seconds(BEFORE.0));
    let sale = world.lodge_sale(FLAT, &[("Bolat", "1/1")], &[("Clara", "1/1")]);
    for act in [world.sells("Bolat", &sale), world.buys("Clara", &sale)] {
        world.accept(&act);
    }
    assert_eq!(world.instrument(&sale).status, Status::Registered);
}

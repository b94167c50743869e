//! Rule 24: notaries, where and for whom they certify.

use deedbook_registry::{Key, state};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::encode;
use deedbook_schemas::instrument::{ActKind, ActRole, Ending, Matter, Status, Supplement};
use deedbook_schemas::limits::SUPPLEMENTS_MAX;
use deedbook_schemas::party::{
    Accreditation, Authority, AuthorityRole, GroupParty, LegalEntity, Nature, Party, PartyMember,
};
use deedbook_schemas::proceeding::Notarisation;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::DutyKind;

use crate::powers::{FLAT, OTHER};
use crate::world::{
    COURT, NOTARY, REGISTRAR, SUPERVISOR, World, accreditation, id, key_of, record_id,
};

const PEOPLE: &[&str] = &["Aida", "Bolat", "Clara", "Nurlan", "Zarina"];
pub(crate) const ASTANA: &str = "astana notary";

impl World {
    pub(crate) fn certifies(&mut self, notary: &str, what: &RecordId) -> Vec<u8> {
        let body = Body::Notarisation(Notarisation {});
        self.plain(notary, &what.to_string(), body)
    }

    pub(crate) fn accreditation_record(&mut self, name: &str, body: Accreditation) -> Vec<u8> {
        let subject = id(name).to_string();
        self.plain(SUPERVISOR, &subject, Body::Accreditation(body))
    }

    /// Accredits a notary for a territory.
    pub(crate) fn appoint_notary(&mut self, name: &str, person: &str, territory: Option<&[&str]>) {
        let body = notary(name, person, territory);
        let record = self.accreditation_record(name, body);
        self.accept(&record);
    }

    pub(crate) fn suspend_authority(&mut self, name: &str, body: Accreditation) {
        let suspended = true;
        let record = self.accreditation_record(name, Accreditation { suspended, ..body });
        self.accept(&record);
    }

    /// Changes what the register knows about a party, as if its authority had said so.
    fn amend_party(&mut self, name: &str, change: impl Fn(&mut Party)) {
        let mut party = Party::clone(&state::party(&self.state, &id(name)).unwrap().unwrap());
        change(&mut party);
        let key = Key::Party(&id(name)).bytes();
        self.state.values.insert(key, encode(&party));
    }
}

pub(crate) fn notary(name: &str, person: &str, territory: Option<&[&str]>) -> Accreditation {
    Accreditation {
        territory: territory.map(|list| list.iter().map(|part| (*part).to_owned()).collect()),
        person: Some(id(person)),
        ..accreditation(name, AuthorityRole::Notary, false)
    }
}

/// Aida holds two flats and sells one to Bolat, in a jurisdiction where a notary certifies sales.
fn world() -> (World, RecordId) {
    let profile = Profile {
        notarial_acts: vec![ActKind::Sell],
        ..Profile::kazakhstan()
    };
    let mut world = World::with_profile(profile);
    world.enrol(PEOPLE);
    world.unmarried(PEOPLE, crate::world::BEFORE);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Aida", "1/1")]);
    }
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    (world, deed)
}

fn sign(world: &mut World, deed: &RecordId) {
    for act in [world.sells("Aida", deed), world.buys("Bolat", deed)] {
        world.accept(&act);
    }
}

#[test]
fn a_sale_waits_for_the_notary_where_the_profile_asks_for_one() {
    let (mut world, deed) = world();
    assert_eq!(
        world.open(&deed),
        ["act.disponor", "act.acquirer", "notary.missing"]
    );
    sign(&mut world, &deed);
    assert_eq!(world.instrument(&deed).status, Status::Pending);
    assert_eq!(world.open(&deed), ["notary.missing"]);
    let record = world.certifies(NOTARY, &deed);
    let outcomes = world.accept(&record);
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (deed, Status::Registered)
    );
    // The certificate may also come first.
    let second = world.lodge_sale(FLAT, &[("Bolat", "1/1")], &[("Aida", "1/1")]);
    let record = world.certifies(NOTARY, &second);
    assert_eq!(world.accept(&record), []);
    for act in [world.sells("Bolat", &second), world.buys("Aida", &second)] {
        world.accept(&act);
    }
    assert_eq!(world.instrument(&second).status, Status::Registered);
}

#[test]
fn what_the_profile_does_not_name_needs_no_notary_and_takes_none() {
    let (mut world, _) = world();
    let gift = world.gift(OTHER, "Aida", "Bolat");
    assert_eq!(world.open(&gift), ["act.disponor", "act.acquirer"]);
    let record = world.certifies(NOTARY, &gift);
    world.refuse(&record, &["notary.already_certified"]);
    sign(&mut world, &gift);
    assert_eq!(world.instrument(&gift).status, Status::Registered);
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let record = world.certifies(NOTARY, &power);
    world.refuse(&record, &["notary.already_certified"]);
}

#[test]
fn a_notary_certifies_within_their_territory() {
    for (territory, inside) in [
        (None, true),
        (Some(&["20-313-024-118"][..]), true),
        (Some(&["20-"]), true),
        (Some(&["01-", "20-313-"]), true),
        (Some(&["20-313-024-1188"]), false),
        (Some(&["01-", "21-"]), false),
        (Some(&["313-"]), false),
    ] {
        let (mut world, deed) = world();
        world.appoint_notary(ASTANA, "Clara", territory);
        let record = world.certifies(ASTANA, &deed);
        if inside {
            world.accept(&record);
        } else {
            world.refuse(&record, &["notary.outside_territory"]);
        }
    }
}

#[test]
fn a_sub_power_over_all_properties_needs_a_notary_without_bounds() {
    for (listed, territory, inside) in [
        (None, None, true),
        (None, Some(&["20-"][..]), false),
        (Some(&[FLAT][..]), Some(&["20-"]), true),
        (Some(&[FLAT, OTHER]), Some(&["20-313-024-118"]), false),
    ] {
        let (mut world, _) = world();
        world.appoint_notary(ASTANA, "Clara", territory);
        let mut body = world.power_body(&[ActKind::Sell]);
        body.scope.properties = listed.map(|l| l.iter().map(|p| (*p).to_owned()).collect());
        body.scope.substitutions = Some(1);
        let root = world.power("Aida", "Zarina", body.clone());
        world.accept(&root);
        body.scope.substitutions = None;
        body.issued = Some(world.now());
        body.parent = Some(record_id(&root));
        let part = world.power("Zarina", "Bolat", body);
        world.accept(&part);
        let record = world.certifies(ASTANA, &record_id(&part));
        if inside {
            world.accept(&record);
            let again = world.certifies(NOTARY, &record_id(&part));
            world.refuse(&again, &["notary.already_certified"]);
        } else {
            world.refuse(&record, &["notary.outside_territory"]);
        }
    }
}

type Interest = (&'static str, fn(&mut World, &RecordId));

/// Why Nurlan is no stranger to the sale from Aida to Bolat.
const INTERESTS: &[Interest] = &[
    ("spouse of the disponor", |world, _| {
        world.marry("Aida", "Nurlan", world.now());
    }),
    ("spouse of the acquirer", |world, _| {
        world.marry("Bolat", "Nurlan", world.now());
    }),
    ("guardian of a party", |world, _| {
        world.amend_party("Bolat", |party| party.guardian = Some(id("Nurlan")));
    }),
    ("ward of a party", |world, _| {
        world.amend_party("Nurlan", |party| party.guardian = Some(id("Aida")));
    }),
    ("officer of a party", |world, _| {
        world.amend_party("Bolat", |party| {
            party.nature = Nature::Legal(LegalEntity {
                name: "Firm".to_owned(),
                officers: vec![id("Nurlan")],
                signatures: 1,
                dissolved: false,
            });
        });
    }),
    ("member of a party", |world, _| {
        world.amend_party("Bolat", |party| {
            let members =
                [id("Clara"), id("Nurlan")].map(|party| PartyMember { party, share: None });
            party.nature = Nature::Group(GroupParty {
                members: members.to_vec(),
            });
        });
    }),
    ("agent of a party", |world, deed| {
        let power = world.empower("Bolat", "Nurlan", &[ActKind::Acquire]);
        let act = world.act_under("Nurlan", deed, ActRole::Acquirer, power);
        world.accept(&act);
    }),
    ("spouse of an agent", |world, deed| {
        world.marry("Zarina", "Nurlan", world.now());
        let power = world.empower("Bolat", "Zarina", &[ActKind::Acquire]);
        let act = world.act_under("Zarina", deed, ActRole::Acquirer, power);
        world.accept(&act);
    }),
];

#[test]
fn a_notary_is_a_stranger_to_the_parties() {
    for (what, change) in INTERESTS {
        println!("{what}");
        let (mut world, deed) = world();
        change(&mut world, &deed);
        let record = world.certifies(NOTARY, &deed);
        world.refuse(&record, &["notary.interested"]);
        // Somebody else may.
        world.enrol(&["Erlan"]);
        world.appoint_notary(ASTANA, "Erlan", None);
        let record = world.certifies(ASTANA, &deed);
        world.accept(&record);
    }
    for party in ["Aida", "Bolat"] {
        let (mut world, deed) = world();
        world.appoint_notary(ASTANA, party, Some(&["01-"]));
        let record = world.certifies(ASTANA, &deed);
        world.refuse(&record, &["notary.outside_territory", "notary.interested"]);
    }
}

#[test]
fn who_acted_and_no_longer_counts_has_no_interest() {
    let related = [("the notary", "Nurlan"), ("the notary's spouse", "Zarina")];
    for (what, agent) in related {
        for renounced in [false, true] {
            println!("{what}, renounced: {renounced}");
            let (mut world, deed) = world();
            world.marry("Zarina", "Nurlan", world.now());
            let power = world.empower("Bolat", agent, &[ActKind::Acquire]);
            let act = world.act_under(agent, &deed, ActRole::Acquirer, power);
            world.accept(&act);
            let record = world.certifies(NOTARY, &deed);
            world.refuse(&record, &["notary.interested"]);
            let end = if renounced {
                world.ends(agent, &power, Ending::Renunciation)
            } else {
                world.revokes("Bolat", &power)
            };
            world.accept(&end);
            let record = world.certifies(NOTARY, &deed);
            assert_eq!(world.accept(&record), []);
            assert_eq!(world.open(&deed), ["act.disponor", "act.acquirer"]);
            sign(&mut world, &deed);
            assert!(world.is_registered(&deed));
        }
    }
}

#[test]
fn a_party_is_one_whether_or_not_they_have_acted() {
    let (mut world, deed) = world();
    world.marry("Bolat", "Nurlan", world.now());
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    world.becomes_incapable("Bolat");
    let record = world.certifies(NOTARY, &deed);
    world.refuse(&record, &["notary.interested"]);
}

#[test]
fn a_notary_passes_no_power_that_is_theirs() {
    for (agent, substitute, person) in [
        ("Zarina", "Clara", "Aida"),
        ("Zarina", "Clara", "Zarina"),
        ("Zarina", "Clara", "Clara"),
    ] {
        let (mut world, _) = world();
        world.appoint_notary(ASTANA, person, None);
        let mut body = world.power_body(&[ActKind::Sell]);
        body.scope.substitutions = Some(1);
        let root = world.power("Aida", agent, body);
        world.accept(&root);
        let mut body = world.power_body(&[ActKind::Sell]);
        body.parent = Some(record_id(&root));
        let part = world.power(agent, substitute, body);
        world.accept(&part);
        let record = world.certifies(ASTANA, &record_id(&part));
        world.refuse(&record, &["notary.interested"]);
    }
}

#[test]
fn nobody_acts_on_what_they_certified_as_a_notary() {
    let (mut world, deed) = world();
    let record = world.certifies(NOTARY, &deed);
    world.accept(&record);
    let power = world.empower("Bolat", "Nurlan", &[ActKind::Acquire]);
    let act = world.act_under("Nurlan", &deed, ActRole::Acquirer, power);
    world.refuse(&act, &["notary.interested"]);
}

#[test]
fn an_instrument_is_certified_once() {
    let (mut world, deed) = world();
    world.appoint_notary(ASTANA, "Clara", None);
    for notary in [NOTARY, ASTANA] {
        let record = world.certifies(notary, &deed);
        if notary == NOTARY {
            world.accept(&record);
        } else {
            world.refuse(&record, &["notary.already_certified"]);
        }
    }
    sign(&mut world, &deed);
    let record = world.certifies(ASTANA, &deed);
    world.turn_away(&record, &["instrument.closed"]);
    let record = world.certifies(ASTANA, &RecordId([3; 32]));
    world.turn_away(&record, &["instrument.unknown"]);
    let body = Body::Notarisation(Notarisation {});
    let record = world.plain(ASTANA, FLAT, body);
    world.turn_away(&record, &["record.field_invalid"]);
}

#[test]
fn only_a_notary_in_office_certifies_and_with_their_key() {
    let (mut world, deed) = world();
    for stranger in [REGISTRAR, COURT, "Aida"] {
        let record = world.certifies(stranger, &deed);
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let body = Body::Notarisation(Notarisation {});
    let draft = world.draft(NOTARY, &deed.to_string(), body.clone());
    let record = draft.sign(&key_of("Clara"), None);
    world.turn_away(&record, &["party.key_mismatch"]);
    let record = world.attested(NOTARY, &deed.to_string(), body);
    world.turn_away(&record, &["record.field_invalid"]);
    world.suspend_authority(NOTARY, notary(NOTARY, "Nurlan", None));
    let record = world.certifies(NOTARY, &deed);
    world.turn_away(&record, &["authority.suspended"]);
}

#[test]
fn a_later_suspension_leaves_earlier_certificates_valid() {
    let (mut world, deed) = world();
    let record = world.certifies(NOTARY, &deed);
    world.accept(&record);
    world.suspend_authority(NOTARY, notary(NOTARY, "Nurlan", None));
    sign(&mut world, &deed);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn certificate_and_suspension_in_one_block_take_their_order() {
    for suspended_first in [false, true] {
        let (mut world, deed) = world();
        sign(&mut world, &deed);
        let suspended = Accreditation {
            suspended: true,
            ..notary(NOTARY, "Nurlan", None)
        };
        let mut records = vec![
            world.certifies(NOTARY, &deed),
            world.accreditation_record(NOTARY, suspended),
        ];
        if suspended_first {
            records.reverse();
        }
        world.block(&records);
        let registered = world.instrument(&deed).status == Status::Registered;
        assert_eq!(registered, !suspended_first);
    }
}

#[test]
fn a_notary_whom_nobody_knows_certifies_nothing() {
    let (mut world, deed) = world();
    // As a genesis may have it.
    let key = Key::Authority(&id(NOTARY)).bytes();
    let known = state::authority(&world.state, &id(NOTARY)).unwrap();
    let mut known = Authority::clone(&known.unwrap());
    known.accreditation.person = None;
    world.state.values.insert(key, encode(&known));
    let record = world.certifies(NOTARY, &deed);
    world.refuse(&record, &["notary.interested"]);
}

#[test]
fn a_full_instrument_takes_no_certificate() {
    for (supplements, full) in [(SUPPLEMENTS_MAX - 1, false), (SUPPLEMENTS_MAX, true)] {
        let (mut world, deed) = world();
        let mut instrument = world.instrument(&deed);
        let due = Supplement {
            record: RecordId([1; 32]),
            matter: Matter::Duty {
                duty: DutyKind::RegistrationFee,
            },
        };
        let pending = instrument.pending.as_mut().unwrap();
        pending.supplements = vec![due; supplements];
        let key = Key::Instrument(&deed).bytes();
        world.state.values.insert(key, encode(&instrument));
        let record = world.certifies(NOTARY, &deed);
        if full {
            world.refuse(&record, &["requisition.too_many"]);
        } else {
            world.accept(&record);
        }
    }
}

#[test]
fn a_dead_notary_is_out_of_office() {
    let (mut world, deed) = world();
    world.dies("Nurlan");
    let record = world.certifies(NOTARY, &deed);
    world.refuse(&record, &["party.dead"]);
}

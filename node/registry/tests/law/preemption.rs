//! Rule 6: a share goes to a stranger on the price and terms on which it was offered to the co-owners.

use deedbook_registry::next_deadline;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{PreemptionNotice, PreemptionWaiver, Right};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, Status, Transfer};
use deedbook_schemas::party::CivilStatus;
use deedbook_schemas::record::Body;

use crate::world::{BEFORE, DAY, World, id, money, record_id};

const FLAT: &str = "20-313-024-118";
const PRICE: u64 = 50_000_000;

/// Aida has one half, Bolat and Clara a quarter each; Dana and Emil are strangers.
fn world() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana", "Emil"]);
    world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/4"), ("Clara", "1/4")]);
    world
}

pub(crate) fn offer_of(share: &str, minor: u64) -> PreemptionNotice {
    PreemptionNotice {
        share: share.parse().unwrap(),
        price: Some(money(minor)),
        terms: None,
        represents: None,
    }
}

fn waiver_at(minor: u64) -> PreemptionWaiver {
    PreemptionWaiver {
        property: FLAT.to_owned(),
        price: Some(money(minor)),
        power: None,
        represents: None,
    }
}

impl World {
    pub(crate) fn offer(
        &mut self,
        signer: &str,
        property: &str,
        body: PreemptionNotice,
    ) -> Vec<u8> {
        self.attested(signer, property, Body::PreemptionNotice(body))
    }

    /// Offers what is accepted.
    pub(crate) fn offers(
        &mut self,
        signer: &str,
        property: &str,
        body: PreemptionNotice,
    ) -> RecordId {
        let record = self.offer(signer, property, body);
        let outcomes = self.accept(&record);
        assert_eq!(outcomes[0].status, Status::Registered);
        record_id(&record)
    }

    pub(crate) fn waiver(
        &mut self,
        signer: &str,
        notice: &RecordId,
        body: PreemptionWaiver,
    ) -> Vec<u8> {
        self.attested(signer, &notice.to_string(), Body::PreemptionWaiver(body))
    }

    fn waives(&mut self, signer: &str, notice: &RecordId) {
        let record = self.waiver(signer, notice, waiver_at(PRICE));
        self.accept(&record);
    }
}

/// Aida sells her half to Dana, and both have acted.
fn sale_to_a_stranger(world: &mut World) -> RecordId {
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/2")], &[("Dana", "1/2")]);
    world.all_act(&deed, &["Aida"], &["Dana"]);
    deed
}

#[test]
fn a_share_offered_and_waived_by_everyone_goes_to_a_stranger() {
    let mut world = world();
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    world.waives("Bolat", &notice);
    let deed = sale_to_a_stranger(&mut world);
    let open = world.requirements(&deed);
    assert_eq!(world.open(&deed), ["preemption.period_running"]);
    assert_eq!(open[0].party, Some(id("Clara")));
    let record = world.waiver("Clara", &notice, waiver_at(PRICE));
    let outcomes = world.accept(&record);
    assert_eq!(
        (outcomes[0].record, outcomes[0].title_version),
        (deed, Some(2))
    );
    assert!(
        world.title(FLAT).encumbrances.is_empty(),
        "the offer has served"
    );
}

#[test]
fn time_alone_registers_the_sale_when_the_period_is_over() {
    let mut world = world();
    world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    // The deed would otherwise expire when the period does.
    world.pass(DAY);
    let deed = sale_to_a_stranger(&mut world);
    assert_eq!(
        world.open(&deed),
        ["preemption.period_running", "preemption.period_running"]
    );
    let Right::PreemptionNotice { until, .. } = &world.title(FLAT).encumbrances[0].right else {
        panic!("an offer");
    };
    let until = *until;
    assert_eq!(next_deadline(&world.state).unwrap(), Some(until));
    world.time_ms = (until.0 - 2) * 1000;
    world.block(&[]);
    assert!(!world.is_registered(&deed), "one second early");
    world.block(&[]);
    assert_eq!(world.began[0].record, deed);
    assert_eq!(world.title(FLAT).version, 2);
}

#[test]
fn a_sale_drawn_up_after_the_period_needs_nobody() {
    let mut world = world();
    world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    world.pass(31 * DAY);
    let deed = sale_to_a_stranger(&mut world);
    assert!(world.is_registered(&deed));
}

/// What was offered, how the deed differs from a sale of one half to Dana at the offer's price, and
/// what the deed still needs when everybody has acted and the period is over.
type Deviation = (&'static str, fn(&mut PreemptionNotice), fn(&mut Transfer));

const DEVIATIONS: &[Deviation] = &[
    (
        "the sale is cheaper",
        |_| {},
        |t| t.price = Some(money(PRICE - 1)),
    ),
    (
        "the sale is dearer",
        |_| {},
        |t| t.price = Some(money(PRICE + 1)),
    ),
    (
        "in another currency",
        |_| {},
        |t| {
            t.price = Some(Money {
                minor: PRICE,
                currency: "USD".to_owned(),
            });
        },
    ),
    (
        "on other terms",
        |_| {},
        |t| {
            t.terms = Some("Paid over ten years.".to_owned());
        },
    ),
    (
        "the offer has terms that the sale lacks",
        |o| o.terms = Some("Paid at once.".to_owned()),
        |_| {},
    ),
    (
        "a smaller share was offered",
        |o| o.share = "1/4".parse().unwrap(),
        |_| {},
    ),
    (
        "a smaller share is sold",
        |_| {},
        |t| {
            t.disponors[0].share = "1/4".parse().unwrap();
            t.acquirers[0].share = "1/4".parse().unwrap();
        },
    ),
    ("offered for an exchange", |o| o.price = None, |_| {}),
];

#[test]
fn a_sale_other_than_the_offer_is_no_sale_of_what_was_offered() {
    for (what, offered, sold) in DEVIATIONS {
        println!("{what}");
        let mut world = world();
        let mut offer = offer_of("1/2", PRICE);
        offered(&mut offer);
        world.offers("Aida", FLAT, offer);
        world.pass(31 * DAY);
        let mut body = world.sale_body(FLAT, &[("Aida", "1/2")], &[("Dana", "1/2")]);
        sold(&mut body);
        let record = world.transfer("Aida", FLAT, body);
        world.accept(&record);
        let deed = record_id(&record);
        world.all_act(&deed, &["Aida"], &["Dana"]);
        assert_eq!(world.open(&deed), ["preemption.notice_missing"]);
        assert_eq!(world.requirements(&deed)[0].party, Some(id("Aida")));
    }
    let mut world = world();
    let deed = sale_to_a_stranger(&mut world);
    assert_eq!(
        world.open(&deed),
        ["preemption.notice_missing"],
        "no offer at all"
    );
    let mut other = self::world();
    other.offers("Bolat", FLAT, offer_of("1/4", PRICE));
    other.pass(31 * DAY);
    let deed = sale_to_a_stranger(&mut other);
    assert_eq!(
        other.open(&deed),
        ["preemption.notice_missing"],
        "somebody else's"
    );
}

#[test]
fn who_does_not_sell_to_a_stranger_beside_others_offers_nothing() {
    let mut co_owner = world();
    let deed = co_owner.lodge_sale(FLAT, &[("Aida", "1/2")], &[("Bolat", "1/2")]);
    co_owner.all_act(&deed, &["Aida"], &["Bolat"]);
    assert!(co_owner.is_registered(&deed), "to an existing co-owner");

    let mut gift = world();
    let deed = gift.lodge_gift(FLAT, &[("Aida", "1/2")], &[("Dana", "1/2")]);
    gift.all_act(&deed, &["Aida"], &["Dana"]);
    assert!(gift.is_registered(&deed), "a gift");

    let mut together = world();
    let all = [("Aida", "1/2"), ("Bolat", "1/4"), ("Clara", "1/4")];
    let deed = together.lodge_sale(FLAT, &all, &[("Dana", "1/1")]);
    together.all_act(&deed, &["Aida", "Bolat", "Clara"], &["Dana"]);
    assert!(together.is_registered(&deed), "nobody is left");

    let mut whole = World::of_singles(&["Aida", "Dana"]);
    whole.property(FLAT, &[("Aida", "1/1")]);
    let deed = whole.lodge_sale(FLAT, &[("Aida", "1/2")], &[("Dana", "1/2")]);
    whole.all_act(&deed, &["Aida"], &["Dana"]);
    assert!(whole.is_registered(&deed), "there are no others");

    let mut group = World::of_singles(&["Aida", "Bolat", "Clara"]);
    group.group("Heirs", &[("Bolat", None), ("Clara", None)]);
    group.property(FLAT, &[("Aida", "1/2"), ("Heirs", "1/2")]);
    let deed = group.lodge_sale(FLAT, &[("Aida", "1/2")], &[("Bolat", "1/2")]);
    group.all_act(&deed, &["Aida"], &["Bolat"]);
    assert!(
        group.is_registered(&deed),
        "to a member of the group that co-owns"
    );
}

#[test]
fn a_stranger_beside_a_co_owner_is_a_stranger() {
    let mut world = world();
    let deed = world.lodge_sale(
        FLAT,
        &[("Aida", "1/2")],
        &[("Bolat", "1/4"), ("Dana", "1/4")],
    );
    world.all_act(&deed, &["Aida"], &["Bolat", "Dana"]);
    assert_eq!(world.open(&deed), ["preemption.notice_missing"]);
}

#[test]
fn what_two_sell_together_was_offered_at_prices_that_sum_to_the_deeds() {
    for (bolats, open) in [(20_000_000, true), (20_000_001, false)] {
        let mut world = world();
        world.offers("Aida", FLAT, offer_of("1/2", 30_000_000));
        world.offers("Bolat", FLAT, offer_of("1/4", bolats));
        world.pass(31 * DAY);
        let sellers = [("Aida", "1/2"), ("Bolat", "1/4")];
        let deed = world.lodge_sale(FLAT, &sellers, &[("Dana", "3/4")]);
        world.all_act(&deed, &["Aida", "Bolat"], &["Dana"]);
        assert_eq!(world.is_registered(&deed), open);
        if !open {
            let missing = ["preemption.notice_missing", "preemption.notice_missing"];
            assert_eq!(world.open(&deed), missing);
        }
    }
}

#[test]
fn who_may_not_offer_is_refused() {
    let mut world = world();
    let by_stranger = world.offer("Dana", FLAT, offer_of("1/2", PRICE));
    world.refuse(&by_stranger, &["preemption.not_co_owner"]);
    let too_much = world.offer("Aida", FLAT, offer_of("3/4", PRICE));
    world.refuse(&too_much, &["preemption.other_terms"]);
    let unknown = world.offer("Aida", "20-000-000-1", offer_of("1/2", PRICE));
    world.refuse(&unknown, &["title.unknown"]);
    world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    let second = world.offer("Aida", FLAT, offer_of("1/4", PRICE));
    world.refuse(&second, &["preemption.already_waived"]);
    let for_another = PreemptionNotice {
        represents: Some(id("Bolat")),
        ..offer_of("1/4", PRICE)
    };
    let record = world.offer("Dana", FLAT, for_another);
    world.refuse(&record, &["guardian.not_guardian"]);
    world.becomes_incapable("Clara");
    let incapable = world.offer("Clara", FLAT, offer_of("1/4", PRICE));
    world.refuse(&incapable, &["party.incapable"]);
    let immense = Money {
        minor: u64::MAX,
        currency: "KZT".to_owned(),
    };
    let impossible = PreemptionNotice {
        price: Some(immense),
        ..offer_of("1/4", PRICE)
    };
    let record = world.offer("Bolat", FLAT, impossible);
    world.turn_away(&record, &["record.field_invalid"]);
    let body = Body::PreemptionNotice(offer_of("1/4", PRICE));
    let unattested = world.plain("Bolat", FLAT, body);
    world.turn_away(&unattested, &["attestation.missing", "evidence.missing"]);
    let mut alone = World::of_singles(&["Aida"]);
    alone.property(FLAT, &[("Aida", "1/1")]);
    let to_nobody = alone.offer("Aida", FLAT, offer_of("1/2", PRICE));
    alone.refuse(&to_nobody, &["preemption.not_co_owner"]);
}

#[test]
fn a_new_offer_replaces_one_whose_period_is_over() {
    let mut world = world();
    let old = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    world.pass(31 * DAY);
    world.offers("Aida", FLAT, offer_of("1/2", PRICE - 1));
    assert_eq!(world.title(FLAT).encumbrances.len(), 1);
    let deed = sale_to_a_stranger(&mut world);
    assert_eq!(world.open(&deed), ["preemption.notice_missing"]);
    let late = world.waiver("Bolat", &old, waiver_at(PRICE));
    world.refuse(&late, &["preemption.unknown"]);
}

#[test]
fn a_waiver_is_by_another_co_owner_once_and_for_this_price() {
    let mut world = world();
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    for (who, price, codes) in [
        ("Bolat", PRICE - 1, "preemption.other_terms"),
        ("Bolat", PRICE + 1, "preemption.other_terms"),
        ("Dana", PRICE, "preemption.not_co_owner"),
        ("Aida", PRICE, "preemption.not_co_owner"),
    ] {
        let record = world.waiver(who, &notice, waiver_at(price));
        world.refuse(&record, &[codes]);
    }
    let unpriced = PreemptionWaiver {
        price: None,
        ..waiver_at(PRICE)
    };
    let record = world.waiver("Bolat", &notice, unpriced);
    world.refuse(&record, &["preemption.other_terms"]);
    world.waives("Bolat", &notice);
    let again = world.waiver("Bolat", &notice, waiver_at(PRICE));
    world.refuse(&again, &["preemption.already_waived"]);
    let of_nothing = world.waiver("Bolat", &RecordId([9; 32]), waiver_at(PRICE));
    world.refuse(&of_nothing, &["preemption.unknown"]);
    let elsewhere = PreemptionWaiver {
        property: "20-000-000-1".to_owned(),
        ..waiver_at(PRICE)
    };
    let record = world.waiver("Clara", &notice, elsewhere);
    world.refuse(&record, &["preemption.unknown"]);
    world.dies("Clara");
    let dead = world.waiver("Clara", &notice, waiver_at(PRICE));
    world.refuse(&dead, &["party.dead"]);
}

#[test]
fn an_agent_waives_within_their_power() {
    let mut world = world();
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    let under = |power| PreemptionWaiver {
        power: Some(power),
        ..waiver_at(PRICE)
    };
    let managing = world.empower("Bolat", "Emil", &[ActKind::Manage]);
    let record = world.waiver("Emil", &notice, under(managing));
    world.refuse(&record, &["poa.out_of_scope"]);
    let to_the_seller = world.empower("Bolat", "Aida", &[ActKind::Release]);
    let record = world.waiver("Aida", &notice, under(to_the_seller));
    world.refuse(&record, &["poa.self_dealing"]);
    let unknown = world.waiver("Emil", &notice, under(RecordId([9; 32])));
    world.refuse(&unknown, &["preemption.not_co_owner", "poa.unknown"]);
    let power = world.empower("Bolat", "Emil", &[ActKind::Release]);
    let both = PreemptionWaiver {
        represents: Some(id("Bolat")),
        ..under(power)
    };
    let record = world.waiver("Emil", &notice, both);
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.waiver("Emil", &notice, under(power));
    world.accept(&record);
    let deed = sale_to_a_stranger(&mut world);
    assert_eq!(world.requirements(&deed)[0].party, Some(id("Clara")));
}

#[test]
fn nobody_gives_up_a_wards_pre_emption_and_their_time_runs_out() {
    let mut world = world();
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    world.waives("Clara", &notice);
    let until = Seconds(world.now().0 + 3000 * DAY);
    let minor = world.status(&id("Bolat").to_string(), CivilStatus::Minority { until });
    world.accept(&minor);
    let own = world.waiver("Bolat", &notice, waiver_at(PRICE));
    world.refuse(&own, &["party.minor"]);
    let by_guardian = PreemptionWaiver {
        represents: Some(id("Bolat")),
        ..waiver_at(PRICE)
    };
    let record = world.waiver("Emil", &notice, by_guardian);
    world.refuse(
        &record,
        &["guardian.not_guardian", "guardian.permission_missing"],
    );
    world.pass(31 * DAY);
    let deed = sale_to_a_stranger(&mut world);
    assert!(world.is_registered(&deed));
}

#[test]
fn a_group_waives_by_all_of_its_members() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.group("Heirs", &[("Bolat", None), ("Clara", None)]);
    world.property(FLAT, &[("Aida", "1/2"), ("Heirs", "1/2")]);
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    world.waives("Bolat", &notice);
    let deed = sale_to_a_stranger(&mut world);
    assert_eq!(world.open(&deed), ["preemption.period_running"]);
    assert_eq!(world.requirements(&deed)[0].party, Some(id("Heirs")));
    world.waives("Clara", &notice);
    assert!(world.is_registered(&deed));
}

#[test]
fn a_member_offers_for_the_group() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.group("Heirs", &[("Bolat", None), ("Clara", None)]);
    world.property(FLAT, &[("Aida", "1/2"), ("Heirs", "1/2")]);
    let body = PreemptionNotice {
        represents: Some(id("Heirs")),
        ..offer_of("1/2", PRICE)
    };
    let by_stranger = world.offer("Dana", FLAT, body.clone());
    world.refuse(&by_stranger, &["entity.not_officer"]);
    let notice = world.offers("Bolat", FLAT, body);
    let own = world.waiver("Clara", &notice, waiver_at(PRICE));
    world.refuse(&own, &["preemption.not_co_owner"]);
    world.waives("Aida", &notice);
    let body = world.sale_body(FLAT, &[("Heirs", "1/2")], &[("Dana", "1/2")]);
    let record = world.transfer("Bolat", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    world.all_act(&deed, &["Bolat", "Clara"], &["Dana"]);
    assert!(world.is_registered(&deed));
}

#[test]
fn a_new_co_owner_has_to_be_served_anew_and_a_departed_one_offers_nothing() {
    let mut newcomer = world();
    newcomer.offers("Aida", FLAT, offer_of("1/2", PRICE));
    let gift = newcomer.lodge_gift(FLAT, &[("Clara", "1/8")], &[("Emil", "1/8")]);
    newcomer.all_act(&gift, &["Clara"], &["Emil"]);
    assert!(newcomer.title(FLAT).encumbrances.is_empty());
    newcomer.pass(31 * DAY);
    let deed = sale_to_a_stranger(&mut newcomer);
    assert_eq!(newcomer.open(&deed), ["preemption.notice_missing"]);

    let mut among_themselves = world();
    among_themselves.offers("Aida", FLAT, offer_of("1/2", PRICE));
    among_themselves.offers("Clara", FLAT, offer_of("1/4", PRICE));
    let sale = among_themselves.lodge_sale(FLAT, &[("Clara", "1/4")], &[("Bolat", "1/4")]);
    among_themselves.all_act(&sale, &["Clara"], &["Bolat"]);
    assert_eq!(among_themselves.title(FLAT).encumbrances.len(), 1);
    among_themselves.pass(31 * DAY);
    let deed = sale_to_a_stranger(&mut among_themselves);
    assert!(among_themselves.is_registered(&deed));
}

#[test]
fn an_exchange_of_a_share_for_a_strangers_property_is_offered_too() {
    let mut world = world();
    world.property("20-313-024-200", &[("Dana", "1/1")]);
    let deed = world.lodge_exchange(
        (FLAT, "Aida", "1/2"),
        ("20-313-024-200", "Dana", "1/1"),
        |_| {},
    );
    world.all_act(&deed, &["Aida", "Dana"], &["Aida", "Dana"]);
    assert_eq!(world.open(&deed), ["preemption.notice_missing"]);
    let body = PreemptionNotice {
        price: None,
        ..offer_of("1/2", PRICE)
    };
    world.offers("Aida", FLAT, body);
    let running = ["preemption.period_running", "preemption.period_running"];
    assert_eq!(world.open(&deed), running);
    // The deed itself was lodged before and would expire first.
    world.pass(31 * DAY);
    world.block(&[]);
    assert_eq!(world.instrument(&deed).status, Status::Expired);
}

#[test]
fn a_waiver_and_the_sale_in_one_block_count_in_their_order() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Dana"]);
    world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/2")]);
    let offer = world.offer("Aida", FLAT, offer_of("1/2", PRICE));
    let waiver = world.waiver("Bolat", &record_id(&offer), waiver_at(PRICE));
    let answers = world.block(&[waiver.clone(), offer.clone()]);
    let refusal = answers[0].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["preemption.unknown"]);
    let waiver = world.waiver("Bolat", &record_id(&offer), waiver_at(PRICE));
    let sale = world.sale(FLAT, &[("Aida", "1/2")], &[("Dana", "1/2")]);
    let deed = record_id(&sale);
    let records = [
        sale,
        world.buys("Dana", &deed),
        waiver,
        world.sells("Aida", &deed),
    ];
    for answer in world.block(&records) {
        assert_eq!(answer.unwrap().refusal, None);
    }
    assert!(world.is_registered(&deed));
}

#[test]
fn a_second_profile_gives_its_own_time() {
    let profile = deedbook_schemas::profile::Profile {
        preemption_days: 2,
        ..deedbook_schemas::profile::Profile::kazakhstan()
    };
    let mut world = World::with_profile(profile);
    world.enrol(&["Aida", "Bolat", "Dana"]);
    world.unmarried(&["Aida", "Bolat", "Dana"], BEFORE);
    world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/2")]);
    world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    let deed = sale_to_a_stranger(&mut world);
    world.pass(2 * DAY + 3600);
    world.block(&[]);
    assert!(world.is_registered(&deed));
}

//! Rule 6: a share goes to a stranger on the price and terms on which it was offered to the co-owners.

use deedbook_registry::next_deadline;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{PreemptionNotice, PreemptionWaiver, Right};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{Status, Transfer};
use deedbook_schemas::record::Body;

use crate::world::{DAY, World, id, money, record_id};

pub(crate) const FLAT: &str = "20-313-024-118";
pub(crate) const PRICE: u64 = 50_000_000;

/// Aida has one half, Bolat and Clara a quarter each; Dana and Emil are strangers.
pub(crate) fn world() -> World {
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

pub(crate) fn waiver_at(minor: u64) -> PreemptionWaiver {
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

    pub(crate) fn waives(&mut self, signer: &str, notice: &RecordId) {
        let record = self.waiver(signer, notice, waiver_at(PRICE));
        self.accept(&record);
    }
}

/// Aida sells her half to Dana, and both have acted.
pub(crate) fn sale_to_a_stranger(world: &mut World) -> RecordId {
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
    world.outlast_periods();
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
        world.outlast_periods();
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
    other.outlast_periods();
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
        world.outlast_periods();
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
    world.outlast_periods();
    world.offers("Aida", FLAT, offer_of("1/2", PRICE - 1));
    assert_eq!(world.title(FLAT).encumbrances.len(), 1);
    let deed = sale_to_a_stranger(&mut world);
    assert_eq!(world.open(&deed), ["preemption.notice_missing"]);
    let late = world.waiver("Bolat", &old, waiver_at(PRICE));
    world.refuse(&late, &["preemption.unknown"]);
}

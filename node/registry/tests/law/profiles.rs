//! Rule 47: profiles change by governance from a later block on; what was lodged before is judged by the
//! one in force then. And the law holds under another profile as it does under the default one.

use deedbook_registry::calendar::end_of_business_days;
use deedbook_registry::state;
use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::evidence::Topic;
use deedbook_schemas::instrument::{ActKind, ActRole, Matter, Status};
use deedbook_schemas::limits::{BUSINESS_DAYS_MAX, HOLIDAYS_MAX, PROFILES_MAX};
use deedbook_schemas::profile::{BusinessCalendar, Profile, ProfileChange};
use deedbook_schemas::record::Body;

use crate::calendar::day;
use crate::world::{BEFORE, COURT, DAY, PRESENT, REGISTRAR, SUPERVISOR, World, id, record_id};

const FLAT: &str = "20-313-024-118";
const OTHER: &str = "20-313-024-119";

/// Runs a test whose worlds begin under another profile.
fn under(profile: Profile, test: fn()) {
    PRESENT.set(Some(profile));
    test();
    PRESENT.set(None);
}

/// A profile in which every parameter is another one than in the default: a week from Sunday to Thursday
/// in UTC-3, longer powers, shorter notices, lower levels.
pub(crate) fn other_profile() -> Profile {
    let holiday = |date| u32::try_from(day(date)).unwrap();
    Profile {
        name: "XX-2026".to_owned(),
        power_default_years: 2,
        power_max_years: 5,
        pending_days: 60,
        record_window_s: 600,
        attestation_window_s: 120,
        assurance_min: 2,
        liveness_min: 1,
        topics: vec![Topic::Identity, Topic::FreeWill, Topic::Object],
        retention_years: 10,
        contest_days: 180,
        preemption_days: 45,
        priority_business_days: 7,
        requisition_business_days: 4,
        appeal_days: 30,
        lock_cooling_hours: 25,
        lock_assurance: 3,
        caveat_max_days: 30,
        substitutions_max: 1,
        area_tolerance_permille: 20,
        duties: Vec::new(),
        notarial_acts: Vec::new(),
        calendar: BusinessCalendar {
            utc_offset_h: -3,
            weekend: vec![5, 6],
            holidays: vec![holiday("2026-03-04"), holiday("2026-03-08")],
        },
    }
}

impl World {
    /// The profile that judges what is lodged in the next block.
    pub(crate) fn profile(&self) -> Profile {
        let number = state::profile_at(&self.state, Height(self.height + 1)).unwrap();
        state::profile(&self.state, number).unwrap()
    }

    fn plans(&mut self, by: &str, from: u64, profile: Profile) -> Vec<u8> {
        let from = Height(from);
        let body = Body::Profile(ProfileChange { from, profile });
        self.plain(by, &id(by).to_string(), body)
    }
}

fn world() -> World {
    let mut world = World::with_profile(Profile::kazakhstan());
    let names = ["Aida", "Bolat", "Clara"];
    world.enrol(&names);
    world.unmarried(&names, BEFORE);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Aida", "1/1")]);
    }
    world
}

/// Puts another profile in force from the next block but one on.
fn change(world: &mut World, profile: Profile) {
    let from = world.height + 2;
    let record = world.plans(SUPERVISOR, from, profile);
    assert_eq!(world.accept(&record), []);
}

#[test]
fn a_profile_judges_from_its_height_on() {
    let mut world = world();
    let from = world.height + 4;
    let record = world.plans(SUPERVISOR, from, other_profile());
    world.accept(&record);
    for _ in 0..2 {
        assert_eq!(world.profile(), Profile::kazakhstan());
        let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        assert_eq!(world.instrument(&deed).pending.unwrap().profile, 0);
    }
    assert_eq!(world.profile(), other_profile());
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    assert_eq!(world.height, from);
    let pending = world.instrument(&deed).pending.unwrap();
    assert_eq!(pending.profile, 1);
    let hour = (world.now().0 + 60 * DAY).div_ceil(3600) * 3600;
    assert_eq!(pending.expires, Seconds(hour));
}

#[test]
fn only_the_supervisor_plans_a_profile_for_itself_and_the_future() {
    let mut world = world();
    for stranger in [REGISTRAR, COURT, "Aida", "Nobody"] {
        let record = world.plans(stranger, 1_000, other_profile());
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let body = |from| {
        let profile = other_profile();
        Body::Profile(ProfileChange {
            from: Height(from),
            profile,
        })
    };
    let record = world.plain(SUPERVISOR, &id(REGISTRAR).to_string(), body(1_000));
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.attested(SUPERVISOR, &id(SUPERVISOR).to_string(), body(1_000));
    world.turn_away(&record, &["record.field_invalid"]);
    for past in [0, world.height, world.height + 1] {
        // The last one is the height of the block itself.
        let mut world = world.clone();
        let record = world.plans(SUPERVISOR, past, other_profile());
        world.refuse(&record, &["profile.not_future"]);
    }
    let record = world.plans(SUPERVISOR, 1_000, other_profile());
    world.accept(&record);
    for planned in [999, 1_000] {
        let record = world.plans(SUPERVISOR, planned, other_profile());
        world.refuse(&record, &["profile.not_future"]);
    }
    let records = [
        world.plans(SUPERVISOR, 1_001, Profile::kazakhstan()),
        world.plans(SUPERVISOR, 1_001, other_profile()),
    ];
    let answers = world.block(&records);
    assert_eq!(answers[0].as_ref().unwrap().refusal, None);
    let refusal = answers[1].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["profile.not_future"]);
}

#[test]
fn a_profile_that_no_law_can_have_is_refused() {
    type Spoil = (&'static str, fn(&mut Profile));
    let cases: &[Spoil] = &[
        ("a term above the longest", |p| p.power_default_years = 6),
        ("no term", |p| p.power_default_years = 0),
        ("nothing may wait", |p| p.pending_days = 0),
        ("no record is fresh", |p| p.record_window_s = 0),
        ("no level", |p| p.assurance_min = 0),
        ("a level that nobody has", |p| p.assurance_min = 4),
        ("a liveness that nobody has", |p| p.liveness_min = 4),
        ("topics twice", |p| {
            p.topics = vec![Topic::Date, Topic::Date]
        }),
        ("no time for co-owners", |p| p.preemption_days = 0),
        ("no priority", |p| p.priority_business_days = 0),
        ("a priority without end", |p| {
            p.priority_business_days = BUSINESS_DAYS_MAX + 1
        }),
        ("no time to answer", |p| p.requisition_business_days = 0),
        ("an answer without end", |p| {
            p.requisition_business_days = u16::MAX
        }),
        ("no time to appeal", |p| p.appeal_days = 0),
        ("no cooling-off", |p| p.lock_cooling_hours = 0),
        ("a lock that nobody opens", |p| p.lock_assurance = 4),
        ("no caveats", |p| p.caveat_max_days = 0),
        ("powers without end", |p| p.substitutions_max = 200),
        ("areas out of nothing", |p| {
            p.area_tolerance_permille = 1_001
        }),
        ("acts twice", |p| {
            p.notarial_acts = vec![ActKind::Sell, ActKind::Sell]
        }),
        ("a day west of the date line", |p| {
            p.calendar.utc_offset_h = -13
        }),
        ("a day east of it", |p| p.calendar.utc_offset_h = 15),
        ("no business at all", |p| {
            p.calendar.weekend = (1..=7).collect()
        }),
        ("an eighth day", |p| p.calendar.weekend = vec![8]),
        ("a day twice", |p| p.calendar.weekend = vec![6, 6]),
        ("holidays out of order", |p| {
            p.calendar.holidays = vec![2, 1]
        }),
        ("too many holidays", |p| {
            p.calendar.holidays = (0..=u32::try_from(HOLIDAYS_MAX).unwrap()).collect();
        }),
    ];
    let mut world = world();
    for (what, spoil) in cases {
        println!("{what}");
        let mut profile = other_profile();
        spoil(&mut profile);
        let record = world.plans(SUPERVISOR, 1_000, profile.clone());
        world.refuse(&record, &["profile.invalid"]);
        let record = world.plans(SUPERVISOR, 1, profile);
        world.refuse(&record, &["profile.not_future", "profile.invalid"]);
    }
    for (name, code) in [
        ("of 850101300123", "record.personal_data"),
        ("\u{7}", "record.field_invalid"),
    ] {
        let name = name.to_owned();
        let profile = Profile {
            name,
            ..other_profile()
        };
        let record = world.plans(SUPERVISOR, 1_000, profile);
        world.turn_away(&record, &[code]);
    }
}

#[test]
fn a_ledger_has_so_many_profiles_in_its_life() {
    let mut world = world();
    let records: Vec<_> = (1..PROFILES_MAX)
        .map(|n| {
            let from = 1_000 + u64::try_from(n).unwrap();
            world.plans(SUPERVISOR, from, other_profile())
        })
        .collect();
    for answer in world.block(&records) {
        assert_eq!(answer.unwrap().refusal, None);
    }
    let record = world.plans(SUPERVISOR, 9_000, other_profile());
    world.refuse(&record, &["profile.invalid"]);
}

#[test]
fn an_instrument_is_judged_by_the_profile_under_which_it_was_lodged() {
    let mut world = world();
    let old = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    change(&mut world, other_profile());
    let new = world.lodge_sale(OTHER, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let profiles = [&old, &new].map(|deed| world.instrument(deed).pending.unwrap().profile);
    assert_eq!(profiles, [0, 1]);
    // The level that its acts need, and what their recordings cover and how long they are kept.
    let act = |role| {
        Body::Act(deedbook_schemas::instrument::Act {
            role,
            power: None,
            represents: None,
        })
    };
    for (deed, lawful) in [(old, false), (new, true)] {
        let mut sheet = world.sheet("Aida", &deed.to_string(), act(ActRole::Disponor));
        sheet.attestation().assurance = 2;
        sheet.attestation().liveness = 1;
        sheet.evidence().retention_years = 10;
        sheet.evidence().statements.pop();
        let record = sheet.seal();
        if lawful {
            world.accept(&record);
        } else {
            let codes = [
                "attestation.level_too_low",
                "evidence.statement_missing",
                "evidence.retention_too_short",
            ];
            world.turn_away(&record, &codes);
        }
    }
    let record = world.sells("Aida", &old);
    world.accept(&record);
    // The clocks of its requisitions and notices.
    for (deed, judge) in [(old, Profile::kazakhstan()), (new, other_profile())] {
        world.asks(&deed);
        let pending = world.instrument(&deed).pending.unwrap();
        let Matter::Requisition { due, .. } = pending.supplements[0].matter else {
            panic!("a requisition")
        };
        let end = |days| end_of_business_days(world.now(), days, &judge.calendar);
        assert_eq!(due, end(judge.requisition_business_days));
        let record = world.reserve("Bolat", &deed);
        world.accept(&record);
        let title = world.title(&world.instrument(&deed).property);
        let ends = end_of_business_days(world.now(), judge.priority_business_days, &judge.calendar);
        let deedbook_schemas::encumbrance::Right::PriorityNotice { until, .. } =
            title.encumbrances[0].right
        else {
            panic!("a notice")
        };
        assert_eq!(until, ends);
    }
    assert_ne!(
        world.instrument(&old).pending.unwrap().expires,
        world.instrument(&new).pending.unwrap().expires
    );
}

#[test]
fn what_is_no_instrument_is_judged_by_the_profile_of_its_block() {
    let mut world = world();
    let lock = world.locked("Aida", FLAT);
    change(&mut world, other_profile());
    let body = world.power_body(&[ActKind::Sell]);
    let issued = body.issued.unwrap();
    let record = world.power("Aida", "Clara", body);
    world.accept(&record);
    let power = state::power(&world.state, &record_id(&record))
        .unwrap()
        .unwrap();
    let two_years = deedbook_registry::calendar::add_years(issued, 2);
    assert_eq!(power.expires, two_years);
    let record = world.unlock("Aida", FLAT, &lock);
    world.accept(&record);
    let opens = (world.now().0 + 25 * 3600).div_ceil(3600) * 3600;
    let right = &world.title(FLAT).encumbrances[0].right;
    let expected = deedbook_schemas::encumbrance::Right::SelfLock {
        holder: id("Aida"),
        opens: Some(Seconds(opens)),
    };
    assert_eq!(*right, expected);
    let until = Seconds(world.now().0 + 31 * DAY);
    let record = world.caveat("Clara", FLAT, until);
    world.refuse(&record, &["caveat.term"]);
}

#[test]
fn a_deed_registers_under_the_old_profile_after_the_change() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    change(
        &mut world,
        Profile {
            notarial_acts: vec![ActKind::Sell],
            pending_days: 1,
            ..other_profile()
        },
    );
    world.pass(29 * DAY);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

/// The tests of the law, once more under the other profile.
macro_rules! elsewhere {
    ($($topic:ident { $($test:ident)* })*) => {
        $(mod $topic {
            $(#[test]
            fn $test() {
                super::super::under(super::super::other_profile(), crate::$topic::$test);
            })*
        })*
    };
}

mod elsewhere {
    elsewhere! {
        powers {
            a_void_or_impossible_power_is_refused
            the_term_is_the_profiles_by_default_and_its_longest_at_most
            a_year_from_29_february_ends_on_28_february
            a_power_works_from_its_start_and_not_from_its_end_on
            a_revoked_power_never_acts_again
            a_renounced_power_is_over_too
            a_revocation_works_from_its_place_and_what_registered_before_stands
            an_act_whose_power_ended_before_registration_no_longer_counts
            death_and_incapacity_of_either_side_end_a_power
            the_dead_and_the_incapable_do_not_act_and_their_acts_stop_counting
        }
        agents {
            an_agent_sells_within_the_power
            an_act_outside_the_scope_is_refused
            an_agent_buys_under_a_power_to_acquire_and_a_floor_binds_sales_only
            an_agent_deals_neither_with_themselves_nor_their_spouse_nor_on_both_sides
            an_agent_on_both_sides_needs_the_leave_of_both
            the_principal_holds_the_right_when_the_act_is_done
        }
        consents {
            joint_property_waits_for_the_spouse_and_registers_with_the_consent
            a_consent_may_come_first
            a_consent_for_something_else_does_not_serve
            a_floor_that_is_just_met_and_the_last_second_still_serve
            who_may_not_consent_is_refused
            the_seller_cannot_consent_under_a_power_from_the_spouse_and_an_agent_can
            a_consent_serves_once
            consent_and_revocation_in_one_block_are_decided_by_their_order
            only_the_spouse_revokes_a_consent
            a_holder_has_room_for_a_few_consents_and_lapsed_ones_make_room
        }
        expiry {
            a_pending_instrument_expires_at_its_hour_and_frees_the_slot
            closed_instruments_are_passed_over_and_hours_come_in_order
            more_than_one_block_can_end_are_ended_in_order_by_the_next_ones
        }
        slots {
            of_two_deeds_in_one_block_exactly_one_wins
            however_the_records_are_cut_into_blocks_the_titles_are_the_same
            two_deeds_of_one_half_do_not_both_leave_one_half_holder
            a_strangers_lodging_blocks_nothing
            a_slot_blocks_later_instruments_until_it_is_given_up
            a_slot_taken_under_a_power_ends_with_the_power
            the_same_record_changes_nothing_the_second_time
            unknown_and_foreign_instruments_cannot_be_acted_on
        }
        marriage {
            the_status_at_acquisition_decides
            gifts_and_inheritances_are_personal_even_in_marriage
            an_instrument_registers_in_the_block_in_which_the_missing_fact_arrives
            a_division_to_the_other_spouse_frees_nothing_and_happens_once
            a_spouse_who_signs_the_deed_in_person_needs_no_second_paper
            a_consent_ends_with_the_spouse_or_the_marriage
            facts_that_contradict_the_register_are_refused
        }
        freezes {
            what_is_frozen_is_signed_and_registers_when_the_freeze_is_lifted
            a_freeze_of_one_property_does_not_reach_another
            every_disposition_waits_for_every_freeze
            a_freeze_and_the_last_act_in_one_block_are_decided_by_their_order
            a_freeze_is_over_at_its_hour_swept_or_not
            only_four_kinds_of_authority_freeze
            a_freeze_that_cannot_be_is_refused
            there_is_room_for_a_few_freezes_and_lapsed_ones_make_room
            its_own_authority_or_a_court_above_it_lifts_a_freeze
            only_a_freeze_in_force_on_this_title_is_lifted
        }
        caveats {
            a_caveat_warns_blocks_nothing_and_passes_with_the_property
            a_caveat_begins_and_does_not_last_longer_than_the_profile_says
            a_claimant_has_one_caveat_on_a_title_and_another_after_it_lapsed
            two_caveats_of_one_claimant_in_one_block_are_one
            there_is_room_for_a_few_claimants
            who_may_not_warn_does_not
        }
        locks {
            a_locked_holding_is_disposed_of_by_nobody_for_its_holder
            a_co_owners_holding_is_not_locked
            a_lock_opens_after_the_cooling_off_and_not_one_second_before
            a_holding_is_locked_again_once_it_was_opened
            a_lock_is_opened_at_high_assurance_only
            only_a_holder_in_person_locks_and_only_once
            only_a_lock_in_force_is_opened_by_its_holder
            a_lock_and_the_last_act_in_one_block_are_decided_by_their_order
        }
        priority {
            a_notice_holds_the_slot_for_its_deed_although_the_disponors_act_stopped_counting
            the_reserved_deed_registers_under_its_notice
            a_notice_runs_to_the_end_of_the_last_business_day
            only_an_acquirer_of_a_signed_deed_reserves
            a_deed_whose_disponors_act_stopped_counting_is_not_reserved
            another_deed_is_not_served_by_the_notice
            notices_are_not_stacked
            two_buyers_of_one_deed_reserve_it_once
            while_reserved_a_deed_is_withdrawn_by_an_acquirer_alone
            a_notice_goes_with_a_deed_that_expires_or_is_refused
        }
        requisitions {
            a_requisition_is_answered_cured_and_the_deed_registers
            an_answer_that_does_not_satisfy_ends_the_instrument_and_frees_the_slot
            unanswered_the_instrument_is_refused_in_the_first_block_that_reaches_the_time
            the_clock_counts_business_days_of_the_calendar
            an_overdue_instrument_is_closed_even_before_it_is_swept
            an_answer_stops_the_clock
            who_may_not_ask_answer_or_decide_does_not
            a_registered_instrument_is_asked_nothing_and_there_are_a_few_questions_at_most
            a_requisition_and_the_last_act_in_one_block_are_decided_by_their_order
            a_corrected_text_is_another_instrument_without_acts_consents_or_the_old_slot
        }
    }
}

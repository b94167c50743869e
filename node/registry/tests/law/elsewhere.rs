//! Rule 47: the law under another profile is the same law with other parameters. The tests that know no
//! parameter by heart run once more under it.

/// The tests of the law, once more under the other profile.
macro_rules! elsewhere {
    ($($topic:ident { $($test:ident)* })*) => {
        $(mod $topic {
            use crate::profiles::{other_profile, under};

            $(#[test]
            fn $test() {
                under(other_profile(), crate::$topic::$test);
            })*
        })*
    };
}

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
        what_is_frozen_is_not_mortgaged_and_lenders_still_pass_on_what_they_have
        what_is_over_blocks_nothing_although_the_sweep_comes_a_block_later
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
        heirs_inherit_what_was_locked_and_not_what_is_frozen
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

//! Rules 32, 33: business days, in the local time and by the holidays of a profile (Civil Code 173).

use deedbook_registry::calendar::end_of_business_days;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::limits::{BUSINESS_DAYS_MAX, HOLIDAYS_MAX, SECONDS_MAX};
use deedbook_schemas::profile::{BusinessCalendar, Profile};

use crate::world::DAY;

/// Days from 1970-01-01 to a date, counted year by year and month by month.
pub(crate) fn day(date: &str) -> u64 {
    let parts: Vec<u64> = date.split('-').map(|part| part.parse().unwrap()).collect();
    let leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: u64 = (1970..parts[0]).map(|y| 365 + u64::from(leap(y))).sum();
    let before = usize::try_from(parts[1] - 1).unwrap();
    let leap_day = u64::from(leap(parts[0]) && before >= 2);
    years + months[..before].iter().sum::<u64>() + leap_day + parts[2] - 1
}

/// A time in UTC: "2026-03-31 19:00:00".
pub(crate) fn utc(time: &str) -> Seconds {
    let (date, clock) = time.split_once(' ').unwrap();
    let clock: Vec<u64> = clock.split(':').map(|part| part.parse().unwrap()).collect();
    Seconds(day(date) * DAY + clock[0] * 3600 + clock[1] * 60 + clock[2])
}

fn kazakhstan() -> BusinessCalendar {
    Profile::kazakhstan().calendar
}

#[test]
fn the_table_of_terms_in_kazakhstan() {
    for (from, days, end) in [
        // A Monday at 15:00 in Astana: the day itself is not counted.
        ("2026-03-02 10:00:00", 1, "2026-03-03 19:00:00"),
        ("2026-03-02 10:00:00", 4, "2026-03-06 19:00:00"),
        // Women's Day 2026 is a Sunday.
        ("2026-03-02 10:00:00", 5, "2026-03-09 19:00:00"),
        ("2026-03-02 10:00:00", 20, "2026-03-31 19:00:00"),
        // The last second of a local day, and the first of the next.
        ("2026-03-02 18:59:59", 1, "2026-03-03 19:00:00"),
        ("2026-03-02 19:00:00", 1, "2026-03-04 19:00:00"),
        // From a Friday, a Saturday and a Sunday to the same Monday.
        ("2026-03-06 10:00:00", 1, "2026-03-09 19:00:00"),
        ("2026-03-07 10:00:00", 1, "2026-03-09 19:00:00"),
        ("2026-03-08 18:59:59", 1, "2026-03-09 19:00:00"),
        // Nauryz 2026: Saturday, Sunday and Monday.
        ("2026-03-20 10:00:00", 1, "2026-03-24 19:00:00"),
        ("2026-03-19 10:00:00", 2, "2026-03-24 19:00:00"),
        ("2026-03-22 10:00:00", 1, "2026-03-24 19:00:00"),
        // 1 May 2026 is a Friday, 7 May a Thursday, 9 May a Saturday.
        ("2026-04-30 10:00:00", 1, "2026-05-04 19:00:00"),
        ("2026-04-30 10:00:00", 3, "2026-05-06 19:00:00"),
        ("2026-04-30 10:00:00", 4, "2026-05-08 19:00:00"),
        ("2026-04-30 10:00:00", 5, "2026-05-11 19:00:00"),
        // Independence Day, the year's end, and 1 and 2 January 2027: Friday and Saturday.
        ("2026-12-15 10:00:00", 1, "2026-12-17 19:00:00"),
        ("2026-12-30 10:00:00", 1, "2026-12-31 19:00:00"),
        ("2026-12-31 10:00:00", 1, "2027-01-04 19:00:00"),
        ("2026-12-31 10:00:00", 20, "2027-01-29 19:00:00"),
        // Over a leap day, a Tuesday.
        ("2028-02-28 10:00:00", 1, "2028-02-29 19:00:00"),
        ("2028-02-28 10:00:00", 2, "2028-03-01 19:00:00"),
        ("2100-02-26 10:00:00", 1, "2100-03-01 19:00:00"),
    ] {
        let until = end_of_business_days(utc(from), days, &kazakhstan());
        assert_eq!(until, utc(end), "{days} business days from {from}");
    }
}

#[test]
fn a_day_begins_where_its_calendar_says() {
    let from = utc("2026-03-03 11:30:00");
    for (offset, end) in [
        (-12, "2026-03-04 12:00:00"),
        (-11, "2026-03-05 11:00:00"),
        (0, "2026-03-05 00:00:00"),
        (5, "2026-03-04 19:00:00"),
        (12, "2026-03-04 12:00:00"),
        (13, "2026-03-05 11:00:00"),
        (14, "2026-03-05 10:00:00"),
    ] {
        let calendar = BusinessCalendar {
            utc_offset_h: offset,
            weekend: Vec::new(),
            holidays: Vec::new(),
        };
        let until = end_of_business_days(from, 1, &calendar);
        assert_eq!(until, utc(end), "UTC{offset:+}");
    }
}

#[test]
fn weekends_and_holidays_are_the_calendars_own() {
    let from = utc("2026-03-05 10:00:00");
    let end = |weekend: &[u8], holidays: &[&str], days| {
        let calendar = BusinessCalendar {
            utc_offset_h: 0,
            weekend: weekend.to_vec(),
            holidays: holidays
                .iter()
                .map(|date| u32::try_from(day(date)).unwrap())
                .collect(),
        };
        end_of_business_days(from, days, &calendar)
    };
    // From a Thursday.
    assert_eq!(end(&[], &[], 3), utc("2026-03-09 00:00:00"));
    assert_eq!(end(&[5, 6], &[], 1), utc("2026-03-09 00:00:00"));
    assert_eq!(end(&[6, 7], &[], 1), utc("2026-03-07 00:00:00"));
    assert_eq!(end(&[5, 6], &["2026-03-08"], 1), utc("2026-03-10 00:00:00"));
    // One business day a week, the next two of them holidays.
    let mondays = [2, 3, 4, 5, 6, 7];
    assert_eq!(end(&mondays, &[], 2), utc("2026-03-17 00:00:00"));
    let swallowed = ["2026-03-09", "2026-03-16"];
    assert_eq!(end(&mondays, &swallowed, 1), utc("2026-03-24 00:00:00"));
}

#[test]
fn a_calendar_that_swallows_everything_for_months_still_ends() {
    let from = utc("2026-03-02 10:00:00");
    let first = u32::try_from(day("2026-03-03")).unwrap();
    let most = u32::try_from(HOLIDAYS_MAX).unwrap();
    let every_day = BusinessCalendar {
        utc_offset_h: 0,
        weekend: Vec::new(),
        holidays: (first..first + most).collect(),
    };
    let after = Seconds((u64::from(first + most) + 1) * DAY);
    assert_eq!(end_of_business_days(from, 1, &every_day), after);
    // Every Monday for five years, and Mondays alone have business.
    let mondays = BusinessCalendar {
        utc_offset_h: 0,
        weekend: vec![2, 3, 4, 5, 6, 7],
        holidays: (0..most).map(|week| first + 6 + 7 * week).collect(),
    };
    let weeks = u64::from(most) + u64::from(BUSINESS_DAYS_MAX);
    let end = Seconds((u64::from(first) + 6 + 7 * (weeks - 1) + 1) * DAY);
    assert_eq!(end_of_business_days(from, BUSINESS_DAYS_MAX, &mondays), end);
    // No business at all is no calendar; it is not waited for either.
    let never = BusinessCalendar {
        utc_offset_h: 0,
        weekend: (1..=7).collect(),
        holidays: Vec::new(),
    };
    assert!(end_of_business_days(from, u16::MAX, &never) > from);
}

#[test]
fn the_ends_of_time_do_not_overflow() {
    for offset in [-12, 14] {
        let calendar = BusinessCalendar {
            utc_offset_h: offset,
            ..kazakhstan()
        };
        for from in [0, 1, SECONDS_MAX, u64::MAX] {
            let until = end_of_business_days(Seconds(from), BUSINESS_DAYS_MAX, &calendar);
            assert!(until.0 >= from.min(SECONDS_MAX), "{from} {offset}");
        }
    }
}

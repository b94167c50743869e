//! The civil calendar, as the law counts terms (Civil Code 173): years and months from a date in
//! UTC, ending on the same day of the month, or on its last if it has no such day; business days in
//! the local time and by the holidays of a profile.
//!
//! Days are counted as in H. Hinnant, "chrono-compatible low-level date algorithms".

use deedbook_schemas::block::Seconds;
use deedbook_schemas::profile::BusinessCalendar;

const DAY_S: u64 = 86_400;
/// Days from 0000-03-01, where the algorithm's years begin, to 1970-01-01.
const EPOCH_DAYS: u64 = 719_468;
/// Days of 400 years: the calendar repeats.
const ERA_DAYS: u64 = 146_097;
const HOUR_S: i64 = 3600;
const WEEK_DAYS: u64 = 7;
/// Days from a Monday to 1970-01-01, a Thursday.
const EPOCH_WEEKDAY: u64 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Date {
    year: u64,
    /// 1 to 12.
    month: u64,
    /// 1 to 31.
    day: u64,
}

fn date_of(days: u64) -> Date {
    let shifted = days.saturating_add(EPOCH_DAYS);
    let (era, day_of_era) = (shifted / ERA_DAYS, shifted % ERA_DAYS);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months count from March, so that the leap day is the year's last.
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    Date { year, month, day }
}

fn days_of(date: Date) -> u64 {
    let year = date.year.saturating_sub(u64::from(date.month <= 2));
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted_month = (date.month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + date.day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era.saturating_mul(ERA_DAYS).saturating_add(day_of_era)).saturating_sub(EPOCH_DAYS)
}

fn days_in_month(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The same time of day, so many months later.
#[must_use]
pub fn add_months(from: Seconds, months: u32) -> Seconds {
    let (days, time_of_day) = (from.0 / DAY_S, from.0 % DAY_S);
    let date = date_of(days);
    let count = date.year.saturating_mul(12) + (date.month - 1) + u64::from(months);
    let (year, month) = (count / 12, count % 12 + 1);
    let day = date.day.min(days_in_month(year, month));
    let days = days_of(Date { year, month, day });
    Seconds(days.saturating_mul(DAY_S).saturating_add(time_of_day))
}

/// The same time of day, so many years later: a year from 29 February ends on 28 February.
#[must_use]
pub fn add_years(from: Seconds, years: u8) -> Seconds {
    add_months(from, 12 * u32::from(years))
}

/// So many times 24 hours later.
#[must_use]
pub fn add_days(from: Seconds, days: u16) -> Seconds {
    Seconds(from.0.saturating_add(u64::from(days) * DAY_S))
}

/// So many hours later.
#[must_use]
pub fn add_hours(from: Seconds, hours: u16) -> Seconds {
    Seconds(from.0.saturating_add(u64::from(hours) * 3600))
}

/// The end of the last of so many business days: the local midnight after it. The day of the event
/// itself is not counted (Civil Code 173). A term that is over at this time was still running one
/// second before.
#[must_use]
pub fn end_of_business_days(from: Seconds, days: u16, calendar: &BusinessCalendar) -> Seconds {
    let offset = HOUR_S * i64::from(calendar.utc_offset_h);
    let mut day = from.0.saturating_add_signed(offset) / DAY_S;
    let mut left = days;
    // A business day is at most a week away, and each holiday puts one off by a week at most.
    let holidays = u64::try_from(calendar.holidays.len()).unwrap_or(u64::MAX);
    let longest = u64::from(days)
        .saturating_add(holidays)
        .saturating_mul(WEEK_DAYS);
    for _ in 0..longest {
        if left == 0 {
            break;
        }
        day = day.saturating_add(1);
        if is_business_day(day, calendar) {
            left -= 1;
        }
    }
    let midnight = day.saturating_add(1).saturating_mul(DAY_S);
    Seconds(midnight.saturating_add_signed(-offset))
}

/// Whether a local day, counted from 1970-01-01, is neither of a weekend nor a holiday.
fn is_business_day(day: u64, calendar: &BusinessCalendar) -> bool {
    let weekday = (day % WEEK_DAYS + EPOCH_WEEKDAY) % WEEK_DAYS + 1;
    let weekend = calendar
        .weekend
        .iter()
        .any(|off| u64::from(*off) == weekday);
    let holiday = u32::try_from(day).is_ok_and(|day| calendar.holidays.binary_search(&day).is_ok());
    !weekend && !holiday
}

/// A time in plain words, in UTC: `2026-03-02 10:00 UTC`.
pub(crate) fn in_words(time: Seconds) -> String {
    let date = date_of(time.0 / DAY_S);
    let (hour, minute) = (time.0 % DAY_S / 3600, time.0 % 3600 / 60);
    format!(
        "{:04}-{:02}-{:02} {hour:02}:{minute:02} UTC",
        date.year, date.month, date.day
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: u64, month: u64, day: u64) -> Seconds {
        Seconds(days_of(Date { year, month, day }) * DAY_S + 36_000)
    }

    #[test]
    fn every_day_of_eight_centuries_is_its_own_date() {
        for days in 0..300_000 {
            let date = date_of(days);
            assert_eq!(days_of(date), days, "{date:?}");
            assert!((1..=12).contains(&date.month), "{date:?}");
            assert!((1..=days_in_month(date.year, date.month)).contains(&date.day));
        }
        let known = Date {
            year: 2026,
            month: 3,
            day: 2,
        };
        assert_eq!(days_of(known) * DAY_S, 1_772_409_600);
        assert_eq!(in_words(Seconds(1_772_445_659)), "2026-03-02 10:00 UTC");
        assert_eq!(in_words(Seconds(253_402_300_799)), "9999-12-31 23:59 UTC");
    }

    #[test]
    fn a_term_ends_on_the_same_day_or_on_the_last_of_the_month() {
        for (from, months, to) in [
            (at(2024, 2, 29), 12, at(2025, 2, 28)),
            (at(2024, 2, 29), 36, at(2027, 2, 28)),
            (at(2024, 2, 29), 48, at(2028, 2, 29)),
            (at(2023, 2, 28), 12, at(2024, 2, 28)),
            (at(2096, 2, 29), 48, at(2100, 2, 28)),
            (at(2025, 12, 31), 2, at(2026, 2, 28)),
            (at(2026, 1, 31), 1, at(2026, 2, 28)),
            (at(2026, 1, 31), 3, at(2026, 4, 30)),
            (at(2026, 1, 31), 5, at(2026, 6, 30)),
            (at(2026, 1, 31), 8, at(2026, 9, 30)),
            (at(2026, 1, 31), 10, at(2026, 11, 30)),
            (at(2026, 1, 31), 11, at(2026, 12, 31)),
            (at(2026, 11, 15), 2, at(2027, 1, 15)),
        ] {
            assert_eq!(add_months(from, months), to);
        }
        assert_eq!(add_years(at(2026, 3, 2), 3), at(2029, 3, 2));
        assert_eq!(add_days(at(2026, 2, 28), 2), at(2026, 3, 2));
    }
}

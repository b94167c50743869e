//! Dates, counted on the fingers: year by year and month by month.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::profile::BusinessCalendar;

const DAY: u64 = 86_400;
const MONTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_days(year: u64, month: usize) -> u64 {
    MONTHS[month] + u64::from(month == 1 && leap(year))
}

/// The same day of a later year; 28 February for 29 February.
pub(crate) fn years_later(from: Seconds, years: u8) -> Seconds {
    let (mut days, rest) = (from.0 / DAY, from.0 % DAY);
    let (mut year, mut month) = (1970, 0);
    while days >= month_days(year, month) {
        days -= month_days(year, month);
        month += 1;
        if month == 12 {
            (year, month) = (year + 1, 0);
        }
    }
    let target = year + u64::from(years);
    let day = days.min(month_days(target, month) - 1);
    let mut count = day;
    for before in 1970..target {
        count += 365 + u64::from(leap(before));
    }
    for before in 0..month {
        count += month_days(target, before);
    }
    Seconds(count * DAY + rest)
}

/// The first full hour that is not before a time.
pub(crate) fn hour_after(at: Seconds) -> Seconds {
    let over = at.0 % 3600;
    Seconds(if over == 0 { at.0 } else { at.0 - over + 3600 })
}

/// So many days later, at the next full hour.
pub(crate) fn deadline(from: Seconds, days: u16) -> Seconds {
    hour_after(Seconds(from.0 + u64::from(days) * DAY))
}

/// The end of the last of so many business days, of which the present day is none.
pub(crate) fn business_days(from: Seconds, days: u16, calendar: &BusinessCalendar) -> Seconds {
    let ahead = i64::from(calendar.utc_offset_h) * 3600;
    let mut day = from.0.checked_add_signed(ahead).unwrap() / DAY;
    let mut left = days;
    while left > 0 {
        day += 1;
        // 5 January 1970 was a Monday.
        let weekday = (day + 7 - 4) % 7 + 1;
        let free = calendar
            .weekend
            .iter()
            .any(|off| u64::from(*off) == weekday)
            || calendar.holidays.iter().any(|off| u64::from(*off) == day);
        left -= u16::from(!free);
    }
    Seconds(((day + 1) * DAY).checked_add_signed(-ahead).unwrap())
}

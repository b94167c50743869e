//! Times for people: seconds and milliseconds UTC as RFC 3339, and back from a date.
//!
//! The Gregorian arithmetic is Howard Hinnant's `civil_from_days`, exact for every `u64` second
//! below the year 10000.

use std::time::{SystemTime, UNIX_EPOCH};

use deedbook_schemas::block::{BlockTime, Seconds};

const DAY_S: u64 = 86_400;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: u64 = 719_468;
/// Days of 400 Gregorian years.
const ERA_DAYS: u64 = 146_097;
/// Seconds at 9999-12-31T23:59:59Z; what is later is printed as a number.
const SECONDS_MAX: u64 = 253_402_300_799;

/// The time of this machine's clock.
#[must_use]
pub fn now() -> Seconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Seconds(since.map_or(0, |duration| duration.as_secs()))
}

/// `2026-03-01T12:00:00Z`.
#[must_use]
pub fn rfc3339(time: Seconds) -> String {
    if time.0 > SECONDS_MAX {
        return format!("{} s", time.0);
    }
    let (days, rest) = (time.0 / DAY_S + EPOCH_DAYS, time.0 % DAY_S);
    let (era, day) = (days / ERA_DAYS, days % ERA_DAYS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, turn) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year + turn;
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A block's time, `2026-03-01T12:00:00.123Z`.
#[must_use]
pub fn rfc3339_ms(time: BlockTime) -> String {
    let whole = rfc3339(time.seconds());
    let whole = whole.trim_end_matches('Z');
    format!("{whole}.{:03}Z", time.0 % 1_000)
}

/// Reads seconds since 1970, `2026-03-01`, or `2026-03-01T12:00:00Z`.
///
/// # Errors
/// One line that says which forms are read.
pub fn parse(text: &str) -> Result<Seconds, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Seconds(seconds));
    }
    read(text)
        .filter(|time| {
            let full = rfc3339(*time);
            full == text || full.strip_suffix("T00:00:00Z") == Some(text)
        })
        .ok_or_else(|| {
            format!("{text:?} is no time: write 2026-03-01, 2026-03-01T12:00:00Z, or seconds")
        })
}

/// Reads loosely; printing it again and comparing makes it strict.
fn read(text: &str) -> Option<Seconds> {
    let (date, clock) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut date = date.splitn(3, '-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut clock = clock
        .strip_suffix('Z')?
        .splitn(3, ':')
        .map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let in_era = year % 400;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = year / 400 * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + day_of_year;
    let seconds = (days - EPOCH_DAYS) * DAY_S + hour.min(99) * 3_600 + minute.min(99) * 60;
    Some(Seconds(seconds + second.min(99)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_they_print() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_772_366_400, "2026-03-01T12:00:00Z"),
            (SECONDS_MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(Seconds(seconds)), text);
            assert_eq!(parse(text), Ok(Seconds(seconds)));
        }
        assert_eq!(parse("2000-02-29"), Ok(Seconds(951_782_400)));
        assert_eq!(parse("1772366400"), Ok(Seconds(1_772_366_400)));
        assert_eq!(rfc3339_ms(BlockTime(1_007)), "1970-01-01T00:00:01.007Z");
        assert_eq!(rfc3339(Seconds(u64::MAX)), format!("{} s", u64::MAX));
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "2025-02-29",
            "2026-13-01",
            "2026-1-1",
            "2026-03-01T24:00:00Z",
            "soon",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

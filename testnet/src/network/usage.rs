//! What a process has used, as Linux counts it in `/proc`.

use std::fs;

use anyhow::{Context as _, Result};

/// Microseconds of one tick of `/proc/PID/stat`: `USER_HZ` is 100 on Linux.
const TICK_MICROS: u64 = 10_000;

/// CPU time and memory of one process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Usage {
    /// User and system time of all its threads, in microseconds.
    pub cpu_micros: u64,
    /// Memory in use now, in bytes.
    pub resident_bytes: u64,
    /// The most memory it ever used, in bytes.
    pub peak_resident_bytes: u64,
}

/// Reads what process `id` has used so far.
///
/// # Errors
/// If it has ended.
pub fn usage(id: u32) -> Result<Usage> {
    let read = |file: &str| {
        let path = format!("/proc/{id}/{file}");
        fs::read_to_string(&path).with_context(|| format!("reading {path}"))
    };
    let (stat, status) = (read("stat")?, read("status")?);
    Ok(Usage {
        cpu_micros: cpu_micros(&stat).with_context(|| format!("/proc/{id}/stat"))?,
        resident_bytes: kibibytes(&status, "VmRSS:").unwrap_or(0) * 1024,
        peak_resident_bytes: kibibytes(&status, "VmHWM:").unwrap_or(0) * 1024,
    })
}

/// A ratio for people; zero counts as one below the line.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "a figure for people; counts stay below 2^53"
)]
pub fn ratio(numerator: u64, denominator: u64) -> f64 {
    numerator as f64 / denominator.max(1) as f64
}

/// Fields 14 and 15 of proc(5) `stat`; the second field is a name that may hold spaces.
fn cpu_micros(stat: &str) -> Option<u64> {
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * TICK_MICROS)
}

fn kibibytes(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_process_uses_memory_and_its_fields_are_found_behind_any_name() {
        let own = usage(std::process::id()).unwrap();
        assert!(own.resident_bytes > 0 && own.peak_resident_bytes >= own.resident_bytes);
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 30 12 0";
        assert_eq!(cpu_micros(stat), Some(42 * TICK_MICROS));
    }
}

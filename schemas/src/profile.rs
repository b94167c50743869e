//! Jurisdiction profiles: the parameters of the law. Nothing of this is a constant in code.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::Height;
use crate::evidence::Topic;
use crate::instrument::ActKind;
use crate::limits::{BUSINESS_DAYS_MAX, HOLIDAYS_MAX, POWER_DEPTH_MAX, TEXT_BYTES_MAX};
use crate::settlement::DutyKind;
use crate::text::check_text;

/// Which days are business days, and when a day begins.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct BusinessCalendar {
    /// Local time minus UTC, in whole hours, -12 to 14.
    #[n(0)]
    pub utc_offset_h: i8,
    /// Days of the week without business, 1 Monday to 7 Sunday (ISO 8601), sorted; not all.
    #[n(1)]
    pub weekend: Vec<u8>,
    /// Holidays, and days moved onto by law: local days since 1970-01-01, sorted.
    #[n(2)]
    pub holidays: Vec<u32>,
}

/// Parameters of the law. The profile in force when an instrument is lodged decides (rule 47).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, for people.
    #[n(0)]
    pub name: String,
    /// Years a power lasts that states no term (Civil Code 168: one).
    #[n(1)]
    pub power_default_years: u8,
    /// Years a power lasts at most (Civil Code 168: three).
    #[n(2)]
    pub power_max_years: u8,
    /// Days a pending instrument waits for its last requirement.
    #[n(3)]
    pub pending_days: u16,
    /// Seconds between a record's time of signing and its block, either way.
    #[n(4)]
    pub record_window_s: u32,
    /// Seconds between an identity check and the time of signing.
    #[n(5)]
    pub attestation_window_s: u32,
    /// Assurance level an act needs (1 low, 2 substantial, 3 high).
    #[n(6)]
    pub assurance_min: u8,
    /// Liveness level an act needs (0 none, 1 passive, 2 active, 3 certified).
    #[n(7)]
    pub liveness_min: u8,
    /// Topics every recording must cover, sorted; of a sale also the price.
    #[n(8)]
    pub topics: Vec<Topic>,
    /// Years a recording is kept at least.
    #[n(9)]
    pub retention_years: u8,
    /// Days in which a spouse may contest (Marriage Code 34: one year).
    #[n(10)]
    pub contest_days: u16,
    /// Days co-owners have for their pre-emption (Civil Code 216: one month).
    #[n(11)]
    pub preemption_days: u16,
    /// Business days for which a priority notice reserves the slot.
    #[n(12)]
    pub priority_business_days: u16,
    /// Business days in which a requisition is to be answered.
    #[n(13)]
    pub requisition_business_days: u16,
    /// Days in which an instrument's end may be appealed.
    #[n(14)]
    pub appeal_days: u16,
    /// Hours between asking for a self-lock to be lifted and its opening.
    #[n(15)]
    pub lock_cooling_hours: u16,
    /// Assurance level that asking for it needs.
    #[n(16)]
    pub lock_assurance: u8,
    /// Days a caveat lasts at most.
    #[n(17)]
    pub caveat_max_days: u16,
    /// How often a power may be passed on (Civil Code 169), whatever it says itself.
    #[n(18)]
    pub substitutions_max: u8,
    /// By how many thousandths the area may change in a subdivision or consolidation.
    #[n(19)]
    pub area_tolerance_permille: u16,
    /// Duties that are paid or exempt before a transfer is registered, sorted.
    #[n(20)]
    pub duties: Vec<DutyKind>,
    /// Kinds of act whose instruments a notary certifies before they are registered, sorted.
    #[n(21)]
    pub notarial_acts: Vec<ActKind>,
    /// Business days.
    #[n(22)]
    pub calendar: BusinessCalendar,
}

impl BusinessCalendar {
    fn is_well_formed(&self) -> bool {
        (-12..=14).contains(&self.utc_offset_h)
            && self.weekend.len() < 7
            && self.weekend.is_sorted_by(|a, b| a < b)
            && self.weekend.iter().all(|day| (1..=7).contains(day))
            && self.holidays.len() <= HOLIDAYS_MAX
            && self.holidays.is_sorted_by(|a, b| a < b)
    }
}

impl Profile {
    /// Whether its parameters are possible together.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        check_text(&self.name, TEXT_BYTES_MAX).is_ok()
            && (1..=self.power_max_years).contains(&self.power_default_years)
            && self.pending_days > 0
            && self.record_window_s > 0
            && (1..=3).contains(&self.assurance_min)
            && self.liveness_min <= 3
            && self.topics.is_sorted_by(|a, b| a < b)
            && self.preemption_days > 0
            && (1..=BUSINESS_DAYS_MAX).contains(&self.priority_business_days)
            && (1..=BUSINESS_DAYS_MAX).contains(&self.requisition_business_days)
            && self.appeal_days > 0
            && self.lock_cooling_hours > 0
            && (1..=3).contains(&self.lock_assurance)
            && self.caveat_max_days > 0
            && usize::from(self.substitutions_max) <= POWER_DEPTH_MAX
            && self.area_tolerance_permille <= 1000
            && self.duties.is_sorted_by(|a, b| a < b)
            && self.notarial_acts.is_sorted_by(|a, b| a < b)
            && self.calendar.is_well_formed()
    }

    /// The default: the Civil Code and the Marriage Code of Kazakhstan, high assurance, active
    /// liveness, a five-day week in UTC+5 and the fixed public holidays of 2026 and 2027. A sale
    /// needs no notary, and duties are settled outside the ledger.
    #[must_use]
    pub fn kazakhstan() -> Self {
        Self {
            name: "KZ-2026".to_owned(),
            power_default_years: 1,
            power_max_years: 3,
            pending_days: 30,
            record_window_s: 900,
            attestation_window_s: 300,
            assurance_min: 3,
            liveness_min: 2,
            topics: vec![Topic::Identity, Topic::FreeWill, Topic::Object, Topic::Date],
            retention_years: 75,
            contest_days: 365,
            preemption_days: 30,
            priority_business_days: 20,
            requisition_business_days: 10,
            appeal_days: 90,
            lock_cooling_hours: 72,
            lock_assurance: 3,
            caveat_max_days: 90,
            substitutions_max: 2,
            area_tolerance_permille: 10,
            duties: Vec::new(),
            notarial_acts: Vec::new(),
            calendar: BusinessCalendar {
                utc_offset_h: 5,
                weekend: vec![6, 7],
                holidays: KAZAKHSTAN_HOLIDAYS.to_vec(),
            },
        }
    }
}

/// Days since 1970-01-01 of 1 and 2 January, 8 March, 21, 22 and 23 March, 1, 7 and 9 May, 6 July,
/// 30 August, 25 October and 16 December in 2026 and 2027 (Law on Holidays 1–3).
const KAZAKHSTAN_HOLIDAYS: [u32; 26] = [
    20_454, 20_455, 20_520, 20_533, 20_534, 20_535, 20_574, 20_580, 20_582, 20_640, 20_695, 20_751,
    20_803, 20_819, 20_820, 20_885, 20_898, 20_899, 20_900, 20_939, 20_945, 20_947, 21_005, 21_060,
    21_116, 21_168,
];

/// A new profile, by the supervisor. Subject: the supervisor itself. (Rule 47.)
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// The height from which it judges what is lodged: in the future.
    #[n(0)]
    pub from: Height,
    /// The profile.
    #[n(1)]
    pub profile: Profile,
}

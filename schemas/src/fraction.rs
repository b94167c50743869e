//! Exact shares and money. No floats, no rounding, no unreduced fractions.
//!
//! Invariant: a [`Fraction`] is positive, reduced and at most one, whatever it was read from. Sums
//! are made in `u128` and refuse what does not fit.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::limits::{FRACTION_TERM_MAX, LABEL_BYTES_MAX, MONEY_MINOR_MAX};

/// A share in a right: 0 < numerator ≤ denominator ≤ 2^63 - 1, reduced. `1/1` is the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, CborLen)]
pub struct Fraction {
    #[n(0)]
    numerator: u64,
    #[n(1)]
    denominator: u64,
}

/// Why two numbers are not a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FractionError {
    /// Zero or more than one, or a term out of range.
    #[error("{0}/{1} is not a share: it must be positive, at most 1, with terms below 2^63")]
    Range(u64, u64),
    /// Written with a common divisor: 2/4 is 1/2.
    #[error("{0}/{1} is not reduced")]
    NotReduced(u64, u64),
}

const fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Fraction {
    /// The whole.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// Accepts only the one way to write a share.
    ///
    /// # Errors
    /// [`FractionError`] if it is zero, above one, out of range or not reduced.
    pub fn new(numerator: u64, denominator: u64) -> Result<Self, FractionError> {
        if numerator == 0 || numerator > denominator || denominator > FRACTION_TERM_MAX {
            return Err(FractionError::Range(numerator, denominator));
        }
        if greatest_common_divisor(numerator.into(), denominator.into()) != 1 {
            return Err(FractionError::NotReduced(numerator, denominator));
        }
        Ok(Self {
            numerator,
            denominator,
        })
    }

    /// The numerator.
    #[must_use]
    pub const fn numerator(self) -> u64 {
        self.numerator
    }

    /// The denominator.
    #[must_use]
    pub const fn denominator(self) -> u64 {
        self.denominator
    }

    /// Exact sum; `None` if it exceeds one or its reduced terms exceed 2^63 - 1.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let cross = u128::from(self.numerator) * u128::from(other.denominator)
            + u128::from(other.numerator) * u128::from(self.denominator);
        Self::reduced(
            cross,
            u128::from(self.denominator) * u128::from(other.denominator),
        )
    }

    /// Exact difference; `None` if it would be zero or negative, or does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let cross = (u128::from(self.numerator) * u128::from(other.denominator))
            .checked_sub(u128::from(other.numerator) * u128::from(self.denominator))?;
        Self::reduced(
            cross,
            u128::from(self.denominator) * u128::from(other.denominator),
        )
    }

    /// One of `parts` equal parts; `None` if there are none, or its reduced terms exceed 2^63 - 1.
    #[must_use]
    pub fn divided_by(self, parts: u64) -> Option<Self> {
        Self::reduced(
            self.numerator.into(),
            u128::from(self.denominator) * u128::from(parts),
        )
    }

    fn reduced(numerator: u128, denominator: u128) -> Option<Self> {
        let divisor = greatest_common_divisor(numerator, denominator);
        let numerator = u64::try_from(numerator.checked_div(divisor)?).ok()?;
        let denominator = u64::try_from(denominator.checked_div(divisor)?).ok()?;
        Self::new(numerator, denominator).ok()
    }

    /// Exact sum of shares; `None` if there are none, or the sum exceeds one or does not fit.
    #[must_use]
    pub fn sum(shares: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut shares = shares.into_iter();
        let first = shares.next()?;
        shares.try_fold(first, Self::checked_add)
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (u128::from(self.numerator) * u128::from(other.denominator))
            .cmp(&(u128::from(other.numerator) * u128::from(self.denominator)))
    }
}

impl std::fmt::Display for Fraction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

impl std::str::FromStr for Fraction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (numerator, denominator) = text
            .split_once('/')
            .ok_or("a share is written numerator/denominator, e.g. 1/2")?;
        let term = |term: &str| {
            term.parse::<u64>()
                .map_err(|error| format!("{term}: {error}"))
        };
        let share =
            Self::new(term(numerator)?, term(denominator)?).map_err(|error| error.to_string())?;
        // `u64::from_str` also reads a plus sign and leading zeros.
        if share.to_string() == text {
            Ok(share)
        } else {
            Err(format!("{text}: the share {share} is written so"))
        }
    }
}

impl<'b, C> Decode<'b, C> for Fraction {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        context: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        let (numerator, denominator) = <(u64, u64)>::decode(decoder, context)?;
        Self::new(numerator, denominator).map_err(minicbor::decode::Error::message)
    }
}

impl Serialize for Fraction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// An amount in minor units of one currency (ISO 4217).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units (tiyn, pence): at most 2^63 - 1. A decimal string in JSON.
    #[n(0)]
    #[serde(with = "decimal")]
    pub minor: u64,
    /// Three capital letters.
    #[n(1)]
    pub currency: String,
}

impl Money {
    /// Whether the amount and the currency are possible.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.minor <= MONEY_MINOR_MAX
            && self.currency.len() == 3
            && self.currency.len() <= LABEL_BYTES_MAX
            && self.currency.bytes().all(|byte| byte.is_ascii_uppercase())
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}.{:02} {}",
            self.minor / 100,
            self.minor % 100,
            self.currency
        )
    }
}

/// `u64` as a decimal string, because JSON numbers lose precision above 2^53.
pub(crate) mod decimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > 1 && text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(serde::de::Error::custom(
                "a decimal number without leading zeros",
            ));
        }
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_way_to_write_a_share_is_a_share() {
        for (numerator, denominator) in [
            (0, 0),
            (1, 0),
            (0, 1),
            (2, 1),
            (2, 4),
            (u64::MAX, u64::MAX),
            (1, 1 << 63),
        ] {
            assert!(
                Fraction::new(numerator, denominator).is_err(),
                "{numerator}/{denominator}"
            );
        }
        assert_eq!(
            "1/2".parse(),
            Fraction::new(1, 2).map_err(|error| error.to_string())
        );
        assert!("-1/2".parse::<Fraction>().is_err());
        for text in [
            "2/4", "+1/2", "01/2", "1/02", "1/2/", "1", "", "1 /2", "1/+2",
        ] {
            assert!(text.parse::<Fraction>().is_err(), "{text}");
        }
    }

    #[test]
    fn thirds_sum_to_one_and_hundredths_do_not() {
        let third = Fraction::new(1, 3).unwrap();
        assert_eq!(Fraction::sum([third; 3]), Some(Fraction::ONE));
        let almost = Fraction::new(33, 100).unwrap();
        assert_ne!(Fraction::sum([almost; 3]), Some(Fraction::ONE));
        assert_eq!(Fraction::sum([third; 4]), None);
        assert_eq!(third.checked_sub(third), None);
        assert_eq!(Fraction::ONE.divided_by(3), Some(third));
        assert_eq!(third.divided_by(0), None);
        assert_eq!(third.divided_by(u64::MAX), None);
    }

    #[test]
    fn a_sum_that_does_not_fit_is_refused_and_not_wrapped() {
        let prime = Fraction::new(1, FRACTION_TERM_MAX).unwrap();
        let other = Fraction::new(1, FRACTION_TERM_MAX - 1).unwrap();
        assert_eq!(prime.checked_add(other), None);
        assert!(prime < other);
    }
}

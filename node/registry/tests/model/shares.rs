//! Shares as fractions of whole numbers, reckoned as at school.

use deedbook_schemas::fraction::Fraction;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    above: i128,
    below: i128,
}

impl Share {
    pub(crate) const NONE: Self = Self { above: 0, below: 1 };
    pub(crate) const ALL: Self = Self { above: 1, below: 1 };

    pub(crate) fn of(share: Fraction) -> Self {
        Self {
            above: share.numerator().into(),
            below: share.denominator().into(),
        }
    }

    fn lowest(above: i128, below: i128) -> Self {
        let (mut a, mut b) = (above.abs(), below);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Self {
            above: above / a.max(1),
            below: below / a.max(1),
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self::lowest(
            self.above * other.below + other.above * self.below,
            self.below * other.below,
        )
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        let above = -other.above;
        self.plus(Self { above, ..other })
    }

    pub(crate) fn divided_by(self, parts: i128) -> Self {
        Self::lowest(self.above, self.below * parts)
    }

    pub(crate) fn times(self, other: Self) -> Self {
        Self::lowest(self.above * other.above, self.below * other.below)
    }

    pub(crate) fn is_above(self, other: Self) -> bool {
        self.above * other.below > other.above * self.below
    }

    pub(crate) fn is_nothing(self) -> bool {
        self.above == 0
    }

    pub(crate) fn smaller(self, other: Self) -> Self {
        if self.is_above(other) { other } else { self }
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.above, self.below)
    }
}

//! Rights and the words of the schema, for people: what a title shows and what a certificate proves.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::encumbrance::Right;

use crate::time::rfc3339;

fn until(time: Option<Seconds>) -> String {
    time.map_or_else(String::new, |time| format!(" until {}", rfc3339(time)))
}

/// What an encumbrance is.
#[must_use]
pub fn describe_right(right: &Right) -> String {
    match right {
        Right::Mortgage {
            mortgagee,
            amount,
            rank,
        } => format!("mortgage of rank {rank}: {amount} for {mortgagee}"),
        Right::Servitude {
            beneficiary,
            kind,
            until: end,
        } => format!(
            "servitude ({}) for {beneficiary}{}",
            words(kind),
            until(*end)
        ),
        Right::Lease { lessee, until: end } => format!("lease to {lessee}{}", until(Some(*end))),
        Right::Freeze {
            authority,
            until: end,
        } => format!("frozen by {authority}{}", until(*end)),
        Right::Caveat {
            claimant,
            interest,
            until: end,
        } => format!(
            "caveat of {claimant} ({}){}",
            words(interest),
            until(Some(*end))
        ),
        Right::SelfLock { holder, opens } => opens.map_or_else(
            || format!("locked by {holder}"),
            |opens| format!("locked by {holder}, opens at {}", rfc3339(opens)),
        ),
        Right::PriorityNotice {
            buyer,
            instrument,
            until: end,
        } => format!(
            "reserved by {buyer} for instrument {instrument}{}",
            until(Some(*end))
        ),
        Right::PreemptionNotice {
            disponor,
            share,
            until: end,
            ..
        } => format!(
            "{disponor} offers {share} to the co-owners{}",
            until(Some(*end))
        ),
    }
}

/// A word of the schema, for people.
#[must_use]
pub fn words(value: &impl std::fmt::Debug) -> String {
    let mut words = String::new();
    for c in format!("{value:?}").chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

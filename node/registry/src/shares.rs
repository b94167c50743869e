//! Exact arithmetic on the holdings of a title (rules 1–3): what a disposal takes, oldest holdings
//! first, and what a title looks like after a transfer.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::PartyShare;
use deedbook_schemas::limits::HOLDERS_MAX;
use deedbook_schemas::property::{Ground, Holding, Title};
use deedbook_schemas::rejection::Code;

/// A holding that a disposal touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Its place on the title.
    pub(crate) index: usize,
    /// What is left of it.
    pub(crate) left: Option<Fraction>,
}

/// Which holdings a disposal takes, oldest first; `None` if they do not suffice or the difference
/// does not fit.
pub(crate) fn taken(holdings: &[Holding], given: &PartyShare) -> Option<Vec<Taken>> {
    let mut rest = Some(given.share);
    let mut touched = Vec::new();
    for (index, holding) in holdings.iter().enumerate() {
        let Some(wanted) = rest else { break };
        if holding.party != given.party {
            continue;
        }
        let left = if holding.share > wanted {
            rest = None;
            Some(holding.share.checked_sub(wanted)?)
        } else if holding.share == wanted {
            rest = None;
            None
        } else {
            rest = Some(wanted.checked_sub(holding.share)?);
            None
        };
        touched.push(Taken { index, left });
    }
    rest.is_none().then_some(touched)
}

/// The holdings after a transfer: each disponor's reduced, oldest first, each acquirer's appended.
///
/// # Errors
/// The failed rule: too many holdings, or shares that do not sum to exactly one, be it because a
/// difference does not fit.
pub(crate) fn after(
    title: &Title,
    disponors: &[PartyShare],
    acquirers: &[PartyShare],
    ground: Ground,
    now: Seconds,
) -> Result<Vec<Holding>, Code> {
    let mut holdings: Vec<Option<Holding>> = title.holdings.iter().cloned().map(Some).collect();
    for given in disponors {
        let touched = taken(&title.holdings, given).ok_or(Code::TransferUnbalanced)?;
        for Taken { index, left } in touched {
            if let Some(slot) = holdings.get_mut(index) {
                *slot = slot
                    .take()
                    .zip(left)
                    .map(|(holding, share)| Holding { share, ..holding });
            }
        }
    }
    let acquired = acquirers.iter().map(|received| Holding {
        party: received.party,
        share: received.share,
        acquired: now,
        ground,
    });
    let holdings: Vec<Holding> = holdings.into_iter().flatten().chain(acquired).collect();
    if holdings.len() > HOLDERS_MAX {
        return Err(Code::TransferHoldings);
    }
    if Fraction::sum(holdings.iter().map(|holding| holding.share)) != Some(Fraction::ONE) {
        return Err(Code::TransferUnbalanced);
    }
    Ok(holdings)
}

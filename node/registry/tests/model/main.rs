//! A second, naive model of the law, which shares nothing with the register but the record types,
//! beside the register on random histories: they must agree on every verdict.
//!
//! `DEEDBOOK_HISTORIES` says how many histories are played, `DEEDBOOK_SEED` which ones.

#[cfg(test)]
#[path = "../law/documents.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod documents;
#[cfg(test)]
#[path = "../law/world.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod world;

#[cfg(test)]
mod advance;
#[cfg(test)]
mod appointments;
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod burdens;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod chains;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod courts;
#[cfg(test)]
mod dates;
#[cfg(test)]
mod dealings;
#[cfg(test)]
mod deeds;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod drafts;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod foundings;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod history;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod loans;
#[cfg(test)]
mod lodging;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod needs;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod offices;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod papers;
#[cfg(test)]
mod parcels;
#[cfg(test)]
mod pen;
#[cfg(test)]
mod play;
#[cfg(test)]
mod preemption;
#[cfg(test)]
mod proxies;
#[cfg(test)]
mod readers;
#[cfg(test)]
mod replies;
#[cfg(test)]
mod rulings;
#[cfg(test)]
mod scenes;
#[cfg(test)]
mod seats;
#[cfg(test)]
mod shares;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod spouses;
#[cfg(test)]
mod tally;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod ventures;
#[cfg(test)]
mod verdict;
#[cfg(test)]
mod weddings;
#[cfg(test)]
mod wills;

#[cfg(test)]
mod histories;

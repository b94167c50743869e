//! Anchors beside an audited log: that what was stamped is what this log was.
//!
//! Does not live here: what a timestamp proves, and where anchors are kept (`anchor`).

use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::policy::Policy;
use rustls::pki_types::CertificateDer;
use serde::Serialize;

use super::source::Source;
use super::tiles::root_at;
use crate::anchor::{AnchorError, Anchors, State};

/// An anchor, held against the log that was audited.
#[derive(Debug, Clone, Serialize)]
pub struct Anchored {
    /// Leaves of the checkpoint that was stamped.
    pub size: u64,
    /// The time-stamping authority's address.
    pub authority: String,
    /// What became of it.
    #[serde(flatten)]
    pub state: State,
    /// Why it speaks against the log, or proves nothing; `None` of one that is sound or pending.
    pub wrong: Option<String>,
}

/// Holds every anchor against an audited log of `size` leaves with this root: its timestamp verifies
/// under `authorities`, the policy relies on the checkpoint, and the log had that root then.
///
/// # Errors
/// [`AnchorError`] if the folder cannot be read. What is wrong with an anchor is in it.
pub async fn check_anchors(
    anchors: &Anchors,
    authorities: &[CertificateDer<'static>],
    source: &Source,
    policy: &Policy,
    size: u64,
    root: &TreeHash,
) -> Result<Vec<Anchored>, AnchorError> {
    let mut found = Vec::new();
    for at in anchors.sizes()? {
        let anchor = anchors.get(at, authorities)?;
        let stamped = anchor.checkpoint.checkpoint.root;
        let wrong = match &anchor.state {
            State::Pending { .. } => None,
            State::Failed { reason } => Some(reason.clone()),
            State::Confirmed(_) if at > size => Some(format!(
                "the log has {size} leaves, fewer than were stamped"
            )),
            State::Confirmed(_) => match policy.verify(&anchor.checkpoint) {
                Err(error) => Some(format!("its checkpoint: {error}")),
                Ok(_) => match root_at(source, at, size, root).await {
                    Ok(then) if then == stamped => None,
                    Ok(then) => Some(format!(
                        "TWO HISTORIES: root {stamped} was stamped, the log had {then} at that size"
                    )),
                    Err(error) => Some(error.to_string()),
                },
            },
        };
        found.push(Anchored {
            size: at,
            authority: anchor.authority,
            state: anchor.state,
            wrong,
        });
    }
    Ok(found)
}

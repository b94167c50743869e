//! The audit of a node's log over HTTP.
//!
//! Lives here: whether the checkpoint is to be relied on, and reading ahead while the auditor works.
//! Does not live here: any check of the log itself (`super`).

use std::collections::BTreeMap;

use deedbook_schemas::api::BlockView;
use deedbook_schemas::block::Height;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::genesis::{Genesis, GenesisError};
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::policy::Policy;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::{Auditor, Finding, Report, sealed_heights};
use crate::http::{ApiError, Client};
use crate::verified::{UntrustedCheckpoint, verify_checkpoint};

/// Entry bundles fetched ahead of the auditor.
const BUNDLES_AHEAD: usize = 4;
/// Blocks of one bundle fetched at once.
const BLOCKS_AT_ONCE: usize = 8;

/// Why an audit does not end well.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The node does not give what is needed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The genesis cannot begin a ledger.
    #[error("the genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The checkpoint is not one to rely on.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] UntrustedCheckpoint),
    /// The checkpoint is of another log.
    #[error("the checkpoint is of log {got}, the genesis begins {want}")]
    Origin {
        /// The checkpoint's origin.
        got: String,
        /// The genesis' origin.
        want: String,
    },
    /// The auditor itself failed.
    #[error("the audit broke off: {0}")]
    Broken(String),
    /// Something on the log is wrong.
    #[error(transparent)]
    Finding(#[from] Finding),
}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Leaves checked.
    pub done: u64,
    /// Leaves in all.
    pub total: u64,
}

/// Audits the log of the client's node, up to its present checkpoint, against a genesis; `policy`
/// says whose word counts for the checkpoint. Gives also the names of those who vouch for it.
///
/// # Errors
/// [`AuditError`]: [`AuditError::Finding`] names the first bad leaf or record.
pub async fn audit(
    client: &Client,
    genesis: &Genesis,
    policy: &Policy,
    mut progress: impl FnMut(Stage),
) -> Result<(Report, Vec<String>), AuditError> {
    let bytes = client.checkpoint().await?;
    let (checkpoint, vouching) = trusted(bytes.as_bytes(), genesis, policy)?;
    let mut auditor = Auditor::new(genesis, checkpoint)?;
    let total = auditor.size();
    let bundles = total.div_ceil(u64::from(TILE_WIDTH));
    let mut batches = stream::iter(0..bundles)
        .map(|index| fetch(client, index, total))
        .buffered(BUNDLES_AHEAD);
    let mut done = 0;
    progress(Stage { done, total });
    let mut batch = batches.try_next().await?;
    while let Some((entries, blocks)) = batch {
        done += u64::try_from(entries.len()).unwrap_or(0);
        let check = tokio::task::spawn_blocking(move || {
            auditor.feed(entries, &blocks)?;
            Ok::<_, Finding>(auditor)
        });
        let (checked, next) = tokio::join!(check, batches.try_next());
        auditor = checked.map_err(|error| AuditError::Broken(error.to_string()))??;
        batch = next?;
        progress(Stage { done, total });
    }
    Ok((auditor.finish()?, vouching))
}

/// One entry bundle, and the blocks that end in it.
async fn fetch(
    client: &Client,
    index: u64,
    size: u64,
) -> Result<(Vec<Vec<u8>>, BTreeMap<Height, BlockView>), ApiError> {
    let entries = client.entries(index, size).await?;
    let blocks = stream::iter(sealed_heights(&entries))
        .map(|height| async move { client.block(height).await.map(|view| (height, view)) })
        .buffer_unordered(BLOCKS_AT_ONCE)
        .try_collect()
        .await?;
    Ok((entries, blocks))
}

/// The checkpoint, once the policy accepts it, and whose cosignatures it bears.
fn trusted(
    bytes: &[u8],
    genesis: &Genesis,
    policy: &Policy,
) -> Result<(SignedCheckpoint, Vec<String>), AuditError> {
    let (signed, evaluation) = verify_checkpoint(bytes, policy)?;
    let origin = &signed.checkpoint.origin;
    if origin.as_str() != genesis.origin {
        let (got, want) = (origin.to_string(), genesis.origin.clone());
        return Err(AuditError::Origin { got, want });
    }
    let names = evaluation.witnesses.into_iter().map(|witness| witness.name);
    Ok((signed, names.collect()))
}

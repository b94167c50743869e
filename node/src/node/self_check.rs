//! A node doubts its own disk: at its start and once a day it reads back its log, its blocks and its
//! present state, while it works on.
//!
//! Lives here: when, and what follows. Does not live here: what is compared ([`Store::check`]).
//!
//! What is compared is a copy of links to the store's files, as they are at one moment; RocksDB never
//! changes a file that it has written. A store that contradicts itself stops the node: what it would
//! answer from then on could be wrong, and an operator has a copy of the ledger at every other node.
//!
//! [`Store::check`]: crate::store::Store::check

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Node, flatten};
use crate::fatal::Fatal;
use crate::store::StoreError;

/// Between two checks. One of a million leaves takes some six seconds of one core.
const SELF_CHECK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Ends a check that is under way when it is dropped.
pub(super) struct EndsCheck(Arc<AtomicBool>);

impl EndsCheck {
    pub(super) fn new() -> (Self, Arc<AtomicBool>) {
        let stop = Arc::new(AtomicBool::new(false));
        (Self(Arc::clone(&stop)), stop)
    }
}

impl Drop for EndsCheck {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Node {
    /// Checks the store now and from then on, until `stop` is set.
    pub(super) async fn check_store(self: Arc<Self>, stop: Arc<AtomicBool>) {
        let mut ticks = tokio::time::interval(SELF_CHECK_EVERY);
        loop {
            ticks.tick().await;
            let (node, stop) = (Arc::clone(&self), Arc::clone(&stop));
            let checked = tokio::task::spawn_blocking(move || node.check_copy(&stop));
            if self.stop_on(flatten(checked.await)).await.is_none() {
                return;
            }
        }
    }

    fn check_copy(&self, stop: &AtomicBool) -> Result<(), Fatal> {
        let (folder, started) = (self.data.join("self-check"), Instant::now());
        // Of a node that was killed while it checked.
        remove(&folder)?;
        let ledger = &self.api.ledger;
        let copy = ledger.store().link_copy(&folder)?;
        let (leaves, checked) = (copy.tip().tree_size, copy.check(ledger.founders(), stop));
        drop(copy);
        remove(&folder)?;
        match checked {
            Ok(()) => {
                let seconds = started.elapsed().as_secs_f64();
                tracing::info!(
                    leaves,
                    seconds,
                    "the log, the blocks and the state were read back and agree"
                );
                self.api
                    .metrics
                    .checked_leaves
                    .set(i64::try_from(leaves).unwrap_or(i64::MAX));
                Ok(())
            }
            Err(StoreError::Stopped) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn remove(folder: &Path) -> Result<(), Fatal> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fatal::new(format!("{}: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}

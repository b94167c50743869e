//! The ledger's door: submitted bytes become a bundle in the mempool, or are answered at once.
//!
//! Lives here: reading, verifying and trying a bundle on the present state. Does not live here:
//! who may submit how often (`mempool`), and the final word, which is the block's.

use std::sync::Arc;
use std::time::Instant;

use deedbook_registry::{ApplyError, BlockContext, Overlay, begin_block};
use deedbook_schemas::block::BlockTime;
use deedbook_schemas::encoding::DecodeError;
use deedbook_schemas::limits::{BUNDLE_BYTES_MAX, BUNDLE_RECORDS_MAX};
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::{Code, Rejection};

use super::{Ledger, now};
use crate::fatal::Fatal;
use crate::mempool::{AdmissionError, Bundle, PooledRecord};

/// A bundle that was read: records in order, and their bytes.
#[derive(Debug)]
pub struct SubmittedBundle {
    /// The records.
    pub records: Vec<Record>,
    /// Their encodings.
    pub bytes: Vec<Arc<[u8]>>,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// It waits for a block, now or already before.
    Queued,
    /// It is on the ledger already.
    Logged,
}

/// Why a submission was not admitted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Empty, or beyond the limits of a bundle.
    #[error(
        "between 1 and {BUNDLE_RECORDS_MAX} records of together {BUNDLE_BYTES_MAX} bytes are allowed"
    )]
    Size,
    /// A record's bytes are not a record.
    #[error("record {index}: {error}")]
    Malformed {
        /// Which one, from 0.
        index: usize,
        /// What is wrong.
        error: DecodeError,
    },
    /// The law refuses it.
    #[error("{0}")]
    Law(Rejection),
    /// The mempool has no room for it.
    #[error(transparent)]
    Busy(AdmissionError),
}

impl Ledger {
    /// Reads a bundle's records. Verifies nothing yet.
    ///
    /// # Errors
    /// [`Refused`] if it is too large or a record is malformed.
    pub fn read_bundle(bytes: Vec<Arc<[u8]>>) -> Result<SubmittedBundle, Refused> {
        let size: usize = bytes.iter().map(|bytes| bytes.len()).sum();
        if bytes.is_empty() || bytes.len() > BUNDLE_RECORDS_MAX || size > BUNDLE_BYTES_MAX {
            return Err(Refused::Size);
        }
        let read = |(index, bytes): (usize, &Arc<[u8]>)| {
            Record::decode(bytes).map_err(|error| Refused::Malformed { index, error })
        };
        let records = bytes
            .iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()?;
        Ok(SubmittedBundle { records, bytes })
    }

    /// Admits a client's bundle: verifies signatures, tries the law on the present state, queues
    /// it. Submitting the same again is answered the same.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails. The inner error says why the bundle is refused.
    pub fn admit(&self, bundle: &SubmittedBundle) -> Result<Result<Admitted, Refused>, Fatal> {
        if self.is_logged(bundle)? {
            return Ok(Ok(Admitted::Logged));
        }
        if !self.is_pending(bundle) {
            if let Err(rejection) = self.try_on_present_state(bundle)? {
                return Ok(Err(Refused::Law(rejection)));
            }
            let mut rejected = self.lock_rejected();
            for record in &bundle.records {
                rejected.pop(&record.id);
            }
        }
        Ok(self.queue(bundle, true).map(|()| Admitted::Queued))
    }

    /// Queues a bundle that a peer sent, if its signatures verify. The peer tried the law; the
    /// block will again.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails. The inner error says why the bundle is refused.
    pub fn admit_from_peer(&self, bundle: &SubmittedBundle) -> Result<Result<(), Refused>, Fatal> {
        if self.is_pending(bundle) || self.is_logged(bundle)? {
            return Ok(Ok(()));
        }
        if !self.signatures_verify(bundle) {
            return Ok(Err(Refused::Law(Rejection::one(Code::SignatureInvalid))));
        }
        Ok(self.queue(bundle, false))
    }

    /// A bundle is on the ledger if its first record is: whole, or as that record's refusal.
    fn is_logged(&self, bundle: &SubmittedBundle) -> Result<bool, Fatal> {
        let Some(first) = bundle.records.first() else {
            return Ok(false);
        };
        Ok(self.store.record_index(&first.id)?.is_some())
    }

    fn is_pending(&self, bundle: &SubmittedBundle) -> bool {
        bundle
            .records
            .iter()
            .all(|record| self.mempool.contains(&record.id))
    }

    fn signatures_verify(&self, bundle: &SubmittedBundle) -> bool {
        let mut records = bundle.records.iter().zip(&bundle.bytes);
        records.all(|(record, bytes)| self.verifies(record, bytes))
    }

    fn try_on_present_state(
        &self,
        bundle: &SubmittedBundle,
    ) -> Result<Result<(), Rejection>, Fatal> {
        if !self.signatures_verify(bundle) {
            return Ok(Err(Rejection::one(Code::SignatureInvalid)));
        }
        let tip = self.tip();
        let time = BlockTime(now().0.max(tip.time.0.saturating_add(1)));
        let context = BlockContext {
            ledger: self.id,
            height: tip.height.next(),
            time,
        };
        let mut overlay = Overlay::new(&self.store);
        begin_block(&mut overlay, &context)?;
        for (index, record) in bundle.records.iter().enumerate() {
            match deedbook_registry::apply(&mut overlay, &context, record, &|_| true) {
                // The refusal of the first record is for the ledger to record.
                Ok(applied) => match applied.refusal {
                    Some(_) if index == 0 => return Ok(Ok(())),
                    Some(rejection) => return Ok(Err(rejection)),
                    None => {}
                },
                Err(ApplyError::Door(rejection)) => return Ok(Err(rejection)),
                Err(ApplyError::State(error)) => return Err(error.into()),
            }
        }
        Ok(Ok(()))
    }

    fn queue(&self, bundle: &SubmittedBundle, local: bool) -> Result<(), Refused> {
        let Some(first) = bundle.records.first() else {
            return Err(Refused::Size);
        };
        let pooled = bundle.records.iter().zip(&bundle.bytes);
        let records = pooled.map(|(record, bytes)| PooledRecord {
            id: record.id,
            bytes: Arc::clone(bytes),
        });
        let bundle = Bundle::new(records.collect(), first.issuer().0, Instant::now(), local);
        self.mempool
            .insert(bundle)
            .map(|_| ())
            .map_err(Refused::Busy)
    }

    /// Tries waiting bundles of this node's clients again, which blocks have passed over since
    /// `received_before`: one that cannot apply any more is answered instead of left to expire.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn retry_passed_over(&self, received_before: Instant) -> Result<(), Fatal> {
        for pending in self
            .mempool
            .local_pending(received_before, BUNDLE_BYTES_MAX)
        {
            let bytes = pending
                .records()
                .iter()
                .map(|record| Arc::clone(&record.bytes))
                .collect();
            let Ok(bundle) = Self::read_bundle(bytes) else {
                continue;
            };
            if let Err(rejection) = self.try_on_present_state(&bundle)? {
                self.refuse(&pending, &rejection);
            }
        }
        Ok(())
    }
}

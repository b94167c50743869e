//! What is pooled, and why it may be refused. Lives here: the values. Does not live here: the
//! pool that holds them (`mempool`).

use std::sync::Arc;
use std::time::Instant;

use deedbook_schemas::digest::{RecordId, derive};
use deedbook_schemas::limits::{
    BUNDLE_BYTES_MAX, BUNDLE_RECORDS_MAX, MEMPOOL_BYTES_MAX, MEMPOOL_PARTY_BYTES_MAX,
    MEMPOOL_PARTY_RECORDS_MAX, MEMPOOL_RECORDS_MAX,
};

/// A record whose form and signatures were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PooledRecord {
    /// Its id.
    pub id: RecordId,
    /// Its encoding (COSE_Sign1).
    pub bytes: Arc<[u8]>,
}

/// Records that are registered together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub(super) records: Vec<PooledRecord>,
    pub(super) submitter: [u8; 16],
    pub(super) received: Instant,
    pub(super) local: bool,
    pub(super) bytes: usize,
    pub(super) key: BundleKey,
}

/// A bundle's name in the pool: BLAKE3 over its record ids, in order.
pub(super) type BundleKey = [u8; 32];

impl Bundle {
    /// A bundle by `submitter` (the party whose quota it counts against), received at `received`.
    /// `local`: submitted to this node, which therefore broadcasts it until it is included.
    #[must_use]
    pub fn new(
        records: Vec<PooledRecord>,
        submitter: [u8; 16],
        received: Instant,
        local: bool,
    ) -> Self {
        let bytes = records.iter().map(|record| record.bytes.len()).sum();
        let ids: Vec<&[u8]> = records
            .iter()
            .map(|record| record.id.as_bytes().as_slice())
            .collect();
        let key = derive("deedbook 2026 mempool bundle", &ids);
        Self {
            records,
            submitter,
            received,
            local,
            bytes,
            key,
        }
    }

    /// The records, in order.
    #[must_use]
    pub fn records(&self) -> &[PooledRecord] {
        &self.records
    }

    /// The party whose quota it counts against.
    #[must_use]
    pub fn submitter(&self) -> &[u8; 16] {
        &self.submitter
    }

    /// When this node received it.
    #[must_use]
    pub fn received(&self) -> Instant {
        self.received
    }

    /// Whether it was submitted to this node.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Bytes of its records.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Why a bundle was not admitted. All but [`AdmissionError::Bundle`] pass with time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionError {
    /// Empty, or beyond the limits of a bundle; never admissible.
    #[error(
        "a bundle of {records} records and {bytes} bytes; between 1 and {BUNDLE_RECORDS_MAX} \
         records of together {BUNDLE_BYTES_MAX} bytes are allowed"
    )]
    Bundle {
        /// Records of the bundle.
        records: usize,
        /// Bytes of the bundle.
        bytes: usize,
    },
    /// The party has too much pending.
    #[error(
        "the party has {records} records of {bytes} bytes pending; {MEMPOOL_PARTY_RECORDS_MAX} \
         records of {MEMPOOL_PARTY_BYTES_MAX} bytes are allowed"
    )]
    Quota {
        /// Its pending records.
        records: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// The pool is full.
    #[error(
        "{records} records of {bytes} bytes are pending; the node holds {MEMPOOL_RECORDS_MAX} \
         records of {MEMPOOL_BYTES_MAX} bytes"
    )]
    Full {
        /// Pending records.
        records: usize,
        /// Their bytes.
        bytes: usize,
    },
}

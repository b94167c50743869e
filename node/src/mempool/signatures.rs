//! Signatures that were verified already.
//!
//! Lives here: a bounded memory of (record, key) pairs, so that a record checked at admission is
//! not checked again at proposal and execution. Does not live here: the verification.
//!
//! Only success is remembered. The key hashes the whole record with its signature, so an entry
//! says that exactly these bytes verified under exactly this key, which no chain state changes.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use deedbook_schemas::digest::derive;
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::limits::VERIFIED_SIGNATURES_MAX;
use lru::LruCache;

/// Shards, each behind its own lock, so that parallel checks seldom wait.
const SHARDS: usize = 16;

/// Name of one verified signature: BLAKE3 of the record's bytes and the public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignatureKey([u8; 32]);

impl SignatureKey {
    /// The name for `record` (signature included) under `key`.
    #[must_use]
    pub fn of(record: &[u8], key: &PublicKey) -> Self {
        Self(derive(
            "deedbook 2026 verified signature",
            &[key.as_bytes(), record],
        ))
    }
}

/// A bounded set of verified signatures; the least recently used leave first.
#[derive(Debug)]
pub struct SignatureCache {
    shards: Vec<Mutex<LruCache<SignatureKey, ()>>>,
}

impl Default for SignatureCache {
    fn default() -> Self {
        Self::with_capacity(VERIFIED_SIGNATURES_MAX)
    }
}

impl SignatureCache {
    /// A cache of `entries`, rounded up to a multiple of the shards.
    #[must_use]
    pub fn with_capacity(entries: usize) -> Self {
        let shard = NonZeroUsize::new(entries.div_ceil(SHARDS)).unwrap_or(NonZeroUsize::MIN);
        Self {
            shards: (0..SHARDS)
                .map(|_| Mutex::new(LruCache::new(shard)))
                .collect(),
        }
    }

    /// Whether the signature was verified before.
    #[must_use]
    pub fn contains(&self, key: &SignatureKey) -> bool {
        self.with_shard(key, |shard| shard.get(key).is_some())
            .unwrap_or(false)
    }

    /// Remembers a signature that was verified just now.
    pub fn insert(&self, key: SignatureKey) {
        self.with_shard(&key, |shard| shard.put(key, ()));
    }

    /// Entries held.
    #[must_use]
    pub fn len(&self) -> usize {
        let len = |shard: &Mutex<LruCache<_, _>>| {
            shard.lock().unwrap_or_else(PoisonError::into_inner).len()
        };
        self.shards.iter().map(len).sum()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn with_shard<T>(
        &self,
        key: &SignatureKey,
        act: impl FnOnce(&mut LruCache<SignatureKey, ()>) -> T,
    ) -> Option<T> {
        let [first, ..] = key.0;
        let shard = self.shards.get(usize::from(first) % SHARDS)?;
        Some(act(&mut shard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)))
    }
}

//! Admitted bundles that wait for a block.
//!
//! Lives here: bounds, quotas, the fair order, and forgetting what was included. Does not live
//! here: deciding whether a record is well-formed and signed (admission, before `insert`), or
//! lawful (the ledger, at proposal), and no clock: the caller passes the time.
//!
//! Order: every bundle gets a start tag, as in start-time fair queueing. A party's next bundle
//! starts where its previous one ends, counted in bytes; a party with nothing pending starts
//! where the pool stands now. Lowest tag first, arrival breaking ties. So parties share blocks
//! equally by bytes however much one of them submits, one party's bundles keep their order, and
//! parties that submit one bundle each are served in order of arrival.

mod bundle;
mod signatures;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::limits::{
    BUNDLE_BYTES_MAX, BUNDLE_RECORDS_MAX, MEMPOOL_BYTES_MAX, MEMPOOL_PARTY_BYTES_MAX,
    MEMPOOL_PARTY_RECORDS_MAX, MEMPOOL_RECORDS_MAX,
};
use tokio::sync::watch;

pub use bundle::{AdmissionError, Bundle, PooledRecord};
pub use signatures::{SignatureCache, SignatureKey};

use bundle::BundleKey;

/// Place in the queue: start tag in bytes, then arrival.
type Place = (u64, u64);

/// What [`Mempool::insert`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is pending now.
    New,
    /// The same bundle was pending already.
    Known,
}

/// Figures for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MempoolStats {
    /// Bundles pending.
    pub bundles: usize,
    /// Records pending.
    pub records: usize,
    /// Bytes pending.
    pub bytes: usize,
    /// Parties with something pending.
    pub parties: usize,
    /// Bundles admitted since the start.
    pub admitted: u64,
    /// Bundles refused since the start: pool full.
    pub refused_full: u64,
    /// Bundles refused since the start: quota of the party.
    pub refused_quota: u64,
    /// Bundles that left because all their records were included.
    pub included: u64,
    /// Bundles removed as unlawful.
    pub removed: u64,
    /// Bundles that were never included and grew too old.
    pub expired: u64,
}

/// The pool. Shared by reference between admission, gossip and the proposer.
#[derive(Debug)]
pub struct Mempool {
    inner: Mutex<Inner>,
    non_empty: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Inner {
    queue: BTreeMap<Place, Arc<Bundle>>,
    bundles: HashMap<BundleKey, Slot>,
    /// Bundles in which a record is pending; nearly always one.
    records: HashMap<RecordId, Vec<BundleKey>>,
    parties: HashMap<[u8; 16], Party>,
    local: BTreeSet<Place>,
    /// Tag of the bundle that was last seen at the head: where a newcomer starts.
    now: u64,
    arrivals: u64,
    stats: MempoolStats,
}

#[derive(Debug)]
struct Slot {
    place: Place,
    /// Records not included yet.
    open: usize,
}

#[derive(Debug, Default)]
struct Party {
    bundles: usize,
    records: usize,
    bytes: usize,
    /// Where its last bundle ends.
    end: u64,
}

/// Why a bundle leaves.
#[derive(Clone, Copy)]
enum Leave {
    Included,
    Removed,
    Expired,
}

impl Default for Mempool {
    fn default() -> Self {
        Self::new()
    }
}

impl Mempool {
    /// An empty pool.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inner: Mutex::default(),
            non_empty: watch::Sender::new(false),
        }
    }

    /// Admits a bundle whose records were checked. The same bundle again is no error; if it now
    /// comes from a client of this node, it is broadcast from here too.
    ///
    /// # Errors
    /// [`AdmissionError`] if it is beyond a limit; nothing changes then.
    pub fn insert(&self, bundle: Bundle) -> Result<Inserted, AdmissionError> {
        let mut inner = self.lock();
        let inserted = inner.insert(bundle);
        self.signal(&inner);
        inserted
    }

    /// The next bundles in fair order, as many as fit. They stay pending: the proposal may fail.
    #[must_use]
    pub fn take(&self, records_max: usize, bytes_max: usize) -> Vec<Arc<Bundle>> {
        self.lock().take(records_max, bytes_max)
    }

    /// Forgets records that a block included. A bundle leaves with its last record.
    pub fn remove_included(&self, ids: &[RecordId]) {
        let mut inner = self.lock();
        for id in ids {
            inner.remove_record(id);
        }
        self.signal(&inner);
    }

    /// Forgets a bundle that cannot be registered.
    pub fn remove(&self, bundle: &Bundle) {
        let mut inner = self.lock();
        inner.remove(&bundle.key, Leave::Removed);
        self.signal(&inner);
    }

    /// Forgets bundles received before `deadline`, and says how many.
    pub fn expire(&self, deadline: Instant) -> usize {
        let mut inner = self.lock();
        let old = |bundle: &&Arc<Bundle>| bundle.received < deadline;
        let keys: Vec<BundleKey> = inner
            .queue
            .values()
            .filter(old)
            .map(|old| old.key)
            .collect();
        for key in &keys {
            inner.remove(key, Leave::Expired);
        }
        self.signal(&inner);
        keys.len()
    }

    /// Bundles submitted to this node and received before `deadline`, next to be included first,
    /// of at most `bytes_max` bytes together: what to broadcast again, for peers that joined late
    /// or missed it.
    #[must_use]
    pub fn local_pending(&self, deadline: Instant, bytes_max: usize) -> Vec<Arc<Bundle>> {
        let inner = self.lock();
        let pending = inner
            .local
            .iter()
            .filter_map(|place| inner.queue.get(place));
        let mut bytes: usize = 0;
        pending
            .filter(|bundle| bundle.received < deadline)
            .take_while(|bundle| {
                bytes = bytes.saturating_add(bundle.bytes);
                bytes <= bytes_max
            })
            .cloned()
            .collect()
    }

    /// Whether a record is pending.
    #[must_use]
    pub fn contains(&self, id: &RecordId) -> bool {
        self.lock().records.contains_key(id)
    }

    /// A pending record's encoding.
    #[must_use]
    pub fn record(&self, id: &RecordId) -> Option<Arc<[u8]>> {
        let inner = self.lock();
        let slot = inner.bundles.get(inner.records.get(id)?.first()?)?;
        let bundle = inner.queue.get(&slot.place)?;
        let record = bundle.records.iter().find(|record| record.id == *id)?;
        Some(Arc::clone(&record.bytes))
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().queue.is_empty()
    }

    /// True while something is pending: wakes the proposer.
    #[must_use]
    pub fn non_empty(&self) -> watch::Receiver<bool> {
        self.non_empty.subscribe()
    }

    /// Figures for metrics.
    #[must_use]
    pub fn stats(&self) -> MempoolStats {
        let inner = self.lock();
        let (bundles, parties) = (inner.queue.len(), inner.parties.len());
        MempoolStats {
            bundles,
            parties,
            ..inner.stats
        }
    }

    /// A panic elsewhere leaves the pool readable: the worst is a bundle too many or too few.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, inner: &Inner) {
        let pending = !inner.queue.is_empty();
        self.non_empty
            .send_if_modified(|value| std::mem::replace(value, pending) != pending);
    }
}

impl Inner {
    fn insert(&mut self, bundle: Bundle) -> Result<Inserted, AdmissionError> {
        if let Some(slot) = self.bundles.get(&bundle.key) {
            if bundle.local {
                self.local.insert(slot.place);
            }
            return Ok(Inserted::Known);
        }
        self.admit(&bundle)?;

        let party = self.parties.entry(bundle.submitter).or_default();
        let start = if party.bundles == 0 {
            self.now
        } else {
            party.end.max(self.now)
        };
        party.end = start.saturating_add(bundle.bytes as u64);
        party.bundles += 1;
        party.records += bundle.records.len();
        party.bytes += bundle.bytes;
        self.stats.records += bundle.records.len();
        self.stats.bytes += bundle.bytes;
        self.stats.admitted += 1;

        let place = (start, self.arrivals);
        self.arrivals += 1;
        let ids: BTreeSet<RecordId> = bundle.records.iter().map(|record| record.id).collect();
        for id in &ids {
            self.records.entry(*id).or_default().push(bundle.key);
        }
        self.bundles.insert(
            bundle.key,
            Slot {
                place,
                open: ids.len(),
            },
        );
        if bundle.local {
            self.local.insert(place);
        }
        self.queue.insert(place, Arc::new(bundle));
        Ok(Inserted::New)
    }

    fn admit(&mut self, bundle: &Bundle) -> Result<(), AdmissionError> {
        let (records, bytes) = (bundle.records.len(), bundle.bytes);
        if records == 0 || records > BUNDLE_RECORDS_MAX || bytes > BUNDLE_BYTES_MAX {
            return Err(AdmissionError::Bundle { records, bytes });
        }
        let held = |(a, b): (usize, usize)| (a.saturating_add(records), b.saturating_add(bytes));
        let party = self.parties.get(&bundle.submitter);
        let pending = party.map_or((0, 0), |party| (party.records, party.bytes));
        let after = held(pending);
        if after.0 > MEMPOOL_PARTY_RECORDS_MAX || after.1 > MEMPOOL_PARTY_BYTES_MAX {
            self.stats.refused_quota += 1;
            return Err(AdmissionError::Quota {
                records: pending.0,
                bytes: pending.1,
            });
        }
        let pending = (self.stats.records, self.stats.bytes);
        let after = held(pending);
        if after.0 > MEMPOOL_RECORDS_MAX || after.1 > MEMPOOL_BYTES_MAX {
            self.stats.refused_full += 1;
            return Err(AdmissionError::Full {
                records: pending.0,
                bytes: pending.1,
            });
        }
        Ok(())
    }

    fn take(&self, records_max: usize, bytes_max: usize) -> Vec<Arc<Bundle>> {
        let (mut records, mut bytes) = (records_max, bytes_max);
        let mut taken = Vec::new();
        // Parties whose next bundle did not fit: their later ones may build on it.
        let mut passed = BTreeSet::new();
        for bundle in self.queue.values() {
            if passed.contains(&bundle.submitter) {
                continue;
            }
            let (Some(fewer), Some(less)) = (
                records.checked_sub(bundle.records.len()),
                bytes.checked_sub(bundle.bytes),
            ) else {
                passed.insert(bundle.submitter);
                if records == 0 || passed.len() == PASSED_MAX {
                    break;
                }
                continue;
            };
            (records, bytes) = (fewer, less);
            taken.push(Arc::clone(bundle));
        }
        taken
    }

    fn remove_record(&mut self, id: &RecordId) {
        for key in self.records.remove(id).unwrap_or_default() {
            if let Some(slot) = self.bundles.get_mut(&key) {
                slot.open = slot.open.saturating_sub(1);
                if slot.open == 0 {
                    self.remove(&key, Leave::Included);
                }
            }
        }
    }

    fn remove(&mut self, key: &BundleKey, leave: Leave) {
        let Some(Slot { place, .. }) = self.bundles.remove(key) else {
            return;
        };
        self.local.remove(&place);
        let Some(bundle) = self.queue.remove(&place) else {
            return;
        };
        for record in &bundle.records {
            if let Some(keys) = self.records.get_mut(&record.id) {
                keys.retain(|other| other != key);
                if keys.is_empty() {
                    self.records.remove(&record.id);
                }
            }
        }
        self.release(&bundle);
        let left = match leave {
            Leave::Included => &mut self.stats.included,
            Leave::Removed => &mut self.stats.removed,
            Leave::Expired => &mut self.stats.expired,
        };
        *left += 1;
    }

    /// Gives back what the bundle took of the bounds, and moves the pool's time on.
    fn release(&mut self, bundle: &Bundle) {
        let records = bundle.records.len();
        self.stats.records = self.stats.records.saturating_sub(records);
        self.stats.bytes = self.stats.bytes.saturating_sub(bundle.bytes);
        if let Some(party) = self.parties.get_mut(&bundle.submitter) {
            party.bundles = party.bundles.saturating_sub(1);
            party.records = party.records.saturating_sub(records);
            party.bytes = party.bytes.saturating_sub(bundle.bytes);
            if party.bundles == 0 {
                self.parties.remove(&bundle.submitter);
            }
        }
        if let Some((head, _)) = self.queue.keys().next() {
            self.now = self.now.max(*head);
        }
    }
}

/// Parties passed over while filling the rest of a block; they come first in the next one.
const PASSED_MAX: usize = 16;

#[cfg(test)]
mod tests;

use super::*;
use deedbook_schemas::keys::PublicKey;
use std::time::Duration;

const NOTARY: [u8; 16] = [1; 16];
const BANK: [u8; 16] = [2; 16];
const BUYER: [u8; 16] = [3; 16];

fn id(number: u64) -> RecordId {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    RecordId(id)
}

fn record(number: u64, bytes: usize) -> PooledRecord {
    PooledRecord {
        id: id(number),
        bytes: vec![0; bytes].into(),
    }
}

/// A bundle of one record of 1,000 bytes.
fn single(party: [u8; 16], number: u64) -> Bundle {
    Bundle::new(vec![record(number, 1_000)], party, Instant::now(), false)
}

fn numbers(bundles: &[Arc<Bundle>]) -> Vec<u64> {
    let number = |record: &PooledRecord| u64::from_be_bytes(record.id.0[..8].try_into().unwrap());
    bundles
        .iter()
        .flat_map(|bundle| bundle.records.iter().map(number))
        .collect()
}

fn all(pool: &Mempool) -> Vec<u64> {
    numbers(&pool.take(usize::MAX, usize::MAX))
}

#[test]
fn one_party_is_served_in_order_of_arrival() {
    let pool = Mempool::new();
    for number in [5, 3, 9, 1] {
        assert_eq!(pool.insert(single(NOTARY, number)), Ok(Inserted::New));
    }
    assert_eq!(all(&pool), [5, 3, 9, 1]);
    assert_eq!(all(&pool), [5, 3, 9, 1], "taking does not remove");
}

#[test]
fn parties_with_one_bundle_each_are_served_in_order_of_arrival() {
    let pool = Mempool::new();
    for number in 0..50u8 {
        pool.insert(single([number; 16], u64::from(number)))
            .unwrap();
    }
    assert_eq!(all(&pool), (0..50).collect::<Vec<_>>());
}

#[test]
fn a_flood_by_one_party_does_not_delay_another() {
    let pool = Mempool::new();
    for number in 0..1_000 {
        pool.insert(single(NOTARY, number)).unwrap();
    }
    pool.insert(single(BANK, 2_000)).unwrap();
    pool.insert(single(BUYER, 3_000)).unwrap();
    pool.insert(single(BANK, 2_001)).unwrap();
    assert_eq!(
        numbers(&pool.take(6, usize::MAX)),
        [0, 2_000, 3_000, 1, 2_001, 2]
    );
}

#[test]
fn parties_share_by_bytes_and_not_by_bundles() {
    let pool = Mempool::new();
    for number in 0..3 {
        let large = Bundle::new(vec![record(number, 3_000)], NOTARY, Instant::now(), false);
        pool.insert(large).unwrap();
    }
    for number in 10..16 {
        pool.insert(single(BANK, number)).unwrap();
    }
    assert_eq!(all(&pool), [0, 10, 11, 12, 1, 13, 14, 15, 2]);
}

#[test]
fn a_party_that_returns_neither_jumps_the_queue_nor_pays_for_the_past() {
    let pool = Mempool::new();
    for number in 0..4 {
        pool.insert(single(NOTARY, number)).unwrap();
        pool.insert(single(BANK, 10 + number)).unwrap();
    }
    pool.remove_included(&[id(0), id(10), id(1), id(11), id(12), id(13)]);
    // The bank has nothing pending; the pool stands at the notary's third bundle.
    pool.insert(single(BANK, 20)).unwrap();
    pool.insert(single(BANK, 21)).unwrap();
    assert_eq!(all(&pool), [2, 20, 3, 21]);
}

#[test]
fn a_block_is_filled_to_its_bounds_and_what_does_not_fit_comes_first_next_time() {
    let pool = Mempool::new();
    let sized = |party, number, bytes| {
        Bundle::new(vec![record(number, bytes)], party, Instant::now(), false)
    };
    pool.insert(sized(NOTARY, 0, 600)).unwrap();
    pool.insert(sized(NOTARY, 1, 600)).unwrap();
    pool.insert(sized(NOTARY, 2, 10)).unwrap();
    pool.insert(sized(BANK, 3, 600)).unwrap();
    pool.insert(sized(BUYER, 4, 300)).unwrap();
    pool.insert(sized(BUYER, 5, 100)).unwrap();
    // The bank's does not fit, nor the notary's second, which its third may build on.
    assert_eq!(numbers(&pool.take(10, 1_000)), [0, 4, 5]);
    assert_eq!(numbers(&pool.take(2, 1_000)), [0, 4]);
    pool.remove_included(&[id(0), id(4), id(5)]);
    assert_eq!(numbers(&pool.take(10, 1_000)), [3]);
    pool.remove_included(&[id(3)]);
    assert_eq!(numbers(&pool.take(10, 1_000)), [1, 2]);
    assert_eq!(numbers(&pool.take(0, 1_000)), Vec::<u64>::new());
}

#[test]
fn the_same_bundle_twice_is_pending_once() {
    let pool = Mempool::new();
    let bundle = Bundle::new(
        vec![record(1, 10), record(2, 10)],
        NOTARY,
        Instant::now(),
        false,
    );
    assert_eq!(pool.insert(bundle.clone()), Ok(Inserted::New));
    assert_eq!(pool.insert(bundle), Ok(Inserted::Known));
    assert_eq!(all(&pool), [1, 2]);
    assert_eq!((pool.stats().records, pool.stats().bytes), (2, 20));
}

#[test]
fn a_bundle_leaves_with_its_last_record() {
    let pool = Mempool::new();
    let now = Instant::now();
    pool.insert(Bundle::new(
        vec![record(1, 10), record(2, 10)],
        NOTARY,
        now,
        false,
    ))
    .unwrap();
    pool.insert(Bundle::new(vec![record(2, 10)], BANK, now, false))
        .unwrap();
    pool.remove_included(&[id(2), id(7)]);
    assert_eq!(
        all(&pool),
        [1, 2],
        "the bundle of the bank is gone, the notary's waits for 1"
    );
    assert!(!pool.contains(&id(2)));
    assert!(pool.contains(&id(1)));
    pool.remove_included(&[id(1)]);
    assert!(pool.is_empty());
    let stats = MempoolStats {
        admitted: 2,
        included: 2,
        ..MempoolStats::default()
    };
    assert_eq!(pool.stats(), stats);
}

#[test]
fn a_bundle_beyond_the_limits_of_a_bundle_is_never_admitted() {
    let pool = Mempool::new();
    let bundle = |records| Bundle::new(records, NOTARY, Instant::now(), false);
    let many = (0..65).map(|number| record(number, 1)).collect();
    let large = (0..2)
        .map(|number| record(number, BUNDLE_BYTES_MAX / 2 + 1))
        .collect();
    for (records, bytes, bundle) in [
        (0, 0, bundle(vec![])),
        (65, 65, bundle(many)),
        (2, BUNDLE_BYTES_MAX + 2, bundle(large)),
    ] {
        assert_eq!(
            pool.insert(bundle),
            Err(AdmissionError::Bundle { records, bytes })
        );
    }
    assert!(pool.is_empty());
}

#[test]
fn a_party_at_its_quota_is_refused_until_something_of_its_own_is_included() {
    let pool = Mempool::new();
    let bundle = |number| {
        Bundle::new(
            vec![record(number, BUNDLE_BYTES_MAX)],
            NOTARY,
            Instant::now(),
            false,
        )
    };
    let quota = u64::try_from(MEMPOOL_PARTY_BYTES_MAX / BUNDLE_BYTES_MAX).unwrap();
    for number in 0..quota {
        pool.insert(bundle(number)).unwrap();
    }
    let (records, bytes) = (usize::try_from(quota).unwrap(), MEMPOOL_PARTY_BYTES_MAX);
    let refused = Err(AdmissionError::Quota { records, bytes });
    assert_eq!(pool.insert(single(NOTARY, quota)), refused);
    assert_eq!(
        pool.insert(bundle(0)),
        Ok(Inserted::Known),
        "what is pending stays known"
    );
    assert_eq!(
        pool.insert(single(BANK, quota)),
        Ok(Inserted::New),
        "others are not affected"
    );
    pool.remove_included(&[id(0)]);
    assert_eq!(pool.insert(single(NOTARY, quota + 1)), Ok(Inserted::New));
    assert_eq!(pool.stats().refused_quota, 1);
}

#[test]
fn a_party_has_a_quota_of_records_too() {
    let pool = Mempool::new();
    let per_bundle = u64::try_from(BUNDLE_RECORDS_MAX).unwrap();
    let bundles = u64::try_from(MEMPOOL_PARTY_RECORDS_MAX).unwrap() / per_bundle;
    for bundle in 0..bundles {
        let records = (0..per_bundle)
            .map(|n| record(bundle * per_bundle + n, 1))
            .collect();
        pool.insert(Bundle::new(records, NOTARY, Instant::now(), false))
            .unwrap();
    }
    let refused = pool.insert(single(NOTARY, u64::MAX));
    assert!(
        matches!(refused, Err(AdmissionError::Quota { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_full_pool_refuses_everybody_and_admits_again_when_there_is_room() {
    let pool = Mempool::new();
    let shared: Arc<[u8]> = vec![0; BUNDLE_BYTES_MAX].into();
    let bundle = |party: u8, number: u64| {
        let record = PooledRecord {
            id: id(number),
            bytes: Arc::clone(&shared),
        };
        Bundle::new(vec![record], [party; 16], Instant::now(), false)
    };
    let fill = u64::try_from(MEMPOOL_BYTES_MAX / BUNDLE_BYTES_MAX).unwrap();
    for number in 0..fill {
        pool.insert(bundle(u8::try_from(number % 8).unwrap(), number))
            .unwrap();
    }
    let full = AdmissionError::Full {
        records: usize::try_from(fill).unwrap(),
        bytes: MEMPOOL_BYTES_MAX,
    };
    assert_eq!(pool.insert(bundle(99, fill)), Err(full));
    pool.remove_included(&[id(17)]);
    assert_eq!(pool.insert(bundle(99, fill)), Ok(Inserted::New));
    assert_eq!(pool.stats().refused_full, 1);
    assert_eq!(pool.stats().bytes, MEMPOOL_BYTES_MAX);
}

#[test]
fn old_bundles_expire_and_unlawful_ones_are_removed() {
    let pool = Mempool::new();
    let start = Instant::now();
    for (number, age) in [(0, 0), (1, 10), (2, 20)] {
        let received = start + Duration::from_secs(age);
        pool.insert(Bundle::new(
            vec![record(number, 10)],
            NOTARY,
            received,
            false,
        ))
        .unwrap();
    }
    assert_eq!(pool.expire(start + Duration::from_secs(10)), 1);
    assert_eq!(all(&pool), [1, 2]);
    let unlawful = Arc::clone(&pool.take(1, usize::MAX)[0]);
    pool.remove(&unlawful);
    pool.remove(&unlawful);
    assert_eq!(all(&pool), [2]);
    let stats = pool.stats();
    assert_eq!(
        (stats.expired, stats.removed, stats.bundles, stats.parties),
        (1, 1, 1, 1)
    );
}

#[test]
fn only_what_was_submitted_here_and_still_waits_is_broadcast_again() {
    let pool = Mempool::new();
    let start = Instant::now();
    let bundle = |number, age, local| {
        let received = start + Duration::from_secs(age);
        Bundle::new(vec![record(number, 10)], NOTARY, received, local)
    };
    for new in [
        bundle(0, 0, true),
        bundle(1, 0, false),
        bundle(2, 0, true),
        bundle(3, 5, true),
    ] {
        pool.insert(new).unwrap();
    }
    let after = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(numbers(&pool.local_pending(after(1), usize::MAX)), [0, 2]);
    assert_eq!(
        numbers(&pool.local_pending(after(6), 25)),
        [0, 2],
        "bounded by bytes"
    );
    // A client submits here what gossip brought before.
    pool.insert(bundle(1, 0, true)).unwrap();
    pool.remove_included(&[id(0)]);
    assert_eq!(
        numbers(&pool.local_pending(after(6), usize::MAX)),
        [1, 2, 3]
    );
}

#[tokio::test]
async fn the_proposer_is_woken_when_the_pool_is_no_longer_empty() {
    let pool = Arc::new(Mempool::new());
    let mut non_empty = pool.non_empty();
    assert!(!*non_empty.borrow());
    let inserter = Arc::clone(&pool);
    tokio::spawn(async move { inserter.insert(single(NOTARY, 1)).unwrap() });
    assert!(*non_empty.wait_for(|pending| *pending).await.unwrap());
    pool.remove_included(&[id(1)]);
    assert!(!*non_empty.wait_for(|pending| !*pending).await.unwrap());
}

#[test]
fn a_verified_signature_is_known_for_exactly_its_record_and_key() {
    let cache = SignatureCache::with_capacity(100);
    let (key, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
    cache.insert(SignatureKey::of(b"record", &key));
    for (record, key, known) in [
        (b"record", key, true),
        (b"record", other, false),
        (b"Record", key, false),
    ] {
        assert_eq!(cache.contains(&SignatureKey::of(record, &key)), known);
    }
}

#[test]
fn the_signature_cache_is_bounded_and_forgets_what_was_not_used() {
    let cache = SignatureCache::with_capacity(160);
    let name = |number: u64| SignatureKey::of(&number.to_be_bytes(), &PublicKey([1; 32]));
    cache.insert(name(0));
    for number in 1..2_000 {
        assert!(cache.contains(&name(0)), "used all the time, so kept");
        cache.insert(name(number));
    }
    assert_eq!(cache.len(), 160);
    assert!(cache.contains(&name(1_999)));
    assert!(!cache.contains(&name(1)));
}

//! What a deed costs: microseconds a changed key, bytes on disk. Printed, not asserted, except
//! for bytes, which do not depend on the machine.

use std::time::Duration;

use super::*;

const BLOCKS: u64 = 150;
const DEEDS_PER_BLOCK: u64 = 80;
const RECORDS_PER_DEED: u64 = 5;
const RECORD_BYTES: usize = 750;

/// A made-up record. Half of it is noise, as signatures, ids and hashes are, half compresses away;
/// how far real records compress is for the benchmark to say.
fn typical_record(numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = record(numbers, RECORD_BYTES / 2);
    bytes.resize(RECORD_BYTES, 0x5a);
    bytes
}

/// A deed changes one title (new or known), makes one instrument, touches one party.
fn deeds(numbers: &mut Numbers, block: u64) -> StateChanges {
    let mut changes = StateChanges::new();
    for deed in 0..DEEDS_PER_BLOCK {
        let id = block * DEEDS_PER_BLOCK + deed;
        changes.insert(
            format!("title/{:08}", numbers.below(13_000)).into_bytes(),
            Some(numbers.bytes(200)),
        );
        changes.insert(
            format!("instrument/{id:08}").into_bytes(),
            Some(numbers.bytes(100)),
        );
        changes.insert(
            format!("party/{:08}", numbers.below(26_000)).into_bytes(),
            Some(numbers.bytes(120)),
        );
    }
    changes
}

/// What this thread has computed so far. Other tests and programs share the cores.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn a_deed_takes_little_more_disk_than_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut numbers = Numbers(40);
    let (mut updating, mut appending, mut committing) = Default::default();
    let mut rehashing = Duration::ZERO;
    let (mut keys, mut record_bytes) = (0usize, 0usize);
    let timed = |total: &mut Duration, start: Duration| *total += cpu() - start;
    for block in 0..BLOCKS {
        let changes = deeds(&mut numbers, block);
        let count = DEEDS_PER_BLOCK * RECORDS_PER_DEED;
        let records: Vec<_> = (0..count).map(|_| typical_record(&mut numbers)).collect();
        keys += changes.len();
        record_bytes += records.iter().map(Vec::len).sum::<usize>();
        let start = cpu();
        store.update(&changes).unwrap();
        timed(&mut updating, start);
        let start = cpu();
        store.append(records.clone()).unwrap();
        timed(&mut appending, start);
        let batch = next_batch(&store, records, &changes);
        let start = cpu();
        let tip = store.commit(batch).unwrap();
        timed(&mut committing, start);
        let start = cpu();
        store.rehash_block(tip.height).unwrap();
        timed(&mut rehashing, start);
    }
    report(
        &store,
        keys,
        record_bytes,
        [updating, appending, committing, rehashing],
    );
}

fn report(store: &Store, keys: usize, record_bytes: usize, times: [Duration; 4]) {
    let running = store.sizes().unwrap();
    store.close().unwrap();
    let closed = store.sizes().unwrap();
    store.compact().unwrap();
    let compacted = store.sizes().unwrap();
    let records = BLOCKS * DEEDS_PER_BLOCK * RECORDS_PER_DEED;
    let ratio = |bytes: u64| bytes as f64 / record_bytes as f64;
    let micros = |time: Duration, count: u64| time.as_secs_f64() * 1e6 / count as f64;
    let [updating, appending, committing, rehashing] = times;
    println!(
        "{BLOCKS} blocks, {records} records, {keys} changed keys; CPU µs: update {:.1} a key, append \
         {:.1} a record, commit {:.0} a block, rehash {:.0} a block",
        micros(updating, keys as u64),
        micros(appending, records),
        micros(committing, BLOCKS),
        micros(rehashing, BLOCKS),
    );
    println!(
        "disk bytes for each record byte: running {:.2}, closed {:.2}, compacted {:.2}; \
         memtables {} KiB",
        ratio(running.disk_bytes),
        ratio(closed.disk_bytes),
        ratio(compacted.disk_bytes),
        running.memtable_bytes / 1024,
    );
    for family in Family::ALL {
        let handle = store.rocks.family(family).unwrap();
        let property = rocksdb::properties::TOTAL_SST_FILES_SIZE;
        let bytes = store
            .rocks
            .db
            .property_int_value_cf(handle, property)
            .unwrap()
            .unwrap();
        println!("  {family:?}: {bytes} bytes, {:.3}", ratio(bytes));
    }
    assert!(ratio(compacted.disk_bytes) <= 1.6, "the goal of issue 2");
}

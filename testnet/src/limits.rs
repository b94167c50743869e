//! Limits of the test network's own services, with their arithmetic. Nothing here changes what a
//! ledger accepts; those limits are `deedbook_schemas::limits`.

use std::time::Duration;

/// Bytes of one test clip: 160 × 120 × 3 × 20 frames are 1.1 MiB; 16 MiB leave room.
pub const CLIP_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Bytes of one JSON request to the provider: the longest has four fields of 128 digits.
pub const PROVIDER_REQUEST_BYTES_MAX: usize = 4 * 1024;

/// Identity checks that are open at the same time: 10,000 × 150 bytes = 1.5 MB.
pub const PROVIDER_SESSIONS_MAX: usize = 10_000;

/// Parties one reference provider enrols: 100,000 × 200 bytes = 20 MB.
pub const PROVIDER_PARTIES_MAX: usize = 100_000;

/// Seconds in which a challenge must be answered. A machine answers in milliseconds, a person who
/// has to unlock a key in half a minute.
pub const PROVIDER_SESSION_S: u64 = 120;

/// Bytes of one video the test custodian stores: ten minutes at 7 Mbit/s.
pub const CUSTODIAN_FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Bytes of one verifiable slice, held in memory while it is made.
pub const CUSTODIAN_SLICE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How long a process may take until it answers: a node on a loaded 2-core machine needs 2 s.
pub const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a process may take to stop when asked; after that it is killed.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a record may take to become final before a step counts as failed.
pub const FINALITY_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a restarted validator may take to catch up.
pub const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(120);

/// Lines of a log that an error message quotes.
pub const LOG_TAIL_LINES: usize = 12;

/// Deeds on their way at once during replay and the closed loop: with blocks every 100 ms and
/// 1,000 deeds/s about 100 are inside the ledger; four nodes get 64 each.
pub const DEEDS_IN_FLIGHT_MAX: usize = 256;

/// Bundles of setup records on their way at once: 16 × 64 records fill half a block.
pub const BUNDLES_IN_FLIGHT_MAX: usize = 16;

/// Deeds signed ahead in one piece of parallel work: 512 × 5 signatures × 20 µs = 50 ms of one
/// core, 512 × 3 KiB = 1.5 MiB.
pub const SIGN_AHEAD_DEEDS: usize = 512;

/// Titles read at once at the end of a replay.
pub const READS_IN_FLIGHT_MAX: usize = 64;

/// Properties under load: with 256 deeds on their way no property is sold twice at once.
pub const BENCH_PROPERTIES: usize = 2_048;

/// Deeds a second for which a benchmark signs in advance: 2,000 × 30 s × 3 KiB = 180 MiB.
pub const BENCH_DEEDS_PER_SECOND_MAX: usize = 2_000;

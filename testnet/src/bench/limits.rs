//! What this machine can do at best, measured in the same run: absolute times on shared machines
//! mean little, ratios to these do.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use deedbook_client::wallet::Wallet;
use deedbook_schemas::keys::sign;
use deedbook_schemas::merkle::leaf_hash;
use serde::Serialize;

/// How long each limit is measured.
const WINDOW: Duration = Duration::from_millis(500);
/// Bytes of a large hash: does not fit the first two caches.
const HASHED_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of a log leaf: a typical record.
const LEAF_BYTES: usize = 1_024;

/// The limits.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MachineLimits {
    /// Cores that the process may use.
    pub(super) cores: usize,
    /// One Ed25519 `verify_strict` with its key decoded, in microseconds.
    pub(super) verify_strict_micros: f64,
    /// One `fdatasync` of 4 KiB in the network's folder, median, in microseconds.
    pub(super) fdatasync_micros: f64,
    /// BLAKE3 of 4 MiB on one core, in bytes a second.
    pub(super) blake3_bytes_per_second: f64,
    /// One SHA-256 log leaf of 1 KiB (RFC 9162), in microseconds.
    pub(super) sha256_leaf_micros: f64,
}

/// Measures them; `folder` is where the nodes' data will lie.
///
/// # Errors
/// If the folder cannot be written, or the system gives no random bytes.
pub(super) fn measure(folder: &Path) -> Result<MachineLimits> {
    let wallet = Wallet::generate(None)?;
    let message = vec![7; LEAF_BYTES];
    let signature = sign(wallet.key(), &message);
    let key = wallet.public();
    let large = vec![7; HASHED_BYTES];
    let blake3_micros = micros_each(|| blake3::hash(black_box(&large)));
    let bytes = u32::try_from(HASHED_BYTES).context("a small constant")?;
    Ok(MachineLimits {
        cores: std::thread::available_parallelism()
            .context("counting cores")?
            .get(),
        verify_strict_micros: micros_each(|| key.verify(black_box(&message), &signature)),
        fdatasync_micros: fdatasync_micros(folder)?,
        blake3_bytes_per_second: f64::from(bytes) / blake3_micros * 1e6,
        sha256_leaf_micros: micros_each(|| leaf_hash(black_box(&message))),
    })
}

fn micros_each<T>(mut work: impl FnMut() -> T) -> f64 {
    let began = Instant::now();
    let mut count = 0u32;
    while began.elapsed() < WINDOW {
        black_box(work());
        count += 1;
    }
    began.elapsed().as_secs_f64() * 1e6 / f64::from(count.max(1))
}

fn fdatasync_micros(folder: &Path) -> Result<f64> {
    let path = folder.join("fdatasync.probe");
    let mut file = File::create(&path).with_context(|| format!("writing {}", path.display()))?;
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < WINDOW {
        let one = Instant::now();
        file.write_all(&[7; 4096])
            .and_then(|()| file.sync_data())
            .with_context(|| format!("syncing {}", path.display()))?;
        times.push(one.elapsed());
    }
    std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    times.sort_unstable();
    let median = times.get(times.len() / 2).context("no time measured")?;
    Ok(median.as_secs_f64() * 1e6)
}

//! What the signatures of a log cost alone, verified in batches in two ways: as the audit does it, and as
//! the library does it that everybody uses.
//!
//! Lives here: the two measures, over the same signatures on the same cores. Does not live here: the audit
//! they are held against (`audit`), and its own batches (`deedbook_client::audit`).

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use deedbook_client::audit::{Auditor, Signatures, Signed, Source, Verifier};
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::limits::TILE_WIDTH;
use ed25519_dalek::{Signature, VerifyingKey, verify_batch};
use rayon::prelude::*;
use serde::Serialize;

use crate::network::usage::{ratio, usage};

/// Bundles whose signatures are verified at once: 16,384 leaves, so that no core waits long for another.
const BUNDLES_AT_ONCE: u64 = 64;
/// Signatures of one of the library's batches: the design's limit is stated for as many.
const LIBRARY_BATCH: usize = 1024;

/// Verifying all signatures of a log, and nothing else, on all cores.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Batches {
    /// How it is done.
    how: &'static str,
    /// From beginning to end.
    pub(super) seconds: f64,
    /// Of all cores together.
    pub(super) cpu_seconds: f64,
    /// The cores' time for one.
    cpu_micros_a_signature: f64,
}

impl Batches {
    fn new(how: &'static str) -> Self {
        Self {
            how,
            seconds: 0.0,
            cpu_seconds: 0.0,
            cpu_micros_a_signature: 0.0,
        }
    }

    fn time<T>(&mut self, work: impl FnOnce() -> T) -> Result<T> {
        let process = std::process::id();
        let (began, cpu) = (Instant::now(), usage(process)?.cpu_micros);
        let done = work();
        self.seconds += began.elapsed().as_secs_f64();
        self.cpu_seconds += ratio(usage(process)?.cpu_micros - cpu, 1_000_000);
        Ok(done)
    }
}

/// The figures of one log.
#[derive(Debug)]
pub(super) struct Alone {
    pub(super) signatures: u64,
    pub(super) library: Batches,
    pub(super) own: Batches,
}

/// Verifies the signatures of a mirror in both ways, part by part in turn: what else the machine does meets
/// both.
///
/// # Errors
/// If the mirror cannot be read, or a signature does not verify.
pub(super) async fn alone(source: &Source) -> Result<Alone> {
    let genesis = source.genesis().await?;
    let reader = Auditor::new(&genesis, Signatures::Batched)?.reader();
    let checkpoint = source.checkpoint().await?.context("no checkpoint")?;
    let size = SignedCheckpoint::parse(&checkpoint)?.checkpoint.size;
    let bundles: Vec<u64> = (0..size.div_ceil(u64::from(TILE_WIDTH))).collect();
    let mut library = Batches::new("ed25519_dalek::verify_batch by 1,024, keys decoded before");
    let mut own = Batches::new("the audit's own, in which equal keys are taken together");
    let verifier = Verifier::new(Signatures::Batched);
    let mut signatures = 0;
    for part in bundles.chunks(usize::try_from(BUNDLES_AT_ONCE)?) {
        let mut read = Vec::new();
        for index in part {
            read.push(source.bundle(*index, size).await?);
        }
        let signed = reader.signatures(read);
        signatures += u64::try_from(signed.len())?;
        let wrong = own.time(|| verifier.refused(&signed))?;
        ensure!(wrong.is_empty(), "signatures of our own do not verify");
        let decoded = Decoded::of(&signed)?;
        let holds = library.time(|| decoded.verify())?;
        ensure!(holds, "signatures of our own do not verify in the library");
    }
    for batches in [&mut library, &mut own] {
        batches.cpu_micros_a_signature = batches.cpu_seconds * 1e6 / ratio(signatures, 1);
    }
    Ok(Alone {
        signatures,
        library,
        own,
    })
}

/// Signatures in the form in which the library takes them.
struct Decoded<'s> {
    messages: Vec<&'s [u8]>,
    signatures: Vec<Signature>,
    keys: Vec<VerifyingKey>,
}

impl<'s> Decoded<'s> {
    fn of(signed: &'s [Signed]) -> Result<Self> {
        let keys = signed
            .par_iter()
            .map(|it| VerifyingKey::from_bytes(&it.key.0));
        Ok(Self {
            messages: signed.iter().map(|it| &*it.message).collect(),
            signatures: signed
                .iter()
                .map(|it| Signature::from_bytes(&it.signature.0))
                .collect(),
            keys: keys.collect::<Result<_, _>>().context("a key")?,
        })
    }

    fn verify(&self) -> bool {
        let messages = self.messages.par_chunks(LIBRARY_BATCH);
        let signatures = self.signatures.par_chunks(LIBRARY_BATCH);
        let keys = self.keys.par_chunks(LIBRARY_BATCH);
        messages
            .zip(signatures)
            .zip(keys)
            .all(|((messages, signatures), keys)| verify_batch(messages, signatures, keys).is_ok())
    }
}

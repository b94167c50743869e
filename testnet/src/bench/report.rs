//! The report: every figure beside the limit of this machine that it relates to, and its target.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::law::LawCost;
use super::limits::MachineLimits;
use super::load::Window;
use super::{Moment, VALIDATORS, receipts};
use crate::limits::BENCH_PROPERTIES;
use crate::network::usage::ratio;
use crate::submit::Refusals;

/// Signatures of a deed: three records and two attestations.
const SIGNATURES: u32 = 5;
/// Deeds a second to reach.
const DEEDS_PER_SECOND: f64 = 500.0;
/// Median finality at half load to reach, in milliseconds.
const FINALITY_MS: f64 = 100.0;
/// Applying a deed, with its share of the state tree, to reach, in microseconds.
const LAW_MICROS: f64 = 60.0;
/// Reading, changing and proving a title of 20 holders and 50 encumbrances, to reach.
const FULL_TITLE_MICROS: f64 = 1_000.0;
/// Verifying a receipt, its record included, to reach.
const RECEIPT_MICROS: f64 = 1_000.0;
/// Disk for a byte of record to reach.
const DISK_RATIO: f64 = 1.6;
/// Memory of a node to reach, in MiB.
const MEMORY_MIB: f64 = 400.0;

const NOTES: [&str; 3] = [
    "deeds are signed before the windows; the client shares the machine with all nodes",
    "attestations are signed in this process by the provider's own code, method key-possession",
    "finality is from the moment a deed is due until its POST with ?wait= answers",
];

/// A figure beside the limit it relates to and the target.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    value: f64,
    unit: &'static str,
    limit: f64,
    limit_is: &'static str,
    ratio_to_limit: f64,
    target: f64,
    reached: bool,
}

/// The report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: MachineLimits,
    validators: u32,
    properties: usize,
    notes: [&'static str; 3],
    deeds_per_second: Figure,
    finality_p50: Figure,
    finality_p99_ms: f64,
    finality_p999_ms: f64,
    half_load_deeds_per_second: f64,
    node_cpu_micros_a_deed: Figure,
    client_cpu_micros_a_deed: f64,
    /// Applying a deed whose signatures are verified, with its share of the state tree.
    law_micros_a_deed: Figure,
    /// A title of 20 holders and 50 encumbrances: read, changed and proved.
    full_title_micros: Figure,
    law: LawCost,
    /// From a receipt's bytes to what it proves; no two receipts share anything but the policy.
    receipt_micros: Figure,
    /// At rest, all nodes stopped.
    disk_bytes_a_deed: Figure,
    /// Disk for a byte of record while running: with the write-ahead log and what is not
    /// compacted yet.
    disk_to_record_ratio_running: f64,
    peak_memory_a_node: Figure,
    deeds_registered: u64,
    refusals: [Refusals; 2],
}

impl Report {
    pub(super) fn new(
        (machine, law, receipt_micros): (MachineLimits, LawCost, f64),
        (closed, rate): (&Window, f64),
        (open, latency): (&Window, &Histogram<u64>),
        (before, between, after): (&Moment, &Moment, &Moment),
        bytes_at_rest: u64,
    ) -> Self {
        let deeds = closed.registered + open.registered;
        let cpu = between
            .node_cpu_micros
            .saturating_sub(before.node_cpu_micros);
        let client = between
            .client_cpu_micros
            .saturating_sub(before.client_cpu_micros);
        let record_bytes = ratio(closed.record_bytes + open.record_bytes, deeds);
        let milliseconds = |quantile| ratio(latency.value_at_quantile(quantile), 1_000);
        Self {
            validators: VALIDATORS,
            properties: BENCH_PROPERTIES,
            notes: NOTES,
            deeds_per_second: throughput(&machine, rate),
            finality_p50: finality(&machine, milliseconds(0.5)),
            finality_p99_ms: milliseconds(0.99),
            finality_p999_ms: milliseconds(0.999),
            half_load_deeds_per_second: ratio(open.registered, 1) / open.seconds,
            node_cpu_micros_a_deed: processing(&machine, ratio(cpu, closed.registered)),
            client_cpu_micros_a_deed: ratio(client, closed.registered),
            law_micros_a_deed: lawful(&machine, &law),
            full_title_micros: full_title(&machine, &law),
            law,
            receipt_micros: receipt(&machine, receipt_micros),
            disk_bytes_a_deed: size(
                record_bytes * ratio(bytes_at_rest, after.record_bytes),
                record_bytes,
            ),
            disk_to_record_ratio_running: ratio(after.data_bytes, after.record_bytes),
            peak_memory_a_node: memory(ratio(after.peak_resident_bytes, 1024 * 1024)),
            deeds_registered: deeds,
            refusals: [closed.refusals.clone(), open.refusals.clone()],
            machine,
        }
    }
}

/// Microseconds in which one core checks one deed's signatures for every node.
fn signature_micros(machine: &MachineLimits) -> f64 {
    f64::from(VALIDATORS * SIGNATURES) * machine.verify_strict_micros
}

/// Microseconds that all cores have in a second.
fn micros_a_second(machine: &MachineLimits) -> f64 {
    f64::from(u32::try_from(machine.cores).unwrap_or(u32::MAX)) * 1e6
}

fn throughput(machine: &MachineLimits, rate: f64) -> Figure {
    Figure {
        value: rate,
        unit: "deeds/s",
        limit: micros_a_second(machine) / signature_micros(machine),
        limit_is: "all cores do nothing but verify 5 signatures a deed on 4 nodes",
        ratio_to_limit: rate * signature_micros(machine) / micros_a_second(machine),
        target: DEEDS_PER_SECOND,
        reached: rate >= DEEDS_PER_SECOND,
    }
}

fn finality(machine: &MachineLimits, p50_ms: f64) -> Figure {
    let limit = machine.fdatasync_micros / 1_000.0;
    at_most(p50_ms, "ms", (limit, "one fdatasync"), FINALITY_MS)
}

fn processing(machine: &MachineLimits, micros: f64) -> Figure {
    let limit = (
        signature_micros(machine),
        "verifying 5 signatures on 4 nodes",
    );
    at_most(
        micros,
        "µs",
        limit,
        micros_a_second(machine) / DEEDS_PER_SECOND,
    )
}

fn lawful(machine: &MachineLimits, law: &LawCost) -> Figure {
    let micros = law.apply_micros_a_deed + law.state_tree_micros_a_deed;
    let limit = f64::from(SIGNATURES) * machine.verify_strict_micros;
    at_most(
        micros,
        "µs",
        (limit, "verifying the deed's 5 signatures once"),
        LAW_MICROS,
    )
}

fn full_title(machine: &MachineLimits, law: &LawCost) -> Figure {
    let micros =
        law.full_title_read_micros + law.full_title_change_micros + law.full_title_prove_micros;
    let limit = (machine.verify_strict_micros, "verifying one signature");
    at_most(micros, "µs", limit, FULL_TITLE_MICROS)
}

/// What verifying a receipt costs.
pub(super) fn receipt(machine: &MachineLimits, micros: f64) -> Figure {
    let limit = (
        f64::from(receipts::SIGNATURES) * machine.verify_strict_micros,
        "verifying its 6 signatures, keys decoded",
    );
    at_most(micros, "µs", limit, RECEIPT_MICROS)
}

fn size(disk: f64, record: f64) -> Figure {
    let limit = (record, "bytes of the deed's three records");
    at_most(disk, "bytes", limit, DISK_RATIO * record)
}

fn memory(mebibytes: f64) -> Figure {
    at_most(
        mebibytes,
        "MiB",
        (MEMORY_MIB, "the target itself"),
        MEMORY_MIB,
    )
}

fn at_most(value: f64, unit: &'static str, limit: (f64, &'static str), target: f64) -> Figure {
    Figure {
        value,
        unit,
        limit: limit.0,
        limit_is: limit.1,
        ratio_to_limit: value / limit.0.max(f64::EPSILON),
        target,
        reached: value <= target,
    }
}

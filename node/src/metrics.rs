//! Figures for Prometheus: ours and the consensus engine's.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::api::Api;
use crate::witnesses::Summary;

/// What is counted while the node runs; the rest is read when asked for.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    /// Blocks made durable since the start.
    pub blocks: Counter,
    /// Leaves made durable since the start: records, outcomes, seals.
    pub leaves: Counter,
    /// Bundles that peers sent and that were refused.
    pub peer_bundles_refused: Counter,
    /// Cosignatures of another root than ours: any is an alarm.
    pub forks: Counter,
    /// Validators that sent wrong shares of log signatures: any is to be looked into.
    pub log_signers_left_out: Gauge,
    /// Leaves of the log when the store was last checked; 0 before the first check has ended.
    pub checked_leaves: Gauge,
    /// Seconds from a block's own time to its durability on this node, of the last block.
    pub finality_seconds: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// The OpenMetrics text.
    ///
    /// # Errors
    /// If the text cannot be written.
    pub fn render(&self, api: &Arc<Api>) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("deedbook");
        registry.register("blocks", "Blocks made durable", self.blocks.clone());
        registry.register("leaves", "Leaves made durable", self.leaves.clone());
        let help = "Bundles of peers that were refused";
        registry.register(
            "peer_bundles_refused",
            help,
            self.peer_bundles_refused.clone(),
        );
        let help = "Cosignatures of another root than this node's: any is an alarm";
        registry.register("forks", help, self.forks.clone());
        let help = "Validators that sent wrong shares of log signatures";
        let left_out = self.log_signers_left_out.clone();
        registry.register("log_signers_left_out", help, left_out);
        let help =
            "Leaves of the log when it, the blocks and the state were last read back and agreed";
        let checked = self.checked_leaves.clone();
        registry.register("checked_leaves", help, checked);
        let help = "From a block's time to its durability, last block";
        let finality = self.finality_seconds.clone();
        registry.register_with_unit("finality", help, Unit::Seconds, finality);
        log_figures(&mut registry, api);
        witness_figures(&mut registry, &api.witnesses.summary());
        waiting_figures(&mut registry, api);
        let mut text = String::new();
        encode(&mut text, &registry)?;
        // Both texts end with the one mark that may end a text.
        Ok(text.trim_end_matches("# EOF\n").to_owned() + &crate::consensus::metrics())
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

fn log_figures(registry: &mut Registry, api: &Api) {
    let tip = api.ledger.tip();
    gauge(registry, "height", "Last durable height", tip.height.0);
    gauge(registry, "tree_size", "Leaves of the log", tip.tree_size);
    let cosigned = *api.cosigned_size.borrow();
    let help = "Leaves under a cosigned checkpoint";
    gauge(registry, "cosigned_size", help, cosigned);
    let help = "Leaves under a signature of the log's key";
    gauge(registry, "log_signed_size", help, api.log_signed_size());
}

fn waiting_figures(registry: &mut Registry, api: &Api) {
    let peers = api.gossip.peers_connected() as u64;
    let help = "Connected peers on the record network";
    gauge(registry, "peers", help, peers);
    let pool = api.ledger.mempool.stats();
    let (records, bytes) = (pool.records as u64, pool.bytes as u64);
    gauge(registry, "mempool_records", "Records waiting", records);
    gauge(registry, "mempool_bytes", "Bytes waiting", bytes);
    let (full, quota) = (pool.refused_full, pool.refused_quota);
    gauge(registry, "mempool_refused_full", "Refused: full", full);
    gauge(registry, "mempool_refused_quota", "Refused: quota", quota);
}

fn witness_figures(registry: &mut Registry, witnesses: &Summary) {
    let help = "Leaves under a checkpoint that a witness cosigned";
    gauge(registry, "witnessed_size", help, witnesses.witnessed_size);
    let help = "Witnesses configured";
    gauge(registry, "witnesses", help, witnesses.configured as u64);
    let help = "Witnesses that do not cosign now";
    gauge(
        registry,
        "witnesses_failing",
        help,
        witnesses.failing as u64,
    );
    let help = "Times a witness contradicted the log or itself: any is an alarm";
    gauge(registry, "witness_alarms", help, witnesses.alarms_raised);
}

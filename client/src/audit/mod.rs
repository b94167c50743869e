//! The audit: every leaf, root and signature of the log again, and the law re-run from genesis.
//!
//! Lives here: what an audit finds and reports. Its way: `source` fetches (a node, a mirror, a
//! folder), `reading` decodes, hashes and verifies signatures on all cores, `auditor` goes leaf by
//! leaf through tree, chain and law, `session` lets the three work at once, `run` makes one audit of
//! it; `saved` remembers where it stood, `follow` keeps watching and compares what everybody is shown.
//! Does not live here: the law (`deedbook-registry`) and the formats (`deedbook_schemas`).

mod anchored;
mod auditor;
mod evidence;
mod follow;
mod kept;
mod law;
mod reading;
mod run;
mod saved;
mod session;
mod signatures;
mod source;
mod state;
mod tiles;
mod trusted;

use deedbook_schemas::block::{BlockTime, Height};
use deedbook_schemas::digest::{LedgerId, RecordId, StateRoot, TreeHash};
use serde::Serialize;

pub use anchored::{Anchored, check_anchors};
pub use auditor::{Auditor, Stopped};
pub use evidence::{Recording, Recordings, UnreadableEvidence};
pub use follow::{Follower, Seen, Watched};
pub use kept::{Kept, SplitReport, SplitView};
pub use reading::{Prepared, Reader};
pub use run::{AuditError, Audited, Options, Stage, Stop, audit};
pub use saved::SavedError;
pub use signatures::{Signatures, Signed, Verifier};
pub use source::{Bundle, Source, SourceError};
pub(crate) use tiles::{frontier_at, joined};
pub use trusted::NotValid;

/// The first thing that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", finding_line(self))]
pub struct Finding {
    /// Leaf index, if a leaf is to blame.
    pub leaf: Option<u64>,
    /// Height of the block, if known.
    pub height: Option<Height>,
    /// Record, if one is to blame.
    pub record: Option<RecordId>,
    /// What is wrong.
    pub what: String,
}

impl Finding {
    /// Something about the log as a whole.
    fn of_log(what: String) -> Self {
        Self {
            leaf: None,
            height: None,
            record: None,
            what,
        }
    }
}

fn finding_line(finding: &Finding) -> String {
    let mut line = String::new();
    if let Some(leaf) = finding.leaf {
        line.push_str(&format!("leaf {leaf}: "));
    }
    if let Some(height) = finding.height {
        line.push_str(&format!("block {height}: "));
    }
    if let Some(record) = finding.record {
        line.push_str(&format!("record {record}: "));
    }
    line.push_str(&finding.what);
    line
}

/// What an audit went through and found to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The ledger.
    pub ledger: LedgerId,
    /// The log.
    pub origin: String,
    /// Leaves, each hashed.
    pub leaves: u64,
    /// Leaves that an earlier run went through; the log before them is the one it saw.
    pub resumed: u64,
    /// The recomputed root, which is the checkpoint's.
    pub root: TreeHash,
    /// Blocks with entries, each with its certificate.
    pub blocks: u64,
    /// Records, each with its signature.
    pub records: u64,
    /// Identity attestations, each with its signature.
    pub attestations: u64,
    /// Signatures of validators under blocks.
    pub precommits: u64,
    /// Outcomes, each as the law says.
    pub outcomes: u64,
    /// Root of the recomputed state after the last block.
    pub state_root: StateRoot,
    /// The last block's height.
    pub height: Height,
    /// The last block's time.
    pub time: BlockTime,
    /// How signatures were verified.
    pub signatures: &'static str,
}

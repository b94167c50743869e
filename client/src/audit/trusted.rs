//! Which checkpoints count.
//!
//! Lives here: from a checkpoint's bytes to one that a policy relies on, or at least one that was
//! signed in the log's name and must therefore agree with every other. Does not live here: whether
//! two agree (`tiles`, `follow`).

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{CheckpointError, Cosignature, SignedCheckpoint};
use deedbook_schemas::policy::{EvaluationError, Policy};

/// Seconds by which a cosigner's clock may be ahead of ours.
const CLOCK_AHEAD_S: u64 = 300;

/// Why a checkpoint does not count.
#[derive(Debug, thiserror::Error)]
pub enum NotValid {
    /// It is no signed checkpoint.
    #[error(transparent)]
    Format(#[from] CheckpointError),
    /// The policy does not rely on it, or a known signature is wrong.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// It is of another log.
    #[error("it is of log {got}, not of {want}")]
    Origin {
        /// The checkpoint's origin.
        got: String,
        /// The log audited.
        want: String,
    },
    /// A cosigner that lives in the future.
    #[error("{name} cosigned it at {time} s, {ahead} s ahead of this machine's clock")]
    Future {
        /// The cosigner.
        name: String,
        /// Its time.
        time: u64,
        /// By how much it is ahead.
        ahead: u64,
    },
}

/// A checkpoint that a policy relies on, and the names of those who vouch for it.
pub(super) fn relied_on(
    bytes: &[u8],
    origin: &str,
    policy: &Policy,
    now: Seconds,
) -> Result<(SignedCheckpoint, Vec<String>), NotValid> {
    let signed = SignedCheckpoint::parse(bytes)?;
    check_origin_and_time(&signed, origin, now)?;
    let evaluation = policy.verify(&signed)?;
    let names = evaluation.witnesses.into_iter().map(|witness| witness.name);
    Ok((signed, names.collect()))
}

/// A checkpoint that was signed in the log's name, whoever cosigned it: enough to contradict another.
pub(super) fn signed_by_log(
    bytes: &[u8],
    origin: &str,
    policy: &Policy,
    now: Seconds,
) -> Result<SignedCheckpoint, NotValid> {
    let signed = SignedCheckpoint::parse(bytes)?;
    check_origin_and_time(&signed, origin, now)?;
    let evaluation = policy.evaluate(&signed)?;
    if evaluation.log_signed {
        Ok(signed)
    } else {
        let origin = signed.checkpoint.origin.clone();
        Err(EvaluationError::Log(origin).into())
    }
}

fn check_origin_and_time(
    signed: &SignedCheckpoint,
    origin: &str,
    now: Seconds,
) -> Result<(), NotValid> {
    let got = signed.checkpoint.origin.to_string();
    if got != origin {
        let want = origin.to_owned();
        return Err(NotValid::Origin { got, want });
    }
    for line in &signed.signatures {
        let Some(cosignature) = Cosignature::from_line(line) else {
            continue;
        };
        let time = cosignature.time.0;
        let ahead = time.saturating_sub(now.0);
        if ahead > CLOCK_AHEAD_S {
            let name = line.name.to_string();
            return Err(NotValid::Future { name, time, ahead });
        }
    }
    Ok(())
}

//! The driver's work for sync: blocks that others decided, and blocks that others ask for.

use std::ops::RangeInclusive;

use arc_malachitebft_app::engine::host::SyncedValueOutcome;
use arc_malachitebft_core_types::{
    CommitCertificate, ExtendedCommitCertificate, ExtendedCommitSignature, Round, Validity,
};
use arc_malachitebft_sync::RawDecidedValue;
use bytes::Bytes;
use deedbook_schemas::block::{Certificate, CommitSignature, Height};
use deedbook_schemas::limits::{SYNC_BLOCKS_MAX, SYNC_BYTES_MAX};

use super::context::{Address, Ctx, EngineHeight};
use super::driver::{Driver, blocking, defined};
use super::proposing::proposed;
use super::{Application, Source};
use crate::fatal::Fatal;
use crate::store::proposal::StoredProposal;

impl Driver {
    /// A block that others decided. Its certificate was verified by the engine, which compares
    /// the certificate's block with the id in this answer and faults the peer if they differ.
    pub(super) async fn synced(
        &mut self,
        height: Height,
        round: u32,
        proposer: Address,
        bytes: Bytes,
    ) -> Result<SyncedValueOutcome<Ctx>, Fatal> {
        if self.application.tip().next() != height {
            return Ok(SyncedValueOutcome::LocalTransientError);
        }
        let bytes = bytes.to_vec();
        let block = match self.check(bytes.clone(), Source::Synced).await? {
            Ok(block) => block,
            Err(reason) => {
                // The header is certified, and fixes the records: somebody changed them on the way.
                tracing::error!(%height, reason, "a peer sent a block that cannot be reproduced");
                return Ok(SyncedValueOutcome::PeerFault);
            }
        };
        // Durable first: the engine's log keeps the id, and may decide it without asking again.
        let proposer = proposer.0;
        self.keep(StoredProposal {
            height,
            round,
            proposer,
            block,
            bytes,
            signature: None,
        })
        .await?;
        let value = proposed(height, round, proposer, block, Validity::Valid);
        Ok(SyncedValueOutcome::Verdict(value))
    }

    pub(super) async fn decided_values(
        &self,
        range: RangeInclusive<EngineHeight>,
    ) -> Result<Vec<RawDecidedValue<Ctx>>, Fatal> {
        let (start, end) = (range.start().0, range.end().0);
        let read = move |ledger: &dyn Application| {
            let (mut values, mut bytes) = (Vec::new(), 0);
            for height in (start.0..=end.0).take(SYNC_BLOCKS_MAX) {
                let Some((block, certificate)) = ledger.decided(Height(height))? else {
                    break;
                };
                bytes += block.len();
                if bytes > SYNC_BYTES_MAX {
                    break;
                }
                values.push(RawDecidedValue::new(
                    block.into(),
                    from_certificate(certificate),
                ));
            }
            Ok(values)
        };
        blocking(&self.application, read).await
    }
}

pub(super) fn to_certificate(certificate: &CommitCertificate<Ctx>) -> Result<Certificate, Fatal> {
    let signatures = certificate.commit_signatures.iter();
    let mut signatures: Vec<_> = signatures
        .map(|one| CommitSignature {
            validator: one.address.0,
            signature: one.signature,
        })
        .collect();
    signatures.sort_by_key(|one| one.validator);
    Ok(Certificate {
        height: certificate.height.0,
        round: defined(certificate.round)?,
        block: certificate.value_id,
        signatures,
    })
}

fn from_certificate(certificate: Certificate) -> ExtendedCommitCertificate<Ctx> {
    let signatures = certificate.signatures.into_iter();
    ExtendedCommitCertificate {
        height: EngineHeight(certificate.height),
        round: Round::new(certificate.round),
        value_id: certificate.block,
        commit_signatures: signatures
            .map(|one| ExtendedCommitSignature::new(Address(one.validator), one.signature, None))
            .collect(),
    }
}

//! Identity and evidence of a natural person's act (rules 40, 42). What fails here fails at the
//! door: an act that nobody can be shown to have done is not an act.

use deedbook_schemas::evidence::{EvidenceManifest, Topic};
use deedbook_schemas::limits::{
    EVIDENCE_BYTES_MAX, EVIDENCE_DURATION_MS_MAX, LABEL_BYTES_MAX, STATEMENTS_MAX,
};
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::record::SignedAttestation;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::text::is_identifier;

use crate::apply::Case;
use crate::door;
use crate::state::{self, StateError, StateRead as _, evidence_mark};
use crate::verdict::Codes;

/// Highest assurance and liveness level that exists.
const LEVEL_MAX: u8 = 3;

/// What an act must be accompanied by, besides the attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// A recording of the profile's topics.
    Required,
    /// A recording of the profile's topics and the price.
    WithPrice,
    /// A recording is checked if there is one.
    Optional,
}

/// Checks the attestation and the recording of the act in `case`.
pub(crate) fn check(
    case: &Case<'_, '_>,
    evidence: Evidence,
    door: &mut Codes,
) -> Result<(), StateError> {
    check_at(case, evidence, case.profile.assurance_min, door)
}

/// As [`check`], for an act that needs at least this assurance level.
pub(crate) fn check_at(
    case: &Case<'_, '_>,
    evidence: Evidence,
    assurance: u8,
    door: &mut Codes,
) -> Result<(), StateError> {
    match &case.record.attestation {
        None => door.refuse(Code::AttestationMissing),
        Some(attestation) => check_attestation(case, attestation, assurance, door)?,
    }
    match &case.record.evidence {
        None => door.require(evidence == Evidence::Optional, Code::EvidenceMissing),
        Some(manifest) => {
            check_recording(case, manifest, door)?;
            check_statements(case, manifest, evidence, door);
        }
    }
    Ok(())
}

/// Records that are nobody's personal act carry neither.
pub(crate) fn forbid(case: &Case<'_, '_>, door: &mut Codes) {
    let bare = case.record.attestation.is_none() && case.record.evidence.is_none();
    door.require(bare, Code::FieldInvalid);
}

fn check_attestation(
    case: &Case<'_, '_>,
    signed: &SignedAttestation,
    assurance: u8,
    door: &mut Codes,
) -> Result<(), StateError> {
    let header = &signed.statement.header;
    let attestation = &signed.attestation;
    // Rule 40: by an accredited provider, with its key, within its methods, not suspended.
    let provider = state::authority(case.state, &header.issuer)?;
    let provider = provider.as_ref().map(|found| &found.accreditation);
    door.require(
        provider.is_some_and(|provider| {
            provider.role == AuthorityRole::IdentityProvider
                && provider.key == header.key
                && provider.methods.contains(&attestation.method)
        }),
        Code::AttestationProvider,
    );
    door.require(
        provider.is_none_or(|provider| !provider.suspended),
        Code::AuthoritySuspended,
    );
    // Rule 40: of the signer, and of nobody else.
    door.require(
        header.subject == case.record.issuer().to_string(),
        Code::AttestationSubject,
    );
    // Rules 39, 40: for this act on this ledger.
    door.require(
        attestation.nonce == case.record.act_digest && attestation.ledger == case.block.ledger,
        Code::AttestationNonce,
    );
    // Rule 40: made when the act was done, and not dated ahead of the ledger.
    let signed_at = case.record.statement.header.issued_at;
    door.require(
        attestation.time.0.abs_diff(signed_at.0) <= case.profile.attestation_window_s.into()
            && attestation.time <= case.now
            && attestation.time == header.issued_at,
        Code::AttestationStale,
    );
    // Rule 40: at or above what the act needs.
    door.require(
        attestation.assurance >= assurance.max(case.profile.assurance_min)
            && attestation.liveness >= case.profile.liveness_min,
        Code::AttestationLevel,
    );
    door.require(
        attestation.assurance <= LEVEL_MAX && attestation.liveness <= LEVEL_MAX,
        Code::FieldInvalid,
    );
    Ok(())
}

fn check_recording(
    case: &Case<'_, '_>,
    manifest: &EvidenceManifest,
    door: &mut Codes,
) -> Result<(), StateError> {
    // Rule 42: a video that is there, and of a possible size.
    door.require(
        (1..=EVIDENCE_BYTES_MAX).contains(&manifest.bytes)
            && (1..=EVIDENCE_DURATION_MS_MAX).contains(&manifest.duration_ms)
            && manifest.media_type.starts_with("video/")
            && is_identifier(&manifest.media_type, LABEL_BYTES_MAX),
        Code::EvidenceEmpty,
    );
    door::text(&manifest.media_type, LABEL_BYTES_MAX, door);
    // Rule 42: it shows the moment of signing. Both times are rounded down to seconds, so the
    // recording ends within the second that `started` and its length, rounded up, give.
    let signed_at = case.record.statement.header.issued_at.0;
    let end = manifest
        .started
        .0
        .saturating_add(manifest.duration_ms.div_ceil(1000));
    door.require(
        (manifest.started.0..=end).contains(&signed_at),
        Code::EvidenceTime,
    );
    // Rules 42, 43: it will be there when a court asks.
    door.require(
        manifest.retention_years >= case.profile.retention_years,
        Code::EvidenceRetention,
    );
    // Rule 42: of this act alone.
    let reused = case.state.seen(&evidence_mark(&manifest.root))?;
    door.require(!reused, Code::EvidenceReused);
    Ok(())
}

/// Rule 42: identity, free will, object and date, and the price if the act has one, are spoken of
/// within the recording.
fn check_statements(
    case: &Case<'_, '_>,
    manifest: &EvidenceManifest,
    evidence: Evidence,
    door: &mut Codes,
) {
    let topics: Vec<Topic> = manifest.statements.iter().map(|said| said.topic).collect();
    door.require(
        topics.len() <= STATEMENTS_MAX && door::ascending(&topics),
        Code::FieldInvalid,
    );
    let price = (evidence == Evidence::WithPrice).then_some(Topic::Price);
    let complete = case
        .profile
        .topics
        .iter()
        .chain(price.iter())
        .all(|topic| topics.contains(topic));
    let within = manifest
        .statements
        .iter()
        .all(|said| said.offset_ms <= manifest.duration_ms);
    door.require(complete && within, Code::EvidenceStatement);
}

//! Keeping and deleting recordings (rule 43; Civil Procedure Code 64). The files are with the
//! providers; the ledger says which of them must still be there.

use deedbook_schemas::digest::EvidenceRoot;
use deedbook_schemas::evidence::EvidenceManifest;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::proceeding::{EvidenceDeletion, LegalHold};
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::Code;

use crate::accreditation::is_above;
use crate::apply::Case;
use crate::calendar::add_years;
use crate::state::{self, Key, StateError, StateRead as _};
use crate::state::{deletion_mark, evidence_mark};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity};

/// A court holds a recording, or lifts its hold.
pub(crate) fn hold(case: &mut Case<'_, '_>, body: &LegalHold) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Court, &mut door)?;
    identity::forbid(case, &mut door);
    let root: Option<EvidenceRoot> = door::subject(case, &mut door);
    let root = door.door(root, Code::FieldInvalid)?;

    let mut law = Codes::default();
    let held_by: Option<PartyId> = state::read(case.state, Key::Hold(&root))?;
    let court = case.record.issuer();
    if body.held {
        // Rule 43: a recording of an act on the ledger, which is still there; once.
        let exists = is_kept(case, &root)?;
        law.require(exists, Code::EvidenceUnknown);
        law.require(held_by.is_none(), Code::EvidenceHeld);
        law.lawful()?;
        case.state.put(Key::Hold(&root), &court);
        return Ok(vec![outcome(case.record.id, Status::Registered)]);
    }
    // Rule 43: lifted by the court that holds it, or by one above it.
    let entitled = match &held_by {
        None => false,
        Some(holder) => *holder == court || is_above(case.state, &court, holder)?,
    };
    law.require(entitled, Code::EvidenceForeign);
    law.lawful()?;
    case.state.delete(Key::Hold(&root))?;
    Ok(Vec::new())
}

/// A provider says that it deletes a recording.
pub(crate) fn delete(case: &mut Case<'_, '_>, body: &EvidenceDeletion) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::IdentityProvider, &mut door)?;
    identity::forbid(case, &mut door);
    let root: Option<EvidenceRoot> = door::subject(case, &mut door);
    // Whatever that record carries stays bytes: nothing in it is decoded again.
    let recorded = Record::decode(&body.record).ok();
    door.require(recorded.is_some(), Code::RecordMalformed);
    let (root, recorded) = door.door(root.zip(recorded), Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 43: of an act on the ledger, which is still there.
    let on_ledger = case.state.recorded(&recorded.id)?;
    let manifest = recorded
        .evidence
        .as_ref()
        .filter(|manifest| manifest.root == root);
    let there = on_ledger && manifest.is_some() && is_kept(case, &root)?;
    law.require(there, Code::EvidenceUnknown);
    if let Some(manifest) = manifest {
        check_retention(case, manifest, &mut law);
    }
    // Rule 43: by the provider of the act, who keeps it.
    let keeper = recorded.attestation.as_ref();
    let keeper = keeper.map(|signed| signed.statement.header.issuer);
    let own = keeper.is_none_or(|keeper| keeper == case.record.issuer());
    law.require(own, Code::EvidenceForeign);
    // Rule 43, Civil Procedure Code 64: not while a court holds it.
    let held_by: Option<PartyId> = state::read(case.state, Key::Hold(&root))?;
    law.require(held_by.is_none(), Code::EvidenceHeld);
    law.lawful()?;

    case.state.mark(deletion_mark(&root));
    Ok(Vec::new())
}

/// Rule 43: kept for as long as the manifest and the profile both say.
fn check_retention(case: &Case<'_, '_>, manifest: &EvidenceManifest, law: &mut Codes) {
    let years = manifest.retention_years.max(case.profile.retention_years);
    let over = add_years(manifest.started, years) <= case.now;
    law.require(over, Code::EvidenceKept);
}

/// Whether a recording serves an act on the ledger and was not deleted.
fn is_kept(case: &Case<'_, '_>, root: &EvidenceRoot) -> Result<bool, StateError> {
    Ok(case.state.seen(&evidence_mark(root))? && !case.state.seen(&deletion_mark(root))?)
}

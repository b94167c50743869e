//! How long recordings are kept, as the model sees it (rule 43).

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::EvidenceRoot;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::proceeding::EvidenceDeletion;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::dates::years_later;
use crate::doors::unless;
use crate::memory::{Codes, Model};
use crate::verdict::Reasons;

impl Model {
    /// Whether a recording of something on the ledger is still there.
    pub(crate) fn is_kept(&self, root: &EvidenceRoot) -> bool {
        let deleted = |record: &Record| matches!(record.body, Body::EvidenceDeletion(_));
        self.recording_used(root)
            && !self
                .about(root.to_string().as_str())
                .any(|(_, _, r)| deleted(r))
    }

    /// A provider deletes what it recorded of something on the ledger, after the recording's term and the
    /// law's, and not while a court holds it.
    pub(crate) fn deletion_reasons(
        &self,
        record: &Record,
        body: &EvidenceDeletion,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::IdentityProvider);
        let mut law = Codes::new();
        let root: EvidenceRoot = record.subject().parse().unwrap();
        let Ok(recorded) = Record::decode(&body.record) else {
            door.insert(Code::RecordMalformed);
            return (door, law);
        };
        let film = recorded.evidence.as_ref().filter(|film| film.root == root);
        let on_ledger = self.logged().any(|logged| logged.id == recorded.id);
        let there = on_ledger && film.is_some() && self.is_kept(&root);
        unless(there, Code::EvidenceUnknown, &mut law);
        if let Some(film) = film {
            let years = film.retention_years.max(self.law().retention_years);
            let over = years_later(film.started, years) <= now;
            unless(over, Code::EvidenceKept, &mut law);
        }
        if let Some(check) = &recorded.attestation {
            let own = check.statement.header.issuer == record.issuer();
            unless(own, Code::EvidenceForeign, &mut law);
        }
        let held = self.held_by(record.subject()).is_some();
        unless(!held, Code::EvidenceHeld, &mut law);
        (door, law)
    }
}

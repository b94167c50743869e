//! What the API answers about the ledger.
//!
//! Lives here: turning stored objects into the shapes of `deedbook_schemas::api`, and receipts.
//! Does not live here: HTTP.

use std::sync::Arc;

use deedbook_registry::{open_requirements, state};
use deedbook_schemas::api::{
    AccessView, AccessesView, ActView, BlockView, ConsentView, InstrumentView, PartyView,
    PowerView, Reason, RecordState, RecordView, RequirementView, TitleView,
};
use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::carried::Carried;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::cose_receipt::CoseReceipt;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Instrument;
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::limits::ACCESSES_MAX;
use deedbook_schemas::outcome::{Entry, Outcome};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::receipt::Receipt;
use deedbook_schemas::record::{Body, Record};

use super::execute::{access_rows, outcome_row};
use super::{Ledger, now};
use crate::cosign::CoseSignedTree;
use crate::fatal::Fatal;

/// The leaf that proves what became of a record: its outcome if the ledger has spoken, otherwise
/// the record itself.
#[derive(Debug, Clone)]
pub struct ProofLeaf {
    /// Leaf index.
    pub index: u64,
    /// What the receipt carries.
    carried: Carried,
}

impl Ledger {
    /// The time by which the API judges: the last block's, or this node's clock if later.
    fn present(&self) -> Seconds {
        now().seconds().max(self.tip().time.seconds())
    }

    pub(super) fn logged_entry(&self, index: u64) -> Result<Vec<u8>, Fatal> {
        self.store
            .entry(index)?
            .ok_or_else(|| Fatal::new(format!("leaf {index} is indexed and not there")))
    }

    /// A record's bytes: from the log, or waiting.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn record_bytes(&self, id: &RecordId) -> Result<Option<Vec<u8>>, Fatal> {
        match self.store.record_index(id)? {
            Some(index) => self.logged_entry(index).map(Some),
            None => Ok(self.mempool.record(id).map(|bytes| bytes.to_vec())),
        }
    }

    fn outcome(&self, record: &RecordId) -> Result<Option<(u64, Outcome)>, Fatal> {
        let Some(row) = self.store.index(&outcome_row(record))? else {
            return Ok(None);
        };
        let index = <[u8; 8]>::try_from(row.as_slice())
            .map(u64::from_be_bytes)
            .map_err(|_| Fatal::new(format!("the outcome index of {record} is corrupt")))?;
        match Entry::decode(&self.logged_entry(index)?) {
            Ok(Entry::Outcome(outcome)) => Ok(Some((index, outcome))),
            _ => Err(Fatal::new(format!(
                "leaf {index} should be the outcome of {record}"
            ))),
        }
    }

    /// A record and what became of it, from its bytes.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails, or a stored record cannot be read.
    pub fn record_view_of_bytes(&self, bytes: &[u8]) -> Result<RecordView, Fatal> {
        let record = Record::decode(bytes)
            .map_err(|error| Fatal::new(format!("a stored record cannot be read: {error}")))?;
        self.record_view(&record)
    }

    /// A record and what became of it.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn record_view(&self, record: &Record) -> Result<RecordView, Fatal> {
        let leaf_index = self.store.record_index(&record.id)?;
        let outcome = self.outcome(&record.id)?.map(|(_, outcome)| outcome);
        Ok(RecordView {
            id: record.id,
            kind: record.body.kind().to_owned(),
            issuer: record.issuer(),
            subject: record.subject().to_owned(),
            state: if leaf_index.is_some() {
                RecordState::Logged
            } else {
                RecordState::Queued
            },
            leaf_index,
            outcome: outcome.as_ref().map(|outcome| outcome.status),
            reasons: outcome
                .map(|outcome| Reason::from_codes(&outcome.codes))
                .unwrap_or_default(),
        })
    }

    /// The instrument a record is about, as it stands.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn instrument_of(&self, record: &Record) -> Result<Option<InstrumentView>, Fatal> {
        let kind = record.body.kind();
        if Body::lodges_instrument(kind) {
            return self.instrument_view(&record.id);
        }
        match record.subject().parse() {
            Ok(id) if Body::concerns_instrument(kind) => self.instrument_view(&id),
            _ => Ok(None),
        }
    }

    /// An instrument, and what it still needs.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn instrument_view(&self, id: &RecordId) -> Result<Option<InstrumentView>, Fatal> {
        let Some(instrument) = state::instrument(&self.store, id)? else {
            return Ok(None);
        };
        let open = self.requirements(id, &instrument)?;
        let pending = instrument.pending.as_ref();
        let acts = pending
            .map(|pending| pending.acts.as_slice())
            .unwrap_or_default();
        Ok(Some(InstrumentView {
            id: *id,
            property: instrument.property.clone(),
            status: instrument.status,
            lodged: instrument.lodged,
            changed: instrument.changed,
            expires: pending.map(|pending| pending.expires),
            open,
            acts: acts
                .iter()
                .map(|act| ActView {
                    party: act.party,
                    role: act.role,
                    signer: act.signer,
                    record: act.record,
                    power: act.power,
                })
                .collect(),
            supplements: pending
                .map(|pending| pending.supplements.clone())
                .unwrap_or_default(),
            reasons: Reason::from_codes(&instrument.codes),
        }))
    }

    fn requirements(
        &self,
        id: &RecordId,
        instrument: &Instrument,
    ) -> Result<Vec<RequirementView>, Fatal> {
        let requirements = open_requirements(&self.store, self.present(), id, instrument)?;
        Ok(requirements
            .into_iter()
            .map(|requirement| RequirementView {
                code: requirement.code.to_owned(),
                party: requirement.party,
                text: requirement.text,
            })
            .collect())
    }

    /// The title of a property.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn title_view(&self, cadastral_number: &str) -> Result<Option<TitleView>, Fatal> {
        let title = state::title(&self.store, cadastral_number)?;
        Ok(title.map(|title| TitleView {
            cadastral_number: cadastral_number.to_owned(),
            title,
        }))
    }

    /// A power of attorney, and whether it is in force.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn power_view(&self, id: &RecordId) -> Result<Option<PowerView>, Fatal> {
        let Some(power) = state::power(&self.store, id)? else {
            return Ok(None);
        };
        let codes = deedbook_registry::power_in_force(&self.store, &power, self.present())?;
        let reasons: Vec<Reason> = codes.into_iter().map(Reason::from).collect();
        Ok(Some(PowerView {
            id: *id,
            in_force: reasons.is_empty(),
            reasons,
            power,
        }))
    }

    /// A spousal consent.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn consent_view(&self, id: &RecordId) -> Result<Option<ConsentView>, Fatal> {
        let consent = state::consent(&self.store, id)?;
        Ok(consent.map(|consent| ConsentView { id: *id, consent }))
    }

    /// A party.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn party_view(&self, id: &PartyId) -> Result<Option<PartyView>, Fatal> {
        let party = state::party(&self.store, id)?.map(Arc::unwrap_or_clone);
        Ok(party.map(|party| PartyView {
            id: *id,
            can_act: deedbook_registry::can_act(&party, self.present()),
            keys: party.keys,
            provider: party.provider,
            guardian: party.guardian,
            nature: party.nature,
        }))
    }

    /// Who read a party's rights: entries behind the leaf `after`, oldest first.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails, or the index does not fit the log.
    pub fn accesses_view(&self, id: &PartyId, after: Option<u64>) -> Result<AccessesView, Fatal> {
        let rows = access_rows(id);
        let start = after.map(|leaf| [rows.clone(), leaf.to_be_bytes().to_vec()].concat());
        let found = self
            .store
            .index_rows(&rows, start.as_deref(), ACCESSES_MAX)?;
        let mut accesses = Vec::with_capacity(found.len());
        for (row, _) in &found {
            let leaf_index = row
                .last_chunk()
                .map(|leaf| u64::from_be_bytes(*leaf))
                .ok_or_else(|| Fatal::new(format!("the access index of {id} is corrupt")))?;
            accesses.push(self.access_view(leaf_index)?);
        }
        let full = accesses.len() == ACCESSES_MAX;
        let next = accesses.last().map(|last| last.leaf_index).filter(|_| full);
        Ok(AccessesView { accesses, next })
    }

    fn access_view(&self, leaf_index: u64) -> Result<AccessView, Fatal> {
        let record = Record::decode(&self.logged_entry(leaf_index)?)
            .map_err(|error| Fatal::new(format!("leaf {leaf_index} cannot be read: {error}")))?;
        let (record_id, reader) = (record.id, record.issuer());
        let at = record.statement.header.issued_at;
        match record.body {
            Body::AccessEntry(entry) => Ok(AccessView {
                record: record_id,
                leaf_index,
                reader,
                at,
                entry,
            }),
            _ => Err(Fatal::new(format!(
                "leaf {leaf_index} should be an access entry"
            ))),
        }
    }

    /// A decided block's header and certificate.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn block_view(&self, height: Height) -> Result<Option<BlockView>, Fatal> {
        let Some(block) = self.store.block(height)? else {
            return Ok(None);
        };
        let certificate = self
            .store
            .certificate(height)?
            .ok_or_else(|| Fatal::new(format!("height {height} has no certificate")))?;
        Ok(Some(BlockView {
            header: block.header,
            certificate,
            first_index: block.first_index,
        }))
    }

    /// The leaf that a receipt for `id` proves; `None` if the record is not on the ledger.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn proof_leaf(&self, id: &RecordId) -> Result<Option<ProofLeaf>, Fatal> {
        let Some(record_index) = self.store.record_index(id)? else {
            return Ok(None);
        };
        let record = self.logged_entry(record_index)?;
        Ok(Some(match self.outcome(id)? {
            Some((index, _)) => {
                let carried = Carried::new(self.logged_entry(index)?, Some(record));
                ProofLeaf { index, carried }
            }
            None => ProofLeaf {
                index: record_index,
                carried: Carried::new(record, None),
            },
        }))
    }

    /// The COSE receipt of a leaf under a signed tree that covers it.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails or the tree does not cover the leaf.
    pub fn cose_receipt(&self, index: u64, signed: &CoseSignedTree) -> Result<CoseReceipt, Fatal> {
        let hashes = self.store.inclusion_proof(index, signed.tree.size)?;
        Ok(signed.receipt(index, hashes))
    }

    /// The key that signs in the log's name.
    #[must_use]
    pub fn log_key(&self) -> PublicKey {
        self.genesis.log_key
    }

    /// The receipt of a leaf under a signed checkpoint that covers it.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails or the checkpoint does not cover the leaf.
    pub fn receipt(&self, leaf: ProofLeaf, signed: SignedCheckpoint) -> Result<Receipt, Fatal> {
        let hashes = self
            .store
            .inclusion_proof(leaf.index, signed.checkpoint.size)?;
        Ok(Receipt::new(
            leaf.carried.encode(),
            leaf.index,
            hashes,
            signed,
        ))
    }
}

//! State receipts and title certificates: what the state held at a signed checkpoint, with proofs.
//!
//! Does not live here: the file and what it proves (`deedbook_schemas::state_receipt`,
//! `deedbook_schemas::title_certificate`), which checkpoint is signed (`cosign`), HTTP.

use std::collections::{BTreeMap, BTreeSet};

use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::decode;
use deedbook_schemas::instrument::Power;
use deedbook_schemas::limits::POWER_DEPTH_MAX;
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::property::Title;
use deedbook_schemas::state_receipt::{Kind, Object, SealProof, StateReceipt};
use deedbook_schemas::title_certificate::{
    instrument_key, party_key, pending_of, power_key, title_key,
};

use super::Ledger;
use crate::fatal::Fatal;
use crate::store::{Store, StoreError};

/// What can be proved at a checkpoint; `None` if it has no block, or its state is no longer kept.
type Provable<T> = Result<Option<T>, Fatal>;

impl Ledger {
    /// The certificate of a title at a signed checkpoint of this log, and of `powers`.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn title_certificate(
        &self,
        signed: &SignedCheckpoint,
        cadastral_number: &str,
        powers: &BTreeSet<RecordId>,
    ) -> Provable<StateReceipt> {
        self.receipt_of_state(Kind::Title, signed, |proofs| {
            let title: Option<Title> = proofs.prove(title_key(cadastral_number))?;
            for instrument in title.iter().flat_map(pending_of) {
                proofs.add(instrument_key(&instrument))?;
            }
            powers.iter().try_for_each(|power| proofs.power(power))
        })
    }

    /// What one key of the state holds at a signed checkpoint of this log.
    ///
    /// # Errors
    /// [`Fatal`] if the store fails.
    pub fn state_receipt(&self, signed: &SignedCheckpoint, key: &[u8]) -> Provable<StateReceipt> {
        self.receipt_of_state(Kind::Object, signed, |proofs| proofs.add(key.to_vec()))
    }

    fn receipt_of_state(
        &self,
        kind: Kind,
        signed: &SignedCheckpoint,
        collect: impl FnOnce(&mut Proofs<'_>) -> Result<(), Gone>,
    ) -> Provable<StateReceipt> {
        let Some((seal, mut proofs)) = self.sealed(signed.checkpoint.size)? else {
            return Ok(None);
        };
        match collect(&mut proofs) {
            Ok(()) => {
                let objects = proofs.objects.into_values().collect();
                Ok(Some(StateReceipt::new(kind, signed, seal, objects)))
            }
            Err(Gone::Pruned) => Ok(None),
            Err(Gone::Failed(fatal)) => Err(fatal),
        }
    }

    /// The seal that ends the tree of `size` leaves, and the state that it seals.
    fn sealed(&self, size: u64) -> Provable<(SealProof, Proofs<'_>)> {
        let Some(index) = size.checked_sub(1) else {
            return Ok(None);
        };
        let entry = self.logged_entry(index)?;
        let Ok(Entry::Seal(seal)) = Entry::decode(&entry) else {
            return Err(Fatal::new(format!("leaf {index} should be a block's seal")));
        };
        let Some(version) = self.store.state_version(&seal.state_root)? else {
            return Ok(None);
        };
        let seal = SealProof {
            index,
            path: self.store.inclusion_proof(index, size)?,
            entry: entry.into(),
        };
        let proofs = Proofs {
            store: &self.store,
            version,
            objects: BTreeMap::new(),
        };
        Ok(Some((seal, proofs)))
    }
}

/// Why a proof cannot be made.
enum Gone {
    /// The version was pruned meanwhile: a newer checkpoint has to serve.
    Pruned,
    Failed(Fatal),
}

impl From<StoreError> for Gone {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Pruned { .. } => Self::Pruned,
            error => Self::Failed(error.into()),
        }
    }
}

/// Objects of one version of the state with their proofs, each once.
struct Proofs<'s> {
    store: &'s Store,
    version: u64,
    objects: BTreeMap<Vec<u8>, Object>,
}

impl Proofs<'_> {
    fn add(&mut self, key: Vec<u8>) -> Result<(), Gone> {
        if !self.objects.contains_key(&key) {
            let (value, proof) = self.store.prove(self.version, &key)?;
            let object = Object {
                key: key.clone().into(),
                value: value.map(Into::into),
                proof,
            };
            self.objects.insert(key, object);
        }
        Ok(())
    }

    /// As [`Proofs::add`], and reads what the key holds.
    fn prove<T>(&mut self, key: Vec<u8>) -> Result<Option<T>, Gone>
    where
        T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()> + minicbor::CborLen<()>,
    {
        self.add(key.clone())?;
        let value = self
            .objects
            .get(&key)
            .and_then(|object| object.value.as_ref());
        let value = value.map(|value| decode(value, value.len())).transpose();
        value.map_err(|error| {
            let key = hex::encode(&key);
            Gone::Failed(Fatal::new(format!("the state at {key}: {error}")))
        })
    }

    /// A power, those that it is part of, and the parties of them all.
    fn power(&mut self, id: &RecordId) -> Result<(), Gone> {
        let mut next = Some(*id);
        for _ in 0..=POWER_DEPTH_MAX {
            let Some(id) = next else {
                return Ok(());
            };
            let power: Option<Power> = self.prove(power_key(&id))?;
            if let Some(power) = &power {
                self.add(party_key(&power.principal))?;
                self.add(party_key(&power.agent))?;
            }
            next = power.and_then(|power| power.parent);
        }
        Ok(())
    }
}

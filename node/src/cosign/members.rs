//! A validator set as a checkpoint sees it: names, note keys, powers.
//!
//! Lives here: verifying a cosignature and counting a quorum. Does not live here: which tree a
//! set belongs to (`cosign`).

use std::collections::BTreeMap;

use deedbook_schemas::checkpoint::{Checkpoint, Cosignature};
use deedbook_schemas::note::{KeyName, NoteKeyId, SignatureType, VerifierKey};
use deedbook_schemas::validators::ValidatorSet;

/// The set, its note keys admitted once.
#[derive(Debug)]
pub(super) struct Members {
    set: ValidatorSet,
    keys: BTreeMap<KeyName, (VerifierKey, u64)>,
}

impl Members {
    /// Admits every note key. One that is not fit to be relied on can never cosign, which the
    /// genesis rules out; it is logged and not counted.
    pub(super) fn new(set: &ValidatorSet) -> Self {
        let mut keys = BTreeMap::new();
        for validator in set.as_slice() {
            let admitted = validator.name.parse::<KeyName>().and_then(|name| {
                VerifierKey::new(name, SignatureType::CosignatureV1, validator.note_key)
            });
            match admitted {
                Ok(key) => {
                    keys.insert(key.name().clone(), (key, validator.power));
                }
                Err(error) => {
                    tracing::error!(name = validator.name, %error, "validator cannot cosign");
                }
            }
        }
        Self {
            set: set.clone(),
            keys,
        }
    }

    pub(super) fn set(&self) -> &ValidatorSet {
        &self.set
    }

    /// The id of a member's note key.
    pub(super) fn key_id(&self, name: &KeyName) -> Option<NoteKeyId> {
        self.keys.get(name).map(|(key, _)| key.id())
    }

    /// Whether a cosignature is a member's and verifies.
    pub(super) fn verify(&self, cosignature: &Cosignature, checkpoint: &Checkpoint) -> bool {
        let key = self.keys.get(&cosignature.name);
        key.is_some_and(|(key, _)| cosignature.verify(key, checkpoint))
    }

    /// Whether these members, each given once, have more than two thirds of the power.
    pub(super) fn is_quorum<'a>(&self, names: impl Iterator<Item = &'a KeyName>) -> bool {
        let power = names
            .filter_map(|name| self.keys.get(name))
            .map(|(_, power)| power)
            .sum();
        self.set.is_quorum(power)
    }
}

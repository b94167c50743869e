//! One attempt to sign a tree, as its coordinator sees it. Lives here: collecting shares, adding them
//! up, and whom to blame. Does not live here: whom to ask and when (`log_signer`).

use std::collections::BTreeMap;
use std::time::Duration;

use deedbook_schemas::keys::Signature;
use frost_ed25519::keys::KeyPackage;
use frost_ed25519::round1::SigningCommitments;
use frost_ed25519::round2::{self, SignatureShare};
use frost_ed25519::{CheaterDetection, Identifier, SigningPackage, aggregate_custom};

use super::TreeSignature;
use super::message::{Request, SessionId, Shares};
use super::nonces::Nonces;
use super::tree::Tree;
use crate::log_key::LogGroup;

/// Both messages with the commitments of all signers: what a signer signs and a coordinator adds up.
pub(super) struct Packages {
    note: SigningPackage,
    cose: SigningPackage,
}

/// Why a request cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Strangers, a name twice, or other than the threshold.
    #[error("its signers are not as many different validators as sign together")]
    Signers,
    /// A nonce's commitment that is no point of full order.
    #[error("the commitments of {0} are malformed")]
    Points(String),
}

impl Packages {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Unfit`] if it cannot be signed.
    pub(super) fn new(request: &Request, tree: &Tree, group: &LogGroup) -> Result<Self, Unfit> {
        let mut note = BTreeMap::<Identifier, SigningCommitments>::new();
        let mut cose = BTreeMap::new();
        for signer in &request.signers {
            let id = group.identifier(&signer.name).ok_or(Unfit::Signers)?;
            let points = || Unfit::Points(signer.name.clone());
            note.insert(id, signer.offer.note.read().ok_or_else(points)?);
            cose.insert(id, signer.offer.cose.read().ok_or_else(points)?);
        }
        if note.len() != request.signers.len() || note.len() != group.threshold() {
            return Err(Unfit::Signers);
        }
        Ok(Self {
            note: SigningPackage::new(note, tree.text.as_bytes()),
            cose: SigningPackage::new(cose, &tree.cose),
        })
    }

    /// This signer's shares; the nonces are used up.
    #[expect(clippy::needless_pass_by_value, reason = "nonces are used once")]
    pub(super) fn sign(
        &self,
        session: SessionId,
        nonces: Nonces,
        key: &KeyPackage,
    ) -> Result<Shares, frost_ed25519::Error> {
        let bytes = |share: SignatureShare| -> Result<[u8; 32], frost_ed25519::Error> {
            let bytes = share.serialize().try_into();
            bytes.map_err(|_| frost_ed25519::Error::SerializationError)
        };
        Ok(Shares {
            session,
            note: bytes(round2::sign(&self.note, &nonces.note, key)?)?.into(),
            cose: bytes(round2::sign(&self.cose, &nonces.cose, key)?)?.into(),
        })
    }
}

/// What a session comes to when all shares are there.
pub(super) enum Outcome {
    /// Both signatures, verified.
    Signed(TreeSignature),
    /// These sent wrong shares.
    Cheated(Vec<String>),
}

/// A coordinator's open session.
pub(super) struct Session {
    pub(super) tree: Tree,
    pub(super) started: Duration,
    /// Signers whose shares are not there.
    pub(super) missing: Vec<String>,
    packages: Packages,
    note: BTreeMap<Identifier, SignatureShare>,
    cose: BTreeMap<Identifier, SignatureShare>,
}

impl Session {
    pub(super) fn new(
        tree: Tree,
        request: &Request,
        packages: Packages,
        started: Duration,
    ) -> Self {
        Self {
            tree,
            started,
            missing: request
                .signers
                .iter()
                .map(|signer| signer.name.clone())
                .collect(),
            packages,
            note: BTreeMap::new(),
            cose: BTreeMap::new(),
        }
    }

    /// Takes a signer's shares; says what comes of it when they were the last.
    pub(super) fn take(
        &mut self,
        from: &str,
        shares: &Shares,
        group: &LogGroup,
    ) -> Option<Outcome> {
        let place = self.missing.iter().position(|name| name == from)?;
        let id = group.identifier(from)?;
        let read = |bytes: &[u8]| SignatureShare::deserialize(bytes).ok();
        let (Some(note), Some(cose)) = (read(&shares.note[..]), read(&shares.cose[..])) else {
            return Some(Outcome::Cheated(vec![from.to_owned()]));
        };
        self.missing.swap_remove(place);
        self.note.insert(id, note);
        self.cose.insert(id, cose);
        self.missing.is_empty().then(|| self.add_up(group))
    }

    /// Adds the shares up. Whatever the library says, only signatures that verify strictly go out.
    fn add_up(&self, group: &LogGroup) -> Outcome {
        let whole = |package, shares, message: &[u8]| {
            let all = CheaterDetection::AllCheaters;
            let signature = aggregate_custom(package, shares, group.package(), all)?;
            let bytes = signature.serialize()?.try_into();
            let signature = Signature(bytes.map_err(|_| frost_ed25519::Error::MalformedSignature)?);
            if group.verify(message, &signature) {
                Ok(signature)
            } else {
                Err(frost_ed25519::Error::InvalidSignature)
            }
        };
        let note = whole(&self.packages.note, &self.note, self.tree.text.as_bytes());
        let both = note.and_then(|note| {
            whole(&self.packages.cose, &self.cose, &self.tree.cose).map(|cose| (note, cose))
        });
        match both {
            Ok((note_signature, cose_signature)) => Outcome::Signed(TreeSignature {
                tree_size: self.tree.size,
                root: self.tree.root,
                note_signature,
                cose_signature,
            }),
            Err(error) => {
                tracing::debug!(%error, "the shares of a log signature do not add up");
                let culprits = error.culprits();
                let names = culprits.iter().filter_map(|id| group.name(id).cloned());
                Outcome::Cheated(names.collect())
            }
        }
    }
}

//! The state: its keys, and typed access to its objects.
//!
//! A key is one prefix byte and an id; a value is the deterministic CBOR of a schemas' object.
//! Does not live here: what a block changes (`overlay`), where the committed state is stored, and what its
//! root is.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::digest::{BodyDigest, Context, EvidenceRoot, RecordId, derive};
use deedbook_schemas::encoding::{DecodeError, decode, encode};
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::instrument::{Consent, Instrument, Power};
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::party::{Authority, Marriage, Party, PartyId};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::property::Title;
use deedbook_schemas::validators::{Validator, ValidatorSet, ValidatorsInOffice};
use minicbor::{CborLen, Decode, Encode};

/// The state cannot be read, or is not what the law left behind: the node must stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The storage failed.
    #[error("reading the state: {0}")]
    Storage(String),
    /// A stored value is not an object of its kind.
    #[error("the state at {key} is damaged: {error}")]
    Damaged {
        /// The key, escaped.
        key: String,
        /// What is wrong with its value.
        error: DecodeError,
    },
    /// Two objects contradict each other.
    #[error("the state contradicts itself: {0}")]
    Inconsistent(String),
}

/// An object of any kind, decoded.
pub type Object = Arc<dyn Any + Send + Sync>;

/// How a value becomes an object.
pub type DecodeObject<'d> = dyn Fn(&[u8]) -> Result<Object, StateError> + 'd;

/// A state that can be read: the committed one, or an overlay on it.
pub trait StateRead: Send + Sync {
    /// The value at a key.
    ///
    /// # Errors
    /// [`StateError`] if the storage fails.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError>;

    /// The object at a key, as `decode` reads its value. Of one key, `decode` is always the same, so
    /// that what was decoded once may be given again.
    ///
    /// # Errors
    /// [`StateError`] if the storage fails or the value is damaged.
    fn object(&self, key: &[u8], decode: &DecodeObject<'_>) -> Result<Option<Object>, StateError> {
        self.get(key)?.map(|value| decode(&value)).transpose()
    }

    /// Whether a mark other than a record's was made: see [`evidence_mark`] and [`deletion_mark`].
    ///
    /// # Errors
    /// [`StateError`] if the storage fails.
    fn seen(&self, mark: &[u8; 32]) -> Result<bool, StateError>;

    /// Whether a record is on the ledger: see [`record_mark`]. As [`StateRead::seen`] where all marks
    /// are kept together.
    ///
    /// # Errors
    /// [`StateError`] if the storage fails.
    fn recorded(&self, record: &RecordId) -> Result<bool, StateError> {
        self.seen(&record_mark(record))
    }
}

/// The mark of a record that is on the ledger: its id.
#[must_use]
pub fn record_mark(record: &RecordId) -> [u8; 32] {
    record.0
}

/// The mark of a recording that serves an act. A root is chosen by a client, hence the derivation:
/// it can never equal a record's mark.
#[must_use]
pub fn evidence_mark(root: &EvidenceRoot) -> [u8; 32] {
    static MARK: Context = Context::new("deedbook 2026 evidence mark");
    MARK.hash(&[&root.0])
}

/// The mark of a recording that its keeper has deleted.
#[must_use]
pub fn deletion_mark(root: &EvidenceRoot) -> [u8; 32] {
    derive("deedbook 2026 evidence deletion mark", &[&root.0])
}

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'k> {
    /// A [`Title`], by cadastral number.
    Title(&'k str),
    /// An [`Instrument`].
    Instrument(&'k RecordId),
    /// A [`Power`].
    Power(&'k RecordId),
    /// A [`Consent`].
    Consent(&'k RecordId),
    /// A [`Marriage`].
    Marriage(&'k RecordId),
    /// A [`Party`].
    Party(&'k PartyId),
    /// An [`Authority`].
    Authority(&'k PartyId),
    /// The [`PartyId`] that a key is, or was, of.
    Owner(&'k PublicKey),
    /// A [`Profile`], by its number: 0 is the genesis'.
    Profile(u32),
    /// The heights from which the profiles judge, in the order of their numbers.
    Profiles,
    /// An [`Escrow`], by its funding.
    Escrow(&'k RecordId),
    /// A [`Succession`] certificate.
    Succession(&'k RecordId),
    /// An [`OrderState`].
    Order(&'k RecordId),
    /// A [`PendingCorrection`].
    Correction(&'k RecordId),
    /// An [`AppealState`].
    Appeal(&'k RecordId),
    /// The latest appeal against an instrument: a record id.
    Appealed(&'k RecordId),
    /// An [`Access`] consent.
    Access(&'k RecordId),
    /// The court that holds a recording: a party id.
    Hold(&'k EvidenceRoot),
    /// Pending instruments that a party's civil status, officers or guardian may complete: ids, at most 8.
    Waiting(&'k PartyId),
    /// Pending instruments among lenders that a change of the title may complete: ids, at most 8.
    WaitingAt(&'k str),
    /// By whom, and for which instruments, the slot of a title was reserved.
    Reserved(&'k str),
    /// The pending private instrument from which a court sale took the slot of a title: a record id.
    Displaced(&'k str),
    /// An officer's approval.
    Approval(&'k RecordId),
    /// The approvals of one act of a legal entity: ids, one an officer.
    Approvals(&'k PartyId, &'k BodyDigest),
    /// Times at which something is due, sorted.
    Hours,
    /// The lists of one time: the first and the one after the last.
    Hour(Seconds),
    /// One list of what is due at a time.
    Expiring(Seconds, u32),
    /// The [`ValidatorsInOffice`].
    Validators,
}

impl Key<'_> {
    /// The key's bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let join = |prefix: u8, id: &[u8]| [&[prefix], id].concat();
        match self {
            Self::Title(cadastral) => join(b'T', cadastral.as_bytes()),
            Self::Instrument(id) => join(b'I', &id.0),
            Self::Power(id) => join(b'W', &id.0),
            Self::Consent(id) => join(b'C', &id.0),
            Self::Marriage(id) => join(b'M', &id.0),
            Self::Party(id) => join(b'P', &id.0),
            Self::Authority(id) => join(b'A', &id.0),
            Self::Owner(key) => join(b'K', &key.0),
            Self::Profile(number) => join(b'L', &number.to_be_bytes()),
            Self::Profiles => vec![b'F'],
            Self::Escrow(id) => join(b'S', &id.0),
            Self::Succession(id) => join(b'U', &id.0),
            Self::Order(id) => join(b'O', &id.0),
            Self::Correction(id) => join(b'R', &id.0),
            Self::Appeal(id) => join(b'B', &id.0),
            Self::Appealed(id) => join(b'D', &id.0),
            Self::Access(id) => join(b'G', &id.0),
            Self::Hold(root) => join(b'V', &root.0),
            Self::Waiting(id) => join(b'N', &id.0),
            Self::WaitingAt(cadastral) => join(b'Y', cadastral.as_bytes()),
            Self::Reserved(cadastral) => join(b'Q', cadastral.as_bytes()),
            Self::Displaced(cadastral) => join(b'J', cadastral.as_bytes()),
            Self::Approval(id) => join(b'Z', &id.0),
            Self::Approvals(entity, digest) => join(b'z', &[&entity.0[..], &digest.0[..]].concat()),
            Self::Hours => vec![b'X'],
            Self::Hour(hour) => join(b'H', &hour.0.to_be_bytes()),
            Self::Expiring(hour, list) => join(
                b'E',
                &[&hour.0.to_be_bytes()[..], &list.to_be_bytes()].concat(),
            ),
            Self::Validators => vec![b'v'],
        }
    }
}

/// Reads the object at a key, to be looked at.
///
/// # Errors
/// [`StateError`] if the storage fails or the value is damaged.
pub fn look<T>(state: &dyn StateRead, key: Key<'_>) -> Result<Option<Arc<T>>, StateError>
where
    T: for<'b> Decode<'b, ()> + Encode<()> + CborLen<()> + Send + Sync + 'static,
{
    let key = key.bytes();
    let decode_object = |value: &[u8]| match decode::<T>(value, usize::MAX) {
        Ok(object) => Ok(Arc::new(object) as Object),
        Err(error) => Err(StateError::Damaged {
            key: key.escape_ascii().to_string(),
            error,
        }),
    };
    let Some(object) = state.object(&key, &decode_object)? else {
        return Ok(None);
    };
    object.downcast().map(Some).map_err(|_| {
        StateError::Inconsistent(format!("two kinds of object at {}", key.escape_ascii()))
    })
}

/// Reads the object at a key, to be changed.
///
/// # Errors
/// As [`look`].
pub fn read<T>(state: &dyn StateRead, key: Key<'_>) -> Result<Option<T>, StateError>
where
    T: for<'b> Decode<'b, ()> + Encode<()> + CborLen<()> + Clone + Send + Sync + 'static,
{
    Ok(look(state, key)?.map(Arc::unwrap_or_clone))
}

/// The title of a property.
///
/// # Errors
/// As [`read`].
pub fn title(state: &dyn StateRead, cadastral: &str) -> Result<Option<Title>, StateError> {
    read(state, Key::Title(cadastral))
}

/// An instrument.
///
/// # Errors
/// As [`read`].
pub fn instrument(state: &dyn StateRead, id: &RecordId) -> Result<Option<Instrument>, StateError> {
    read(state, Key::Instrument(id))
}

/// A power of attorney.
///
/// # Errors
/// As [`read`].
pub fn power(state: &dyn StateRead, id: &RecordId) -> Result<Option<Power>, StateError> {
    read(state, Key::Power(id))
}

/// A spousal consent.
///
/// # Errors
/// As [`read`].
pub fn consent(state: &dyn StateRead, id: &RecordId) -> Result<Option<Consent>, StateError> {
    read(state, Key::Consent(id))
}

/// A party.
///
/// # Errors
/// As [`read`].
pub fn party(state: &dyn StateRead, id: &PartyId) -> Result<Option<Arc<Party>>, StateError> {
    look(state, Key::Party(id))
}

/// An authority.
///
/// # Errors
/// As [`read`].
pub fn authority(
    state: &dyn StateRead,
    id: &PartyId,
) -> Result<Option<Arc<Authority>>, StateError> {
    look(state, Key::Authority(id))
}

/// A marriage.
///
/// # Errors
/// As [`read`].
pub fn marriage(state: &dyn StateRead, id: &RecordId) -> Result<Option<Marriage>, StateError> {
    read(state, Key::Marriage(id))
}

/// A jurisdiction profile, by its number.
///
/// # Errors
/// As [`read`], and if there is none.
pub fn profile(state: &dyn StateRead, number: u32) -> Result<Arc<Profile>, StateError> {
    look(state, Key::Profile(number))?
        .ok_or_else(|| StateError::Inconsistent(format!("there is no profile {number}")))
}

/// The heights from which the profiles judge, in the order of their numbers.
///
/// # Errors
/// As [`read`], and if there is none: every ledger has one from its genesis on.
pub fn profiles(state: &dyn StateRead) -> Result<Arc<Vec<Height>>, StateError> {
    look(state, Key::Profiles)?
        .ok_or_else(|| StateError::Inconsistent("there is no jurisdiction profile".to_owned()))
}

/// Who decides the next height (rule 47).
///
/// # Errors
/// As [`read`], and if there is nobody: every ledger has validators from its genesis on.
pub fn validators(state: &dyn StateRead) -> Result<Arc<ValidatorsInOffice>, StateError> {
    look(state, Key::Validators)?
        .ok_or_else(|| StateError::Inconsistent("there are no validators".to_owned()))
}

/// As [`validators`]: the set itself.
///
/// # Errors
/// As [`validators`], and if they are no set.
pub fn validator_set(state: &dyn StateRead) -> Result<ValidatorSet, StateError> {
    let set = validators(state)?.set();
    set.map_err(|error| StateError::Inconsistent(format!("the validators in office: {error}")))
}

/// The number of the profile that judges what is lodged at `height` (rule 47).
///
/// # Errors
/// As [`profiles`].
pub fn profile_at(state: &dyn StateRead, height: Height) -> Result<u32, StateError> {
    let begun = profiles(state)?
        .iter()
        .filter(|from| **from <= height)
        .count();
    u32::try_from(begun.saturating_sub(1))
        .map_err(|_| StateError::Inconsistent("there are 2^32 profiles".to_owned()))
}

/// The state before the first block.
#[must_use]
pub fn genesis_state(genesis: &Genesis) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut state = BTreeMap::from([
        (Key::Profile(0).bytes(), encode(&genesis.profile)),
        (Key::Profiles.bytes(), encode(&vec![Height(0)])),
    ]);
    // Sorted as every set is: the genesis lists them as its authors did.
    let mut validators = genesis.validators.clone();
    validators.sort_by_key(Validator::address);
    let office = ValidatorsInOffice {
        number: 0,
        log_key: genesis.log_key,
        validators,
    };
    state.insert(Key::Validators.bytes(), encode(&office));
    for founder in &genesis.authorities {
        let authority = Authority {
            accreditation: founder.accreditation.clone(),
            since: genesis.time.seconds(),
        };
        let owner = Key::Owner(&authority.accreditation.key).bytes();
        state.insert(owner, encode(&founder.id));
        state.insert(Key::Authority(&founder.id).bytes(), encode(&authority));
    }
    state
}

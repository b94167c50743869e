//! The clean-title certificate (`.deedbook-title`): everything the register holds about one property,
//! and whether the powers asked about are in force, at one checkpoint.
//!
//! Lives here: what a state receipt of kind 1 must contain, and what it then proves. Does not live
//! here: the file and its proofs (`state_receipt`), the rules of time (`standing`), plain words.
//!
//! `T` is the seal's time in seconds (its milliseconds divided by 1000, rounded down). Everything is
//! judged at `T`, never by a reader's clock. After the steps of `state_receipt`, any failure refuses:
//!
//! 1. A key is `'T' ‖ cadastral number`, `'I' ‖ 32-byte id`, `'W' ‖ 32-byte id` or
//!    `'P' ‖ 16-byte party id`; the cadastral number is an identifier of at most 64 bytes.
//! 2. Exactly one key is a title's. Its value is a [`Title`], or null: there is no such property.
//! 3. *Pending*: the instrument of the title's slot, if any, and of every priority notice on the title.
//!    For each, its `'I'` object is there and is an [`Instrument`].
//! 4. *Powers*: each `'W'` object is a [`Power`] or null. Of each power that is not null, the objects
//!    of the principal and of the agent are there (each a [`Party`] or null), and if it has a parent,
//!    the parent's object, which is not null. A chain has at most
//!    [`POWER_DEPTH_MAX`] parents.
//! 5. No other object is there.
//! 6. Every value is the one encoding of its object. A time that a record states (when a holder acquired,
//!    until when the text of a pending deed lets or burdens) is at most the year 9999, as in records.
//!
//! What is then proved, also the JSON that every verifier gives (fields in this order; Rust adds
//! `proven`, `file` and words in front):
//!
//! * `origin`, `tree_size`, `root`, `height`, `time` (`T`), `grade`, `witnesses` (`[{name, time}]`).
//! * `property`: the cadastral number. `title`: null, or as `GET /v1/properties/{cadastral}` answers.
//!   The title is one object: what it does not list does not exist.
//! * `against`: what stands against a clean title, `[{what, id}]`: `cancelled` (id null), then
//!   `slot` (the instrument's id), then each encumbrance in the title's order that is in force at `T`
//!   ([`in_force`]), `what` being its `right`. `clean`: there is a title and `against` is empty.
//! * `pending`: ascending by id, `[{id, kind, status, lodged, changed, expires, acts}]`; `kind` and
//!   `expires` are null once it is no longer pending; an act is `{party, role, signer, record}` and
//!   `power` if there is one. Deeds that no holder has signed hold no slot and are not here.
//! * `powers`: one for each `'W'` object, ascending by id, `[{id, status, since, codes,
//!   covers_property, power}]`. `codes` is [`power_codes`] of the power at `T`, and `poa.parent_ended`
//!   if `power_codes` of any of its ancestors is not empty, in the order of [`Code`]: `poa.not_yet`,
//!   `poa.expired`, `poa.not_notarised`, `poa.parent_ended`, `poa.revoked`, `poa.renounced`,
//!   `poa.ended_by_death`. `status` is the first of these that fits:
//!   `absent` (null: never registered), `in_force` (no codes), `revoked` (`poa.revoked` or
//!   `poa.renounced`), `expired` (`poa.expired`), `ended` (`poa.ended_by_death` or
//!   `poa.parent_ended`), `not_yet`. `since`: of `revoked` the time of the revocation (its
//!   milliseconds divided by 1000), of `expired` the power's `expires`, otherwise null.
//!   `covers_property`: its scope lists the property, or lists none (false if absent). `power`: null,
//!   or the power as `GET /v1/powers/{id}` answers, without `id`, `in_force` and `reasons`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::api::{ActView, TitleView};
use crate::block::{BlockTime, Height, Seconds};
use crate::digest::{RecordId, TreeHash};
use crate::encoding::{DecodeError, decode};
use crate::encumbrance::Right;
use crate::instrument::{Instrument, Power, Status, Text};
use crate::limits::{CADASTRAL_NUMBER_BYTES_MAX, POWER_DEPTH_MAX, STATE_RECEIPT_BYTES_MAX};
use crate::note::KeyName;
use crate::party::{Party, PartyId};
use crate::policy::{Grade, Policy, Witnessed};
use crate::property::Title;
use crate::record::within_calendar;
use crate::rejection::Code;
use crate::standing::{in_force, power_codes};
use crate::state_receipt::{Kind, StateReceipt, StateReceiptError, VerifiedState, Vouched};
use crate::text::is_identifier;

/// Where a title is in the state.
#[must_use]
pub fn title_key(cadastral_number: &str) -> Vec<u8> {
    [b"T", cadastral_number.as_bytes()].concat()
}

/// Where an instrument is in the state.
#[must_use]
pub fn instrument_key(id: &RecordId) -> Vec<u8> {
    [b"I".as_slice(), &id.0].concat()
}

/// Where a power is in the state.
#[must_use]
pub fn power_key(id: &RecordId) -> Vec<u8> {
    [b"W".as_slice(), &id.0].concat()
}

/// Where a party is in the state.
#[must_use]
pub fn party_key(id: &PartyId) -> Vec<u8> {
    [b"P".as_slice(), &id.0].concat()
}

/// Why a file is not a title certificate, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TitleCertificateError {
    /// Not a state receipt, not under the policy, or not in the state.
    #[error(transparent)]
    Receipt(#[from] StateReceiptError),
    /// A state receipt of another kind.
    #[error("a state receipt of one object is no title certificate")]
    Kind,
    /// None, or more than one.
    #[error("{0} titles; a certificate is about one")]
    Titles(usize),
    /// An object that something in the certificate calls for.
    #[error("the object {0} is needed and missing")]
    Missing(String),
    /// An object that nothing in the certificate calls for.
    #[error("nothing calls for the object {0}")]
    Unexplained(String),
    /// A value that is not an object of its kind.
    #[error("the object {key} does not read: {error}")]
    Object {
        /// The key, hexadecimal.
        key: String,
        /// What is wrong.
        error: DecodeError,
    },
    /// A chain of powers that is longer than the register allows.
    #[error("the power {0} has more than {POWER_DEPTH_MAX} powers above it")]
    Chain(RecordId),
}

/// Something that stands against a clean title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Against {
    /// `cancelled`, `slot`, or the name of a right.
    pub what: &'static str,
    /// Which.
    pub id: Option<RecordId>,
}

/// An instrument that holds or reserves the slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PendingInstrument {
    /// Its id.
    pub id: RecordId,
    /// What it is; `None` once it is no longer pending.
    pub kind: Option<&'static str>,
    /// Where it stands.
    pub status: Status,
    /// Block in which it was lodged.
    pub lodged: Height,
    /// Block time at which it last changed.
    pub changed: BlockTime,
    /// When it expires; `None` once it is no longer pending.
    pub expires: Option<Seconds>,
    /// Acts so far.
    pub acts: Vec<ActView>,
}

/// What is proved of a power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerStatus {
    /// It was never registered.
    Absent,
    /// It may be used.
    InForce,
    /// Its principal revoked or its agent renounced it.
    Revoked,
    /// Its term is over.
    Expired,
    /// By death, incapacity or dissolution, or with a power that it is part of.
    Ended,
    /// Its term has not begun, or the notary has not certified it.
    NotYet,
}

/// A power that the certificate tells about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvenPower {
    /// Its id.
    pub id: RecordId,
    /// In one word.
    pub status: PowerStatus,
    /// Since when, if it is revoked or expired.
    pub since: Option<Seconds>,
    /// Why it is not in force, in the order of [`Code`].
    pub codes: Vec<&'static str>,
    /// Whether its scope covers the property.
    pub covers_property: bool,
    /// The power.
    pub power: Option<Power>,
}

/// What a title certificate proves. Made by [`verify`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedTitle {
    /// The log.
    pub origin: KeyName,
    /// Leaves of the log's tree.
    pub tree_size: u64,
    /// Root of the log's tree.
    pub root: TreeHash,
    /// The block whose state this is.
    pub height: Height,
    /// That block's time: everything is judged at it.
    pub time: Seconds,
    /// What the checkpoint is worth.
    pub grade: Grade,
    /// Who vouches for it beside the log, in the order of the policy.
    pub witnesses: Vec<Witnessed>,
    /// The property's cadastral number.
    pub property: String,
    /// The title; `None`: there is no such property.
    pub title: Option<TitleView>,
    /// Whether there is a title, and nothing stands against it.
    pub clean: bool,
    /// What stands against a clean title.
    pub against: Vec<Against>,
    /// Instruments that hold or reserve the slot, by id.
    pub pending: Vec<PendingInstrument>,
    /// Powers, by id.
    pub powers: Vec<ProvenPower>,
}

/// Verifies a title certificate of at most [`STATE_RECEIPT_BYTES_MAX`] bytes offline, as this module's
/// list says.
///
/// # Errors
/// [`TitleCertificateError`] names the first thing that does not hold.
pub fn verify(bytes: &[u8], policy: &Policy) -> Result<VerifiedTitle, TitleCertificateError> {
    let receipt = StateReceipt::parse(bytes)?;
    if receipt.kind() != Kind::Title {
        return Err(TitleCertificateError::Kind);
    }
    read(receipt.verify(policy)?)
}

/// Reads the proven objects: the second half of [`verify`].
fn read(state: VerifiedState) -> Result<VerifiedTitle, TitleCertificateError> {
    let now = state.seal.time.seconds();
    let mut objects = Objects {
        held: &state.objects,
        used: BTreeSet::new(),
    };
    let property = property(&state.objects)?;
    let title: Option<Title> = objects.take(&title_key(&property))?;
    if let Some(title) = &title {
        let acquired: Vec<_> = title.holdings.iter().map(|one| one.acquired).collect();
        check_times(&title_key(&property), &acquired)?;
    }
    let pending = pending(title.as_ref(), &mut objects)?;
    let powers = powers(&property, &mut objects, now)?;
    objects.finish()?;
    let against = title
        .as_ref()
        .map(|title| against(title, now))
        .unwrap_or_default();
    let Vouched {
        origin,
        tree_size,
        root,
        witnesses,
        grade,
    } = state.vouched;
    Ok(VerifiedTitle {
        origin,
        tree_size,
        root,
        height: state.seal.height,
        time: now,
        grade,
        witnesses,
        clean: title.is_some() && against.is_empty(),
        title: title.map(|title| TitleView {
            cadastral_number: property.clone(),
            title,
        }),
        property,
        against,
        pending,
        powers,
    })
}

/// The proven objects, and which of them something called for.
struct Objects<'s> {
    held: &'s BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    used: BTreeSet<Vec<u8>>,
}

impl Objects<'_> {
    /// What a key holds. The object is called for.
    fn take<T>(&mut self, key: &[u8]) -> Result<Option<T>, TitleCertificateError>
    where
        T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()> + minicbor::CborLen<()>,
    {
        let value = self
            .held
            .get(key)
            .ok_or_else(|| TitleCertificateError::Missing(hex::encode(key)))?;
        self.used.insert(key.to_vec());
        let Some(bytes) = value else {
            return Ok(None);
        };
        decode(bytes, STATE_RECEIPT_BYTES_MAX)
            .map(Some)
            .map_err(|error| TitleCertificateError::Object {
                key: hex::encode(key),
                error,
            })
    }

    /// As [`Objects::take`], of an object that must be there and hold something.
    fn take_held<T>(&mut self, key: &[u8]) -> Result<T, TitleCertificateError>
    where
        T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()> + minicbor::CborLen<()>,
    {
        self.take(key)?
            .ok_or_else(|| TitleCertificateError::Missing(hex::encode(key)))
    }

    /// Refuses what nothing called for.
    fn finish(self) -> Result<(), TitleCertificateError> {
        match self.held.keys().find(|key| !self.used.contains(*key)) {
            Some(key) => Err(TitleCertificateError::Unexplained(hex::encode(key))),
            None => Ok(()),
        }
    }
}

/// The cadastral number of the one title key.
fn property(objects: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Result<String, TitleCertificateError> {
    let mut titles = objects.keys().filter_map(|key| key.strip_prefix(b"T"));
    let (Some(title), None) = (titles.next(), titles.next()) else {
        let count = objects.keys().filter(|key| key.starts_with(b"T")).count();
        return Err(TitleCertificateError::Titles(count));
    };
    std::str::from_utf8(title)
        .ok()
        .filter(|number| is_identifier(number, CADASTRAL_NUMBER_BYTES_MAX))
        .map(str::to_owned)
        .ok_or_else(|| {
            let key = [b"T", title].concat();
            TitleCertificateError::Unexplained(hex::encode(key))
        })
}

/// The instruments that a certificate of a title contains: that of its slot, and those of its
/// priority notices.
#[must_use]
pub fn pending_of(title: &Title) -> BTreeSet<RecordId> {
    let noticed = title.encumbrances.iter().filter_map(|one| match one.right {
        Right::PriorityNotice { instrument, .. } => Some(instrument),
        _ => None,
    });
    title.slot.into_iter().chain(noticed).collect()
}

fn pending(
    title: Option<&Title>,
    objects: &mut Objects<'_>,
) -> Result<Vec<PendingInstrument>, TitleCertificateError> {
    let ids = title.map(pending_of).unwrap_or_default();
    ids.into_iter()
        .map(|id| {
            let instrument: Instrument = objects.take_held(&instrument_key(&id))?;
            let pending = instrument.pending.as_ref();
            if let Some(pending) = pending {
                check_times(&instrument_key(&id), &times_of(&pending.text))?;
            }
            let acts = pending.into_iter().flat_map(|pending| &pending.acts);
            Ok(PendingInstrument {
                id,
                kind: pending.map(|pending| kind_of(&pending.text)),
                status: instrument.status,
                lodged: instrument.lodged,
                changed: instrument.changed,
                expires: pending.map(|pending| pending.expires),
                acts: acts
                    .map(|act| ActView {
                        party: act.party,
                        role: act.role,
                        signer: act.signer,
                        record: act.record,
                        power: act.power,
                    })
                    .collect(),
            })
        })
        .collect()
}

/// Refuses times that no record can have stated.
fn check_times(key: &[u8], times: &[Seconds]) -> Result<(), TitleCertificateError> {
    within_calendar(times).map_err(|error| TitleCertificateError::Object {
        key: hex::encode(key),
        error,
    })
}

/// Every time that the text of an instrument states.
fn times_of(text: &Text) -> Vec<Seconds> {
    match text {
        Text::Servitude(servitude) => servitude.until.into_iter().collect(),
        Text::Lease(lease) => vec![lease.until],
        Text::Transfer(_)
        | Text::Mortgage(_)
        | Text::Assignment(_)
        | Text::Postponement(_)
        | Text::Subdivision(_)
        | Text::Consolidation(_) => Vec::new(),
    }
}

fn kind_of(text: &Text) -> &'static str {
    match text {
        Text::Transfer(_) => "transfer",
        Text::Mortgage(_) => "mortgage",
        Text::Servitude(_) => "servitude",
        Text::Lease(_) => "lease",
        Text::Assignment(_) => "assignment",
        Text::Postponement(_) => "postponement",
        Text::Subdivision(_) => "subdivision",
        Text::Consolidation(_) => "consolidation",
    }
}

/// What stands against a clean title at `now`.
fn against(title: &Title, now: Seconds) -> Vec<Against> {
    let cancelled = title.cancelled.then_some(Against {
        what: "cancelled",
        id: None,
    });
    let slot = title.slot.map(|id| Against {
        what: "slot",
        id: Some(id),
    });
    let rights = title
        .encumbrances
        .iter()
        .filter(|encumbrance| in_force(&encumbrance.right, now))
        .map(|encumbrance| Against {
            what: name_of(&encumbrance.right),
            id: Some(encumbrance.id),
        });
    cancelled.into_iter().chain(slot).chain(rights).collect()
}

fn name_of(right: &Right) -> &'static str {
    match right {
        Right::Mortgage { .. } => "mortgage",
        Right::Servitude { .. } => "servitude",
        Right::Lease { .. } => "lease",
        Right::Freeze { .. } => "freeze",
        Right::Caveat { .. } => "caveat",
        Right::SelfLock { .. } => "self_lock",
        Right::PriorityNotice { .. } => "priority_notice",
        Right::PreemptionNotice { .. } => "preemption_notice",
    }
}

fn powers(
    property: &str,
    objects: &mut Objects<'_>,
    now: Seconds,
) -> Result<Vec<ProvenPower>, TitleCertificateError> {
    let ids: Vec<RecordId> = objects
        .held
        .keys()
        .filter_map(|key| <[u8; 32]>::try_from(key.strip_prefix(b"W")?).ok())
        .map(RecordId)
        .collect();
    ids.into_iter()
        .map(|id| {
            let power: Option<Power> = objects.take(&power_key(&id))?;
            let codes = match &power {
                Some(power) => codes_of(id, power, objects, now)?,
                None => BTreeSet::new(),
            };
            let (status, since) = status_of(power.as_ref(), &codes);
            let properties = power.as_ref().map(|power| &power.scope.properties);
            Ok(ProvenPower {
                id,
                status,
                since,
                codes: codes.into_iter().map(Code::as_str).collect(),
                covers_property: properties.is_some_and(|list| {
                    list.as_ref()
                        .is_none_or(|list| list.iter().any(|one| one == property))
                }),
                power,
            })
        })
        .collect()
}

/// Why a power is not in force, with every power that it is part of.
fn codes_of(
    id: RecordId,
    power: &Power,
    objects: &mut Objects<'_>,
    now: Seconds,
) -> Result<BTreeSet<Code>, TitleCertificateError> {
    let mut codes = codes_alone(power, objects, now)?;
    let mut above = power.parent;
    for _ in 0..POWER_DEPTH_MAX {
        let Some(parent) = above else {
            return Ok(codes);
        };
        let ancestor: Power = objects.take_held(&power_key(&parent))?;
        if !codes_alone(&ancestor, objects, now)?.is_empty() {
            codes.insert(Code::PowerParent);
        }
        above = ancestor.parent;
    }
    match above {
        None => Ok(codes),
        Some(_) => Err(TitleCertificateError::Chain(id)),
    }
}

fn codes_alone(
    power: &Power,
    objects: &mut Objects<'_>,
    now: Seconds,
) -> Result<BTreeSet<Code>, TitleCertificateError> {
    let principal: Option<Party> = objects.take(&party_key(&power.principal))?;
    let agent: Option<Party> = objects.take(&party_key(&power.agent))?;
    Ok(power_codes(power, principal.as_ref(), agent.as_ref(), now))
}

fn status_of(power: Option<&Power>, codes: &BTreeSet<Code>) -> (PowerStatus, Option<Seconds>) {
    let Some(power) = power else {
        return (PowerStatus::Absent, None);
    };
    let has = |code| codes.contains(&code);
    if codes.is_empty() {
        (PowerStatus::InForce, None)
    } else if let Some(ended) = &power.ended {
        (PowerStatus::Revoked, Some(ended.at.seconds()))
    } else if has(Code::PowerExpired) {
        (PowerStatus::Expired, Some(power.expires))
    } else if has(Code::PowerDead) || has(Code::PowerParent) {
        (PowerStatus::Ended, None)
    } else {
        (PowerStatus::NotYet, None)
    }
}

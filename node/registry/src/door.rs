//! The door: what is asked of every record before the law looks at it. What fails here is never
//! logged.

use std::sync::Arc;

use std::str::FromStr;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::limits::{
    CADASTRAL_NUMBER_BYTES_MAX, LABEL_BYTES_MAX, PERSONAL_NUMBER_DIGITS,
};
use deedbook_schemas::party::{AuthorityRole, Party};
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::{Code, Rejection};
use deedbook_schemas::text::{TextError, check_text, is_identifier};

use crate::apply::{BlockContext, Case};
use crate::overlay::Overlay;
use crate::representation::unable;
use crate::state::{self, StateError, StateRead as _};
use crate::verdict::{Codes, No};

/// Whether it is a record of this ledger, new, and signed. Nothing more is asked of one that is
/// not; the costly check comes last.
pub(crate) fn authentic(
    state: &Overlay<'_>,
    block: &BlockContext,
    record: &Record,
    signatures: &dyn Fn(&Record) -> bool,
) -> Result<(), No> {
    let no = |code| Err(No::Door(Rejection::one(code)));
    if record.ledger != block.ledger {
        return no(Code::LedgerForeign); // Rule 39.
    }
    if state.recorded(&record.id)? {
        return no(Code::RecordDuplicate); // Rule 45.
    }
    if !signatures(record) {
        return no(Code::SignatureInvalid); // Rule 39, RFC 8032.
    }
    Ok(())
}

/// Opens the list of what fails at the door: the time of signing is near the block's (rule 39).
pub(crate) fn open(case: &Case<'_, '_>) -> Codes {
    let mut door = Codes::default();
    let distance = case
        .record
        .statement
        .header
        .issued_at
        .0
        .abs_diff(case.now.0);
    door.require(
        distance <= case.profile.record_window_s.into(),
        Code::RecordStale,
    );
    door
}

/// The signer as an enrolled person, signing with a key of theirs (rules 20, 39).
pub(crate) fn person(
    case: &Case<'_, '_>,
    door: &mut Codes,
) -> Result<Option<Arc<Party>>, StateError> {
    let party = state::party(case.state, &case.record.issuer())?;
    match &party {
        None => door.refuse(Code::SignerUnknown),
        Some(party) => door.require(
            party.keys.contains(&case.record.statement.header.key),
            Code::KeyNotParty,
        ),
    }
    Ok(party)
}

/// The signer as an accredited authority of `role`, signing with its accredited key (rule 40).
pub(crate) fn authority(
    case: &Case<'_, '_>,
    role: AuthorityRole,
    door: &mut Codes,
) -> Result<(), StateError> {
    authority_of(case, &[role], door).map(drop)
}

/// The signer as an accredited authority of one of `roles`: which.
pub(crate) fn authority_of(
    case: &Case<'_, '_>,
    roles: &[AuthorityRole],
    door: &mut Codes,
) -> Result<Option<AuthorityRole>, StateError> {
    let Some(authority) = state::authority(case.state, &case.record.issuer())? else {
        door.refuse(Code::AuthorityUnknown);
        return Ok(None);
    };
    let accreditation = &authority.accreditation;
    door.require(
        accreditation.key == case.record.statement.header.key,
        Code::KeyNotParty,
    );
    door.require(roles.contains(&accreditation.role), Code::AuthorityUnknown);
    door.require(!accreditation.suspended, Code::AuthoritySuspended);
    Ok(Some(accreditation.role))
}

/// The record's subject as an id.
pub(crate) fn subject<T: FromStr>(case: &Case<'_, '_>, door: &mut Codes) -> Option<T> {
    let id = case.record.subject().parse().ok();
    door.require(id.is_some(), Code::FieldInvalid);
    id
}

/// A cadastral number: printable, and no personal number in disguise (rule 41).
pub(crate) fn cadastral(number: &str, door: &mut Codes) {
    door.require(
        is_identifier(number, CADASTRAL_NUMBER_BYTES_MAX),
        Code::FieldInvalid,
    );
    let longest = number
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max();
    door.require(
        longest.is_none_or(|digits| digits < PERSONAL_NUMBER_DIGITS),
        Code::PersonalData,
    );
}

/// The number of a case, as courts write them, such as `7514-24-00-2/12345`; no personal number in
/// disguise (rule 41): those have twelve digits in a row.
pub(crate) fn case_number(number: &str, door: &mut Codes) {
    let printable = number.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    let fits = (1..=LABEL_BYTES_MAX).contains(&number.len()) && printable;
    door.require(fits, Code::FieldInvalid);
    // A space groups the digits of one number; a hyphen or a slash divides the parts of a case's.
    let ungrouped = number.replace(' ', "");
    let longest = ungrouped
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max();
    door.require(
        longest.is_none_or(|digits| digits < PERSONAL_NUMBER_DIGITS),
        Code::PersonalData,
    );
}

/// A text for people: short, plain, and nobody's body or number (rule 41).
pub(crate) fn text(text: &str, max: usize, door: &mut Codes) {
    match check_text(text, max) {
        Ok(()) => {}
        Err(TextError::PersonalData) => door.refuse(Code::PersonalData),
        Err(TextError::TooLong(_) | TextError::NotNormalized | TextError::Control) => {
            door.refuse(Code::FieldInvalid);
        }
    }
}

/// An amount, if there is one, is possible.
pub(crate) fn money(money: Option<&Money>, door: &mut Codes) {
    door.require(money.is_none_or(Money::is_well_formed), Code::FieldInvalid);
}

/// A person acts while alive, of age and capable (rules 17, 21, 22; Civil Code 13, 22, 26).
pub(crate) fn standing(party: &Party, now: Seconds, law: &mut Codes) {
    for code in unable(party, now) {
        law.refuse(code);
    }
}

/// Whether a list is strictly ascending: sorted, nothing twice.
pub(crate) fn ascending<T: Ord>(list: &[T]) -> bool {
    list.iter().zip(list.iter().skip(1)).all(|(a, b)| a < b)
}

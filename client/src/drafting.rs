//! From what somebody means to a draft, and from a draft to a record.
//!
//! Does not live here: the shapes (`deedbook_schemas::record`), flags and files (the commands).

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::limits::{BUNDLE_BYTES_MAX, BUNDLE_RECORDS_MAX};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Draft, Nonce, Record};

use crate::wallet::{Wallet, WalletError, random};

/// A draft with a fresh nonce.
///
/// # Errors
/// [`WalletError::Random`] if the system gives no random bytes.
pub fn draft(
    ledger: LedgerId,
    issuer: PartyId,
    subject: impl Into<String>,
    issued_at: Seconds,
    body: Body,
) -> Result<Draft, WalletError> {
    let nonce = Nonce(random()?);
    let subject = subject.into();
    Ok(Draft {
        ledger,
        issuer,
        subject,
        issued_at,
        nonce,
        body,
        evidence: None,
    })
}

/// Whether a natural person's act of this kind carries an identity attestation and a recording.
#[must_use]
pub fn needs_attestation(body: &Body) -> bool {
    matches!(
        body,
        Body::Act(_)
            | Body::PowerOfAttorney(_)
            | Body::SpousalConsent(_)
            | Body::Revocation(_)
            | Body::Withdrawal(_)
            | Body::Discharge(_)
            | Body::MortgageeConsent(_)
            | Body::PreemptionWaiver(_)
            | Body::OfficerApproval(_)
    )
}

/// Why a draft cannot be signed, or records cannot be bundled.
#[derive(Debug, thiserror::Error)]
pub enum DraftingError {
    /// The key is another party's.
    #[error("the draft is by {issuer}, the key is {owner}'s")]
    Owner {
        /// Who the draft says will sign.
        issuer: PartyId,
        /// Whose key it is.
        owner: PartyId,
    },
    /// What was signed does not read back: a field is impossible, or the attestation is none.
    #[error("the draft does not make a record: {0}")]
    Record(#[from] deedbook_schemas::encoding::DecodeError),
    /// The attestation was made for other bytes.
    #[error("the attestation was made for another act: it names {named}, this act is {act}")]
    Attestation {
        /// The digest in the attestation.
        named: deedbook_schemas::digest::ActDigest,
        /// This act's digest.
        act: deedbook_schemas::digest::ActDigest,
    },
    /// Too many records, or too large.
    #[error(
        "{records} records of {bytes} bytes; a bundle has 1 to {BUNDLE_RECORDS_MAX} records and {BUNDLE_BYTES_MAX} bytes"
    )]
    Bundle {
        /// Records given.
        records: usize,
        /// Their bytes.
        bytes: usize,
    },
}

/// Signs a draft and reads the record back as a node will.
///
/// # Errors
/// [`DraftingError`] if the key is another party's or the result is not a record.
pub fn sign(
    draft: &Draft,
    wallet: &Wallet,
    attestation: Option<&[u8]>,
) -> Result<(Record, Vec<u8>), DraftingError> {
    if draft.issuer != wallet.party {
        return Err(DraftingError::Owner {
            issuer: draft.issuer,
            owner: wallet.party,
        });
    }
    let bytes = draft.sign(wallet.key(), attestation);
    let record = Record::decode(&bytes)?;
    if let Some(signed) = &record.attestation {
        let (named, act) = (signed.attestation.nonce, record.act_digest);
        if named != act {
            return Err(DraftingError::Attestation { named, act });
        }
    }
    Ok((record, bytes))
}

/// Records as one body for submission: a CBOR sequence (RFC 8742).
///
/// # Errors
/// [`DraftingError::Bundle`] if there are none, too many, or too large.
pub fn bundle(records: &[Vec<u8>]) -> Result<Vec<u8>, DraftingError> {
    let body = records.concat();
    if records.is_empty() || records.len() > BUNDLE_RECORDS_MAX || body.len() > BUNDLE_BYTES_MAX {
        return Err(DraftingError::Bundle {
            records: records.len(),
            bytes: body.len(),
        });
    }
    Ok(body)
}

/// Reads an amount such as `125000.50 KZT` or `125000KZT`: two minor digits, exactly.
///
/// # Errors
/// One line that says how an amount is written.
pub fn parse_money(text: &str) -> Result<Money, String> {
    let read = || {
        let currency = text.get(text.len().checked_sub(3)?..)?;
        let amount = text.get(..text.len() - 3)?.trim_end();
        let (major, minor) = amount.split_once('.').unwrap_or((amount, "00"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(major) || !digits(minor) || minor.len() != 2 {
            return None;
        }
        let (major, minor): (u64, u64) = (major.parse().ok()?, minor.parse().ok()?);
        let minor = major.checked_mul(100)?.checked_add(minor)?;
        let money = Money {
            minor,
            currency: currency.to_owned(),
        };
        money.is_well_formed().then_some(money)
    };
    read().ok_or_else(|| format!("{text:?} is no amount: write 125000.50KZT"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use deedbook_schemas::instrument::Withdrawal;

    #[test]
    fn amounts_are_exact_or_refused() {
        for (text, minor) in [("1KZT", 100), ("125000.50 KZT", 12_500_050), ("0.01KZT", 1)] {
            let money = parse_money(text).unwrap();
            assert_eq!((money.minor, money.currency.as_str()), (minor, "KZT"));
        }
        for text in [
            "",
            "KZT",
            "1.5KZT",
            "1.505KZT",
            "-1KZT",
            "1kzt",
            "1e9KZT",
            "99999999999999999999KZT",
        ] {
            assert!(parse_money(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_party_s_own_key_signs_its_draft() {
        let (ours, other) = (
            Wallet::generate(None).unwrap(),
            Wallet::generate(None).unwrap(),
        );
        let body = Body::Withdrawal(Withdrawal {});
        let draft = draft(LedgerId([1; 32]), ours.party, "ab", Seconds(7), body).unwrap();
        let (record, bytes) = sign(&draft, &ours, None).unwrap();
        assert!(record.verify());
        assert_eq!(Record::decode(&bytes), Ok(record));
        assert!(matches!(
            sign(&draft, &other, None),
            Err(DraftingError::Owner { .. })
        ));
        assert!(matches!(
            sign(&draft, &ours, Some(b"?")),
            Err(DraftingError::Record(_))
        ));
    }

    #[test]
    fn a_bundle_is_neither_empty_nor_beyond_its_limits() {
        assert!(bundle(&[]).is_err());
        assert!(bundle(&vec![vec![1]; 65]).is_err());
        assert!(bundle(&vec![vec![1; 48 * 1024]; 6]).is_err());
        assert_eq!(bundle(&[vec![1, 2], vec![3]]).unwrap(), [1, 2, 3]);
    }
}

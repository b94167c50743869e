//! Transparent statements and COSE receipts, believed only after every byte of them was checked.
//!
//! Lives here: from the file and a policy to a [`VerifiedEntry`], whose fields can be had in no other
//! way. Does not live here: the formats (`deedbook_schemas`), how it reads in plain words (`words`).

use deedbook_schemas::cose_receipt::{CoseReceipt, CoseReceiptError, VerifiedCoseReceipt};
use deedbook_schemas::encoding::DecodeError;
use deedbook_schemas::policy::Policy;
use deedbook_schemas::record::Record;
use deedbook_schemas::transparent::TransparentStatement;

use super::{VerifyError, Words, read_record, words};

/// Why a transparent statement proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScittError {
    /// Not a record with receipts in it.
    #[error("not a transparent statement: {0}")]
    Statement(DecodeError),
    /// No receipt in it is by a log of the policy, or one is and is wrong.
    #[error(transparent)]
    Receipt(#[from] CoseReceiptError),
    /// The record does not read, or a signature in it does not verify.
    #[error(transparent)]
    Record(#[from] VerifyError),
}

/// That a record was entered in the log, on the word of the log's key. Made by
/// [`verify_transparent`] and [`verify_cose_receipt`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    receipt: VerifiedCoseReceipt,
    record: Box<Record>,
}

impl VerifiedEntry {
    /// Where it stands, and whose key says so.
    #[must_use]
    pub fn receipt(&self) -> &VerifiedCoseReceipt {
        &self.receipt
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What it proves, who vouches, and what it does not prove.
    #[must_use]
    pub fn words(&self) -> Words {
        words::describe_entered(&self.record, &self.receipt)
    }
}

/// Verifies a transparent statement offline: one receipt in it is by a log of the policy and covers the
/// record, none by such a log is wrong, and every signature in the record verifies. Receipts by other
/// logs are ignored, as unknown keys in a checkpoint are.
///
/// # Errors
/// [`ScittError`] names the first thing that does not hold.
pub fn verify_transparent(bytes: &[u8], policy: &Policy) -> Result<VerifiedEntry, ScittError> {
    let transparent = TransparentStatement::decode(bytes).map_err(ScittError::Statement)?;
    let entry = transparent.statement.encode();
    let mut proved = None;
    let mut stranger = None;
    for receipt in &transparent.receipts {
        let read = CoseReceipt::decode(receipt).map_err(CoseReceiptError::from);
        match read.and_then(|receipt| receipt.verify(&entry, policy)) {
            Ok(receipt) => proved = proved.or(Some(receipt)),
            Err(error @ (CoseReceiptError::UnknownKey { .. } | CoseReceiptError::Decode(_))) => {
                stranger = stranger.or(Some(error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    match (proved, stranger) {
        (Some(receipt), _) => entered(&entry, receipt),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Err(ScittError::Statement(DecodeError::NotCanonical)),
    }
}

/// Verifies a COSE receipt offline, for a record that its holder has beside it.
///
/// # Errors
/// [`ScittError`] names the first thing that does not hold.
pub fn verify_cose_receipt(
    receipt: &[u8],
    record: &[u8],
    policy: &Policy,
) -> Result<VerifiedEntry, ScittError> {
    let receipt = CoseReceipt::decode(receipt).map_err(CoseReceiptError::from)?;
    entered(record, receipt.verify(record, policy)?)
}

fn entered(entry: &[u8], receipt: VerifiedCoseReceipt) -> Result<VerifiedEntry, ScittError> {
    let record = Box::new(read_record(entry)?);
    Ok(VerifiedEntry { receipt, record })
}

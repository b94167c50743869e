//! Receipts and certificates, believed only after every byte of them was checked.
//!
//! Lives here: from a `.tlog-proof` file and a policy to a [`VerifiedStatement`], whose fields can
//! be had in no other way. Does not live here: how it reads in plain words (`words`), the formats
//! (`deedbook_schemas`, where a title certificate is verified too), and a network: nothing here asks anybody.

mod rights;
pub mod scitt;
mod title;
mod words;

use deedbook_schemas::block::Seal;
use deedbook_schemas::carried::Carried;
use deedbook_schemas::checkpoint::{CheckpointError, SignedCheckpoint};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::DecodeError;
use deedbook_schemas::outcome::{Entry, Outcome};
use deedbook_schemas::policy::{Evaluation, EvaluationError, Policy};
use deedbook_schemas::receipt::{Receipt, ReceiptError, VerifiedReceipt};
use deedbook_schemas::record::Record;

pub use rights::{describe_right, words};
pub use title::{state_words, title_words};
pub use words::{Words, describe_record};

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not a receipt, not under the policy, or not in the log.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// It carries no entry, so there is nothing to read.
    #[error("the receipt carries no entry to prove (no extra line)")]
    Nothing,
    /// What it carries is malformed.
    #[error("what the receipt carries is {0}")]
    Carried(DecodeError),
    /// The proved entry, or the record beside it, does not read as one.
    #[error("the {what} does not read: {error}")]
    Entry {
        /// Entry or record.
        what: &'static str,
        /// Why not.
        error: DecodeError,
    },
    /// An outcome without its record, or a record beside an entry that is none.
    #[error("an outcome comes with the record it is about, and nothing else does")]
    Pairing,
    /// The record is not the one that the outcome names.
    #[error("the outcome is about record {named}, the receipt carries {carried}")]
    OtherRecord {
        /// The outcome's.
        named: RecordId,
        /// The one beside it.
        carried: RecordId,
    },
    /// A signature inside the record does not verify.
    #[error("the signature of record {0}, or of its identity attestation, does not verify")]
    Signature(RecordId),
    /// The attestation was made for something else.
    #[error("the identity attestation of record {0} is about another person, act or ledger")]
    Attestation(RecordId),
}

/// What the log says at the proved place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// That this record was entered.
    Record(Box<Record>),
    /// What became of this record.
    Outcome(Outcome, Box<Record>),
    /// That a block ended.
    Seal(Seal),
}

/// A statement of the log, proved under a policy. Made by [`verify_receipt`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedStatement {
    receipt: VerifiedReceipt,
    statement: Statement,
}

impl VerifiedStatement {
    /// Where it stands and who vouches for it.
    #[must_use]
    pub fn receipt(&self) -> &VerifiedReceipt {
        &self.receipt
    }

    /// What is proved.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The record it is about; a seal is about none.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        match &self.statement {
            Statement::Record(record) | Statement::Outcome(_, record) => Some(record),
            Statement::Seal(_) => None,
        }
    }

    /// What became of the record, if that is what is proved.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.statement {
            Statement::Outcome(outcome, _) => Some(outcome),
            Statement::Record(_) | Statement::Seal(_) => None,
        }
    }

    /// What it proves, who vouches, and what it does not prove.
    #[must_use]
    pub fn words(&self, policy: &Policy) -> Words {
        words::describe(self, policy)
    }
}

/// Verifies a receipt offline: the entry is in the log at its index, the policy accepts the
/// checkpoint, an outcome's record is the one it names, and every signature inside verifies under
/// the key it names.
///
/// # Errors
/// [`VerifyError`] names the first thing that does not hold.
pub fn verify_receipt(bytes: &[u8], policy: &Policy) -> Result<VerifiedStatement, VerifyError> {
    let receipt = Receipt::parse(bytes)?;
    let carried = receipt.extra().ok_or(VerifyError::Nothing)?;
    let carried = Carried::decode(carried).map_err(VerifyError::Carried)?;
    let verified = receipt.verify(carried.entry(), policy)?;
    let entry = Entry::decode(carried.entry()).map_err(|error| VerifyError::Entry {
        what: "entry",
        error,
    })?;
    let statement = match (entry, carried.record()) {
        (Entry::Record(bytes), None) => Statement::Record(Box::new(read_record(&bytes)?)),
        (Entry::Seal(seal), None) => Statement::Seal(seal),
        (Entry::Outcome(outcome), Some(bytes)) => {
            let record = read_record(bytes)?;
            if record.id != outcome.record {
                let (named, carried) = (outcome.record, record.id);
                return Err(VerifyError::OtherRecord { named, carried });
            }
            Statement::Outcome(outcome, Box::new(record))
        }
        _ => return Err(VerifyError::Pairing),
    };
    Ok(VerifiedStatement {
        receipt: verified,
        statement,
    })
}

/// Reads a record and checks all that can be checked without the register.
fn read_record(bytes: &[u8]) -> Result<Record, VerifyError> {
    let record = Record::decode(bytes).map_err(|error| VerifyError::Entry {
        what: "record",
        error,
    })?;
    if !record.verify() {
        return Err(VerifyError::Signature(record.id));
    }
    if let Some(signed) = &record.attestation {
        let header = &signed.statement.header;
        let about_this = signed.attestation.nonce == record.act_digest
            && signed.attestation.ledger == record.ledger
            && header.subject == record.issuer().to_string();
        if !about_this {
            return Err(VerifyError::Attestation(record.id));
        }
    }
    Ok(record)
}

/// Why a checkpoint is not relied on.
#[derive(Debug, thiserror::Error)]
pub enum UntrustedCheckpoint {
    /// Not a signed checkpoint.
    #[error(transparent)]
    Format(#[from] CheckpointError),
    /// Not one the policy accepts.
    #[error(transparent)]
    Policy(#[from] EvaluationError),
}

/// Verifies a checkpoint under a policy.
///
/// # Errors
/// [`UntrustedCheckpoint`] says what does not hold.
pub fn verify_checkpoint(
    bytes: &[u8],
    policy: &Policy,
) -> Result<(SignedCheckpoint, Evaluation), UntrustedCheckpoint> {
    let signed = SignedCheckpoint::parse(bytes)?;
    let evaluation = policy.verify(&signed)?;
    Ok((signed, evaluation))
}

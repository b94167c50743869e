//! What `deedbook receipt --format cose` writes and `deedbook verify` reads of SCITT's forms.
//!
//! Does not live here: the checks (`deedbook_client::verified::scitt`).

use std::path::Path;

use deedbook_client::verified::Words;
use deedbook_client::verified::scitt::{VerifiedEntry, verify_cose_receipt, verify_transparent};
use deedbook_schemas::cose::{STATEMENT_FIRST_BYTE, Statement};
use deedbook_schemas::cose_key::KeyThumbprint;
use deedbook_schemas::cose_receipt::CoseReceipt;
use deedbook_schemas::digest::{RecordId, TreeHash};
use deedbook_schemas::limits::RECORD_BYTES_MAX;
use deedbook_schemas::policy::Policy;
use deedbook_schemas::transparent::TransparentStatement;
use serde::Serialize;

use super::verify::told;
use crate::output::{Context, Failure, read_file};

/// The fields of a verified `.tlog-proof`, as far as a COSE receipt has them, and its key.
#[derive(Serialize)]
struct Proven {
    proven: bool,
    file: &'static str,
    grade: &'static str,
    #[serde(flatten)]
    words: Words,
    record: RecordId,
    kind: &'static str,
    origin: String,
    log_key: KeyThumbprint,
    leaf_index: u64,
    tree_size: u64,
    root: TreeHash,
}

/// Whether a file is in COSE, by its first byte; our own receipts are text.
pub(crate) fn is_cose(file: &[u8]) -> bool {
    file.first() == Some(&STATEMENT_FIRST_BYTE)
}

/// Verifies a transparent statement, or a COSE receipt and the record in the file `record`.
pub(crate) fn verify(
    file: &[u8],
    record: Option<&Path>,
    policy: &Policy,
    context: &Context,
) -> Result<(), Failure> {
    let (name, verified) = match record {
        Some(path) => {
            let record = read_file(path, RECORD_BYTES_MAX)?;
            let verified = verify_cose_receipt(file, &record, policy);
            ("cose-receipt", verified)
        }
        None if CoseReceipt::decode(file).is_ok() => {
            return Err(Failure::usage(
                "a COSE receipt does not hold what it proves: name the record with --record",
            ));
        }
        None => ("transparent-statement", verify_transparent(file, policy)),
    };
    let verified = verified.map_err(|error| {
        Failure::no(format!("not proven: {error}"))
            .showing(serde_json::json!({ "proven": false }), String::new())
    })?;
    let proven = proven(name, &verified);
    context.print(&proven, || told(&proven.words))
}

fn proven(file: &'static str, verified: &VerifiedEntry) -> Proven {
    let (receipt, record) = (verified.receipt(), verified.record());
    Proven {
        proven: true,
        file,
        grade: "log-signed",
        words: verified.words(),
        record: record.id,
        kind: record.body.kind(),
        origin: receipt.origin.to_string(),
        log_key: receipt.key,
        leaf_index: receipt.index,
        tree_size: receipt.tree_size,
        root: receipt.root,
    }
}

/// Puts a receipt into the record it is for: the file, and the receipt as read. Checks only that both
/// are what they should be.
pub(crate) fn transparent(
    record: &[u8],
    receipt: Vec<u8>,
) -> Result<(Vec<u8>, CoseReceipt), Failure> {
    let read = CoseReceipt::decode(&receipt)
        .map_err(|error| Failure::no(format!("what the node sent is no COSE receipt: {error}")))?;
    let statement = Statement::decode(record)
        .map_err(|error| Failure::no(format!("what the node sent is no record: {error}")))?;
    let transparent = TransparentStatement {
        statement,
        receipts: vec![receipt],
    };
    Ok((transparent.encode(), read))
}

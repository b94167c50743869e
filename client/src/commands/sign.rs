//! `deedbook sign`: from a draft to a record.

use std::path::PathBuf;

use deedbook_client::drafting::{self, DraftingError};
use deedbook_schemas::digest::{ActDigest, RecordId};
use deedbook_schemas::limits::RECORD_BYTES_MAX;
use deedbook_schemas::record::Draft;
use serde::Serialize;

use super::key;
use crate::output::{Context, Failure, Overwrite, read_file, write_file};

/// Bytes of a draft in JSON: a record of 48 KiB with every byte in hexadecimal, and spaces.
pub(crate) const DRAFT_BYTES_MAX: usize = 4 * RECORD_BYTES_MAX;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The draft, JSON; - is stdin
    draft: PathBuf,
    /// The signer's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The identity provider's attestation for this act
    #[arg(long, value_name = "FILE")]
    attestation: Option<PathBuf>,
    /// Only print the digest that the provider's attestation must be bound to
    #[arg(long, conflicts_with = "attestation")]
    digest: bool,
    /// Where the record goes; without it, beside the draft: deal.draft.json to deal.cose
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
}

#[derive(Serialize)]
struct Digest {
    act_digest: ActDigest,
}

#[derive(Serialize)]
struct Signed {
    record: RecordId,
    act_digest: ActDigest,
    kind: &'static str,
    file: PathBuf,
    bytes: usize,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let wallet = key::load(&args.key)?;
    let draft: Draft = serde_json::from_slice(&read_file(&args.draft, DRAFT_BYTES_MAX)?)
        .map_err(|error| Failure::usage(format!("{}: {error}", args.draft.display())))?;
    let digest = Digest {
        act_digest: draft.act_digest(wallet.public()),
    };
    if args.digest {
        return context.print(&digest, || digest.act_digest.to_string());
    }
    if args.attestation.is_none() && drafting::needs_attestation(&draft.body) {
        return Err(attestation_missing(&draft, &digest));
    }
    let attestation = args.attestation.as_deref();
    let attestation = attestation
        .map(|path| read_file(path, RECORD_BYTES_MAX))
        .transpose()?;
    let (record, bytes) =
        drafting::sign(&draft, &wallet, attestation.as_deref()).map_err(|error| match error {
            DraftingError::Owner { .. } => Failure::usage(error),
            other => Failure::no(other),
        })?;
    let file = args.out.clone().unwrap_or_else(|| args.beside_the_draft());
    write_file(&file, &bytes, &args.overwrite)?;
    let signed = Signed {
        record: record.id,
        act_digest: record.act_digest,
        kind: record.body.kind(),
        bytes: bytes.len(),
        file,
    };
    context.print(&signed, || {
        format!(
            "{} {}\nwritten to {}",
            signed.kind,
            signed.record,
            signed.file.display()
        )
    })
}

impl Args {
    fn beside_the_draft(&self) -> PathBuf {
        if self.draft.as_os_str() == "-" {
            return PathBuf::from("record.cose");
        }
        let stem = self.draft.with_extension("");
        let draft = stem
            .extension()
            .is_some_and(|extension| extension == "draft");
        let stem = if draft { stem.with_extension("") } else { stem };
        let mut name = stem.into_os_string();
        name.push(".cose");
        PathBuf::from(name)
    }
}

fn attestation_missing(draft: &Draft, digest: &Digest) -> Failure {
    let (kind, digest) = (draft.body.kind(), digest.act_digest);
    Failure::no(format!(
        "this {kind} needs an identity attestation bound to {digest}"
    ))
    .hint("give that digest to the identity provider, then sign with --attestation FILE")
    .showing(
        serde_json::json!({ "act_digest": digest }),
        digest.to_string(),
    )
}

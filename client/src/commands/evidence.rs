//! `deedbook evidence`: video files against their BLAKE3 root.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use deedbook_client::evidence::{self, EvidenceError, Sliced};
use deedbook_client::files::{Access, NewFile};
use deedbook_schemas::digest::EvidenceRoot;

use crate::output::{Context, Failure, Overwrite, Unit, heed_interrupts};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Evidence {
    /// Print a file's BLAKE3 root and length, as an evidence manifest states them
    Hash {
        /// The file
        file: PathBuf,
    },
    /// Cut a range out of a file, with the hashes that prove it belongs to the file's root
    Slice {
        /// The file
        file: PathBuf,
        /// First byte
        #[arg(long, value_name = "BYTE")]
        from: u64,
        /// Number of bytes
        #[arg(long, value_name = "N")]
        len: u64,
        /// Where the slice goes; without it, to FILE.slice
        #[arg(long, short, value_name = "SLICE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        overwrite: Overwrite,
    },
    /// Check a slice against a root, and print the range that is proven
    Check {
        /// The slice
        slice: PathBuf,
        /// The root, as the record's evidence manifest states it
        #[arg(long, value_name = "HEX")]
        root: EvidenceRoot,
        /// Also write the proven bytes to a file
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        overwrite: Overwrite,
    },
}

pub(crate) fn run(evidence: Evidence, context: &Context) -> Result<(), Failure> {
    heed_interrupts()?;
    match evidence {
        Evidence::Hash { file } => hash(&file, context),
        Evidence::Slice {
            file,
            from,
            len,
            out,
            overwrite,
        } => {
            let out = out.unwrap_or_else(|| {
                let mut name = file.clone().into_os_string();
                name.push(".slice");
                PathBuf::from(name)
            });
            slice(&file, (from, len), &out, &overwrite, context)
        }
        Evidence::Check {
            slice,
            root,
            out,
            overwrite,
        } => check(&slice, root, out.as_deref(), &overwrite, context),
    }
}

fn hash(path: &Path, context: &Context) -> Result<(), Failure> {
    let (file, length) = open(path)?;
    let mut bar = context.progress(length, Unit::Bytes);
    let hashed = evidence::hash(&file, &mut |done| bar.step(done));
    drop(bar);
    let hashed = hashed.map_err(|error| failure(path, &error))?;
    context.print(&hashed, || {
        format!("{}  {} bytes", hashed.root, hashed.bytes)
    })
}

fn slice(
    path: &Path,
    (from, len): (u64, u64),
    out: &Path,
    overwrite: &Overwrite,
    context: &Context,
) -> Result<(), Failure> {
    let (file, length) = open(path)?;
    let mut bar = context.progress(length, Unit::Bytes);
    let mut new = create(out, overwrite)?;
    let sliced = evidence::slice(&file, from, len, &mut new, &mut |done| bar.step(done));
    drop(bar);
    let sliced = sliced.map_err(|error| failure(path, &error))?;
    finish(new, out)?;
    context.print(&sliced, || {
        format!("{}\nwritten to {}", told(&sliced), out.display())
    })
}

fn check(
    path: &Path,
    root: EvidenceRoot,
    out: Option<&Path>,
    overwrite: &Overwrite,
    context: &Context,
) -> Result<(), Failure> {
    let (file, length) = open(path)?;
    let mut bar = context.progress(length, Unit::Bytes);
    let mut new = out.map(|out| create(out, overwrite)).transpose()?;
    let mut nowhere = io::sink();
    let sink: &mut dyn Write = match &mut new {
        Some(new) => new,
        None => &mut nowhere,
    };
    let checked = evidence::check(BufReader::new(file), root, sink, &mut |done| bar.step(done));
    drop(bar);
    let checked = checked.map_err(|error| failure(path, &error))?;
    if let (Some(new), Some(out)) = (new, out) {
        finish(new, out)?;
    }
    context.print(&checked, || format!("PROVEN: {}", told(&checked)))
}

fn open(path: &Path) -> Result<(File, u64), Failure> {
    let open = || {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        io::Result::Ok((file, length))
    };
    open().map_err(|error| Failure::file(path, &error))
}

fn create(out: &Path, overwrite: &Overwrite) -> Result<BufWriter<NewFile>, Failure> {
    let new = NewFile::create(out, Access::Public, overwrite.existing());
    new.map(BufWriter::new)
        .map_err(|error| Failure::file(out, &error))
}

fn finish(new: BufWriter<NewFile>, out: &Path) -> Result<(), Failure> {
    let file = new.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(NewFile::finish)
        .map_err(|error| Failure::file(out, &error))
}

fn failure(path: &Path, error: &EvidenceError) -> Failure {
    match error {
        EvidenceError::Io(error) => Failure::file(path, error),
        EvidenceError::Range { .. } | EvidenceError::Size(_) => Failure::usage(error),
        other => Failure::no(other),
    }
}

fn told(sliced: &Sliced) -> String {
    let last = sliced.from + sliced.len - 1;
    format!(
        "bytes {} to {last} of the file with root {}",
        sliced.from, sliced.root
    )
}

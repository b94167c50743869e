//! Video files against their BLAKE3 root: the root, slices that prove a range, and their check.
//!
//! Lives here: BLAKE3 as bao-tree computes it over chunk groups of 16 KiB, and the slice file.
//! Does not live here: the manifest in a record (`deedbook_schemas::evidence`), where files are
//! kept, Ctrl-C (the `progress` callback may stop the work).
//!
//! Slice file: `"deedbook-slice/v1\n" ‖ file length ‖ first byte ‖ bytes asked for` (u64 LE each),
//! then the bao encoding of the chunk groups that cover the range: parent hashes in pre-order
//! and the groups themselves. Everything is streamed; a slice of a file of 4 GiB needs 16 MiB for
//! its tree hashes, everything else a few buffers.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use bao_tree::io::BaoContentItem;
use bao_tree::io::outboard::PreOrderOutboard;
use bao_tree::io::sync::{CreateOutboard as _, DecodeResponseIter, encode_ranges_validated};
use bao_tree::{BaoTree, BlockSize, ChunkNum, ChunkRanges};
use deedbook_schemas::digest::EvidenceRoot;
use deedbook_schemas::limits::EVIDENCE_BYTES_MAX;
use serde::Serialize;

/// Chunk groups of 2^4 chunks of 1,024 bytes.
const GROUP: BlockSize = BlockSize::from_chunk_log(4);
/// Bytes of a chunk group.
pub const GROUP_BYTES: u64 = 16 * 1024;
const CHUNKS_PER_GROUP: u64 = 16;
/// Read at once: large enough for BLAKE3's widest SIMD, small enough for the cache.
const BUFFER_BYTES: usize = 256 * 1024;
const MAGIC: &[u8] = b"deedbook-slice/v1\n";

/// Why there is no root, no slice, or no proof.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Nothing to hash, or more than the ledger accepts.
    #[error("a file of {0} bytes; between 1 and {EVIDENCE_BYTES_MAX} are allowed")]
    Size(u64),
    /// The range is empty or ends after the file.
    #[error("bytes {from} to {end} do not lie within a file of {length} bytes")]
    Range {
        /// First byte.
        from: u64,
        /// One past the last byte.
        end: u64,
        /// Bytes of the file.
        length: u64,
    },
    /// The file changed while it was read.
    #[error("the file changed while it was read: {0}")]
    Changed(String),
    /// Not a slice file.
    #[error("not a slice file: {0}")]
    Format(&'static str),
    /// The slice does not belong to the root.
    #[error("the slice does not belong to root {root}: {reason}")]
    NotProven {
        /// The root given.
        root: EvidenceRoot,
        /// Where it fails.
        reason: String,
    },
}

/// A file's root and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hashed {
    /// BLAKE3 of the file.
    pub root: EvidenceRoot,
    /// Its length in bytes.
    pub bytes: u64,
}

/// What a slice proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sliced {
    /// Root of the file it belongs to.
    pub root: EvidenceRoot,
    /// Length of that file in bytes. Proven only if the slice reaches the file's end.
    pub file_bytes: u64,
    /// First byte asked for.
    pub from: u64,
    /// Bytes asked for.
    pub len: u64,
    /// First byte of the chunk groups that cover the range.
    pub covered_from: u64,
    /// One past the last byte of these chunk groups.
    pub covered_end: u64,
}

/// Called with the bytes done; an error stops the work. Not one of kind `Interrupted`, which
/// readers take for a reason to try again.
pub type Progress<'a> = &'a mut dyn FnMut(u64) -> io::Result<()>;

/// A reader that reports how far it is.
struct Reporting<'a, 'b, R> {
    inner: R,
    done: u64,
    progress: &'a mut Progress<'b>,
}

impl<R: Read> Read for Reporting<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.done = self
            .done
            .saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        (self.progress)(self.done)?;
        Ok(count)
    }
}

/// Root and length of a file of 1 byte to 4 GiB.
///
/// # Errors
/// [`EvidenceError`] if it cannot be read or has an impossible size.
pub fn hash(file: &File, mut progress: Progress<'_>) -> Result<Hashed, EvidenceError> {
    check_size(file.metadata()?.len())?;
    let mut reader = Reporting {
        inner: file,
        done: 0,
        progress: &mut progress,
    };
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = reader.read(&mut buffer)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else {
            break;
        };
        hasher.update(read);
    }
    check_size(reader.done)?;
    Ok(Hashed {
        root: EvidenceRoot(*hasher.finalize().as_bytes()),
        bytes: reader.done,
    })
}

fn check_size(bytes: u64) -> Result<(), EvidenceError> {
    if (1..=EVIDENCE_BYTES_MAX).contains(&bytes) {
        Ok(())
    } else {
        Err(EvidenceError::Size(bytes))
    }
}

/// The geometry of one slice.
#[derive(Debug, Clone, Copy)]
struct Range {
    file_bytes: u64,
    from: u64,
    len: u64,
}

impl Range {
    fn check(self) -> Result<Self, EvidenceError> {
        check_size(self.file_bytes)?;
        let end = self.from.saturating_add(self.len);
        if self.len == 0 || end > self.file_bytes {
            let (from, length) = (self.from, self.file_bytes);
            return Err(EvidenceError::Range { from, end, length });
        }
        Ok(self)
    }

    /// First group, and one past the last.
    fn groups(self) -> (u64, u64) {
        (
            self.from / GROUP_BYTES,
            (self.from + self.len).div_ceil(GROUP_BYTES),
        )
    }

    fn chunks(self) -> ChunkRanges {
        let (first, end) = self.groups();
        ChunkRanges::from(ChunkNum(first * CHUNKS_PER_GROUP)..ChunkNum(end * CHUNKS_PER_GROUP))
    }

    fn tree(self) -> BaoTree {
        BaoTree::new(self.file_bytes, GROUP)
    }

    fn sliced(self, root: EvidenceRoot) -> Sliced {
        let (first, end) = self.groups();
        Sliced {
            root,
            file_bytes: self.file_bytes,
            from: self.from,
            len: self.len,
            covered_from: first * GROUP_BYTES,
            covered_end: (end * GROUP_BYTES).min(self.file_bytes),
        }
    }
}

/// Writes the slice of `len` bytes from byte `from`. Reads the whole file once for its tree.
///
/// # Errors
/// [`EvidenceError`] if the range is not in the file, the file changes meanwhile, or I/O fails.
pub fn slice(
    file: &File,
    from: u64,
    len: u64,
    mut out: impl Write,
    mut progress: Progress<'_>,
) -> Result<Sliced, EvidenceError> {
    let file_bytes = file.metadata()?.len();
    let range = Range {
        file_bytes,
        from,
        len,
    }
    .check()?;
    let mut outboard = PreOrderOutboard {
        root: blake3::Hash::from_bytes([0; 32]),
        tree: range.tree(),
        data: Vec::new(),
    };
    let reader = Reporting {
        inner: file,
        done: 0,
        progress: &mut progress,
    };
    outboard.init_from(BufReader::with_capacity(BUFFER_BYTES, reader))?;
    out.write_all(MAGIC)?;
    for number in [file_bytes, from, len] {
        out.write_all(&number.to_le_bytes())?;
    }
    encode_ranges_validated(file, &outboard, &range.chunks(), &mut out)
        .map_err(|error| EvidenceError::Changed(error.to_string()))?;
    Ok(range.sliced(EvidenceRoot(*outboard.root.as_bytes())))
}

/// Verifies a slice against a root, and hands the bytes asked for to `out`, each run of them only
/// after its proof was checked.
///
/// # Errors
/// [`EvidenceError::NotProven`] if the slice is not of this root, is cut off or has bytes too many.
pub fn check(
    mut slice: impl Read,
    root: EvidenceRoot,
    mut out: impl Write,
    mut progress: Progress<'_>,
) -> Result<Sliced, EvidenceError> {
    let range = read_head(&mut slice)?;
    let ranges = range.chunks();
    let mut encoded = Reporting {
        inner: slice,
        done: 0,
        progress: &mut progress,
    };
    let not_proven = |reason: String| EvidenceError::NotProven { root, reason };
    let expected = blake3::Hash::from_bytes(root.0);
    for item in DecodeResponseIter::new(expected, range.tree(), &mut encoded, &ranges) {
        match item.map_err(|error| not_proven(error.to_string()))? {
            BaoContentItem::Parent(_) => {}
            BaoContentItem::Leaf(leaf) => {
                out.write_all(wanted(range, leaf.offset, &leaf.data))?;
            }
        }
    }
    if encoded.read(&mut [0])? != 0 {
        return Err(not_proven("bytes after its end".to_owned()));
    }
    Ok(range.sliced(root))
}

fn read_head(slice: &mut impl Read) -> Result<Range, EvidenceError> {
    let mut head = [0; MAGIC.len() + 24];
    slice
        .read_exact(&mut head)
        .map_err(|_| EvidenceError::Format("it is too short"))?;
    let (magic, numbers) = head.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(EvidenceError::Format("its first line is another"));
    }
    let mut numbers = numbers
        .as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| u64::from_le_bytes(*bytes));
    let mut next = || {
        numbers
            .next()
            .ok_or(EvidenceError::Format("it is too short"))
    };
    Range {
        file_bytes: next()?,
        from: next()?,
        len: next()?,
    }
    .check()
}

/// The part of a verified run of bytes that was asked for.
fn wanted(range: Range, offset: u64, data: &[u8]) -> &[u8] {
    let place = |byte: u64| usize::try_from(byte.saturating_sub(offset)).unwrap_or(usize::MAX);
    let end = place(range.from + range.len).min(data.len());
    data.get(place(range.from).min(end)..end)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        file
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length)
            .map(|i| u8::try_from(i * 7 % 251).unwrap())
            .collect()
    }

    fn cut(bytes: &[u8], from: u64, len: u64) -> (Sliced, Vec<u8>) {
        let mut out = Vec::new();
        let sliced = slice(&file(bytes), from, len, &mut out, &mut |_| Ok(())).unwrap();
        (sliced, out)
    }

    fn opened(slice: &[u8], root: EvidenceRoot) -> Result<(Sliced, Vec<u8>), EvidenceError> {
        let mut out = Vec::new();
        check(slice, root, &mut out, &mut |_| Ok(())).map(|sliced| (sliced, out))
    }

    #[test]
    fn the_root_is_the_plain_blake3_hash_whatever_the_chunk_groups() {
        for length in [1, 1_024, 16_384, 16_385, 300_000] {
            let bytes = content(length);
            let root = EvidenceRoot(*blake3::hash(&bytes).as_bytes());
            let hashed = hash(&file(&bytes), &mut |_| Ok(())).unwrap();
            assert_eq!(
                hashed,
                Hashed {
                    root,
                    bytes: u64::try_from(length).unwrap()
                }
            );
            assert_eq!(cut(&bytes, 0, 1).0.root, root);
        }
        let empty = hash(&file(b""), &mut |_| Ok(()));
        assert!(matches!(empty, Err(EvidenceError::Size(0))));
    }

    #[test]
    fn a_slice_proves_its_bytes_and_holds_little_else() {
        let bytes = content(1_000_000);
        for (from, len) in [
            (0, 1),
            (16_383, 2),
            (123_456, 70_000),
            (999_999, 1),
            (0, 1_000_000),
        ] {
            let (sliced, slice) = cut(&bytes, from, len);
            let (proved, out) = opened(&slice, sliced.root).unwrap();
            assert_eq!(proved, sliced);
            let (first, end) = (
                usize::try_from(from).unwrap(),
                usize::try_from(from + len).unwrap(),
            );
            assert_eq!(out, bytes[first..end]);
        }
        assert!(cut(&bytes, 500_000, 10).1.len() < 17_000);
    }

    #[test]
    fn no_changed_byte_of_a_slice_is_accepted_but_in_the_range_s_own_description() {
        let bytes = content(40_000);
        let (sliced, slice) = cut(&bytes, 20_000, 100);
        for position in (0..MAGIC.len())
            .chain(MAGIC.len() + 24..slice.len())
            .step_by(13)
        {
            let mut tampered = slice.clone();
            tampered[position] ^= 1;
            assert!(opened(&tampered, sliced.root).is_err(), "byte {position}");
        }
        assert!(opened(&slice[..slice.len() - 1], sliced.root).is_err());
        assert!(opened(&[slice.as_slice(), b"x"].concat(), sliced.root).is_err());
        assert!(opened(&slice, EvidenceRoot([1; 32])).is_err());
    }

    #[test]
    fn a_range_outside_the_file_is_refused() {
        let bytes = content(100);
        for (from, len) in [(0, 0), (100, 1), (99, 2), (u64::MAX, 2)] {
            let result = slice(&file(&bytes), from, len, Vec::new(), &mut |_| Ok(()));
            assert!(
                matches!(result, Err(EvidenceError::Range { .. })),
                "{from} {len}"
            );
        }
    }

    #[test]
    fn work_stops_when_its_progress_says_so() {
        let stop = || io::Error::other("stop");
        let stopped = hash(&file(&content(100)), &mut |_| Err(stop()));
        assert!(matches!(stopped, Err(EvidenceError::Io(_))));
        let stopped = slice(&file(&content(100)), 0, 1, Vec::new(), &mut |_| Err(stop()));
        assert!(matches!(stopped, Err(EvidenceError::Io(_))));
    }
}

//! A real video file for every act: an AVI of uncompressed RGB frames that any player opens.
//!
//! Lives here: the container (RIFF, header lists, index) and a moving test pattern that differs
//! from seed to seed. Does not live here: a camera. Nobody is filmed by a test network.

use crate::limits::CLIP_BYTES_MAX;

/// Media type of an AVI file.
pub const MEDIA_TYPE: &str = "video/x-msvideo";

/// Flags of the main header: the file has an index, and streams are interleaved.
const HAS_INDEX_INTERLEAVED: u32 = 0x10 | 0x100;
/// Flag of an index entry: every uncompressed frame is a key frame.
const KEY_FRAME: u32 = 0x10;
/// Bytes of a pixel: blue, green, red.
const PIXEL_BYTES: u32 = 3;

/// Shape of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipShape {
    /// Pixels a row; a multiple of four, so that rows need no padding.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames a second.
    pub frames_per_second: u32,
    /// Frames in all.
    pub frames: u32,
}

impl ClipShape {
    /// What the demo records: 160 × 120, 4 seconds at 5 frames a second, 1.1 MiB.
    pub const DEMO: Self = Self {
        width: 160,
        height: 120,
        frames_per_second: 5,
        frames: 20,
    };
    /// What load uses, where only the hash counts: 8 × 4, 4 seconds at 1 frame a second, 0.7 KiB.
    pub const TINY: Self = Self {
        width: 8,
        height: 4,
        frames_per_second: 1,
        frames: 4,
    };

    fn frame_bytes(self) -> u32 {
        self.width * self.height * PIXEL_BYTES
    }

    /// Length of the recording in milliseconds.
    #[must_use]
    pub fn duration_ms(self) -> u64 {
        u64::from(self.frames) * 1000 / u64::from(self.frames_per_second)
    }
}

/// Why a clip cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClipError {
    /// A dimension is zero, or rows are not a multiple of four pixels.
    #[error("{0} x {1} pixels: both must be positive and the width a multiple of four")]
    Dimensions(u32, u32),
    /// No frames or no frame rate.
    #[error("{0} frames at {1} a second: both must be positive")]
    Frames(u32, u32),
    /// Larger than a test clip may be.
    #[error("{0} bytes of frames; at most {CLIP_BYTES_MAX} are allowed")]
    TooLarge(u64),
}

/// A RIFF file under construction: little-endian words, and chunks whose length is set at the end.
struct Riff(Vec<u8>);

impl Riff {
    fn word(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn half(&mut self, value: u16) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn tag(&mut self, name: &[u8; 4]) -> &mut Self {
        self.0.extend_from_slice(name);
        self
    }

    fn position(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Writes a chunk; `list` is the form type of a `RIFF` or `LIST` chunk.
    fn chunk(&mut self, name: &[u8; 4], list: Option<&[u8; 4]>, body: impl FnOnce(&mut Self)) {
        self.tag(name).word(0);
        let start = self.0.len();
        if let Some(list) = list {
            self.tag(list);
        }
        body(self);
        let length = u32::try_from(self.0.len() - start).unwrap_or(u32::MAX);
        if let Some(field) = self.0.get_mut(start - 4..start) {
            field.copy_from_slice(&length.to_le_bytes());
        }
    }
}

/// Writes an AVI. Equal shapes and seeds give equal bytes, different seeds different frames.
///
/// # Errors
/// [`ClipError`] if the shape is none, or larger than [`CLIP_BYTES_MAX`].
pub fn write_clip(shape: ClipShape, seed: &[u8; 32]) -> Result<Vec<u8>, ClipError> {
    let bytes = check(shape)?;
    let mut riff = Riff(Vec::with_capacity(bytes));
    riff.chunk(b"RIFF", Some(b"AVI "), |riff| {
        headers(riff, shape);
        let offsets = frames(riff, shape, seed);
        index(riff, shape, &offsets);
    });
    Ok(riff.0)
}

fn check(shape: ClipShape) -> Result<usize, ClipError> {
    if shape.width == 0 || shape.height == 0 || !shape.width.is_multiple_of(4) {
        return Err(ClipError::Dimensions(shape.width, shape.height));
    }
    if shape.frames == 0 || shape.frames_per_second == 0 {
        return Err(ClipError::Frames(shape.frames, shape.frames_per_second));
    }
    let pixels = u128::from(shape.width) * u128::from(shape.height) * u128::from(shape.frames);
    let total = u64::try_from(pixels * u128::from(PIXEL_BYTES)).unwrap_or(u64::MAX);
    if total > CLIP_BYTES_MAX {
        return Err(ClipError::TooLarge(total));
    }
    usize::try_from(total).map_err(|_| ClipError::TooLarge(total))
}

/// `hdrl`: the main header and the one video stream's header and format.
fn headers(riff: &mut Riff, shape: ClipShape) {
    let frame_bytes = shape.frame_bytes();
    riff.chunk(b"LIST", Some(b"hdrl"), |riff| {
        riff.chunk(b"avih", None, |riff| {
            riff.word(1_000_000 / shape.frames_per_second)
                .word(frame_bytes * shape.frames_per_second)
                .word(0)
                .word(HAS_INDEX_INTERLEAVED)
                .word(shape.frames)
                .word(0)
                .word(1)
                .word(frame_bytes)
                .word(shape.width)
                .word(shape.height);
            riff.word(0).word(0).word(0).word(0);
        });
        riff.chunk(b"LIST", Some(b"strl"), |riff| {
            riff.chunk(b"strh", None, |riff| stream_header(riff, shape));
            riff.chunk(b"strf", None, |riff| {
                riff.word(40).word(shape.width).word(shape.height);
                riff.half(1).half(24).word(0).word(frame_bytes);
                riff.word(0).word(0).word(0).word(0);
            });
        });
    });
}

fn stream_header(riff: &mut Riff, shape: ClipShape) {
    riff.tag(b"vids").tag(b"DIB ").word(0).word(0).word(0);
    riff.word(1).word(shape.frames_per_second);
    riff.word(0).word(shape.frames).word(shape.frame_bytes());
    riff.word(u32::MAX).word(0).half(0).half(0);
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    riff.half(side(shape.width)).half(side(shape.height));
}

/// `movi`: the frames; gives each one's offset from the list's form type.
fn frames(riff: &mut Riff, shape: ClipShape, seed: &[u8; 32]) -> Vec<u32> {
    let mut offsets = Vec::new();
    riff.chunk(b"LIST", Some(b"movi"), |riff| {
        let origin = riff.position() - 4;
        for frame in 0..shape.frames {
            offsets.push(riff.position() - origin);
            riff.chunk(b"00db", None, |riff| paint(riff, shape, seed, frame));
        }
    });
    offsets
}

/// A bar that moves with the frame, over a pattern made of the seed and the frame.
fn paint(riff: &mut Riff, shape: ClipShape, seed: &[u8; 32], frame: u32) {
    let mut hasher = blake3::Hasher::new_keyed(seed);
    hasher.update(&frame.to_le_bytes());
    let mut row = vec![0; usize::try_from(shape.width * PIXEL_BYTES).unwrap_or(0)];
    hasher.finalize_xof().fill(&mut row);
    let bar = frame * shape.width / shape.frames;
    for (x, pixel) in (0..).zip(row.chunks_exact_mut(3)) {
        if (bar..bar + shape.width / 8 + 1).contains(&x) {
            pixel.fill(0xff);
        }
    }
    for _ in 0..shape.height {
        riff.0.extend_from_slice(&row);
    }
}

/// `idx1`: where every frame is, so that players can seek.
fn index(riff: &mut Riff, shape: ClipShape, offsets: &[u32]) {
    riff.chunk(b"idx1", None, |riff| {
        for offset in offsets {
            riff.tag(b"00db").word(KEY_FRAME);
            riff.word(*offset).word(shape.frame_bytes());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8], at: usize) -> usize {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    }

    /// Chunks of a RIFF body: name, offset of the content, length.
    fn chunks(bytes: &[u8], mut at: usize, end: usize) -> Vec<([u8; 4], usize, usize)> {
        let mut found = Vec::new();
        while at < end {
            let length = word(bytes, at + 4);
            found.push((bytes[at..at + 4].try_into().unwrap(), at + 8, length));
            at += 8 + length + length % 2;
        }
        assert_eq!(at, end, "chunks fill their list exactly");
        found
    }

    #[test]
    fn a_clip_reads_back_as_the_avi_it_says_it_is() {
        let shape = ClipShape::DEMO;
        let clip = write_clip(shape, &[7; 32]).unwrap();
        assert_eq!(
            (&clip[..4], &clip[8..12]),
            (b"RIFF".as_slice(), b"AVI ".as_slice())
        );
        assert_eq!(word(&clip, 4), clip.len() - 8);
        let top = chunks(&clip, 12, clip.len());
        let names: Vec<_> = top.iter().map(|chunk| &chunk.0).collect();
        assert_eq!(names, [b"LIST", b"LIST", b"idx1"]);

        let header = chunks(&clip, top[0].1 + 4, top[0].1 + top[0].2);
        assert_eq!((&header[0].0, header[0].2), (b"avih", 56));
        assert_eq!(word(&clip, header[0].1), 200_000, "microseconds a frame");
        assert_eq!(word(&clip, header[0].1 + 16), 20, "frames");
        let stream = chunks(&clip, header[1].1 + 4, header[1].1 + header[1].2);
        assert_eq!((&stream[0].0, stream[0].2), (b"strh", 56));
        assert_eq!((&stream[1].0, stream[1].2), (b"strf", 40));

        let frames = chunks(&clip, top[1].1 + 4, top[1].1 + top[1].2);
        assert_eq!(frames.len(), 20);
        let index = &clip[top[2].1..top[2].1 + top[2].2];
        for (entry, frame) in index.chunks_exact(16).zip(&frames) {
            assert_eq!(&entry[..4], b"00db");
            let start = top[1].1 + word(entry, 8) + 8;
            assert_eq!((start, word(entry, 12)), (frame.1, frame.2));
        }
        assert_ne!(
            clip[frames[0].1..][..frames[0].2],
            clip[frames[1].1..][..frames[1].2],
            "the picture moves"
        );
        assert_eq!(shape.duration_ms(), 4000);
    }

    #[test]
    fn two_seeds_give_two_clips_and_one_seed_gives_one() {
        let clip = |seed: u8| write_clip(ClipShape::TINY, &[seed; 32]).unwrap();
        assert_eq!(clip(1), clip(1));
        assert_ne!(clip(1), clip(2));
        assert!(clip(1).len() < 1024);
    }

    #[test]
    fn a_shape_that_is_none_is_refused() {
        for (width, height, frames_per_second, frames) in [
            (0, 4, 1, 1),
            (6, 4, 1, 1),
            (8, 0, 1, 1),
            (8, 4, 0, 1),
            (8, 4, 1, 0),
            (1 << 30, 1 << 30, 1, 1 << 30),
        ] {
            let shape = ClipShape {
                width,
                height,
                frames_per_second,
                frames,
            };
            assert!(write_clip(shape, &[0; 32]).is_err(), "{shape:?}");
        }
    }
}

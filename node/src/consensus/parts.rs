//! A block on its way: cut into parts by its proposer, put together again by everyone else.
//!
//! Lives here: the shape of a part, and assembly within bounds. Does not live here: whether the
//! publisher may propose, the signature, the block itself (`driver`).
//!
//! A stream is one [`Init`] (sequence 0) and the block's bytes in pieces of exactly
//! [`PART_BYTES_MAX`], the last one shorter (sequences 1, 2, …), in any order. Gossip is signed by
//! its publisher, so streams are kept and counted by publisher: nobody can spoil, displace or
//! outspend another's. Anything out of shape ends its own stream.

use std::collections::{BTreeMap, HashMap, HashSet};

use arc_malachitebft_app::engine::util::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_app::types::PeerId;
use arc_malachitebft_core_types::ProposalPart;
use bytes::Bytes;
use deedbook_schemas::block::Height;
use deedbook_schemas::digest::BlockId;
use deedbook_schemas::keys::Signature;
use deedbook_schemas::limits::{
    BLOCK_BYTES_MAX, PART_BYTES_MAX, STREAM_BYTES_MAX, STREAM_BYTES_PER_PUBLISHER_MAX,
    STREAMS_PER_PUBLISHER_MAX,
};
use deedbook_schemas::validators::ValidatorAddress;

use super::context::Ctx;
use crate::store::proposal::StoredProposal;

/// What a proposer says about the block whose bytes follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Init {
    pub(crate) height: Height,
    pub(crate) round: u32,
    pub(crate) proposer: ValidatorAddress,
    pub(crate) block: BlockId,
    /// Length of the encoded block.
    pub(crate) bytes: u32,
    /// The proposer's, over `signer::parts_bytes`.
    pub(crate) signature: Signature,
}

/// One message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// The head.
    Init(Init),
    /// A piece of the block.
    Data(Bytes),
}

impl ProposalPart<Ctx> for Part {
    fn is_first(&self) -> bool {
        matches!(self, Self::Init(_))
    }

    fn is_last(&self) -> bool {
        matches!(self, Self::Data(data) if data.len() < PART_BYTES_MAX)
    }
}

/// The messages that publish a proposal; none if it was not signed by its proposer. `stream` is
/// different for every call of one process.
pub(crate) fn split(proposal: &StoredProposal, stream: u64) -> Vec<StreamMessage<Part>> {
    let (Some(signature), Ok(bytes)) = (proposal.signature, u32::try_from(proposal.bytes.len()))
    else {
        return Vec::new();
    };
    let init = Part::Init(Init {
        height: proposal.height,
        round: proposal.round,
        proposer: proposal.proposer,
        block: proposal.block,
        bytes,
        signature,
    });
    let pieces = proposal.bytes.chunks(PART_BYTES_MAX);
    let data = pieces.map(|piece| Part::Data(Bytes::copy_from_slice(piece)));
    let stream = StreamId::new(Bytes::copy_from_slice(&stream.to_be_bytes()));
    let parts = (0..).zip(std::iter::once(init).chain(data));
    parts
        .map(|(sequence, part)| {
            StreamMessage::new(stream.clone(), sequence, StreamContent::Data(part))
        })
        .collect()
}

/// Why a part was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PartError {
    #[error("published by {0}, who is no peer of this node")]
    Stranger(String),
    #[error("for height {got}, heights {next} and the one after it are taken")]
    Height { got: Height, next: Height },
    #[error("a block of {0} bytes; between 1 and {BLOCK_BYTES_MAX} are allowed")]
    Length(u32),
    #[error("part {sequence} has {got} bytes instead of {expected}")]
    Piece {
        sequence: u64,
        got: usize,
        expected: usize,
    },
    #[error("part {0} is none of its stream")]
    Sequence(u64),
}

/// A whole block, as somebody published it. Nothing of it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assembled {
    pub(crate) init: Init,
    pub(crate) bytes: Vec<u8>,
}

/// One stream in progress. Counted in bytes by what has arrived.
#[derive(Debug, Default)]
struct Stream {
    /// Order of arrival of its first part.
    age: u64,
    init: Option<Init>,
    pieces: BTreeMap<u64, Bytes>,
}

/// Pieces that a block of `bytes` is cut into.
fn pieces_of(bytes: usize) -> usize {
    bytes.div_ceil(PART_BYTES_MAX)
}

impl Stream {
    fn held(&self) -> usize {
        self.pieces.values().map(Bytes::len).sum()
    }

    /// Whether piece `sequence` of `got` bytes is one that `init` announced.
    fn fits(init: &Init, sequence: u64, got: usize) -> Result<(), PartError> {
        let total = usize::try_from(init.bytes).unwrap_or(usize::MAX);
        let index = usize::try_from(sequence)
            .ok()
            .and_then(|sequence| sequence.checked_sub(1));
        let index = index.filter(|index| *index < pieces_of(total));
        let before = index
            .ok_or(PartError::Sequence(sequence))?
            .saturating_mul(PART_BYTES_MAX);
        let expected = total.saturating_sub(before).min(PART_BYTES_MAX);
        if got == expected {
            Ok(())
        } else {
            Err(PartError::Piece {
                sequence,
                got,
                expected,
            })
        }
    }

    fn add(&mut self, sequence: u64, part: Part) -> Result<(), PartError> {
        match (sequence, part, &self.init) {
            (0, Part::Init(init), None) => {
                let whole = usize::try_from(init.bytes).unwrap_or(usize::MAX);
                if whole == 0 || whole > BLOCK_BYTES_MAX {
                    return Err(PartError::Length(init.bytes));
                }
                for (sequence, piece) in &self.pieces {
                    Self::fits(&init, *sequence, piece.len())?;
                }
                self.init = Some(init);
            }
            (1.., Part::Data(data), init) => {
                let last = u64::try_from(pieces_of(BLOCK_BYTES_MAX)).unwrap_or(u64::MAX);
                match init {
                    Some(init) => Self::fits(init, sequence, data.len())?,
                    None if sequence > last => return Err(PartError::Sequence(sequence)),
                    None if data.len() > PART_BYTES_MAX => {
                        let (got, expected) = (data.len(), PART_BYTES_MAX);
                        return Err(PartError::Piece {
                            sequence,
                            got,
                            expected,
                        });
                    }
                    None => {}
                }
                self.pieces.entry(sequence).or_insert(data);
            }
            (sequence, ..) => return Err(PartError::Sequence(sequence)),
        }
        Ok(())
    }

    fn is_whole(&self) -> bool {
        let bytes = self
            .init
            .map(|init| usize::try_from(init.bytes).unwrap_or(usize::MAX));
        bytes.is_some_and(|bytes| self.pieces.len() == pieces_of(bytes))
    }

    fn assemble(self) -> Option<Assembled> {
        let init = self.init?;
        let bytes = self.pieces.into_values().collect::<Vec<_>>().concat();
        Some(Assembled { init, bytes })
    }
}

/// Who published a stream, and its own id for it.
type StreamKey = (PeerId, StreamId);

/// All streams at this node.
pub(crate) struct Assembler {
    publishers: HashSet<PeerId>,
    streams: HashMap<StreamKey, Stream>,
    arrivals: u64,
}

impl Assembler {
    /// Takes parts from `publishers` alone.
    pub(crate) fn new(publishers: HashSet<PeerId>) -> Self {
        Self {
            publishers,
            streams: HashMap::new(),
            arrivals: 0,
        }
    }

    /// Adds one part. Returns the block if this completed one for height `next`; one for the
    /// height after it waits for [`Assembler::take`].
    pub(crate) fn add(
        &mut self,
        publisher: PeerId,
        message: StreamMessage<Part>,
        next: Height,
    ) -> Result<Option<Assembled>, PartError> {
        if !self.publishers.contains(&publisher) {
            return Err(PartError::Stranger(publisher.to_string()));
        }
        let StreamContent::Data(part) = message.content else {
            return Ok(None);
        };
        if let Part::Init(Init { height: got, .. }) = part
            && got != next
            && got != next.next()
        {
            return Err(PartError::Height { got, next });
        }
        let key = (publisher, message.stream_id);
        self.arrivals = self.arrivals.saturating_add(1);
        let fresh = Stream {
            age: self.arrivals,
            ..Stream::default()
        };
        let stream = self.streams.entry(key.clone()).or_insert(fresh);
        if let Err(error) = stream.add(message.sequence, part) {
            self.streams.remove(&key);
            return Err(error);
        }
        if stream.is_whole() && stream.init.is_some_and(|init| init.height == next) {
            return Ok(self.streams.remove(&key).and_then(Stream::assemble));
        }
        self.shrink(publisher);
        Ok(None)
    }

    /// Takes the whole blocks for `next`, oldest first, and forgets the streams below it.
    pub(crate) fn take(&mut self, next: Height) -> Vec<Assembled> {
        self.streams
            .retain(|_, stream| stream.init.is_none_or(|init| init.height >= next));
        let whole = |stream: &Stream| {
            stream.is_whole() && stream.init.is_some_and(|init| init.height == next)
        };
        let mut taken: Vec<_> = self.streams.extract_if(|_, stream| whole(stream)).collect();
        taken.sort_by_key(|(_, stream)| stream.age);
        taken
            .into_iter()
            .filter_map(|(_, stream)| stream.assemble())
            .collect()
    }

    /// Brings `publisher`, then the node as a whole, back below its bounds: the oldest stream of
    /// the one who holds most goes first.
    fn shrink(&mut self, publisher: PeerId) {
        loop {
            let mut count = 0;
            let mut held = BTreeMap::<PeerId, usize>::new();
            for ((by, _), stream) in &self.streams {
                count += usize::from(*by == publisher);
                *held.entry(*by).or_default() += stream.held();
            }
            let own = held.get(&publisher).copied().unwrap_or(0);
            let total = held.values().sum::<usize>();
            let loser = if count > STREAMS_PER_PUBLISHER_MAX || own > STREAM_BYTES_PER_PUBLISHER_MAX
            {
                Some(publisher)
            } else if total > STREAM_BYTES_MAX {
                held.into_iter()
                    .max_by_key(|(_, bytes)| *bytes)
                    .map(|(by, _)| by)
            } else {
                None
            };
            let Some(loser) = loser else { return };
            let streams = self.streams.iter().filter(|((by, _), _)| *by == loser);
            let oldest = streams
                .min_by_key(|(_, stream)| stream.age)
                .map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            self.streams.remove(&oldest);
        }
    }
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;

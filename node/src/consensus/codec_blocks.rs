//! Blocks on their way as bytes: proposal parts and sync. The other half of `codec`.

use arc_malachitebft_app::engine::util::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_app::types::PeerId;
use arc_malachitebft_app::types::codec::{Codec, HasEncodedLen};
use arc_malachitebft_core_types::ValidatorProof;
use arc_malachitebft_sync::{
    RawDecidedValue, Request, Response, Status, ValueRequest, ValueResponse,
};
use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use deedbook_schemas::block::Height;
use deedbook_schemas::digest::BlockId;
use deedbook_schemas::keys::Signature;
use deedbook_schemas::limits::{
    BLOCK_BYTES_MAX, PART_BYTES_MAX, STREAM_ID_BYTES_MAX, SYNC_BLOCKS_MAX,
};
use deedbook_schemas::validators::ValidatorAddress;

use super::codec::{
    BorshCodec, CertificateShape, Error, Io, at_most, from_height, invalid, read, to_height, write,
};
use super::context::Ctx;
use super::parts::{Init, Part};

#[derive(BorshSerialize, BorshDeserialize)]
enum PartShape {
    Init {
        height: u64,
        round: u32,
        proposer: [u8; 20],
        block: [u8; 32],
        bytes: u32,
        signature: [u8; 64],
    },
    Data(Vec<u8>),
}

impl PartShape {
    fn of(part: &Part) -> Self {
        match part {
            Part::Init(init) => Self::Init {
                height: init.height.0,
                round: init.round,
                proposer: init.proposer.0,
                block: init.block.0,
                bytes: init.bytes,
                signature: init.signature.0,
            },
            Part::Data(data) => Self::Data(data.to_vec()),
        }
    }

    fn into_part(self) -> Io<Part> {
        Ok(match self {
            Self::Init {
                height,
                round,
                proposer,
                block,
                bytes,
                signature,
            } => Part::Init(Init {
                height: Height(height),
                round,
                proposer: ValidatorAddress(proposer),
                block: BlockId(block),
                bytes,
                signature: Signature(signature),
            }),
            Self::Data(data) => {
                at_most("bytes in a part", data.len(), PART_BYTES_MAX)?;
                Part::Data(data.into())
            }
        })
    }
}

impl Codec<Part> for BorshCodec {
    type Error = Error;

    fn encode(&self, part: &Part) -> Io<Bytes> {
        write(&PartShape::of(part))
    }

    fn decode(&self, bytes: Bytes) -> Io<Part> {
        read::<PartShape>(&bytes)?.into_part()
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct StreamShape {
    stream: Vec<u8>,
    sequence: u64,
    part: Option<PartShape>,
}

impl Codec<StreamMessage<Part>> for BorshCodec {
    type Error = Error;

    fn encode(&self, message: &StreamMessage<Part>) -> Io<Bytes> {
        write(&StreamShape {
            stream: message.stream_id.to_bytes().to_vec(),
            sequence: message.sequence,
            part: message.content.as_data().map(PartShape::of),
        })
    }

    fn decode(&self, bytes: Bytes) -> Io<StreamMessage<Part>> {
        let shape: StreamShape = read(&bytes)?;
        at_most(
            "bytes in a stream id",
            shape.stream.len(),
            STREAM_ID_BYTES_MAX,
        )?;
        let content = match shape.part {
            None => StreamContent::Fin,
            Some(part) => StreamContent::Data(part.into_part()?),
        };
        Ok(StreamMessage::new(
            StreamId::new(shape.stream.into()),
            shape.sequence,
            content,
        ))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct ProofShape {
    public_key: [u8; 32],
    peer_id: Vec<u8>,
    signature: [u8; 64],
}

impl Codec<ValidatorProof<Ctx>> for BorshCodec {
    type Error = Error;

    fn encode(&self, proof: &ValidatorProof<Ctx>) -> Io<Bytes> {
        let key = proof.public_key.as_slice().try_into();
        write(&ProofShape {
            public_key: key.map_err(|_| invalid("a public key has 32 bytes"))?,
            peer_id: proof.peer_id.clone(),
            signature: proof.signature.0,
        })
    }

    fn decode(&self, bytes: Bytes) -> Io<ValidatorProof<Ctx>> {
        let ProofShape {
            public_key,
            peer_id,
            signature,
        } = read(&bytes)?;
        at_most("bytes in a peer id", peer_id.len(), STREAM_ID_BYTES_MAX)?;
        Ok(ValidatorProof::new(
            public_key.to_vec(),
            peer_id,
            Signature(signature),
        ))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct StatusShape {
    peer_id: Vec<u8>,
    tip: u64,
    history_min: u64,
}

impl Codec<Status<Ctx>> for BorshCodec {
    type Error = Error;

    fn encode(&self, status: &Status<Ctx>) -> Io<Bytes> {
        write(&StatusShape {
            peer_id: status.peer_id.to_bytes(),
            tip: to_height(status.tip_height),
            history_min: to_height(status.history_min_height),
        })
    }

    fn decode(&self, bytes: Bytes) -> Io<Status<Ctx>> {
        let StatusShape {
            peer_id,
            tip,
            history_min,
        } = read(&bytes)?;
        Ok(Status {
            peer_id: PeerId::from_bytes(&peer_id).map_err(|error| invalid(error.to_string()))?,
            tip_height: from_height(tip),
            history_min_height: from_height(history_min),
        })
    }
}

impl Codec<Request<Ctx>> for BorshCodec {
    type Error = Error;

    fn encode(&self, request: &Request<Ctx>) -> Io<Bytes> {
        let Request::ValueRequest(ValueRequest { range }) = request;
        write(&(to_height(*range.start()), to_height(*range.end())))
    }

    fn decode(&self, bytes: Bytes) -> Io<Request<Ctx>> {
        let (start, end): (u64, u64) = read(&bytes)?;
        Ok(Request::ValueRequest(ValueRequest::new(
            from_height(start)..=from_height(end),
        )))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct ResponseShape {
    start: u64,
    values: Vec<(Vec<u8>, CertificateShape)>,
}

impl Codec<Response<Ctx>> for BorshCodec {
    type Error = Error;

    fn encode(&self, response: &Response<Ctx>) -> Io<Bytes> {
        let Response::ValueResponse(response) = response;
        let values = response.values.iter().map(|value| {
            let certificate = CertificateShape::of_commit(&value.certificate)?;
            Ok((value.value_bytes.to_vec(), certificate))
        });
        let values = values.collect::<Io<_>>()?;
        write(&ResponseShape {
            start: to_height(response.start_height),
            values,
        })
    }

    fn decode(&self, bytes: Bytes) -> Io<Response<Ctx>> {
        let ResponseShape { start, values } = read(&bytes)?;
        at_most("synced blocks", values.len(), SYNC_BLOCKS_MAX)?;
        let values = values.into_iter().map(|(bytes, certificate)| {
            at_most("bytes in a block", bytes.len(), BLOCK_BYTES_MAX)?;
            Ok(RawDecidedValue::new(
                bytes.into(),
                certificate.into_commit()?,
            ))
        });
        let values = values.collect::<Io<_>>()?;
        Ok(Response::ValueResponse(ValueResponse::new(
            from_height(start),
            values,
        )))
    }
}

impl HasEncodedLen<Response<Ctx>> for BorshCodec {
    fn encoded_len(&self, response: &Response<Ctx>) -> Io<usize> {
        let Response::ValueResponse(response) = response;
        // Height and count, then for each block two lengths, height, round, id, signatures.
        let values = response.values.iter();
        let blocks = values.map(|value| {
            8 + 8
                + 4
                + 32
                + value.value_bytes.len()
                + 84 * value.certificate.commit_signatures.len()
        });
        Ok(8 + 4 + blocks.sum::<usize>())
    }
}

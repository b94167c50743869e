use arc_malachitebft_app::engine::util::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_app::types::PeerId;
use arc_malachitebft_app::types::codec::HasEncodedLen;
use arc_malachitebft_core_types::ValidatorProof;
use arc_malachitebft_sync::{
    RawDecidedValue, Request, Response, Status, ValueRequest, ValueResponse,
};
use deedbook_schemas::limits::{
    BLOCK_BYTES_MAX, PART_BYTES_MAX, STREAM_ID_BYTES_MAX, SYNC_BLOCKS_MAX,
};

use super::super::parts::{Init, Part};
use super::*;

const BLOCK: BlockId = BlockId([3; 32]);

fn by(byte: u8) -> Address {
    from_address([byte; 20])
}

fn vote(kind: VoteType, value: NilOrVal<BlockId>) -> SignedVote<Ctx> {
    let (height, round) = (from_height(u64::MAX), Round::new(u32::MAX));
    SignedMessage::new(
        Vote {
            kind,
            height,
            round,
            value,
            validator: by(1),
        },
        Signature([4; 64]),
    )
}

fn proposal(pol_round: Round) -> SignedProposal<Ctx> {
    let (height, round) = (from_height(9), Round::new(2));
    let value = Value(BLOCK);
    let proposal = Proposal {
        height,
        round,
        value,
        pol_round,
        proposer: by(2),
    };
    SignedMessage::new(proposal, Signature([5; 64]))
}

fn polka(signatures: u8) -> PolkaCertificate<Ctx> {
    let signatures = (0..signatures).map(|n| PolkaSignature::new(by(n), Signature([n; 64])));
    PolkaCertificate {
        height: from_height(9),
        round: Round::new(2),
        value_id: BLOCK,
        polka_signatures: signatures.collect(),
    }
}

fn skip(signatures: u8) -> RoundCertificate<Ctx> {
    let signatures = (0..signatures).map(|n| {
        let kind = if n % 2 == 0 {
            VoteType::Prevote
        } else {
            VoteType::Precommit
        };
        let value = if n % 3 == 0 {
            NilOrVal::Nil
        } else {
            NilOrVal::Val(BLOCK)
        };
        RoundSignature::new(kind, value, by(n), Signature([n; 64]))
    });
    RoundCertificate {
        height: from_height(9),
        round: Round::new(2),
        cert_type: RoundCertificateType::Skip,
        round_signatures: signatures.collect(),
    }
}

fn response(blocks: usize, bytes: usize) -> Response<Ctx> {
    let certificate = |height| ExtendedCommitCertificate {
        height: from_height(height),
        round: Round::new(0),
        value_id: BLOCK,
        commit_signatures: vec![
            ExtendedCommitSignature::new(by(1), Signature([1; 64]), None),
            ExtendedCommitSignature::new(by(2), Signature([2; 64]), None),
        ],
    };
    let values = (5..)
        .take(blocks)
        .map(|height| RawDecidedValue::new(vec![7; bytes].into(), certificate(height)));
    Response::ValueResponse(ValueResponse::new(from_height(5), values.collect()))
}

fn init() -> Part {
    Part::Init(Init {
        height: Height(9),
        round: 2,
        proposer: ValidatorAddress([1; 20]),
        block: BLOCK,
        bytes: 5,
        signature: Signature([6; 64]),
    })
}

fn in_stream(part: Option<Part>, id: usize) -> StreamMessage<Part> {
    let content = part.map_or(StreamContent::Fin, StreamContent::Data);
    StreamMessage::new(StreamId::new(vec![1; id].into()), 3, content)
}

/// Survives its encoding; every truncation and every trailing byte is an error; no change of a
/// byte is a panic.
fn holds<T: PartialEq + std::fmt::Debug>(message: &T)
where
    BorshCodec: Codec<T, Error = Error>,
{
    let bytes = BorshCodec.encode(message).unwrap();
    assert_eq!(&BorshCodec.decode(bytes.clone()).unwrap(), message);
    let decodes = |bytes: Vec<u8>| {
        let decoded: Io<T> = BorshCodec.decode(bytes.into());
        decoded.is_ok()
    };
    assert!(
        (0..bytes.len()).all(|end| !decodes(bytes[..end].to_vec())),
        "truncated: {message:?}"
    );
    assert!(
        !decodes([&bytes[..], &[0]].concat()),
        "trailing byte: {message:?}"
    );
    for index in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut changed = bytes.to_vec();
            changed[index] = value;
            decodes(changed);
        }
    }
}

fn refuses<T>(message: &T, what: &str)
where
    BorshCodec: Codec<T, Error = Error>,
{
    let bytes = BorshCodec.encode(message).unwrap();
    let decoded: Io<T> = BorshCodec.decode(bytes);
    let error = decoded.err().expect("too many").to_string();
    assert!(error.contains(what), "{error}");
}

#[test]
fn every_message_survives_its_encoding_and_nothing_shorter_or_longer_is_one() {
    let kinds = [VoteType::Prevote, VoteType::Precommit];
    for vote in kinds.map(|kind| [vote(kind, NilOrVal::Nil), vote(kind, NilOrVal::Val(BLOCK))]) {
        for vote in vote {
            holds(&SignedConsensusMsg::Vote(vote.clone()));
            holds(&LivenessMsg::Vote(vote));
        }
    }
    for pol_round in [Round::Nil, Round::new(0), Round::new(1)] {
        holds(&SignedConsensusMsg::Proposal(proposal(pol_round)));
        holds(&ProposedValue::<Ctx> {
            height: from_height(1),
            round: Round::new(3),
            valid_round: pol_round,
            proposer: by(2),
            value: Value(BLOCK),
            validity: Validity::from_bool(pol_round.is_nil()),
        });
    }
    holds(&polka(3));
    holds(&LivenessMsg::PolkaCertificate(polka(3)));
    holds(&LivenessMsg::SkipRoundCertificate(skip(5)));
    for part in [
        init(),
        Part::Data(Bytes::new()),
        Part::Data(vec![1; 9].into()),
    ] {
        holds(&part);
        holds(&in_stream(Some(part), 8));
    }
    holds(&in_stream(None, 0));
    holds(&ValidatorProof::<Ctx>::new(
        vec![1; 32],
        vec![2; 38],
        Signature([3; 64]),
    ));
    let peer_id = PeerId::from_bytes(&libp2p::PeerId::random().to_bytes()).unwrap();
    let (tip_height, history_min_height) = (from_height(7), from_height(1));
    holds(&Status::<Ctx> {
        peer_id,
        tip_height,
        history_min_height,
    });
    holds(&Request::<Ctx>::ValueRequest(ValueRequest::new(
        from_height(1)..=from_height(9),
    )));
    holds(&response(2, 10));
}

#[test]
fn counts_and_lengths_beyond_their_bounds_are_refused() {
    let over = u8::try_from(VALIDATORS_MAX + 1).unwrap();
    refuses(&polka(over), "101 signatures");
    refuses(
        &LivenessMsg::PolkaCertificate(polka(over)),
        "101 signatures",
    );
    let over = u8::try_from(2 * VALIDATORS_MAX + 1).unwrap();
    refuses(
        &LivenessMsg::SkipRoundCertificate(skip(over)),
        "201 signatures",
    );
    refuses(
        &Part::Data(vec![0; PART_BYTES_MAX + 1].into()),
        "bytes in a part",
    );
    refuses(
        &in_stream(None, STREAM_ID_BYTES_MAX + 1),
        "bytes in a stream id",
    );
    refuses(&response(SYNC_BLOCKS_MAX + 1, 1), "synced blocks");
    refuses(&response(1, BLOCK_BYTES_MAX + 1), "bytes in a block");
}

#[test]
fn a_message_without_a_round_is_never_written() {
    let mut vote = vote(VoteType::Prevote, NilOrVal::Nil);
    vote.message.round = Round::Nil;
    assert!(BorshCodec.encode(&SignedConsensusMsg::Vote(vote)).is_err());
}

#[test]
fn the_computed_length_of_a_response_is_its_length() {
    for (blocks, bytes) in [(0, 0), (1, 0), (3, 1000)] {
        let response = response(blocks, bytes);
        let encoded = BorshCodec.encode(&response).unwrap();
        assert_eq!(BorshCodec.encoded_len(&response).unwrap(), encoded.len());
    }
}

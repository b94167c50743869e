use super::*;

const NEXT: Height = Height(5);

fn peer() -> PeerId {
    PeerId::from_bytes(&libp2p::PeerId::random().to_bytes()).unwrap()
}

fn proposal(height: Height, bytes: usize) -> StoredProposal {
    StoredProposal {
        height,
        round: 1,
        proposer: ValidatorAddress([1; 20]),
        block: BlockId([2; 32]),
        bytes: (0..bytes).map(|n| u8::try_from(n % 251).unwrap()).collect(),
        signature: Some(Signature([3; 64])),
    }
}

fn message(stream: u64, sequence: u64, part: Part) -> StreamMessage<Part> {
    let stream = StreamId::new(Bytes::copy_from_slice(&stream.to_be_bytes()));
    StreamMessage::new(stream, sequence, StreamContent::Data(part))
}

fn head(bytes: usize) -> Part {
    match split(&proposal(NEXT, 1), 0).remove(0).content {
        StreamContent::Data(Part::Init(init)) => Part::Init(Init {
            bytes: u32::try_from(bytes).unwrap(),
            ..init
        }),
        other => panic!("{other:?}"),
    }
}

fn data(bytes: usize) -> Part {
    Part::Data(vec![0; bytes].into())
}

/// An assembler for one publisher.
fn assembler() -> (Assembler, PeerId) {
    let publisher = peer();
    (Assembler::new(HashSet::from([publisher])), publisher)
}

fn held(assembler: &Assembler) -> usize {
    assembler.streams.values().map(Stream::held).sum()
}

#[test]
fn a_block_of_any_size_comes_out_as_it_went_in_whatever_the_order_of_its_parts() {
    for bytes in [
        1,
        PART_BYTES_MAX - 1,
        PART_BYTES_MAX,
        PART_BYTES_MAX + 1,
        BLOCK_BYTES_MAX,
    ] {
        let proposal = proposal(NEXT, bytes);
        let parts = split(&proposal, 1);
        let biggest = |message: &StreamMessage<Part>| match message.content.as_data() {
            Some(Part::Data(data)) => data.len(),
            _ => 0,
        };
        assert!(parts.iter().map(biggest).max().unwrap() <= PART_BYTES_MAX);
        let backwards = parts.iter().rev().cloned().collect();
        for order in [parts, backwards] {
            let (mut assembler, publisher) = assembler();
            let count = order.len();
            for (index, part) in order.into_iter().enumerate() {
                let whole = assembler.add(publisher, part, NEXT).unwrap();
                assert_eq!(whole.is_some(), index + 1 == count);
                if let Some(assembled) = whole {
                    assert_eq!(assembled.bytes, proposal.bytes);
                    assert_eq!(assembled.init.block, proposal.block);
                }
            }
            assert!(assembler.streams.is_empty());
        }
    }
}

#[test]
fn a_block_for_the_height_after_the_next_waits_until_its_height_comes() {
    let (mut assembler, publisher) = assembler();
    for part in split(&proposal(NEXT.next(), 10), 1) {
        assert_eq!(assembler.add(publisher, part, NEXT), Ok(None));
    }
    assert_eq!(assembler.take(NEXT), vec![]);
    assert_eq!(assembler.take(NEXT.next()).len(), 1);
    assert_eq!(assembler.take(NEXT.next()), vec![]);
}

#[test]
fn a_part_that_breaks_the_shape_of_its_stream_ends_the_stream() {
    let piece = |sequence, got, expected| PartError::Piece {
        sequence,
        got,
        expected,
    };
    let cases = [
        (vec![(0, head(0))], PartError::Length(0)),
        (
            vec![(0, head(BLOCK_BYTES_MAX + 1))],
            PartError::Length(2_097_153),
        ),
        (vec![(0, data(1))], PartError::Sequence(0)),
        (vec![(1, head(10))], PartError::Sequence(1)),
        (vec![(0, head(10)), (0, head(10))], PartError::Sequence(0)),
        (vec![(0, head(10)), (2, data(10))], PartError::Sequence(2)),
        (vec![(0, head(10)), (1, data(9))], piece(1, 9, 10)),
        (vec![(1, data(9)), (0, head(10))], piece(1, 9, 10)),
        (
            vec![(0, head(PART_BYTES_MAX + 5)), (1, data(5))],
            piece(1, 5, PART_BYTES_MAX),
        ),
        (vec![(17, data(1))], PartError::Sequence(17)),
        (vec![(u64::MAX, data(1))], PartError::Sequence(u64::MAX)),
        (
            vec![(1, data(PART_BYTES_MAX + 1))],
            piece(1, PART_BYTES_MAX + 1, PART_BYTES_MAX),
        ),
    ];
    for (parts, expected) in cases {
        let (mut assembler, publisher) = assembler();
        let results: Vec<_> = parts
            .into_iter()
            .map(|(sequence, part)| assembler.add(publisher, message(1, sequence, part), NEXT))
            .collect();
        assert_eq!(results.last(), Some(&Err(expected)));
        assert!(assembler.streams.is_empty());
    }
}

#[test]
fn strangers_and_other_heights_are_refused_before_anything_is_kept() {
    let (mut assembler, publisher) = assembler();
    let stranger = peer();
    let part = split(&proposal(NEXT, 10), 1).remove(0);
    let refused = Err(PartError::Stranger(stranger.to_string()));
    assert_eq!(assembler.add(stranger, part, NEXT), refused);
    for got in [Height(4), Height(7), Height(u64::MAX)] {
        let part = split(&proposal(got, 10), 1).remove(0);
        assert_eq!(
            assembler.add(publisher, part, NEXT),
            Err(PartError::Height { got, next: NEXT })
        );
    }
    assert!(assembler.streams.is_empty());
}

#[test]
fn a_publisher_keeps_only_its_latest_streams() {
    let (mut assembler, publisher) = assembler();
    for stream in 0..100 {
        assembler
            .add(publisher, message(stream, 1, data(PART_BYTES_MAX)), NEXT)
            .unwrap();
    }
    assert_eq!(assembler.streams.len(), STREAMS_PER_PUBLISHER_MAX);
    let youngest = assembler
        .streams
        .values()
        .map(|stream| stream.age)
        .min()
        .unwrap();
    assert_eq!(youngest, 97);
}

#[test]
fn greedy_publishers_stay_within_their_bytes_and_cannot_displace_a_modest_one() {
    let greedy: Vec<_> = (0..40).map(|_| peer()).collect();
    let modest = peer();
    let mut assembler = Assembler::new(greedy.iter().copied().chain([modest]).collect());
    assembler
        .add(modest, message(1, 0, head(PART_BYTES_MAX + 5)), NEXT)
        .unwrap();
    assembler
        .add(modest, message(1, 1, data(PART_BYTES_MAX)), NEXT)
        .unwrap();
    for publisher in &greedy {
        for stream in 0..4 {
            for sequence in 1..=16 {
                let part = message(stream, sequence, data(PART_BYTES_MAX));
                assembler.add(*publisher, part, NEXT).unwrap();
                assert!(held(&assembler) <= STREAM_BYTES_MAX);
            }
            let own = assembler
                .streams
                .iter()
                .filter(|((by, _), _)| by == publisher);
            let own: usize = own.map(|(_, stream)| stream.held()).sum();
            assert!(own <= STREAM_BYTES_PER_PUBLISHER_MAX);
        }
    }
    let whole = assembler.add(modest, message(1, 2, data(5)), NEXT).unwrap();
    assert_eq!(
        whole.map(|assembled| assembled.bytes.len()),
        Some(PART_BYTES_MAX + 5)
    );
}

#[test]
fn a_block_that_came_by_sync_is_never_published() {
    let synced = StoredProposal {
        signature: None,
        ..proposal(NEXT, 10)
    };
    assert_eq!(split(&synced, 1), vec![]);
}

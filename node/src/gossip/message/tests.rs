use super::*;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::Signature;

fn record(bytes: usize) -> RecordBytes {
    vec![7; bytes].into()
}

fn cosignature(name: &str) -> GossipMessage {
    GossipMessage::Cosignature(CosignatureMessage {
        tree_size: 9,
        root: TreeHash([1; 32]),
        name: name.to_owned(),
        time: Seconds(1_700_000_000),
        signature: Signature([2; 64]),
    })
}

#[test]
fn every_message_survives_its_encoding() {
    let messages = [
        GossipMessage::Bundles(vec![
            vec![record(1), record(700)],
            vec![record(RECORD_BYTES_MAX)],
        ]),
        GossipMessage::Tip {
            height: Height(u64::MAX),
        },
        cosignature("notaries.example"),
    ];
    for message in messages {
        assert_eq!(
            GossipMessage::decode(&message.encode(5)),
            Ok(message.clone())
        );
        assert_ne!(
            message.encode(5),
            message.encode(6),
            "a repeated message has other bytes"
        );
    }
}

#[test]
fn the_largest_batch_is_below_the_message_limit_and_its_size_is_known_beforehand() {
    let records: Vec<_> = (0..BUNDLE_RECORDS_MAX)
        .map(|_| record(BUNDLE_BYTES_MAX / BUNDLE_RECORDS_MAX))
        .collect();
    let size = encoded_bundle_bytes(&records);
    assert!(size <= deedbook_schemas::limits::GOSSIP_BATCH_BYTES_MAX);
    let message = GossipMessage::Bundles(vec![records]);
    let bytes = message.encode(u64::MAX);
    assert!(bytes.len() <= GOSSIP_MESSAGE_BYTES_MAX);
    assert!(bytes.len() - size < 64);
    assert_eq!(GossipMessage::decode(&bytes), Ok(message));
}

#[test]
fn messages_beyond_a_limit_are_refused() {
    let bundles = GossipMessage::Bundles;
    let half = RECORD_BYTES_MAX;
    let cases = [
        (bundles(vec![]), MessageError::Bundles(0)),
        (
            bundles(vec![vec![record(1)]; 513]),
            MessageError::Bundles(513),
        ),
        (
            bundles(vec![vec![record(1)], vec![]]),
            MessageError::Records(0),
        ),
        (
            bundles(vec![vec![record(1); 65]]),
            MessageError::Records(65),
        ),
        (bundles(vec![vec![record(0)]]), MessageError::RecordBytes(0)),
        (
            bundles(vec![vec![record(half + 1)]]),
            MessageError::RecordBytes(half + 1),
        ),
        (
            bundles(vec![vec![record(BUNDLE_BYTES_MAX / 8 + 1); 8]]),
            MessageError::BundleBytes(BUNDLE_BYTES_MAX + 8),
        ),
        (cosignature(""), MessageError::Name(0)),
        (cosignature(&"n".repeat(65)), MessageError::Name(65)),
    ];
    for (message, error) in cases {
        assert_eq!(GossipMessage::decode(&message.encode(0)), Err(error));
    }
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    let good = GossipMessage::Tip { height: Height(3) }.encode(1);
    assert_eq!(good, [0x82, 1, 0x82, 1, 0x81, 3]);
    let cases: [(&str, Vec<u8>); 9] = [
        ("nothing", vec![]),
        ("not CBOR", vec![0xff; 8]),
        ("truncated", good[..5].to_vec()),
        ("trailing byte", [good.as_slice(), &[0]].concat()),
        ("unknown kind", vec![0x82, 1, 0x82, 4, 0x81, 3]),
        ("unknown field", vec![0x82, 1, 0x82, 1, 0x82, 3, 3]),
        (
            "integer not shortest",
            vec![0x82, 1, 0x82, 1, 0x81, 0x18, 3],
        ),
        ("indefinite array", vec![0x9f, 1, 0x82, 1, 0x81, 3, 0xff]),
        (
            "array of 2^60 bundles",
            vec![0x82, 1, 0x82, 0, 0x81, 0x9b, 16, 0, 0, 0, 0, 0, 0, 0],
        ),
    ];
    for (what, bytes) in cases {
        let decoded = GossipMessage::decode(&bytes);
        assert!(
            matches!(decoded, Err(MessageError::Decode(_))),
            "{what}: {decoded:?}"
        );
    }
    let long = vec![0; GOSSIP_MESSAGE_BYTES_MAX + 1];
    let too_long = DecodeError::TooLong {
        got: long.len(),
        max: GOSSIP_MESSAGE_BYTES_MAX,
    };
    assert_eq!(
        GossipMessage::decode(&long),
        Err(MessageError::Decode(too_long))
    );
}

//! A hundred different receipts: of records of every kind, of what became of them, of seals.

use deedbook_schemas::block::{BlockTime, Height, Seal};
use deedbook_schemas::carried::Carried;
use deedbook_schemas::compact_receipt::compact;
use deedbook_schemas::digest::{StateRoot, ValidatorSetId};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::keys::SigningKey;
use deedbook_schemas::outcome::{Entry, Outcome};
use deedbook_schemas::receipt::Receipt;
use deedbook_schemas::record::Record;

use crate::log::{Log, SIGNERS, bytes_of, json_files};

/// A record of the vectors and the seed of its signer.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) record: Vec<u8>,
    pub(crate) seed: [u8; 32],
}

impl Signed {
    pub(crate) fn key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.seed)
    }
}

/// Every record of the vectors.
pub(crate) fn records() -> Vec<Signed> {
    let vectors = json_files("valid");
    let records = vectors.iter().filter(|vector| {
        let rule = vector["rule"].as_str().unwrap();
        rule.starts_with("record-")
    });
    let records = records.map(|vector| Signed {
        record: bytes_of(vector),
        seed: hex::decode(vector["seed"].as_str().unwrap())
            .unwrap()
            .try_into()
            .unwrap(),
    });
    records.collect()
}

/// What became of a record, in one of many ways.
fn outcome(record: &[u8], turn: usize) -> Entry {
    let refused = vec![
        "title.version_changed".to_owned(),
        "consent.missing".to_owned(),
    ];
    let (status, codes, title_version) = match turn % 6 {
        0 => (Status::Registered, vec![], Some(2)),
        1 => (Status::Registered, vec![], None),
        2 => (Status::Refused, refused, None),
        3 => (Status::Withdrawn, vec![], None),
        4 => (Status::Expired, vec![], None),
        _ => (Status::Registered, vec![], Some(u64::MAX)),
    };
    let record = Record::decode(record).unwrap().id;
    Entry::Outcome(Outcome {
        record,
        status,
        codes,
        title_version,
    })
}

fn seal(height: u64) -> Entry {
    Entry::Seal(Seal {
        height: Height(height),
        time: BlockTime(1_789_999_999_123 + height),
        state_root: StateRoot([7; 32]),
        next_validators: ValidatorSetId([8; 32]),
        first_index: 3 * height,
    })
}

/// `count` receipts from one log, each of another entry.
pub(crate) fn receipts(count: usize) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    for (turn, Signed { record, .. }) in records().into_iter().enumerate() {
        entries.push(Carried::new(record.clone(), None));
        entries.push(Carried::new(outcome(&record, turn).encode(), Some(record)));
        entries.push(Carried::new(
            seal(u64::try_from(turn).unwrap()).encode(),
            None,
        ));
    }
    let leaves: Vec<_> = entries
        .iter()
        .map(|carried| carried.entry().to_vec())
        .collect();
    let log = Log::of(&leaves);
    // Five steps over records and outcomes for each seal.
    let chosen = (0..entries.len()).filter(|index| index % 3 != 2 || index % 15 == 2);
    let step = chosen.clone().count() / count;
    let receipts = chosen.step_by(step.max(1)).take(count).enumerate();
    let receipts: Vec<_> = receipts
        .map(|(turn, index)| {
            let place = u64::try_from(index).unwrap();
            let signed = log.signed(SIGNERS[turn % SIGNERS.len()]);
            receipt(&entries[index], place, &log, signed)
        })
        .collect();
    assert_eq!(receipts.len(), count);
    receipts
}

/// The same receipts as QR codes carry them.
pub(crate) fn compact_receipts(count: usize) -> Vec<Vec<u8>> {
    let receipts = receipts(count).into_iter();
    receipts
        .map(|receipt| compact(&Receipt::parse(&receipt).unwrap()))
        .collect()
}

/// A receipt of the entry at `place`.
pub(crate) fn receipt(
    carried: &Carried,
    place: u64,
    log: &Log,
    signed: deedbook_schemas::checkpoint::SignedCheckpoint,
) -> Vec<u8> {
    Receipt::new(carried.encode(), place, log.path(place), signed)
        .to_string()
        .into_bytes()
}

/// A receipt of an entry that stands alone with a seal, signed by a quorum and one witness.
pub(crate) fn fresh(carried: &Carried) -> Vec<u8> {
    let log = Log::of(&[carried.entry().to_vec(), seal(1).encode()]);
    receipt(carried, 0, &log, log.signed(&[0, 1, 2, 4]))
}

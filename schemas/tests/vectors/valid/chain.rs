//! What is no record: the attestation inside one, entries of the ledger's own, a block with its
//! certificate, the genesis.

use deedbook_schemas::block::{
    Block, BlockTime, Certificate, CommitSignature, Header, Height, Seal, precommit_bytes,
};
use deedbook_schemas::digest::{BlockId, RecordId, StateRoot, TreeHash};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::keys::{PublicKey, sign};
use deedbook_schemas::outcome::{Entry, Outcome};
use deedbook_schemas::record::{Record, SignedAttestation};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::validators::{ValidatorAddress, ValidatorSet};

use super::{Writer, filled};
use crate::common::Valid;
use crate::people::{CONSENSUS_SEED, NOW, PROVIDER, genesis, key};

pub(super) fn all(writer: &mut Writer, sale: RecordId) {
    attestation(writer);
    entries(writer, sale);
    chain(writer);
}

fn attestation(writer: &mut Writer) {
    let record = Record::decode(&writer.bytes_of("act-disponor")).unwrap();
    let SignedAttestation {
        statement,
        attestation,
    } = record.attestation.unwrap();
    writer.vectors.push(Valid {
        name: "attestation".to_owned(),
        kind: "attestation".to_owned(),
        rule: "signed-attestation".to_owned(),
        hex: hex::encode(statement.encode()),
        id: None,
        to_be_signed: Some(hex::encode(statement.to_be_signed())),
        seed: Some(PROVIDER.seed_hex()),
        content: serde_json::to_value(attestation).unwrap(),
    });
}

fn entries(writer: &mut Writer, record: RecordId) {
    let outcomes = [
        ("registered", Status::Registered, vec![], Some(2)),
        (
            "refused",
            Status::Refused,
            vec![Code::TitleVersion, Code::ConsentMissing],
            None,
        ),
        ("withdrawn", Status::Withdrawn, vec![], None),
        ("expired", Status::Expired, vec![], None),
    ];
    for (name, status, codes, title_version) in outcomes {
        let outcome = Outcome {
            record,
            status,
            codes: codes.iter().map(|code| code.as_str().to_owned()).collect(),
            title_version,
        };
        let content = serde_json::to_value(&outcome).unwrap();
        let bytes = Entry::Outcome(outcome).encode();
        writer.plain(
            &format!("outcome-{name}"),
            "entry",
            "outcome-entry",
            &bytes,
            None,
            content,
        );
    }
    let seal = Seal {
        height: Height(7),
        time: BlockTime(NOW.0 * 1000 + 250),
        state_root: StateRoot(filled("state root")),
        next_validators: genesis().check().unwrap().id(),
        first_index: 300,
    };
    let content = serde_json::to_value(&seal).unwrap();
    let bytes = Entry::Seal(seal).encode();
    writer.plain("seal", "entry", "seal-entry", &bytes, None, content);
}

fn chain(writer: &mut Writer) {
    let genesis = genesis();
    let validators = genesis.check().unwrap();
    let header = Header {
        ledger: writer.ledger,
        height: Height(7),
        time: BlockTime(NOW.0 * 1000 + 250),
        proposer: validators.as_slice()[0].address(),
        previous: BlockId(filled("previous block")),
        tree_size: 303,
        tree_root: TreeHash(filled("tree root")),
        state_root: StateRoot(filled("state root")),
        next_validators: validators.id(),
    };
    let id = header.id();
    let content = serde_json::to_value(&header).unwrap();
    writer.plain(
        "header",
        "header",
        "header",
        &encode(&header),
        Some(id.to_string()),
        content.clone(),
    );
    let records = vec![
        writer.bytes_of("transfer-sale"),
        writer.bytes_of("act-disponor"),
    ];
    for (name, records) in [("block", records), ("block-empty", vec![])] {
        let header = header.clone();
        let bytes = Block { header, records }.encode();
        writer.plain(
            name,
            "block",
            "block",
            &bytes,
            Some(id.to_string()),
            content.clone(),
        );
    }
    certificate(writer, id, &validators);
    let id = genesis.ledger_id().to_string();
    let content = serde_json::to_value(&genesis).unwrap();
    writer.plain(
        "genesis",
        "genesis",
        "genesis",
        &encode(&genesis),
        Some(id),
        content,
    );
}

fn certificate(writer: &mut Writer, id: BlockId, validators: &ValidatorSet) {
    let message = precommit_bytes(&writer.ledger, Height(7), 1, &id);
    let signatures = (CONSENSUS_SEED..CONSENSUS_SEED + 3).map(|seed| {
        let key = key(seed);
        CommitSignature {
            validator: ValidatorAddress::of(&PublicKey::of(&key)),
            signature: sign(&key, &message),
        }
    });
    let certificate = Certificate {
        height: Height(7),
        round: 1,
        block: id,
        signatures: signatures.collect(),
    };
    certificate.verify(&writer.ledger, validators).unwrap();
    let content = serde_json::to_value(&certificate).unwrap();
    writer.plain(
        "certificate",
        "certificate",
        "certificate",
        &encode(&certificate),
        None,
        content,
    );
}

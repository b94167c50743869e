//! Certificates, validator sets and blocks: what they prove, and what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

use deedbook_schemas::block::{
    Block, BlockTime, Certificate, CertificateError, CommitSignature, Header, Height, VoteKind,
    precommit_bytes, vote_bytes,
};
use deedbook_schemas::digest::{BlockId, LedgerId, StateRoot, TreeHash};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::keys::{PublicKey, SigningKey, sign};
use deedbook_schemas::limits::{BLOCK_RECORDS_MAX, RECORD_BYTES_MAX, VALIDATORS_MAX};
use deedbook_schemas::validators::{Validator, ValidatorAddress, ValidatorSet, ValidatorSetError};

const LEDGER: LedgerId = LedgerId([1; 32]);
const BLOCK: BlockId = BlockId([2; 32]);
const HEIGHT: Height = Height(9);

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn validator(index: u8, power: u64) -> Validator {
    let public = |seed| PublicKey::of(&key(seed));
    Validator {
        name: format!("node-{index}"),
        consensus_key: public(index),
        note_key: public(100 + index),
        log_share: public(200 + index),
        power,
    }
}

fn set(powers: &[u64]) -> ValidatorSet {
    let validators = (0..)
        .zip(powers)
        .map(|(index, power)| validator(index, *power));
    ValidatorSet::new(validators.collect()).unwrap()
}

fn vote(index: u8, message: &[u8]) -> CommitSignature {
    CommitSignature {
        validator: ValidatorAddress::of(&PublicKey::of(&key(index))),
        signature: sign(&key(index), message),
    }
}

/// A certificate of `signers` over what it says.
fn certificate(signers: &[u8]) -> Certificate {
    let message = precommit_bytes(&LEDGER, HEIGHT, 3, &BLOCK);
    Certificate {
        height: HEIGHT,
        round: 3,
        block: BLOCK,
        signatures: signers.iter().map(|index| vote(*index, &message)).collect(),
    }
}

#[test]
fn more_than_two_thirds_decide_and_exactly_two_thirds_do_not() {
    let table: [(&[u64], &[u8], bool); 8] = [
        (&[1, 1, 1, 1], &[0, 1, 2], true),
        (&[1, 1, 1, 1], &[0, 1], false),
        (&[1, 1, 1, 1], &[], false),
        (&[1, 1, 1], &[0, 1], false),
        (&[1, 1, 1], &[0, 1, 2], true),
        (&[2, 2, 2], &[0, 1], false),
        (&[3, 2, 2], &[0, 1], true),
        (&[(1 << 62) - 1, 1 << 62], &[1], false),
    ];
    for (powers, signers, decided) in table {
        let result = certificate(signers).verify(&LEDGER, &set(powers));
        let total = powers.iter().sum();
        let power = signers
            .iter()
            .map(|index| powers[usize::from(*index)])
            .sum();
        let expected = if decided {
            Ok(())
        } else {
            Err(CertificateError::Quorum { power, total })
        };
        assert_eq!(result, expected, "{powers:?} {signers:?}");
    }
}

#[test]
fn a_stranger_or_a_second_vote_spoils_a_certificate() {
    let validators = set(&[1; 4]);
    let address = |index| ValidatorAddress::of(&PublicKey::of(&key(index)));
    assert_eq!(
        certificate(&[0, 1, 2, 9]).verify(&LEDGER, &validators),
        Err(CertificateError::Stranger(address(9)))
    );
    assert_eq!(
        certificate(&[0, 1, 1]).verify(&LEDGER, &validators),
        Err(CertificateError::Duplicate(address(1)))
    );
}

#[test]
fn a_vote_for_anything_else_is_not_a_vote_for_this() {
    let validators = set(&[1; 4]);
    let others = [
        (
            "ledger",
            precommit_bytes(&LedgerId([7; 32]), HEIGHT, 3, &BLOCK),
        ),
        ("height", precommit_bytes(&LEDGER, Height(10), 3, &BLOCK)),
        ("round", precommit_bytes(&LEDGER, HEIGHT, 4, &BLOCK)),
        (
            "block",
            precommit_bytes(&LEDGER, HEIGHT, 3, &BlockId([3; 32])),
        ),
        (
            "prevote",
            vote_bytes(&LEDGER, VoteKind::Prevote, HEIGHT, 3, Some(&BLOCK)),
        ),
        (
            "nil",
            vote_bytes(&LEDGER, VoteKind::Precommit, HEIGHT, 3, None),
        ),
    ];
    for (what, message) in others {
        let mut certificate = certificate(&[0, 1, 2]);
        certificate.signatures[1] = vote(1, &message);
        let stranger = certificate.signatures[1].validator;
        let result = certificate.verify(&LEDGER, &validators);
        assert_eq!(result, Err(CertificateError::Signature(stranger)), "{what}");
    }
    let genuine = certificate(&[0, 1, 2]);
    assert!(genuine.verify(&LEDGER, &validators).is_ok());
    assert!(genuine.verify(&LedgerId([7; 32]), &validators).is_err());
    for changed in [
        Certificate {
            height: Height(10),
            ..genuine.clone()
        },
        Certificate {
            round: 4,
            ..genuine.clone()
        },
        Certificate {
            block: BlockId([3; 32]),
            ..genuine.clone()
        },
    ] {
        assert!(changed.verify(&LEDGER, &validators).is_err());
    }
}

#[test]
fn a_validator_set_is_sorted_and_has_no_doubles_and_no_impossible_power() {
    let validators = set(&[1; 4]);
    let addresses: Vec<_> = validators
        .as_slice()
        .iter()
        .map(Validator::address)
        .collect();
    assert!(addresses.is_sorted_by(|a, b| a < b));
    for validator in validators.as_slice() {
        assert_eq!(validators.get(&validator.address()), Some(validator));
    }
    assert_eq!(validators.get(&ValidatorAddress([0; 20])), None);
    let reversed = validators.as_slice().iter().rev().cloned().collect();
    assert_eq!(ValidatorSet::new(reversed), Ok(validators));

    assert_eq!(ValidatorSet::new(vec![]), Err(ValidatorSetError::Count(0)));
    let many = vec![validator(0, 1); VALIDATORS_MAX + 1];
    assert_eq!(
        ValidatorSet::new(many),
        Err(ValidatorSetError::Count(VALIDATORS_MAX + 1))
    );
    let named = |name: &str, base: Validator| Validator {
        name: name.to_owned(),
        ..base
    };
    let keyed = |note: u8| Validator {
        note_key: PublicKey::of(&key(note)),
        ..validator(1, 1)
    };
    for double in [
        validator(0, 1),
        named("node-0", validator(1, 1)),
        named("other", validator(0, 1)),
        keyed(100),
        keyed(0),
        keyed(1),
        keyed(201),
    ] {
        let result = ValidatorSet::new(vec![validator(0, 1), double.clone()]);
        assert!(
            matches!(result, Err(ValidatorSetError::Duplicate(_))),
            "{double:?}"
        );
    }
    for powers in [[0, 1], [u64::MAX, 1], [1 << 62, 1 << 62]] {
        let result = ValidatorSet::new(vec![validator(0, powers[0]), validator(1, powers[1])]);
        assert!(
            matches!(result, Err(ValidatorSetError::Power(_))),
            "{powers:?}"
        );
    }
}

fn header() -> Header {
    Header {
        ledger: LEDGER,
        height: HEIGHT,
        time: BlockTime(1),
        proposer: ValidatorAddress([3; 20]),
        previous: BLOCK,
        tree_size: 0,
        tree_root: TreeHash([4; 32]),
        state_root: StateRoot([5; 32]),
        next_validators: set(&[1]).id(),
    }
}

#[test]
fn a_block_is_read_back_and_one_beyond_a_limit_is_refused() {
    let block = |records| Block {
        header: header(),
        records,
    };
    for records in [
        vec![],
        vec![vec![]; BLOCK_RECORDS_MAX],
        vec![vec![1; RECORD_BYTES_MAX]],
    ] {
        let block = block(records);
        assert_eq!(Block::decode(&block.encode()), Ok(block));
    }
    for records in [
        vec![vec![]; BLOCK_RECORDS_MAX + 1],
        vec![vec![1; RECORD_BYTES_MAX + 1]],
    ] {
        assert!(Block::decode(&block(records).encode()).is_err());
    }
    let announced = |head: &[u8]| [&[0x82], &encode(&header())[..], head].concat();
    for head in [
        &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..],
        &[0x9f],
        &[0x9f, 0xff],
    ] {
        assert!(Block::decode(&announced(head)).is_err(), "{head:?}");
    }
}

//! What an operator who approves is spared, and what not.

use deedbook_schemas::block::BlockTime;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::validators::approval_bytes;
use tempfile::TempDir;

use super::*;
use crate::config::{FILE_NAME, NetworkConfig};
use crate::keys::write_log_share;
use crate::log_key::tests::ceremony;

const NAMES: [&str; 4] = ["bank", "court", "justice", "registrar"];

/// Four nodes of one machine, each with its keys and its share, and who is in office.
struct Operators {
    folder: TempDir,
    genesis: Genesis,
    office: ValidatorsInOffice,
}

impl Operators {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (log, shares) = ceremony(&NAMES);
        let mut validators = Vec::new();
        for (name, share) in NAMES.iter().zip(&shares) {
            let keys = folder.path().join(name).join("keys");
            let public = NodeKeys::create(&keys, name).unwrap();
            write_log_share(&keys, share).unwrap();
            validators.push(public.validator(log.shares[*name]));
        }
        validators.sort_by_key(Validator::address);
        let office = ValidatorsInOffice {
            number: 6,
            log_key: log.log_key,
            validators: validators.clone(),
        };
        let genesis = Genesis {
            origin: "ledger.example/deeds".to_owned(),
            time: BlockTime(1),
            validators,
            authorities: Vec::new(),
            profile: Profile::kazakhstan(),
            log_key: log.log_key,
        };
        let operators = Self {
            folder,
            genesis,
            office,
        };
        for name in NAMES {
            operators.configure(name);
        }
        operators
    }

    fn configure(&self, name: &str) {
        let network = || NetworkConfig {
            listen: "/ip4/127.0.0.1/tcp/1".parse().unwrap(),
            peers: Vec::new(),
        };
        let config = NodeConfig {
            name: None,
            genesis: "genesis.json".into(),
            data: "data".into(),
            keys: "keys".into(),
            api_listen: "127.0.0.1:1".parse().unwrap(),
            consensus: network(),
            records: network(),
            witnesses: Vec::new(),
        };
        let home = self.folder.path().join(name);
        let genesis = serde_json::to_string(&self.genesis).unwrap();
        fs::write(home.join("genesis.json"), genesis).unwrap();
        fs::write(home.join(FILE_NAME), toml::to_string(&config).unwrap()).unwrap();
    }

    /// What `name` answers to `next` while `office` is in office.
    fn approve(
        &self,
        name: &str,
        office: &ValidatorsInOffice,
        next: &[Validator],
    ) -> Result<Approved, ApprovalError> {
        let file = |name: &str| self.folder.path().join(name);
        fs::write(file("present"), serde_json::to_vec(office).unwrap()).unwrap();
        fs::write(file("next"), serde_json::to_vec(next).unwrap()).unwrap();
        approve(&file(name), &file("present"), &file("next"))
    }

    /// The same four with twice the power each: new, with the shares that they have.
    fn next(&self) -> Vec<Validator> {
        let mut next = self.office.validators.clone();
        next.iter_mut().for_each(|validator| validator.power = 2);
        next
    }

    fn refused(&self, name: &str, office: &ValidatorsInOffice, next: &[Validator]) -> String {
        self.approve(name, office, next).unwrap_err().to_string()
    }
}

#[test]
fn a_validator_approves_what_follows_under_the_next_number() {
    let operators = Operators::new();
    let next = operators.next();
    let id = ValidatorSet::new(next.clone()).unwrap().id();
    for validator in &next {
        let approved = operators.approve(&validator.name, &operators.office, &next);
        let Approved {
            approval,
            joining,
            leaving,
        } = approved.unwrap();
        assert_eq!(approval.validator, validator.address());
        let message = approval_bytes(&operators.genesis.ledger_id(), 7, id);
        assert!(
            validator
                .consensus_key
                .verify(&message, &approval.signature)
        );
        assert!(joining.is_empty() && leaving.is_empty());
    }
}

#[test]
fn who_leaves_and_who_joins_is_told_and_needs_no_share_that_it_will_not_have() {
    let operators = Operators::new();
    // Three are left with a key of their own: for who leaves, its consistency is what matters.
    let (log, shares) = ceremony(&NAMES[1..]);
    let genesis = Genesis {
        log_key: log.log_key,
        ..operators.genesis.clone()
    };
    let operators = Operators {
        genesis,
        office: ValidatorsInOffice {
            log_key: log.log_key,
            ..operators.office.clone()
        },
        ..operators
    };
    NAMES.iter().for_each(|name| operators.configure(name));
    let mut next = operators.next();
    next.retain(|validator| validator.name != "bank");
    for validator in &mut next {
        validator.log_share = log.shares[&validator.name];
    }
    let approved = operators.approve("bank", &operators.office, &next).unwrap();
    assert_eq!(approved.leaving, BTreeSet::from(["bank".to_owned()]));
    assert_eq!(approved.joining, BTreeSet::new());
    // Who stays has only its old share; then it gets the new one.
    let error = operators.refused("court", &operators.office, &next);
    assert!(error.contains("none of the 1 shares"), "{error}");
    let keys = operators.folder.path().join("court/keys");
    crate::keys::write_next_log_share(&keys, &shares[0]).unwrap();
    operators
        .approve("court", &operators.office, &next)
        .unwrap();
    // As if court had been no validator before.
    let mut office = operators.office.clone();
    office
        .validators
        .retain(|validator| validator.name != "court");
    let approved = operators.approve("court", &office, &next).unwrap();
    assert_eq!(approved.joining, BTreeSet::from(["court".to_owned()]));
}

#[test]
fn nothing_is_signed_that_the_ledger_would_refuse_or_that_ends_the_log_s_key() {
    type Spoil = (&'static str, fn(&mut Vec<Validator>));
    let operators = Operators::new();
    let cases: &[Spoil] = &[
        ("those in office", |next| {
            next.iter_mut().for_each(|validator| validator.power = 1);
        }),
        ("between 1 and", |next| next.clear()),
        ("shares a name or a key", |next| next.push(next[0].clone())),
        ("powers differ", |next| next[0].power = 100),
        ("another name or note key", |next| {
            next[0].name = "tribunal".to_owned();
        }),
        ("not admissible", |next| next[0].name = "a b".to_owned()),
        ("not admissible", |next| {
            next[0].log_share = PublicKey([0; 32]);
        }),
        ("not one of the log's key", |next| {
            let other = ceremony(&NAMES).0;
            next[0].log_share = other.shares[&next[0].name];
        }),
        ("not one of the log's key", |next| {
            let (first, second) = (next[0].log_share, next[1].log_share);
            (next[0].log_share, next[1].log_share) = (second, first);
        }),
    ];
    for (says, spoil) in cases {
        let mut next = operators.next();
        spoil(&mut next);
        for name in NAMES {
            let error = operators.refused(name, &operators.office, &next);
            assert!(error.contains(says), "{says}: {error}");
        }
    }
    let foreign = ValidatorsInOffice {
        log_key: ceremony(&NAMES).0.log_key,
        ..operators.office.clone()
    };
    let error = operators.refused("bank", &foreign, &operators.next());
    assert!(error.contains("the genesis says"), "{error}");
    let stranger = NodeKeys::create(&operators.folder.path().join("new/keys"), "new");
    stranger.unwrap();
    operators.configure("new");
    let error = operators.refused("new", &operators.office, &operators.next());
    assert!(
        error.contains("of no present and no next validator"),
        "{error}"
    );
    fs::remove_file(operators.folder.path().join("bank/keys/log.key")).unwrap();
    let error = operators.refused("bank", &operators.office, &operators.next());
    assert!(error.contains("log.key"), "{error}");
    fs::write(operators.folder.path().join("next"), "[{}]").unwrap();
    let file = |name: &str| operators.folder.path().join(name);
    let error = approve(&file("court"), &file("present"), &file("next")).unwrap_err();
    assert!(error.to_string().contains("next"), "{error}");
}

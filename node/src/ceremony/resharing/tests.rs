//! Both ceremonies as operators hold them: on the command line, through files.

use std::os::unix::fs::PermissionsExt as _;

use clap::Parser as _;
use deedbook_node::keys::{NodeKeys, log_shares};
use deedbook_node::log_key::LogGroup;
use deedbook_schemas::block::BlockTime;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::validators::{Validator, ValidatorSet};
use tempfile::TempDir;

use super::*;
use crate::{Arguments, Command};

const FOUR: [&str; 4] = ["bank", "justice", "notaries", "registrar"];
const FIVE: [&str; 5] = ["bank", "court", "justice", "notaries", "registrar"];
const DEALERS: [&str; 3] = ["bank", "justice", "registrar"];

/// Folders of operators, who exchange files.
struct World {
    folder: TempDir,
    exchange: PathBuf,
}

impl World {
    /// The log's key is made by four and stands in a genesis; court has keys of its own.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self {
            exchange: PathBuf::new(),
            folder,
        };
        let all = FIVE.map(|name| NodeKeys::create(&world.keys(name), name).unwrap());
        world.exchange("ceremony");
        for name in FOUR {
            let begin = format!("begin --name {name} {}", each("participant", &FOUR));
            world.step(name, &begin).unwrap();
        }
        let agreed = world.step("bank", "compare").unwrap()["fingerprint"].clone();
        for name in FOUR {
            let agreed = format!("deal --fingerprint={}", spoken(&agreed));
            world.step(name, &agreed).unwrap();
        }
        let made = FOUR.map(|name| world.step(name, "finish").unwrap());
        assert!(made.iter().all(|other| *other == made[0]));
        let keys: LogKeys = serde_json::from_value(made[0].clone()).unwrap();
        let founders = all.iter().filter(|public| public.name != "court");
        let genesis = Genesis {
            origin: "ledger.example/deeds".to_owned(),
            time: BlockTime(1),
            validators: founders
                .map(|public| public.validator(keys.shares[&public.name]))
                .collect(),
            authorities: Vec::new(),
            profile: Profile::kazakhstan(),
            log_key: keys.log_key,
        };
        world.write("genesis.json", &serde_json::to_value(&genesis).unwrap());
        world.in_office(0, genesis.validators);
        world
    }

    /// Writes who is in office, as `deedbook validators` does.
    fn in_office(&self, number: u32, validators: Vec<Validator>) {
        let genesis: Genesis = read_json(&self.folder.path().join("genesis.json")).unwrap();
        let office = ValidatorsInOffice {
            number,
            log_key: genesis.log_key,
            validators,
        };
        self.write("present.json", &serde_json::to_value(office).unwrap());
    }

    fn keys(&self, name: &str) -> PathBuf {
        self.folder.path().join("keys").join(name)
    }

    /// From now on, files are exchanged here.
    fn exchange(&mut self, name: &str) {
        self.exchange = self.folder.path().join(name);
        fs::create_dir(&self.exchange).unwrap();
    }

    fn write(&self, name: &str, value: &Value) {
        fs::write(self.folder.path().join(name), value.to_string()).unwrap();
    }

    /// One step of `name`'s, as it would type it, after `deedbook-node ceremony`.
    fn step(&self, name: &str, line: &str) -> anyhow::Result<Value> {
        let (keys, exchange) = (self.keys(name), self.exchange.clone());
        let folders = format!(
            "--keys {} --exchange {}",
            keys.display(),
            exchange.display()
        );
        let line = format!("deedbook-node ceremony {line} {folders}");
        let arguments = Arguments::try_parse_from(line.split_whitespace())?;
        let Command::Ceremony(step) = arguments.command else {
            panic!("{line}");
        };
        super::super::outcome(step)
    }

    fn begin(
        &self,
        name: &str,
        dealers: &[&str],
        members: &[&str],
        more: &str,
    ) -> anyhow::Result<Value> {
        let genesis = self.folder.path().join("genesis.json");
        let (dealers, members) = (each("dealer", dealers), each("member", members));
        let line = format!("reshare begin --name {name} {dealers} {members} {more}");
        let present = self.folder.path().join("present.json");
        let (genesis, present) = (genesis.display(), present.display());
        self.step(
            name,
            &format!("{line} --genesis {genesis} --present {present}"),
        )
    }

    /// All who take part compare and deal; the next validators as they compared them.
    fn compare_and_deal(&self, participants: &[&str]) -> Value {
        let compared: Vec<_> = participants
            .iter()
            .map(|name| self.step(name, "reshare compare").unwrap())
            .collect();
        assert!(compared.iter().all(|other| *other == compared[0]));
        let agreed = spoken(&compared[0]["fingerprint"]);
        for name in participants {
            let line = format!("reshare deal --fingerprint {agreed}");
            self.step(name, &line).unwrap();
        }
        compared[0]["next_validators"].clone()
    }

    fn refused(&self, name: &str, line: &str, says: &[&str]) {
        let error = format!("{:#}", self.step(name, line).unwrap_err());
        assert!(says.iter().all(|part| error.contains(part)), "{error}");
    }

    /// The names of the files beside a node's own keys.
    fn secrets(&self, name: &str) -> Vec<String> {
        let files = fs::read_dir(self.keys(name)).unwrap();
        let own = ["consensus.key", "note.key", "network.key"];
        let mut files: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| !own.contains(&name.as_str()))
            .collect();
        files.sort();
        files
    }

    /// Whoever is in this set has its share of it.
    fn check(&self, next: &Value) -> Vec<Validator> {
        let genesis: Genesis = read_json(&self.folder.path().join("genesis.json")).unwrap();
        let next: Vec<Validator> = serde_json::from_value(next.clone()).unwrap();
        let set = ValidatorSet::new(next.clone()).unwrap();
        assert_eq!(set.as_slice(), next, "sorted as a validator set is");
        let group = LogGroup::new(&LogKeys::of(genesis.log_key, &next).unwrap()).unwrap();
        for validator in &next {
            let shares = log_shares(&self.keys(&validator.name)).unwrap();
            group.choose(&validator.name, &shares).unwrap();
        }
        next
    }
}

fn each(option: &str, names: &[&str]) -> String {
    let each = names.iter().map(|name| format!("--{option} {name}"));
    each.collect::<Vec<_>>().join(" ")
}

/// As it is typed after it was read out.
fn spoken(fingerprint: &Value) -> String {
    fingerprint
        .as_str()
        .unwrap()
        .replace(' ', "")
        .to_uppercase()
}

#[test]
fn a_validator_joins_and_another_leaves_on_the_command_line() {
    let mut world = World::new();
    let before = fs::read(world.keys("bank").join("log.key")).unwrap();
    world.exchange("joining");
    for name in FIVE {
        let power = if name == "court" { "--power 1" } else { "" };
        world.begin(name, &DEALERS, &FIVE, power).unwrap();
    }
    let announced = world.compare_and_deal(&FIVE);
    for name in FIVE {
        let next = world.step(name, "reshare finish").unwrap();
        assert_eq!(next, announced, "{name}");
        let old: &[&str] = if name == "court" { &[] } else { &["log.key"] };
        assert_eq!(world.secrets(name), [old, &["log.next.key"]].concat());
        let path = world.keys(name).join("log.next.key");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let secret = fs::read_to_string(&path).unwrap();
        for file in fs::read_dir(&world.exchange).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(!text.contains(secret.trim()));
        }
    }
    let kept = fs::read(world.keys("bank").join("log.key")).unwrap();
    assert_eq!(kept, before, "the present share stays");
    let next = world.check(&announced);
    let names: Vec<&str> = next.iter().map(|one| one.name.as_str()).collect();
    assert!(FIVE.iter().all(|name| names.contains(name)) && names.len() == 5);
    let genesis: Genesis = read_json(&world.folder.path().join("genesis.json")).unwrap();
    for old in &genesis.validators {
        let new = next.iter().find(|new| new.name == old.name).unwrap();
        assert_ne!(new.log_share, old.log_share);
        let share = Validator {
            log_share: old.log_share,
            ..new.clone()
        };
        assert_eq!(share, *old, "all else is as it was");
    }

    // The set is in force. Bank leaves, and deals.
    world.exchange("leaving");
    let rename = |name: &str| {
        let keys = world.keys(name);
        fs::rename(keys.join("log.next.key"), keys.join("log.key")).unwrap();
    };
    FIVE.into_iter().for_each(rename);
    let dealers = ["bank", "court", "justice", "registrar"];
    let members = ["court", "justice", "notaries", "registrar"];
    for name in FIVE {
        world.in_office(0, genesis.validators.clone());
        let stale = world.begin(name, &dealers, &members, "").unwrap_err();
        assert!(stale.to_string().contains("court"), "{stale}");
        world.in_office(1, next.clone());
        world.begin(name, &dealers, &members, "").unwrap();
    }
    let announced = world.compare_and_deal(&FIVE);
    for name in FIVE {
        assert_eq!(world.step(name, "reshare finish").unwrap(), announced);
    }
    assert_eq!(
        world.secrets("bank"),
        ["log.key"],
        "no share for who leaves"
    );
    assert_eq!(world.check(&announced).len(), 4);
}

#[test]
fn a_step_out_of_order_or_with_wrong_files_says_what_is_wrong() {
    let mut world = World::new();
    world.exchange("resharing");
    let participants = FIVE;
    world.refused("bank", "reshare compare", &["begin first"]);
    for name in participants {
        world.begin(name, &DEALERS, &FIVE, "").unwrap();
        assert!(
            world.begin(name, &DEALERS, &FIVE, "").is_err(),
            "nothing is overwritten"
        );
    }
    let first = world.exchange.join("first.2-court.json");
    let kept = fs::read(&first).unwrap();
    fs::write(&first, b"{}").unwrap();
    world.refused("bank", "reshare compare", &["package of court is refused"]);
    fs::remove_file(&first).unwrap();
    world.refused("bank", "reshare compare", &["court", "missing"]);
    fs::write(&first, kept).unwrap();

    world.refused("bank", "reshare finish", &["deal first"]);
    let other = format!("reshare deal --fingerprint {}", "ab".repeat(32));
    world.refused("bank", &other, &["saw different packages"]);
    assert_eq!(world.secrets("bank"), ["log.key", "resharing-begun.secret"]);
    world.compare_and_deal(&participants);
    let dealt = world.keys("bank").join("resharing-dealt.secret");
    assert_eq!(
        fs::metadata(dealt).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let second = world.exchange.join("second.3-justice.for.2-court.json");
    let of_bank = world.exchange.join("second.1-bank.for.2-court.json");
    let kept = fs::read(&second).unwrap();
    fs::write(&second, fs::read(of_bank).unwrap()).unwrap();
    world.refused("court", "reshare finish", &["bank"]);
    fs::remove_file(&second).unwrap();
    world.refused("court", "reshare finish", &["justice", "missing"]);
    assert_eq!(
        world.secrets("court"),
        ["resharing-begun.secret", "resharing-dealt.secret"]
    );
    fs::write(&second, kept).unwrap();
    world.step("court", "reshare finish").unwrap();

    let again = world.begin("court", &DEALERS, &FIVE, "").unwrap_err();
    assert!(again.to_string().contains("log.next.key"), "{again}");
    let lonely = world.begin("bank", &["bank"], &FIVE, "").unwrap_err();
    assert!(
        lonely
            .to_string()
            .contains("1 dealers are named; 3 of the 4"),
        "{lonely}"
    );
}

#[test]
fn the_help_of_both_ceremonies_lists_their_steps_and_says_what_becomes_of_old_shares() {
    let help = |line: &str| {
        let refused = Arguments::try_parse_from(line.split_whitespace());
        refused.err().unwrap().to_string()
    };
    let first = help("deedbook-node ceremony --help");
    let again = help("deedbook-node ceremony reshare --help");
    for text in [&first, &again] {
        assert!(text.contains("\n  compare  everybody, once"), "{text}");
    }
    assert!(
        again.contains("the old shares must be destroyed"),
        "{again}"
    );
    assert!(again.contains("refreshed"), "{again}");
}

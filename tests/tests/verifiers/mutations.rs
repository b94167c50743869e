//! Random structural mutations: of a receipt's lines, of what it carries, of certificates, of policies;
//! and of what is signed, signed anew, so that only the form of what is inside can be refused.

use deedbook_schemas::carried::Carried;
use deedbook_schemas::cose::Statement;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::keys::{Signature, sign};
use deedbook_schemas::outcome::{Entry, Outcome};
use deedbook_schemas::receipt::Receipt;
use deedbook_schemas::state_receipt::Kind;

use crate::cbor::Item;
use crate::certificates::{
    Object, certificate, certificates, checked, different_states, proving, state_receipts,
};
use crate::log::policy_text;
use crate::random::Random;
use crate::receipts::{Signed, compact_receipts, fresh, receipts, records};

/// What mutations are made of.
pub(crate) struct Stock {
    pub(crate) receipts: Vec<Vec<u8>>,
    pub(crate) certificates: Vec<Vec<u8>>,
    compact_receipts: Vec<Vec<u8>>,
    pub(crate) state_receipts: Vec<Vec<u8>>,
    records: Vec<Signed>,
    states: Vec<Vec<Object>>,
    pub(crate) policy: Vec<u8>,
}

/// A file that somebody changed, under a policy.
pub(crate) struct Mutation {
    pub(crate) kind: &'static str,
    pub(crate) policy: Vec<u8>,
    pub(crate) file: Vec<u8>,
    /// Whether its signatures are ours and new: then it may prove something new.
    pub(crate) anew: bool,
}

impl Stock {
    pub(crate) fn new() -> Self {
        Self {
            receipts: receipts(100),
            certificates: certificates(),
            compact_receipts: compact_receipts(100),
            state_receipts: state_receipts(10),
            records: records(),
            states: different_states(),
            policy: policy_text().into_bytes(),
        }
    }

    pub(crate) fn mutation(&self, random: &mut Random) -> Mutation {
        let receipt = random.pick(&self.receipts);
        let (kind, anew, file) = match random.below(24) {
            0..=4 => ("lines of a receipt", false, self.lines(receipt, random)),
            5..=7 => ("what a receipt carries", false, carried(receipt, random)),
            8..=12 => (
                "a record, signed anew",
                true,
                record(random.pick(&self.records), random),
            ),
            13 => (
                "an outcome, logged anew",
                true,
                outcome(random.pick(&self.records), random),
            ),
            14 | 15 => ("a certificate", false, self.certificate(random)),
            16 | 17 => (
                "a state, sealed anew",
                true,
                state(random.pick::<Vec<Object>>(&self.states), random),
            ),
            18 | 19 => {
                let item = self.other_parts(&self.compact_receipts, random);
                ("a compact receipt", false, item.write())
            }
            20 => {
                let item = self.other_parts(&self.state_receipts, random);
                ("a state receipt", false, sealed(item, random))
            }
            21 => {
                let objects = random.pick::<Vec<Object>>(&self.states);
                let file = object(random.pick(objects), random);
                ("an object, sealed anew", true, file)
            }
            _ => {
                let file = if random.once_in(3) {
                    random.pick(&self.certificates)
                } else {
                    receipt
                };
                let policy = self.lines(&self.policy, random);
                return Mutation {
                    kind: "a policy",
                    policy,
                    file: file.clone(),
                    anew: false,
                };
            }
        };
        Mutation {
            kind,
            policy: self.policy.clone(),
            file,
            anew,
        }
    }

    /// Changes a text somewhere.
    fn lines(&self, text: &[u8], random: &mut Random) -> Vec<u8> {
        let text = String::from_utf8(text.to_vec()).unwrap();
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        for _ in 0..=random.below(2) {
            let (at, other) = (random.below(lines.len()), random.below(lines.len()));
            match random.below(8) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[other].clone()),
                2 => lines.swap(at, other),
                3 => lines[at] = self.foreign_line(random),
                4 => lines.insert(at, self.foreign_line(random)),
                5 => lines[at] = tokens(&lines[at], random),
                _ => lines[at] = characters(&lines[at], random),
            }
            if lines.is_empty() {
                break;
            }
        }
        let joint = if random.once_in(40) { "\r\n" } else { "\n" };
        lines.join(joint).into_bytes()
    }

    /// A line of another receipt or of the policy.
    fn foreign_line(&self, random: &mut Random) -> String {
        let other = if random.once_in(5) {
            &self.policy
        } else {
            random.pick(&self.receipts)
        };
        let text = String::from_utf8(other.clone()).unwrap();
        let lines: Vec<_> = text.split('\n').collect();
        (*random.pick(&lines)).to_owned()
    }

    fn certificate(&self, random: &mut Random) -> Vec<u8> {
        sealed(self.other_parts(&self.certificates, random), random)
    }

    /// One of these files with something in it changed, or with a part of another one.
    fn other_parts(&self, files: &[Vec<u8>], random: &mut Random) -> Item {
        let mut item = Item::read(random.pick::<Vec<u8>>(files)).unwrap();
        if random.once_in(3)
            && let (Item::Array(parts), Some(Item::Array(others))) =
                (&mut item, Item::read(random.pick::<Vec<u8>>(files)))
        {
            let part = random.below(parts.len().min(others.len()));
            parts[part] = others[part].clone();
        } else if random.once_in(4)
            && let Item::Array(parts) = &mut item
            && let Item::Text(note) = &mut parts[1]
        {
            *note = self.lines(note, random);
        } else {
            item.mutate(random);
        }
        item
    }
}

/// With its check made anew or, now and then, as it is.
fn sealed(receipt: Item, random: &mut Random) -> Vec<u8> {
    if random.once_in(3) {
        receipt.write()
    } else {
        checked(receipt)
    }
}

/// Changes one word of a line.
fn tokens(line: &str, random: &mut Random) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    let at = random.below(words.len());
    let replacements = [
        "",
        "0",
        "1",
        "2",
        "3",
        "4",
        "00",
        "+1",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "any",
        "all",
        "none",
        "validators",
        "public",
        "index",
        "extra",
        "group",
        "quorum",
        "log",
        "witness",
        "bar.example/witness",
        "=",
        "AA==",
        "\u{a0}",
        "\u{85}",
        "#",
    ];
    match random.below(4) {
        0 => drop(words.remove(at)),
        1 => words.insert(at, words[at]),
        _ => words[at] = random.pick::<&str>(&replacements),
    }
    words.join(" ")
}

/// Changes one character of a line.
fn characters(line: &str, random: &mut Random) -> String {
    let strange = [
        'A',
        'z',
        '0',
        '9',
        '+',
        '/',
        '=',
        '-',
        '\u{2014}',
        ' ',
        '\t',
        '\r',
        '\0',
        '\u{7f}',
        '\u{85}',
        '\u{a0}',
        '\u{feff}',
        '\u{2028}',
        '\u{3000}',
        '\u{200b}',
        '\u{1f600}',
        'é',
        '٣',
        '\n',
    ];
    let mut all: Vec<char> = line.chars().collect();
    let at = random.below(all.len() + 1);
    match random.below(3) {
        0 => all.insert(at, *random.pick(&strange)),
        1 if at < all.len() => drop(all.remove(at)),
        _ if at < all.len() => all[at] = *random.pick(&strange),
        _ => all.push(*random.pick(&strange)),
    }
    all.into_iter().collect()
}

/// Changes what a receipt carries, and nothing else of it.
fn carried(receipt: &[u8], random: &mut Random) -> Vec<u8> {
    let read = Receipt::parse(receipt).unwrap();
    let mut item = Item::read(read.extra().unwrap()).unwrap();
    item.mutate(random);
    let text = String::from_utf8(receipt.to_vec()).unwrap();
    let (_, rest) = text.split_once("\nindex ").unwrap();
    let index: u64 = rest.split('\n').next().unwrap().parse().unwrap();
    let hashes = rest.split("\n\n").next().unwrap().lines().skip(1).count();
    assert!(hashes > 0);
    let with = Receipt::new(item.write(), index, vec![], read.checkpoint().clone()).to_string();
    // The hashes as they were.
    let first = with.split("\nindex ").next().unwrap();
    format!("{first}\nindex {rest}").into_bytes()
}

/// A record with something changed inside, signed by the same person and logged anew.
fn record(signed: &Signed, random: &mut Random) -> Vec<u8> {
    let record = changed_record(signed, random);
    if random.once_in(4) {
        let carried = Carried::new(outcome_of(&record).encode(), Some(record));
        return fresh(&carried);
    }
    fresh(&Carried::new(record, None))
}

fn changed_record(signed: &Signed, random: &mut Random) -> Vec<u8> {
    let statement = Statement::decode(&signed.record).unwrap();
    let mut payload = Item::read(&statement.payload).unwrap();
    let mut header = Item::read(&statement.header.encode()).unwrap();
    if let Item::Map(fields) = &mut payload
        && random.once_in(2)
    {
        // Without the attestation, which was made for what is changed now.
        fields.retain(|(key, _)| *key != Item::Uint(4));
    }
    let mut unprotected = Item::Map(vec![]);
    match random.below(12) {
        0 | 1 => header.mutate(random),
        2 => unprotected.mutate(random),
        3 => {}
        4..=9 => {
            // The body, which is all that differs between the kinds.
            if let Item::Map(fields) = &mut payload
                && let Some((_, body)) = fields.iter_mut().find(|(key, _)| *key == Item::Uint(2))
            {
                body.mutate(random);
            }
        }
        _ => payload.mutate(random),
    }
    let (header, payload) = (header.write(), payload.write());
    let bytes = |bytes: &[u8]| Item::Bytes(bytes.to_vec());
    let signed_bytes = Item::Array(vec![
        Item::Text(b"Signature1".to_vec()),
        bytes(&header),
        bytes(&[]),
        bytes(&payload),
    ]);
    let Signature(signature) = sign(&signed.key(), &signed_bytes.write());
    let parts = vec![
        bytes(&header),
        unprotected,
        bytes(&payload),
        bytes(&signature),
    ];
    let mut whole = Item::Tag(18, Box::new(Item::Array(parts)));
    if random.once_in(20) {
        whole.mutate(random);
    }
    whole.write()
}

/// The outcome of a record, which need not be one that reads.
fn outcome_of(record: &[u8]) -> Entry {
    let id = Statement::decode(record).map(|statement| statement.id());
    Entry::Outcome(Outcome {
        record: id.unwrap_or(deedbook_schemas::digest::RecordId([9; 32])),
        status: Status::Registered,
        codes: vec![],
        title_version: None,
    })
}

/// A changed outcome or seal, logged anew.
fn outcome(signed: &Signed, random: &mut Random) -> Vec<u8> {
    let mut item = Item::read(&outcome_of(&signed.record).encode()).unwrap();
    item.mutate(random);
    let record = (!random.once_in(6)).then(|| signed.record.clone());
    let entry = item.write();
    if entry.is_empty() {
        return vec![];
    }
    fresh(&Carried::new(entry, record))
}

/// A state with a changed, missing or additional object, sealed and signed anew.
fn state(objects: &[Object], random: &mut Random) -> Vec<u8> {
    let mut objects = objects.to_vec();
    let at = random.below(objects.len());
    match random.below(10) {
        0 => drop(objects.remove(at)),
        1 => objects.push((b"P".iter().copied().chain([9; 16]).collect(), None)),
        2 => objects[at].1 = None,
        3 => objects[at].0.push(b'1'),
        _ => {
            if let Some(value) = &mut objects[at].1 {
                let mut item = Item::read(value).unwrap();
                item.mutate(random);
                *value = item.write();
            }
        }
    }
    objects.sort();
    if objects.is_empty() {
        return vec![];
    }
    certificate(&objects, &[0, 1, 2, 4])
}

/// One object, changed, missing or another, sealed and signed anew.
fn object((key, value): &Object, random: &mut Random) -> Vec<u8> {
    let (mut key, mut value) = (key.clone(), value.clone());
    match random.below(8) {
        0 => value = None,
        1 => value = Some(vec![]),
        2 => key.clear(),
        3 => key.push(random.byte()),
        4 => key = vec![*random.pick(b"TIWPx"), random.byte()],
        _ => {
            if let Some(value) = &mut value {
                let mut item = Item::read(value).unwrap();
                item.mutate(random);
                *value = item.write();
            }
        }
    }
    proving(Kind::Object, &[(key, value)], &[0, 1, 2], 20, 3)
}

//! Random structural mutations before all three verifiers.

use std::collections::BTreeMap;
use std::time::Instant;

use deedbook_schemas::limits::SECONDS_MAX;
use serde_json::Value;

use crate::cbor::Item;
use crate::certificates::{certificate, checked, different_states};
use crate::flips::{mutations, same_but_fewer};
use crate::log::policy_text;
use crate::machines::{Case, Machine, Rust, machines, say, share};
use crate::mutations::{Mutation, Stock};
use crate::random::Random;

/// What the genuine files prove. A file of one object may be read as a certificate of it or as the state
/// receipt that it also is: both are true.
fn genuine(stock: &Stock) -> Vec<Value> {
    let mut rust = Rust::default();
    assert!(rust.policy(&stock.policy));
    let of_states = || stock.certificates.iter().chain(&stock.state_receipts);
    let files = stock.receipts.iter().chain(of_states());
    let mut genuine: Vec<_> = files.map(|file| rust.file(file).unwrap()).collect();
    genuine.extend(of_states().filter_map(|file| rust.file(&of_the_other_kind(file))));
    genuine
}

/// A title certificate as a state receipt of one object, or the other way round; not every one can be.
fn of_the_other_kind(file: &[u8]) -> Vec<u8> {
    let mut item = Item::read(file).unwrap();
    if let Item::Array(parts) = &mut item
        && let Item::Uint(kind) = &mut parts[0]
    {
        *kind = 3 - *kind;
    }
    checked(item)
}

/// Mutations made and judged in one go.
const PIECE: usize = 250;

/// Of each kind of mutation, how many there were and how many proved something.
type Proved = BTreeMap<&'static str, [usize; 2]>;

/// Makes a piece of mutations and gives them to all machines; what is wrong is said aloud at once.
fn mutate(
    machines: &mut [Box<dyn Machine>],
    seed: u64,
    stock: &Stock,
    genuine: &[Value],
) -> (Proved, Vec<String>) {
    let mut random = Random::new(seed);
    let mutations: Vec<_> = (0..PIECE).map(|_| stock.mutation(&mut random)).collect();
    let cases: Vec<_> = mutations
        .iter()
        .map(|one| Case {
            policy: Some(one.policy.clone()),
            file: one.file.clone(),
        })
        .collect();
    let answers: Vec<_> = machines
        .iter_mut()
        .map(|machine| (machine.name(), machine.answers(&cases)))
        .collect();
    let (mut proved, mut wrong) = (Proved::new(), Vec::new());
    for (place, mutation) in mutations.iter().enumerate() {
        let (_, answer) = &answers[0].1[place];
        let described = || {
            let Mutation {
                kind, policy, file, ..
            } = mutation;
            let (policy, file) = (String::from_utf8_lossy(policy), hex::encode(file));
            format!("mutation {place} of {seed}, {kind}; policy {policy}; file {file}")
        };
        for (name, others) in &answers {
            if others[place] != answers[0].1[place] {
                wrong.push(format!("{name} and Rust differ: {}", described()));
            }
        }
        let [all, proven] = proved.entry(mutation.kind).or_default();
        *all += 1;
        if let Some(found) = answer {
            *proven += 1;
            if !mutation.anew && !genuine.iter().any(|whole| same_statement(found, whole)) {
                wrong.push(format!("proves {found}: {}", described()));
            }
        }
    }
    wrong.iter().for_each(|line| say(line));
    (proved, wrong)
}

#[test]
fn no_structural_mutation_changes_what_is_proved_or_divides_the_three() {
    let stock = Stock::new();
    let genuine = genuine(&stock);
    let (started, count) = (Instant::now(), mutations());
    let seeds: Vec<u64> = (20_261_122..).take(count.div_ceil(PIECE)).collect();
    let each =
        |machines: &mut [Box<dyn Machine>], seed: &u64| mutate(machines, *seed, &stock, &genuine);
    let pieces = share("mutations", &seeds, &stock.policy, each);
    let mut all: Proved = BTreeMap::new();
    let mut wrong = Vec::new();
    for (proved, more) in pieces {
        for (kind, [made, proven]) in proved {
            let sums = all.entry(kind).or_default();
            sums[0] += made;
            sums[1] += proven;
        }
        wrong.extend(more);
    }
    let (made, took) = (seeds.len() * PIECE, started.elapsed());
    say(&format!(
        "{made} structural mutations in {took:.0?}; proven of all, by kind: {all:?}"
    ));
    assert_eq!(wrong, Vec::<String>::new());
}

/// Puts a number where a path of keys and places leads.
fn put(item: &mut Item, path: &[usize], number: u64) {
    let Some((step, rest)) = path.split_first() else {
        *item = Item::Uint(number);
        return;
    };
    let key = Item::Uint(u64::try_from(*step).unwrap());
    let next = match item {
        Item::Array(items) => &mut items[*step],
        Item::Map(fields) => {
            let (_, field) = fields.iter_mut().find(|(one, _)| *one == key).unwrap();
            field
        }
        other => panic!("nothing is inside {other:?}"),
    };
    put(next, rest, number);
}

/// Where a title, or a pending deed with a term, states a time.
fn path_to_a_time(key: &[u8], value: &Item) -> Option<&'static [usize]> {
    let Item::Map(fields) = value else {
        return None;
    };
    match key.first()? {
        b'T' => Some(&[2, 0, 2]),
        b'I' => {
            let (_, pending) = fields.iter().find(|(key, _)| *key == Item::Uint(4))?;
            let Item::Map(pending) = pending else {
                return None;
            };
            match &pending[0].1 {
                Item::Array(text) if text[0] == Item::Uint(3) => Some(&[4, 0, 1, 0, 4]),
                _ => None,
            }
        }
        _ => None,
    }
}

#[test]
fn a_time_in_the_state_that_no_record_can_state_is_refused_by_all_three() {
    let mut machines = machines();
    for machine in &mut machines {
        assert!(machine.policy(policy_text().as_bytes()));
    }
    let mut seen = BTreeMap::new();
    for objects in different_states() {
        for (at, (key, value)) in objects.iter().enumerate() {
            let item = value.as_ref().and_then(|value| Item::read(value));
            let Some((mut item, path)) =
                item.and_then(|item| Some((item.clone(), path_to_a_time(key, &item)?)))
            else {
                continue;
            };
            for (number, proves) in [(SECONDS_MAX, true), (SECONDS_MAX + 1, false)] {
                put(&mut item, path, number);
                let mut changed = objects.clone();
                changed[at].1 = Some(item.write());
                let file = certificate(&changed, &[0, 1, 2]);
                for machine in &mut machines {
                    let found = machine.file(&file).is_some();
                    assert_eq!(found, proves, "{}: {number} at {path:?}", machine.name());
                }
            }
            *seen.entry(key[0]).or_insert(0) += 1;
        }
    }
    assert_eq!(seen.len(), 2, "titles and deeds: {seen:?}");
}

/// Another policy may know other witnesses by other names; what is proved is the same.
fn same_statement(found: &Value, whole: &Value) -> bool {
    let without = |statement: &Value| {
        let mut statement = statement.clone();
        statement["witnesses"] = Value::Array(vec![]);
        statement
    };
    let (found, whole) = (without(found), without(whole));
    same_but_fewer(&found, &whole) || absence_of_another(&found, &whole)
}

/// Whether `found` answers fewer questions than `whole` about the same state, or other ones to which the
/// answer is that the register holds nothing there. A path to an empty place shows it empty for every key
/// that would be there, so whoever changes such a key or leaves a power out, and makes the check anew,
/// asks something else, and the answer is true.
fn absence_of_another(found: &Value, whole: &Value) -> bool {
    let mut found = found.clone();
    if found["file"] != whole["file"] {
        return false;
    }
    if found["file"] == "state-receipt" && found["value"].is_null() && whole["value"].is_null() {
        found["key"] = whole["key"].clone();
    }
    if found["file"] == "title-certificate" {
        if found["title"].is_null() && whole["title"].is_null() {
            found["property"] = whole["property"].clone();
        }
        let told = whole["powers"].as_array().unwrap();
        let absent = |power: &Value| power["status"] == "absent";
        let known =
            |power: &Value| told.contains(power) || (absent(power) && told.iter().any(absent));
        if found["powers"].as_array().unwrap().iter().all(known) {
            found["powers"] = whole["powers"].clone();
        }
    }
    same_but_fewer(&found, whole)
}

//! Certificates, state receipts and receipts as QR codes: the golden vectors as a user meets them,
//! and what they say against what the register says.

use std::collections::BTreeMap;

use deedbook_registry::{Key, StateError, StateRead, power_in_force};
use deedbook_schemas::compact_receipt::compact;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::decode;
use deedbook_schemas::instrument::Power;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::policy::Policy;
use deedbook_schemas::receipt::Receipt;
use deedbook_schemas::state_receipt::StateReceipt;
use deedbook_schemas::title_certificate::{
    self, PowerStatus, instrument_key, party_key, power_key, title_key,
};
use serde_json::{Map, Value};

use crate::command::{Desk, code, text};
use crate::ledger::Ledger;

fn file(name: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../schemas/vectors/title-certificate"
    );
    std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
}

fn vectors(name: &str) -> Vec<Value> {
    serde_json::from_str(&file(name)).unwrap()
}

fn bytes_of(vector: &Value) -> Vec<u8> {
    hex::decode(vector["hex"].as_str().unwrap()).unwrap()
}

fn valid(name: &str) -> Vec<u8> {
    let all = vectors("valid.json");
    bytes_of(all.iter().find(|vector| vector["name"] == name).unwrap())
}

/// A folder with the policy of the vectors.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("policy", file("policy.txt"));
    desk
}

#[test]
fn the_command_says_of_every_valid_file_what_its_vector_says() {
    let desk = desk();
    for vector in vectors("valid.json") {
        desk.put("file", bytes_of(&vector));
        let (status, mut said) = desk.json("verify file --policy policy");
        let name = &vector["name"];
        assert_eq!(status, 0, "{name}: {said}");
        let said: &mut Map<String, Value> = said.as_object_mut().unwrap();
        assert_eq!(said.remove("proven"), Some(true.into()), "{name}");
        for words in ["headline", "details", "vouched", "limits"] {
            assert!(said.remove(words).is_some(), "{name}: {words}");
        }
        let file = said.remove("file").unwrap();
        if vector["kind"] == "title" {
            assert_eq!(file, "title-certificate", "{name}");
            assert_eq!(&Value::Object(said.clone()), &vector["statement"], "{name}");
        } else {
            assert_eq!(file, "state-receipt", "{name}");
            for field in ["key", "value"] {
                assert_eq!(said[field], vector["statement"][field], "{name}");
            }
        }
    }
}

#[test]
fn the_command_refuses_every_broken_file() {
    let desk = desk();
    for vector in vectors("invalid.json") {
        desk.put("file", bytes_of(&vector));
        let (status, said) = desk.json("verify file --policy policy");
        let proven = said["proven"] == true;
        // A state receipt of one object is one, and no certificate.
        let other = vector["name"] == "state-receipt-of-one-object";
        assert_eq!((status, proven), (i32::from(!other), other), "{vector}");
    }
}

#[test]
fn a_certificate_in_plain_words_names_what_stands_against_the_title() {
    let desk = desk();
    desk.put("encumbered", valid("encumbered"));
    desk.put("powers", valid("powers"));
    let told = |line: &str| text(&desk.run(line).stdout);
    let said = told("verify encumbered --policy policy");
    for part in [
        "PROVEN: The title of property KZ-ALA-20-317-118-250 was NOT clean",
        "10 things stood against it",
        "holds 2/3",
        "mortgage of rank 1: 20000000.00 KZT",
        "(lapsed)",
        "and no other encumbrance",
        "transfer ",
        "Grade: committed",
        "Note: It says how things stood",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = told("verify powers --policy policy");
    for part in [
        "was clean",
        "no mortgage, servitude",
        "IN FORCE, until",
        "REVOKED or renounced at",
        "EXPIRED at",
        "ENDED: poa.ended_by_death",
        "NOT YET in force: poa.not_yet",
        "was never registered",
        "does NOT cover property",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_grade_that_is_required_is_required() {
    let desk = desk();
    desk.put("committed", valid("clean"));
    desk.put("witnessed", valid("clean-witnessed"));
    for (line, status, grade) in [
        (
            "verify committed --policy policy --require committed",
            0,
            "committed",
        ),
        (
            "verify committed --policy policy --require witnessed",
            1,
            "committed",
        ),
        (
            "verify witnessed --policy policy --require committed",
            0,
            "witnessed",
        ),
        (
            "verify witnessed --policy policy --require witnessed",
            0,
            "witnessed",
        ),
    ] {
        let (code, said) = desk.json(line);
        assert_eq!(code, status, "{line}");
        assert_eq!(said["grade"], grade, "{line}");
    }
    let refused = desk.run("verify committed --policy policy --require witnessed");
    let line = text(&refused.stderr);
    assert!(
        line.contains("grade is committed, witnessed is required"),
        "{line}"
    );

    let (ledger, story) = Ledger::with_a_sale();
    desk.put("network", ledger.policy().to_text());
    desk.put("sale", ledger.receipt(story.sale));
    let (status, said) = desk.json("verify sale --policy network --require witnessed");
    assert_eq!((status, &said["grade"]), (1, &"committed".into()));
    assert_eq!(said["file"], "receipt");
    assert_eq!(
        desk.json("verify sale --policy network --require committed")
            .0,
        0
    );
}

struct Held(BTreeMap<Vec<u8>, Vec<u8>>);

impl StateRead for Held {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.0.get(key).cloned())
    }

    fn seen(&self, _: &[u8; 32]) -> Result<bool, StateError> {
        Ok(false)
    }
}

#[test]
fn a_certificate_says_of_every_power_what_the_register_says() {
    let policy = Policy::from_text(&file("policy.txt")).unwrap();
    let bytes = valid("powers");
    let state = StateReceipt::parse(&bytes)
        .unwrap()
        .verify(&policy)
        .unwrap();
    let objects = state.objects.into_iter();
    let held = Held(
        objects
            .filter_map(|(key, value)| Some((key, value?)))
            .collect(),
    );
    let now = state.seal.time.seconds();
    let verified = title_certificate::verify(&bytes, &policy).unwrap();
    assert_eq!(verified.powers.len(), 16);
    for proven in verified.powers {
        let Some(stored) = held.0.get(&power_key(&proven.id)) else {
            assert_eq!(proven.status, PowerStatus::Absent);
            continue;
        };
        let power: Power = decode(stored, stored.len()).unwrap();
        let codes = power_in_force(&held, &power, now).unwrap();
        let codes: Vec<_> = codes.into_iter().map(|code| code.as_str()).collect();
        assert_eq!(proven.codes, codes, "{}", proven.id);
        assert_eq!(proven.status == PowerStatus::InForce, codes.is_empty());
    }
}

#[test]
fn the_keys_of_a_certificate_are_the_register_s() {
    let (record, party) = (RecordId([7; 32]), PartyId([8; 16]));
    assert_eq!(title_key("20-315/7"), Key::Title("20-315/7").bytes());
    assert_eq!(instrument_key(&record), Key::Instrument(&record).bytes());
    assert_eq!(power_key(&record), Key::Power(&record).bytes());
    assert_eq!(party_key(&party), Key::Party(&party).bytes());
}

#[test]
fn a_receipt_as_a_qr_code_is_read_back_by_another_s_decoder_and_proves_the_same() {
    let (ledger, story) = Ledger::with_a_sale();
    let desk = Desk::new();
    desk.put("policy", ledger.policy().to_text());
    let text = ledger.receipt(story.power);
    desk.put("power.tlog-proof", &text);
    let receipt = Receipt::parse(text.as_bytes()).unwrap();
    let drawn = deedbook_client::qr::draw(&receipt).unwrap();
    let read = deedbook_client::qr::read(&drawn.png).unwrap();
    assert_eq!(read, compact(&receipt));
    assert_eq!(read.len(), drawn.bytes);
    desk.put("scanned", read);
    desk.put("picture.png", &drawn.png);
    for file in ["scanned", "picture.png"] {
        let (status, said) = desk.json(&format!("verify {file} --policy policy"));
        assert_eq!(status, 0, "{said}");
        assert_eq!(said, desk.json("verify power.tlog-proof --policy policy").1);
    }
    let said = desk.json("verify picture.png --policy policy").1;
    assert_eq!(said["record"], story.power.to_string());

    let carried = vec![7; deedbook_schemas::limits::QR_BYTES_MAX];
    let checkpoint = receipt.checkpoint().clone();
    let much = Receipt::new(carried, 0, Vec::new(), checkpoint);
    let error = deedbook_client::qr::draw(&much).unwrap_err();
    assert!(
        error.to_string().contains("a QR code holds 2953"),
        "{error}"
    );
}

/// A picture of these grey pixels.
fn png_of(side: u32, pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(pixels).unwrap();
    writer.finish().unwrap();
    file
}

#[test]
fn a_spoiled_picture_is_repaired_or_refused_with_a_reason() {
    let (ledger, story) = Ledger::with_a_sale();
    let receipt = Receipt::parse(ledger.receipt(story.power).as_bytes()).unwrap();
    let drawn = deedbook_client::qr::draw(&receipt).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&drawn.png))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let side = reader.next_frame(&mut pixels).unwrap().width;
    let (mut read, mut refused) = (0, 0);
    for turn in 1..60_u64 {
        // Ever larger stains, each somewhere else.
        let mut stained = pixels.clone();
        let width = usize::try_from(side).unwrap();
        let stain = 2 * usize::try_from(turn).unwrap();
        let place = usize::try_from(turn * 0x9e37_79b9 % 0xffff).unwrap() % (width - stain);
        for y in place..place + stain {
            let row = (width - 1 - y) * width;
            stained[row + place..row + place + stain].fill(if turn % 2 == 0 { 0 } else { 255 });
        }
        match deedbook_client::qr::read(&png_of(side, &stained)) {
            Ok(bytes) => {
                assert_eq!(bytes, compact(&receipt), "stain {turn}");
                read += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
    for bytes in [&drawn.png[..drawn.png.len() / 2], b"\x89PNG\r\n\x1a\n", b""] {
        assert!(deedbook_client::qr::read(bytes).is_err());
    }
    let white = png_of(4, &[255; 16]);
    let none = deedbook_client::qr::read(&white).unwrap_err();
    assert!(none.to_string().starts_with("0 QR codes"), "{none}");
}

#[test]
fn a_fetched_certificate_is_written_only_if_it_is_about_what_was_asked() {
    let desk = desk();
    let about = "KZ-ALA-20-317-118-247";
    let paths = BTreeMap::from([
        (format!("/v1/certificates/{about}"), valid("clean")),
        ("/v1/certificates/OTHER".to_owned(), valid("clean")),
    ]);
    let node = crate::command::serve(paths);
    let fetch = |what: &str, out: &str| {
        let node = node.address;
        desk.run(&format!(
            "certificate {what} --policy policy --out {out} --node http://{node}"
        ))
    };
    let output = fetch(about, "one");
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("PROVEN: The title of property"));
    assert_eq!(std::fs::read(desk.path("one")).unwrap(), valid("clean"));
    let other = fetch("OTHER", "two");
    let power = fetch(&format!("{about} --power {}", RecordId([1; 32])), "two");
    for output in [other, power] {
        assert_eq!(code(&output), 1);
        let line = text(&output.stderr);
        assert!(line.contains("about something else"), "{line}");
    }
    assert!(!desk.path("two").exists());
}

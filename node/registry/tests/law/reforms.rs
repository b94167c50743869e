//! Rule 47: what belongs to an instrument is judged by the profile in force when that was lodged.

use deedbook_schemas::block::Height;
use deedbook_schemas::profile::{Profile, ProfileChange};
use deedbook_schemas::record::Body;

use crate::lenders::{FLAT, discharge_body, mortgaged, town};
use crate::world::{SUPERVISOR, World, id};

/// Puts another profile in force from the next block but one on.
fn change(world: &mut World, profile: Profile) {
    let from = Height(world.height + 2);
    let body = Body::Profile(ProfileChange { from, profile });
    let record = world.plain(SUPERVISOR, &id(SUPERVISOR).to_string(), body);
    assert_eq!(world.accept(&record), []);
    world.block(&[]);
}

#[test]
fn what_is_given_up_with_a_deed_is_judged_as_the_deed_is() {
    let lower = Profile {
        assurance_min: 2,
        ..Profile::kazakhstan()
    };
    for raised in [false, true] {
        let profiles = [Profile::kazakhstan(), lower.clone()];
        let [before, after] = if raised {
            [profiles[1].clone(), profiles[0].clone()]
        } else {
            profiles
        };
        let mut world = town();
        change(&mut world, before);
        let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        change(&mut world, after);
        // With the deed by the deed's law, at once by the present one.
        for (with, low_will_do) in [(Some(deed), raised), (None, !raised)] {
            let body = Body::Discharge(discharge_body(FLAT, with));
            let mut sheet = world.sheet("Halyk", &mortgage.to_string(), body);
            sheet.attestation().assurance = 2;
            let record = sheet.seal();
            if low_will_do {
                world.accept(&record);
            } else {
                world.turn_away(&record, &["attestation.level_too_low"]);
            }
        }
    }
}

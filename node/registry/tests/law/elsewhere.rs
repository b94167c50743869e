//! Rule 47: the law under another profile is the same law with other parameters. Every test of the law
//! runs once more under it, except in worlds that are given a profile by name because the test knows its
//! parameters by heart.

use std::process::Command;

use crate::world::ELSEWHERE;

#[test]
fn the_law_holds_under_another_profile() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "elsewhere::"])
        .env(ELSEWHERE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("; 1 filtered out"),
        "all but this one: {told}"
    );
}

//! `evidence`: hash, slice, check.

use crate::command::{Desk, code, text};

#[test]
fn a_slice_of_a_video_is_cut_and_checked_and_tampering_shows() {
    let desk = Desk::new();
    let video: Vec<u8> = (0_u32..200_000).flat_map(u32::to_le_bytes).collect();
    desk.put("v.mp4", &video);
    let (status, hashed) = desk.json("evidence hash v.mp4");
    let root = hashed["root"].as_str().unwrap();
    assert_eq!((status, hashed["bytes"].as_u64()), (0, Some(800_000)));
    assert_eq!(root, blake3::hash(&video).to_hex().as_str());

    let (status, sliced) = desk.json("evidence slice v.mp4 --from 100000 --len 5000");
    assert_eq!((status, sliced["root"].as_str()), (0, Some(root)));
    let line = format!("evidence check v.mp4.slice --root {root}");
    let output = desk.run(&format!("{line} --out part"));
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("bytes 100000 to 104999"));
    assert_eq!(
        std::fs::read(desk.path("part")).unwrap(),
        video[100_000..105_000]
    );

    let mut slice = std::fs::read(desk.path("v.mp4.slice")).unwrap();
    *slice.last_mut().unwrap() ^= 1;
    desk.put("bad.slice", &slice);
    let output = desk.run(&format!(
        "evidence check bad.slice --root {root} --out never"
    ));
    assert_eq!(code(&output), 1);
    let wrong = "00".repeat(32);
    assert_eq!(
        code(&desk.run(&format!("evidence check v.mp4.slice --root {wrong}"))),
        1
    );
    assert_eq!(
        code(&desk.run("evidence slice v.mp4 --from 800000 --len 1 -o never")),
        2
    );
    assert_eq!(code(&desk.run("evidence slice v.mp4 --from 0 --len 1")), 1);
    assert_eq!(desk.names(), ["bad.slice", "part", "v.mp4", "v.mp4.slice"]);
}

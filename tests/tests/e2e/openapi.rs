//! The OpenAPI document in the repository is what the node prints.

use std::process::Command;

use crate::world::program;

#[test]
fn the_document_in_the_repository_is_what_the_node_prints() {
    let printed = Command::new(program("deedbook-node"))
        .arg("openapi")
        .output()
        .unwrap();
    assert!(printed.status.success());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../node/openapi.json");
    let kept = std::fs::read(path).unwrap_or_default();
    assert!(
        kept == printed.stdout,
        "node/openapi.json is not current; run: deedbook-node openapi > node/openapi.json"
    );
    let document: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
}

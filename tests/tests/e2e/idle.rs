//! A network on which nothing happens.

use crate::world::{World, until};

/// Looks at every node's health before the network counts as having been idle.
const LOOKS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_network_does_not_grow() {
    let world = World::start(4).await;
    world.settle().await;
    let before = world.at_rest().await;
    let bytes = world.network.data_bytes().unwrap();
    let client = world.network.client(0).unwrap();
    let mut looks = 0;
    until("the network was looked at often enough", async || {
        client.health().await.unwrap();
        looks += 1;
        (looks == LOOKS).then_some(())
    })
    .await;
    assert_eq!(world.at_rest().await, before);
    let contents = |bytes: &[deedbook_testnet::files::FolderBytes]| -> Vec<u64> {
        bytes.iter().map(|bytes| bytes.content).collect()
    };
    let after = world.network.data_bytes().unwrap();
    assert_eq!(contents(&after), contents(&bytes));
}

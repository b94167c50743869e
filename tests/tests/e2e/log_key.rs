//! The log's key with one of four validators gone, whichever it is.

use std::collections::BTreeSet;
use std::time::Duration;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::property::{Ground, LandUse};
use deedbook_schemas::receipt::Receipt;
use deedbook_testnet::deals::{first_registration, sign_plain};
use deedbook_testnet::people::now;
use deedbook_testnet::submit::accepted;

use crate::world::{World, until};

/// The house of another flat, registered with node `node`: the record and its receipt.
pub(crate) async fn registered(world: &World, number: usize, node: usize) -> (Vec<u8>, Receipt) {
    let address = format!("Almaty, Rozybakiev street, flat {number}");
    let holder = world.seller.wallet.party;
    let acquired = Seconds(1_533_081_600);
    let body = first_registration(
        LandUse::Flat,
        6_240,
        address,
        holder,
        acquired,
        Ground::Inheritance,
    );
    let registrar = &world.network.authorities.registrar;
    let house = format!("KZ-ALA:20-315-{number}");
    let record = sign_plain(world.network.ledger, registrar, &house, body, now()).unwrap();
    let client = world.network.client(node).unwrap();
    let view = accepted(&client, std::slice::from_ref(&record))
        .await
        .unwrap();
    let id = view.records[0].id;
    let receipt = until("a receipt", async || {
        client.receipt(&id, Some(Duration::from_secs(5))).await.ok()
    })
    .await;
    (record, Receipt::parse(receipt.as_bytes()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_still_come_with_any_one_killed_and_it_has_the_newest_checkpoint_when_it_returns()
{
    let mut world = World::start(4).await;
    world.settle().await;
    for killed in 0..4 {
        world.network.kill(killed).await.unwrap();
        let (record, receipt) = registered(&world, 500 + killed, (killed + 1) % 4).await;
        let verified = receipt.verify(&record, &world.network.policy);
        assert_eq!(verified.unwrap().witnesses.len(), 3, "{killed}");
        world.network.restart(killed).await.unwrap();
        world.at_rest().await;
    }
    let origin = &world.network.genesis.origin;
    let mut keys = BTreeSet::new();
    for node in 0..4 {
        let text = world
            .network
            .client(node)
            .unwrap()
            .checkpoint()
            .await
            .unwrap();
        let signed = SignedCheckpoint::parse(text.as_bytes()).unwrap();
        world.network.policy.verify(&signed).unwrap();
        let lines = signed
            .signatures
            .iter()
            .filter(|line| line.name.as_str() == origin);
        keys.extend(lines.map(|line| line.key_id));
    }
    assert_eq!(
        keys.len(),
        1,
        "one key signs in the log's name, whoever serves it"
    );
}

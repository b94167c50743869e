//! A network with people on it, and the one way in which these tests wait.
//!
//! Does not live here: how processes are started and stopped (`deedbook_testnet::network`).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use deedbook_schemas::api::Health;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{StateRoot, TreeHash};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::property::{Ground, LandUse};
use deedbook_testnet::clip::ClipShape;
use deedbook_testnet::deals::{Deed, DeedOffice, first_registration, sign_plain};
use deedbook_testnet::network::Network;
use deedbook_testnet::network::process::sibling;
use deedbook_testnet::people::{Person, now};
use deedbook_testnet::submit::accepted;
use tempfile::TempDir;

/// The property that these tests sell.
pub(crate) const HOUSE: &str = "KZ-ALA:20-315-118";
/// 2018-08-01.
const INHERITED: Seconds = Seconds(1_533_081_600);
/// How long a condition may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two looks.
const POLL: Duration = Duration::from_millis(100);

/// Looks again and again until there is something to see; `what` names it if it never comes.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// A program of this workspace.
pub(crate) fn program(name: &str) -> PathBuf {
    sibling(name).unwrap()
}

/// A network in a folder that goes with it.
pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
    _folder: TempDir,
}

impl World {
    /// Makes a network; starts nothing.
    pub(crate) async fn create(validators: usize) -> Self {
        Self::create_witnessed(validators, 0).await
    }

    /// Makes a network with witnesses; starts nothing.
    pub(crate) async fn create_witnessed(validators: usize, witnesses: usize) -> Self {
        program("deedbook-node");
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("network");
        let network = Network::create_witnessed(&inside, validators, witnesses).await;
        Self {
            network: network.unwrap(),
            seller: Person::invent("seller").unwrap(),
            buyer: Person::invent("buyer").unwrap(),
            _folder: folder,
        }
    }

    /// Makes a network of running nodes.
    pub(crate) async fn start(validators: usize) -> Self {
        let mut world = Self::create(validators).await;
        world.network.start().await.unwrap();
        world
    }

    /// Enrols both people and registers the house as the seller's: the enrolments, then the house.
    pub(crate) async fn settle(&self) -> Vec<Vec<u8>> {
        let ledger = self.network.ledger;
        let provider = self.network.provider();
        let enrolments = [&self.seller, &self.buyer].map(|person| {
            let enrolment = person.enrolment(&ledger);
            provider
                .enrol(person.wallet.party, enrolment, now())
                .unwrap()
        });
        let client = self.network.any_client().unwrap();
        accepted(&client, &enrolments).await.unwrap();
        let body = first_registration(
            LandUse::Flat,
            6_240,
            "Almaty, Rozybakiev street, flat 118".to_owned(),
            self.seller.wallet.party,
            INHERITED,
            Ground::Inheritance,
        );
        let registrar = &self.network.authorities.registrar;
        let house = sign_plain(ledger, registrar, HOUSE, body, now()).unwrap();
        accepted(&client, std::slice::from_ref(&house))
            .await
            .unwrap();
        let mut records = Vec::from(enrolments);
        records.push(house);
        records
    }

    /// The sale of the house, signed by both.
    pub(crate) fn deed(&self) -> Deed {
        let provider = self.network.provider();
        let office = DeedOffice {
            provider: &provider,
            shape: ClipShape::TINY,
        };
        let (seller, buyer) = (&self.seller.wallet, &self.buyer.wallet);
        office
            .deed(HOUSE, seller, buyer, 1, price(), now())
            .unwrap()
    }

    /// Where every node stands, once all stand together and nothing waits.
    pub(crate) async fn at_rest(&self) -> Vec<Standing> {
        until("all nodes at rest on one height", async || {
            let views = self.network.agree().await.unwrap();
            let rest = |view: &Health| view.queued == 0 && view.cosigned_size == view.tree_size;
            let rested = views.iter().all(rest);
            rested.then(|| views.iter().map(Standing::of).collect())
        })
        .await
    }
}

/// 42,000,000 tenge.
pub(crate) fn price() -> Money {
    Money {
        minor: 4_200_000_000,
        currency: "KZT".to_owned(),
    }
}

/// What one node says about its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) node: String,
    pub(crate) ready: bool,
    pub(crate) height: u64,
    pub(crate) tree_size: u64,
    pub(crate) tree_root: TreeHash,
    pub(crate) state_root: StateRoot,
}

impl Standing {
    fn of(view: &Health) -> Self {
        Self {
            node: view.node.clone(),
            ready: view.ready,
            height: view.height.0,
            tree_size: view.tree_size,
            tree_root: view.tree_root,
            state_root: view.state_root,
        }
    }
}

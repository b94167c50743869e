//! The clean-title certificate on real nodes: a title that fills up, a power that is revoked, and files
//! that go on proving what they proved.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Lease, Mortgage, MortgageTerms, Right};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, Ending, PowerOfAttorney, Revocation, Scope, Status,
};
use deedbook_schemas::policy::{Grade, Policy};
use deedbook_schemas::record::Body;
use deedbook_schemas::state_receipt::StateReceipt;
use deedbook_schemas::title_certificate::{
    PowerStatus, VerifiedTitle, party_key, title_key, verify,
};
use deedbook_testnet::clip::ClipShape;
use deedbook_testnet::deals::{DeedOffice, record_id, sale, sign_plain};
use deedbook_testnet::network::process::run_any;
use deedbook_testnet::people::{Person, now};
use deedbook_testnet::submit::accepted;

use crate::world::{HOUSE, World, price, program, until};

/// Seconds that a node may wait for cosignatures.
const WAIT: Option<std::time::Duration> = Some(std::time::Duration::from_secs(30));

struct Stage {
    world: World,
    policy: Policy,
}

impl Stage {
    async fn set() -> Self {
        let world = World::start(4).await;
        world.settle().await;
        let client = world.network.any_client().unwrap();
        let policy = Policy::of_genesis(&client.genesis().await.unwrap()).unwrap();
        Self { world, policy }
    }

    async fn submit(&self, record: Vec<u8>) -> RecordId {
        let client = self.world.network.any_client().unwrap();
        let id = record_id(&record).unwrap();
        accepted(&client, &[record]).await.unwrap();
        id
    }

    /// A person's act, with recording and attestation.
    async fn does(&self, who: &Person, subject: &str, body: Body) -> RecordId {
        let provider = self.world.network.provider();
        let office = DeedOffice {
            provider: &provider,
            shape: ClipShape::TINY,
        };
        let record = office.personal(subject, &who.wallet, body, now()).unwrap();
        self.submit(record).await
    }

    async fn signs(&self, who: &Person, deed: RecordId, role: ActRole) {
        let act = Body::Act(Act {
            role,
            power: None,
            represents: None,
        });
        self.does(who, &deed.to_string(), act).await;
    }

    /// Lodges a text by the seller and gives it the seller's signature.
    async fn begins(&self, text: Body) -> RecordId {
        let (ledger, seller) = (self.world.network.ledger, &self.world.seller);
        let record = sign_plain(ledger, &seller.wallet, HOUSE, text, now()).unwrap();
        let deed = self.submit(record).await;
        self.signs(seller, deed, ActRole::Disponor).await;
        deed
    }

    /// As [`Stage::begins`], with the buyer's signature too: it registers.
    async fn registers(&self, text: Body) -> RecordId {
        let deed = self.begins(text).await;
        self.signs(&self.world.buyer, deed, ActRole::Acquirer).await;
        let client = self.world.network.any_client().unwrap();
        let view = client.instrument(&deed, WAIT).await.unwrap();
        assert_eq!(view.status, Status::Registered, "{:?}", view.open);
        deed
    }

    async fn fetch(&self, node: usize, property: &str, powers: &[RecordId]) -> Vec<u8> {
        let network = &self.world.network;
        let mut newest = 0;
        for other in 0..network.nodes.len() {
            let health = network.client(other).unwrap().health().await.unwrap();
            newest = newest.max(health.tree_size);
        }
        // A node tells of what it has: the one that took the last record may be a block ahead.
        let client = network.client(node).unwrap();
        until("the node to have what was submitted", async || {
            let health = client.health().await.unwrap();
            (health.tree_size >= newest).then_some(())
        })
        .await;
        client
            .title_certificate(property, powers, WAIT)
            .await
            .unwrap()
    }

    fn proven(&self, certificate: &[u8]) -> VerifiedTitle {
        verify(certificate, &self.policy).unwrap()
    }
}

fn amount(minor: u64) -> Money {
    Money {
        minor,
        currency: "KZT".to_owned(),
    }
}

/// A power to sell the house, for the profile's default term.
fn power_to_sell() -> Body {
    Body::PowerOfAttorney(PowerOfAttorney {
        scope: Scope {
            acts: vec![ActKind::Sell],
            properties: Some(vec![HOUSE.to_owned()]),
            price_floor: Some(price()),
            counterparties: None,
            self_dealing: false,
            substitutions: None,
        },
        issued: Some(now()),
        starts: None,
        expires: None,
        parent: None,
        represents: None,
    })
}

fn what_stands_against(title: &VerifiedTitle) -> Vec<&str> {
    title.against.iter().map(|one| one.what).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_proves_what_stands_against_a_title_and_whether_a_power_is_in_force() {
    let stage = Stage::set().await;
    let (seller, buyer) = (&stage.world.seller, &stage.world.buyer);
    let (owner, other) = (seller.wallet.party, buyer.wallet.party);

    // Clean.
    let first = stage.fetch(0, HOUSE, &[]).await;
    let clean = stage.proven(&first);
    assert!(clean.clean && clean.grade == Grade::Committed);
    let title = &clean.title.as_ref().unwrap().title;
    assert_eq!(title.holdings[0].party, owner);

    // A lease, a mortgage, a power, and a sale that waits for its buyer.
    let lease = stage
        .registers(Body::Lease(Lease {
            title_version: 1,
            lessors: vec![owner],
            lessee: other,
            rent: amount(25_000_000),
            until: Seconds(now().0 + 365 * 86_400),
        }))
        .await;
    let mortgage = stage
        .registers(Body::Mortgage(Mortgage {
            title_version: 2,
            mortgagors: vec![owner],
            terms: MortgageTerms {
                mortgagee: other,
                amount: amount(1_000_000_000),
            },
        }))
        .await;
    let power = stage
        .does(seller, &other.to_string(), power_to_sell())
        .await;
    let deal = stage.begins(sale(owner, other, 3, price())).await;
    let never = RecordId([7; 32]);
    let second = stage.fetch(1, HOUSE, &[power, never]).await;
    let full = stage.proven(&second);
    assert!(!full.clean);
    assert_eq!(what_stands_against(&full), ["slot", "lease", "mortgage"]);
    let title = &full.title.as_ref().unwrap().title;
    let ids: Vec<_> = title.encumbrances.iter().map(|one| one.id).collect();
    assert_eq!((title.version, ids), (3, vec![lease, mortgage]));
    assert!(matches!(
        title.encumbrances[1].right,
        Right::Mortgage { rank: 1, .. }
    ));
    assert_eq!(full.pending.len(), 1);
    assert_eq!(full.pending[0].id, deal);
    assert_eq!(full.pending[0].status, Status::Pending);
    assert_eq!(full.pending[0].acts[0].party, owner);
    let status = |title: &VerifiedTitle, id| {
        let one = title.powers.iter().find(|one| one.id == id).unwrap();
        (one.status, one.covers_property)
    };
    assert_eq!(status(&full, power), (PowerStatus::InForce, true));
    assert_eq!(status(&full, never), (PowerStatus::Absent, false));

    // Revoked: the new certificate says so, and the old ones still prove what was before.
    let end = Body::Revocation(Revocation {
        ending: Ending::Revocation,
    });
    stage.does(seller, &power.to_string(), end).await;
    let third = stage.fetch(2, HOUSE, &[power]).await;
    let revoked = stage.proven(&third);
    assert_eq!(status(&revoked, power).0, PowerStatus::Revoked);
    assert!(revoked.powers[0].since.is_some() && revoked.height > full.height);
    assert_eq!(stage.proven(&first), clean);
    assert_eq!(stage.proven(&second), full);

    others(&stage, &third, power).await;
}

/// Absence, single objects, the command, and what a node refuses.
async fn others(stage: &Stage, certificate: &[u8], power: RecordId) {
    let none = stage.proven(&stage.fetch(3, "NOWHERE-1", &[]).await);
    assert!(none.title.is_none() && !none.clean && none.against.is_empty());

    let node = &stage.world.network.nodes[0];
    let client = stage.world.network.client(0).unwrap();
    let party = party_key(&stage.world.seller.wallet.party);
    for (key, there) in [
        (title_key(HOUSE), true),
        (party, true),
        (title_key("NOWHERE-1"), false),
        (b"?".to_vec(), false),
    ] {
        let bytes = client.state_receipt(&key, WAIT).await.unwrap();
        let receipt = StateReceipt::parse(&bytes).unwrap();
        let proven = receipt.verify(&stage.policy).unwrap();
        assert_eq!(proven.objects[&key].is_some(), there);
    }

    said_by_the_command(stage, power).await;
    refused(&node.api).await;
    // Every node comes to say the same.
    let newest = stage.proven(certificate);
    for index in 0..4 {
        until("a node with the same title", async || {
            let proven = stage.proven(&stage.fetch(index, HOUSE, &[power]).await);
            (proven.title == newest.title && proven.powers == newest.powers).then_some(())
        })
        .await;
    }
}

/// Fetched and verified by the command, as a user does it.
async fn said_by_the_command(stage: &Stage, power: RecordId) {
    let node = &stage.world.network.nodes[0];
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("policy"), stage.policy.to_text()).unwrap();
    let run = async |arguments: Vec<String>| {
        let output = run_any(&program("deedbook"), arguments).await.unwrap();
        (output.success, output.text)
    };
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let line = format!(
        "certificate {HOUSE} --power {power} --policy {} --out {} --node {}",
        path("policy"),
        path("fetched"),
        node.api
    );
    let (fetched, said) = run(words(&line)).await;
    assert!(
        fetched && said.contains("REVOKED or renounced at"),
        "{said}"
    );
    let line = format!("verify {} --policy {}", path("fetched"), path("policy"));
    let (verified, said) = run(words(&line)).await;
    assert!(verified && said.contains("NOT clean"), "{said}");
    let (witnessed, said) = run(words(&format!("{line} --require witnessed"))).await;
    assert!(
        !witnessed && said.contains("witnessed is required"),
        "{said}"
    );
}

/// What is no question about the state.
async fn refused(node: &str) {
    let http = reqwest::Client::new();
    let many: Vec<_> = (0..9u8)
        .map(|id| format!("power={}", RecordId([id; 32])))
        .collect();
    for path in [
        format!("certificates/{HOUSE}?{}", many.join("&")),
        format!("certificates/{HOUSE}?power=1"),
        format!("certificates/{HOUSE}?wait=soon"),
        format!("certificates/{HOUSE}?wait=1&wait=2"),
        format!("certificates/{HOUSE}?more=1"),
        "certificates/not%20one".to_owned(),
        format!("state/{}", "00".repeat(66)),
        "state/xyz".to_owned(),
        format!("state/54?{}", many[0]),
    ] {
        let answer = http.get(format!("{node}/v1/{path}")).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 400, "{path}");
        let kind = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(kind, "application/problem+json", "{path}");
    }
}

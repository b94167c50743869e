//! A sale through escrow on real nodes: what is open is said in plain words with who can meet it, title
//! and money change in one block, and the money leaves escrow once.

use deedbook_client::wallet::Wallet;
use deedbook_schemas::api::InstrumentView;
use deedbook_schemas::digest::{Commitment, RecordId};
use deedbook_schemas::instrument::{Act, ActRole, Status, Transfer};
use deedbook_schemas::party::{Accreditation, AuthorityRole};
use deedbook_schemas::proceeding::{Requisition, RequisitionAnswer, RequisitionDecision};
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::{
    Destination, EscrowFunding, EscrowRefund, EscrowRelease, Settlement, Source,
};
use deedbook_testnet::clip::ClipShape;
use deedbook_testnet::deals::{DeedOffice, record_id, sale, sign_plain};
use deedbook_testnet::network::process::run_any;
use deedbook_testnet::people::now;
use deedbook_testnet::submit::accepted;

use crate::world::{HOUSE, World, price, program};

fn codes(view: &InstrumentView) -> Vec<&str> {
    view.open.iter().map(|open| open.code.as_str()).collect()
}

/// One node, and the people of the sale.
struct Stage {
    world: World,
    agent: Wallet,
}

impl Stage {
    async fn set() -> Self {
        let world = World::start(1).await;
        world.settle().await;
        let agent = Wallet::generate(None).unwrap();
        let stage = Self { world, agent };
        let body = Body::Accreditation(Accreditation {
            role: AuthorityRole::EscrowAgent,
            name: "Escrow bank".to_owned(),
            key: stage.agent.public(),
            methods: Vec::new(),
            suspended: false,
            superior: None,
            territory: None,
            person: None,
        });
        let supervisor = &stage.world.network.authorities.supervisor;
        let subject = stage.agent.party.to_string();
        stage.says(supervisor, &subject, body).await.unwrap();
        stage
    }

    async fn submit(&self, record: Vec<u8>) -> Result<RecordId, String> {
        let client = self.world.network.any_client().unwrap();
        let id = record_id(&record).unwrap();
        let answer = accepted(&client, &[record]).await;
        answer.map(|_| id).map_err(|error| format!("{error:#}"))
    }

    async fn says(&self, who: &Wallet, subject: &str, body: Body) -> Result<RecordId, String> {
        let ledger = self.world.network.ledger;
        self.submit(sign_plain(ledger, who, subject, body, now()).unwrap())
            .await
    }

    async fn acts(&self, who: &Wallet, deed: &RecordId, role: ActRole) {
        let body = Body::Act(Act {
            role,
            power: None,
            represents: None,
        });
        self.does(who, deed, body).await;
    }

    async fn does(&self, who: &Wallet, deed: &RecordId, body: Body) {
        let provider = self.world.network.provider();
        let office = DeedOffice {
            provider: &provider,
            shape: ClipShape::TINY,
        };
        let record = office.personal(deed.to_string(), who, body, now()).unwrap();
        self.submit(record).await.unwrap();
    }

    async fn instrument(&self, deed: &RecordId) -> InstrumentView {
        let client = self.world.network.any_client().unwrap();
        client.instrument(deed, None).await.unwrap()
    }

    /// The sale of the house, its price held by the agent, lodged and nothing more.
    async fn lodge(&self) -> RecordId {
        let (seller, buyer) = (&self.world.seller.wallet, &self.world.buyer.wallet);
        let Body::Transfer(text) = sale(seller.party, buyer.party, 1, price()) else {
            panic!("a sale is a transfer");
        };
        let body = Body::Transfer(Transfer {
            settlement: Some(Settlement {
                agent: self.agent.party,
                sources: vec![Source {
                    payer: buyer.party,
                    amount: price(),
                }],
                destinations: vec![Destination {
                    payee: seller.party,
                    account: Commitment::new(&[7; 32], b"the seller's account"),
                    amount: price(),
                }],
            }),
            ..text
        });
        self.says(seller, HOUSE, body).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn title_and_money_change_in_one_block_and_what_is_open_is_said_in_plain_words() {
    let stage = Stage::set().await;
    let (seller, buyer) = (&stage.world.seller.wallet, &stage.world.buyer.wallet);
    let registrar = &stage.world.network.authorities.registrar;
    let deed = stage.lodge().await;
    let subject = deed.to_string();
    let lodged = stage.instrument(&deed).await;
    assert_eq!(
        codes(&lodged),
        ["act.disponor", "act.acquirer", "escrow.not_funded"]
    );
    stage.acts(seller, &deed, ActRole::Disponor).await;
    stage.acts(buyer, &deed, ActRole::Acquirer).await;

    // The registrar asks, the buyer answers, the registrar is satisfied.
    let request = Body::Requisition(Requisition {
        request: "Show the floor plan.".to_owned(),
    });
    let requisition = stage.says(registrar, &subject, request).await.unwrap();
    let funding = Body::EscrowFunding(EscrowFunding { amount: price() });
    let funding = stage.says(&stage.agent, &subject, funding).await.unwrap();
    let view = stage.instrument(&deed).await;
    assert_eq!(codes(&view), ["requisition.open"]);
    let node = &stage.world.network.nodes[0].api;
    let arguments = ["status", &subject, "--node", node];
    let told = run_any(&program("deedbook"), arguments).await.unwrap();
    assert!(told.success, "{}", told.text);
    for part in ["open:", "requisition.open", "holds the sum", "expires at"] {
        assert!(told.text.contains(part), "{part}: {}", told.text);
    }
    let early = Body::EscrowRelease(EscrowRelease { amount: price() });
    let why = stage.says(&stage.agent, &funding.to_string(), early).await;
    assert!(why.unwrap_err().contains("escrow.not_ordered"));
    let answer = Body::RequisitionAnswer(RequisitionAnswer {
        requisition,
        document: Commitment::new(&[8; 32], b"a floor plan"),
    });
    stage.does(buyer, &deed, answer).await;
    assert_eq!(codes(&stage.instrument(&deed).await), ["requisition.open"]);
    let cured = Body::RequisitionDecision(RequisitionDecision {
        requisition,
        cured: true,
    });
    stage.says(registrar, &subject, cured).await.unwrap();

    // One block: the title is the buyer's and the release is ordered.
    let view = stage.instrument(&deed).await;
    assert_eq!(view.status, Status::Registered);
    let client = stage.world.network.any_client().unwrap();
    let title = client.title(HOUSE).await.unwrap().title;
    assert_eq!(title.holdings[0].party, buyer.party);
    let order = client.record(&funding, None).await.unwrap();
    assert_eq!(order.outcome, Some(Status::Registered));
    client.receipt(&funding, None).await.unwrap();

    // Out of escrow once, and to the seller.
    let subject = funding.to_string();
    let refund = Body::EscrowRefund(EscrowRefund { amount: price() });
    let why = stage.says(&stage.agent, &subject, refund).await;
    assert!(why.unwrap_err().contains("escrow.not_ordered"));
    let release = || Body::EscrowRelease(EscrowRelease { amount: price() });
    stage.says(&stage.agent, &subject, release()).await.unwrap();
    let why = stage.says(&stage.agent, &subject, release()).await;
    assert!(why.unwrap_err().contains("escrow.settled"));
}

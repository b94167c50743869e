//! The sale, step by step, and what the ledger refuses on the way.

use anyhow::{Context as _, Result, ensure};
use deedbook_schemas::api::TitleView;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, Ending, PowerOfAttorney, Revocation, Scope, SpousalConsent, Status,
    Withdrawal,
};
use deedbook_schemas::party::CivilStatus;
use deedbook_schemas::property::{Ground, LandUse};
use deedbook_schemas::record::Body;

use super::stage::Stage;
use crate::deals::{Deed, first_registration, record_id, sale, sign_plain};
use crate::network::Network;
use crate::people::{Person, now};
use crate::submit::{Lanes, Verdict, accepted};

/// The flat that is sold; bought in marriage.
pub(super) const FLAT: &str = "KZ-ALA:20-315-118";
/// A flat that the seller inherited.
pub(super) const INHERITED: &str = "KZ-ALA:20-315-247";
/// 2015-06-06.
const MARRIED: Seconds = Seconds(1_433_548_800);
/// 2018-08-01, after the marriage.
const BOUGHT: Seconds = Seconds(1_533_081_600);
const DAY_S: u64 = 24 * 3600;
/// The validator that is killed.
const VICTIM: usize = 3;

/// 42,000,000 tenge.
pub(super) fn price() -> Money {
    Money {
        minor: 4_200_000_000,
        currency: "KZT".to_owned(),
    }
}

fn in_days(days: u64) -> Seconds {
    Seconds(now().0 + days * DAY_S)
}

/// The people of the story.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) seller: Person,
    pub(super) husband: Person,
    pub(super) buyer: Person,
    pub(super) agent: Person,
    pub(super) rival: Person,
}

impl Cast {
    pub(super) fn invent() -> Result<Self> {
        Ok(Self {
            seller: Person::invent("Aigerim (seller)")?,
            husband: Person::invent("Daulet (her husband)")?,
            buyer: Person::invent("Timur (buyer)")?,
            agent: Person::invent("Madina (agent)")?,
            rival: Person::invent("Saule (another buyer)")?,
        })
    }

    pub(super) fn everybody(&self) -> [&Person; 5] {
        [
            &self.seller,
            &self.husband,
            &self.buyer,
            &self.agent,
            &self.rival,
        ]
    }
}

/// Parties, a marriage, two properties.
pub(super) async fn register(
    stage: &mut Stage,
    network: &Network,
    cast: &Cast,
) -> Result<TitleView> {
    for person in cast.everybody() {
        stage.enrol(person).await?;
    }
    let registry = &network.authorities.civil_registry;
    let mut spouses = [cast.seller.wallet.party, cast.husband.wallet.party];
    spouses.sort_unstable();
    let marriage = CivilStatus::Marriage {
        spouses,
        from: MARRIED,
    };
    let unmarried = CivilStatus::Unmarried {
        parties: vec![cast.buyer.wallet.party],
        from: MARRIED,
    };
    for fact in [marriage, unmarried] {
        let subject = registry.party.to_string();
        let body = Body::CivilStatus(fact);
        stage
            .submit(sign_plain(network.ledger, registry, subject, body, now())?)
            .await?;
    }
    stage.tell("the civil registry registers the marriage of Aigerim and Daulet (since 2015)");
    for (number, unit, ground) in [
        (FLAT, 118, Ground::Purchase),
        (INHERITED, 247, Ground::Inheritance),
    ] {
        let address = format!("Almaty, Rozybakiev street, flat {unit}");
        let holder = cast.seller.wallet.party;
        let body = first_registration(LandUse::Flat, 6_240, address, holder, BOUGHT, ground);
        let registrar = &network.authorities.registrar;
        stage
            .submit(sign_plain(network.ledger, registrar, number, body, now())?)
            .await?;
    }
    stage.tell("the registrar registers her flat, bought in 2018, and one that she inherited");
    stage.title(FLAT).await
}

/// The power of attorney from the seller to her agent.
pub(super) async fn empower(stage: &mut Stage, cast: &Cast) -> Result<RecordId> {
    let body = Body::PowerOfAttorney(PowerOfAttorney {
        scope: Scope {
            acts: vec![ActKind::Sell],
            properties: Some(vec![FLAT.to_owned(), INHERITED.to_owned()]),
            price_floor: Some(Money {
                minor: 4_000_000_000,
                ..price()
            }),
            counterparties: None,
            self_dealing: false,
            substitutions: None,
        },
        issued: Some(Seconds(now().0.saturating_sub(1))),
        starts: None,
        expires: Some(in_days(180)),
        parent: None,
        represents: None,
    });
    let agent = cast.agent.wallet.party.to_string();
    let power = stage
        .submit(stage.act(&cast.seller, &agent, body).await?)
        .await?;
    let view = stage.client.power(&power).await?;
    ensure!(view.in_force, "the power is not in force");
    stage.tell("Aigerim gives Madina a power of attorney: sell, not below 40,000,000.00 KZT");
    Ok(power)
}

/// A transfer of `property` from its holder to `buyer`, lodged by `lodger`.
fn lodge(
    stage: &Stage,
    lodger: &Person,
    (property, version): (&str, u64),
    (seller, buyer): (&Person, &Person),
) -> Result<Vec<u8>> {
    let body = sale(seller.wallet.party, buyer.wallet.party, version, price());
    sign_plain(stage.ledger, &lodger.wallet, property, body, now())
}

async fn act_on(
    stage: &Stage,
    who: &Person,
    instrument: RecordId,
    role: ActRole,
    power: Option<RecordId>,
) -> Result<Vec<u8>> {
    let body = Body::Act(Act {
        role,
        power,
        represents: None,
    });
    stage.act(who, &instrument.to_string(), body).await
}

/// First refusal: everybody has signed but the spouse.
pub(super) async fn without_consent(stage: &mut Stage, cast: &Cast, power: RecordId) -> Result<()> {
    let transfer = lodge(stage, &cast.agent, (FLAT, 1), (&cast.seller, &cast.buyer))?;
    let id = record_id(&transfer)?;
    let records = [
        transfer,
        act_on(stage, &cast.agent, id, ActRole::Disponor, Some(power)).await?,
        act_on(stage, &cast.buyer, id, ActRole::Acquirer, None).await?,
    ];
    accepted(&stage.client, &records).await?;
    let codes = stage.open(&id).await?;
    ensure!(
        codes == ["consent.missing"],
        "open is {codes:?}, not the consent alone"
    );
    stage.refused(
        "registering the sale without the spouse's consent; it stays pending",
        codes,
    );
    let body = Body::Withdrawal(Withdrawal {});
    stage
        .submit(stage.act(&cast.agent, &id.to_string(), body).await?)
        .await?;
    stage.ended(&id, Status::Withdrawn).await?;
    let title = stage.client.title(FLAT).await?.title;
    ensure!(
        title.version == 1 && title.slot.is_none(),
        "the title is not as before"
    );
    stage.tell("Madina withdraws it; the title is untouched and free");
    Ok(())
}

/// What the sale left behind.
#[derive(Debug)]
pub(super) struct Sold {
    pub(super) transfer: RecordId,
    pub(super) consent: RecordId,
    pub(super) title: TitleView,
}

/// The sale, act by act; one validator is killed in the middle.
pub(super) async fn sell(
    stage: &mut Stage,
    network: &mut Network,
    cast: &Cast,
    power: RecordId,
) -> Result<Sold> {
    let transfer = lodge(stage, &cast.agent, (FLAT, 1), (&cast.seller, &cast.buyer))?;
    let transfer = stage.submit(transfer).await?;
    stage.tell(format!(
        "the sale of the flat for {} is lodged; it binds nobody yet",
        price()
    ));
    let open = stage.open(&transfer).await?;
    ensure!(open.len() == 3, "three things should be open, not {open:?}");

    let signed = act_on(stage, &cast.agent, transfer, ActRole::Disponor, Some(power)).await?;
    stage.submit(signed).await?;
    stage.tell("Madina signs for Aigerim under the power");
    let open = stage.open(&transfer).await?;
    ensure!(open.len() == 2, "two things should be open, not {open:?}");

    network.kill(VICTIM).await?;
    stage.tell("one validator of four is killed (SIGKILL)");

    let signed = act_on(stage, &cast.buyer, transfer, ActRole::Acquirer, None).await?;
    stage.submit(signed).await?;
    stage.tell("Timur signs; three validators go on");
    let open = stage.open(&transfer).await?;
    ensure!(
        open == ["consent.missing"],
        "only the consent should be open, not {open:?}"
    );

    let body = Body::SpousalConsent(SpousalConsent {
        disponor: cast.seller.wallet.party,
        act: ActKind::Sell,
        counterparty: Some(cast.buyer.wallet.party),
        price_floor: Some(price()),
        expires: in_days(30),
        power: None,
    });
    let consent = stage
        .submit(stage.act(&cast.husband, FLAT, body).await?)
        .await?;
    stage.ended(&transfer, Status::Registered).await?;
    stage.tell("Daulet consents, for this flat, this buyer and this price: the sale is REGISTERED");
    let title = stage.title(FLAT).await?;
    let holders: Vec<_> = title
        .title
        .holdings
        .iter()
        .map(|holding| holding.party)
        .collect();
    ensure!(
        title.title.version == 2 && holders == [cast.buyer.wallet.party],
        "the title does not show the buyer as its only holder"
    );
    Ok(Sold {
        transfer,
        consent,
        title,
    })
}

/// The killed validator comes back and has everything.
pub(super) async fn recover(stage: &mut Stage, network: &mut Network) -> Result<()> {
    network.restart(VICTIM).await?;
    let views = network.agree().await?;
    ensure!(views.len() == network.nodes.len(), "not all validators run");
    let first = views.first().context("no validator runs")?;
    stage.tell("the killed validator is back and has caught up: all stand on the same roots");
    stage.detail(format!(
        "height {}, {} log entries",
        first.height.0, first.tree_size
    ));
    stage.detail(format!("log root   {}", first.tree_root));
    stage.detail(format!("state root {}", first.state_root));
    Ok(())
}

/// Second refusal: a sale by an agent whose power was revoked.
pub(super) async fn by_revoked_power(
    stage: &mut Stage,
    cast: &Cast,
    power: RecordId,
) -> Result<()> {
    let body = Body::Revocation(Revocation {
        ending: Ending::Revocation,
    });
    let revocation = stage.act(&cast.seller, &power.to_string(), body).await?;
    stage.submit(revocation).await?;
    ensure!(
        !stage.client.power(&power).await?.in_force,
        "the power is still in force"
    );
    stage.tell("Aigerim revokes the power");
    let transfer = lodge(
        stage,
        &cast.agent,
        (INHERITED, 1),
        (&cast.seller, &cast.rival),
    )?;
    let id = stage.submit(transfer).await?;
    let act = act_on(stage, &cast.agent, id, ActRole::Disponor, Some(power)).await?;
    let codes = stage.submit_refused(&[act]).await?;
    ensure!(
        codes.iter().any(|code| code == "poa.revoked"),
        "refused for {codes:?}"
    );
    stage.refused(
        "Madina sells the inherited flat under the revoked power",
        codes,
    );
    Ok(())
}

/// Third refusal: of two sales of one flat, sent to two validators at once, exactly one wins.
pub(super) async fn race(stage: &mut Stage, network: &Network, cast: &Cast) -> Result<()> {
    let first = race_deed(stage, &cast.buyer, &cast.rival).await?;
    let second = race_deed(stage, &cast.buyer, &cast.agent).await?;
    let lanes = Lanes::new(network)?;
    let (one, other) = tokio::join!(lanes.deed(0, &first), lanes.deed(1, &second));
    let codes = match (one?, other?) {
        (Verdict::Registered, Verdict::Refused(codes))
        | (Verdict::Refused(codes), Verdict::Registered) => codes,
        both => anyhow::bail!("exactly one of two racing sales must win, not {both:?}"),
    };
    let lawful = [
        "title.not_holder",
        "title.version_changed",
        "title.slot_taken",
    ];
    ensure!(
        codes.iter().any(|code| lawful.contains(&code.as_str())),
        "the loser was refused for {codes:?}"
    );
    stage.tell("Timur sells the flat to two people at once, through two validators: one sale wins");
    stage.refused("the second of two racing sales", codes);
    stage.title(FLAT).await?;
    Ok(())
}

async fn race_deed(stage: &Stage, seller: &Person, buyer: &Person) -> Result<Deed> {
    let transfer = lodge(stage, seller, (FLAT, 2), (seller, buyer))?;
    let instrument = record_id(&transfer)?;
    let records = vec![
        transfer,
        act_on(stage, seller, instrument, ActRole::Disponor, None).await?,
        act_on(stage, buyer, instrument, ActRole::Acquirer, None).await?,
    ];
    Ok(Deed {
        instrument,
        records,
    })
}

//! `make demo`: a flat is sold on four validators, and the result is proved with all of them off.
//!
//! Lives here: the order of the chapters and the summary. Every step asserts what it shows; one
//! that does not hold ends the demo with its name.

mod proofs;
mod stage;
mod story;

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use deedbook_schemas::api::TitleView;
use deedbook_schemas::digest::{LedgerId, RecordId};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::party::PartyId;
use serde::Serialize;

use crate::network::Network;
use crate::network::genesis::profile;
use crate::provider::device::ProviderDesk;
use crate::web::Service;
use proofs::{DEAL, POLICY, RECEIPTS, Verified};
use stage::{Shown, Stage, Step};
use story::{Cast, Sold};

/// Validators of the demo: the fewest of which one may fail.
const VALIDATORS: usize = 4;
/// Witnesses of the demo, run by two who run no validator.
const WITNESSES: usize = 2;

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct DemoOptions {
    /// Where the receipts, the policy and deal.json go; the network lives in its `network` folder.
    #[arg(long, default_value = "demo-out")]
    pub out: PathBuf,
    /// Print deal.json instead of the story.
    #[arg(long)]
    pub json: bool,
}

/// `deal.json`.
#[derive(Debug, Serialize)]
struct Deal<'a> {
    ledger: LedgerId,
    origin: &'a str,
    profile: String,
    identity_method: &'a str,
    identity_statement: &'a str,
    property: &'a str,
    price: Money,
    parties: BTreeMap<&'a str, PartyId>,
    transfer: RecordId,
    power: RecordId,
    consent: RecordId,
    title_before: &'a TitleView,
    title_after: &'a TitleView,
    refusals: &'a [Shown],
    verified_offline: Vec<Verified>,
    steps: &'a [Step],
    seconds: f64,
}

/// Plays the demo.
///
/// # Errors
/// If anything that it promises does not hold: the step that failed.
pub async fn run(options: &DemoOptions) -> Result<()> {
    let began = Instant::now();
    clear(&options.out)?;
    let mut network = network(&options.out).await?;
    let (provider, custodian) = step("starting the network", start(&mut network)).await?;
    let desk = ProviderDesk::new(provider, network.ledger);
    let about = desk.about().await?;
    let client = network.any_client()?;
    let mut stage = Stage::new(
        network.ledger,
        client,
        (desk, custodian),
        (began, options.json),
    );
    open_scene(&mut stage, &network, &about.statement);

    let cast = Cast::invent()?;
    let played = play(&mut stage, &mut network, &cast, &options.out).await?;
    let receipts = played.receipts;
    let verified = prove(&mut stage, &mut network, &options.out, receipts).await?;
    let Sold {
        transfer,
        consent,
        title,
    } = played.sold;
    let deal = Deal {
        ledger: network.ledger,
        origin: &network.genesis.origin,
        profile: profile().name,
        identity_method: &about.method,
        identity_statement: &about.statement,
        property: story::FLAT,
        price: story::price(),
        parties: parties(&cast),
        transfer,
        power: played.power,
        consent,
        title_before: &played.before,
        title_after: &title,
        refusals: &stage.refusals,
        verified_offline: verified,
        steps: &stage.steps,
        seconds: stage.seconds(),
    };
    finish(options, &deal)
}

async fn network(out: &Path) -> Result<Network> {
    Network::create_witnessed(&out.join("network"), VALIDATORS, WITNESSES).await
}

/// What the chapters with running nodes leave behind.
struct Played {
    before: TitleView,
    power: RecordId,
    sold: Sold,
    receipts: Vec<(PathBuf, Option<RecordId>)>,
}

/// The validators, the provider and the custodian.
async fn start(network: &mut Network) -> Result<(Service, Service)> {
    network.start().await?;
    Ok((
        network.start_provider().await?,
        network.start_custodian().await?,
    ))
}

/// The chapters with running nodes.
async fn play(stage: &mut Stage, network: &mut Network, cast: &Cast, out: &Path) -> Result<Played> {
    stage.chapter("The people and the flat");
    let before = step("registering", story::register(stage, network, cast)).await?;
    let power = step("power of attorney", story::empower(stage, cast)).await?;
    stage.chapter("A sale without the spouse");
    step(
        "sale without consent",
        story::without_consent(stage, cast, power),
    )
    .await?;
    stage.chapter("The sale");
    let sold = step("sale", story::sell(stage, network, cast, power)).await?;
    step("catching up", story::recover(stage, network)).await?;
    let records = [sold.transfer, power, sold.consent];
    let receipts = proofs::collect(stage, out, network, story::FLAT, records);
    let receipts = step("receipts", receipts).await?;
    stage.chapter("What else is refused");
    step("revoked power", story::by_revoked_power(stage, cast, power)).await?;
    step("racing sales", story::race(stage, network, cast)).await?;
    Ok(Played {
        before,
        power,
        sold,
        receipts,
    })
}

/// The chapter with all nodes off.
async fn prove(
    stage: &mut Stage,
    network: &mut Network,
    out: &Path,
    receipts: Vec<(PathBuf, Option<RecordId>)>,
) -> Result<Vec<Verified>> {
    stage.chapter("Offline");
    step("stopping", network.stop()).await?;
    for index in 0..VALIDATORS {
        ensure!(
            network.client(index)?.health().await.is_err(),
            "a validator still answers"
        );
    }
    stage.tell("all validators, the witnesses, the provider and the custodian are stopped");
    let verified = step("verification", proofs::verify(stage, out, receipts)).await?;
    step(
        "tampered receipt",
        proofs::tamper(stage, out, &network.folder),
    )
    .await?;
    Ok(verified)
}

/// Awaits a step; if it fails, the error names it.
async fn step<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    work.await
        .with_context(|| format!("step \"{name}\" failed"))
}

/// Removes what an earlier demo left, so that nothing old is taken for new.
fn clear(out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    for name in RECEIPTS.into_iter().chain([POLICY, DEAL]) {
        let path = out.join(name);
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        }
    }
    Ok(())
}

fn open_scene(stage: &mut Stage, network: &Network, statement: &str) {
    stage.tell("four validators, two witnesses, an identity provider and an evidence custodian are running");
    for node in &network.nodes {
        stage.detail(format!("{}  {}", node.api, node.name));
    }
    for witness in &network.witnesses {
        stage.detail(format!("{}  {}", witness.url, witness.key.name()));
    }
    stage.detail(format!("law: {}", profile().name));
    stage.detail(format!("identity: {statement}"));
    stage.detail("video: moving test patterns; nobody is filmed");
}

fn parties(cast: &Cast) -> BTreeMap<&str, PartyId> {
    let everybody = cast.everybody().into_iter();
    everybody
        .map(|person| (person.name.as_str(), person.wallet.party))
        .collect()
}

fn finish(options: &DemoOptions, deal: &Deal<'_>) -> Result<()> {
    let mut text = serde_json::to_string_pretty(deal).context("encoding deal.json")?;
    text.push('\n');
    proofs::save(&options.out.join(DEAL), text.as_bytes())?;
    if options.json {
        print!("{text}");
    } else {
        println!(
            "\nEvery step held. {:.1} s; see {}",
            deal.seconds,
            options.out.join(DEAL).display()
        );
    }
    Ok(())
}

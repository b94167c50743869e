//! `deedbook-testnet replay`: real sales, each as a full deed, on a network of real processes.
//!
//! Lives here: the order of the replay, its checks and its summary. Does not live here: the file
//! (`sales`), the records of everybody before the first sale (`setup`).
//!
//! The data names nobody: every sale gets a made-up buyer, and the seller is whoever holds the
//! title then. Attestations are signed by the provider's own code in this process: 26,000 sessions
//! over HTTP would measure HTTP.

mod dress;
pub mod sales;
pub(crate) mod setup;
mod summary;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use deedbook_client::wallet::Wallet;
use deedbook_schemas::fraction::Money;
use futures::stream::FuturesUnordered;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use tokio::sync::mpsc;

use crate::clip::ClipShape;
use crate::deals::{Deed, DeedOffice};
use crate::limits::{DEEDS_IN_FLIGHT_MAX, READS_IN_FLIGHT_MAX, SIGN_AHEAD_DEEDS};
use crate::network::Network;
use crate::people::now;
use crate::provider::Provider;
use crate::submit::{Lanes, Refusals, Verdict};
use dress::{Mortgages, Wardrobe};
use sales::{Sale, Sales};
use summary::{Measured, Summary};

/// Options of `replay`.
#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// A Price Paid file with a header row.
    pub file: PathBuf,
    /// Replay only the first sales by date.
    #[arg(long)]
    pub limit: Option<usize>,
    /// Dress the sales with marriages, consents, mortgages, their discharges, and powers of attorney at
    /// realistic rates, all invented.
    #[arg(long)]
    pub dressed: bool,
    /// Print the summary alone, as one line of JSON.
    #[arg(long)]
    pub json: bool,
    /// Folder of the network; emptied if it is one of ours.
    #[arg(long, default_value = "testnet-data")]
    pub dir: PathBuf,
}

/// The people of the replay: the first holder of every property, then the buyer of every sale.
#[derive(Debug)]
struct People {
    first_holders: Vec<Wallet>,
    buyers: Vec<Wallet>,
}

impl People {
    fn invent(sales: &Sales) -> Result<Self> {
        let invent = |count: usize| -> Result<Vec<Wallet>> {
            let wallets = (0..count).into_par_iter().map(|_| Wallet::generate(None));
            Ok(wallets.collect::<Result<_, _>>()?)
        };
        Ok(Self {
            first_holders: invent(sales.properties.len())?,
            buyers: invent(sales.sales.len())?,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Wallet> {
        self.first_holders.iter().chain(&self.buyers)
    }

    /// Who holds the property just before its `turn`th sale; after the last, its last buyer.
    fn holder(&self, sales: &Sales, property: usize, turn: usize) -> Option<&Wallet> {
        match turn.checked_sub(1) {
            None => self.first_holders.get(property),
            Some(previous) => {
                let sale = sales.properties.get(property)?.sales.get(previous)?;
                self.buyers.get(*sale)
            }
        }
    }
}

/// Everything that signing needs, shared with the signing thread.
#[derive(Debug)]
struct Script {
    sales: Sales,
    people: People,
    provider: Provider,
    /// Of a dressed replay.
    wardrobe: Option<Wardrobe>,
}

impl Script {
    fn deed(&self, index: usize) -> Result<Deed> {
        let sale = self.sales.sales.get(index).context("no such sale")?;
        let (property, seller, buyer) = self.parties(index)?;
        let office = DeedOffice {
            provider: &self.provider,
            shape: ClipShape::TINY,
        };
        let (version, price) = (sale.title_version, price(sale));
        office.deed(property, seller, buyer, version, price, now())
    }

    /// The property, the seller and the buyer of a sale.
    fn parties(&self, index: usize) -> Result<(&str, &Wallet, &Wallet)> {
        let sale = self.sales.sales.get(index).context("no such sale")?;
        let property = self.sales.properties.get(sale.property);
        let turn = usize::try_from(sale.title_version - 1)?;
        let seller = self.people.holder(&self.sales, sale.property, turn);
        Ok((
            &property.context("no such property")?.cadastral_number,
            seller.context("no seller")?,
            self.people.buyers.get(index).context("no buyer")?,
        ))
    }
}

/// The price of a sale.
fn price(sale: &Sale) -> Money {
    Money {
        minor: sale.pence,
        currency: "GBP".to_owned(),
    }
}

/// Replays a file.
///
/// # Errors
/// If the file cannot be read, the network does not come up, nodes disagree, or a title's chain of
/// holders is not the file's.
pub async fn run(options: &ReplayOptions) -> Result<()> {
    let file =
        File::open(&options.file).with_context(|| format!("opening {}", options.file.display()))?;
    let sales = Sales::read(file, options.limit)
        .with_context(|| format!("reading {}", options.file.display()))?;
    if sales.sales.is_empty() {
        bail!("{} has no sales", options.file.display());
    }
    let began = Instant::now();
    let mut network = Network::create(&options.dir, 4).await?;
    network.start().await?;
    let people = People::invent(&sales)?;
    let wardrobe = options.dressed.then(|| Wardrobe::invent(people.all()));
    let script = Arc::new(Script {
        people,
        sales,
        provider: network.provider(),
        wardrobe: wardrobe.transpose()?,
    });
    let lanes = Lanes::new(&network)?;
    setup::run(&network, &lanes, &script).await?;
    let before = Measured::take(&network, began)?;
    let played = play(&lanes, &script).await?;
    network.check()?;
    let roots = network.agree().await?;
    let after = Measured::take(&network, began)?;
    let wrong = check_titles(&lanes, &script).await?;
    let mut summary = Summary::new(
        &script,
        &played,
        wrong,
        (before, after),
        lanes.record_bytes(),
        &roots,
    );
    network.stop().await?;
    summary.at_rest(&network, lanes.record_bytes())?;
    summary.print(options.json, began)?;
    summary.judge()
}

/// What became of the sales.
#[derive(Debug, Default)]
struct Played {
    registered: BTreeSet<usize>,
    refusals: Refusals,
    refused: usize,
    record_bytes: u64,
}

/// A progress bar on standard error; silent where that is not a terminal.
pub(crate) fn progress(length: usize, what: &'static str) -> Result<ProgressBar> {
    let bar = ProgressBar::new(u64::try_from(length)?);
    let style = "{msg:24} {bar:32} {pos}/{len} {per_sec} {eta}";
    bar.set_style(ProgressStyle::with_template(style).context("progress bar")?);
    bar.set_message(what);
    Ok(bar)
}

/// Plays every sale in date order. Sales of different properties are on their way together; one of
/// a property whose earlier sale is still on its way waits for it.
async fn play(lanes: &Lanes, script: &Arc<Script>) -> Result<Played> {
    let mut deeds = sign_ahead(Arc::clone(script));
    let bar = progress(script.sales.sales.len(), "sales")?;
    let mut played = Played::default();
    let mut busy = BTreeSet::new();
    let mut under_way = FuturesUnordered::new();
    while let Some(signed) = deeds.recv().await {
        let (index, deed) = signed?;
        let property = script
            .sales
            .sales
            .get(index)
            .context("no such sale")?
            .property;
        while under_way.len() >= DEEDS_IN_FLIGHT_MAX || busy.contains(&property) {
            let ended = under_way.try_next().await?;
            settle(ended.context("a sale under way")?, &mut played, &mut busy)?;
            bar.inc(1);
        }
        busy.insert(property);
        played.record_bytes += u64::try_from(deed.bytes())?;
        under_way.push(async move {
            let verdict = lanes.deed(index, &deed).await;
            Ok::<_, anyhow::Error>((index, property, verdict?))
        });
    }
    while let Some(ended) = under_way.try_next().await? {
        settle(ended, &mut played, &mut busy)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(played)
}

fn settle(
    (index, property, verdict): (usize, usize, Verdict),
    played: &mut Played,
    busy: &mut BTreeSet<usize>,
) -> Result<()> {
    if !busy.remove(&property) {
        bail!("sale {index} ended twice");
    }
    match verdict {
        Verdict::Registered => {
            played.registered.insert(index);
        }
        Verdict::Refused(codes) => {
            played.refusals.count(&codes);
            played.refused += 1;
        }
    }
    Ok(())
}

fn sign_piece(
    script: &Script,
    mortgages: &mut Mortgages,
    piece: &[usize],
) -> Vec<Result<(usize, Deed)>> {
    let Some(wardrobe) = &script.wardrobe else {
        let sign = |index: &usize| script.deed(*index).map(|deed| (*index, deed));
        return piece.par_iter().map(sign).collect();
    };
    let opened: Vec<_> = piece
        .iter()
        .map(|index| (*index, script.open_dressed(wardrobe, mortgages, *index)))
        .collect();
    opened
        .into_par_iter()
        .map(|(index, opened)| Ok((index, script.dress(wardrobe, opened?)?)))
        .collect()
}

/// Signs the deeds in date order on all cores, a few pieces ahead of their submission.
fn sign_ahead(script: Arc<Script>) -> mpsc::Receiver<Result<(usize, Deed)>> {
    let (sender, receiver) = mpsc::channel(SIGN_AHEAD_DEEDS);
    tokio::task::spawn_blocking(move || {
        let indices: Vec<usize> = (0..script.sales.sales.len()).collect();
        let mut mortgages = Mortgages::default();
        for piece in indices.chunks(SIGN_AHEAD_DEEDS) {
            for deed in sign_piece(&script, &mut mortgages, piece) {
                // Nobody receives any more: the replay has failed or was interrupted.
                if sender.blocking_send(deed).is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

/// Reads every title at the end: the properties whose holder or number of changes is not the file's.
async fn check_titles(lanes: &Lanes, script: &Script) -> Result<Vec<String>> {
    let bar = progress(script.sales.properties.len(), "titles read back")?;
    let numbered = script.sales.properties.iter().enumerate();
    let wrong = stream::iter(numbered.map(|(index, property)| async move {
        let view = lanes.lane(index)?.title(&property.cadastral_number).await?;
        let turns = property.sales.len();
        let last = script.people.holder(&script.sales, index, turns);
        let last = last.context("no last holder")?.party;
        let changes = view.title.version.saturating_sub(1);
        let held = view.title.holdings.iter().map(|holding| holding.party);
        let bare = view.title.encumbrances.is_empty() && view.title.consents.is_empty();
        let dressed = match (&script.wardrobe, property.sales.last()) {
            (Some(wardrobe), Some(last)) => script.is_dressed(wardrobe, &view.title, *last),
            _ => bare,
        };
        let right = changes == u64::try_from(turns)? && held.eq([last]) && dressed;
        Ok::<_, anyhow::Error>((!right).then(|| property.cadastral_number.clone()))
    }))
    .buffer_unordered(READS_IN_FLIGHT_MAX)
    .inspect(|_| bar.inc(1))
    .try_filter_map(async |wrong| Ok(wrong))
    .try_collect()
    .await;
    bar.finish_and_clear();
    wrong
}

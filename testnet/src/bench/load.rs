//! Load: deeds signed in advance, driven in a closed loop and then at a fixed rate.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use deedbook_client::wallet::Wallet;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::property::{Ground, LandUse};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use hdrhistogram::Histogram;
use rayon::prelude::*;
use tokio::task::JoinSet;

use crate::clip::ClipShape;
use crate::deals::{Deed, DeedOffice, first_registration};
use crate::limits::{BENCH_PROPERTIES, DEEDS_IN_FLIGHT_MAX, FINALITY_TIMEOUT};
use crate::network::Network;
use crate::people::now;
use crate::provider::Provider;
use crate::replay::setup::{BEGINNING, bundles, enrol, register, unmarried};
use crate::submit::{Lanes, Refusals, Verdict};

/// What a window of load measured.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) seconds: f64,
    pub(super) registered: u64,
    pub(super) refusals: Refusals,
    pub(super) record_bytes: u64,
}

/// Two owners of every property, who sell it to each other again and again.
#[derive(Debug)]
pub(super) struct Owners {
    first: Vec<Wallet>,
    second: Vec<Wallet>,
}

fn number(property: usize) -> String {
    format!("BENCH:{property}")
}

/// Enrols the owners and registers their properties.
pub(super) async fn setup(network: &Network, lanes: &Lanes) -> Result<Owners> {
    let invent = || -> Result<Vec<Wallet>> {
        let wallets = (0..BENCH_PROPERTIES).map(|_| Wallet::generate(None));
        Ok(wallets.collect::<Result<_, _>>()?)
    };
    let owners = Owners {
        first: invent()?,
        second: invent()?,
    };
    let everybody: Vec<&Wallet> = owners.first.iter().chain(&owners.second).collect();
    enrol(lanes, &network.provider(), &everybody).await?;
    unmarried(network, lanes, &everybody).await?;
    let records = owners.first.iter().enumerate().map(|(property, owner)| {
        let address = format!("Load street {property}");
        let (land_use, ground) = (LandUse::Flat, Ground::Purchase);
        let body = first_registration(land_use, 0, address, owner.party, BEGINNING, ground);
        register(network, network.ledger, &number(property), body)
    });
    let records = records.collect::<Result<Vec<_>>>()?;
    lanes
        .all(bundles(records), |_| ())
        .await
        .context("registering the properties")?;
    Ok(owners)
}

/// Signs `count` deeds: one of every property, then the next of every property, and so on.
pub(super) fn sign(provider: &Provider, owners: &Owners, count: usize) -> Result<VecDeque<Deed>> {
    let office = DeedOffice {
        provider,
        shape: ClipShape::TINY,
    };
    let price = Money {
        minor: 4_200_000_000,
        currency: "KZT".to_owned(),
    };
    let deeds = (0..count).into_par_iter().map(|index| {
        let (property, turn) = (index % BENCH_PROPERTIES, index / BENCH_PROPERTIES);
        let first = owners.first.get(property).context("no first owner")?;
        let second = owners.second.get(property).context("no second owner")?;
        let (seller, buyer) = if turn % 2 == 0 {
            (first, second)
        } else {
            (second, first)
        };
        let version = u64::try_from(turn)? + 1;
        office.deed(
            &number(property),
            seller,
            buyer,
            version,
            price.clone(),
            now(),
        )
    });
    let deeds: Vec<Deed> = deeds.collect::<Result<_>>()?;
    Ok(deeds.into())
}

impl Window {
    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Registered => self.registered += 1,
            Verdict::Refused(codes) => self.refusals.count(&codes),
        }
    }
}

/// Keeps [`DEEDS_IN_FLIGHT_MAX`] deeds on their way until the time or the deeds are over.
pub(super) async fn closed_loop(
    lanes: &Lanes,
    deeds: &mut VecDeque<Deed>,
    length: Duration,
) -> Result<Window> {
    let mut window = Window::default();
    let mut under_way = FuturesUnordered::new();
    let began = Instant::now();
    let mut index = 0;
    loop {
        while began.elapsed() < length && under_way.len() < DEEDS_IN_FLIGHT_MAX {
            let Some(deed) = deeds.pop_front() else { break };
            window.record_bytes += u64::try_from(deed.bytes())?;
            under_way.push(async move { lanes.deed(index, &deed).await });
            index += 1;
        }
        match under_way.next().await {
            Some(verdict) => window.count(verdict?),
            None => break,
        }
    }
    window.seconds = began.elapsed().as_secs_f64();
    Ok(window)
}

/// Submits at a fixed rate, whatever the answers do, and takes each deed's time from the moment at
/// which it was due.
pub(super) async fn open_loop(
    lanes: &Arc<Lanes>,
    deeds: &mut VecDeque<Deed>,
    rate: f64,
    length: Duration,
) -> Result<(Window, Histogram<u64>)> {
    let mut window = Window::default();
    let mut latency = histogram()?;
    let mut under_way: JoinSet<Result<(Verdict, Duration)>> = JoinSet::new();
    let began = tokio::time::Instant::now();
    for index in 0usize.. {
        let offset = Duration::from_secs_f64(f64::from(u32::try_from(index)?) / rate);
        if offset >= length {
            break;
        }
        let Some(deed) = deeds.pop_front() else { break };
        let due = began + offset;
        tokio::time::sleep_until(due).await;
        window.record_bytes += u64::try_from(deed.bytes())?;
        let lanes = Arc::clone(lanes);
        under_way.spawn(async move {
            let verdict = lanes.deed(index, &deed).await?;
            Ok((verdict, due.elapsed()))
        });
    }
    window.seconds = began.elapsed().as_secs_f64();
    while let Some(ended) = under_way.join_next().await {
        let (verdict, time) = ended.context("a submission")??;
        latency.saturating_record(u64::try_from(time.as_micros())?);
        window.count(verdict);
    }
    if latency.is_empty() {
        bail!("no deed was left for the second window; make it shorter");
    }
    Ok((window, latency))
}

/// Microseconds up to [`FINALITY_TIMEOUT`], three digits.
fn histogram() -> Result<Histogram<u64>> {
    let most = u64::try_from(FINALITY_TIMEOUT.as_micros())?;
    Histogram::new_with_max(most, 3).context("a histogram")
}

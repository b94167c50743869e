//! Everybody and everything before the first sale: parties, civil status, properties.

use anyhow::{Context as _, Result};
use deedbook_client::wallet::Wallet;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{Commitment, LedgerId};
use deedbook_schemas::limits::{BUNDLE_RECORDS_MAX, STATUS_PARTIES_MAX};
use deedbook_schemas::party::{CivilStatus, Enrolment, PartyId};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;
use rayon::prelude::*;

use super::{Script, progress};
use crate::deals::{first_registration, sign_plain};
use crate::network::Network;
use crate::people::now;
use crate::provider::Provider;
use crate::submit::Lanes;

/// 2000-01-01: before every sale of the data. First holders held and were unmarried since then.
pub(crate) const BEGINNING: Seconds = Seconds(946_684_800);

/// Enrols everybody, registers that they are unmarried, and registers the properties.
pub(super) async fn run(network: &Network, lanes: &Lanes, script: &Script) -> Result<()> {
    let people: Vec<&Wallet> = script.people.all().collect();
    enrol(lanes, &script.provider, &people).await?;
    match &script.wardrobe {
        None => unmarried(network, lanes, &people).await?,
        Some(wardrobe) => {
            wardrobe.set_up(network, lanes, script).await?;
            let mut single = people;
            single.retain(|wallet| !wardrobe.is_married(&wallet.party));
            unmarried(network, lanes, &single).await?;
        }
    }
    properties(network, lanes, script).await
}

/// Enrols parties, 64 in one submission.
pub(crate) async fn enrol(lanes: &Lanes, provider: &Provider, people: &[&Wallet]) -> Result<()> {
    let bar = progress(people.len(), "parties enrolled")?;
    let records = people
        .par_iter()
        .map(|wallet| enrolment(provider, wallet))
        .collect::<Result<Vec<_>>>()?;
    lanes
        .all(bundles(records), |done| bar.inc(done))
        .await
        .context("enrolling the parties")?;
    bar.finish_and_clear();
    Ok(())
}

fn enrolment(provider: &Provider, wallet: &Wallet) -> Result<Vec<u8>> {
    let enrolment = Enrolment {
        key: wallet.public(),
        // Nobody stands behind these keys: a commitment to nothing, under the key as salt.
        personal: Commitment::new(wallet.public().as_bytes(), b""),
        possession: wallet.possession(&provider.ledger),
    };
    Ok(provider.enrol(wallet.party, enrolment, now())?)
}

/// Registers that parties are unmarried, 256 in one record.
pub(crate) async fn unmarried(network: &Network, lanes: &Lanes, people: &[&Wallet]) -> Result<()> {
    let registry = &network.authorities.civil_registry;
    let mut parties: Vec<PartyId> = people.iter().map(|wallet| wallet.party).collect();
    parties.sort_unstable();
    let records = parties.chunks(STATUS_PARTIES_MAX).map(|parties| {
        let body = Body::CivilStatus(CivilStatus::Unmarried {
            parties: parties.to_vec(),
            from: BEGINNING,
        });
        let subject = registry.party.to_string();
        Ok(vec![sign_plain(
            network.ledger,
            registry,
            subject,
            body,
            now(),
        )?])
    });
    let bar = progress(parties.len().div_ceil(STATUS_PARTIES_MAX), "civil status")?;
    let records = records.collect::<Result<Vec<_>>>()?;
    lanes
        .all(records, |done| bar.inc(done))
        .await
        .context("registering civil status")?;
    bar.finish_and_clear();
    Ok(())
}

async fn properties(network: &Network, lanes: &Lanes, script: &Script) -> Result<()> {
    let bar = progress(script.sales.properties.len(), "properties registered")?;
    let holders = script
        .sales
        .properties
        .par_iter()
        .zip(&script.people.first_holders);
    let records = holders
        .map(|(property, holder)| {
            let address = property.address.clone();
            let body = first_registration(
                property.land_use,
                0,
                address,
                holder.party,
                BEGINNING,
                Ground::Purchase,
            );
            register(network, network.ledger, &property.cadastral_number, body)
        })
        .collect::<Result<Vec<_>>>()?;
    lanes
        .all(bundles(records), |done| bar.inc(done))
        .await
        .context("registering the properties")?;
    bar.finish_and_clear();
    Ok(())
}

/// The registrar's record about one property.
pub(crate) fn register(
    network: &Network,
    ledger: LedgerId,
    number: &str,
    body: Body,
) -> Result<Vec<u8>> {
    sign_plain(ledger, &network.authorities.registrar, number, body, now())
}

/// Records in submissions of 64.
pub(crate) fn bundles(records: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    let mut records = records.into_iter().peekable();
    let mut bundles = Vec::new();
    while records.peek().is_some() {
        bundles.push(records.by_ref().take(BUNDLE_RECORDS_MAX).collect());
    }
    bundles
}

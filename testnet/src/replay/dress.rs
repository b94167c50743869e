//! The dressed replay: the same sales, with the marriages, mortgages, powers of attorney and lenders
//! that such sales have, all invented.
//!
//! Lives here: who is married, who borrows from whom, who sends an agent, the records that this adds
//! to a deed, and what a title must look like in the end. Does not live here: the order of the sales
//! (`super`) and the plain parties and titles (`setup`).
//!
//! Every choice follows from a party's or a sale's place in the file, so that two replays of one file
//! are dressed alike.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use deedbook_client::wallet::Wallet;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Discharge, MortgageTerms, Right};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, PowerOfAttorney, Scope, SpousalConsent, Transfer,
};
use deedbook_schemas::party::{CivilStatus, LegalEntity, PartyId};
use deedbook_schemas::property::Title;
use deedbook_schemas::record::Body;
use rayon::prelude::*;

use super::setup::{BEGINNING, bundles, enrol};
use super::{Script, price, progress};
use crate::deals::{Deed, DeedOffice, record_id, sign_plain};
use crate::network::Network;
use crate::people::now;
use crate::submit::Lanes;

/// Of a hundred holders, so many are married: half of the adults of England and Wales are.
const MARRIED_PERCENT: u64 = 50;
/// Of a hundred buyers, so many borrow: about two thirds of home purchases are mortgaged.
const MORTGAGED_PERCENT: u64 = 66;
/// Of a hundred sellers, so many send an agent.
const AGENT_PERCENT: u64 = 5;
/// A mortgage secures so much of a hundred of the price.
const LOAN_PERCENT: u64 = 75;
/// Lenders.
const BANKS: usize = 5;
/// How long consents and powers are given for: 90 days.
const VALID_S: u64 = 90 * 86_400;

/// A legal entity and the officer who signs for it.
#[derive(Debug)]
struct Bank {
    entity: PartyId,
    officer: Wallet,
}

/// Everybody whom the file does not need and life does.
#[derive(Debug)]
pub(super) struct Wardrobe {
    banks: Vec<Bank>,
    /// Sells for sellers who cannot come.
    agent: Wallet,
    /// By the holder's party.
    spouses: BTreeMap<PartyId, Wallet>,
}

/// What became of a property's mortgages so far: the one that the present holder bought with.
#[derive(Debug, Default)]
pub(super) struct Mortgages(BTreeMap<usize, (RecordId, usize)>);

/// A deed whose text is signed and whose acts are not.
pub(super) struct Opened {
    index: usize,
    instrument: RecordId,
    transfer: Vec<u8>,
    /// The mortgage of the seller, and whose it is.
    old: Option<(RecordId, usize)>,
    /// Whose the mortgage of the buyer is.
    new: Option<usize>,
}

/// A number below 100 that follows from `what` and `index` alone.
fn draw(what: &str, index: usize) -> u64 {
    let [a, b, c, d, ..] = blake3::derive_key(what, &index.to_be_bytes());
    u64::from(u32::from_be_bytes([a, b, c, d])) % 100
}

fn bank_of(index: usize) -> Option<usize> {
    let borrows = draw("deedbook 2026 dressed replay: mortgage", index) < MORTGAGED_PERCENT;
    borrows.then_some(index % BANKS)
}

fn loan(price: &Money) -> Money {
    Money {
        minor: price.minor.saturating_mul(LOAN_PERCENT) / 100,
        currency: price.currency.clone(),
    }
}

impl Wardrobe {
    /// Invents everybody for the holders of a file, in their order.
    pub(super) fn invent<'w>(holders: impl Iterator<Item = &'w Wallet>) -> Result<Self> {
        let wallet = || Wallet::generate(None);
        let bank = |_| {
            Ok(Bank {
                entity: wallet()?.party,
                officer: wallet()?,
            })
        };
        let mut spouses = BTreeMap::new();
        for (index, holder) in holders.enumerate() {
            if draw("deedbook 2026 dressed replay: marriage", index) < MARRIED_PERCENT {
                spouses.insert(holder.party, wallet()?);
            }
        }
        Ok(Self {
            banks: (0..BANKS).map(bank).collect::<Result<_>>()?,
            agent: wallet()?,
            spouses,
        })
    }

    /// Whether a party is married.
    pub(super) fn is_married(&self, party: &PartyId) -> bool {
        self.spouses.contains_key(party)
    }

    /// Parties that the file does not have.
    pub(super) fn parties(&self) -> usize {
        self.spouses.len() + 2 * self.banks.len() + 1
    }

    /// Enrols spouses, officers and the agent, marries and incorporates. Holders are enrolled already.
    pub(super) async fn set_up(
        &self,
        network: &Network,
        lanes: &Lanes,
        script: &Script,
    ) -> Result<()> {
        let officers = self.banks.iter().map(|bank| &bank.officer);
        let people: Vec<&Wallet> = self
            .spouses
            .values()
            .chain(officers)
            .chain([&self.agent])
            .collect();
        enrol(lanes, &script.provider, &people).await?;
        self.incorporate(network, lanes).await?;
        self.marry(network, lanes).await
    }

    async fn incorporate(&self, network: &Network, lanes: &Lanes) -> Result<()> {
        let registry = &network.authorities.business_registry;
        let record = |(number, bank): (usize, &Bank)| {
            let body = Body::LegalEntity(LegalEntity {
                name: format!("Bank {}", number + 1),
                officers: vec![bank.officer.party],
                signatures: 1,
                dissolved: false,
            });
            sign_plain(
                network.ledger,
                registry,
                bank.entity.to_string(),
                body,
                now(),
            )
        };
        let records = self.banks.iter().enumerate().map(record);
        let records = records.collect::<Result<Vec<_>>>()?;
        lanes
            .all(vec![records], |_| ())
            .await
            .context("registering the banks")
    }

    async fn marry(&self, network: &Network, lanes: &Lanes) -> Result<()> {
        let registry = &network.authorities.civil_registry;
        let couples: Vec<_> = self.spouses.iter().collect();
        let bar = progress(couples.len(), "marriages")?;
        let records = couples
            .par_iter()
            .map(|(holder, spouse)| {
                let mut spouses = [**holder, spouse.party];
                spouses.sort_unstable();
                let body = Body::CivilStatus(CivilStatus::Marriage {
                    spouses,
                    from: BEGINNING,
                });
                sign_plain(
                    network.ledger,
                    registry,
                    registry.party.to_string(),
                    body,
                    now(),
                )
            })
            .collect::<Result<Vec<_>>>()?;
        lanes
            .all(bundles(records), |done| bar.inc(done))
            .await
            .context("registering the marriages")?;
        bar.finish_and_clear();
        Ok(())
    }
}

impl Script {
    /// Signs the text of a dressed deed. In the order of the sales: a deed discharges the mortgage
    /// that the one before it on the same property made.
    pub(super) fn open_dressed(
        &self,
        wardrobe: &Wardrobe,
        mortgages: &mut Mortgages,
        index: usize,
    ) -> Result<Opened> {
        let sale = self.sales.sales.get(index).context("no such sale")?;
        let (property, seller, buyer) = self.parties(index)?;
        let price = price(sale);
        let old = mortgages.0.remove(&sale.property);
        let new = bank_of(index);
        let Body::Transfer(text) =
            crate::deals::sale(seller.party, buyer.party, sale.title_version, price.clone())
        else {
            anyhow::bail!("a sale is a transfer");
        };
        let bank = new.map(|bank| wardrobe.banks.get(bank).context("no such bank"));
        let body = Body::Transfer(Transfer {
            discharges: old.map(|(mortgage, _)| vec![mortgage]),
            mortgage: bank.transpose()?.map(|bank| MortgageTerms {
                mortgagee: bank.entity,
                amount: loan(&price),
            }),
            ..text
        });
        let transfer = sign_plain(self.provider.ledger, seller, property, body, now())?;
        let instrument = record_id(&transfer)?;
        if let Some(bank) = new {
            mortgages.0.insert(sale.property, (instrument, bank));
        }
        Ok(Opened {
            index,
            instrument,
            transfer,
            old,
            new,
        })
    }

    /// Signs everything else of a dressed deed.
    pub(super) fn dress(&self, wardrobe: &Wardrobe, opened: Opened) -> Result<Deed> {
        let (property, seller, buyer) = self.parties(opened.index)?;
        let sale = self.sales.sales.get(opened.index).context("no such sale")?;
        let office = DeedOffice {
            provider: &self.provider,
            shape: crate::clip::ClipShape::TINY,
        };
        let desk = Desk {
            office,
            wardrobe,
            opened: &opened,
            property,
            price: price(sale),
            now: now(),
        };
        let mut records = vec![opened.transfer.clone()];
        if let Some(spouse) = wardrobe.spouses.get(&seller.party) {
            records.push(desk.consent(seller, spouse)?);
        }
        if let Some((mortgage, bank)) = opened.old {
            records.push(desk.discharge(mortgage, bank)?);
        }
        if let Some(bank) = opened.new {
            records.push(desk.lend(bank)?);
        }
        records.extend(desk.sell(seller)?);
        records.push(desk.act(buyer, ActRole::Acquirer, None, None)?);
        Ok(Deed {
            instrument: opened.instrument,
            records,
        })
    }

    /// Whether a title carries exactly the mortgage that its last sale made, and nothing else.
    pub(super) fn is_dressed(&self, wardrobe: &Wardrobe, title: &Title, last_sale: usize) -> bool {
        let Some(sale) = self.sales.sales.get(last_sale) else {
            return false;
        };
        let expected = bank_of(last_sale)
            .and_then(|bank| wardrobe.banks.get(bank))
            .map(|bank| Right::Mortgage {
                mortgagee: bank.entity,
                amount: loan(&price(sale)),
                rank: 1,
            });
        let found: Vec<_> = title.encumbrances.iter().map(|e| &e.right).collect();
        let source = title.encumbrances.iter().all(|e| e.id == title.source);
        found.into_iter().eq(expected.as_ref()) && source && title.consents.is_empty()
    }
}

/// Where the records of one dressed deed are signed.
struct Desk<'d> {
    office: DeedOffice<'d>,
    wardrobe: &'d Wardrobe,
    opened: &'d Opened,
    property: &'d str,
    price: Money,
    now: Seconds,
}

impl Desk<'_> {
    fn later(&self) -> Seconds {
        Seconds(self.now.0.saturating_add(VALID_S))
    }

    fn bank(&self, index: usize) -> Result<&Bank> {
        self.wardrobe.banks.get(index).context("no such bank")
    }

    fn act(
        &self,
        who: &Wallet,
        role: ActRole,
        power: Option<RecordId>,
        represents: Option<PartyId>,
    ) -> Result<Vec<u8>> {
        let body = Body::Act(Act {
            role,
            power,
            represents,
        });
        let subject = self.opened.instrument.to_string();
        self.office.personal(subject, who, body, self.now)
    }

    fn consent(&self, seller: &Wallet, spouse: &Wallet) -> Result<Vec<u8>> {
        let body = Body::SpousalConsent(SpousalConsent {
            disponor: seller.party,
            act: ActKind::Sell,
            counterparty: None,
            price_floor: Some(self.price.clone()),
            expires: self.later(),
            power: None,
        });
        self.office.personal(self.property, spouse, body, self.now)
    }

    fn discharge(&self, mortgage: RecordId, bank: usize) -> Result<Vec<u8>> {
        let bank = self.bank(bank)?;
        let body = Body::Discharge(Discharge {
            property: self.property.to_owned(),
            with: Some(self.opened.instrument),
            power: None,
            represents: Some(bank.entity),
        });
        self.office
            .personal(mortgage.to_string(), &bank.officer, body, self.now)
    }

    fn lend(&self, bank: usize) -> Result<Vec<u8>> {
        let bank = self.bank(bank)?;
        self.act(&bank.officer, ActRole::Mortgagee, None, Some(bank.entity))
    }

    /// The seller signs, or gives a power to the agent, who does.
    fn sell(&self, seller: &Wallet) -> Result<Vec<Vec<u8>>> {
        let sends = draw("deedbook 2026 dressed replay: agent", self.opened.index) < AGENT_PERCENT;
        if !sends {
            return Ok(vec![self.act(seller, ActRole::Disponor, None, None)?]);
        }
        let agent = &self.wardrobe.agent;
        let body = Body::PowerOfAttorney(PowerOfAttorney {
            scope: Scope {
                acts: vec![ActKind::Sell],
                properties: Some(vec![self.property.to_owned()]),
                price_floor: Some(self.price.clone()),
                counterparties: None,
                self_dealing: false,
                substitutions: None,
            },
            issued: Some(Seconds(self.now.0.saturating_sub(1))),
            starts: None,
            expires: Some(self.later()),
            parent: None,
            represents: None,
        });
        let power = self
            .office
            .personal(agent.party.to_string(), seller, body, self.now)?;
        let act = self.act(agent, ActRole::Disponor, Some(record_id(&power)?), None)?;
        Ok(vec![power, act])
    }
}

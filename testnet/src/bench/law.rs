//! What the law itself costs: applying deeds whose signatures are verified already, on a real store,
//! with their share of the state tree; and a title that carries as much as any.
//!
//! One thread, its CPU time, no network. The state is as large as a town: see the constants.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use deedbook_client::wallet::Wallet;
use deedbook_node::store::{GenesisBatch, Store};
use deedbook_registry::{BlockContext, Key, Overlay, apply, begin_block, end_block, genesis_state};
use deedbook_schemas::block::{BlockTime, Height};
use deedbook_schemas::digest::{RecordId, ValidatorSetId};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::encumbrance::{Encumbrance, Freeze, Interest, Right, ServitudeKind};
use deedbook_schemas::fraction::{Fraction, Money};
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::party::{Nature, Party, PartyId};
use deedbook_schemas::property::{Ground, Holding, LandUse, SpatialUnit, Title};
use deedbook_schemas::record::{Body, Record};
use serde::Serialize;

use crate::clip::ClipShape;
use crate::deals::{DeedOffice, sign_plain};
use crate::network::genesis::{Authorities, profile};
use crate::network::usage::ratio;
use crate::people::now;
use crate::provider::Provider;
use crate::replay::setup::BEGINNING;

/// Properties of the state, each with an owner and a buyer.
const PROPERTIES: usize = 10_000;
/// Deeds measured, in blocks of as many as four validators put into one.
const BLOCKS: usize = 50;
const DEEDS_PER_BLOCK: usize = 80;
/// Holders and encumbrances of the full title.
const HOLDERS: u64 = 20;
const ENCUMBRANCES: u16 = 50;
/// How often the full title is read, changed and proved.
const ROUNDS: u32 = 200;
/// The full title's number.
const FULL: &str = "LAW:FULL";

/// The law's figures, in microseconds of one thread.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LawCost {
    /// Lodging and two acts.
    pub(super) apply_micros_a_deed: f64,
    /// The state tree's new nodes and root, for a block of deeds, divided by them.
    pub(super) state_tree_micros_a_deed: f64,
    /// Reading the full title from the store.
    pub(super) full_title_read_micros: f64,
    /// Applying a freeze to it, with the state tree.
    pub(super) full_title_change_micros: f64,
    /// Its proof under the state root.
    pub(super) full_title_prove_micros: f64,
    /// Bytes of the full title as it is stored.
    pub(super) full_title_bytes: usize,
}

/// A state in the store, and who acts in it.
struct Town {
    store: Store,
    genesis: Genesis,
    provider: Provider,
    registrar: Wallet,
    sellers: Vec<Wallet>,
    buyers: Vec<Wallet>,
}

/// Measures in a fresh store below `folder`.
pub(super) fn measure(folder: &Path) -> Result<LawCost> {
    let path = folder.join("law");
    let town = Town::build(&path)?;
    let (apply, tree) = town.deeds()?;
    let full = town.full_title()?;
    drop(town);
    std::fs::remove_dir_all(&path).with_context(|| format!("removing {}", path.display()))?;
    Ok(LawCost {
        apply_micros_a_deed: apply,
        state_tree_micros_a_deed: tree,
        ..full
    })
}

/// Microseconds that this thread has computed so far. The kernel brings the count up to date when it
/// schedules: without giving way first, it would be as of the last clock tick.
fn cpu_micros() -> Result<f64> {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")
        .context("reading the thread's CPU time")?;
    let nanos: u64 = text
        .split(' ')
        .next()
        .context("an empty schedstat")?
        .parse()?;
    Ok(ratio(nanos, 1_000))
}

fn number(index: usize) -> String {
    format!("LAW:{index}")
}

fn title(holdings: Vec<Holding>, encumbrances: Vec<Encumbrance>) -> Title {
    Title {
        version: 1,
        unit: SpatialUnit {
            land_use: LandUse::Flat,
            area_dm2: 6_400,
            address: "12 Abai Avenue, flat 7, Almaty".to_owned(),
        },
        holdings,
        source: RecordId([1; 32]),
        begin_lifespan_version: BlockTime(BEGINNING.0 * 1000),
        slot: None,
        consents: Vec::new(),
        encumbrances,
        parents: Vec::new(),
        cancelled: false,
    }
}

fn holding(party: PartyId, share: Fraction) -> Holding {
    Holding {
        party,
        share,
        acquired: BEGINNING,
        ground: Ground::Purchase,
    }
}

/// A title of 20 holders with mortgages, servitudes, leases and caveats.
fn full_title() -> Result<Title> {
    let share = Fraction::new(1, HOLDERS).context("a share")?;
    let party = |n: u64| PartyId([u8::try_from(n).unwrap_or(u8::MAX); 16]);
    let until = BlockTime(u64::MAX / 2).seconds();
    let encumbrances = (0..ENCUMBRANCES).map(|n| Encumbrance {
        id: RecordId([u8::try_from(n).unwrap_or(u8::MAX); 32]),
        registered: BlockTime(BEGINNING.0 * 1000),
        right: match n {
            0..16 => Right::Mortgage {
                mortgagee: party(n.into()),
                amount: Money {
                    minor: 4_200_000_000,
                    currency: "KZT".to_owned(),
                },
                rank: n + 1,
            },
            16..32 => Right::Servitude {
                beneficiary: party(n.into()),
                kind: ServitudeKind::Way,
                until: None,
            },
            32..48 => Right::Lease {
                lessee: party(n.into()),
                until,
            },
            _ => Right::Caveat {
                claimant: party(n.into()),
                interest: Interest::Debt,
                until,
            },
        },
    });
    let holders = (0..HOLDERS).map(|n| holding(party(n + 100), share));
    Ok(title(holders.collect(), encumbrances.collect()))
}

impl Town {
    fn build(path: &Path) -> Result<Self> {
        let authorities = Authorities::generate()?;
        let genesis = Genesis {
            origin: "law.example".to_owned(),
            time: BlockTime(now().0.saturating_sub(60) * 1000),
            validators: Vec::new(),
            authorities: authorities.accredited(),
            profile: profile(),
            log_key: PublicKey([0; 32]),
        };
        let ledger = genesis.ledger_id();
        let invent = || -> Result<Vec<Wallet>> {
            let wallets = (0..PROPERTIES).map(|_| Wallet::generate(None));
            Ok(wallets.collect::<Result<_, _>>()?)
        };
        let (sellers, buyers) = (invent()?, invent()?);
        let mut state = genesis_state(&genesis);
        for wallet in sellers.iter().chain(&buyers) {
            let party = Party {
                provider: authorities.identity_provider.party,
                keys: vec![wallet.public()],
                enrolment: RecordId([2; 32]),
                marriages: Vec::new(),
                unmarried: vec![BEGINNING],
                died: None,
                incapable: None,
                minor_until: None,
                guardian: None,
                nature: Nature::Natural,
                turn: 0,
                in_office: Vec::new(),
            };
            state.insert(Key::Party(&wallet.party).bytes(), encode(&party));
        }
        for (index, seller) in sellers.iter().enumerate() {
            let title = title(vec![holding(seller.party, Fraction::ONE)], Vec::new());
            state.insert(Key::Title(&number(index)).bytes(), encode(&title));
        }
        state.insert(Key::Title(FULL).bytes(), encode(&full_title()?));
        let store = Store::open(path, ledger)?;
        let changes: BTreeMap<_, _> = state.into_iter().map(|(k, v)| (k, Some(v))).collect();
        let state = store.update(&changes)?;
        store.commit_genesis(GenesisBatch {
            time: genesis.time,
            state,
            next_validators: ValidatorSetId([0; 32]),
            index: Vec::new(),
            values: Vec::new(),
        })?;
        let Authorities {
            identity_provider: wallet,
            registrar,
            ..
        } = authorities;
        let provider = Provider { wallet, ledger };
        Ok(Self {
            store,
            genesis,
            provider,
            registrar,
            sellers,
            buyers,
        })
    }

    fn block(&self) -> BlockContext {
        BlockContext {
            ledger: self.genesis.ledger_id(),
            height: Height(1),
            time: BlockTime(now().0 * 1000),
        }
    }

    /// Records of one block of deeds: read, verified, not applied.
    fn records(&self, block: usize) -> Result<Vec<Record>> {
        let office = DeedOffice {
            provider: &self.provider,
            shape: ClipShape::TINY,
        };
        let price = Money {
            minor: 4_200_000_000,
            currency: "KZT".to_owned(),
        };
        let mut records = Vec::new();
        for index in block * DEEDS_PER_BLOCK..(block + 1) * DEEDS_PER_BLOCK {
            let parties = self.sellers.get(index).zip(self.buyers.get(index));
            let (seller, buyer) = parties.context("more deeds than properties")?;
            let deed = office.deed(&number(index), seller, buyer, 1, price.clone(), now())?;
            for bytes in &deed.records {
                let record = Record::decode(bytes).context("a record of our own")?;
                ensure!(record.verify(), "a record of our own does not verify");
                records.push(record);
            }
        }
        Ok(records)
    }

    /// Microseconds a deed: applying, and the state tree.
    fn deeds(&self) -> Result<(f64, f64)> {
        let (mut applying, mut tree) = (0.0, 0.0);
        for number in 0..BLOCKS {
            let records = self.records(number)?;
            let block = self.block();
            let start = cpu_micros()?;
            let mut overlay = Overlay::new(&self.store);
            begin_block(&mut overlay, &block)?;
            let mut registered = 0;
            for record in &records {
                let applied = apply(&mut overlay, &block, record, &|_| true)?;
                registered += applied.outcomes.len();
            }
            end_block(&mut overlay, &block)?;
            let applied = cpu_micros()?;
            self.store.update(&overlay.changes())?;
            tree += cpu_micros()? - applied;
            applying += applied - start;
            ensure!(
                registered == DEEDS_PER_BLOCK,
                "{registered} deeds were registered"
            );
        }
        let deeds = f64::from(u32::try_from(BLOCKS * DEEDS_PER_BLOCK)?);
        Ok((applying / deeds, tree / deeds))
    }

    fn full_title(&self) -> Result<LawCost> {
        let key = Key::Title(FULL).bytes();
        let body = Body::Freeze(Freeze {
            case: "Case 1".to_owned(),
            until: None,
        });
        let registrar = &self.registrar;
        let record = sign_plain(self.provider.ledger, registrar, FULL, body, now())?;
        let record = Record::decode(&record).context("a record of our own")?;
        let version = self.store.tip().state_version;
        let (mut read, mut change, mut prove) = (0.0, 0.0, 0.0);
        for _ in 0..ROUNDS {
            let start = cpu_micros()?;
            let title = deedbook_registry::state::title(&self.store, FULL)?;
            let has_read = cpu_micros()?;
            let found = title.context("no full title")?.encumbrances.len();
            ensure!(found == usize::from(ENCUMBRANCES), "{found} encumbrances");
            let block = self.block();
            let mut overlay = Overlay::new(&self.store);
            let begin = cpu_micros()?;
            let applied = apply(&mut overlay, &block, &record, &|_| true)?;
            self.store.update(&overlay.changes())?;
            let has_changed = cpu_micros()?;
            ensure!(applied.refusal.is_none(), "{:?}", applied.refusal);
            let (value, _proof) = self.store.prove(version, &key)?;
            prove += cpu_micros()? - has_changed;
            ensure!(value.is_some(), "no proof of the full title");
            read += has_read - start;
            change += has_changed - begin;
        }
        let rounds = f64::from(ROUNDS);
        Ok(LawCost {
            apply_micros_a_deed: 0.0,
            state_tree_micros_a_deed: 0.0,
            full_title_read_micros: read / rounds,
            full_title_change_micros: change / rounds,
            full_title_prove_micros: prove / rounds,
            full_title_bytes: self.store.get(&key)?.map_or(0, |value| value.len()),
        })
    }
}

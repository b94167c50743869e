//! A ledger in one process: the node's own store and law, blocks certified by all validators' keys.
//!
//! Lives here: logs of any length without a network, for the benchmark of the audit; and, because
//! whoever holds all keys can do what colluding validators can, two histories of one ledger. Does not
//! live here: consensus.

use std::path::Path;

use anyhow::{Context as _, Result};
use deedbook_client::wallet::{Wallet, random};
use deedbook_node::export::export;
use deedbook_node::store::{CommitBatch, GenesisBatch, StateChanges, Store};
use deedbook_registry::{BlockContext, Overlay, apply, begin_block, end_block, genesis_state};
use deedbook_schemas::block::{
    BlockTime, Certificate, CommitSignature, Header, Seal, Seconds, precommit_bytes,
};
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::{Commitment, RecordId};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::keys::{PublicKey, SigningKey, sign};
use deedbook_schemas::limits::STATUS_PARTIES_MAX;
use deedbook_schemas::note::SignatureLine;
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::party::{CivilStatus, Enrolment, PartyId};
use deedbook_schemas::property::{Ground, LandUse};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::validators::{Validator, ValidatorSet};

use crate::clip::ClipShape;
use crate::deals::{Deed, DeedOffice, first_registration, sign_plain};
use crate::network::genesis::{Authorities, institution};
use crate::people::now;
use crate::provider::Provider;
use crate::replay::setup::BEGINNING;

/// How long ago a chain begins: its blocks are a second apart.
const PAST_S: u64 = 30 * 24 * 3600;
/// Leaves of one block of what comes before the first sale.
const SETUP_RECORDS: usize = 200;

/// One validator's keys.
#[derive(Debug)]
struct Keys {
    name: String,
    consensus: SigningKey,
    note: SigningKey,
    share: SigningKey,
}

/// Everybody's keys: what a ledger needs besides its disk.
#[derive(Debug)]
pub struct Founders {
    /// The beginning.
    pub genesis: Genesis,
    authorities: Authorities,
    provider: Provider,
    validators: Vec<Keys>,
    /// The log's key in one piece.
    log: SigningKey,
    set: ValidatorSet,
    /// Two owners of every property, who sell it to each other again and again.
    owners: Vec<[Wallet; 2]>,
}

impl Founders {
    /// Invents validators, authorities, and so many properties with two people each.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn invent(validators: usize, properties: usize) -> Result<Self> {
        let authorities = Authorities::generate()?;
        let validators = (0..validators).map(|index| {
            let key = || -> Result<SigningKey> { Ok(SigningKey::from_bytes(&random()?)) };
            Ok(Keys {
                name: institution(index),
                consensus: key()?,
                note: key()?,
                share: key()?,
            })
        });
        let validators: Vec<Keys> = validators.collect::<Result<_>>()?;
        let log = SigningKey::from_bytes(&random()?);
        let public = validators.iter().map(|keys| Validator {
            name: keys.name.clone(),
            consensus_key: PublicKey::of(&keys.consensus),
            note_key: PublicKey::of(&keys.note),
            // Nothing here is signed by a share, so that any point will do.
            log_share: PublicKey::of(&keys.share),
            power: 1,
        });
        let mut genesis = authorities.genesis(public.collect(), PublicKey::of(&log))?;
        genesis.time = BlockTime(now().0.saturating_sub(PAST_S) * 1000);
        let set = genesis.check().context("the genesis")?;
        let wallet = Wallet::from_seed(
            authorities.identity_provider.party,
            authorities.identity_provider.key().as_bytes(),
        );
        let provider = Provider {
            wallet,
            ledger: genesis.ledger_id(),
        };
        let owners = (0..properties)
            .map(|_| Ok([Wallet::generate(None)?, Wallet::generate(None)?]))
            .collect::<Result<_>>()?;
        Ok(Self {
            genesis,
            authorities,
            provider,
            validators,
            log,
            set,
            owners,
        })
    }

    fn number(property: usize) -> String {
        format!("CHAIN:{property}")
    }

    /// What comes before the first sale, in blocks, the first at `time`.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn setup(&self, time: Seconds) -> Result<Vec<Vec<Vec<u8>>>> {
        let ledger = self.provider.ledger;
        let mut records = Vec::new();
        for wallet in self.owners.iter().flatten() {
            let enrolment = Enrolment {
                key: wallet.public(),
                personal: Commitment::new(wallet.public().as_bytes(), b""),
                possession: wallet.possession(&ledger),
            };
            records.push(self.provider.enrol(wallet.party, enrolment, time)?);
        }
        let registry = &self.authorities.civil_registry;
        let mut parties: Vec<PartyId> = self.owners.iter().flatten().map(|it| it.party).collect();
        parties.sort_unstable();
        for parties in parties.chunks(STATUS_PARTIES_MAX) {
            let body = Body::CivilStatus(CivilStatus::Unmarried {
                parties: parties.to_vec(),
                from: BEGINNING,
            });
            let subject = registry.party.to_string();
            records.push(sign_plain(ledger, registry, subject, body, time)?);
        }
        for (property, [first, _]) in self.owners.iter().enumerate() {
            let body = first_registration(
                LandUse::Flat,
                0,
                format!("Chain street {property}"),
                first.party,
                BEGINNING,
                Ground::Purchase,
            );
            let registrar = &self.authorities.registrar;
            let number = Self::number(property);
            records.push(sign_plain(ledger, registrar, number, body, time)?);
        }
        Ok(records.chunks(SETUP_RECORDS).map(<[_]>::to_vec).collect())
    }

    /// Sale `turn` (from 0) of a property at a price in tiyn.
    ///
    /// # Errors
    /// If there is no such property, or the system gives no random bytes.
    pub fn sale(&self, property: usize, turn: u64, minor: u64, time: Seconds) -> Result<Deed> {
        let office = DeedOffice {
            provider: &self.provider,
            shape: ClipShape::TINY,
        };
        let [first, second] = self.owners.get(property).context("no such property")?;
        let (seller, buyer) = if turn.is_multiple_of(2) {
            (first, second)
        } else {
            (second, first)
        };
        let currency = "KZT".to_owned();
        let price = Money { minor, currency };
        office.deed(
            &Self::number(property),
            seller,
            buyer,
            turn + 1,
            price,
            time,
        )
    }

    /// A checkpoint with the log's signature and the cosignatures of the first so many validators.
    ///
    /// # Errors
    /// If the names are none that notes allow.
    pub fn sign(&self, checkpoint: Checkpoint, cosigners: usize) -> Result<SignedCheckpoint> {
        let note = SignatureLine::sign_note(&checkpoint.origin, &self.log, &checkpoint.text());
        let mut signatures = vec![note];
        for keys in self.validators.iter().take(cosigners) {
            let name = keys.name.parse()?;
            let cosignature = Cosignature::sign(&name, &keys.note, &checkpoint, now());
            signatures.push(cosignature.to_line());
        }
        Ok(SignedCheckpoint {
            checkpoint,
            signatures,
        })
    }
}

/// A ledger that its founders run without each other.
#[derive(Debug)]
pub struct Chain<'a> {
    founders: &'a Founders,
    store: Store,
}

impl<'a> Chain<'a> {
    /// Begins a ledger in a folder.
    ///
    /// # Errors
    /// If the store cannot be made.
    pub fn begin(founders: &'a Founders, folder: &Path) -> Result<Self> {
        let genesis = &founders.genesis;
        let store = Store::open(folder, genesis.ledger_id())?;
        let state = genesis_state(genesis);
        let changes: StateChanges = state.into_iter().map(|(k, v)| (k, Some(v))).collect();
        let state = store.update(&changes)?;
        store.commit_genesis(GenesisBatch {
            time: genesis.time,
            state,
            next_validators: founders.set.id(),
            index: Vec::new(),
            values: Vec::new(),
        })?;
        Ok(Self { founders, store })
    }

    /// The time of the next block.
    #[must_use]
    pub fn next_time(&self) -> Seconds {
        Seconds(self.store.tip().time.seconds().0 + 1)
    }

    /// Leaves of the log.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.store.tip().tree_size
    }

    /// Executes records as the next block, seals, certifies and commits it.
    ///
    /// # Errors
    /// If the law does not let a record in, or the disk fails.
    pub fn block(&self, records: &[Vec<u8>]) -> Result<()> {
        let tip = self.store.tip();
        let (height, time) = (tip.height.next(), BlockTime(self.next_time().0 * 1000));
        let context = BlockContext {
            ledger: self.founders.genesis.ledger_id(),
            height,
            time,
        };
        let mut overlay = Overlay::new(&self.store);
        let begun = begin_block(&mut overlay, &context)?;
        let mut entries: Vec<Entry> = begun.into_iter().map(Entry::Outcome).collect();
        let mut places: Vec<(RecordId, u64)> = Vec::new();
        for bytes in records {
            let record = Record::decode(bytes).context("a record of our own")?;
            let applied = apply(&mut overlay, &context, &record, &|_| true)?;
            places.push((record.id, tip.tree_size + u64::try_from(entries.len())?));
            entries.push(Entry::Record(bytes.clone()));
            entries.extend(applied.outcomes.into_iter().map(Entry::Outcome));
        }
        end_block(&mut overlay, &context)?;
        let state = self.store.update(&overlay.changes())?;
        entries.push(Entry::Seal(Seal {
            height,
            time,
            state_root: state.root,
            next_validators: tip.next_validators,
            first_index: tip.tree_size,
        }));
        let log = self
            .store
            .append(entries.iter().map(Entry::encode).collect())?;
        let proposer = self
            .founders
            .set
            .as_slice()
            .first()
            .context("no validator")?;
        let header = Header {
            ledger: context.ledger,
            height,
            time,
            proposer: proposer.address(),
            previous: tip.block,
            tree_size: log.size(),
            tree_root: log.root,
            state_root: state.root,
            next_validators: tip.next_validators,
        };
        self.store.commit(CommitBatch {
            certificate: self.certify(&header)?,
            header,
            log,
            state,
            records: places,
            index: Vec::new(),
            values: Vec::new(),
        })?;
        Ok(())
    }

    fn certify(&self, header: &Header) -> Result<Certificate> {
        let (height, block) = (header.height, header.id());
        let message = precommit_bytes(&header.ledger, height, 0, &block);
        let mut signatures = Vec::new();
        for keys in &self.founders.validators {
            let public = PublicKey::of(&keys.consensus);
            let ours = |it: &&Validator| it.consensus_key == public;
            let validator = self.founders.set.as_slice().iter().find(ours);
            signatures.push(CommitSignature {
                validator: validator.context("a key of no validator")?.address(),
                signature: sign(&keys.consensus, &message),
            });
        }
        Ok(Certificate {
            height,
            round: 0,
            block,
            signatures,
        })
    }

    /// The checkpoint of the log as it is, cosigned by all.
    ///
    /// # Errors
    /// If the names are none that notes allow.
    pub fn checkpoint(&self) -> Result<SignedCheckpoint> {
        let tip = self.store.tip();
        let checkpoint = Checkpoint {
            origin: self.founders.genesis.origin.parse()?,
            size: tip.tree_size,
            root: tip.tree_root,
        };
        self.founders
            .sign(checkpoint, self.founders.validators.len())
    }

    /// Writes the log as a mirror, checkpoint included, into a new folder.
    ///
    /// # Errors
    /// If the store is damaged or the files cannot be written.
    pub fn mirror(&self, out: &Path) -> Result<()> {
        export(&self.store, &self.founders.genesis, out)?;
        let path = out.join("checkpoint");
        std::fs::write(&path, self.checkpoint()?.to_string())
            .with_context(|| format!("writing {}", path.display()))
    }
}

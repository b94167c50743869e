//! What the tests of consensus share: four validators and a ledger in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use deedbook_schemas::block::{Block, BlockTime, Certificate, Header, Height};
use deedbook_schemas::digest::{BlockId, LedgerId, StateRoot, TreeHash};
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::validators::{Validator, ValidatorAddress, ValidatorSet};
use tokio::sync::watch;

use super::{Application, Source};
use crate::fatal::Fatal;
use crate::store::guard::SigningGuard;
use crate::store::proposal::StoredProposal;

pub(super) const LEDGER: LedgerId = LedgerId([7; 32]);
pub(super) const NODES: usize = 4;

pub(super) fn key(index: usize) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(index).unwrap() + 1; 32])
}

pub(super) fn validators() -> ValidatorSet {
    let validators = (0..NODES).map(|index| Validator {
        name: format!("validator{index}"),
        consensus_key: PublicKey::of(&key(index)),
        note_key: PublicKey::of(&key(index + 50)),
        log_share: PublicKey::of(&key(index + 150)),
        power: 1,
    });
    ValidatorSet::new(validators.collect()).unwrap()
}

pub(super) fn create_guard(folder: &Path, index: usize) {
    let path = folder.join(format!("guard{index}"));
    SigningGuard::create(&path, &LEDGER, &PublicKey::of(&key(index))).unwrap();
}

pub(super) fn open_guard(folder: &Path, index: usize) -> Arc<SigningGuard> {
    let path = folder.join(format!("guard{index}"));
    Arc::new(SigningGuard::open(&path, &LEDGER, key(index)).unwrap())
}

/// A ledger whose law is: a block follows the tip, and its header counts its records.
pub(super) struct Memory {
    validators: ValidatorSet,
    pub(super) chain: watch::Sender<BTreeMap<Height, (Block, Certificate)>>,
    pub(super) proposals: Mutex<Vec<StoredProposal>>,
    /// How often the engine asked for the history, which it does with every status it sends.
    asked: watch::Sender<u64>,
    /// Records that wait, as a mempool has them.
    pub(super) pool: Mutex<Vec<Vec<u8>>>,
}

impl Memory {
    pub(super) fn new(validators: ValidatorSet) -> Self {
        let (chain, proposals, pool) = Default::default();
        let (chain, asked) = (watch::Sender::new(chain), watch::Sender::new(0));
        Self {
            validators,
            chain,
            proposals,
            asked,
            pool,
        }
    }

    fn head(&self) -> (Height, BlockId, u64) {
        self.chain
            .borrow()
            .last_key_value()
            .map_or((Height(0), BlockId(LEDGER.0), 0), |(height, (block, _))| {
                (*height, block.header.id(), block.header.tree_size)
            })
    }

    pub(super) fn block(&self, proposer: ValidatorAddress, records: Vec<Vec<u8>>) -> Block {
        let (tip, previous, size) = self.head();
        let tree_size = size + u64::try_from(records.len()).unwrap();
        let header = Header {
            ledger: LEDGER,
            height: tip.next(),
            time: BlockTime(tip.next().0),
            proposer,
            previous,
            tree_size,
            tree_root: TreeHash([0; 32]),
            state_root: StateRoot([0; 32]),
            next_validators: self.validators.id(),
        };
        Block { header, records }
    }

    pub(super) async fn reaches(&self, height: Height) {
        let tall = |chain: &BTreeMap<_, _>| chain.len() as u64 >= height.0;
        self.chain.subscribe().wait_for(tall).await.unwrap();
    }

    /// Waits until the engine sent `count` more statuses, one a second.
    pub(super) async fn statuses(&self, count: u64) {
        let mut asked = self.asked.subscribe();
        let until = *asked.borrow_and_update() + count;
        asked.wait_for(|asked| *asked >= until).await.unwrap();
    }

    pub(super) fn ids(&self) -> Vec<BlockId> {
        self.chain
            .borrow()
            .values()
            .map(|(block, _)| block.header.id())
            .collect()
    }

    pub(super) fn records(&self) -> Vec<Vec<u8>> {
        self.chain
            .borrow()
            .values()
            .flat_map(|(block, _)| block.records.clone())
            .collect()
    }
}

impl Application for Memory {
    fn ledger_id(&self) -> LedgerId {
        LEDGER
    }

    fn tip(&self) -> Height {
        self.head().0
    }

    fn history_min(&self) -> Height {
        self.asked.send_modify(|asked| *asked += 1);
        Height(1)
    }

    fn validators(&self, _: Height) -> Result<ValidatorSet, Fatal> {
        Ok(self.validators.clone())
    }

    fn build(&self, _: Height, by: ValidatorAddress) -> Result<(Vec<u8>, BlockId), Fatal> {
        let block = self.block(by, self.pool.lock().unwrap().clone());
        Ok((block.encode(), block.header.id()))
    }

    fn check(&self, bytes: &[u8], _: Source) -> Result<Result<BlockId, String>, Fatal> {
        let Ok(block) = Block::decode(bytes) else {
            return Ok(Err("no block".to_owned()));
        };
        let expected = self.block(block.header.proposer, block.records.clone());
        let lawful = block == expected;
        Ok(if lawful {
            Ok(block.header.id())
        } else {
            Err("not reproduced".to_owned())
        })
    }

    fn keep_proposal(&self, proposal: &StoredProposal) -> Result<(), Fatal> {
        self.proposals.lock().unwrap().push(proposal.clone());
        Ok(())
    }

    fn proposals(&self, height: Height) -> Result<Vec<StoredProposal>, Fatal> {
        let kept = self.proposals.lock().unwrap();
        Ok(kept
            .iter()
            .filter(|one| one.height == height)
            .cloned()
            .collect())
    }

    fn commit(&self, certificate: &Certificate) -> Result<(), Fatal> {
        certificate
            .verify(&LEDGER, &self.validators)
            .map_err(|e| Fatal::new(e.to_string()))?;
        let kept = self.proposals(certificate.height)?;
        let kept = kept.into_iter().find(|one| one.block == certificate.block);
        let kept = kept.ok_or_else(|| Fatal::new("decided an unknown block"))?;
        let block = Block::decode(&kept.bytes).map_err(|e| Fatal::new(e.to_string()))?;
        if certificate.height != self.tip().next() {
            return Err(Fatal::new("decided a height twice"));
        }
        self.proposals.lock().unwrap().clear();
        self.pool
            .lock()
            .unwrap()
            .retain(|record| !block.records.contains(record));
        self.chain.send_modify(|chain| {
            chain.insert(certificate.height, (block, certificate.clone()));
        });
        Ok(())
    }

    fn update_certificate(&self, certificate: &Certificate) -> Result<(), Fatal> {
        self.chain.send_modify(|chain| {
            if let Some((_, kept)) = chain.get_mut(&certificate.height) {
                *kept = certificate.clone();
            }
        });
        Ok(())
    }

    fn decided(&self, height: Height) -> Result<Option<(Vec<u8>, Certificate)>, Fatal> {
        let chain = self.chain.borrow();
        Ok(chain
            .get(&height)
            .map(|(block, certificate)| (block.encode(), certificate.clone())))
    }
}

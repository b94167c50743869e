//! Another institution's node beside those of the genesis, and the log's key dealt anew.
//!
//! Lives here: folders, peers, the ceremony with all of them on this machine. Does not live here: the
//! record that makes it a validator.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use deedbook_client::files::{Access, Existing, write};
use deedbook_node::config::{FILE_NAME, NodeConfig};
use deedbook_node::keys::PublicKeys;
use deedbook_node::log_key::ceremony::resharing::Terms;
use deedbook_node::log_key::{LogKeys, Resharing};
use deedbook_schemas::validators::Validator;

use crate::files::fresh_folder;

use super::homes::{KEYS, Plan, plan_one, write_home};
use super::{Network, Node, OsArg, process};

impl Network {
    /// Makes the folder of one more node, names it to all others, starts these again one after the other,
    /// and then the new one, which follows the ledger and signs nothing. Gives its place.
    ///
    /// # Errors
    /// If a folder cannot be written or a node does not answer in time.
    pub async fn join(&mut self) -> Result<usize> {
        let place = self.nodes.len();
        let newcomer = plan_one(&self.folder, place)?;
        let mut plans = Vec::new();
        for node in &self.nodes {
            plans.push(Plan::read(&node.home, &node.name)?);
        }
        plans.push(newcomer);
        let newcomer = plans.last().context("the newcomer was planned")?;
        write_home(newcomer, &plans, &self.genesis, &[])?;
        edit(newcomer, |config| {
            config.name = Some(newcomer.public.name.clone())
        })?;
        let arguments = [
            OsArg::from("init"),
            "--home".into(),
            newcomer.home.clone().into(),
        ];
        process::run(&self.node_binary, arguments).await?;
        for index in 0..place {
            let plan = plans.get(index).context("every node has a plan")?;
            let peers = newcomer.as_peer()?;
            edit(plan, |config| {
                config.consensus.peers.push(peers.consensus);
                config.records.peers.push(peers.records);
            })?;
            self.kill(index).await?;
            self.restart(index).await?;
        }
        self.nodes.push(Node {
            name: newcomer.public.name.clone(),
            home: newcomer.home.clone(),
            api: format!("http://{}", newcomer.api),
            process: None,
        });
        self.spawn(place)?;
        self.ready(place, place).await?;
        Ok(place)
    }

    /// The log's key is dealt anew: by some of the `present` validators' nodes to the next ones, all
    /// given by their places. The next validators, with power 1 each.
    ///
    /// # Errors
    /// If a step of the ceremony fails, or its participants disagree.
    pub fn reshare(
        &self,
        present: &[Validator],
        dealers: &[usize],
        members: &[usize],
    ) -> Result<Vec<Validator>> {
        let exchange = self.folder.join("resharing");
        fresh_folder(&exchange)?;
        let names = |places: &[usize]| -> Result<Vec<String>> {
            let names = places
                .iter()
                .map(|place| Ok(self.node(*place)?.name.clone()));
            names.collect()
        };
        let present = LogKeys::of(self.genesis.log_key, present)?;
        let terms = Terms::new(self.ledger, present, &names(dealers)?, &names(members)?)?;
        let mut sides = Vec::new();
        for (place, node) in self.nodes.iter().enumerate() {
            if dealers.contains(&place) || members.contains(&place) {
                let side = Resharing {
                    keys: node.home.join(KEYS),
                    exchange: exchange.clone(),
                };
                side.begin(&node.name, &terms, 1)?;
                sides.push(side);
            }
        }
        let mut fingerprints = Vec::new();
        for side in &sides {
            fingerprints.push(side.compare()?.0);
        }
        for (side, fingerprint) in sides.iter().zip(fingerprints.iter().rev()) {
            side.deal(fingerprint)?;
        }
        let mut outcomes = Vec::new();
        for side in &sides {
            outcomes.push(side.finish()?);
        }
        let next = outcomes.pop().context("somebody took part")?;
        ensure!(
            outcomes.iter().all(|other| *other == next),
            "the participants made different shares"
        );
        Ok(next.as_slice().to_vec())
    }

    /// Forgets the shares of the log's key that a node held before it was dealt anew.
    ///
    /// # Errors
    /// If the files cannot be renamed.
    pub fn forget_old_share(&self, place: usize) -> Result<()> {
        let keys = self.node(place)?.home.join(KEYS);
        let next = deedbook_node::keys::next_log_share_path(&keys);
        fs::rename(&next, keys.join("log.key")).with_context(|| next.display().to_string())
    }
}

/// Changes a node's configuration.
fn edit(plan: &Plan, change: impl FnOnce(&mut NodeConfig)) -> Result<()> {
    let path = plan.home.join(FILE_NAME);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut config: NodeConfig = toml::from_str(&text).context("reading node.toml")?;
    change(&mut config);
    let text = toml::to_string(&config).context("encoding node.toml")?;
    write(&path, text.as_bytes(), Access::Public, Existing::Replace)
        .with_context(|| path.display().to_string())
}

impl Plan {
    /// The plan that a node's folder was written from.
    fn read(home: &std::path::Path, name: &str) -> Result<Self> {
        let config = NodeConfig::load(home)?;
        Ok(Self {
            home: home.to_owned(),
            public: PublicKeys::of(&config.keys, name)?,
            api: config.api_listen,
            consensus: config.consensus.listen,
            records: config.records.listen,
        })
    }
}

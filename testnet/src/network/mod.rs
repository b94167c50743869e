//! A local network of real processes: validators, witnesses, the identity provider, the custodian.
//!
//! Lives here: folders, configuration, starting, waiting, killing, stopping. Does not live here:
//! what is done on the network. Everything listens on 127.0.0.1, on ports that were free a moment
//! before.

pub mod genesis;
mod homes;
mod joining;
pub mod process;
pub mod usage;
pub mod witnesses;

use std::ffi::OsString as OsArg;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use deedbook_client::files::{Access, Existing, write};
use deedbook_client::http::Client;
use deedbook_client::wallet::Wallet;
use deedbook_schemas::api::Health;
use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::policy::Policy;

use crate::files::{FolderBytes, folder_bytes, fresh_folder};
use crate::limits::{CATCH_UP_TIMEOUT, START_TIMEOUT};
use crate::provider::Provider;
use crate::provider::home::ProviderHome;
use crate::web::Service;
use genesis::Authorities;
use homes::{free_addresses, make_log_key, plan, write_home};
use process::{POLL, Process, sibling};
use usage::{Usage, usage};
use witnesses::{Witness, majority};

/// One validator.
#[derive(Debug)]
pub struct Node {
    /// The institution's name.
    pub name: String,
    /// Its folder.
    pub home: PathBuf,
    /// Address of its REST API.
    pub api: String,
    process: Option<Process>,
}

/// A service process beside the validators.
#[derive(Debug)]
struct Companion {
    url: String,
    process: Process,
}

/// A network and everything it was made of. Dropped, it kills its processes.
#[derive(Debug)]
pub struct Network {
    /// The folder of everything.
    pub folder: PathBuf,
    /// The ledger.
    pub ledger: LedgerId,
    /// What it began with.
    pub genesis: Genesis,
    /// Whose signatures to rely on.
    pub policy: Policy,
    /// Keys of the authorities.
    pub authorities: Authorities,
    /// The validators.
    pub nodes: Vec<Node>,
    /// The witnesses outside the network.
    pub witnesses: Vec<Witness>,
    node_binary: PathBuf,
    companions: Vec<Companion>,
}

impl Network {
    /// Makes the folders of a new network: keys, guard, configuration, genesis. Starts nothing.
    ///
    /// # Errors
    /// If a folder cannot be written or `deedbook-node` is missing.
    pub async fn create(folder: &Path, validators: usize) -> Result<Self> {
        Self::create_witnessed(folder, validators, 0).await
    }

    /// As [`Network::create`], with so many witnesses, of which the policy's group `public` asks
    /// for more than half.
    ///
    /// # Errors
    /// As [`Network::create`], or if `deedbook` is missing.
    pub async fn create_witnessed(
        folder: &Path,
        validators: usize,
        witnesses: usize,
    ) -> Result<Self> {
        let node_binary = sibling("deedbook-node")?;
        fresh_folder(folder)?;
        let authorities = Authorities::generate()?;
        let plans = plan(folder, validators)?;
        let log = make_log_key(folder, &plans)?;
        let mut members = Vec::new();
        for plan in &plans {
            let share = log.shares.get(&plan.public.name);
            let share = share.ok_or_else(|| anyhow!("{} has no share", plan.public.name))?;
            members.push(plan.public.validator(*share));
        }
        let genesis = authorities.genesis(members, log.log_key)?;
        let witnesses = witnesses::create(folder, witnesses).await?;
        let policy = policy(&genesis, &witnesses).context("the policy of the test network")?;
        let (text, path) = (policy.to_string(), folder.join("network.policy"));
        write(&path, text.as_bytes(), Access::Public, Existing::Keep)?;
        for witness in &witnesses {
            witness.watch(&path).await?;
        }
        let pushed_to: Vec<_> = witnesses.iter().map(Witness::config).collect();
        for plan in &plans {
            write_home(plan, &plans, &genesis, &pushed_to)?;
            let arguments = [
                OsArg::from("init"),
                "--home".into(),
                plan.home.clone().into(),
            ];
            process::run(&node_binary, arguments).await?;
        }
        let nodes = plans.into_iter().map(|plan| Node {
            name: plan.public.name,
            home: plan.home,
            api: format!("http://{}", plan.api),
            process: None,
        });
        Ok(Self {
            folder: folder.to_owned(),
            ledger: genesis.ledger_id(),
            genesis,
            policy,
            authorities,
            nodes: nodes.collect(),
            witnesses,
            node_binary,
            companions: Vec::new(),
        })
    }

    /// Starts all witnesses and validators and waits until each is ready and sees the others.
    ///
    /// # Errors
    /// If one does not answer in time: the end of its log.
    pub async fn start(&mut self) -> Result<()> {
        for witness in &mut self.witnesses {
            witness.start().await?;
        }
        for index in 0..self.nodes.len() {
            self.spawn(index)?;
        }
        let peers = self.nodes.len() - 1;
        for index in 0..self.nodes.len() {
            self.ready(index, peers).await?;
        }
        Ok(())
    }

    fn spawn(&mut self, index: usize) -> Result<()> {
        let binary = self.node_binary.clone();
        let node = self.node_mut(index)?;
        let arguments = [
            OsArg::from("run"),
            "--home".into(),
            node.home.clone().into(),
            "--stop-on-stdin-close".into(),
        ];
        let log = node.home.join("node.log");
        node.process = Some(Process::start(&node.name, &binary, arguments, &log)?);
        Ok(())
    }

    fn node(&self, index: usize) -> Result<&Node> {
        let count = self.nodes.len();
        let node = self.nodes.get(index);
        node.ok_or_else(|| anyhow!("there is no node {index} among {count}"))
    }

    fn node_mut(&mut self, index: usize) -> Result<&mut Node> {
        let count = self.nodes.len();
        let node = self.nodes.get_mut(index);
        node.ok_or_else(|| anyhow!("there is no node {index} among {count}"))
    }

    /// Waits until a node accepts records and is connected to `peers` others.
    async fn ready(&mut self, index: usize, peers: usize) -> Result<()> {
        let node = self.node_mut(index)?;
        let client = client_of(&node.api)?;
        let process = node.process.as_mut();
        let process = process.ok_or_else(|| anyhow!("{} was not started", node.name))?;
        let deadline = Instant::now() + START_TIMEOUT;
        let mut last = String::from("no answer");
        while Instant::now() < deadline {
            process.check()?;
            match client.health().await {
                Ok(health) if health.ready && health.peers >= peers => {
                    return Ok(());
                }
                Ok(health) => {
                    last = format!(
                        "ready: {}, peers: {} of {peers}",
                        health.ready, health.peers
                    );
                }
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(POLL).await;
        }
        bail!(
            "{} was not ready within {START_TIMEOUT:?} ({last}); {}",
            node.name,
            process.last_words()
        )
    }

    /// Kills a validator with `SIGKILL`.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn kill(&mut self, index: usize) -> Result<()> {
        let node = self.node_mut(index)?;
        let process = node.process.take();
        let process = process.ok_or_else(|| anyhow!("{} does not run", node.name))?;
        process.kill().await
    }

    /// Starts a validator again and waits until it is ready.
    ///
    /// # Errors
    /// If it does not answer in time.
    pub async fn restart(&mut self, index: usize) -> Result<()> {
        self.spawn(index)?;
        self.ready(index, 1).await
    }

    /// A client of one node that asks once.
    ///
    /// # Errors
    /// If there is no such node.
    pub fn client(&self, index: usize) -> Result<Client> {
        client_of(&self.node(index)?.api)
    }

    /// A client of all nodes, which passes over those that do not answer.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn any_client(&self) -> Result<Client> {
        let addresses: Vec<_> = self.nodes.iter().map(|node| &node.api).collect();
        Ok(Client::new(&addresses)?)
    }

    /// Waits until all running nodes stand at the same height with the same roots.
    ///
    /// # Errors
    /// If they do not within two minutes, or two have different roots at one height.
    pub async fn agree(&self) -> Result<Vec<Health>> {
        let running = self.nodes.iter().filter(|node| node.process.is_some());
        let clients: Vec<_> = running
            .map(|node| client_of(&node.api))
            .collect::<Result<_>>()?;
        let deadline = Instant::now() + CATCH_UP_TIMEOUT;
        loop {
            let asked = clients.iter().map(Client::health);
            let health = futures::future::try_join_all(asked).await;
            if let Ok(views) = &health
                && same_roots(views)?
            {
                return Ok(views.clone());
            }
            if Instant::now() >= deadline {
                let seen = health.map(|views| {
                    let seen = views.iter().map(|view| (&view.node, view.height));
                    format!("{:?}", seen.collect::<Vec<_>>())
                })?;
                bail!("the nodes did not reach one height within {CATCH_UP_TIMEOUT:?}: {seen}");
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts the reference identity provider as a process with the accredited key.
    ///
    /// # Errors
    /// If it does not answer in time.
    pub async fn start_provider(&mut self) -> Result<Service> {
        let home = self.folder.join("provider");
        let provider = self.provider();
        ProviderHome::create(&home, &provider)?;
        self.companion("provider", &home).await
    }

    /// The provider's key in this process: for load, where 26,000 checks over HTTP would measure
    /// HTTP.
    #[must_use]
    pub fn provider(&self) -> Provider {
        let wallet = &self.authorities.identity_provider;
        let seed = wallet.key().to_bytes();
        Provider {
            wallet: Wallet::from_seed(wallet.party, &seed),
            ledger: self.ledger,
        }
    }

    /// Starts the reference custodian as a process.
    ///
    /// # Errors
    /// If it does not answer in time.
    pub async fn start_custodian(&mut self) -> Result<Service> {
        let home = self.folder.join("custodian");
        self.companion("custodian", &home).await
    }

    async fn companion(&mut self, role: &str, home: &Path) -> Result<Service> {
        fs::create_dir_all(home).with_context(|| format!("making {}", home.display()))?;
        let listen = free_addresses(1)?.pop().context("a free port")?;
        let arguments = [
            OsArg::from(role),
            "--home".into(),
            home.into(),
            "--listen".into(),
            listen.to_string().into(),
            "--stop-on-stdin-close".into(),
        ];
        let binary = sibling("deedbook-testnet")?;
        let log = home.join(format!("{role}.log"));
        let mut process = Process::start(role, &binary, arguments, &log)?;
        process.listening(listen).await?;
        let url = format!("http://{listen}");
        let service = Service::new(url.clone())?;
        self.companions.push(Companion { url, process });
        Ok(service)
    }

    /// Addresses of the provider and the custodian, in the order in which they were started.
    pub fn companions(&self) -> impl Iterator<Item = &str> {
        self.companions
            .iter()
            .map(|companion| companion.url.as_str())
    }

    /// That no process has ended by itself.
    ///
    /// # Errors
    /// If one has: its last words.
    pub fn check(&mut self) -> Result<()> {
        let nodes = self
            .nodes
            .iter_mut()
            .filter_map(|node| node.process.as_mut());
        let companions = self.companions.iter_mut().map(|it| &mut it.process);
        let witnesses = self.witnesses.iter_mut();
        let witnesses = witnesses.filter_map(|witness| witness.process().as_mut());
        nodes
            .chain(companions)
            .chain(witnesses)
            .try_for_each(Process::check)
    }

    /// What every running node has used so far, in the order of the nodes.
    ///
    /// # Errors
    /// If one has ended.
    pub fn usage(&self) -> Result<Vec<Usage>> {
        let running = self.nodes.iter().filter_map(|node| node.process.as_ref());
        running.map(|process| usage(process.id()?)).collect()
    }

    /// Size of every node's data folder, in the order of the nodes.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn data_bytes(&self) -> Result<Vec<FolderBytes>> {
        let folders = self.nodes.iter().map(|node| node.home.join("data"));
        folders.map(|folder| folder_bytes(&folder)).collect()
    }

    /// Stops everything politely.
    ///
    /// # Errors
    /// If a process had to be killed or ended with a failure; all others are stopped nevertheless.
    pub async fn stop(&mut self) -> Result<()> {
        let nodes = self.nodes.iter_mut().filter_map(|node| node.process.take());
        let companions = self.companions.drain(..).map(|companion| companion.process);
        let witnesses = self.witnesses.iter_mut();
        let witnesses = witnesses.filter_map(|witness| witness.process().take());
        let stopping = nodes.chain(companions).chain(witnesses).map(Process::stop);
        let stopped = futures::future::join_all(stopping).await;
        stopped.into_iter().collect()
    }
}

fn policy(genesis: &Genesis, witnesses: &[Witness]) -> Result<Policy> {
    let policy = Policy::of_genesis(genesis)?;
    if witnesses.is_empty() {
        return Ok(policy);
    }
    let keys: Vec<_> = witnesses
        .iter()
        .map(|witness| witness.key.clone())
        .collect();
    Ok(policy.with_public(&keys, majority(keys.len()))?)
}

fn client_of(api: &str) -> Result<Client> {
    Ok(Client::new(&[api])?.with_patience(Duration::ZERO))
}

/// Whether all stand at one height; an error if they differ there.
fn same_roots(views: &[Health]) -> Result<bool> {
    let Some(first) = views.first() else {
        bail!("no node runs");
    };
    if views.iter().any(|view| view.height != first.height) {
        return Ok(false);
    }
    let roots = |view: &Health| (view.tree_size, view.tree_root, view.state_root);
    match views.iter().find(|view| roots(view) != roots(first)) {
        None => Ok(true),
        Some(other) => bail!(
            "FORK at height {}: {} has tree {} and state {}, {} has tree {} and state {}",
            first.height.0,
            first.node,
            first.tree_root,
            first.state_root,
            other.node,
            other.tree_root,
            other.state_root
        ),
    }
}

//! The validators' folders: keys, the ceremony of the log's key, ports, configuration, genesis.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use deedbook_client::files::{Access, Existing, write};
use deedbook_node::config::{FILE_NAME, NetworkConfig, NodeConfig};
use deedbook_node::keys::{NodeKeys, PublicKeys};
use deedbook_node::log_key::{Ceremony, LogKeys, alone};
use deedbook_node::witnesses::WitnessConfig;
use deedbook_schemas::genesis::Genesis;
use libp2p::Multiaddr;

use super::genesis::institution;

/// Folder of the keys in a node's home.
pub(super) const KEYS: &str = "keys";

/// What a node's folder needs to be written.
pub(super) struct Plan {
    pub(super) home: PathBuf,
    pub(super) public: PublicKeys,
    pub(super) api: SocketAddr,
    pub(super) consensus: Multiaddr,
    pub(super) records: Multiaddr,
}

/// How others reach a node, on its two networks.
pub(super) struct Peer {
    pub(super) consensus: Multiaddr,
    pub(super) records: Multiaddr,
}

impl Plan {
    pub(super) fn as_peer(&self) -> Result<Peer> {
        let id = &self.public.peer_id;
        let named = |address: &Multiaddr| {
            let address = format!("{address}/p2p/{id}");
            address.parse().context("peer address")
        };
        Ok(Peer {
            consensus: named(&self.consensus)?,
            records: named(&self.records)?,
        })
    }
}

/// Addresses on 127.0.0.1 that were free at the same moment.
///
/// # Errors
/// If there are none.
pub(super) fn free_addresses(count: usize) -> Result<Vec<SocketAddr>> {
    let listeners: Vec<_> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()
        .context("finding free ports on 127.0.0.1")?;
    let addresses = listeners.iter().map(TcpListener::local_addr);
    addresses
        .collect::<Result<_, _>>()
        .context("finding free ports on 127.0.0.1")
}

/// Makes the keys and finds the ports of every validator.
///
/// # Errors
/// If a folder cannot be written or ports are missing.
pub(super) fn plan(folder: &Path, validators: usize) -> Result<Vec<Plan>> {
    let addresses = free_addresses(3 * validators)?;
    let ports = addresses.chunks_exact(3).enumerate();
    ports
        .map(|(index, ports)| plan_at(folder, index, ports))
        .collect()
}

/// The same for one more.
///
/// # Errors
/// As [`plan`].
pub(super) fn plan_one(folder: &Path, index: usize) -> Result<Plan> {
    plan_at(folder, index, &free_addresses(3)?)
}

fn plan_at(folder: &Path, index: usize, ports: &[SocketAddr]) -> Result<Plan> {
    let home = folder.join(format!("node{index}"));
    let public = NodeKeys::create(&home.join(KEYS), &institution(index))
        .with_context(|| format!("making the keys in {}", home.display()))?;
    let &[api, consensus, records] = ports else {
        bail!("three ports a node");
    };
    let multiaddr = |address: SocketAddr| {
        let address = format!("/ip4/{}/tcp/{}", address.ip(), address.port());
        address.parse().context("listen address")
    };
    Ok(Plan {
        home,
        public,
        api,
        consensus: multiaddr(consensus)?,
        records: multiaddr(records)?,
    })
}

/// Makes the log's key as institutions do, with all of them on this machine: every step, for every
/// home, through the one folder of files that they would send to each other.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn make_log_key(folder: &Path, plans: &[Plan]) -> Result<LogKeys> {
    if let [plan] = plans {
        return alone(&plan.home.join(KEYS), &plan.public.name).context("the key of the log");
    }
    let exchange = folder.join("ceremony");
    std::fs::create_dir_all(&exchange)
        .with_context(|| format!("creating {}", exchange.display()))?;
    let names: Vec<String> = plans.iter().map(|plan| plan.public.name.clone()).collect();
    let side = |plan: &Plan| Ceremony {
        keys: plan.home.join(KEYS),
        exchange: exchange.clone(),
    };
    for plan in plans {
        side(plan).begin(&plan.public.name, &names)?;
    }
    let fingerprints: Vec<_> = plans
        .iter()
        .map(|plan| side(plan).compare())
        .collect::<Result<_, _>>()?;
    for (plan, fingerprint) in plans.iter().zip(fingerprints.iter().rev()) {
        side(plan).deal(fingerprint)?;
    }
    let mut outcomes = Vec::new();
    for plan in plans {
        outcomes.push(side(plan).finish()?);
    }
    let keys = outcomes.pop().context("a network has validators")?;
    anyhow::ensure!(
        outcomes.iter().all(|other| *other == keys),
        "the validators made different keys"
    );
    Ok(keys)
}

/// Writes a validator's configuration and its copy of the genesis.
///
/// # Errors
/// If the folder cannot be written.
pub(super) fn write_home(
    plan: &Plan,
    plans: &[Plan],
    genesis: &Genesis,
    witnesses: &[WitnessConfig],
) -> Result<()> {
    let (mut consensus, mut records) = (Vec::new(), Vec::new());
    for other in plans.iter().filter(|other| other.home != plan.home) {
        let peer = other.as_peer()?;
        consensus.push(peer.consensus);
        records.push(peer.records);
    }
    let network = |listen: &Multiaddr, peers| NetworkConfig {
        listen: listen.clone(),
        peers,
    };
    let config = NodeConfig {
        name: None,
        genesis: "genesis.json".into(),
        data: "data".into(),
        keys: KEYS.into(),
        api_listen: plan.api,
        consensus: network(&plan.consensus, consensus),
        records: network(&plan.records, records),
        witnesses: witnesses.to_vec(),
    };
    let save = |name: &str, text: String| {
        let path = plan.home.join(name);
        write(&path, text.as_bytes(), Access::Public, Existing::Keep)
            .with_context(|| format!("writing {}", path.display()))
    };
    save(
        "genesis.json",
        serde_json::to_string_pretty(genesis).context("encoding the genesis")?,
    )?;
    save(
        FILE_NAME,
        toml::to_string(&config).context("encoding node.toml")?,
    )
}

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

use super::genesis::institution;

/// Folder of the keys in a node's home.
const KEYS: &str = "keys";

/// What a node's folder needs to be written.
pub(super) struct Plan {
    pub(super) home: PathBuf,
    pub(super) public: PublicKeys,
    pub(super) api: SocketAddr,
    consensus: SocketAddr,
    records: SocketAddr,
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
    let ports = addresses.chunks_exact(3);
    ports
        .enumerate()
        .map(|(index, ports)| {
            let home = folder.join(format!("node{index}"));
            let public = NodeKeys::create(&home.join(KEYS), &institution(index))
                .with_context(|| format!("making the keys in {}", home.display()))?;
            let &[api, consensus, records] = ports else {
                bail!("three ports a node");
            };
            Ok(Plan {
                home,
                public,
                api,
                consensus,
                records,
            })
        })
        .collect()
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
    let others = || plans.iter().filter(|other| other.home != plan.home);
    let network = |address: fn(&Plan) -> SocketAddr| -> Result<NetworkConfig> {
        let multiaddr =
            |address: SocketAddr| format!("/ip4/{}/tcp/{}", address.ip(), address.port());
        let peer = |other: &Plan| {
            let address = multiaddr(address(other));
            format!("{address}/p2p/{}", other.public.peer_id).parse()
        };
        Ok(NetworkConfig {
            listen: multiaddr(address(plan)).parse().context("listen address")?,
            peers: others()
                .map(peer)
                .collect::<Result<_, _>>()
                .context("peer address")?,
        })
    };
    let config = NodeConfig {
        genesis: "genesis.json".into(),
        data: "data".into(),
        keys: KEYS.into(),
        api_listen: plan.api,
        consensus: network(|plan| plan.consensus)?,
        records: network(|plan| plan.records)?,
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

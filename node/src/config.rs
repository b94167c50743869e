//! The node's configuration: `node.toml` in its home folder. Paths are relative to that folder.
//!
//! Only what differs from node to node stands here. What all nodes must share is in the genesis
//! (the law's parameters) or in `deedbook_schemas::limits`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use deedbook_schemas::genesis::{Genesis, GenesisError};
use deedbook_schemas::limits::GENESIS_BYTES_MAX;
use deedbook_schemas::validators::ValidatorSet;
use libp2p::Multiaddr;
use serde::{Deserialize, Serialize};

use crate::witnesses::{WitnessConfig, Witnesses};

/// Name of the file in a node's home.
pub const FILE_NAME: &str = "node.toml";

/// One of the node's two networks: consensus and records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Where to listen: `/ip4/…/tcp/…`.
    pub listen: Multiaddr,
    /// The only peers that are talked to: `/ip4/…/tcp/…/p2p/…`.
    pub peers: Vec<Multiaddr>,
}

/// A node's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The institution's name, needed while its node's keys are not those of a validator: a node that
    /// will join, or that follows the ledger. A validator's name is the one the ledger knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The genesis file.
    pub genesis: PathBuf,
    /// Ledger, engine log and signing guard.
    pub data: PathBuf,
    /// The key files; not inside `data`, which is what gets backed up.
    pub keys: PathBuf,
    /// Where the REST API listens.
    pub api_listen: SocketAddr,
    /// The consensus network.
    pub consensus: NetworkConfig,
    /// The record network.
    pub records: NetworkConfig,
    /// Witnesses that get every checkpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<WitnessConfig>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The configuration is not what it should be.
    #[error("{path}: {message}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong, in one line.
        message: String,
    },
    /// The genesis cannot begin a ledger.
    #[error("{path}: {source}")]
    Genesis {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: GenesisError,
    },
}

impl NodeConfig {
    /// Reads `node.toml` in `home` and resolves its paths.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read or does not fit.
    pub fn load(home: &Path) -> Result<Self, ConfigError> {
        let path = home.join(FILE_NAME);
        let text = read(&path)?;
        let malformed = |message| ConfigError::Malformed {
            path: path.clone(),
            message,
        };
        let mut config: Self =
            toml::from_str(&text).map_err(|error| malformed(one_line(&error.to_string())))?;
        config.genesis = home.join(&config.genesis);
        config.data = home.join(&config.data);
        config.keys = home.join(&config.keys);
        if config.keys.starts_with(&config.data) {
            return Err(malformed(
                "the keys must not lie inside the data folder".to_owned(),
            ));
        }
        Ok(config)
    }

    /// The witnesses, none of which is a validator in office.
    ///
    /// # Errors
    /// [`ConfigError`] about the first that cannot be used.
    pub fn load_witnesses(
        &self,
        home: &Path,
        validators: &ValidatorSet,
    ) -> Result<Witnesses, ConfigError> {
        let malformed = |message| ConfigError::Malformed {
            path: home.join(FILE_NAME),
            message,
        };
        let witnesses = Witnesses::new(&self.witnesses).map_err(malformed)?;
        witnesses
            .strangers_to(validators.as_slice())
            .map_err(malformed)?;
        Ok(witnesses)
    }

    /// Reads and checks the genesis.
    ///
    /// # Errors
    /// [`ConfigError`] if it cannot be read, or cannot begin a ledger.
    pub fn load_genesis(&self) -> Result<Genesis, ConfigError> {
        let path = self.genesis.clone();
        let text = read(&path)?;
        if text.len() > GENESIS_BYTES_MAX {
            let message = format!(
                "{} bytes; at most {GENESIS_BYTES_MAX} are allowed",
                text.len()
            );
            return Err(ConfigError::Malformed { path, message });
        }
        let genesis: Genesis =
            serde_json::from_str(&text).map_err(|error| ConfigError::Malformed {
                path: path.clone(),
                message: one_line(&error.to_string()),
            })?;
        genesis
            .check()
            .map_err(|source| ConfigError::Genesis { path, source })?;
        Ok(genesis)
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Io {
        path: path.to_owned(),
        source,
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

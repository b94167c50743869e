//! Witnesses beside the validators: folders and processes of `deedbook witness`.
//!
//! Does not live here: what a witness does (`deedbook_client::witness`), and the validators.

use std::ffi::OsString as OsArg;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use deedbook_node::witnesses::WitnessConfig;
use deedbook_schemas::note::VerifierKey;
use serde_json::Value;

use super::Network;
use super::homes::free_addresses;
use super::process::{self, Process, sibling};

/// Who runs the first witnesses: nobody who runs a validator.
const OPERATORS: [&str; 3] = ["bar.example", "ngo.example", "press.example"];

/// One witness.
#[derive(Debug)]
pub struct Witness {
    /// Its folder.
    pub home: PathBuf,
    /// Its submission prefix.
    pub url: String,
    /// Its key.
    pub key: VerifierKey,
    listen: SocketAddr,
    process: Option<Process>,
}

/// So many of `witnesses` witnesses make a policy's group `public`: more than half.
#[must_use]
pub fn majority(witnesses: usize) -> usize {
    witnesses / 2 + 1
}

impl Witness {
    /// Makes a witness's folder and key.
    async fn create(folder: &Path, index: usize, listen: SocketAddr) -> Result<Self> {
        let home = folder.join(format!("witness{index}"));
        let operator = OPERATORS.get(index).map_or_else(
            || format!("witness{}.example", index + 1),
            ToString::to_string,
        );
        let arguments = [
            OsArg::from("witness"),
            "init".into(),
            home.clone().into(),
            "--name".into(),
            format!("{operator}/witness").into(),
            "--json".into(),
        ];
        let shown = process::run(&sibling("deedbook")?, arguments).await?;
        let shown: Value = serde_json::from_str(&shown).context("what a new witness shows")?;
        let key = shown.get("key").and_then(Value::as_str).unwrap_or_default();
        Ok(Self {
            home,
            url: format!("http://{listen}"),
            key: key.parse().context("the key of a new witness")?,
            listen,
            process: None,
        })
    }

    /// As a node's configuration names it.
    #[must_use]
    pub fn config(&self) -> WitnessConfig {
        WitnessConfig {
            url: self.url.clone(),
            vkey: self.key.to_string(),
        }
    }

    /// Lets it watch the log of a policy.
    pub(super) async fn watch(&self, policy: &Path) -> Result<()> {
        let arguments = [
            OsArg::from("witness"),
            "add-log".into(),
            self.home.clone().into(),
            "--policy".into(),
            policy.into(),
        ];
        process::run(&sibling("deedbook")?, arguments).await?;
        Ok(())
    }

    /// Starts it and waits until it listens.
    pub(super) async fn start(&mut self) -> Result<()> {
        let arguments = [
            OsArg::from("witness"),
            "run".into(),
            self.home.clone().into(),
            "--listen".into(),
            self.listen.to_string().into(),
            "--stop-on-stdin-close".into(),
        ];
        let (name, log) = (self.key.name().as_str(), self.home.join("witness.log"));
        let process = Process::start(name, &sibling("deedbook")?, arguments, &log)?;
        self.process.insert(process).listening(self.listen).await
    }

    pub(super) fn process(&mut self) -> &mut Option<Process> {
        &mut self.process
    }
}

/// Makes so many witnesses; starts none.
pub(super) async fn create(folder: &Path, count: usize) -> Result<Vec<Witness>> {
    let mut witnesses = Vec::new();
    for (index, listen) in free_addresses(count)?.into_iter().enumerate() {
        witnesses.push(Witness::create(folder, index, listen).await?);
    }
    Ok(witnesses)
}

impl Network {
    fn witness_mut(&mut self, index: usize) -> Result<&mut Witness> {
        let count = self.witnesses.len();
        let witness = self.witnesses.get_mut(index);
        witness.ok_or_else(|| anyhow!("there is no witness {index} among {count}"))
    }

    /// Kills a witness with `SIGKILL`.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn kill_witness(&mut self, index: usize) -> Result<()> {
        let witness = self.witness_mut(index)?;
        let process = witness.process.take();
        let process = process.ok_or_else(|| anyhow!("witness {index} does not run"))?;
        process.kill().await
    }

    /// Starts a witness again and waits until it listens.
    ///
    /// # Errors
    /// If it does not start: its last words.
    pub async fn restart_witness(&mut self, index: usize) -> Result<()> {
        self.witness_mut(index)?.start().await
    }
}

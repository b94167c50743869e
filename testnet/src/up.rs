//! `deedbook-testnet up`: a network that stays until Ctrl-C.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::network::Network;
use crate::network::process::sibling;
use crate::provider::http::STATEMENT;

/// Options of `up`.
#[derive(Debug, Args)]
pub struct UpOptions {
    /// Folder of the network; emptied if it is one of ours.
    #[arg(long, default_value = "testnet-data")]
    pub dir: PathBuf,
    /// Validators.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub validators: u8,
    /// Witnesses outside the network.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=8))]
    pub witnesses: u8,
}

/// Starts the network, says where everything is, and waits.
///
/// # Errors
/// If a process does not start, or ends by itself.
pub async fn run(options: &UpOptions) -> Result<()> {
    let (validators, witnesses) = (options.validators.into(), options.witnesses.into());
    let mut network = Network::create_witnessed(&options.dir, validators, witnesses).await?;
    network.start().await?;
    let provider = network.start_provider().await?;
    let custodian = network.start_custodian().await?;
    println!("ledger     {}", network.ledger);
    for node in &network.nodes {
        println!("validator  {}  {}", node.api, node.name);
    }
    for witness in &network.witnesses {
        println!("witness    {}  {}", witness.url, witness.key.name());
    }
    println!("provider   {}  {STATEMENT}", provider.base());
    println!("custodian  {}", custodian.base());
    println!(
        "policy     {}",
        options.dir.join("network.policy").display()
    );
    print_examples(&network)?;
    println!("Ctrl-C stops everything.");
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        network.check()?;
    }
}

fn print_examples(network: &Network) -> Result<()> {
    let Some(node) = network.nodes.first() else {
        return Ok(());
    };
    let deedbook = sibling("deedbook")?;
    println!("\nTry:");
    println!("  curl -s {}/v1/health", node.api);
    println!("  curl -s {}/v1/log/checkpoint", node.api);
    println!("  curl -sN {}/v1/events", node.api);
    println!("  {} audit {}\n", deedbook.display(), node.api);
    Ok(())
}

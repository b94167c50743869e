//! The command line: what there is to say, and its help.
//!
//! Does not live here: each command's own arguments, which stand beside the command.

use clap::{Parser, Subcommand};

use crate::commands::{
    anchor, audit, certificate, draft, evidence, explain, health, key, log, party, power, receipt,
    sign, status, submit, title, validators, verify, witness,
};

/// What `--help` ends with.
const AFTER_HELP: &str = "\
Exit codes:
  0  it worked; of verify, check and audit: everything holds
  1  refused, not proven, or a file could not be read or written
  2  the command line, or something it names, makes no sense
  3  no node could be reached, or the nodes are too busy
  130  interrupted

A deed in six steps:
  deedbook key new seller.json
  deedbook draft transfer --property 20-315-001 --from SELLER=1/1 --to BUYER=1/1 \\
      --price 42000000.00KZT --key seller.json --out deal.draft.json
  deedbook sign deal.draft.json --key seller.json
  deedbook submit deal.cose --wait
  deedbook receipt ID --out deal.tlog-proof
  deedbook verify deal.tlog-proof --policy network.policy

Nothing is written over an existing file without --force, and nothing is written in half.";

/// Deedbook: prove what the register says, offline, trusting none of its operators.
#[derive(Debug, Parser)]
#[command(name = "deedbook", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    /// Address of a node, http://host:port; several (or with commas) are tried in turn
    #[arg(
        long = "node",
        global = true,
        value_name = "URL",
        env = "DEEDBOOK_NODE",
        value_delimiter = ','
    )]
    pub(crate) nodes: Vec<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no result and no progress, only errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make and show key files
    #[command(subcommand)]
    Key(key::Key),
    /// Write what somebody is about to sign
    Draft(draft::Args),
    /// Sign a draft
    Sign(sign::Args),
    /// Submit one record, or several as one atomic bundle
    Submit(submit::Args),
    /// Say where a record or an instrument stands and what it still needs
    Status(status::Args),
    /// Show a property's title
    Title(title::Args),
    /// Show a power of attorney and whether it is in force
    Power(power::Args),
    /// Show a party
    Party(party::Args),
    /// Fetch the receipt of an instrument, a power, a consent or a refusal
    Receipt(receipt::Args),
    /// Fetch the certificate of a title: owners, encumbrances, what is pending, powers
    Certificate(certificate::Args),
    /// Verify a receipt or a certificate, offline
    Verify(verify::Args),
    /// Hash, cut and check video files
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// Show the log
    #[command(subcommand)]
    Log(log::Log),
    Audit(audit::Args),
    /// Have checkpoints stamped by a time-stamping authority outside the network (RFC 3161)
    #[command(subcommand)]
    Anchor(anchor::Anchor),
    /// Show who decides, with proof, and write the policy that follows them
    Validators(validators::Args),
    /// Ask a node how it is
    Health(health::Args),
    /// Say what a refusal's code means
    Explain(explain::Args),
    /// Run a witness: cosign checkpoints that continue the log, and catch those that do not
    #[command(subcommand)]
    Witness(witness::Command),
}

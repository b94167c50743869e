//! The node's command line.

mod ceremony;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use deedbook_node::approval;
use deedbook_node::keys::NodeKeys;
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// How long a stopping node waits for what still uses the store: RocksDB must be closed before
/// the process exits. Only a read of an open standard input ever takes all of it.
const STRAGGLERS: Duration = Duration::from_secs(2);

/// A validator of a Deedbook ledger.
///
/// A new network is made in four steps: every operator runs `keys` and hands the printed public
/// keys to the others; in a `ceremony` they make the log's key, of which everybody holds a share;
/// together they write one genesis file; every operator writes node.toml and runs `init`, once. From
/// then on `run` is all there is, until validators join or leave: see `approve --help`.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make this node's secret keys and print the public ones as JSON.
    Keys {
        /// Folder for the key files; created. Keep it off the data folder and its backups.
        #[arg(long)]
        keys: PathBuf,
        /// The institution's name in the genesis, e.g. `registrar.example`.
        #[arg(long)]
        name: String,
    },
    // Its help stands above its steps.
    #[command(subcommand)]
    Ceremony(ceremony::Step),
    /// Approve other validators; prints this validator's word as JSON, for the supervisor.
    ///
    /// Validators change in five steps. (1) Everybody gets the present ones, with proof: `deedbook
    /// validators --policy P --out present.json`. (2) Who joins makes keys (`keys`), gets `name` into
    /// its node.toml, the others' addresses into its peers and its own into theirs, runs `init` and
    /// `run`, and follows the ledger. (3) The log's key is dealt anew: `ceremony reshare --help`; its
    /// last step prints the next validators. (4) More than two thirds of the present validators, and
    /// all that join, `approve` them. (5) The supervisor lodges it: `deedbook draft validators`. From
    /// the next block on they decide; `deedbook validators --next-policy` writes the policy that
    /// follows them.
    ///
    /// Before it signs, it checks that the next validators are a set which the law accepts, that their
    /// shares are shares of the log's key, and that this node holds its own.
    #[command(verbatim_doc_comment)]
    Approve {
        /// Folder with node.toml.
        #[arg(long)]
        home: PathBuf,
        /// The present validators: what `deedbook validators --out` wrote.
        #[arg(long)]
        present: PathBuf,
        /// The next validators: what `ceremony reshare finish` printed.
        #[arg(long)]
        next: PathBuf,
    },
    /// Prepare the data folder of a new validator. Once: never again for a key that has signed.
    Init {
        /// Folder with node.toml.
        #[arg(long)]
        home: PathBuf,
    },
    /// Run the node until it is stopped (SIGINT, SIGTERM).
    Run {
        /// Folder with node.toml.
        #[arg(long)]
        home: PathBuf,
        /// Stop when standard input closes: for a parent process that may die.
        #[arg(long)]
        stop_on_stdin_close: bool,
    },
    /// Write a stopped node's ledger as the files of a mirror, for an audit.
    ///
    /// Reads everything back and compares it first, and writes nothing if anything is damaged.
    /// Changes nothing in the data folder.
    Export {
        /// Folder with node.toml.
        #[arg(long)]
        home: PathBuf,
        /// Folder to write; it must not exist, or be empty.
        #[arg(long)]
        out: PathBuf,
    },
    /// Print the REST API's OpenAPI document.
    Openapi,
}

fn main() -> ExitCode {
    match execute(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("deedbook-node: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Keys { keys, name } => {
            let public = NodeKeys::create(&keys, &name)?;
            println!("{}", serde_json::to_string_pretty(&public)?);
        }
        Command::Ceremony(step) => ceremony::execute(step)?,
        Command::Approve {
            home,
            present,
            next,
        } => {
            let approved = approval::approve(&home, &present, &next)?;
            let named = |names: BTreeSet<String>| match names.is_empty() {
                true => "nobody".to_owned(),
                false => Vec::from_iter(names).join(", "),
            };
            let (joining, leaving) = (named(approved.joining), named(approved.leaving));
            eprintln!("approved: joining: {joining}; leaving: {leaving}");
            println!("{}", serde_json::to_string_pretty(&approved.approval)?);
        }
        Command::Init { home } => deedbook_node::node::init(&home)?,
        Command::Run {
            home,
            stop_on_stdin_close,
        } => {
            let filter = EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| EnvFilter::new("warn,deedbook_node=info"));
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .init();
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            let result = runtime.block_on(deedbook_node::node::run(
                &home,
                stop_asked(stop_on_stdin_close),
            ));
            runtime.shutdown_timeout(STRAGGLERS);
            result?;
        }
        Command::Export { home, out } => {
            let size = deedbook_node::export::export_home(&home, &out)?;
            println!("{size} leaves in {}", out.display());
        }
        Command::Openapi => println!("{}", deedbook_node::api::openapi()?),
    }
    Ok(())
}

/// Completes when somebody wants the node to stop.
async fn stop_asked(stop_on_stdin_close: bool) {
    let stdin_closed = async {
        if !stop_on_stdin_close {
            std::future::pending::<()>().await;
        }
        let mut stdin = tokio::io::stdin();
        let mut buffer = [0; 64];
        while stdin.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    };
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = stdin_closed => {}
        () = terminated => {}
        // An error means that the signal cannot be waited for; SIGTERM still works.
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
}

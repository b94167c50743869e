//! `deedbook-testnet`: try the ledger on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use deedbook_testnet::bench::BenchOptions;
use deedbook_testnet::demo::DemoOptions;
use deedbook_testnet::replay::ReplayOptions;
use deedbook_testnet::service::interrupted;
use deedbook_testnet::up::UpOptions;
use deedbook_testnet::{bench, custodian, demo, provider, replay, up};

/// Exit status after Ctrl-C, as shells count it: 128 + SIGINT.
const INTERRUPTED: u8 = 130;

/// A Deedbook network on this machine: demo, load, and replay of real data.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play the sale of a flat on four validators and prove its outcome offline.
    Demo(DemoOptions),
    /// Start a network and leave it running until Ctrl-C.
    Up(UpOptions),
    /// Register the properties of a Price Paid file and replay every sale as a full deed.
    Replay(ReplayOptions),
    /// Measure throughput, finality and size, each beside the limit of this machine.
    Bench(BenchOptions),
    /// Run the reference identity provider (started by the other commands).
    Provider(Serving),
    /// Run the reference evidence custodian (started by the other commands).
    Custodian(Serving),
}

#[derive(Debug, Args)]
struct Serving {
    /// Its folder.
    #[arg(long)]
    home: PathBuf,
    /// Where to listen, e.g. 127.0.0.1:8701.
    #[arg(long)]
    listen: SocketAddr,
    /// Stop when standard input closes, which is when the parent is gone.
    #[arg(long)]
    stop_on_stdin_close: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("starting the runtime")),
    };
    let result = runtime.block_on(run(arguments.command));
    // A read of standard input that is still waiting must not keep the process alive.
    runtime.shutdown_background();
    result.unwrap_or_else(|error| fail(&error))
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("deedbook-testnet: {error:#}");
    ExitCode::FAILURE
}

/// Runs a command; Ctrl-C drops it, and with it every process and every unfinished file.
async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let work = async {
        match command {
            Command::Demo(options) => demo::run(&options).await,
            Command::Up(options) => up::run(&options).await,
            Command::Replay(options) => replay::run(&options).await,
            Command::Bench(options) => bench::run(&options).await,
            Command::Provider(s) => {
                provider::http::run(&s.home, s.listen, s.stop_on_stdin_close).await
            }
            Command::Custodian(s) => custodian::run(&s.home, s.listen, s.stop_on_stdin_close).await,
        }
    };
    tokio::select! {
        done = work => done.map(|()| ExitCode::SUCCESS),
        stopped = interrupted() => {
            stopped?;
            eprintln!("interrupted; everything that was started is stopped");
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

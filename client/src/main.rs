//! The `deedbook` command.
//!
//! Lives here: from arguments to one of the commands, and from its result to an exit code. Does
//! not live here: what a command does (`commands`), and anything a program would call (the
//! library).

mod cli;
mod commands;
mod human;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

/// The threads of an audit free what others of them allocated; see the workspace's manifest.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let context = output::Context::new(&cli);
    match commands::run(cli.command, &context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => context.fail(&failure),
    }
}

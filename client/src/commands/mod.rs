//! One file a command.

pub(crate) mod anchor;
pub(crate) mod audit;
pub(crate) mod certificate;
pub(crate) mod draft;
pub(crate) mod evidence;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod health;
pub(crate) mod key;
pub(crate) mod log;
pub(crate) mod mirror;
pub(crate) mod party;
pub(crate) mod power;
pub(crate) mod receipt;
pub(crate) mod scitt;
pub(crate) mod sign;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod title;
pub(crate) mod validators;
pub(crate) mod verify;
pub(crate) mod witness;

use crate::cli::Command;
use crate::output::{Context, Failure};

/// Runs one command. `verify`, `explain`, `key`, `sign` and `evidence` touch no network.
pub(crate) fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Key(key) => key::run(key, context),
        Command::Draft(args) => draft::run(args, context),
        Command::Sign(args) => sign::run(&args, context),
        Command::Submit(args) => submit::run(&args, context),
        Command::Status(args) => status::run(&args, context),
        Command::Title(args) => title::run(&args, context),
        Command::Power(args) => power::run(&args, context),
        Command::Party(args) => party::run(&args, context),
        Command::Receipt(args) => receipt::run(&args, context),
        Command::Certificate(args) => certificate::run(&args, context),
        Command::Verify(args) => verify::run(&args, context),
        Command::Evidence(evidence) => evidence::run(evidence, context),
        Command::Log(log) => log::run(log, context),
        Command::Anchor(anchor) => anchor::run(anchor, context),
        Command::Audit(args) => audit::run(&args, context),
        Command::Validators(args) => validators::run(&args, context),
        Command::Health(args) => health::run(&args, context),
        Command::Explain(args) => explain::run(&args, context),
        Command::Witness(witness) => witness::run(witness, context),
    }
}

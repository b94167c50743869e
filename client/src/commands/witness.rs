//! `deedbook witness`: run a witness, for the bar, a bank or anybody whose word should count.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deedbook_client::time::rfc3339;
use deedbook_client::witness::home::{Home, HomeError};
use deedbook_client::witness::{LogStatus, Witness, http};
use deedbook_schemas::note::{KeyName, VerifierKey};
use deedbook_schemas::policy::Policy;
use serde::Serialize;
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};

use super::verify::read_policy;
use crate::output::{Context, Failure, Overwrite};

/// What `deedbook witness --help` ends with.
const TEACHING: &str = "\
A witness keeps a log honest. It remembers the newest checkpoint it signed and signs another one
only if that one continues it, so that the log's operators, even all of them together, cannot show
two histories to two people without being caught. It needs no copy of the log, 10 MB of disk and
almost no network; it learns nothing about people, only hashes.

To run one:
  deedbook witness init /srv/witness --name witness.bar.example/w1
  deedbook witness add-log /srv/witness --policy network.policy
  deedbook witness run /srv/witness --listen 127.0.0.1:7380

and give the key that init prints to the registry's operators, who put it into node.toml, and to
everybody who is to rely on you, who put it into their policy. `deedbook witness show` prints it
again. The world reaches a witness through a web server with your certificate, which passes
/add-checkpoint, and for whoever watches you /HASH/checkpoint, on to that port.

When the validators change, their operators send a new policy: `add-log --force`, and a restart.

Three rules:
  * The folder is the witness. Nobody but its owner may read it.
  * Never put the folder back from a backup, and never run two copies. A witness whose database is
    missing, damaged or older than its key remembers retires itself. Moving the folder, stopped, to
    another machine is fine.
  * Keep the clock right (NTP). A witness does not sign with a clock that went back.

When it prints ALARM (fork), the log signed two histories, and the proof is in the folder `evidence`:
tell the other institutions before the registry's operators. ALARM (inconsistent) is that too, or
somebody's made-up proof: ask the operators for the right one; there is one, or there are two
histories.";

#[derive(Debug, clap::Subcommand)]
#[command(after_long_help = TEACHING, subcommand_help_heading = "Steps")]
pub(crate) enum Command {
    /// Make a witness: a folder with a new key and an empty memory
    Init {
        /// The folder; created
        folder: PathBuf,
        /// Its public name, for good: an address of yours without https://, and a word
        #[arg(long, value_name = "NAME")]
        name: KeyName,
    },
    /// Let the witness watch a log; takes effect at its next start
    AddLog {
        /// The folder
        folder: PathBuf,
        /// Whose signatures count: the log's keys, and the quorum that must have cosigned before us
        #[arg(
            long,
            value_name = "FILE",
            required_unless_present = "vkey",
            conflicts_with = "vkey"
        )]
        policy: Option<PathBuf>,
        /// The log's key (a C2SP vkey), for a log without a policy: no quorum is asked for
        #[arg(long, value_name = "VKEY")]
        vkey: Option<String>,
        #[command(flatten)]
        overwrite: Overwrite,
    },
    /// Run the witness until Ctrl-C
    Run {
        /// The folder
        folder: PathBuf,
        /// Where to listen
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7380")]
        listen: SocketAddr,
        /// Stop when standard input closes: for a parent process that may die
        #[arg(long)]
        stop_on_stdin_close: bool,
    },
    /// Show the witness's key, the lines for others' files, and where it stands; while it is stopped
    Show {
        /// The folder
        folder: PathBuf,
    },
}

#[derive(Serialize)]
struct Shown {
    name: KeyName,
    key: String,
    policy_line: String,
    node_lines: String,
    logs: Vec<LogStatus>,
}

impl Shown {
    fn of(witness: &Witness) -> Self {
        let key = witness.verifier();
        let name = key.name().clone();
        Self {
            policy_line: format!("witness {name} {key}"),
            node_lines: format!("[[witnesses]]\nurl = \"https://{name}\"\nvkey = \"{key}\""),
            key: key.to_string(),
            name,
            logs: witness.status(),
        }
    }

    fn words(&self) -> String {
        let mut text = format!(
            "witness {}\nkey     {}\n\nFor a policy:\n{}\n\nFor a node's node.toml, with the address \
             under which it reaches you:\n{}\n",
            self.name, self.key, self.policy_line, self.node_lines
        );
        for log in &self.logs {
            text.push_str(&format!("\n{}", log_words(log)));
        }
        if self.logs.is_empty() {
            text.push_str("\nIt watches no log yet: deedbook witness add-log");
        }
        text
    }
}

fn log_words(log: &LogStatus) -> String {
    let stands = match (log.size, log.root, log.time) {
        (Some(size), Some(root), Some(time)) => {
            format!("{size} leaves, root {root}, cosigned at {}", rfc3339(time))
        }
        _ => "nothing cosigned yet".to_owned(),
    };
    format!(
        "log {}\n  {stands}\n  path /{}/checkpoint",
        log.origin, log.origin_hash
    )
}

pub(crate) fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Init { folder, name } => {
            let home = Home::init(&folder, &name).map_err(failure)?;
            show(home, context)
        }
        Command::AddLog {
            folder,
            policy,
            vkey,
            overwrite,
        } => {
            let policy = match (policy, vkey) {
                (Some(path), _) => read_policy(&path)?,
                (None, Some(key)) => of_key(&key)?,
                (None, None) => return Err(Failure::usage("give --policy or --vkey")),
            };
            let home = Home::open(&folder).map_err(failure)?;
            let existing = overwrite.existing();
            let origin = home.add_log(&policy, existing).map_err(failure)?;
            let added = serde_json::json!({ "origin": origin });
            context.print(&added, || {
                format!("{origin} is watched from the next start")
            })
        }
        Command::Run {
            folder,
            listen,
            stop_on_stdin_close,
        } => serve(&folder, listen, stop_on_stdin_close, context),
        Command::Show { folder } => show(Home::open(&folder).map_err(failure)?, context),
    }
}

/// The policy of a log that is known by its key alone.
fn of_key(key: &str) -> Result<Policy, Failure> {
    let key: VerifierKey = key.parse().map_err(Failure::usage)?;
    Policy::from_text(&format!("log {key}\nquorum none\n")).map_err(Failure::usage)
}

fn show(home: Home, context: &Context) -> Result<(), Failure> {
    let shown = Shown::of(&Witness::open(home).map_err(failure)?);
    context.print(&shown, || shown.words())
}

fn serve(
    folder: &Path,
    listen: SocketAddr,
    stop_on_stdin_close: bool,
    context: &Context,
) -> Result<(), Failure> {
    let witness = Witness::open(Home::open(folder).map_err(failure)?).map_err(failure)?;
    let shown = Shown::of(&witness);
    if shown.logs.is_empty() {
        return Err(Failure::no("this witness watches no log")
            .hint("deedbook witness add-log FOLDER --policy FILE"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::no)?;
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await;
        let listener =
            listener.map_err(|error| Failure::no(format!("listening on {listen}: {error}")))?;
        let address = listener.local_addr().map_err(Failure::no)?;
        let stop = stop_asked(stop_on_stdin_close)?;
        context.print(&shown, || {
            format!("{}\n\nlistening on {address}; Ctrl-C stops", shown.words())
        })?;
        let served = http::serve(Arc::new(witness), listener, stop).await;
        served.map_err(|error| Failure::no(format!("serving on {listen}: {error}")))
    });
    // A read of standard input that is still waiting must not keep the process alive. What is being
    // stored is whole or not there.
    runtime.shutdown_background();
    served
}

/// Completes when somebody wants the witness to stop.
fn stop_asked(
    stop_on_stdin_close: bool,
) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::no)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::no)?;
    Ok(async move {
        let stdin_closed = async {
            if !stop_on_stdin_close {
                std::future::pending::<()>().await;
            }
            let mut stdin = tokio::io::stdin();
            let mut waste = [0; 64];
            while matches!(stdin.read(&mut waste).await, Ok(1..)) {}
        };
        tokio::select! {
            () = stdin_closed => {}
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn failure(error: HomeError) -> Failure {
    Failure::no(error)
}

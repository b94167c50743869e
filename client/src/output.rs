//! What a command prints, how it fails, how it shows progress and hears Ctrl-C.
//!
//! Does not live here: the words for each answer (`human`).

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deedbook_client::files::{Access, Existing};
use deedbook_client::http::{ApiError, Client};
use deedbook_schemas::rejection::Code;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::cli::Cli;

/// Why a command failed, as its exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Refused, not proven, or a file could not be read or written.
    No,
    /// The command line, or something it names, makes no sense.
    Usage,
    /// No node could be reached.
    Unreachable,
    /// Ctrl-C.
    Interrupted,
}

impl Kind {
    fn exit_code(self) -> u8 {
        match self {
            Self::No => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Interrupted => 130,
        }
    }
}

/// One clear line, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    line: String,
    codes: Vec<String>,
    hint: Option<String>,
    /// What is to be printed nevertheless: fields for JSON, text for people.
    result: Option<Box<(serde_json::Value, String)>>,
}

impl Failure {
    pub(crate) fn no(line: impl ToString) -> Self {
        Self::new(Kind::No, line)
    }

    pub(crate) fn usage(line: impl ToString) -> Self {
        Self::new(Kind::Usage, line)
    }

    fn new(kind: Kind, line: impl ToString) -> Self {
        if INTERRUPTED.load(Ordering::Relaxed) {
            return Self::interrupted();
        }
        let (line, codes) = (line.to_string(), Vec::new());
        Self {
            kind,
            line,
            codes,
            hint: None,
            result: None,
        }
    }

    fn interrupted() -> Self {
        Self::stopped("interrupted; nothing was written")
    }

    /// Ctrl-C, and what became of the work.
    pub(crate) fn stopped(line: impl ToString) -> Self {
        let line = line.to_string();
        let (kind, codes) = (Kind::Interrupted, Vec::new());
        Self {
            kind,
            line,
            codes,
            hint: None,
            result: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A failure that has something to show: `fields` join the JSON object, people see `text`.
    pub(crate) fn showing(mut self, fields: serde_json::Value, text: String) -> Self {
        self.result = Some(Box::new((fields, text)));
        self
    }

    /// Reading or writing a file failed.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Self::no(error).hint("--force replaces it");
        }
        Self::no(format!("{}: {error}", path.display()))
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let kind = match (&error, error.status()) {
            (ApiError::Unreachable { .. }, _) | (_, Some(429 | 502..=504)) => Kind::Unreachable,
            (ApiError::Address(_) | ApiError::NoNode, _) => Kind::Usage,
            _ => Kind::No,
        };
        let codes = error.problem().map(|problem| problem.codes.clone());
        let mut failure = Self::new(kind, &error);
        failure.codes = codes.unwrap_or_default();
        failure.hint = match (&error, failure.codes.first()) {
            (ApiError::NoNode, _) => {
                Some("name one with --node http://host:port or DEEDBOOK_NODE".to_owned())
            }
            (_, Some(code)) if Code::ALL.iter().any(|known| known.as_str() == code) => {
                Some(format!("deedbook explain {code} says more"))
            }
            _ if kind == Kind::Unreachable => Some("is the node running?".to_owned()),
            _ => None,
        };
        failure
    }
}

/// How a command was asked to speak, and where its nodes are.
#[derive(Debug)]
pub(crate) struct Context {
    json: bool,
    quiet: bool,
    nodes: Vec<String>,
}

impl Context {
    pub(crate) fn new(cli: &Cli) -> Self {
        Self {
            json: cli.json,
            quiet: cli.quiet,
            nodes: cli.nodes.clone(),
        }
    }

    /// A client of the nodes named.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Ok(Client::new(&self.nodes)?)
    }

    /// Addresses of nodes that were named.
    pub(crate) fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Prints one of many results: a line of JSON if asked for, else what `human` says.
    pub(crate) fn print_line(
        &self,
        json: &serde_json::Value,
        human: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        let text = if self.json { json.to_string() } else { human() };
        write_out(format!("{text}\n").as_bytes())
    }

    /// Prints a result: JSON if asked for, else what `human` says.
    pub(crate) fn print(
        &self,
        json: &impl Serialize,
        human: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        let mut text = if self.json {
            serde_json::to_string_pretty(json).map_err(Failure::no)?
        } else {
            human()
        };
        text.truncate(text.trim_end().len());
        text.push('\n');
        write_out(text.as_bytes())
    }

    /// Reports a failure: one line on stderr; with `--json` also an object on stdout, always one.
    pub(crate) fn fail(&self, failure: &Failure) -> ExitCode {
        let mut object = serde_json::json!({
            "error": failure.line,
            "codes": failure.codes,
            "hint": failure.hint,
        });
        let mut report = String::new();
        if let Some((fields, text)) = failure.result.as_deref() {
            report = format!("{}\n", text.trim_end());
            if let (Some(object), Some(fields)) = (object.as_object_mut(), fields.as_object()) {
                object.extend(fields.clone());
            }
        }
        if self.json {
            report = format!("{object:#}\n");
        }
        let mut text = format!("error: {}\n", failure.line.replace('\n', " "));
        if let Some(hint) = &failure.hint {
            text.push_str(&format!(" hint: {hint}\n"));
        }
        // If stdout or stderr is gone there is nobody left to tell; the exit code still speaks.
        if self.json || !(self.quiet || report.trim().is_empty()) {
            drop(write_out(report.as_bytes()));
        }
        drop(io::stderr().write_all(text.as_bytes()));
        ExitCode::from(failure.kind.exit_code())
    }

    /// A bar that appears after a second, if somebody is watching.
    pub(crate) fn progress(&self, total: u64, unit: Unit) -> Progress {
        let template = match unit {
            Unit::Bytes => "{bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
            Unit::Leaves => "{bar:32} {pos}/{len} leaves  {per_sec}  {eta} left",
        };
        let style = ProgressStyle::with_template(template);
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        Progress {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            shown: self.quiet,
            started: Instant::now(),
        }
    }

    /// Runs a request, with a line about what is waited for if it takes more than a second.
    pub(crate) fn online<T>(
        &self,
        waiting_for: &str,
        request: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::no)?;
        runtime.block_on(async {
            let bar = ProgressBar::hidden().with_message(format!("waiting for {waiting_for}"));
            let tick = async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if !self.quiet {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                bar.enable_steady_tick(Duration::from_millis(100));
                std::future::pending::<()>().await;
            };
            let result = tokio::select! {
                result = request => result,
                () = tick => Err(Failure::interrupted()),
                _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
            };
            bar.finish_and_clear();
            result
        })
    }
}

fn write_out(bytes: &[u8]) -> Result<(), Failure> {
    match io::stdout().write_all(bytes) {
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::no(format!("stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// What a progress bar counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Bytes,
    Leaves,
}

/// A progress bar.
pub(crate) struct Progress {
    bar: ProgressBar,
    shown: bool,
    started: Instant,
}

impl Progress {
    /// Sets how much is done.
    pub(crate) fn set(&mut self, done: u64) {
        if !self.shown && self.started.elapsed() >= Duration::from_secs(1) {
            self.shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(done);
    }

    /// As [`Progress::set`], of leaves; the total may become known later.
    pub(crate) fn set_of(&mut self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.set(done);
    }

    /// As [`Progress::set`], but an error once Ctrl-C was pressed.
    pub(crate) fn step(&mut self, done: u64) -> io::Result<()> {
        self.set(done);
        if INTERRUPTED.load(Ordering::Relaxed) {
            // Not `ErrorKind::Interrupted`: readers repeat what fails with that.
            return Err(io::Error::other("interrupted"));
        }
        Ok(())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C stops the work at its next step, so that its file is cleaned up.
pub(crate) fn heed_interrupts() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::no)?;
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            INTERRUPTED.store(true, Ordering::Relaxed);
        }
    });
    Ok(())
}

/// Waits until Ctrl-C was pressed; [`heed_interrupts`] listens.
pub(crate) async fn interrupted() {
    while !INTERRUPTED.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Where a result is written.
#[derive(Debug, clap::Args)]
pub(crate) struct Overwrite {
    /// Replace an existing file
    #[arg(long)]
    pub(crate) force: bool,
}

impl Overwrite {
    pub(crate) fn existing(&self) -> Existing {
        if self.force {
            Existing::Replace
        } else {
            Existing::Keep
        }
    }
}

/// Writes a result file, whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8], overwrite: &Overwrite) -> Result<(), Failure> {
    deedbook_client::files::write(path, bytes, Access::Public, overwrite.existing())
        .map_err(|error| Failure::file(path, &error))
}

/// Reads a file of at most `max` bytes; `-` is stdin.
pub(crate) fn read_file(path: &Path, max: usize) -> Result<Vec<u8>, Failure> {
    let read = if path == Path::new("-") {
        deedbook_client::files::read_from(io::stdin().lock(), max)
    } else {
        deedbook_client::files::read(path, max)
    };
    read.map_err(|error| Failure::file(path, &error))
}

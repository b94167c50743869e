//! One child process: started with a log file and a pipe that ends it when we end, stopped, killed.
//!
//! The pipe on its standard input is what makes strays impossible: when this process dies, however
//! it dies, the kernel closes the pipe, and the child stops by itself.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::limits::{LOG_TAIL_LINES, START_TIMEOUT, STOP_TIMEOUT};

/// Pause between two looks at a process that is starting or catching up.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// A running child.
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts `binary`; what it prints is appended to `log`.
    ///
    /// # Errors
    /// If the binary cannot be started or the log not be written.
    pub fn start<S: AsRef<OsStr>>(
        name: &str,
        binary: &Path,
        arguments: impl IntoIterator<Item = S>,
        log: &Path,
    ) -> Result<Self> {
        let output = OpenOptions::new().create(true).append(true).open(log);
        let output: File = output.with_context(|| format!("opening {}", log.display()))?;
        let errors = output
            .try_clone()
            .with_context(|| format!("opening {}", log.display()))?;
        let child = Command::new(binary)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            // A group of its own: Ctrl-C reaches us alone, and we end the children in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {} ({})", name, binary.display()))?;
        Ok(Self {
            name: name.to_owned(),
            log: log.to_owned(),
            child,
        })
    }

    /// Its process id, while it runs.
    ///
    /// # Errors
    /// If it has ended.
    pub fn id(&self) -> Result<u32> {
        self.child
            .id()
            .ok_or_else(|| anyhow!("{} has ended", self.name))
    }

    /// That it still runs.
    ///
    /// # Errors
    /// If it has ended: its last words.
    pub fn check(&mut self) -> Result<()> {
        let ended = self.child.try_wait();
        match ended.with_context(|| format!("looking after {}", self.name))? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}; {}", self.name, self.last_words()),
        }
    }

    /// Waits until it listens on `address`.
    ///
    /// # Errors
    /// If it ends or does not listen in time: its last words.
    pub async fn listening(&mut self, address: SocketAddr) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(address).await.is_err() {
            self.check()?;
            if Instant::now() >= deadline {
                bail!(
                    "{} does not listen on {address}; {}",
                    self.name,
                    self.last_words()
                );
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// The end of its log, for an error message.
    #[must_use]
    pub fn last_words(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        let from = lines.len().saturating_sub(LOG_TAIL_LINES);
        let tail = lines.get(from..).unwrap_or_default().join("\n  ");
        format!("the end of {}:\n  {tail}", self.log.display())
    }

    /// `SIGKILL`, and waits until it is gone.
    ///
    /// # Errors
    /// If the system refuses.
    pub async fn kill(mut self) -> Result<()> {
        let killed = self.child.kill().await;
        killed.with_context(|| format!("killing {}", self.name))
    }

    /// Asks it to stop by closing its standard input; kills it if it does not.
    ///
    /// # Errors
    /// If it had to be killed, or ended with a failure.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let Ok(ended) = timeout(STOP_TIMEOUT, self.child.wait()).await else {
            let words = self.last_words();
            let name = self.name.clone();
            self.kill().await?;
            bail!("{name} did not stop within {STOP_TIMEOUT:?} and was killed; {words}");
        };
        let status = ended.with_context(|| format!("waiting for {}", self.name))?;
        if status.success() {
            Ok(())
        } else {
            bail!("{} ended with {status}; {}", self.name, self.last_words())
        }
    }
}

/// Runs a program to its end: its output if it succeeds.
///
/// # Errors
/// If it cannot be started or fails: what it said.
pub async fn run<S: AsRef<OsStr>>(
    binary: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Result<String> {
    let output = run_any(binary, arguments).await?;
    if output.success {
        Ok(output.text)
    } else {
        bail!("{} failed: {}", binary.display(), output.text.trim_end())
    }
}

/// What a program said, and whether it succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Exit status 0.
    pub success: bool,
    /// Standard output, then standard error.
    pub text: String,
}

/// Runs a program to its end.
///
/// # Errors
/// If it cannot be started, or runs longer than a minute.
pub async fn run_any<S: AsRef<OsStr>>(
    binary: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Result<Output> {
    let mut command = Command::new(binary);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(Duration::from_secs(60), command.output())
        .await
        .with_context(|| format!("{} runs for more than a minute", binary.display()))?
        .with_context(|| format!("starting {}", binary.display()))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok(Output {
        success: output.status.success(),
        text,
    })
}

/// A program of this workspace: beside the running executable, or one folder up for tests, which
/// run in `deps`.
///
/// # Errors
/// If it is in neither place.
pub fn sibling(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("finding the running executable")?;
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            anyhow!(
                "{name} is not beside {}; run: cargo build --release --workspace --bins",
                own.display()
            )
        })
}

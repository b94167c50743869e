//! The data folder of a stopped node as files that can be audited.
//!
//! Does not live here: reading the folder. The node's own program does, which re-hashes what it reads;
//! nothing in this crate knows its database.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::output::Failure;

const PROGRAM: &str = "deedbook-node";

/// A mirror in a folder that goes with it.
pub(crate) struct Exported(PathBuf);

impl Exported {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for such things.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Exports the ledger of a node's home.
pub(crate) fn exported(home: &Path) -> Result<Exported, Failure> {
    let folder = std::env::temp_dir().join(format!("deedbook-audit-{}", std::process::id()));
    let exported = Exported(folder);
    let output = Command::new(program())
        .args(["export", "--home"])
        .arg(home)
        .arg("--out")
        .arg(exported.path())
        .output()
        .map_err(|error| {
            Failure::no(format!("{PROGRAM}: {error}"))
                .hint("it reads the data folder; install it beside this program")
        })?;
    if output.status.success() {
        return Ok(exported);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().last().unwrap_or("it failed in silence");
    let fields = serde_json::json!({ "sound": false });
    Err(Failure::no(line).showing(fields, String::new()))
}

/// The program beside this one, or on the path.
fn program() -> PathBuf {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.join(PROGRAM)));
    beside
        .filter(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from(PROGRAM))
}

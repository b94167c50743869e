//! Folders of a test network: emptied only if they are ours, and measured.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Makes `path` an empty folder of a test network. A folder that some other program filled is
/// never emptied: it must carry our mark.
///
/// # Errors
/// If it holds something without our mark, or cannot be written.
pub fn fresh_folder(path: &Path) -> Result<()> {
    const MARK: &str = ".deedbook-testnet";
    if path.exists() {
        let empty = fs::read_dir(path)
            .with_context(|| format!("reading {}", path.display()))?
            .next()
            .is_none();
        if !empty && !path.join(MARK).exists() {
            bail!(
                "{} is not empty and is no folder of a test network; name another one",
                path.display()
            );
        }
        fs::remove_dir_all(path).with_context(|| format!("emptying {}", path.display()))?;
    }
    fs::create_dir_all(path).with_context(|| format!("making {}", path.display()))?;
    fs::write(path.join(MARK), "emptied at every start\n")
        .with_context(|| format!("writing into {}", path.display()))
}

/// Bytes of all files below a folder: what they hold, and what the disk reserves for them.
///
/// # Errors
/// If the folder cannot be read. Files that vanish meanwhile count nothing.
pub fn folder_bytes(path: &Path) -> Result<FolderBytes> {
    use std::os::unix::fs::MetadataExt as _;
    let mut total = FolderBytes::default();
    let entries = fs::read_dir(path).with_context(|| format!("reading {}", path.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("reading {}", path.display()))?;
        let Ok(meta) = entry.metadata() else { continue };
        let part = if meta.is_dir() {
            folder_bytes(&entry.path())?
        } else {
            FolderBytes {
                content: meta.len(),
                allocated: meta.blocks() * 512,
            }
        };
        total.content += part.content;
        total.allocated += part.allocated;
    }
    Ok(total)
}

/// Size of a folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct FolderBytes {
    /// Bytes that the files hold.
    pub content: u64,
    /// Bytes that the disk reserves, preallocated logs included.
    pub allocated: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_somebody_elses_files_is_never_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let ours = folder.path().join("ours");
        fresh_folder(&ours).unwrap();
        fs::write(ours.join("old"), b"x").unwrap();
        fresh_folder(&ours).unwrap();
        assert!(!ours.join("old").exists());

        let theirs = folder.path().join("theirs");
        fs::create_dir(&theirs).unwrap();
        fs::write(theirs.join("thesis"), b"x").unwrap();
        assert!(fresh_folder(&theirs).is_err());
        assert!(theirs.join("thesis").exists());
    }
}

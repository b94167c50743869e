//! The disk under a folder.

use std::path::Path;

use super::StoreError;

/// Percent of the file system's blocks that are free to this process, 0 to 100, rounded down. A
/// node stops accepting records below 10.
///
/// # Errors
/// [`StoreError::Open`] if the folder cannot be asked.
pub fn disk_free_percent(path: &Path) -> Result<u8, StoreError> {
    let stat = nix::sys::statvfs::statvfs(path).map_err(|error| StoreError::Open {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })?;
    let (free, all) = (
        u128::from(stat.blocks_available()),
        u128::from(stat.blocks()),
    );
    let percent = (free * 100).checked_div(all).unwrap_or(0);
    Ok(u8::try_from(percent).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_exists_has_a_percentage_and_one_that_does_not_has_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(disk_free_percent(folder.path()).unwrap() <= 100);
        assert!(disk_free_percent(&folder.path().join("nowhere")).is_err());
    }
}

//! Files that are whole or not there: written beside their place, flushed, then named.
//!
//! Does not live here: what is in them. An interrupted command leaves no half-written file under
//! the final name; an error or Ctrl-C that the caller notices removes the temporary one too.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever the umask lets.
    Public,
    /// Its owner alone (mode 0600).
    Owner,
}

/// Whether a file that is there already may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// No: [`io::ErrorKind::AlreadyExists`].
    Keep,
    /// Yes, in one step.
    Replace,
}

/// A file on its way. Dropped before [`NewFile::finish`], it leaves nothing.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    temporary: Temporary,
    destination: PathBuf,
    existing: Existing,
}

/// Removes the temporary file however the writer ends.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; otherwise there is nobody left to tell.
        drop(std::fs::remove_file(&self.0));
    }
}

impl NewFile {
    /// Begins a file that will stand at `destination`.
    ///
    /// # Errors
    /// If the destination exists and must be kept, or the folder cannot be written.
    pub fn create(destination: &Path, access: Access, existing: Existing) -> io::Result<Self> {
        if existing == Existing::Keep && destination.symlink_metadata().is_ok() {
            return Err(already_there(destination));
        }
        let name = destination
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
        let suffix = format!(".{}.partial", std::process::id());
        let mut temporary_name = std::ffi::OsString::from(".");
        temporary_name.push(name);
        temporary_name.push(suffix);
        let temporary = destination.with_file_name(temporary_name);
        let mode = match access {
            Access::Public => 0o666,
            Access::Owner => 0o600,
        };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary)?;
        let temporary = Temporary(temporary);
        if access == Access::Owner {
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        Ok(Self {
            file,
            temporary,
            destination: destination.to_owned(),
            existing,
        })
    }

    /// Flushes to the disk and gives the file its name.
    ///
    /// # Errors
    /// If the disk refuses, or the destination appeared in the meantime and must be kept.
    pub fn finish(self) -> io::Result<()> {
        // Crash before the rename: a hidden `.partial` file, nothing under the final name.
        self.file.sync_all()?;
        match self.existing {
            Existing::Keep => std::fs::hard_link(&self.temporary.0, &self.destination)
                .map_err(|error| named(error, &self.destination))?,
            Existing::Replace => std::fs::rename(&self.temporary.0, &self.destination)?,
        }
        let folder = self
            .destination
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Write for NewFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn named(error: io::Error, destination: &Path) -> io::Error {
    if error.kind() == io::ErrorKind::AlreadyExists {
        already_there(destination)
    } else {
        error
    }
}

fn already_there(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("{} exists already", path.display()),
    )
}

/// Writes a whole file.
///
/// # Errors
/// As [`NewFile::create`] and [`NewFile::finish`].
pub fn write(path: &Path, bytes: &[u8], access: Access, existing: Existing) -> io::Result<()> {
    let mut file = NewFile::create(path, access, existing)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Reads a file of at most `max` bytes.
///
/// # Errors
/// If it cannot be read, or is longer.
pub fn read(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    read_from(File::open(path)?, max)
}

/// Reads at most `max` bytes to the end.
///
/// # Errors
/// If they cannot be read, or there are more.
pub fn read_from(source: impl io::Read, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    io::Read::read_to_end(&mut source.take(limit), &mut bytes)?;
    if bytes.len() > max {
        let text = format!("longer than the {max} bytes that such a file can have");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_dropped_before_it_is_finished_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let mut file = NewFile::create(&path, Access::Public, Existing::Keep).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_existing_file_is_kept_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write(&path, b"one", Access::Public, Existing::Keep).unwrap();
        let error = write(&path, b"two", Access::Public, Existing::Keep).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        write(&path, b"three", Access::Public, Existing::Replace).unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"three");
        assert!(read(&path, 4).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

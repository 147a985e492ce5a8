//! The right to write to the folder of a run, which one process has at a time.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use crate::train::Error;

/// The right to write to a run's folder, for as long as this lives: the file `run.lock` in it, locked by the system,
/// which unlocks it when a process ends in whatever way. The file itself stays and means nothing.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the right.
    ///
    /// # Errors
    /// When another process has it, or the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("run.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(Error::io("write", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { folder: folder.into() }),
            // Some network file systems have no locks; a run there is worth more than this protection.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_writer_at_a_time() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let first = Lock::take(folder.path()).expect("nobody has it");
        let refused = Lock::take(folder.path()).expect_err("it is taken").to_string();
        assert!(refused.contains("another process") && refused.contains("Ctrl-C"), "{refused}");
        drop(first);
        Lock::take(folder.path()).expect("it was given back");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let refused = Lock::take(Path::new("no/such/folder")).expect_err("it is not there").to_string();
        assert!(refused.contains("no/such/folder"), "{refused}");
    }
}

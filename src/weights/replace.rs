//! A file in the place of another in one move, so that a program or a machine that stops at any moment leaves the old
//! one or the new one whole.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// How a temporary file beside the other begins and ends; one that a killed program left behind is removed later.
const TEMPORARY: [&str; 2] = [".unfinished-", ".tmp"];

/// Puts a file in the place of another in one move: a temporary file beside it, synced, then renamed, then the folder
/// synced where the system can, so that the name too survives a power cut.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let [prefix, suffix] = TEMPORARY;
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix);
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The new file is whole and in its place: what follows only hastens its name to the disk. Some file systems refuse
    // to sync a folder, and to report that would call saved state lost.
    if cfg!(unix) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

/// Removes the temporary files that a killed program left in a folder.
pub fn remove_unfinished(folder: &Path) -> io::Result<()> {
    let [prefix, suffix] = TEMPORARY;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(prefix) && name.ends_with(suffix) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

//! The last checkpoints of a run, under the names of their steps, and the best.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::weights::replace::replace;

/// The folder of them, in that of the run.
const FOLDER: &str = "checkpoints";

/// The name of the best checkpoint, in that folder.
const BEST: &str = "best.safetensors";

/// Where the best checkpoint of the run in a folder is kept.
pub fn best_of(run: &Path) -> PathBuf {
    run.join(FOLDER).join(BEST)
}

/// Keeps a run's newest checkpoint as the best so far, `checkpoints/best.safetensors`: a link, which takes the place of
/// the one before in one move.
///
/// # Errors
/// When the folder cannot be written, or the disk is full; the one before stays.
pub fn keep_best(checkpoint: &Path) -> io::Result<()> {
    let best = checkpoint.with_file_name(FOLDER).join(BEST);
    let folder = best.with_file_name("");
    fs::create_dir_all(&folder)?;
    let unfinished = folder.join(".unfinished-best");
    let remove = || match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    remove()?;
    if fs::hard_link(checkpoint, &unfinished).is_err() {
        return replace(&best, &fs::read(checkpoint)?);
    }
    fs::rename(&unfinished, &best)?;
    // Where both were links to one file already, the move leaves them as they are.
    remove()
}

/// Keeps a run's newest checkpoint, that of `step`, as `checkpoints/STEP.safetensors`, and of all those there the
/// `last` with the highest steps. A link, not a copy, where the file system has links: a checkpoint is never written
/// again, but replaced.
///
/// # Errors
/// When the folder cannot be written, or the disk is full; nothing that was kept before is lost then.
pub fn keep(checkpoint: &Path, step: u64, last: u64) -> io::Result<()> {
    let folder = checkpoint.with_file_name(FOLDER);
    fs::create_dir_all(&folder)?;
    let kept = folder.join(format!("{step:06}.safetensors"));
    match fs::remove_file(&kept) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if fs::hard_link(checkpoint, &kept).is_err() {
        replace(&kept, &fs::read(checkpoint)?)?;
    }
    let mut all = steps(&folder)?;
    all.sort_unstable();
    let many = all.len().saturating_sub(usize::try_from(last).unwrap_or(usize::MAX));
    all[..many].iter().try_for_each(|(_, path)| fs::remove_file(path))
}

/// The checkpoints in the folder, by step; other files are none of ours.
fn steps(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let step = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(step) = step.filter(|_| path.extension().is_some_and(|extension| extension == "safetensors")) {
            found.push((step, path));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_replaced_and_outlives_the_last() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let newest = folder.path().join("checkpoint.safetensors");
        let write = |text: &str| replace(&newest, text.as_bytes()).expect("it can be written");
        let best = || fs::read_to_string(best_of(folder.path())).expect("it is there");
        write("step 1");
        keep_best(&newest).expect("it can be kept");
        keep_best(&newest).expect("it can be kept twice");
        write("step 2");
        keep(&newest, 2, 1).expect("it can be kept");
        assert_eq!(best(), "step 1");
        keep_best(&newest).expect("it can be kept");
        write("step 3");
        keep(&newest, 3, 1).expect("it can be kept");
        assert_eq!(best(), "step 2");
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).expect("it is there").count(), 2);
    }

    #[test]
    fn the_last_are_kept_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let newest = folder.path().join("checkpoint.safetensors");
        let kept = |step: &str| folder.path().join("checkpoints").join(step);
        for step in [8, 9, 1_000_000, 10] {
            replace(&newest, format!("step {step}").as_bytes()).expect("it can be written");
            keep(&newest, step, 2).expect("it can be kept");
            if step == 8 {
                fs::write(kept("mine.safetensors"), "a copy").expect("it can be written");
            }
        }
        let mut names: Vec<_> =
            fs::read_dir(kept("")).expect("it is there").map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        assert_eq!(names, ["000010.safetensors", "1000000.safetensors", "mine.safetensors"]);
        assert_eq!(fs::read_to_string(kept("1000000.safetensors")).expect("text"), "step 1000000");
        // A run that goes on from an older step passes the newer ones again.
        keep(&newest, 10, 2).expect("it can be kept twice");
        assert_eq!(fs::read_to_string(kept("000010.safetensors")).expect("text"), "step 10");
    }
}

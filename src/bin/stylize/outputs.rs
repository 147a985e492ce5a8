//! Which picture goes where, decided before any is drawn.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use sumi::{data::list_pictures, train::Error};

/// A picture, and the file that its drawing will be.
pub struct Work {
    pub source: PathBuf,
    pub target: PathBuf,
}

/// The pictures that were named, folders opened, each with its file in `out`.
///
/// # Errors
/// When a folder has no pictures, or a file is there already that must not be written over.
pub fn plan(named: &[PathBuf], out: &Path, overwrite: bool) -> Result<Vec<Work>, Error> {
    let mut sources = Vec::new();
    for path in named {
        // A file that is missing is skipped later, as one that cannot be read.
        if path.is_dir() {
            sources.extend(list_pictures(path)?);
        } else {
            sources.push(path.clone());
        }
    }
    let mut taken = HashSet::new();
    let work: Vec<Work> = sources
        .into_iter()
        .map(|source| {
            let target = out.join(free_name(&source, &mut taken));
            Work { source, target }
        })
        .collect();
    let real = |path: &Path| fs::canonicalize(path).ok();
    let originals: HashSet<_> = work.iter().filter_map(|work| real(&work.source)).collect();
    for Work { target, .. } in &work {
        let Some(found) = real(target) else { continue };
        if originals.contains(&found) {
            return Err(Error::Config(format!(
                "{} is one of the pictures to draw, and would be written over; give another --out",
                target.display()
            )));
        }
        if !overwrite {
            return Err(Error::Config(format!(
                "{} exists already; give another --out, or --overwrite to replace what is there",
                target.display()
            )));
        }
    }
    Ok(work)
}

/// The name of a picture with .png, told apart from those before.
fn free_name(source: &Path, taken: &mut HashSet<String>) -> OsString {
    let stem = source.file_stem().unwrap_or(source.as_os_str());
    let mut number = 1;
    loop {
        let mut name = stem.to_os_string();
        if number > 1 {
            name.push(format!("-{number}"));
        }
        name.push(".png");
        // Some systems do not tell A.png from a.png.
        if taken.insert(name.to_string_lossy().to_lowercase()) {
            return name;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, path::Path};

    use super::free_name;

    #[test]
    fn names_that_clash_are_told_apart() {
        let mut taken = HashSet::new();
        let names = ["x/a.jpg", "x/A.png", "y/a.b.webp", "a", "a-2.gif"].map(|path| {
            let name = free_name(Path::new(path), &mut taken);
            name.to_string_lossy().into_owned()
        });
        assert_eq!(names, ["a.png", "A-2.png", "a.b.png", "a-3.png", "a-2-2.png"]);
    }
}

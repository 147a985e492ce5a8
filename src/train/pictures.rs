//! The pictures of a run: those of its folder, or drawn ones.

use std::{path::PathBuf, time::Instant};

use super::{
    Error,
    config::{RunConfig, Source, shown, wrong},
    run::Listener,
};
use crate::data::{Attribute, DataError, Fit, Labelling, Pictures, Report};

/// The word for classes that are told by folders.
const FOLDERS: &str = "folders";

/// Files that are named one by one on the terminal when they cannot be read; the run's folder names them all.
const NAMED: usize = 10;

/// What was read or drawn.
pub(super) struct Read {
    pub pictures: Pictures,
    /// Files that could not be read, and why.
    pub skipped: Vec<(PathBuf, String)>,
}

/// Reads or draws them, with the attribute that the run's labels name, and no other. Every process does, from the same
/// paths, and so comes to the same classes.
pub(super) fn read(config: &RunConfig, size: usize, tell: &mut dyn Listener) -> Result<Read, Error> {
    let (source, start) = (&config.source, Instant::now());
    if source.blank {
        let pictures = Pictures::blank(1, [size; 2]);
        return Ok(Read { pictures, skipped: Vec::new() });
    }
    let Some(folder) = &source.data else {
        let count = source.portraits as usize;
        tell.say(&format!(
            "No --data: drawing {count} {} portraits of {size}×{size} pixels, the same in every run",
            shown(&source.rendering)
        ));
        let drawn = Pictures::portraits(count, size, source.rendering, &mut |done, all| tell.preparing(done, all))?;
        let drawn = attribute(source, drawn)?;
        tell.say(&format!("Drew {count} portraits in {:.1} s, {}", start.elapsed().as_secs_f64(), mib(&drawn)));
        tell_classes(&drawn, tell);
        return Ok(Read { pictures: drawn, skipped: Vec::new() });
    };
    tell.say(&format!("Reading pictures from {}", folder.display()));
    let mut progress = |done, all| tell.preparing(done, all);
    let (pictures, report) = match labelling(source)? {
        None => Pictures::open_folder(folder, [size; 2], Fit::Cover, &mut progress)?,
        Some(labelling) => Pictures::open_labelled(folder, &labelling, [size; 2], Fit::Cover, &mut progress)?,
    };
    let skipped = skipped(&report, tell);
    tell.say(&format!("In {:.1} s {report}; {}", start.elapsed().as_secs_f64(), mib(&pictures)));
    tell_classes(&pictures, tell);
    Ok(Read { pictures, skipped })
}

/// Where the classes of a folder's pictures are told.
fn labelling(source: &Source) -> Result<Option<Labelling>, Error> {
    match (source.labels.as_deref(), &source.label_column) {
        (None | Some(FOLDERS), Some(_)) => Err(wrong("label-column", "only a CSV file has columns; leave it out")),
        (None, None) => Ok(None),
        (Some(FOLDERS), None) => Ok(Some(Labelling::Folders)),
        (Some(file), column) => Ok(Some(Labelling::Table { file: file.into(), column: column.clone() })),
    }
}

/// Drawn portraits with the attribute that is asked for alone.
fn attribute(source: &Source, drawn: Pictures) -> Result<Pictures, Error> {
    match (&source.labels, &source.label_column) {
        (_, Some(_)) => Err(wrong("label-column", "only the CSV file of a folder (--data) has columns; leave it out")),
        (None, None) => Ok(drawn.without_labels()),
        (Some(name), None) => Ok(drawn.labelled_by(name).map_err(DataError::Labels)?),
    }
}

/// Says which classes there are, and of how many pictures each is.
fn tell_classes(pictures: &Pictures, tell: &mut dyn Listener) {
    for Attribute { name, classes, values } in &pictures.labels().attributes {
        let count = |class: usize| values.iter().filter(|value| **value as usize == class).count();
        let classes: Vec<_> = classes.iter().enumerate().map(|(place, c)| format!("{c} ({})", count(place))).collect();
        tell.say(&format!("{} classes by {name}: {}", classes.len(), classes.join(", ")));
    }
}

/// The files of a folder that could not be read, and why; the first of them are told.
pub(super) fn skipped(report: &Report, tell: &mut dyn Listener) -> Vec<(PathBuf, String)> {
    for (path, reason) in report.skipped.iter().take(NAMED) {
        tell.warn(&format!("skipped {}: {reason}", path.display()));
    }
    if report.skipped.len() > NAMED {
        tell.warn(&format!("and {} more were skipped", report.skipped.len() - NAMED));
    }
    report.skipped.clone()
}

fn mib(pictures: &Pictures) -> String {
    format!("{:.1} MiB in memory", pictures.bytes() as f64 / f64::from(1 << 20))
}

//! The pictures of a run: those of its folder, or drawn ones.

use std::{path::PathBuf, time::Instant};

use super::{
    Error,
    config::{RunConfig, shown},
    run::Listener,
};
use crate::data::{Fit, Pictures};

/// Files that are named one by one on the terminal when they cannot be read; the run's folder names them all.
const NAMED: usize = 10;

/// What was read or drawn.
pub(super) struct Read {
    pub pictures: Pictures,
    /// Files that could not be read, and why.
    pub skipped: Vec<(PathBuf, String)>,
}

/// Reads or draws them.
pub(super) fn read(config: &RunConfig, size: usize, tell: &mut dyn Listener) -> Result<Read, Error> {
    let (source, start) = (&config.source, Instant::now());
    let Some(folder) = &source.data else {
        let count = source.portraits as usize;
        tell.say(&format!(
            "No --data: drawing {count} {} portraits of {size}×{size} pixels, the same in every run",
            shown(&source.rendering)
        ));
        let drawn = Pictures::portraits(count, size, source.rendering, &mut |done, all| tell.preparing(done, all))?;
        tell.say(&format!("Drew {count} portraits in {:.1} s, {}", start.elapsed().as_secs_f64(), mib(&drawn)));
        return Ok(Read { pictures: drawn, skipped: Vec::new() });
    };
    tell.say(&format!("Reading pictures from {}", folder.display()));
    let mut progress = |done, all| tell.preparing(done, all);
    let (pictures, report) = Pictures::open_folder(folder, [size; 2], Fit::Cover, &mut progress)?;
    for (path, reason) in report.skipped.iter().take(NAMED) {
        tell.warn(&format!("skipped {}: {reason}", path.display()));
    }
    if report.skipped.len() > NAMED {
        tell.warn(&format!("and {} more were skipped", report.skipped.len() - NAMED));
    }
    tell.say(&format!("In {:.1} s {report}; {}", start.elapsed().as_secs_f64(), mib(&pictures)));
    Ok(Read { pictures, skipped: report.skipped })
}

fn mib(pictures: &Pictures) -> String {
    format!("{:.1} MiB in memory", pictures.bytes() as f64 / f64::from(1 << 20))
}

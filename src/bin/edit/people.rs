//! People as the command line names them, as points.

use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use sumi::{
    data::{Fit, Labels, Pictures, open_picture},
    train::{
        Error,
        latent::{
            Points,
            invert::{Found, Search, invert},
        },
        noise::Painter,
        sample,
    },
};

use super::terminal::line;

/// The most that a number may be.
const LAST: usize = 100_000;

/// The points of people: numbers of a seed's pictures, files of points, and pictures, whose points are searched.
///
/// # Errors
/// When a file cannot be used, or the device failed.
pub fn points(trainer: &dyn Painter, named: &[String], search: &Search) -> Result<Points, Error> {
    let mut points = Points::none(trainer.nz());
    for name in named {
        points.extend(&of(trainer, name, search)?);
    }
    Ok(points)
}

fn of(trainer: &dyn Painter, name: &str, search: &Search) -> Result<Points, Error> {
    let path = Path::new(name);
    if let Ok(number) = name.parse::<usize>() {
        if number >= LAST {
            return Err(Error::Config(format!("{name} is too high a number for a person; the last is {}", LAST - 1)));
        }
        let before = sample::points(trainer, search.seed, number + 1)?;
        return Ok(Points::new(before.nz(), before.point(number).to_vec()).of_classes(vec![before.class(number)]));
    }
    if path.extension().is_some_and(|ending| ending == "safetensors") {
        return Points::load(path, trainer.nz(), trainer.classes().len());
    }
    let paths = [path.to_owned()];
    let found = search_for(trainer, &read(trainer, &paths)?, search)?;
    tell(&paths, &found);
    Ok(found.points)
}

/// Pictures of files, cropped and resized as those that the run learns from, bytes `[N, size, size, 3]`.
///
/// # Errors
/// When one cannot be read.
pub fn read(trainer: &dyn Painter, paths: &[PathBuf]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for path in paths {
        let rgb = open_picture(path)?.rgb;
        let size = [rgb.height() as usize, rgb.width() as usize];
        let resized = Pictures::new(size, rgb.into_raw(), Labels::none()).resized([trainer.size(); 2], Fit::Cover)?;
        bytes.extend_from_slice(resized.pixels());
    }
    Ok(bytes)
}

/// Searches the points of pictures, with a bar where there is a terminal.
///
/// # Errors
/// When the device failed.
pub fn search_for(trainer: &dyn Painter, pictures: &[u8], search: &Search) -> Result<Found, Error> {
    let bar = ProgressBar::no_length();
    let found = invert(trainer, pictures, search, &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    Ok(found?)
}

/// Says how near each picture was come to.
pub fn tell(paths: &[PathBuf], found: &Found) {
    for (path, distance) in paths.iter().zip(&found.distances) {
        line(&format!("{}: drawn with a mean difference of {distance:.1} of 255", path.display()));
    }
}

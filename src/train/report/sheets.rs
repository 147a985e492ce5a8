//! Sheets of samples inside a page: few enough, and small enough, for a file that opens at once.

use std::{
    collections::BTreeMap,
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    time::SystemTime,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{DynamicImage, codecs::jpeg::JpegEncoder, imageops::FilterType};
use rayon::prelude::*;

/// The most sheets of a page.
const MOST: usize = 60;

/// A sheet of more bytes than this becomes a JPEG; sixty of them are 14 MiB.
const BYTES: usize = 180 << 10;

/// Quality of the JPEGs, of 100.
const QUALITY: u8 = 85;

/// What is taken of a side where even the JPEG is too large, until it is not.
const SMALLER: f64 = 0.8;

/// Sheets as `data:` addresses, by file, with the time it was written; each is read once.
#[derive(Default)]
pub struct Sheets {
    known: BTreeMap<PathBuf, (SystemTime, String)>,
}

impl Sheets {
    /// The address of a picture; `None` when it cannot be read.
    pub fn address(&mut self, path: &Path) -> Option<String> {
        let written = written(path)?;
        if let Some((_, known)) = self.known.get(path).filter(|(then, _)| *then == written) {
            return Some(known.clone());
        }
        let address = embedded(&fs::read(path).ok()?)?;
        self.known.insert(path.to_owned(), (written, address.clone()));
        Some(address)
    }

    /// Reads those that are not known, on all cores: training waits meanwhile.
    fn read(&mut self, shown: &[(u64, PathBuf)]) {
        let known = |path: &PathBuf| self.known.get(path).map(|(then, _)| *then);
        let new = shown.par_iter().filter_map(|(_, path)| {
            let written = written(path).filter(|written| known(path) != Some(*written))?;
            Some((path.clone(), (written, embedded(&fs::read(path).ok()?)?)))
        });
        let new: Vec<_> = new.collect();
        self.known.extend(new);
    }

    /// The sheets of a folder up to `step`, evenly spread, with their steps. The next call finds most of them known:
    /// while sheets become more, every second one is left out, then every second of the rest.
    pub fn spread(&mut self, folder: &Path, step: u64) -> Vec<(u64, String)> {
        let all: Vec<_> = steps(folder).into_iter().filter(|(of, _)| *of <= step).collect();
        let shown = chosen(&all.iter().map(|(step, _)| *step).collect::<Vec<_>>());
        let shown: Vec<_> = all.into_iter().filter(|(step, _)| shown.contains(step)).collect();
        self.read(&shown);
        self.known.retain(|path, _| shown.iter().any(|(_, of)| of == path) || path.ends_with("real.png"));
        shown.into_iter().filter_map(|(step, path)| Some((step, self.address(&path)?))).collect()
    }
}

/// When a file was written.
fn written(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// The sheets of a folder by step, first to last.
fn steps(folder: &Path) -> Vec<(u64, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let named = entries.filter_map(|entry| {
        let path = entry.path();
        let step = path.file_name()?.to_str()?.strip_suffix(".png")?.parse().ok()?;
        Some((step, path))
    });
    let mut found: Vec<_> = named.collect();
    found.sort();
    found
}

/// Every so manieth of the steps, and the last.
fn chosen(steps: &[u64]) -> Vec<u64> {
    let mut stride = 1;
    while steps.len().div_ceil(stride) >= MOST {
        stride *= 2;
    }
    let mut chosen: Vec<u64> = steps.iter().copied().step_by(stride).collect();
    chosen.extend(steps.last().filter(|last| chosen.last() != Some(last)));
    chosen
}

/// A PNG file as it is, or where it is large as a JPEG; `None` when it is no picture.
fn embedded(png: &[u8]) -> Option<String> {
    if png.len() <= BYTES {
        return Some(format!("data:image/png;base64,{}", STANDARD.encode(png)));
    }
    let mut picture = DynamicImage::ImageRgb8(image::load_from_memory(png).ok()?.into_rgb8());
    loop {
        let mut jpeg = Cursor::new(Vec::new());
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY)).ok()?;
        if jpeg.get_ref().len() <= BYTES {
            return Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg.get_ref())));
        }
        let side = |pixels: u32| ((f64::from(pixels) * SMALLER) as u32).max(1);
        picture = picture.resize(side(picture.width()), side(picture.height()), FilterType::Triangle);
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    #[test]
    fn sheets_are_few_and_evenly_spread_and_the_last_is_there() {
        assert_eq!(chosen(&[0, 5, 7]), [0, 5, 7]);
        for count in [59_u64, 60, 61, 500, 10_001] {
            let steps: Vec<u64> = (0..count).map(|n| 10 * n).collect();
            let chosen = chosen(&steps);
            assert!((30..=MOST).contains(&chosen.len()) && chosen[0] == 0, "{} of {count}", chosen.len());
            assert_eq!(chosen.last(), steps.last());
        }
    }

    #[test]
    fn a_large_sheet_becomes_a_small_file() {
        let noise = RgbImage::from_fn(900, 900, |x, y| Rgb([(x * 31 + y * 17) as u8, (x * y) as u8, (x ^ y) as u8]));
        let mut png = Cursor::new(Vec::new());
        noise.write_to(&mut png, image::ImageFormat::Png).expect("it can be encoded");
        let address = embedded(png.get_ref()).expect("it is a picture");
        assert!(address.starts_with("data:image/jpeg;base64,") && address.len() <= BYTES * 4 / 3 + 64);
        assert!(embedded(&vec![0; BYTES + 1]).is_none(), "what is no picture is left out");
    }
}

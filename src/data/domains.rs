//! The two sets of pictures that translation goes between: a (such as photographs) and b (such as anime). Nothing says
//! which picture of one belongs to which of the other.

use std::path::Path;

use super::{DataError, Fit, Labels, Pictures, Report, folder::check_folder, portraits::Rendering};

/// At most so many pictures are held out where the user holds out none.
const HELD_OUT: usize = 8;

/// Of pictures that are held out this is the part, one of so many.
const ONE_OF: usize = 20;

/// The first person of the held-out portraits: far behind all that anybody trains on.
const STRANGERS: u64 = 1 << 32;

/// Two sets to train on, and of each kind a few pictures to look at and to measure with. None has labels.
#[derive(Clone, Debug)]
pub struct Domains {
    /// What is translated, [N, load height, load width, 3].
    pub train_a: Pictures,
    /// What it is to look like, of the same size; another number of pictures.
    pub train_b: Pictures,
    /// Of the kind a, [N, crop height, crop width, 3].
    pub test_a: Pictures,
    /// Of the kind b, of the same size.
    pub test_b: Pictures,
    /// Whether picture i of `test_b` is the true translation of picture i of `test_a`.
    pub paired: bool,
    /// Sentences for the user: where the held-out pictures come from.
    pub notes: Vec<String>,
    /// What became of the files of each folder that was read, with its name.
    pub reports: Vec<(String, Report)>,
}

/// How pictures come to the size that a network sees: loaded at one size, then cut to another at random places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preprocess {
    /// How a picture is brought to the load size.
    pub fit: Fit,
    /// [height, width] that pictures to train on are loaded at.
    pub load: [usize; 2],
    /// [height, width] of what is cut out for each step, and of the held-out pictures, which are shown whole.
    pub crop: [usize; 2],
}

impl Preprocess {
    /// Checks the sizes.
    ///
    /// Errors: [`DataError::Crop`].
    pub fn new(fit: Fit, load: [usize; 2], crop: [usize; 2]) -> Result<Self, DataError> {
        let fits = |axis: usize| (1..=load[axis]).contains(&crop[axis]);
        if fits(0) && fits(1) { Ok(Self { fit, load, crop }) } else { Err(DataError::Crop { load, crop }) }
    }

    /// The crop as a [`LoaderConfig`](super::LoaderConfig) takes it: none where pictures are loaded as they are used.
    pub fn random_crop(&self) -> Option<[usize; 2]> {
        (self.crop != self.load).then_some(self.crop)
    }
}

/// Told the name of a set, and how many of how many files are done.
type Progress<'a> = &'a mut dyn FnMut(&str, usize, usize);

impl Domains {
    /// The folders `trainA` and `trainB` in `folder`, and `testA` and `testB` where they are there: the layout of
    /// pytorch-CycleGAN-and-pix2pix. Where one of these is not, the first pictures of its training set stand in, which
    /// the notes say.
    ///
    /// Errors: [`DataError::Layout`] and those of [`Pictures::open_folder`].
    pub fn open_layout(
        folder: impl AsRef<Path>,
        preprocess: &Preprocess,
        progress: Progress<'_>,
    ) -> Result<Self, DataError> {
        let folder = folder.as_ref();
        check_folder(folder)?;
        for missing in ["trainA", "trainB"] {
            if !folder.join(missing).exists() {
                return Err(DataError::Layout { folder: folder.into(), missing });
            }
        }
        let (mut notes, mut reports) = (Vec::new(), Vec::new());
        let mut set = |train: &str, test: &str| -> Result<[Pictures; 2], DataError> {
            let mut read = |name: &str, size| {
                let mut tell = |done, all| progress(name, done, all);
                let (pictures, report) = Pictures::open_folder(folder.join(name), size, preprocess.fit, &mut tell)?;
                reports.push((name.to_owned(), report));
                Ok(pictures)
            };
            let pictures = read(train, preprocess.load)?;
            let held_out = if folder.join(test).exists() {
                read(test, preprocess.crop)?
            } else {
                let first = first(&pictures, preprocess)?;
                notes.push(format!(
                    "There is no {test} in {}: the first {} of {train} are shown instead, which are trained on too",
                    folder.display(),
                    counted(first.len())
                ));
                first
            };
            Ok([pictures, held_out])
        };
        let [train_a, test_a] = set("trainA", "testA")?;
        let [train_b, test_b] = set("trainB", "testB")?;
        Ok(Self { train_a, train_b, test_a, test_b, paired: false, notes, reports })
    }

    /// Two folders of any name. Of each the last pictures, one of twenty and at most eight, are held out and not
    /// trained on.
    ///
    /// Errors: those of [`Pictures::open_folder`].
    pub fn open_folders(
        photos: impl AsRef<Path>,
        anime: impl AsRef<Path>,
        preprocess: &Preprocess,
        progress: Progress<'_>,
    ) -> Result<Self, DataError> {
        let (mut notes, mut reports) = (Vec::new(), Vec::new());
        let mut set = |folder: &Path, name: &str| -> Result<[Pictures; 2], DataError> {
            let mut tell = |done, all| progress(name, done, all);
            let (mut train, report) = Pictures::open_folder(folder, preprocess.load, preprocess.fit, &mut tell)?;
            reports.push((name.to_owned(), report));
            let test = if train.len() == 1 {
                notes.push(format!("There is one picture only in {}: it is shown and trained on", folder.display()));
                first(&train, preprocess)?
            } else {
                let test = train.split_off(train.len() - (train.len() / ONE_OF).clamp(1, HELD_OUT));
                let count = counted(test.len());
                notes.push(format!("The last {count} in {} are held out and not trained on", folder.display()));
                at_crop_size(test, preprocess)?
            };
            Ok([train, test])
        };
        let [train_a, test_a] = set(photos.as_ref(), "photos")?;
        let [train_b, test_b] = set(anime.as_ref(), "anime")?;
        Ok(Self { train_a, train_b, test_a, test_b, paired: false, notes, reports })
    }

    /// Drawn portraits: photographs of the people 0 .. `people`, drawings of the people `people` .. 2 · `people`, and
    /// of `held_out` strangers both, so that a translation can be compared with the truth. The same on every machine.
    ///
    /// Where a size is not square, portraits are drawn as wide and high as its longer side and cut to it.
    ///
    /// Errors: [`DataError::Undrawable`], [`DataError::TooLarge`].
    pub fn portraits(
        people: usize,
        held_out: usize,
        preprocess: &Preprocess,
        progress: Progress<'_>,
    ) -> Result<Self, DataError> {
        let mut draw = |name: &str, first: u64, count: usize, size: [usize; 2], rendering| {
            let side = size[0].max(size[1]);
            if !(16..=512).contains(&side) {
                return Err(DataError::Undrawable { size });
            }
            let mut tell = |done, all| progress(name, done, all);
            let drawn = Pictures::portraits_of(first..first + count as u64, side, rendering, &mut tell)?;
            let drawn = if drawn.size() == size { drawn } else { drawn.resized(size, Fit::Cover)? };
            Ok(drawn.without_labels())
        };
        let Preprocess { load, crop, .. } = *preprocess;
        Ok(Self {
            train_a: draw("photos", 0, people, load, Rendering::Photo)?,
            train_b: draw("anime", people as u64, people, load, Rendering::Anime)?,
            test_a: draw("held-out photos", STRANGERS, held_out, crop, Rendering::Photo)?,
            test_b: draw("held-out anime", STRANGERS, held_out, crop, Rendering::Anime)?,
            paired: true,
            notes: Vec::new(),
            reports: Vec::new(),
        })
    }

    /// Blank pictures: one of each kind to train on, and so many held out.
    pub fn blank(held_out: usize, preprocess: &Preprocess) -> Self {
        let [train, test] = [(1, preprocess.load), (held_out, preprocess.crop)];
        let [train, test] = [train, test].map(|(count, size)| Pictures::blank(count, size));
        let (notes, reports) = (Vec::new(), Vec::new());
        let (train_a, test_a) = (train.clone(), test.clone());
        Self { train_a, train_b: train, test_a, test_b: test, paired: true, notes, reports }
    }
}

/// The first pictures of a set, at the size of the held-out ones.
fn first(pictures: &Pictures, preprocess: &Preprocess) -> Result<Pictures, DataError> {
    let count = pictures.len().min(HELD_OUT);
    let bytes = pictures.pixels()[..count * pictures.picture(0).len()].to_vec();
    at_crop_size(Pictures::new(pictures.size(), bytes, Labels::none()), preprocess)
}

fn at_crop_size(pictures: Pictures, preprocess: &Preprocess) -> Result<Pictures, DataError> {
    if pictures.size() == preprocess.crop { Ok(pictures) } else { pictures.resized(preprocess.crop, preprocess.fit) }
}

fn counted(pictures: usize) -> String {
    if pictures == 1 { "picture".into() } else { format!("{pictures} pictures") }
}

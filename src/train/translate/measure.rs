//! How near translations come to the truth, on drawn portraits: people that no run has trained on, of whom there is
//! both a photograph and the true drawing.

use std::path::Path;

use super::{Translator, unpacked};
use crate::{
    data::{
        Domains, Fit, Labels, Pictures, Preprocess,
        compare::{ColourStatistics, Likeness, likeness, match_colours, posterise_with_edges},
    },
    gpu::Gpu,
    train::{
        Error, anime,
        checkpoint::{Checkpoint, Header},
        config::Networks,
        cut, cyclegan,
        report::sheet::to_bytes,
    },
};

/// People that the statistics of photographs and of drawings are taken from: those that runs train on.
const KNOWN: usize = 512;

/// Pictures translated at a time.
const BATCH: usize = 8;

/// Held-out people, as photographs and as drawings.
pub struct Truth {
    /// Photographs `[N, H, W, 3]`.
    pub photos: Pictures,
    /// The same people as they are to be drawn.
    pub anime: Pictures,
    known: Domains,
}

impl Truth {
    /// `people` people at a size `[height, width]`.
    ///
    /// # Errors
    /// When the size cannot be drawn.
    pub fn draw(people: usize, size: [usize; 2]) -> Result<Self, Error> {
        let preprocess = Preprocess::new(Fit::Cover, size, size)?;
        let known = Domains::portraits(KNOWN, people, &preprocess, &mut |_, _, _| {})?;
        Ok(Self { photos: known.test_a.clone(), anime: known.test_b.clone(), known })
    }

    /// The likeness of pictures to the drawings.
    ///
    /// # Panics
    /// When there are not as many.
    pub fn likeness(&self, pictures: &Pictures) -> Likeness {
        likeness(pictures, &self.anime)
    }

    /// What comes near without any training, by name: the photographs themselves, with the colours of the drawings as a
    /// whole, and in few colours with dark edges. And the mean of all known drawings, the same for everybody, which
    /// knows nothing of the photograph.
    pub fn baselines(&self) -> Vec<(&'static str, Likeness)> {
        let [photos, anime] = [&self.known.train_a, &self.known.train_b].map(ColourStatistics::of);
        let matched = match_colours(&self.photos, Some(&photos), &anime);
        vec![
            ("the photograph itself", self.likeness(&self.photos)),
            ("colours matched", self.likeness(&matched)),
            ("posterised, with edges", self.likeness(&posterise_with_edges(&self.photos))),
            ("mean drawing, for everybody", self.likeness(&self.mean_drawing())),
        ]
    }

    fn mean_drawing(&self) -> Pictures {
        let (known, count) = (&self.known.train_b, self.photos.len());
        let each = known.picture(0).len();
        let mean = |place: usize| {
            let sum: usize = (0..known.len()).map(|i| usize::from(known.picture(i)[place])).sum();
            ((sum + known.len() / 2) / known.len()) as u8
        };
        let mean: Vec<u8> = (0..each).map(mean).collect();
        Pictures::new(known.size(), mean.repeat(count), Labels::none())
    }
}

/// A trainer with the state of a checkpoint file.
///
/// # Errors
/// When the file cannot be used, is of a recipe that does not translate, or the device failed.
pub fn restore(gpu: &Gpu, path: &Path) -> Result<(Box<dyn Translator>, Header), Error> {
    let checkpoint = Checkpoint::read(path)?;
    let mut trainer: Box<dyn Translator> = match &checkpoint.header.config {
        Networks::Cyclegan(config) => Box::new(cyclegan::Trainer::new(gpu, config)),
        Networks::Cut(config) => Box::new(cut::Trainer::new(gpu, config)),
        Networks::Anime(config) => Box::new(anime::Trainer::new(gpu, config)),
        Networks::Dcgan(_) | Networks::Faces(_) => {
            return Err(Error::Config(format!(
                "{} is a checkpoint of {}, which draws pictures from noise; give a run of anime, cyclegan or cut",
                path.display(),
                checkpoint.header.recipe
            )));
        }
    };
    checkpoint.load_into(path, &mut *trainer)?;
    gpu.finish()?;
    Ok((trainer, checkpoint.header))
}

/// What becomes of photographs.
///
/// # Errors
/// When the device failed.
pub fn translated(gpu: &Gpu, trainer: &dyn Translator, photos: &Pictures) -> Result<Pictures, Error> {
    let mut bytes = Vec::with_capacity(photos.pixels().len());
    for some in photos.pixels().chunks(BATCH * photos.picture(0).len()) {
        let drawn = trainer.draw(&unpacked(gpu, some, photos.size()));
        bytes.extend(to_bytes(&drawn[0].to_vec()?));
    }
    Ok(Pictures::new(photos.size(), bytes, Labels::none()))
}

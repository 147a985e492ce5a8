//! How far the pictures that a DCGAN draws lie from those it learns from.

use std::path::Path;

use crate::{
    data::{
        Labels, Pictures,
        compare::{Level, sliced_wasserstein},
    },
    gpu::Gpu,
    philox::Philox,
    train::{
        Error,
        checkpoint::Header,
        config::{Networks, RunConfig},
        pictures,
        report::Folder,
        run::Listener,
        sample,
    },
};

/// The stream of a seed that pictures are picked by.
const PICKED: u64 = 1 << 40;

/// The pictures that a run learns from, two equal parts of them picked at random.
pub struct Reference {
    /// What drawn pictures are compared with.
    pub pictures: Pictures,
    /// As many others of them.
    pub others: Pictures,
    /// How many there are in all.
    pub all: usize,
    /// Where they come from.
    pub source: String,
    seed: u64,
}

impl Reference {
    /// The pictures of a run, or of the run that a checkpoint file lies in: `count` of them and as many others, or half
    /// of them each where there are fewer.
    ///
    /// # Errors
    /// When there is no run, it is not one of a DCGAN, or its pictures cannot be read.
    pub fn of(run: &Path, count: usize, seed: u64, tell: &mut dyn Listener) -> Result<Self, Error> {
        let config = folder_of(run)?.read_config()?;
        let Networks::Dcgan(networks) = &config.networks else {
            return Err(Error::Config(format!("{} is a run of {}, not of dcgan", run.display(), config.recipe)));
        };
        let set = pictures::read(&config, networks.size, tell)?.pictures;
        let mut order: Vec<usize> = (0..set.len()).collect();
        Philox::new(seed, PICKED).shuffle(&mut order);
        let count = count.min(set.len() / 2);
        if count == 0 {
            return Err(Error::Config("a run that learns from a single picture has none to compare with".to_owned()));
        }
        let part = |places: &[usize]| {
            let bytes = places.iter().flat_map(|&place| set.picture(place)).copied().collect();
            Pictures::new(set.size(), bytes, Labels::none())
        };
        Ok(Self {
            pictures: part(&order[..count]),
            others: part(&order[count..2 * count]),
            all: set.len(),
            source: source(&config),
            seed,
        })
    }

    /// The distance of the other pictures: what no run can be expected to come below.
    pub fn floor(&self) -> Vec<Level> {
        sliced_wasserstein(&self.others, &self.pictures, self.seed)
    }

    /// The distance of as many pictures that a checkpoint's generator draws.
    ///
    /// # Errors
    /// When the checkpoint cannot be used, draws pictures of another size, or the device failed.
    pub fn distance(&self, gpu: &Gpu, checkpoint: &Path) -> Result<(Vec<Level>, Header), Error> {
        let (trainer, header) = sample::restore(gpu, checkpoint)?;
        let size = [trainer.config().size; 2];
        if size != self.pictures.size() {
            return Err(Error::Config(format!(
                "{} draws pictures of {2}×{2} pixels, and the first run of {1}×{1}; compare runs of one size",
                checkpoint.display(),
                self.pictures.width(),
                size[0]
            )));
        }
        let bytes = sample::draw(&trainer, self.seed, self.pictures.len())?;
        let drawn = Pictures::new(size, bytes, Labels::none());
        Ok((sliced_wasserstein(&drawn, &self.pictures, self.seed), header))
    }
}

/// The folder of a run, also of a file in it or in its `checkpoints`.
fn folder_of(run: &Path) -> Result<Folder, Error> {
    let above = run.ancestors().skip(1).take(2).filter(|_| run.is_file());
    let found = above.map(Folder::open).find_map(Result::ok);
    found.map_or_else(|| Folder::open(run), Ok)
}

fn source(config: &RunConfig) -> String {
    let folder = config.source.data.as_ref().map(|folder| folder.display().to_string());
    folder.unwrap_or_else(|| "drawn portraits".to_owned())
}

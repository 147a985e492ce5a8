//! The run of a recipe from noise to pictures: its networks, and the pictures that they learn from.

use std::{sync::Arc, time::Duration};

use image::RgbImage;

use super::Painter;
use crate::{
    data::{Labels, Loader, LoaderConfig, Pictures},
    gpu::{self, Gpu},
    parallel::World,
    train::{
        Error,
        checkpoint::Header,
        config::RunConfig,
        pictures,
        recipe::{Counters, Ready, Recipe, Report, Trained},
        report::sheet,
        run::Listener,
        sample::{by_class, draw},
    },
};

/// Pictures of a sheet, and of one of its rows; where there are classes, each has a row.
const SHEET: (usize, usize) = (64, 8);

/// The most classes that have a row each.
const MOST_ROWS: usize = 16;

/// A recipe and its pictures.
struct Drawing<T> {
    trainer: T,
    loader: Loader,
    world: World,
}

/// What a run's loader is told.
#[derive(Clone, Copy)]
pub(crate) struct Batches {
    pub size: usize,
    pub batch: usize,
    pub seed: u64,
}

/// Reads or draws the pictures of a run, for a trainer that `begin` makes for their classes.
///
/// # Errors
/// When there are none.
pub(crate) fn read<T: Painter + 'static>(
    run: &RunConfig,
    batches: &Batches,
    begin: impl FnOnce(&Gpu, Vec<String>) -> T + 'static,
    tell: &mut dyn Listener,
) -> Result<Ready, Error> {
    let read = pictures::read(run, batches.size, tell)?;
    let (set, flip, Batches { batch, seed, .. }) = (Arc::new(read.pictures), run.flip, *batches);
    // Of several attributes nobody has said which: networks are told classes where there is one.
    let classes = match set.labels().attributes.as_slice() {
        [attribute] => attribute.classes.clone(),
        _ => Vec::new(),
    };
    let pictures = Counters::from([("pictures".to_owned(), set.len() as u64)]);
    let known = classes.clone();
    let begin = move |gpu: &Gpu, header: Option<&Header>| {
        let config = LoaderConfig { batch, seed, domain: 0, crop: None, flip, drop_last: true };
        let position = header.map_or(0, |header| header.position("position", batch));
        let loader = Loader::at(set, config, position);
        Box::new(Drawing { trainer: begin(gpu, known), loader, world: World::alone() }) as Box<dyn Recipe>
    };
    Ok(Ready { skipped: read.skipped, pictures, classes, begin: Box::new(begin) })
}

impl<T: Painter> Recipe for Drawing<T> {
    fn trained(&self) -> &dyn Trained {
        &self.trainer
    }

    fn trained_mut(&mut self) -> &mut dyn Trained {
        &mut self.trainer
    }

    fn join(&mut self, world: &World) {
        self.world = world.clone();
        self.trainer.join(world);
    }

    fn columns(&self) -> &'static [&'static str] {
        self.trainer.columns()
    }

    fn describe(&self, figures: &[f32]) -> String {
        self.trainer.describe(figures)
    }

    fn step(&mut self, _progress: f64) -> Result<Report, gpu::Error> {
        let batch = self.loader.next_batch();
        let classes = batch.labels.first().filter(|_| !self.trainer.classes().is_empty());
        let labels = classes.map(|classes| &classes[self.world.share(classes.len())]);
        let figures = self.trainer.step(&batch.pixels[self.world.share(batch.pixels.len())], labels)?;
        Ok(Report { epoch: batch.epoch, figures })
    }

    fn batches_in(&self, epochs: u64) -> u64 {
        self.loader.batches_in(epochs)
    }

    fn waited(&self) -> Duration {
        self.loader.waited()
    }

    fn position(&self) -> Counters {
        Counters::from([
            ("position".to_owned(), self.loader.position()),
            ("pictures".to_owned(), self.loader.pictures().len() as u64),
        ])
    }

    fn samples(&self) -> Result<RgbImage, gpu::Error> {
        let (trainer, (count, columns)) = (&self.trainer, SHEET);
        let drawn = trainer.generator_adam().with_averages(|| match trainer.classes().len() {
            // A row for each class; where they are more, a picture of each that has room.
            1..=MOST_ROWS => by_class(trainer, trainer.seed(), columns)?.draw(trainer),
            _ => draw(trainer, trainer.seed(), count),
        })?;
        Ok(sheet::sheet(&drawn, [trainer.size(); 2], columns))
    }

    fn real(&self) -> RgbImage {
        let (pictures, (count, columns)): (&Pictures, _) = (self.loader.pictures(), SHEET);
        let shown = &pictures.pixels()[..count.min(pictures.len()) * pictures.picture(0).len()];
        sheet::sheet(shown, pictures.size(), columns)
    }

    fn pictures(&self) -> Option<&Pictures> {
        Some(self.loader.pictures())
    }

    fn draw(&self, seed: u64, count: usize) -> Result<Option<Pictures>, gpu::Error> {
        let bytes = self.trainer.generator_adam().with_averages(|| draw(&self.trainer, seed, count))?;
        Ok(Some(Pictures::new([self.trainer.size(); 2], bytes, Labels::none())))
    }

    fn introduction(&self) -> String {
        self.trainer.introduction()
    }
}

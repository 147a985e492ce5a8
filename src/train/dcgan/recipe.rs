//! A DCGAN's run: the networks, and the pictures they learn from.

use std::{sync::Arc, time::Duration};

use image::RgbImage;

use super::{Config, Losses, Trainer};
use crate::{
    data::{Labels, Loader, LoaderConfig, Pictures},
    gpu,
    nn::parameter_count,
    parallel::World,
    train::{
        Error,
        checkpoint::Header,
        config::{RunConfig, shown},
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

/// A DCGAN and its pictures.
struct Dcgan {
    trainer: Trainer,
    loader: Loader,
    world: World,
}

/// Reads or draws the pictures of a run.
///
/// # Errors
/// When there are none.
pub(crate) fn read(run: &RunConfig, config: &Config, tell: &mut dyn Listener) -> Result<Ready, Error> {
    let read = pictures::read(run, config.size, tell)?;
    let (set, flip, mut config) = (Arc::new(read.pictures), run.flip, config.clone());
    // Of several attributes nobody has said which: networks are told classes where there is one.
    let classes = match set.labels().attributes.as_slice() {
        [attribute] => attribute.classes.clone(),
        _ => Vec::new(),
    };
    config.classes.clone_from(&classes);
    let pictures = Counters::from([("pictures".to_owned(), set.len() as u64)]);
    let begin = move |gpu: &gpu::Gpu, header: Option<&Header>| {
        let batches =
            LoaderConfig { batch: config.batch, seed: config.seed, domain: 0, crop: None, flip, drop_last: true };
        let position = header.map_or(0, |header| header.position("position", config.batch));
        let loader = Loader::at(set, batches, position);
        Box::new(Dcgan { trainer: Trainer::new(gpu, &config), loader, world: World::alone() }) as Box<dyn Recipe>
    };
    Ok(Ready { skipped: read.skipped, pictures, classes, begin: Box::new(begin) })
}

impl Recipe for Dcgan {
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
        &["d_loss", "g_loss", "d_real", "d_fake", "d_fake_after"]
    }

    fn describe(&self, figures: &[f32]) -> String {
        let Losses { d, g, real, fake, fake_after } = Losses::named(figures);
        format!("  loss D {d:.3} G {g:.3}  D(x) {real:.3}  D(G(z)) {fake:.3} / {fake_after:.3}")
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
        let (config, (count, columns)) = (self.trainer.config(), SHEET);
        let drawn = self.trainer.generator_adam.with_averages(|| match self.trainer.classes().len() {
            // A row for each class; where they are more, a picture of each that has room.
            1..=MOST_ROWS => by_class(&self.trainer, config.seed, columns)?.draw(&self.trainer),
            _ => draw(&self.trainer, config.seed, count),
        })?;
        Ok(sheet::sheet(&drawn, [config.size; 2], columns))
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
        let bytes = self.trainer.generator_adam.with_averages(|| draw(&self.trainer, seed, count))?;
        Ok(Some(Pictures::new([self.trainer.config().size; 2], bytes, Labels::none())))
    }

    fn introduction(&self) -> String {
        let config = self.trainer.config();
        format!(
            "Networks for {0}×{0} pixels: generator {1} parameters, discriminator {2}; objective {3}, learning rate \
             {4}",
            config.size,
            parameter_count(&self.trainer.generator),
            parameter_count(&self.trainer.discriminator),
            shown(&config.objective),
            config.lr,
        )
    }
}

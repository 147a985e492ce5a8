//! A DCGAN's run: the networks, and the pictures they learn from.

use std::{sync::Arc, time::Duration};

use image::RgbImage;

use super::{Config, Losses, Trainer};
use crate::{
    data::{Loader, LoaderConfig, Pictures},
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
        sample::draw,
    },
};

/// Pictures of a sheet, and of one of its rows.
const SHEET: (usize, usize) = (64, 8);

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
    let (set, flip, config) = (Arc::new(read.pictures), run.flip, config.clone());
    let pictures = Counters::from([("pictures".to_owned(), set.len() as u64)]);
    let begin = move |gpu: &gpu::Gpu, header: Option<&Header>| {
        let batches =
            LoaderConfig { batch: config.batch, seed: config.seed, domain: 0, crop: None, flip, drop_last: true };
        let position = header.map_or(0, |header| header.position("position", config.batch));
        let loader = Loader::at(set, batches, position);
        Box::new(Dcgan { trainer: Trainer::new(gpu, &config), loader, world: World::alone() }) as Box<dyn Recipe>
    };
    Ok(Ready { skipped: read.skipped, pictures, begin: Box::new(begin) })
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
        let figures = self.trainer.step(&batch.pixels[self.world.share(batch.pixels.len())])?;
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
        Ok(sheet::sheet(&draw(&self.trainer, config.seed, count)?, [config.size; 2], columns))
    }

    fn real(&self) -> RgbImage {
        let (pictures, (count, columns)): (&Pictures, _) = (self.loader.pictures(), SHEET);
        let shown = &pictures.pixels()[..count.min(pictures.len()) * pictures.picture(0).len()];
        sheet::sheet(shown, pictures.size(), columns)
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

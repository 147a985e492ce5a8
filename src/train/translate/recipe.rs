//! The run of a recipe from picture to picture: its networks, and the two sets that they learn from.

use std::{path::PathBuf, sync::Arc, time::Duration, time::Instant};

use image::RgbImage;

use super::{Batches, Translator, settings::check_source, unpacked};
use crate::{
    data::{Domains, Loader, LoaderConfig, Pictures},
    gpu::{self, Gpu},
    parallel::World,
    train::{
        Error,
        checkpoint::Header,
        config::RunConfig,
        pending::Pending,
        pictures::skipped,
        recipe::{Counters, Ready, Recipe, Report, Trained},
        report::sheet,
        run::Listener,
    },
};

use super::Common;

/// Held-out pictures of a sheet.
const SHOWN: usize = 8;

/// The sets of a run.
struct Sets {
    a: Loader,
    b: Loader,
    smooth: Option<Loader>,
    held_out: Pictures,
}

/// A recipe and its pictures.
struct Translation<T> {
    trainer: T,
    gpu: Gpu,
    sets: Sets,
    world: World,
}

/// Reads or draws the pictures of a run, for a trainer that `begin` makes. With `smooth`, copies of the b's with
/// smoothed edges are made too.
///
/// # Errors
/// When there are none.
pub(crate) fn read<T: Translator + 'static>(
    run: &RunConfig,
    common: &Common,
    smooth: bool,
    begin: impl FnOnce(&Gpu) -> T + 'static,
    tell: &mut dyn Listener,
) -> Result<Ready, Error> {
    check_source(&run.source)?;
    let (domains, skipped) = domains(run, common, tell)?;
    let smooth = smooth.then(|| smoothed(&domains.train_b, tell)).transpose()?;
    let pictures = counted(domains.train_a.len(), domains.train_b.len());
    let (common, flip, crop) = (common.clone(), run.flip, common.preprocess()?.random_crop());
    let begin = move |gpu: &Gpu, header: Option<&Header>| {
        let loader = |domain: u16, name: &str, set: Pictures| {
            let Common { batch, seed, .. } = common;
            let config = LoaderConfig { batch, seed, domain, crop, flip, drop_last: true };
            Loader::at(Arc::new(set), config, header.map_or(0, |header| header.position(name, batch)))
        };
        let (trainer, Domains { train_a, train_b, test_a, .. }) = (begin(gpu), domains);
        let sets = Sets {
            a: loader(0, "position a", train_a),
            b: loader(1, "position b", train_b),
            smooth: smooth.map(|set| loader(2, "position smooth", set)),
            held_out: test_a,
        };
        Box::new(Translation { trainer, gpu: gpu.clone(), sets, world: World::alone() }) as Box<dyn Recipe>
    };
    Ok(Ready { skipped, pictures, classes: Vec::new(), begin: Box::new(begin) })
}

fn counted(a: usize, b: usize) -> Counters {
    Counters::from([("pictures of A".to_owned(), a as u64), ("pictures of B".to_owned(), b as u64)])
}

/// The sets of pictures, and the files that could not be read.
fn domains(
    run: &RunConfig,
    common: &Common,
    tell: &mut dyn Listener,
) -> Result<(Domains, Vec<(PathBuf, String)>), Error> {
    let (source, preprocess, start) = (&run.source, common.preprocess()?, Instant::now());
    if source.blank {
        return Ok((Domains::blank(SHOWN, &preprocess), Vec::new()));
    }
    let domains = match (&source.data, &source.photos, &source.anime) {
        (_, Some(photos), Some(anime)) => {
            tell.say(&format!("Reading photographs from {} and anime from {}", photos.display(), anime.display()));
            Domains::open_folders(photos, anime, &preprocess, &mut |_, done, all| tell.preparing(done, all))
        }
        (Some(data), ..) => {
            tell.say(&format!("Reading trainA, trainB and what there is of testA, testB in {}", data.display()));
            Domains::open_layout(data, &preprocess, &mut |_, done, all| tell.preparing(done, all))
        }
        _ => {
            let [height, width] = common.load_size;
            tell.say(&format!(
                "No --data: drawing portraits of {width}×{height} pixels, photographs of {0} people and anime of {0} \
                 others, the same in every run",
                source.portraits
            ));
            let mut progress = |_: &str, done, all| tell.preparing(done, all);
            Domains::portraits(source.portraits as usize, SHOWN, &preprocess, &mut progress)
        }
    }?;
    let mut unread = Vec::new();
    for (name, report) in &domains.reports {
        tell.say(&format!("{name}: {report}"));
        unread.extend(skipped(report, tell));
    }
    domains.notes.iter().for_each(|note| tell.say(note));
    tell.say(&format!(
        "{} pictures of A and {} of B in {:.1} s",
        domains.train_a.len(),
        domains.train_b.len(),
        start.elapsed().as_secs_f64()
    ));
    Ok((domains, unread))
}

fn smoothed(pictures: &Pictures, tell: &mut dyn Listener) -> Result<Pictures, Error> {
    let start = Instant::now();
    let smooth = pictures.smoothed()?;
    tell.say(&format!("Smoothed the edges of {} pictures in {:.1} s", smooth.len(), start.elapsed().as_secs_f64()));
    Ok(smooth)
}

impl<T: Translator> Recipe for Translation<T> {
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

    fn step(&mut self, progress: f64) -> Result<Report, gpu::Error> {
        let (gpu, world, size, sets) = (&self.gpu, &self.world, self.trainer.common().size, &mut self.sets);
        let own = |pixels: &[u8]| unpacked(gpu, &pixels[world.share(pixels.len())], size);
        let (a, b) = (sets.a.next_batch(), sets.b.next_batch());
        let smooth = sets.smooth.as_mut().map(|loader| own(&loader.next_batch().pixels));
        let epoch = if sets.a.pictures().len() >= sets.b.pictures().len() { a.epoch } else { b.epoch };
        let batches = Batches { a: own(&a.pixels), b: own(&b.pixels), smooth };
        let figures: Pending = self.trainer.step(&batches, progress)?;
        Ok(Report { epoch, figures })
    }

    /// An epoch goes through the larger set.
    fn batches_in(&self, epochs: u64) -> u64 {
        self.sets.a.batches_in(epochs).max(self.sets.b.batches_in(epochs))
    }

    fn waited(&self) -> Duration {
        let smooth = self.sets.smooth.as_ref().map_or(Duration::ZERO, Loader::waited);
        self.sets.a.waited() + self.sets.b.waited() + smooth
    }

    fn position(&self) -> Counters {
        let mut position = counted(self.sets.a.pictures().len(), self.sets.b.pictures().len());
        position.insert("position a".to_owned(), self.sets.a.position());
        position.insert("position b".to_owned(), self.sets.b.position());
        if let Some(smooth) = &self.sets.smooth {
            position.insert("position smooth".to_owned(), smooth.position());
        }
        position
    }

    /// A row for each held-out picture: itself, and what the networks make of it.
    fn samples(&self) -> Result<RgbImage, gpu::Error> {
        let (size, pictures) = (self.trainer.common().size, &self.sets.held_out);
        let each = pictures.picture(0).len();
        let shown = &pictures.pixels()[..pictures.len().min(SHOWN) * each];
        let mut columns = vec![shown.to_vec()];
        for drawn in self.trainer.draw(&unpacked(&self.gpu, shown, size)) {
            columns.push(sheet::to_bytes(&drawn.to_vec()?));
        }
        let rows =
            (0..shown.len() / each).flat_map(|row| columns.iter().map(move |c| &c[row * each..(row + 1) * each]));
        Ok(sheet::sheet(&rows.flatten().copied().collect::<Vec<u8>>(), size, columns.len()))
    }

    /// Some a's, and below them some b's.
    fn real(&self) -> RgbImage {
        let of = |loader: &Loader| {
            let pictures = loader.pictures();
            let count = pictures.len().min(SHOWN);
            let mut bytes = pictures.pixels()[..count * pictures.picture(0).len()].to_vec();
            // A row is a row even where there are few.
            bytes.resize(SHOWN * pictures.picture(0).len(), u8::MAX);
            bytes
        };
        sheet::sheet(&[of(&self.sets.a), of(&self.sets.b)].concat(), self.trainer.common().load_size, SHOWN)
    }

    fn introduction(&self) -> String {
        self.trainer.introduction()
    }
}

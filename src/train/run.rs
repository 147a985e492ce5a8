//! A run from its first step to its last, or to the moment it is told to stop: pictures in, steps, losses, samples and
//! checkpoints out. What it does it tells a [`Listener`].

use std::{
    collections::VecDeque,
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Error,
    checkpoint::{self, Checkpoint, Header, Progress, family},
    config::{Flags, RunConfig, shown},
    dcgan::{Losses, PendingLosses, Trainer},
    pictures::{Read, pictures, real},
    preset::Length,
    report::{Folder, LossLog, sheet},
    sample::{draw, restore},
};
use crate::{
    data::{Loader, LoaderConfig, Pictures},
    gpu::Gpu,
    nn::parameter_count,
};

/// Pictures of a sheet, and of one of its rows.
pub(super) const SHEET: (usize, usize) = (64, 8);

/// After a checkpoint that could not be written, the next try comes after so long, if not sooner.
const RETRY: Duration = Duration::from_secs(30);

/// Whoever watches a run: a terminal, or a test.
pub trait Listener {
    /// What is being done, or was found: a sentence.
    fn say(&mut self, sentence: &str);
    /// What went wrong without ending the run: a sentence.
    fn warn(&mut self, sentence: &str);
    /// So many of so many pictures are read or drawn.
    fn preparing(&mut self, done: usize, all: usize);
    /// Steps begin: `done` of `all` are done, each of `batch` pictures.
    fn begin(&mut self, done: u64, all: u64, batch: usize);
    /// A step was handed to the device; `waited` is how long all steps so far have waited for pictures.
    fn step(&mut self, step: u64, waited: Duration);
    /// The figures of a step have arrived.
    fn losses(&mut self, step: u64, epoch: u64, losses: &Losses);
    /// Whether the run is to be saved and left after this step.
    fn should_stop(&self) -> bool;
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are done.
    Finished,
    /// The listener asked for an end; the state is saved.
    Interrupted,
}

/// A run that is ready to go.
pub struct Run {
    gpu: Gpu,
    config: RunConfig,
    folder: Folder,
    trainer: Trainer,
    loader: Loader,
    log: LossLog,
    /// Steps in all.
    length: u64,
    /// Figures on their way from the device: step, epoch, handle.
    pending: VecDeque<(u64, u64, PendingLosses)>,
    /// The step of the last checkpoint, `None` before the first.
    saved: Option<u64>,
    /// When the last try to write one failed.
    failed: Option<Instant>,
}

/// What a resume starts from: the run's configuration with the flags taken over, and what they changed.
pub struct Resumed {
    /// The folder of the run.
    pub folder: Folder,
    /// Its configuration.
    pub config: RunConfig,
    changes: Vec<String>,
}

impl Resumed {
    /// Reads the configuration of a run and takes the flags over.
    ///
    /// # Errors
    /// When there is no run, or a flag asks for what its networks cannot change.
    pub fn read(path: &Path, flags: &Flags) -> Result<Self, Error> {
        let folder = Folder::open(path)?;
        let mut config = folder.read_config()?;
        let changes = config.apply(flags);
        if !changes.refused.is_empty() {
            return Err(Error::Config(changes.refused.join("\n")));
        }
        config.check()?;
        Ok(Self { folder, config, changes: changes.made })
    }
}

impl Run {
    /// Begins a run in a folder of its own: `out`, or the next free one below `runs`.
    ///
    /// # Errors
    /// When the folder is taken, there are no pictures, or the device failed.
    pub fn start(gpu: &Gpu, config: RunConfig, out: Option<&Path>, tell: &mut dyn Listener) -> Result<Self, Error> {
        out.map_or(Ok(()), Folder::check_free)?;
        let read = pictures(&config, tell)?;
        let folder = Folder::create(out, &config.recipe)?;
        Self::begin(gpu, config, folder, read, tell)
    }

    /// Goes on with a run from its checkpoint, or from its start where it ended before the first one. A run that cannot
    /// go on is left as it is.
    ///
    /// # Errors
    /// When the checkpoint cannot be used, all steps are done, there are no pictures, or the device failed.
    pub fn resume(gpu: &Gpu, resumed: Resumed, tell: &mut dyn Listener) -> Result<Self, Error> {
        let Resumed { folder, config, changes } = resumed;
        let (trainer, header) = match restore(gpu, &folder.checkpoint(), Some(&config.dcgan)) {
            Err(Error::Checkpoint(checkpoint::Error::Missing { .. })) => {
                tell.say(&format!("{} has no checkpoint: starting it from step 0", folder.path().display()));
                changes.iter().for_each(|change| tell.say(change));
                folder.tidy()?;
                let read = pictures(&config, tell)?;
                return Self::begin(gpu, config, folder, read, tell);
            }
            restored => restored?,
        };
        tell.say(&format!("Resuming {} after step {}", folder.path().display(), header.steps));
        changes.iter().for_each(|change| tell.say(change));
        if (&header.adapter, &header.family) != (&gpu.adapter().arithmetic(), &family(gpu)) {
            tell.warn(&format!(
                "the checkpoint was computed on {} ({} kernels); from here on results differ in the last bits from \
                 those of an uninterrupted run",
                header.adapter, header.family
            ));
        }
        let read = pictures(&config, tell)?;
        let pictures = &read.pictures;
        if header.pictures != pictures.len() as u64 {
            let found = pictures.len();
            tell.warn(&format!("the run had {} pictures and now has {found}; it goes on with these", header.pictures));
        }
        // Batches are counted. Where they have another size now, the count goes on after about as many pictures: not
        // the same ones, for what an epoch leaves out at its end depends on the size.
        let position = header.position * header.config.batch as u64 / config.dcgan.batch as u64;
        let loader = loader(&config, read.pictures, position);
        let length = length(&config, &loader);
        if header.steps >= length {
            return Err(Error::Config(format!(
                "the run {} has done its {length} steps; give a larger --steps or --epochs to go on",
                folder.path().display()
            )));
        }
        // From here on the run really goes on, and its folder is written to.
        folder.tidy()?;
        folder.write_config(&config)?;
        folder.write_skipped(&read.skipped, tell)?;
        let mut run = Self::ready(gpu, config, folder, trainer, loader)?;
        run.saved = Some(header.steps);
        run.introduce(tell);
        Ok(run)
    }

    /// A run at step 0, in a folder that is made.
    fn begin(gpu: &Gpu, config: RunConfig, folder: Folder, read: Read, tell: &mut dyn Listener) -> Result<Self, Error> {
        // First of all, so that a run which ends at any moment from here on can be resumed.
        folder.write_config(&config)?;
        let trainer = Trainer::new(gpu, &config.dcgan);
        folder.write_skipped(&read.skipped, tell)?;
        let loader = loader(&config, read.pictures, 0);
        let run = Self::ready(gpu, config, folder, trainer, loader)?;
        run.introduce(tell);
        sheet::save(&real(run.loader.pictures()), &run.folder.real())?;
        Ok(run)
    }

    fn ready(gpu: &Gpu, config: RunConfig, folder: Folder, trainer: Trainer, loader: Loader) -> Result<Self, Error> {
        let length = length(&config, &loader);
        let log = LossLog::open(&folder.losses(), trainer.steps()).map_err(Error::io("write", folder.losses()))?;
        let (gpu, pending) = (gpu.clone(), VecDeque::new());
        Ok(Self { gpu, config, folder, trainer, loader, log, length, pending, saved: None, failed: None })
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.trainer.steps()
    }

    /// How long steps have waited for pictures, in all.
    pub fn waited(&self) -> Duration {
        self.loader.waited()
    }

    fn introduce(&self, tell: &mut dyn Listener) {
        let config = &self.config.dcgan;
        tell.say(&format!(
            "Networks for {0}×{0} pixels: generator {1} parameters, discriminator {2}; objective {3}, \
             learning rate {4}",
            config.size,
            parameter_count(&self.trainer.generator),
            parameter_count(&self.trainer.discriminator),
            shown(&config.objective),
            config.lr,
        ));
        tell.say(&format!(
            "The run is kept in {}: samples every {} steps, a checkpoint every {}",
            self.folder.path().display(),
            self.config.sample_every,
            self.config.checkpoint_every
        ));
    }

    /// Does the steps that are left, or as many as the listener lets it, and saves.
    ///
    /// # Errors
    /// When the device failed, the training diverged, or the last checkpoint cannot be written. The last good
    /// checkpoint stays, and the losses up to the failure are written.
    pub fn train(&mut self, tell: &mut dyn Listener) -> Result<Outcome, Error> {
        let outcome = self.steps_left(tell);
        if let Err(error) = self.log.flush() {
            tell.warn(&self.unwritten(&self.folder.losses(), &error));
        }
        outcome
    }

    fn steps_left(&mut self, tell: &mut dyn Listener) -> Result<Outcome, Error> {
        if self.saved.is_none() {
            self.draw_samples(tell)?;
            self.save(tell)?;
        }
        tell.begin(self.steps(), self.length, self.config.dcgan.batch);
        self.first_step(tell)?;
        let mut stopped = tell.should_stop();
        while self.steps() < self.length && !stopped {
            self.step(tell)?;
            stopped = tell.should_stop();
        }
        if stopped && self.steps() < self.length {
            tell.say(&format!("Stopping after step {}: saving", self.steps()));
        } else if !self.steps().is_multiple_of(self.config.sample_every) {
            self.draw_samples(tell)?;
        }
        if self.saved != Some(self.steps()) && !self.save(tell)? {
            return Err(Error::Config(format!(
                "the state after step {} could not be saved, the checkpoint in {} is that of step {}; make room there \
                 and resume",
                self.steps(),
                self.folder.path().display(),
                self.saved.unwrap_or(0)
            )));
        }
        Ok(if self.steps() < self.length { Outcome::Interrupted } else { Outcome::Finished })
    }

    /// The first step of this process, in which most of the kernels are compiled and the memory is laid out.
    fn first_step(&mut self, tell: &mut dyn Listener) -> Result<(), Error> {
        tell.say("The first step compiles the kernels");
        let start = Instant::now();
        self.step(tell)?;
        self.gpu.finish()?;
        let memory = self.gpu.memory();
        tell.say(&format!(
            "First step done in {:.1} s; device memory: {:.1} MiB in {} buffers",
            start.elapsed().as_secs_f64(),
            memory.bytes as f64 / f64::from(1 << 20),
            memory.buffers
        ));
        Ok(())
    }

    /// One step, and what is due after it.
    fn step(&mut self, tell: &mut dyn Listener) -> Result<(), Error> {
        let batch = self.loader.next_batch();
        let losses = self.trainer.step(&batch.pixels)?;
        let step = self.steps();
        if step == 1 || step.is_multiple_of(self.config.log_every) {
            self.pending.push_back((step, batch.epoch, losses));
        }
        self.take_losses(false, tell)?;
        tell.step(step, self.loader.waited());
        if step.is_multiple_of(self.config.sample_every) {
            self.draw_samples(tell)?;
        }
        if step.is_multiple_of(self.config.checkpoint_every) || self.failed.is_some_and(|at| at.elapsed() > RETRY) {
            self.save(tell)?;
        }
        Ok(())
    }

    /// Hands on the figures that have arrived, in order; with `wait`, all of them.
    fn take_losses(&mut self, wait: bool, tell: &mut dyn Listener) -> Result<(), Error> {
        let mut arrived = false;
        while let Some((step, epoch, pending)) = self.pending.front() {
            let losses = if wait { Some(pending.wait()?) } else { pending.try_take()? };
            let Some(losses) = losses else { break };
            let (step, epoch) = (*step, *epoch);
            self.pending.pop_front();
            self.log.push(step, epoch, &losses);
            tell.losses(step, epoch, &losses);
            arrived = true;
            if !(losses.d.is_finite() && losses.g.is_finite()) {
                return Err(self.diverged(step, format!("a loss (D {}, G {})", losses.d, losses.g)));
            }
        }
        if arrived && let Err(error) = self.log.flush() {
            tell.warn(&self.unwritten(&self.folder.losses(), &error));
        }
        Ok(())
    }

    /// Saves the state, once the figures of all steps so far are known to be good. False when the disk did not take it.
    fn save(&mut self, tell: &mut dyn Listener) -> Result<bool, Error> {
        self.take_losses(true, tell)?;
        let progress = Progress {
            steps: self.steps(),
            generator_steps: self.trainer.generator_adam.steps(),
            discriminator_steps: self.trainer.discriminator_adam.steps(),
            position: self.loader.position(),
            pictures: self.loader.pictures().len() as u64,
        };
        let header = Header::new(&self.gpu, self.config.dcgan.clone(), self.config.flip, &progress);
        let checkpoint = Checkpoint::of(&self.gpu, header, self.trainer.state())?;
        if let Some(name) = checkpoint.not_finite() {
            return Err(self.diverged(self.steps(), format!("an element of {name}")));
        }
        let path = self.folder.checkpoint();
        match checkpoint.write(&path) {
            Ok(()) => {
                (self.saved, self.failed) = (Some(self.steps()), None);
                Ok(true)
            }
            Err(error) => {
                self.failed = Some(Instant::now());
                tell.warn(&self.unwritten(&path, &error));
                Ok(false)
            }
        }
    }

    fn draw_samples(&self, tell: &mut dyn Listener) -> Result<(), Error> {
        let (count, columns) = SHEET;
        let drawn = draw(&self.trainer, self.config.dcgan.seed, count)?;
        let path = self.folder.samples(self.steps());
        // A sheet that cannot be written is a pity, but no reason to lose the run.
        match sheet::save(&sheet::sheet(&drawn, self.config.dcgan.size, columns), &path) {
            Ok(()) => tell.say(&format!("Step {}: samples in {}", self.steps(), path.display())),
            Err(error) => tell.warn(&error.to_string()),
        }
        Ok(())
    }

    fn diverged(&self, step: u64, what: String) -> Error {
        Error::Diverged { step, what, saved: self.saved.unwrap_or(0) }
    }

    fn unwritten(&self, path: &Path, error: &io::Error) -> String {
        format!("cannot write {} ({error}); what was there before stays, and the next try follows", path.display())
    }
}

fn loader(config: &RunConfig, pictures: Pictures, position: u64) -> Loader {
    let batches = LoaderConfig {
        batch: config.dcgan.batch,
        seed: config.dcgan.seed,
        domain: 0,
        crop: None,
        flip: config.flip,
        drop_last: true,
    };
    Loader::at(Arc::new(pictures), batches, position)
}

/// Steps of the whole run.
fn length(config: &RunConfig, loader: &Loader) -> u64 {
    match config.length {
        Length::Steps(steps) => steps,
        Length::Epochs(epochs) => loader.batches_in(epochs),
    }
}

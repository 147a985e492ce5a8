//! A run from its first step to its last, or to the moment it is told to stop: pictures in, steps, losses, samples and
//! checkpoints out. What it does it tells a [`Listener`].

mod begin;
mod reports;
mod rollback;
mod watching;

use std::{
    collections::VecDeque,
    io,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    Error,
    checkpoint::{Checkpoint, Header},
    config::RunConfig,
    metric::Meter,
    parallel,
    pending::Pending,
    recipe::Recipe,
    report::{Folder, Kept, Lock, LossLog, Reporter, keep, sheet},
};
use crate::{gpu::Gpu, parallel::World};

pub use begin::Resumed;
pub(super) use begin::length;
use watching::Watching;

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
    /// The figures of a step have arrived, as a person reads them.
    fn figures(&mut self, step: u64, epoch: u64, figures: &str);
    /// Whether the run is to be saved and left after this step.
    fn should_stop(&self) -> bool;
    /// What the run's report is to say of where it takes place, by name: the command line, the system, …
    fn surroundings(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are done.
    Finished,
    /// The listener asked for an end; the state is saved.
    Interrupted,
}

/// Figures of a step on their way from the device.
struct Coming {
    step: u64,
    epoch: u64,
    figures: Pending,
    /// Whether they are logged.
    due: bool,
}

/// A run that is ready to go.
pub struct Run {
    gpu: Gpu,
    world: World,
    config: RunConfig,
    folder: Folder,
    recipe: Box<dyn Recipe>,
    log: LossLog,
    meter: Meter,
    /// Steps in all.
    length: u64,
    /// Figures on their way from the device, of every step: what is not finite is seen in the step that made it.
    pending: VecDeque<Coming>,
    /// The step of the last checkpoint, `None` before the first.
    saved: Option<u64>,
    /// When the last try to write one failed.
    failed: Option<Instant>,
    /// How many times the run has gone back to its checkpoint.
    retries: u64,
    /// Whether every launch is looked at.
    tracing: bool,
    /// What looks for signs that the training goes wrong.
    watching: Watching,
    /// What is kept for people; `None` until steps begin.
    reporter: Option<Reporter>,
    /// Nobody else writes to the folder meanwhile.
    _lock: Lock,
}

impl Run {
    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The recipe's name.
    pub fn recipe(&self) -> &str {
        &self.config.recipe
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.recipe.trained().steps()
    }

    /// How long steps have waited for pictures, in all.
    pub fn waited(&self) -> Duration {
        self.recipe.waited()
    }

    /// Does the steps that are left, or as many as the listener lets it, and saves.
    ///
    /// # Errors
    /// When the device failed, the training diverged, or the last checkpoint cannot be written. The last good
    /// checkpoint stays, and the losses up to the failure are written.
    pub fn train(&mut self, tell: &mut dyn Listener) -> Result<Outcome, Error> {
        let tell = &mut Kept::new(tell, self.folder.warnings(), self.steps());
        self.open_reports(tell);
        let outcome = loop {
            match self.steps_left(tell) {
                Err(error @ Error::Diverged { .. }) => match self.go_back(error, tell) {
                    Ok(()) => {}
                    Err(error) => break Err(error),
                },
                outcome => break outcome,
            }
        };
        if let Err(error) = self.log.flush() {
            tell.warn(&self.unwritten(&self.folder.losses(), &error));
        }
        self.close_reports(&outcome, tell);
        outcome
    }

    fn steps_left(&mut self, tell: &mut dyn Listener) -> Result<Outcome, Error> {
        if self.saved.is_none() {
            self.draw_samples(tell)?;
            self.save(tell)?;
        }
        self.report("running", tell);
        tell.begin(self.steps(), self.length, self.config.networks.batch());
        self.first_step(tell)?;
        let mut stopped = self.world.any(tell.should_stop());
        while self.steps() < self.length && !stopped {
            self.step(tell)?;
            stopped = self.world.any(tell.should_stop());
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
        if self.retries > 0 {
            return self.step(tell);
        }
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
        let (report, due) = parallel::step(&self.world, &mut *self.recipe, self.length, self.config.log_every)?;
        let step = self.steps();
        self.pending.push_back(Coming { step, epoch: report.epoch, figures: report.figures, due });
        self.check_trace()?;
        self.take_losses(false, tell)?;
        tell.step(step, self.recipe.waited());
        if step.is_multiple_of(self.config.sample_every) {
            self.draw_samples(tell)?;
        }
        let found = self.meter.measure(&*self.recipe, tell)?;
        self.report_metric(step, found.as_ref());
        if found.is_some_and(|found| found.is_best)
            || step.is_multiple_of(self.config.checkpoint_every)
            || self.failed.is_some_and(|at| at.elapsed() > RETRY)
        {
            self.save(tell)?;
        }
        self.report_if_due(tell);
        Ok(())
    }

    /// Hands on the figures that have arrived, in order; with `wait`, all of them.
    fn take_losses(&mut self, wait: bool, tell: &mut dyn Listener) -> Result<(), Error> {
        let mut arrived = false;
        while let Some(Coming { step, epoch, figures, due }) = self.pending.front() {
            let figures = if wait { Some(figures.wait()?) } else { figures.try_take()? };
            let Some(figures) = figures else { break };
            let (step, epoch, due) = (*step, *epoch, *due);
            self.pending.pop_front();
            if due {
                self.log.push(step, epoch, &figures);
                tell.figures(step, epoch, &self.recipe.describe(&figures));
                self.report_figures(step, &figures);
                self.watch_figures(&figures, tell);
                arrived = true;
            }
            let mut named = self.recipe.columns().iter().zip(&figures);
            if let Some((name, figure)) = named.find(|(_, figure)| !figure.is_finite()) {
                return Err(self.diverged(step, format!("{name} ({figure})")));
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
        let (trained, config) = (self.recipe.trained(), self.config.networks.clone());
        let mut header = Header::new(&self.gpu, config, self.config.flip, trained.counters(), self.recipe.position());
        header.processes = self.world.size() as u64;
        header.best = self.meter.best().cloned();
        let checkpoint = Checkpoint::of(&self.gpu, header, trained.tensors())?;
        if let Some(name) = checkpoint.not_finite() {
            return Err(self.diverged(self.steps(), format!("an element of {name}")));
        }
        let path = self.folder.checkpoint();
        match checkpoint.write(&path) {
            Ok(()) => {
                (self.saved, self.failed) = (Some(self.steps()), None);
                self.meter.saved(self.recipe.trained().steps(), tell);
                // The newest is safe; that an older one goes uncounted ends no run.
                if self.config.keep_last > 0
                    && let Err(error) = keep(&path, self.steps(), self.config.keep_last)
                {
                    tell.warn(&self.unwritten(&path.with_file_name("checkpoints"), &error));
                }
                Ok(true)
            }
            Err(error) => {
                self.failed = Some(Instant::now());
                self.meter.lost(self.recipe.trained().steps());
                tell.warn(&self.unwritten(&path, &error));
                Ok(false)
            }
        }
    }

    fn draw_samples(&mut self, tell: &mut dyn Listener) -> Result<(), Error> {
        let (drawn, path) = (self.recipe.samples()?, self.folder.samples(self.steps()));
        // A sheet that cannot be written is a pity, but no reason to lose the run.
        match sheet::save(&drawn, &path) {
            Ok(()) => tell.say(&format!("Step {}: samples in {}", self.steps(), path.display())),
            Err(error) => tell.warn(&error.to_string()),
        }
        self.report_sheet(&path, &drawn);
        self.watch_sheet(&drawn, tell);
        Ok(())
    }

    fn diverged(&self, step: u64, what: String) -> Error {
        Error::Diverged { step, what, made: None, saved: self.saved.unwrap_or(0) }
    }

    fn unwritten(&self, path: &Path, error: &io::Error) -> String {
        format!("cannot write {} ({error}); what was there before stays, and the next try follows", path.display())
    }
}

#[cfg(test)]
mod lost;

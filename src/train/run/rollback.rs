//! What a run does when its training has diverged: it finds out which kernel made the first number that is not finite,
//! goes back to its last checkpoint, and on with another seed.
//!
//! A run of several processes does none of it: all would have to go back together. There the error of one is the end
//! of all, as any other.

use std::{path::PathBuf, time::Duration};

use super::{Listener, Run};
use crate::{
    gpu::Precision,
    philox::Philox,
    train::{
        Error,
        checkpoint::{Checkpoint, Header},
        parallel,
        report::LossLog,
    },
};

/// The stream of a seed that its successor is drawn from.
const SUCCESSOR: u64 = 1 << 41;

/// How many of the last steps before something was not finite are looked at launch by launch: the one in which it was
/// seen, and the one before, which may have broken the weights.
const TRACED: u64 = 2;

impl Run {
    /// Looks at what every launch of this run writes, from now on: slow.
    pub fn look_at_every_launch(&mut self) {
        self.tracing = true;
        self.start_trace();
    }

    fn start_trace(&self) {
        let tensors = self.recipe.trained().tensors();
        self.gpu.start_trace(tensors.iter().map(|(name, tensor)| (name.clone(), tensor.into())).collect());
    }

    /// Ends the run's step where a launch of it was found to have written something that is not finite.
    pub(super) fn check_trace(&mut self) -> Result<(), Error> {
        let Some(found) = self.tracing.then(|| self.gpu.traced()).flatten() else { return Ok(()) };
        let (step, saved) = (self.steps(), self.saved.unwrap_or(0));
        let what = found.name.clone().unwrap_or_else(|| "a value".to_owned());
        Err(Error::Diverged { step, what, made: Some(found.to_string()), saved })
    }

    /// After a divergence: the state of the last checkpoint, and another seed.
    ///
    /// # Errors
    /// The divergence itself, with the launch that made it as far as that is found, when there is nothing to go back
    /// to or the run has gone back often enough; or what went wrong on the way.
    pub(super) fn go_back(&mut self, error: Error, tell: &mut dyn Listener) -> Result<(), Error> {
        let (Error::Diverged { step, what, made, .. }, Some(saved), true) = (&error, self.saved, self.world.is_alone())
        else {
            return Err(error);
        };
        tell.warn(&format!("at step {step} {what} is not a finite number"));
        let made = match made {
            Some(made) => Some(made.clone()),
            None => self.find(saved, *step, tell)?,
        };
        let error = Error::Diverged { step: *step, what: what.clone(), made: made.clone(), saved };
        if self.retries >= self.config.rollback {
            return Err(error);
        }
        self.retries += 1;
        let before = self.config.networks.seed();
        self.config.networks.set_seed(successor(before));
        self.restore(tell)?;
        // A resume goes on with this seed.
        self.folder.write_config(&self.config)?;
        if let Some(Err((path, error))) = self.reporter.as_mut().map(|reporter| reporter.go_back(saved)) {
            tell.warn(&self.unwritten(&path, &error));
        }
        tell.warn(&format!(
            "the training has diverged at step {step}{}; it goes back to the checkpoint of step {saved} and on with \
             the seed {} instead of {before} (time {} of {})",
            made.map_or_else(String::new, |made| format!(" ({made})")),
            self.config.networks.seed(),
            self.retries,
            self.config.rollback
        ));
        Ok(())
    }

    /// Does the steps from the checkpoint to `step` again, which are the same bits, and looks at the last of them
    /// launch by launch. In words; `None` when the same did not happen again.
    fn find(&mut self, saved: u64, step: u64, tell: &mut dyn Listener) -> Result<Option<String>, Error> {
        if self.gpu.precision() == Precision::Mixed {
            tell.say("In mixed precision gradients may overflow, so no launch is sought that made it");
            return Ok(None);
        }
        tell.say(&format!("Looking for the launch that made it: the steps from {saved} to {step} again"));
        let first = step.saturating_sub(TRACED).max(saved);
        self.restore(tell)?;
        self.redo(first)?;
        // Weights that were broken earlier show no launch that broke them.
        if first > saved && self.is_broken()? {
            self.restore(tell)?;
        }
        self.start_trace();
        let redone = self.trace_to(step);
        let found = self.gpu.end_trace();
        let at = redone?;
        Ok(found.map(|found| format!("made in step {at}: {found}")))
    }

    /// Steps up to one, of which nothing is told.
    fn redo(&mut self, last: u64) -> Result<(), Error> {
        while self.steps() < last {
            parallel::step(&self.world, &mut *self.recipe, self.length, self.config.log_every)?;
        }
        Ok(())
    }

    /// Steps while nothing is found; the step of the find, or the last.
    fn trace_to(&mut self, last: u64) -> Result<u64, Error> {
        while self.steps() < last && self.gpu.traced().is_none() {
            self.redo(self.steps() + 1)?;
            self.gpu.finish()?;
        }
        Ok(self.steps())
    }

    /// Whether the state holds something that is not finite.
    fn is_broken(&self) -> Result<bool, Error> {
        let (trained, config) = (self.recipe.trained(), self.config.networks.clone());
        let header = Header::new(&self.gpu, config, self.config.flip, trained.counters(), self.recipe.position());
        Ok(Checkpoint::of(&self.gpu, header, trained.tensors())?.not_finite().is_some())
    }

    /// The state of the last checkpoint, as a resume reads it; what was logged behind it is cut off.
    fn restore(&mut self, tell: &mut dyn Listener) -> Result<(), Error> {
        // Figures that are still under way are those of steps that will be done again.
        self.pending.clear();
        let _ = self.gpu.end_trace();
        let path = self.folder.checkpoint();
        let checkpoint = Checkpoint::read(&path)?;
        let ready = self.config.networks.read(&self.config, &mut Hushed(tell))?;
        let mut recipe = (ready.begin)(&self.gpu, Some(&checkpoint.header));
        checkpoint.load_into(&path, recipe.trained_mut())?;
        self.gpu.finish()?;
        self.recipe = recipe;
        let (columns, path): (_, PathBuf) = (self.recipe.columns(), self.folder.losses());
        self.log = LossLog::open(&path, columns, self.steps()).map_err(Error::io("write", path))?;
        if self.tracing {
            self.start_trace();
        }
        Ok(())
    }
}

/// Hands on progress alone: what there is to be said of the pictures was said when the run began.
struct Hushed<'a>(&'a mut dyn Listener);

impl Listener for Hushed<'_> {
    fn say(&mut self, _: &str) {}

    fn warn(&mut self, _: &str) {}

    fn preparing(&mut self, done: usize, all: usize) {
        self.0.preparing(done, all);
    }

    fn begin(&mut self, _: u64, _: u64, _: usize) {}

    fn step(&mut self, _: u64, _: Duration) {}

    fn figures(&mut self, _: u64, _: u64, _: &str) {}

    fn should_stop(&self) -> bool {
        self.0.should_stop()
    }
}

/// The seed that follows one when a training has diverged: the same for the same seed, so that a run can be repeated.
fn successor(seed: u64) -> u64 {
    let mut random = Philox::new(seed, SUCCESSOR);
    // Numbers of `config.toml` have 63 bits; short ones are easier to repeat.
    u64::from(random.next_u32())
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, fs, time::Duration};

    use super::successor;
    use crate::{
        data::portraits::Rendering,
        gpu::{AdapterKind, Gpu, Options},
        ops::elementwise::fill,
        parallel::World,
        train::{
            config::{Networks, RunConfig, Source},
            dcgan,
            flags::RunFlags,
            noise,
            preset::Length,
            run::{Listener, Outcome, Run},
        },
    };

    /// Hears everything, and stops a run once, after a step.
    struct Heard {
        warned: Vec<String>,
        stop_at: u64,
        step: Cell<u64>,
    }

    impl Listener for Heard {
        fn say(&mut self, _: &str) {}

        fn warn(&mut self, sentence: &str) {
            self.warned.push(sentence.to_owned());
        }

        fn preparing(&mut self, _: usize, _: usize) {}

        fn begin(&mut self, _: u64, _: u64, _: usize) {}

        fn step(&mut self, step: u64, _: Duration) {
            self.step.set(step);
        }

        fn figures(&mut self, _: u64, _: u64, _: &str) {}

        fn should_stop(&self) -> bool {
            self.step.get() == self.stop_at
        }
    }

    fn tiny() -> RunConfig {
        let [steps, seed, log_every] = [8, 5, 1].map(Some);
        let flags = RunFlags { steps, seed, batch: Some(4), log_every, ..RunFlags::default() };
        let (size, width) = (Some(16), Some(4));
        let common = noise::Flags { size, ngf: width, ndf: width, nz: Some(8), ..noise::Flags::default() };
        let own = dcgan::Flags { common, ..dcgan::Flags::default() };
        let mut config = RunConfig::new(&flags, &own, AdapterKind::Native).expect("the values go together");
        config.source = Source { portraits: 24, rendering: Rendering::Anime, ..Source::default() };
        config
    }

    #[test]
    fn a_run_that_is_broken_once_goes_back_and_finishes() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (gpu, path) = (Gpu::open(&Options::default()).expect("there is an adapter"), folder.path().join("run"));
        let mut heard = Heard { warned: Vec::new(), stop_at: 4, step: Cell::new(0) };
        let config = tiny();
        assert_eq!(config.length, Length::Steps(8));
        let mut run = Run::start(&gpu, &World::alone(), config, Some(&path), &mut heard).expect("it starts");
        assert_eq!(run.train(&mut heard).expect("nothing is wrong"), Outcome::Interrupted);
        assert_eq!((run.saved, heard.warned.len()), (Some(4), 0));

        let weights = run.recipe.trained().tensors();
        let (_, broken) = weights.iter().find(|(name, _)| name == "generator.0.weight").expect("it has a first weight");
        fill(broken, f32::NAN);
        assert_eq!(run.train(&mut heard).expect("it goes back"), Outcome::Finished);
        let last = heard.warned.last().expect("it says so");
        assert!(last.contains("diverged at step 5; it goes back to the checkpoint of step 4"), "{last}");
        assert!(run.retries == 1 && last.contains("instead of 5 (time 1 of 3)"), "{last}");
        let text = |name: &str| fs::read_to_string(path.join(name)).expect("it was written");
        let steps: Vec<_> =
            text("losses.csv").lines().skip(1).map(|row| row.split(',').next().map(str::to_owned)).collect();
        assert_eq!(steps, (1..=8).map(|step: u64| Some(step.to_string())).collect::<Vec<_>>());
        assert!(!text("losses.csv").contains("NaN"));
        let Networks::Dcgan(after) = &run.config.networks else { panic!("it is a DCGAN") };
        assert_eq!(after.seed, successor(5));
        assert!(text("config.toml").contains(&format!("seed = {}\n", after.seed)), "a resume goes on with that seed");
    }

    #[test]
    fn seeds_follow_each_other_and_do_not_repeat() {
        let mut seeds = vec![0];
        for _ in 0..100 {
            seeds.push(successor(seeds[seeds.len() - 1]));
        }
        assert_eq!(seeds[1], successor(0));
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 101);
    }
}

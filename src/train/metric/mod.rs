//! A metric in the loop: every so many steps pictures are drawn and compared with those that the run learns from, and
//! the best state so far is kept beside the newest.
//!
//! Nothing that a step depends on is touched, so that a run with a metric has the weights of one without. Of several
//! processes only the one that leads measures; the others wait for it at their next step.

mod inception;
mod measure;
mod reference;

use std::{io, path::PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::{
    inception::{Fid, Inception, check_count, conventions},
    measure::{Measure, Measured, Swd},
    reference::Reference,
};
use super::{
    Error,
    checkpoint::Header,
    config::{RunConfig, wrong},
    recipe::Recipe,
    report::{Folder, MetricLog, keep_best},
    run::Listener,
};
use crate::{data::compare::level_sizes, gpu::Gpu};

/// The seed of what is drawn and compared: that which `sample` and `evaluate` use unasked, so that `evaluate` finds the
/// values of the loop again.
const SEED: u64 = 0;

/// Pictures that are drawn and compared, where no number is given.
const PICTURES: u32 = 512;

/// What drawn pictures are measured by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// They are not.
    #[default]
    None,
    /// Sliced Wasserstein distance: [`crate::data::compare::Sliced`].
    Swd,
    /// Fréchet Inception distance, by weights that the user brings: [`Fid`].
    Fid,
}

/// The metrics as the command line and `config.toml` spell them.
pub(super) const METRICS: [&str; 3] = ["none", "swd", "fid"];

/// What a run is told about its metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Which it is.
    #[serde(default, skip_serializing_if = "is_none")]
    pub metric: Metric,
    /// Steps from one value to the next; those between checkpoints where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_every: Option<u64>,
    /// How many pictures are drawn; 512 where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_pictures: Option<u32>,
    /// The file of Inception's weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inception: Option<PathBuf>,
}

fn is_none(metric: &Metric) -> bool {
    *metric == Metric::None
}

impl Settings {
    /// Refuses what no run can have; `draws` says whether the recipe draws pictures from noise.
    pub(super) fn check(&self, recipe: &str, draws: bool) -> Result<(), Error> {
        if self.metric_every == Some(0) || self.metric_pictures.is_some_and(|count| count < 2) {
            return Err(Error::Config("metric_every is 1 or more, and metric_pictures 2 or more".to_owned()));
        }
        if self.metric == Metric::Fid && self.inception.is_none() {
            let reason = "fid takes the weights that it is defined by; give --inception FILE with pytorch-fid's \
                          pt_inception-2015-12-05-6726825d.pth";
            return Err(wrong("metric", reason));
        }
        if self.metric != Metric::None && !draws {
            let reason = format!(
                "{recipe} makes pictures of pictures, and only recipes that draw from noise are compared with a whole \
                 set; leave --metric out, and measure the run with `evaluate`"
            );
            return Err(wrong("metric", reason));
        }
        Ok(())
    }
}

/// The best value so far, a part of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Best {
    /// The step after which it was found.
    pub step: u64,
    /// The bits of the value, an f64: a decimal number might not come back as it was.
    pub bits: u64,
    /// What was compared: only values of one measure compare with each other.
    pub of: String,
}

impl Best {
    /// The value; less is better.
    pub fn value(&self) -> f64 {
        f64::from_bits(self.bits)
    }
}

/// A value that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// What of, as a flag spells it.
    pub metric: &'static str,
    /// The value; less is better.
    pub value: f64,
    /// Whether it is the best so far, whose state is then to be saved.
    pub is_best: bool,
}

/// What measures a run, if anything does, and knows the best so far.
pub struct Meter {
    active: Option<Active>,
    best: Option<Best>,
    /// What was the best before the one that is not saved yet.
    before: Option<Best>,
    checkpoint: PathBuf,
}

/// A metric that is asked for.
struct Active {
    measure: Box<dyn Measure>,
    reference: Reference,
    every: u64,
    of: String,
    log: MetricLog,
}

impl Meter {
    /// The meter of a run that begins, or goes on from a header. Says what will be measured.
    ///
    /// # Errors
    /// When the run has too few pictures, its folder cannot be written, or Inception's weights cannot be used.
    pub fn begin(
        gpu: &Gpu,
        config: &RunConfig,
        recipe: &dyn Recipe,
        folder: &Folder,
        header: Option<&Header>,
        tell: &mut dyn Listener,
    ) -> Result<Self, Error> {
        let best = header.and_then(|header| header.best.clone());
        let steps = recipe.trained().steps();
        let mut meter = Self { active: None, best, before: None, checkpoint: folder.checkpoint() };
        let Settings { metric, metric_every, metric_pictures, inception } = &config.metric;
        let Some(set) = recipe.pictures().filter(|_| *metric != Metric::None) else { return Ok(meter) };
        let count = metric_pictures.unwrap_or(PICTURES) as usize;
        let reference = Reference::split(set, count, SEED, &config.source)?;
        let every = metric_every.unwrap_or(config.checkpoint_every);
        let measure: Box<dyn Measure> = match inception {
            Some(file) if *metric == Metric::Fid => {
                let inception = Inception::open(gpu, file)?;
                tell.say(&format!("Inception's features of {reference} are computed, once"));
                Box::new(Fid::new(inception, &reference)?)
            }
            _ => Box::new(Swd::new(&reference)),
        };
        let note = format!(
            "{0} pictures drawn from the noise of seed {SEED} by the weights that `sample` uses, compared with \
             {reference}; {1}",
            reference.pictures.len(),
            measure.resize(set.size())
        );
        tell.say(&format!("Every {every} steps {}: {note}", measure.title()));
        let path = folder.metrics();
        let log = MetricLog::open(&path, &note, &level_sizes(set.size()), steps).map_err(Error::io("write", path))?;
        let digest: String =
            Sha256::digest(reference.pictures.pixels()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let of = format!("{} {} {digest}", measure.name(), reference.pictures.len());
        meter.active = Some(Active { measure, reference, every, of, log });
        meter.go_on(steps, tell);
        Ok(meter)
    }

    /// Takes the best so far over into a run that goes on.
    fn go_on(&mut self, steps: u64, tell: &mut dyn Listener) {
        let Some((best, active)) = self.best.as_ref().zip(self.active.as_ref()) else { return };
        if best.of != active.of {
            tell.say(&format!(
                "The best so far, {:.2} at step {}, was of another metric or of other pictures and does not compare; \
                 the best is looked for anew",
                best.value(),
                best.step
            ));
            self.best = None;
        } else if best.step == steps {
            // The run may have ended between writing the checkpoint and keeping it.
            self.keep(tell);
        }
    }

    /// Measures where it is due, and says and writes what came out.
    ///
    /// # Errors
    /// When the device failed.
    pub fn measure(&mut self, recipe: &dyn Recipe, tell: &mut dyn Listener) -> Result<Option<Found>, Error> {
        let step = recipe.trained().steps();
        let Some(active) = self.active.as_mut().filter(|active| step.is_multiple_of(active.every)) else {
            return Ok(None);
        };
        let count = active.reference.pictures.len();
        let Some(drawn) = recipe.draw(SEED, count)? else { return Ok(None) };
        let Measured { levels, value } = active.measure.of(&drawn)?;
        if let Err(error) = active.log.push(step, active.measure.name(), &levels, value, count) {
            tell.warn(&format!("cannot write {} ({error}); the next value tries again", active.log.path().display()));
        }
        let better = self.best.as_ref().is_none_or(|best| value < best.value());
        let standing = match &self.best {
            _ if better => "the best so far".to_owned(),
            Some(best) => format!("the best is {:.2} at step {}", best.value(), best.step),
            None => String::new(),
        };
        let resize = active.measure.resize(drawn.size());
        tell.say(&format!(
            "Step {step}: {} {value:.2} ({count} drawn pictures against {}; {resize}); {standing}",
            active.measure.title(),
            active.reference
        ));
        let found = Found { metric: active.measure.name(), value, is_best: better };
        if better {
            let best = Best { step, bits: value.to_bits(), of: active.of.clone() };
            self.before = self.best.replace(best);
        }
        Ok(Some(found))
    }

    /// The best so far.
    pub fn best(&self) -> Option<&Best> {
        self.best.as_ref()
    }

    /// The checkpoint of a step was written: if it is the best, it is kept.
    pub fn saved(&mut self, step: u64, tell: &mut dyn Listener) {
        if self.best.as_ref().is_some_and(|best| best.step == step) {
            self.before = None;
            self.keep(tell);
        }
    }

    /// The checkpoint of a step could not be written: what was the best before is the best again.
    pub fn lost(&mut self, step: u64) {
        if self.best.as_ref().is_some_and(|best| best.step == step) {
            self.best = self.before.take();
        }
    }

    fn keep(&self, tell: &mut dyn Listener) {
        if let Err(error) = keep_best(&self.checkpoint) {
            tell.warn(&unkept(&error));
        }
    }
}

fn unkept(error: &io::Error) -> String {
    format!("the best checkpoint so far cannot be kept ({error}); it is checkpoint.safetensors until the next one")
}

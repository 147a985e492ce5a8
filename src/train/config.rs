//! All that a run was told: what its flags mean, what is written to `config.toml`, and what may change at a resume.

use std::{
    fmt::Display,
    path::{Path, PathBuf, absolute},
};

use serde::{Deserialize, Serialize};

use super::{
    Error, anime, cut, cyclegan, dcgan, faces,
    flags::RunFlags,
    metric,
    preset::{Length, Preset},
    recipe::Ready,
    run::Listener,
    translate::Common,
    update::Update,
};
use crate::{
    data::portraits::Rendering,
    gpu::{AdapterKind, Precision},
};

/// Why some recipes have no --micro-batch.
const ONLY_WHOLE: &str = "micro-batch: this recipe has batch normalisation, which looks at all pictures of a batch at \
    once: in parts it would learn something else. Take a smaller --batch, or a smaller --size or --ngf in a new run";

/// All that decides a run, as `config.toml` holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Which networks are trained, and how.
    pub recipe: String,
    /// Where the values came from that no flag gave.
    pub preset: String,
    /// Where the pictures come from.
    #[serde(flatten)]
    pub source: Source,
    /// Whether pictures are mirrored at random.
    pub flip: bool,
    /// How long the run is.
    #[serde(flatten)]
    pub length: Length,
    /// Steps from one checkpoint to the next.
    pub checkpoint_every: u64,
    /// How many of the last checkpoints are kept under their steps' names besides the newest; none in a file from
    /// before there was a choice.
    #[serde(default)]
    pub keep_last: u64,
    /// How many times the run goes back to its checkpoint when it has diverged, before it gives up.
    #[serde(default = "rollback")]
    pub rollback: u64,
    /// Whether there are event files for TensorBoard.
    #[serde(default = "tensorboard")]
    pub tensorboard: bool,
    /// Steps from one sheet of samples to the next.
    pub sample_every: u64,
    /// Steps from one row of losses to the next.
    pub log_every: u64,
    /// What drawn pictures are measured by, and how often.
    #[serde(flatten)]
    pub metric: metric::Settings,
    /// The adapter that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// How products are computed, as it was asked for; f32 in a file from before there was a choice.
    #[serde(default)]
    pub precision: Precision,
    /// Bytes that the adapter has for the run, as it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// What is computed.
    #[serde(flatten)]
    pub networks: Networks,
}

/// As many as there are where nothing is said.
fn rollback() -> u64 {
    3
}

fn tensorboard() -> bool {
    true
}

/// Where the pictures of a run come from: folders, or the built-in portraits where there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The folder of pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// The folder of photographs, where there are two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photos: Option<PathBuf>,
    /// The folder of anime beside it. Under another name in the file, where `[anime]` are the values of that recipe.
    #[serde(rename = "anime_pictures", skip_serializing_if = "Option::is_none")]
    pub anime: Option<PathBuf>,
    /// How many portraits are drawn.
    pub portraits: u32,
    /// How they are drawn; `anime` in a file from before there was a choice.
    #[serde(default)]
    pub rendering: Rendering,
    /// Blank pictures in the place of all these: enough to plan a run's memory with.
    #[serde(skip)]
    pub blank: bool,
    /// What tells the classes of the pictures: `folders`, a CSV file, or the name of an attribute of drawn portraits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
    /// The column of the CSV file that holds the classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
}

/// What a recipe computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Networks {
    /// Noise to pictures.
    Dcgan(dcgan::Config),
    /// Noise to larger pictures, from fewer of them.
    Faces(faces::Config),
    /// Pictures to pictures and back.
    Cyclegan(cyclegan::Config),
    /// Pictures to pictures, patch by patch.
    Cut(cut::Config),
    /// Photographs to anime.
    Anime(anime::Config),
}

/// The flags of one recipe.
pub trait RecipeFlags {
    /// Whose they are.
    fn recipe(&self) -> &'static str;

    /// Whether none is given.
    fn is_empty(&self) -> bool;

    /// Takes them over into a configuration of their recipe, and tells what they change.
    fn apply(&self, config: &mut RunConfig, changes: &mut Changes);
}

/// What flags did to a configuration.
#[derive(Debug, Default)]
pub struct Changes {
    /// A sentence for each value that is another one now, and what that means.
    pub made: Vec<String>,
    /// A sentence for each value that trained networks cannot change.
    pub refused: Vec<String>,
}

impl Source {
    /// So many built-in portraits.
    pub fn portraits(count: u32) -> Self {
        Self { portraits: count, ..Self::default() }
    }
}

impl Networks {
    /// The recipe's name.
    pub fn recipe(&self) -> &'static str {
        match self {
            Self::Dcgan(_) => "dcgan",
            Self::Faces(_) => "faces",
            Self::Cyclegan(_) => "cyclegan",
            Self::Cut(_) => "cut",
            Self::Anime(_) => "anime",
        }
    }

    /// Whether they draw pictures from noise, and not from pictures.
    pub fn draw_from_noise(&self) -> bool {
        self.drawn_size().is_some()
    }

    /// Side in pixels of the pictures that are drawn from noise; `None` of recipes that draw from pictures.
    pub fn drawn_size(&self) -> Option<usize> {
        match self {
            Self::Dcgan(config) => Some(config.size),
            Self::Faces(config) => Some(config.size),
            Self::Cyclegan(_) | Self::Cut(_) | Self::Anime(_) => None,
        }
    }

    /// Pictures in a batch.
    pub fn batch(&self) -> usize {
        match self {
            Self::Dcgan(config) => config.batch,
            Self::Faces(config) => config.batch,
            Self::Cyclegan(config) => config.common.batch,
            Self::Cut(config) => config.common.batch,
            Self::Anime(config) => config.common.batch,
        }
    }

    /// Another number of pictures.
    pub fn set_batch(&mut self, batch: usize) {
        *self.batch_and_seed().0 = batch;
    }

    /// The names of the pictures' classes, where the networks are told them.
    pub fn classes(&self) -> &[String] {
        match self {
            Self::Dcgan(config) => &config.classes,
            Self::Faces(_) | Self::Cyclegan(_) | Self::Cut(_) | Self::Anime(_) => &[],
        }
    }

    /// Takes the classes of the pictures over, which those of a run that exists cannot differ from.
    ///
    /// # Errors
    /// Where `exists`, when they differ.
    pub fn take_classes(&mut self, classes: &[String], exists: bool) -> Result<(), Error> {
        if exists && self.classes() != classes {
            let told = |classes: &[String]| if classes.is_empty() { "none".to_owned() } else { classes.join(", ") };
            return Err(Error::Config(format!(
                "the networks of this run were made for the classes {}, and the pictures now have {}; give it pictures \
                 with the same classes, or start a new run",
                told(self.classes()),
                told(classes)
            )));
        }
        if let Self::Dcgan(config) = self {
            config.classes = classes.to_vec();
        }
        Ok(())
    }

    /// Another seed: the noise and the order of the pictures to come are others.
    pub(super) fn set_seed(&mut self, seed: u64) {
        *self.batch_and_seed().1 = seed;
    }

    /// The seed of every random choice.
    pub(super) fn seed(&self) -> u64 {
        match self {
            Self::Dcgan(config) => config.seed,
            Self::Faces(config) => config.seed,
            Self::Cyclegan(config) => config.common.seed,
            Self::Cut(config) => config.common.seed,
            Self::Anime(config) => config.common.seed,
        }
    }

    /// What the recipes from picture to picture share; `None` for others.
    pub fn common_mut(&mut self) -> Option<&mut Common> {
        match self {
            Self::Dcgan(_) | Self::Faces(_) => None,
            Self::Cyclegan(cyclegan::Config { common, .. })
            | Self::Cut(cut::Config { common, .. })
            | Self::Anime(anime::Config { common, .. }) => Some(common),
        }
    }

    /// Pictures of a batch that are computed with at a time, 0 for all; `None` where only the whole will do, because
    /// batch normalisation looks at all pictures at once.
    pub fn micro_batch_mut(&mut self) -> Option<&mut usize> {
        self.common_mut().map(|common| &mut common.micro_batch)
    }

    fn batch_and_seed(&mut self) -> (&mut usize, &mut u64) {
        match self {
            Self::Dcgan(config) => (&mut config.batch, &mut config.seed),
            Self::Faces(config) => (&mut config.batch, &mut config.seed),
            Self::Cyclegan(cyclegan::Config { common, .. })
            | Self::Cut(cut::Config { common, .. })
            | Self::Anime(anime::Config { common, .. }) => (&mut common.batch, &mut common.seed),
        }
    }

    fn update(&mut self) -> &mut Update {
        match self {
            Self::Dcgan(config) => &mut config.update,
            Self::Faces(config) => &mut config.update,
            Self::Cyclegan(cyclegan::Config { common, .. })
            | Self::Cut(cut::Config { common, .. })
            | Self::Anime(anime::Config { common, .. }) => &mut common.update,
        }
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Dcgan(config) => config.check(),
            Self::Faces(config) => config.check(),
            Self::Cyclegan(config) => config.check(),
            Self::Cut(config) => config.check(),
            Self::Anime(config) => config.check(),
        }
    }

    /// Reads or draws the pictures of a run.
    ///
    /// # Errors
    /// When there are none.
    pub fn read(&self, run: &RunConfig, tell: &mut dyn Listener) -> Result<Ready, Error> {
        match self {
            Self::Dcgan(config) => dcgan::read(run, config, tell),
            Self::Faces(config) => faces::read(run, config, tell),
            Self::Cyclegan(config) => cyclegan::read(run, config, tell),
            Self::Cut(config) => cut::read(run, config, tell),
            Self::Anime(config) => anime::read(run, config, tell),
        }
    }
}

impl RunConfig {
    /// The preset's values, unchanged.
    pub fn of(preset: Preset) -> Self {
        Self {
            recipe: preset.networks.recipe().to_owned(),
            preset: preset.name.to_owned(),
            source: preset.source,
            flip: preset.flip,
            length: preset.length,
            checkpoint_every: preset.checkpoint_every,
            keep_last: 0,
            rollback: rollback(),
            tensorboard: tensorboard(),
            sample_every: preset.sample_every,
            log_every: 10,
            metric: metric::Settings::default(),
            adapter: None,
            precision: Precision::F32,
            memory: None,
            networks: preset.networks,
        }
    }

    /// The configuration of a new run: what the flags say, and for the rest the preset, which without a flag is the one
    /// that suits the adapter.
    ///
    /// # Errors
    /// When there is no such preset, or the values do not go together.
    pub fn new(flags: &RunFlags, own: &dyn RecipeFlags, adapter: AdapterKind) -> Result<Self, Error> {
        let Some(preset) = Preset::find(own.recipe(), flags.preset.as_deref(), adapter) else {
            let names: Vec<_> = Preset::all(own.recipe()).iter().map(|preset| preset.name).collect();
            return Err(wrong("preset", format!("{} has only {}", own.recipe(), names.join(", "))));
        };
        let mut config = Self::of(preset);
        if flags.micro_batch.is_some_and(|part| part > 0) && config.networks.micro_batch_mut().is_none() {
            return Err(Error::Config(ONLY_WHOLE.to_owned()));
        }
        let _ = config.apply(flags, own);
        config.check()?;
        Ok(config)
    }

    /// Takes the flags over and tells what they change.
    pub fn apply(&mut self, flags: &RunFlags, own: &dyn RecipeFlags) -> Changes {
        let mut changes = Changes::default();
        if own.recipe() == self.recipe {
            own.apply(self, &mut changes);
        } else if !own.is_empty() {
            changes.refused.push(format!(
                "this run is one of {0}, and some of the flags are not its own; say `train {0} --resume …`, \
                 whose --help lists them",
                self.recipe
            ));
        }
        let (batch, _) = self.networks.batch_and_seed();
        changes.make(
            "batch",
            batch,
            flags.batch,
            "epochs are counted in batches of that size, and the pictures to come are not quite those left before",
        );
        match (self.networks.micro_batch_mut(), flags.micro_batch) {
            (None, Some(1..)) => changes.refused.push(ONLY_WHOLE.to_owned()),
            (None, _) => {}
            (Some(part), flag) => changes.make("micro-batch", part, flag, "the gradients are the same within rounding"),
        }
        let (_, seed) = self.networks.batch_and_seed();
        changes.make("seed", seed, flags.seed, "noise and the order of the pictures are others from here on");
        let update = self.networks.update();
        changes.make("clip-grad-norm", &mut update.clip_grad_norm, flags.clip_grad_norm, "the steps to come follow it");
        match flags.ema {
            // Averages are part of the state, from the first step to the last.
            Some(ema) if (ema > 0.0) != (update.ema > 0.0) => changes.refuse("ema", &mut update.ema, flags.ema),
            ema => changes.make("ema", &mut update.ema, ema, "the averages go on with it"),
        }
        changes.make("ema-rampup", &mut update.ema_rampup, flags.ema_rampup, "the averages go on with it");
        changes.make("flip", &mut self.flip, flags.flip, "the steps to come follow it");
        let length = flags.steps.map(Length::Steps).or(flags.epochs.map(Length::Epochs));
        changes.make("length", &mut self.length, length, "counted from the start of the run");
        let frequency = "from here on";
        changes.make("checkpoint-every", &mut self.checkpoint_every, flags.checkpoint_every, frequency);
        changes.make("keep-last", &mut self.keep_last, flags.keep_last, frequency);
        changes.make("rollback", &mut self.rollback, flags.rollback, frequency);
        changes.make("tensorboard", &mut self.tensorboard, flags.tensorboard, frequency);
        changes.make("sample-every", &mut self.sample_every, flags.sample_every, frequency);
        changes.make("log-every", &mut self.log_every, flags.log_every, frequency);
        let metric = &mut self.metric;
        changes.make("metric", &mut metric.metric, flags.metric, frequency);
        changes.make("metric-every", &mut metric.metric_every, flags.metric_every.map(Some), frequency);
        let other = "values before and after do not compare";
        changes.make("metric-pictures", &mut metric.metric_pictures, flags.metric_pictures.map(Some), other);
        changes.make_path("inception", &mut metric.inception, flags.inception.as_ref(), frequency);
        let other = "another kind of adapter rounds differently, so the run is no longer the uninterrupted one's twin";
        changes.make("adapter", &mut self.adapter, flags.adapter.clone().map(Some), other);
        changes.make("memory", &mut self.memory, flags.memory.map(Some), "the run is held to it");
        let otherwise =
            "products are computed otherwise from here on, so the run is no longer the uninterrupted one's twin";
        changes.make("precision", &mut self.precision, flags.precision, otherwise);
        changes
    }

    /// Refuses values that no run can have, for `config.toml` may have been written by hand.
    ///
    /// # Errors
    /// A sentence that names the value.
    pub fn check(&self) -> Result<(), Error> {
        if self.recipe != self.networks.recipe() {
            return Err(wrong("recipe", format!("{} does not go with [{}]", self.recipe, self.networks.recipe())));
        }
        let counts = [self.checkpoint_every, self.sample_every, self.log_every, u64::from(self.source.portraits)];
        if counts.contains(&0) {
            return Err(Error::Config("checkpoint_every, sample_every, log_every and portraits are 1 or more".into()));
        }
        self.metric.check(&self.recipe, self.networks.draw_from_noise())?;
        self.networks.check()
    }
}

impl Changes {
    /// Takes a flag over where it was given and differs.
    pub(super) fn make<T: PartialEq + Serialize>(&mut self, name: &str, field: &mut T, flag: Option<T>, meaning: &str) {
        let Some(value) = flag.filter(|value| value != field) else { return };
        self.made.push(format!("--{name}: {} instead of {}; {meaning}", shown(&value), shown(field)));
        *field = value;
    }

    /// The same for a folder, which `config.toml` names from the root.
    pub(super) fn make_path(&mut self, name: &str, field: &mut Option<PathBuf>, flag: Option<&PathBuf>, meaning: &str) {
        let from_root = |path: &Path| absolute(path).unwrap_or_else(|_| path.to_owned());
        self.make(name, field, flag.map(|path| Some(from_root(path))), meaning);
    }

    /// Takes a flag over where it was given and differs, which a run that exists must not do.
    pub(super) fn refuse<T: PartialEq + Serialize>(&mut self, name: &str, field: &mut T, flag: Option<T>) {
        let Some(value) = flag.filter(|value| value != field) else { return };
        self.refused.push(format!(
            "--{name} {} does not fit this run: its networks were made with {name} = {} and cannot change; leave the \
             flag out, or start a new run",
            shown(&value),
            shown(field)
        ));
        *field = value;
    }

    /// The same for a name that there may be none of.
    pub(super) fn refuse_name(&mut self, name: &str, field: &mut Option<String>, flag: Option<String>) {
        let mut before = field.clone().unwrap_or_else(|| "none".to_owned());
        self.refuse(name, &mut before, flag.clone());
        *field = flag.or(field.take());
    }
}

/// What is wrong with a value, as an error.
pub(super) fn wrong(name: &str, reason: impl Display) -> Error {
    Error::Config(format!("{name}: {reason}"))
}

/// A value as `config.toml` would show it.
pub(super) fn shown(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Null) | Err(_) => "none".to_owned(),
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Object(map)) => map.iter().map(|(key, n)| format!("{n} {key}")).collect(),
        Ok(value) => value.to_string(),
    }
}

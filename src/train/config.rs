//! All that a run was told: what its flags mean, what is written to `config.toml`, and what may change at a resume.

use std::{
    fmt::Display,
    path::{Path, PathBuf, absolute},
};

use serde::{Deserialize, Serialize};

use super::{
    Error, anime, cut, cyclegan, dcgan,
    flags::RunFlags,
    preset::{Length, Preset},
    recipe::Ready,
    run::Listener,
    update::Update,
};
use crate::{
    data::portraits::Rendering,
    gpu::{AdapterKind, Precision},
};

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
    /// Steps from one sheet of samples to the next.
    pub sample_every: u64,
    /// Steps from one row of losses to the next.
    pub log_every: u64,
    /// The adapter that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// How products are computed, as it was asked for; f32 in a file from before there was a choice.
    #[serde(default)]
    pub precision: Precision,
    /// What is computed.
    #[serde(flatten)]
    pub networks: Networks,
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
}

/// What a recipe computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Networks {
    /// Noise to pictures.
    Dcgan(dcgan::Config),
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
            Self::Cyclegan(_) => "cyclegan",
            Self::Cut(_) => "cut",
            Self::Anime(_) => "anime",
        }
    }

    /// Pictures in a batch.
    pub fn batch(&self) -> usize {
        match self {
            Self::Dcgan(config) => config.batch,
            Self::Cyclegan(config) => config.common.batch,
            Self::Cut(config) => config.common.batch,
            Self::Anime(config) => config.common.batch,
        }
    }

    /// Another number of pictures.
    pub fn set_batch(&mut self, batch: usize) {
        *self.batch_and_seed().0 = batch;
    }

    fn batch_and_seed(&mut self) -> (&mut usize, &mut u64) {
        match self {
            Self::Dcgan(config) => (&mut config.batch, &mut config.seed),
            Self::Cyclegan(cyclegan::Config { common, .. })
            | Self::Cut(cut::Config { common, .. })
            | Self::Anime(anime::Config { common, .. }) => (&mut common.batch, &mut common.seed),
        }
    }

    fn update(&mut self) -> &mut Update {
        match self {
            Self::Dcgan(config) => &mut config.update,
            Self::Cyclegan(cyclegan::Config { common, .. })
            | Self::Cut(cut::Config { common, .. })
            | Self::Anime(anime::Config { common, .. }) => &mut common.update,
        }
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Dcgan(config) => config.check(),
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
            sample_every: preset.sample_every,
            log_every: 10,
            adapter: None,
            precision: Precision::F32,
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
        let (batch, seed) = self.networks.batch_and_seed();
        changes.make(
            "batch",
            batch,
            flags.batch,
            "epochs are counted in batches of that size, and the pictures to come are not quite those left before",
        );
        changes.make("seed", seed, flags.seed, "noise and the order of the pictures are others from here on");
        let update = self.networks.update();
        changes.make("clip-grad-norm", &mut update.clip_grad_norm, flags.clip_grad_norm, "the steps to come follow it");
        match flags.ema {
            // Averages are part of the state, from the first step to the last.
            Some(ema) if (ema > 0.0) != (update.ema > 0.0) => changes.refuse("ema", &mut update.ema, flags.ema),
            ema => changes.make("ema", &mut update.ema, ema, "the averages go on with it"),
        }
        changes.make("flip", &mut self.flip, flags.flip, "the steps to come follow it");
        let length = flags.steps.map(Length::Steps).or(flags.epochs.map(Length::Epochs));
        changes.make("length", &mut self.length, length, "counted from the start of the run");
        let frequency = "from here on";
        changes.make("checkpoint-every", &mut self.checkpoint_every, flags.checkpoint_every, frequency);
        changes.make("keep-last", &mut self.keep_last, flags.keep_last, frequency);
        changes.make("sample-every", &mut self.sample_every, flags.sample_every, frequency);
        changes.make("log-every", &mut self.log_every, flags.log_every, frequency);
        let other = "another kind of adapter rounds differently, so the run is no longer the uninterrupted one's twin";
        changes.make("adapter", &mut self.adapter, flags.adapter.clone().map(Some), other);
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
    pub(super) fn refuse<T: PartialEq + Display>(&mut self, name: &str, field: &mut T, flag: Option<T>) {
        let Some(value) = flag.filter(|value| value != field) else { return };
        self.refused.push(format!(
            "--{name} {value} does not fit this run: its networks were made with {name} = {field} and cannot change; \
             leave the flag out, or start a new run"
        ));
        *field = value;
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

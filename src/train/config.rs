//! All that a run was told: what its flags mean, what is written to `config.toml`, and what may change at a resume.

use std::{fmt::Display, path::PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Error, dcgan,
    objective::Objective,
    preset::{Length, Preset},
};
use crate::{data::portraits::Rendering, gpu::AdapterKind};

const PICTURES: &str = "Pictures";
const TRAINING: &str = "Training";
const NETWORKS: &str = "Networks and optimizer";
const REPORTS: &str = "Checkpoints and reports";

/// The objectives, as the command line and `config.toml` spell them.
const OBJECTIVES: [&str; 4] = ["minimax", "non-saturating", "lsgan", "hinge"];

/// How portraits are drawn, spelt likewise.
const RENDERINGS: [&str; 2] = ["anime", "photo"];

/// The widest stage that a network may have, in channels: beyond it one weight alone takes a GiB.
const WIDEST: usize = 4096;

/// The flags of a run. What is not given comes from the preset, or at a resume from the run's `config.toml`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// Start from these values; every other flag overrides its part [default: dcgan64 on a GPU, small without one]
    #[arg(long, value_name = "NAME", help_heading = TRAINING,
        value_parser = PossibleValuesParser::new(Preset::NAMES).try_map(|name| name.parse::<Preset>()))]
    pub preset: Option<Preset>,

    /// Folder of pictures, searched to the bottom: JPEG, PNG, WebP, BMP, GIF [default: built-in drawn portraits]
    #[arg(long, value_name = "DIR", help_heading = PICTURES)]
    pub data: Option<PathBuf>,

    /// How many portraits are drawn where there is no --data [default: 2048]
    #[arg(long, value_name = "N", help_heading = PICTURES,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub portraits: Option<u32>,

    /// How the portraits are drawn [default: anime]
    #[arg(long, value_name = "STYLE", help_heading = PICTURES,
        value_parser = PossibleValuesParser::new(RENDERINGS).try_map(|name| named::<Rendering>(&name)))]
    pub rendering: Option<Rendering>,

    /// Side of the pictures in pixels, a power of two from 16 to 512; pictures are resized and cropped to it
    #[arg(long, value_name = "PX", help_heading = PICTURES, value_parser = picture_size)]
    pub size: Option<usize>,

    /// Mirror each picture left to right with probability 1/2 (--flip=false switches it off at a resume)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        help_heading = PICTURES)]
    pub flip: Option<bool>,

    /// Length of the run in steps, those before a resume included
    #[arg(long, value_name = "N", conflicts_with = "epochs", help_heading = TRAINING,
        value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub steps: Option<u64>,

    /// Length of the run in passes through the pictures
    #[arg(long, value_name = "N", help_heading = TRAINING, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub epochs: Option<u64>,

    /// Pictures in a batch
    #[arg(long, value_name = "N", help_heading = TRAINING, value_parser = |text: &str| count(text, 4096))]
    pub batch: Option<usize>,

    /// Seed of every random choice: the same seed on the same adapter gives the same run, bit for bit [default: 0]
    #[arg(long, value_name = "N", help_heading = TRAINING,
        value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,

    /// Length of the noise vector that a picture is made from
    #[arg(long, value_name = "N", help_heading = NETWORKS, value_parser = |text: &str| count(text, 4096))]
    pub nz: Option<usize>,

    /// Width of the generator: channels of its last hidden stage, doubled at each stage before
    #[arg(long, value_name = "N", help_heading = NETWORKS, value_parser = |text: &str| count(text, 1024))]
    pub ngf: Option<usize>,

    /// Width of the discriminator: channels of its first stage, doubled at each stage after
    #[arg(long, value_name = "N", help_heading = NETWORKS, value_parser = |text: &str| count(text, 1024))]
    pub ndf: Option<usize>,

    /// Learning rate of both networks (Adam)
    #[arg(long, value_name = "X", help_heading = NETWORKS, allow_negative_numbers = true, value_parser = rate)]
    pub lr: Option<f64>,

    /// Decay of Adam's first moment
    #[arg(long, value_name = "X", help_heading = NETWORKS, allow_negative_numbers = true, value_parser = decay)]
    pub beta1: Option<f64>,

    /// Decay of Adam's second moment
    #[arg(long, value_name = "X", help_heading = NETWORKS, allow_negative_numbers = true, value_parser = decay)]
    pub beta2: Option<f64>,

    /// Added to Adam's divisor [default: 1e-8]
    #[arg(long, value_name = "X", help_heading = NETWORKS, allow_negative_numbers = true, value_parser = rate)]
    pub eps: Option<f64>,

    /// Spread of the first weights, of convolutions around 0 and of normalisations around 1 [default: 0.02]
    #[arg(long, value_name = "X", help_heading = NETWORKS, allow_negative_numbers = true, value_parser = rate)]
    pub init_std: Option<f64>,

    /// What the two networks play for [default: non-saturating]
    #[arg(long, value_name = "NAME", help_heading = NETWORKS,
        value_parser = PossibleValuesParser::new(OBJECTIVES).try_map(|name| named::<Objective>(&name)))]
    pub objective: Option<Objective>,

    /// Steps from one checkpoint to the next
    #[arg(long, value_name = "N", help_heading = REPORTS, value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub checkpoint_every: Option<u64>,

    /// Steps from one sheet of samples to the next
    #[arg(long, value_name = "N", help_heading = REPORTS, value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub sample_every: Option<u64>,

    /// Steps from one row of losses.csv to the next [default: 10]
    #[arg(long, value_name = "N", help_heading = REPORTS, value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub log_every: Option<u64>,

    /// What to compute on: an index or a part of a name from --list-adapters [default: the best GPU, else the CPU]
    #[arg(long, value_name = "NAME|INDEX", help_heading = "Machine")]
    pub adapter: Option<String>,
}

/// All that decides a run, as `config.toml` holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Which networks are trained, and how.
    pub recipe: String,
    /// Where the values came from that no flag gave.
    pub preset: Preset,
    /// The folder of pictures; built-in portraits when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// How many portraits are drawn.
    pub portraits: u32,
    /// How they are drawn; `anime` in a file from before there was a choice.
    #[serde(default)]
    pub rendering: Rendering,
    /// Whether pictures are mirrored at random.
    pub flip: bool,
    /// How long the run is.
    #[serde(flatten)]
    pub length: Length,
    /// Steps from one checkpoint to the next.
    pub checkpoint_every: u64,
    /// Steps from one sheet of samples to the next.
    pub sample_every: u64,
    /// Steps from one row of losses to the next.
    pub log_every: u64,
    /// The adapter that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// What is computed.
    pub dcgan: dcgan::Config,
}

/// What flags did to a configuration.
#[derive(Debug, Default)]
pub struct Changes {
    /// A sentence for each value that is another one now, and what that means.
    pub made: Vec<String>,
    /// A sentence for each value that trained networks cannot change.
    pub refused: Vec<String>,
}

impl RunConfig {
    /// The preset's values, unchanged.
    pub fn of(preset: Preset) -> Self {
        Self {
            recipe: "dcgan".to_owned(),
            preset,
            data: None,
            portraits: 2048,
            rendering: Rendering::Anime,
            flip: false,
            length: preset.length(),
            checkpoint_every: preset.checkpoint_every(),
            sample_every: preset.sample_every(),
            log_every: 10,
            adapter: None,
            dcgan: preset.networks(),
        }
    }

    /// The configuration of a new run: what the flags say, and for the rest the preset, which without a flag is the one
    /// that suits the adapter.
    ///
    /// # Errors
    /// When the values do not go together.
    pub fn new(flags: &Flags, adapter: AdapterKind) -> Result<Self, Error> {
        let mut config = Self::of(flags.preset.unwrap_or_else(|| Preset::suited_to(adapter)));
        let _ = config.apply(flags);
        config.check()?;
        Ok(config)
    }

    /// Takes the flags over and tells what they change.
    pub fn apply(&mut self, flags: &Flags) -> Changes {
        let mut changes = Changes::default();
        let Self { dcgan, .. } = self;
        changes.refuse("size", &mut dcgan.size, flags.size);
        changes.refuse("nz", &mut dcgan.nz, flags.nz);
        changes.refuse("ngf", &mut dcgan.ngf, flags.ngf);
        changes.refuse("ndf", &mut dcgan.ndf, flags.ndf);
        changes.make(
            "batch",
            &mut dcgan.batch,
            flags.batch,
            "epochs are counted in batches of that size, and the pictures to come are not quite those left before",
        );
        changes.make(
            "seed",
            &mut dcgan.seed,
            flags.seed,
            "noise and the order of the pictures are others from here on",
        );
        changes.make("lr", &mut dcgan.lr, flags.lr, "the steps to come use it");
        changes.make(
            "beta1",
            &mut dcgan.beta1,
            flags.beta1,
            "the steps to come use it, on moments kept under the old one",
        );
        changes.make(
            "beta2",
            &mut dcgan.beta2,
            flags.beta2,
            "the steps to come use it, on moments kept under the old one",
        );
        changes.make("eps", &mut dcgan.eps, flags.eps, "the steps to come use it");
        changes.refuse("init-std", &mut dcgan.init_std, flags.init_std);
        changes.make("objective", &mut dcgan.objective, flags.objective, "losses before and after do not compare");
        let data = flags.data.as_ref().map(|path| Some(std::path::absolute(path).unwrap_or_else(|_| path.clone())));
        changes.make("data", &mut self.data, data, "the networks go on with these pictures");
        changes.make("portraits", &mut self.portraits, flags.portraits, "the order of the pictures is another");
        changes.make("rendering", &mut self.rendering, flags.rendering, "the networks go on with these pictures");
        changes.make("flip", &mut self.flip, flags.flip, "the steps to come follow it");
        let length = flags.steps.map(Length::Steps).or(flags.epochs.map(Length::Epochs));
        changes.make("length", &mut self.length, length, "counted from the start of the run");
        let frequency = "from here on";
        changes.make("checkpoint-every", &mut self.checkpoint_every, flags.checkpoint_every, frequency);
        changes.make("sample-every", &mut self.sample_every, flags.sample_every, frequency);
        changes.make("log-every", &mut self.log_every, flags.log_every, frequency);
        let other = "another kind of adapter rounds differently, so the run is no longer the uninterrupted one's twin";
        changes.make("adapter", &mut self.adapter, flags.adapter.clone().map(Some), other);
        changes
    }

    /// Refuses values that no run can have, for `config.toml` may have been written by hand.
    ///
    /// # Errors
    /// A sentence that names the value.
    pub fn check(&self) -> Result<(), Error> {
        let dcgan::Config { size, batch, nz, ngf, ndf, lr, beta1, beta2, eps, init_std, .. } = self.dcgan;
        let wrong = |name: &str, reason: String| Error::Config(format!("{name}: {reason}"));
        picture_size(&size.to_string()).map_err(|reason| wrong("size", reason))?;
        for (name, value, most) in [("batch", batch, 4096), ("nz", nz, 4096), ("ngf", ngf, 1024), ("ndf", ndf, 1024)] {
            count(&value.to_string(), most).map_err(|reason| wrong(name, reason))?;
        }
        for (name, value) in [("lr", lr), ("eps", eps), ("init_std", init_std)] {
            rate(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        for (name, value) in [("beta1", beta1), ("beta2", beta2)] {
            decay(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        for (name, width) in [("ngf", ngf), ("ndf", ndf)] {
            let widest = width * (size / 8);
            if widest > WIDEST {
                let reason = format!(
                    "{width} at {size}×{size} pixels makes a stage of {widest} channels, and {WIDEST} are the most; \
                     take at most {}",
                    WIDEST / (size / 8)
                );
                return Err(wrong(name, reason));
            }
        }
        let counts = [self.checkpoint_every, self.sample_every, self.log_every, u64::from(self.portraits)];
        if counts.contains(&0) {
            return Err(Error::Config("checkpoint_every, sample_every, log_every and portraits are 1 or more".into()));
        }
        match self.recipe.as_str() {
            "dcgan" => Ok(()),
            other => Err(wrong("recipe", format!("this program trains dcgan, not {other}"))),
        }
    }
}

impl Changes {
    fn make<T: PartialEq + Serialize>(&mut self, name: &str, field: &mut T, flag: Option<T>, meaning: &str) {
        let Some(value) = flag.filter(|value| value != field) else { return };
        self.made.push(format!("--{name}: {} instead of {}; {meaning}", shown(&value), shown(field)));
        *field = value;
    }

    fn refuse<T: PartialEq + Display>(&mut self, name: &str, field: &mut T, flag: Option<T>) {
        let Some(value) = flag.filter(|value| value != field) else { return };
        self.refused.push(format!(
            "--{name} {value} does not fit this run: its networks were made with {name} = {field} and cannot change; \
             leave the flag out, or start a new run"
        ));
        *field = value;
    }
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

fn picture_size(text: &str) -> Result<usize, String> {
    let size = text.parse().ok().filter(|size: &usize| size.is_power_of_two() && (16..=512).contains(size));
    size.ok_or_else(|| format!("{text} is not a power of two from 16 to 512"))
}

fn count(text: &str, most: usize) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| format!("{text} is not a whole number from 1 to {most}"))
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| *rate > 0.0 && *rate <= 1.0);
    rate.ok_or_else(|| format!("{text} is not a number above 0 and up to 1"))
}

fn decay(text: &str) -> Result<f64, String> {
    let decay = text.parse().ok().filter(|decay: &f64| (0.0..1.0).contains(decay));
    decay.ok_or_else(|| format!("{text} is not a number from 0 to below 1"))
}

/// A value from the name that `config.toml` gives it.
fn named<T: DeserializeOwned>(name: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(name.into())
}

//! What a DCGAN run can be told: its values, their flags, and the presets.

mod regularization;

use std::path::{Path, absolute};

use serde::{Deserialize, Serialize};

pub use self::regularization::{Regularization, RegularizationFlags};
use crate::{
    models::dcgan::{Design, Normalization, Upsampling},
    train::{
        Error,
        config::{Changes, Networks, RecipeFlags, RunConfig, Source, wrong},
        flags::{count, decay, heading, one_of, part, picture_size, rate, weight},
        noise,
        objective::Objective,
        preset::{Length, Preset},
        update::Update,
    },
};

/// The objectives, as the command line and `config.toml` spell them.
const OBJECTIVES: [&str; 6] = ["minimax", "non-saturating", "lsgan", "hinge", "wasserstein", "relativistic"];

/// Those of them that ask nothing of the discriminator and compare no pairs: what translators can play for.
pub(crate) const GAN_MODES: [&str; 4] = ["minimax", "non-saturating", "lsgan", "hinge"];

/// The widest stage that a network may have, in channels: beyond it one weight alone takes a GiB.
const WIDEST: usize = 4096;

/// Everything that decides what a run computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Side of the pictures in pixels: 16, 32, 64, 128, 256, …
    pub size: usize,
    /// Pictures in a batch.
    pub batch: usize,
    /// Length of the noise vector.
    pub nz: usize,
    /// Channels of the generator's last hidden stage.
    pub ngf: usize,
    /// Channels of the discriminator's first stage.
    pub ndf: usize,
    /// Learning rate of both networks, or of the generator alone.
    pub lr: f64,
    /// Learning rate of the discriminator, where it has its own (Heusel et al., 2017).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lr_d: Option<f64>,
    /// Decay of Adam's first moment.
    pub beta1: f64,
    /// Decay of Adam's second moment.
    pub beta2: f64,
    /// Added to Adam's divisor.
    pub eps: f64,
    /// Spread of the first weights.
    pub init_std: f64,
    /// What the two networks minimise.
    pub objective: Objective,
    /// Where the networks are built otherwise than in the paper.
    #[serde(flatten)]
    pub design: Design,
    /// What holds the discriminator back.
    #[serde(flatten)]
    pub regularization: Regularization,
    /// The names of the pictures' classes, where both networks are told them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// What the optimizers do besides.
    #[serde(flatten)]
    pub update: Update,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        let objective = Objective::NonSaturating;
        let (lr, beta1, beta2, eps, init_std) = (2e-4, 0.5, 0.999, 1e-8, 0.02);
        Self {
            size: 64,
            batch: 64,
            nz: 100,
            ngf: 64,
            ndf: 64,
            lr,
            lr_d: None,
            beta1,
            beta2,
            eps,
            init_std,
            objective,
            design: Design::default(),
            regularization: Regularization::default(),
            classes: Vec::new(),
            update: Update::default(),
            seed: 0,
        }
    }
}

/// The flags that are a DCGAN's own.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct Flags {
    #[command(flatten)]
    #[allow(missing_docs, reason = "a comment here would stand in the help")]
    pub common: noise::Flags,

    /// Added to Adam's divisor [default: 1e-8]
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true, value_parser = rate)]
    pub eps: Option<f64>,

    /// Spread of the first weights, of convolutions around 0 and of normalisations around 1 [default: 0.02]
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true, value_parser = rate)]
    pub init_std: Option<f64>,

    /// What the two networks play for [default: non-saturating]
    #[arg(long, value_name = "NAME", help_heading = heading::NETWORKS,
        value_parser = one_of::<Objective>(&OBJECTIVES))]
    pub objective: Option<Objective>,

    /// How the generator doubles the side of what it draws: by transposed convolutions, or by repeating pixels and a
    /// convolution, which leaves no checkerboard [default: transposed]
    #[arg(long, value_name = "NAME", help_heading = heading::NETWORKS,
        value_parser = one_of::<Upsampling>(&["transposed", "nearest"]))]
    pub upsample: Option<Upsampling>,

    /// What the discriminator normalises: its batches, its weights (spectral normalisation) or nothing [default: batch]
    #[arg(long, value_name = "NAME", help_heading = heading::NETWORKS,
        value_parser = one_of::<Normalization>(&["batch", "spectral", "none"]))]
    pub norm_d: Option<Normalization>,

    /// Tell the discriminator how much the pictures of a batch differ, against collapse
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        help_heading = heading::NETWORKS)]
    pub minibatch_stddev: Option<bool>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "a comment here would stand in the help")]
    pub regularization: RegularizationFlags,
    /// Draw by classes: `folders` (each folder in --data is one), a CSV file (a line for each picture), or an attribute
    /// of the drawn portraits, such as hair_colour
    #[arg(long, value_name = "folders|FILE|NAME", help_heading = heading::PICTURES)]
    pub labels: Option<String>,

    /// The column of the CSV file that holds the classes [default: the one beside that of the files]
    #[arg(long, value_name = "NAME", help_heading = heading::PICTURES)]
    pub label_column: Option<String>,
}

impl RecipeFlags for Flags {
    fn recipe(&self) -> &'static str {
        "dcgan"
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn apply(&self, config: &mut RunConfig, changes: &mut Changes) {
        let RunConfig { source, networks: Networks::Dcgan(dcgan), .. } = config else { return };
        let Config { size, nz, ngf, ndf, lr, lr_d, beta1, beta2, .. } = dcgan;
        self.common.apply(source, noise::Fields { size, nz, ngf, ndf, lr, lr_d, beta1, beta2 }, changes);
        changes.make("eps", &mut dcgan.eps, self.eps, "the steps to come use it");
        changes.refuse("init-std", &mut dcgan.init_std, self.init_std);
        changes.make("objective", &mut dcgan.objective, self.objective, "losses before and after do not compare");
        changes.refuse("upsample", &mut dcgan.design.upsample, self.upsample);
        changes.refuse("norm-d", &mut dcgan.design.norm_d, self.norm_d);
        changes.refuse("minibatch-stddev", &mut dcgan.design.minibatch_stddev, self.minibatch_stddev);
        self.regularization.apply(&mut dcgan.regularization, changes);
        changes.refuse_name("labels", &mut source.labels, self.labels.as_deref().map(from_root));
        changes.refuse_name("label-column", &mut source.label_column, self.label_column.clone());
    }
}

/// The labels as `config.toml` names them: a file, which has an ending, from the root.
fn from_root(labels: &str) -> String {
    let path = Path::new(labels);
    let file = path.extension().and_then(|_| absolute(path).ok());
    file.map_or_else(|| labels.to_owned(), |path| path.display().to_string())
}

impl Config {
    /// The discriminator's learning rate.
    pub fn lr_d(&self) -> f64 {
        self.lr_d.unwrap_or(self.lr)
    }

    /// Refuses values that no run can have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let Self { size, batch, nz, ngf, ndf, lr, beta1, beta2, eps, init_std, update, .. } = *self;
        picture_size(&size.to_string()).map_err(|reason| wrong("size", reason))?;
        for (name, value, most) in [("batch", batch, 4096), ("nz", nz, 4096), ("ngf", ngf, 1024), ("ndf", ndf, 1024)] {
            count(&value.to_string(), most).map_err(|reason| wrong(name, reason))?;
        }
        for (name, value) in [("lr", lr), ("lr_d", self.lr_d()), ("eps", eps), ("init_std", init_std)] {
            rate(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        self.regularization.check(&self.design)?;
        part(&update.ema_rampup.to_string()).map_err(|reason| wrong("ema_rampup", reason))?;
        weight(&update.clip_grad_norm.to_string()).map_err(|reason| wrong("clip_grad_norm", reason))?;
        for (name, value) in [("beta1", beta1), ("beta2", beta2), ("ema", update.ema)] {
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
        Ok(())
    }
}

/// The starting points of a DCGAN; the first is for GPUs, the last for CPUs.
pub(crate) fn presets() -> Vec<Preset> {
    let paper = Config::default();
    let of = |name, about, config| Preset {
        name,
        about,
        source: Source::portraits(2048),
        flip: false,
        length: Length::Epochs(25),
        sample_every: 250,
        checkpoint_every: 500,
        networks: Networks::Dcgan(config),
    };
    let small = Config { size: 32, batch: 16, nz: 64, ngf: 32, ndf: 16, lr: 4e-4, ..paper.clone() };
    let few = |config: &Config| {
        let augment = "color,translation".parse().ok();
        Config {
            update: Update { ema: 0.999, ema_rampup: 0.05, ..Update::default() },
            regularization: Regularization { augment, ..Regularization::default() },
            ..config.clone()
        }
    };
    let of_few = |name, steps, config| Preset {
        flip: true,
        length: Length::Steps(steps),
        ..of(name, "for some hundred pictures: augmented, mirrored, averaged", few(config))
    };
    vec![
        of("dcgan64", "the paper's networks, as pytorch/examples builds them", paper.clone()),
        of("dcgan32", "one stage less", Config { size: 32, ..paper.clone() }),
        of("dcgan128", "one stage more, 1024 channels at the widest", Config { size: 128, batch: 32, ..paper.clone() }),
        of(
            "dcgan256",
            "two stages more, at half the width",
            Config { size: 256, batch: 16, ngf: 32, ndf: 32, ..paper.clone() },
        ),
        of_few("few64", 20_000, &Config { batch: 16, ..paper }),
        of_few("few32", 6000, &small),
        Preset {
            length: Length::Steps(4000),
            sample_every: 100,
            checkpoint_every: 200,
            ..of("small", "what a CPU trains in minutes", small)
        },
    ]
}

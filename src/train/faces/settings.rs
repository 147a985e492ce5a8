//! What a run of faces can be told: its values, their flags, and the presets.

use serde::{Deserialize, Serialize};

use crate::{
    models::fastgan::Fastgan,
    train::{
        Error,
        augment::DiffAugment,
        config::{Changes, Networks, RecipeFlags, RunConfig, Source, wrong},
        flags::{count, decay, heading, part, rate, weight},
        noise,
        preset::{Length, Preset},
        update::Update,
    },
};

/// The sides that pictures may have.
const SIZES: [usize; 3] = [64, 128, 256];

/// The weight of drawing again. With 1, hair of drawn portraits had few colours at a time, which wandered.
const REDRAW: f64 = 10.0;

/// Everything that decides what a run computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Side of the pictures in pixels: 64, 128 or 256.
    pub size: usize,
    /// Pictures in a batch.
    pub batch: usize,
    /// Length of the noise vector.
    pub nz: usize,
    /// Channels of the generator at 128 pixels.
    pub ngf: usize,
    /// Channels of the discriminator at 64 pixels.
    pub ndf: usize,
    /// Learning rate of both networks, or of the generator alone.
    pub lr: f64,
    /// Learning rate of the discriminator, where it has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lr_d: Option<f64>,
    /// Decay of Adam's first moment.
    pub beta1: f64,
    /// Decay of Adam's second moment.
    pub beta2: f64,
    /// Weight of the discriminator's task to draw real pictures again from what it has kept of them.
    pub redraw: f64,
    /// What is done to every picture that the discriminator sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augment: Option<DiffAugment>,
    /// What the optimizers do besides.
    #[serde(flatten)]
    pub update: Update,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for Config {
    /// The published values; averages forget the first weights, which the published ones do not.
    fn default() -> Self {
        let Fastgan { size, nz, ngf, ndf } = Fastgan::default();
        Self {
            size,
            batch: 8,
            nz,
            ngf,
            ndf,
            lr: 2e-4,
            lr_d: None,
            beta1: 0.5,
            beta2: 0.999,
            redraw: REDRAW,
            augment: "color,translation".parse().ok(),
            update: Update { ema: 0.999, ema_rampup: 0.05, ..Update::default() },
            seed: 0,
        }
    }
}

/// The flags that are this recipe's own.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct Flags {
    #[command(flatten)]
    #[allow(missing_docs, reason = "a comment here would stand in the help")]
    pub common: noise::Flags,

    /// Change every picture that the discriminator sees at random (DiffAugment): a list of color, translation, cutout
    /// [default: color,translation]
    #[arg(long, value_name = "LIST", help_heading = heading::PICTURES)]
    pub augment: Option<DiffAugment>,

    /// Weight of the discriminator's task to draw real pictures again from what it has kept of them; 0 sets none
    /// [default: 10]
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = weight)]
    pub redraw: Option<f64>,
}

impl RecipeFlags for Flags {
    fn recipe(&self) -> &'static str {
        "faces"
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn apply(&self, config: &mut RunConfig, changes: &mut Changes) {
        let RunConfig { source, networks: Networks::Faces(faces), .. } = config else { return };
        let Config { size, nz, ngf, ndf, lr, lr_d, beta1, beta2, .. } = faces;
        self.common.apply(source, noise::Fields { size, nz, ngf, ndf, lr, lr_d, beta1, beta2 }, changes);
        let follow = "the steps to come follow it";
        changes.make("augment", &mut faces.augment, self.augment.clone().map(Some), follow);
        changes.make("redraw", &mut faces.redraw, self.redraw, follow);
    }
}

impl Config {
    /// The sizes of the networks.
    pub fn networks(&self) -> Fastgan {
        let Self { size, nz, ngf, ndf, .. } = *self;
        Fastgan { size, nz, ngf, ndf }
    }

    /// The discriminator's learning rate.
    pub fn lr_d(&self) -> f64 {
        self.lr_d.unwrap_or(self.lr)
    }

    /// Refuses values that no run can have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let Self { size, batch, nz, ngf, ndf, lr, beta1, beta2, redraw, update, .. } = *self;
        if !SIZES.contains(&size) {
            return Err(wrong("size", format!("{size} is none of 64, 128 and 256, which faces draws; or take dcgan")));
        }
        for (name, value, most) in [("batch", batch, 4096), ("nz", nz, 4096), ("ngf", ngf, 256), ("ndf", ndf, 256)] {
            count(&value.to_string(), most).map_err(|reason| wrong(name, reason))?;
        }
        for (name, width, multiple) in [("ngf", ngf, 2), ("ndf", ndf, 4)] {
            if !width.is_multiple_of(multiple) {
                return Err(wrong(name, format!("{width} is no multiple of {multiple}")));
            }
        }
        for (name, value) in [("lr", lr), ("lr_d", self.lr_d())] {
            rate(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        for (name, value) in [("redraw", redraw), ("clip_grad_norm", update.clip_grad_norm)] {
            weight(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        part(&update.ema_rampup.to_string()).map_err(|reason| wrong("ema_rampup", reason))?;
        for (name, value) in [("beta1", beta1), ("beta2", beta2), ("ema", update.ema)] {
            decay(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        Ok(())
    }
}

/// The starting points of faces; the first is for GPUs, the last for CPUs.
pub(crate) fn presets() -> Vec<Preset> {
    let of = |name, about, steps, config| Preset {
        name,
        about,
        source: Source::portraits(2048),
        flip: true,
        length: Length::Steps(steps),
        sample_every: 500,
        checkpoint_every: 1000,
        networks: Networks::Faces(config),
    };
    let published = Config::default();
    vec![
        of("faces64", "the published networks but for two stages", 50_000, Config { size: 64, ..published.clone() }),
        of("faces128", "but for one", 50_000, Config { size: 128, ..published.clone() }),
        of("faces256", "as published for 256 pixels", 50_000, published.clone()),
        Preset {
            sample_every: 250,
            checkpoint_every: 500,
            ..of(
                "faces-small",
                "what a CPU trains in twenty minutes",
                6000,
                Config { size: 64, nz: 64, ngf: 16, ndf: 16, ..published },
            )
        },
    ]
}

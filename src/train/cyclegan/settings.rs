//! What a CycleGAN run can be told: its values, their flags, and the presets.

use serde::{Deserialize, Serialize};

use crate::{
    data::Fit,
    train::{
        Error,
        config::{Changes, Networks, RecipeFlags, RunConfig, Source, wrong},
        dcgan::GAN_MODES,
        flags::{count, heading, one_of, weight},
        objective::Objective,
        preset::{Length, Preset},
        translate::{self, Common},
        update::Update,
    },
};

/// Everything that decides what a run computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// What it shares with the other recipes from picture to picture.
    #[serde(flatten)]
    pub common: Common,
    /// Channels of the generators' outermost stage.
    pub ngf: usize,
    /// Channels of the discriminators' first stage.
    pub ndf: usize,
    /// Residual blocks of the generators.
    pub blocks: usize,
    /// Halvings of the discriminators.
    pub d_layers: usize,
    /// Weight of A → B → A.
    pub lambda_a: f64,
    /// Weight of B → A → B.
    pub lambda_b: f64,
    /// Weight of the identity loss, as a part of the two above.
    pub lambda_identity: f64,
    /// Pictures that each discriminator's pool holds.
    pub pool_size: usize,
    /// What generators and discriminators minimise.
    pub gan_mode: Objective,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            common: Common {
                size: [128; 2],
                load_size: [143; 2],
                preprocess: Fit::Cover,
                batch: 1,
                micro_batch: 0,
                checkpoint_activations: false,
                lr: 2e-4,
                beta1: 0.5,
                beta2: 0.999,
                decay: 0.5,
                update: Update::default(),
                seed: 0,
            },
            ngf: 64,
            ndf: 64,
            blocks: 6,
            d_layers: 3,
            lambda_a: 10.0,
            lambda_b: 10.0,
            lambda_identity: 0.5,
            pool_size: 50,
            gan_mode: Objective::Lsgan,
        }
    }
}

/// The flags of CycleGAN, under the names that pytorch-CycleGAN-and-pix2pix has made known.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct Flags {
    #[command(flatten)]
    common: translate::Flags,

    /// Residual blocks of the generators: 9 for 256 pixels and more, 6 for 128
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 64))]
    blocks: Option<usize>,

    /// Width of the generators: channels of the outermost stage
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 1024))]
    ngf: Option<usize>,

    /// Width of the discriminators: channels of the first stage
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 512))]
    ndf: Option<usize>,

    /// Halvings of the discriminators: 3 judge patches of 70×70 pixels
    #[arg(long = "n-layers-d", value_name = "N", aliases = ["n_layers_D", "n-layers-D"],
        help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 6))]
    d_layers: Option<usize>,

    /// Weight of the cycle A → B → A
    #[arg(long, value_name = "X", alias = "lambda_A", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_a: Option<f64>,

    /// Weight of the cycle B → A → B
    #[arg(long, value_name = "X", alias = "lambda_B", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_b: Option<f64>,

    /// Weight of the identity loss, as a part of the cycles'; it keeps colours, 0 leaves it out
    #[arg(long, value_name = "X", alias = "lambda_identity", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_identity: Option<f64>,

    /// Pictures in the pool that each discriminator is shown; 0 shows it the newest alone
    #[arg(long, value_name = "N", alias = "pool_size", help_heading = heading::TRAINING,
        value_parser = |text: &str| if text == "0" { Ok(0) } else { count(text, 4096) })]
    pool_size: Option<usize>,

    /// What generators and discriminators play for
    #[arg(long, value_name = "NAME", alias = "gan_mode", help_heading = heading::NETWORKS,
        value_parser = one_of::<Objective>(&GAN_MODES))]
    gan_mode: Option<Objective>,
}

impl RecipeFlags for Flags {
    fn recipe(&self) -> &'static str {
        "cyclegan"
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn apply(&self, run: &mut RunConfig, changes: &mut Changes) {
        let Networks::Cyclegan(config) = &mut run.networks else { return };
        let size = config.common.size;
        self.common.apply(&mut config.common, &mut run.source, changes);
        if config.common.size != size && config.pool_size > 0 {
            let [height, width] = size;
            changes.refused.push(format!(
                "--size does not fit this run: its pools hold pictures of {width}x{height} pixels; leave the flag out, \
                 or start a new run"
            ));
        }
        self.common.apply_to_run(&mut run.flip, &mut run.length, changes);
        changes.refuse("blocks", &mut config.blocks, self.blocks);
        changes.refuse("ngf", &mut config.ngf, self.ngf);
        changes.refuse("ndf", &mut config.ndf, self.ndf);
        changes.refuse("n-layers-d", &mut config.d_layers, self.d_layers);
        changes.refuse("pool-size", &mut config.pool_size, self.pool_size);
        let other = "losses before and after do not compare";
        changes.make("lambda-a", &mut config.lambda_a, self.lambda_a, other);
        changes.make("lambda-b", &mut config.lambda_b, self.lambda_b, other);
        changes.make("lambda-identity", &mut config.lambda_identity, self.lambda_identity, other);
        changes.make("gan-mode", &mut config.gan_mode, self.gan_mode, other);
    }
}

impl Config {
    /// Refuses values that no run can have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.common.check()?;
        let counts = [("blocks", self.blocks, 64), ("ngf", self.ngf, 1024), ("ndf", self.ndf, 512)];
        for (name, value, most) in counts.into_iter().chain([("n-layers-d", self.d_layers, 6)]) {
            count(&value.to_string(), most).map_err(|reason| wrong(name, reason))?;
        }
        self.gan_mode.check_for_patches().map_err(|reason| wrong("gan_mode", reason))?;
        if self.pool_size > 4096 {
            return Err(wrong("pool-size", format!("{} is more than 4096", self.pool_size)));
        }
        let weights = [("lambda-a", self.lambda_a), ("lambda-b", self.lambda_b)];
        for (name, value) in weights.into_iter().chain([("lambda-identity", self.lambda_identity)]) {
            weight(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        // Each stage halves the picture, and two more layers take three pixels off what is left.
        let least = 4 << self.d_layers;
        let smallest = self.common.size[0].min(self.common.size[1]);
        if smallest < least {
            let reason = format!("{} halvings want pictures of at least {least} pixels a side", self.d_layers);
            return Err(wrong("n-layers-d", reason));
        }
        Ok(())
    }
}

/// The starting points; the first is for GPUs, the last for CPUs.
pub(crate) fn presets() -> Vec<Preset> {
    let paper = Config::default();
    let of = |name, about, config| Preset {
        name,
        about,
        source: Source::portraits(1024),
        flip: true,
        length: Length::Epochs(200),
        sample_every: 250,
        checkpoint_every: 1000,
        networks: Networks::Cyclegan(config),
    };
    let large = Common { size: [256; 2], load_size: [286; 2], ..paper.common.clone() };
    // Narrow networks mix up colours at the paper's weight of the identity.
    let narrow = Config {
        lambda_identity: 2.0,
        common: Common { size: [64; 2], load_size: [71; 2], batch: 4, lr: 4e-4, ..paper.common.clone() },
        ngf: 24,
        ndf: 16,
        blocks: 4,
        ..paper.clone()
    };
    let small = Config {
        common: Common { size: [32; 2], load_size: [32; 2], ..narrow.common.clone() },
        d_layers: 2,
        ..narrow.clone()
    };
    vec![
        of("cyclegan128", "the paper's networks for 128 pixels", paper.clone()),
        of("cyclegan256", "the paper's networks for 256 pixels", Config { common: large, blocks: 9, ..paper.clone() }),
        Preset {
            length: Length::Steps(3000),
            sample_every: 500,
            checkpoint_every: 500,
            ..of("cyclegan64", "narrower networks for 64 pixels, within reach of a CPU", narrow)
        },
        Preset {
            length: Length::Steps(3000),
            sample_every: 500,
            checkpoint_every: 500,
            ..of("small", "what a CPU trains in minutes", small)
        },
    ]
}

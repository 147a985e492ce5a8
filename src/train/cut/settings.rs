//! What a CUT run can be told: its values, their flags, and the presets.

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
    /// Channels of the generator's outermost stage.
    pub ngf: usize,
    /// Channels of the discriminator's first stage.
    pub ndf: usize,
    /// Residual blocks of the generator.
    pub blocks: usize,
    /// Halvings of the discriminator.
    pub d_layers: usize,
    /// Length of the vectors that patches are compared as.
    pub nce_width: usize,
    /// Patches of each layer of features and picture that are compared.
    pub patches: usize,
    /// Weight of the adversarial loss.
    pub lambda_gan: f64,
    /// Weight of PatchNCE.
    pub lambda_nce: f64,
    /// Whether B is to stay as it is (CUT, not FastCUT).
    pub nce_identity: bool,
    /// Whether the generator is shown mirrored pictures at random (FastCUT).
    pub mirror: bool,
    /// What generator and discriminator minimise.
    pub gan_mode: Objective,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            common: Common {
                size: [256; 2],
                load_size: [286; 2],
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
            blocks: 9,
            d_layers: 3,
            nce_width: 256,
            patches: 256,
            lambda_gan: 1.0,
            lambda_nce: 1.0,
            nce_identity: true,
            mirror: false,
            gan_mode: Objective::Lsgan,
        }
    }
}

/// The flags of CUT, under the names that its authors' code has made known.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct Flags {
    #[command(flatten)]
    common: translate::Flags,

    /// Residual blocks of the generator: 9 for 256 pixels and more, 6 for 128
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 64))]
    blocks: Option<usize>,

    /// Width of the generator: channels of the outermost stage
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 1024))]
    ngf: Option<usize>,

    /// Width of the discriminator: channels of the first stage
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 512))]
    ndf: Option<usize>,

    /// Length of the vectors that patches are compared as
    #[arg(long, value_name = "N", aliases = ["netF-nc", "netF_nc"], help_heading = heading::NETWORKS,
        value_parser = |text: &str| count(text, 4096))]
    nce_width: Option<usize>,

    /// Patches of each layer of features and picture that are compared
    #[arg(long, value_name = "N", aliases = ["num-patches", "num_patches"], help_heading = heading::TRAINING,
        value_parser = |text: &str| count(text, 65_536))]
    patches: Option<usize>,

    /// Weight of the adversarial loss
    #[arg(long, value_name = "X", aliases = ["lambda-GAN", "lambda_GAN"], help_heading = heading::TRAINING,
        value_parser = weight)]
    lambda_gan: Option<f64>,

    /// Weight of PatchNCE, which keeps the content: 1, or 10 with --preset fastcut
    #[arg(long, value_name = "X", aliases = ["lambda-NCE", "lambda_NCE"], help_heading = heading::TRAINING,
        value_parser = weight)]
    lambda_nce: Option<f64>,

    /// What generator and discriminator play for
    #[arg(long, value_name = "NAME", alias = "gan_mode", help_heading = heading::NETWORKS,
        value_parser = one_of::<Objective>(&GAN_MODES))]
    gan_mode: Option<Objective>,
}

impl RecipeFlags for Flags {
    fn recipe(&self) -> &'static str {
        "cut"
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn apply(&self, run: &mut RunConfig, changes: &mut Changes) {
        let Networks::Cut(config) = &mut run.networks else { return };
        self.common.apply(&mut config.common, &mut run.source, changes);
        self.common.apply_to_run(&mut run.flip, &mut run.length, changes);
        changes.refuse("blocks", &mut config.blocks, self.blocks);
        changes.refuse("ngf", &mut config.ngf, self.ngf);
        changes.refuse("ndf", &mut config.ndf, self.ndf);
        changes.refuse("nce-width", &mut config.nce_width, self.nce_width);
        let other = "losses before and after do not compare";
        changes.make("patches", &mut config.patches, self.patches, other);
        changes.make("lambda-gan", &mut config.lambda_gan, self.lambda_gan, other);
        changes.make("lambda-nce", &mut config.lambda_nce, self.lambda_nce, other);
        changes.make("gan-mode", &mut config.gan_mode, self.gan_mode, other);
    }
}

impl Config {
    /// Refuses values that no run can have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.common.check()?;
        let counts = [
            ("blocks", self.blocks, 64),
            ("ngf", self.ngf, 1024),
            ("ndf", self.ndf, 512),
            ("n-layers-d", self.d_layers, 6),
            ("nce-width", self.nce_width, 4096),
            ("patches", self.patches, 65_536),
        ];
        for (name, value, most) in counts {
            count(&value.to_string(), most).map_err(|reason| wrong(name, reason))?;
        }
        self.gan_mode.check_for_patches().map_err(|reason| wrong("gan_mode", reason))?;
        for (name, value) in [("lambda-gan", self.lambda_gan), ("lambda-nce", self.lambda_nce)] {
            weight(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        let smallest = self.common.size[0].min(self.common.size[1]);
        if smallest < 4 << self.d_layers {
            return Err(wrong(
                "size",
                format!("the discriminator wants at least {} pixels a side", 4 << self.d_layers),
            ));
        }
        Ok(())
    }
}

/// The starting points; the first is for GPUs, the last for CPUs.
pub(crate) fn presets() -> Vec<Preset> {
    let paper = Config::default();
    let fast = Config { lambda_nce: 10.0, nce_identity: false, mirror: true, ..paper.clone() };
    let of = |name, about, epochs, config| Preset {
        name,
        about,
        source: Source::portraits(1024),
        flip: true,
        length: Length::Epochs(epochs),
        sample_every: 250,
        checkpoint_every: 1000,
        networks: Networks::Cut(config),
    };
    let falling = |config: &Config, decay| Common { decay, ..config.common.clone() };
    let small = Common { size: [32; 2], load_size: [32; 2], batch: 4, lr: 4e-4, ..paper.common.clone() };
    vec![
        of("cut", "the paper's networks for 256 pixels", 400, paper.clone()),
        of(
            "fastcut",
            "the faster variant: heavier PatchNCE, no identity",
            200,
            Config { common: falling(&fast, 0.25), ..fast },
        ),
        Preset {
            length: Length::Steps(4000),
            sample_every: 500,
            checkpoint_every: 500,
            ..of(
                "small",
                "what a CPU trains in minutes",
                0,
                Config {
                    common: small,
                    ngf: 24,
                    ndf: 24,
                    blocks: 4,
                    d_layers: 2,
                    nce_width: 64,
                    patches: 128,
                    ..paper
                },
            )
        },
    ]
}

//! What an anime run can be told: its values, their flags, and the presets.

use serde::{Deserialize, Serialize};

use crate::{
    data::Fit,
    train::{
        Error,
        config::{Changes, Networks, RecipeFlags, RunConfig, Source, wrong},
        flags::{count, heading, weight},
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
    /// Channels of the generator at the full size.
    pub ngf: usize,
    /// Channels of the discriminator's first stage.
    pub ndf: usize,
    /// Inverted residual blocks of the generator.
    pub blocks: usize,
    /// Halvings of the discriminator.
    pub d_layers: usize,
    /// Length of the vectors that patches are compared as.
    pub nce_width: usize,
    /// Patches of each layer of features and picture that are compared.
    pub patches: usize,
    /// The first steps, in which the generator learns to redraw what it sees, without the discriminator.
    pub warm_up: u64,
    /// Learning rate of the discriminator, as a multiple of the generator's.
    pub d_lr: f64,
    /// Weight of the adversarial loss.
    pub lambda_gan: f64,
    /// Weight of PatchNCE, which keeps the content.
    pub lambda_nce: f64,
    /// Weight of the colours' reconstruction in YUV.
    pub lambda_colour: f64,
    /// Weight of the total variation.
    pub lambda_tv: f64,
    /// Weight of the distance between anime and what becomes of it: nothing should.
    pub lambda_identity: f64,
    /// Weight of grey anime among what the discriminator learns to refuse; real and generated pictures weigh 1.
    pub lambda_grey: f64,
    /// Weight of anime with smoothed edges among it.
    pub lambda_smooth: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            common: Common {
                size: [256; 2],
                load_size: [286; 2],
                preprocess: Fit::Cover,
                batch: 4,
                micro_batch: 0,
                checkpoint_activations: false,
                lr: 2e-4,
                beta1: 0.5,
                beta2: 0.999,
                decay: 0.5,
                update: Update::default(),
                seed: 0,
            },
            ngf: 32,
            ndf: 32,
            blocks: 4,
            d_layers: 3,
            nce_width: 256,
            patches: 256,
            warm_up: 500,
            d_lr: 0.5,
            lambda_gan: 1.0,
            lambda_nce: 0.5,
            lambda_colour: 1.2,
            lambda_tv: 0.01,
            lambda_identity: 2.0,
            lambda_grey: 0.5,
            lambda_smooth: 0.5,
        }
    }
}

/// The flags of the anime recipe.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct Flags {
    #[command(flatten)]
    common: translate::Flags,

    /// Width of the generator: channels at the full size
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 512))]
    ngf: Option<usize>,

    /// Width of the discriminator: channels of the first stage
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 512))]
    ndf: Option<usize>,

    /// Inverted residual blocks of the generator
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 64))]
    blocks: Option<usize>,

    /// Halvings of the discriminator: 3 judge patches of 70×70 pixels
    #[arg(long = "n-layers-d", value_name = "N", aliases = ["n_layers_D", "n-layers-D"],
        help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 6))]
    d_layers: Option<usize>,

    /// Length of the vectors that patches are compared as
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 4096))]
    nce_width: Option<usize>,

    /// Patches of each layer of features and picture that are compared
    #[arg(long, value_name = "N", help_heading = heading::TRAINING, value_parser = |text: &str| count(text, 65_536))]
    patches: Option<usize>,

    /// First steps without the discriminator, in which the generator learns to redraw what it sees
    #[arg(long, value_name = "N", help_heading = heading::TRAINING)]
    warm_up: Option<u64>,

    /// Learning rate of the discriminator, as a multiple of the generator's
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, value_parser = weight)]
    d_lr: Option<f64>,

    /// Weight of the adversarial loss: more style
    #[arg(long, value_name = "X", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_gan: Option<f64>,

    /// Weight of PatchNCE: more of the photograph's content
    #[arg(long, value_name = "X", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_nce: Option<f64>,

    /// Weight of the reconstruction in YUV: more of the photograph's colours
    #[arg(long, value_name = "X", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_colour: Option<f64>,

    /// Weight of the total variation: smoother areas
    #[arg(long, value_name = "X", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_tv: Option<f64>,

    /// Weight of leaving anime as it is
    #[arg(long, value_name = "X", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_identity: Option<f64>,

    /// Weight of refusing grey anime: more colour
    #[arg(long, value_name = "X", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_grey: Option<f64>,

    /// Weight of refusing anime with smoothed edges: sharper lines
    #[arg(long, value_name = "X", help_heading = heading::TRAINING, value_parser = weight)]
    lambda_smooth: Option<f64>,
}

impl RecipeFlags for Flags {
    fn recipe(&self) -> &'static str {
        "anime"
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn apply(&self, run: &mut RunConfig, changes: &mut Changes) {
        let Networks::Anime(config) = &mut run.networks else { return };
        self.common.apply(&mut config.common, &mut run.source, changes);
        self.common.apply_to_run(&mut run.flip, &mut run.length, changes);
        changes.refuse("ngf", &mut config.ngf, self.ngf);
        changes.refuse("ndf", &mut config.ndf, self.ndf);
        changes.refuse("blocks", &mut config.blocks, self.blocks);
        changes.refuse("n-layers-d", &mut config.d_layers, self.d_layers);
        changes.refuse("nce-width", &mut config.nce_width, self.nce_width);
        changes.make("warm-up", &mut config.warm_up, self.warm_up, "counted from the start of the run");
        changes.make("d-lr", &mut config.d_lr, self.d_lr, "the steps to come use it");
        let other = "losses before and after do not compare";
        changes.make("patches", &mut config.patches, self.patches, other);
        changes.make("lambda-gan", &mut config.lambda_gan, self.lambda_gan, other);
        changes.make("lambda-nce", &mut config.lambda_nce, self.lambda_nce, other);
        changes.make("lambda-colour", &mut config.lambda_colour, self.lambda_colour, other);
        changes.make("lambda-tv", &mut config.lambda_tv, self.lambda_tv, other);
        changes.make("lambda-identity", &mut config.lambda_identity, self.lambda_identity, other);
        changes.make("lambda-grey", &mut config.lambda_grey, self.lambda_grey, other);
        changes.make("lambda-smooth", &mut config.lambda_smooth, self.lambda_smooth, other);
    }
}

impl Config {
    /// Refuses values that no run can have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.common.check()?;
        let counts = [
            ("ngf", self.ngf, 512),
            ("ndf", self.ndf, 512),
            ("blocks", self.blocks, 64),
            ("n-layers-d", self.d_layers, 6),
            ("nce-width", self.nce_width, 4096),
            ("patches", self.patches, 65_536),
        ];
        for (name, value, most) in counts {
            count(&value.to_string(), most).map_err(|reason| wrong(name, reason))?;
        }
        let smallest = self.common.size[0].min(self.common.size[1]);
        if smallest < 4 << self.d_layers {
            return Err(wrong(
                "size",
                format!("the discriminator wants at least {} pixels a side", 4 << self.d_layers),
            ));
        }
        let weights = [
            ("d-lr", self.d_lr),
            ("lambda-gan", self.lambda_gan),
            ("lambda-nce", self.lambda_nce),
            ("lambda-colour", self.lambda_colour),
            ("lambda-tv", self.lambda_tv),
            ("lambda-identity", self.lambda_identity),
            ("lambda-grey", self.lambda_grey),
            ("lambda-smooth", self.lambda_smooth),
        ];
        for (name, value) in weights {
            weight(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        Ok(())
    }
}

/// The starting points; the first is for GPUs, the last for CPUs.
pub(crate) fn presets() -> Vec<Preset> {
    let full = Config::default();
    let of = |name, about, config| Preset {
        name,
        about,
        source: Source::portraits(1024),
        flip: true,
        length: Length::Epochs(100),
        sample_every: 250,
        checkpoint_every: 1000,
        networks: Networks::Anime(config),
    };
    let at = |side: usize, load: usize| Common { size: [side; 2], load_size: [load; 2], ..full.common.clone() };
    let narrow = Config {
        common: Common { lr: 4e-4, ..at(64, 71) },
        ngf: 24,
        ndf: 24,
        blocks: 2,
        nce_width: 64,
        patches: 64,
        warm_up: 200,
        ..full.clone()
    };
    let small = Config { common: Common { lr: 4e-4, ..at(32, 32) }, d_layers: 2, ..narrow.clone() };
    vec![
        of("anime256", "AnimeGANv2's generator for 256 pixels", full.clone()),
        of("anime128", "the same for 128 pixels", Config { common: at(128, 143), ..full.clone() }),
        Preset {
            length: Length::Steps(3000),
            sample_every: 500,
            checkpoint_every: 500,
            ..of("anime64", "narrower networks for 64 pixels, within reach of a CPU", narrow)
        },
        Preset {
            length: Length::Steps(2400),
            sample_every: 400,
            checkpoint_every: 400,
            ..of("small", "what a CPU trains in minutes", small)
        },
    ]
}

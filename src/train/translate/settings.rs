//! Values and flags that the recipes from picture to picture share.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{
    data::{Fit, Preprocess},
    train::{
        Error,
        config::{Changes, Source, wrong},
        flags::{decay, heading, one_of, part, rate, weight},
        preset::Length,
        update::Update,
    },
};

/// How pictures come to the size of a network, as the command line and `config.toml` spell it.
const FITS: [&str; 2] = ["scale_to_cover", "resize_and_crop"];

/// Both sides of a picture are multiples of this: the generators halve them twice.
const MULTIPLE: usize = 4;

/// The smallest and the largest side that is trained on, in pixels.
const SIDES: [usize; 2] = [16, 1024];

/// What a step computes, as far as it is the same for all these recipes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Common {
    /// `[height, width]` of what is cut out of a picture for a step.
    pub size: [usize; 2],
    /// `[height, width]` that pictures are loaded at, before the cut.
    pub load_size: [usize; 2],
    /// How they are brought to that size.
    pub preprocess: Fit,
    /// Pictures of each kind in a batch.
    pub batch: usize,
    /// Pictures of a batch that are computed with at a time, see [`super::Parts`]; 0 stands for all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub micro_batch: usize,
    /// Whether generators compute their activations again, stage by stage, in the place of remembering them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub checkpoint_activations: bool,
    /// Learning rate of the networks, before it falls.
    pub lr: f64,
    /// Decay of Adam's first moment.
    pub beta1: f64,
    /// Decay of Adam's second moment.
    pub beta2: f64,
    /// The last part of the run, 0 to 1, over which the learning rates fall in a straight line to 0.
    pub decay: f64,
    /// What the optimizers do besides.
    #[serde(flatten)]
    pub update: Update,
    /// Seed of every random choice.
    pub seed: u64,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Common {
    /// What the learning rates are multiplied by when the part `progress` of the run lies behind.
    pub fn lr_factor(&self, progress: f64) -> f64 {
        if self.decay > 0.0 { ((1.0 - progress) / self.decay).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// How pictures are read.
    pub(super) fn preprocess(&self) -> Result<Preprocess, Error> {
        Ok(Preprocess::new(self.preprocess, self.load_size, self.size)?)
    }

    /// Refuses values that no run can have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        side_check(self.size).map_err(|reason| wrong("size", reason))?;
        load_check(self.load_size).map_err(|reason| wrong("load_size", reason))?;
        self.preprocess()?;
        if !(1..=4096).contains(&self.batch) {
            return Err(wrong("batch", format!("{} is not a whole number from 1 to 4096", self.batch)));
        }
        rate(&self.lr.to_string()).map_err(|reason| wrong("lr", reason))?;
        let Update { clip_grad_norm, ema, ema_rampup } = self.update;
        weight(&clip_grad_norm.to_string()).map_err(|reason| wrong("clip_grad_norm", reason))?;
        for (name, value) in [("beta1", self.beta1), ("beta2", self.beta2), ("ema", ema)] {
            decay(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        for (name, value) in [("decay", self.decay), ("ema_rampup", ema_rampup)] {
            part(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        Ok(())
    }
}

/// The flags for it, under the names that pytorch-CycleGAN-and-pix2pix has made known where it has such a flag.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct Flags {
    /// Folder with trainA (photographs) and trainB (anime), and testA and testB to be looked at
    /// [default: drawn portraits]
    #[arg(long, value_name = "DIR", alias = "dataroot", help_heading = heading::PICTURES,
        conflicts_with_all = ["photos", "anime"])]
    pub data: Option<PathBuf>,

    /// Folder of photographs, in the place of --data
    #[arg(long, value_name = "DIR", help_heading = heading::PICTURES)]
    pub photos: Option<PathBuf>,

    /// Folder of anime pictures, in the place of --data
    #[arg(long, value_name = "DIR", help_heading = heading::PICTURES)]
    pub anime: Option<PathBuf>,

    /// How many people are drawn where there is no folder: so many as photographs, as many others as anime
    #[arg(long, value_name = "N", help_heading = heading::PICTURES,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub portraits: Option<u32>,

    /// What a step sees of a picture, in pixels: a side, or WIDTHxHEIGHT; multiples of 4 from 16 to 1024
    #[arg(long, value_name = "PX", aliases = ["crop-size", "crop_size"], help_heading = heading::PICTURES,
        value_parser = size)]
    pub size: Option<Size>,

    /// What pictures are resized to before a part of --size is cut out at random: a side, or WIDTHxHEIGHT
    #[arg(long, value_name = "PX", alias = "load_size", help_heading = heading::PICTURES, value_parser = load_size)]
    pub load_size: Option<Size>,

    /// How: scale_to_cover keeps the aspect and cuts off what is too much, resize_and_crop stretches all of the picture
    #[arg(long, value_name = "HOW", help_heading = heading::PICTURES, value_parser = one_of::<Fit>(&FITS))]
    pub preprocess: Option<Fit>,

    /// No mirroring: the same as --flip=false
    #[arg(long, alias = "no_flip", conflicts_with = "flip", help_heading = heading::PICTURES)]
    pub no_flip: bool,

    /// Remember a generator's activations at the ends of its stages only, and compute the others again for their
    /// gradients: the same result in less memory and more time (--checkpoint-activations=false switches it off at a
    /// resume)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        help_heading = heading::TRAINING)]
    pub checkpoint_activations: Option<bool>,

    /// Learning rate (Adam)
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true, value_parser = rate)]
    pub lr: Option<f64>,

    /// Decay of Adam's first moment
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = decay)]
    pub beta1: Option<f64>,

    /// Decay of Adam's second moment
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = decay)]
    pub beta2: Option<f64>,

    /// The last part of the run over which the learning rate falls to 0: 0.5 is its second half, 0 keeps it constant
    #[arg(long, value_name = "X", help_heading = heading::TRAINING, allow_negative_numbers = true,
        value_parser = part)]
    pub decay: Option<f64>,

    /// Epochs at the full learning rate, with --n-epochs-decay in the place of --epochs and --decay
    #[arg(long, value_name = "N", alias = "n_epochs", help_heading = heading::TRAINING, requires = "n_epochs_decay",
        conflicts_with_all = ["steps", "epochs", "decay"], value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub n_epochs: Option<u64>,

    /// Epochs over which it falls to 0
    #[arg(long, value_name = "N", alias = "n_epochs_decay", help_heading = heading::TRAINING, requires = "n_epochs",
        value_parser = clap::value_parser!(u64).range(0..=1 << 20))]
    pub n_epochs_decay: Option<u64>,
}

/// `[height, width]`, shown as a person writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub [usize; 2]);

impl Flags {
    /// Takes them over.
    pub(crate) fn apply(&self, common: &mut Common, source: &mut Source, changes: &mut Changes) {
        let others = "the networks go on with these pictures";
        changes.make_path("data", &mut source.data, self.data.as_ref(), others);
        changes.make_path("photos", &mut source.photos, self.photos.as_ref(), others);
        changes.make_path("anime", &mut source.anime, self.anime.as_ref(), others);
        changes.make("portraits", &mut source.portraits, self.portraits, "the order of the pictures is another");

        let [size, load_size] = [self.size, self.load_size].map(|size| size.map(|Size(size)| size));
        // Where the size alone is given, pictures are loaded as they are used.
        let load_size = load_size.or(size);
        changes.make("size", &mut common.size, size, "the networks fit any size, but have learnt another");
        changes.make("load-size", &mut common.load_size, load_size, "the steps to come follow it");
        changes.make("preprocess", &mut common.preprocess, self.preprocess, "the steps to come follow it");
        let again = "the gradients are the same within rounding";
        changes.make("checkpoint-activations", &mut common.checkpoint_activations, self.checkpoint_activations, again);
        changes.make("lr", &mut common.lr, self.lr, "the steps to come use it");
        let moments = "the steps to come use it, on moments kept under the old one";
        changes.make("beta1", &mut common.beta1, self.beta1, moments);
        changes.make("beta2", &mut common.beta2, self.beta2, moments);
        let falling = self.epochs().map(|(full, falling)| falling as f64 / (full + falling) as f64);
        let rates = "the learning rates of the steps to come are others";
        changes.make("decay", &mut common.decay, self.decay.or(falling), rates);
    }

    /// Takes over those that other recipes spell otherwise.
    pub(crate) fn apply_to_run(&self, flip: &mut bool, length: &mut Length, changes: &mut Changes) {
        changes.make("flip", flip, self.no_flip.then_some(false), "the steps to come follow it");
        let epochs = self.epochs().map(|(full, falling)| Length::Epochs(full + falling));
        changes.make("n-epochs", length, epochs, "counted from the start of the run");
    }

    /// Epochs at the full learning rate, and over which it falls.
    fn epochs(&self) -> Option<(u64, u64)> {
        self.n_epochs.zip(self.n_epochs_decay)
    }
}

/// Refuses sources that do not go together.
pub(super) fn check_source(source: &Source) -> Result<(), Error> {
    match (&source.data, &source.photos, &source.anime) {
        (_, Some(_), None) => Err(wrong("photos", "goes with --anime: there are two kinds of pictures to learn from")),
        (_, None, Some(_)) => Err(wrong("anime", "goes with --photos: there are two kinds of pictures to learn from")),
        (Some(_), Some(_), _) => Err(wrong("data", "is given beside photos and anime; one of the two will do")),
        _ => Ok(()),
    }
}

fn size(text: &str) -> Result<Size, String> {
    let size = load_size(text)?;
    side_check(size.0).map(|()| size)
}

fn side_check(size: [usize; 2]) -> Result<(), String> {
    let [least, most] = SIDES;
    let good = |side: &usize| side.is_multiple_of(MULTIPLE) && (least..=most).contains(side);
    if size.iter().all(good) {
        return Ok(());
    }
    Err(format!("{}x{}: both sides must be multiples of {MULTIPLE} from {least} to {most}", size[1], size[0]))
}

fn load_size(text: &str) -> Result<Size, String> {
    let parsed = match text.split_once('x') {
        Some((width, height)) => height.parse().ok().zip(width.parse().ok()),
        None => text.parse().ok().map(|side| (side, side)),
    };
    let size = parsed.map(|(height, width)| Size([height, width]));
    let size = size.ok_or_else(|| format!("{text} is neither a side in pixels nor WIDTHxHEIGHT"))?;
    load_check(size.0).map(|()| size)
}

fn load_check(size: [usize; 2]) -> Result<(), String> {
    let [least, most] = [SIDES[0], 2 * SIDES[1]];
    let good = size.iter().all(|side| (least..=most).contains(side));
    good.then_some(()).ok_or_else(|| format!("{}x{}: both sides must be {least} to {most} pixels", size[1], size[0]))
}

#[cfg(test)]
mod tests {
    use super::{Size, load_size, size};

    #[test]
    fn sizes_are_sides_or_width_by_height() {
        assert_eq!(size("64"), Ok(Size([64, 64])));
        assert_eq!(size("96x128"), Ok(Size([128, 96])));
        assert_eq!(load_size("71x143"), Ok(Size([143, 71])));
        for wrong in ["65", "12", "64x", "x64", "64x66", "2048", "-64", "64x64x64"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}

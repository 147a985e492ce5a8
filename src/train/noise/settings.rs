//! The flags that the recipes from noise to pictures share.

use std::path::PathBuf;

use crate::{
    data::portraits::Rendering,
    train::{
        config::{Changes, Source},
        flags::{count, decay, heading, one_of, picture_size, rate},
    },
};

/// How portraits are drawn, as the command line and `config.toml` spell it.
const RENDERINGS: [&str; 2] = ["anime", "photo"];

/// The flags.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct Flags {
    /// Folder of pictures, searched to the bottom: JPEG, PNG, WebP, BMP, GIF [default: built-in drawn portraits]
    #[arg(long, value_name = "DIR", help_heading = heading::PICTURES)]
    pub data: Option<PathBuf>,

    /// How many portraits are drawn where there is no --data [default: 2048]
    #[arg(long, value_name = "N", help_heading = heading::PICTURES,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub portraits: Option<u32>,

    /// How the portraits are drawn [default: anime]
    #[arg(long, value_name = "STYLE", help_heading = heading::PICTURES,
        value_parser = one_of::<Rendering>(&RENDERINGS))]
    pub rendering: Option<Rendering>,

    /// Side of the pictures in pixels, a power of two from 16 to 512, of faces 64, 128 or 256; pictures are resized and
    /// cropped to it
    #[arg(long, value_name = "PX", help_heading = heading::PICTURES, value_parser = picture_size)]
    pub size: Option<usize>,

    /// Length of the noise vector that a picture is made from
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 4096))]
    pub nz: Option<usize>,

    /// Width of the generator: of a DCGAN the channels of its last hidden stage, of faces those at 128 pixels
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 1024))]
    pub ngf: Option<usize>,

    /// Width of the discriminator: of a DCGAN the channels of its first stage, of faces those at 64 pixels
    #[arg(long, value_name = "N", help_heading = heading::NETWORKS, value_parser = |text: &str| count(text, 1024))]
    pub ndf: Option<usize>,

    /// Learning rate of both networks (Adam)
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true, value_parser = rate)]
    pub lr: Option<f64>,

    /// Learning rate of the discriminator, where it is to be another [default: that of --lr]
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true, value_parser = rate)]
    pub lr_d: Option<f64>,

    /// Decay of Adam's first moment
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = decay)]
    pub beta1: Option<f64>,

    /// Decay of Adam's second moment
    #[arg(long, value_name = "X", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = decay)]
    pub beta2: Option<f64>,
}

/// The values that they are for.
pub(in crate::train) struct Fields<'a> {
    pub size: &'a mut usize,
    pub nz: &'a mut usize,
    pub ngf: &'a mut usize,
    pub ndf: &'a mut usize,
    pub lr: &'a mut f64,
    pub lr_d: &'a mut Option<f64>,
    pub beta1: &'a mut f64,
    pub beta2: &'a mut f64,
}

impl Flags {
    /// Takes the flags over.
    pub(in crate::train) fn apply(&self, source: &mut Source, fields: Fields<'_>, changes: &mut Changes) {
        changes.refuse("size", fields.size, self.size);
        changes.refuse("nz", fields.nz, self.nz);
        changes.refuse("ngf", fields.ngf, self.ngf);
        changes.refuse("ndf", fields.ndf, self.ndf);
        changes.make("lr", fields.lr, self.lr, "the steps to come use it");
        changes.make("lr-d", fields.lr_d, self.lr_d.map(Some), "the steps to come use it");
        let moments = "the steps to come use it, on moments kept under the old one";
        changes.make("beta1", fields.beta1, self.beta1, moments);
        changes.make("beta2", fields.beta2, self.beta2, moments);
        changes.make_path("data", &mut source.data, self.data.as_ref(), "the networks go on with these pictures");
        changes.make("portraits", &mut source.portraits, self.portraits, "the order of the pictures is another");
        changes.make("rendering", &mut source.rendering, self.rendering, "the networks go on with these pictures");
    }
}

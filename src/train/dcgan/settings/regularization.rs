//! What holds a discriminator back, so that small sets of pictures and large pictures train: penalties, augmentation.

use serde::{Deserialize, Serialize};

use crate::{
    models::dcgan::{Design, Normalization},
    train::{
        Error,
        augment::DiffAugment,
        config::{Changes, wrong},
        flags::{heading, part, weight},
    },
};

/// The values, 0 or empty where something is not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Regularization {
    /// γ of R1, γ/2 · E‖∇D(x)‖² on real pictures (Mescheder et al., 2018).
    #[serde(skip_serializing_if = "is_off")]
    pub r1: f64,
    /// Steps from one R1 to the next, each of that many times the weight (Karras et al., 2020: lazy regularisation).
    #[serde(skip_serializing_if = "is_usual")]
    pub r1_every: u64,
    /// λ of λ · E(‖∇D(x̂)‖ − 1)² between real and generated pictures (Gulrajani et al., 2017).
    #[serde(skip_serializing_if = "is_off")]
    pub gradient_penalty: f64,
    /// What is done to every picture that the discriminator sees (Zhao et al., 2020).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub augment: Option<DiffAugment>,
    /// Above 0, pictures are augmented as often as keeps E sign D(x) of real pictures here (Karras et al., 2020);
    /// at 0 always.
    #[serde(skip_serializing_if = "is_off")]
    pub ada_target: f64,
    /// Pictures in which the probability of that can go from 0 to 1.
    #[serde(skip_serializing_if = "is_usual_speed")]
    pub ada_images: u64,
}

const R1_EVERY: u64 = 16;
const ADA_IMAGES: u64 = 500_000;

fn is_off(value: &f64) -> bool {
    *value == 0.0
}

fn is_usual(every: &u64) -> bool {
    *every == R1_EVERY
}

fn is_usual_speed(images: &u64) -> bool {
    *images == ADA_IMAGES
}

impl Default for Regularization {
    fn default() -> Self {
        let (r1_every, ada_images) = (R1_EVERY, ADA_IMAGES);
        Self { r1: 0.0, r1_every, gradient_penalty: 0.0, augment: None, ada_target: 0.0, ada_images }
    }
}

impl Regularization {
    /// Refuses values that no run can have, or that do not go with the networks.
    pub(super) fn check(&self, design: &Design) -> Result<(), Error> {
        let Self { r1, r1_every, gradient_penalty, augment, ada_target, ada_images } = self;
        for (name, value) in [("r1", r1), ("gradient_penalty", gradient_penalty)] {
            weight(&value.to_string()).map_err(|reason| wrong(name, reason))?;
        }
        part(&ada_target.to_string()).map_err(|reason| wrong("ada_target", reason))?;
        if *r1_every == 0 || *ada_images == 0 {
            return Err(Error::Config("r1_every and ada_images are 1 or more".to_owned()));
        }
        if (*r1 > 0.0 || *gradient_penalty > 0.0) && design.norm_d == Normalization::Batch {
            let reason = "a penalty is on the gradient by each picture alone, and batch normalisation makes every \
                          logit depend on all pictures; give --norm-d none or --norm-d spectral too";
            return Err(wrong(if *r1 > 0.0 { "r1" } else { "gradient_penalty" }, reason));
        }
        if *ada_target > 0.0 && augment.is_none() {
            return Err(wrong("ada_target", "there is no augmentation to adapt; give --augment too"));
        }
        Ok(())
    }
}

/// The flags for it.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct RegularizationFlags {
    /// Keep the discriminator's slope on real pictures low (R1): the γ of γ/2 · E‖∇D(x)‖² [default: 0]
    #[arg(long, value_name = "GAMMA", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = weight)]
    pub r1: Option<f64>,

    /// Steps from one R1 to the next, whose weight grows as they become fewer [default: 16]
    #[arg(long, value_name = "K", help_heading = heading::NETWORKS,
        value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub r1_every: Option<u64>,

    /// Keep its slope between real and generated pictures near 1 (WGAN-GP): the λ of λ · E(‖∇D(x̂)‖ − 1)² [default: 0]
    #[arg(long, value_name = "LAMBDA", help_heading = heading::NETWORKS, allow_negative_numbers = true,
        value_parser = weight)]
    pub gradient_penalty: Option<f64>,

    /// Change every picture that the discriminator sees at random (DiffAugment): a list of color, translation, cutout;
    /// for sets of less than some thousand pictures
    #[arg(long, value_name = "LIST", help_heading = heading::PICTURES)]
    pub augment: Option<DiffAugment>,

    /// Augment pictures only as often as keeps the mean sign of D on real ones at this value, such as 0.6 (ADA); 0
    /// augments all of them [default: 0]
    #[arg(long, value_name = "X", help_heading = heading::PICTURES, allow_negative_numbers = true,
        value_parser = part)]
    pub ada_target: Option<f64>,

    /// Pictures seen while the probability of being augmented can go from 0 to 1 [default: 500000]
    #[arg(long, value_name = "N", help_heading = heading::PICTURES,
        value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    pub ada_images: Option<u64>,
}

impl RegularizationFlags {
    /// Takes the flags over.
    pub(super) fn apply(&self, config: &mut Regularization, changes: &mut Changes) {
        let follow = "the steps to come follow it";
        changes.make("r1", &mut config.r1, self.r1, follow);
        changes.make("r1-every", &mut config.r1_every, self.r1_every, follow);
        changes.make("gradient-penalty", &mut config.gradient_penalty, self.gradient_penalty, follow);
        changes.make("augment", &mut config.augment, self.augment.clone().map(Some), follow);
        changes.make("ada-target", &mut config.ada_target, self.ada_target, follow);
        changes.make("ada-images", &mut config.ada_images, self.ada_images, follow);
    }
}

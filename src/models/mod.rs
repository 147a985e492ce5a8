//! Networks, and nothing else: how they are trained stands in [`crate::train`].
//!
//! The names of their parameters are those of the PyTorch code they are known from, so that weights go from one to the
//! other by name.

pub mod animegan;
pub mod cartoongan;
pub mod conditional;
pub mod dcgan;
pub mod fastgan;
pub mod inception;
pub mod patch_discriminator;
pub mod patch_heads;
pub mod resnet;

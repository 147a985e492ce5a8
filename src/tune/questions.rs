//! What networks ask the ops to choose in a training step.

use crate::{
    gpu::{Asked, Gpu},
    models::{animegan::AnimeGenerator, dcgan::Dcgan, patch_discriminator::PatchDiscriminator, resnet::Resnet},
    nn::{Module, init::Init},
    ops::{
        elementwise::full,
        reduce::{Axis, sum},
        tape,
    },
    train::{config::Networks, dcgan::Config},
};

/// Every choice of a tile that forward and backward of a recipe's generator and discriminator ask for. Nothing is
/// computed: the list of commands is recorded on `gpu`, which is to be dropped, and never submitted.
pub fn questions(gpu: &Gpu, networks: &Networks) -> Vec<Asked> {
    let (tape, init) = (tape(gpu), &mut Init::new(0, 0));
    let translated = |size: [usize; 2], batch| [batch, size[0], size[1], 3];
    let (shape, [generator, discriminator]) = match networks {
        Networks::Dcgan(c) => {
            let Config { size, nz, ngf, ndf, design, .. } = *c;
            let dcgan = Dcgan { size, nz, ngf, ndf, std: c.init_std as f32, design };
            ([c.batch, 1, 1, c.nz], pair(dcgan.generator(&tape, init), dcgan.discriminator(&tape, init)))
        }
        Networks::Faces(c) => {
            let fastgan = c.networks();
            ([c.batch, 1, 1, c.nz], pair(fastgan.generator(&tape, init), fastgan.discriminator(&tape, init)))
        }
        Networks::Cyclegan(c) => (
            translated(c.common.size, c.common.batch),
            pair(
                Resnet::cyclegan(c.ngf, c.blocks).generator(&tape, init),
                PatchDiscriminator::cyclegan(c.ndf, c.d_layers).discriminator(&tape, init),
            ),
        ),
        Networks::Cut(c) => (
            translated(c.common.size, c.common.batch),
            pair(
                Resnet::cut(c.ngf, c.blocks).generator(&tape, init),
                PatchDiscriminator::cut(c.ndf, c.d_layers).discriminator(&tape, init),
            ),
        ),
        Networks::Anime(c) => (
            translated(c.common.size, c.common.batch),
            pair(
                AnimeGenerator { width: c.ngf, blocks: c.blocks, ..AnimeGenerator::default() }.generator(&tape, init),
                PatchDiscriminator::cyclegan(c.ndf, c.d_layers).discriminator(&tape, init),
            ),
        ),
    };
    gpu.tuning().listen();
    let drawn = generator.forward(&tape.constant(full(gpu, shape, 0.0)));
    sum(&discriminator.forward(&drawn), Axis::All).backward();
    gpu.tuning().heard()
}

/// Networks of any kind.
fn pair(generator: impl Module + 'static, discriminator: impl Module + 'static) -> [Box<dyn Module>; 2] {
    [Box::new(generator), Box::new(discriminator)]
}

//! A GAN of one's own on the public API: networks, objective and loop, in less than a hundred lines.
//!
//! `cargo run --release --example own_gan` draws 16×16 faces. The discriminator has no normalisation but an R1 penalty
//! (Mescheder et al. 2018), which takes the gradient of a gradient; the objective is the hinge.

use image::RgbImage;
use sumi::{
    autograd::Var,
    data::portraits::{Portrait, Rendering},
    gpu::{Gpu, Options},
    nn::{BatchNorm2d, Conv2d, ConvTranspose2d, LeakyRelu, Module, Relu, Sequential, Tanh, init::Init},
    ops::{
        self,
        conv::Conv2d as Shape,
        elementwise::{add, scale, square, unpack_bytes},
        random::Random,
        reduce::{Axis, sum},
    },
    optim::{Adam, AdamConfig},
    philox::Philox,
    train::objective::Objective,
};

const SIZE: usize = 16;
const BATCH: usize = 16;
const NZ: usize = 32;
const STEPS: u64 = 300;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let gpu = Gpu::open(&Options::default())?;
    let tape = ops::tape(&gpu);

    let mut init = Init::new(1, 0);
    let stage = Shape { stride: [2; 2], padding: [1; 2], ..Shape::default() };
    let generator = Sequential::new()
        .with(ConvTranspose2d::new(&tape, &mut init, NZ, 64, 4, Shape::default(), 0, false, 0.05))
        .with(BatchNorm2d::new(&tape, &mut init, 64, 0.02))
        .with(Relu)
        .with(ConvTranspose2d::new(&tape, &mut init, 64, 32, 4, stage, 0, false, 0.05))
        .with(BatchNorm2d::new(&tape, &mut init, 32, 0.02))
        .with(Relu)
        .with(ConvTranspose2d::new(&tape, &mut init, 32, 3, 4, stage, 0, false, 0.05))
        .with(Tanh);
    let discriminator = Sequential::new()
        .with(Conv2d::new(&tape, &mut init, 3, 32, 4, stage, true, 0.05))
        .with(LeakyRelu { negative_slope: 0.2 })
        .with(Conv2d::new(&tape, &mut init, 32, 64, 4, stage, true, 0.05))
        .with(LeakyRelu { negative_slope: 0.2 })
        .with(Conv2d::new(&tape, &mut init, 64, 1, 4, Shape::default(), true, 0.05));
    let config = AdamConfig { lr: 1e-3, betas: [0.5, 0.99], ..AdamConfig::default() };
    let mut generator_adam = Adam::new(generator.parameters(), config);
    let mut discriminator_adam = Adam::new(discriminator.parameters(), config);

    // Real pictures: drawn ones, as bytes.
    let pictures: Vec<Vec<u8>> =
        (0..256).map(|i| Portrait::new(1, i).draw(Rendering::Anime, SIZE as u32).into_raw()).collect();
    let mut choice = Philox::new(2, 0);

    for step in 0..STEPS {
        let batch: Vec<u8> =
            (0..BATCH).flat_map(|_| pictures[choice.below(pictures.len() as u32) as usize].clone()).collect();
        // A leaf, because the penalty differentiates by it.
        let real = tape.leaf(unpack_bytes(&gpu, [BATCH, SIZE, SIZE, 3], &batch));
        let noise = tape.constant(Random::new(&gpu, 3, step).normal([BATCH, 1, 1, NZ]));
        let fake = generator.forward(&noise);

        let logits = discriminator.forward(&real);
        let caught = Objective::Hinge.discriminator_fake(&discriminator.forward(&fake.detach()));
        let told = add(&Objective::Hinge.discriminator_real(&logits), &caught);
        let loss = add(&told, &scale(&r1(&logits, &real), 0.5 / BATCH as f32));
        loss.backward();
        discriminator_adam.step();

        let adversarial = Objective::Hinge.generator(&discriminator.forward(&fake));
        adversarial.backward();
        generator_adam.step();
        discriminator_adam.zero_grad();
        gpu.submit()?;
        if step % 50 == 0 {
            println!("step {step}: D {:?}, G {:?}", loss.value().to_vec()?, adversarial.value().to_vec()?);
        }
    }

    generator.train(false);
    let noise = tape.constant(Random::new(&gpu, 4, 0).normal([8, 1, 1, NZ]));
    let drawn = generator.forward(&noise).value().to_vec()?;
    let bytes = drawn.iter().map(|v| ((v + 1.0) * 127.5).round() as u8).collect();
    RgbImage::from_raw(SIZE as u32, 8 * SIZE as u32, bytes).ok_or("eight pictures")?.save("own_gan.png")?;
    println!("wrote own_gan.png");
    Ok(())
}

/// ‖∂ Σ D(x) / ∂x‖²: the gradient is a var like any other, because `create_graph` is on.
fn r1(logits: &Var, real: &Var) -> Var {
    let total = sum(logits, Axis::All);
    let gradient = total.gradients(std::slice::from_ref(real), true).remove(0).expect("D sees its input");
    sum(&square(&gradient), Axis::All)
}

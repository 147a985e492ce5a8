//! CPU time of a dispatch, from the op that records it to the moment the device has it: what a step costs besides its
//! kernels.
//!
//! On a driver's adapter that is recording, planning and encoding, up to and with the submit, but not the work itself;
//! on our own, where a list runs within its submit, the launch of kernels that have next to nothing to do.

use std::{hint::black_box, time::Instant};

use sumi::{
    gpu::{Gpu, Options},
    ops::{self, activation::relu, elementwise::add, random::Random},
    tensor::Tensor,
    train::{
        dcgan::{Config, Trainer},
        noise::Painter,
    },
};

/// Launches in a list, as many as a training step of DCGAN has, about.
const LAUNCHES: usize = 512;

/// Elements of a tensor: so few that the kernel is nothing beside its launch.
const ELEMENTS: usize = 16;

fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let lists = if test { 2 } else { 200 };
    let adapter = std::env::var("SUMI_TEST_ADAPTER").ok().filter(|name| !name.is_empty());
    let gpu = Gpu::open(&Options { adapter, ..Options::default() })
        .unwrap_or_else(|error| panic!("the benches need an adapter: {error}"));
    println!("adapter {}, lists of {LAUNCHES} launches, medians of {lists}", gpu.adapter());
    let tape = ops::tape(&gpu);
    let x = tape.constant(Tensor::from_slice(&gpu, [ELEMENTS], &[1.0; ELEMENTS]));
    let (mut recording, mut submitting) = (Vec::new(), Vec::new());
    // The first lists compile and lay out memory.
    for list in 0..lists + 2 {
        gpu.finish().expect("the device works");
        let begun = Instant::now();
        let mut y = x.clone();
        for launch in 0..LAUNCHES {
            y = if launch % 2 == 0 { relu(&y) } else { add(&y, &x) };
        }
        let recorded = begun.elapsed();
        gpu.submit().expect("the device works");
        let submitted = begun.elapsed() - recorded;
        black_box(y);
        if list >= 2 {
            recording.push(recorded.as_secs_f64());
            submitting.push(submitted.as_secs_f64());
        }
    }
    let [recording, submitting] = [recording, submitting].map(|seconds| 1e6 * median(seconds) / LAUNCHES as f64);
    println!("recording, with shapes and the tape   {recording:.2} µs a dispatch");
    println!("planning, encoding and submitting     {submitting:.2} µs a dispatch");
    println!("in all                                {:.2} µs a dispatch", recording + submitting);
    step(&gpu, if test { 1 } else { 100 });
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// A training step of a DCGAN, whose launches have more arguments: networks, tape and optimizers.
fn step(gpu: &Gpu, steps: usize) {
    let config = Config { size: 32, batch: 2, nz: 64, ngf: 8, ndf: 8, ..Config::default() };
    let mut trainer = Trainer::new(gpu, &config);
    let draw = |seed, shape: [usize; 4]| trainer.tape().constant(Random::new(gpu, seed, 0).normal(shape));
    let (noise, real) = (draw(1, [2, 1, 1, 64]), draw(2, [2, 32, 32, 3]));
    let mut time = || {
        gpu.finish().expect("the device works");
        let begun = Instant::now();
        let losses = trainer.step_on(&noise, &real, None);
        let recorded = begun.elapsed();
        gpu.submit().expect("the device works");
        let submitted = begun.elapsed() - recorded;
        drop(losses);
        [recorded, submitted].map(|time| time.as_secs_f64())
    };
    // The first ones compile and lay out memory.
    let _ = [time(), time(), time()];
    let (recording, submitting): (Vec<_>, Vec<_>) = (0..steps).map(|_| time().into()).unzip();
    if !gpu.start_profile() {
        println!("without timestamps the launches of a step are not known");
        return;
    }
    time();
    gpu.finish().expect("the device works");
    let launches: u64 = gpu.profile().rows().iter().map(|(_, row)| row.calls).sum();
    let [recording, submitting] = [recording, submitting].map(|seconds| 1e6 * median(seconds) / launches as f64);
    println!("a step of a DCGAN, {launches} launches");
    println!("recording, with networks and tape     {recording:.2} µs a dispatch");
    // On our own adapter a submit does the work.
    let what = if gpu.adapter().compiles() { "" } else { ", its kernels included" };
    println!("planning, encoding and submitting     {submitting:.2} µs a dispatch{what}");
}

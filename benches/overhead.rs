//! CPU time of a dispatch, from the op that records it to the moment the device has it: what a step costs besides its
//! kernels.
//!
//! On a driver's adapter that is recording, planning and encoding, up to and with the submit, but not the work itself;
//! on our own, where a list runs within its submit, the launch of kernels that have next to nothing to do.

use std::{hint::black_box, time::Instant};

use sumi::{
    gpu::{Gpu, Options},
    ops::{self, activation::relu, elementwise::add},
    tensor::Tensor,
    train::dcgan::{Config, Trainer},
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
    step(&gpu, if test { 1 } else { 20 });
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// A training step of a DCGAN, whose launches have more arguments: pictures, networks, tape and optimizers.
fn step(gpu: &Gpu, steps: usize) {
    let config = Config { size: 32, batch: 2, nz: 64, ngf: 8, ndf: 8, ..Config::default() };
    let (mut trainer, pictures) = (Trainer::new(gpu, &config), vec![7; 2 * 32 * 32 * 3]);
    let mut time = || {
        gpu.finish().expect("the device works");
        let begun = Instant::now();
        trainer.step(&pictures).expect("the device works");
        begun.elapsed().as_secs_f64()
    };
    // The first ones compile and lay out memory.
    let _ = [time(), time(), time()];
    let seconds = median((0..steps).map(|_| time()).collect());
    if !gpu.start_profile() {
        println!("a step of a DCGAN: {:.3} ms; without timestamps its launches are not known", 1e3 * seconds);
        return;
    }
    time();
    gpu.finish().expect("the device works");
    let launches: u64 = gpu.profile().rows().iter().map(|(_, row)| row.calls).sum();
    let each = 1e6 * seconds / launches as f64;
    // On our own adapter that is the kernels' time too.
    let what = if gpu.adapter().compiles() { "until it is submitted" } else { "with its kernels" };
    println!("a step of a DCGAN, {launches} launches, {what}: {each:.2} µs a dispatch");
}

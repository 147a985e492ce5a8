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
    let [recording, submitting] = [recording, submitting].map(|mut seconds| {
        seconds.sort_by(f64::total_cmp);
        1e6 * seconds[seconds.len() / 2] / LAUNCHES as f64
    });
    println!("recording, with shapes and the tape   {recording:.2} µs a dispatch");
    println!("planning, encoding and submitting     {submitting:.2} µs a dispatch");
    println!("in all                                {:.2} µs a dispatch", recording + submitting);
}

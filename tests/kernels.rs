//! Every kernel against its f64 twin, over the list of cases, on every family that the adapter can run.

use sumi::{
    gpu::Error,
    ops::{self, random::Random},
    reference,
    tensor::Tensor,
};

use crate::common::{
    cases::{self, Case, Input, Run},
    compare::assert_close,
    families, own_gpu,
};

#[test]
fn every_kernel_agrees_with_its_twin() {
    for gpu in families() {
        let tape = ops::tape(&gpu);
        for Case { kernel, label, inputs, run, twin, tolerance } in cases::all() {
            if kernel.ends_with("_lanes") && gpu.adapter().lanes.is_none_or(|lanes| lanes > 32) {
                assert_refused(kernel, &inputs, &run);
                continue;
            }
            let vars: Vec<_> =
                inputs.iter().map(|i| tape.constant(Tensor::from_slice(&gpu, i.shape, &i.values))).collect();
            let outputs = run(&vars);
            let wide: Vec<Vec<f64>> =
                inputs.iter().map(|i| i.values.iter().copied().map(f64::from).collect()).collect();
            let wanted = twin(&wide);
            assert_eq!(outputs.len(), wanted.len(), "{kernel}: number of outputs");
            for (position, (output, want)) in outputs.iter().zip(&wanted).enumerate() {
                let what = format!("{kernel} {label}, output {position}, {:?}", gpu.family());
                let got = output.value().to_vec().unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_close(&what, &got, want, tolerance);
            }
        }
    }
}

/// A kernel for fixed subgroups on an adapter without them: a sentence, on a device that is given up afterwards.
fn assert_refused(kernel: &str, inputs: &[Input], run: &Run) {
    let gpu = own_gpu();
    let tape = ops::tape(&gpu);
    let vars: Vec<_> = inputs.iter().map(|i| tape.constant(Tensor::from_slice(&gpu, i.shape, &i.values))).collect();
    let refused = run(&vars)[0].value().to_vec();
    assert!(matches!(refused, Err(Error::Unsupported { .. })), "{kernel}: {refused:?}");
}

#[test]
fn random_words_are_the_same_bits_on_every_adapter() {
    for gpu in families() {
        for (seed, step, count) in [(0, 0, 1), (u64::MAX, 1 << 33, 1027)] {
            let words = Random::new(&gpu, seed, step).philox([count]).to_words().expect("the device answers");
            assert_eq!(words, reference::random::philox(count, seed, step, 1), "philox under seed {seed}, step {step}");
        }
    }
}

/// First weights come from streams of the host, noise from steps of the device, both under the run's seed: neither may
/// repeat the other.
#[test]
fn the_device_never_repeats_what_the_host_drew() {
    let (seed, place) = (11, 3);
    let words = Random::new(&crate::common::gpu(), seed, place).philox([64]).to_words().expect("the device answers");
    let mut host = sumi::philox::Philox::new(seed, place);
    let drawn: Vec<u32> = (0..64).map(|_| host.next_u32()).collect();
    assert!(drawn.iter().zip(&words).all(|(host, device)| host != device), "stream {place} is step {place}");
}

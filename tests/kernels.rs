//! Every kernel against its f64 twin, over the list of cases, on every family that the adapter can run and on every
//! instruction set of the CPU; and the adapter against the CPU.

use sumi::{
    gpu::{AdapterKind, Error, Gpu},
    ops::{self, random::Random},
    reference,
    tensor::Tensor,
};

use crate::common::{
    cases::{self, Case, Input, Run},
    compare::{assert_agree, assert_close},
    families, gpu, levels, own_gpu,
};

#[test]
fn every_kernel_agrees_with_its_twin() {
    let adapter = families();
    // The CPU's instruction sets are tested where the CPU is: with another adapter, this is its test.
    let native = adapter[0].adapter().kind == AdapterKind::Native;
    let devices: Vec<Gpu> = adapter.into_iter().chain(native.then(levels).into_iter().flatten()).collect();
    for case in cases::all() {
        let wide: Vec<Vec<f64>> =
            case.inputs.iter().map(|i| i.values.iter().copied().map(f64::from).collect()).collect();
        let wanted = (case.twin)(&wide);
        for gpu in &devices {
            if lacks(&case, gpu) {
                assert_refused(case.kernel, &case.inputs, &case.run);
                continue;
            }
            let outputs = outputs(&case, gpu);
            assert_eq!(outputs.len(), wanted.len(), "{}: number of outputs", case.kernel);
            for (position, (got, want)) in outputs.iter().zip(&wanted).enumerate() {
                assert_close(&what(&case, position, gpu), got, want, case.tolerance);
            }
        }
    }
}

/// The adapter under test against the best instruction set of the CPU. Where the adapter is the CPU this holds the
/// checked kernels against the fastest ones; with a driver (a GPU, or `SUMI_TEST_ADAPTER=llvmpipe`), what it makes of a
/// shader against what our own compiler does.
///
/// Each result is within its case's tolerance of the twin, so the two could be twice that apart; they are asked to be
/// within it once.
#[test]
fn every_kernel_gives_on_the_cpu_what_it_gives_on_the_adapter() {
    let cpu = &levels()[0];
    for gpu in families() {
        for case in cases::all().into_iter().filter(|case| !lacks(case, &gpu)) {
            let pairs = outputs(&case, &gpu).into_iter().zip(outputs(&case, cpu));
            for (position, (got, want)) in pairs.enumerate() {
                let what = what(&case, position, &gpu);
                match case.kernel {
                    "uniform" => assert!(got == want, "{what}: other bits than on the CPU"),
                    _ => assert_agree(&what, &got, &want, case.tolerance),
                }
            }
        }
    }
}

fn what(case: &Case, output: usize, gpu: &Gpu) -> String {
    format!("{} {}, output {output}, {} with {:?}", case.kernel, case.label, gpu.adapter().name, gpu.family())
}

/// What the case's kernel computes.
fn outputs(case: &Case, gpu: &Gpu) -> Vec<Vec<f32>> {
    let tape = ops::tape(gpu);
    let vars: Vec<_> = case.inputs.iter().map(|i| tape.constant(Tensor::from_slice(gpu, i.shape, &i.values))).collect();
    let outputs = (case.run)(&vars);
    let read = |(position, output): (usize, &sumi::autograd::Var)| {
        output.value().to_vec().unwrap_or_else(|error| panic!("{}: {error}", what(case, position, gpu)))
    };
    outputs.iter().enumerate().map(read).collect()
}

/// Whether a case is for fixed subgroups, or for cooperative matrices, and the adapter has none.
fn lacks(case: &Case, gpu: &Gpu) -> bool {
    let adapter = gpu.adapter();
    let no_lanes = case.kernel.ends_with("_lanes") && adapter.lanes.is_none_or(|lanes| lanes > 32);
    no_lanes || (case.kernel.ends_with("_coop") && !adapter.cooperative)
}

/// A kernel on an adapter that lacks what it needs: a sentence, on a device that is given up afterwards.
fn assert_refused(kernel: &str, inputs: &[Input], run: &Run) {
    let gpu = own_gpu();
    let tape = ops::tape(&gpu);
    let vars: Vec<_> = inputs.iter().map(|i| tape.constant(Tensor::from_slice(&gpu, i.shape, &i.values))).collect();
    let refused = run(&vars)[0].value().to_vec();
    assert!(matches!(refused, Err(Error::Unsupported { .. })), "{kernel}: {refused:?}");
}

#[test]
fn random_words_are_the_same_bits_on_every_adapter() {
    for gpu in families().into_iter().chain(levels()) {
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
    let words = Random::new(&gpu(), seed, place).philox([64]).to_words().expect("the device answers");
    let mut host = sumi::philox::Philox::new(seed, place);
    let drawn: Vec<u32> = (0..64).map(|_| host.next_u32()).collect();
    assert!(drawn.iter().zip(&words).all(|(host, device)| host != device), "stream {place} is step {place}");
}

//! Every kernel at the shapes of DCGAN, in GFLOP/s, GB/s and percent of what the adapter was measured to be able to.
//!
//! `cargo bench --bench kernels` prints criterion's figures and, at the end, the table for benches/README.md. A name
//! behind `--` picks among the benches, `--test` runs each once, `--json FILE` also writes the table's lines into a
//! file, for the bench `plots`. On software adapters the networks are small.

#[path = "../tests/common/mod.rs"]
mod common;
mod subjects;
mod table;

use std::{
    cell::Cell,
    env, fs,
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use criterion::{Criterion, SamplingMode};
use sumi::{
    autograd::Tape,
    gpu::{Gpu, Options, Precision},
    ops,
    tensor::Tensor,
};

use self::{
    common::{
        cases::{self, Case},
        compare::assert_close,
    },
    subjects::Subject,
    table::{Line, Table},
};

/// Launches that one submit holds; more would only lengthen its list.
const LAUNCHES: u64 = 32;

/// Cases that a kernel must pass before it is timed.
const PROOFS: usize = 3;

/// The name of the file for the results, for [`main`] to say to itself.
const JSON: &str = "SUMI_BENCH_JSON";

fn main() -> ExitCode {
    // Criterion refuses a flag that is not its own: it is run by a process of its own, without ours.
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--json") {
        let Some(file) = arguments.get(place + 1).cloned() else {
            eprintln!("error: --json wants the name of a file");
            return ExitCode::FAILURE;
        };
        arguments.drain(place..place + 2);
        let program = env::current_exe().expect("the system knows which program this is");
        let status = Command::new(program).args(arguments).env(JSON, file).status().expect("this program starts");
        return if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    measure(env::var_os(JSON).as_deref().map(Path::new));
    ExitCode::SUCCESS
}

fn measure(json: Option<&Path>) {
    // Mixed only opens the device for such kernels, which are then timed beside the others.
    let options = Options { precision: Precision::Mixed, ..Options::default() };
    let gpu = Gpu::open(&options).unwrap_or_else(|error| panic!("the benches need an adapter: {error}"));
    let timestamps = gpu.start_profile();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let tape = ops::tape(&gpu);
    let cases = cases::all();
    let mut table = Table::new(&gpu, timestamps);
    for subject in subjects::all(&tape) {
        prove(&tape, &cases, &subject);
        table.extend(time(&gpu, timestamps, &mut criterion, &subject));
    }
    criterion.final_summary();
    println!("{table}");
    if let Some(path) = json {
        fs::write(path, table.to_json().to_string()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// Holds a subject's kernel against its twin, at the shapes of the tests.
fn prove(tape: &Tape, cases: &[Case], subject: &Subject) {
    let kernel = subject.proof;
    let proofs: Vec<_> = cases.iter().filter(|case| case.kernel == kernel).take(PROOFS).collect();
    assert!(!proofs.is_empty(), "{kernel} has no case");
    for case in proofs {
        let vars: Vec<_> =
            case.inputs.iter().map(|i| tape.constant(Tensor::from_slice(tape.gpu(), i.shape, &i.values))).collect();
        let outputs = (case.run)(&vars);
        let wide: Vec<Vec<f64>> =
            case.inputs.iter().map(|i| i.values.iter().copied().map(f64::from).collect()).collect();
        for (output, want) in outputs.iter().zip((case.twin)(&wide)) {
            let got = output.value().to_vec().unwrap_or_else(|error| panic!("{kernel}: {error}"));
            assert_close(&format!("{kernel} {}", case.label), &got, &want, case.tolerance);
        }
    }
}

/// Times a subject with criterion. Returns a line for each of its kernels, from the fastest sample; none where
/// criterion was told to leave it out.
fn time(gpu: &Gpu, timestamps: bool, criterion: &mut Criterion, subject: &Subject) -> Vec<Line> {
    let fastest: Cell<Option<(f64, Vec<Line>)>> = Cell::new(None);
    let mut group = criterion.benchmark_group(subject.kernels[0]);
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(&subject.shape, |bencher| {
        // Some drivers compile at the first launch.
        (subject.run)();
        finish(gpu, subject);
        bencher.iter_custom(|count| {
            let (seconds, lines) = sample(gpu, timestamps, subject, count);
            let before = fastest.take().filter(|(least, _)| *least <= seconds);
            fastest.set(Some(before.unwrap_or((seconds, lines))));
            Duration::from_secs_f64(seconds * count as f64)
        });
    });
    group.finish();
    fastest.take().map_or_else(Vec::new, |(_, lines)| lines)
}

fn finish(gpu: &Gpu, subject: &Subject) {
    gpu.finish().unwrap_or_else(|error| panic!("{}: {error}", subject.kernels[0]));
}

/// Runs a subject `count` times: seconds for one run, and a line for each of its kernels.
fn sample(gpu: &Gpu, timestamps: bool, subject: &Subject, count: u64) -> (f64, Vec<Line>) {
    gpu.start_profile();
    let begun = Instant::now();
    for run in 1..=count {
        (subject.run)();
        if run % LAUNCHES == 0 {
            finish(gpu, subject);
        }
    }
    finish(gpu, subject);
    let wall = begun.elapsed().as_secs_f64() / count as f64;
    if !timestamps {
        return (wall, vec![Line::of_wall_clock(subject, wall)]);
    }
    let lines: Vec<_> =
        gpu.profile().rows().into_iter().filter_map(|row| Line::of_kernel(subject, count, row)).collect();
    (lines.iter().map(|line| line.seconds).sum(), lines)
}

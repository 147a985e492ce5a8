//! A whole training step of each network: pictures in, both networks updated. Wall clock, in pictures a second.
//!
//! On a software adapter only the sizes that a CPU trains; on a GPU the paper's too.

use std::time::Instant;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use sumi::{
    data::portraits::{Portrait, Rendering},
    gpu::{AdapterKind, Gpu, Options, Precision},
    ops::mixed,
    train::{
        dcgan::{Config, Trainer},
        noise::Painter,
    },
};

criterion_group!(benches, steps);
criterion_main!(benches);

/// The device in f32, and where the adapter has matrix units in mixed precision too.
fn devices() -> Vec<Gpu> {
    let open = |precision| {
        let opened = mixed::open(&Options { precision, ..Options::default() });
        opened.unwrap_or_else(|error| panic!("the benches need an adapter: {error}"))
    };
    let (plain, _) = open(Precision::F32);
    let has_units = plain.adapter().kind != AdapterKind::Native && open(Precision::Mixed).1.is_none();
    [Some(plain), has_units.then(|| open(Precision::Mixed).0)].into_iter().flatten().collect()
}

/// The networks by name: the preset for software adapters, the one that peers were measured at, the paper's.
fn networks(kind: AdapterKind) -> Vec<(&'static str, Config)> {
    let paper = Config::default();
    let small = Config { size: 32, batch: 16, nz: 64, ngf: 32, ndf: 16, ..paper.clone() };
    let quarter = Config { ngf: 16, ndf: 16, batch: 16, ..paper.clone() };
    let mut networks = vec![("small, 32×32, batch 16", small), ("DCGAN-64, ngf 16, batch 16", quarter)];
    if kind != AdapterKind::Software {
        networks.push(("DCGAN-64, ngf 64, batch 64", paper.clone()));
        networks.push(("DCGAN-64, ngf 64, batch 128", Config { batch: 128, ..paper }));
    }
    networks
}

fn steps(criterion: &mut Criterion) {
    let devices = devices();
    println!("adapter {}", devices[0].adapter());
    let mut group = criterion.benchmark_group("training step");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let runs = devices.iter().flat_map(|gpu| networks(gpu.adapter().kind).into_iter().map(move |run| (gpu, run)));
    for (gpu, (name, config)) in runs {
        let picture = |i| Portrait::new(1, i).draw(Rendering::Anime, config.size as u32).into_raw();
        let batch: Vec<u8> = (0..config.batch as u64).flat_map(picture).collect();
        let mut trainer = Trainer::new(gpu, &config);
        group.throughput(Throughput::Elements(config.batch as u64));
        group.bench_function(format!("{name}, {}", gpu.precision()), |bencher| {
            bencher.iter_custom(|count| {
                gpu.finish().expect("the device works");
                let start = Instant::now();
                for _ in 0..count {
                    trainer.step(&batch, None).expect("the device works");
                }
                gpu.finish().expect("the device works");
                start.elapsed()
            });
        });
    }
    group.finish();
}

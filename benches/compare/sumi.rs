//! Sumi, answering `benches/compare/run`: convolutions and DCGAN training steps, timed on request.
//!
//! `--adapter NAME` picks the adapter; `--test` runs a small convolution and a small step once, and asks nothing.

#[path = "../layer.rs"]
mod layer;
mod requests;
#[path = "../shapes.rs"]
mod shapes;

use std::error::Error;

use clap::Parser;
use sumi::{
    data::portraits::{Portrait, Rendering},
    gpu::{Gpu, Options},
    ops,
    train::{
        dcgan::{Config, Trainer},
        noise::Painter,
    },
};

use self::{
    layer::{Direction, Layer},
    requests::{Hello, Peer, Run, serve},
    shapes::{layers_for, median, operation, peak, seconds},
};

#[derive(Parser)]
struct Arguments {
    /// Index or part of the name of the adapter.
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// Runs a small convolution and a small step once.
    #[arg(long)]
    test: bool,
    /// What cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

struct Ours(Gpu);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut ours = Ours(Gpu::open(&Options { adapter: arguments.adapter, ..Options::default() })?);
    if arguments.test { Ok(test(&mut ours)?) } else { Ok(serve(&mut ours)?) }
}

/// The smallest of what `run` asks for, in the order in which it asks.
fn test(ours: &mut Ours) -> Result<(), String> {
    let layers = layers_for(&ours.0);
    let layer =
        layers.iter().find(|layer| layer.network == "DCGAN-64 small").ok_or("shapes.json has no small layer")?;
    ours.convolution(layer, Direction::Forward)?(1)?;
    ours.step(4, 2)?(1)
}

impl Peer for Ours {
    fn hello(&mut self) -> Hello {
        let info = self.0.adapter();
        let peaks: Result<Vec<_>, _> = (0..5).map(|_| peak(&self.0)).collect();
        Hello {
            version: format!("Sumi {}", env!("CARGO_PKG_VERSION")),
            device: info.name.clone(),
            driver: info.driver.clone(),
            peak_gflops: peaks.ok().map(|peaks| median(&peaks)),
        }
    }

    fn convolution(&mut self, layer: &Layer, direction: Direction) -> Result<Run, String> {
        let gpu = self.0.clone();
        let run = operation(&ops::tape(&gpu), layer, direction);
        gpu.finish().map_err(|error| error.to_string())?;
        Ok(Box::new(move |runs| seconds(&gpu, &run, runs).map(drop).map_err(|error| error.to_string())))
    }

    fn step(&mut self, width: usize, batch: usize) -> Result<Run, String> {
        let gpu = self.0.clone();
        let config = Config { ngf: width, ndf: width, batch, ..Config::default() };
        let picture = |i| Portrait::new(1, i).draw(Rendering::Anime, config.size as u32).into_raw();
        let pictures: Vec<u8> = (0..batch as u64).flat_map(picture).collect();
        let mut trainer = Trainer::new(&gpu, &config);
        Ok(Box::new(move |runs| {
            for _ in 0..runs {
                trainer.step(&pictures, None).map_err(|error| error.to_string())?;
            }
            gpu.finish().map_err(|error| error.to_string())
        }))
    }
}

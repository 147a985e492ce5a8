//! Writes a generator for PyTorch: parses the command line, writes, and turns the outcome into an exit code.

#[path = "../shared/cache.rs"]
mod cache;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use sumi::{
    gpu::{Gpu, Options},
    train::{
        Error,
        generator::{Direction, Generator},
    },
};

const EXAMPLES: &str = "\
Example:
  export runs/cyclegan-1 --out g.safetensors
and in Python, with the network's class from pytorch-CycleGAN-and-pix2pix:
  network.load_state_dict(safetensors.torch.load_file('g.safetensors'))
With cargo: cargo run --release --bin export -- --help";

/// Writes a generator's weights as safetensors, under the names and in the layouts of the PyTorch code it is known
/// from.
#[derive(Parser)]
#[command(name = "export", version, after_help = EXAMPLES)]
struct Arguments {
    /// A run's folder, such as runs/anime-1, a checkpoint, or a file of weights
    #[arg(value_name = "RUN|FILE")]
    weights: PathBuf,

    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Write over the file if it exists
    #[arg(long)]
    overwrite: bool,

    /// Of a CycleGAN's run, which of its two generators
    #[arg(long, value_enum, default_value_t = Way::AtoB)]
    direction: Way,

    /// What to load the weights on: an index or a part of a name from `train --list-adapters` [default: the best GPU,
    /// else the CPU]
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
}

/// As pytorch-CycleGAN-and-pix2pix spells them.
#[derive(Clone, Copy, ValueEnum)]
enum Way {
    /// From A (photographs) to B (anime)
    #[value(name = "AtoB")]
    AtoB,
    /// Back
    #[value(name = "BtoA")]
    BtoA,
}

fn main() -> ExitCode {
    match export(&Arguments::parse()) {
        Ok(about) => {
            let _ = writeln!(io::stdout(), "{about}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn export(arguments: &Arguments) -> Result<String, Error> {
    let Arguments { weights, out, overwrite, .. } = arguments;
    if out.exists() && !overwrite {
        return Err(Error::Config(format!(
            "{} exists already; give another --out, or --overwrite to replace it",
            out.display()
        )));
    }
    let direction = match arguments.direction {
        Way::AtoB => Direction::AtoB,
        Way::BtoA => Direction::BtoA,
    };
    let (adapter, cache) = (arguments.adapter.clone(), cache::folder());
    let gpu = Gpu::open(&Options { adapter, cache, ..Options::default() })?;
    let generator = Generator::open(&gpu, weights, direction)?;
    generator.export(out)?;
    Ok(format!("{}\n{}", generator.about, out.display()))
}

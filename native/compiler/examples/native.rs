//! Prints a kernel's WGSL and the native Rust made of it side by side, and what became of each access to memory.
//!
//! ```text
//! cargo run --release -p sumi-compiler --example native -- matmul_panels --lanes 16 --set ROWS=4
//! ```

use std::process::ExitCode;

use clap::{
    Parser,
    builder::{PossibleValuesParser, TypedValueParser},
};
use sumi_compiler::show::{native, side_by_side};

/// What a kernel becomes on a machine without a GPU: its WGSL and the native Rust made of it, side by side.
///
/// The translation is shown without the frame that build.rs puts around it: a function that runs one workgroup, given
/// the launch and the workgroup's place.
#[derive(Parser)]
struct Arguments {
    /// File below shaders/, without .wgsl
    kernel: String,
    /// Invocations to a vector: 16 for AVX-512, 8 for the others
    #[arg(long, default_value = "16", value_parser = PossibleValuesParser::new(["8", "16"]).map(lanes))]
    lanes: u32,
    /// Value of an `override` constant; others are those of the first variant in shaders/variants.toml
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, u32)>,
    /// Characters to a line
    #[arg(long, default_value_t = 200)]
    width: usize,
}

fn lanes(text: String) -> u32 {
    text.parse().unwrap_or(8)
}

fn setting(text: &str) -> Result<(String, u32), String> {
    let (name, value) = text.split_once('=').ok_or("a setting reads NAME=VALUE")?;
    Ok((name.to_string(), value.parse().map_err(|_| format!("`{value}` is not a whole number"))?))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match native(&arguments.kernel, arguments.lanes, &arguments.set) {
        Ok((kernel, translation)) => {
            print!("{}", side_by_side(&kernel, &translation, arguments.width));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

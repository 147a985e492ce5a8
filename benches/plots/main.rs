//! Results of the other benches as pictures:
//!
//!     cargo bench --bench plots -- kernels.json scale.json --out DIR
//!
//! draws, for what `kernels --json` wrote, a roofline (`roofline-ADAPTER.svg`) and the ladder of the matrix product and
//! the convolutions (`ladder-ADAPTER.svg`), and for what `scale --json` wrote, cost against work, a picture for each
//! network (`scale-NETWORK-ADAPTER.svg`). Of runs that were trained with `--metric`,
//!
//!     cargo bench --bench plots -- runs/one/metrics.csv runs/other/metrics.csv --out DIR
//!
//! draws the metric's curves side by side (`metrics.svg`). `--test` draws made-up results and keeps nothing.

mod canvas;
mod ladder;
mod metrics;
mod results;
mod roofline;
mod scale;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;

use self::results::{Failure, Results};

/// Draws the results of benches.
#[derive(Parser)]
struct Arguments {
    /// What `--json` of the benches kernels and scale wrote, or the metrics.csv of runs
    results: Vec<PathBuf>,
    /// The folder that the pictures come into
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Draw made-up results, and keep nothing
    #[arg(long)]
    test: bool,
    /// What cargo tells every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = if arguments.test { test() } else { draw_all(&arguments.results, &arguments.out) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn draw_all(files: &[PathBuf], out: &Path) -> Result<(), Failure> {
    if files.is_empty() {
        println!(
            "plots: no results to draw; name what `--json` of kernels and scale wrote, or the metrics.csv of runs"
        );
        return Ok(());
    }
    fs::create_dir_all(out)?;
    let (of_runs, of_benches): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| file.extension().is_some_and(|ending| ending == "csv"));
    if !of_runs.is_empty() {
        let curves = of_runs.into_iter().map(|file| metrics::read(file)).collect::<Result<Vec<_>, _>>()?;
        let path = out.join("metrics.svg");
        fs::write(&path, metrics::draw(&curves)?)?;
        println!("{}", path.display());
    }
    for file in of_benches {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let results: Results = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        for (name, picture) in draw(&results)? {
            let path = out.join(name);
            fs::write(&path, picture)?;
            println!("{}", path.display());
        }
    }
    Ok(())
}

/// The pictures of some results, by the names of their files.
fn draw(results: &Results) -> Result<Vec<(String, String)>, Failure> {
    let adapter = results.adapter();
    match results {
        Results::Kernels(kernels) => Ok(vec![
            (format!("roofline-{}.svg", file_name(adapter)), roofline::draw(kernels)?),
            (format!("ladder-{}.svg", file_name(adapter)), ladder::draw(kernels)?),
        ]),
        Results::Scale(scale) => {
            let of = |network: &str| {
                let name = format!("scale-{}-{}.svg", file_name(network), file_name(adapter));
                Ok((name, scale::draw(scale, network)?))
            };
            scale.networks().into_iter().map(of).collect()
        }
    }
}

/// A name without anything that a file's must not hold: letters and digits, and one `-` for whatever is between.
fn file_name(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

/// The curves of three made-up runs.
fn made_up_curves() -> Result<(String, String), Failure> {
    let run = |name: &str, factor: f64| {
        let rows = (1..9).map(|n| format!("{},swd,{}\n", 250 * n, factor / f64::from(n)));
        metrics::parse(name.to_owned(), &format!("# made up\nstep,metric,mean\n{}", rows.collect::<String>()))
    };
    Ok((
        "metrics.svg".to_owned(),
        metrics::draw(&[run("plain", 40.0)?, run("augmented-seed1", 30.0)?, run("augmented-seed2", 28.0)?])?,
    ))
}

/// Draws made-up results, in which everything occurs that the pictures show.
fn test() -> Result<(), Failure> {
    for (results, words) in [
        (results::made_up_kernels(), &["GFLOP/s", "conv2d_tiled", "matmul_naive", "fma", "copy"][..]),
        (
            results::made_up_scale(),
            &["batch", "resolution", "channels", "MiB", "swd", "plain\n", "augmented, 2 seeds\n"],
        ),
    ] {
        // Through JSON, as the files come.
        let results: Results = serde_json::from_str(&serde_json::to_string(&results)?)?;
        let mut pictures = draw(&results)?;
        pictures.push(made_up_curves()?);
        let all: String = pictures.iter().map(|(_, picture)| picture.as_str()).collect();
        for word in words {
            assert!(all.contains(word), "the pictures do not show '{word}'");
        }
        for (name, picture) in &pictures {
            assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"), "{name} is no picture");
            assert!(!picture.contains("NaN") && !picture.contains("inf"), "{name} has places that are no numbers");
            println!("test {name}: {} bytes", picture.len());
        }
    }
    Ok(())
}

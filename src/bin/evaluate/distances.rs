//! How far the pictures of DCGANs lie from those they learnt from: a table.

use std::{path::Path, time::Duration};

use sumi::{
    data::compare::Level,
    gpu::Gpu,
    train::{Error, checkpoint::Checkpoint, dcgan::measure::Reference, run::Listener},
};

use super::{Arguments, checkpoint, line, note};

/// Tells on stderr what is read, and nothing of progress.
struct Told;

impl Listener for Told {
    fn say(&mut self, sentence: &str) {
        note(sentence);
    }
    fn warn(&mut self, sentence: &str) {
        note(&format!("warning: {sentence}"));
    }
    fn preparing(&mut self, _: usize, _: usize) {}
    fn begin(&mut self, _: u64, _: u64, _: usize) {}
    fn step(&mut self, _: u64, _: Duration) {}
    fn figures(&mut self, _: u64, _: u64, _: &str) {}
    fn should_stop(&self) -> bool {
        false
    }
}

/// Whether a run draws pictures from noise.
///
/// # Errors
/// When its checkpoint cannot be read.
pub fn apply(run: &Path) -> Result<bool, Error> {
    Ok(Checkpoint::read(&checkpoint(run))?.header.recipe == "dcgan")
}

/// Measures the runs and prints a line for each.
///
/// # Errors
/// When a run cannot be used, or the device failed.
pub fn evaluate(gpu: &Gpu, arguments: &Arguments) -> Result<(), Error> {
    let runs = &arguments.runs;
    let reference = Reference::of(&runs[0], arguments.pictures as usize, arguments.seed, &mut Told)?;
    let floor = reference.floor();
    let sizes: String = floor.iter().map(|Level { size: [h, w], .. }| format!(" {w}×{h} |")).collect();
    line(&format!(
        "Sliced Wasserstein distance times 1000 on patches of Laplacian pyramids: {0} drawn pictures (seed {1}) and \
         {0} of the {2} from {3}, as the run reads them",
        reference.pictures.len(),
        arguments.seed,
        reference.all,
        reference.source
    ));
    line(&format!("\n| | steps |{sizes} mean |\n|---|---:|{}---:|", "---:|".repeat(floor.len())));
    row("others of the pictures", "", &floor);
    for run in runs {
        let (levels, header) = reference.distance(gpu, &checkpoint(run))?;
        row(&run.display().to_string(), &header.steps().to_string(), &levels);
    }
    Ok(())
}

fn row(name: &str, steps: &str, levels: &[Level]) {
    let cells: String = levels.iter().map(|level| format!(" {:.2} |", level.distance)).collect();
    let mean = levels.iter().map(|level| level.distance).sum::<f64>() / levels.len() as f64;
    line(&format!("| {name} | {steps} |{cells} {mean:.2} |"));
}

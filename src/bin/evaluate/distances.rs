//! How far pictures drawn from noise lie from those they were learnt from: a table.

use std::path::Path;

use sumi::{
    data::{
        Pictures,
        compare::{Features, Gaussian, frechet_distance, kernel_distance, level_sizes, precision_recall},
    },
    gpu::Gpu,
    train::{
        Error,
        checkpoint::Checkpoint,
        metric::{Inception, Measure, Measured, Reference, Swd, check_count, conventions},
        noise::measure::{OwnFeatures, drawn, reference},
    },
};

use super::{
    Arguments, checkpoint,
    terminal::{Told, line},
};

/// Whether a run draws pictures from noise.
///
/// # Errors
/// When its checkpoint cannot be read.
pub fn apply(run: &Path) -> Result<bool, Error> {
    Ok(Checkpoint::read(&checkpoint(run))?.header.config.draw_from_noise())
}

/// Measures the runs and prints a line for each.
///
/// # Errors
/// When a run cannot be used, Inception's weights neither, or the device failed.
pub fn evaluate(gpu: &Gpu, arguments: &Arguments) -> Result<(), Error> {
    let runs = &arguments.runs;
    let reference = reference(&runs[0], arguments.pictures as usize, arguments.seed, &mut Told)?;
    let mut table = Table::of(gpu, arguments, &reference)?;
    table.head(&reference, arguments);
    let others = table.cells(&reference.others)?;
    line(&format!("| others of the pictures | |{others}"));
    for run in runs {
        let (drawn, header) = drawn(gpu, &checkpoint(run), &reference)?;
        line(&format!("| {} | {} |{}", run.display(), header.steps(), table.cells(&drawn)?));
    }
    Ok(())
}

/// All that a set of pictures is measured by.
struct Table {
    swd: Swd,
    own: OwnFeatures,
    /// What the first run's discriminator sees in the reference.
    real: Features,
    /// Inception, and what it sees in the reference.
    inception: Option<(Inception, Features)>,
    seed: u64,
}

impl Table {
    fn of(gpu: &Gpu, arguments: &Arguments, reference: &Reference) -> Result<Self, Error> {
        let own = OwnFeatures::of(gpu, &checkpoint(&arguments.runs[0]))?;
        let real = own.features(&reference.pictures)?;
        let inception = match &arguments.inception {
            Some(file) => {
                check_count(reference)?;
                let inception = Inception::open(gpu, file)?;
                let features = inception.features(&reference.pictures)?;
                Some((inception, features))
            }
            None => None,
        };
        Ok(Self { swd: Swd::new(reference), own, real, inception, seed: arguments.seed })
    }

    /// What the figures are, of how many pictures, and the first lines of the table.
    fn head(&self, reference: &Reference, arguments: &Arguments) {
        let (size, count) = (reference.pictures.size(), reference.pictures.len());
        line(&format!(
            "{count} drawn pictures (seed {}) and {reference}, {}×{} pixels as the run reads them:",
            self.seed, size[1], size[0]
        ));
        line(
            "- Sliced Wasserstein distance times 1000 on patches of Laplacian pyramids, by size of details; no resize",
        );
        line(&format!(
            "- Precision and recall (k = 3) by features of our own, the {} numbers of the last hidden layer of the \
             discriminator of {} after {} steps, for all rows alike; no resize, and not to be compared with values \
             by another network",
            self.real.length(),
            arguments.runs[0].display(),
            self.own.steps
        ));
        let sizes = level_sizes(size);
        let mut names: String = sizes.iter().map(|[height, width]| format!(" {width}×{height} |")).collect();
        names += " mean | precision | recall |";
        if self.inception.is_some() {
            line(&format!(
                "- FID and KID times 1000 (over parts of at most 1000 pictures: mean ± deviation) by the weights in \
                 {}: {}",
                arguments.inception.as_ref().map_or_else(String::new, |file| file.display().to_string()),
                conventions(size)
            ));
            names += " FID | KID |";
        }
        line(&format!("\n| | steps |{names}\n|---|---:|{}", "---:|".repeat(names.matches('|').count())));
    }

    /// The figures of as many pictures as the reference has.
    fn cells(&mut self, pictures: &Pictures) -> Result<String, Error> {
        let Measured { levels, value } = self.swd.of(pictures)?;
        let mut cells: String = levels.iter().map(|level| format!(" {level:.2} |")).collect();
        cells += &format!(" {value:.2} |");
        // Of fewer there is no third neighbour.
        if pictures.len() > 3 {
            let found = precision_recall(&self.own.features(pictures)?, &self.real);
            cells += &format!(" {:.3} | {:.3} |", found.precision, found.recall);
        } else {
            cells += " | |";
        }
        if let Some((inception, real)) = &self.inception {
            let found = inception.features(pictures)?;
            let fid = frechet_distance(&Gaussian::of(&found), &Gaussian::of(real));
            let kid = kernel_distance(&found, real, self.seed);
            cells += &format!(" {fid:.2} | {:.2} ± {:.2} |", 1e3 * kid.mean, 1e3 * kid.deviation);
        }
        Ok(cells)
    }
}

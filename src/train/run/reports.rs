//! What a run tells people while it goes on: `report.html` and what it is made of.

use std::path::Path;

use image::RgbImage;

use super::{Listener, Outcome, Run};
use crate::train::{
    Error,
    metric::Found,
    report::{Reporter, Standing, Unwritten},
};

impl Run {
    /// Begins the reports; without them the run goes on all the same.
    pub(super) fn open_reports(&mut self, tell: &mut dyn Listener) {
        let wanted = self.config.tensorboard;
        match Reporter::open(&self.folder, &self.gpu, self.steps(), tell.surroundings(), wanted) {
            Ok(reporter) => self.reporter = Some(reporter),
            Err(error) => self.unreported(error, tell),
        }
    }

    /// After a step: a row of speed and memory, and the page, each when it is time for it.
    pub(super) fn report_if_due(&mut self, tell: &mut dyn Listener) {
        let due = self.note_progress(false, tell);
        if due {
            self.report("running", tell);
        }
    }

    /// Hands on the figures of a logged step.
    pub(super) fn report_figures(&mut self, step: u64, figures: &[f32]) {
        let columns = self.recipe.columns();
        if let Some(reporter) = &mut self.reporter {
            reporter.figures(step, columns, figures);
        }
    }

    /// Hands on a value of the metric, where there is one.
    pub(super) fn report_metric(&mut self, step: u64, found: Option<&Found>) {
        if let Some((reporter, found)) = self.reporter.as_mut().zip(found) {
            reporter.metric(step, found);
        }
    }

    /// Hands on a sheet of samples, which stands in the file.
    pub(super) fn report_sheet(&mut self, path: &Path, drawn: &RgbImage) {
        let step = self.steps();
        if let Some(reporter) = &mut self.reporter {
            reporter.sheet(step, path, [drawn.height(), drawn.width()]);
        }
    }

    /// Writes the page.
    pub(super) fn report(&mut self, state: &str, tell: &mut dyn Listener) {
        let networks = &self.config.networks;
        let standing = Standing {
            about: format!("{}, preset {}, batch {}", self.config.recipe, self.config.preset, networks.batch()),
            step: self.steps(),
            length: self.length,
            state: state.to_owned(),
        };
        // What the page is made of is on the disk, or the disk takes nothing.
        let _ = self.log.flush();
        if let Some(Err(error)) = self.reporter.as_mut().map(|reporter| reporter.write(&standing)) {
            self.unreported(error, tell);
        }
    }

    /// The last page, which says how the run ended.
    pub(super) fn close_reports(&mut self, outcome: &Result<Outcome, Error>, tell: &mut dyn Listener) {
        self.note_progress(true, tell);
        let state = match outcome {
            Ok(Outcome::Finished) => "finished".to_owned(),
            Ok(Outcome::Interrupted) => "stopped".to_owned(),
            Err(error) => format!("failed: {error}"),
        };
        self.report(&state, tell);
        if let Some(reporter) = &self.reporter {
            tell.say(&format!("Report: {}", reporter.path().display()));
        }
    }

    /// A row of speed and memory; whether it is time for the page.
    fn note_progress(&mut self, last: bool, tell: &mut dyn Listener) -> bool {
        let (step, waited, batch) = (self.steps(), self.recipe.waited(), self.config.networks.batch());
        let Some(reporter) = &mut self.reporter else { return false };
        let noted = reporter.step(&self.gpu, step, waited, batch, last);
        let due = reporter.is_due();
        if let Err(error) = noted {
            self.unreported(error, tell);
        }
        due
    }

    fn unreported(&self, (path, error): Unwritten, tell: &mut dyn Listener) {
        tell.warn(&self.unwritten(&path, &error));
    }
}

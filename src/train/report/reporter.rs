//! What a run leaves for people beside its state, kept up to date while it trains. Only the process that leads has one.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    Folder,
    charts::is_score,
    events::Events,
    page::{Page, Standing},
    progress::Progress,
    session::{self, Facts},
};
use crate::{gpu::Gpu, train::metric::Found};

/// Time from one sheet for TensorBoard to the next, at least: its files hold them whole.
const SHEETS: Duration = Duration::from_secs(30);

/// The reports of a run. That one cannot be written is a pity, but no reason to lose the run: errors name the file, and
/// are there to be told.
pub struct Reporter {
    progress: Progress,
    page: Page,
    /// TensorBoard's, where it is wanted, and when it was last given a sheet.
    events: Option<Events>,
    shown: Option<Instant>,
    failing: bool,
    folder: Folder,
}

/// A file that could not be written, and why.
pub type Unwritten = (PathBuf, io::Error);

impl Reporter {
    /// Begins the reports of a run, or goes on with them after `step`.
    ///
    /// # Errors
    /// When one of them cannot be read or written.
    pub fn open(
        folder: &Folder,
        gpu: &Gpu,
        step: u64,
        surroundings: Facts,
        tensorboard: bool,
    ) -> Result<Self, Unwritten> {
        let failed = |path: PathBuf| move |error| (path, error);
        session::note(&folder.sessions(), gpu, step, surroundings).map_err(failed(folder.sessions()))?;
        let progress = Progress::open(&folder.progress(), step).map_err(failed(folder.progress()))?;
        let events = tensorboard.then(|| Events::create(&folder.tensorboard(), step)).transpose();
        let events = events.map_err(failed(folder.tensorboard()))?;
        let (page, folder) = (Page::new(folder), folder.clone());
        Ok(Self { progress, page, events, shown: None, failing: false, folder })
    }

    /// Goes on after `step`, behind which the run was: what was noted since is cut off.
    ///
    /// # Errors
    /// When a report cannot be read or written.
    pub fn go_back(&mut self, step: u64) -> Result<(), Unwritten> {
        let progress = Progress::open(&self.folder.progress(), step);
        self.progress = progress.map_err(|error| (self.folder.progress(), error))?;
        if self.events.is_some() {
            let events = Events::create(&self.folder.tensorboard(), step);
            self.events = Some(events.map_err(|error| (self.folder.tensorboard(), error))?);
        }
        Ok(())
    }

    /// Notes that so many steps of `batch` pictures are done, and how long all have waited for pictures.
    ///
    /// # Errors
    /// When a report cannot be written: told once, while every call tries again.
    pub fn step(&mut self, gpu: &Gpu, step: u64, waited: Duration, batch: usize, last: bool) -> Result<(), Unwritten> {
        let paced = self.progress.step(gpu, step, waited, batch, last);
        let Some(pace) = paced.map_err(|error| (self.folder.progress(), error))? else { return Ok(()) };
        let Some(events) = &mut self.events else { return Ok(()) };
        let figures = [
            ("speed/images_per_second", pace.images_per_second),
            ("memory/device_mib", pace.device_mib),
            ("memory/process_mib", pace.process_mib),
        ];
        events.scalars(step, figures.map(|(tag, value)| (tag.to_owned(), value as f32)));
        let Err(error) = events.flush() else {
            self.failing = false;
            return Ok(());
        };
        if std::mem::replace(&mut self.failing, true) { Ok(()) } else { Err((events.path().to_owned(), error)) }
    }

    /// Hands on the figures of a logged step; they are written with the next row of progress.
    pub fn figures(&mut self, step: u64, columns: &[&str], figures: &[f32]) {
        let Some(events) = &mut self.events else { return };
        let group = |name: &str| if is_score(name) { "scores" } else { "losses" };
        let tagged = columns.iter().zip(figures).map(|(name, value)| (format!("{}/{name}", group(name)), *value));
        events.scalars(step, tagged);
    }

    /// Hands on a value of the metric; it is written with the next row of progress.
    pub fn metric(&mut self, step: u64, found: &Found) {
        if let Some(events) = &mut self.events {
            events.scalars(step, [(format!("metric/{}", found.metric), found.value as f32)]);
        }
    }

    /// Hands on a sheet of samples of so many pixels, a PNG file, unless the last one was shown just before.
    pub fn sheet(&mut self, step: u64, path: &Path, size: [u32; 2]) {
        let Some(events) = &mut self.events else { return };
        if self.shown.is_some_and(|at| at.elapsed() < SHEETS) {
            return;
        }
        // A sheet that could not be written was told of already.
        if let Ok(png) = fs::read(path) {
            events.picture(step, "samples", png, size);
            self.shown = Some(Instant::now());
        }
    }

    /// The page.
    pub fn path(&self) -> PathBuf {
        self.page.path()
    }

    /// Whether it is time to write the page again.
    pub fn is_due(&self) -> bool {
        self.page.is_due()
    }

    /// Writes the page.
    ///
    /// # Errors
    /// When it cannot be written; the one before stays.
    pub fn write(&mut self, standing: &Standing) -> Result<(), Unwritten> {
        self.page.write(standing).map_err(|error| (self.page.path(), error))
    }
}

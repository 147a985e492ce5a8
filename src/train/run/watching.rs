//! What a run's [`Watch`] is shown: scores, and the sheets of a recipe that draws pictures from noise. Only the process
//! that leads looks.

use image::RgbImage;

use super::{Listener, Run};
use crate::train::{
    config::{Networks, RunConfig},
    objective::Objective,
    report::sheet,
    watch::{Policy, Shown, Watch},
};

/// A watch of a run, and the real pictures that it compares with.
pub(super) struct Watching {
    watch: Watch,
    real: Option<Shown>,
}

impl Watching {
    pub(super) fn new(config: &RunConfig) -> Self {
        let objective = match &config.networks {
            Networks::Dcgan(config) => Some(config.objective),
            Networks::Faces(_) => Some(Objective::Hinge),
            _ => None,
        };
        // By its name in `config.toml`: recipes without augmentation have no such value.
        let values = serde_json::to_value(&config.networks).unwrap_or_default();
        let list = values[&config.recipe]["augment"].as_str().map(Policy::of);
        Self { watch: Watch::new(objective, list.unwrap_or_default()), real: None }
    }
}

impl Run {
    /// Looks at the figures of a logged step.
    pub(super) fn watch_figures(&mut self, figures: &[f32], tell: &mut dyn Listener) {
        let of =
            |name: &str| self.recipe.columns().iter().position(|column| *column == name).map(|place| figures[place]);
        if let Some((real, fake)) = of("d_real").zip(of("d_fake"))
            && let Some(sentence) = self.watching.watch.scores(real, fake)
        {
            tell.warn(&sentence);
        }
    }

    /// Looks at a sheet of samples. Translators draw what they are given, so there is nothing to compare.
    pub(super) fn watch_sheet(&mut self, drawn: &RgbImage, tell: &mut dyn Listener) {
        let Some(side) = self.config.networks.drawn_size() else { return };
        let step = self.steps();
        let shown = |picture: &RgbImage| Shown { side, pictures: sheet::pictures(picture, [side; 2]) };
        let Watching { watch, real } = &mut self.watching;
        let real = real.get_or_insert_with(|| shown(&self.recipe.real()));
        watch.sheet(step, &shown(drawn), real).iter().for_each(|sentence| tell.warn(sentence));
    }
}

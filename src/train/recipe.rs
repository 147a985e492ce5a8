//! What a run needs to know of that which it trains.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use image::RgbImage;

use super::{checkpoint::Header, pending::Pending};
use crate::{
    data::Pictures,
    gpu::{self, Gpu},
    optim::Adam,
    parallel::World,
    tensor::Tensor,
};

/// Whole numbers that are part of a state, by name.
pub type Counters = BTreeMap<String, u64>;

/// Networks with their optimizers, and whatever else a step depends on.
pub trait Trained {
    /// Steps done.
    fn steps(&self) -> u64;

    /// Every tensor that a step depends on, by name.
    fn tensors(&self) -> Vec<(String, Tensor)>;

    /// Every whole number that a step depends on, by name.
    fn counters(&self) -> Counters;

    /// Takes the numbers of a state whose tensors were loaded. One that is missing counts as 0.
    fn set_counters(&mut self, counters: &Counters);

    /// From now on a step is given this process's share of a batch, and learns from all shares.
    fn join(&mut self, world: &World);
}

/// What one step reports.
pub struct Report {
    /// The epoch that its pictures are from.
    pub epoch: u64,
    /// A figure for each of [`Recipe::columns`], on their way from the device.
    pub figures: Pending,
}

/// Something to train, with the pictures to train it on.
pub trait Recipe {
    /// What is trained.
    fn trained(&self) -> &dyn Trained;

    /// The same, to be changed.
    fn trained_mut(&mut self) -> &mut dyn Trained;

    /// From now on a step sees this process's share of its batch, and learns from all shares.
    fn join(&mut self, world: &World);

    /// The names of a step's figures: the columns of `losses.csv`.
    fn columns(&self) -> &'static [&'static str];

    /// A step's figures as a person reads them.
    fn describe(&self, figures: &[f32]) -> String {
        self.columns().iter().zip(figures).map(|(name, value)| format!("  {name} {value:.3}")).collect()
    }

    /// One step, when the part `progress` of the run, from 0 to 1, lies behind. Records and submits; does not wait.
    ///
    /// # Errors
    /// When the device failed.
    fn step(&mut self, progress: f64) -> Result<Report, gpu::Error>;

    /// Batches of so many epochs.
    fn batches_in(&self, epochs: u64) -> u64;

    /// How long steps have waited for pictures, in all.
    fn waited(&self) -> Duration;

    /// Where the pictures to come stand, and of how many: numbers of the state that depend on the pictures.
    fn position(&self) -> Counters;

    /// A sheet of what the networks can do by now.
    ///
    /// # Errors
    /// When the device failed.
    fn samples(&self) -> Result<RgbImage, gpu::Error>;

    /// A sheet of pictures that they learn from.
    fn real(&self) -> RgbImage;

    /// The pictures that it learns from, of a recipe that draws from noise; `None` of others.
    fn pictures(&self) -> Option<&Pictures> {
        None
    }

    /// `count` pictures drawn from the noise of a seed as `sample` would draw them: the same ones, by the averages of
    /// the weights where such are kept. `None` of a recipe that makes pictures of pictures. Changes nothing that a step
    /// depends on.
    ///
    /// # Errors
    /// When the device failed.
    fn draw(&self, _seed: u64, _count: usize) -> Result<Option<Pictures>, gpu::Error> {
        Ok(None)
    }

    /// The networks in a sentence.
    fn introduction(&self) -> String;
}

/// Pictures that were read or drawn, and the recipe that waits for a device.
pub struct Ready {
    /// Files that could not be read, and why.
    pub skipped: Vec<(PathBuf, String)>,
    /// How many pictures there are, by their part in the recipe, as [`Recipe::position`] names them.
    pub pictures: Counters,
    /// The names of the pictures' classes, where the networks are told them.
    pub classes: Vec<String>,
    /// Makes the recipe.
    pub begin: Begin,
}

/// Makes a recipe on a device: new, or going on at the position of a header.
pub type Begin = Box<dyn FnOnce(&Gpu, Option<&Header>) -> Box<dyn Recipe>>;

/// Steps done, and those that optimizers have taken, by their names.
pub fn steps_of(steps: u64, adams: &[(&str, &Adam)]) -> Counters {
    let taken = adams.iter().map(|(name, adam)| ((*name).to_owned(), adam.steps()));
    taken.chain([("steps".to_owned(), steps)]).collect()
}

/// Gives the optimizers their numbers back; the steps done.
pub fn restore_steps(counters: &Counters, adams: &mut [(&str, &mut Adam)]) -> u64 {
    let of = |name: &str| counters.get(name).copied().unwrap_or(0);
    adams.iter_mut().for_each(|(name, adam)| adam.set_steps(of(name)));
    of("steps")
}

/// The tensors of a network with its optimizer, below a name.
pub fn state_of(name: &str, network: &dyn crate::nn::Module, adam: Option<&Adam>) -> Vec<(String, Tensor)> {
    let parameters = network.parameters().into_iter().map(|(n, p)| (n, p.var().value().clone()));
    let of_adam = adam.into_iter().flat_map(|adam| adam.moments().into_iter().chain(adam.averages()));
    let tensors = parameters.chain(network.buffers()).chain(of_adam);
    tensors.map(|(n, tensor)| (format!("{name}.{n}"), tensor)).collect()
}

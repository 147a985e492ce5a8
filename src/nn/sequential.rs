//! Layers one after the other.

use std::rc::Rc;

use super::{Layer, Module, Parameter, recompute::recomputed};
use crate::{autograd::Var, tensor::Tensor};

/// Each layer's output is the next one's input (`torch.nn.Sequential`). State is named by the layer's place,
/// `0.weight`, or by the name that the layer was given; and all of it below a name of its own, `model.0.weight`, where
/// the sequence has one.
#[derive(Default)]
pub struct Sequential {
    name: String,
    layers: Vec<(String, Rc<dyn Module>)>,
    /// Numbers of layers at which stages end that are computed again for their gradients; none where all is
    /// remembered.
    stages: Vec<usize>,
}

impl Sequential {
    /// No layers yet: the identity.
    pub fn new() -> Self {
        Self::default()
    }

    /// No layers yet; all state will be named below `name`.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Adds a layer behind the others, named by its place.
    pub fn with(self, layer: impl Module + 'static) -> Self {
        let place = self.layers.len().to_string();
        self.with_named(&place, layer)
    }

    /// Adds a layer behind the others. Under an empty name the layer's state keeps the names it has.
    pub fn with_named(mut self, name: &str, layer: impl Module + 'static) -> Self {
        self.layers.push((name.to_owned(), Rc::new(layer)));
        self
    }

    /// The same network, of which backward finds only what stands at the ends of stages, and computes the rest again:
    /// less memory, the same gradients, one more forward pass. A stage ends behind so many layers as `ends` says, which
    /// ascend, and behind the last.
    pub fn recomputed(self, ends: Vec<usize>) -> Self {
        let last = self.len();
        Self { stages: ends.into_iter().chain([last]).collect(), ..self }
    }

    /// Number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// The layers.
    pub fn layers(&self) -> impl Iterator<Item = &dyn Module> {
        self.layers.iter().map(|(_, layer)| &**layer)
    }

    /// The outputs of the layers at `places`, which ascend; what comes behind the last of them is not computed.
    ///
    /// # Panics
    /// When there is no layer at one of them.
    pub fn features(&self, x: &Var, places: &[usize]) -> Vec<Var> {
        self.watched(x, places, places.last().map_or(0, |last| last + 1)).1
    }

    /// The output, and beside it those of the layers at `places`.
    ///
    /// # Panics
    /// When there is no layer at one of them.
    pub fn forward_with_features(&self, x: &Var, places: &[usize]) -> (Var, Vec<Var>) {
        self.watched(x, places, self.len())
    }

    /// The output of the first `count` layers, and those of the layers at `places`.
    fn watched(&self, x: &Var, places: &[usize], count: usize) -> (Var, Vec<Var>) {
        assert!(count <= self.len(), "features: there are {} layers, and {places:?} are asked for", self.len());
        if !self.stages.is_empty() {
            return self.watched_by_stages(x, places, count);
        }
        let (mut x, mut found) = (x.clone(), Vec::with_capacity(places.len()));
        for (place, layer) in self.layers().take(count).enumerate() {
            x = layer.forward(&x);
            if places.contains(&place) {
                found.push(x.clone());
            }
        }
        assert_eq!(found.len(), places.len(), "features: there are {} layers, and not all of {places:?}", self.len());
        (x, found)
    }

    /// The same, of which only the ends of stages and what stands at `places` is remembered.
    fn watched_by_stages(&self, x: &Var, places: &[usize], count: usize) -> (Var, Vec<Var>) {
        let mut ends: Vec<usize> = self.stages.iter().copied().chain(places.iter().map(|place| place + 1)).collect();
        ends.retain(|end| *end < count);
        ends.push(count);
        ends.sort_unstable();
        ends.dedup();
        let (mut x, mut found, mut first) = (x.clone(), Vec::with_capacity(places.len()), 0);
        for end in ends {
            let stage = self.layers[first..end].iter().map(|(_, layer)| layer.clone()).collect();
            x = recomputed(stage, &x);
            if places.contains(&(end - 1)) {
                found.push(x.clone());
            }
            first = end;
        }
        (x, found)
    }

    fn state<T>(&self, of: impl Fn(&dyn Module) -> Vec<(String, T)>) -> Vec<(String, T)> {
        let named = |(name, layer): &(String, Rc<dyn Module>)| {
            let path = join(&self.name, name);
            of(&**layer).into_iter().map(move |(n, state)| (join(&path, &n), state)).collect::<Vec<_>>()
        };
        self.layers.iter().flat_map(named).collect()
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() || name.is_empty() { format!("{path}{name}") } else { format!("{path}.{name}") }
}

impl Module for Sequential {
    fn forward(&self, x: &Var) -> Var {
        self.watched(x, &[], self.len()).0
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        self.state(|layer| layer.parameters())
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        self.state(|layer| layer.buffers())
    }

    fn train(&self, training: bool) {
        self.layers().for_each(|layer| layer.train(training));
    }

    fn structure(&self) -> Option<Vec<Layer<'_>>> {
        let parts: Option<Vec<_>> = self.layers().map(Module::structure).collect();
        Some(parts?.into_iter().flatten().collect())
    }
}

//! Points of the latent space, and what a generator draws of them.

use std::{collections::HashMap, path::Path};

use safetensors::{Dtype, tensor::TensorView};

use crate::{
    gpu,
    tensor::Tensor,
    train::{Error, noise::Painter, report::sheet::to_bytes},
    weights::{self, replace::replace},
};

/// Points are drawn so many at a time, however many there are: kernels may sum in another order for another batch, and
/// the same point is to give the same picture.
pub const BATCH: usize = 16;

/// The tensors of a file of points.
const NAME: &str = "z";
const CLASS: &str = "class";

/// Points of a latent space, `nz` numbers each, and the class that each is drawn as where a generator has classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    nz: usize,
    values: Vec<f32>,
    classes: Vec<u32>,
}

impl Points {
    /// Points from their numbers, `[N, nz]`, all of class 0.
    ///
    /// # Panics
    /// When the numbers are no whole number of points.
    pub fn new(nz: usize, values: Vec<f32>) -> Self {
        assert!(nz > 0 && values.len().is_multiple_of(nz), "Points: {} numbers are no points of {nz}", values.len());
        let classes = vec![0; values.len() / nz];
        Self { nz, values, classes }
    }

    /// The same points, to be drawn as these classes.
    ///
    /// # Panics
    /// When there are not as many.
    pub fn of_classes(self, classes: Vec<u32>) -> Self {
        assert_eq!(classes.len(), self.len(), "each point has a class");
        Self { classes, ..self }
    }

    /// No points.
    pub fn none(nz: usize) -> Self {
        Self::new(nz, Vec::new())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.nz
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The numbers of a point.
    pub fn nz(&self) -> usize {
        self.nz
    }

    /// All numbers, `[N, nz]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The numbers of one point.
    ///
    /// # Panics
    /// When there is no such point.
    pub fn point(&self, place: usize) -> &[f32] {
        &self.values[place * self.nz..(place + 1) * self.nz]
    }

    /// The class of one point.
    ///
    /// # Panics
    /// When there is no such point.
    pub fn class(&self, place: usize) -> u32 {
        self.classes[place]
    }

    /// One point more.
    ///
    /// # Panics
    /// When it has not `nz` numbers.
    pub fn push(&mut self, point: &[f32], class: u32) {
        assert_eq!(point.len(), self.nz, "a point of this space has {} numbers", self.nz);
        self.values.extend_from_slice(point);
        self.classes.push(class);
    }

    /// The points of `others` behind these.
    ///
    /// # Panics
    /// When they are of another space.
    pub fn extend(&mut self, others: &Self) {
        assert_eq!(others.nz, self.nz, "points of {} numbers and of {} are of different spaces", others.nz, self.nz);
        self.values.extend_from_slice(&others.values);
        self.classes.extend_from_slice(&others.classes);
    }

    /// What a generator draws of them, bytes `[N, size, size, 3]`. Each picture depends on its point and class alone.
    ///
    /// # Errors
    /// When the device failed.
    ///
    /// # Panics
    /// When the generator takes other points.
    pub fn draw(&self, trainer: &dyn Painter) -> Result<Vec<u8>, gpu::Error> {
        let (nz, each) = (self.nz, 3 * trainer.size().pow(2));
        let mut bytes = Vec::with_capacity(self.len() * each);
        for (rows, classes) in self.values.chunks(BATCH * nz).zip(self.classes.chunks(BATCH)) {
            let (mut filled, mut labels) = (rows.to_vec(), classes.to_vec());
            filled.resize(BATCH * nz, 0.0);
            labels.resize(BATCH, 0);
            let noise = Tensor::from_slice(trainer.tape().gpu(), [BATCH, 1, 1, nz], &filled);
            let labels = (!trainer.classes().is_empty()).then_some(&labels[..]);
            let drawn = to_bytes(&trainer.draw(&noise, labels).to_vec()?);
            bytes.extend_from_slice(&drawn[..rows.len() / nz * each]);
        }
        Ok(bytes)
    }

    /// Writes them as safetensors, the tensors `z [N, nz]` and `class [N]`.
    ///
    /// # Errors
    /// When the file cannot be written; then one that was there before stays.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let classes: Vec<f32> = self.classes.iter().map(|class| *class as f32).collect();
        let (values, classes) = (bytes(&self.values), bytes(&classes));
        let view = |shape, bytes| TensorView::new(Dtype::F32, shape, bytes).expect("as many bytes as numbers");
        let views = [(NAME, view(vec![self.len(), self.nz], &values)), (CLASS, view(vec![self.len()], &classes))];
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        let file = safetensors::serialize(views, Some(metadata)).expect("the names fit the header");
        replace(path, &file).map_err(Error::io("write", path))
    }

    /// Reads what [`Points::save`] wrote, for a generator that takes `nz` numbers and knows so many classes, or none.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no points of that space.
    pub fn load(path: &Path, nz: usize, classes: usize) -> Result<Self, Error> {
        let mut dict = weights::read(path)?;
        let other = |what: String| {
            let file = path.display();
            Error::Config(format!("{file} {what}; give a file that `edit invert` wrote for this generator"))
        };
        let Some(array) = dict.tensors.remove(NAME) else {
            return Err(other(format!("holds no points (no tensor '{NAME}')")));
        };
        if array.shape.len() != 2 || array.shape[1] != nz || array.values.is_empty() {
            return Err(other(format!(
                "holds points of the shape {:?}, and the generator takes [N, {nz}]",
                array.shape
            )));
        }
        if !array.values.iter().all(|value| value.is_finite()) {
            return Err(other("holds numbers that are not finite".to_owned()));
        }
        let points = Self::new(nz, array.values);
        let Some(of) = dict.tensors.remove(CLASS) else { return Ok(points) };
        let known = |class: &f32| class.fract() == 0.0 && (0.0..classes.max(1) as f32).contains(class);
        if of.values.len() != points.len() || !of.values.iter().all(known) {
            return Err(other(format!("holds points of other classes than the {classes} of the generator")));
        }
        Ok(points.of_classes(of.values.iter().map(|class| *class as u32).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::Points;

    #[test]
    fn points_come_back_from_their_file() {
        let folder = tempfile::tempdir().expect("the system has a temporary folder");
        let (path, points) = (folder.path().join("p.safetensors"), Points::new(3, (0..6).map(|i| i as f32).collect()));
        points.save(&path).expect("the folder can be written");
        assert_eq!(Points::load(&path, 3, 0).expect("it was written just now"), points);
        let error = Points::load(&path, 4, 0).expect_err("of another space").to_string();
        assert!(error.contains("[2, 3]") && error.contains("[N, 4]"), "{error}");
        let classes = points.clone().of_classes(vec![2, 0]);
        classes.save(&path).expect("the folder can be written");
        assert_eq!(Points::load(&path, 3, 3).expect("it was written just now"), classes);
        let error = Points::load(&path, 3, 2).expect_err("there is no class 2").to_string();
        assert!(error.contains("other classes than the 2"), "{error}");
        Points::new(1, vec![f32::NAN]).save(&path).expect("the folder can be written");
        assert!(Points::load(&path, 1, 0).expect_err("no place").to_string().contains("not finite"));
    }
}

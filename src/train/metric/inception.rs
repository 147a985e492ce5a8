//! Features by Inception-v3, with weights that the user brings, as pytorch-fid computes them.

use std::path::Path;

use super::{Measure, Measured, Reference};
use crate::{
    autograd::Tape,
    data::{
        Pictures,
        compare::{Features, Gaussian, frechet_distance},
    },
    gpu::Gpu,
    models::inception::{FEATURES, Inception as Network, SIDE},
    nn::Module,
    ops::{self, elementwise::unpack_bytes, resample::upsample_bilinear},
    train::Error,
    weights,
};

/// Pictures at a time, always: kernels may sum in another order for another batch.
const BATCH: usize = 8;

/// Classes of the network whose features FID is made of; that which torchvision trained anew has 1000.
const CLASSES: usize = 1008;

/// The network with its weights.
pub struct Inception {
    tape: Tape,
    network: Network,
}

impl Inception {
    /// Reads pytorch-fid's file of weights, `pt_inception-2015-12-05-6726825d.pth`, or the same tensors as safetensors.
    ///
    /// # Errors
    /// When the file cannot be read, is of another network, or the device failed. Weights that torchvision trained are
    /// refused: features of another training are not those that FID is defined by.
    pub fn open(gpu: &Gpu, file: &Path) -> Result<Self, Error> {
        let dict = weights::read(file)?;
        let classes = dict.shape("fc.weight").and_then(|shape| shape.first());
        let auxiliary = dict.tensors.keys().any(|name| name.starts_with("AuxLogits."));
        if auxiliary || classes.is_some_and(|classes| *classes != CLASSES) {
            return Err(Error::Config(format!(
                "{} has the weights of another training of Inception-v3, torchvision's by its looks; FID and KID are \
                 defined by those of 2015: give pytorch-fid's pt_inception-2015-12-05-6726825d.pth",
                file.display()
            )));
        }
        let tape = ops::tape(gpu);
        let network = Network::new(&tape);
        let harmless = |name: &str| name.starts_with("fc.") || name.ends_with(".num_batches_tracked");
        weights::load_into(&network, &dict, &str::to_owned, &harmless)?;
        gpu.finish()?;
        Ok(Self { tape, network })
    }

    /// What the network makes of pictures, after its last pooling, 2048 numbers each. They are resized to 299 by 299
    /// pixels with straight lines between the neighbours' centres, without a blur where that makes them smaller, and go
    /// from
    /// -1 to 1.
    ///
    /// # Errors
    /// When the device failed.
    pub fn features(&self, pictures: &Pictures) -> Result<Features, Error> {
        let ([height, width], gpu) = (pictures.size(), self.tape.gpu());
        let each = 3 * height * width;
        let mut values = Vec::with_capacity(pictures.len() * FEATURES);
        for bytes in pictures.pixels().chunks(BATCH * each) {
            let mut batch = bytes.to_vec();
            batch.resize(BATCH * each, 0);
            let found = self.tape.no_grad(|| {
                let x = self.tape.constant(unpack_bytes(gpu, [BATCH, height, width, 3], &batch));
                self.network.forward(&upsample_bilinear(&x, [SIDE; 2], false))
            });
            let found = found.value().to_vec()?;
            values.extend_from_slice(&found[..bytes.len() / each * FEATURES]);
        }
        Ok(Features::new(FEATURES, &values))
    }
}

/// Refuses sets without a covariance.
///
/// # Errors
/// When the reference has a single picture.
pub fn check_count(reference: &Reference) -> Result<(), Error> {
    match reference.pictures.len() {
        0 | 1 => Err(Error::Config(format!(
            "FID and KID compare two sets of two pictures or more, and here is {reference}; give more pictures"
        ))),
        _ => Ok(()),
    }
}

/// What is done to the size of pictures before Inception sees them, and to their covariance.
pub fn conventions([height, width]: [usize; 2]) -> String {
    format!(
        "resized from {width}×{height} to {SIDE}×{SIDE} pixels, bilinear with align_corners=False and no antialiasing, \
         as pytorch-fid does; covariances divided by n − 1"
    )
}

/// The Fréchet Inception distance.
pub struct Fid {
    inception: Inception,
    reference: Gaussian,
}

impl Fid {
    /// To this reference.
    ///
    /// # Errors
    /// When it is of a single picture, or the device failed.
    pub fn new(inception: Inception, reference: &Reference) -> Result<Self, Error> {
        check_count(reference)?;
        let reference = Gaussian::of(&inception.features(&reference.pictures)?);
        Ok(Self { inception, reference })
    }
}

impl Measure for Fid {
    fn name(&self) -> &'static str {
        "fid"
    }

    fn title(&self) -> &'static str {
        "FID"
    }

    fn resize(&self, size: [usize; 2]) -> String {
        conventions(size)
    }

    fn of(&mut self, drawn: &Pictures) -> Result<Measured, Error> {
        let drawn = Gaussian::of(&self.inception.features(drawn)?);
        Ok(Measured { levels: Vec::new(), value: frechet_distance(&drawn, &self.reference) })
    }
}

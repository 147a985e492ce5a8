//! Checkpoints: everything a run needs to go on as if it had never stopped, in one safetensors file.
//!
//! The tensors are those of the training state, by name. One metadata key, `sumi`, holds a [`Header`] as canonical
//! JSON: keys sorted, no spaces. Its `sha256` is the checksum of the file, in hexadecimal: SHA-256 over, for each
//! tensor in the order of the names, the length of the name, the name, the number of extents, the extents, and the
//! elements, numbers as 64 bits and all little endian; then the JSON with `sha256` empty. There is no clock and no path
//! in it, so that equal states are equal files.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensorError, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    config::Networks,
    metric::Best,
    recipe::{Counters, Trained},
};
use crate::{gpu, ops::elementwise::copy_into, optim::LossScale, tensor::Tensor, weights::replace::replace};

/// The version of the format that this program writes, and the only one it reads.
pub const VERSION: u32 = 2;

/// The metadata key.
const KEY: &str = "sumi";

/// What a checkpoint says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Format version.
    pub version: u32,
    /// Which networks, trained how.
    pub recipe: String,
    /// What is computed.
    pub config: Networks,
    /// Whether pictures are mirrored at random.
    pub flip: bool,
    /// The whole numbers of the state: steps done, steps that optimizers have taken, …
    pub counters: Counters,
    /// Where the pictures to come stand, and of how many.
    pub position: Counters,
    /// The adapter it was computed on, as [`gpu::AdapterInfo::arithmetic`] names it.
    pub adapter: String,
    /// The family of kernels it was computed by.
    pub family: String,
    /// Between how many processes the batches were shared.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub processes: u64,
    /// The best that the run's metric has found so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
    /// The measured choices that it was computed with, as [`gpu::Tuning::fingerprint`] names them; empty where there
    /// were none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tuning: String,
    /// The checksum.
    #[serde(default)]
    sha256: String,
}

fn one() -> u64 {
    1
}

fn is_one(count: &u64) -> bool {
    *count == 1
}

impl Header {
    /// The header of a run on this device.
    pub fn new(gpu: &gpu::Gpu, config: Networks, flip: bool, counters: Counters, position: Counters) -> Self {
        Self {
            version: VERSION,
            recipe: config.recipe().to_owned(),
            config,
            flip,
            counters,
            position,
            adapter: gpu.adapter().arithmetic(),
            family: family(gpu),
            processes: 1,
            best: None,
            tuning: gpu.tuning().fingerprint(),
            sha256: String::new(),
        }
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.counters.get("steps").copied().unwrap_or(0)
    }

    /// The number of the batch that comes next, by its name in [`Header::position`]. Batches are counted: where they
    /// are of `batch` pictures now and were of another size, the count goes on after about as many pictures. Not the
    /// same ones, for what an epoch leaves out at its end depends on the size.
    pub fn position(&self, name: &str, batch: usize) -> u64 {
        let position = self.position.get(name).copied().unwrap_or(0);
        position * self.config.batch() as u64 / batch as u64
    }

    fn json(&self) -> String {
        // Through a value, whose maps are sorted.
        serde_json::to_value(self).map(|value| value.to_string()).expect("a header is plain data")
    }
}

/// The family of kernels in use, by name, and their precision where it is not f32.
pub fn family(gpu: &gpu::Gpu) -> String {
    let family = match gpu.family() {
        gpu::Family::Tiled => "tiled".to_owned(),
        gpu::Family::Lanes { lanes } => format!("lanes {lanes}"),
        gpu::Family::Panels { lanes } => format!("panels {lanes}"),
    };
    match gpu.precision() {
        gpu::Precision::F32 => family,
        gpu::Precision::Mixed => format!("{family}, mixed"),
    }
}

/// One tensor of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Its extents.
    pub shape: Vec<usize>,
    /// Its elements in row-major order.
    pub elements: Vec<f32>,
}

/// A training state in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// What it is.
    pub header: Header,
    /// The tensors by name.
    pub tensors: BTreeMap<String, Values>,
}

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("there is no checkpoint at {}; give the folder of a run, such as runs/dcgan-1", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses to read it.
    #[error("the checkpoint {} cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Cut short, or no safetensors file at all.
    #[error(
        "{} is no whole safetensors file ({reason}): it was cut short, or is something else. \
         Put back a copy of it, or start a new run", .path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A safetensors file of another program.
    #[error("{} is a safetensors file, but not a checkpoint of sumi: {reason}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A format that we do not know.
    #[error(
        "the checkpoint {} has format version {found}, and this program reads {VERSION}; \
         use the sumi that wrote it", .path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of the file.
        found: u64,
    },
    /// The contents are not those that were written.
    #[error(
        "the checkpoint {} is damaged: its contents do not match its checksum. \
         Put back a copy of it, or start a new run", .path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
    },
    /// The tensors are not those of the networks.
    #[error("the checkpoint {} does not fit these networks:\n{differences}", .path.display())]
    Misfit {
        /// The file.
        path: PathBuf,
        /// A line for each tensor.
        differences: String,
    },
}

impl Checkpoint {
    /// Reads the state from the device: all reads in one submit.
    ///
    /// # Errors
    /// When the device failed.
    pub fn of(gpu: &gpu::Gpu, header: Header, state: Vec<(String, Tensor)>) -> Result<Self, gpu::Error> {
        let reads: Vec<_> =
            state.into_iter().map(|(name, tensor)| (name, tensor.shape().dims().to_vec(), tensor.read())).collect();
        gpu.submit()?;
        let arrived =
            |(name, shape, read): (String, _, gpu::Readback)| Ok((name, Values { shape, elements: read.wait()? }));
        Ok(Self { header, tensors: reads.into_iter().map(arrived).collect::<Result<_, gpu::Error>>()? })
    }

    /// The first tensor that holds something else than finite numbers.
    pub fn not_finite(&self) -> Option<&str> {
        let broken = |values: &Values| values.elements.iter().any(|element| !element.is_finite());
        self.tensors.iter().find(|(_, values)| broken(values)).map(|(name, _)| name.as_str())
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut header = Header { sha256: String::new(), ..self.header.clone() };
        let tensors = || self.tensors.iter().map(|(name, t)| (name, &t.shape[..], bytemuck::cast_slice(&t.elements)));
        header.sha256 = checksum(tensors(), &header.json());
        let views = tensors().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes);
            (name, view.expect("a tensor has as many elements as its shape says"))
        });
        let metadata = HashMap::from([(KEY.to_owned(), header.json())]);
        safetensors::serialize(views, Some(metadata)).expect("names and shapes fit the header")
    }

    /// Writes the file so that a program or a machine that stops at any moment leaves the old one or this one whole.
    ///
    /// # Errors
    /// When the folder cannot be written, or the disk is full; the old file stays.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        replace(path, &self.to_bytes())
    }

    /// Reads a file and proves that it is what was written.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Error::Missing { path: path.into() },
            _ => Error::Unreadable { path: path.into(), source },
        })?;
        Self::from_bytes(path, &bytes)
    }

    fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let broken = |error: SafeTensorError| Error::Broken { path: path.into(), reason: error.to_string() };
        let foreign = |reason: String| Error::Foreign { path: path.into(), reason };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let file = SafeTensors::deserialize(bytes).map_err(broken)?;
        let json = metadata.metadata().as_ref().and_then(|map| map.get(KEY));
        let json = json.ok_or_else(|| foreign(format!("it has no '{KEY}' in its metadata")))?;
        // The version before the rest: another one may have other fields.
        let value: serde_json::Value = serde_json::from_str(json).map_err(|error| foreign(error.to_string()))?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(found) => return Err(Error::Version { path: path.into(), found }),
            None => return Err(foreign("it has no format version".to_owned())),
        }
        let named: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
        let sum = value.get("sha256").and_then(serde_json::Value::as_str).unwrap_or_default();
        // The text itself is summed, not what a parser makes of its numbers.
        let plain = json.replacen(&format!(r#""sha256":"{sum}""#), r#""sha256":"""#, 1);
        if checksum(named.iter().map(|(name, view)| (name, view.shape(), view.data())), &plain) != sum {
            return Err(Error::Checksum { path: path.into() });
        }
        let header = serde_json::from_value(value).map_err(|error| foreign(error.to_string()))?;
        let values = |(name, view): (String, TensorView<'_>)| match view.dtype() {
            Dtype::F32 => {
                let elements = bytemuck::pod_collect_to_vec(view.data());
                Ok((name, Values { shape: view.shape().to_vec(), elements }))
            }
            other => Err(foreign(format!("the tensor '{name}' is {other:?}, not F32"))),
        };
        Ok(Self { header, tensors: named.into_iter().map(values).collect::<Result<_, _>>()? })
    }

    /// Overwrites a state: its tensors, on the device, and its numbers. Records; does not submit.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape, or is not part of the state; then nothing was overwritten. Only the
    /// loss scale may be either: a run can go on in another precision.
    pub fn load_into(&self, path: &Path, trained: &mut dyn Trained) -> Result<(), Error> {
        let state = trained.tensors();
        let differences = self.differences(&state);
        if !differences.is_empty() {
            return Err(Error::Misfit { path: path.into(), differences: differences.join("\n") });
        }
        for (name, tensor) in &state {
            if let Some(values) = self.tensors.get(name) {
                copy_into(&Tensor::from_slice(tensor.gpu(), tensor.shape(), &values.elements), tensor);
            }
        }
        trained.set_counters(&self.header.counters);
        Ok(())
    }

    fn differences(&self, state: &[(String, Tensor)]) -> Vec<String> {
        let mut found = Vec::new();
        for (name, tensor) in state {
            let expected = tensor.shape();
            match self.tensors.get(name) {
                None if name == LossScale::NAME => {}
                None => found.push(format!("  {name} is missing, expected {expected:?}")),
                Some(values) if values.shape != expected.dims() => {
                    found.push(format!("  {name} is {:?}, expected {expected:?}", values.shape));
                }
                Some(_) => {}
            }
        }
        let known: BTreeMap<_, _> = state.iter().map(|(name, tensor)| (name, tensor)).collect();
        let extra = self.tensors.iter().filter(|(name, _)| !known.contains_key(name) && *name != LossScale::NAME);
        found.extend(extra.map(|(name, values)| format!("  {name} {:?} is not part of them", values.shape)));
        found
    }
}

/// The checksum that the head of this file defines.
fn checksum<'a>(tensors: impl Iterator<Item = (&'a String, &'a [usize], &'a [u8])>, json: &str) -> String {
    let mut sum = Sha256::new();
    for (name, shape, bytes) in tensors {
        sum.update((name.len() as u64).to_le_bytes());
        sum.update(name);
        sum.update((shape.len() as u64).to_le_bytes());
        for &extent in shape {
            sum.update((extent as u64).to_le_bytes());
        }
        sum.update(bytes);
    }
    sum.update(json);
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;

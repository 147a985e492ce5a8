//! What a file of weights holds.

use std::{collections::BTreeMap, fmt, path::PathBuf};

/// The tensors of a file (`state_dict`), under PyTorch's names and in PyTorch's layouts.
#[derive(Debug, Clone, PartialEq)]
pub struct StateDict {
    /// The file.
    pub path: PathBuf,
    /// What kind of file it is.
    pub kind: Kind,
    /// The key under which the tensors were found, with points where keys are nested; none where they lie at the top.
    pub part: Option<String>,
    /// What all names began with and have been freed of, such as `module.`; empty if nothing.
    pub prefix: String,
    /// The tensors by name.
    pub tensors: BTreeMap<String, Array>,
}

/// One tensor, contiguous, whatever it was in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its extents, outermost first.
    pub shape: Vec<usize>,
    /// Its elements in row-major order; integers and truth values too are numbers here.
    pub values: Vec<f32>,
}

/// The kinds of files that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// safetensors of anybody's.
    Safetensors,
    /// A checkpoint of ours, with its recipe. Its tensors are named `<network>.<name>` and are in **our** layout.
    Checkpoint {
        /// As the checkpoint names it: `dcgan`.
        recipe: String,
    },
    /// What `torch.save` writes since 1.6.
    Torch,
    /// What `torch.save` wrote before.
    TorchLegacy,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Safetensors => write!(f, "safetensors"),
            Self::Checkpoint { recipe } => write!(f, "a checkpoint of Sumi's ({recipe})"),
            Self::Torch => write!(f, "a PyTorch file"),
            Self::TorchLegacy => write!(f, "a PyTorch file from before 1.6"),
        }
    }
}

impl StateDict {
    /// The file in words: its kind, how much it holds, and what was taken of it.
    pub fn describe(&self) -> String {
        let numbers: usize = self.tensors.values().map(|array| array.values.len()).sum();
        let part = self.part.as_ref().map(|part| format!(", taken from its '{part}'")).unwrap_or_default();
        let prefix = match self.prefix.as_str() {
            "" => String::new(),
            prefix => format!(", names without their '{prefix}'"),
        };
        format!("{}, {} tensors with {numbers} numbers{part}{prefix}", self.kind, self.tensors.len())
    }

    /// The shape of the tensor of this name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|array| &array.shape[..])
    }
}

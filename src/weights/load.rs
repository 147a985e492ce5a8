//! From a state dict into a module.

use std::{collections::HashSet, fmt::Write};

use super::{
    error::Error,
    layout::{to_ours, torch_shape},
    state::{Kind, StateDict},
};
use crate::{
    nn::{Module, Parameter},
    ops::elementwise::copy_into,
    tensor::Tensor,
};

/// How many differences are listed by name.
const LISTED: usize = 12;

/// A tensor of the module that is to be overwritten.
enum Target {
    Parameter(Parameter),
    Buffer(Tensor),
}

impl Target {
    fn shape(&self) -> Vec<usize> {
        match self {
            Self::Parameter(parameter) => torch_shape(parameter.var().shape().dims()),
            Self::Buffer(tensor) => torch_shape(tensor.shape().dims()),
        }
    }

    fn load(&self, values: &[f32]) {
        match self {
            Self::Parameter(parameter) => parameter.load(values),
            Self::Buffer(tensor) => copy_into(&Tensor::from_slice(tensor.gpu(), tensor.shape(), values), tensor),
        }
    }
}

/// Overwrites all parameters and buffers of a module with the tensors of a file, turned into our layout. Records; does
/// not submit.
///
/// `rename` is given a name of the module and says what the file calls that tensor. `harmless` is given a name of the
/// file that the module does not know, and says whether it may be left aside, such as running statistics that nothing
/// uses.
///
/// # Errors
/// [`Error::Misfit`], with each tensor that is missing, has another shape, or is not part of the network; then nothing
/// was overwritten. A checkpoint of ours never fits: it holds several networks in another layout.
pub fn load_into(
    module: &dyn Module,
    dict: &StateDict,
    rename: &dyn Fn(&str) -> String,
    harmless: &dyn Fn(&str) -> bool,
) -> Result<(), Error> {
    let misfit = |differences| Err(Error::Misfit { path: dict.path.clone(), differences });
    if let Kind::Checkpoint { .. } = dict.kind {
        return misfit(format!("  it is {}, not the weights of one network; give the run it belongs to", dict.kind));
    }
    let parameters = module.parameters().into_iter().map(|(name, p)| (rename(&name), Target::Parameter(p)));
    let buffers = module.buffers().into_iter().map(|(name, tensor)| (rename(&name), Target::Buffer(tensor)));
    let targets: Vec<_> = parameters.chain(buffers).collect();

    let differences = differences(dict, &targets, harmless);
    if !differences.is_empty() {
        return misfit(listed(&differences));
    }
    for (name, target) in &targets {
        let array = &dict.tensors[name];
        target.load(&to_ours(&array.shape, &array.values));
    }
    Ok(())
}

fn differences(dict: &StateDict, targets: &[(String, Target)], harmless: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, target) in targets {
        let expected = target.shape();
        match dict.shape(name) {
            None => found.push(format!("{name} is missing, expected {expected:?}")),
            Some(shape) if shape != expected => found.push(format!("{name} is {shape:?}, expected {expected:?}")),
            Some(_) => {}
        }
    }
    let known: HashSet<_> = targets.iter().map(|(name, _)| name).collect();
    let extra = dict.tensors.iter().filter(|(name, _)| !known.contains(name) && !harmless(name));
    found.extend(extra.map(|(name, array)| format!("{name} {:?} is not part of the network", array.shape)));
    found
}

/// The first lines, and how many there are beyond.
fn listed(lines: &[String]) -> String {
    let mut text = lines.iter().take(LISTED).map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n");
    if lines.len() > LISTED {
        let _ = write!(text, "\n  and {} more", lines.len() - LISTED);
    }
    text
}

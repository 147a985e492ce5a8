//! The state dict among what else a pickle holds: optimizers, options, several networks.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::{
    error::Problem,
    pickle::{Object, Pickle, Tensor},
    state::StateDict,
};

/// The keys under which people save the network that draws, the one to take first first: averaged weights draw better.
const KEYS: [&str; 17] = [
    "g_ema",
    "G_ema",
    "params_ema",
    "generator_ema",
    "model_ema",
    "ema",
    "generator",
    "netG",
    "netG_A",
    "G",
    "g",
    "params",
    "state_dict",
    "model_state_dict",
    "model",
    "weights",
    "net",
];

/// What wrappers put before every name: data parallel training, compiled models.
const PREFIXES: [&str; 2] = ["module.", "_orig_mod."];

/// Dictionaries nested deeper than this are not looked into,
const DEPTH: usize = 3;
/// nor those under longer keys,
const LONGEST_KEY: usize = 256;
/// nor more objects than these: no file of weights has so many dictionaries.
const MOST: usize = 4096;

/// A dictionary that has tensors.
pub(super) struct Found<'p> {
    /// The keys that lead to it, with points between; empty at the top.
    pub path: String,
    /// Its tensors by name.
    pub tensors: BTreeMap<&'p str, &'p Tensor>,
}

/// The state dict that a pickle is about.
pub(super) fn find<'p>(pickle: &'p Pickle<'_>) -> Result<Found<'p>, Problem> {
    let mut found = all(pickle);
    let keyed = |found: &Found<'_>, key: &str| found.path.split('.').any(|part| part == key);
    let best = match &found[..] {
        [] => {
            return Err(Problem::Foreign("it has no dictionary of tensors; save model.state_dict() in Python".into()));
        }
        [only] => Some(only),
        [top, ..] if top.path.is_empty() => Some(top),
        several => KEYS.iter().find_map(|key| several.iter().find(|found| keyed(found, key))),
    };
    match best.and_then(|best| found.iter().position(|found| found.path == best.path)) {
        Some(place) => Ok(found.swap_remove(place)),
        None => {
            let paths: Vec<_> = found.iter().take(12).map(|found| format!("'{}'", found.path)).collect();
            let reason = "it has several dictionaries of tensors; save the state_dict() of the one to use by itself: ";
            Err(Problem::Foreign(format!("{reason}{}", paths.join(", "))))
        }
    }
}

/// Every dictionary with tensors, those nearest the top first.
fn all<'p>(pickle: &'p Pickle<'_>) -> Vec<Found<'p>> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([pickle.root]);
    let mut waiting = VecDeque::from([(String::new(), pickle.root, 0)]);
    while let Some((path, id, depth)) = waiting.pop_front() {
        let Object::Dictionary(entries) = pickle.object(id) else { continue };
        let mut tensors = BTreeMap::new();
        for (key, value) in entries {
            let Some(key) = pickle.text(*key) else { continue };
            if let Object::Tensor(tensor) = pickle.object(*value) {
                tensors.insert(key, &**tensor);
            } else if depth < DEPTH && key.len() <= LONGEST_KEY && seen.len() < MOST && seen.insert(*value) {
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                waiting.push_back((path, *value, depth + 1));
            }
        }
        if !tensors.is_empty() {
            found.push(Found { path, tensors });
        }
    }
    found
}

/// Frees names of what wrappers put before all of them.
pub(super) fn strip(dict: &mut StateDict) {
    let all_begin = |dict: &StateDict, prefix: &&str| dict.tensors.keys().all(|name| name.starts_with(*prefix));
    while let Some(prefix) = PREFIXES.iter().find(|prefix| !dict.tensors.is_empty() && all_begin(dict, prefix)) {
        let tensors = std::mem::take(&mut dict.tensors).into_iter();
        dict.tensors = tensors.map(|(name, array)| (name[prefix.len()..].to_owned(), array)).collect();
        dict.prefix.push_str(prefix);
    }
}

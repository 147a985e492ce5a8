//! Choices that were measured on this adapter, in the place of those that the ops make by rule.
//!
//! Which tile of a kernel is fastest, and into how many parts a long sum is best cut, differs from adapter to adapter.
//! An op that has such a choice asks here first. The rules' choices depend on shapes alone; measured ones change the
//! order of additions, and so the last bits of results.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A choice for one kernel at one shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Choice {
    /// The values of the tile's constants, a row of `shaders/variants.toml`.
    pub tile: Vec<u32>,
    /// How many parts the sums are cut into; 1 where a kernel does not cut them.
    pub parts: u32,
}

/// A kernel at a shape, and what was chosen there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The kernel.
    pub kernel: String,
    /// All that its work depends on, in the op's order.
    pub shape: Vec<u32>,
    /// The choice.
    #[serde(flatten)]
    pub choice: Choice,
}

/// What an op asked while somebody listened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The kernel.
    pub kernel: &'static str,
    /// The shape.
    pub shape: Vec<u32>,
    /// What can be chosen; the rule's choice comes first.
    pub candidates: Vec<Choice>,
}

/// The choices of a device.
#[derive(Default)]
pub struct Tuning {
    state: Mutex<State>,
    /// Whether there is anything to look up or to note: without a tuning an op pays for one load.
    active: AtomicBool,
}

#[derive(Default)]
struct State {
    chosen: BTreeMap<String, BTreeMap<Vec<u32>, Choice>>,
    asked: Option<Vec<Asked>>,
}

impl Tuning {
    /// The choices of these entries.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let tuning = Self::default();
        entries.into_iter().for_each(|entry| tuning.set(entry));
        tuning
    }

    /// What was measured for a kernel at a shape, if anything was.
    pub fn ask(
        &self,
        kernel: &'static str,
        shape: impl FnOnce() -> Vec<u32>,
        candidates: impl FnOnce() -> Vec<Choice>,
    ) -> Option<Choice> {
        if !self.active.load(Ordering::Relaxed) {
            return None;
        }
        let (mut state, shape) = (self.state(), shape());
        let choice = state.chosen.get(kernel).and_then(|shapes| shapes.get(&shape)).cloned();
        if let Some(asked) = &mut state.asked
            && !asked.iter().any(|before| before.kernel == kernel && before.shape == shape)
        {
            asked.push(Asked { kernel, shape, candidates: candidates() });
        }
        choice
    }

    /// Chooses, from now on.
    pub fn set(&self, Entry { kernel, shape, choice }: Entry) {
        self.state().chosen.entry(kernel).or_default().insert(shape, choice);
        self.active.store(true, Ordering::Relaxed);
    }

    /// Notes from now on what is asked.
    pub fn listen(&self) {
        self.state().asked = Some(Vec::new());
        self.active.store(true, Ordering::Relaxed);
    }

    /// What was asked since [`Tuning::listen`], each question once; nothing is noted any more.
    pub fn heard(&self) -> Vec<Asked> {
        self.state().asked.take().unwrap_or_default()
    }

    /// All choices, in a fixed order.
    pub fn entries(&self) -> Vec<Entry> {
        let state = self.state();
        let entry = |kernel: &String, (shape, choice): (&Vec<u32>, &Choice)| Entry {
            kernel: kernel.clone(),
            shape: shape.clone(),
            choice: choice.clone(),
        };
        state.chosen.iter().flat_map(|(kernel, shapes)| shapes.iter().map(|at| entry(kernel, at))).collect()
    }

    /// A name for these choices: equal names, equal orders of additions. Empty where the rules choose all.
    pub fn fingerprint(&self) -> String {
        let entries = self.entries();
        if entries.is_empty() {
            return String::new();
        }
        let text = serde_json::to_vec(&entries).expect("entries are plain data");
        hex(&Sha256::digest(text)[..8])
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(rows: u32) -> Choice {
        Choice { tile: vec![rows, 1], parts: 1 }
    }

    #[test]
    fn what_was_set_is_answered_and_nothing_else_is() {
        let tuning = Tuning::default();
        let ask = |shape: u32| tuning.ask("product", || vec![shape], || panic!("nobody listens"));
        assert_eq!((ask(1), tuning.fingerprint()), (None, String::new()));
        tuning.set(Entry { kernel: "product".into(), shape: vec![1], choice: choice(8) });
        assert_eq!((ask(1), ask(2)), (Some(choice(8)), None));
        assert_eq!(tuning.ask("other", || vec![1], Vec::new), None);
    }

    #[test]
    fn each_question_is_heard_once_while_somebody_listens() {
        let tuning = Tuning::default();
        let ask = |shape: u32| tuning.ask("product", || vec![shape], || vec![choice(shape)]);
        ask(1);
        tuning.listen();
        assert_eq!([2, 3, 2].map(ask), [None, None, None]);
        let heard = tuning.heard();
        assert_eq!(heard.iter().map(|asked| asked.shape[0]).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(heard[1].candidates, [choice(3)]);
        ask(4);
        assert!(tuning.heard().is_empty());
    }

    #[test]
    fn fingerprints_tell_choices_apart_and_not_their_order() {
        let entry = |shape: u32, rows| Entry { kernel: "product".into(), shape: vec![shape], choice: choice(rows) };
        let of = |entries: &[Entry]| Tuning::new(entries.to_vec()).fingerprint();
        assert_eq!(of(&[entry(1, 8), entry(2, 4)]), of(&[entry(2, 4), entry(1, 8)]));
        assert_ne!(of(&[entry(1, 8)]), of(&[entry(1, 4)]));
        assert_eq!(of(&[entry(1, 8)]).len(), 16);
    }
}

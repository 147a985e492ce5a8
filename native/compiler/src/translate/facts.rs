//! What is known of a kernel's variables and loops before it is translated, and grows until nothing new is learnt.
//!
//! Whether a variable needs a vector depends on what is assigned to it, also behind the point where it is read, in the
//! next turn of a loop. So a kernel is translated again and again: first as if no variable differed by lane and no
//! loop were left by some lanes earlier than by others; each time a translation contradicts that, the contradiction is
//! noted here and the next one takes it into account. Facts only grow, so it ends, and the last translation is right.

use std::collections::{BTreeMap, BTreeSet};

/// What a variable must be able to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Class {
    /// Nothing was assigned yet.
    #[default]
    Unset,
    /// A number that all lanes share.
    Uniform,
    /// Numbers a stride apart from lane to lane.
    Linear(u32),
    /// Any numbers.
    Varying,
}

impl Class {
    /// The least that holds what either does.
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unset, known) | (known, Self::Unset) => known,
            (a, b) if a == b => a,
            _ => Self::Varying,
        }
    }
}

/// A way out of a loop, a switch or a function, by the number it was met as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Behind it.
    Leave(usize),
    /// To the next turn of a loop.
    Continue(usize),
}

/// The facts.
#[derive(Debug, Default)]
pub struct Facts {
    classes: BTreeMap<(usize, u32), Class>,
    indexed: BTreeSet<usize>,
    exits: BTreeMap<usize, BTreeSet<Exit>>,
    jumps: BTreeSet<Exit>,
    crossing: BTreeSet<usize>,
    /// Whether something was learnt since this was last unset.
    pub changed: bool,
}

impl Facts {
    /// What word `word` of variable `variable` must be able to hold.
    pub fn class(&self, variable: usize, word: u32) -> Class {
        self.classes.get(&(variable, word)).copied().unwrap_or_default()
    }

    pub fn raise(&mut self, variable: usize, word: u32, class: Class) {
        let joined = self.class(variable, word).join(class);
        if self.classes.insert((variable, word), joined) != Some(joined) {
            self.changed = true;
        }
    }

    /// Whether a variable is indexed by what is not known, so that its numbers must lie in an array.
    pub fn is_indexed(&self, variable: usize) -> bool {
        self.indexed.contains(&variable)
    }

    pub fn set_indexed(&mut self, variable: usize) {
        self.changed |= self.indexed.insert(variable);
    }

    /// The exits that some lanes take and others do not, inside loop or function `target`.
    pub fn exits(&self, target: usize) -> BTreeSet<Exit> {
        self.exits.get(&target).cloned().unwrap_or_default()
    }

    pub fn add_exit(&mut self, target: usize, exit: Exit) {
        self.changed |= self.exits.entry(target).or_default().insert(exit);
    }

    /// Whether all lanes take this exit together from somewhere, for which it needs a label.
    pub fn has_jump(&self, exit: Exit) -> bool {
        self.jumps.contains(&exit)
    }

    pub fn add_jump(&mut self, exit: Exit) {
        self.changed |= self.jumps.insert(exit);
    }

    /// Whether an expression of `main` is used behind a barrier from where it is computed.
    pub fn is_crossing(&self, expression: usize) -> bool {
        self.crossing.contains(&expression)
    }

    pub fn add_crossing(&mut self, expression: usize) {
        self.changed |= self.crossing.insert(expression);
    }
}

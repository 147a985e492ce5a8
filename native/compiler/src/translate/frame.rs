//! Where a translation is: the function, the loops around, the lanes that take part.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use naga::{Expression, Function, Handle, LocalVariable, Statement};

use super::{
    Translator,
    expression::zero,
    facts::{Class, Exit},
    memory::indexed,
    place::Layout,
    term::{Kind, Term, Value},
    usage::{Limit, Usage},
};
use crate::passes::operands;

/// A function being translated in the place where it is called.
pub struct Frame<'a> {
    pub function: &'a Function,
    pub arguments: Vec<Value>,
    /// The values of the expressions computed so far, each with the segment it was computed in.
    pub values: HashMap<Handle<Expression>, (usize, Value)>,
    /// The number and the layout of each variable.
    pub variables: HashMap<Handle<LocalVariable>, (usize, Rc<Layout>)>,
    pub usage: Usage,
    /// Expressions that the end of a loop's turn reads.
    pub carried: HashSet<Handle<Expression>>,
    /// The lines that declare them, for the beginning of the turn.
    pub declarations: Vec<String>,
    /// The number of the variable that takes the result, if there is one.
    pub result: Option<(usize, Rc<Layout>)>,
    /// How many limits there were where it was called.
    pub limits: usize,
    /// What the call comes to, where its only `return` is its last statement.
    pub returned: Option<Value>,
}

/// What can be left: a loop, a switch, or a function.
#[derive(Debug, Clone)]
pub struct Target {
    pub number: usize,
    /// How many limits there were where it was entered: more at some point means that not all lanes are there.
    pub limits: usize,
    pub what: What,
    /// It is run by all vectors of the workgroup together, because there is a barrier inside.
    pub collective: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Loop,
    Switch,
    Function,
}

/// The lanes that take part.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The name of their mask; none if all do.
    pub mask: Option<String>,
    /// Why the others do not, if they will again.
    pub limits: Vec<Limit>,
}

impl Context {
    /// The same with another mask and another reason.
    pub fn within(&self, mask: String, limit: Limit) -> Self {
        let limits = self.limits.iter().copied().chain([limit]).collect();
        Self { mask: Some(mask), limits }
    }
}

/// The name of the mask of lanes that took an exit.
pub fn gone(exit: Exit) -> String {
    match exit {
        Exit::Leave(target) => format!("gone{target}"),
        Exit::Continue(target) => format!("continued{target}"),
    }
}

impl<'a> Translator<'a> {
    pub fn frame(&self) -> &Frame<'a> {
        self.frames.last().expect("main is being translated")
    }

    pub fn frame_mut(&mut self) -> &mut Frame<'a> {
        self.frames.last_mut().expect("main is being translated")
    }

    /// Enters a function: its variables get numbers.
    pub fn enter(&mut self, function: &'a Function, arguments: Vec<Value>) -> Result<(), String> {
        let mut variables = HashMap::new();
        for (handle, variable) in function.local_variables.iter() {
            variables.insert(handle, (self.variables, Layout::of(self.module, variable.ty)?));
            self.variables += 1;
        }
        let mut result = None;
        if let Some(returned) = &function.result
            && !returns_at_its_end_only(function)
        {
            result = Some((self.variables, Layout::of(self.module, returned.ty)?));
            self.variables += 1;
        }
        let (usage, values) = (Usage::of(function), HashMap::new());
        let (carried, declarations) = Default::default();
        self.frames.push(Frame {
            function,
            arguments,
            values,
            variables,
            usage,
            carried,
            declarations,
            result,
            limits: 0,
            returned: None,
        });
        Ok(())
    }

    /// Writes the variables of the function just entered, with their initial values.
    pub fn declare(&mut self) -> Result<(), String> {
        for (name, value) in self.initial_values()? {
            self.text.line(format!("let mut {name} = {value};"));
        }
        Ok(())
    }

    /// The Rust names of the function's variables and what they begin with.
    pub fn initial_values(&mut self) -> Result<Vec<(String, String)>, String> {
        let frame = self.frame();
        let (function, result) = (frame.function, frame.result.clone());
        let mut variables: Vec<_> = frame.variables.iter().map(|(h, (n, l))| (*n, l.clone(), Some(*h))).collect();
        variables.extend(result.map(|(number, layout)| (number, layout, None)));
        variables.sort_by_key(|(number, ..)| *number);
        let mut lines = Vec::new();
        for (number, layout, handle) in variables {
            let init = handle.and_then(|handle| function.local_variables[handle].init);
            let value = init.map_or_else(|| Ok(zero(&layout)), |init| self.value(init))?;
            let read_first = handle.is_some_and(|handle| self.frame().usage.reads_first(handle));
            let terms: Vec<Term> = value.numbers().into_iter().cloned().collect();
            if self.facts.is_indexed(number) {
                if init.is_some() {
                    return Err("an array with initial values that is indexed by what is not known".into());
                }
                for kind in layout.kinds() {
                    self.facts.raise(number, kind as u32, least(kind));
                    let zero = begin(self.facts.class(number, kind as u32), &Term::known(kind, 0));
                    lines.push((indexed(number, kind), format!("[{zero}; {}]", layout.words())));
                }
                continue;
            }
            for ((word, kind), term) in layout.numbers().into_iter().zip(&terms) {
                if init.is_some() || read_first || kind == Kind::Matrix {
                    self.facts.raise(number, word, least(kind));
                }
                lines.push((format!("v{number}_{word}"), begin(self.facts.class(number, word), term)));
            }
        }
        Ok(lines)
    }

    /// The Rust names of a variable of `main`.
    pub fn names(&self, variable: usize) -> Vec<String> {
        let found = self.frames[0].variables.values().find(|(number, _)| *number == variable);
        let Some((_, layout)) = found else { return Vec::new() };
        if self.facts.is_indexed(variable) {
            return layout.kinds().into_iter().map(|kind| indexed(variable, kind)).collect();
        }
        layout.numbers().into_iter().map(|(word, _)| format!("v{variable}_{word}")).collect()
    }
}

/// The class of a variable that is known at its beginning.
fn least(kind: Kind) -> Class {
    if kind == Kind::Matrix { Class::Varying } else { Class::Uniform }
}

/// What a variable of a class begins with.
fn begin(class: Class, value: &Term) -> String {
    match class {
        Class::Varying => value.vector(),
        Class::Linear(_) => "0u32".into(),
        Class::Unset | Class::Uniform => value.scalar().expect("initial values are known"),
    }
}

/// Whether the only `return` is the last statement.
fn returns_at_its_end_only(function: &Function) -> bool {
    let mut returns = 0;
    operands::for_each_statement(&function.body, &mut |statement| {
        returns += usize::from(matches!(statement, Statement::Return { .. }));
    });
    returns == 1 && matches!(function.body.last(), Some(Statement::Return { .. }))
}

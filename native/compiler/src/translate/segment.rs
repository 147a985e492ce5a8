//! Kernels with barriers.
//!
//! A barrier says: nobody goes on before all have come here. A workgroup's vectors are run one after another, so such a
//! kernel is cut at its barriers into *segments*. Each segment is a loop over the vectors, and what a vector knows at
//! its end, its variables and the values that are used later, waits in arrays, an element to a vector. Branches and
//! loops with a barrier inside are decided for the whole workgroup; WGSL demands that all invocations agree there, and
//! the checked build makes sure of it.

use std::collections::BTreeSet;

use naga::{Barrier, Block, Expression, Handle, Module, Statement};

use super::{
    Translator,
    frame::{Context, Target, What},
    term::{Form, Kind, Term, Value},
};
use crate::passes::operands;

/// Where the translation of a kernel with barriers is.
#[derive(Debug, Default)]
pub struct Stage {
    /// Counts the segments.
    met: usize,
    /// The segment being written: its first line and how its lanes are limited.
    open: Option<(usize, Context)>,
    /// The variables of `main` that the open segment uses.
    touched: BTreeSet<usize>,
    /// The arrays.
    pub declarations: Vec<String>,
}

/// Whether some function of `module` has a barrier.
pub fn has_barriers(module: &Module) -> bool {
    let mains = module.entry_points.iter().map(|point| &point.function);
    let mut functions = module.functions.iter().map(|(_, function)| function).chain(mains);
    functions.any(|function| function.body.iter().any(holds_barrier))
}

fn is_barrier(statement: &Statement) -> bool {
    matches!(statement, Statement::ControlBarrier(barrier) if *barrier != Barrier::SUB_GROUP)
}

fn holds_barrier(statement: &Statement) -> bool {
    let mut found = is_barrier(statement);
    for block in operands::blocks(statement) {
        operands::for_each_statement(block, &mut |inner| found |= is_barrier(inner));
    }
    found
}

/// Whether all vectors must come to `statement` together: it holds a barrier, or leaves what holds one.
fn is_collective(statement: &Statement) -> bool {
    fn leaves(statement: &Statement, in_loop: bool) -> bool {
        match statement {
            Statement::Return { .. } => true,
            Statement::Break | Statement::Continue => !in_loop,
            Statement::Loop { .. } | Statement::Switch { .. } => inner(statement, true),
            _ => inner(statement, in_loop),
        }
    }
    fn inner(statement: &Statement, in_loop: bool) -> bool {
        operands::blocks(statement).into_iter().any(|block| block.iter().any(|s| leaves(s, in_loop)))
    }
    holds_barrier(statement) || leaves(statement, false)
}

impl<'a> Translator<'a> {
    /// Translates a block that all vectors go through together.
    pub fn collective_block(&mut self, block: &'a Block) -> Result<(), String> {
        for (statement, span) in block.span_iter() {
            self.at(*span);
            if is_collective(statement) {
                self.close_segment();
                self.collective_statement(statement)?;
            } else {
                let context = self.open_segment()?;
                self.statements(&[(statement, *span)], &context)?;
            }
        }
        self.close_segment();
        Ok(())
    }

    fn collective_statement(&mut self, statement: &'a Statement) -> Result<(), String> {
        match statement {
            Statement::ControlBarrier(barrier) => {
                for number in self.shared.iter().filter(|_| barrier.contains(Barrier::WORK_GROUP)) {
                    self.text.line(format!("crew::barrier(&w{number}_marks);"));
                }
            }
            Statement::Block(block) => self.collective_block(block)?,
            Statement::If { condition, accept, reject } => {
                let holds = self.agreed(*condition)?;
                self.text.open(format!("if {holds} {{"));
                self.collective_block(accept)?;
                self.text.turn("} else {");
                self.collective_block(reject)?;
                self.text.close("}");
            }
            Statement::Loop { body, continuing, break_if } => {
                let number = self.met;
                self.met += 1;
                self.targets.push(Target { number, limits: 0, what: What::Loop, collective: true });
                self.text.open(format!("'x{number}: loop {{"));
                self.collective_block(body)?;
                self.collective_block(continuing)?;
                if let Some(condition) = break_if {
                    let holds = self.agreed(*condition)?;
                    self.text.line(format!("if {holds} {{ break; }}"));
                }
                self.text.close("}");
                self.targets.pop();
            }
            Statement::Break => {
                let target = self.targets.last().expect("naga checks jumps");
                self.text.line(format!("break 'x{};", target.number));
            }
            Statement::Return { value: None } => self.text.line("return;"),
            _ => return Err("a `continue` or a `switch` around a barrier is not covered".into()),
        }
        Ok(())
    }

    /// A condition that all invocations of the workgroup agree on.
    fn agreed(&mut self, condition: Handle<Expression>) -> Result<String, String> {
        let condition = self.number(condition)?;
        condition.scalar().ok_or_else(|| "a barrier that not all invocations of a workgroup come to together".into())
    }

    fn open_segment(&mut self) -> Result<Context, String> {
        if let Some((_, context)) = self.stage.as_ref().and_then(|stage| stage.open.as_ref()) {
            return Ok(context.clone());
        }
        self.open_vectors();
        let context = self.outermost();
        let mark = self.text.mark();
        let stage = self.stage.as_mut().expect("the kernel has barriers");
        stage.met += 1;
        stage.open = Some((mark, context.clone()));
        Ok(context)
    }

    fn close_segment(&mut self) {
        let stage = self.stage.as_mut().expect("the kernel has barriers");
        let Some((mark, _)) = stage.open.take() else { return };
        let touched = std::mem::take(&mut stage.touched);
        let names: Vec<String> = touched.iter().flat_map(|variable| self.names(*variable)).collect();
        for name in &names {
            self.text.line(format!("s_{name}[uniform::place(vector)] = {name};"));
        }
        self.text.insert(mark, names.iter().map(|name| format!("let mut {name} = s_{name}[uniform::place(vector)];")));
        self.text.close("}");
    }

    /// Notes that the open segment uses a variable.
    pub fn touch_variable(&mut self, variable: usize) {
        let of_main = variable < self.frames[0].variables.len();
        if let Some(stage) = self.stage.as_mut().filter(|_| of_main) {
            stage.touched.insert(variable);
        }
    }

    /// Gives the variables of `main` their arrays.
    pub fn declare_collective(&mut self) -> Result<(), String> {
        let vectors = self.vectors();
        let lines: Vec<(String, String)> = self.initial_values()?;
        let stage = self.stage.as_mut().expect("the kernel has barriers");
        for (name, value) in lines {
            stage.declarations.push(format!("let mut s_{name} = [{value}; {vectors}];"));
        }
        Ok(())
    }

    /// Keeps what an expression came to.
    pub fn define(&mut self, handle: Handle<Expression>, value: Value) {
        let value = if self.frame().carried.contains(&handle) { self.carry(&value) } else { value };
        let in_main = self.frames.len() == 1;
        let mut segment = 0;
        if let Some(stage) = self.stage.as_mut().filter(|_| in_main) {
            segment = stage.met;
            if self.facts.is_crossing(handle.index()) {
                for (i, term) in value.numbers().into_iter().enumerate() {
                    let Some((now, zero)) = kept(term) else { continue };
                    let slot = slot(handle, i);
                    self.text.line(format!("{slot}[uniform::place(vector)] = {now};"));
                    let vectors = self.kernel.workgroup_size.iter().product::<u32>().div_ceil(self.lanes);
                    stage.declarations.push(format!("let mut {slot} = [{zero}; {vectors}];"));
                }
            }
        }
        self.frame_mut().values.insert(handle, (segment, value));
    }

    /// Keeps the numbers of `value`, which the end of a turn reads, where blocks that end before it cannot hide them.
    fn carry(&mut self, value: &Value) -> Value {
        let mut declarations = Vec::new();
        let text = &mut self.text;
        let carried = value.map(&mut |term| {
            let Some((now, zero)) = kept(term) else { return term.clone() };
            let name = text.name("k");
            text.line(format!("{name} = {now};"));
            declarations.push(format!("let mut {name} = {zero};"));
            renamed(term, name)
        });
        self.frame_mut().declarations.extend(declarations);
        carried
    }

    /// What an expression came to, if it was computed.
    pub fn defined(&mut self, handle: Handle<Expression>) -> Option<Value> {
        let (segment, value) = self.frame().values.get(&handle)?.clone();
        let Some(stage) = self.stage.as_ref().filter(|_| self.frames.len() == 1) else { return Some(value) };
        if stage.open.is_some() && stage.met == segment {
            return Some(value);
        }
        let within = stage.open.is_some();
        self.facts.add_crossing(handle.index());
        let mut i = 0;
        let text = &mut self.text;
        Some(value.map(&mut |term| {
            let slot = slot(handle, i);
            i += 1;
            if kept(term).is_none() {
                return term.clone();
            }
            let element =
                if within { format!("{slot}[uniform::place(vector)]") } else { format!("uniform::agreed(&{slot})") };
            let name = text.bind(&element);
            renamed(term, name)
        }))
    }
}

/// The number that `name` now stands for.
fn renamed(term: &Term, name: String) -> Term {
    let form = match &term.form {
        Form::Linear { stride, .. } => Form::Linear { base: name, stride: *stride },
        Form::Varying(_) => Form::Varying(name),
        _ => Form::Uniform(name),
    };
    Term::new(term.kind, form)
}

/// The array that keeps number `i` of an expression.
fn slot(handle: Handle<Expression>, i: usize) -> String {
    format!("e{}_{i}", handle.index())
}

/// What of a number must be kept, and what stands there before; nothing of what is known.
fn kept(term: &Term) -> Option<(String, String)> {
    match &term.form {
        Form::Known(_) => None,
        Form::Uniform(name) => Some((name.clone(), scalar_zero(term.kind).into())),
        Form::Linear { base, .. } => Some((base.clone(), "0u32".into())),
        Form::Varying(name) => Some((name.clone(), Term::known(term.kind, 0).vector())),
    }
}

fn scalar_zero(kind: Kind) -> &'static str {
    match kind {
        Kind::F32 | Kind::F16 => "0.0f32",
        Kind::I32 | Kind::U32 => "0u32",
        Kind::Bool => "false",
        Kind::Matrix => unreachable!("no lane has a matrix of its own"),
    }
}

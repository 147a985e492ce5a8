//! Where a function reads and assigns its variables.
//!
//! When only some lanes are active, an assignment must leave the others' numbers as they are, which costs a vector and
//! a blend. That is not needed if the others never look: because they have left a loop outside which nobody reads the
//! variable, or because the variable is assigned anew before it is read wherever they join again.

use std::collections::{HashMap, HashSet};

use naga::{BinaryOperator, Block, Expression, Function, Handle, LocalVariable, Statement};

use crate::passes::operands;

/// A block of a function, by its address.
pub type BlockId = *const Block;

/// Why some lanes do not take part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// They do not enter this block, a branch of an `if` or the body of a loop that they go on with in the next turn.
    Outside(BlockId),
    /// They have left the loop with this body.
    Left(BlockId),
}

#[derive(Debug, Clone)]
struct Access {
    /// The blocks it lies in, outermost first.
    path: Vec<BlockId>,
    order: usize,
    /// An assignment of the whole variable.
    assigns: bool,
}

/// The accesses of a function's variables, and where its loops stand.
#[derive(Debug, Default)]
pub struct Usage {
    accesses: HashMap<Handle<LocalVariable>, Vec<Access>>,
    /// By body: the blocks around the loop, its other block, its place among the statements.
    loops: HashMap<BlockId, (Vec<BlockId>, BlockId, usize)>,
    /// Sums that are nothing but places in memory.
    places: HashSet<Handle<Expression>>,
}

impl Usage {
    pub fn of(function: &Function) -> Self {
        let mut usage = Self::default();
        let mut walk = Walk { function, usage: &mut usage, path: Vec::new(), order: 0 };
        for (variable, _) in function.local_variables.iter() {
            walk.path.push(&raw const function.body);
            walk.note(variable, true);
            walk.path.pop();
        }
        walk.order = 1;
        walk.block(&function.body);
        usage.places = places(function);
        usage
    }

    /// Whether an expression is a sum that is used as a place in memory only, or as part of such a sum: then it does
    /// not wrap, because no memory is that large. A variable that is nothing but a place steps from one to the next,
    /// and its sums do not wrap either; a loop over it can then count in addresses.
    pub fn is_place(&self, expression: Handle<Expression>) -> bool {
        self.places.contains(&expression)
    }

    /// Whether an assignment of `variable` while lanes are missing for the reason `limit` must keep their numbers.
    pub fn must_keep(&self, variable: Handle<LocalVariable>, limit: Limit) -> bool {
        let all = self.accesses.get(&variable).map_or(&[][..], Vec::as_slice);
        // The first is the initial value that every variable gets where the function begins.
        let later = &all[1.min(all.len())..];
        match limit {
            Limit::Outside(block) => {
                let inside = later.iter().all(|access| access.path.contains(&block));
                let anew = later.first().is_some_and(|first| first.assigns && first.path.last() == Some(&block));
                !(inside && anew)
            }
            Limit::Left(body) => {
                let Some((around, continuing, order)) = self.loops.get(&body) else { return true };
                let inside = |access: &Access| access.path.contains(&body) || access.path.contains(continuing);
                let read_outside = later.iter().any(|access| !access.assigns && !inside(access));
                let anew = all.iter().any(|access| {
                    let shared = access.path.len();
                    // In a block around the loop, before it, with no other loop in between.
                    access.assigns
                        && access.order < *order
                        && around.get(..shared) == Some(&access.path)
                        && !around[shared..].iter().any(|block| self.is_loop_part(*block))
                });
                read_outside || !anew
            }
        }
    }

    /// Whether a variable may be read before anything is assigned to it: always, unless the first thing done with it is
    /// an assignment and it is read in the same block only.
    pub fn reads_first(&self, variable: Handle<LocalVariable>) -> bool {
        let all = self.accesses.get(&variable).map_or(&[][..], Vec::as_slice);
        let Some((first, rest)) = all.get(1..).and_then(<[_]>::split_first) else { return false };
        !first.assigns || rest.iter().any(|access| !access.assigns && !access.path.starts_with(&first.path))
    }

    fn is_loop_part(&self, block: BlockId) -> bool {
        self.loops.contains_key(&block) || self.loops.values().any(|(_, continuing, _)| *continuing == block)
    }
}

/// The sums that are places in memory, or steps from one place to the next: see [`Usage::is_place`].
fn places(function: &Function) -> HashSet<Handle<Expression>> {
    let is_sum = |handle: Handle<Expression>| {
        matches!(function.expressions[handle], Expression::Binary { op: BinaryOperator::Add, .. })
    };
    let is_memory = |mut pointer: Handle<Expression>| loop {
        match function.expressions[pointer] {
            Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => pointer = base,
            ref root => break matches!(root, Expression::GlobalVariable(_)),
        }
    };
    let mut used: HashSet<Handle<Expression>> = HashSet::new();
    let mut used_otherwise: HashSet<Handle<Expression>> = HashSet::new();
    let mut steps = HashMap::new();
    let mut passed = HashSet::new();
    operands::for_each_statement(&function.body, &mut |statement| {
        if let Statement::Call { arguments, .. } = statement {
            passed.extend(arguments.iter().filter_map(|argument| local(function, *argument)));
        }
        match step(function, statement) {
            Some((sum, step)) => drop(steps.insert(sum, step)),
            None => used_otherwise.extend(operands::read_by(statement)),
        }
    });
    // What uses an expression stands behind it.
    let mut handles: Vec<_> = function.expressions.iter().map(|(handle, _)| handle).collect();
    handles.reverse();
    for handle in handles {
        let place = is_sum(handle) && used.contains(&handle) && !used_otherwise.contains(&handle);
        match function.expressions[handle] {
            _ if steps.contains_key(&handle) => drop(used_otherwise.insert(steps[&handle].by)),
            Expression::Access { base, index } if is_memory(base) => {
                used.insert(index);
                used_otherwise.insert(base);
            }
            Expression::Binary { left, right, .. } if place => used.extend([left, right]),
            ref other => {
                operands::of_expression(&mut other.clone(), |operand| {
                    used_otherwise.insert(*operand);
                });
            }
        }
    }
    let steps_from = |read| steps.values().any(|step| step.from == read);
    let walks_memory = |step: &Step| {
        // A part of the variable, or a pointer to it that is passed on, may be read in other ways.
        let whole = function.expressions.iter().all(|(_, expression)| match expression {
            Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => {
                local(function, *base) != Some(step.variable)
            }
            _ => true,
        });
        let reads: Vec<_> = function
            .expressions
            .iter()
            .filter_map(|(handle, expression)| match expression {
                Expression::Load { pointer } => (local(function, *pointer) == Some(step.variable)).then_some(handle),
                _ => None,
            })
            .collect();
        let is_place = |read: &_| used.contains(read) && !used_otherwise.contains(read);
        whole
            && !passed.contains(&step.variable)
            && reads.iter().any(is_place)
            && reads.iter().all(|read| is_place(read) || steps_from(*read) && !used_otherwise.contains(read))
    };
    let sums = function.expressions.iter().map(|(handle, _)| handle).filter(|handle| is_sum(*handle));
    sums.filter(|sum| !used_otherwise.contains(sum))
        .filter(|sum| used.contains(sum) || steps.get(sum).is_some_and(walks_memory))
        .collect()
}

/// `variable += by`.
struct Step {
    variable: Handle<LocalVariable>,
    from: Handle<Expression>,
    by: Handle<Expression>,
}

/// The sum of a statement that assigns a variable its own number and something more.
fn step(function: &Function, statement: &Statement) -> Option<(Handle<Expression>, Step)> {
    let Statement::Store { pointer, value } = *statement else { return None };
    let variable = local(function, pointer)?;
    let Expression::Binary { op: BinaryOperator::Add, left, right } = function.expressions[value] else { return None };
    let reads = |handle: Handle<Expression>| match function.expressions[handle] {
        Expression::Load { pointer } => local(function, pointer) == Some(variable),
        _ => false,
    };
    (reads(left) && !reads(right)).then_some((value, Step { variable, from: left, by: right }))
}

/// The variable that a pointer points at, as a whole.
fn local(function: &Function, pointer: Handle<Expression>) -> Option<Handle<LocalVariable>> {
    match function.expressions[pointer] {
        Expression::LocalVariable(variable) => Some(variable),
        _ => None,
    }
}

struct Walk<'a> {
    function: &'a Function,
    usage: &'a mut Usage,
    path: Vec<BlockId>,
    order: usize,
}

impl Walk<'_> {
    fn block(&mut self, block: &Block) {
        self.path.push(&raw const *block);
        for statement in block {
            self.order += 1;
            self.statement(statement);
            for inner in operands::blocks(statement) {
                self.block(inner);
            }
        }
        self.path.pop();
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Emit(range) => {
                for handle in range.clone() {
                    if let Expression::Load { pointer } = self.function.expressions[handle]
                        && let Some((variable, _)) = self.variable(pointer)
                    {
                        self.note(variable, false);
                    }
                }
            }
            Statement::Store { pointer, .. } => {
                if let Some((variable, whole)) = self.variable(*pointer) {
                    self.note(variable, whole);
                }
            }
            Statement::Call { arguments, .. } => {
                for argument in arguments {
                    if let Some((variable, _)) = self.variable(*argument) {
                        self.note(variable, false);
                    }
                }
            }
            Statement::Loop { body, continuing, .. } => {
                let place = (self.path.clone(), &raw const *continuing, self.order);
                self.usage.loops.insert(&raw const *body, place);
            }
            _ => {}
        }
    }

    /// The variable that a pointer points into, and whether at the whole of it.
    fn variable(&self, pointer: Handle<Expression>) -> Option<(Handle<LocalVariable>, bool)> {
        match self.function.expressions[pointer] {
            Expression::LocalVariable(variable) => Some((variable, true)),
            Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => {
                self.variable(base).map(|(variable, _)| (variable, false))
            }
            _ => None,
        }
    }

    fn note(&mut self, variable: Handle<LocalVariable>, assigns: bool) {
        let access = Access { path: self.path.clone(), order: self.order, assigns };
        self.usage.accesses.entry(variable).or_default().push(access);
    }
}

//! Which values an expression or a statement reads.
//!
//! In naga's representation a function is an arena of expressions, each naming its operands by handle, and a tree of
//! statements that say when they happen. A pass that copies or changes a function has to reach every handle; here that
//! is written once. Textures, rays and derivatives are absent because kernels know only buffers.

use naga::{AtomicFunction, Block, Expression, GatherMode, Handle, Statement};

/// Calls `f` on every operand of `expression`, to be read or replaced.
pub fn of_expression(expression: &mut Expression, mut f: impl FnMut(&mut Handle<Expression>)) {
    match expression {
        Expression::Compose { components, .. } => components.iter_mut().for_each(f),
        Expression::Access { base, index } => [base, index].into_iter().for_each(f),
        Expression::AccessIndex { base, .. } => f(base),
        Expression::Splat { value, .. } => f(value),
        Expression::Swizzle { vector, .. } => f(vector),
        Expression::Load { pointer } => f(pointer),
        Expression::Unary { expr, .. } | Expression::As { expr, .. } | Expression::ArrayLength(expr) => f(expr),
        Expression::Binary { left, right, .. } => [left, right].into_iter().for_each(f),
        Expression::Select { condition, accept, reject } => [condition, accept, reject].into_iter().for_each(f),
        Expression::Relational { argument, .. } => f(argument),
        Expression::Math { arg, arg1, arg2, arg3, .. } => {
            f(arg);
            [arg1, arg2, arg3].into_iter().flatten().for_each(f);
        }
        Expression::CooperativeLoad { data, .. } => [&mut data.pointer, &mut data.stride].into_iter().for_each(f),
        Expression::CooperativeMultiplyAdd { a, b, c } => [a, b, c].into_iter().for_each(f),
        _ => {}
    }
}

/// Calls `f` on every expression that `statement` itself reads, to be read or replaced; not on those of blocks inside
/// it, nor on its [`result`].
pub fn of_statement(statement: &mut Statement, mut f: impl FnMut(&mut Handle<Expression>)) {
    match statement {
        Statement::If { condition, .. } => f(condition),
        Statement::Switch { selector, .. } => f(selector),
        Statement::Loop { break_if: Some(condition), .. } => f(condition),
        Statement::Return { value: Some(value) } => f(value),
        Statement::Store { pointer, value } => [pointer, value].into_iter().for_each(f),
        Statement::Atomic { pointer, fun, value, .. } => {
            [pointer, value].into_iter().for_each(&mut f);
            if let AtomicFunction::Exchange { compare: Some(compare) } = fun {
                f(compare);
            }
        }
        Statement::WorkGroupUniformLoad { pointer, .. } => f(pointer),
        Statement::Call { arguments, .. } => arguments.iter_mut().for_each(f),
        Statement::SubgroupBallot { predicate: Some(predicate), .. } => f(predicate),
        Statement::SubgroupGather { mode, argument, .. } => {
            f(argument);
            if let Some(lane) = lane(mode) {
                f(lane);
            }
        }
        Statement::SubgroupCollectiveOperation { argument, .. } => f(argument),
        Statement::CooperativeStore { target, data } => {
            [target, &mut data.pointer, &mut data.stride].into_iter().for_each(f);
        }
        _ => {}
    }
}

/// The expressions that [`of_statement`] would visit.
pub fn read_by(statement: &Statement) -> Vec<Handle<Expression>> {
    match statement {
        // Without a copy of what is inside.
        Statement::If { condition, .. } => vec![*condition],
        Statement::Switch { selector, .. } => vec![*selector],
        Statement::Loop { break_if, .. } => break_if.iter().copied().collect(),
        Statement::Block(_) => Vec::new(),
        other => {
            let mut read = Vec::new();
            of_statement(&mut other.clone(), |operand| read.push(*operand));
            read
        }
    }
}

/// The expression that stands for what `statement` yields, if it yields something.
pub fn result(statement: &Statement) -> Option<Handle<Expression>> {
    match statement {
        Statement::Atomic { result, .. } | Statement::Call { result, .. } => *result,
        Statement::WorkGroupUniformLoad { result, .. }
        | Statement::SubgroupBallot { result, .. }
        | Statement::SubgroupGather { result, .. }
        | Statement::SubgroupCollectiveOperation { result, .. } => Some(*result),
        _ => None,
    }
}

/// [`result`], to be changed.
pub fn result_mut(statement: &mut Statement) -> Option<&mut Handle<Expression>> {
    match statement {
        Statement::Atomic { result, .. } | Statement::Call { result, .. } => result.as_mut(),
        Statement::WorkGroupUniformLoad { result, .. }
        | Statement::SubgroupBallot { result, .. }
        | Statement::SubgroupGather { result, .. }
        | Statement::SubgroupCollectiveOperation { result, .. } => Some(result),
        _ => None,
    }
}

/// The blocks directly inside `statement`.
pub fn blocks(statement: &Statement) -> Vec<&Block> {
    match statement {
        Statement::Block(body) => vec![body],
        Statement::If { accept, reject, .. } => vec![accept, reject],
        Statement::Switch { cases, .. } => cases.iter().map(|case| &case.body).collect(),
        Statement::Loop { body, continuing, .. } => vec![body, continuing],
        _ => Vec::new(),
    }
}

/// [`blocks`], to be changed.
pub fn blocks_mut(statement: &mut Statement) -> Vec<&mut Block> {
    match statement {
        Statement::Block(body) => vec![body],
        Statement::If { accept, reject, .. } => vec![accept, reject],
        Statement::Switch { cases, .. } => cases.iter_mut().map(|case| &mut case.body).collect(),
        Statement::Loop { body, continuing, .. } => vec![body, continuing],
        _ => Vec::new(),
    }
}

/// Calls `f` on every statement of `block`, those inside others included.
pub fn for_each_statement<'a>(block: &'a Block, f: &mut impl FnMut(&'a Statement)) {
    for statement in block {
        f(statement);
        for inner in blocks(statement) {
            for_each_statement(inner, f);
        }
    }
}

fn lane(mode: &mut GatherMode) -> Option<&mut Handle<Expression>> {
    match mode {
        GatherMode::Broadcast(lane)
        | GatherMode::Shuffle(lane)
        | GatherMode::ShuffleDown(lane)
        | GatherMode::ShuffleUp(lane)
        | GatherMode::ShuffleXor(lane)
        | GatherMode::QuadBroadcast(lane) => Some(lane),
        GatherMode::BroadcastFirst | GatherMode::QuadSwap(_) => None,
    }
}

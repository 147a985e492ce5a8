//! Writing statements with the `Emit`s between them.
//!
//! An expression of naga's is computed where an `Emit` statement says so, and one `Emit` covers a range of neighbours
//! in the arena. Literals, variables and the like are not computed and must not be covered.

use super::operands::blocks_mut;
use naga::{Block, Expression, Function, Handle, Range, Span, Statement};

/// A block being written: statements, and runs of expressions that become `Emit`s.
#[derive(Default)]
pub struct Emitter {
    block: Block,
    /// First and last of the neighbours that wait to be emitted.
    run: Option<(Handle<Expression>, Handle<Expression>)>,
}

impl Emitter {
    /// Computes `expression` here, which must come later in the arena than all that was emitted before.
    pub fn expression(&mut self, expression: Handle<Expression>) {
        match &mut self.run {
            Some((_, last)) if last.index() + 1 == expression.index() => *last = expression,
            _ => {
                self.flush();
                self.run = Some((expression, expression));
            }
        }
    }

    /// Appends a statement that is not an `Emit`.
    pub fn statement(&mut self, statement: Statement, span: Span) {
        self.flush();
        self.block.push(statement, span);
    }

    /// Appends the statements of `other`, which was written after this block's.
    pub fn append(&mut self, other: Emitter) {
        self.flush();
        self.block.extend_block(other.finish());
    }

    /// The finished block.
    pub fn finish(mut self) -> Block {
        self.flush();
        self.block
    }

    fn flush(&mut self) {
        if let Some((first, last)) = self.run.take() {
            self.block.push(Statement::Emit(Range::new_from_bounds(first, last)), Span::UNDEFINED);
        }
    }
}

/// Writes `block`, taken from `function`, anew: no `Emit` covers an expression that has become a variable or a
/// literal, and each statement for which `replace` has an answer is replaced by that answer.
pub fn rewrite(
    block: &mut Block,
    function: &mut Function,
    replace: &mut impl FnMut(&Statement, &mut Function) -> Option<Vec<Statement>>,
) {
    let mut out = Emitter::default();
    for (mut statement, span) in std::mem::take(block).span_into_iter() {
        if let Statement::Emit(range) = statement {
            let computed = range.filter(|&handle| !function.expressions[handle].needs_pre_emit());
            computed.for_each(|handle| out.expression(handle));
        } else if let Some(instead) = replace(&statement, function) {
            instead.into_iter().for_each(|statement| out.statement(statement, span));
        } else {
            for inner in blocks_mut(&mut statement) {
                rewrite(inner, function, replace);
            }
            out.statement(statement, span);
        }
    }
    *block = out.finish();
}

//! Loops with a known number of turns are written out.
//!
//! A driver keeps a variable in a register only if it knows which variable is meant. In
//!
//! ```text
//! for (var i = 0u; i < 2u; i += 1u) {
//!     sum[i] += a[2u * i + 1u];
//! }
//! ```
//!
//! it does not know `sum[i]`, so the array lives in slow memory. Written out there is nothing left to ask:
//!
//! ```text
//! sum[0] += a[1];
//! sum[1] += a[3];
//! ```
//!
//! The pass does what a person with a pencil does: it goes through the function from top to bottom with a list of what
//! is known ([`Copier`]). An `if` on a known condition keeps the branch taken. Arriving at a loop, it writes down turn
//! after turn. If known values decide each turn's end, and the loop is over within [`MOST_TURNS`] turns, that is the
//! result. If a turn ends or not by a value known only when the kernel runs, the pages are thrown away and the loop is
//! copied as it stands, after crossing off the list what it assigns. So it does not matter how the loop is spelled, nor
//! whether its bound is a literal, an override or the counter of a loop around it.

use super::copier::Copier;
use super::emit::Emitter;
use super::operands;
use naga::{Block, Expression, FastHashSet, Function, Handle, Literal, Module, Span, Statement};

/// Loops of more turns stay loops: what a kernel gains by writing out is had long before.
pub const MOST_TURNS: usize = 64;

/// A function grew longer than it may by writing out the loop at this place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TooLong(pub Span);

/// `function` of `module`, whose overrides must be resolved, with its loops written out.
///
/// # Errors
/// [`TooLong`] with the outermost loop that is too long to be written out in `most` statements.
pub fn unroll(module: &Module, function: &Function, most: usize) -> Result<Function, TooLong> {
    let mut writer = Writer {
        copier: Copier::new(module, function),
        on_break: Jump::Kept,
        on_continue: Jump::Kept,
        kept: FastHashSet::default(),
        writes_out: true,
        written: 0,
        most,
    };
    let mut body = Emitter::default();
    match writer.block(&function.body, &mut body) {
        Ok(_) => Ok(writer.copier.finish(body)),
        Err(Stop::TooLong(span)) => Err(TooLong(span)),
        Err(Stop::Undecided) => unreachable!("only a loop being written out can be undecided, and it is then kept"),
    }
}

/// How writing down a block ended.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    /// It goes on behind the block.
    On,
    /// The loop being written out is over.
    Break,
    /// This turn of the loop being written out is over.
    Continue,
    /// A `return` was written, or a jump of a loop that stays: nothing behind it can be reached.
    Gone,
}

/// Why writing down had to stop.
enum Stop {
    /// The loop being written out ends at a turn that is not known.
    Undecided,
    /// Too much was written.
    TooLong(Span),
}

/// What a `break` or a `continue` means at the present point.
#[derive(Clone, Copy, PartialEq)]
enum Jump {
    /// It belongs to a loop or switch that stays: write it.
    Kept,
    /// It belongs to the loop being written out, and is reached for certain.
    Certain,
    /// It belongs to the loop being written out, but whether it is reached is not known.
    Uncertain,
}

impl Jump {
    /// What it means inside a statement that may be reached or not.
    fn in_doubt(self) -> Self {
        if self == Jump::Certain { Jump::Uncertain } else { self }
    }
}

/// The parts of a loop.
#[derive(Clone, Copy)]
struct Loop<'a> {
    body: &'a Block,
    continuing: &'a Block,
    break_if: Option<Handle<Expression>>,
}

struct Writer<'a> {
    copier: Copier<'a>,
    on_break: Jump,
    on_continue: Jump,
    /// Bodies of loops that were found undecided once: they are not tried again.
    kept: FastHashSet<*const Block>,
    /// Whether loops are written out at all: not while the turns of a loop around them are only counted.
    writes_out: bool,
    /// Statements written so far.
    written: usize,
    /// Statements that may be.
    most: usize,
}

impl<'a> Writer<'a> {
    /// Writes down `block`.
    fn block(&mut self, block: &'a Block, out: &mut Emitter) -> Result<Flow, Stop> {
        for (statement, span) in block.span_iter() {
            let flow = self.statement(statement, *span, out)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn statement(&mut self, statement: &'a Statement, span: Span, out: &mut Emitter) -> Result<Flow, Stop> {
        self.written += 1;
        if self.written > self.most && self.writes_out {
            return Err(Stop::TooLong(span));
        }
        match statement {
            Statement::Emit(range) => self.copier.emit(range.clone(), out),
            Statement::Block(body) => return self.block(body, out),
            Statement::If { condition, accept, reject } => match self.known(*condition) {
                Some(true) => return self.block(accept, out),
                Some(false) => return self.block(reject, out),
                None => out.statement(self.branches(statement, self.on_break)?, span),
            },
            // The `break`s of a switch are its own.
            Statement::Switch { .. } => out.statement(self.branches(statement, Jump::Kept)?, span),
            Statement::Loop { body, continuing, break_if } => {
                let parts = Loop { body, continuing, break_if: *break_if };
                if let Some(flow) = self.write_out(parts, span, out)? {
                    return Ok(flow);
                }
                out.statement(self.keep(statement, parts)?, span);
            }
            Statement::Break => return self.jump(self.on_break, Flow::Break, statement, span, out),
            Statement::Continue => return self.jump(self.on_continue, Flow::Continue, statement, span, out),
            Statement::Return { .. } => {
                self.copier.statement(statement, span, out);
                return Ok(Flow::Gone);
            }
            _ => self.copier.statement(statement, span, out),
        }
        Ok(Flow::On)
    }

    /// Tries to write out a loop. `None`: it has to stay, and nothing was written.
    fn write_out(&mut self, parts: Loop<'a>, span: Span, out: &mut Emitter) -> Result<Option<Flow>, Stop> {
        if !self.writes_out || self.kept.contains(&std::ptr::from_ref(parts.body)) {
            return Ok(None);
        }
        let known = self.copier.known.clone();
        let written = self.written;
        let mut turns = Emitter::default();
        let mut result = self.turns(parts, &mut turns);
        if let Ok(flow) = result {
            out.append(turns);
            return Ok(Some(flow));
        }
        if let Err(Stop::TooLong(_)) = result {
            // Perhaps this loop has more than MOST_TURNS and would not be written out anyway: count them with the loops
            // inside it left as they are.
            self.copier.known.clone_from(&known);
            self.writes_out = false;
            result = self.turns(parts, &mut Emitter::default());
            self.writes_out = true;
            if result.is_ok() {
                return Err(Stop::TooLong(span));
            }
        }
        self.copier.known = known;
        self.written = written;
        self.kept.insert(parts.body);
        Ok(None)
    }

    /// Writes down turn after turn of a loop until it is over.
    fn turns(&mut self, parts: Loop<'a>, out: &mut Emitter) -> Result<Flow, Stop> {
        let jumps = (self.on_break, self.on_continue);
        // The turn in which a `for` finds that it is over is one more than those it counts.
        let mut left = MOST_TURNS + 1;
        let mut result = Ok(Flow::On);
        while let Ok(Flow::On) = result {
            (self.on_break, self.on_continue) = (Jump::Certain, Jump::Certain);
            result = if left == 0 { Err(Stop::Undecided) } else { self.turn(parts, out) };
            left = left.saturating_sub(1);
        }
        (self.on_break, self.on_continue) = jumps;
        result.map(|flow| if flow == Flow::Break { Flow::On } else { flow })
    }

    /// Writes down one turn of a loop, after which it goes on, is over, or nothing is reached any more.
    fn turn(&mut self, parts: Loop<'a>, out: &mut Emitter) -> Result<Flow, Stop> {
        let flow = self.block(parts.body, out)?;
        if flow == Flow::Break || flow == Flow::Gone {
            return Ok(flow);
        }
        self.block(parts.continuing, out)?;
        match parts.break_if.map(|condition| self.known(condition)) {
            None | Some(Some(false)) => Ok(Flow::On),
            Some(Some(true)) => Ok(Flow::Break),
            Some(None) => Err(Stop::Undecided),
        }
    }

    /// Copies a loop that stays one. What it assigns is not known in any of its turns.
    fn keep(&mut self, statement: &'a Statement, parts: Loop<'a>) -> Result<Statement, Stop> {
        let jumps = (self.on_break, self.on_continue);
        (self.on_break, self.on_continue) = (Jump::Kept, Jump::Kept);
        self.copier.forget_assigned(statement);
        let body = self.inner(parts.body)?;
        self.copier.forget_assigned(statement);
        let continuing = self.inner(parts.continuing)?;
        let break_if = parts.break_if.map(|condition| self.copier.copy(condition));
        self.copier.forget_assigned(statement);
        (self.on_break, self.on_continue) = jumps;
        Ok(Statement::Loop { body, continuing, break_if })
    }

    /// Copies an `if` or a `switch` of which it is not known which block is taken.
    fn branches(&mut self, statement: &'a Statement, on_break: Jump) -> Result<Statement, Stop> {
        let jumps = (self.on_break, self.on_continue);
        (self.on_break, self.on_continue) = (on_break.in_doubt(), jumps.1.in_doubt());
        let mut copy = statement.clone();
        operands::of_statement(&mut copy, |operand| *operand = self.copier.copy(*operand));
        let known = self.copier.known.clone();
        for (copy, block) in operands::blocks_mut(&mut copy).into_iter().zip(operands::blocks(statement)) {
            self.copier.known.clone_from(&known);
            *copy = self.inner(block)?;
        }
        self.copier.forget_assigned(statement);
        (self.on_break, self.on_continue) = jumps;
        Ok(copy)
    }

    /// Writes down a block that goes inside a statement.
    fn inner(&mut self, block: &'a Block) -> Result<Block, Stop> {
        let mut inner = Emitter::default();
        self.block(block, &mut inner)?;
        Ok(inner.finish())
    }

    fn jump(
        &mut self,
        jump: Jump,
        flow: Flow,
        statement: &'a Statement,
        span: Span,
        out: &mut Emitter,
    ) -> Result<Flow, Stop> {
        match jump {
            Jump::Kept => {
                self.copier.statement(statement, span, out);
                Ok(Flow::Gone)
            }
            Jump::Certain => Ok(flow),
            Jump::Uncertain => Err(Stop::Undecided),
        }
    }

    /// The value of a condition, if it is known.
    fn known(&mut self, condition: Handle<Expression>) -> Option<bool> {
        let condition = self.copier.copy(condition);
        match self.copier.value(condition) {
            Some(Literal::Bool(value)) => Some(value),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

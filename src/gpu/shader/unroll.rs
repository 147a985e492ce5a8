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
//! The pass does what a person with a pencil does: it goes through the function from top to bottom and keeps a list of
//! the integer and boolean variables whose value it knows at this point. `i = 0` puts `i` on the list; reading `i` then
//! gives 0; arithmetic on known values is done at once ([`fold`]); an `if` on a known condition keeps the branch taken.
//! Arriving at a loop, it writes down turn after turn. If each turn's end was decided by known values and the loop is
//! over within [`MOST_TURNS`] turns, that is the result. If a turn ends or not by a value known only when the kernel runs,
//! the pages are thrown away and the loop is copied as it stands, after crossing off the list what it assigns. So it does
//! not matter how the loop is spelled, nor whether its bound is a literal, an override or the counter of a loop around it.

use super::emit::Emitter;
use super::fold::{Folded, fold};
use super::operands;
use naga::proc::HashableLiteral;
use naga::{
    Block, Expression, FastHashMap, FastHashSet, Function, Handle, Literal, LocalVariable, Module, Range, Span,
    Statement, SwitchCase, TypeInner,
};

/// Loops of more turns stay loops: what a kernel gains by writing out is had long before.
pub const MOST_TURNS: usize = 64;

/// Statements a function may have once written out. Drivers need seconds for so many, and minutes for a few times as many.
pub const MOST_STATEMENTS: usize = 32_768;

/// A function grew over [`MOST_STATEMENTS`] by writing out the loop at this place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TooLong(pub Span);

/// `function` of `module`, whose overrides must be resolved, with its loops written out.
///
/// # Errors
/// [`TooLong`] with the outermost loop that is too long to be written out.
pub fn unroll(module: &Module, function: &Function) -> Result<Function, TooLong> {
    let mut writer = Writer::new(module, function);
    let mut body = Emitter::default();
    match writer.block(&function.body, &mut body) {
        Ok(_) => Ok(writer.finish(body)),
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

struct Writer<'a> {
    module: &'a Module,
    old: &'a Function,
    new: Function,
    /// The latest copy of each old expression.
    copies: FastHashMap<Handle<Expression>, Handle<Expression>>,
    /// Each known value is written once.
    literals: FastHashMap<HashableLiteral, Handle<Expression>>,
    /// Names that `let` gave, in order of writing.
    names: Vec<(Handle<Expression>, String)>,
    /// Variables that are read and written by themselves only, never through a pointer that was passed on.
    plain: FastHashSet<Handle<LocalVariable>>,
    /// The list: values of plain variables at the present point.
    known: FastHashMap<Handle<LocalVariable>, Literal>,
    on_break: Jump,
    on_continue: Jump,
    /// Bodies of loops that were found undecided once: they are not tried again.
    kept: FastHashSet<*const Block>,
    /// Whether loops are written out at all: not while the turns of a loop around them are only counted.
    writes_out: bool,
    /// Statements written so far.
    written: usize,
}

impl<'a> Writer<'a> {
    fn new(module: &'a Module, old: &'a Function) -> Self {
        let new = Function {
            name: old.name.clone(),
            arguments: old.arguments.clone(),
            result: old.result.clone(),
            local_variables: old.local_variables.clone(),
            diagnostic_filter_leaf: old.diagnostic_filter_leaf,
            ..Function::default()
        };
        let mut writer = Writer {
            module,
            old,
            new,
            copies: FastHashMap::default(),
            literals: FastHashMap::default(),
            names: Vec::new(),
            plain: plain_variables(module, old),
            known: FastHashMap::default(),
            on_break: Jump::Kept,
            on_continue: Jump::Kept,
            kept: FastHashSet::default(),
            writes_out: true,
            written: 0,
        };
        for (variable, local) in old.local_variables.iter() {
            let init = local.init.map(|init| writer.copy(init));
            writer.new.local_variables[variable].init = init;
            let value = match init {
                Some(init) => writer.value(init),
                None => zero(module, local.ty),
            };
            writer.learn(variable, value);
        }
        for argument in old.named_expressions.keys() {
            if let Expression::FunctionArgument(_) = old.expressions[*argument] {
                writer.copy(*argument);
            }
        }
        writer
    }

    fn finish(self, body: Emitter) -> Function {
        let mut new = self.new;
        new.body = body.finish();
        new.named_expressions = self.names.into_iter().collect();
        new
    }

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
        if self.written > MOST_STATEMENTS && self.writes_out {
            return Err(Stop::TooLong(span));
        }
        match statement {
            Statement::Emit(range) => self.emit(range.clone(), out),
            Statement::Block(body) => return self.block(body, out),
            Statement::If { condition, accept, reject } => {
                let condition = self.copy(*condition);
                match self.value(condition) {
                    Some(Literal::Bool(true)) => return self.block(accept, out),
                    Some(Literal::Bool(false)) => return self.block(reject, out),
                    _ => self.branch(condition, accept, reject, span, out)?,
                }
                self.forget_assigned(statement);
            }
            Statement::Switch { selector, cases } => {
                self.switch(*selector, cases, span, out)?;
                self.forget_assigned(statement);
            }
            Statement::Loop { body, continuing, break_if } => {
                if self.writes_out && !self.kept.contains(&std::ptr::from_ref(body)) {
                    if let Some(flow) = self.write_out(body, continuing, *break_if, span, out)? {
                        return Ok(flow);
                    }
                }
                self.forget_assigned(statement);
                self.keep_loop(statement, body, continuing, *break_if, span, out)?;
            }
            Statement::Break => return self.jump(self.on_break, Flow::Break, statement, span, out),
            Statement::Continue => return self.jump(self.on_continue, Flow::Continue, statement, span, out),
            Statement::Return { .. } | Statement::Kill => {
                self.plain_statement(statement, span, out);
                return Ok(Flow::Gone);
            }
            _ => self.plain_statement(statement, span, out),
        }
        Ok(Flow::On)
    }

    /// Tries to write out a loop. `None`: it has to stay, and nothing was written.
    fn write_out(
        &mut self,
        body: &'a Block,
        continuing: &'a Block,
        break_if: Option<Handle<Expression>>,
        span: Span,
        out: &mut Emitter,
    ) -> Result<Option<Flow>, Stop> {
        let (known, names, written) = (self.known.clone(), self.names.len(), self.written);
        let mut turns = Emitter::default();
        let mut result = self.turns(body, continuing, break_if, &mut turns);
        if let Ok(flow) = result {
            out.append(turns);
            return Ok(Some(flow));
        }
        if let Err(Stop::TooLong(_)) = result {
            // Perhaps this loop has more than [`MOST_TURNS`] and would not be written out anyway: count them with the
            // loops inside it left as they are.
            self.known.clone_from(&known);
            self.writes_out = false;
            result = self.turns(body, continuing, break_if, &mut Emitter::default());
            self.writes_out = true;
            if result.is_ok() {
                return Err(Stop::TooLong(span));
            }
        }
        self.known = known;
        self.names.truncate(names);
        self.written = written;
        self.kept.insert(body);
        Ok(None)
    }

    /// Writes down turn after turn of a loop until it is over.
    fn turns(
        &mut self,
        body: &'a Block,
        continuing: &'a Block,
        break_if: Option<Handle<Expression>>,
        out: &mut Emitter,
    ) -> Result<Flow, Stop> {
        let jumps = (self.on_break, self.on_continue);
        let mut result = Ok(Flow::On);
        // The turn in which a `for` finds that it is over is one more than those it counts.
        let mut turns = 0..=MOST_TURNS;
        while let Ok(Flow::On | Flow::Continue) = result {
            (self.on_break, self.on_continue) = (Jump::Certain, Jump::Certain);
            result = match turns.next() {
                Some(_) => self.turn(body, continuing, break_if, out),
                None => Err(Stop::Undecided),
            };
        }
        (self.on_break, self.on_continue) = jumps;
        result.map(|flow| if flow == Flow::Break { Flow::On } else { flow })
    }

    fn turn(
        &mut self,
        body: &'a Block,
        continuing: &'a Block,
        break_if: Option<Handle<Expression>>,
        out: &mut Emitter,
    ) -> Result<Flow, Stop> {
        let flow = self.block(body, out)?;
        if flow == Flow::Break || flow == Flow::Gone {
            return Ok(flow);
        }
        self.block(continuing, out)?;
        let Some(condition) = break_if else { return Ok(Flow::On) };
        let condition = self.copy(condition);
        match self.value(condition) {
            Some(Literal::Bool(true)) => Ok(Flow::Break),
            Some(Literal::Bool(false)) => Ok(Flow::On),
            _ => Err(Stop::Undecided),
        }
    }

    /// Copies a loop that stays one. What it assigns must have been forgotten before, as it holds in every turn.
    fn keep_loop(
        &mut self,
        statement: &'a Statement,
        body: &'a Block,
        continuing: &'a Block,
        break_if: Option<Handle<Expression>>,
        span: Span,
        out: &mut Emitter,
    ) -> Result<(), Stop> {
        let jumps = (self.on_break, self.on_continue);
        (self.on_break, self.on_continue) = (Jump::Kept, Jump::Kept);
        let body = self.inner(body)?;
        self.forget_assigned(statement);
        let continuing = self.inner(continuing)?;
        let break_if = break_if.map(|condition| self.copy(condition));
        (self.on_break, self.on_continue) = jumps;
        self.forget_assigned(statement);
        out.statement(Statement::Loop { body, continuing, break_if }, span);
        Ok(())
    }

    /// Copies an `if` whose condition is not known.
    fn branch(
        &mut self,
        condition: Handle<Expression>,
        accept: &'a Block,
        reject: &'a Block,
        span: Span,
        out: &mut Emitter,
    ) -> Result<(), Stop> {
        let jumps = (self.on_break, self.on_continue);
        (self.on_break, self.on_continue) = (uncertain(jumps.0), uncertain(jumps.1));
        let known = self.known.clone();
        let accept = self.inner(accept)?;
        self.known = known;
        let reject = self.inner(reject)?;
        (self.on_break, self.on_continue) = jumps;
        out.statement(Statement::If { condition, accept, reject }, span);
        Ok(())
    }

    /// Copies a `switch`. Its `break`s are its own.
    fn switch(
        &mut self,
        selector: Handle<Expression>,
        cases: &'a [SwitchCase],
        span: Span,
        out: &mut Emitter,
    ) -> Result<(), Stop> {
        let selector = self.copy(selector);
        let jumps = (self.on_break, self.on_continue);
        (self.on_break, self.on_continue) = (Jump::Kept, uncertain(jumps.1));
        let known = self.known.clone();
        let mut copies = Vec::new();
        for case in cases {
            self.known.clone_from(&known);
            let body = self.inner(&case.body)?;
            copies.push(SwitchCase { value: case.value, body, fall_through: case.fall_through });
        }
        (self.on_break, self.on_continue) = jumps;
        out.statement(Statement::Switch { selector, cases: copies }, span);
        Ok(())
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
                out.statement(statement.clone(), span);
                Ok(Flow::Gone)
            }
            Jump::Certain => Ok(flow),
            Jump::Uncertain => Err(Stop::Undecided),
        }
    }

    /// Copies a statement that has no others inside.
    fn plain_statement(&mut self, statement: &'a Statement, span: Span, out: &mut Emitter) {
        let mut copy = statement.clone();
        operands::of_statement(&mut copy, |operand| *operand = self.copy(*operand));
        if let Some(result) = operands::result(&mut copy) {
            *result = self.append(*result, self.old.expressions[*result].clone());
        }
        if let Statement::Store { pointer, value } = copy {
            if let Expression::LocalVariable(variable) = self.new.expressions[pointer] {
                let value = self.value(value);
                self.learn(variable, value);
            }
        }
        out.statement(copy, span);
    }

    /// Computes the expressions of `range` at this point.
    fn emit(&mut self, range: Range<Expression>, out: &mut Emitter) {
        for handle in range {
            let mut expression = self.old.expressions[handle].clone();
            operands::of_expression(&mut expression, |operand| *operand = self.copy(*operand));
            if let Some(folded) = self.fold(&expression) {
                let copy = match folded {
                    Folded::Known(literal) => self.literal(literal),
                    Folded::Same(same) => same,
                };
                self.copies.insert(handle, copy);
                continue;
            }
            if let Expression::Access { base, index } = expression {
                if let Some(index) = self.value(index).and_then(as_index) {
                    expression = Expression::AccessIndex { base, index };
                }
            }
            let copy = self.append(handle, expression);
            out.expression(copy);
        }
    }

    fn fold(&self, expression: &Expression) -> Option<Folded> {
        match *expression {
            Expression::Load { pointer } => match self.new.expressions[pointer] {
                Expression::LocalVariable(variable) => self.known.get(&variable).copied().map(Folded::Known),
                _ => None,
            },
            Expression::AccessIndex { base, index } => {
                let element = self.component(self.constant(base)?, index as usize)?;
                self.global_literal(element).map(Folded::Known)
            }
            Expression::Access { base, index } => {
                let index = as_index(self.value(index)?)?;
                self.fold(&Expression::AccessIndex { base, index })
            }
            _ => fold(expression, |operand| self.value(operand)),
        }
    }

    /// Appends `expression` as the present copy of `old`, with its name.
    fn append(&mut self, old: Handle<Expression>, expression: Expression) -> Handle<Expression> {
        let copy = self.new.expressions.append(expression, self.old.expressions.get_span(old));
        if let Some(name) = self.old.named_expressions.get(&old) {
            self.names.push((copy, name.clone()));
        }
        self.copies.insert(old, copy);
        copy
    }

    /// The present copy of the expression `old`. Those that are never computed, such as literals and variables, are copied
    /// when they are first asked for.
    fn copy(&mut self, old: Handle<Expression>) -> Handle<Expression> {
        if let Some(&copy) = self.copies.get(&old) {
            return copy;
        }
        let mut expression = self.old.expressions[old].clone();
        if let Expression::Literal(literal) = expression {
            let copy = self.literal(literal);
            self.copies.insert(old, copy);
            return copy;
        }
        operands::of_expression(&mut expression, |operand| *operand = self.copy(*operand));
        self.append(old, expression)
    }

    fn literal(&mut self, literal: Literal) -> Handle<Expression> {
        let expressions = &mut self.new.expressions;
        *self
            .literals
            .entry(HashableLiteral::from(literal))
            .or_insert_with(|| expressions.append(Expression::Literal(literal), Span::UNDEFINED))
    }

    /// The value of a new expression, if it is known and of a kind that is kept track of.
    fn value(&self, expression: Handle<Expression>) -> Option<Literal> {
        let literal = match self.new.expressions[expression] {
            Expression::Literal(literal) => literal,
            Expression::ZeroValue(ty) => zero(self.module, ty)?,
            Expression::Constant(constant) => self.global_literal(self.module.constants[constant].init)?,
            _ => return None,
        };
        matches!(literal, Literal::I32(_) | Literal::U32(_) | Literal::Bool(_)).then_some(literal)
    }

    /// The part of a module's constant that a new expression stands for.
    fn constant(&self, expression: Handle<Expression>) -> Option<Handle<Expression>> {
        match self.new.expressions[expression] {
            Expression::Constant(constant) => Some(self.module.constants[constant].init),
            Expression::AccessIndex { base, index } => self.component(self.constant(base)?, index as usize),
            _ => None,
        }
    }

    fn component(&self, global: Handle<Expression>, index: usize) -> Option<Handle<Expression>> {
        match &self.module.global_expressions[global] {
            // A vector may be composed of vectors, and then components and operands are not one to one.
            Expression::Compose { ty, components } => match self.module.types[*ty].inner {
                TypeInner::Array { .. } => components.get(index).copied(),
                TypeInner::Vector { size, .. } if components.len() == size as usize => components.get(index).copied(),
                _ => None,
            },
            Expression::Constant(constant) => self.component(self.module.constants[*constant].init, index),
            _ => None,
        }
    }

    fn global_literal(&self, global: Handle<Expression>) -> Option<Literal> {
        match self.module.global_expressions[global] {
            Expression::Literal(literal) => Some(literal),
            Expression::ZeroValue(ty) => zero(self.module, ty),
            Expression::Constant(constant) => self.global_literal(self.module.constants[constant].init),
            _ => None,
        }
    }

    fn learn(&mut self, variable: Handle<LocalVariable>, value: Option<Literal>) {
        match value {
            Some(value) if self.plain.contains(&variable) => self.known.insert(variable, value),
            _ => self.known.remove(&variable),
        };
    }

    /// Crosses off the list what `statement` or one inside it assigns.
    fn forget_assigned(&mut self, statement: &Statement) {
        for block in operands::blocks(statement) {
            operands::for_each_statement(block, &mut |inner| {
                if let Statement::Store { pointer, .. } = inner {
                    if let Expression::LocalVariable(variable) = self.old.expressions[*pointer] {
                        self.known.remove(&variable);
                    }
                }
            });
        }
    }
}

fn uncertain(jump: Jump) -> Jump {
    if jump == Jump::Certain { Jump::Uncertain } else { jump }
}

fn as_index(literal: Literal) -> Option<u32> {
    match literal {
        Literal::U32(index) => Some(index),
        Literal::I32(index) => u32::try_from(index).ok(),
        _ => None,
    }
}

fn zero(module: &Module, ty: Handle<naga::Type>) -> Option<Literal> {
    match module.types[ty].inner {
        TypeInner::Scalar(scalar) => Literal::zero(scalar),
        _ => None,
    }
}

/// The integer and boolean variables of `function` that are only ever read and assigned by name.
fn plain_variables(module: &Module, function: &Function) -> FastHashSet<Handle<LocalVariable>> {
    let is_plain = |local: &LocalVariable| match zero(module, local.ty) {
        Some(literal) => matches!(literal, Literal::I32(_) | Literal::U32(_) | Literal::Bool(_)),
        None => false,
    };
    let locals = function.local_variables.iter();
    let mut plain: FastHashSet<_> = locals.filter(|(_, local)| is_plain(local)).map(|(handle, _)| handle).collect();
    let mut passed_on = |operand: &mut Handle<Expression>| {
        if let Expression::LocalVariable(variable) = function.expressions[*operand] {
            plain.remove(&variable);
        }
    };
    for (_, expression) in function.expressions.iter() {
        if !matches!(expression, Expression::Load { .. }) {
            operands::of_expression(&mut expression.clone(), &mut passed_on);
        }
    }
    operands::for_each_statement(&function.body, &mut |statement| {
        if !matches!(statement, Statement::Store { .. }) && operands::blocks(statement).is_empty() {
            operands::of_statement(&mut statement.clone(), &mut passed_on);
        }
    });
    plain
}

#[cfg(test)]
mod tests {
    use super::super::compile_source;
    use super::super::programs::{assert_unchanged, kernel, written_out};
    use super::MOST_TURNS;

    /// The indices of `y` that the kernel assigns, in order, if no loop is left in it.
    fn assigned(body: &str) -> Vec<u32> {
        let text = kernel("", body);
        assert_unchanged(&text);
        let written = written_out(&text);
        assert!(!written.contains("loop"), "{written}");
        let index = |line: &str| line.strip_prefix("y[")?.split(']').next()?.parse().ok();
        written.lines().filter_map(index).collect()
    }

    /// Asserts that the kernel still has `loops` loops, and computes the same.
    fn assert_loops(body: &str, loops: usize) {
        let text = kernel("", body);
        assert_unchanged(&text);
        let written = written_out(&text);
        assert_eq!(written.matches("loop {").count(), loops, "{written}");
    }

    #[test]
    fn every_spelling_of_a_loop_is_written_out() {
        assert_eq!(assigned("for (var i = 0u; i < 3u; i += 1u) { y[i] = 1.0; }"), [0, 1, 2]);
        assert_eq!(assigned("for (var i = 1; i <= 5; i += 2) { y[i] = 1.0; }"), [1, 3, 5]);
        assert_eq!(assigned("for (var i = 3; i >= 0; i--) { y[i] = 1.0; }"), [3, 2, 1, 0]);
        assert_eq!(assigned("for (var i = 6u; i > 1u; i -= 2u) { y[i] = 1.0; }"), [6, 4, 2]);
        assert_eq!(assigned("for (var i = 1u; i != 8u; i *= 2u) { y[i] = 1.0; }"), [1, 2, 4]);
        assert_eq!(assigned("var i = 5u; while i > 2u { i -= 1u; y[i] = 1.0; }"), [4, 3, 2]);
        assert_eq!(assigned("var i = 0u; loop { y[i] = 1.0; continuing { i++; break if i == 2u; } }"), [0, 1]);
        assert_eq!(assigned("for (var i = 4u; i < 4u; i++) { y[i] = 1.0; }"), []);
    }

    #[test]
    fn arithmetic_on_the_counter_is_done() {
        let body = "for (var i = 0u; i < 2u; i++) { for (var j = 0; j < 2; j++) { y[(i * 2u + u32(j)) % 3u] = 1.0; } }";
        assert_eq!(assigned(body), [0, 1, 2, 0]);
        let triangle = "for (var i = 0u; i < 3u; i++) { for (var j = 0u; j < i; j++) { y[i + j] = 1.0; } }";
        assert_eq!(assigned(triangle), [1, 2, 3]);
        let branches =
            "for (var i = 0u; i < 4u; i++) { if i < 2u && i != 0u { y[i] = 1.0; } else { y[4u + i] = 1.0; } }";
        assert_eq!(assigned(branches), [4, 1, 6, 7]);
        assert_eq!(assigned("var at = 0u; for (var i = 0u; i < 3u; i++) { y[at] = 1.0; at += 2u; }"), [0, 2, 4]);
    }

    #[test]
    fn overrides_bound_loops() {
        let body = "for (var i = 0u; i < TURNS; i++) { y[i] = 1.0; }";
        let text = kernel("override TURNS: u32 = 4;", body);
        let written = |turns| {
            let kernel = compile_source("test.wgsl", &text, &[("TURNS", turns)]).unwrap();
            kernel.to_wgsl().unwrap().matches("] = 1f").count()
        };
        assert_eq!((written(2.0), written(7.0)), (2, 7));
    }

    #[test]
    fn constant_arrays_are_read_beforehand() {
        let text =
            kernel("const AT = array<u32, 3>(4u, 0u, 2u);", "for (var i = 0; i < 3; i++) { y[AT[i]] = f32(i); }");
        assert_unchanged(&text);
        assert_eq!(written_out(&text).replace("let n = x[0];\n", ""), "y[4] = 0f;\ny[0] = 1f;\ny[2] = 2f;\nreturn;");
    }

    #[test]
    fn jumps_decided_by_known_values_are_followed() {
        assert_eq!(assigned("for (var i = 0u; i < 8u; i++) { if i == 2u { break; } y[i] = 1.0; }"), [0, 1]);
        assert_eq!(assigned("for (var i = 0u; i < 4u; i++) { if i % 2u == 0u { continue; } y[i] = 1.0; }"), [1, 3]);
        assert_eq!(assigned("for (var i = 0u; i < 3u; i++) { if n == i { return; } y[i] = 1.0; }"), [0, 1, 2]);
        assert_eq!(
            assigned("for (var i = 0u; i < 3u; i++) { y[i] = 1.0; if i == 1u { return; } } y[5] = 1.0;"),
            [0, 1]
        );
        let switch = "for (var i = 0u; i < 2u; i++) { switch n { case 1u: { break; } default: { y[i] = 1.0; } } }";
        assert_eq!(assigned(switch), [0, 1]);
    }

    #[test]
    fn loops_that_depend_on_the_run_stay() {
        assert_loops("for (var i = 0u; i < n; i++) { y[i] = 1.0; }", 1);
        assert_loops("for (var i = 0u; i < 4u; i++) { if i == n { break; } y[i] = 1.0; }", 1);
        assert_loops("for (var i = 0u; i < 4u; i++) { if i == n { continue; } y[i] = 1.0; }", 1);
        assert_loops("for (var i = 0u; i < 4u; i++) { if n == 2u { i++; } y[i] = 1.0; }", 1);
        assert_loops("for (var i = 0u; i < n; i++) { for (var j = 0u; j < 2u; j++) { y[i + j] = f32(j); } }", 1);
        assert_loops("for (var i = 0u; i < 2u; i++) { for (var j = 0u; j < n; j++) { y[i + j] = f32(j); } }", 2);
    }

    #[test]
    fn a_counter_that_a_function_may_change_is_not_known() {
        let text = kernel(
            "fn skip(i: ptr<function, u32>, n: u32) { *i += n; }",
            "for (var i = 0u; i < 6u; i++) { y[i] = 1.0; skip(&i, n); }",
        );
        assert_unchanged(&text);
        assert!(written_out(&text).contains("loop {"));
    }

    #[test]
    fn loops_inside_functions_are_written_out() {
        let text = kernel(
            "fn fill(a: ptr<function, array<f32, 3>>) { for (var i = 0u; i < 3u; i++) { (*a)[i] += f32(i); } }",
            "var a: array<f32, 3>; fill(&a); fill(&a); for (var i = 0u; i < 3u; i++) { y[i] = a[i]; }",
        );
        assert_unchanged(&text);
        let wgsl = compile_source("test.wgsl", &text, &[]).unwrap().to_wgsl().unwrap();
        assert!(!wgsl.contains("loop") && wgsl.contains("fill((&a))"), "{wgsl}");
    }

    #[test]
    fn long_loops_stay_and_exploding_ones_are_refused() {
        let long = |turns: usize| format!("for (var i = 0u; i < {turns}u; i++) {{ y[i % 8u] += 1.0; }}");
        assert_loops(&long(MOST_TURNS), 0);
        assert_loops(&long(MOST_TURNS + 1), 1);
        // The inner loops are worth writing out even where the outer one is too long, however much there is inside.
        let inside =
            long(60).replace("y[i % 8u]", "for (var j = 0u; j < 30u; j++) { y[j % 8u]").replace("1.0;", "1.0; }");
        assert_loops(&format!("for (var k = 0u; k < 100u; k++) {{ {} }}", inside), 1);
        let message = |body: &str| compile_source("a.wgsl", &kernel("", body), &[]).unwrap_err().to_string();
        let nest = "\n  for (var i = 0u; i < 64u; i++) { for (var j = 0u; j < 64u; j++) {\n for (var k = 0u; k < 64u; k++) \
                    { y[k] += 1.0; } } }";
        let refused = message(nest);
        assert!(refused.starts_with("a.wgsl:8:3: written out, this loop makes over 32768 statements"), "{refused}");
    }
}

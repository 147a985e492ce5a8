//! Statements of naga's, one by one.
//!
//! A branch or a loop whose condition is the same in all lanes becomes a branch or a loop. Where lanes disagree, both
//! sides are run, each with a *mask* of the lanes that are really there, and nothing is run with an empty mask. A lane
//! that leaves a loop or a function earlier than its neighbours is noted in the mask of those *gone* from there; what
//! follows is for the rest.

use std::collections::{BTreeSet, HashSet};

use naga::{Block, Expression, Function, Handle, Statement, SwitchCase, SwitchValue};

use super::{
    Translator, arithmetic,
    facts::Exit,
    frame::{Context, Target, What, gone},
    place::{Place, Root},
    term::{Kind, Term, Value},
    usage::Limit,
};
use crate::passes::operands;
use naga::BinaryOperator as Binary;

/// The exits that some lanes took and others did not.
pub type Exits = BTreeSet<Exit>;

impl<'a> Translator<'a> {
    /// Enters a loop, a switch or a function, and returns how many there were around it.
    fn push_target(&mut self, what: What, limits: usize) -> usize {
        let number = self.met;
        self.met += 1;
        self.targets.push(Target { number, limits, what, collective: false });
        self.targets.len() - 1
    }

    /// Translates the body of a function, whose variables exist already.
    pub fn body(&mut self, body: &'a Block, context: &Context) -> Result<(), String> {
        let target = self.push_target(What::Function, context.limits.len());
        let number = self.targets[target].number;
        let exits = self.facts.exits(number);
        if exits.contains(&Exit::Leave(number)) {
            self.text.line(format!("let mut {} = splat_m(false);", gone(Exit::Leave(number))));
        }
        let labelled = self.facts.has_jump(Exit::Leave(number));
        if labelled {
            self.text.open(format!("'x{number}: {{"));
        }
        let mut statements: Vec<_> = body.span_iter().map(|(statement, span)| (statement, *span)).collect();
        // The end of the text is the end of the function.
        if matches!(statements.last(), Some((Statement::Return { value: None }, _))) {
            statements.pop();
        }
        for exit in self.statements(&statements, context)? {
            self.facts.add_exit(number, exit);
        }
        if labelled {
            self.text.close("}");
        }
        self.targets.truncate(target);
        Ok(())
    }

    pub fn block(&mut self, block: &'a Block, context: &Context) -> Result<Exits, String> {
        let statements: Vec<_> = block.span_iter().map(|(statement, span)| (statement, *span)).collect();
        self.statements(&statements, context)
    }

    /// Translates statements one after another; what follows one that some lanes leave by is for the others.
    pub fn statements(&mut self, list: &[(&'a Statement, naga::Span)], context: &Context) -> Result<Exits, String> {
        self.held.clear();
        let exits = self.in_turn(list, context);
        self.held.clear();
        exits
    }

    fn in_turn(&mut self, list: &[(&'a Statement, naga::Span)], context: &Context) -> Result<Exits, String> {
        for (i, &(statement, span)) in list.iter().enumerate() {
            self.at(span);
            let mut exits = self.statement(statement, context)?;
            let rest = &list[i + 1..];
            if exits.is_empty() {
                continue;
            }
            if !rest.is_empty()
                && !matches!(statement, Statement::Break | Statement::Continue | Statement::Return { .. })
            {
                let left = self.without(context, &exits);
                let mask = left.mask.clone().expect("some lanes are gone");
                self.text.open(format!("if any_m({mask}) {{"));
                exits.extend(self.statements(rest, &left)?);
                self.text.close("}");
            }
            return Ok(exits);
        }
        Ok(Exits::new())
    }

    fn statement(&mut self, statement: &'a Statement, context: &Context) -> Result<Exits, String> {
        match statement {
            Statement::Emit(range) => {
                for handle in range.clone() {
                    self.emit(handle, context)?;
                }
            }
            Statement::Block(block) => return self.block(block, context),
            Statement::If { condition, accept, reject } => return self.branch(*condition, accept, reject, context),
            Statement::Switch { selector, cases } => return self.switch(*selector, cases, context),
            Statement::Loop { body, continuing, break_if } => {
                return self.repeat(body, continuing, *break_if, context);
            }
            Statement::Break => return self.jump(|what| what != What::Function, false, context),
            Statement::Continue => return self.jump(|what| what == What::Loop, true, context),
            Statement::Return { value } => return self.give_back(*value, context),
            Statement::Store { pointer, value } => {
                let (place, value) = (self.pointer(*pointer)?, self.value(*value)?);
                let keeps = self.must_keep(*pointer, context);
                self.store(&place, &value, context, keeps)?;
            }
            Statement::Call { function, arguments, result } => {
                let arguments = arguments.iter().map(|a| self.value(*a)).collect::<Result<_, _>>()?;
                let value = self.call(&self.module.functions[*function], arguments, context)?;
                if let (Some(result), Some(value)) = (result, value) {
                    self.define(*result, value);
                }
            }
            Statement::SubgroupGather { mode, argument, result } => {
                let argument = self.value(*argument)?;
                let value = self.gather(mode, &argument, context)?;
                self.define(*result, value);
            }
            Statement::SubgroupCollectiveOperation { op, collective_op, argument, result } => {
                let argument = self.value(*argument)?;
                let value = self.collective(*op, *collective_op, &argument, context)?;
                self.define(*result, value);
            }
            Statement::SubgroupBallot { result, predicate } => {
                let all = Value::Number(Term::known(Kind::Bool, 1));
                let predicate = predicate.map_or(Ok(all), |p| self.value(p))?;
                let value = self.ballot(&predicate, context)?;
                self.define(*result, value);
            }
            Statement::CooperativeStore { target, data } => self.store_matrix(*target, data, context)?,
            Statement::ControlBarrier(barrier) | Statement::MemoryBarrier(barrier)
                if *barrier == naga::Barrier::SUB_GROUP => {}
            Statement::ControlBarrier(_) => {
                return Err("a barrier that not all invocations of a workgroup come to together".into());
            }
            Statement::MemoryBarrier(_) => {}
            other => return Err(format!("the statement {} is not covered", keyword(other))),
        }
        Ok(Exits::new())
    }

    /// Whether a store by some lanes must keep the others' numbers.
    fn must_keep(&self, pointer: Handle<Expression>, context: &Context) -> bool {
        let frame = self.frame();
        let mut root = pointer;
        let variable = loop {
            match frame.function.expressions[root] {
                Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => root = base,
                Expression::LocalVariable(variable) => break variable,
                // The caller's variable, of which nothing is known here.
                Expression::FunctionArgument(_) => return context.mask.is_some(),
                _ => return false,
            }
        };
        let mut since = context.limits.iter().skip(frame.limits);
        since.any(|limit| frame.usage.must_keep(variable, *limit))
    }

    fn branch(
        &mut self,
        condition: Handle<Expression>,
        accept: &'a Block,
        reject: &'a Block,
        context: &Context,
    ) -> Result<Exits, String> {
        let condition = self.number(condition)?;
        let mut exits = Exits::new();
        if let Some(holds) = condition.scalar() {
            self.text.open(format!("if {holds} {{"));
            exits.extend(self.block(accept, context)?);
            if !reject.is_empty() {
                self.text.turn("} else {");
                exits.extend(self.block(reject, context)?);
            }
            self.text.close("}");
            return Ok(exits);
        }
        let condition = condition.vector();
        for (block, holds) in [(accept, true), (reject, false)] {
            let mask = match (&context.mask, holds) {
                (None, true) => condition.clone(),
                (None, false) => format!("not_m({condition})"),
                (Some(mask), true) => format!("and_m({mask}, {condition})"),
                (Some(mask), false) => format!("andnot_m({mask}, {condition})"),
            };
            exits.extend(self.masked(block, &mask, context)?);
        }
        Ok(exits)
    }

    /// A block for the lanes of `mask`, if there are any.
    fn masked(&mut self, block: &'a Block, mask: &str, context: &Context) -> Result<Exits, String> {
        if block.is_empty() {
            return Ok(Exits::new());
        }
        let mask = self.text.bind(mask);
        self.text.open(format!("if any_m({mask}) {{"));
        let exits = self.block(block, &context.within(mask, Limit::Outside(&raw const *block)))?;
        self.text.close("}");
        Ok(exits)
    }

    /// A switch, as branches one after another: cases of ours are few.
    fn switch(
        &mut self,
        selector: Handle<Expression>,
        cases: &'a [SwitchCase],
        context: &Context,
    ) -> Result<Exits, String> {
        let selector = self.number(selector)?;
        let target = self.push_target(What::Switch, context.limits.len());
        let number = self.targets[target].number;
        let leave = Exit::Leave(number);
        let some_leave = self.facts.exits(number).contains(&leave);
        if some_leave {
            self.text.line(format!("let mut {} = splat_m(false);", gone(leave)));
            self.targets[target].limits += 1;
        }
        // Those that have left it wait behind it for the others.
        let inside = |body: &'a Block| {
            let limits = context.limits.iter().copied().chain(some_leave.then_some(Limit::Outside(&raw const *body)));
            Context { mask: context.mask.clone(), limits: limits.collect() }
        };
        let labelled = self.facts.has_jump(leave);
        if labelled {
            self.text.open(format!("'x{number}: {{"));
        }
        let mut exits = Exits::new();
        // Conditions of the cases so far whose block is yet to come, and of all cases.
        let mut waiting: Option<Term> = None;
        let mut any: Option<Term> = None;
        let mut default = None;
        for case in cases {
            let value = match case.value {
                SwitchValue::Default => {
                    if case.fall_through || waiting.is_some() {
                        return Err("a default case that shares its block with others".into());
                    }
                    default = Some(&case.body);
                    continue;
                }
                SwitchValue::I32(value) => value as u32,
                SwitchValue::U32(value) => value,
            };
            let value = Term::known(selector.kind, value);
            let here = arithmetic::binary(&mut self.text, Binary::Equal, &selector, &value)?;
            any = Some(self.either(any, &here)?);
            let here = self.either(waiting.take(), &here)?;
            if case.fall_through {
                if !case.body.is_empty() {
                    return Err("a case that goes on into the next".into());
                }
                waiting = Some(here);
                continue;
            }
            exits.extend(self.case(&case.body, &here, true, &inside(&case.body))?);
        }
        if let Some(block) = default {
            match any {
                Some(any) => exits.extend(self.case(block, &any, false, &inside(block))?),
                None => exits.extend(self.block(block, &inside(block))?),
            }
        }
        if labelled {
            self.text.close("}");
        }
        for exit in &exits {
            self.facts.add_exit(number, *exit);
        }
        self.targets.truncate(target);
        exits.remove(&leave);
        Ok(exits)
    }

    fn either(&mut self, a: Option<Term>, b: &Term) -> Result<Term, String> {
        a.map_or(Ok(b.clone()), |a| arithmetic::binary(&mut self.text, Binary::LogicalOr, &a, b))
    }

    /// The block of a case, where `condition` is as it `should` be.
    fn case(&mut self, block: &'a Block, condition: &Term, should: bool, context: &Context) -> Result<Exits, String> {
        if let Some(holds) = condition.scalar() {
            self.text.open(format!("if {holds} == {should} {{"));
            let exits = self.block(block, context)?;
            self.text.close("}");
            return Ok(exits);
        }
        let word = if should { "and_m" } else { "andnot_m" };
        let mask = context.mask.clone().unwrap_or_else(|| "splat_m(true)".into());
        self.masked(block, &format!("{word}({mask}, {})", condition.vector()), context)
    }

    fn repeat(
        &mut self,
        body: &'a Block,
        continuing: &'a Block,
        break_if: Option<Handle<Expression>>,
        context: &Context,
    ) -> Result<Exits, String> {
        let number = self.met;
        let (leave, next) = (Exit::Leave(number), Exit::Continue(number));
        let mut exits = self.facts.exits(number);
        let mut inner = context.clone();
        let live = format!("live{number}");
        if !exits.is_empty() {
            if exits.contains(&leave) {
                self.text.line(format!("let mut {} = splat_m(false);", gone(leave)));
                inner.limits.push(Limit::Left(&raw const *body));
            }
            if exits.contains(&next) {
                inner.limits.push(Limit::Outside(&raw const *body));
            }
            let mask = context.mask.clone().unwrap_or_else(|| "splat_m(true)".into());
            self.text.line(format!("let mut {live} = {mask};"));
        }
        let target = self.push_target(What::Loop, inner.limits.len());
        self.text.open(format!("'x{number}: loop {{"));
        if !exits.is_empty() {
            if exits.contains(&next) {
                self.text.line(format!("let mut {} = splat_m(false);", gone(next)));
            }
            inner.mask = Some(self.text.bind(&live));
        }
        let (turn, around) = (self.text.mark(), std::mem::take(&mut self.frame_mut().declarations));
        self.carry_into(continuing, break_if);
        let labelled = self.facts.has_jump(next);
        if labelled {
            self.text.open(format!("'n{number}: {{"));
        }
        let mut found = self.block(body, &inner)?;
        if labelled {
            self.text.close("}");
        }
        let declarations = std::mem::replace(&mut self.frame_mut().declarations, around);
        self.text.insert(turn, declarations);
        let mut after = context.clone();
        if !exits.is_empty() {
            // Those that wait for the next turn are back.
            for exit in exits.iter().filter(|exit| **exit != next) {
                self.text.line(format!("{live} = andnot_m({live}, {});", gone(*exit)));
            }
            self.text.line(format!("if none_m({live}) {{ break 'x{number}; }}"));
            after = Context { mask: Some(self.text.bind(&live)), limits: inner.limits.clone() };
            after.limits.retain(|limit| *limit != Limit::Outside(&raw const *body));
        }
        self.targets[target].limits = after.limits.len();
        found.extend(self.block(continuing, &after)?);
        if let Some(condition) = break_if {
            found.extend(self.leave_if(condition, number, !exits.is_empty())?);
        }
        self.text.close("}");
        for exit in found {
            self.facts.add_exit(number, exit);
            exits.insert(exit);
        }
        self.targets.truncate(target);
        exits.remove(&leave);
        exits.remove(&next);
        Ok(exits)
    }

    /// Notes what the end of a turn reads and does not compute itself.
    fn carry_into(&mut self, continuing: &Block, break_if: Option<Handle<Expression>>) {
        let frame = self.frame_mut();
        let expressions = &frame.function.expressions;
        let (mut read, mut computed) = (HashSet::new(), HashSet::new());
        read.extend(break_if);
        operands::for_each_statement(continuing, &mut |statement| {
            read.extend(operands::read_by(statement));
            computed.extend(operands::result(statement));
            let Statement::Emit(range) = statement else { return };
            for handle in range.clone() {
                computed.insert(handle);
                operands::of_expression(&mut expressions[handle].clone(), |operand| {
                    read.insert(*operand);
                });
            }
        });
        frame.carried.extend(read.difference(&computed));
    }

    /// The test at the end of a turn.
    fn leave_if(&mut self, condition: Handle<Expression>, number: usize, masked: bool) -> Result<Exits, String> {
        let condition = self.number(condition)?;
        if let Some(holds) = condition.scalar() {
            self.text.line(format!("if {holds} {{ break 'x{number}; }}"));
            return Ok(Exits::new());
        }
        let leave = Exit::Leave(number);
        if masked && self.facts.exits(number).contains(&leave) {
            let (live, condition, gone) = (format!("live{number}"), condition.vector(), gone(leave));
            self.text.line(format!("{gone} = or_m({gone}, and_m({live}, {condition}));"));
            self.text.line(format!("{live} = andnot_m({live}, {condition});"));
            self.text.line(format!("if none_m({live}) {{ break 'x{number}; }}"));
        }
        Ok(Exits::from([leave]))
    }

    /// A `break`, a `continue` or a `return` to the innermost target of a kind.
    fn jump(&mut self, fits: impl Fn(What) -> bool, on: bool, context: &Context) -> Result<Exits, String> {
        let target = self.targets.iter().rev().find(|target| fits(target.what)).expect("naga checks jumps").clone();
        let number = target.number;
        let exit = if on { Exit::Continue(number) } else { Exit::Leave(number) };
        let waiting = |exit| self.facts.exits(number).contains(&exit);
        // All lanes that are left go together, unless some wait to take part in the turn's end.
        let together = context.limits.len() == target.limits && (on || !waiting(Exit::Continue(number)));
        if together && !(on && waiting(exit)) {
            self.facts.add_jump(exit);
            let label = if on { 'n' } else { 'x' };
            self.text.line(format!("break '{label}{number};"));
            return Ok(Exits::new());
        }
        if target.collective {
            return Err("invocations leave one by one what holds a barrier".into());
        }
        let mask = context.mask.clone().unwrap_or_else(|| "splat_m(true)".into());
        if waiting(exit) {
            self.text.line(format!("{0} = or_m({0}, {mask});", gone(exit)));
        }
        Ok(Exits::from([exit]))
    }

    fn give_back(&mut self, value: Option<Handle<Expression>>, context: &Context) -> Result<Exits, String> {
        if let Some(value) = value {
            let value = self.value(value)?;
            match self.frame().result.clone() {
                // The only `return`, at the end.
                None => {
                    self.frame_mut().returned = Some(value);
                    return Ok(Exits::new());
                }
                Some((variable, layout)) => {
                    let keeps = context.limits.len() > self.frame().limits || self.someone_returned();
                    for ((word, _), term) in layout.numbers().into_iter().zip(value.numbers()) {
                        self.store_variable(variable, &Term::known(Kind::U32, word), term, context, keeps)?;
                    }
                }
            }
        }
        self.jump(|what| what == What::Function, false, context)
    }

    /// Whether some lanes have left the function under way before the others.
    fn someone_returned(&self) -> bool {
        let function = self.targets.iter().rev().find(|target| target.what == What::Function);
        function.is_some_and(|f| self.facts.exits(f.number).contains(&Exit::Leave(f.number)))
    }

    /// A call: the function's text in its place.
    fn call(
        &mut self,
        function: &'a Function,
        arguments: Vec<Value>,
        context: &Context,
    ) -> Result<Option<Value>, String> {
        self.enter(function, arguments)?;
        self.frame_mut().limits = context.limits.len();
        self.declare()?;
        self.body(&function.body, context)?;
        let frame = self.frames.pop().expect("it was entered");
        let Some((variable, layout)) = frame.result else { return Ok(frame.returned) };
        let place = Place { root: Root::Local(variable), offset: Term::known(Kind::U32, 0), layout };
        self.load(&place, context).map(Some)
    }
}

/// What a statement is, for a message.
fn keyword(statement: &Statement) -> &'static str {
    match statement {
        Statement::Atomic { .. } => "of an atomic operation",
        Statement::Kill => "`discard`",
        Statement::WorkGroupUniformLoad { .. } => "`workgroupUniformLoad`",
        _ => "of this kind",
    }
}

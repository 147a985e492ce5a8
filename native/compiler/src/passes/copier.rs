//! A function copied while the values known at each point are worked out.
//!
//! ```text
//! var i = 1u;                            var i = 1u;
//! y[2u * i] = x[i + n];                  y[2] = x[1u + n];
//! ```
//!
//! The copy keeps a list of the integer and boolean variables whose value is known at the point that has been
//! reached. Assigning a known value puts a variable on the list, reading it then gives the value, and arithmetic on
//! values is done by [`fold`]. Which points are reached, and how often, is for [`mod@super::unroll`] to say.

use super::emit::Emitter;
use super::fold::{Folded, fold};
use super::operands;
use naga::proc::HashableLiteral;
use naga::{
    Expression, FastHashMap, FastHashSet, Function, Handle, Literal, LocalVariable, Module, Range, Span, Statement,
    Type, TypeInner,
};

/// The values of variables that are known at some point.
pub type Known = FastHashMap<Handle<LocalVariable>, Literal>;

/// A function and the copy of it that is being written.
pub struct Copier<'a> {
    module: &'a Module,
    old: &'a Function,
    new: Function,
    /// The latest copy of each old expression.
    copies: FastHashMap<Handle<Expression>, Handle<Expression>>,
    /// Each known value is written once.
    literals: FastHashMap<HashableLiteral, Handle<Expression>>,
    /// Variables that are read and assigned by name only, never through a pointer that was passed on.
    plain: FastHashSet<Handle<LocalVariable>>,
    /// The list.
    pub known: Known,
}

impl<'a> Copier<'a> {
    /// An empty copy of `old`, at the point where its variables have their initial values.
    pub fn new(module: &'a Module, old: &'a Function) -> Self {
        let new = Function {
            expressions: naga::Arena::new(),
            named_expressions: Default::default(),
            body: naga::Block::new(),
            ..old.clone()
        };
        let plain = plain_variables(module, old);
        let (copies, literals, known) = Default::default();
        let mut copier = Copier { module, old, new, copies, literals, plain, known };
        for (variable, local) in old.local_variables.iter() {
            let init = local.init.map(|init| copier.copy(init));
            copier.new.local_variables[variable].init = init;
            let value = match init {
                Some(init) => copier.value(init),
                None => zero(module, local.ty),
            };
            copier.learn(variable, value);
        }
        copier
    }

    /// The copy, with `body`.
    pub fn finish(mut self, body: Emitter) -> Function {
        self.new.body = body.finish();
        // What was copied and then thrown away must not keep a name.
        let mut present = FastHashSet::default();
        operands::for_each_statement(&self.new.body, &mut |statement| match statement {
            Statement::Emit(range) => present.extend(range.clone()),
            other => present.extend(operands::result(other)),
        });
        let expressions = &self.new.expressions;
        self.new.named_expressions.retain(|named, _| present.contains(named) || expressions[*named].needs_pre_emit());
        self.new
    }

    /// Copies a statement that has no others inside.
    pub fn statement(&mut self, statement: &Statement, span: Span, out: &mut Emitter) {
        let mut copy = statement.clone();
        operands::of_statement(&mut copy, |operand| *operand = self.copy(*operand));
        if let Some(result) = operands::result_mut(&mut copy) {
            *result = self.append(*result, self.old.expressions[*result].clone());
        }
        if let Statement::Store { pointer, value } = copy
            && let Expression::LocalVariable(variable) = self.new.expressions[pointer]
        {
            let value = self.value(value);
            self.learn(variable, value);
        }
        out.statement(copy, span);
    }

    /// Computes the expressions of `range` at this point.
    pub fn emit(&mut self, range: Range<Expression>, out: &mut Emitter) {
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
            if let Expression::Access { base, index } = expression
                && let Some(index) = self.value(index).and_then(as_index)
            {
                expression = Expression::AccessIndex { base, index };
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
    pub fn append(&mut self, old: Handle<Expression>, expression: Expression) -> Handle<Expression> {
        let copy = self.new.expressions.append(expression, self.old.expressions.get_span(old));
        if let Some(name) = self.old.named_expressions.get(&old) {
            self.new.named_expressions.insert(copy, name.clone());
        }
        self.copies.insert(old, copy);
        copy
    }

    /// The present copy of the expression `old`. Those that are never computed, such as literals and variables, are
    /// copied when they are first asked for.
    pub fn copy(&mut self, old: Handle<Expression>) -> Handle<Expression> {
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
    pub fn value(&self, expression: Handle<Expression>) -> Option<Literal> {
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

    /// Crosses off the list what `statement`, or one inside it, assigns.
    pub fn forget_assigned(&mut self, statement: &Statement) {
        for block in operands::blocks(statement) {
            operands::for_each_statement(block, &mut |inner| {
                if let Statement::Store { pointer, .. } = inner
                    && let Expression::LocalVariable(variable) = self.old.expressions[*pointer]
                {
                    self.known.remove(&variable);
                }
            });
        }
    }
}

fn as_index(literal: Literal) -> Option<u32> {
    match literal {
        Literal::U32(index) => Some(index),
        Literal::I32(index) => u32::try_from(index).ok(),
        _ => None,
    }
}

fn zero(module: &Module, ty: Handle<Type>) -> Option<Literal> {
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
        if !matches!(statement, Statement::Store { .. }) {
            operands::read_by(statement).iter_mut().for_each(&mut passed_on);
        }
    });
    plain
}

//! Expressions of naga's, one by one.

use naga::{Arena, Expression, Handle, Literal, MathFunction as Math, RelationalFunction as Relational};

use super::{
    Translator, arithmetic,
    frame::Context,
    place::{self, Layout, Place, Root, kind},
    term::{Form, Kind, Term, Value},
};
use naga::BinaryOperator as Binary;

/// What is done with one number of each operand.
type OfNumbers<'f, 'a> = &'f mut dyn FnMut(&mut Translator<'a>, &[Term]) -> Result<Term, String>;

impl<'a> Translator<'a> {
    /// Computes an expression where an `Emit` says so.
    pub fn emit(&mut self, handle: Handle<Expression>, context: &Context) -> Result<(), String> {
        let function = self.frame().function;
        self.at(function.expressions.get_span(handle));
        let value = self.compute(handle, context)?;
        self.define(handle, value);
        Ok(())
    }

    /// The value of an expression: computed before, or one that needs no computing.
    pub fn value(&mut self, handle: Handle<Expression>) -> Result<Value, String> {
        if let Some(value) = self.defined(handle) {
            return Ok(value);
        }
        let frame = self.frame();
        match &frame.function.expressions[handle] {
            Expression::FunctionArgument(index) => Ok(frame.arguments[*index as usize].clone()),
            Expression::LocalVariable(variable) => {
                let (number, layout) = frame.variables[variable].clone();
                Ok(Value::Place(Place { root: Root::Local(number), offset: start(), layout }))
            }
            Expression::GlobalVariable(variable) => {
                let layout = Layout::of(self.module, self.module.global_variables[*variable].ty)?;
                Ok(Value::Place(Place { root: self.global(*variable)?, offset: start(), layout }))
            }
            _ => {
                let function = frame.function;
                self.constant(&function.expressions, handle)
            }
        }
    }

    pub fn number(&mut self, handle: Handle<Expression>) -> Result<Term, String> {
        match self.value(handle)? {
            Value::Number(term) => Ok(term),
            _ => Err("a vector where a number is due".into()),
        }
    }

    pub fn pointer(&mut self, handle: Handle<Expression>) -> Result<Place, String> {
        match self.value(handle)? {
            Value::Place(place) => Ok(place),
            _ => Err("a value where a pointer is due".into()),
        }
    }

    /// A value that is known before the kernel runs.
    fn constant(&self, arena: &Arena<Expression>, handle: Handle<Expression>) -> Result<Value, String> {
        let number = |kind, bits| Ok(Value::Number(Term::known(kind, bits)));
        match &arena[handle] {
            Expression::Literal(Literal::F32(value)) => number(Kind::F32, value.to_bits()),
            Expression::Literal(Literal::F16(value)) => number(Kind::F16, f32::from(*value).to_bits()),
            Expression::Literal(Literal::U32(value)) => number(Kind::U32, *value),
            Expression::Literal(Literal::I32(value)) => number(Kind::I32, *value as u32),
            Expression::Literal(Literal::Bool(value)) => number(Kind::Bool, u32::from(*value)),
            Expression::Constant(constant) => {
                self.constant(&self.module.global_expressions, self.module.constants[*constant].init)
            }
            Expression::ZeroValue(ty) => Ok(zero(&*Layout::of(self.module, *ty)?)),
            Expression::Compose { components, .. } => {
                let parts = components.iter().map(|part| self.constant(arena, *part)).collect::<Result<_, _>>()?;
                Ok(Value::Many(flat(self, arena[handle].clone(), parts)))
            }
            Expression::Splat { size, value } => Ok(Value::Many(vec![self.constant(arena, *value)?; *size as usize])),
            other => Err(format!("the expression {other:?} is not covered")),
        }
    }

    fn compute(&mut self, handle: Handle<Expression>, context: &Context) -> Result<Value, String> {
        let function = self.frame().function;
        match &function.expressions[handle] {
            Expression::Load { pointer } => {
                let place = self.pointer(*pointer)?;
                self.load(&place, context)
            }
            Expression::AccessIndex { base, index } => match self.value(*base)? {
                Value::Place(place) => Ok(Value::Place(self.part(&place, &Term::known(Kind::U32, *index))?)),
                Value::Many(parts) => Ok(parts[*index as usize].clone()),
                Value::Number(_) => Err("a part of a single number".into()),
            },
            Expression::Access { base, index } => {
                let index = self.number(*index)?;
                match self.value(*base)? {
                    Value::Place(place) => Ok(Value::Place(self.part(&place, &index)?)),
                    Value::Many(parts) => self.chosen(&parts, &index),
                    Value::Number(_) => Err("a part of a single number".into()),
                }
            }
            Expression::Splat { size, value } => Ok(Value::Many(vec![self.value(*value)?; *size as usize])),
            Expression::Swizzle { size, vector, pattern } => {
                let Value::Many(parts) = self.value(*vector)? else { return Err("a swizzle of a number".into()) };
                Ok(Value::Many(pattern[..*size as usize].iter().map(|c| parts[*c as usize].clone()).collect()))
            }
            Expression::Compose { components, .. } => {
                let parts = components.iter().map(|part| self.value(*part)).collect::<Result<_, _>>()?;
                Ok(Value::Many(flat(self, function.expressions[handle].clone(), parts)))
            }
            Expression::Unary { op, expr } => {
                let value = self.value(*expr)?;
                self.lift(&[value], &mut |this, x| arithmetic::unary(&mut this.text, *op, &x[0]))
            }
            Expression::Binary { op, left, right } => {
                let values = [self.value(*left)?, self.value(*right)?];
                if self.frame().usage.is_place(handle) {
                    return self.lift(&values, &mut |this, x| arithmetic::place(&mut this.text, &x[0], &x[1]));
                }
                self.lift(&values, &mut |this, x| arithmetic::binary(&mut this.text, *op, &x[0], &x[1]))
            }
            Expression::Select { condition, accept, reject } => {
                let values = [self.value(*condition)?, self.value(*accept)?, self.value(*reject)?];
                self.lift(&values, &mut |this, x| Ok(arithmetic::select(&mut this.text, &x[0], &x[1], &x[2])))
            }
            Expression::As { expr, kind: to, convert } => {
                let to = kind(naga::Scalar { kind: *to, width: convert.unwrap_or(4) })?;
                let (value, convert) = (self.value(*expr)?, convert.is_some());
                self.lift(&[value], &mut |this, x| arithmetic::cast(&mut this.text, &x[0], to, convert))
            }
            Expression::Relational { fun, argument } => {
                let value = self.value(*argument)?;
                let op = match fun {
                    Relational::All => Binary::LogicalAnd,
                    Relational::Any => Binary::LogicalOr,
                    other => return Err(format!("{other:?} is not covered")),
                };
                self.folded(&value, op)
            }
            Expression::Math { fun, arg, arg1, arg2, arg3: None } => {
                let arguments = [Some(*arg), *arg1, *arg2].into_iter().flatten();
                let values = arguments.map(|a| self.value(a)).collect::<Result<Vec<_>, _>>()?;
                self.math(*fun, &values)
            }
            Expression::CooperativeLoad { columns, rows, data, .. } => {
                place::whole(*columns, *rows)?;
                self.load_matrix(data, context)
            }
            Expression::CooperativeMultiplyAdd { a, b, c } => self.multiply_matrices([*a, *b, *c], context),
            other => Err(format!("the expression {other:?} is not covered")),
        }
    }

    fn math(&mut self, fun: Math, values: &[Value]) -> Result<Value, String> {
        match (fun, values) {
            (Math::Dot, [a, b]) => {
                let products = self.lift(&[a.clone(), b.clone()], &mut |this, x| {
                    arithmetic::binary(&mut this.text, Binary::Multiply, &x[0], &x[1])
                })?;
                self.folded(&products, Binary::Add)
            }
            (Math::Length, [a]) => {
                let square = self.math(Math::Dot, &[a.clone(), a.clone()])?;
                self.math(Math::Sqrt, &[square])
            }
            _ => self.lift(values, &mut |this, x| arithmetic::math(&mut this.text, fun, x)),
        }
    }

    /// Applies `f` to the numbers of `values` component by component; a single number goes with every component.
    fn lift(&mut self, values: &[Value], f: OfNumbers<'_, 'a>) -> Result<Value, String> {
        let width = values.iter().find_map(|value| match value {
            Value::Many(parts) => Some(parts.len()),
            _ => None,
        });
        let Some(width) = width else {
            let terms = values.iter().map(|value| match value {
                Value::Number(term) => Ok(term.clone()),
                _ => Err("arithmetic on a pointer".to_string()),
            });
            let terms = terms.collect::<Result<Vec<_>, _>>()?;
            return Ok(Value::Number(f(self, &terms)?));
        };
        let mut parts = Vec::new();
        for i in 0..width {
            let component = values.iter().map(|value| match value {
                Value::Many(parts) => parts[i].clone(),
                other => other.clone(),
            });
            let component: Vec<Value> = component.collect();
            parts.push(self.lift(&component, f)?);
        }
        Ok(Value::Many(parts))
    }

    /// The components of a vector joined by `op`, first to last.
    fn folded(&mut self, value: &Value, op: Binary) -> Result<Value, String> {
        let numbers: Vec<Term> = value.numbers().into_iter().cloned().collect();
        let mut numbers = numbers.into_iter();
        let mut total = numbers.next().ok_or("a vector without components")?;
        for number in numbers {
            total = arithmetic::binary(&mut self.text, op, &total, &number)?;
        }
        Ok(Value::Number(total))
    }

    /// Part `index` of a value, whose number is not known.
    fn chosen(&mut self, parts: &[Value], index: &Term) -> Result<Value, String> {
        if let Form::Known(index) = index.form {
            return Ok(parts[index as usize].clone());
        }
        let (last, others) = parts.split_last().ok_or("a part of nothing")?;
        let mut chosen = last.clone();
        for (i, part) in others.iter().enumerate().rev() {
            let here = Term::known(index.kind, i as u32);
            let here = arithmetic::binary(&mut self.text, Binary::Equal, index, &here)?;
            chosen = self.lift(&[Value::Number(here), part.clone(), chosen], &mut |this, x| {
                Ok(arithmetic::select(&mut this.text, &x[0], &x[1], &x[2]))
            })?;
        }
        Ok(chosen)
    }
}

/// The start of a root.
fn start() -> Term {
    Term::known(Kind::U32, 0)
}

/// The value that all variables begin with.
pub fn zero(layout: &Layout) -> Value {
    match layout {
        Layout::Number(kind) => Value::Number(Term::known(*kind, 0)),
        Layout::Row { part, count, .. } => Value::Many(vec![zero(part); count.unwrap_or(0) as usize]),
        Layout::Members(members) => Value::Many(members.iter().map(|(_, part)| zero(part)).collect()),
    }
}

/// The parts of a composed value: vectors given to a vector are taken apart.
fn flat(translator: &Translator<'_>, compose: Expression, parts: Vec<Value>) -> Vec<Value> {
    let Expression::Compose { ty, .. } = compose else { return parts };
    if !matches!(translator.module.types[ty].inner, naga::TypeInner::Vector { .. }) {
        return parts;
    }
    let taken = parts.into_iter().flat_map(|part| match part {
        Value::Many(inner) => inner,
        other => vec![other],
    });
    taken.collect()
}

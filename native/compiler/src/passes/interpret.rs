//! One invocation of a kernel, run on the CPU straight from naga's representation: slow, small, and so plainly right
//! that the passes can be held against it. Test only.
//!
//! The kernel finds `x: array<u32>` at binding 0 and leaves its results in `y: array<f32>` at binding 1.

use naga::{
    ArraySize, BinaryOperator as Binary, Block, Expression, Function, Handle, Literal, LocalVariable, Module,
    ScalarKind, Statement, Type, TypeInner, UnaryOperator as Unary,
};
use std::collections::HashMap;

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Bool(bool),
    I32(i32),
    U32(u32),
    F32(f32),
    /// An array or a vector.
    Many(Vec<Value>),
    Pointer(Root, Vec<usize>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Root {
    Global(u32),
    Local(usize, Handle<LocalVariable>),
}

enum Flow {
    On,
    Break,
    Continue,
    Return(Option<Value>),
}

/// What `main` of `module` leaves in its `length` results, given `x`.
pub fn run(module: &Module, x: &[u32], length: usize) -> Vec<f32> {
    let x = Value::Many(x.iter().map(|&x| Value::U32(x)).collect());
    let memory = HashMap::from([(Root::Global(0), x), (Root::Global(1), Value::Many(vec![Value::F32(0.0); length]))]);
    let mut machine = Machine { module, memory, depth: 0, steps: 0 };
    machine.call(&module.entry_points[0].function, &[]);
    let Value::Many(y) = &machine.memory[&Root::Global(1)] else { panic!("y is an array") };
    y.iter().map(|value| if let Value::F32(value) = value { *value } else { panic!("y holds floats") }).collect()
}

struct Machine<'a> {
    module: &'a Module,
    memory: HashMap<Root, Value>,
    /// How many calls are under way.
    depth: usize,
    steps: usize,
}

/// A call: the function, its arguments, and the expressions computed so far.
struct Frame<'a> {
    function: &'a Function,
    arguments: &'a [Value],
    computed: HashMap<Handle<Expression>, Value>,
}

impl<'a> Machine<'a> {
    fn call(&mut self, function: &Function, arguments: &[Value]) -> Option<Value> {
        self.depth += 1;
        let mut frame = Frame { function, arguments, computed: HashMap::new() };
        for (handle, local) in function.local_variables.iter() {
            let value = match local.init {
                Some(init) => self.value(&frame, init),
                None => self.zero(local.ty),
            };
            self.memory.insert(Root::Local(self.depth, handle), value);
        }
        let flow = self.block(&mut frame, &function.body);
        self.depth -= 1;
        if let Flow::Return(value) = flow { value } else { None }
    }

    fn block(&mut self, frame: &mut Frame<'_>, block: &Block) -> Flow {
        for statement in block {
            let flow = self.statement(frame, statement);
            if !matches!(flow, Flow::On) {
                return flow;
            }
        }
        Flow::On
    }

    fn statement(&mut self, frame: &mut Frame<'_>, statement: &Statement) -> Flow {
        self.steps += 1;
        assert!(self.steps < 10_000_000, "the program does not end");
        match statement {
            Statement::Emit(range) => {
                for handle in range.clone() {
                    let value = self.compute(frame, handle);
                    frame.computed.insert(handle, value);
                }
            }
            Statement::Block(body) => return self.block(frame, body),
            Statement::If { condition, accept, reject } => {
                let holds = self.value(frame, *condition) == Value::Bool(true);
                return self.block(frame, if holds { accept } else { reject });
            }
            Statement::Switch { selector, cases } => {
                let selector = match self.value(frame, *selector) {
                    Value::I32(value) => naga::SwitchValue::I32(value),
                    Value::U32(value) => naga::SwitchValue::U32(value),
                    other => panic!("a switch on {other:?}"),
                };
                let default = cases.iter().position(|case| case.value == naga::SwitchValue::Default);
                let start = cases.iter().position(|case| case.value == selector).or(default).expect("a default case");
                for case in &cases[start..] {
                    match self.block(frame, &case.body) {
                        Flow::On if case.fall_through => {}
                        Flow::On | Flow::Break => return Flow::On,
                        other => return other,
                    }
                }
            }
            Statement::Loop { body, continuing, break_if } => loop {
                match self.block(frame, body) {
                    Flow::Break => return Flow::On,
                    Flow::Return(value) => return Flow::Return(value),
                    Flow::On | Flow::Continue => {}
                }
                self.block(frame, continuing);
                if break_if.is_some_and(|condition| self.value(frame, condition) == Value::Bool(true)) {
                    return Flow::On;
                }
            },
            Statement::Break => return Flow::Break,
            Statement::Continue => return Flow::Continue,
            Statement::Return { value } => return Flow::Return(value.map(|value| self.value(frame, value))),
            Statement::Store { pointer, value } => {
                let pointer = self.value(frame, *pointer);
                let value = self.value(frame, *value);
                *self.place(&pointer) = value;
            }
            Statement::Call { function, arguments, result } => {
                let arguments: Vec<Value> = arguments.iter().map(|&argument| self.value(frame, argument)).collect();
                let value = self.call(&self.module.functions[*function], &arguments);
                if let (Some(result), Some(value)) = (result, value) {
                    frame.computed.insert(*result, value);
                }
            }
            // One lane: what a lane gets from another is its own value.
            Statement::SubgroupGather { argument, result, .. } => {
                let value = self.value(frame, *argument);
                frame.computed.insert(*result, value);
            }
            other => panic!("the interpreter does not know {other:?}"),
        }
        Flow::On
    }

    fn place(&mut self, pointer: &Value) -> &mut Value {
        let Value::Pointer(root, path) = pointer else { panic!("{pointer:?} is no pointer") };
        let mut place = self.memory.get_mut(root).expect("a variable");
        for &index in path {
            let Value::Many(values) = place else { panic!("an index into {place:?}") };
            place = &mut values[index];
        }
        place
    }

    /// A value that was computed before, or never needs to be.
    fn value(&mut self, frame: &Frame<'_>, handle: Handle<Expression>) -> Value {
        if let Some(value) = frame.computed.get(&handle) {
            return value.clone();
        }
        match frame.function.expressions[handle] {
            Expression::Literal(_)
            | Expression::Constant(_)
            | Expression::ZeroValue(_)
            | Expression::Compose { .. } => self.constant(&frame.function.expressions, handle),
            Expression::FunctionArgument(index) => frame.arguments[index as usize].clone(),
            Expression::GlobalVariable(variable) => {
                let binding = self.module.global_variables[variable].binding.as_ref().expect("a buffer");
                Value::Pointer(Root::Global(binding.binding), Vec::new())
            }
            Expression::LocalVariable(variable) => Value::Pointer(Root::Local(self.depth, variable), Vec::new()),
            ref other => panic!("{other:?} was used before it was computed"),
        }
    }

    fn compute(&mut self, frame: &Frame<'_>, handle: Handle<Expression>) -> Value {
        match frame.function.expressions[handle] {
            Expression::Compose { ref components, .. } => {
                Value::Many(components.iter().map(|&component| self.value(frame, component)).collect())
            }
            Expression::Access { base, index } => {
                let index = match self.value(frame, index) {
                    Value::U32(index) => index as usize,
                    Value::I32(index) => usize::try_from(index).expect("an index is not negative"),
                    other => panic!("an index {other:?}"),
                };
                access(self.value(frame, base), index)
            }
            Expression::AccessIndex { base, index } => access(self.value(frame, base), index as usize),
            Expression::Splat { size, value } => Value::Many(vec![self.value(frame, value); size as usize]),
            Expression::Load { pointer } => {
                let pointer = self.value(frame, pointer);
                self.place(&pointer).clone()
            }
            Expression::Unary { op, expr } => match (op, self.value(frame, expr)) {
                (Unary::Negate, Value::I32(a)) => Value::I32(a.wrapping_neg()),
                (Unary::Negate, Value::F32(a)) => Value::F32(-a),
                (Unary::LogicalNot, Value::Bool(a)) => Value::Bool(!a),
                other => panic!("the interpreter does not know {other:?}"),
            },
            Expression::Binary { op, left, right } => binary(op, self.value(frame, left), self.value(frame, right)),
            Expression::Select { condition, accept, reject } => {
                let holds = self.value(frame, condition) == Value::Bool(true);
                self.value(frame, if holds { accept } else { reject })
            }
            Expression::As { expr, kind, .. } => match (self.value(frame, expr), kind) {
                (Value::U32(a), ScalarKind::Float) => Value::F32(a as f32),
                (Value::I32(a), ScalarKind::Float) => Value::F32(a as f32),
                (Value::U32(a), ScalarKind::Sint) => Value::I32(a as i32),
                (Value::I32(a), ScalarKind::Uint) => Value::U32(a as u32),
                (value @ Value::U32(_), ScalarKind::Uint) | (value @ Value::I32(_), ScalarKind::Sint) => value,
                other => panic!("the interpreter does not know {other:?}"),
            },
            _ => self.value(frame, handle),
        }
    }

    fn constant(&self, arena: &naga::Arena<Expression>, handle: Handle<Expression>) -> Value {
        match arena[handle] {
            Expression::Literal(Literal::Bool(value)) => Value::Bool(value),
            Expression::Literal(Literal::I32(value)) => Value::I32(value),
            Expression::Literal(Literal::U32(value)) => Value::U32(value),
            Expression::Literal(Literal::F32(value)) => Value::F32(value),
            Expression::Constant(constant) => {
                self.constant(&self.module.global_expressions, self.module.constants[constant].init)
            }
            Expression::ZeroValue(ty) => self.zero(ty),
            Expression::Compose { ref components, .. } => {
                Value::Many(components.iter().map(|&component| self.constant(arena, component)).collect())
            }
            ref other => panic!("{other:?} is no constant"),
        }
    }

    fn zero(&self, ty: Handle<Type>) -> Value {
        let scalar = |scalar: naga::Scalar| match scalar.kind {
            ScalarKind::Bool => Value::Bool(false),
            ScalarKind::Sint => Value::I32(0),
            ScalarKind::Uint => Value::U32(0),
            _ => Value::F32(0.0),
        };
        match self.module.types[ty].inner {
            TypeInner::Scalar(kind) => scalar(kind),
            TypeInner::Vector { size, scalar: kind } => Value::Many(vec![scalar(kind); size as usize]),
            TypeInner::Array { base, size: ArraySize::Constant(length), .. } => {
                Value::Many(vec![self.zero(base); length.get() as usize])
            }
            ref other => panic!("the interpreter does not know {other:?}"),
        }
    }
}

fn access(base: Value, index: usize) -> Value {
    match base {
        Value::Pointer(root, mut path) => {
            path.push(index);
            Value::Pointer(root, path)
        }
        Value::Many(values) => values[index].clone(),
        other => panic!("an index into {other:?}"),
    }
}

fn binary(op: Binary, left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Many(a), b) => Value::Many(
            a.into_iter()
                .enumerate()
                .map(|(index, a)| binary(op, a, if let Value::Many(b) = &b { b[index].clone() } else { b.clone() }))
                .collect(),
        ),
        (Value::I32(a), Value::I32(b)) => compare(op, &a, &b).unwrap_or_else(|| {
            Value::I32(match op {
                Binary::Add => a.wrapping_add(b),
                Binary::Subtract => a.wrapping_sub(b),
                Binary::Multiply => a.wrapping_mul(b),
                Binary::Divide => a.wrapping_div(b),
                Binary::Modulo => a.wrapping_rem(b),
                other => panic!("the interpreter does not know {other:?}"),
            })
        }),
        (Value::U32(a), Value::U32(b)) => compare(op, &a, &b).unwrap_or_else(|| {
            Value::U32(match op {
                Binary::Add => a.wrapping_add(b),
                Binary::Subtract => a.wrapping_sub(b),
                Binary::Multiply => a.wrapping_mul(b),
                Binary::Divide => a / b,
                Binary::Modulo => a % b,
                other => panic!("the interpreter does not know {other:?}"),
            })
        }),
        (Value::F32(a), Value::F32(b)) => compare(op, &a, &b).unwrap_or_else(|| {
            Value::F32(match op {
                Binary::Add => a + b,
                Binary::Subtract => a - b,
                Binary::Multiply => a * b,
                other => panic!("the interpreter does not know {other:?}"),
            })
        }),
        other => panic!("the interpreter does not know {op:?} of {other:?}"),
    }
}

fn compare<T: PartialOrd>(op: Binary, a: &T, b: &T) -> Option<Value> {
    Some(Value::Bool(match op {
        Binary::Equal => a == b,
        Binary::NotEqual => a != b,
        Binary::Less => a < b,
        Binary::LessEqual => a <= b,
        Binary::Greater => a > b,
        Binary::GreaterEqual => a >= b,
        _ => return None,
    }))
}

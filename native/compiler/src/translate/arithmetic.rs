//! Arithmetic on single numbers: on one where all lanes have the same, on a vector otherwise.

use naga::{BinaryOperator as Binary, MathFunction as Math, UnaryOperator as Unary};

use super::{
    term::{Form, Kind, Term},
    text::Text,
};

/// `a op b` for numbers.
pub fn binary(text: &mut Text, op: Binary, a: &Term, b: &Term) -> Result<Term, String> {
    let kind = if is_comparison(op) { Kind::Bool } else { a.kind };
    no_half(op, a.kind)?;
    if let (Some(x), Some(y)) = (a.scalar(), b.scalar()) {
        return Ok(named(text, kind, &scalar_binary(op, a.kind, &x, &y)?));
    }
    if a.kind.is_integer()
        && let Some(form) = linear_binary(text, op, a, b)
    {
        return Ok(Term::new(kind, form));
    }
    if (op, a.kind) == (Binary::Equal, Kind::Bool) {
        let differ = binary(text, Binary::NotEqual, a, b)?;
        return unary(text, Unary::LogicalNot, &differ);
    }
    let name = vector_binary(op, a.kind)?;
    let name = text.bind(&format!("{name}({}, {})", a.vector(), b.vector()));
    Ok(Term::varying(kind, name))
}

/// `a + b`, a place in memory, which does not wrap.
pub fn place(text: &mut Text, a: &Term, b: &Term) -> Result<Term, String> {
    let parts = |term: &Term| match &term.form {
        Form::Linear { base, stride } => Some((base.clone(), *stride)),
        _ => Some((term.scalar()?, 0)),
    };
    let (Some((base_a, stride_a)), Some((base_b, stride_b))) = (parts(a), parts(b)) else {
        return binary(text, Binary::Add, a, b);
    };
    let base = text.bind(&format!("place({base_a}, {base_b})"));
    let stride = stride_a.wrapping_add(stride_b);
    let form = if stride == 0 { Form::Uniform(base) } else { Form::Linear { base, stride } };
    Ok(Term::new(a.kind, form))
}

/// A number that all lanes share, under a name.
pub fn named(text: &mut Text, kind: Kind, expression: &str) -> Term {
    let name = text.bind(expression);
    Term::uniform(kind, name)
}

/// Kernels convert to f16 and back; what they compute, they compute in f32.
fn no_half(op: impl std::fmt::Debug, kind: Kind) -> Result<(), String> {
    if matches!(kind, Kind::F16 | Kind::Matrix) { Err(format!("{op:?} of {kind:?} is not covered")) } else { Ok(()) }
}

fn is_comparison(op: Binary) -> bool {
    use Binary::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    matches!(op, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
}

fn scalar_binary(op: Binary, kind: Kind, x: &str, y: &str) -> Result<String, String> {
    use Binary::*;
    let compared = |sign: &str| match kind {
        Kind::I32 => format!("{x}.cast_signed() {sign} {y}.cast_signed()"),
        _ => format!("{x} {sign} {y}"),
    };
    Ok(match (op, kind) {
        (Equal, _) => format!("{x} == {y}"),
        (NotEqual, _) => format!("{x} != {y}"),
        (Less, _) => compared("<"),
        (LessEqual, _) => compared("<="),
        (Greater, _) => compared(">"),
        (GreaterEqual, _) => compared(">="),
        (Add, Kind::F32) => format!("{x} + {y}"),
        (Subtract, Kind::F32) => format!("{x} - {y}"),
        (Multiply, Kind::F32) => format!("{x} * {y}"),
        (Divide, Kind::F32) => format!("{x} / {y}"),
        (Modulo, Kind::F32) => format!("{x} % {y}"),
        (Add, Kind::I32 | Kind::U32) => format!("{x}.wrapping_add({y})"),
        (Subtract, Kind::I32 | Kind::U32) => format!("{x}.wrapping_sub({y})"),
        (Multiply, Kind::I32 | Kind::U32) => format!("{x}.wrapping_mul({y})"),
        (Divide, Kind::U32) => format!("uniform::div_u({x}, {y})"),
        (Divide, Kind::I32) => format!("uniform::div_i({x}, {y})"),
        (Modulo, Kind::U32) => format!("uniform::rem_u({x}, {y})"),
        (Modulo, Kind::I32) => format!("uniform::rem_i({x}, {y})"),
        (ShiftLeft, Kind::I32 | Kind::U32) => format!("{x}.wrapping_shl({y})"),
        (ShiftRight, Kind::U32) => format!("{x}.wrapping_shr({y})"),
        (ShiftRight, Kind::I32) => format!("{x}.cast_signed().wrapping_shr({y}).cast_unsigned()"),
        (And, _) => format!("{x} & {y}"),
        (InclusiveOr, _) => format!("{x} | {y}"),
        (ExclusiveOr, _) => format!("{x} ^ {y}"),
        (LogicalAnd, _) => format!("{x} && {y}"),
        (LogicalOr, _) => format!("{x} || {y}"),
        _ => return Err(format!("{op:?} of {kind:?} is not covered")),
    })
}

/// Sums, differences and known multiples of `base + stride * lane` are of that form again.
fn linear_binary(text: &mut Text, op: Binary, a: &Term, b: &Term) -> Option<Form> {
    let parts = |term: &Term| match &term.form {
        Form::Linear { base, stride } => Some((base.clone(), *stride)),
        _ => Some((term.scalar()?, 0)),
    };
    let factor = |term: &Term, shifted: bool| match term.form {
        Form::Known(bits) if shifted => Some(1u32.wrapping_shl(bits)),
        Form::Known(bits) => Some(bits),
        _ => None,
    };
    let ((base_a, stride_a), (base_b, stride_b)) = (parts(a)?, parts(b)?);
    let (base, stride) = match op {
        Binary::Add => (format!("{base_a}.wrapping_add({base_b})"), stride_a.wrapping_add(stride_b)),
        Binary::Subtract => (format!("{base_a}.wrapping_sub({base_b})"), stride_a.wrapping_sub(stride_b)),
        Binary::Multiply | Binary::ShiftLeft => {
            let (base, stride, factor) = match (factor(a, false), factor(b, op == Binary::ShiftLeft)) {
                (_, Some(factor)) => (base_a, stride_a, factor),
                (Some(factor), None) if op == Binary::Multiply => (base_b, stride_b, factor),
                _ => return None,
            };
            (format!("{base}.wrapping_mul({factor}u32)"), stride.wrapping_mul(factor))
        }
        _ => return None,
    };
    let base = text.bind(&base);
    Some(if stride == 0 { Form::Uniform(base) } else { Form::Linear { base, stride } })
}

fn vector_binary(op: Binary, kind: Kind) -> Result<String, String> {
    use Binary::*;
    let (word, suffix) = match op {
        Add => ("add", kind.suffix()),
        Subtract => ("sub", kind.suffix()),
        Multiply => ("mul", kind.suffix()),
        Divide => ("div", kind.signed_suffix()),
        Modulo if kind.is_integer() => ("rem", kind.signed_suffix()),
        Equal if kind != Kind::Bool => ("eq", kind.suffix()),
        NotEqual if kind == Kind::Bool => ("xor", "m"),
        NotEqual => ("ne", kind.suffix()),
        Less => ("lt", kind.signed_suffix()),
        LessEqual => ("le", kind.signed_suffix()),
        Greater => ("gt", kind.signed_suffix()),
        GreaterEqual => ("ge", kind.signed_suffix()),
        And | LogicalAnd => ("and", kind.suffix()),
        InclusiveOr | LogicalOr => ("or", kind.suffix()),
        ExclusiveOr => ("xor", kind.suffix()),
        ShiftLeft => ("shl", kind.suffix()),
        ShiftRight => ("shr", kind.signed_suffix()),
        _ => return Err(format!("{op:?} of {kind:?} is not covered")),
    };
    Ok(format!("{word}_{suffix}"))
}

/// `op a` for a number.
pub fn unary(text: &mut Text, op: Unary, a: &Term) -> Result<Term, String> {
    let word = match (op, a.kind) {
        (Unary::Negate, Kind::F32 | Kind::I32) => "neg",
        (Unary::LogicalNot, Kind::Bool) | (Unary::BitwiseNot, Kind::I32 | Kind::U32) => "not",
        _ => return Err(format!("{op:?} of {:?} is not covered", a.kind)),
    };
    if let Some(x) = a.scalar() {
        let expression = match (op, a.kind) {
            (Unary::Negate, Kind::F32) => format!("-{x}"),
            (Unary::Negate, _) => format!("{x}.wrapping_neg()"),
            _ => format!("!{x}"),
        };
        return Ok(named(text, a.kind, &expression));
    }
    let name = text.bind(&format!("{word}_{}({})", a.kind.suffix(), a.vector()));
    Ok(Term::varying(a.kind, name))
}

/// `yes` where `condition` holds, else `no`.
pub fn select(text: &mut Text, condition: &Term, yes: &Term, no: &Term) -> Term {
    if yes == no {
        return yes.clone();
    }
    let kind = yes.kind;
    let Some(holds) = condition.scalar() else {
        let expression = format!("select_{}({}, {}, {})", kind.suffix(), condition.vector(), yes.vector(), no.vector());
        return Term::varying(kind, text.bind(&expression));
    };
    match (&yes.form, &no.form) {
        (Form::Linear { base: a, stride }, Form::Linear { base: b, stride: other }) if stride == other => {
            let base = text.bind(&format!("if {holds} {{ {a} }} else {{ {b} }}"));
            Term::new(kind, Form::Linear { base, stride: *stride })
        }
        _ => match (yes.scalar(), no.scalar()) {
            (Some(a), Some(b)) => named(text, kind, &format!("if {holds} {{ {a} }} else {{ {b} }}")),
            _ => {
                let name = text.bind(&format!("if {holds} {{ {} }} else {{ {} }}", yes.vector(), no.vector()));
                Term::varying(kind, name)
            }
        },
    }
}

/// A number as one of another kind: converted, or its bits taken as they are.
pub fn cast(text: &mut Text, a: &Term, to: Kind, convert: bool) -> Result<Term, String> {
    let from = a.kind;
    // Signed and unsigned integers differ in what is done with them, not in their bits.
    if from == to || (from.is_integer() && to.is_integer()) {
        return Ok(Term { kind: to, ..a.clone() });
    }
    // Every f16 is an f32.
    if (from, to, convert) == (Kind::F16, Kind::F32, true) {
        return Ok(Term { kind: to, ..a.clone() });
    }
    if let Some(x) = a.scalar() {
        let expression = match (from, to, convert) {
            (Kind::F32, Kind::F16, true) => format!("half_1({x})"),
            (Kind::F16, ..) | (_, Kind::F16, _) => return Err(format!("{from:?} as {to:?} is not covered")),
            (Kind::F32, _, false) => format!("{x}.to_bits()"),
            (_, Kind::F32, false) => format!("f32::from_bits({x})"),
            (Kind::F32, Kind::U32, true) => format!("uniform::u_of_f({x})"),
            (Kind::F32, Kind::I32, true) => format!("uniform::i_of_f({x})"),
            (Kind::U32, Kind::F32, true) => format!("uniform::f_of_u({x})"),
            (Kind::I32, Kind::F32, true) => format!("uniform::f_of_i({x})"),
            (Kind::Bool, Kind::F32, true) => format!("f32::from(u8::from({x}))"),
            (Kind::Bool, _, true) => format!("u32::from({x})"),
            (Kind::F32, Kind::Bool, true) => format!("{x} != 0.0"),
            (_, Kind::Bool, true) => format!("{x} != 0"),
            _ => return Err(format!("{from:?} as {to:?} is not covered")),
        };
        return Ok(named(text, to, &expression));
    }
    let x = a.vector();
    let expression = match (from, to, convert) {
        (Kind::F32, Kind::F16, true) => format!("half_f({x})"),
        (Kind::F16, ..) | (_, Kind::F16, _) => return Err(format!("{from:?} as {to:?} is not covered")),
        (Kind::F32, _, false) => format!("bits_f({x})"),
        (_, Kind::F32, false) => format!("f_bits({x})"),
        (Kind::F32, Kind::U32, true) => format!("u_from_f({x})"),
        (Kind::F32, Kind::I32, true) => format!("i_from_f({x})"),
        (Kind::U32, Kind::F32, true) => format!("f_from_u({x})"),
        (Kind::I32, Kind::F32, true) => format!("f_from_i({x})"),
        (Kind::Bool, Kind::F32, true) => format!("f_from_u(i_from_m({x}))"),
        (Kind::Bool, _, true) => format!("i_from_m({x})"),
        (Kind::F32, Kind::Bool, true) => format!("ne_f({x}, splat_f(0.0))"),
        (_, Kind::Bool, true) => format!("ne_i({x}, splat_i(0))"),
        _ => return Err(format!("{from:?} as {to:?} is not covered")),
    };
    Ok(Term::varying(to, text.bind(&expression)))
}

/// A function of WGSL's that treats components one by one.
pub fn math(text: &mut Text, fun: Math, arguments: &[Term]) -> Result<Term, String> {
    let kind = arguments[0].kind;
    no_half(fun, kind)?;
    match fun {
        Math::Clamp => {
            let low = math(text, Math::Max, &arguments[..2])?;
            return math(text, Math::Min, &[low, arguments[2].clone()]);
        }
        Math::Saturate => {
            let bounds = [Term::known(kind, 0), Term::known(kind, 1.0f32.to_bits())];
            return math(text, Math::Clamp, &[&arguments[..1], &bounds].concat());
        }
        Math::Mix => {
            let [a, b, share] = arguments else { return Err("mix takes three".into()) };
            let rest = binary(text, Binary::Subtract, &Term::known(kind, 1.0f32.to_bits()), share)?;
            let (a, b) = (binary(text, Binary::Multiply, a, &rest)?, binary(text, Binary::Multiply, b, share)?);
            return binary(text, Binary::Add, &a, &b);
        }
        _ => {}
    }
    let word = math_name(fun).ok_or_else(|| format!("the function {fun:?} is not covered"))?;
    let signed = matches!(fun, Math::Min | Math::Max);
    let suffix = if signed { kind.signed_suffix() } else { kind.suffix() };
    if kind != Kind::F32 && !matches!(fun, Math::Min | Math::Max | Math::Abs) {
        return Err(format!("{fun:?} of {kind:?} is not covered"));
    }
    if kind == Kind::U32 && fun == Math::Abs {
        return Ok(arguments[0].clone());
    }
    let list = arguments.iter().map(Term::vector).collect::<Vec<_>>().join(", ");
    let call = format!("{word}_{suffix}({list})");
    let scalars: Option<Vec<String>> = arguments.iter().map(Term::scalar).collect();
    let Some(scalars) = scalars else { return Ok(Term::varying(kind, text.bind(&call))) };
    // What all lanes share is computed as a vector and one lane of it taken, so that it has the same bits.
    let expression = match (kind, &scalars[..]) {
        (Kind::U32, [x, y]) => format!("{x}.{word}({y})"),
        (Kind::I32, [x, y]) => format!("{x}.cast_signed().{word}({y}.cast_signed()).cast_unsigned()"),
        (Kind::I32, [x]) => format!("{x}.cast_signed().wrapping_abs().cast_unsigned()"),
        _ => format!("lane_f({call}, 0)"),
    };
    Ok(named(text, kind, &expression))
}

fn math_name(fun: Math) -> Option<&'static str> {
    Some(match fun {
        Math::Abs => "abs",
        Math::Min => "min",
        Math::Max => "max",
        Math::Floor => "floor",
        Math::Ceil => "ceil",
        Math::Trunc => "trunc",
        Math::Round => "round",
        Math::Fract => "fract",
        Math::Sqrt => "sqrt",
        Math::InverseSqrt => "inverse_sqrt",
        Math::Sign => "sign",
        Math::Fma => "fma",
        Math::Exp => "exp",
        Math::Exp2 => "exp2",
        Math::Log => "log",
        Math::Log2 => "log2",
        Math::Sin => "sin",
        Math::Cos => "cos",
        Math::Tanh => "tanh",
        Math::Pow => "pow",
        _ => return None,
    })
}

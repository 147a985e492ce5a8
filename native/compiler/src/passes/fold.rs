//! Arithmetic on integers and truth values that are known before the kernel runs.
//!
//! ```text
//! let at = (2u * 4u + column) * 1u;        let at = 8u + column;
//! if (3u < 8u) { a(); } else { b(); }      a();
//! ```
//!
//! Only what is exact is done here: integers wrap as WGSL says they do, and floats are left to the device, whose
//! roundings are its own.

use naga::{BinaryOperator as Binary, Expression, Handle, Literal, MathFunction, ScalarKind, UnaryOperator as Unary};

/// What an expression comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Folded {
    /// A known value.
    Known(Literal),
    /// The value of another expression, as `x` in `x + 0`.
    Same(Handle<Expression>),
}

/// What `expression` comes to, if `known` tells enough of its operands' values.
pub fn fold(expression: &Expression, known: impl Fn(Handle<Expression>) -> Option<Literal>) -> Option<Folded> {
    match *expression {
        Expression::Unary { op, expr } => unary(op, known(expr)?).map(Folded::Known),
        Expression::Binary { op, left, right } => match (known(left), known(right)) {
            (Some(a), Some(b)) => binary(op, a, b).map(Folded::Known),
            (Some(a), None) => neutral(op, a, true).then_some(Folded::Same(right)),
            (None, Some(b)) => neutral(op, b, false).then_some(Folded::Same(left)),
            (None, None) => None,
        },
        Expression::Select { condition, accept, reject } => match known(condition)? {
            Literal::Bool(true) => Some(Folded::Same(accept)),
            Literal::Bool(false) => Some(Folded::Same(reject)),
            _ => None,
        },
        Expression::As { expr, kind, convert } => cast(known(expr)?, kind, convert).map(Folded::Known),
        Expression::Math { fun, arg, arg1, arg2, arg3: None } => {
            let rest = [arg1, arg2].into_iter().flatten().map(&known).collect::<Option<Vec<_>>>()?;
            math(fun, known(arg)?, &rest).map(Folded::Known)
        }
        _ => None,
    }
}

fn unary(op: Unary, value: Literal) -> Option<Literal> {
    match (op, value) {
        (Unary::Negate, Literal::I32(a)) => Some(Literal::I32(a.wrapping_neg())),
        (Unary::BitwiseNot, Literal::I32(a)) => Some(Literal::I32(!a)),
        (Unary::BitwiseNot, Literal::U32(a)) => Some(Literal::U32(!a)),
        (Unary::LogicalNot, Literal::Bool(a)) => Some(Literal::Bool(!a)),
        _ => None,
    }
}

fn binary(op: Binary, left: Literal, right: Literal) -> Option<Literal> {
    match (left, right) {
        // The right side of a shift is unsigned, whatever is shifted.
        (Literal::I32(a), Literal::U32(b)) if op == Binary::ShiftLeft => Some(Literal::I32(a.wrapping_shl(b))),
        (Literal::I32(a), Literal::U32(b)) if op == Binary::ShiftRight => Some(Literal::I32(a.wrapping_shr(b))),
        (Literal::I32(a), Literal::I32(b)) => compare(op, a, b).or_else(|| signed(op, a, b).map(Literal::I32)),
        (Literal::U32(a), Literal::U32(b)) => compare(op, a, b).or_else(|| unsigned(op, a, b).map(Literal::U32)),
        (Literal::Bool(a), Literal::Bool(b)) => logical(op, a, b).map(Literal::Bool),
        _ => None,
    }
}

fn compare<T: Ord>(op: Binary, a: T, b: T) -> Option<Literal> {
    let holds = match op {
        Binary::Equal => a == b,
        Binary::NotEqual => a != b,
        Binary::Less => a < b,
        Binary::LessEqual => a <= b,
        Binary::Greater => a > b,
        Binary::GreaterEqual => a >= b,
        _ => return None,
    };
    Some(Literal::Bool(holds))
}

/// WGSL: sums and products wrap; a quotient by zero, or too large, is the dividend, its remainder zero.
fn signed(op: Binary, a: i32, b: i32) -> Option<i32> {
    Some(match op {
        Binary::Add => a.wrapping_add(b),
        Binary::Subtract => a.wrapping_sub(b),
        Binary::Multiply => a.wrapping_mul(b),
        Binary::Divide => a.checked_div(b).unwrap_or(a),
        Binary::Modulo => a.checked_rem(b).unwrap_or(0),
        Binary::And => a & b,
        Binary::ExclusiveOr => a ^ b,
        Binary::InclusiveOr => a | b,
        _ => return None,
    })
}

/// As [`signed`], and shifts count modulo the 32 bits.
fn unsigned(op: Binary, a: u32, b: u32) -> Option<u32> {
    Some(match op {
        Binary::Add => a.wrapping_add(b),
        Binary::Subtract => a.wrapping_sub(b),
        Binary::Multiply => a.wrapping_mul(b),
        Binary::Divide => a.checked_div(b).unwrap_or(a),
        Binary::Modulo => a.checked_rem(b).unwrap_or(0),
        Binary::And => a & b,
        Binary::ExclusiveOr => a ^ b,
        Binary::InclusiveOr => a | b,
        Binary::ShiftLeft => a.wrapping_shl(b),
        Binary::ShiftRight => a.wrapping_shr(b),
        _ => return None,
    })
}

fn logical(op: Binary, a: bool, b: bool) -> Option<bool> {
    match op {
        Binary::LogicalAnd | Binary::And => Some(a && b),
        Binary::LogicalOr | Binary::InclusiveOr => Some(a || b),
        Binary::Equal => Some(a == b),
        Binary::NotEqual => Some(a != b),
        _ => None,
    }
}

/// Whether `value`, on the left or on the right of `op`, leaves the other side as it is.
fn neutral(op: Binary, value: Literal, on_the_left: bool) -> bool {
    let (zero, one) = match value {
        Literal::I32(value) => (value == 0, value == 1),
        Literal::U32(value) => (value == 0, value == 1),
        _ => return false,
    };
    match op {
        Binary::Add | Binary::InclusiveOr | Binary::ExclusiveOr => zero,
        Binary::Subtract | Binary::ShiftLeft | Binary::ShiftRight => zero && !on_the_left,
        Binary::Multiply => one,
        Binary::Divide => one && !on_the_left,
        _ => false,
    }
}

fn cast(value: Literal, kind: ScalarKind, convert: Option<u8>) -> Option<Literal> {
    // Without a width the bits are kept; between the two integers of 32 bits that is the same as converting.
    if convert.is_some_and(|width| width != 4 && kind != ScalarKind::Bool) {
        return None;
    }
    match (value, kind) {
        (Literal::I32(_), ScalarKind::Sint) | (Literal::U32(_), ScalarKind::Uint) => Some(value),
        (Literal::I32(a), ScalarKind::Uint) => Some(Literal::U32(a as u32)),
        (Literal::U32(a), ScalarKind::Sint) => Some(Literal::I32(a as i32)),
        (Literal::Bool(a), ScalarKind::Sint) => Some(Literal::I32(i32::from(a))),
        (Literal::Bool(a), ScalarKind::Uint) => Some(Literal::U32(u32::from(a))),
        (Literal::I32(a), ScalarKind::Bool) => Some(Literal::Bool(a != 0)),
        (Literal::U32(a), ScalarKind::Bool) => Some(Literal::Bool(a != 0)),
        (Literal::I32(a), ScalarKind::Float) if convert.is_some() => exact_float(a.into()),
        (Literal::U32(a), ScalarKind::Float) if convert.is_some() => exact_float(a.into()),
        _ => None,
    }
}

fn exact_float(value: i64) -> Option<Literal> {
    let float = value as f32;
    (float as i64 == value).then_some(Literal::F32(float))
}

fn math(fun: MathFunction, value: Literal, rest: &[Literal]) -> Option<Literal> {
    use MathFunction::{Abs, Clamp, Max, Min};
    match (fun, value, rest) {
        (Abs, Literal::I32(a), []) => Some(Literal::I32(a.wrapping_abs())),
        (Abs, Literal::U32(_), []) => Some(value),
        (Min, Literal::I32(a), &[Literal::I32(b)]) => Some(Literal::I32(a.min(b))),
        (Min, Literal::U32(a), &[Literal::U32(b)]) => Some(Literal::U32(a.min(b))),
        (Max, Literal::I32(a), &[Literal::I32(b)]) => Some(Literal::I32(a.max(b))),
        (Max, Literal::U32(a), &[Literal::U32(b)]) => Some(Literal::U32(a.max(b))),
        (Clamp, Literal::I32(a), &[Literal::I32(low), Literal::I32(high)]) => Some(Literal::I32(a.max(low).min(high))),
        (Clamp, Literal::U32(a), &[Literal::U32(low), Literal::U32(high)]) => Some(Literal::U32(a.max(low).min(high))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_wrap_and_divide_as_wgsl_says() {
        let of = |op, a, b| binary(op, Literal::I32(a), Literal::I32(b));
        assert_eq!(of(Binary::Add, i32::MAX, 1), Some(Literal::I32(i32::MIN)));
        assert_eq!(of(Binary::Divide, -7, 2), Some(Literal::I32(-3)));
        assert_eq!(of(Binary::Modulo, -7, 2), Some(Literal::I32(-1)));
        assert_eq!(of(Binary::Divide, 7, 0), Some(Literal::I32(7)));
        assert_eq!(of(Binary::Divide, i32::MIN, -1), Some(Literal::I32(i32::MIN)));
        assert_eq!(of(Binary::Modulo, i32::MIN, -1), Some(Literal::I32(0)));
        assert_eq!(of(Binary::LessEqual, -1, 0), Some(Literal::Bool(true)));
        let of = |op, a, b| binary(op, Literal::U32(a), Literal::U32(b));
        assert_eq!(of(Binary::Subtract, 0, 1), Some(Literal::U32(u32::MAX)));
        assert_eq!(of(Binary::ShiftLeft, 1, 33), Some(Literal::U32(2)));
        assert_eq!(binary(Binary::ShiftRight, Literal::I32(-8), Literal::U32(1)), Some(Literal::I32(-4)));
        assert_eq!(cast(Literal::I32(-1), ScalarKind::Uint, Some(4)), Some(Literal::U32(u32::MAX)));
        assert_eq!(cast(Literal::U32(1 << 24), ScalarKind::Float, Some(4)), Some(Literal::F32(16_777_216.0)));
        assert_eq!(cast(Literal::U32((1 << 24) + 1), ScalarKind::Float, Some(4)), None);
        assert_eq!(cast(Literal::U32(1), ScalarKind::Float, None), None, "a change of type, not of value");
        assert_eq!(binary(Binary::Add, Literal::F32(1.0), Literal::F32(1.0)), None);
    }

    #[test]
    fn one_known_side_can_be_enough() {
        assert!(neutral(Binary::Add, Literal::U32(0), true));
        assert!(neutral(Binary::Subtract, Literal::U32(0), false));
        assert!(!neutral(Binary::Subtract, Literal::U32(0), true));
        assert!(neutral(Binary::Multiply, Literal::I32(1), true));
        assert!(!neutral(Binary::Divide, Literal::I32(1), true));
        assert!(!neutral(Binary::Add, Literal::F32(0.0), true), "-0.0 + 0.0 is 0.0");
    }
}

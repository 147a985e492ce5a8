//! Variables that nobody reads are dropped, with the assignments to them.
//!
//! ```text
//! var i: u32;
//! i = 0u; s += x[0];                     s += x[0];
//! i = 1u; s += x[1];                     s += x[1];
//! i = 2u;
//! ```
//!
//! This is what the other passes leave behind: counters of loops that are no more, arrays that have become variables.

use super::emit::rewrite;
use super::operands;
use naga::{Arena, Expression, FastHashMap, FastHashSet, Function, Handle, LocalVariable, Statement};

/// Removes the assignments of `function` to variables that are never read. All expressions in its arena must be in use.
pub fn drop_unread(function: &mut Function) {
    let mut pointers: FastHashMap<Handle<Expression>, Handle<LocalVariable>> = FastHashMap::default();
    let mut read: FastHashSet<Handle<LocalVariable>> = FastHashSet::default();
    for (handle, expression) in function.expressions.iter() {
        match *expression {
            Expression::LocalVariable(variable) => {
                pointers.insert(handle, variable);
            }
            Expression::AccessIndex { base, .. } | Expression::Access { base, .. } => {
                if let Some(&variable) = pointers.get(&base) {
                    pointers.insert(handle, variable);
                }
            }
            _ => operands::of_expression(&mut expression.clone(), |operand| read.extend(pointers.get(operand))),
        }
    }
    operands::for_each_statement(&function.body, &mut |statement| {
        if !matches!(statement, Statement::Store { .. }) {
            read.extend(operands::read_by(statement).iter().filter_map(|operand| pointers.get(operand)));
        }
    });
    let mut body = std::mem::take(&mut function.body);
    rewrite(&mut body, function, &mut |statement, _| match statement {
        Statement::Store { pointer, .. } => {
            let variable = pointers.get(pointer)?;
            (!read.contains(variable)).then(Vec::new)
        }
        _ => None,
    });
    function.body = body;
}

/// Removes the variables of `function` that no expression names.
pub fn drop_unnamed(function: &mut Function) {
    let named: FastHashSet<_> =
        function.expressions.iter().filter_map(|(_, expression)| variable(expression)).collect();
    let mut kept = Arena::new();
    let mut moved = FastHashMap::default();
    for (old, local, span) in function.local_variables.drain() {
        if named.contains(&old) {
            moved.insert(old, kept.append(local, span));
        }
    }
    function.local_variables = kept;
    for (_, expression) in function.expressions.iter_mut() {
        if let Some(old) = variable(expression) {
            *expression = Expression::LocalVariable(moved[&old]);
        }
    }
}

fn variable(expression: &Expression) -> Option<Handle<LocalVariable>> {
    match *expression {
        Expression::LocalVariable(variable) => Some(variable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::programs::{assert_unchanged, kernel, written_out};

    #[test]
    fn only_what_is_never_read_goes() {
        let text = kernel(
            "",
            "var unread = vec4<f32>(); unread.y = 1.0;
            var kept = 2.0; if n > 1u { kept = 3.0; }
            for (var i = 0u; i < 2u; i++) { y[i] = kept; }",
        );
        assert_unchanged(&text);
        let written = written_out(&text);
        assert_eq!(written.matches("var ").count(), 1, "{written}");
        assert!(written.contains("var kept: f32 = 2f;") && written.contains("kept = 3f;"), "{written}");
    }
}

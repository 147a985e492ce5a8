//! A local array that is only indexed by constants becomes one variable per element.
//!
//! ```text
//! var sum: array<f32, 2>;                var sum_0: f32; var sum_1: f32;
//! sum[0] += a;                           sum_0 += a;
//! sum[1] += b;                           sum_1 += b;
//! sum = array(0.0, 1.0);                 sum_0 = 0.0; sum_1 = 1.0;
//! ```
//!
//! An array has an address, and so lives in memory; a single variable can live in a register. Drivers make this step
//! themselves, each with limits of its own; after it there is nothing left to be decided. Elements that are never
//! touched get no variable at all, so an array may be declared as large as the largest tile needs.
//!
//! An array stays whole if an index is not constant, if it is read as a whole, assigned from a value whose elements
//! are not at hand, or handed to a function by pointer (an element may be).

use super::emit::rewrite;
use super::operands;
use naga::{
    ArraySize, Expression, FastHashMap, FastHashSet, Function, Handle, LocalVariable, Module, Span, Statement, Type,
    TypeInner,
};
use std::collections::BTreeMap;

/// Splits the local arrays of `function` that can be.
pub fn split_arrays(module: &Module, function: &mut Function) {
    let mut pass = Pass { module, parts: FastHashMap::default(), whole: FastHashSet::default() };
    pass.find_parts(function);
    pass.find_whole(function);
    let elements = pass.make_elements(function);
    pass.replace(function, &elements);
}

/// What a pointer expression points to.
#[derive(Clone)]
struct Part {
    array: Handle<LocalVariable>,
    /// The constant indices that lead there from the array.
    path: Vec<u32>,
    ty: Handle<Type>,
}

/// The variable of every element, by array and path.
type Elements = FastHashMap<(Handle<LocalVariable>, Vec<u32>), Handle<LocalVariable>>;

struct Pass<'a> {
    module: &'a Module,
    /// The expressions that point to a local array, to an array inside it, or to an element.
    parts: FastHashMap<Handle<Expression>, Part>,
    /// The arrays that must stay whole.
    whole: FastHashSet<Handle<LocalVariable>>,
}

impl Pass<'_> {
    /// The element type and length of an array type.
    fn array(&self, ty: Handle<Type>) -> Option<(Handle<Type>, u32)> {
        match self.module.types[ty].inner {
            TypeInner::Array { base, size: ArraySize::Constant(length), .. } => Some((base, length.get())),
            _ => None,
        }
    }

    fn find_parts(&mut self, function: &Function) {
        for (handle, expression) in function.expressions.iter() {
            match *expression {
                Expression::LocalVariable(array) => {
                    let ty = function.local_variables[array].ty;
                    if self.array(ty).is_some() {
                        self.parts.insert(handle, Part { array, path: Vec::new(), ty });
                    }
                }
                Expression::AccessIndex { base, index } => {
                    let Some(part) = self.parts.get(&base) else { continue };
                    if let Some((ty, _)) = self.array(part.ty) {
                        let path = part.path.iter().copied().chain([index]).collect();
                        self.parts.insert(handle, Part { array: part.array, path, ty });
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether `expression` points to an array, in contrast to an element.
    fn points_to_array(&self, expression: Handle<Expression>) -> Option<&Part> {
        self.parts.get(&expression).filter(|part| self.array(part.ty).is_some())
    }

    fn find_whole(&mut self, function: &Function) {
        let mut whole = FastHashSet::default();
        let mut keep = |operand: &mut Handle<Expression>| {
            if let Some(part) = self.points_to_array(*operand) {
                whole.insert(part.array);
            }
        };
        for (_, expression) in function.expressions.iter() {
            if !matches!(expression, Expression::AccessIndex { .. }) {
                operands::of_expression(&mut expression.clone(), &mut keep);
            }
        }
        operands::for_each_statement(&function.body, &mut |statement| match *statement {
            Statement::Store { pointer, value } => {
                let splits = self.points_to_array(pointer).is_none_or(|part| self.splits(function, part.ty, value));
                if !splits {
                    keep(&mut { pointer });
                }
            }
            Statement::Call { ref arguments, .. } => arguments.iter().for_each(|argument| keep(&mut { *argument })),
            _ => {}
        });
        for (handle, local) in function.local_variables.iter() {
            if local.init.is_some_and(|init| !self.splits(function, local.ty, init)) {
                whole.insert(handle);
            }
        }
        self.whole = whole;
    }

    /// Whether the elements of the array `value` are expressions of their own.
    fn splits(&self, function: &Function, ty: Handle<Type>, value: Handle<Expression>) -> bool {
        let Some((base, _)) = self.array(ty) else { return true };
        match &function.expressions[value] {
            Expression::ZeroValue(_) => true,
            Expression::Compose { components, .. } => {
                components.iter().all(|&value| self.splits(function, base, value))
            }
            _ => false,
        }
    }

    /// One variable for each element that is pointed to, with its share of the array's initial value.
    fn make_elements(&self, function: &mut Function) -> Elements {
        let parts = self.parts.values();
        let split = parts.filter(|part| !self.whole.contains(&part.array) && self.array(part.ty).is_none());
        let pointed: BTreeMap<_, _> = split.map(|part| ((part.array, part.path.clone()), part.ty)).collect();
        let mut elements = Elements::default();
        for ((array, path), ty) in pointed {
            let local = &function.local_variables[array];
            let indices: String = path.iter().map(|index| format!("_{index}")).collect();
            let name = local.name.as_ref().map(|name| format!("{name}{indices}"));
            // A variable without an initial value starts as zero.
            let init = local.init.and_then(|init| element_of(function, init, &path));
            let span = function.local_variables.get_span(array);
            let element = function.local_variables.append(LocalVariable { name, ty, init }, span);
            elements.insert((array, path), element);
        }
        elements
    }

    /// Lets every pointer to an element name its variable, and assigns element by element.
    fn replace(&self, function: &mut Function, elements: &Elements) {
        for (handle, part) in &self.parts {
            if let Some(&element) = elements.get(&(part.array, part.path.clone())) {
                function.expressions[*handle] = Expression::LocalVariable(element);
            }
        }
        let mut body = std::mem::take(&mut function.body);
        let mut assign = |statement: &Statement, function: &mut Function| {
            let Statement::Store { pointer, value } = *statement else { return None };
            let part = self.points_to_array(pointer).filter(|part| !self.whole.contains(&part.array))?;
            Some(self.assign(function, elements, part, value))
        };
        rewrite(&mut body, function, &mut assign);
        function.body = body;
    }

    /// `part = value`, element by element.
    fn assign(
        &self,
        function: &mut Function,
        elements: &Elements,
        part: &Part,
        value: Handle<Expression>,
    ) -> Vec<Statement> {
        let mut paths = vec![(part.path.clone(), part.ty)];
        while let Some((base, length)) = paths.first().and_then(|(_, ty)| self.array(*ty)) {
            let longer =
                |(path, _): (Vec<u32>, _)| (0..length).map(move |index| ([&path[..], &[index]].concat(), base));
            paths = paths.into_iter().flat_map(longer).collect();
        }
        let mut stores = Vec::new();
        for (path, ty) in paths {
            let Some(&element) = elements.get(&(part.array, path.clone())) else { continue };
            let value = element_of(function, value, &path[part.path.len()..])
                .unwrap_or_else(|| function.expressions.append(Expression::ZeroValue(ty), Span::UNDEFINED));
            let pointer = function.expressions.append(Expression::LocalVariable(element), Span::UNDEFINED);
            stores.push(Statement::Store { pointer, value });
        }
        stores
    }
}

/// The element of `value` at `path`, `None` if it is zero.
fn element_of(function: &Function, value: Handle<Expression>, path: &[u32]) -> Option<Handle<Expression>> {
    match (&function.expressions[value], path) {
        (Expression::Compose { components, .. }, [index, rest @ ..]) => {
            element_of(function, *components.get(*index as usize)?, rest)
        }
        (_, []) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::programs::{assert_unchanged, kernel, written_out};

    /// The variables of `main` after the passes.
    fn variables(functions: &str, body: &str) -> Vec<String> {
        let text = kernel(functions, body);
        assert_unchanged(&text);
        let written = written_out(&text);
        written.lines().filter_map(|line| Some(line.strip_prefix("var ")?.trim_end_matches(';').to_string())).collect()
    }

    #[test]
    fn arrays_become_variables() {
        let body = "var a = array<f32, 3>(1.0, 2.0, 4.0); a[1] += f32(n); y[0] = a[0] + a[1];";
        assert_eq!(variables("", body), ["a_0_: f32 = 1f", "a_1_: f32 = 2f"], "a[2] is never touched");
        let nested = "var a: array<array<f32, 2>, 2>;
            for (var i = 0u; i < 2u; i++) {
                for (var j = 0u; j < 2u; j++) { a[i][j] += f32(n + i); y[i + j] += a[i][j]; }
            }";
        assert_eq!(variables("", nested), ["a_0_0_: f32", "a_0_1_: f32", "a_1_0_: f32", "a_1_1_: f32"]);
        let vectors = "var a: array<vec4<f32>, 2>; a[1] = vec4(f32(n)); a[1][n % 4u] = 2.0; y[0] = a[1].x + a[1].y;";
        assert_eq!(variables("", vectors), ["a_1_: vec4<f32>"]);
    }

    #[test]
    fn assignments_of_whole_arrays_are_split() {
        let body = "var a: array<array<f32, 2>, 2>;
            for (var i = 0u; i < n; i++) {
                a = array(array(a[1][1], f32(i)), array<f32, 2>());
                a[1][1] += 1.0;
                a[1] = array(2.0, a[0][0] + a[1][1]);
            }
            y[0] = a[0][0]; y[1] = a[0][1]; y[2] = a[1][0]; y[3] = a[1][1];";
        assert_eq!(variables("", body), ["i: u32 = 0u", "a_0_0_: f32", "a_0_1_: f32", "a_1_0_: f32", "a_1_1_: f32"]);
        let fresh = "for (var i = 0u; i < n; i++) { var a: array<f32, 2>; a[1] += f32(i); y[i] = a[0] + a[1]; }";
        assert_eq!(variables("", fresh), ["i: u32 = 0u", "a_0_: f32", "a_1_: f32"]);
    }

    #[test]
    fn arrays_that_must_stay_whole_do() {
        let whole = ["a: array<f32, 2>"];
        assert_eq!(variables("", "var a: array<f32, 2>; a[1] = 1.0; y[0] = a[n % 2u];"), whole);
        let read = "var a: array<f32, 2>; a[1] = f32(n); let b = a; a[1] = 2.0; y[0] = b[1] + a[1];";
        assert_eq!(variables("", read), whole);
        let passed = "var a: array<f32, 2>; a[1] = 1.0; fill(&a); y[0] = a[1];";
        assert_eq!(variables("fn fill(a: ptr<function, array<f32, 2>>) { (*a)[1] += 2.0; }", passed), whole);
        let made = "var a: array<f32, 2>; a = make(f32(n)); y[0] = a[1];";
        assert_eq!(variables("fn make(x: f32) -> array<f32, 2> { return array(x, 2.0 * x); }", made), whole);
    }
}

//! What is known of a value while a kernel is translated.
//!
//! A kernel describes one invocation; the translation runs a vector of them, its *lanes*, at once. So of each number it
//! must know whether all lanes have the same one, which is then kept once, or each its own, which takes a vector. A
//! third case pays for itself: numbers that count the lanes, `base + stride * lane`, as the places of neighbours do.

use super::place::Place;

/// The type of a single number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    F32,
    /// An f16, kept as the f32 of the same value.
    F16,
    I32,
    U32,
    Bool,
    /// A matrix that the lanes hold together: not a number of a lane's own, but handled as if it were.
    Matrix,
}

impl Kind {
    /// The suffix of the vector operations that treat signed and unsigned alike.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::F32 | Self::F16 => "f",
            Self::I32 | Self::U32 => "i",
            Self::Bool => "m",
            Self::Matrix => "c",
        }
    }

    /// The suffix of those that do not.
    pub fn signed_suffix(self) -> &'static str {
        match self {
            Self::U32 => "u",
            other => other.suffix(),
        }
    }

    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16)
    }

    pub fn is_integer(self) -> bool {
        matches!(self, Self::I32 | Self::U32)
    }
}

/// How the lanes' numbers are related.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// The same known number, as its bits.
    Known(u32),
    /// The same number, under this name.
    Uniform(String),
    /// `base + stride * lane`, integers that wrap; the base under this name.
    Linear { base: String, stride: u32 },
    /// Each its own, in a vector of this name.
    Varying(String),
}

/// A number in all lanes.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub kind: Kind,
    pub form: Form,
    /// Where the lanes' numbers lie in memory one after another, if they were loaded from there: then that of one lane
    /// can be had without the others.
    pub row: Option<Row>,
}

/// Numbers that lie in read-only memory in the order of the lanes.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name of the memory.
    pub memory: String,
    /// Name of the word that lane 0 has.
    pub start: String,
}

impl Term {
    pub fn new(kind: Kind, form: Form) -> Self {
        Self { kind, form, row: None }
    }

    pub fn known(kind: Kind, bits: u32) -> Self {
        Self::new(kind, Form::Known(bits))
    }

    pub fn uniform(kind: Kind, name: impl Into<String>) -> Self {
        Self::new(kind, Form::Uniform(name.into()))
    }

    pub fn varying(kind: Kind, name: impl Into<String>) -> Self {
        Self::new(kind, Form::Varying(name.into()))
    }

    /// The number of a lane.
    pub fn lane() -> Self {
        Self::new(Kind::U32, Form::Linear { base: "0u32".into(), stride: 1 })
    }

    pub fn is_uniform(&self) -> bool {
        self.kind != Kind::Matrix && matches!(self.form, Form::Known(_) | Form::Uniform(_))
    }

    /// The Rust expression of the number all lanes share.
    pub fn scalar(&self) -> Option<String> {
        match &self.form {
            _ if self.kind == Kind::Matrix => None,
            Form::Known(bits) => Some(literal(self.kind, *bits)),
            Form::Uniform(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// The Rust expression of the vector of the lanes' numbers.
    pub fn vector(&self) -> String {
        match &self.form {
            Form::Linear { base, stride } => format!("linear({base}, {stride})"),
            Form::Varying(name) => name.clone(),
            // The only matrix that is known beforehand.
            Form::Known(_) if self.kind == Kind::Matrix => "zero_c()".into(),
            Form::Known(_) | Form::Uniform(_) => {
                format!("splat_{}({})", self.kind.suffix(), self.scalar().expect("it is uniform"))
            }
        }
    }
}

/// A number as Rust writes it.
fn literal(kind: Kind, bits: u32) -> String {
    match kind {
        Kind::Bool => (bits != 0).to_string(),
        Kind::Matrix => unreachable!("no lane has a matrix of its own"),
        Kind::I32 | Kind::U32 => format!("{bits}u32"),
        Kind::F32 | Kind::F16 => {
            let value = f32::from_bits(bits);
            if value.is_finite() { format!("{value:?}f32") } else { format!("f32::from_bits({bits:#x})") }
        }
    }
}

/// The value of an expression: a number, several, or a place in memory.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(Term),
    /// The components of a vector, the elements of an array, the members of a structure.
    Many(Vec<Value>),
    Place(Place),
}

impl Value {
    /// Its numbers, in order of memory.
    pub fn numbers(&self) -> Vec<&Term> {
        match self {
            Self::Number(term) => vec![term],
            Self::Many(parts) => parts.iter().flat_map(Self::numbers).collect(),
            Self::Place(place) => vec![&place.offset],
        }
    }

    /// The same shape with each number replaced.
    pub fn map(&self, f: &mut impl FnMut(&Term) -> Term) -> Self {
        match self {
            Self::Number(term) => Self::Number(f(term)),
            Self::Many(parts) => Self::Many(parts.iter().map(|part| part.map(f)).collect()),
            Self::Place(place) => Self::Place(Place { offset: f(&place.offset), ..place.clone() }),
        }
    }
}

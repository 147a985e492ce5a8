//! Places in memory, as pointers of WGSL name them, and how values lie there.

use std::rc::Rc;

use naga::{CooperativeSize, Handle, Module, Scalar, ScalarKind, Type, TypeInner};

use naga::proc::IndexableLength;

use super::term::{Kind, Term};

/// How a value of a type lies in memory, in words of four bytes. Variables of a function are laid out alike, though
/// they have no memory: the word is the number of the variable that holds it.
#[derive(Debug, Clone, PartialEq)]
pub enum Layout {
    Number(Kind),
    /// A vector or an array: equal parts, a stride apart. A storage buffer's has no count.
    Row {
        part: Rc<Layout>,
        stride: u32,
        count: Option<u32>,
    },
    /// A structure: its members and where they begin.
    Members(Vec<(u32, Rc<Layout>)>),
}

impl Layout {
    /// The layout of a type.
    ///
    /// # Errors
    /// What the type has that translation does not cover.
    pub fn of(module: &Module, ty: Handle<Type>) -> Result<Rc<Self>, String> {
        let layout = match &module.types[ty].inner {
            TypeInner::Scalar(scalar) => Self::Number(kind(*scalar)?),
            TypeInner::Vector { size, scalar } => {
                let part = Rc::new(Self::Number(kind(*scalar)?));
                Self::Row { part, stride: 1, count: Some(*size as u32) }
            }
            TypeInner::CooperativeMatrix { columns, rows, .. } => {
                whole(*columns, *rows)?;
                Self::Number(Kind::Matrix)
            }
            TypeInner::Array { base, size, stride } => {
                let part = Self::of(module, *base)?;
                let count = match size.resolve(module.to_ctx()).map_err(|error| error.to_string())? {
                    IndexableLength::Known(count) => Some(count),
                    IndexableLength::Dynamic => None,
                };
                // naga gives truth values, which have no memory, a byte, and an f16 two: here each has a word. So has
                // a matrix, to which naga gives many.
                let stride = if part.holds(Kind::Matrix) { 0 } else { stride / 4 }.max(part.words());
                Self::Row { part, stride, count }
            }
            TypeInner::Struct { members, .. } => {
                let member = |m: &naga::StructMember| Ok((m.offset / 4, Self::of(module, m.ty)?));
                Self::Members(members.iter().map(member).collect::<Result<_, String>>()?)
            }
            other => return Err(format!("a value of a type that is not covered: {other:?}")),
        };
        Ok(Rc::new(layout))
    }

    /// Words it takes, none for what has no fixed length.
    pub fn words(&self) -> u32 {
        match self {
            Self::Number(_) => 1,
            Self::Row { stride, count, .. } => stride * count.unwrap_or(0),
            Self::Members(members) => members.iter().map(|(at, part)| at + part.words()).max().unwrap_or(0),
        }
    }

    /// Its numbers: the word of each and its kind, in order.
    pub fn numbers(&self) -> Vec<(u32, Kind)> {
        let shifted = |at: u32, part: &Self| part.numbers().into_iter().map(move |(word, kind)| (at + word, kind));
        match self {
            Self::Number(kind) => vec![(0, *kind)],
            Self::Row { part, stride, count } => {
                (0..count.unwrap_or(0)).flat_map(|i| shifted(i * stride, part).collect::<Vec<_>>()).collect()
            }
            Self::Members(members) => {
                members.iter().flat_map(|(at, part)| shifted(*at, part).collect::<Vec<_>>()).collect()
            }
        }
    }

    /// Whether there is a number of this kind in it, in arrays without a length too.
    pub fn holds(&self, wanted: Kind) -> bool {
        match self {
            Self::Number(kind) => *kind == wanted,
            Self::Row { part, .. } => part.holds(wanted),
            Self::Members(members) => members.iter().any(|(_, part)| part.holds(wanted)),
        }
    }

    /// The kinds of its numbers, signed and unsigned integers as one.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds = Vec::new();
        for (_, kind) in self.numbers() {
            let kind = if kind == Kind::I32 { Kind::U32 } else { kind };
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }
}

/// The kind of a scalar type.
///
/// # Errors
/// When it has not 32 bits, and is not an f16.
pub fn kind(scalar: Scalar) -> Result<Kind, String> {
    match (scalar.kind, scalar.width) {
        (ScalarKind::Float, 4) => Ok(Kind::F32),
        (ScalarKind::Float, 2) => Ok(Kind::F16),
        (ScalarKind::Sint, 4) => Ok(Kind::I32),
        (ScalarKind::Uint, 4) => Ok(Kind::U32),
        (ScalarKind::Bool, _) => Ok(Kind::Bool),
        _ => Err(format!("numbers of {} bytes: kernels know 4 only", scalar.width)),
    }
}

/// Refuses matrices of other sizes.
pub fn whole(columns: CooperativeSize, rows: CooperativeSize) -> Result<(), String> {
    match (columns, rows) {
        (CooperativeSize::Sixteen, CooperativeSize::Sixteen) => Ok(()),
        _ => Err("a matrix that is not 16 by 16".into()),
    }
}

/// What a pointer points into.
#[derive(Debug, Clone, PartialEq)]
pub enum Root {
    /// The uniform at binding 0.
    Params,
    /// A storage buffer or workgroup memory.
    Memory(Region),
    /// A variable of the function, by its number in the translation.
    Local(usize),
}

/// A range of memory that all lanes see.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// Its name in the translation.
    pub name: String,
    /// Its name in the shader.
    pub label: String,
    /// Whether the kernel only reads it.
    pub read_only: bool,
}

/// A place: so many words behind the start of its root, and what lies there.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub root: Root,
    pub offset: Term,
    pub layout: Rc<Layout>,
}

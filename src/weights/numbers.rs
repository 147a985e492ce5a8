//! Elements of every type that weights come in, as f32.

use safetensors::Dtype;

use super::error::Problem;

/// The type of an element in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}

/// Where the elements of a tensor lie in its storage; all in elements.
pub(super) struct Layout<'a> {
    /// The first one.
    pub offset: usize,
    /// The extents, outermost first.
    pub shape: &'a [usize],
    /// How far apart neighbours are along each extent.
    pub stride: &'a [usize],
}

impl Element {
    /// By the name of PyTorch's storage class: `FloatStorage`.
    pub fn of_storage(class: &str) -> Option<Self> {
        Some(match class.strip_suffix("Storage")? {
            "Double" => Self::F64,
            "Float" => Self::F32,
            "Half" => Self::F16,
            "BFloat16" => Self::Bf16,
            "Long" => Self::I64,
            "Int" => Self::I32,
            "Short" => Self::I16,
            "Char" => Self::I8,
            "Byte" => Self::U8,
            "Bool" => Self::Bool,
            _ => return None,
        })
    }

    /// By the name of PyTorch's type: `float32`.
    pub fn of_dtype(name: &str) -> Option<Self> {
        Some(match name {
            "float64" => Self::F64,
            "float32" => Self::F32,
            "float16" => Self::F16,
            "bfloat16" => Self::Bf16,
            "int64" => Self::I64,
            "int32" => Self::I32,
            "int16" => Self::I16,
            "int8" => Self::I8,
            "uint64" => Self::U64,
            "uint32" => Self::U32,
            "uint16" => Self::U16,
            "uint8" => Self::U8,
            "bool" => Self::Bool,
            _ => return None,
        })
    }

    /// By safetensors' type.
    pub fn of_safetensors(dtype: Dtype) -> Option<Self> {
        Some(match dtype {
            Dtype::F64 => Self::F64,
            Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::Bf16,
            Dtype::I64 => Self::I64,
            Dtype::I32 => Self::I32,
            Dtype::I16 => Self::I16,
            Dtype::I8 => Self::I8,
            Dtype::U64 => Self::U64,
            Dtype::U32 => Self::U32,
            Dtype::U16 => Self::U16,
            Dtype::U8 => Self::U8,
            Dtype::BOOL => Self::Bool,
            _ => return None,
        })
    }

    /// Its bytes.
    pub fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// The number that its bytes, least significant first and filled up to eight, stand for.
    fn number(self, b: [u8; 8]) -> f32 {
        let [b0, b1, b2, b3, ..] = b;
        match self {
            Self::F64 => f64::from_le_bytes(b) as f32,
            Self::F32 => f32::from_le_bytes([b0, b1, b2, b3]),
            Self::F16 => half(u16::from_le_bytes([b0, b1])),
            Self::Bf16 => f32::from_le_bytes([0, 0, b0, b1]),
            Self::I64 => i64::from_le_bytes(b) as f32,
            Self::I32 => i32::from_le_bytes([b0, b1, b2, b3]) as f32,
            Self::I16 => f32::from(i16::from_le_bytes([b0, b1])),
            Self::I8 => f32::from(b0.cast_signed()),
            Self::U64 => u64::from_le_bytes(b) as f32,
            Self::U32 => u32::from_le_bytes([b0, b1, b2, b3]) as f32,
            Self::U16 => f32::from(u16::from_le_bytes([b0, b1])),
            Self::U8 => f32::from(b0),
            Self::Bool => f32::from(u8::from(b0 != 0)),
        }
    }
}

/// A float16: sign, five bits of exponent, ten of fraction (IEEE 754).
fn half(bits: u16) -> f32 {
    let [sign, exponent, fraction] = [bits >> 15, (bits >> 10) & 31, bits & 1023].map(u32::from);
    let magnitude = match exponent {
        // Below the smallest exponent: the fraction alone, of 2⁻²⁴ each.
        0 => fraction as f32 / 16_777_216.0,
        31 => f32::from_bits(0x7f80_0000 | fraction << 13),
        _ => f32::from_bits((exponent + 112) << 23 | fraction << 13),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

impl Layout<'_> {
    /// Number of elements; none where it passes what a `usize` counts.
    pub fn len(&self) -> Option<usize> {
        // With the zeros first, so that no product before them is too large.
        if self.shape.contains(&0) { Some(0) } else { self.shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d)) }
    }

    /// The place behind the last element; none where that passes what a `usize` counts.
    fn end(&self) -> Option<usize> {
        if self.len()? == 0 {
            return Some(0);
        }
        let last = self
            .shape
            .iter()
            .zip(self.stride)
            .try_fold(self.offset, |at, (&extent, &stride)| at.checked_add((extent - 1).checked_mul(stride)?));
        last?.checked_add(1)
    }

    /// The elements in row-major order, out of a storage in which they lie anywhere.
    ///
    /// # Errors
    /// When one of them lies outside.
    pub fn gather(&self, storage: &[u8], element: Element, big_endian: bool) -> Result<Vec<f32>, Problem> {
        let size = element.size();
        let outside = || {
            let (shape, held) = (self.shape, storage.len() / size);
            Problem::broken(format!("a tensor of {shape:?} reaches outside the {held} numbers it is stored in"))
        };
        let len = self.len().ok_or_else(outside)?;
        if self.end().is_none_or(|end| end > storage.len() / size) {
            return Err(outside());
        }
        let mut values = Vec::with_capacity(len);
        let mut index = vec![0; self.shape.len()];
        let mut at = self.offset;
        while values.len() < len {
            let mut bytes = [0; 8];
            bytes[..size].copy_from_slice(&storage[at * size..][..size]);
            if big_endian {
                bytes[..size].reverse();
            }
            values.push(element.number(bytes));
            // One place on: the last extent first, and on to the one before where it is through.
            for axis in (0..index.len()).rev() {
                if index[axis] + 1 < self.shape[axis] {
                    index[axis] += 1;
                    at += self.stride[axis];
                    break;
                }
                at -= self.stride[axis] * index[axis];
                index[axis] = 0;
            }
        }
        Ok(values)
    }
}

/// The strides of a contiguous tensor of this shape.
pub(super) fn contiguous(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1_usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(shape[axis]);
    }
    strides
}

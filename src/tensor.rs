//! Tensors: contiguous f32 on the device, channels last.

use std::fmt;

use crate::gpu::{Binding, Buffer, Error, Gpu, Readback};

/// The extents of a tensor, outermost first; at most four. The last one is contiguous in memory.
///
/// Pictures are `[N, H, W, C]`, convolution weights `[k_h, k_w, c_in / groups, c_out]`, a scalar is `[]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    extents: [usize; 4],
    rank: usize,
}

impl Shape {
    /// The extents.
    pub fn dims(&self) -> &[usize] {
        &self.extents[..self.rank]
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.dims().iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last extent, which in channels-last order is the number of channels; 1 for a scalar.
    pub fn channels(&self) -> usize {
        self.dims().last().copied().unwrap_or(1)
    }

    /// `[n, h, w, c]`.
    ///
    /// # Panics
    /// When the shape has not four extents; `op` is named in the message.
    pub fn nhwc(&self, op: &str) -> [usize; 4] {
        assert_eq!(self.rank, 4, "{op}: expected [N, H, W, C], got {self:?}");
        self.extents
    }

    /// `[rows, columns]`.
    ///
    /// # Panics
    /// When the shape has not two extents; `op` is named in the message.
    pub fn matrix(&self, op: &str) -> [usize; 2] {
        assert_eq!(self.rank, 2, "{op}: expected a matrix, got {self:?}");
        [self.extents[0], self.extents[1]]
    }
}

impl<const RANK: usize> From<[usize; RANK]> for Shape {
    fn from(dims: [usize; RANK]) -> Self {
        Self::from(&dims[..])
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Self {
        assert!(dims.len() <= 4, "a tensor has at most four extents, got {dims:?}");
        let mut extents = [1; 4];
        extents[..dims.len()].copy_from_slice(dims);
        Self { extents, rank: dims.len() }
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

/// A shape and the device memory that holds its elements. Cheap to clone; clones share the memory.
#[derive(Clone)]
pub struct Tensor {
    gpu: Gpu,
    buffer: Buffer,
    offset: u64,
    shape: Shape,
}

impl Tensor {
    /// A tensor whose elements will be written by the next kernel it is bound to as an output.
    pub fn empty(gpu: &Gpu, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        assert!(!shape.is_empty(), "a tensor has elements, got {shape:?}");
        Self { gpu: gpu.clone(), buffer: gpu.buffer(shape.len() * 4), offset: 0, shape }
    }

    /// A tensor holding `values`, in row-major order.
    ///
    /// # Panics
    /// When their number is not that of the shape.
    pub fn from_slice(gpu: &Gpu, shape: impl Into<Shape>, values: &[f32]) -> Self {
        let shape = shape.into();
        assert_eq!(shape.len(), values.len(), "a tensor of {shape:?} was given {} values", values.len());
        Self { gpu: gpu.clone(), buffer: gpu.upload(values), offset: 0, shape }
    }

    /// A tensor of the values that `make` makes, as many as it is given. A device that only plans does not ask for
    /// them.
    ///
    /// # Panics
    /// When it makes another number of them.
    pub fn made(gpu: &Gpu, shape: impl Into<Shape>, make: impl FnOnce(usize) -> Vec<f32>) -> Self {
        let shape = shape.into();
        let buffer = gpu.upload_made(shape.len(), make);
        assert_eq!(
            4 * shape.len() as u64,
            buffer.bytes(),
            "a tensor of {shape:?} was made of another number of values"
        );
        Self { gpu: gpu.clone(), buffer, offset: 0, shape }
    }

    /// The part of `buffer` that starts at byte `offset`, as a tensor. Writes through either are seen by both.
    pub fn view(gpu: &Gpu, buffer: &Buffer, offset: u64, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        assert!(offset + shape.len() as u64 * 4 <= buffer.bytes(), "a view of {shape:?} lies outside its buffer");
        Self { gpu: gpu.clone(), buffer: buffer.clone(), offset, shape }
    }

    /// The elements from number `first` on as a tensor that shares their memory; `None` where the device cannot bind
    /// memory from there.
    ///
    /// # Panics
    /// When there are not so many.
    pub fn part(&self, first: usize, shape: impl Into<Shape>) -> Option<Self> {
        let shape = shape.into();
        assert!(first + shape.len() <= self.len(), "a part of {shape:?} from {first} on lies outside {:?}", self.shape);
        let offset = self.offset + first as u64 * 4;
        let alignment = self.gpu.adapter().limits.offset_alignment;
        offset.is_multiple_of(alignment).then(|| Self { offset, shape, ..self.clone() })
    }

    /// The device it lives on.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Its shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.len()
    }

    /// Never true: an empty tensor cannot be made.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The same memory under another shape.
    ///
    /// # Panics
    /// When the number of elements differs.
    pub fn reshape(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        assert_eq!(shape.len(), self.len(), "reshape: {:?} cannot become {shape:?}", self.shape);
        Self { shape, ..self.clone() }
    }

    /// Records a read of the elements.
    pub fn read(&self) -> Readback {
        self.gpu.read(self)
    }

    /// Submits and waits for the elements, as bits.
    ///
    /// # Errors
    /// When the device failed.
    pub fn to_words(&self) -> Result<Vec<u32>, Error> {
        Ok(self.to_vec()?.into_iter().map(f32::to_bits).collect())
    }

    /// Submits and waits for the elements.
    ///
    /// # Errors
    /// When the device failed.
    pub fn to_vec(&self) -> Result<Vec<f32>, Error> {
        self.gpu.fetch(self)
    }
}

impl From<&Tensor> for Binding {
    fn from(tensor: &Tensor) -> Self {
        let (bytes, shape) = (tensor.len() as u64 * 4, tensor.shape);
        let mut dims = [1; 4];
        dims[4 - shape.rank..].copy_from_slice(shape.dims());
        Self { buffer: tensor.buffer.clone(), offset: tensor.offset, bytes, dims }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor {:?}", self.shape)
    }
}

//! A kernel's name and variant, and one launch of it as the recorder keeps it.

use bytemuck::{Pod, Zeroable};

use super::Buffer;

/// Which kernel, in which variant: the stem of its file, and the `override` constants that differ from the file's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kernel {
    /// File stem in `shaders/`.
    pub name: &'static str,
    /// `override` constants, by name.
    pub overrides: Vec<(&'static str, u32)>,
}

/// Work that a launch does, for profiles, benches and for keeping a submit short.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    /// Floating-point operations; a multiply-add counts two.
    pub flops: f64,
    /// Bytes that must be read and written at least once.
    pub bytes: f64,
}

/// A range of a buffer bound to a kernel.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The buffer.
    pub buffer: Buffer,
    /// First byte.
    pub offset: u64,
    /// Bytes from there.
    pub bytes: u64,
    /// The extents of the tensor, outermost first, 1 where it has fewer: for people.
    pub dims: [usize; 4],
}

/// How many workgroups a launch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Enough workgroups for so many invocations in a row; the kernel finds its place with `linear_index`.
    Invocations(u64),
    /// So many workgroups along x, y and z.
    Workgroups([u32; 3]),
}

/// What a kernel does to each result before it stores it, the last words of its `Params`:
/// `shaders/common/epilogue.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Epilogue {
    /// 1 when a bias is added, one number for each channel.
    pub(super) has_bias: u32,
    /// What the operand, a tensor of the output's shape, is for: nothing (0), to be added (1), or to decide in the
    /// result's place about the slope (2).
    pub(super) operand: u32,
    /// Factor of what is not above 0.
    pub(super) slope: f32,
}

impl Epilogue {
    /// Results are stored as they are.
    pub const NONE: Self = Self { has_bias: 0, operand: 0, slope: 1.0 };
}

/// A launch that treats every element of a tensor alike, in words that a kernel with an epilogue understands too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Map {
    /// The first input plus one number for each channel, the second input.
    AddChannels,
    /// The sum of two tensors.
    Add,
    /// Times this where the element is not above 0.
    Slope(f32),
    /// The second input times this where the first is not above 0.
    SlopeBackward(f32),
}

/// One launch of a kernel. Binding 0 is its `Params`; the others follow in the order they are bound here.
#[derive(Debug, Clone)]
pub struct Dispatch {
    pub(super) kernel: Kernel,
    pub(super) params: Vec<u8>,
    pub(super) bindings: Vec<Binding>,
    pub(super) grid: Grid,
    pub(super) work: Work,
    pub(super) map: Option<Map>,
    /// `Some` for a kernel with an epilogue: whether it takes a bias, or an operand alone.
    pub(super) epilogue: Option<bool>,
}

impl Dispatch {
    /// A launch of the kernel in `shaders/**/<name>.wgsl` with its `Params`: shapes and constants, nothing that
    /// changes from step to step.
    pub fn new(name: &'static str, params: &impl Pod) -> Self {
        Self {
            kernel: Kernel { name, overrides: Vec::new() },
            params: bytemuck::bytes_of(params).to_vec(),
            bindings: Vec::new(),
            grid: Grid::Workgroups([1; 3]),
            work: Work::default(),
            map: None,
            epilogue: None,
        }
    }

    /// Sets an `override` constant of the shader.
    pub fn constant(mut self, name: &'static str, value: u32) -> Self {
        self.kernel.overrides.push((name, value));
        self
    }

    /// Binds the next argument, inputs first, in the order of the shader's bindings.
    pub fn bind(mut self, binding: impl Into<Binding>) -> Self {
        self.bindings.push(binding.into());
        self
    }

    /// Says that the launch is such a map of the inputs bound to it, so that the kernel before it may do it.
    pub fn map(mut self, map: Map) -> Self {
        self.map = Some(map);
        self
    }

    /// Says that the kernel's `Params` end with an [`Epilogue`] and binds the epilogue's bias, if it takes one, and its
    /// operand, which are the last inputs: nothing so far, in whose place `idle` is bound, any input that is not a
    /// map's output.
    pub fn epilogue(mut self, takes_bias: bool, idle: impl Into<Binding>) -> Self {
        let idle = idle.into();
        self.epilogue = Some(takes_bias);
        self.bindings.extend(std::iter::repeat_n(idle, 1 + usize::from(takes_bias)));
        self
    }

    /// So many invocations in a row.
    pub fn invocations(mut self, count: usize) -> Self {
        self.grid = Grid::Invocations(count as u64);
        self
    }

    /// So many workgroups along x, y and z.
    pub fn workgroups(mut self, x: usize, y: usize, z: usize) -> Self {
        self.grid = Grid::Workgroups([x, y, z].map(|v| u32::try_from(v).expect("a grid fits u32")));
        self
    }

    /// Declares the work, in flops and bytes.
    pub fn work(mut self, flops: f64, bytes: f64) -> Self {
        self.work = Work { flops, bytes };
        self
    }
}

impl From<&Buffer> for Binding {
    fn from(buffer: &Buffer) -> Self {
        let dims = [1, 1, 1, (buffer.bytes() / 4) as usize];
        Self { buffer: buffer.clone(), offset: 0, bytes: buffer.bytes(), dims }
    }
}

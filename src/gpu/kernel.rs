//! A kernel's name and variant, and one launch of it as the recorder keeps it.

use bytemuck::Pod;

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
}

/// How many workgroups a launch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Enough workgroups for so many invocations in a row; the kernel finds its place with `linear_index`.
    Invocations(u64),
    /// So many workgroups along x, y and z.
    Workgroups([u32; 3]),
}

/// One launch of a kernel. Binding 0 is its `Params`; the others follow in the order they are bound here.
#[derive(Debug, Clone)]
pub struct Dispatch {
    pub(super) kernel: Kernel,
    pub(super) params: Vec<u8>,
    pub(super) bindings: Vec<Binding>,
    pub(super) grid: Grid,
    pub(super) work: Work,
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
        Self { buffer: buffer.clone(), offset: 0, bytes: buffer.bytes() }
    }
}

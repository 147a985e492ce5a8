//! What a kernel binds, by its text alone: the same for every variant, and known without compiling one.

use wgpu::naga::front::wgsl;

use crate::gpu::{
    Error,
    shader::{self, Access, ShaderError, assemble::assemble, interface},
};

/// What a list of commands has to know of a kernel to be planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gpu) struct Interface {
    /// Storage bindings, which follow binding 0.
    pub bindings: usize,
    /// Bit i is set when the kernel may write storage binding i.
    pub writes: u32,
    /// Bytes of the uniform at binding 0.
    pub params_bytes: usize,
}

/// The interface of the kernel called `name`.
///
/// # Errors
/// When there is none, or its text cannot be parsed.
pub(in crate::gpu) fn of(name: &str) -> Result<Interface, Error> {
    let source = shader::kernel(name).ok_or_else(|| ShaderError::Unknown(name.to_owned()))?;
    let whole = |message: String| ShaderError::Whole { path: source.path.to_owned(), message };
    let text = assemble(source.path, source.text, shader::sources())?.text;
    let module = wgsl::parse_str(&text).map_err(|error| whole(error.message().to_owned()))?;
    let bindings = interface::bindings(&module).map_err(whole)?;
    let storage = || bindings.iter().filter(|binding| binding.index > 0);
    let written = storage().filter(|binding| binding.access == Access::ReadWrite);
    Ok(Interface {
        bindings: storage().count(),
        writes: written.fold(0, |bits, binding| bits | 1 << (binding.index - 1)),
        params_bytes: interface::params_size(&module) as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::{Interface, of};
    use crate::gpu::shader;

    #[test]
    fn the_text_tells_what_the_compiled_kernel_tells() {
        for source in shader::kernels() {
            let compiled = shader::compile(source.name, &[]).expect("it compiles");
            let expected = Interface {
                bindings: compiled.bindings.len() - 1,
                writes: compiled.written_bindings(),
                params_bytes: compiled.params_size as usize,
            };
            assert_eq!(of(source.name).expect("it can be parsed"), expected, "{}", source.path);
        }
    }
}

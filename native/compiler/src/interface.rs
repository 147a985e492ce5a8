//! What a kernel asks of those who launch it.

use super::passes::operands;
use naga::{AddressSpace, Barrier, Block, BuiltIn, FunctionArgument, Module, Statement, StorageAccess, TypeInner};

/// One `@group(0) @binding(index) var`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The variable's name in the text.
    pub name: String,
    /// The number of the binding.
    pub index: u32,
    /// What the kernel does with the buffer.
    pub access: Access,
}

/// What a kernel does with a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// `var<uniform>`: small, read by all invocations alike.
    Uniform,
    /// `var<storage, read>`: an input.
    Read,
    /// `var<storage, read_write>`: an output, or a value changed in place.
    ReadWrite,
}

/// The buffers that `module` declares, ordered by index.
pub fn bindings(module: &Module) -> Result<Vec<Binding>, String> {
    let mut bindings = Vec::new();
    for (_, variable) in module.global_variables.iter() {
        let Some(binding) = &variable.binding else { continue };
        let name = variable.name.clone().unwrap_or_default();
        let access = match variable.space {
            AddressSpace::Uniform => Access::Uniform,
            AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => Access::ReadWrite,
            AddressSpace::Storage { .. } => Access::Read,
            _ => {
                return Err(format!(
                    "`{name}` is neither a uniform nor a storage buffer, and kernels know nothing else"
                ));
            }
        };
        if binding.group != 0 {
            return Err(format!("`{name}` is in group {}, but kernels have group 0 only", binding.group));
        }
        bindings.push(Binding { name, index: binding.binding, access });
    }
    bindings.sort_by_key(|binding| binding.index);
    Ok(bindings)
}

/// Bytes of the uniform at binding 0.
pub fn params_size(module: &Module) -> u32 {
    let params = module.global_variables.iter().find(|(_, variable)| {
        variable.space == AddressSpace::Uniform && variable.binding.as_ref().is_some_and(|at| at.binding == 0)
    });
    params.map_or(0, |(_, variable)| module.types[variable.ty].inner.size(module.to_ctx()))
}

/// Bytes of workgroup memory that the variables of `module` take, each starting at a multiple of 16 as WebGPU counts.
pub fn workgroup_bytes(module: &Module) -> u32 {
    let variables = module.global_variables.iter().filter(|(_, variable)| variable.space == AddressSpace::WorkGroup);
    variables.map(|(_, variable)| module.types[variable.ty].inner.size(module.to_ctx()).next_multiple_of(16)).sum()
}

/// Whether a function of `module` exchanges values between lanes or asks which lane it is.
pub fn uses_subgroups(module: &Module) -> bool {
    let mains = module.entry_points.iter().map(|point| &point.function);
    let mut functions = module.functions.iter().map(|(_, function)| function).chain(mains);
    functions.any(|function| exchanges(&function.body) || function.arguments.iter().any(|a| tells_lane(module, a)))
}

/// Whether `module` has a cooperative matrix anywhere.
pub fn uses_cooperative(module: &Module) -> bool {
    module.types.iter().any(|(_, ty)| matches!(ty.inner, TypeInner::CooperativeMatrix { .. }))
}

/// Whether `block` has a subgroup operation.
fn exchanges(block: &Block) -> bool {
    let mut found = false;
    operands::for_each_statement(block, &mut |statement| {
        found |= match statement {
            Statement::SubgroupBallot { .. }
            | Statement::SubgroupGather { .. }
            | Statement::SubgroupCollectiveOperation { .. } => true,
            Statement::ControlBarrier(barrier) | Statement::MemoryBarrier(barrier) => {
                barrier.contains(Barrier::SUB_GROUP)
            }
            _ => false,
        };
    });
    found
}

/// Whether an argument of an entry point, or a member of it, is the number or the count of lanes or subgroups.
fn tells_lane(module: &Module, argument: &FunctionArgument) -> bool {
    let is_lane = |binding: &Option<naga::Binding>| {
        use BuiltIn::{NumSubgroups, SubgroupId, SubgroupInvocationId, SubgroupSize};
        matches!(binding, Some(naga::Binding::BuiltIn(NumSubgroups | SubgroupId | SubgroupInvocationId | SubgroupSize)))
    };
    match &module.types[argument.ty].inner {
        TypeInner::Struct { members, .. } => members.iter().any(|member| is_lane(&member.binding)),
        _ => is_lane(&argument.binding),
    }
}

//! From a kernel's name and the values of its overrides to a module ready for a device.

use super::assemble::{Assembled, assemble};
use super::broadcast::broadcast;
use super::operands;
use super::scalars::split_arrays;
use super::unread::{drop_unnamed, drop_unread};
use super::unroll::{MOST_STATEMENTS, TooLong, unroll};
use super::{ShaderError, kernel, sources};
use naga::back::pipeline_constants::process_overrides;
use naga::back::wgsl::WriterFlags;
use naga::compact::{KeepUnused, compact};
use naga::valid::{Capabilities, ModuleInfo, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};
use naga::{
    AddressSpace, Barrier, Block, BuiltIn, Function, Module, ShaderStage, Span, Statement, StorageAccess, TypeInner,
};

/// The name every kernel's entry point has.
pub const ENTRY_POINT: &str = "main";

/// A kernel ready for a device: no imports, no overrides, short loops written out.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The validated module; its only entry point is [`ENTRY_POINT`].
    pub module: Module,
    /// Invocations per workgroup along x, y and z.
    pub workgroup_size: [u32; 3],
    /// What the text declares in group 0, ordered by index, used or not.
    pub bindings: Vec<Binding>,
    /// Bytes of the uniform at binding 0, 0 if the kernel has none.
    pub params_size: u32,
    /// Whether lanes talk to each other, which the device must allow.
    pub uses_subgroups: bool,
}

impl Compiled {
    /// The kernel as it was compiled, as WGSL: what the passes made of the text.
    ///
    /// # Errors
    /// A sentence of naga's, if the kernel uses something that it cannot write.
    pub fn to_wgsl(&self) -> Result<String, String> {
        let info = validator().validate(&self.module).map_err(|e| e.to_string())?;
        naga::back::wgsl::write_string(&self.module, &info, WriterFlags::empty()).map_err(|error| error.to_string())
    }
}

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

/// Compiles the kernel called `name`, its overrides set to the given values where they are named and to their defaults
/// elsewhere.
///
/// # Errors
/// Everything that can be wrong with a shader; see [`ShaderError`].
pub fn compile(name: &str, overrides: &[(&str, f64)]) -> Result<Compiled, ShaderError> {
    let source = kernel(name).ok_or_else(|| ShaderError::Unknown(name.to_string()))?;
    compile_source(source.path, source.text, overrides)
}

/// Compiles a kernel from its `text`, called `path` in messages; imports come from `shaders/common/`.
///
/// # Errors
/// As [`compile`].
pub fn compile_source(path: &str, text: &str, overrides: &[(&str, f64)]) -> Result<Compiled, ShaderError> {
    let assembled = assemble(path, text, sources())?;
    let report = Report { path, assembled: &assembled };
    let written = naga::front::wgsl::parse_str(&assembled.text)
        .map_err(|error| report.at(error.labels().next().map(|(span, _)| span), error.message().to_string()))?;
    let info = report.validate(&written)?;
    let bindings = bindings(&written).map_err(|message| report.whole(message))?;

    let values = overrides.iter().map(|&(name, value)| (name.to_string(), value)).collect();
    let entry = (ShaderStage::Compute, ENTRY_POINT);
    if !written.entry_points.iter().any(|point| (point.stage, point.name.as_str()) == entry) {
        return Err(report.whole("there is no `@compute fn main`".to_string()));
    }
    let (resolved, _) = process_overrides(&written, &info, Some(entry), &values)
        .map_err(|error| report.whole(format!("with the overrides {overrides:?}: {error}")))?;
    let mut module = resolved.into_owned();
    write_out(&mut module).map_err(|TooLong(span)| {
        let message = format!("written out, this loop makes the kernel longer than {MOST_STATEMENTS} statements; lower the number of turns");
        report.at(Some(span), message)
    })?;
    report.validate(&module)?;

    let main = module.entry_points.iter().find(|point| point.name == ENTRY_POINT);
    let workgroup_size = main.map_or([1; 3], |point| point.workgroup_size);
    let params_size = params_size(&written);
    let uses_subgroups = uses_subgroups(&module);
    Ok(Compiled { workgroup_size, bindings, params_size, uses_subgroups, module })
}

/// Runs the passes over all functions of `module`; between them `compact` drops what they leave unused.
fn write_out(module: &mut Module) -> Result<(), TooLong> {
    each_function(module, |module, function| {
        *function = unroll(module, function)?;
        broadcast(function);
        Ok(())
    })?;
    compact(module, KeepUnused::No);
    each_function(module, |module, function| {
        split_arrays(module, function);
        Ok(())
    })?;
    compact(module, KeepUnused::No);
    each_function(module, |_, function| {
        drop_unread(function);
        Ok(())
    })?;
    compact(module, KeepUnused::No);
    each_function(module, |_, function| {
        drop_unnamed(function);
        Ok(())
    })
}

/// Calls `pass` for every function and entry point. The module it sees has none.
fn each_function(
    module: &mut Module,
    mut pass: impl FnMut(&Module, &mut Function) -> Result<(), TooLong>,
) -> Result<(), TooLong> {
    let mut functions = std::mem::take(&mut module.functions);
    let mut mains = std::mem::take(&mut module.entry_points);
    let mains_inside = mains.iter_mut().map(|point| &mut point.function);
    functions.iter_mut().map(|(_, function)| function).chain(mains_inside).try_for_each(|f| pass(module, f))?;
    module.functions = functions;
    module.entry_points = mains;
    Ok(())
}

/// Checks modules for a device that has WebGPU's core and subgroups. What the device at hand cannot do is for the device to
/// refuse.
fn validator() -> Validator {
    let abilities = Capabilities::SUBGROUP | Capabilities::SUBGROUP_BARRIER | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    let mut validator = Validator::new(ValidationFlags::all(), abilities);
    validator.subgroup_stages(ShaderStages::COMPUTE).subgroup_operations(SubgroupOperationSet::all());
    validator
}

/// Turns what naga finds wrong into our errors.
struct Report<'a> {
    path: &'a str,
    assembled: &'a Assembled,
}

impl Report<'_> {
    fn whole(&self, message: String) -> ShaderError {
        ShaderError::Whole { path: self.path.to_string(), message }
    }

    fn at(&self, span: Option<Span>, message: String) -> ShaderError {
        match span.filter(Span::is_defined) {
            Some(span) => {
                let location = span.location(&self.assembled.text);
                let place = self.assembled.place(location.line_number, location.line_position);
                ShaderError::At { place, message }
            }
            None => self.whole(message),
        }
    }

    /// Checks `module` against the rules of WGSL.
    fn validate(&self, module: &Module) -> Result<ModuleInfo, ShaderError> {
        let abilities =
            Capabilities::SUBGROUP | Capabilities::SUBGROUP_BARRIER | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
        Validator::new(ValidationFlags::all(), abilities)
            .subgroup_stages(ShaderStages::COMPUTE)
            .subgroup_operations(SubgroupOperationSet::all())
            .validate(module)
            .map_err(|error| {
                // The outermost error says only in which function something is wrong; its causes say what.
                let mut message = error.as_inner().to_string();
                let mut cause = std::error::Error::source(error.as_inner());
                while let Some(error) = cause {
                    message = format!("{message}: {error}");
                    cause = error.source();
                }
                self.at(error.spans().next().map(|&(span, _)| span), message)
            })
    }
}

/// The buffers that `module` declares, ordered by index.
fn bindings(module: &Module) -> Result<Vec<Binding>, String> {
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
fn params_size(module: &Module) -> u32 {
    let params = module.global_variables.iter().find(|(_, variable)| {
        variable.space == AddressSpace::Uniform && variable.binding.as_ref().is_some_and(|at| at.binding == 0)
    });
    params.map_or(0, |(_, variable)| module.types[variable.ty].inner.size(module.to_ctx()))
}

/// Whether a function of `module` exchanges values between lanes or asks which lane it is.
fn uses_subgroups(module: &Module) -> bool {
    let mains = module.entry_points.iter().map(|point| &point.function);
    let mut functions = module.functions.iter().map(|(_, function)| function).chain(mains);
    functions.any(|function| exchanges(&function.body) || function.arguments.iter().any(|a| tells_lane(module, a)))
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
fn tells_lane(module: &Module, argument: &naga::FunctionArgument) -> bool {
    let is_lane = |binding: &Option<naga::Binding>| {
        use BuiltIn::{NumSubgroups, SubgroupId, SubgroupInvocationId, SubgroupSize};
        matches!(binding, Some(naga::Binding::BuiltIn(NumSubgroups | SubgroupId | SubgroupInvocationId | SubgroupSize)))
    };
    match &module.types[argument.ty].inner {
        TypeInner::Struct { members, .. } => members.iter().any(|member| is_lane(&member.binding)),
        _ => is_lane(&argument.binding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: &str = "
struct Params { n: u32, factor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
override WIDTH: u32 = 64;
@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < params.n) { y[id.x] = params.factor * x[id.x]; }
}";

    #[test]
    fn a_kernel_tells_its_bindings_and_sizes() {
        let kernel = compile_source("scale.wgsl", SCALE, &[("WIDTH", 32.0)]).unwrap();
        assert_eq!(kernel.workgroup_size, [32, 1, 1]);
        assert_eq!(compile_source("scale.wgsl", SCALE, &[]).unwrap().workgroup_size, [64, 1, 1]);
        let binding = |name: &str, index, access| Binding { name: name.to_string(), index, access };
        assert_eq!(
            kernel.bindings,
            [binding("params", 0, Access::Uniform), binding("x", 1, Access::Read), binding("y", 2, Access::ReadWrite)]
        );
        assert_eq!(kernel.params_size, 8);
        assert!(!kernel.uses_subgroups);
        assert!(kernel.module.overrides.is_empty());
    }

    #[test]
    fn subgroups_are_noticed_in_arguments_and_in_statements() {
        let lane = "@compute @workgroup_size(8) fn main(@builtin(subgroup_invocation_id) lane: u32) {}";
        assert!(compile_source("lane.wgsl", lane, &[]).unwrap().uses_subgroups);
        let sum = "fn total(x: f32) -> f32 { if (x > 0.0) { return x; } return subgroupAdd(x); }
            @compute @workgroup_size(8) fn main() { let t = total(1.0); }";
        assert!(compile_source("sum.wgsl", sum, &[]).unwrap().uses_subgroups);
    }

    #[test]
    fn errors_name_file_line_and_column() {
        let message =
            |text: &str, overrides: &[(&str, f64)]| compile_source("a.wgsl", text, overrides).unwrap_err().to_string();
        let grammar = message("fn main() {\n    let x = ;\n}", &[]);
        assert!(grammar.starts_with("a.wgsl:2:13: "), "{grammar}");
        let rule = message("@compute @workgroup_size(1)\nfn main() {\n    let x: f32 = 1u;\n}", &[]);
        assert!(rule.starts_with("a.wgsl:3:"), "{rule}");
        let lanes = message("@compute @workgroup_size(1)\nfn main() {\n  workgroupBarrier();\n  return 1u;\n}", &[]);
        assert!(lanes.starts_with("a.wgsl:4:") && lanes.contains("return"), "{lanes}");
        assert!(message(SCALE, &[("WIDHT", 8.0)]).starts_with("a.wgsl: with the overrides [(\"WIDHT\", 8.0)]"));
        assert_eq!(message("fn helper() {}", &[]), "a.wgsl: there is no `@compute fn main`");
        assert!(compile("no_such_kernel", &[]).unwrap_err().to_string().contains("`no_such_kernel`"));
    }
}

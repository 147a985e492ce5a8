//! From a kernel's name and the values of its overrides to a module ready for a device.

use super::assemble::{Assembled, assemble};
use super::interface::{Access, Binding};
use super::passes::unroll::TooLong;
use super::{Place, ShaderError, interface, kernel, passes, sources};
use naga::back::pipeline_constants::process_overrides;
use naga::back::{spv, wgsl::WriterFlags};
use naga::valid::{Capabilities, ModuleInfo, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};
use naga::{Expression, Literal, Module, ShaderStage, Span};
use std::collections::BTreeMap;

/// The name every kernel's entry point has.
pub const ENTRY_POINT: &str = "main";

/// Statements a function may have once its loops are written out: several times what the largest useful tile needs, and
/// still few enough for a driver.
pub const MOST_STATEMENTS: usize = 32_768;

/// The same for native code, of which every variant is compiled with the crate: what the fastest tiles need. A kernel
/// that would be longer keeps its loops.
pub const MOST_NATIVE_STATEMENTS: usize = 1_500;

/// The same for kernels without workgroup memory, whose register tiles are what the CPU computes with: kept as loops
/// over arrays they take twice as long.
pub const MOST_NATIVE_STATEMENTS_ALONE: usize = 3_000;

/// A kernel ready for a device: imports inserted, every override with its value, short loops written out.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The path of its file relative to `shaders/`.
    pub path: String,
    /// Its text with the imports inserted, which the spans of the module refer to.
    pub assembled: Assembled,
    /// The validated module; its only entry point is [`ENTRY_POINT`].
    pub module: Module,
    /// Invocations per workgroup along x, y and z.
    pub workgroup_size: [u32; 3],
    /// What the text declares in group 0, ordered by index, used or not.
    pub bindings: Vec<Binding>,
    /// Bytes of the uniform at binding 0, 0 if the kernel has none.
    pub params_size: u32,
    /// Bytes of workgroup memory, as WebGPU counts them.
    pub workgroup_bytes: u32,
    /// Whether lanes talk to each other, which the device must allow.
    pub uses_subgroups: bool,
    /// Whether subgroups multiply matrices together, which the device must allow.
    pub uses_cooperative: bool,
}

impl Compiled {
    /// Bit i is set when the kernel may write storage binding i, those counted behind binding 0.
    pub fn written_bindings(&self) -> u32 {
        let written = self.bindings.iter().filter(|binding| binding.access == Access::ReadWrite);
        written.map(|binding| 1 << (binding.index - 1)).sum()
    }

    /// The place in the files that `span` of the module comes from.
    pub fn place(&self, span: Span) -> Place {
        let location = span.location(&self.assembled.text);
        self.assembled.place(location.line_number, location.line_position)
    }

    /// The kernel as it was compiled, as WGSL: what the passes made of the text.
    ///
    /// # Errors
    /// A sentence of naga's, if the kernel uses something that it cannot write.
    pub fn to_wgsl(&self) -> Result<String, String> {
        let info = validator().validate(&self.module).map_err(|e| e.to_string())?;
        naga::back::wgsl::write_string(&self.module, &info, WriterFlags::empty()).map_err(|error| error.to_string())
    }

    /// The kernel as a Vulkan driver gets it, as SPIR-V.
    ///
    /// # Errors
    /// A sentence of naga's, if the kernel uses something that it cannot write.
    pub fn to_spirv(&self) -> Result<Vec<u32>, String> {
        let info = validator().validate(&self.module).map_err(|e| e.to_string())?;
        let options = spv::Options { lang_version: (1, 3), ..spv::Options::default() };
        spv::write_vec(&self.module, &info, &options, None).map_err(|error| error.to_string())
    }
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

/// As [`compile`], for translation to native code.
///
/// # Errors
/// As [`compile`].
pub fn compile_native(name: &str, overrides: &[(&str, f64)]) -> Result<Compiled, ShaderError> {
    let source = kernel(name).ok_or_else(|| ShaderError::Unknown(name.to_string()))?;
    compile_native_source(source.path, source.text, overrides)
}

/// As [`compile_source`], for translation to native code.
///
/// # Errors
/// As [`compile`].
pub fn compile_native_source(path: &str, text: &str, overrides: &[(&str, f64)]) -> Result<Compiled, ShaderError> {
    let written = Written::of(path, text)?;
    let mut module = written.resolve(overrides)?;
    let shares = module.global_variables.iter().any(|(_, variable)| variable.space == naga::AddressSpace::WorkGroup);
    let most = if shares { MOST_NATIVE_STATEMENTS } else { MOST_NATIVE_STATEMENTS_ALONE };
    if passes::run(&mut module, most).is_err() {
        module = written.resolve(overrides)?;
    }
    written.finish(module)
}

/// Compiles a kernel from its `text`, called `path` in messages; imports come from `shaders/common/`.
///
/// # Errors
/// As [`compile`].
pub fn compile_source(path: &str, text: &str, overrides: &[(&str, f64)]) -> Result<Compiled, ShaderError> {
    let written = Written::of(path, text)?;
    let mut module = written.resolve(overrides)?;
    passes::run(&mut module, MOST_STATEMENTS).map_err(|TooLong(span)| {
        let message =
            format!("written out, this loop makes over {MOST_STATEMENTS} statements: let it take fewer turns");
        written.front().at(Some(span), message)
    })?;
    written.finish(module)
}

/// A kernel as it was written.
struct Written {
    path: String,
    assembled: Assembled,
    module: Module,
}

impl Written {
    fn of(path: &str, text: &str) -> Result<Self, ShaderError> {
        let assembled = assemble(path, text, sources())?;
        let module = Front { path, assembled: &assembled }.parse()?;
        Ok(Self { path: path.to_string(), assembled, module })
    }

    fn front(&self) -> Front<'_> {
        Front { path: &self.path, assembled: &self.assembled }
    }

    /// A copy of the module with a value for each override.
    fn resolve(&self, overrides: &[(&str, f64)]) -> Result<Module, ShaderError> {
        self.front().resolve(&self.module, overrides)
    }

    /// The kernel, once `module` is as it shall be.
    fn finish(self, module: Module) -> Result<Compiled, ShaderError> {
        let front = self.front();
        let bindings = interface::bindings(&self.module).map_err(|message| front.whole(message))?;
        front.validate(&module)?;
        Ok(Compiled {
            workgroup_size: module.entry_points.first().map_or([1; 3], |main| main.workgroup_size),
            bindings,
            params_size: interface::params_size(&self.module),
            workgroup_bytes: interface::workgroup_bytes(&module),
            uses_subgroups: interface::uses_subgroups(&module),
            uses_cooperative: interface::uses_cooperative(&module),
            module,
            path: self.path,
            assembled: self.assembled,
        })
    }
}

/// The `override` constants of the kernel called `name` whose defaults are numbers, with these.
///
/// # Errors
/// As [`compile`].
pub fn overrides(name: &str) -> Result<BTreeMap<String, u32>, ShaderError> {
    let source = kernel(name).ok_or_else(|| ShaderError::Unknown(name.to_string()))?;
    let Written { module, .. } = Written::of(source.path, source.text)?;
    let default = |constant: &naga::Override| {
        let value = match module.global_expressions[constant.init?] {
            Expression::Literal(Literal::U32(value)) => value,
            Expression::Literal(Literal::I32(value)) => value as u32,
            Expression::Literal(Literal::Bool(value)) => u32::from(value),
            _ => return None,
        };
        Some((constant.name.clone()?, value))
    };
    Ok(module.overrides.iter().filter_map(|(_, constant)| default(constant)).collect())
}

/// Parses and validates `text`, which imports nothing, and sets its overrides, without running the passes.
#[cfg(test)]
pub fn resolve_source(text: &str, overrides: &[(&str, f64)]) -> Result<Module, ShaderError> {
    let assembled = assemble("test.wgsl", text, &[])?;
    let front = Front { path: "test.wgsl", assembled: &assembled };
    front.resolve(&front.parse()?, overrides)
}

/// Checks modules for a device that has WebGPU's core, subgroups, f16 and cooperative matrices. What the device at hand
/// cannot do is for the device to refuse.
fn validator() -> Validator {
    let abilities = Capabilities::SUBGROUP
        | Capabilities::SUBGROUP_BARRIER
        | Capabilities::SHADER_FLOAT16_IN_FLOAT32
        | Capabilities::SHADER_FLOAT16
        | Capabilities::COOPERATIVE_MATRIX;
    let mut validator = Validator::new(ValidationFlags::all(), abilities);
    validator.subgroup_stages(ShaderStages::COMPUTE).subgroup_operations(SubgroupOperationSet::all());
    validator
}

/// naga's front door, and its complaints made ours.
struct Front<'a> {
    path: &'a str,
    assembled: &'a Assembled,
}

impl Front<'_> {
    fn parse(&self) -> Result<Module, ShaderError> {
        naga::front::wgsl::parse_str(&self.assembled.text)
            .map_err(|error| self.at(error.labels().next().map(|(span, _)| span), error.message().to_string()))
    }

    /// A copy of `module` with a value for each override.
    fn resolve(&self, module: &Module, overrides: &[(&str, f64)]) -> Result<Module, ShaderError> {
        let info = self.validate(module)?;
        let main = (ShaderStage::Compute, ENTRY_POINT);
        if !module.entry_points.iter().any(|point| (point.stage, point.name.as_str()) == main) {
            return Err(self.whole(format!("there is no `@compute fn {ENTRY_POINT}`")));
        }
        let values = overrides.iter().map(|&(name, value)| (name.to_string(), value)).collect();
        let (resolved, _) = process_overrides(module, &info, Some(main), &values)
            .map_err(|error| self.whole(format!("with the overrides {overrides:?}: {error}")))?;
        Ok(resolved.into_owned())
    }

    /// Checks `module` against the rules of WGSL.
    fn validate(&self, module: &Module) -> Result<ModuleInfo, ShaderError> {
        validator().validate(module).map_err(|error| {
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

    fn whole(&self, message: String) -> ShaderError {
        ShaderError::Whole { path: self.path.to_string(), message }
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
var<workgroup> tile: array<f32, WIDTH + 1>;
@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < params.n) { tile[0] = params.factor; y[id.x] = tile[0] * x[id.x]; }
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
        assert_eq!((kernel.params_size, kernel.workgroup_bytes), (8, 33 * 4 + 12));
        assert!(!kernel.uses_subgroups);
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

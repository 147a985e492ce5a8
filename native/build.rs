//! Translates every kernel of `shaders/` to Rust, for each level that the target can have.

use std::{env, error::Error, fmt::Write, fs, path::Path, process::ExitCode, sync::Mutex, thread};

use sumi_compiler::{Source, compile_native, kernels, overrides, translate::translate, variants::variants};

/// A level: its module in `lanes`, its variant of `Level`, its instructions, its lanes.
struct Level {
    module: &'static str,
    variant: &'static str,
    instructions: Option<&'static str>,
    lanes: u32,
}

const BASELINE: Level = Level { module: "baseline", variant: "Baseline", instructions: None, lanes: 8 };
const CHECKED: Level = Level { module: "checked", variant: "Checked", instructions: None, lanes: 8 };
const X86: [Level; 2] = [
    Level { module: "avx2", variant: "Avx2", instructions: Some("avx2,fma"), lanes: 8 },
    Level {
        module: "avx512",
        variant: "Avx512",
        instructions: Some("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"),
        lanes: 16,
    },
];

fn main() -> ExitCode {
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A line each, as cargo shows them: the place in the shader and what is wrong there.
            println!("cargo::error={}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var("CARGO_CFG_TARGET_ARCH")?;
    let mut levels = vec![BASELINE];
    if target == "x86_64" {
        levels.extend(X86);
    }
    if env::var_os("CARGO_FEATURE_CHECKED").is_some() {
        levels.push(CHECKED);
    }
    let mut text = String::from("pub static KERNELS: &[Kernel] = &[\n");
    let widths = [8, 16].map(|lanes| (lanes, translated(lanes)));
    for level in &levels {
        let (_, kernels) = widths.iter().find(|(lanes, _)| *lanes == level.lanes).expect("levels have 8 lanes or 16");
        for kernel in kernels.as_ref().map_err(Clone::clone)? {
            for entry in &kernel.entries {
                writeln!(text, "{}", entry.replace("LEVEL", level.variant).replace("MODULE", level.module))?;
            }
        }
    }
    text.push_str("];\n");
    for level in &levels {
        let (_, kernels) = widths.iter().find(|(lanes, _)| *lanes == level.lanes).expect("levels have 8 lanes or 16");
        writeln!(text, "mod {} {{", level.module)?;
        for kernel in kernels.as_ref().map_err(Clone::clone)? {
            writeln!(text, "pub mod {} {{", kernel.name)?;
            writeln!(text, "use crate::{{launch::{{Launch, Memory}}, lanes::{}::*, uniform}};", level.module)?;
            for function in &kernel.functions {
                if let Some(instructions) = level.instructions {
                    writeln!(text, "#[target_feature(enable = \"{instructions}\")]")?;
                }
                text.push_str(function);
            }
            text.push_str("}\n");
        }
        text.push_str("}\n");
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("kernels.rs"), text)?;
    Ok(())
}

/// A kernel in all its variants.
struct Translated {
    name: &'static str,
    /// Of the table.
    entries: Vec<String>,
    functions: Vec<String>,
}

/// Every kernel for vectors of `lanes`, translated on all cores.
fn translated(lanes: u32) -> Result<Vec<Translated>, String> {
    let waiting = Mutex::new(kernels());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut done = Vec::new();
        while let Some(source) = { waiting.lock().map_err(|e| e.to_string())?.next() } {
            done.push(kernel(source, lanes)?);
        }
        Ok::<_, String>(done)
    };
    let parts: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().map_err(|_| "a translation panicked".to_string())).collect()
    });
    let mut all = Vec::new();
    for part in parts {
        all.extend(part??);
    }
    all.sort_by_key(|kernel| kernel.name);
    Ok(all)
}

fn kernel(source: &'static Source, lanes: u32) -> Result<Translated, String> {
    let name = source.name;
    let defaults = overrides(name).map_err(|e| e.to_string())?;
    let mut kernel = Translated { name, entries: Vec::new(), functions: Vec::new() };
    for (number, variant) in variants(source, lanes).map_err(|e| e.to_string())?.into_iter().enumerate() {
        let given: Vec<(&str, f64)> = variant.iter().map(|(name, value)| (name.as_str(), f64::from(*value))).collect();
        let compiled = compile_native(name, &given).map_err(|e| e.to_string())?;
        let translation = translate(&compiled, lanes).map_err(|e| e.to_string())?;
        let differing: Vec<_> = variant.iter().filter(|(name, value)| defaults.get(*name) != Some(*value)).collect();
        let pairs =
            |list: Vec<(&String, &u32)>| list.iter().map(|(n, v)| format!("({n:?}, {v}), ")).collect::<String>();
        let writes = compiled.written_bindings();
        kernel.entries.push(format!(
            "Kernel {{ name: {name:?}, overrides: &[{}], defaults: &[{}], level: Level::LEVEL, workgroup_size: {:?}, \
             bindings: {}, writes: {writes}, params_bytes: {}, barriers: {}, run: MODULE::{name}::variant_{number} }},",
            pairs(differing),
            pairs(defaults.iter().collect()),
            compiled.workgroup_size,
            compiled.bindings.len() - 1,
            compiled.params_size,
            translation.barriers,
        ));
        let mut function =
            format!("pub unsafe fn variant_{number}(launch: &Launch<'_>, group: [u32; 3]) {{ unsafe {{\n");
        for line in &translation.lines {
            function.push_str(&line.text);
            function.push('\n');
        }
        function.push_str("}}\n");
        kernel.functions.push(function);
    }
    Ok(kernel)
}

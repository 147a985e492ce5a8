//! Translates every kernel of `shaders/` to Rust, for each level that the target can have. With the feature `checked`
//! also those of `tests/shaders/`, and kernels without one of their barriers.

use std::{env, error::Error, fmt::Write, fs, path::Path, process::ExitCode, sync::Mutex, thread};

use sumi_compiler::{
    ShaderError, Source, compile_native_source, kernels, overrides,
    translate::translate,
    variants::{Overrides, variants},
};

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
    println!("cargo::rerun-if-changed=tests/shaders");
    let target = env::var("CARGO_CFG_TARGET_ARCH")?;
    let mut levels = vec![BASELINE];
    if target == "x86_64" {
        levels.extend(X86);
    }
    let checked = env::var_os("CARGO_FEATURE_CHECKED").is_some();
    if checked {
        levels.push(CHECKED);
    }
    let mut text = table("KERNELS", &kernels().map(Job::kernel).collect::<Result<Vec<_>, _>>()?, &levels)?;
    if checked {
        text += &table("TEST_KERNELS", &test_kernels()?, &levels)?;
        text += &table("MUTANTS", &mutants()?, &[CHECKED])?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("kernels.rs"), text)?;
    Ok(())
}

/// A kernel to be translated.
struct Job {
    name: String,
    /// What its file is called in messages.
    path: String,
    /// WGSL.
    text: String,
    /// The `override` constants of the file.
    defaults: Overrides,
    /// Those of each variant, for 8 lanes and for 16.
    variants: [Vec<Overrides>; 2],
}

impl Job {
    /// A kernel of `shaders/`.
    fn kernel(source: &'static Source) -> Result<Self, ShaderError> {
        let of = |lanes| variants(source, lanes);
        Ok(Self {
            name: source.name.into(),
            path: source.path.into(),
            text: source.text.into(),
            defaults: overrides(source.name)?,
            variants: [of(8)?, of(16)?],
        })
    }
}

/// Kernels that try the translation itself: all files of `tests/shaders/`.
fn test_kernels() -> Result<Vec<Job>, Box<dyn Error>> {
    let mut jobs = Vec::new();
    for file in fs::read_dir("tests/shaders")? {
        let path = file?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (text, defaults, variants) = (fs::read_to_string(&path)?, Overrides::new(), Default::default());
        let mut job = Job { name, path: path.to_string_lossy().into_owned(), text, defaults, variants };
        job.variants.fill(vec![Overrides::new()]);
        jobs.push(job);
    }
    Ok(jobs)
}

/// Every kernel that has barriers once without each of them, in its smallest variant.
fn mutants() -> Result<Vec<Job>, ShaderError> {
    const BARRIER: &str = "workgroupBarrier();";
    let mut jobs = Vec::new();
    for source in kernels() {
        for (number, (at, _)) in source.text.match_indices(BARRIER).enumerate() {
            let mut job = Job::kernel(source)?;
            job.name = format!("{}_without_barrier_{}", source.name, number + 1);
            job.text.replace_range(at..at + BARRIER.len(), "");
            let size = |variant: &Overrides| variant.values().map(|value| u64::from(*value)).product::<u64>();
            for variants in &mut job.variants {
                // Sizes with switches that are off are 0, which is as good: the work is the tile's.
                let smallest = variants.iter().min_by_key(|variant| (size(variant), variant.values().max())).cloned();
                *variants = smallest.into_iter().collect();
            }
            jobs.push(job);
        }
    }
    Ok(jobs)
}

/// The Rust text of a table called `name` of kernels for `levels`, and of its functions.
fn table(name: &str, jobs: &[Job], levels: &[Level]) -> Result<String, Box<dyn Error>> {
    let module = name.to_lowercase();
    let mut text = format!("pub static {name}: &[Kernel] = &[\n");
    let wanted = |lanes| levels.iter().any(|level| level.lanes == lanes);
    let widths: Vec<_> = [8, 16].into_iter().filter(|lanes| wanted(*lanes)).collect();
    let widths = widths.into_iter().map(|lanes| Ok((lanes, translated(jobs, lanes)?)));
    let widths = widths.collect::<Result<Vec<_>, String>>()?;
    let of = |wanted: u32| widths.iter().filter(move |(lanes, _)| *lanes == wanted).flat_map(|(_, kernels)| kernels);
    for level in levels {
        for entry in of(level.lanes).flat_map(|kernel| &kernel.entries) {
            let run = format!("{module}::{}", level.module);
            writeln!(text, "{}", entry.replace("LEVEL", level.variant).replace("MODULE", &run))?;
        }
    }
    writeln!(text, "];\nmod {module} {{")?;
    for level in levels {
        writeln!(text, "pub mod {} {{", level.module)?;
        for kernel in of(level.lanes) {
            writeln!(text, "pub mod {} {{", kernel.name)?;
            let crew = if level.module == CHECKED.module { "watched" } else { "unwatched" };
            writeln!(
                text,
                "use crate::{{crew::{crew} as crew, launch::Launch, lanes::{}::*, uniform}};",
                level.module
            )?;
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
    text.push_str("}\n");
    Ok(text)
}

/// A kernel in all its variants.
struct Translated {
    name: String,
    /// Of the table.
    entries: Vec<String>,
    functions: Vec<String>,
}

/// Every job for vectors of `lanes`, translated on all cores.
fn translated(jobs: &[Job], lanes: u32) -> Result<Vec<Translated>, String> {
    let waiting = Mutex::new(jobs.iter());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut done = Vec::new();
        while let Some(job) = { waiting.lock().map_err(|e| e.to_string())?.next() } {
            done.push(kernel(job, lanes).map_err(|e| e.to_string())?);
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
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn kernel(job: &Job, lanes: u32) -> Result<Translated, ShaderError> {
    let Job { name, defaults, .. } = job;
    let mut kernel = Translated { name: name.clone(), entries: Vec::new(), functions: Vec::new() };
    for (number, variant) in job.variants[usize::from(lanes == 16)].iter().enumerate() {
        let given: Vec<(&str, f64)> = variant.iter().map(|(name, value)| (name.as_str(), f64::from(*value))).collect();
        let compiled = compile_native_source(&job.path, &job.text, &given)?;
        let translation = translate(&compiled, lanes)?;
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

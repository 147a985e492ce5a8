//! From a kernel in naga's representation to Rust that runs one workgroup of it, a vector of invocations at a time.
//!
//! The translation goes through the kernel once from top to bottom, expression by expression and statement by
//! statement, and writes a line of Rust for each. In reading order:
//!
//! 1. `term`: what is known of a number: the same in all lanes, counting them, or different in each.
//! 2. `place`: what pointers point to. `text`: the lines being written.
//! 3. `arithmetic`: operations on numbers. `memory`: loads and stores, and which of them are contiguous.
//!    `matrix`: cooperative matrices.
//! 4. `expression`, `statement`: naga's, one by one; branches that only some lanes take, and loops that some leave
//!    earlier than others. `usage` tells when their numbers must be kept meanwhile.
//! 5. `segment`: kernels with barriers, cut into stretches that each vector of a workgroup runs in turn.
//! 6. `facts`: what one translation learns for the next, until one contradicts nothing that was assumed.

mod arithmetic;
mod expression;
mod facts;
mod frame;
mod matrix;
mod memory;
mod place;
mod segment;
mod statement;
mod subgroup;
mod term;
mod text;
mod usage;

use std::collections::{BTreeSet, HashMap};

use naga::{AddressSpace, BuiltIn, Module, Span};

use self::{
    facts::Facts,
    frame::{Context, Frame, Target},
    place::{Layout, Region, Root},
    segment::Stage,
    term::{Form, Kind, Term, Value},
    text::Text,
};
use crate::{Access, Compiled, ShaderError};

pub use self::{
    memory::{Touch, Way},
    text::Line,
};

/// A kernel as Rust: the body of a function `(launch: &Launch<'_>, group: [u32; 3])`.
#[derive(Debug, Clone)]
pub struct Translation {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Whether the kernel has barriers.
    pub barriers: bool,
}

impl Translation {
    /// Each access to memory, and what became of it.
    pub fn touches(&self) -> impl Iterator<Item = &Touch> {
        self.lines.iter().filter_map(|line| line.touch.as_ref())
    }
}

/// Translates a kernel for vectors of `lanes` invocations.
///
/// # Errors
/// What the kernel uses and translation does not cover, with file and line.
pub fn translate(kernel: &Compiled, lanes: u32) -> Result<Translation, ShaderError> {
    let mut facts = Facts::default();
    loop {
        facts.changed = false;
        let mut translator = Translator::new(kernel, lanes, &mut facts);
        let result = translator.kernel();
        let Translator { text, barriers, .. } = translator;
        if let Err(message) = result {
            return Err(match text.origin {
                Some(place) => ShaderError::At { place, message },
                None => ShaderError::Whole { path: kernel.path.clone(), message },
            });
        }
        if !facts.changed {
            return Ok(Translation { lines: text.finish(), barriers });
        }
    }
}

/// One translation under way.
struct Translator<'a> {
    kernel: &'a Compiled,
    module: &'a Module,
    lanes: u32,
    facts: &'a mut Facts,
    text: Text,
    /// The calls under way, `main` first.
    frames: Vec<Frame<'a>>,
    /// The loops, switches and functions around the present point.
    targets: Vec<Target>,
    /// Variables and targets met so far: translations meet them in the same order, so these numbers name them.
    variables: usize,
    met: usize,
    barriers: bool,
    /// The numbers of the variables in workgroup memory.
    shared: Vec<usize>,
    stage: Option<Stage>,
    /// What variables were assigned since the last branch, loop or call: until the next one nobody needs to read them.
    held: HashMap<(usize, u32), Term>,
}

impl<'a> Translator<'a> {
    fn new(kernel: &'a Compiled, lanes: u32, facts: &'a mut Facts) -> Self {
        let module = &kernel.module;
        let barriers = segment::has_barriers(module);
        let (frames, targets, shared, held) = Default::default();
        let stage = barriers.then(Stage::default);
        let text = Text::default();
        Self {
            kernel,
            module,
            lanes,
            facts,
            text,
            frames,
            targets,
            variables: 0,
            met: 0,
            barriers,
            shared,
            stage,
            held,
        }
    }

    /// Vectors to a workgroup.
    fn vectors(&self) -> u32 {
        self.invocations().div_ceil(self.lanes)
    }

    fn invocations(&self) -> u32 {
        self.kernel.workgroup_size.iter().product()
    }

    /// Where the text goes on comes from `span`.
    fn at(&mut self, span: Span) {
        if span.is_defined() {
            self.text.origin = Some(self.kernel.place(span));
        }
    }

    fn kernel(&mut self) -> Result<(), String> {
        self.bindings();
        self.workgroup_memory()?;
        let main = &self.module.entry_points[0].function;
        let arguments = main.arguments.iter().map(|a| self.builtin(a.binding.as_ref())).collect::<Result<_, _>>()?;
        let top = self.text.mark();
        if self.barriers {
            self.enter(main, arguments)?;
            self.declare_collective()?;
            self.collective_block(&main.body)?;
            let declarations = self.stage.take().map_or_else(Vec::new, |stage| stage.declarations);
            self.text.insert(top, declarations);
            return Ok(());
        }
        self.open_vectors();
        self.enter(main, arguments)?;
        self.declare()?;
        let context = self.outermost();
        self.body(&main.body, &context)?;
        self.text.close("}");
        Ok(())
    }

    /// The first lines: the memory and the parameters of the launch.
    fn bindings(&mut self) {
        for binding in &self.kernel.bindings {
            match binding.access {
                Access::Uniform => {}
                _ => self.text.line(format!("let m{0} = launch.memory[{1}];", binding.index, binding.index - 1)),
            }
        }
        for word in 0..self.kernel.params_size / 4 {
            self.text.line(format!("let p{word} = launch.params[{word}];"));
        }
    }

    fn workgroup_memory(&mut self) -> Result<(), String> {
        for (handle, variable) in self.module.global_variables.iter() {
            if variable.space == AddressSpace::WorkGroup {
                let words = Layout::of(self.module, variable.ty)?.words();
                let number = handle.index();
                self.text.line(format!("let mut w{number}_words = [0u32; {words}];"));
                self.text.line(format!("let w{number}_marks = crew::marks({words});"));
                self.text.line(format!("let w{number} = crew::memory(&mut w{number}_words, &w{number}_marks);"));
                self.shared.push(number);
            }
        }
        Ok(())
    }

    /// Opens the loop over the vectors of the workgroup, and names what differs between them.
    fn open_vectors(&mut self) {
        let vectors = self.vectors();
        self.text.open(format!("for turn in 0..{vectors}u32 {{"));
        self.text.line(format!("let vector = if launch.reverse {{ {vectors} - 1 - turn }} else {{ turn }};"));
        self.text.line(format!("let first = vector * {};", self.lanes));
        if self.barriers {
            self.text.line("crew::turn(vector);");
        }
    }

    /// At the beginning of a vector: all lanes take part but those past the last invocation.
    fn outermost(&mut self) -> Context {
        let size = self.invocations();
        let mask = (!size.is_multiple_of(self.lanes))
            .then(|| self.text.bind(&format!("lt_u(linear(first, 1), splat_i({size}))")));
        Context { mask, limits: Vec::new() }
    }

    /// What an argument of `main` is.
    fn builtin(&self, binding: Option<&naga::Binding>) -> Result<Value, String> {
        let Some(naga::Binding::BuiltIn(builtin)) = binding else {
            return Err("an argument of main that is not built in".into());
        };
        let number = |term| Ok(Value::Number(term));
        let three = |name: &str| {
            Ok(Value::Many((0..3).map(|i| Value::Number(Term::uniform(Kind::U32, format!("{name}[{i}]")))).collect()))
        };
        match builtin {
            BuiltIn::WorkGroupId => three("group"),
            BuiltIn::NumWorkGroups => three("launch.groups"),
            BuiltIn::LocalInvocationIndex => number(linear("first".into())),
            BuiltIn::LocalInvocationId => Ok(Value::Many((0..3).map(|i| Value::Number(self.local_id(i))).collect())),
            BuiltIn::GlobalInvocationId => {
                let size = self.kernel.workgroup_size;
                let place = |i: usize| {
                    let start = format!("group[{i}].wrapping_mul({})", size[i]);
                    match self.local_id(i).form {
                        Form::Linear { base, .. } => linear(format!("{start}.wrapping_add({base})")),
                        Form::Varying(name) => Term::varying(Kind::U32, format!("add_i(splat_i({start}), {name})")),
                        local => {
                            let local = Term::new(Kind::U32, local).scalar().unwrap_or_default();
                            Term::uniform(Kind::U32, format!("{start}.wrapping_add({local})"))
                        }
                    }
                };
                Ok(Value::Many((0..3).map(|i| Value::Number(place(i))).collect()))
            }
            BuiltIn::SubgroupInvocationId => number(Term::lane()),
            BuiltIn::SubgroupSize => number(Term::known(Kind::U32, self.lanes)),
            BuiltIn::SubgroupId => number(Term::uniform(Kind::U32, "vector")),
            BuiltIn::NumSubgroups => number(Term::known(Kind::U32, self.vectors())),
            other => Err(format!("the built-in value {other:?} is not covered")),
        }
    }

    /// A component of an invocation's place in its workgroup.
    fn local_id(&self, component: usize) -> Term {
        let [x, y, z] = self.kernel.workgroup_size;
        let below = [1, x, x * y][component];
        let size = [x, y, z][component];
        if size == 1 {
            return Term::known(Kind::U32, 0);
        }
        if component == 0 && size.is_multiple_of(self.lanes) {
            return linear(format!("(first % {size})"));
        }
        if component == 0 && y * z == 1 {
            return linear("first".into());
        }
        // A vector that lies within a row, or a layer, has the same of it in all lanes.
        if below.is_multiple_of(self.lanes) {
            return Term::uniform(Kind::U32, format!("(first / {below} % {size})"));
        }
        let above = format!("div_u(linear(first, 1), splat_i({below}))");
        Term::varying(Kind::U32, format!("rem_u({above}, splat_i({size}))"))
    }

    /// The root that a global variable is.
    fn global(&self, handle: naga::Handle<naga::GlobalVariable>) -> Result<Root, String> {
        let variable = &self.module.global_variables[handle];
        let label = variable.name.clone().unwrap_or_default();
        // Workgroup memory is the translation's own, and each number has a word there; buffers are others' too.
        if variable.space != AddressSpace::WorkGroup && Layout::of(self.module, variable.ty)?.holds(Kind::F16) {
            return Err(format!("`{label}` holds f16, which kernels know in workgroup memory only"));
        }
        match (variable.space, &variable.binding) {
            (AddressSpace::Uniform, _) => Ok(Root::Params),
            (AddressSpace::WorkGroup, _) => {
                Ok(Root::Memory(Region { name: format!("w{}", handle.index()), label, read_only: false }))
            }
            (AddressSpace::Storage { access }, Some(binding)) => {
                let read_only = !access.contains(naga::StorageAccess::STORE);
                Ok(Root::Memory(Region { name: format!("m{}", binding.binding), label, read_only }))
            }
            _ => Err(format!("the variable `{label}` is in a memory that is not covered")),
        }
    }

    /// The mask of `context` without the lanes that took one of `exits`.
    fn without(&mut self, context: &Context, exits: &BTreeSet<facts::Exit>) -> Context {
        let mut mask = context.mask.clone();
        for exit in exits {
            let gone = frame::gone(*exit);
            let rest = match mask {
                Some(mask) => format!("andnot_m({mask}, {gone})"),
                None => format!("not_m({gone})"),
            };
            mask = Some(self.text.bind(&rest));
        }
        Context { mask, limits: context.limits.clone() }
    }
}

/// Numbers that count the lanes from `base`.
fn linear(base: String) -> Term {
    Term::new(Kind::U32, Form::Linear { base, stride: 1 })
}

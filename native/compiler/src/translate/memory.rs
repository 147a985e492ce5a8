//! Loads and stores: contiguous where the lanes' places are neighbours, of one word where they are the same, and one
//! by one only where nothing is known of them.

use std::{fmt, rc::Rc};

use super::{
    Translator,
    arithmetic::binary,
    facts::Class,
    frame::Context,
    place::{Layout, Place, Region, Root},
    term::{Form, Kind, Row, Term, Value},
};
use naga::BinaryOperator as Binary;

/// One access to memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Touch {
    /// The variable of the shader.
    pub label: String,
    /// What became of it.
    pub way: Way,
}

/// What an access to memory becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// All lanes read one word: it is loaded once.
    Broadcast,
    /// The lanes' words are neighbours: one vector is loaded.
    VectorLoad,
    /// The lanes' vec4s are neighbours: four vectors are loaded, and their words dealt out.
    FourVectorLoad,
    /// Each lane's word is loaded by itself.
    Gather,
    /// One word is stored for all lanes.
    ScalarStore,
    /// One vector is stored.
    VectorStore,
    /// Four vectors are stored.
    FourVectorStore,
    /// Each lane's word is stored by itself.
    Scatter,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Broadcast => "broadcast",
            Self::VectorLoad => "vector load",
            Self::FourVectorLoad => "four vector loads",
            Self::Gather => "gather",
            Self::ScalarStore => "scalar store",
            Self::VectorStore => "vector store",
            Self::FourVectorStore => "four vector stores",
            Self::Scatter => "scatter",
        })
    }
}

impl<'a> Translator<'a> {
    /// What lies at `place`.
    pub fn load(&mut self, place: &Place, context: &Context) -> Result<Value, String> {
        match &place.root {
            Root::Params => {
                self.each(&place.offset, &place.layout, &mut |this, offset, kind| this.load_param(offset, kind))
            }
            Root::Local(variable) => {
                let variable = *variable;
                self.each(&place.offset, &place.layout, &mut |this, offset, kind| {
                    this.load_variable(variable, offset, kind)
                })
            }
            Root::Memory(region) => {
                if let Some(four) = self.load_four(region, place, context) {
                    return Ok(four);
                }
                self.each(&place.offset, &place.layout, &mut |this, offset, kind| {
                    Ok(this.load_word(region, offset, kind, context))
                })
            }
        }
    }

    /// Stores `value` at `place`. `keeps` is for variables: see [`Self::store_variable`].
    pub fn store(&mut self, place: &Place, value: &Value, context: &Context, keeps: bool) -> Result<(), String> {
        let numbers: Vec<Term> = value.numbers().into_iter().cloned().collect();
        if let Root::Memory(region) = &place.root
            && self.store_four(region, place, &numbers, context)
        {
            return Ok(());
        }
        for ((word, _), term) in place.layout.numbers().into_iter().zip(&numbers) {
            let offset = self.moved(&place.offset, word)?;
            match &place.root {
                Root::Local(variable) => {
                    self.store_variable(*variable, &offset, term, context, keeps)?;
                }
                Root::Memory(region) => self.store_word(region, &offset, term, context),
                Root::Params => return Err("a store to the parameters".into()),
            }
        }
        Ok(())
    }

    /// The place of part `index` of what lies at `place`.
    pub fn part(&mut self, place: &Place, index: &Term) -> Result<Place, String> {
        let (layout, at) = match &*place.layout {
            Layout::Row { part, stride, .. } => {
                let stride = Term::known(Kind::U32, *stride);
                (part.clone(), self.product(index, &stride)?)
            }
            Layout::Members(members) => match index.form {
                Form::Known(member) => {
                    let (at, layout) = &members[member as usize];
                    (layout.clone(), Term::known(Kind::U32, *at))
                }
                _ => return Err("a member of a structure by a number that is not known".into()),
            },
            Layout::Number(_) => return Err("a part of a single number".into()),
        };
        let offset = self.sum(&place.offset, &at)?;
        Ok(Place { root: place.root.clone(), offset, layout })
    }

    /// `a + b` for places in memory, without a line where one of them is nothing.
    fn sum(&mut self, a: &Term, b: &Term) -> Result<Term, String> {
        match (&a.form, &b.form) {
            (Form::Known(0), _) => Ok(Term { kind: Kind::U32, ..b.clone() }),
            (_, Form::Known(0)) => Ok(a.clone()),
            (Form::Known(a), Form::Known(b)) => Ok(Term::known(Kind::U32, a.wrapping_add(*b))),
            _ => binary(&mut self.text, Binary::Add, a, &Term { kind: Kind::U32, ..b.clone() }),
        }
    }

    fn product(&mut self, a: &Term, b: &Term) -> Result<Term, String> {
        let a = Term { kind: Kind::U32, ..a.clone() };
        match (&a.form, &b.form) {
            (_, Form::Known(1)) => Ok(a),
            (Form::Known(a), Form::Known(b)) => Ok(Term::known(Kind::U32, a.wrapping_mul(*b))),
            _ => binary(&mut self.text, Binary::Multiply, &a, b),
        }
    }

    fn moved(&mut self, offset: &Term, words: u32) -> Result<Term, String> {
        self.sum(offset, &Term::known(Kind::U32, words))
    }

    /// Loads every number of what lies at `offset` by `load`.
    fn each(
        &mut self,
        offset: &Term,
        layout: &Layout,
        load: &mut dyn FnMut(&mut Self, &Term, Kind) -> Result<Term, String>,
    ) -> Result<Value, String> {
        let parts: Vec<(u32, Rc<Layout>)> = match layout {
            Layout::Number(kind) => return Ok(Value::Number(load(self, offset, *kind)?)),
            Layout::Row { part, stride, count: Some(count) } => {
                (0..*count).map(|i| (i * stride, part.clone())).collect()
            }
            Layout::Row { .. } => return Err("a whole storage buffer as a value".into()),
            Layout::Members(members) => members.clone(),
        };
        let mut values = Vec::new();
        for (at, part) in parts {
            let offset = self.moved(offset, at)?;
            values.push(self.each(&offset, &part, load)?);
        }
        Ok(Value::Many(values))
    }

    fn load_param(&mut self, offset: &Term, kind: Kind) -> Result<Term, String> {
        let word = match &offset.form {
            Form::Known(word) => format!("p{word}"),
            _ => {
                let index = offset.scalar().ok_or("a parameter by a number that differs by lane")?;
                format!("launch.params[uniform::place({index})]")
            }
        };
        Ok(match kind {
            Kind::F32 => Term::uniform(kind, self.text.bind(&format!("f32::from_bits({word})"))),
            _ => Term::uniform(kind, word),
        })
    }

    fn load_variable(&mut self, variable: usize, offset: &Term, kind: Kind) -> Result<Term, String> {
        if let Form::Known(word) = offset.form
            && let Some(term) = self.held.get(&(variable, word))
        {
            return Ok(term.clone());
        }
        self.touch_variable(variable);
        let (name, word) = self.variable(variable, offset, kind)?;
        let name = self.text.bind(&name);
        let form = match self.facts.class(variable, word) {
            _ if kind == Kind::Matrix => Form::Varying(name),
            Class::Unset | Class::Uniform => Form::Uniform(name),
            Class::Linear(stride) => Form::Linear { base: name, stride },
            Class::Varying => Form::Varying(name),
        };
        Ok(Term::new(kind, form))
    }

    /// The Rust name of a number of a variable, and the word that its class is noted under.
    fn variable(&mut self, variable: usize, offset: &Term, kind: Kind) -> Result<(String, u32), String> {
        if !matches!(offset.form, Form::Known(_)) {
            self.facts.set_indexed(variable);
        }
        let index = offset.scalar().ok_or("an array of the function by an index that differs by lane")?;
        Ok(match offset.form {
            Form::Known(word) if !self.facts.is_indexed(variable) => (format!("v{variable}_{word}"), word),
            _ => {
                let kind = if kind == Kind::I32 { Kind::U32 } else { kind };
                (format!("{}[uniform::place({index})]", indexed(variable, kind)), kind as u32)
            }
        })
    }

    /// Assigns a number of a variable. `keeps` tells whether lanes that do not take part will look at theirs again.
    pub fn store_variable(
        &mut self,
        variable: usize,
        offset: &Term,
        value: &Term,
        context: &Context,
        keeps: bool,
    ) -> Result<(), String> {
        self.touch_variable(variable);
        let (name, word) = self.variable(variable, offset, value.kind)?;
        let is_indexed = self.facts.is_indexed(variable);
        let class = match value.form {
            _ if keeps || value.kind == Kind::Matrix => Class::Varying,
            Form::Known(_) | Form::Uniform(_) => Class::Uniform,
            Form::Linear { stride, .. } if !is_indexed => Class::Linear(stride),
            Form::Linear { .. } | Form::Varying(_) => Class::Varying,
        };
        self.facts.raise(variable, word, class);
        let expression = match (self.facts.class(variable, word), &value.form) {
            (Class::Linear(_), Form::Linear { base, .. }) => base.clone(),
            (Class::Uniform, Form::Known(_) | Form::Uniform(_)) => value.scalar().expect("it is uniform"),
            _ => value.vector(),
        };
        let expression = match &context.mask {
            Some(mask) if keeps => format!("select_{}({mask}, {expression}, {name})", value.kind.suffix()),
            _ => expression,
        };
        self.text.line(format!("{name} = {expression};"));
        match offset.form {
            Form::Known(word) if !keeps => drop(self.held.insert((variable, word), value.clone())),
            Form::Known(word) => drop(self.held.remove(&(variable, word))),
            _ => self.held.retain(|(held, _), _| *held != variable),
        }
        Ok(())
    }

    fn load_word(&mut self, region: &Region, offset: &Term, kind: Kind, context: &Context) -> Term {
        let (memory, suffix) = (&region.name, kind.suffix());
        if let Some(index) = offset.scalar() {
            self.touch(region, Way::Broadcast);
            let word = format!("get({memory}, {index})");
            let expression = if kind.is_float() { format!("f32::from_bits({word})") } else { word };
            return Term::uniform(kind, self.text.bind(&expression));
        }
        if let Form::Linear { base, stride: 1 } = &offset.form {
            self.touch(region, Way::VectorLoad);
            let Some(mask) = &context.mask else {
                let name = self.text.bind(&format!("load_{suffix}({memory}, {base})"));
                let row = region.read_only.then(|| Row { memory: memory.clone(), start: base.clone() });
                return Term { row, ..Term::varying(kind, name) };
            };
            return Term::varying(kind, self.text.bind(&format!("load_masked_{suffix}({memory}, {base}, {mask})")));
        }
        self.touch(region, Way::Gather);
        let mask = context.mask.clone().unwrap_or_else(|| "splat_m(true)".into());
        Term::varying(kind, self.text.bind(&format!("gather_{suffix}({memory}, {}, {mask})", offset.vector())))
    }

    fn store_word(&mut self, region: &Region, offset: &Term, value: &Term, context: &Context) {
        let (memory, suffix) = (&region.name, value.kind.suffix());
        let line = match (&offset.form, offset.scalar(), value.scalar()) {
            (_, Some(index), Some(value_of_all)) => {
                self.touch(region, Way::ScalarStore);
                let bits = if value.kind.is_float() { ".to_bits()" } else { "" };
                format!("put({memory}, {index}, ({value_of_all}){bits});")
            }
            (Form::Linear { base, stride: 1 }, ..) => {
                self.touch(region, Way::VectorStore);
                match &context.mask {
                    None => format!("store_{suffix}({memory}, {base}, {});", value.vector()),
                    Some(mask) => format!("store_masked_{suffix}({memory}, {base}, {}, {mask});", value.vector()),
                }
            }
            _ => {
                self.touch(region, Way::Scatter);
                let mask = context.mask.clone().unwrap_or_else(|| "splat_m(true)".into());
                format!("scatter_{suffix}({memory}, {}, {}, {mask});", offset.vector(), value.vector())
            }
        };
        self.text.line(line);
    }

    /// Neighbouring vec4s, one to a lane.
    fn load_four(&mut self, region: &Region, place: &Place, context: &Context) -> Option<Value> {
        let (kind, base) = four(place)?;
        let (memory, suffix) = (&region.name, kind.suffix());
        self.touch(region, Way::FourVectorLoad);
        let name = match &context.mask {
            None => self.text.bind(&format!("load4_{suffix}({memory}, {base})")),
            Some(mask) => self.text.bind(&format!("load4_masked_{suffix}({memory}, {base}, {mask})")),
        };
        Some(Value::Many((0..4).map(|i| Value::Number(Term::varying(kind, format!("{name}[{i}]")))).collect()))
    }

    fn store_four(&mut self, region: &Region, place: &Place, values: &[Term], context: &Context) -> bool {
        let Some((kind, base)) = four(place) else { return false };
        let (memory, suffix) = (&region.name, kind.suffix());
        let list = values.iter().map(Term::vector).collect::<Vec<_>>().join(", ");
        self.touch(region, Way::FourVectorStore);
        self.text.line(match &context.mask {
            None => format!("store4_{suffix}({memory}, {base}, [{list}]);"),
            Some(mask) => format!("store4_masked_{suffix}({memory}, {base}, [{list}], {mask});"),
        });
        true
    }

    pub fn touch(&mut self, region: &Region, way: Way) {
        self.text.touch = Some(Touch { label: region.label.clone(), way });
    }
}

/// The Rust name of the array that holds the numbers of a kind of a variable which is indexed by what is not known.
pub fn indexed(variable: usize, kind: Kind) -> String {
    format!("v{variable}_{}", kind.suffix())
}

/// The kind and the first word of neighbouring vec4s, if `place` is that.
fn four(place: &Place) -> Option<(Kind, String)> {
    match (&*place.layout, &place.offset.form) {
        (Layout::Row { part, stride: 1, count: Some(4) }, Form::Linear { base, stride: 4 }) => match **part {
            Layout::Number(kind) => Some((kind, base.clone())),
            _ => None,
        },
        _ => None,
    }
}

//! Pickles, read by a machine that can do nothing.
//!
//! A pickle is a program for a machine with a stack and a memo: numbers, texts, lists and dictionaries are pushed and
//! put together, and, where it is Python that reads it, any function at all is called. This machine knows the opcodes
//! of protocols 0 to 5, and of functions and classes the few that plain tensors need ([`globals`]); it makes a note of
//! a tensor instead of calling anything, and where another name is asked for, reading ends.
//!
//! Objects lie in one list and refer to each other by number, so that there is nothing to recurse into: not while
//! reading, and not when they are dropped. Each opcode makes at most one object, and their number is limited.

mod globals;
mod input;

use std::{borrow::Cow, collections::HashMap};

use self::{globals::Global, input::Input};
use super::{error::Problem, numbers::Element};

/// The number of an object.
pub(super) type Id = u32;

/// More objects than any weights need (a tensor takes about twenty); with it, reading takes at most some 200 MB.
const MOST_OBJECTS: usize = 1 << 20;

/// More extents than any tensor has.
const MOST_EXTENTS: usize = 16;

/// What a pickle builds.
#[derive(Debug)]
pub(super) enum Object<'a> {
    /// Something that says nothing about weights: a float, bytes, a device, `None`.
    Inert,
    Bool(bool),
    Int(i128),
    Text(Cow<'a, str>),
    /// A list, tuple or set.
    Sequence(Vec<Id>),
    Dictionary(Vec<(Id, Id)>),
    Global(Global),
    Storage(Storage),
    Tensor(Box<Tensor>),
}

/// Where the elements of tensors lie: a name for bytes that the container holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage {
    /// What its bytes are; none where only a tensor says it.
    pub element: Option<Element>,
    /// The text that names it.
    pub key: Id,
    /// The element it begins at, where it is a part of that.
    pub start: usize,
    /// Number of elements; of bytes, where it does not know its elements.
    pub len: usize,
}

/// A tensor as a pickle describes it. Nothing has been checked against the storage.
#[derive(Debug)]
pub(super) struct Tensor {
    pub key: Id,
    pub element: Element,
    /// The first element's place in the storage.
    pub offset: usize,
    pub shape: Vec<usize>,
    pub stride: Vec<usize>,
}

/// A pickle's objects, and which of them it is about.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    pub objects: Vec<Object<'a>>,
    pub root: Id,
}

impl<'a> Pickle<'a> {
    /// Reads the pickle that `bytes` begin with; also, how many bytes it is long.
    pub fn read(bytes: &'a [u8]) -> Result<(Self, usize), Problem> {
        let mut machine = Machine {
            input: Input::new(bytes),
            objects: Vec::new(),
            copied: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        loop {
            match machine.input.byte()? {
                b'.' => break,
                opcode => machine.step(opcode)?,
            }
        }
        let root = machine.pop()?;
        Ok((Self { objects: machine.objects, root }, machine.input.position()))
    }

    pub fn object(&self, id: Id) -> &Object<'a> {
        &self.objects[id as usize]
    }

    pub fn text(&self, id: Id) -> Option<&str> {
        match self.object(id) {
            Object::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct Machine<'a> {
    input: Input<'a>,
    objects: Vec<Object<'a>>,
    /// Entries copied from one object to another.
    copied: usize,
    stack: Vec<Id>,
    /// The stack's heights when marks were set.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl<'a> Machine<'a> {
    fn step(&mut self, opcode: u8) -> Result<(), Problem> {
        let known = self.scalar(opcode)?
            || self.text(opcode)?
            || self.container(opcode)?
            || self.remember(opcode)?
            || self.name(opcode)?;
        let place = self.input.position() - 1;
        known
            .then_some(())
            .ok_or_else(|| Problem::broken(format!("byte {place} of its pickle, {opcode:#04x}, is unknown")))
    }

    /// Numbers, truth values, None.
    fn scalar(&mut self, opcode: u8) -> Result<bool, Problem> {
        let object = match opcode {
            b'N' => Object::Inert,
            0x88 => Object::Bool(true),
            0x89 => Object::Bool(false),
            b'J' => Object::Int(i32::from_le_bytes(self.input.array()?).into()),
            b'K' => Object::Int(self.input.byte()?.into()),
            b'M' => Object::Int(u16::from_le_bytes(self.input.array()?).into()),
            0x8a => {
                let len = self.input.byte()?.into();
                self.long(len)?
            }
            0x8b => {
                let len = self.input.length::<4>()?;
                self.long(len)?
            }
            b'I' => match self.input.line()? {
                "00" => Object::Bool(false),
                "01" => Object::Bool(true),
                digits => whole(digits)?,
            },
            b'L' => whole(self.input.line()?.trim_end_matches('L'))?,
            b'F' => self.input.line().map(|_| Object::Inert)?,
            b'G' => self.input.take(8).map(|_| Object::Inert)?,
            _ => return Ok(false),
        };
        self.push(object)
    }

    /// A whole number of `len` bytes in two's complement.
    fn long(&mut self, len: usize) -> Result<Object<'a>, Problem> {
        let bytes = self.input.take(len)?;
        // Longer ones are random states and the like.
        if len > 16 {
            return Ok(Object::Inert);
        }
        let negative = bytes.last().is_some_and(|top| top & 0x80 != 0);
        let mut wide = if negative { [0xff; 16] } else { [0; 16] };
        wide[..len].copy_from_slice(bytes);
        Ok(Object::Int(i128::from_le_bytes(wide)))
    }

    /// Texts and bytes.
    fn text(&mut self, opcode: u8) -> Result<bool, Problem> {
        let object = match opcode {
            b'X' => text(self.input.counted::<4>()?)?,
            0x8c => text(self.input.counted::<1>()?)?,
            0x8d => text(self.input.counted::<8>()?)?,
            b'V' => Object::Text(self.input.line()?.into()),
            b'S' => Object::Text(self.input.line()?.trim_matches(['\'', '"']).into()),
            // Texts of Python 2, which say nothing of their encoding.
            b'T' => Object::Text(String::from_utf8_lossy(self.input.counted::<4>()?)),
            b'U' => Object::Text(String::from_utf8_lossy(self.input.counted::<1>()?)),
            b'B' => self.input.counted::<4>().map(|_| Object::Inert)?,
            b'C' => self.input.counted::<1>().map(|_| Object::Inert)?,
            0x8e | 0x96 => self.input.counted::<8>().map(|_| Object::Inert)?,
            _ => return Ok(false),
        };
        self.push(object)
    }

    /// Lists, tuples, sets, dictionaries, and the stack they are put together on.
    fn container(&mut self, opcode: u8) -> Result<bool, Problem> {
        match opcode {
            b'(' => self.marks.push(self.stack.len()),
            b'0' => {
                self.pop()?;
            }
            b'1' => {
                self.pop_mark()?;
            }
            b'2' => {
                let top = self.pop()?;
                self.stack.extend([top, top]);
            }
            b']' | b')' | 0x8f => return self.push(Object::Sequence(Vec::new())),
            b'}' => return self.push(Object::Dictionary(Vec::new())),
            b't' | b'l' | 0x91 => {
                let items = self.pop_mark()?;
                return self.push(Object::Sequence(items));
            }
            0x85..=0x87 => {
                let mut items = (0x84..opcode).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
                items.reverse();
                return self.push(Object::Sequence(items));
            }
            b'd' => {
                let items = self.pop_mark()?;
                return self.push(Object::Dictionary(pairs(&items)?));
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                self.append(&items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.insert(&items)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The memo, and the opcodes that announce what follows.
    fn remember(&mut self, opcode: u8) -> Result<bool, Problem> {
        let place = match opcode {
            b'g' | b'p' => {
                self.input.line()?.parse().map_err(|_| Problem::broken("a place in its memo is no number"))?
            }
            b'h' | b'q' => self.input.byte()?.into(),
            b'j' | b'r' => u32::from_le_bytes(self.input.array()?).into(),
            0x94 => self.memo.len() as u64,
            0x80 => return self.protocol(),
            0x95 => return self.input.take(8).map(|_| true),
            _ => return Ok(false),
        };
        if matches!(opcode, b'g' | b'h' | b'j') {
            let id = self.memo.get(&place).copied();
            self.stack.push(id.ok_or_else(|| Problem::broken(format!("its memo has nothing at {place}")))?);
        } else {
            let id = self.top()?;
            self.memo.insert(place, id);
            self.spend(0)?;
        }
        Ok(true)
    }

    fn protocol(&mut self) -> Result<bool, Problem> {
        match self.input.byte()? {
            0..=5 => Ok(true),
            other => Err(Problem::broken(format!("its pickle is of protocol {other}, of which there is none"))),
        }
    }

    /// Names of functions and classes, what is made with them, and storages.
    fn name(&mut self, opcode: u8) -> Result<bool, Problem> {
        let object = match opcode {
            b'c' | b'i' => {
                let (module, name) = (self.input.line()?, self.input.line()?);
                // An instance made at once is a call like any other; what may be called is never written so.
                let global = Global::look_up(module, name).filter(|_| opcode == b'c');
                Object::Global(global.ok_or_else(|| forbidden(module, name))?)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Object::Text(module), Object::Text(name)) = (self.object(module), self.object(name)) else {
                    return Err(Problem::broken("something without a name is asked for"));
                };
                Object::Global(Global::look_up(module, name).ok_or_else(|| forbidden(module, name))?)
            }
            b'R' | 0x81 => {
                let (arguments, callee) = (self.pop()?, self.pop()?);
                let made = self.call(callee, arguments)?;
                self.stack.push(made);
                return Ok(true);
            }
            b'b' => {
                // The attributes of an object, such as the versions of layers beside a state dict.
                self.pop()?;
                self.top()?;
                return Ok(true);
            }
            b'Q' => {
                let id = self.pop()?;
                Object::Storage(self.storage(id)?)
            }
            _ => return Ok(false),
        };
        self.push(object)
    }

    fn append(&mut self, items: &[Id]) -> Result<(), Problem> {
        let list = self.top()?;
        let Object::Sequence(list) = &mut self.objects[list as usize] else {
            return Err(Problem::broken("something is appended to what is no list"));
        };
        list.extend(items);
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Result<(), Problem> {
        let entries = pairs(items)?;
        let dictionary = self.top()?;
        let Object::Dictionary(dictionary) = &mut self.objects[dictionary as usize] else {
            return Err(Problem::broken("a key is put into what is no dictionary"));
        };
        dictionary.extend(entries);
        Ok(())
    }

    fn object(&self, id: Id) -> &Object<'a> {
        &self.objects[id as usize]
    }

    fn make(&mut self, object: Object<'a>) -> Result<Id, Problem> {
        let id = self.objects.len() as Id;
        self.objects.push(object);
        self.spend(0)?;
        Ok(id)
    }

    fn push(&mut self, object: Object<'a>) -> Result<bool, Problem> {
        let id = self.make(object)?;
        self.stack.push(id);
        Ok(true)
    }

    /// Counts what has been made, so that a small file cannot make something large.
    fn spend(&mut self, copied: usize) -> Result<(), Problem> {
        self.copied += copied;
        let most = MOST_OBJECTS;
        let spent = self.objects.len().max(self.memo.len()).max(self.copied);
        if spent > most {
            Err(Problem::broken(format!("it has over {most} objects, as no weights have")))
        } else {
            Ok(())
        }
    }

    fn top(&self) -> Result<Id, Problem> {
        let above = self.stack.get(self.marks.last().copied().unwrap_or(0)..).unwrap_or_default();
        above.last().copied().ok_or_else(|| Problem::broken("its pickle takes more than it has made"))
    }

    fn pop(&mut self) -> Result<Id, Problem> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>, Problem> {
        let height = self.marks.pop().ok_or_else(|| Problem::broken("its pickle ends a list that it did not begin"))?;
        Ok(self.stack.split_off(height))
    }
}

fn forbidden(module: &str, name: &str) -> Problem {
    // Python calls the module os after the system that wrote the file.
    let module = if matches!(module, "posix" | "nt") { "os" } else { module };
    Problem::Forbidden(format!("{module}.{name}"))
}

fn whole<'a>(digits: &str) -> Result<Object<'a>, Problem> {
    digits.parse().map(Object::Int).map_err(|_| Problem::broken("a number in its pickle has other signs than digits"))
}

fn text(bytes: &[u8]) -> Result<Object<'_>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::broken("a text in its pickle is not UTF-8"))?;
    Ok(Object::Text(text.into()))
}

fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>, Problem> {
    let (pairs, rest) = items.as_chunks();
    if rest.is_empty() {
        Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
    } else {
        Err(Problem::broken("a key in its pickle has no value"))
    }
}

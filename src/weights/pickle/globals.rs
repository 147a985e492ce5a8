//! The functions and classes that plain weights name: all that a pickle may ask for.

use super::{Element, Id, MOST_EXTENTS, Machine, Object, Problem, Storage, Tensor, forbidden};

/// What stands for a function or class. None of them does anything but put together what it is given.
#[derive(Debug, Clone, Copy)]
pub(in crate::weights) enum Global {
    /// `collections.OrderedDict` and its kin.
    Dictionary,
    /// `torch.Size`, `set`: a sequence out of another.
    Sequence,
    /// `torch._utils._rebuild_tensor` of every version.
    Tensor,
    /// `torch._utils._rebuild_parameter`: a tensor, and whether it is trained.
    Parameter,
    /// A storage class; without a type, its bytes are what a tensor takes them for.
    Storage(Option<Element>),
    /// `torch.float32` and the like.
    Dtype(Element),
    /// A device and the like, which weights do not depend on.
    Inert,
}

impl Global {
    /// What a name stands for, if it is one of those that plain weights use.
    pub fn look_up(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("collections", "OrderedDict" | "Counter") => Self::Dictionary,
            ("torch", "Size") | ("builtins" | "__builtin__", "set") => Self::Sequence,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3") => Self::Tensor,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Self::Parameter,
            ("torch.storage" | "torch", "UntypedStorage") => Self::Storage(None),
            ("torch" | "torch.cuda", class) if class.ends_with("Storage") => {
                Self::Storage(Some(Element::of_storage(class)?))
            }
            ("torch", "device") => Self::Inert,
            ("torch", dtype) => Self::Dtype(Element::of_dtype(dtype)?),
            _ => return None,
        })
    }
}

impl<'a> Machine<'a> {
    /// What a call of an allowed name would give.
    pub fn call(&mut self, callee: Id, arguments: Id) -> Result<Id, Problem> {
        let wrong = || Problem::broken("a call in its pickle has other arguments than it must have");
        let Object::Global(global) = *self.object(callee) else {
            return Err(Problem::broken("its pickle calls what is no function"));
        };
        let arguments = self.sequence(arguments).ok_or_else(wrong)?;
        let first = arguments.first().copied();
        let object = match global {
            Global::Dictionary => match first {
                Some(id) if matches!(self.object(id), Object::Dictionary(_)) => return Ok(id),
                Some(id) => Object::Dictionary(self.entries(id).ok_or_else(wrong)?),
                None => Object::Dictionary(Vec::new()),
            },
            Global::Sequence => match first {
                Some(id) => return self.sequence(id).map(|_| id).ok_or_else(wrong),
                None => Object::Sequence(Vec::new()),
            },
            Global::Tensor => Object::Tensor(Box::new(self.tensor(arguments).ok_or_else(wrong)?)),
            Global::Parameter => {
                let tensor = first.filter(|id| matches!(self.object(*id), Object::Tensor(_)));
                return tensor.ok_or_else(wrong);
            }
            Global::Inert => Object::Inert,
            Global::Storage(_) | Global::Dtype(_) => return Err(forbidden("torch", "a storage made by a call")),
        };
        if let Object::Dictionary(entries) = &object {
            self.spend(entries.len())?;
        }
        self.make(object)
    }

    /// The storage that a persistent id names: `("storage", class, key, device, length)`, in files of before 1.6 with a
    /// view `(key, first, length)` behind, or None.
    pub fn storage(&self, id: Id) -> Result<Storage, Problem> {
        self.storage_of(id).ok_or_else(|| Problem::broken("it refers to something else than a storage"))
    }

    fn storage_of(&self, id: Id) -> Option<Storage> {
        let [kind, class, key, _, len, view @ ..] = self.sequence(id)? else { return None };
        let (Object::Text(kind), Object::Global(Global::Storage(element))) = (self.object(*kind), self.object(*class))
        else {
            return None;
        };
        let whole = Storage { element: *element, key: *key, start: 0, len: self.size(*len)? };
        if kind != "storage" || !matches!(self.object(*key), Object::Text(_)) {
            return None;
        }
        match view.first().and_then(|view| self.sequence(*view)) {
            None => Some(whole),
            Some([_, start, len]) => {
                let (start, len) = (self.size(*start)?, self.size(*len)?);
                (start.checked_add(len)? <= whole.len).then_some(Storage { start, len, ..whole })
            }
            Some(_) => None,
        }
    }

    /// `_rebuild_tensor(storage, offset, size, stride, …)`; the third version has the type behind two more.
    fn tensor(&self, arguments: &[Id]) -> Option<Tensor> {
        let [storage, offset, shape, stride, rest @ ..] = arguments else { return None };
        let Object::Storage(storage) = *self.object(*storage) else { return None };
        let told = rest.get(2).and_then(|dtype| match self.object(*dtype) {
            Object::Global(Global::Dtype(element)) => Some(*element),
            _ => None,
        });
        let element = storage.element.or(told)?;
        let offset = self.size(*offset)?.checked_add(storage.start)?;
        let (shape, stride) = (self.sizes(*shape)?, self.sizes(*stride)?);
        (shape.len() == stride.len()).then_some(Tensor { key: storage.key, element, offset, shape, stride })
    }

    /// The entries of a list of pairs, as Python 2 wrote ordered dictionaries.
    fn entries(&self, id: Id) -> Option<Vec<(Id, Id)>> {
        let pair = |id: &Id| match self.sequence(*id)? {
            [key, value] => Some((*key, *value)),
            _ => None,
        };
        self.sequence(id)?.iter().map(pair).collect()
    }

    fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.object(id) {
            Object::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// A number that counts something: not negative.
    fn size(&self, id: Id) -> Option<usize> {
        match self.object(id) {
            Object::Int(size) => usize::try_from(*size).ok(),
            _ => None,
        }
    }

    fn sizes(&self, id: Id) -> Option<Vec<usize>> {
        let sizes = self.sequence(id).filter(|sizes| sizes.len() <= MOST_EXTENTS)?;
        sizes.iter().map(|id| self.size(*id)).collect()
    }
}

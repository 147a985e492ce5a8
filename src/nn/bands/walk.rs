//! The walk through a network, band by band.

use std::{cell::RefCell, collections::BTreeMap, ops::Range, rc::Rc};

use super::{
    machine::Machine,
    moments::Moments,
    store::{Store, Tally},
};
use crate::{
    gpu::Error,
    nn::{Layer, Module, Norm, RowMap},
};

/// An activation of the whole picture, as a rule for making its rows.
struct Node<'a, M: Machine> {
    /// `[height, width, channels]`.
    size: [usize; 3],
    rule: Rule<'a, M>,
}

type Shared<'a, M> = Rc<Node<'a, M>>;

enum Rule<'a, M: Machine> {
    Kept(Kept<'a, M>),
    Rows(Shared<'a, M>, Box<dyn RowMap + 'a>),
    Norm(Shared<'a, M>, Norm<'a>, Moments),
    Pointwise(Shared<'a, M>, &'a dyn Module),
    Sum(Shared<'a, M>, Shared<'a, M>),
}

/// In host memory, as far as it has been made.
struct Kept<'a, M: Machine> {
    store: RefCell<Store<M::Held>>,
    /// What it is made of, until all of it is made.
    of: RefCell<Option<Shared<'a, M>>>,
}

/// A walk with bands of one height.
pub(super) struct Walk<'m, M: Machine> {
    machine: &'m M,
    /// Rows of a band, and of the picture that they are rows of.
    rows: usize,
    height: usize,
    progress: &'m dyn Fn(),
}

impl<'m, M: Machine> Walk<'m, M> {
    pub fn new(machine: &'m M, rows: usize, height: usize, progress: &'m dyn Fn()) -> Self {
        assert!(rows > 0, "bands have rows");
        Self { machine, rows, height, progress }
    }

    /// The output of layers for a picture that lies in host memory. `each` is given the output's rows in order.
    pub fn forward<'a>(
        &self,
        layers: &'a [Layer<'a>],
        picture: Store<M::Held>,
        each: &mut dyn FnMut(Range<usize>, M::Held),
    ) -> Result<(), Error> {
        let size = picture.size();
        let kept = Kept { store: RefCell::new(picture), of: RefCell::default() };
        let picture = Rc::new(Node { size, rule: Rule::Kept(kept) });
        let output = self.through(layers, picture, &mut Vec::new())?;
        for rows in self.bands(output.size[0]) {
            let band = self.evaluate(&output, rows.clone())?;
            let (held, _) = self.machine.download(&band, false)?;
            drop(band);
            release(&output, rows.end, &[]);
            each(rows, held);
            (self.progress)();
        }
        Ok(())
    }

    /// The bands of an activation of so many rows, about equal in height.
    fn bands(&self, height: usize) -> impl Iterator<Item = Range<usize>> + use<M> {
        let rows = (self.rows * height / self.height).clamp(1, height);
        let count = height.div_ceil(rows);
        let rows = height.div_ceil(count);
        (0..height.div_ceil(rows)).map(move |band| band * rows..height.min((band + 1) * rows))
    }

    /// The output of layers for `x`. What waits at the end of shortcuts around them is in `waiting`, and must stay.
    fn through<'a>(
        &self,
        layers: &'a [Layer<'a>],
        mut x: Shared<'a, M>,
        waiting: &mut Vec<Shared<'a, M>>,
    ) -> Result<Shared<'a, M>, Error> {
        for layer in layers {
            let size = x.size;
            x = match layer {
                Layer::Rows(layer) => {
                    let map = layer.rows(size);
                    Rc::new(Node { size: map.output(), rule: Rule::Rows(x, map) })
                }
                Layer::Pointwise(layer) => Rc::new(Node { size, rule: Rule::Pointwise(x, *layer) }),
                Layer::Norm(norm) => {
                    let kept = kept(x);
                    let moments = self.fill(&kept, waiting)?;
                    Rc::new(Node { size, rule: Rule::Norm(kept, *norm, moments) })
                }
                Layer::Residual(layers) => {
                    let shortcut = if is_cheap(&x) { x } else { kept(x) };
                    waiting.push(shortcut.clone());
                    let y = self.through(layers, shortcut.clone(), waiting)?;
                    waiting.pop();
                    assert_eq!(y.size, size, "the layers beside a shortcut keep the shape");
                    Rc::new(Node { size, rule: Rule::Sum(shortcut, y) })
                }
            };
        }
        Ok(x)
    }

    /// Makes all of an activation, and tells its statistics.
    fn fill<'a>(&self, kept: &Shared<'a, M>, waiting: &[Shared<'a, M>]) -> Result<Moments, Error> {
        let mut moments = Moments::default();
        for rows in self.bands(kept.size[0]) {
            let (_, of_band) = self.extend(kept, rows.end, true)?;
            moments.merge(&of_band);
            release(kept, 0, waiting);
            (self.progress)();
        }
        Ok(moments)
    }

    /// Makes the rows of a kept activation up to `end`, and keeps them. The band of the new ones, and its statistics
    /// where they are wanted.
    fn extend<'a>(&self, node: &Shared<'a, M>, end: usize, moments: bool) -> Result<(M::Value, Moments), Error> {
        let Rule::Kept(kept) = &node.rule else { unreachable!("only what is kept is extended") };
        let rows = kept.store.borrow().filled()..end;
        let of = kept.of.borrow().clone();
        let band = self.evaluate(&of.expect("what is not all there is made of something"), rows.clone())?;
        let (held, moments) = self.machine.download(&band, moments)?;
        kept.store.borrow_mut().push(rows, held);
        if end == node.size[0] {
            kept.of.replace(None);
        }
        Ok((band, moments))
    }

    /// Some rows of an activation.
    fn evaluate<'a>(&self, node: &Shared<'a, M>, rows: Range<usize>) -> Result<M::Value, Error> {
        let machine = self.machine;
        Ok(match &node.rule {
            Rule::Kept(kept) => {
                let filled = kept.store.borrow().filled();
                if rows.end <= filled {
                    return Ok(upload(machine, kept, &rows, node.size));
                }
                let (fresh, _) = self.extend(node, rows.end, false)?;
                if rows.start == filled {
                    return Ok(fresh);
                }
                if rows.start > filled {
                    return Ok(upload(machine, kept, &rows, node.size));
                }
                machine.join(upload(machine, kept, &(rows.start..filled), node.size), fresh)
            }
            Rule::Rows(x, map) => {
                let held = map.inputs_of(rows.clone());
                machine.rows(&**map, self.evaluate(x, held.clone())?, held, rows)
            }
            Rule::Norm(x, norm, moments) => machine.norm(norm, moments, self.evaluate(x, rows)?),
            Rule::Pointwise(x, layer) => machine.pointwise(*layer, self.evaluate(x, rows)?),
            Rule::Sum(x, y) => {
                let x = self.evaluate(x, rows.clone())?;
                machine.add(x, self.evaluate(y, rows)?)
            }
        })
    }
}

/// An activation that will be kept in host memory when it is made.
fn kept<'a, M: Machine>(of: Shared<'a, M>) -> Shared<'a, M> {
    let size = of.size;
    let store = RefCell::new(Store::new(size, tally_of(&of)));
    Rc::new(Node { size, rule: Rule::Kept(Kept { store, of: RefCell::new(Some(of)) }) })
}

/// The tally of the stores below, which are all of one walk.
fn tally_of<M: Machine>(node: &Node<'_, M>) -> Tally {
    match &node.rule {
        Rule::Kept(kept) => kept.store.borrow().tally().clone(),
        Rule::Rows(x, _) | Rule::Norm(x, ..) | Rule::Pointwise(x, _) | Rule::Sum(x, _) => tally_of(x),
    }
}

/// Whether making rows twice costs no more than keeping them.
fn is_cheap<M: Machine>(node: &Node<'_, M>) -> bool {
    match &node.rule {
        Rule::Kept(_) => true,
        Rule::Norm(x, ..) | Rule::Pointwise(x, _) => is_cheap(x),
        Rule::Rows(..) | Rule::Sum(..) => false,
    }
}

fn upload<M: Machine>(machine: &M, kept: &Kept<'_, M>, rows: &Range<usize>, [_, w, c]: [usize; 3]) -> M::Value {
    machine.upload(&kept.store.borrow().parts(rows), [rows.len(), w, c])
}

/// Gives back what neither the rows of `node` from `first` on need, nor any row of what is waiting.
fn release<'a, M: Machine>(node: &Shared<'a, M>, first: usize, waiting: &[Shared<'a, M>]) {
    // What is made of other activations holds on to them: handles are taken before anything is looked at.
    let mut needs = Vec::new();
    collect(node, first, &mut needs);
    waiting.iter().for_each(|node| collect(node, 0, &mut needs));
    let mut least: BTreeMap<*const Node<'a, M>, (Shared<'a, M>, usize)> = BTreeMap::new();
    for (node, first) in needs {
        let entry = least.entry(Rc::as_ptr(&node)).or_insert((node, first));
        entry.1 = entry.1.min(first);
    }
    for (node, first) in least.values() {
        if let Rule::Kept(kept) = &node.rule {
            kept.store.borrow_mut().release(*first);
        }
    }
}

/// The kept activations that the rows from `first` on are made of, each with the first of its rows that is needed.
fn collect<'a, M: Machine>(node: &Shared<'a, M>, first: usize, needs: &mut Vec<(Shared<'a, M>, usize)>) {
    let height = node.size[0];
    match &node.rule {
        Rule::Kept(kept) => {
            needs.push((node.clone(), first));
            if let Some(of) = &*kept.of.borrow() {
                collect(of, kept.store.borrow().filled(), needs);
            }
        }
        Rule::Rows(x, map) if first < height => collect(x, map.inputs_of(first..height).start, needs),
        Rule::Rows(x, _) => collect(x, x.size[0], needs),
        Rule::Norm(x, ..) | Rule::Pointwise(x, _) => collect(x, first, needs),
        Rule::Sum(x, y) => {
            collect(x, first, needs);
            collect(y, first, needs);
        }
    }
}

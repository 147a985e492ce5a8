//! What a picture will take: the same walk with sizes in the place of values.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Range,
    rc::Rc,
};

use super::{
    machine::Machine,
    moments::Moments,
    store::{Store, Tally},
    walk::Walk,
};
use crate::{
    gpu::{Error, size_class},
    nn::{Layer, Module, Norm, RowMap},
};

/// What one picture takes, without the weights. Bytes, and counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Device memory for activations.
    pub device: u64,
    /// The largest of them.
    pub largest: u64,
    /// The most host memory that bands are kept in at a time; 0 where the picture is not computed in bands.
    pub held: u64,
    /// Host memory for values on their way to the device and back.
    pub staging: u64,
    /// Bands computed, over all passes.
    pub bands: usize,
    /// Bytes that go to the device and back.
    pub moved: u64,
    /// Floating-point operations of convolutions and resampling.
    pub flops: f64,
}

impl Cost {
    /// Bytes of host and device memory together, which is what it takes where they are the same.
    pub fn memory(&self) -> u64 {
        self.device + self.held + self.staging
    }
}

/// The cost of [`super::forward`].
///
/// # Panics
/// As [`super::forward`].
pub fn in_bands(layers: &[Layer<'_>], size: [usize; 3], rows: usize) -> Cost {
    let (counting, tally, bands) = (Counting::default(), Tally::default(), Cell::new(0));
    let mut source = Store::new(size, tally.clone());
    source.push(0..size[0], ());
    let count = || bands.set(bands.get() + 1);
    let walked = Walk::new(&counting, rows, size[0], &count).forward(layers, source, &mut |_, ()| {});
    assert!(walked.is_ok(), "counting does not fail");
    counting.cost(tally.most(), bands.get())
}

/// The cost of [`Module::forward`] for one picture, without remembering.
///
/// # Panics
/// When the layers do not fit the picture.
pub fn whole(layers: &[Layer<'_>], size: [usize; 3]) -> Cost {
    let counting = Counting::default();
    let picture = counting.upload(&[], size);
    let (output, _) = through(&counting, layers, picture, size);
    let staged = counting.download(&output, false);
    assert!(staged.is_ok(), "counting does not fail");
    counting.cost(0, 1)
}

fn through(counting: &Counting, layers: &[Layer<'_>], mut x: Ghost, mut size: [usize; 3]) -> (Ghost, [usize; 3]) {
    for layer in layers {
        x = match layer {
            Layer::Rows(layer) => {
                let map = layer.rows(size);
                size = map.output();
                counting.made(&*map, x, size[0], true)
            }
            Layer::Pointwise(layer) => counting.pointwise(*layer, x),
            Layer::Norm(norm) => counting.norm(norm, &Moments::default(), x),
            Layer::Residual(layers) => {
                let (y, _) = through(counting, layers, x.clone(), size);
                counting.add(x, y)
            }
        };
    }
    (x, size)
}

/// Memory as the device's pool hands it out: by size classes, and never given back to the system.
#[derive(Default)]
struct Pool {
    free: BTreeMap<u64, usize>,
    bytes: u64,
    largest: u64,
}

/// A band's memory. It goes back to the pool with the last handle.
#[derive(Clone)]
struct Ghost(Rc<Taken>);

struct Taken {
    bytes: u64,
    pool: Rc<RefCell<Pool>>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        *self.pool.borrow_mut().free.entry(size_class(self.bytes)).or_default() += 1;
    }
}

/// Counts in the place of computing.
#[derive(Default)]
struct Counting {
    pool: Rc<RefCell<Pool>>,
    /// Bytes uploaded for the band that is being made, the most there were with those downloaded, and all.
    waiting: Cell<u64>,
    staging: Cell<u64>,
    moved: Cell<u64>,
    flops: Cell<f64>,
}

impl Counting {
    fn take(&self, bytes: u64) -> Ghost {
        let mut pool = self.pool.borrow_mut();
        let class = size_class(bytes);
        match pool.free.get_mut(&class).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => pool.bytes += class,
        }
        pool.largest = pool.largest.max(bytes);
        Ghost(Rc::new(Taken { bytes, pool: self.pool.clone() }))
    }

    /// So many rows of what a map makes of `x`. Its kernels make another tensor of `x`'s size before if `besides`: a
    /// padded band, or in some families parts and products that remain to be added.
    fn made(&self, map: &dyn RowMap, x: Ghost, rows: usize, besides: bool) -> Ghost {
        let [_, width, channels] = map.output();
        self.flops.set(self.flops.get() + map.flops_of_row() * rows as f64);
        let other = besides.then(|| self.take(x.0.bytes));
        let y = self.take(4 * (rows * width * channels) as u64);
        drop((x, other));
        y
    }

    fn cost(&self, held: u64, bands: usize) -> Cost {
        let pool = self.pool.borrow();
        Cost {
            device: pool.bytes,
            largest: pool.largest,
            held,
            staging: self.staging.get(),
            bands,
            moved: self.moved.get(),
            flops: self.flops.get(),
        }
    }
}

impl Machine for Counting {
    type Value = Ghost;
    type Held = ();

    fn upload(&self, _parts: &[(&(), Range<usize>)], size: [usize; 3]) -> Ghost {
        let bytes = 4 * size.iter().product::<usize>() as u64;
        self.waiting.set(self.waiting.get() + bytes);
        // Gathered, and then recorded.
        self.staging.set(self.staging.get().max(self.waiting.get() + bytes));
        self.moved.set(self.moved.get() + bytes);
        self.take(bytes)
    }

    fn join(&self, above: Ghost, below: Ghost) -> Ghost {
        self.take(above.0.bytes + below.0.bytes)
    }

    fn rows(&self, map: &dyn RowMap, x: Ghost, held: Range<usize>, rows: Range<usize>) -> Ghost {
        // At the picture's edges a convolution pads its band.
        self.made(map, x, rows.len(), held.start == 0 && !held.is_empty())
    }

    fn norm(&self, _norm: &Norm<'_>, _moments: &Moments, x: Ghost) -> Ghost {
        self.take(x.0.bytes)
    }

    fn pointwise(&self, _layer: &dyn Module, x: Ghost) -> Ghost {
        // The kernel before it does it in its store; where that cannot be, at a network's end, channels are few.
        x
    }

    fn add(&self, _x: Ghost, y: Ghost) -> Ghost {
        // Likewise.
        y
    }

    fn download(&self, x: &Ghost, _moments: bool) -> Result<((), Moments), Error> {
        let bytes = x.0.bytes;
        // As bytes, and as the numbers that will be held.
        self.staging.set(self.staging.get().max(self.waiting.get() + 2 * bytes));
        self.waiting.set(0);
        self.moved.set(self.moved.get() + bytes);
        Ok(((), Moments::default()))
    }
}

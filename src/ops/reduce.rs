//! Sums and means, and the spreading that is their adjoint.

use bytemuck::{Pod, Zeroable};

use super::elementwise::scale;
use crate::{
    autograd::Var,
    gpu::{Dispatch, Map},
    tensor::{Shape, Tensor},
};

/// What a reduction keeps one result for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// One result for everything, of shape `[]`.
    All,
    /// One for each channel, the last extent: `[C]`.
    PerChannel,
    /// One for each sample, the first extent: `[N]`.
    PerSample,
    /// One for each channel of each sample: `[N, C]`.
    PerSampleChannel,
}

impl Axis {
    /// The tensor seen as `[outer, reduce, inner]`, where `outer · inner` values are kept, and the shape of the result.
    fn view(self, op: &str, shape: Shape) -> (View, Shape) {
        let len = shape.len();
        match self {
            Self::All => (View { outer: 1, reduce: len, inner: 1 }, Shape::from([])),
            Self::PerChannel => {
                let c = shape.channels();
                (View { outer: 1, reduce: len / c, inner: c }, Shape::from([c]))
            }
            Self::PerSample => {
                let n = *shape.dims().first().unwrap_or_else(|| panic!("{op}: a scalar has no samples"));
                (View { outer: n, reduce: len / n, inner: 1 }, Shape::from([n]))
            }
            Self::PerSampleChannel => {
                assert!(shape.dims().len() >= 2, "{op}: expected [N, .., C], got {shape:?}");
                let (n, c) = (shape.dims()[0], shape.channels());
                (View { outer: n, reduce: len / (n * c), inner: c }, Shape::from([n, c]))
            }
        }
    }
}

/// A tensor seen as `[outer, reduce, inner]`, to be reduced along the middle.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub outer: usize,
    pub reduce: usize,
    pub inner: usize,
}

/// The sum of what is not kept (`torch.sum`): `x` of any shape → `[]`, `[C]`, `[N]` or `[N, C]`.
///
/// # Panics
/// When a scalar is to be summed per sample, or less than a matrix per sample and channel.
pub fn sum(x: &Var, axis: Axis) -> Var {
    let shape = x.shape();
    let (view, kept) = axis.view("sum", shape);
    let value = sum_middle(x.value(), view, kept);
    Var::from_op("sum", value, &[x], move |dy, _| vec![Some(expand(dy, axis, shape))])
}

/// The mean of what is not kept (`torch.mean`).
///
/// # Panics
/// When a scalar is to be averaged per sample, or less than a matrix per sample and channel.
pub fn mean(x: &Var, axis: Axis) -> Var {
    let (view, _) = axis.view("mean", x.shape());
    scale(&sum(x, axis), 1.0 / view.reduce as f32)
}

/// Spreads what a reduction kept over `shape` again (`torch.Tensor.expand`), the adjoint of [`sum`]: `[]`, `[C]`,
/// `[N]` or `[N, C]` → `shape`.
///
/// # Panics
/// When `y` has not the shape that the reduction of `shape` would have.
pub fn expand(y: &Var, axis: Axis, shape: impl Into<Shape>) -> Var {
    let shape = shape.into();
    let (View { reduce, inner, .. }, kept) = axis.view("expand", shape);
    assert_eq!(y.shape(), kept, "expand: {:?} is not what {axis:?} keeps of {shape:?}", y.shape());
    let value = Tensor::empty(y.value().gpu(), shape);
    let count = shape.len().div_ceil(4);
    let params =
        Expand { count: count as u32, size: kept.len() as u32, row: (reduce * inner) as u32, inner: inner as u32 };
    let dispatch = Dispatch::new("expand", &params).invocations(count).bind(y.value()).bind(&value);
    y.value().gpu().dispatch(dispatch.work(0.0, 4.0 * (kept.len() + shape.len()) as f64));
    Var::from_op("expand", value, &[y], move |dy, _| vec![Some(sum(dy, axis))])
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Expand {
    count: u32,
    size: u32,
    row: u32,
    inner: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Sum {
    count: u32,
    length: u32,
    stride: u32,
}

/// Sums along the middle of `x`, seen as `view`, into a tensor of `shape`. The order of the additions depends on the
/// view alone.
pub(super) fn sum_middle(x: &Tensor, view: View, shape: impl Into<Shape>) -> Tensor {
    let View { outer, mut reduce, inner } = view;
    assert_eq!(x.len(), outer * reduce * inner, "sum: {:?} is not {view:?}", x.shape());
    let mut partial = x.clone();
    for split in splits(reduce) {
        let sums = Tensor::empty(x.gpu(), [outer, split, inner]);
        let (terms, count) = (partial.len(), sums.len());
        let params = Sum { count: count as u32, length: (reduce * inner) as u32, stride: (split * inner) as u32 };
        let dispatch = Dispatch::new("sum", &params).invocations(count).bind(&partial).bind(&sums);
        x.gpu().dispatch(dispatch.work(terms as f64, 4.0 * (terms + count) as f64));
        (partial, reduce) = (sums, split);
    }
    partial.reshape(shape)
}

/// The terms that one invocation adds up at most. More would leave cores idle and let rounding errors grow; fewer would
/// take more launches.
const TERMS: usize = 128;

/// How many partial sums each launch of a sum over `reduce` terms leaves, the last of them 1: as few launches as
/// [`TERMS`] allows, with about the same number of terms in each.
fn splits(reduce: usize) -> Vec<usize> {
    let launches = (1..).find(|n| TERMS.pow(*n) >= reduce).expect("a power is large enough");
    let terms = (1..=TERMS).find(|t| t.pow(launches) >= reduce).expect("TERMS itself is large enough");
    (1..=launches).map(|launch| reduce.div_ceil(terms.pow(launch))).collect()
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Channels {
    length: u32,
    stride: u32,
    c: u32,
}

/// `x` plus one number for each channel (`x + bias` in torch): `x [.., C]`, `bias [C]` → `x`'s shape.
///
/// # Panics
/// When `bias` has not one number per channel.
pub fn add_channels(x: &Var, bias: &Var) -> Var {
    const ROWS: usize = 8; // that one invocation sees, about
    let c = x.shape().channels();
    assert_eq!(bias.shape().dims(), [c], "add_channels: {:?} needs one number per channel", x.shape());
    let (length, value) = (x.value().len(), Tensor::empty(x.value().gpu(), x.shape()));
    let stride = (length / c).div_ceil(ROWS).next_multiple_of(4) * c;
    let params = Channels { length: length as u32, stride: stride as u32, c: c as u32 };
    let dispatch = Dispatch::new("add_channels", &params).invocations(stride / 4).map(Map::AddChannels);
    let dispatch = dispatch.bind(x.value()).bind(bias.value()).bind(&value);
    value.gpu().dispatch(dispatch.work(length as f64, 8.0 * length as f64));
    Var::from_op("add_channels", value, &[x, bias], |dy, needs| {
        vec![Some(dy.clone()), needs[1].then(|| sum(dy, Axis::PerChannel))]
    })
}

#[cfg(test)]
mod tests {
    use super::{TERMS, splits};

    #[test]
    fn sums_end_in_one_and_no_launch_adds_too_many_terms() {
        for reduce in (1..3_000).chain([16_384, 16_385, 1_000_000, 2_097_152, 2_097_153]) {
            let splits = splits(reduce);
            assert_eq!(splits.last(), Some(&1));
            let mut terms = reduce;
            for split in splits {
                assert!(terms.div_ceil(split) <= TERMS, "{reduce}: {terms} terms into {split}");
                terms = split;
            }
        }
        assert_eq!(splits(1), [1]);
        assert_eq!(splits(128), [1]);
        assert_eq!(splits(1_000_000), [10_000, 100, 1]);
    }
}

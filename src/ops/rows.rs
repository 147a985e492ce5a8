//! Matrices row by row: shares of a whole, lengths, and rows picked by their numbers. What PatchNCE (Park et al., 2020)
//! is made of: positions of a picture are rows, features are columns.
//!
//! Its loss for one picture, with `q` and `k` of `[positions, features]` and a temperature τ, is
//! `cross_entropy(q kᵀ / τ)` with the diagonal as targets: position i of the one picture should be told among all
//! positions of the other.

use bytemuck::{Pod, Zeroable};

use super::{
    activation::{again, relu, relu_backward},
    elementwise::{fill, full, mul, reciprocal, shift, sqrt, square, sub},
    reduce::{Axis, expand, mean, sum},
    tile::fold,
};
use crate::{
    autograd::Var,
    gpu::{Buffer, Dispatch, Family, Gpu},
    tensor::{Shape, Tensor},
};

/// Exponentials of each row as shares of their sum (`torch.softmax`, `dim=1`): `x [rows, columns]` → the same shape.
/// Nothing overflows.
///
/// # Panics
/// When `x` is not a matrix.
pub fn softmax(x: &Var) -> Var {
    let value = matrix_like("softmax", x.value(), &[x.value()], 4.0);
    let (input, output) = (x.clone(), value.clone());
    Var::from_op("softmax", value, &[x], move |dy, _| {
        vec![Some(softmax_backward(&again(&input, &output, softmax), dy))]
    })
}

/// `y (dy − Σ y · dy)` with `y = softmax(x)` and the sum over each row: the gradient of [`softmax`].
///
/// # Panics
/// When `y` is not a matrix, or `dy` has another shape.
pub fn softmax_backward(y: &Var, dy: &Var) -> Var {
    same_shapes("softmax_backward", y, dy);
    let value = matrix_like("softmax_backward", y.value(), &[y.value(), dy.value()], 5.0);
    let (output, gradient) = (y.clone(), dy.clone());
    Var::from_op("softmax_backward", value, &[y, dy], move |g, needs| {
        // By y[k], of which there is one factor outside of the sum and one in it, weighed with all the others.
        let by_y = || {
            let inner = sub(&gradient, &spread(&dots(&output, &gradient), output.shape()));
            sub(&mul(g, &inner), &mul(&gradient, &spread(&dots(g, &output), output.shape())))
        };
        vec![needs[0].then(by_y), needs[1].then(|| softmax_backward(&output, g))]
    })
}

/// For each row the column that is right.
#[derive(Debug, Clone)]
pub struct Targets {
    buffer: Buffer,
    rows: usize,
    columns: usize,
}

impl Targets {
    /// The right columns of a matrix of `columns`, one for each of its rows.
    ///
    /// # Panics
    /// When one of them is not below `columns`, or there are none.
    pub fn new(gpu: &Gpu, targets: &[u32], columns: usize) -> Self {
        check_range("cross_entropy", "target", targets, "columns", columns);
        Self { buffer: gpu.upload(targets), rows: targets.len(), columns }
    }

    /// Row i's right column is column i: the targets of a matrix of `rows` by `rows`.
    pub fn diagonal(gpu: &Gpu, rows: usize) -> Self {
        Self::new(gpu, &(0..rows as u32).collect::<Vec<_>>(), rows)
    }

    fn check(&self, op: &str, x: Shape) -> [usize; 2] {
        let shape = x.matrix(op);
        assert_eq!(shape, [self.rows, self.columns], "{op}: the targets are for another matrix than {x:?}");
        shape
    }
}

/// How unlikely the softmax of each row holds its target (`torch.nn.functional.cross_entropy`, `reduction="none"`):
/// `x [rows, columns]` → `[rows]`, `ln Σ_c exp(x[r,c]) − x[r,t[r]]`, without overflow.
///
/// # Panics
/// When `x` is not the matrix that the targets are for.
pub fn cross_entropy(x: &Var, targets: &Targets) -> Var {
    let [rows, columns] = targets.check("cross_entropy", x.shape());
    let value = Tensor::empty(x.value().gpu(), [rows]);
    let dispatch = by_rows("cross_entropy", x.value().gpu(), &Matrix::of(rows, columns), rows);
    let dispatch = dispatch.bind(x.value()).bind(&targets.buffer).bind(&value);
    x.value().gpu().dispatch(dispatch.work(3.0 * (rows * columns) as f64, 4.0 * (rows * columns + 2 * rows) as f64));
    let (input, targets) = (x.clone(), targets.clone());
    Var::from_op("cross_entropy", value, &[x], move |dy, _| vec![Some(cross_entropy_backward(&input, &targets, dy))])
}

/// The mean of [`cross_entropy`] (`torch.nn.CrossEntropyLoss`): `x [rows, columns]` → `[]`.
///
/// # Panics
/// As [`cross_entropy`].
pub fn cross_entropy_loss(x: &Var, targets: &Targets) -> Var {
    mean(&cross_entropy(x, targets), Axis::All)
}

/// `(softmax(x)[r,c] − [c = t[r]]) · dy[r]`: the gradient of [`cross_entropy`], for
/// `dy [rows]`: `x [rows, columns]` → the same shape.
///
/// # Panics
/// When `x` is not the matrix that the targets are for, or `dy` has not one number per row.
pub fn cross_entropy_backward(x: &Var, targets: &Targets, dy: &Var) -> Var {
    let [rows, columns] = targets.check("cross_entropy_backward", x.shape());
    assert_eq!(dy.shape().dims(), [rows], "cross_entropy_backward: {:?} is no gradient of {rows} losses", dy.shape());
    let value = Tensor::empty(x.value().gpu(), x.shape());
    let dispatch = by_rows("cross_entropy_backward", x.value().gpu(), &Matrix::of(rows, columns), rows);
    let dispatch = dispatch.bind(x.value()).bind(&targets.buffer).bind(dy.value()).bind(&value);
    x.value().gpu().dispatch(dispatch.work(5.0 * value.len() as f64, 8.0 * (value.len() + rows) as f64));
    let (input, targets, gradient) = (x.clone(), targets.clone(), dy.clone());
    Var::from_op("cross_entropy_backward", value, &[x, dy], move |g, needs| {
        let by_x = || softmax_backward(&softmax(&input), &mul(g, &spread(&gradient, g.shape())));
        let by_dy = || {
            let one = gradient.tape().constant(full(gradient.tape().gpu(), gradient.shape(), 1.0));
            dots(g, &cross_entropy_backward(&input, &targets, &one))
        };
        vec![needs[0].then(by_x), needs[1].then(by_dy)]
    })
}

/// Rows to length 1, those shorter than `eps` only divided by it (`torch.nn.functional.normalize`, `p=2, dim=1`):
/// `x [rows, columns]` → the same shape.
///
/// # Panics
/// When `x` is not a matrix.
pub fn normalize(x: &Var, eps: f32) -> Var {
    let value = row_lengths("normalize", x.value(), &[x.value()], eps);
    let input = x.clone();
    Var::from_op("normalize", value, &[x], move |dy, _| vec![Some(normalize_backward(&input, dy, eps))])
}

/// The gradient of [`normalize`]: `(dy − ŷ (ŷ · dy)) / ‖x‖` with `ŷ = x / ‖x‖`, and `dy / eps` of rows that are shorter
/// than `eps`.
///
/// # Panics
/// When `x` is not a matrix, or `dy` has another shape.
pub fn normalize_backward(x: &Var, dy: &Var, eps: f32) -> Var {
    same_shapes("normalize_backward", x, dy);
    if dy.tape().is_remembering() {
        return differentiable_normalize_backward(x, dy, eps);
    }
    dy.tape().constant(row_lengths("normalize_backward", x.value(), &[x.value(), dy.value()], eps))
}

/// The same by ops that can be differentiated again: `dx = dy / n − x (x · dy) / n³`, without the second term where
/// `n = eps`.
fn differentiable_normalize_backward(x: &Var, dy: &Var, eps: f32) -> Var {
    // n² as eps² + relu(‖x‖² − eps²): a root of what is never 0 has a slope, also in rows of zeros.
    let above = shift(&dots(x, x), -eps * eps);
    let inverse = reciprocal(&sqrt(&shift(&relu(&above), eps * eps)));
    let along = relu_backward(&above, &mul(&dots(x, dy), &mul(&inverse, &square(&inverse))));
    sub(&mul(dy, &spread(&inverse, x.shape())), &mul(x, &spread(&along, x.shape())))
}

/// Rows of a matrix, by their numbers, in any order and as often as one likes.
#[derive(Debug, Clone)]
pub struct Indices {
    indices: Buffer,
    /// The places in `indices`, sorted by what stands there.
    order: Buffer,
    count: usize,
    rows: usize,
}

impl Indices {
    /// Numbers of rows of a matrix that has `rows`.
    ///
    /// # Panics
    /// When one of them is not below `rows`, or there are none.
    pub fn new(gpu: &Gpu, indices: &[u32], rows: usize) -> Self {
        check_range("gather_rows", "index", indices, "rows", rows);
        let mut order: Vec<u32> = (0..indices.len() as u32).collect();
        // A stable sort: gradients of one row are added up in the order in which it was gathered.
        order.sort_by_key(|place| indices[*place as usize]);
        Self { indices: gpu.upload(indices), order: gpu.upload(&order), count: indices.len(), rows }
    }

    /// How many rows they pick.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Never true: none cannot be made.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// The rows of `x` with these numbers (`torch.index_select`, `dim=0`): `x [rows, columns]` → `[indices, columns]`.
///
/// # Panics
/// When `x` is not a matrix of the rows that the indices are for.
pub fn gather_rows(x: &Var, indices: &Indices) -> Var {
    let [rows, columns] = x.shape().matrix("gather_rows");
    assert_eq!(rows, indices.rows, "gather_rows: the indices are for another matrix than {:?}", x.shape());
    let value = Tensor::empty(x.value().gpu(), [indices.count, columns]);
    let [across, down] = fold(indices.count);
    let dispatch = Dispatch::new("gather_rows", &Matrix::of(indices.count, columns)).workgroups(across, down, 1);
    let dispatch = dispatch.bind(x.value()).bind(&indices.indices).bind(&value);
    x.value().gpu().dispatch(dispatch.work(0.0, 4.0 * (2 * value.len() + indices.count) as f64));
    let indices = indices.clone();
    Var::from_op("gather_rows", value, &[x], move |dy, _| vec![Some(gather_rows_backward(dy, &indices))])
}

/// Rows added up where [`gather_rows`] took them from: `dy [indices, columns]` → `[rows, columns]`, zero where no index
/// points. Its gradient is `gather_rows` again.
///
/// # Panics
/// When `dy` is not a matrix with a row for each index.
pub fn gather_rows_backward(dy: &Var, indices: &Indices) -> Var {
    let [count, columns] = dy.shape().matrix("gather_rows_backward");
    assert_eq!(count, indices.count, "gather_rows_backward: the indices are not those of {:?}", dy.shape());
    let value = Tensor::empty(dy.value().gpu(), [indices.rows, columns]);
    fill(&value, 0.0);
    let [across, down] = fold(count);
    let dispatch = Dispatch::new("gather_rows_backward", &Matrix::of(count, columns)).workgroups(across, down, 1);
    let dispatch = dispatch.bind(dy.value()).bind(&indices.indices).bind(&indices.order).bind(&value);
    dy.value().gpu().dispatch(dispatch.work(dy.value().len() as f64, 8.0 * (dy.value().len() + count) as f64));
    let indices = indices.clone();
    Var::from_op("gather_rows_backward", value, &[dy], move |g, _| vec![Some(gather_rows(g, &indices))])
}

/// Params of the kernels that know of a matrix its extents alone.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Matrix {
    rows: u32,
    columns: u32,
}

impl Matrix {
    fn of(rows: usize, columns: usize) -> Self {
        Self { rows: rows as u32, columns: columns as u32 }
    }
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Lengths {
    rows: u32,
    columns: u32,
    eps: f32,
}

/// A launch of a kernel that has a workgroup to a row.
fn by_rows(name: &'static str, gpu: &Gpu, params: &impl Pod, rows: usize) -> Dispatch {
    // Barriers are free where a workgroup runs in step, which on a CPU is what one vector holds.
    let width = if gpu.family() == Family::Tiled { 64 } else { 16 };
    let [across, down] = fold(rows);
    Dispatch::new(name, params).constant("WIDTH", width).workgroups(across, down, 1)
}

/// Launches a kernel that makes of matrices of one shape another of that shape.
fn matrix_like(name: &'static str, x: &Tensor, inputs: &[&Tensor], flops: f64) -> Tensor {
    let [rows, columns] = x.shape().matrix(name);
    finish(by_rows(name, x.gpu(), &Matrix::of(rows, columns), rows), x, inputs, flops)
}

/// The same for a kernel that is told the least length of a row.
fn row_lengths(name: &'static str, x: &Tensor, inputs: &[&Tensor], eps: f32) -> Tensor {
    let [rows, columns] = x.shape().matrix(name);
    let params = Lengths { rows: rows as u32, columns: columns as u32, eps };
    finish(by_rows(name, x.gpu(), &params, rows), x, inputs, 4.0)
}

fn finish(dispatch: Dispatch, x: &Tensor, inputs: &[&Tensor], flops: f64) -> Tensor {
    let y = Tensor::empty(x.gpu(), x.shape());
    let dispatch = inputs.iter().fold(dispatch, |dispatch, input| dispatch.bind(*input)).bind(&y);
    let len = x.len() as f64;
    x.gpu().dispatch(dispatch.work(flops * len, 4.0 * len * (inputs.len() + 1) as f64));
    y
}

fn same_shapes(op: &str, x: &Var, dy: &Var) {
    assert_eq!(x.shape(), dy.shape(), "{op}: shapes differ");
}

/// Panics when there are no values, or one is not below `limit`.
fn check_range(op: &str, what: &str, values: &[u32], extent: &str, limit: usize) {
    assert!(!values.is_empty(), "{op}: no {what} is given");
    if let Some(place) = values.iter().position(|value| *value as usize >= limit) {
        panic!("{op}: {what} {} at place {place} is not below {limit}, the number of {extent}", values[place]);
    }
}

/// The scalar product of each row with the other's: `[rows, columns]` twice → `[rows]`.
fn dots(a: &Var, b: &Var) -> Var {
    sum(&mul(a, b), Axis::PerSample)
}

/// One number for each row, for all columns of it.
fn spread(numbers: &Var, shape: Shape) -> Var {
    expand(numbers, Axis::PerSample, shape)
}

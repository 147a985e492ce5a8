//! Matrix product and transposition, and the linear layer made of them.
//!
//! The product has four kernels that compute the same: [`naive`] is the definition, [`tiled`] is for GPUs, [`lanes`]
//! for software adapters, [`panels`](fn@panels) for our own. A fifth, [`coop`], rounds the factors to f16.

use bytemuck::{Pod, Zeroable};

use super::{
    elementwise::add,
    panels::Matrices,
    reduce::{Axis, expand},
    register_tile::RegisterTile,
    tile::{Multiplier, Tile, add_parts, fold, is_mixed},
};
use crate::{
    autograd::Var,
    gpu::{Dispatch, Family},
    tensor::{Shape, Tensor},
};

/// `y = a b` (`torch.matmul`): `a [m, k]`, `b [k, n]` → `y [m, n]`.
///
/// # Panics
/// When `a` and `b` are not matrices, or `a` has not as many columns as `b` has rows.
pub fn matmul(a: &Var, b: &Var) -> Var {
    let gpu = a.value().gpu();
    let value = match gpu.family() {
        _ if is_mixed(gpu, Product::of(a.value(), b.value()).extents()) => coop(a.value(), b.value()),
        Family::Tiled => tiled(a.value(), b.value()),
        Family::Lanes { lanes: width } => lanes(a.value(), b.value(), width),
        Family::Panels { lanes } => panels(a.value(), b.value(), lanes),
    };
    let (left, right) = (a.clone(), b.clone());
    // dy[i,j] reaches a[i,p] by b[p,j] and b[p,j] by a[i,p]: da = dy bᵀ, db = aᵀ dy.
    Var::from_op("matmul", value, &[a, b], move |dy, needs| {
        vec![needs[0].then(|| matmul(dy, &transpose(&right))), needs[1].then(|| matmul(&transpose(&left), dy))]
    })
}

/// `y = x w + bias` (`torch.nn.functional.linear`, whose weights are transposed): `x [n, in]`, `w [in, out]`,
/// `bias [out]` → `y [n, out]`.
///
/// # Panics
/// When the shapes do not fit.
pub fn linear(x: &Var, w: &Var, bias: Option<&Var>) -> Var {
    let y = matmul(x, w);
    match bias {
        Some(bias) => add(&y, &expand(bias, Axis::PerChannel, y.shape())),
        None => y,
    }
}

/// `y = xᵀ` (`torch.t`): `x [rows, cols]` → `y [cols, rows]`.
///
/// # Panics
/// When `x` is not a matrix.
pub fn transpose(x: &Var) -> Var {
    let [rows, cols] = x.shape().matrix("transpose");
    let value = transposed(x.value(), [1, rows, cols]).reshape([cols, rows]);
    Var::from_op("transpose", value, &[x], |dy, _| vec![Some(transpose(dy))])
}

/// The last two extents exchanged (`torch.Tensor.mT`): `x [.., rows, cols]` → `[.., cols, rows]`.
///
/// # Panics
/// When `x` has less than two extents.
pub fn transpose_last(x: &Var) -> Var {
    let mut dims = x.shape().dims().to_vec();
    assert!(dims.len() >= 2, "transpose_last: {:?} has no rows and columns", x.shape());
    let last = dims.len() - 1;
    let (rows, cols) = (dims[last - 1], dims[last]);
    dims.swap(last - 1, last);
    let value = transposed(x.value(), [x.shape().len() / (rows * cols), rows, cols]).reshape(&dims[..]);
    Var::from_op("transpose_last", value, &[x], |dy, _| vec![Some(transpose_last(dy))])
}

/// Every matrix of a batch transposed: `x [batch, rows, cols]`, in whatever shape holds as many elements, →
/// `[batch, cols, rows]`. Not differentiable by itself.
///
/// # Panics
/// When the number of elements differs.
pub fn transposed(x: &Tensor, [batch, rows, cols]: [usize; 3]) -> Tensor {
    const SIDE: usize = 16;
    assert_eq!(x.len(), batch * rows * cols, "transpose: {:?} is not {:?}", x.shape(), [batch, rows, cols]);
    let y = Tensor::empty(x.gpu(), [batch, cols, rows]);
    let dispatch = Dispatch::new("transpose", &Transpose { rows: rows as u32, cols: cols as u32 })
        .workgroups(rows.div_ceil(SIDE), cols.div_ceil(SIDE), batch)
        .bind(x)
        .bind(&y);
    x.gpu().dispatch(dispatch.constant("SIDE", SIDE as u32).work(0.0, 8.0 * x.len() as f64));
    y
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Transpose {
    rows: u32,
    cols: u32,
}

/// The product by its definition, one invocation per element. Not differentiable by itself.
///
/// # Panics
/// As [`matmul`].
pub fn naive(a: &Tensor, b: &Tensor) -> Tensor {
    const SIDE: usize = 16;
    let sizes = Product::of(a, b);
    let [m, _, n] = sizes.extents();
    let y = Tensor::empty(a.gpu(), [m, n]);
    let dispatch = launch("matmul_naive", sizes).constant("SIDE", SIDE as u32).bind(a).bind(b).bind(&y);
    a.gpu().dispatch(dispatch.workgroups(n.div_ceil(SIDE), m.div_ceil(SIDE), 1));
    y
}

/// The product from tiles in workgroup memory. Not differentiable by itself.
///
/// # Panics
/// As [`matmul`].
pub fn tiled(a: &Tensor, b: &Tensor) -> Tensor {
    from_tiles(a, b, Multiplier::Invocations)
}

/// The product by cooperative matrices, of factors rounded to f16, with sums in f32. Not differentiable by itself. The
/// device refuses it where the adapter has no such matrices.
///
/// # Panics
/// As [`matmul`].
pub fn coop(a: &Tensor, b: &Tensor) -> Tensor {
    from_tiles(a, b, Multiplier::Matrices)
}

/// The product from tiles in workgroup memory, multiplied in either way.
pub(super) fn from_tiles(a: &Tensor, b: &Tensor, by: Multiplier) -> Tensor {
    let sizes = Product::of(a, b);
    let [m, k, n] = sizes.extents();
    let kernel = by.name("matmul_tiled", "matmul_coop");
    let (rule, count) = (Tile::of(a.gpu(), by, m, n, 1), |tile: &Tile| Some(tile.count(m, n)));
    let (tile, parts) = rule.or_measured(a.gpu(), kernel, || sizes.words(), k, count);
    let y = Tensor::empty(a.gpu(), [parts, m, n]);
    let [x, rows] = fold(tile.count(m, n));
    let dispatch = tile.tell(launch(kernel, sizes), a.gpu(), [k, n]);
    let dispatch = dispatch.bind(a).bind(a).bind(b).bind(b).bind(&y);
    a.gpu().dispatch(dispatch.workgroups(x, rows, parts));
    add_parts(&y, Shape::from([m, n]))
}

/// The product from register tiles shared between the `lanes` invocations of a subgroup. Not differentiable by itself.
/// The device refuses it where the adapter has no subgroups of a fixed size.
///
/// # Panics
/// As [`matmul`].
pub fn lanes(a: &Tensor, b: &Tensor, lanes: u32) -> Tensor {
    let sizes = Product::of(a, b);
    let [m, _, n] = sizes.extents();
    let tile = RegisterTile::holding(a.gpu(), "matmul_lanes", [m, n], lanes);
    let tile = tile.or_measured(a.gpu(), "matmul_lanes", || sizes.words());
    let y = Tensor::empty(a.gpu(), [m, n]);
    let dispatch =
        tile.tell(launch("matmul_lanes", sizes)).workgroups(n.div_ceil(tile.width()), m.div_ceil(tile.rows), 1);
    a.gpu().dispatch(dispatch.bind(a).bind(b).bind(&y));
    y
}

/// The product from register tiles, `b` packed into panels, in vectors of `lanes`: 8 or 16. Not differentiable by
/// itself.
///
/// # Panics
/// As [`matmul`].
pub fn panels(a: &Tensor, b: &Tensor, lanes: u32) -> Tensor {
    let [m, k, n] = Product::of(a, b).extents();
    let row_strides = [0, n];
    let view =
        Matrices { batch: 1, rows: [1, k], cols: n, batch_stride: 0, row_strides, col_stride: 1, reversed: false };
    panels_seen(a, b, view, m, lanes)
}

/// The product of `a`, seen as `m` rows, with the one matrix that `b` is seen as.
pub(super) fn panels_seen(a: &Tensor, b: &Tensor, view: Matrices, m: usize, lanes: u32) -> Tensor {
    let (k, n) = (view.rows[0] * view.rows[1], view.cols);
    let sizes = Product { m: m as u32, k: k as u32, n: n as u32 };
    let tile = RegisterTile::cheapest(a.gpu(), "matmul_panels", [m, n, k], lanes);
    let tile = tile.or_measured(a.gpu(), "matmul_panels", || sizes.words());
    let b = view.pack(b, &tile);
    let y = Tensor::empty(a.gpu(), [m, n]);
    let [across, down] = fold(tile.count(m, n));
    let dispatch = tile.tell(launch("matmul_panels", sizes)).workgroups(across, down, 1);
    a.gpu().dispatch(dispatch.bind(a).bind(&b).bind(&y));
    y
}

/// Params of the kernels of the product: `a [m, k]`, `b [k, n]`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Product {
    m: u32,
    k: u32,
    n: u32,
}

impl Product {
    fn of(a: &Tensor, b: &Tensor) -> Self {
        let ([m, k], [rows, n]) = (a.shape().matrix("matmul"), b.shape().matrix("matmul"));
        assert_eq!(k, rows, "matmul: {:?} and {:?} have no product", a.shape(), b.shape());
        Self { m: m as u32, k: k as u32, n: n as u32 }
    }

    /// By which measured choices are found.
    fn words(self) -> Vec<u32> {
        vec![self.m, self.k, self.n]
    }

    fn extents(self) -> [usize; 3] {
        [self.m, self.k, self.n].map(|extent| extent as usize)
    }
}

/// A launch of one of the kernels of the product, without bindings and workgroups.
fn launch(name: &'static str, sizes: Product) -> Dispatch {
    let [m, k, n] = sizes.extents().map(|extent| extent as f64);
    Dispatch::new(name, &sizes).work(2.0 * m * k * n, 4.0 * (m * k + k * n + m * n))
}

//! Matrix product and transposition, and the linear layer made of them.

use bytemuck::{Pod, Zeroable};

use crate::{autograd::Var, gpu::Dispatch, tensor::Tensor};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Transpose {
    rows: u32,
    cols: u32,
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

/// Every matrix of a batch transposed: `x [batch, rows, cols]`, in whatever shape holds as many elements, →
/// `[batch, cols, rows]`. Not differentiable by itself.
///
/// # Panics
/// When the number of elements differs.
pub(crate) fn transposed(x: &Tensor, [batch, rows, cols]: [usize; 3]) -> Tensor {
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

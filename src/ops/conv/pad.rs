//! Zero padding and cropping, each the other's derivative.

use bytemuck::{Pod, Zeroable};

use crate::{
    autograd::Var,
    gpu::Dispatch,
    tensor::{Shape, Tensor},
};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Frame {
    n: u32,
    small: [u32; 2],
    large: [u32; 2],
    channels: u32,
    corner: [u32; 2],
}

/// Rows and columns of zeros around each picture (`torch.nn.functional.pad`): `x [n, h, w, c]` →
/// `[n, top + h + bottom, left + w + right, c]`; `sides` are `[top, bottom, left, right]`.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`.
pub fn pad2d(x: &Var, sides: [usize; 4]) -> Var {
    let [n, h, w, c] = x.shape().nhwc("pad2d");
    let [top, bottom, left, right] = sides;
    let value = launch("pad2d", x.value(), [n, top + h + bottom, left + w + right, c], sides);
    Var::from_op("pad2d", value, &[x], move |dy, _| vec![Some(crop2d(dy, sides))])
}

/// Rows and columns cut off each picture, the adjoint of [`pad2d`]: `x [n, h, w, c]` →
/// `[n, h − top − bottom, w − left − right, c]`; `sides` are `[top, bottom, left, right]`.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, or nothing is left of it.
pub fn crop2d(x: &Var, sides: [usize; 4]) -> Var {
    let [n, h, w, c] = x.shape().nhwc("crop2d");
    let [top, bottom, left, right] = sides;
    assert!(top + bottom < h && left + right < w, "crop2d: cutting {sides:?} leaves nothing of {:?}", x.shape());
    let value = launch("crop2d", x.value(), [n, h - top - bottom, w - left - right, c], sides);
    Var::from_op("crop2d", value, &[x], move |dy, _| vec![Some(pad2d(dy, sides))])
}

fn launch(name: &'static str, x: &Tensor, output: [usize; 4], [top, _, left, _]: [usize; 4]) -> Tensor {
    let y = Tensor::empty(x.gpu(), output);
    // The smaller of the two stands at the corner of the larger.
    let (one, other) = (x.shape(), y.shape());
    let (small, large) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let pixels = |shape: Shape| [shape.dims()[1] as u32, shape.dims()[2] as u32];
    let params = Frame {
        n: output[0] as u32,
        small: pixels(small),
        large: pixels(large),
        channels: output[3] as u32,
        corner: [top as u32, left as u32],
    };
    let dispatch = Dispatch::new(name, &params).invocations(y.len()).bind(x).bind(&y);
    x.gpu().dispatch(dispatch.work(0.0, 4.0 * (x.len() + y.len()) as f64));
    y
}

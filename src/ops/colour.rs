//! From one space of colours to another, on pictures `[N, H, W, 3]`.
//!
//! RGB and YUV are those of BT.601 as TensorFlow has them (`tf.image.rgb_to_yuv`, `tf.image.yuv_to_rgb`), which is what
//! AnimeGAN's colour loss was written with. For R, G and B in [0, 1] the brightness Y is in [0, 1], U in ±0.436 and V
//! in ±0.615.

use bytemuck::{Pod, Zeroable};

use crate::{autograd::Var, gpu::Dispatch, tensor::Tensor};

/// What becomes of a pixel: `y[c] = Σ_k matrix[c][k] · x[k] + shift[c]`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Mixing {
    /// Rows are channels of the result.
    pub matrix: [[f32; 3]; 3],
    /// Added to each channel.
    pub shift: [f32; 3],
}

/// From RGB to YUV, the numbers of TensorFlow's `rgb_to_yuv`.
pub const RGB_TO_YUV: Mixing = Mixing {
    matrix: [
        [0.299, 0.587, 0.114],
        [-0.147_141_19, -0.288_869_16, 0.436_010_35],
        [0.614_975_4, -0.514_965_1, -0.100_010_26],
    ],
    shift: [0.0; 3],
};

/// From YUV to RGB, the numbers of TensorFlow's `yuv_to_rgb`.
pub const YUV_TO_RGB: Mixing = Mixing {
    matrix: [[1.0, 0.0, 1.139_883], [1.0, -0.394_642_33, -0.580_621_85], [1.0, 2.032_061_8, 0.0]],
    shift: [0.0; 3],
};

/// Brightness and two colour differences of pictures with R, G and B in [0, 1] (`tf.image.rgb_to_yuv`): `[N, H, W, 3]`
/// → the same shape.
///
/// # Panics
/// When `x` is not `[N, H, W, 3]`.
pub fn rgb_to_yuv(x: &Var) -> Var {
    mix_colours(x, RGB_TO_YUV)
}

/// The way back (`tf.image.yuv_to_rgb`): `[N, H, W, 3]` → the same shape.
///
/// # Panics
/// When `x` is not `[N, H, W, 3]`.
pub fn yuv_to_rgb(x: &Var) -> Var {
    mix_colours(x, YUV_TO_RGB)
}

/// Each pixel through a matrix: `x [N, H, W, 3]` → the same shape.
///
/// # Panics
/// When `x` is not `[N, H, W, 3]`.
pub fn mix_colours(x: &Var, mixing: Mixing) -> Var {
    let [_, _, _, c] = x.shape().nhwc("mix_colours");
    assert_eq!(c, 3, "mix_colours: a pixel has three numbers, got {:?}", x.shape());
    let value = launch(x.value(), mixing);
    Var::from_op("mix_colours", value, &[x], move |dy, _| {
        // dx[k] = Σ_c matrix[c][k] · dy[c]: the matrix from the other side.
        let turned = [0, 1, 2].map(|k| mixing.matrix.map(|row| row[k]));
        vec![Some(mix_colours(dy, Mixing { matrix: turned, shift: [0.0; 3] }))]
    })
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    count: u32,
    mixing: Mixing,
}

fn launch(x: &Tensor, mixing: Mixing) -> Tensor {
    const STEPS: usize = 8; // elements of an invocation, as in the shader
    let y = Tensor::empty(x.gpu(), x.shape());
    let params = Params { count: x.len() as u32, mixing };
    let dispatch = Dispatch::new("mix_colours", &params).invocations(x.len().div_ceil(STEPS)).bind(x).bind(&y);
    x.gpu().dispatch(dispatch.work(6.0 * x.len() as f64, 8.0 * x.len() as f64));
    y
}

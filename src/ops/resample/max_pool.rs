//! Max pooling: which pixel of a window is taken depends on the values, and what is taken is then a copy. So the two
//! kernels are each other's derivatives: one takes the elements, the other puts them back.

use bytemuck::{Pod, Zeroable};

use crate::{
    autograd::Var,
    gpu::Dispatch,
    ops::{
        launch::{is_gpu, vector_lanes},
        tile,
    },
    tensor::Tensor,
};

/// Windows of `kernel`, `stride` apart, over pictures with `padding` rows and columns on each side; pairs are `[height,
/// width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Windows {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Windows {
    /// How many there are along each axis of `[h, w]` pixels; `None` where one would not touch the picture, or none
    /// fits.
    fn count(&self, input: [usize; 2]) -> Option<[usize; 2]> {
        let Self { kernel, stride, padding } = *self;
        let along = |axis: usize| {
            let room = (input[axis] + 2 * padding[axis]).checked_sub(kernel[axis])?;
            (stride[axis] > 0 && padding[axis] < kernel[axis]).then(|| room / stride[axis] + 1)
        };
        Some([along(0)?, along(1)?])
    }
}

/// The largest of each window (`torch.nn.functional.max_pool2d`): `x [n, h, w, c]` →
/// `[n, ⌊(h + 2·padding − k_h) / stride⌋ + 1, …, c]`. What lies beside the picture is never the largest; of equal ones
/// the first, row by row, gets the gradient.
///
/// # Panics
/// When `x` is not `[N, H, W, C]`, the kernel does not fit into it, a stride is 0, or a padding is not below its
/// kernel.
pub fn max_pool2d(x: &Var, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Var {
    take(x, x.value(), Windows { kernel, stride, padding }, &[x])
}

/// What `v` has where the windows of `x` are largest; the gradient goes to the `learner`, which `v` is the value of.
fn take(x: &Var, v: &Tensor, windows: Windows, learner: &[&Var]) -> Var {
    let value = launch("max_pool2d", x.value(), v, windows, Writes::Pooled);
    let x = x.detach();
    Var::from_op("max_pool2d", value, learner, move |dy, _| vec![Some(put_back(&x, dy, windows))])
}

/// The adjoint of [`take`]: each element of `dy` where it was taken, zeros elsewhere. Which that is does not change
/// with the values, so that the gradient by `x` is zero.
fn put_back(x: &Var, dy: &Var, windows: Windows) -> Var {
    let value = launch("max_pool2d_backward", x.value(), dy.value(), windows, Writes::Whole);
    let x = x.clone();
    Var::from_op("max_pool2d_backward", value, &[dy], move |ddx, _| vec![Some(take(&x, ddx.value(), windows, &[ddx]))])
}

/// Which pictures a kernel writes.
enum Writes {
    /// One pixel for each window.
    Pooled,
    /// Those that are pooled.
    Whole,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    n: u32,
    input: [u32; 2],
    output: [u32; 2],
    c: u32,
    kernel: [u32; 2],
    stride: [u32; 2],
    padding: [u32; 2],
}

fn launch(name: &'static str, x: &Tensor, other: &Tensor, windows: Windows, writes: Writes) -> Tensor {
    let [n, h, w, c] = x.shape().nhwc(name);
    let count = windows.count([h, w]);
    let [h_out, w_out] = count.unwrap_or_else(|| panic!("{name}: {windows:?} do not fit {:?}", x.shape()));
    let (pooled, whole) = ([n, h_out, w_out, c], [n, h, w, c]);
    let (given, made) = match writes {
        Writes::Pooled => (whole, pooled),
        Writes::Whole => (pooled, whole),
    };
    assert_eq!(other.shape().dims(), given, "{name}: {windows:?} on {:?}", x.shape());
    let y = Tensor::empty(x.gpu(), made);
    let pair = |pair: [usize; 2]| pair.map(|v| v as u32);
    let params = Params {
        n: n as u32,
        input: pair([h, w]),
        output: pair([h_out, w_out]),
        c: c as u32,
        kernel: pair(windows.kernel),
        stride: pair(windows.stride),
        padding: pair(windows.padding),
    };
    let lanes = if is_gpu(x.gpu()) { 64 } else { vector_lanes(x.gpu()) };
    let [across, down] = tile::fold(made[0] * made[1]);
    let dispatch = Dispatch::new(name, &params).constant("LANES", lanes).workgroups(across, down, 1);
    let compared = (n * h_out * w_out * c * windows.kernel.iter().product::<usize>()) as f64;
    let bytes = 4.0 * (x.len() + other.len() + y.len()) as f64;
    x.gpu().dispatch(dispatch.bind(x).bind(other).bind(&y).work(compared, bytes));
    y
}

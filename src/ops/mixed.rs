//! Mixed precision: products by cooperative matrices, once they have shown on this very device that they are right.
//!
//! What drivers make of cooperative matrices has been wrong before, now and then and without a word. So nobody relies
//! on a kernel that multiplies by them before it has agreed with the plain f32 kernel. The factors tried are small
//! whole numbers, which f16 holds exactly and whose sums f32 holds exactly: the two must agree to the bit, whatever the
//! order of the additions.

use std::fmt;

use super::{
    conv::{Conv2d, Geometry, coop, naive},
    matmul,
};
use crate::{
    gpu::{Error, Gpu, Options, Precision},
    philox::Philox,
    tensor::{Shape, Tensor},
};

/// Why products stay in f32 although mixed precision was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mixed precision is switched off, everything is computed in f32: {}", self.reason)
    }
}

/// Opens a device as [`Gpu::open`]; where the options say [`Precision::Mixed`] and every kernel for it passes its test,
/// products are computed by cooperative matrices from here on. Where that cannot be, says why.
///
/// # Errors
/// As [`Gpu::open`].
pub fn open(options: &Options) -> Result<(Gpu, Option<Refusal>), Error> {
    let gpu = Gpu::open(options)?;
    if options.precision == Precision::F32 {
        return Ok((gpu, None));
    }
    let refusal = self_test(options).err();
    if refusal.is_none() {
        gpu.set_precision(Precision::Mixed);
    }
    Ok((gpu, refusal))
}

/// Tries every kernel. On a device of its own: one that fails, as a driver may over a kernel that it cannot compile, is
/// to be given up.
fn self_test(options: &Options) -> Result<(), Refusal> {
    let gpu = Gpu::open(options).map_err(refused)?;
    if !gpu.adapter().cooperative {
        let adapter = gpu.adapter();
        return Err(refused(format!(
            "the adapter '{}' has no cooperative matrices that multiply f16 and add up in f32, or its driver does not \
             offer them ({} {})",
            adapter.name, adapter.interface, adapter.driver
        )));
    }
    checks().iter().try_for_each(|check| check.run(&gpu))
}

fn refused(reason: impl fmt::Display) -> Refusal {
    Refusal { reason: reason.to_string() }
}

/// Two factors to one product.
type Multiply = Box<dyn Fn(&Tensor, &Tensor) -> Tensor>;

/// A kernel, and the plain one that it must agree with.
struct Check {
    kernel: &'static str,
    factors: [Shape; 2],
    coop: Multiply,
    plain: Multiply,
}

impl Check {
    fn run(&self, gpu: &Gpu) -> Result<(), Refusal> {
        let factor = |which: usize| {
            let mut random = Philox::new(0, which as u64);
            let values: Vec<f32> =
                (0..self.factors[which].len()).map(|_| (random.next_u32() % 7) as f32 - 3.0).collect();
            Tensor::from_slice(gpu, self.factors[which], &values)
        };
        let [a, b] = [factor(0), factor(1)];
        let (got, wanted) = ((self.coop)(&a, &b), (self.plain)(&a, &b));
        let [got, wanted] = [got.to_vec().map_err(refused)?, wanted.to_vec().map_err(refused)?];
        let wrong = got.iter().zip(&wanted).filter(|(got, wanted)| got != wanted).count();
        if wrong == 0 {
            return Ok(());
        }
        Err(refused(format!(
            "on the adapter '{}' the kernel {} gives {wrong} of {} numbers otherwise than in f32; a newer driver may \
             not",
            gpu.adapter().name,
            self.kernel,
            got.len()
        )))
    }
}

/// Every kernel, at shapes with several tiles, cut ones among them, in both directions and in the sum; with factors
/// that are read as vec4s and with others.
fn checks() -> Vec<Check> {
    let mut all = Vec::new();
    for [m, k, n] in [[150, 132, 140], [70, 67, 33]] {
        let factors = [Shape::from([m, k]), Shape::from([k, n])];
        all.push(Check {
            kernel: "matmul_coop",
            factors,
            coop: Box::new(matmul::coop),
            plain: Box::new(matmul::naive),
        });
    }
    for channels in [20, 19] {
        let config = Conv2d { stride: [2, 2], padding: [1, 1], ..Conv2d::default() };
        let (x, w) = (Shape::from([2, 18, 14, channels]), Shape::from([4, 4, channels, 72]));
        let geometry = Geometry::of_convolution("mixed", x, w, &config);
        let y = geometry.y_shape();
        let check = |kernel, factors, coop: Convolve, plain: Convolve| Check {
            kernel,
            factors,
            coop: Box::new(move |a, b| coop(a, b, &geometry)),
            plain: Box::new(move |a, b| plain(a, b, &geometry)),
        };
        all.push(check("conv2d_coop", [x, w], coop::conv2d, naive::conv2d));
        all.push(check(
            "conv2d_backward_input_coop",
            [y, w],
            coop::conv2d_backward_input,
            naive::conv2d_backward_input,
        ));
        all.push(check(
            "conv2d_backward_weight_coop",
            [x, y],
            coop::conv2d_backward_weight,
            naive::conv2d_backward_weight,
        ));
    }
    all
}

type Convolve = fn(&Tensor, &Tensor, &Geometry) -> Tensor;

#[cfg(test)]
mod tests {
    use super::*;

    fn native() -> Options {
        Options { adapter: Some("native".into()), precision: Precision::Mixed, ..Options::default() }
    }

    #[test]
    fn kernels_that_are_right_are_switched_to() {
        let (gpu, refusal) = open(&native()).expect("it opens");
        assert_eq!((gpu.precision(), refusal), (Precision::Mixed, None));
        let (gpu, refusal) = open(&Options { precision: Precision::F32, ..native() }).expect("it opens");
        assert_eq!((gpu.precision(), refusal), (Precision::F32, None));
    }

    #[test]
    fn a_kernel_that_is_wrong_is_named() {
        let gpu = Gpu::open(&native()).expect("it opens");
        for (place, mut check) in checks().into_iter().enumerate() {
            let right = std::mem::replace(&mut check.coop, Box::new(|a, _| a.clone()));
            // One number of the result is off by one: as a factor that was read from a wrong place, once.
            check.coop = Box::new(move |a, b| {
                let product = right(a, b);
                let mut values = product.to_vec().expect("the device answers");
                let last = values.len() - 1;
                values[last] += 1.0;
                Tensor::from_slice(product.gpu(), product.shape(), &values)
            });
            let refusal = check.run(&gpu).expect_err("it is wrong").to_string();
            let told = refusal.contains(check.kernel) && refusal.contains("gives 1 of");
            assert!(told && refusal.starts_with("mixed precision is switched off"), "{place}: {refusal}");
        }
    }

    #[test]
    fn the_sums_of_the_test_are_exact() {
        // A sum has no more terms than the first factor has numbers, and none is above 9.
        let terms = checks().iter().map(|check| check.factors[0].len()).max().expect("there are checks");
        assert!(9 * terms < 1 << 24, "f32 holds whole numbers up to there");
    }
}

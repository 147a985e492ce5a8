//! Sparse matrices along one axis of a picture.

use std::{collections::BTreeMap, ops::Range};

/// One entry of a row: an input and its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tap {
    /// The input's index.
    pub index: usize,
    /// Its weight.
    pub weight: f32,
}

/// A linear map along one axis: for each output, the inputs that it is a weighted sum of. A row without taps is zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Taps {
    inputs: usize,
    /// Where each row begins in `taps`, and after the last one its end.
    starts: Vec<usize>,
    taps: Vec<Tap>,
}

impl Taps {
    /// The map from `inputs` whose row `i` of `outputs` is `row(i)`, in the order of the inputs.
    fn new<I: IntoIterator<Item = (usize, f64)>>(
        inputs: usize,
        outputs: usize,
        mut row: impl FnMut(usize) -> I,
    ) -> Self {
        let (mut starts, mut taps) = (vec![0], Vec::new());
        for output in 0..outputs {
            taps.extend(row(output).into_iter().map(|(index, weight)| Tap { index, weight: weight as f32 }));
            starts.push(taps.len());
        }
        Self { inputs, starts, taps }
    }

    /// The map from `inputs` that copies input `source(i)` to output `i`.
    fn copies(inputs: usize, outputs: usize, source: impl Fn(usize) -> usize) -> Self {
        Self::new(inputs, outputs, |i| [(source(i), 1.0)])
    }

    /// `n` to `n`, as they are.
    pub fn identity(n: usize) -> Self {
        Self::copies(n, n, |i| i)
    }

    /// `n` from the last to the first.
    pub fn reversed(n: usize) -> Self {
        Self::copies(n, n, |i| n - 1 - i)
    }

    /// The rows `before..n − after`.
    ///
    /// # Panics
    /// When nothing is left.
    pub fn crop(n: usize, before: usize, after: usize) -> Self {
        assert!(before + after < n, "crop: cutting {before} and {after} leaves nothing of {n}");
        Self::copies(n, n - before - after, |i| before + i)
    }

    /// `n` between zeros (`torch.nn.ZeroPad2d`).
    pub fn zeros(n: usize, before: usize, after: usize) -> Self {
        Self::new(n, before + n + after, |i| i.checked_sub(before).filter(|i| *i < n).map(|i| (i, 1.0)))
    }

    /// `n` between mirror images that do not repeat the edge (`torch.nn.ReflectionPad2d`).
    ///
    /// # Panics
    /// When a side is not below `n`, as PyTorch.
    pub fn reflect(n: usize, before: usize, after: usize) -> Self {
        assert!(before < n && after < n, "reflection needs sides below the extent {n}, got {before} and {after}");
        Self::copies(n, before + n + after, |i| {
            let inside = i.abs_diff(before);
            inside.min((2 * (n - 1)).abs_diff(inside))
        })
    }

    /// `n` between copies of the edges (`torch.nn.ReplicationPad2d`).
    pub fn replicate(n: usize, before: usize, after: usize) -> Self {
        Self::copies(n, before + n + after, |i| i.saturating_sub(before).min(n - 1))
    }

    /// Each of `n` `factor` times (`torch.nn.functional.interpolate`, mode `nearest`).
    pub fn nearest(n: usize, factor: usize) -> Self {
        Self::copies(n, n * factor, |i| i / factor)
    }

    /// `n` to `to` by straight lines between neighbours (`torch.nn.functional.interpolate`, mode `bilinear`): output
    /// `i` lies on input `i·(n − 1) / (to − 1)` with `align_corners`, else on `(i + ½)·n / to − ½`, but not below 0.
    pub fn bilinear(n: usize, to: usize, align_corners: bool) -> Self {
        Self::new(n, to, |i| {
            let place = match align_corners {
                true if to == 1 => 0.0,
                true => (i * (n - 1)) as f64 / (to - 1) as f64,
                false => ((i as f64 + 0.5) * n as f64 / to as f64 - 0.5).max(0.0),
            };
            let (left, share) = ((place as usize).min(n - 1), place.fract());
            let right = (left + 1 < n && share > 0.0).then_some((left + 1, share));
            std::iter::once((left, if right.is_some() { 1.0 - share } else { 1.0 })).chain(right)
        })
    }

    /// The means of `kernel` neighbours, `stride` apart (`torch.nn.AvgPool2d`, without padding): `n` to
    /// `⌊(n − kernel) / stride⌋ + 1`.
    ///
    /// # Panics
    /// When `kernel` is 0 or above `n`, or `stride` is 0.
    pub fn average(n: usize, kernel: usize, stride: usize) -> Self {
        Self::filter(n, &vec![1.0 / kernel as f64; kernel], stride)
    }

    /// The same with `padding` places before and after, of which none counts: a mean is that of the inputs in its
    /// window (`torch.nn.AvgPool2d` with `count_include_pad=False`).
    ///
    /// # Panics
    /// When `kernel` does not fit, `stride` is 0, or `padding` is not below `kernel`.
    pub fn average_inside(n: usize, kernel: usize, stride: usize, padding: usize) -> Self {
        let fits = kernel <= n + 2 * padding && stride > 0 && padding < kernel;
        assert!(fits, "average_inside: a kernel of {kernel} with stride {stride} and padding {padding} on {n}");
        Self::new(n, (n + 2 * padding - kernel) / stride + 1, |i| {
            let inside = (i * stride).saturating_sub(padding)..(i * stride + kernel - padding).min(n);
            let weight = 1.0 / inside.len() as f64;
            inside.map(move |index| (index, weight))
        })
    }

    /// `n` halved by `[1, 2, 1] / 4`, reflected at the edges: to `⌊(n − 1) / 2⌋ + 1`. The low-pass of Zhang ("Making
    /// convolutional networks shift-invariant again", 2019).
    ///
    /// # Panics
    /// When `n` is 1, which has nothing to reflect.
    pub fn blur_down(n: usize) -> Self {
        Self::reflect(n, 1, 1).then(&Self::filter(n + 2, &[0.25, 0.5, 0.25], 2))
    }

    /// `n` doubled by the transpose of a convolution with `[1, 3, 3, 1] / 4` and stride 2, edges repeated: what it
    /// makes of one more input at either end is cut off.
    pub fn blur_up(n: usize) -> Self {
        let long = 2 * n + 6;
        let spread = Self::filter(long, &[0.25, 0.75, 0.75, 0.25], 2).transposed();
        Self::replicate(n, 1, 1).then(&spread).then(&Self::crop(long, 3, 3))
    }

    /// Cross-correlation with `weights`, `stride` apart.
    fn filter(n: usize, weights: &[f64], stride: usize) -> Self {
        let kernel = weights.len();
        assert!((1..=n).contains(&kernel) && stride > 0, "a kernel of {kernel} with stride {stride} on {n}");
        Self::new(n, (n - kernel) / stride + 1, |i| (i * stride..).zip(weights.iter().copied()))
    }

    /// How many inputs there are.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many outputs there are.
    pub fn outputs(&self) -> usize {
        self.starts.len() - 1
    }

    /// The taps of all rows together.
    pub fn len(&self) -> usize {
        self.taps.len()
    }

    /// Whether every output is zero.
    pub fn is_empty(&self) -> bool {
        self.taps.is_empty()
    }

    /// The taps of one output, in the order of the inputs.
    pub fn row(&self, output: usize) -> &[Tap] {
        &self.taps[self.starts[output]..self.starts[output + 1]]
    }

    /// The place of an output's first tap among the taps of all; of `outputs`, their number.
    pub(super) fn start(&self, output: usize) -> usize {
        self.starts[output]
    }

    /// The adjoint: what it makes of an output's gradient is the input's.
    pub fn transposed(&self) -> Self {
        let mut rows = vec![Vec::new(); self.inputs];
        for output in 0..self.outputs() {
            for tap in self.row(output) {
                rows[tap.index].push((output, f64::from(tap.weight)));
            }
        }
        Self::new(self.outputs(), self.inputs, |input| std::mem::take(&mut rows[input]))
    }

    /// This map, and `next` on what it makes.
    ///
    /// # Panics
    /// When `next` has not as many inputs as this has outputs.
    pub fn then(&self, next: &Self) -> Self {
        assert_eq!(self.outputs(), next.inputs, "then: the second map takes other inputs than the first one makes");
        Self::new(self.inputs, next.outputs(), |output| {
            let mut sums = BTreeMap::new();
            for middle in next.row(output) {
                for tap in self.row(middle.index) {
                    *sums.entry(tap.index).or_insert(0.0) += f64::from(middle.weight) * f64::from(tap.weight);
                }
            }
            sums
        })
    }

    /// The inputs that these outputs are made of, with those between them; an empty range where there are none.
    ///
    /// # Panics
    /// When there are not as many outputs.
    pub fn inputs_of(&self, outputs: Range<usize>) -> Range<usize> {
        let taps = &self.taps[self.starts[outputs.start]..self.starts[outputs.end]];
        let first = taps.iter().map(|tap| tap.index).min().unwrap_or(0);
        first..taps.iter().map(|tap| tap.index + 1).max().unwrap_or(first)
    }

    /// The part of the map that makes `outputs` of `inputs`, both counted anew from 0: a band of a picture.
    ///
    /// # Panics
    /// When the outputs need other inputs too.
    pub fn band(&self, outputs: Range<usize>, inputs: Range<usize>) -> Self {
        let needed = self.inputs_of(outputs.clone());
        let held = needed.is_empty() || (inputs.start <= needed.start && needed.end <= inputs.end);
        assert!(held, "band: outputs {outputs:?} need inputs {needed:?}, not {inputs:?}");
        Self::new(inputs.len(), outputs.len(), |i| {
            let row = self.row(outputs.start + i).iter();
            row.map(|tap| (tap.index - inputs.start, f64::from(tap.weight))).collect::<Vec<_>>()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The map as a dense matrix.
    fn dense(taps: &Taps) -> Vec<Vec<f32>> {
        let row = |output| {
            let mut row = vec![0.0; taps.inputs()];
            taps.row(output).iter().for_each(|tap| row[tap.index] += tap.weight);
            row
        };
        (0..taps.outputs()).map(row).collect()
    }

    /// Which input each output copies.
    fn sources(taps: &Taps) -> Vec<usize> {
        (0..taps.outputs()).map(|output| taps.row(output)[0].index).collect()
    }

    fn all() -> Vec<Taps> {
        let of = |n: usize| {
            let constant = [Taps::identity(n), Taps::zeros(n, 2, 1), Taps::replicate(n, 2, 3), Taps::nearest(n, 3)];
            let sampled = [Taps::bilinear(n, 2 * n, false), Taps::bilinear(n, 7, true), Taps::average(n, 2, 1)];
            let blurred = [Taps::reflect(n, 1, 1), Taps::blur_down(n), Taps::blur_up(n), Taps::crop(n, 1, 0)];
            constant.into_iter().chain(sampled).chain(blurred)
        };
        [2, 3, 5, 8].into_iter().flat_map(of).collect()
    }

    #[test]
    fn padding_copies_what_it_says() {
        assert_eq!(sources(&Taps::reflect(4, 3, 2)), [3, 2, 1, 0, 1, 2, 3, 2, 1]);
        assert_eq!(sources(&Taps::reflect(1, 0, 0)), [0]);
        assert_eq!(sources(&Taps::replicate(3, 2, 1)), [0, 0, 0, 1, 2, 2]);
        assert_eq!(sources(&Taps::nearest(2, 3)), [0, 0, 0, 1, 1, 1]);
        assert_eq!(dense(&Taps::zeros(1, 1, 2)), [[0.0], [1.0], [0.0], [0.0]]);
    }

    #[test]
    fn blurring_up_is_bilinear_doubling() {
        for n in [1, 2, 3, 8, 31] {
            assert_eq!(Taps::blur_up(n), Taps::bilinear(n, 2 * n, false), "{n}");
        }
    }

    #[test]
    fn transposing_swaps_rows_and_columns() {
        for taps in all() {
            let (matrix, turned) = (dense(&taps), dense(&taps.transposed()));
            for (i, row) in matrix.iter().enumerate() {
                for (j, weight) in row.iter().enumerate() {
                    assert_eq!(turned[j][i], *weight);
                }
            }
        }
    }

    #[test]
    fn one_map_after_another_is_the_product() {
        let (first, second) = (Taps::bilinear(3, 5, false), Taps::average(5, 3, 2));
        let (a, b, both) = (dense(&second), dense(&first), dense(&first.then(&second)));
        for (i, row) in both.iter().enumerate() {
            for (j, got) in row.iter().enumerate() {
                let want: f32 = (0..5).map(|k| a[i][k] * b[k][j]).sum();
                assert!((got - want).abs() < 1e-6, "{i} {j}: {got} instead of {want}");
            }
        }
    }

    #[test]
    fn a_band_is_a_block_of_the_matrix_that_holds_all_its_entries() {
        for taps in all() {
            let whole = dense(&taps);
            for start in 0..taps.outputs() {
                for end in start + 1..=taps.outputs() {
                    let inputs = taps.inputs_of(start..end);
                    for (row, band) in whole[start..end].iter().zip(dense(&taps.band(start..end, inputs.clone()))) {
                        assert_eq!(row[inputs.clone()], band);
                        assert!(row.iter().enumerate().all(|(i, weight)| inputs.contains(&i) || *weight == 0.0));
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "band: outputs 0..3 need inputs 0..2, not 1..4")]
    fn a_band_without_its_inputs_is_refused() {
        Taps::bilinear(4, 8, false).band(0..3, 1..4);
    }
}

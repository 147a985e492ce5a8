//! Normalisation per sample, in groups of channels (Wu and He, 2018): as many groups as channels is instance
//! normalisation (Ulyanov et al., 2016), a single one layer normalisation over channels and pixels (Ba et al., 2016).
//!
//! Each sample is a line of elements, walked in steps of whole pixels; `shaders/common/sample_walk.wgsl` says how.

use bytemuck::{Pod, Zeroable};

use crate::{
    autograd::Var,
    gpu::{Dispatch, Epilogue},
    ops::{
        elementwise::{full, mul, reciprocal, scale, shift, sqrt, square, sub},
        reduce::{Axis, View, expand, mean, sum, sum_middle},
        shape::reshape,
        tile::fold,
    },
    tensor::{Shape, Tensor},
};

/// Scale and shift of each channel, `[C]` both.
type Affine<'a> = Option<(&'a Var, &'a Var)>;

/// Normalises each sample's groups of channels to mean 0 and variance 1 over their pixels, then scales and shifts each
/// channel (`torch.nn.functional.group_norm`): `x [N, .., C]`, `affine` = (gamma `[C]`, beta `[C]`) → `x`'s shape.
///
/// The variance is the biased one; `eps` is added to it.
///
/// # Panics
/// When `x` has no channels beside its samples, `groups` do not divide them, or gamma or beta have not one number each.
pub fn group_norm(x: &Var, groups: usize, affine: Affine<'_>, eps: f32) -> Var {
    let sizes = Sizes::of("group_norm", x.shape(), groups);
    sizes.check_affine("group_norm", affine);
    let (mean, m2) = statistics(x.value());
    let (mean, rstd) = group_statistics(&mean, &m2, sizes.pixels, groups, eps);
    let value = normalize(x.value(), &mean, &rstd, groups, affine);

    let forward = Forward { x: x.clone(), gamma: affine.map(|(gamma, _)| gamma.clone()), mean, rstd, sizes, eps };
    let inputs: Vec<&Var> = [x].into_iter().chain(affine.iter().flat_map(|(gamma, beta)| [*gamma, *beta])).collect();
    Var::from_op("group_norm", value, &inputs, move |dy, needs| {
        if dy.tape().is_remembering() { forward.differentiable(dy, needs) } else { forward.fused(dy, needs) }
    })
}

/// [`group_norm`] with as many groups as channels (`torch.nn.functional.instance_norm` without running statistics).
///
/// # Panics
/// As [`group_norm`].
pub fn instance_norm(x: &Var, affine: Affine<'_>, eps: f32) -> Var {
    group_norm(x, x.shape().channels(), affine, eps)
}

/// [`group_norm`] with one group: over channels and pixels of each sample, with an affine map of each channel.
///
/// # Panics
/// As [`group_norm`].
pub fn layer_norm(x: &Var, affine: Affine<'_>, eps: f32) -> Var {
    group_norm(x, 1, affine, eps)
}

/// [`group_norm`] with statistics that are given, `mean [N, groups]` and `rstd [N, groups]` = 1 / √(variance + eps):
/// for a picture in bands, each of which is normalised with the statistics of all. Not differentiable.
///
/// # Panics
/// As [`group_norm`], and when the statistics are not `[N, groups]`.
pub fn group_norm_with(x: &Var, mean: &Tensor, rstd: &Tensor, groups: usize, affine: Affine<'_>) -> Var {
    let sizes = Sizes::of("group_norm_with", x.shape(), groups);
    sizes.check_affine("group_norm_with", affine);
    for shape in [mean.shape(), rstd.shape()] {
        let wanted = [sizes.n, groups];
        assert_eq!(shape.dims(), wanted, "group_norm_with: {:?} needs statistics {wanted:?}, got {shape:?}", x.shape());
    }
    x.tape().constant(normalize(x.value(), mean, rstd, groups, affine))
}

/// Mean and `m2 = Σ (x − mean)²` of each sample's channels over their pixels: `x [N, .., C]` → `[N, C]` both. Not
/// differentiable.
///
/// # Panics
/// When `x` has no channels beside its samples.
pub fn statistics(x: &Tensor) -> (Tensor, Tensor) {
    let sizes = Sizes::of("statistics", x.shape(), 1);
    let (gpu, Sizes { n, c, .. }) = (x.gpu(), sizes);
    let triple = |sets: usize| [(); 3].map(|()| Tensor::empty(gpu, [n, sets, c]));
    let bytes = |sets: usize| 12.0 * (n * sets * c) as f64;

    let walk = Walk::of(sizes);
    let mut sets = walk.sets();
    let [mut count, mut mean, mut m2] = triple(sets);
    let stats = walk.launch("group_norm_stats").bind(x).bind(&count).bind(&mean).bind(&m2);
    gpu.dispatch(stats.work(4.0 * x.len() as f64, 4.0 * x.len() as f64 + bytes(sets)));

    loop {
        let into = if sets > SETS { sets.div_ceil(SETS) } else { 1 };
        let [fewer_count, fewer_mean, fewer_m2] = triple(into);
        let params =
            Merge { n: n as u32, length: (sizes.pixels * c) as u32, c: c as u32, sets: sets as u32, into: into as u32 };
        let [across, down] = fold(n * (into * c).div_ceil(WIDTH));
        let merge = Dispatch::new("group_norm_merge", &params).constant("WIDTH", WIDTH as u32);
        let bindings = [x, &count, &mean, &m2, &fewer_count, &fewer_mean, &fewer_m2];
        let merge = bindings.into_iter().fold(merge.workgroups(across, down, 1), Dispatch::bind);
        gpu.dispatch(merge.work(8.0 * (n * sets * c) as f64, bytes(sets + into)));
        [count, mean, m2] = [fewer_count, fewer_mean, fewer_m2];
        sets = into;
        if sets == 1 {
            return (mean.reshape([n, c]), m2.reshape([n, c]));
        }
    }
}

/// Mean and 1 / √(variance + `eps`) of groups of channels, from those of the channels ([`statistics`]), over `pixels`
/// each: `mean`, `m2 [N, C]` → `[N, groups]` both. Not differentiable.
///
/// # Panics
/// When `mean` and `m2` are not matrices of one shape, or `groups` do not divide their columns.
pub fn group_statistics(mean: &Tensor, m2: &Tensor, pixels: usize, groups: usize, eps: f32) -> (Tensor, Tensor) {
    let shape = mean.shape();
    assert_eq!(shape, m2.shape(), "group_statistics: mean and m2 differ in shape");
    let [n, c] = shape.matrix("group_statistics");
    assert!(groups > 0 && c.is_multiple_of(groups), "group_statistics: {groups} groups do not divide {shape:?}");
    let (mean_of, rstd) = (Tensor::empty(mean.gpu(), [n, groups]), Tensor::empty(mean.gpu(), [n, groups]));
    let params = Finish { count: (n * groups) as u32, size: (c / groups) as u32, pixels: pixels as u32, eps };
    let finish = Dispatch::new("group_norm_finish", &params).invocations(n * groups);
    let finish = finish.bind(mean).bind(m2).bind(&mean_of).bind(&rstd);
    mean.gpu().dispatch(finish.work(6.0 * (n * c) as f64, 8.0 * (n * (c + groups)) as f64));
    (mean_of, rstd)
}

/// What the backward needs of the forward.
struct Forward {
    x: Var,
    gamma: Option<Var>,
    mean: Tensor,
    rstd: Tensor,
    sizes: Sizes,
    eps: f32,
}

impl Forward {
    /// The gradients by `x`, gamma and beta in two passes over `x` and `dy`.
    fn fused(&self, dy: &Var, needs: &[bool]) -> Vec<Option<Var>> {
        let (tape, Sizes { n, groups, size, .. }) = (dy.tape(), self.sizes);
        let (sum_dy, sum_dy_xhat) = self.backward_reduce(dy.value());
        let of_groups = |sums: &Tensor| {
            let sums = tape.constant(sums.clone());
            let sums = match &self.gamma {
                Some(gamma) => mul(&sums, &expand(&gamma.detach(), Axis::PerChannel, sums.shape())),
                None => sums,
            };
            sum(&reshape(&sums, [n * groups, size]), Axis::PerSample).value().reshape([n, groups])
        };
        let of_channels = |sums: &Tensor| tape.constant(sum_middle(sums, self.sizes.samples(), [groups * size]));
        let dx = || tape.constant(self.backward(dy.value(), &of_groups(&sum_dy), &of_groups(&sum_dy_xhat)));
        let mut gradients = vec![needs[0].then(dx)];
        if self.gamma.is_some() {
            gradients.push(needs[1].then(|| of_channels(&sum_dy_xhat)));
            gradients.push(needs[2].then(|| of_channels(&sum_dy)));
        }
        gradients
    }

    /// Σ dy and Σ dy·x̂ of each sample's channels, `[N, C]`.
    fn backward_reduce(&self, dy: &Tensor) -> (Tensor, Tensor) {
        let (x, Sizes { n, c, .. }) = (self.x.value(), self.sizes);
        let walk = Walk::of(self.sizes);
        let sets = walk.sets();
        let (plain, weighted) = (Tensor::empty(x.gpu(), [n, sets, c]), Tensor::empty(x.gpu(), [n, sets, c]));
        let bindings = [x, dy, &self.mean, &self.rstd, &plain, &weighted];
        let dispatch = bindings.into_iter().fold(walk.launch("group_norm_backward_reduce"), Dispatch::bind);
        x.gpu().dispatch(dispatch.work(4.0 * x.len() as f64, 8.0 * (x.len() + n * sets * c) as f64));
        let view = View { outer: n, reduce: sets, inner: c };
        (sum_middle(&plain, view, [n, c]), sum_middle(&weighted, view, [n, c]))
    }

    fn backward(&self, dy: &Tensor, level: &Tensor, tilt: &Tensor) -> Tensor {
        let x = self.x.value();
        let dx = Tensor::empty(x.gpu(), x.shape());
        let gamma = self.gamma.as_ref().map_or_else(|| full(x.gpu(), [self.sizes.c], 1.0), |g| g.value().clone());
        let bindings = [x, dy, &self.mean, &self.rstd, &gamma, level, tilt, &dx];
        let dispatch = bindings.into_iter().fold(Walk::of(self.sizes).launch("group_norm_backward"), Dispatch::bind);
        x.gpu().dispatch(dispatch.work(5.0 * x.len() as f64, 12.0 * x.len() as f64));
        dx
    }

    /// The same gradients by ops that can be differentiated again, statistics included.
    fn differentiable(&self, dy: &Var, needs: &[bool]) -> Vec<Option<Var>> {
        let (x, sizes) = (&self.x, self.sizes);
        let mean_of = |v: &Var| sizes.mean_of_groups(v);
        let spread = |per_group: &Var| sizes.spread(per_group, x.shape());

        let centred = sub(x, &spread(&mean_of(x)));
        let rstd = spread(&reciprocal(&sqrt(&shift(&mean_of(&square(&centred)), self.eps))));
        let xhat = mul(&centred, &rstd);
        let dx = || {
            let direct = match &self.gamma {
                Some(gamma) => mul(dy, &expand(gamma, Axis::PerChannel, x.shape())),
                None => dy.clone(),
            };
            let level = spread(&mean_of(&direct));
            let tilt = spread(&mean_of(&mul(&direct, &xhat)));
            mul(&sub(&sub(&direct, &level), &mul(&xhat, &tilt)), &rstd)
        };
        let mut gradients = vec![needs[0].then(dx)];
        if self.gamma.is_some() {
            gradients.push(needs[1].then(|| sum(&mul(dy, &xhat), Axis::PerChannel)));
            gradients.push(needs[2].then(|| sum(dy, Axis::PerChannel)));
        }
        gradients
    }
}

/// Extents of a batch whose channels are grouped.
#[derive(Clone, Copy)]
struct Sizes {
    n: usize,
    pixels: usize,
    c: usize,
    groups: usize,
    /// Channels of a group.
    size: usize,
}

impl Sizes {
    fn of(op: &str, shape: Shape, groups: usize) -> Self {
        let dims = shape.dims();
        assert!(dims.len() >= 2, "{op}: expected [N, .., C], got {shape:?}");
        let (n, c) = (dims[0], shape.channels());
        assert!(
            groups > 0 && c.is_multiple_of(groups),
            "{op}: {groups} groups do not divide the channels of {shape:?}"
        );
        Self { n, pixels: shape.len() / (n * c), c, groups, size: c / groups }
    }

    fn check_affine(&self, op: &str, affine: Affine<'_>) {
        for shape in affine.iter().flat_map(|(gamma, beta)| [gamma.shape(), beta.shape()]) {
            assert_eq!(shape.dims(), [self.c], "{op}: {} channels need one number each, got {shape:?}", self.c);
        }
    }

    /// `[N, C]` as a reduction over the samples sees it.
    fn samples(&self) -> View {
        View { outer: 1, reduce: self.n, inner: self.c }
    }

    /// The mean of each sample's groups: `[N, .., C]` → `[N·groups]`.
    fn mean_of_groups(&self, v: &Var) -> Var {
        let channels = sum(v, Axis::PerSampleChannel);
        let of_groups = mean(&reshape(&channels, [self.n * self.groups, self.size]), Axis::PerSample);
        scale(&of_groups, 1.0 / self.pixels as f32)
    }

    /// A number of each group for all its elements: `[N·groups]` → `shape`.
    fn spread(&self, per_group: &Var, shape: Shape) -> Var {
        let channels = expand(per_group, Axis::PerSample, [self.n * self.groups, self.size]);
        expand(&reshape(&channels, [self.n, self.c]), Axis::PerSampleChannel, shape)
    }
}

/// Invocations of a workgroup, as in the shaders.
const WIDTH: usize = 64;

/// Steps of a run: enough to be worth the channel's numbers and a sum's result, few enough to keep all cores busy and
/// the error small.
const STEPS: usize = 32;

/// Sets of pixels that one invocation brings together.
const SETS: usize = 64;

/// Params of the kernels that go through pictures sample by sample: `SampleWalk` of `shaders/common/sample_walk.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Walk {
    n: u32,
    length: u32,
    c: u32,
    groups: u32,
    step: u32,
    run: u32,
    epilogue: Epilogue,
}

impl Walk {
    fn of(Sizes { n, pixels, c, groups, .. }: Sizes) -> Self {
        // As many pixels as a workgroup has invocations for.
        let step = (WIDTH / c).clamp(1, pixels) * c;
        let [n, length, c, groups, step, run] = [n, pixels * c, c, groups, step, STEPS * step].map(|v| v as u32);
        Self { n, length, c, groups, step, run, epilogue: Epilogue::NONE }
    }

    fn runs(&self) -> usize {
        self.length.div_ceil(self.run) as usize
    }

    /// Sets of pixels of each sample: one for each run and pixel of the step.
    fn sets(&self) -> usize {
        self.runs() * (self.step / self.c) as usize
    }

    fn launch(&self, kernel: &'static str) -> Dispatch {
        let [across, down] = fold(self.n as usize * self.runs() * (self.step as usize).div_ceil(WIDTH));
        Dispatch::new(kernel, self).constant("WIDTH", WIDTH as u32).workgroups(across, down, 1)
    }
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Merge {
    n: u32,
    length: u32,
    c: u32,
    sets: u32,
    into: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Finish {
    count: u32,
    size: u32,
    pixels: u32,
    eps: f32,
}

fn normalize(x: &Tensor, mean: &Tensor, rstd: &Tensor, groups: usize, affine: Affine<'_>) -> Tensor {
    let sizes = Sizes::of("group_norm", x.shape(), groups);
    let y = Tensor::empty(x.gpu(), x.shape());
    let (gamma, beta) = match affine {
        Some((gamma, beta)) => (gamma.value().clone(), beta.value().clone()),
        None => (full(x.gpu(), [sizes.c], 1.0), full(x.gpu(), [sizes.c], 0.0)),
    };
    let bindings = [x, mean, rstd, &gamma, &beta];
    let dispatch = bindings.into_iter().fold(Walk::of(sizes).launch("group_norm"), Dispatch::bind);
    let dispatch = dispatch.epilogue(false, &gamma).bind(&y);
    x.gpu().dispatch(dispatch.work(3.0 * x.len() as f64, 8.0 * x.len() as f64));
    y
}

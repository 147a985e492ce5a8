//! FastGAN (Liu, Zhu, Song and Elgammal, 2021), which learns from some hundred pictures: gates that let coarse features
//! choose among fine ones, and a discriminator that must be able to draw again what it has seen.
//!
//! As odegeasslbc/FastGAN-pytorch builds it for 256 pixels, with its names, and by the same rule for 64 and 128. What
//! differs: there is no noise between the layers, so that a picture follows from its z alone; pictures end in tanh; and
//! small pictures are means of pixels, where the published ones are every other pixel.

use crate::{
    autograd::{Tape, Var},
    nn::{
        AvgPool2d, BatchNorm2d, Conv2d, ConvTranspose2d, Glu, LeakyRelu, Module, Parameter, Sequential, Sigmoid, Silu,
        SpectralNorm, Tanh, Upsample, init::Init,
    },
    ops::{
        conv::{Conv2d as Config, crop2d},
        elementwise::{add, mul, scale},
        reduce::{Axis, expand},
        resample::avg_pool2d,
        shape::{concat_channels, reshape},
    },
    tensor::Tensor,
};

/// Sizes of the two networks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fastgan {
    /// Side of the pictures in pixels: 64, 128 or 256.
    pub size: usize,
    /// Length of the noise vector.
    pub nz: usize,
    /// Channels of the generator at 128 pixels: 64 in the published network.
    pub ngf: usize,
    /// Channels of the discriminator at 64 pixels: 64 in the published network. A multiple of 4.
    pub ndf: usize,
}

impl Default for Fastgan {
    fn default() -> Self {
        Self { size: 256, nz: 256, ngf: 64, ndf: 64 }
    }
}

/// Spread of the first weights, of convolutions around 0 and of normalisations around 1.
const STD: f32 = 0.02;

impl Fastgan {
    fn check(&self) {
        assert!([64, 128, 256].contains(&self.size), "FastGAN draws 64, 128 or 256 pixels, not {}", self.size);
        assert!(self.ngf.is_multiple_of(2) && self.ndf.is_multiple_of(4), "FastGAN: ngf is even, ndf a multiple of 4");
    }

    /// Channels of the generator's features of `side` pixels.
    fn drawn(&self, side: usize) -> usize {
        match side {
            4 => 16 * self.ngf,
            8 => 8 * self.ngf,
            16 => 4 * self.ngf,
            32 | 64 => 2 * self.ngf,
            128 => self.ngf,
            _ => self.ngf / 2,
        }
    }

    /// Channels of the discriminator's features of `side` pixels.
    fn seen(&self, side: usize) -> usize {
        64 * self.ndf / side
    }

    /// Noise `[N, 1, 1, nz]` to pictures.
    ///
    /// # Panics
    /// When the size is none of the three, or a width does not divide.
    pub fn generator(&self, tape: &Tape, init: &mut Init) -> Generator {
        self.check();
        let mut make = Maker { tape, init };
        let first = self.drawn(4);
        let seed =
            Sequential::named("init").with(make.transposed(self.nz, 2 * first)).with(make.norm(2 * first)).with(Glu);
        let mut stages = Vec::new();
        for side in sides(8, self.size) {
            let (c_in, c_out) = (self.drawn(side / 2), self.drawn(side));
            // Every other stage has a second convolution.
            let is_double = side.ilog2() % 2 == 1;
            let grow = if is_double { make.grown_twice(c_in, c_out) } else { make.grown(c_in, c_out) };
            let gate = (side >= 64).then(|| Gate::new(&mut make, self.drawn(side / 16), c_out));
            stages.push((side, grow, gate));
        }
        let [small, big] = [self.size / 2, self.size].map(|side| self.drawn(side));
        Generator {
            seed,
            stages,
            to_small: Sequential::new().with_named("", make.conv(small, 3, 1, 1, 0)).with_named("", Tanh),
            to_big: Sequential::new().with_named("", make.conv(big, 3, 3, 1, 1)).with_named("", Tanh),
        }
    }

    /// Pictures to logits.
    ///
    /// # Panics
    /// As [`Fastgan::generator`].
    pub fn discriminator(&self, tape: &Tape, init: &mut Init) -> Discriminator {
        self.check();
        let (mut make, size) = (Maker { tape, init }, self.size);
        let from_big = Sequential::new().with(make.conv(3, self.seen(size), 3, 1, 1)).with(leaky());
        let mut downs = Vec::new();
        for side in sides(8, size / 2).rev() {
            let down = Down::new(&mut make, self.seen(2 * side), self.seen(side));
            let gate = (8 * side <= size).then(|| Gate::new(&mut make, self.seen(8 * side), self.seen(side)));
            downs.push((side, down, gate));
        }
        let last = self.seen(8);
        let rf_big = Sequential::new()
            .with(make.conv(last, 2 * last, 1, 1, 0))
            .with(make.norm(2 * last))
            .with(leaky())
            .with(make.conv(2 * last, 1, 4, 1, 0));
        // From half the size, and half as wide.
        let narrow = |side: usize| self.seen(side) / 2;
        let mut from_small = Sequential::new().with(make.conv(3, narrow(size / 4), 4, 2, 1)).with(leaky());
        for side in sides(8, size / 8).rev() {
            from_small = from_small.with(make.halved("main", narrow(2 * side), narrow(side)));
        }
        let rf_small = Sequential::new().with_named("", make.conv(narrow(8), 1, 4, 1, 0));
        let decoders = [last, self.seen(16), narrow(8)].map(|channels| make.decoder(channels, size / 2, self.ndf));
        Discriminator { size, from_big, downs, rf_big, from_small, rf_small, decoders }
    }
}

/// Powers of two from `first` to `last`.
fn sides(first: usize, last: usize) -> impl DoubleEndedIterator<Item = usize> {
    (first.ilog2()..=last.ilog2()).map(|power| 1 << power)
}

fn leaky() -> LeakyRelu {
    LeakyRelu { negative_slope: 0.2 }
}

/// Makes layers, one after the other.
struct Maker<'a> {
    tape: &'a Tape,
    init: &'a mut Init,
}

impl Maker<'_> {
    /// A convolution over its spectral norm, without a bias, as all are.
    fn conv(&mut self, c_in: usize, c_out: usize, kernel: usize, stride: usize, padding: usize) -> SpectralNorm {
        let config = Config { stride: [stride; 2], padding: [padding; 2], ..Config::default() };
        let conv = Conv2d::new(self.tape, self.init, c_in, c_out, kernel, config, false, STD);
        SpectralNorm::new(self.tape, self.init, conv)
    }

    /// From one pixel to four by four.
    fn transposed(&mut self, c_in: usize, c_out: usize) -> SpectralNorm {
        let conv = ConvTranspose2d::new(self.tape, self.init, c_in, c_out, 4, Config::default(), 0, false, STD);
        SpectralNorm::transposed(self.tape, self.init, conv)
    }

    fn norm(&mut self, channels: usize) -> BatchNorm2d {
        BatchNorm2d::new(self.tape, self.init, channels, STD)
    }

    /// Twice the side.
    fn grown(&mut self, c_in: usize, c_out: usize) -> Sequential {
        Sequential::new()
            .with(Upsample::Nearest { factor: 2 })
            .with(self.conv(c_in, 2 * c_out, 3, 1, 1))
            .with(self.norm(2 * c_out))
            .with(Glu)
    }

    /// Twice the side, by two convolutions. The published layers count their noise: 2 and 6.
    fn grown_twice(&mut self, c_in: usize, c_out: usize) -> Sequential {
        Sequential::new()
            .with(Upsample::Nearest { factor: 2 })
            .with(self.conv(c_in, 2 * c_out, 3, 1, 1))
            .with_named("3", self.norm(2 * c_out))
            .with(Glu)
            .with_named("5", self.conv(c_out, 2 * c_out, 3, 1, 1))
            .with_named("7", self.norm(2 * c_out))
            .with(Glu)
    }

    /// Half the side.
    fn halved(&mut self, name: &str, c_in: usize, c_out: usize) -> Sequential {
        Sequential::named(name).with(self.conv(c_in, c_out, 4, 2, 1)).with(self.norm(c_out)).with(leaky())
    }

    /// Features of 8×8 pixels to a picture of `side`.
    fn decoder(&mut self, channels: usize, side: usize, ndf: usize) -> Sequential {
        // 128, 64, 64 and 32 in the published network.
        let width = |side: usize| match side {
            16 => 2 * ndf,
            32 | 64 => ndf,
            _ => ndf / 2,
        };
        // The published place 0 pools to 8×8 pixels, which all features have that decoders are given.
        let mut decoder = Sequential::named("main").with(Sequential::new());
        let mut c_in = channels;
        for side in sides(16, side) {
            decoder = decoder.with(self.grown(c_in, width(side)));
            c_in = width(side);
        }
        decoder.with(self.conv(c_in, 3, 3, 1, 1)).with(Tanh)
    }
}

/// Skip-layer excitation: coarse features say how much of each channel of fine ones is let through.
struct Gate {
    main: Sequential,
}

impl Gate {
    fn new(make: &mut Maker<'_>, c_in: usize, c_out: usize) -> Self {
        let main = Sequential::named("main")
            .with_named("1", make.conv(c_in, c_out, 4, 1, 0))
            .with_named("", Silu)
            .with_named("3", make.conv(c_out, c_out, 1, 1, 0))
            .with_named("", Sigmoid);
        Self { main }
    }

    /// `coarse [N, h, w, c_in]`, pooled to 4×4 pixels, and `fine [N, H, W, c_out]` → `fine`'s shape.
    fn forward(&self, coarse: &Var, fine: &Var) -> Var {
        let [n, h, w, c] = fine.shape().nhwc("Gate");
        let window = coarse.shape().dims()[1] / 4;
        let pooled = if window > 1 { &avg_pool2d(coarse, [window; 2], [window; 2]) } else { coarse };
        let gates = reshape(&self.main.forward(pooled), [n, c]);
        mul(fine, &expand(&gates, Axis::PerSampleChannel, [n, h, w, c]))
    }
}

/// Parts of a network with their names.
type Parts<'a> = Vec<(String, &'a dyn Module)>;

fn state<T>(parts: &Parts<'_>, of: impl Fn(&dyn Module) -> Vec<(String, T)>) -> Vec<(String, T)> {
    let named = |(path, part): &(String, &dyn Module)| {
        of(*part).into_iter().map(|(name, state)| (format!("{path}.{name}"), state)).collect::<Vec<_>>()
    };
    parts.iter().flat_map(named).collect()
}

/// Draws pictures in two sizes.
pub struct Generator {
    seed: Sequential,
    /// From 8 pixels to the whole size, each with the gate behind it.
    stages: Vec<(usize, Sequential, Option<Gate>)>,
    to_small: Sequential,
    to_big: Sequential,
}

impl Generator {
    /// Pictures in [-1, 1] from noise `z [N, 1, 1, nz]`: `[N, size, size, 3]`, and the same at half the size.
    pub fn draw(&self, z: &Var) -> [Var; 2] {
        // Features of 4, 8, 16, … pixels.
        let mut features = vec![self.seed.forward(z)];
        for (side, grow, gate) in &self.stages {
            let grown = grow.forward(&features[features.len() - 1]);
            let coarse = || &features[(side / 64).ilog2() as usize];
            features.push(gate.as_ref().map_or_else(|| grown.clone(), |gate| gate.forward(coarse(), &grown)));
        }
        let [.., small, big] = &features[..] else { unreachable!("there is more than one stage") };
        [self.to_big.forward(big), self.to_small.forward(small)]
    }

    fn parts(&self) -> Parts<'_> {
        let size = 4 << self.stages.len();
        let mut parts: Parts<'_> = vec![("init".to_owned(), &self.seed)];
        for (side, grow, gate) in &self.stages {
            parts.push((format!("feat_{side}"), grow));
            parts.extend(gate.iter().map(|gate| (format!("se_{side}"), &gate.main as &dyn Module)));
        }
        parts.push((format!("to_{}", size / 2), &self.to_small));
        parts.push(("to_big".to_owned(), &self.to_big));
        parts
    }
}

impl Module for Generator {
    /// The large pictures of [`Generator::draw`].
    fn forward(&self, z: &Var) -> Var {
        let [big, _] = self.draw(z);
        big
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        state(&self.parts(), |part| part.parameters())
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        state(&self.parts(), |part| part.buffers())
    }

    fn train(&self, training: bool) {
        self.parts().iter().for_each(|(_, part)| part.train(training));
    }
}

/// Half the side and twice the channels, by two ways whose mean is taken.
struct Down {
    main: Sequential,
    direct: Sequential,
}

impl Down {
    fn new(make: &mut Maker<'_>, c_in: usize, c_out: usize) -> Self {
        let main = make.halved("main", c_in, c_out).with(make.conv(c_out, c_out, 3, 1, 1));
        let direct = Sequential::named("direct").with(AvgPool2d::new(2, 2)).with(make.conv(c_in, c_out, 1, 1, 0));
        let [main, direct] = [main, direct].map(|way| way.with(make.norm(c_out)).with(leaky()));
        Self { main, direct }
    }

    fn forward(&self, x: &Var) -> Var {
        scale(&add(&self.main.forward(x), &self.direct.forward(x)), 0.5)
    }
}

/// Judges pictures in two sizes.
pub struct Discriminator {
    size: usize,
    from_big: Sequential,
    /// From half the size to 8 pixels, each with the gate behind it.
    downs: Vec<(usize, Down, Option<Gate>)>,
    rf_big: Sequential,
    from_small: Sequential,
    rf_small: Sequential,
    /// Of the whole picture, of a quarter of it, of the small picture.
    decoders: [Sequential; 3],
}

/// What a discriminator makes of pictures.
pub struct Judged {
    /// `[N, 50]`: 5×5 places of the large picture, and of the small one.
    pub logits: Var,
    /// Features that pictures can be drawn again from: of the large picture 8×8 and 16×16 pixels, of the small one 8×8.
    features: [Var; 3],
}

impl Discriminator {
    /// Judges pictures `[N, size, size, 3]`, and the same at half the size: see [`half`].
    ///
    /// # Panics
    /// When they are of other sizes.
    pub fn judge(&self, big: &Var, small: &Var) -> Judged {
        for (x, side) in [(big, self.size), (small, self.size / 2)] {
            let [_, h, w, _] = x.shape().nhwc("FastGAN");
            assert_eq!([h, w], [side; 2], "FastGAN: pictures of {side}×{side} pixels are judged, not {:?}", x.shape());
        }
        // Features of the whole size, half of it, …
        let mut features = vec![self.from_big.forward(big)];
        for (_, down, gate) in &self.downs {
            let halved = down.forward(&features[features.len() - 1]);
            // Three halvings before.
            let fine = || &features[features.len() - 3];
            let gated = gate.as_ref().map(|gate| gate.forward(fine(), &halved));
            features.push(gated.unwrap_or(halved));
        }
        let [.., before, last] = &features[..] else { unreachable!("there is more than one halving") };
        let seen = self.from_small.forward(small);
        let logits = [self.rf_big.forward(last), self.rf_small.forward(&seen)].map(|logits| {
            let [n, h, w, _] = logits.shape().nhwc("FastGAN");
            reshape(&logits, [n, h * w])
        });
        Judged { logits: concat_channels(&logits), features: [last.clone(), before.clone(), seen] }
    }

    /// What the discriminator has kept of the pictures, drawn again: the whole picture, its [`quarter`] `which`, the
    /// small picture; each `[N, size / 2, size / 2, 3]` in [-1, 1].
    ///
    /// # Panics
    /// When `which` is above 3.
    pub fn decode(&self, judged: &Judged, which: usize) -> [Var; 3] {
        let [whole, part, small] = &judged.features;
        let [of_whole, of_part, of_small] = &self.decoders;
        [of_whole.forward(whole), of_part.forward(&quarter(part, which)), of_small.forward(small)]
    }

    /// What the last layer before the large picture's logits is given, as means of 2×2 places: `[N, 4, 4, 1024]` in the
    /// published network.
    pub fn features(&self, x: &Var) -> Var {
        let [whole, ..] = self.judge(x, &half(x)).features;
        half(&self.rf_big.features(&whole, &[self.rf_big.len() - 2])[0])
    }

    fn parts(&self) -> Parts<'_> {
        // The published names count halvings of 512 pixels.
        let level = |side: usize| 512 / side;
        let mut parts: Parts<'_> = vec![("down_from_big".to_owned(), &self.from_big)];
        for (side, down, gate) in &self.downs {
            let name = format!("down_{}", level(*side));
            parts.extend([(name.clone(), &down.main as &dyn Module), (name, &down.direct)]);
            let gate = gate.iter().map(|gate| &gate.main as &dyn Module);
            parts.extend(gate.map(|gate| (format!("se_{}_{}", level(8 * side), level(*side)), gate)));
        }
        let named = [
            ("rf_big", &self.rf_big),
            ("down_from_small", &self.from_small),
            ("rf_small", &self.rf_small),
            ("decoder_big", &self.decoders[0]),
            ("decoder_part", &self.decoders[1]),
            ("decoder_small", &self.decoders[2]),
        ];
        parts.extend(named.map(|(name, part)| (name.to_owned(), part as &dyn Module)));
        parts
    }
}

impl Module for Discriminator {
    /// The logits `[N, 50]` of pictures alone.
    fn forward(&self, x: &Var) -> Var {
        self.judge(x, &half(x)).logits
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        state(&self.parts(), |part| part.parameters())
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        state(&self.parts(), |part| part.buffers())
    }

    fn train(&self, training: bool) {
        self.parts().iter().for_each(|(_, part)| part.train(training));
    }
}

/// Pictures of half the side, means of 2×2 pixels: `x [N, H, W, C]` → `[N, H / 2, W / 2, C]`.
pub fn half(x: &Var) -> Var {
    avg_pool2d(x, [2; 2], [2; 2])
}

/// A quarter of each picture: top left (0), top right, bottom left or bottom right (3); `x [N, H, W, C]` →
/// `[N, H / 2, W / 2, C]`.
///
/// # Panics
/// When `which` is above 3.
pub fn quarter(x: &Var, which: usize) -> Var {
    assert!(which < 4, "quarter: a picture has four, and {which} is none of 0 to 3");
    let [_, h, w, _] = x.shape().nhwc("quarter");
    let ([row, column], [down, right]) = ([which / 2, which % 2], [h / 2, w / 2]);
    crop2d(x, [row * down, (1 - row) * down, column * right, (1 - column) * right])
}

//! Inception-v3 (Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the inception architecture for computer
//! vision", CVPR 2016) as far as its last pooling, in the variant that FID is defined by (Heusel et al., "GANs trained
//! by a two time-scale update rule", NIPS 2017): that of the weights which TensorFlow was published with in 2015, as
//! pytorch-fid carries them over. What differs from torchvision's: mean pooling counts what is inside of the picture
//! alone, and the last block pools the largest.

use crate::{
    autograd::{Tape, Var},
    nn::{Module, Parameter},
    ops::{
        activation::relu,
        conv::{Conv2d as Config, conv2d},
        norm::{Running, batch_norm},
        reduce::{Axis, mean},
        resample::{avg_pool2d_inside, max_pool2d},
        shape::concat_channels,
    },
    tensor::Tensor,
};

/// Numbers that a picture becomes.
pub const FEATURES: usize = 2048;

/// Side of the pictures that the network was trained on.
pub const SIDE: usize = 299;

/// Added to the variances of the normalisations.
const EPS: f32 = 1e-3;

/// The network. Its state is named as in torchvision and pytorch-fid: `Mixed_5b.branch1x1.conv.weight`, ….
pub struct Inception {
    blocks: Vec<Block>,
}

/// Branches beside each other, whose channels are put behind each other.
struct Block {
    branches: Vec<Vec<Step>>,
}

/// What a branch does one after the other.
enum Step {
    Conv(Box<Conv>),
    /// Two convolutions of the same input, their channels behind each other.
    Both(Box<[Conv; 2]>),
    /// Means of 3 by 3 pixels, of those that are in the picture.
    Mean,
    /// The largest of 3 by 3 pixels, every so manieth.
    Largest {
        stride: usize,
        padding: usize,
    },
}

/// A convolution without bias, batch normalisation, ReLU.
struct Conv {
    name: String,
    weight: Parameter,
    gamma: Parameter,
    beta: Parameter,
    running: Running,
    config: Config,
}

impl Inception {
    /// A network whose weights are zero, to be loaded.
    pub fn new(tape: &Tape) -> Self {
        let of = |name: &'static str| Names { tape, block: name };
        let stem = Names { tape, block: "" };
        let plain = |step: Step| Block { branches: vec![vec![step]] };
        let blocks = vec![
            plain(stem.halving("Conv2d_1a_3x3", 3, 32)),
            plain(stem.conv("Conv2d_2a_3x3", 32, 32, [3, 3], [0, 0])),
            plain(stem.conv("Conv2d_2b_3x3", 32, 64, [3, 3], [1, 1])),
            plain(HALVED),
            plain(stem.conv("Conv2d_3b_1x1", 64, 80, [1, 1], [0, 0])),
            plain(stem.conv("Conv2d_4a_3x3", 80, 192, [3, 3], [0, 0])),
            plain(HALVED),
            of("Mixed_5b").fives(192, 32),
            of("Mixed_5c").fives(256, 64),
            of("Mixed_5d").fives(288, 64),
            of("Mixed_6a").to_seventeen(),
            of("Mixed_6b").sevens(128),
            of("Mixed_6c").sevens(160),
            of("Mixed_6d").sevens(160),
            of("Mixed_6e").sevens(192),
            of("Mixed_7a").to_eight(),
            of("Mixed_7b").wide(1280, Step::Mean),
            of("Mixed_7c").wide(2048, Step::Largest { stride: 1, padding: 1 }),
        ];
        Self { blocks }
    }

    fn convs(&self) -> impl Iterator<Item = &Conv> {
        let branches = self.blocks.iter().flat_map(|block| &block.branches);
        branches.flatten().flat_map(|step| match step {
            Step::Conv(conv) => vec![&**conv],
            Step::Both(both) => both.iter().collect(),
            Step::Mean | Step::Largest { .. } => Vec::new(),
        })
    }
}

/// Every other pixel, and no border.
const HALVED: Step = Step::Largest { stride: 2, padding: 0 };

/// Makes layers whose names begin with that of their block.
struct Names<'a> {
    tape: &'a Tape,
    block: &'static str,
}

impl Names<'_> {
    fn make(&self, name: &str, c_in: usize, c_out: usize, kernel: [usize; 2], config: Config) -> Conv {
        let name = if self.block.is_empty() { name.to_owned() } else { format!("{}.{name}", self.block) };
        let shape = [kernel[0], kernel[1], c_in, c_out];
        Conv {
            name,
            weight: Parameter::new(self.tape, shape, &vec![0.0; shape.iter().product()]),
            gamma: Parameter::new(self.tape, [c_out], &vec![1.0; c_out]),
            beta: Parameter::new(self.tape, [c_out], &vec![0.0; c_out]),
            running: Running::new(self.tape.gpu(), c_out),
            config,
        }
    }

    fn conv(&self, name: &str, c_in: usize, c_out: usize, kernel: [usize; 2], padding: [usize; 2]) -> Step {
        Step::Conv(Box::new(self.make(name, c_in, c_out, kernel, Config { padding, ..Config::default() })))
    }

    /// 3 by 3, every other pixel, no border.
    fn halving(&self, name: &str, c_in: usize, c_out: usize) -> Step {
        Step::Conv(Box::new(self.make(name, c_in, c_out, [3, 3], Config { stride: [2, 2], ..Config::default() })))
    }

    fn one(&self, name: &str, c_in: usize, c_out: usize) -> Step {
        self.conv(name, c_in, c_out, [1, 1], [0, 0])
    }

    /// The size stays.
    fn three(&self, name: &str, c_in: usize, c_out: usize) -> Step {
        self.conv(name, c_in, c_out, [3, 3], [1, 1])
    }

    /// 1 by 7, the size stays.
    fn across(&self, name: &str, c_in: usize, c_out: usize) -> Step {
        self.conv(name, c_in, c_out, [1, 7], [0, 3])
    }

    /// 7 by 1, the size stays.
    fn down(&self, name: &str, c_in: usize, c_out: usize) -> Step {
        self.conv(name, c_in, c_out, [7, 1], [3, 0])
    }

    /// 1 by 3 and 3 by 1 beside each other.
    fn cross(&self, names: [&str; 2], c_in: usize, c_out: usize) -> Step {
        let conv =
            |name, kernel, padding| self.make(name, c_in, c_out, kernel, Config { padding, ..Config::default() });
        Step::Both(Box::new([conv(names[0], [1, 3], [0, 1]), conv(names[1], [3, 1], [1, 0])]))
    }

    /// At 35 by 35 pixels; to 224 channels and those of the pooling.
    fn fives(&self, c: usize, pooled: usize) -> Block {
        let branches = vec![
            vec![self.one("branch1x1", c, 64)],
            vec![self.one("branch5x5_1", c, 48), self.conv("branch5x5_2", 48, 64, [5, 5], [2, 2])],
            vec![
                self.one("branch3x3dbl_1", c, 64),
                self.three("branch3x3dbl_2", 64, 96),
                self.three("branch3x3dbl_3", 96, 96),
            ],
            vec![Step::Mean, self.one("branch_pool", c, pooled)],
        ];
        Block { branches }
    }

    /// From 35 by 35 pixels to 17 by 17, from 288 channels to 768.
    fn to_seventeen(&self) -> Block {
        let branches = vec![
            vec![self.halving("branch3x3", 288, 384)],
            vec![
                self.one("branch3x3dbl_1", 288, 64),
                self.three("branch3x3dbl_2", 64, 96),
                self.halving("branch3x3dbl_3", 96, 96),
            ],
            vec![HALVED],
        ];
        Block { branches }
    }

    /// At 17 by 17 pixels, 768 channels to as many, `c` between.
    fn sevens(&self, c: usize) -> Block {
        let branches = vec![
            vec![self.one("branch1x1", 768, 192)],
            vec![self.one("branch7x7_1", 768, c), self.across("branch7x7_2", c, c), self.down("branch7x7_3", c, 192)],
            vec![
                self.one("branch7x7dbl_1", 768, c),
                self.down("branch7x7dbl_2", c, c),
                self.across("branch7x7dbl_3", c, c),
                self.down("branch7x7dbl_4", c, c),
                self.across("branch7x7dbl_5", c, 192),
            ],
            vec![Step::Mean, self.one("branch_pool", 768, 192)],
        ];
        Block { branches }
    }

    /// From 17 by 17 pixels to 8 by 8, from 768 channels to 1280.
    fn to_eight(&self) -> Block {
        let branches = vec![
            vec![self.one("branch3x3_1", 768, 192), self.halving("branch3x3_2", 192, 320)],
            vec![
                self.one("branch7x7x3_1", 768, 192),
                self.across("branch7x7x3_2", 192, 192),
                self.down("branch7x7x3_3", 192, 192),
                self.halving("branch7x7x3_4", 192, 192),
            ],
            vec![HALVED],
        ];
        Block { branches }
    }

    /// At 8 by 8 pixels, to 2048 channels; `pool` is what the last branch begins with.
    fn wide(&self, c: usize, pool: Step) -> Block {
        let branches = vec![
            vec![self.one("branch1x1", c, 320)],
            vec![self.one("branch3x3_1", c, 384), self.cross(["branch3x3_2a", "branch3x3_2b"], 384, 384)],
            vec![
                self.one("branch3x3dbl_1", c, 448),
                self.three("branch3x3dbl_2", 448, 384),
                self.cross(["branch3x3dbl_3a", "branch3x3dbl_3b"], 384, 384),
            ],
            vec![pool, self.one("branch_pool", c, 192)],
        ];
        Block { branches }
    }
}

impl Block {
    fn forward(&self, x: &Var) -> Var {
        let branch = |steps: &Vec<Step>| steps.iter().fold(x.clone(), |x, step| step.forward(&x));
        concat_channels(&self.branches.iter().map(branch).collect::<Vec<_>>())
    }
}

impl Step {
    fn forward(&self, x: &Var) -> Var {
        match self {
            Self::Conv(conv) => conv.forward(x),
            Self::Both(both) => concat_channels(&both.each_ref().map(|conv| conv.forward(x))),
            Self::Mean => avg_pool2d_inside(x, [3, 3], [1, 1], [1, 1]),
            Self::Largest { stride, padding } => max_pool2d(x, [3, 3], [*stride; 2], [*padding; 2]),
        }
    }
}

impl Conv {
    fn forward(&self, x: &Var) -> Var {
        let y = conv2d(x, &self.weight.var(), None, &self.config);
        relu(&batch_norm(&y, &self.gamma.var(), &self.beta.var(), &self.running, false, 0.1, EPS))
    }
}

impl Module for Inception {
    /// Pictures `[N, H, W, 3]` in [-1, 1], which ought to be of 299 by 299 pixels and must be of 75 by 75 or more, to
    /// the means over what the last block makes of their pixels, `[N, 2048]`.
    fn forward(&self, x: &Var) -> Var {
        let y = self.blocks.iter().fold(x.clone(), |x, block| block.forward(&x));
        mean(&y, Axis::PerSampleChannel)
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        let of = |conv: &Conv| {
            let Conv { name, weight, gamma, beta, .. } = conv;
            let named = [("conv.weight", weight), ("bn.weight", gamma), ("bn.bias", beta)];
            named.map(|(end, parameter)| (format!("{name}.{end}"), parameter.clone()))
        };
        self.convs().flat_map(of).collect()
    }

    fn buffers(&self) -> Vec<(String, Tensor)> {
        let of = |Conv { name, running, .. }: &Conv| {
            let named = [("running_mean", &running.mean), ("running_var", &running.var)];
            named.map(|(end, tensor)| (format!("{name}.bn.{end}"), tensor.clone()))
        };
        self.convs().flat_map(of).collect()
    }
}

//! The goldens of CUT and FastCUT: training steps of tiny networks on two pictures; `make_cut.py` tells what a step is.

use super::{File, State, Tensor};

/// `[n, h, w, c]` of every batch of pictures.
pub const PICTURES: [usize; 4] = [2, 32, 28, 3];
/// `ngf` and `ndf`.
pub const WIDTH: usize = 4;
/// Residual blocks of the generator.
pub const BLOCKS: usize = 2;
/// The generator's layers whose features are compared, counted as in the published code.
pub const LAYERS: [usize; 4] = [0, 4, 8, 12];
/// The features' pixels at these layers, in rows and columns, and their channels.
pub const FEATURES: [[usize; 3]; 4] = [[38, 34, 3], [32, 28, 8], [16, 14, 16], [8, 7, 16]];
/// The width of the heads.
pub const HEAD: usize = 16;
/// Positions of each picture and layer.
pub const POSITIONS: usize = 8;
/// What logits are divided by.
pub const TEMPERATURE: f64 = 0.07;
/// The order of everything that there is of each network: generator, discriminator, heads.
pub const NETWORKS: [&str; 3] = ["G", "D", "F"];
/// The order of the losses.
pub const LOSSES: [&str; 6] = ["G_GAN", "D_real", "D_fake", "G", "NCE", "NCE_Y"];

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// NCE times 1, and its mean with that of the identity; never flipped.
    Cut,
    /// NCE times 10, no identity; flipped in the golden step.
    FastCut,
}

/// Positions in each layer's features: `[2, 8]`, of each picture eight, row · width + column.
pub type Positions = [Vec<usize>; 4];

/// One training step. The discriminator's half starts from `before`, on `fake`; the other one from the generator and
/// the heads of `before`, and the discriminator of `after`.
#[derive(Clone, Debug)]
pub struct Step {
    pub mode: Mode,
    /// Adam's step number, from 1.
    pub number: u64,
    /// The batch of each domain, A and B.
    pub real: [Vec<f64>; 2],
    /// Whether the generator sees A's pictures left-right flipped, and the translation's features are flipped back.
    pub flipped: bool,
    /// Of A's pictures and their translations.
    pub positions: Positions,
    /// Of B's pictures and what the generator makes of them; CUT has them.
    pub identity_positions: Option<Positions>,
    /// What the generator makes of A's pictures.
    pub fake: Vec<f64>,
    pub before: [State; 3],
    /// Named by [`LOSSES`]; FastCUT's NCE_Y is 0.
    pub losses: [f64; 6],
    /// That of a bias before an instance norm is zero; measure what is computed in its place by the gradient of its
    /// weight ([`super::yardstick`]).
    pub gradients: [Vec<Tensor>; 3],
    pub after: [State; 3],
    /// Relative errors of PyTorch's own float32 in the losses.
    pub float32_losses: [f64; 6],
    /// The worst error of its gradients, of each network.
    pub float32_gradients: [f64; 3],
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::FastCut => "fastcut",
        }
    }
}

/// CUT's two steps or FastCUT's one, in order, from the same weights and pictures. The first weights are float32
/// numbers; states are float64 PyTorch's to 1e-9.
pub fn steps(mode: Mode) -> Vec<Step> {
    let file = open();
    let of = |what: &str| format!("{}.{what}", mode.name());
    let mut state = NETWORKS.map(|network| State::at_rest(file.network("weights", network)));
    let step = |index: usize| {
        let before = state.clone();
        let number = index as u64 + 1;
        let gradients = [0, 1, 2].map(|n| file.network_at(&of("gradient"), NETWORKS[n], index));
        state = [0, 1, 2].map(|n| before[n].updated(&gradients[n], number));
        let positions = |loss: &str| {
            let at = |layer: usize| file.at(&of(&format!("positions.{loss}.{layer}")), index);
            [0, 1, 2, 3].map(|layer| at(layer).into_iter().map(|p| p as usize).collect())
        };
        Step {
            mode,
            number,
            real: ["A", "B"].map(|side| file.at(&of(&format!("real_{side}")), index)),
            flipped: file.numbers(&of("flipped"))[index] == 1.0,
            positions: positions("NCE"),
            identity_positions: (mode == Mode::Cut).then(|| positions("NCE_Y")),
            fake: file.at(&of("fake"), index),
            before,
            losses: file.row(&of("losses"), index),
            gradients,
            after: state.clone(),
            float32_losses: file.row(&of("float32.losses"), index),
            float32_gradients: file.row(&of("float32.gradients"), index),
        }
    };
    (0..file.numbers(&of("flipped")).len()).map(step).collect()
}

fn open() -> File<'static> {
    File::open(include_bytes!("cut_step.safetensors"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::yardstick;

    fn all() -> Vec<Step> {
        [Mode::Cut, Mode::FastCut].into_iter().flat_map(steps).collect()
    }

    #[test]
    fn recomputed_weights_are_those_pytorch_had() {
        let file = open();
        for step in all() {
            let kind = format!("{}.sample", step.mode.name());
            for n in 0..NETWORKS.len() {
                file.assert_samples(&kind, &step.before[n], step.number as usize - 1);
                file.assert_samples(&kind, &step.after[n], step.number as usize);
            }
        }
    }

    /// A bound is worth something only if PyTorch's own float32 keeps it, five times over.
    #[test]
    fn pytorch_float32_itself_keeps_the_bounds() {
        for step in all() {
            let Step { mode, float32_losses: losses, float32_gradients: gradients, .. } = step;
            assert!(losses.iter().all(|e| *e <= 2e-6), "{mode:?}: {losses:?}");
            assert!(gradients.iter().all(|e| (1e-9..=2e-5).contains(e)), "{mode:?}: {gradients:?}");
        }
    }

    #[test]
    fn steps_are_as_their_mode_says() {
        let pictures = PICTURES.iter().product::<usize>();
        assert_eq!(all().iter().map(|s| (s.mode, s.number)).collect::<Vec<_>>(), {
            [(Mode::Cut, 1), (Mode::Cut, 2), (Mode::FastCut, 1)]
        });
        for Step { mode, real, flipped, positions, identity_positions, fake, losses, .. } in all() {
            assert!(real.iter().chain([&fake]).all(|p| p.len() == pictures && p.iter().all(|v| v.abs() <= 1.0)));
            assert_eq!((flipped, identity_positions.is_none()), (mode == Mode::FastCut, mode == Mode::FastCut));
            for positions in [Some(positions), identity_positions].into_iter().flatten() {
                for (at, [h, w, _]) in positions.iter().zip(FEATURES) {
                    assert_eq!(at.len(), PICTURES[0] * POSITIONS);
                    assert!(at.iter().all(|p| *p < h * w));
                    assert_ne!(at[..POSITIONS], at[POSITIONS..], "each picture has its own");
                }
            }
            let [g_gan, d_real, d_fake, g, nce, nce_y] = losses;
            let of_nce = if mode == Mode::Cut { (nce + nce_y) / 2.0 } else { nce };
            assert!((g - g_gan - of_nce).abs() < 1e-12, "{LOSSES:?}: {losses:?}");
            assert!(d_real > 0.0 && d_fake > 0.0);
            // Cosines are at most 1: a row's cross-entropy is below ln 9 + 2 / temperature.
            assert!(of_nce < 10.0 * (9.0_f64.ln() + 2.0 / TEMPERATURE));
        }
        let [cut, fast] = [steps(Mode::Cut), steps(Mode::FastCut)].map(|steps| steps[0].clone());
        assert_eq!((&cut.real, &cut.before[0].weights), (&fast.real, &fast.before[0].weights), "the same start");
        assert_ne!(cut.fake, fast.fake, "one is of flipped pictures");
    }

    /// The parameters of the widths; and of the biases before a norm those that PatchNCE reaches have a gradient.
    #[test]
    fn gradients_are_zero_where_a_norm_takes_the_bias_away() {
        for step in all() {
            let count = |n: usize| step.before[n].weights.iter().map(|w| w.values.len()).sum::<usize>();
            let heads: usize = FEATURES.iter().map(|[_, _, c]| (c + 1) * HEAD + (HEAD + 1) * HEAD).sum();
            assert_eq!([0, 1, 2].map(count), [13_379, 11_517, heads]);
            let dead = |n: usize| -> Vec<String> {
                let zero = |t: &&Tensor| t.values.iter().all(|v| *v == 0.0);
                step.gradients[n].iter().filter(zero).map(|t| t.name.clone()).collect()
            };
            let blocks = (0..BLOCKS).flat_map(|b| [1, 5].map(|at| format!("G.model.{}.conv_block.{at}.bias", 12 + b)));
            let mut of_g: Vec<String> = ["G.model.1.bias".to_owned()].into_iter().chain(blocks).collect();
            of_g.extend(["G.model.15.bias".to_owned(), "G.model.19.bias".to_owned()]);
            assert_eq!(dead(0), of_g);
            assert_eq!(dead(1), ["D.model.3.bias", "D.model.7.bias", "D.model.11.bias"]);
            assert!(dead(2).is_empty());
            assert!(step.gradients.iter().all(|g| g.iter().all(|t| yardstick(g, &t.name) > 0.0)));
        }
        assert_eq!((WIDTH, LAYERS[3]), (4, 12));
    }
}

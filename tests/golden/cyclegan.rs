//! The CycleGAN golden: two training steps of tiny networks on two pictures; `make_cyclegan.py` tells what a step is.

use super::{File, State, Tensor};

/// `[n, h, w, c]` of every batch of pictures.
pub const PICTURES: [usize; 4] = [2, 32, 28, 3];
/// `ngf` and `ndf`.
pub const WIDTH: usize = 4;
/// Residual blocks of a generator.
pub const BLOCKS: usize = 2;
/// Pictures that a pool keeps.
pub const POOL: usize = 2;
/// The order of everything that there is of each network.
pub const NETWORKS: [&str; 4] = ["G_A", "G_B", "D_A", "D_B"];
/// The order of the losses.
pub const LOSSES: [&str; 8] = ["D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B"];

/// One training step. The generators' half and the discriminators' both start from `before`, the latter on `seen`.
#[derive(Clone, Debug)]
pub struct Step {
    /// Adam's step number, from 1.
    pub number: u64,
    /// The batch of each domain, A and B.
    pub real: [Vec<f64>; 2],
    /// What the pools of `fake_A` and `fake_B` do with each new picture: `None` gives it on (and keeps a copy while
    /// there is room), else that kept one is given in its place and replaced.
    pub decisions: [[Option<usize>; 2]; 2],
    /// What the pools give: of `fake_A`, which `D_B` sees, and of `fake_B`, which `D_A` sees.
    pub seen: [Vec<f64>; 2],
    pub before: [State; 4],
    /// Named by [`LOSSES`], with their factors.
    pub losses: [f64; 8],
    /// Of G's losses by both generators, of D's by both discriminators. That of a bias before an instance norm is
    /// zero; measure what is computed in its place by the gradient of its weight ([`super::yardstick`]).
    pub gradients: [Vec<Tensor>; 4],
    pub after: [State; 4],
    /// Relative errors of PyTorch's own float32 in the losses.
    pub float32_losses: [f64; 8],
    /// The worst error of its gradients, of each network.
    pub float32_gradients: [f64; 4],
}

/// Both steps, in order. Their first weights are float32 numbers; states are float64 PyTorch's to 1e-9.
pub fn steps() -> Vec<Step> {
    let file = open();
    let mut state = NETWORKS.map(|network| State::at_rest(file.network("weights", network)));
    let step = |index: usize| {
        let before = state.clone();
        let number = index as u64 + 1;
        let gradients = [0, 1, 2, 3].map(|n| file.network_at("gradient", NETWORKS[n], index));
        state = [0, 1, 2, 3].map(|n| before[n].updated(&gradients[n], number));
        let decide =
            |side: &str| file.row(&format!("pool.fake_{side}"), index).map(|n: f64| (n >= 0.0).then_some(n as usize));
        Step {
            number,
            real: ["A", "B"].map(|side| file.at(&format!("real_{side}"), index)),
            decisions: ["A", "B"].map(decide),
            seen: ["A", "B"].map(|side| file.at(&format!("seen.fake_{side}"), index)),
            before,
            losses: file.row("losses", index),
            gradients,
            after: state.clone(),
            float32_losses: file.row("float32.losses", index),
            float32_gradients: file.row("float32.gradients", index),
        }
    };
    (0..2).map(step).collect()
}

fn open() -> File<'static> {
    File::open(include_bytes!("cyclegan_step.safetensors"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::yardstick;

    #[test]
    fn recomputed_weights_are_those_pytorch_had() {
        let file = open();
        for (index, step) in steps().iter().enumerate() {
            for n in 0..NETWORKS.len() {
                file.assert_samples("sample", &step.before[n], index);
                file.assert_samples("sample", &step.after[n], index + 1);
            }
        }
    }

    /// A bound is worth something only if PyTorch's own float32 keeps it, ten times over.
    #[test]
    fn pytorch_float32_itself_keeps_the_bounds() {
        for step in steps() {
            let Step { float32_losses: losses, float32_gradients: gradients, .. } = step;
            assert!(losses.iter().all(|e| *e <= 1e-6), "{losses:?}");
            assert!(gradients.iter().all(|e| (1e-9..=1e-5).contains(e)), "{gradients:?}");
        }
    }

    /// The parameters of `ngf` = `ndf` = 4, of which the generators' last bias and, of each discriminator, the first
    /// and the last bias are not before a norm.
    #[test]
    fn gradients_are_zero_where_a_norm_takes_the_bias_away() {
        for step in steps() {
            for (n, network) in NETWORKS.iter().enumerate() {
                let weights: usize = step.before[n].weights.iter().map(|w| w.values.len()).sum();
                let alive = |t: &&Tensor| t.name.ends_with("bias") && t.values.iter().any(|v| *v != 0.0);
                let alive: Vec<&str> = step.gradients[n].iter().filter(alive).map(|t| t.name.as_str()).collect();
                let (count, places): (usize, &[&str]) = if n < 2 { (13_379, &["19"]) } else { (11_517, &["0", "11"]) };
                let expected: Vec<String> = places.iter().map(|at| format!("{network}.model.{at}.bias")).collect();
                assert_eq!((weights, alive), (count, expected.iter().map(String::as_str).collect()), "{network}");
                assert!(step.gradients[n].iter().all(|t| yardstick(&step.gradients[n], &t.name) > 0.0));
            }
        }
    }

    /// As published: the pools fill in the first step; in the second they may give what they have just taken.
    #[test]
    fn the_pools_give_what_was_decided() {
        let [first, second] = steps().try_into().expect("two steps");
        let picture = PICTURES[1..].iter().product();
        let of = |step: &Step, side: usize, n: usize| step.seen[side][n * picture..][..picture].to_vec();
        assert!(first.decisions.iter().flatten().all(Option::is_none));
        assert_eq!(second.decisions, [[None, Some(0)], [Some(1), Some(1)]]);
        assert_eq!(of(&second, 0, 1), of(&first, 0, 0), "fake_A: the picture kept first");
        assert_eq!(of(&second, 1, 0), of(&first, 1, 1), "fake_B: the picture kept last");
        assert_eq!((first.number, second.number), (1, 2));
        for pictures in [&first, &second].into_iter().flat_map(|step| step.real.iter().chain(&step.seen)) {
            assert_eq!(pictures.len(), POOL * picture);
            assert!(pictures.iter().all(|v| v.abs() <= 1.0));
        }
    }

    /// With the factors: two unrelated pictures of this kind are some 0.5 apart.
    #[test]
    fn losses_are_of_the_size_that_their_factors_make() {
        for step in steps() {
            for (name, loss) in LOSSES.iter().zip(step.losses) {
                let range = if name.starts_with("cycle") { 4.0..6.0 } else { 0.3..3.0 };
                assert!(range.contains(&loss), "{name}: {loss}");
            }
        }
        assert_eq!((WIDTH, BLOCKS), (4, 2));
    }
}

//! CUT's and FastCUT's steps against PyTorch's float64, each from PyTorch's state.

use sumi::{
    nn::{Module, Parameter},
    train::cut::{Choices, Config, Trainer},
};

use super::{
    assert_adam_arrives, assert_loss, compare_gradients, constant, load_moments, load_weights, scalar, tell, wide,
};
use crate::{
    common::{families, gpu},
    golden::cut::{BLOCKS, FEATURES, HEAD, LOSSES, Mode, NETWORKS, PICTURES, POSITIONS, Positions, WIDTH, steps},
};

fn config(mode: Mode) -> Config {
    let tiny = Config {
        ngf: WIDTH,
        ndf: WIDTH,
        blocks: BLOCKS,
        d_layers: 3,
        nce_width: HEAD,
        patches: POSITIONS,
        ..Config::default()
    };
    match mode {
        Mode::Cut => tiny,
        Mode::FastCut => Config { lambda_nce: 10.0, nce_identity: false, mirror: true, ..tiny },
    }
}

/// Generator, discriminator, heads.
fn parameters(trainer: &Trainer) -> [Vec<(String, Parameter)>; 3] {
    [trainer.generator.parameters(), trainer.discriminator.parameters(), trainer.heads.parameters()]
}

/// Positions of each picture as rows of all pictures' pixels.
fn rows(positions: &Positions) -> Vec<Vec<u32>> {
    let of = |(at, [h, w, _]): (&Vec<usize>, [usize; 3])| {
        at.iter().enumerate().map(|(i, p)| (i / POSITIONS * h * w + p) as u32).collect()
    };
    positions.iter().zip(FEATURES).map(of).collect()
}

fn each_step_is_pytorchs(mode: Mode) {
    for gpu in families() {
        let mut trainer = Trainer::new(&gpu, &config(mode));
        for step in steps(mode) {
            let what = format!("{mode:?}, step {} on {:?}", step.number, gpu.family());
            let adams = [&mut trainer.g_adam, &mut trainer.d_adam, &mut trainer.f_adam];
            for (adam, state) in adams.into_iter().zip(&step.before) {
                load_moments(&adam.moments(), state);
                adam.set_steps(step.number - 1);
            }
            for (parameters, state) in parameters(&trainer).iter().zip(&step.before) {
                load_weights(parameters, &state.weights);
            }
            let [a, b] = step.real.clone().map(|pictures| constant(trainer.tape(), PICTURES, &pictures));
            let made = trainer.forward(&a, &b, step.flipped);
            let got = wide(&made.fake_b.value().to_vec().expect("the device answers"));
            assert!(got.iter().zip(&step.fake).all(|(g, w)| (g - w).abs() < 1e-5), "{what}: other pictures");
            let [fake, real] = trainer.learn_discriminator(&b, &made.fake_b);
            let worst_d = compare_gradients(&what, trainer.d_adam.gradients(), &step.gradients[1]);

            load_weights(&trainer.discriminator.parameters(), &step.after[1].weights);
            let of_b = step.identity_positions.as_ref().map_or_else(Vec::new, rows);
            let choices = Choices { positions: [rows(&step.positions), of_b], mirrored: step.flipped };
            let g = trainer.learn_generator(&made, &choices);
            let worst_g = compare_gradients(&what, trainer.g_adam.gradients(), &step.gradients[0]);
            let worst_f = compare_gradients(&what, trainer.f_adam.gradients(), &step.gradients[2]);
            assert_eq!(g.nce_identity.is_some(), mode == Mode::Cut);
            let identity = g.nce_identity.map_or(0.0, |loss| scalar(&loss));
            let [adversarial, nce, total] = [&g.adversarial, &g.nce, &g.total].map(scalar);
            let losses = [adversarial, scalar(&real), scalar(&fake), total, nce, identity];
            for ((name, loss), want) in LOSSES.iter().zip(losses).zip(step.losses) {
                assert_loss(&format!("{what}: {name}"), loss, want);
            }
            tell(&format!("{what}: worst gradient error G {worst_g:.1e}, D {worst_d:.1e}, F {worst_f:.1e}"));
        }
    }
}

#[test]
fn each_step_of_cut_from_a_given_state_is_pytorchs() {
    each_step_is_pytorchs(Mode::Cut);
}

#[test]
fn a_mirrored_step_of_fastcut_from_a_given_state_is_pytorchs() {
    each_step_is_pytorchs(Mode::FastCut);
}

#[test]
fn adam_takes_pytorchs_steps() {
    let mut trainer = Trainer::new(&gpu(), &config(Mode::Cut));
    for step in steps(Mode::Cut) {
        let parameters = parameters(&trainer);
        let Trainer { g_adam, d_adam, f_adam, .. } = &mut trainer;
        for (n, adam) in [g_adam, d_adam, f_adam].into_iter().enumerate() {
            let [before, after] = [&step.before[n], &step.after[n]];
            assert_adam_arrives(&parameters[n], adam, step.number, before, &step.gradients[n], after);
        }
    }
}

#[test]
fn names_and_their_order_are_pytorchs() {
    let trainer = Trainer::new(&gpu(), &config(Mode::Cut));
    for (n, parameters) in parameters(&trainer).into_iter().enumerate() {
        let ours: Vec<_> = parameters.into_iter().map(|(name, _)| format!("{}.{name}", NETWORKS[n])).collect();
        let golden: Vec<_> = steps(Mode::Cut)[0].before[n].weights.iter().map(|w| w.name.clone()).collect();
        assert_eq!(ours, golden);
    }
}

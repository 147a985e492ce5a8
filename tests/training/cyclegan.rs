//! CycleGAN's steps against PyTorch's float64, each from PyTorch's state.

use sumi::{
    nn::{Module, Parameter, Sequential},
    train::cyclegan::{Config, Trainer},
};

use super::{
    assert_adam_arrives, assert_loss, compare_gradients, constant, joined, load_moments, load_weights, scalar, tell,
    wide,
};
use crate::{
    common::{families, gpu},
    golden::cyclegan::{BLOCKS, LOSSES, NETWORKS, PICTURES, POOL, Step, WIDTH, steps},
};

fn config() -> Config {
    let mut config =
        Config { ngf: WIDTH, ndf: WIDTH, blocks: BLOCKS, d_layers: 3, pool_size: POOL, ..Config::default() };
    config.common.size = [PICTURES[1], PICTURES[2]];
    config.common.load_size = config.common.size;
    config.common.batch = PICTURES[0];
    config
}

fn networks(trainer: &Trainer) -> [&Sequential; 4] {
    [&trainer.g_a, &trainer.g_b, &trainer.d_a, &trainer.d_b]
}

/// The parameters of two networks that share an optimizer.
fn parameters(networks: [&Sequential; 2]) -> Vec<(String, Parameter)> {
    networks.iter().flat_map(|network| network.parameters()).collect()
}

fn load(trainer: &mut Trainer, step: &Step) {
    for (network, state) in networks(trainer).into_iter().zip(&step.before) {
        load_weights(&network.parameters(), &state.weights);
    }
    load_moments(&trainer.g_adam.moments(), &joined(&step.before[..2]));
    load_moments(&trainer.d_adam.moments(), &joined(&step.before[2..]));
    trainer.g_adam.set_steps(step.number - 1);
    trainer.d_adam.set_steps(step.number - 1);
}

/// Both halves start from PyTorch's state; the discriminators see what PyTorch's pools gave.
#[test]
fn each_step_from_a_given_state_is_pytorchs() {
    for gpu in families() {
        let mut trainer = Trainer::new(&gpu, &config());
        for step in steps() {
            let what = format!("CycleGAN, step {} on {:?}", step.number, gpu.family());
            load(&mut trainer, &step);
            let [a, b] = step.real.clone().map(|pictures| constant(trainer.tape(), PICTURES, &pictures));
            let g = trainer.learn_generators(&a, &b);
            let gradients = trainer.g_adam.gradients();
            let worst_g = compare_gradients(&what, gradients, &step.gradients[..2].concat());
            for (fake, side) in [(&g.fake_a, 0), (&g.fake_b, 1)] {
                let got = wide(&fake.value().to_vec().expect("the device answers"));
                let picture = got.len() / PICTURES[0];
                for (n, decision) in step.decisions[side].iter().enumerate().filter(|(_, d)| d.is_none()) {
                    let range = n * picture..(n + 1) * picture;
                    let near =
                        got[range.clone()].iter().zip(&step.seen[side][range]).all(|(g, w)| (g - w).abs() < 1e-5);
                    assert!(near, "{what}: fake {n} of {side}, {decision:?}");
                }
            }
            let [seen_a, seen_b] = step.seen.clone().map(|pictures| constant(trainer.tape(), PICTURES, &pictures));
            let [d_a, d_b] = trainer.learn_discriminators([&a, &b], [&seen_a, &seen_b]);
            let gradients = trainer.d_adam.gradients();
            let worst_d = compare_gradients(&what, gradients, &step.gradients[2..].concat());
            let [identity_a, identity_b] = g.identity.expect("it has a weight");
            let ([g_a, g_b], [cycle_a, cycle_b]) = (g.adversarial, g.cycle);
            let losses = [d_a, g_a, cycle_a, identity_a, d_b, g_b, cycle_b, identity_b];
            for ((name, loss), want) in LOSSES.iter().zip(&losses).zip(step.losses) {
                assert_loss(&format!("{what}: {name}"), scalar(loss), want);
            }
            tell(&format!("{what}: worst gradient error G {worst_g:.1e}, D {worst_d:.1e}"));
        }
    }
}

/// One launch for two networks.
#[test]
fn adam_takes_pytorchs_steps() {
    let mut trainer = Trainer::new(&gpu(), &config());
    for step in steps() {
        for (pair, of) in [(0..2, "G"), (2..4, "D")] {
            let named = networks(&trainer)[pair.clone()].try_into().expect("two networks");
            let parameters = parameters(named);
            let (before, after) = (joined(&step.before[pair.clone()]), joined(&step.after[pair.clone()]));
            let gradients = step.gradients[pair].concat();
            let adam = if of == "G" { &mut trainer.g_adam } else { &mut trainer.d_adam };
            assert_adam_arrives(&parameters, adam, step.number, &before, &gradients, &after);
        }
    }
}

#[test]
fn names_and_their_order_are_pytorchs() {
    let trainer = Trainer::new(&gpu(), &config());
    for (n, network) in networks(&trainer).into_iter().enumerate() {
        let ours: Vec<_> =
            network.parameters().into_iter().map(|(name, _)| format!("{}.{name}", NETWORKS[n])).collect();
        let golden: Vec<_> = steps()[0].before[n].weights.iter().map(|w| w.name.clone()).collect();
        assert_eq!(ours, golden);
    }
}

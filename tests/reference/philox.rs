//! Philox against the known answers its authors publish with Random123 (file `kat_vectors`, lines `philox4x32 10`).

use sumi::reference::random::{normal, philox, philox_block, uniform};

#[test]
fn blocks_equal_the_published_vectors() {
    let all = u32::MAX;
    let cases = [
        ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([all; 4], [all; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        ),
    ];
    for (counter, key, want) in cases {
        assert_eq!(philox_block(counter, key), want, "counter {counter:x?}, key {key:x?}");
    }
}

#[test]
fn a_draw_places_its_elements_by_block_draw_step_and_seed() {
    let (seed, step, draw) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, 7);
    let words = philox(11, seed, step, draw);
    assert_eq!(words.len(), 11);
    for (i, word) in words.iter().enumerate() {
        let counter = [i as u32 / 4, draw, 0x7654_3210, 0xfedc_ba98];
        assert_eq!(*word, philox_block(counter, [0x89ab_cdef, 0x0123_4567])[i % 4], "element {i}");
    }
}

#[test]
fn uniforms_and_normals_have_the_moments_of_their_distributions() {
    let len = 1 << 20;
    let moment = |x: &[f64], power: i32| x.iter().map(|x| x.powi(power)).sum::<f64>() / len as f64;
    // Six standard errors of each mean; the draws are fixed, so this either always holds or never.
    let near = |what: &str, got: f64, want: f64, variance: f64| {
        let allowed = 6.0 * (variance / len as f64).sqrt();
        assert!((got - want).abs() < allowed, "{what}: got {got}, want {want} within {allowed}");
    };
    let u = uniform(len, 1, 0, 0);
    assert!(u.iter().all(|u| (0.0..1.0).contains(u) && *u as f32 as f64 == *u), "uniforms are f32 numbers in [0, 1)");
    near("uniform mean", moment(&u, 1), 1.0 / 2.0, 1.0 / 12.0);
    near("uniform square", moment(&u, 2), 1.0 / 3.0, 4.0 / 45.0);
    let z = normal(len, 1, 0, 1);
    assert!(z.iter().all(|z| z.is_finite()));
    for (power, want, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        near(&format!("normal moment {power}"), moment(&z, power), want, variance);
    }
    let (even, odd): (Vec<f64>, Vec<f64>) = z.chunks_exact(2).map(|pair| (pair[0], pair[1])).unzip();
    near("product of a pair", super::dot(&even, &odd) * 2.0 / len as f64, 0.0, 2.0);
}

#[test]
fn an_odd_draw_is_the_start_of_a_longer_one() {
    assert_eq!(normal(7, 3, 4, 5), normal(64, 3, 4, 5)[..7]);
    assert_eq!(uniform(7, 3, 4, 5), uniform(64, 3, 4, 5)[..7]);
}

//! PatchNCE (Park et al., 2020): a patch of the output should be more like the same patch of the input than like any
//! other patch of it, seen through the generator's own encoder.

use std::ops::Range;

use crate::{
    autograd::Var,
    models::patch_heads::PatchHeads,
    ops::{
        elementwise::{add, scale},
        matmul::{matmul, transpose},
        rows::{Indices, Targets, cross_entropy_loss, gather_rows},
        shape::{reshape, slice_rows},
    },
    philox::Philox,
};

/// The positions of layer l in step s come from stream `POSITIONS + (l << 32) + s`.
const POSITIONS: u64 = 6 << 40;

/// The temperature τ.
const TEMPERATURE: f32 = 0.07;

/// Which pixels of a layer's features `[N, H, W, C]` are compared, as rows of `[N · H · W, C]`: as many of each
/// picture, one picture after the other.
pub type Positions = Vec<u32>;

/// At most `count` pixels of each picture in each of some features, drawn without repetition. They are drawn for all
/// pictures of a step, `whole` of them, of which the features here are those of the pictures `own`.
pub fn positions(
    features: &[Var],
    count: usize,
    seed: u64,
    step: u64,
    (own, whole): (Range<usize>, usize),
) -> Vec<Positions> {
    let of = |(layer, features): (usize, &Var)| {
        let [n, h, w, _] = features.shape().nhwc("positions");
        let (pixels, count) = ((h * w) as u32, count.min(h * w));
        let mut random = Philox::new(seed, POSITIONS + ((layer as u64) << 32) + step);
        let mut drawn = Positions::with_capacity(n * count);
        for picture in 0..whole {
            let mut all: Vec<u32> = (0..pixels).collect();
            // The front of a shuffle, as far as it is needed.
            for place in 0..count {
                let other = place + random.below((all.len() - place) as u32) as usize;
                all.swap(place, other);
            }
            if own.contains(&picture) {
                let place = picture - own.start;
                drawn.extend(all[..count].iter().map(|pixel| place as u32 * pixels + pixel));
            }
        }
        drawn
    };
    features.iter().enumerate().map(of).collect()
}

/// The mean over the layers of the loss of telling each patch's own place from the other places of its picture:
/// features of the output `queries` and of the input `keys`, each `[N, H, W, C]` → `[]`. The keys get no gradient.
///
/// # Panics
/// When there are not as many keys, queries and positions.
pub fn patch_nce(heads: &PatchHeads, queries: &[Var], keys: &[Var], positions: &[Positions]) -> Var {
    assert!(queries.len() == keys.len() && keys.len() == positions.len(), "patch_nce: layers differ in number");
    let of_layer = |layer: usize| {
        let sampled = |features: &Var| heads.project(layer, &at(features, &positions[layer]));
        let query = sampled(&queries[layer]);
        let key = query.tape().no_grad(|| sampled(&keys[layer])).detach();
        nce(&query, &key, queries[layer].shape().dims()[0])
    };
    let losses: Vec<Var> = (0..queries.len()).map(of_layer).collect();
    mean_of(&losses)
}

/// The pixels of `x [N, H, W, C]` at some positions, `[positions, C]`.
fn at(x: &Var, positions: &Positions) -> Var {
    let [n, h, w, c] = x.shape().nhwc("patch_nce");
    let rows = n * h * w;
    gather_rows(&reshape(x, [rows, c]), &Indices::new(x.value().gpu(), positions, rows))
}

/// Mean over all rows of `-log(e^{q·k/τ} / Σ e^{q·k'/τ})`, where k is the row's own key and k' goes over all keys of
/// the same picture: `[n · patches, width]` each.
fn nce(query: &Var, key: &Var, n: usize) -> Var {
    let patches = query.shape().dims()[0] / n;
    let own = Targets::diagonal(query.value().gpu(), patches);
    let of_picture = |picture: usize| {
        let rows = picture * patches..(picture + 1) * patches;
        let logits = matmul(&slice_rows(query, rows.clone()), &transpose(&slice_rows(key, rows)));
        cross_entropy_loss(&scale(&logits, 1.0 / TEMPERATURE), &own)
    };
    mean_of(&(0..n).map(of_picture).collect::<Vec<_>>())
}

fn mean_of(losses: &[Var]) -> Var {
    let sum = losses[1..].iter().fold(losses[0].clone(), |sum, loss| add(&sum, loss));
    scale(&sum, 1.0 / losses.len() as f32)
}

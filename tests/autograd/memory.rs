//! What a step leaves behind on the device: nothing.

use sumi::{
    autograd::Var,
    gpu::Gpu,
    ops::{
        self,
        activation::{leaky_relu, sigmoid, softplus, tanh},
        elementwise::{add, copy_into, mul, scale, square, sub},
        norm::{Running, batch_norm},
        reduce::{Axis, mean, sum},
        resample::{blur_pool2d, blur_upsample2d, reflection_pad2d},
    },
    tensor::Tensor,
};

use crate::common::own_gpu;

/// One step of a small model: forward, a penalty on the gradient, backward, update.
fn step(gpu: &Gpu, parameters: &[Tensor], running: &Running) -> f32 {
    let tape = ops::tape(gpu);
    let x = tape.leaf(Tensor::from_slice(gpu, [64, 32], &(0..64 * 32).map(|i| (i as f32).sin()).collect::<Vec<_>>()));
    let leaves: Vec<Var> = parameters.iter().map(|p| tape.leaf(p.clone())).collect();
    let [w, gamma, beta] = &leaves[..] else { panic!("three parameters") };
    let normal = batch_norm(&mul(&x, w), gamma, beta, running, true, 0.1, 1e-5);
    let y = add(&leaky_relu(&normal, 0.2), &mul(&sigmoid(&normal), &tanh(&softplus(&normal))));
    let loss = mean(&square(&y), Axis::All);
    let gradient = loss.gradients(std::slice::from_ref(&x), true).remove(0).expect("the loss depends on x");
    let penalized = add(&loss, &sum(&square(&gradient), Axis::All));
    penalized.backward();
    for leaf in &leaves {
        let moved = sub(leaf, &scale(&leaf.grad().expect("every parameter has a gradient"), 0.01));
        copy_into(moved.value(), leaf.value());
    }
    penalized.value().to_vec().expect("the device works")[0]
}

#[test]
fn memory_stays_flat_after_the_second_step() {
    let gpu = own_gpu();
    let parameters = [([64, 32].into(), 64 * 32), ([32][..].into(), 32), ([32][..].into(), 32)]
        .map(|(shape, len): (sumi::tensor::Shape, usize)| Tensor::from_slice(&gpu, shape, &vec![0.5; len]));
    let running = Running::new(&gpu, 32);
    let losses: Vec<f32> = (0..2).map(|_| step(&gpu, &parameters, &running)).collect();
    let settled = gpu.memory();
    let more: Vec<f32> = (0..6).map(|_| step(&gpu, &parameters, &running)).collect();
    assert_eq!(gpu.memory(), settled, "a step must use the memory of the steps before it");
    assert!(losses[0].is_finite() && more[5] < losses[0], "the steps do train: {losses:?} {more:?}");
}

#[test]
fn backward_gives_memory_back_as_it_goes() {
    const LENGTH: usize = 24;
    const ELEMENTS: usize = 1 << 16;
    let gpu = own_gpu();
    let tape = ops::tape(&gpu);
    let x = tape.leaf(Tensor::from_slice(&gpu, [ELEMENTS], &vec![0.5; ELEMENTS]));
    // Each tanh keeps its input and its output, which is the next one's input: LENGTH + 1 tensors, all alive when the
    // backward begins.
    let losses: Vec<Var> = (0..3)
        .map(|_| {
            let loss = sum(&(0..LENGTH).fold(x.clone(), |y, _| tanh(&y)), Axis::All);
            loss.backward();
            loss
        })
        .collect();
    gpu.finish().expect("the device works");
    // The losses are still held, but not what they were made of, so the second and the third needed nothing more.
    let tensors = gpu.memory().bytes as usize / (4 * ELEMENTS);
    assert!(tensors <= LENGTH + 6, "{tensors} tensors' worth of memory for {LENGTH} ops, {} times", losses.len());
    assert!(tensors > LENGTH, "the forward's values were needed: {tensors}");
}

#[test]
fn a_dropped_graph_leaves_no_tensor_alive() {
    let gpu = own_gpu();
    let used = |gpu: &Gpu| {
        // Never differentiated: all that keeps these values is their history, which must not go round in a circle.
        let tape = ops::tape(gpu);
        let x = tape.leaf(Tensor::from_slice(gpu, [1 << 14], &vec![0.5; 1 << 14]));
        let (gamma, beta) =
            (tape.leaf(Tensor::from_slice(gpu, [1], &[1.0])), tape.leaf(Tensor::from_slice(gpu, [1], &[0.0])));
        let column = ops::shape::reshape(&x, [1 << 14, 1]);
        let normal = batch_norm(&column, &gamma, &beta, &Running::new(gpu, 1), true, 0.1, 1e-5);
        let loss = sum(&softplus(&sigmoid(&tanh(&leaky_relu(&normal, 0.1)))), Axis::All);
        let gradient = loss.gradients(std::slice::from_ref(&x), true).remove(0).expect("the loss depends on x");
        let _ = (loss, gradient);
        gpu.finish().expect("the device works");
    };
    used(&gpu);
    let settled = gpu.memory();
    for _ in 0..3 {
        used(&gpu);
    }
    assert_eq!(gpu.memory(), settled, "memory of a dropped graph must come back");
}

#[test]
fn tables_are_uploaded_once() {
    let gpu = own_gpu();
    let tape = ops::tape(&gpu);
    let x = tape.leaf(Tensor::from_slice(&gpu, [1, 4, 4, 2], &[0.5; 32]));
    let step = || {
        let y = reflection_pad2d(&blur_upsample2d(&blur_pool2d(&x)), [1; 4]);
        drop(sum(&square(&y), Axis::All).gradients(std::slice::from_ref(&x), false));
        gpu.finish().expect("the device works");
    };
    step();
    let settled = gpu.memory();
    (0..3).for_each(|_| step());
    assert_eq!(gpu.memory(), settled, "tables of the same shapes must be the same buffers");

    let [one, same, other] = [[1, 2], [1, 2], [2, 1]].map(|words| gpu.constant(&words));
    let name = |buffer: &sumi::gpu::Buffer| format!("{buffer:?}");
    assert!(name(&one) == name(&same) && name(&one) != name(&other));
    // Too much to keep: what is in use stays as it is, and more can be had.
    let large: Vec<_> = (0..5u32).map(|i| gpu.constant(&vec![i; 1 << 20])).collect();
    assert!(name(&gpu.constant(&[1, 2])) != name(&one), "a full cache is emptied");
    assert_eq!(gpu.fetch(&one).expect("the device works").into_iter().map(f32::to_bits).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(large.len(), 5);
}

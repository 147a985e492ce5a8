//! What is struck off a list and what is not, on launches that nobody runs.

use std::sync::Arc;

use super::fuse;
use crate::gpu::{Buffer, Dispatch, Epilogue, Family, Gpu, Map, Options, device::fake::Fake};

/// Each of these kernels writes what is bound to it last.
fn run(list: Vec<Dispatch>) -> Vec<Option<Dispatch>> {
    let writes: Vec<u32> = list.iter().map(|launch| 1 << (launch.bindings.len() - 1)).collect();
    let mut launches: Vec<_> = list.into_iter().map(Some).collect();
    fuse(&mut launches, &writes);
    launches
}

fn open() -> Gpu {
    Gpu::on(Arc::new(Fake::new(None)), Family::Tiled, &Options::default())
}

/// A kernel with an epilogue, and one without.
fn convolution(x: &Buffer, y: &Buffer) -> Dispatch {
    Dispatch::new("convolution", &Epilogue::NONE).bind(x).epilogue(true, x).bind(y)
}

fn plain(x: &Buffer, y: &Buffer) -> Dispatch {
    Dispatch::new("plain", &0_u32).bind(x).bind(y)
}

fn map(map: Map, inputs: &[&Buffer], y: &Buffer) -> Dispatch {
    inputs.iter().fold(Dispatch::new("map", &0_u32).map(map), |launch, input| launch.bind(*input)).bind(y)
}

fn epilogue(launch: &Dispatch) -> Epilogue {
    bytemuck::pod_read_unaligned(&launch.params)
}

/// The numbers of the buffers bound to a launch, as differences from the first.
fn bound(launch: &Dispatch) -> Vec<u64> {
    let first = launch.bindings[0].buffer.0.id;
    launch.bindings.iter().map(|binding| binding.buffer.0.id - first).collect()
}

fn names(launches: &[Option<Dispatch>]) -> Vec<&'static str> {
    launches.iter().flatten().map(|launch| launch.kernel.name).collect()
}

#[test]
fn a_bias_a_residual_and_a_slope_end_in_one_launch() {
    let gpu = open();
    let [x, bias, other, a, b, c, y] = [(); 7].map(|()| gpu.buffer(64));
    let list = vec![
        convolution(&x, &a),
        map(Map::AddChannels, &[&a, &bias], &b),
        map(Map::Add, &[&other, &b], &c),
        map(Map::Slope(0.25), &[&c], &y),
        plain(&y, &gpu.buffer(64)),
    ];
    drop((a, b, c));
    let launches = run(list);
    assert_eq!(names(&launches), ["convolution", "plain"]);
    let fused = launches[0].as_ref().expect("it stays");
    assert_eq!(epilogue(fused), Epilogue { has_bias: 1, operand: 1, slope: 0.25 });
    assert_eq!(bound(fused), [0, 1, 2, 6], "input, bias, operand, the last map's output");
}

#[test]
fn the_gradient_of_an_activation_takes_what_the_activation_gave() {
    let gpu = open();
    let [x, given, a, y] = [(); 4].map(|()| gpu.buffer(64));
    let list = vec![convolution(&x, &a), map(Map::SlopeBackward(0.0), &[&given, &a], &y)];
    drop(a);
    let launches = run(list);
    let fused = launches[0].as_ref().expect("it stays");
    assert_eq!(epilogue(fused), Epilogue { has_bias: 0, operand: 2, slope: 0.0 });
    assert_eq!(bound(fused), [0, 0, 1, 3]);
    assert!(launches[1].is_none());
}

#[test]
fn what_somebody_looks_at_stays() {
    let gpu = open();
    let [x, a, y] = [(); 3].map(|()| gpu.buffer(64));
    // A handle outside of the list; then a second reader in it.
    let held = run(vec![convolution(&x, &a), map(Map::Slope(0.5), &[&a], &y)]);
    assert_eq!(names(&held), ["convolution", "map"]);
    let list = vec![convolution(&x, &a), map(Map::Slope(0.5), &[&a], &y), plain(&a, &gpu.buffer(64))];
    drop((a, held));
    assert_eq!(names(&run(list)), ["convolution", "map", "plain"]);
}

#[test]
fn nothing_is_done_before_its_operand_is_there() {
    let gpu = open();
    let [x, a, late, y] = [(); 4].map(|()| gpu.buffer(64));
    let list = vec![convolution(&x, &a), plain(&x, &late), map(Map::Add, &[&a, &late], &y)];
    drop(a);
    assert_eq!(names(&run(list)), ["convolution", "plain", "map"]);
}

#[test]
fn an_epilogue_keeps_its_order() {
    let gpu = open();
    let [x, other, a, b, y] = [(); 5].map(|()| gpu.buffer(64));
    let list = vec![convolution(&x, &a), map(Map::Slope(0.5), &[&a], &b), map(Map::Add, &[&b, &other], &y)];
    drop((a, b));
    let launches = run(list);
    assert_eq!(names(&launches), ["convolution", "map"], "the slope comes last, so nothing is added after it");
    assert_eq!(epilogue(launches[0].as_ref().expect("it stays")).slope, 0.5);
}

#[test]
fn kernels_without_an_epilogue_or_without_a_bias_stay_as_they_are() {
    let gpu = open();
    let [x, bias, a, y] = [(); 4].map(|()| gpu.buffer(64));
    let list = vec![plain(&x, &a), map(Map::Slope(0.5), &[&a], &y)];
    drop(a);
    assert_eq!(names(&run(list)), ["plain", "map"]);

    let [a, y] = [(); 2].map(|()| gpu.buffer(64));
    let norm = Dispatch::new("norm", &Epilogue::NONE).bind(&x).epilogue(false, &x).bind(&a);
    let list = vec![norm, map(Map::AddChannels, &[&a, &bias], &y)];
    drop(a);
    assert_eq!(names(&run(list)), ["norm", "map"]);
}

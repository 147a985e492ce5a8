//! The device as ops see it: limits and failures as sentences, and how much one submit holds.

use sumi::gpu::{AdapterKind, Dispatch, Error, Gpu, Options, adapters};

use crate::common::{gpu, open, own_gpu};

/// The Params of shaders/elementwise/affine.wgsl.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Affine {
    count: u32,
    scale: f32,
    shift: f32,
}

fn affine(gpu: &Gpu, elements: usize, flops: f64) -> sumi::gpu::Buffer {
    let x = gpu.upload(&vec![1.0_f32; elements]);
    let y = gpu.buffer(elements * 4);
    let params = Affine { count: elements as u32 / 4, scale: 2.0, shift: 0.0 };
    gpu.dispatch(Dispatch::new("affine", &params).bind(&x).bind(&y).invocations(elements / 4).work(flops, 0.0));
    y
}

#[test]
fn a_tensor_larger_than_the_adapter_binds_is_refused_with_advice() {
    let gpu = own_gpu();
    let bytes = gpu.adapter().limits.binding_bytes as usize + 16;
    let [x, y] = [gpu.upload(&[1.0_f32; 4]), gpu.buffer(bytes)];
    gpu.dispatch(
        Dispatch::new("affine", &Affine { count: 1, scale: 1.0, shift: 0.0 }).bind(&x).bind(&y).invocations(1),
    );
    let read = gpu.read(&y);
    let refused = gpu.submit().expect_err("no adapter binds more than it can").to_string();
    assert!(refused.contains("larger than") && refused.contains("--batch"), "{refused}");
    assert_eq!(read.wait().expect_err("the read fails with its list").to_string(), refused);
}

/// The CPU has no driver. Vulkan's have: Mesa's on the CPU too, and all of them know at least what they have in all.
#[test]
fn drivers_tell_what_memory_they_have() {
    let gpu = own_gpu();
    let (told, interface) = (gpu.driver_memory(), gpu.adapter().interface.clone());
    match gpu.adapter().kind {
        AdapterKind::Native => assert_eq!(told, None),
        _ if interface.eq_ignore_ascii_case("vulkan") => {
            let told = told.expect("Vulkan's drivers tell");
            assert!((64 << 20..1 << 46).contains(&told), "{told} bytes");
        }
        _ => assert_eq!(told, None, "{interface} is not asked"),
    }
}

#[test]
fn a_write_past_the_end_of_a_tensor_is_found() {
    let gpu = gpu();
    let x = gpu.upload(&[1.0_f32; 8]);
    let y = gpu.buffer(16);
    // Twice as many elements as y has.
    let params = Affine { count: 2, scale: 2.0, shift: 0.0 };
    gpu.dispatch(Dispatch::new("affine", &params).bind(&x).bind(&y).invocations(2));
    let found = gpu.fetch(&y);
    assert!(matches!(found, Err(Error::Overrun { bytes: 16 })), "{found:?}");
}

#[test]
fn a_short_list_is_one_submit_and_a_long_one_several() {
    let gpu = own_gpu();
    let submits = |flops: f64| {
        let before = gpu.submits();
        let values: Vec<_> = (0..4).map(|_| affine(&gpu, 64, flops)).collect();
        gpu.finish().expect("the device works");
        drop(values);
        gpu.submits() - before
    };
    assert_eq!(submits(0.0), 1);
    // Declared, not done: a minute's work of any device that there is. The CPU has no driver that would mind.
    let several = if gpu.adapter().kind == AdapterKind::Native { 1 } else { 4 };
    assert_eq!(submits(1e17), several);
}

#[test]
fn every_adapter_opens_by_index_and_the_cpu_is_among_them() {
    let adapters = adapters();
    for (index, info) in adapters.iter().enumerate() {
        assert_eq!(info.index, index);
        let opened = open(&Options { adapter: Some(index.to_string()), ..Options::default() });
        assert_eq!((opened.adapter().name.as_str(), opened.adapter().kind), (info.name.as_str(), info.kind));
        assert_eq!(opened.family(), info.family());
    }
    let native: Vec<_> = adapters.iter().skip_while(|info| info.kind != AdapterKind::Native).collect();
    assert!(!native.is_empty() && native.iter().all(|info| info.kind == AdapterKind::Native), "{adapters:?}");
    let best = open(&Options { adapter: Some("native".to_owned()), ..Options::default() });
    assert_eq!(best.adapter().index, native[0].index, "the best instruction set is the first");
}

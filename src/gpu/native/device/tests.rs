//! Lists of commands on kernels written by hand: memory, reads, profiles, and what a checked device finds.

use std::sync::Arc;

use sumi_native::{
    Kernel, Level,
    handwritten::{DECAY, ROTATE, ROTATE_WITHOUT_BARRIER},
};

use super::NativeDevice;
use crate::gpu::{Buffer, Dispatch, Error, Family, Gpu, Options, device::Device, device::fake::adapter};

static KERNELS: [Kernel; 4] = [
    DECAY,
    ROTATE,
    ROTATE_WITHOUT_BARRIER,
    Kernel { name: "wide_decay", defaults: &[("COLS", 2)], overrides: &[("COLS", 4)], ..DECAY },
];

fn open(checked: bool) -> Gpu {
    let find = |level, name: &str, overrides: &[(&str, u32)]| {
        assert_eq!(level, Level::Baseline, "the level that was opened");
        sumi_native::find_among(&KERNELS, level, name, overrides)
    };
    let device = NativeDevice::new(adapter(), Level::Baseline, checked, find);
    Gpu::on(Arc::new(device), Family::Panels { lanes: 8 }, &Options { checked, ..Options::default() })
}

/// `y = y / 2 + x`.
fn decay(gpu: &Gpu, x: &Buffer, y: &Buffer) {
    let count = y.bytes() / 4;
    gpu.dispatch(Dispatch::new("decay", &(count as u32)).bind(x).bind(y).invocations(count as usize).work(2.0, 12.0));
}

#[test]
fn lists_run_in_order_and_values_come_back() {
    for checked in [false, true] {
        let gpu = open(checked);
        let values: Vec<f32> = (0..1000).map(|i| i as f32).collect();
        let [x, y] = [gpu.upload(&values), gpu.upload(&vec![8.0_f32; 1000])];
        let before = gpu.read(&y);
        decay(&gpu, &x, &y);
        let once = gpu.read(&y);
        decay(&gpu, &x, &y);
        assert!(once.try_take().expect("the device works").is_none(), "it was not even submitted");
        let twice = gpu.fetch(&y).expect("the device works");
        assert_eq!(before.wait().expect("it was submitted"), vec![8.0; 1000]);
        assert_eq!(once.wait().expect("it was submitted")[..3], [4.0, 5.0, 6.0]);
        assert_eq!(twice[..3], [2.0, 3.5, 5.0]);
        assert_eq!(gpu.memory().buffers, 2);
        assert_eq!(gpu.submits(), 1);
        gpu.finish().expect("nothing is left to do");
    }
}

#[test]
fn a_part_of_a_buffer_is_bound_and_read() {
    use crate::gpu::Binding;
    let gpu = open(false);
    let buffer = gpu.upload(&(0..64).map(|i| i as f32).collect::<Vec<_>>());
    let part = |offset, bytes| Binding { offset, bytes, ..(&buffer).into() };
    gpu.dispatch(Dispatch::new("decay", &16_u32).bind(part(64, 64)).bind(part(128, 64)));
    assert_eq!(gpu.fetch(part(124, 12)).expect("the device works"), [31.0, 32.0, 33.5]);
    gpu.dispatch(Dispatch::new("decay", &16_u32).bind(part(64, 64)).bind(part(64, 64)));
    let overlap = gpu.submit().expect_err("it reads what it writes").to_string();
    assert!(overlap.contains("'decay': binding 2 is written and shares memory with binding 1"), "{overlap}");
}

#[test]
fn fresh_memory_of_a_checked_device_is_nan_and_its_guard_is_watched() {
    let gpu = open(true);
    let [x, y] = [gpu.upload(&[1.0_f32; 16]), gpu.buffer(64)];
    decay(&gpu, &x, &y);
    assert!(gpu.fetch(&y).expect("the device works").iter().all(|value| value.is_nan()));
    // A workgroup of sixty-four elements, where y has sixteen.
    gpu.dispatch(Dispatch::new("rotate", &64_u32).bind(&gpu.upload(&[1.0_f32; 64])).bind(&y));
    let found = gpu.fetch(&y);
    assert!(matches!(found, Err(Error::Overrun { bytes: 64 })), "{found:?}");
}

#[test]
fn a_missing_barrier_is_found_on_a_checked_device() {
    let rotate = |gpu: &Gpu, kernel| {
        let [x, y] = [gpu.upload(&(0..64).map(|i| i as f32).collect::<Vec<_>>()), gpu.buffer(256)];
        gpu.dispatch(Dispatch::new(kernel, &64_u32).bind(&x).bind(&y));
        gpu.fetch(&y)
    };
    for checked in [false, true] {
        assert_eq!(rotate(&open(checked), "rotate").expect("it has its barrier")[55..58], [63.0, 0.0, 1.0]);
    }
    rotate(&open(false), "rotate_without_barrier").expect("nobody looks");
    let found = rotate(&open(true), "rotate_without_barrier").expect_err("its barrier is missing").to_string();
    let wanted = "rotate_without_barrier depends on the order of its vectors: a barrier is missing";
    assert!(found.contains(wanted), "{found}");
}

#[test]
fn a_kernel_that_fails_is_named() {
    let gpu = open(false);
    let [x, y] = [gpu.upload(&[1.0_f32; 16]), gpu.upload(&[1.0_f32; 16])];
    gpu.dispatch(Dispatch::new("decay", &64_u32).bind(&x).bind(&y));
    let failed = gpu.submit().expect_err("x ends too soon").to_string();
    assert!(failed.contains("'decay' at workgroup [0, 0, 0]: element 16 of 16"), "{failed}");
}

#[test]
fn a_variant_that_was_not_compiled_is_named_with_where_to_add_it() {
    let launch = |columns| {
        let gpu = open(false);
        let [x, y] = [gpu.upload(&[1.0_f32; 16]), gpu.upload(&[1.0_f32; 16])];
        gpu.dispatch(Dispatch::new("wide_decay", &16_u32).constant("COLS", columns).bind(&x).bind(&y));
        gpu.submit().map_err(|error| error.to_string())
    };
    launch(4).expect("it was compiled");
    let missing = launch(8).expect_err("it was not");
    let level = Level::Baseline.to_string();
    for part in ["'wide_decay' with COLS = 8", "shaders/variants.toml", level.as_str()] {
        assert!(missing.contains(part), "{missing}");
    }
}

#[test]
fn a_profile_times_each_launch() {
    let gpu = open(false);
    let [x, y] = [gpu.upload(&[1.0_f32; 64]), gpu.upload(&[1.0_f32; 64])];
    decay(&gpu, &x, &y);
    gpu.finish().expect("the device works");
    assert!(gpu.start_profile() && gpu.profile().rows().is_empty());
    decay(&gpu, &x, &y);
    decay(&gpu, &x, &y);
    gpu.finish().expect("the device works");
    let rows = gpu.profile().rows();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].0, rows[0].1.calls, rows[0].1.work.bytes), ("decay", 2, 24.0));
    assert!(rows[0].1.seconds > 0.0);
}

#[test]
fn memory_that_the_machine_lacks_is_refused_with_advice() {
    let find: super::Find = |_, _, _| None;
    let device = NativeDevice::new(adapter(), Level::Baseline, false, find);
    device.allocate(1 << 20).expect("there is a MiB");
    let refused = device.allocate(1 << 60).expect_err("no machine has it").to_string();
    assert!(refused.contains("1 MiB are in use") && refused.contains("--batch"), "{refused}");
    assert_eq!(device.buffers_created(), 1);
}

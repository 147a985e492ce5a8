//! Planning and failing, on a device made of paper.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::gpu::{
    Buffer, Dispatch, Error, Family, Gpu, Options,
    device::fake::{Call, Fake},
};

fn open(fails: Option<(Call, Error)>) -> (Gpu, Arc<Fake>) {
    let device = Arc::new(Fake::new(fails));
    (Gpu::on(device.clone(), Family::Tiled, &Options::default()), device)
}

fn write(gpu: &Gpu, buffer: &Buffer) {
    gpu.dispatch(Dispatch::new("any", &[0_u8; 0]).bind(buffer));
}

fn last_list(device: &Fake) -> Vec<u32> {
    device.lists.lock().expect("no test panics with it").last().expect("a list was submitted").clone()
}

#[test]
fn a_failure_comes_back_from_every_submit_and_read() {
    let failures = [
        (Call::Allocate, Error::OutOfMemory { mib: 3, used_mib: 2 }, "--batch"),
        (Call::Execute, Error::Lost { reason: "reset".into() }, "--resume"),
        (Call::Wait, Error::Timeout { seconds: 1 }, "--resume"),
    ];
    for (call, error, advice) in failures {
        let (gpu, _) = open(Some((call, error)));
        let buffer = gpu.buffer(1024);
        write(&gpu, &buffer);
        let begun = Instant::now();
        let reads = [gpu.read(&buffer), gpu.read(&buffer)];
        let first = gpu.submit().expect_err("the device fails").to_string();
        assert!(first.contains(advice), "{call:?}: {first}");
        write(&gpu, &gpu.buffer(64));
        for again in [gpu.submit(), gpu.finish(), reads[0].wait().map(|_| ()), reads[1].try_take().map(|_| ())] {
            assert_eq!(again.expect_err("it stays failed").to_string(), first, "{call:?}");
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{call:?}: a failure must not be waited for");
    }
}

#[test]
fn a_device_that_cannot_be_read_says_so() {
    let (gpu, _) = open(Some((Call::TakeRead, Error::Lost { reason: "unplugged".into() })));
    let buffer = gpu.upload(&[0_u32; 16]);
    let message = gpu.fetch(&buffer).expect_err("the device fails").to_string();
    assert!(message.contains("unplugged") && message.contains("--resume"), "{message}");
}

#[test]
#[should_panic(expected = "the read was never submitted")]
fn waiting_for_a_read_that_was_never_submitted_panics() {
    let (gpu, _) = open(None);
    let _ = gpu.read(&gpu.upload(&[0_u32; 16])).wait();
}

#[test]
fn the_same_list_takes_the_same_memory_and_values_that_have_ended_share_it() {
    let (gpu, device) = open(None);
    let list = || {
        let [kept, also_kept] = [gpu.buffer(1024), gpu.buffer(1024)];
        write(&gpu, &kept);
        write(&gpu, &gpu.buffer(1024));
        write(&gpu, &gpu.buffer(1024));
        write(&gpu, &also_kept);
        gpu.submit().expect("paper does not fail");
        last_list(&device)
    };
    let slots = list();
    assert_eq!(slots[1], slots[2], "the first was dropped before the second was written");
    assert_eq!(slots[2], slots[3], "and so was the second");
    assert_ne!(slots[0], slots[1], "a value that is still held keeps its memory");
    let settled = list();
    assert_eq!(list(), settled);
    assert_eq!(gpu.memory().buffers, 2);
}

#[test]
fn memory_that_is_given_back_in_another_order_is_taken_in_the_same() {
    let (gpu, device) = open(None);
    let list = |reversed: bool| {
        let mut kept = [(); 3].map(|()| gpu.buffer(1024));
        kept.iter().for_each(|buffer| write(&gpu, buffer));
        gpu.submit().expect("paper does not fail");
        if reversed {
            kept.reverse();
        }
        kept.into_iter().for_each(drop);
        last_list(&device)
    };
    let first = list(false);
    assert_eq!([list(true), list(false), list(false)], [first.clone(), first.clone(), first]);
}

#[test]
fn an_upload_never_takes_memory_that_its_list_used_before() {
    let (gpu, device) = open(None);
    write(&gpu, &gpu.buffer(1024));
    let upload = gpu.upload(&[0_u32; 256]);
    gpu.submit().expect("paper does not fail");
    let slots = last_list(&device);
    assert_eq!(slots.len(), 2);
    assert_ne!(slots[0], slots[1], "uploads are written before the list runs");
    drop(upload);
}

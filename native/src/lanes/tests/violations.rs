//! What the checked level finds.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::AtomicU32,
};

use crate::{lanes::checked::*, launch::Memory, watch::within};

const WORDS: usize = 40;

/// What `kernel` panics with, given memory of 40 words.
fn complaint<T>(kernel: impl Fn(Memory) -> T) -> Option<String> {
    let marks: Vec<_> = (0..WORDS).map(|_| AtomicU32::new(0)).collect();
    let run = || {
        let mut words = vec![1_u32; WORDS];
        kernel(Memory::watched(words.as_mut_ptr(), &marks));
    };
    let panic = catch_unwind(AssertUnwindSafe(run)).err()?;
    Some(panic.downcast_ref::<String>().expect("a formatted message").clone())
}

#[track_caller]
fn finds<T>(sentence: &str, kernel: impl Fn(Memory) -> T) {
    assert_eq!(complaint(kernel).as_deref(), Some(sentence));
}

#[test]
fn words_that_are_not_there() {
    // SAFETY: what is not there is found before it is touched; here and below.
    unsafe {
        let reads = "a kernel reads word 40 of memory that has 40";
        finds(reads, |memory| get(memory, 40));
        finds(reads, |memory| load_f(memory, 33));
        finds(reads, |memory| load_i(memory, 33));
        finds(reads, |memory| load_masked_f(memory, 36, lt_u(iota(), splat_i(5))));
        finds(reads, |memory| load_masked_i(memory, 36, lt_u(iota(), splat_i(5))));
        finds(reads, |memory| gather_f(memory, linear(5, 5), splat_m(true)));
        finds(reads, |memory| gather_i(memory, linear(5, 5), splat_m(true)));
        finds(reads, |memory| load4_f(memory, 9));
        finds(reads, |memory| load4_i(memory, 9));
        finds(reads, |memory| load4_masked_f(memory, 21, lt_u(iota(), splat_i(5))));
        finds(reads, |memory| load4_masked_i(memory, 21, lt_u(iota(), splat_i(5))));
        let writes = "a kernel writes word 40 of memory that has 40";
        finds(writes, |memory| put(memory, 40, 0));
        finds(writes, |memory| store_f(memory, 33, splat_f(0.0)));
        finds(writes, |memory| store_i(memory, 33, iota()));
        finds(writes, |memory| store_masked_f(memory, 36, splat_f(0.0), lt_u(iota(), splat_i(5))));
        finds(writes, |memory| store_masked_i(memory, 36, iota(), lt_u(iota(), splat_i(5))));
        finds(writes, |memory| scatter_f(memory, linear(5, 5), splat_f(0.0), splat_m(true)));
        finds(writes, |memory| scatter_i(memory, linear(5, 5), iota(), splat_m(true)));
        finds(writes, |memory| store4_f(memory, 9, [splat_f(0.0); 4]));
        finds(writes, |memory| store4_i(memory, 9, [iota(); 4]));
        finds(writes, |memory| store4_masked_f(memory, 21, [splat_f(0.0); 4], lt_u(iota(), splat_i(5))));
        finds(writes, |memory| store4_masked_i(memory, 21, [iota(); 4], lt_u(iota(), splat_i(5))));
        finds("a kernel reads word 4294967295 of memory that has 40", |memory| load_f(memory, u32::MAX));
    }
}

#[test]
fn workgroups_that_meet() {
    // SAFETY: see above.
    unsafe {
        finds("workgroup 2 writes a word that is written by workgroup 0 of the same launch: word 9", |memory| {
            within(0, || store_f(memory, 2, splat_f(0.0)));
            within(2, || put(memory, 9, 1));
        });
        finds("workgroup 3 reads a word that is written by workgroup 2 of the same launch: word 5", |memory| {
            within(2, || put(memory, 5, 1));
            within(3, || load4_f(memory, 3));
        });
        finds("workgroup 3 writes a word that is read by workgroup 2 of the same launch: word 5", |memory| {
            within(2, || get(memory, 5));
            within(3, || put(memory, 5, 1));
        });
        finds("workgroup 0 writes a word that is read by others of the same launch: word 5", |memory| {
            within(0, || get(memory, 5));
            within(1, || get(memory, 5));
            within(0, || put(memory, 5, 1));
        });
    }
}

#[test]
fn workgroups_that_do_not_meet() {
    let fine = complaint(|memory| {
        // SAFETY: see above.
        unsafe {
            within(0, || store_f(memory, 0, load_f(memory, 0)));
            within(1, || store_f(memory, 8, load_f(memory, 8)));
            within(0, || store_f(memory, 0, load_f(memory, 0)));
            within(1, || load_f(memory, 16));
            within(0, || load_f(memory, 16));
            within(2, || load_f(memory, 16));
        }
    });
    assert_eq!(fine, None);
}

//! What is refused, and that every workgroup runs once on any number of threads.

use bytemuck::{bytes_of, cast_slice};
use rayon::ThreadPoolBuilder;

use crate::{Buffer, Kernel, Level, Range, handwritten::DECAY};

fn memory(values: impl Iterator<Item = f32>) -> Buffer {
    let values: Vec<u32> = values.map(f32::to_bits).collect();
    let mut buffer = Buffer::try_new(4 * values.len() as u64).expect("there is memory for it");
    buffer.words_mut()[..values.len()].copy_from_slice(&values);
    buffer
}

fn whole(buffers: &[Buffer]) -> Vec<Range> {
    let range = |(buffer, memory): (usize, &Buffer)| Range { buffer, offset: 0, bytes: memory.bytes() };
    buffers.iter().enumerate().map(range).collect()
}

#[test]
fn every_workgroup_runs_once_on_any_number_of_threads() {
    // A last workgroup that is not full, and a grid with one too many.
    for (count, groups) in [(1_u32, [1, 1, 1]), (64 * 9, [9, 1, 1]), (64 * 59 + 3, [5, 4, 3]), (64 * 600, [300, 1, 2])]
    {
        let mut results = Vec::new();
        for threads in [1, 2, 5] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
            let x = memory((0..count).map(|i| i as f32 * 0.1));
            let mut buffers = [x, memory((0..count).map(|i| 1.0 / (i + 1) as f32))];
            let ranges = whole(&buffers);
            pool.install(|| DECAY.launch(bytes_of(&count), &mut buffers, &ranges, groups, false))
                .expect("nothing is wrong with it");
            results.push(buffers[1].words()[..count as usize].to_vec());
        }
        let wanted = (0..count).map(|i| (1.0 / (i + 1) as f32) / 2.0 + i as f32 * 0.1);
        assert!(cast_slice::<u32, f32>(&results[0]).iter().copied().eq(wanted), "{count} elements in {groups:?}");
        assert!(results.iter().all(|result| *result == results[0]), "{count} elements in {groups:?}");
    }
}

#[test]
fn what_does_not_fit_the_kernel_is_refused_and_nothing_is_written() {
    let mut buffers = [memory((0..64).map(|_| 1.0)), memory((0..64).map(|_| 1.0))];
    let ranges = whole(&buffers);
    let count = 64_u32;
    let mut refused = |params: &[u8], ranges: &[Range], reason: &str| {
        let before = buffers[1].words().to_vec();
        let error = DECAY.launch(params, &mut buffers, ranges, [1; 3], false).expect_err(reason);
        assert!(error.contains("'decay'") && error.contains(reason), "{error}");
        assert_eq!(buffers[1].words(), before);
    };
    refused(bytes_of(&count), &ranges[..1], "1 ranges, where it has 2 bindings");
    refused(bytes_of(&[count; 2]), &ranges, "8 bytes of Params, where it takes 4");
    refused(bytes_of(&count), &[ranges[0], Range { buffer: 2, ..ranges[1] }], "binding 2: there is no buffer 2");
    refused(bytes_of(&count), &[Range { offset: 4, ..ranges[0] }, ranges[1]], "binding 1: 256 bytes from byte 4");
    refused(bytes_of(&count), &[ranges[0], Range { bytes: 10, ..ranges[1] }], "binding 2: 10 bytes");
    let half = |offset| Range { buffer: 0, offset, bytes: 128 };
    refused(bytes_of(&count), &[half(64), half(128)], "binding 2 is written and shares memory with binding 1");
    DECAY.launch(bytes_of(&32_u32), &mut buffers, &[half(0), half(128)], [1; 3], false).expect("halves are apart");
}

#[test]
fn a_panic_of_a_workgroup_is_an_error_and_the_first_one_is_told() {
    let mut buffers = [memory((0..640).map(|_| 1.0)), memory((0..640).map(|_| 1.0))];
    let ranges = [Range { buffer: 0, offset: 0, bytes: 4 * 300 }, Range { buffer: 1, offset: 0, bytes: 4 * 640 }];
    for threads in [1, 3] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        let error = pool
            .install(|| DECAY.launch(bytes_of(&640_u32), &mut buffers, &ranges, [10, 1, 1], false))
            .expect_err("x ends too soon");
        assert_eq!(error, "kernel 'decay' at workgroup [4, 0, 0]: element 300 of 300 and 640");
    }
}

#[test]
fn no_workgroups_and_too_many() {
    let mut buffers = [memory((0..64).map(|_| 1.0)), memory((0..64).map(|_| 1.0))];
    let ranges = whole(&buffers);
    let mut launch = |groups| DECAY.launch(bytes_of(&64_u32), &mut buffers, &ranges, groups, false);
    assert_eq!(launch([0, 1, 1]), Ok(()));
    assert!(launch([u32::MAX; 3]).expect_err("longer than anybody waits").contains("too many workgroups"));
    assert_eq!(buffers[1].words()[0], 1.0_f32.to_bits());
}

#[test]
fn a_level_that_the_machine_lacks_is_refused() {
    let Some(level) = [Level::Avx2, Level::Avx512].into_iter().find(|level| !level.is_available()) else { return };
    let kernel = Kernel { level, ..DECAY };
    let error = kernel.launch(&[0; 4], &mut [], &[], [1; 3], false).expect_err("the machine lacks it");
    assert!(error.contains(&level.to_string()), "{error}");
}

#[cfg(feature = "checked")]
#[test]
fn workgroups_that_write_the_same_word_are_found_at_the_checked_level() {
    let mut buffers = [memory((0..64).map(|_| 1.0)), memory((0..64).map(|_| 1.0))];
    let ranges = whole(&buffers);
    let mut launch = |groups| crate::handwritten::COLLIDE.launch(&[0; 4], &mut buffers, &ranges, groups, false);
    assert_eq!(launch([1, 1, 1]), Ok(()));
    assert_eq!(launch([1, 1, 1]), Ok(()), "another launch may write it again");
    let found = launch([2, 1, 1]).expect_err("two write it");
    assert!(found.contains("'collide'") && found.contains("writes a word that is written"), "{found}");
}

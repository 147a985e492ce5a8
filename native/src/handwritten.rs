//! Kernels written by hand in the manner of translated ones, for the tests of what launches them.
#![expect(unsafe_code, reason = "a kernel addresses memory itself")]

use crate::{Kernel, Launch, Level};

const SIZE: usize = 64;
const VECTOR: usize = 8;

/// `y = y / 2 + x` for `Params { count: u32 }` elements, binding 1 x, binding 2 y. Running a workgroup twice, or never,
/// shows in y; so does an element past the end of x or y, which panics as it does at the checked level.
pub const DECAY: Kernel = Kernel {
    name: "decay",
    overrides: &[],
    defaults: &[],
    level: Level::Baseline,
    workgroup_size: [SIZE as u32, 1, 1],
    bindings: 2,
    writes: 0b10,
    params_bytes: 4,
    barriers: false,
    run: decay,
};

/// Each workgroup copies its 64 words from binding 1 to binding 2, rotated by a vector, through workgroup memory.
pub const ROTATE: Kernel = Kernel { name: "rotate", barriers: true, run: rotate::<true>, ..DECAY };

/// [`ROTATE`] when its barrier is forgotten.
pub const ROTATE_WITHOUT_BARRIER: Kernel =
    Kernel { name: "rotate_without_barrier", barriers: true, run: rotate::<false>, ..DECAY };

/// Every workgroup writes its x to the first word of binding 2, which only the checked level notices.
#[cfg(feature = "checked")]
pub const COLLIDE: Kernel = Kernel { name: "collide", level: Level::Checked, run: collide, ..DECAY };

/// # Safety
/// That of [`crate::launch::Run`].
#[cfg(feature = "checked")]
unsafe fn collide(launch: &Launch<'_>, group: [u32; 3]) {
    // SAFETY: the checked level verifies that the word is there.
    unsafe { crate::lanes::checked::put(launch.memory[1], 0, group[0]) };
}

/// # Safety
/// That of [`crate::launch::Run`].
unsafe fn decay(launch: &Launch<'_>, group: [u32; 3]) {
    let [x, y] = [launch.memory[0], launch.memory[1]];
    let first = first(launch, group);
    for i in first..(first + SIZE).min(launch.params[0] as usize) {
        assert!(i < x.words && i < y.words, "element {i} of {} and {}", x.words, y.words);
        // SAFETY: both have more than i words, and no other workgroup has this i.
        unsafe {
            let decayed = f32::from_bits(*y.start.add(i)) / 2.0 + f32::from_bits(*x.start.add(i));
            *y.start.add(i) = decayed.to_bits();
        }
    }
}

/// # Safety
/// That of [`crate::launch::Run`].
unsafe fn rotate<const BARRIER: bool>(launch: &Launch<'_>, group: [u32; 3]) {
    let [x, y] = [launch.memory[0], launch.memory[1]];
    let first = first(launch, group);
    assert!(first + SIZE <= x.words && first + SIZE <= y.words, "a workgroup past the end");
    let mut shared = [0; SIZE];
    let lanes = |vector: usize| {
        let place = if launch.reverse { SIZE / VECTOR - 1 - vector } else { vector };
        place * VECTOR..(place + 1) * VECTOR
    };
    // SAFETY: both have SIZE words from there on, and no other workgroup has the same ones.
    let write = |shared: &mut [u32; SIZE], lane: usize| shared[lane] = unsafe { *x.start.add(first + lane) };
    // SAFETY: as above.
    let read = |shared: &[u32; SIZE], lane: usize| unsafe {
        *y.start.add(first + lane) = shared[(lane + VECTOR) % SIZE];
    };
    for vector in 0..SIZE / VECTOR {
        lanes(vector).for_each(|lane| write(&mut shared, lane));
        if !BARRIER {
            lanes(vector).for_each(|lane| read(&shared, lane));
        }
    }
    if BARRIER {
        (0..SIZE / VECTOR).flat_map(lanes).for_each(|lane| read(&shared, lane));
    }
}

/// The first invocation of a workgroup, as `linear_index` counts.
fn first(launch: &Launch<'_>, [x, y, z]: [u32; 3]) -> usize {
    let [width, height, _] = launch.groups.map(|side| side as usize);
    ((z as usize * height + y as usize) * width + x as usize) * SIZE
}

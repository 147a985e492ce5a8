//! Workgroups: barriers and workgroup memory, incomplete vectors, one to three dimensions.

use super::{check, each, numbers};

#[test]
fn values_that_go_round() {
    let x = numbers(192);
    for n in [1, 8, 35] {
        let word = |i: usize| {
            let there = x[i / 64 * 64 + (i + n) % 64];
            there * 1000 + 2 * x[i] + u32::from(x[i].is_multiple_of(2))
        };
        check("barrier_rotate", [3, 1, 1], &[n as u32], &x, |_| (0..192).map(word).collect());
    }
}

#[test]
fn sums_by_a_tree() {
    let x = numbers(192);
    check("barrier_tree", [3, 1, 1], &[0], &x, |_| {
        x.chunks(64).flat_map(|x| (0..64).map(move |i| x.iter().sum::<u32>() + i)).collect()
    });
}

#[test]
fn loops_with_barriers() {
    let x = numbers(60);
    for n in [0, 3, 5, 7] {
        check("barrier_loop", [3, 1, 1], &[n], &x, |_| x.chunks(20).flat_map(|x| turns(x, n % 8 + 1)).collect());
    }
}

/// What `barrier_loop` leaves for a workgroup.
fn turns(x: &[u32], turns: u32) -> Vec<u32> {
    let (mut mine, mut sums) = (x.to_vec(), vec![0; 20]);
    for turn in 0..turns.min(6) {
        let words = mine.clone();
        for local in 0..20 {
            let found = (0..20).find(|k| words[(local + k) % 20] % 4 == 3);
            sums[local] += found.unwrap_or(0) as u32;
            let left = words[(local + 19) % 20];
            mine[local] = if turn % 2 == 0 { left + 1 } else { mine[local] + left };
        }
    }
    sums.iter().zip(&mine).map(|(sum, mine)| sum * 10000 + mine % 10000).collect()
}

#[test]
fn a_block_transposed() {
    let x = numbers(96);
    check("barrier_transpose", [3, 1, 1], &[0], &x, |_| {
        let word = |i: usize| x[i / 16 * 16 + i % 4 * 4 + i / 4 % 4] * 10 + (i / 16 % 2) as u32;
        (0..96).map(word).collect()
    });
}

#[test]
fn less_than_a_vector() {
    let x = numbers(15);
    check("ids_five", [3, 1, 1], &[0], &x, |_| {
        let groups = x.chunks(5).flat_map(|x| (0..5).map(move |i| (x, i)));
        groups.map(|(x, i)| (x[i] * 10 + i as u32) * 100 + x.iter().min().unwrap() + 1).collect()
    });
    // A workgroup of 20 is a vector and a half, or two and a half.
    each("early_main", |i, n, x| if x[i as usize] < n { 1 } else { x[i as usize] });
}

#[test]
fn places_in_three_dimensions() {
    let x = numbers(200);
    let groups = [3, 2, 4];
    let sizes = [
        ("ids_uneven", [3, 5, 2]),
        ("ids_wide", [16, 2, 2]),
        ("ids_narrow", [4, 8, 1]),
        ("ids_deep", [8, 1, 4]),
        ("ids_tall", [1, 24, 1]),
    ];
    for (name, size) in sizes {
        check(name, groups, &[0], &x, |_| {
            let places = |[a, b, c]: [u32; 3]| (0..a * b * c).map(move |i| [i % a, i / a % b, i / a / b]);
            let all = places(groups).flat_map(|group| places(size).map(move |local| (group, local)));
            let words = all.flat_map(|(group, local)| {
                let id: Vec<u32> = (0..3).map(|i| group[i] * size[i] + local[i]).collect();
                [
                    (local[2] * 100 + local[1]) * 100 + local[0],
                    (id[2] * 100 + id[1]) * 100 + id[0],
                    x[local[1] as usize] + x[id[0] as usize] * 10 + x[id[2] as usize] * 100,
                ]
            });
            words.collect()
        });
    }
}

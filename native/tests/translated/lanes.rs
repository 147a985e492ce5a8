//! Operations over the lanes of a vector.

use super::{check, numbers};

/// Runs a kernel of 3 workgroups of 32 invocations. `expected` is given a vector's numbers and a lane of it, and tells
/// the words that the invocation leaves.
fn each_lane(name: &str, n: u32, expected: impl Fn(&[u32], usize) -> Vec<u32>) {
    let x = numbers(96);
    check(name, [3, 1, 1], &[n], &x, |lanes| {
        let vectors = x.chunks(lanes as usize);
        vectors.flat_map(|v| (0..v.len()).flat_map(|lane| expected(v, lane)).collect::<Vec<_>>()).collect()
    });
}

#[test]
fn reductions() {
    each_lane("lanes_reduce", 9, |v, lane| {
        let of = |odd: bool| v.iter().copied().filter(move |v| (v % 3 == 1) == odd);
        let all = || v.iter().copied();
        let mut words = vec![
            all().sum(),
            (all().max().unwrap() as i32 - 30) as u32,
            all().min().unwrap(),
            all().fold(0, |a, b| a ^ b),
        ];
        words.extend(match v[lane] % 3 == 1 {
            true => [
                of(true).sum(),
                of(true).fold(0, |a, b| a | b),
                of(true).fold(u32::MAX, |a, b| a & b),
                of(true).map(|v| v % 3 + 1).product(),
            ],
            false => [
                of(false).count() as u32,
                of(false).max().unwrap(),
                of(false).map(|v| -(v as i32)).min().unwrap() as u32,
                9,
            ],
        });
        words
    });
}

#[test]
fn running_sums() {
    each_lane("lanes_scan", 9, |v, lane| {
        let odd = |v: &&u32| **v % 2 == 1;
        let before = v[..lane].iter();
        let mut words = vec![
            v[..=lane].iter().sum(),
            before.clone().sum(),
            5,
            before.clone().map(|v| v % 3 + 1).fold(1_u32, u32::wrapping_mul),
        ];
        if odd(&&v[lane]) {
            words[2] = v[..=lane].iter().filter(odd).sum();
            words[3] = before.filter(odd).sum();
        }
        words
    });
}

#[test]
fn numbers_of_other_lanes() {
    let vectors = std::cell::Cell::new(0_u32);
    for n in [0, 5, 21] {
        vectors.set(0);
        each_lane("lanes_shuffle", n, |v, lane| {
            let lanes = v.len();
            let one = n as usize % lanes;
            // Three workgroups of 32: which vector this is follows from the calls, in order.
            let number = vectors.get() / lanes as u32;
            vectors.set((vectors.get() + 1) % 96);
            let first = number as usize * lanes;
            let subgroups = 32 / lanes as u32;
            let odd = v.iter().copied().find(|v| v % 2 == 1);
            vec![
                v[(lane + 3) % lanes],
                v[one],
                v[one] * 2 + one as u32,
                v[2] + 1,
                v[0],
                v[lane ^ 1],
                if lane >= 2 { v[lane - 2] } else { 0 },
                if lane + 2 < lanes { v[lane + 2] } else { 0 },
                (first + one) as u32 * 3,
                if v[lane] % 2 == 1 { 10000 + odd.unwrap() } else { number % subgroups * 100 + subgroups },
            ]
        });
    }
}

#[test]
fn votes_and_ballots() {
    each_lane("lanes_vote", 9, |v, lane| {
        let ballot = |f: &dyn Fn(u32) -> bool| v.iter().enumerate().map(|(i, v)| u32::from(f(*v)) << i).sum::<u32>();
        let even: Vec<u32> = v.iter().copied().filter(|v| v % 2 == 0).collect();
        let mut words = vec![
            ballot(&|v| v % 3 == 0),
            u32::from(v.iter().all(|v| *v < 60)) + 2 * u32::from(v.contains(&17)),
            ballot(&|v| v % 5 != 2),
        ];
        words.extend(match v[lane] % 2 {
            0 => [
                ballot(&|v| v % 2 == 0),
                u32::from(even.iter().all(|v| v % 4 == 0)) + 2 * u32::from(even.iter().any(|v| v % 4 == 0)),
                3,
            ],
            _ => [ballot(&|v| v % 2 == 1 && v > 30), 1, 9],
        });
        words
    });
}

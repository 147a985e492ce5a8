//! Branches, loops, switches and calls about which the lanes disagree.

use super::{UNTOUCHED, check, each, numbers};

#[test]
fn branches() {
    each("branches", |i, _, x| {
        let v = x[i as usize];
        let (mut a, mut b) = (1, 0);
        if v.is_multiple_of(3) {
            a = v;
            if v.is_multiple_of(2) {
                b = a + 5;
            } else if v > 20 {
                a += 100;
            }
        } else {
            b = 7;
            if i % 2 == 1 {
                a = b * 2;
            }
        }
        a * 1000 + b
    });
}

#[test]
fn loops_left_in_different_turns() {
    each("loop_break", |i, _, x| {
        let limit = x[i as usize] % 11;
        (0..limit).map(|k| k * k).sum::<u32>() * 100 + limit
    });
    each("collatz", |i, _, x| {
        let mut v = x[i as usize] + 1;
        let mut steps = 0;
        while v != 1 {
            v = if v.is_multiple_of(2) { v / 2 } else { 3 * v + 1 };
            steps += 1;
        }
        steps
    });
}

#[test]
fn turns_cut_short() {
    each("loop_continue", |i, n, x| {
        let v = x[i as usize];
        let (mut sum, mut last) = (0, 99);
        for k in 0..n {
            last = k;
            if (v + k).is_multiple_of(3) {
                continue;
            }
            sum += k + 1;
            if k > 5 && v.is_multiple_of(2) {
                continue;
            }
            last = k + 50;
            sum += 1000;
        }
        sum + last
    });
}

#[test]
fn loops_in_loops() {
    each("nested_loops", |i, _, x| {
        let v = x[i as usize];
        let (mut sum, mut inner_turns, mut seen) = (0, 0, 0);
        for a in 0..v % 7 {
            let mut part = a;
            for b in 0..v % 5 + 1 {
                inner_turns += 1;
                if (a + b + v) % 4 == 3 {
                    continue;
                }
                part += b;
                if part > 6 {
                    seen = part;
                    break;
                }
            }
            if part == 4 {
                continue;
            }
            sum += part;
            if sum > 15 {
                break;
            }
            sum += 1;
        }
        (sum * 100 + inner_turns) * 100 + seen
    });
}

#[test]
fn functions_that_return_from_loops() {
    fn search(v: u32, n: u32) -> u32 {
        let mut steps = 0;
        for a in 1..n {
            for b in a..n {
                steps += 1;
                if a * b == v {
                    return a * 1000 + b;
                }
                if a * b > v {
                    break;
                }
            }
            if steps > 30 {
                return steps;
            }
        }
        7
    }
    each("return_in_loop", |i, n, x| {
        let v = x[i as usize];
        let found = if v % 5 == 4 { 5 } else { search(v, n) };
        found + search(v / 2, 6)
    });
}

#[test]
fn functions_left_early() {
    fn inner(v: u32) -> u32 {
        match (v % 2, v % 3) {
            (0, _) => v / 2,
            (_, 0) => inner_most(v) + 1,
            _ => v + 1000,
        }
    }
    fn inner_most(v: u32) -> u32 {
        match v {
            ..=30 => 3,
            31..=40 => 2,
            _ => 6,
        }
    }
    each("early_return", |i, _, x| {
        let v = x[i as usize];
        match v % 7 {
            0 => inner(v),
            1 => inner(v) + inner(v + 1) + 1,
            _ => (inner(v) + inner(v + 1)) * 2,
        }
    });
}

#[test]
fn switches() {
    each("switch_cases", |i, _, x| {
        let v = x[i as usize];
        match v as i32 - 20 {
            -1 => return 1,
            3 => return 2,
            _ => {}
        }
        match v % 6 {
            0 => v + 10,
            1 | 4 if v > 20 => v * 2,
            1 | 4 => v * 2 + 3,
            2 => v,
            _ => 77,
        }
    });
    each("switch_same", |i, n, x| match (n % 2, x[i as usize]) {
        (0, v) => (1 + v % 2) * 10 + 8,
        (_, v) => (3 + u32::from(v % 3 != 0)) * 10 + 6,
    });
}

#[test]
fn switches_that_return() {
    fn choose(v: u32, w: u32) -> u32 {
        let rest = 1 + v + w;
        match v % 4 {
            0 => w,
            1 if w > 5 => w + 100,
            2 => (0..w).find(|k| k * k > v).unwrap_or(rest),
            3 => v,
            _ => rest,
        }
    }
    each("switch_returns", |i, n, x| choose(x[i as usize], i % 9) + 10000 * choose(n, x[i as usize] % 10));
}

#[test]
fn switches_in_loops() {
    each("switch_continue", |i, n, x| {
        let v = x[i as usize];
        let (mut a, mut b) = (0, 0);
        for k in 0..n {
            b += 100;
            if k % 3 == 0 && (v + k) % 2 == 1 {
                b += 1;
                continue;
            }
            if k % 3 == 1 && v < k {
                continue;
            }
            a += k;
        }
        b += 7 * (0..n).filter(|k| k % 2 == 0 || v % 3 == 1).count() as u32;
        a * 10000 + b
    });
}

#[test]
fn variables_read_behind_loops() {
    each("after_loops", |i, _, x| {
        let v = x[i as usize];
        let (mut first, mut k) = (1000, v % 4);
        let mut doubled;
        loop {
            doubled = k * 2;
            if doubled > v % 13 {
                break;
            }
            if first == 1000 {
                first = doubled;
            }
            let inside = doubled + u32::from(k % 2 == 0);
            k += 1;
            first += inside;
            if k > 7 {
                break;
            }
        }
        (first * 100 + k) * 100 + doubled
    });
}

#[test]
fn numbers_that_count_the_lanes() {
    each("linear_in_loop", |i, n, x| {
        let (mut at, mut three) = (i, i * 3 + 1);
        while !x[at as usize % 60].is_multiple_of(5) {
            at += 1;
            three += 3;
            if at > i + 9 {
                break;
            }
        }
        ((at * 1000 + three) * 1000).wrapping_add(i + 2 * n)
    });
    each("linear_or_not", |i, _, _| i);
}

#[test]
fn pointers_to_the_callers_variables() {
    fn raise(value: &mut u32, by: u32) {
        *value = if by > 25 { 1 } else { *value + by + 2 };
    }
    each("pointers", |i, _, x| {
        let v = x[i as usize];
        let (mut a, mut pair) = (i, [i, 7]);
        if v % 2 == 0 {
            raise(&mut a, v);
            pair.swap(0, 1);
        }
        for k in 0..v % 4 {
            raise(&mut a, k);
            pair.swap(0, 1);
        }
        (a * 100 + pair[0]) * 100 + pair[1]
    });
}

#[test]
fn ends_of_turns_that_read_their_bodies() {
    each("continuing_reads", |i, n, x| {
        let v = x[i as usize];
        let step = v % 3 + 1;
        let (mut k, mut sum) = (0, 0);
        loop {
            if k % 4 != 1 && v % 5 != k % 5 {
                sum += k;
            }
            k += step;
            sum += 100 * step;
            if k >= n {
                break;
            }
        }
        let turns = n.div_ceil(2);
        sum + turns - u32::from(turns > 3)
    });
}

#[test]
fn what_all_lanes_do_where_some_are_missing() {
    fn power(base: u32, n: u32) -> u32 {
        let mut result = 1_u32;
        for _ in 0..n {
            result = result.wrapping_mul(base);
            if result > 5000 && n == 3 {
                return 5000;
            }
        }
        result
    }
    each("same_in_different", |i, n, x| {
        let v = x[i as usize];
        if v % 2 == 0 {
            let turns = n.min(7);
            (3 + (0..turns).map(|k| k * v).sum::<u32>() + power(v, 3)) * 100 + turns - 1
        } else {
            (3 + power(2, n % 5)) * 100 + 1
        }
    });
}

#[test]
fn stores_by_some_lanes() {
    let x = numbers(60);
    check("masked_stores", [3, 1, 1], &[7], &x, |_| {
        let mut y = vec![UNTOUCHED; 300];
        for (group, y) in y.chunks_mut(100).enumerate() {
            for local in 0..20 {
                let (i, v) = (20 * group + local, x[20 * group + local]);
                if v % 2 == 0 {
                    y[local] = v;
                    y[20 + local * 7 % 20] = i as u32;
                } else {
                    y[40 + 2 * local] = v + 1;
                }
                if local == 13 {
                    y[99] = 7;
                    y[98] = v;
                }
                if local < 15 {
                    y[80 + local] = v % 3;
                }
            }
        }
        y
    });
}

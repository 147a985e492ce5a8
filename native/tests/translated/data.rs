//! Values: truth values, structures, arrays and vectors, integers and floats.

use super::{check, each, numbers};

#[test]
fn truth_values() {
    each("bools", |i, n, x| {
        let v = x[i as usize];
        let found: Vec<bool> = (0..4).map(|k| v.is_multiple_of(k + 2)).collect();
        let mut dynamic = [false; 4];
        for k in 0..n % 5 {
            dynamic[k as usize % 4] = !found[3] || v > 20 + k;
        }
        let both = [found[0], found[1] && dynamic[0]];
        let chosen = [if both[0] { 7 } else { 5 }, if both[1] { 8 } else { 6 }];
        let odd = found[2] != (found[0] == found[1]);
        let bits = [both[0] && both[1], both[0] || both[1], dynamic[n as usize % 4], odd];
        let all_of: u32 = bits.iter().enumerate().map(|(i, bit)| u32::from(*bit) << i).sum();
        (all_of * 10 + chosen[0]) * 10 + chosen[1]
    });
}

#[test]
fn structures() {
    // A point: across, and down twice.
    each("structs", |i, n, x| {
        let v = x[i as usize];
        let mut points = [[1, v, 2], [i, 3, 4]];
        points[1] = if v % 2 == 0 { [1, v, 2 + v] } else { [2, 2, v] };
        if v % 3 == 0 {
            points[0] = [9, 8, v];
            points[n as usize % 2][1] += 1;
        }
        let [a, b] = points.map(|p| (p[0] * 60 + p[1]) * 60 + p[2]);
        a + b * 3 + i
    });
}

#[test]
fn records_in_memory() {
    // key, value, place (2, from word 2), more (3, from word 4), last, which makes 8 words.
    let words = |i: usize| {
        let float = |value: usize| (value as f32 * 0.25).to_bits();
        let v = numbers(60)[i];
        [v, float(i), i as u32, 7, float(3 * i), float(1), float(2), 100 + i as u32]
    };
    let x: Vec<u32> = (0..60).flat_map(words).collect();
    for n in [1, 30, 59] {
        check("records", [3, 1, 1], &[n], &x, |_| {
            let record = |i: usize| {
                let mut r = words(i);
                r[0] += 1;
                r[5] = (f32::from_bits(r[1]) + f32::from_bits(r[4])).to_bits();
                if r[0] % 2 == 0 {
                    (r[2], r[3]) = (r[3].wrapping_neg(), r[2].wrapping_neg());
                }
                r[7] = words((i + 1) % n as usize)[7];
                r[4 + n as usize % 3] = 0.5_f32.to_bits();
                r
            };
            (0..60).flat_map(record).collect()
        });
    }
}

#[test]
fn components_picked_late() {
    each("components", |i, n, x| {
        let value = x[i as usize];
        let v = [value, i, 3, value + i];
        let n = n as usize;
        let mut w = [v[3], v[2], v[1], v[0]];
        w[n % 4] = 50;
        w[1] += 1;
        let mut table = [0; 5];
        for k in 0..n % 6 {
            table[k % 5] += v[k % 4] + k as u32;
            if value % 2 == 0 {
                table[(k + 1) % 5] = value * k as u32;
            }
        }
        let picked = (v[value as usize % 4] * 100 + w[n % 4]) * 100 + w[i as usize % 4];
        picked + table[n % 5] * 7 + table[1]
    });
}

#[test]
fn integers() {
    let edges = [0, 1, 2, 7, 31, 32, 33, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, u32::MAX, u32::MAX - 1];
    let mut x: Vec<u32> = edges.iter().flat_map(|a| edges.iter().flat_map(move |b| [*a, *b])).collect();
    x.truncate(2 * 140);
    let div = |a: u32, b: u32| a.checked_div(b).unwrap_or(a);
    let rem = |a: u32, b: u32| if b == 0 { 0 } else { a % b };
    let div_i = |a: i32, b: i32| if b == 0 { a } else { a.wrapping_div(b) };
    let rem_i = |a: i32, b: i32| if b == 0 { 0 } else { a.wrapping_rem(b) };
    // Two words that all invocations look at: those at n and behind.
    for n in [15, 40, 66, 190, 207] {
        let (c, d) = (x[n], x[n + 1]);
        let (u, v) = (c as i32, d as i32);
        check("integers", [7, 1, 1], &[n as u32], &x, |_| {
            let words = |i: usize| {
                let (a, b) = (x[2 * i], x[2 * i + 1]);
                let (s, t) = (a as i32, b as i32);
                let compared = [a < b, s < t, a >= b, s >= t, s == t];
                [
                    div(a, b),
                    rem(a, b),
                    div_i(s, t) as u32,
                    rem_i(s, t) as u32,
                    a << (b & 31),
                    a >> (b & 31),
                    (s >> (b & 31)) as u32,
                    compared.iter().enumerate().map(|(i, holds)| u32::from(*holds) << i).sum(),
                    (s.max(t) as u32).wrapping_add(a.min(b)),
                    s.wrapping_abs() as u32 ^ !b,
                    (t.wrapping_neg() as u32).wrapping_mul(a),
                    s.clamp(-5, 9) as u32,
                    div(c, d).wrapping_add(rem_i(u, v) as u32),
                    ((u >> (d & 31)) as u32).wrapping_add(c << (d & 31)),
                    [u32::from(u < v), u.min(v) as u32, div_i(u, v) as u32, rem(c, d)]
                        .into_iter()
                        .fold(0, u32::wrapping_add),
                    ((i as i32).min(30) - 40) as u32,
                ]
            };
            (0..140).flat_map(words).collect()
        });
    }
}

#[test]
fn conversions() {
    let floats = [0.0, -0.0, 0.7, 1.0, 1.5, -1.5, 2.5e9, -2.5e9, 5e9, 1e20, -1e20, f32::INFINITY, f32::NAN, 16777216.0];
    let mut x: Vec<u32> = floats.iter().map(|f: &f32| f.to_bits()).collect();
    x.extend([1, 0x7fff_ffff, 0x8000_0000, u32::MAX, u32::MAX - 1, 16_777_217]);
    let of = |bits: u32| {
        let f = f32::from_bits(bits);
        [f as u32, f as i32 as u32, (bits as f32).to_bits(), (bits as i32 as f32).to_bits()]
    };
    for n in 0..20 {
        check("conversions", [1; 3], &[n as u32], &x, |_| {
            let words = |bits: &u32| {
                let f = f32::from_bits(*bits);
                let truths = u32::from(*bits != 0) + 2 * u32::from(f != 0.0);
                let above = f32::from(u8::from(f > 1.0)).to_bits();
                [&of(*bits)[..], &[truths, above], &of(x[n])].concat()
            };
            x.iter().flat_map(words).collect()
        });
    }
}

#[test]
fn vectors_of_floats() {
    let x: Vec<u32> = numbers(240).iter().map(|v| (*v as f32 * 0.37 - 10.0).to_bits()).collect();
    check("floats", [3, 1, 1], &[5, 1.5_f32.to_bits()], &x, |_| {
        let words = |bits: &[u32]| {
            let v: Vec<f32> = bits.iter().map(|b| f32::from_bits(*b)).collect();
            let mut w: Vec<f32> = [2, 3, 0, 1].iter().map(|i| v[*i] * 1.5 + 1.0).collect();
            if v[0] + v[1] + v[2] + v[3] > 0.0 {
                let picked = |i: usize| if v[i] < 0.5 { v[i].floor() } else { w[i].max(-v[i]) / 2.0 };
                return (0..4).map(|i| picked(i).to_bits()).collect::<Vec<_>>();
            }
            w[1] = (v[0] * v[0] + v[1] * v[1]).sqrt();
            w[2] = v[0].abs().sqrt() - v[1].trunc() * v[2].ceil() + v[3].signum() + (v[0] - v[0].floor());
            w.iter().map(|w| w.clamp(-3.0, 5.0).to_bits()).collect()
        };
        x.chunks(4).flat_map(words).collect()
    });
}

// From lane to lane.

/// The documented order of a reduction.
fn halved<T: Copy>(mut x: [T; N], bits: u32, identity: T, op: impl Fn(T, T) -> T) -> T {
    (0..N).filter(|&l| !is_on(bits, l)).for_each(|l| x[l] = identity);
    let mut half = N / 2;
    while half > 0 {
        (0..half).for_each(|l| x[l] = op(x[l], x[l + half]));
        half /= 2;
    }
    x[0]
}

/// The documented order of an inclusive scan.
fn doubled<T: Copy>(mut x: [T; N], bits: u32, identity: T, op: impl Fn(T, T) -> T) -> [T; N] {
    (0..N).filter(|&l| !is_on(bits, l)).for_each(|l| x[l] = identity);
    let mut back = 1;
    while back < N {
        let old = x;
        (back..N).for_each(|l| x[l] = op(old[l - back], old[l]));
        back *= 2;
    }
    x
}

/// The values a lane later.
fn later<T: Copy>(x: [T; N], first: T) -> [T; N] {
    std::array::from_fn(|l| if l == 0 { first } else { x[l - 1] })
}

/// Floats of all sizes and both signs around 1.
fn some_floats() -> Vec<[f32; N]> {
    let values: Vec<_> = random(100 * N).into_iter().map(|x| x as f32 / 1e9 - 1.7).collect();
    rows(&values).collect()
}

tests! {
    fn lanes_by_number() {
        let (x, y) = (std::array::from_fn(|l| l as f32 + 0.5), std::array::from_fn(|l| l as u32 * 3));
        for lane in [0, 1, 5, LANES - 1, LANES, 3 * LANES + 2, u32::MAX] {
            let l = (lane % LANES) as usize;
            assert_eq!(lane_f(f(x), lane), x[l]);
            assert_eq!(lane_i(i(y), lane), y[l]);
            assert_eq!(lane_m(m(0x1234_a5c6), lane), is_on(0x1234_a5c6, l));
        }
        for lanes in rows(&random(200)) {
            assert_eq!(floats(shuffle_f(f(x), i(lanes))), lanes.map(|lane| x[(lane % LANES) as usize]));
            assert_eq!(integers(shuffle_i(i(y), i(lanes))), lanes.map(|lane| y[(lane % LANES) as usize]));
            let wanted = lanes.map(|lane| is_on(0x1234_a5c6, (lane % LANES) as usize));
            assert_eq!(truths(shuffle_m(m(0x1234_a5c6), i(lanes))), wanted);
        }
    }
    fn reductions_of_floats() {
        for (x, bits) in some_floats().into_iter().zip(masks()) {
            assert_eq!(sum_f(f(x), m(bits)), halved(x, bits, 0.0, |a, b| a + b));
            assert_eq!(product_f(f(x), m(bits)), halved(x, bits, 1.0, |a, b| a * b));
            assert_eq!(min_over_f(f(x), m(bits)), halved(x, bits, f32::INFINITY, f32::min));
            assert_eq!(max_over_f(f(x), m(bits)), halved(x, bits, f32::NEG_INFINITY, f32::max));
        }
    }
    fn reductions_of_integers() {
        type Op = fn(i32, i32) -> i32;
        let signed = |op: Op| move |a: u32, b: u32| op(a.cast_signed(), b.cast_signed()).cast_unsigned();
        for (x, bits) in rows(&random(100 * N)).zip(masks()) {
            let (v, on) = (i(x), m(bits));
            assert_eq!(sum_i(v, on), halved(x, bits, 0, u32::wrapping_add));
            assert_eq!(product_i(v, on), halved(x, bits, 1, u32::wrapping_mul));
            assert_eq!(min_over_i(v, on), halved(x, bits, i32::MAX.cast_unsigned(), signed(i32::min)));
            assert_eq!(max_over_i(v, on), halved(x, bits, i32::MIN.cast_unsigned(), signed(i32::max)));
            assert_eq!(min_over_u(v, on), halved(x, bits, u32::MAX, u32::min));
            assert_eq!(max_over_u(v, on), halved(x, bits, 0, u32::max));
            assert_eq!(and_over_i(v, on), halved(x, bits, u32::MAX, |a, b| a & b));
            assert_eq!(or_over_i(v, on), halved(x, bits, 0, |a, b| a | b));
            assert_eq!(xor_over_i(v, on), halved(x, bits, 0, |a, b| a ^ b));
        }
    }
    fn scans() {
        for (x, bits) in some_floats().into_iter().zip(masks()) {
            let on = m(bits);
            let (sums, products) = (doubled(x, bits, 0.0, |a, b| a + b), doubled(x, bits, 1.0, |a, b| a * b));
            assert_eq!(floats(inclusive_sum_f(f(x), on)), sums);
            assert_eq!(floats(exclusive_sum_f(f(x), on)), later(sums, 0.0));
            assert_eq!(floats(inclusive_product_f(f(x), on)), products);
            assert_eq!(floats(exclusive_product_f(f(x), on)), later(products, 1.0));
        }
        for (x, bits) in rows(&random(100 * N)).zip(masks()) {
            let (sums, products) = (doubled(x, bits, 0, u32::wrapping_add), doubled(x, bits, 1, u32::wrapping_mul));
            assert_eq!(integers(inclusive_sum_i(i(x), m(bits))), sums);
            assert_eq!(integers(exclusive_sum_i(i(x), m(bits))), later(sums, 0));
            assert_eq!(integers(inclusive_product_i(i(x), m(bits))), products);
            assert_eq!(integers(exclusive_product_i(i(x), m(bits))), later(products, 1));
        }
    }
}

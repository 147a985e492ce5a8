// Access to memory, as floats and as integers.

/// More than any access touches.
const WORDS: usize = 4 * N + 24;

/// Different words, none of them 0.
fn numbered() -> Vec<u32> {
    (1..=WORDS as u32).collect()
}

/// What `store` makes of numbered words, and what it should: `new` gives the words that change.
#[track_caller]
fn stores(store: impl Fn(Memory), new: impl Fn(usize) -> Option<u32>) {
    let mut words = numbered();
    store(memory(&mut words));
    let wanted: Vec<_> = (0..WORDS).map(|at| new(at).unwrap_or(at as u32 + 1)).collect();
    assert_eq!(words, wanted);
}

/// Masks of which some are a row's tail.
fn masks() -> impl Iterator<Item = u32> {
    (0..=LANES).map(|on| ((1_u64 << on) - 1) as u32).chain(random(100))
}

/// An address where there is no memory.
fn nowhere() -> Memory {
    Memory::new(std::ptr::without_provenance_mut(64), 0)
}

fn is_on(bits: u32, lane: usize) -> bool {
    bits >> lane & 1 != 0
}

tests! {
    fn single_words() {
        let mut words = numbered();
        // SAFETY: the memory has all words that are named; here and below.
        unsafe {
            assert_eq!(get(memory(&mut words), 3), 4);
            put(memory(&mut words), 3, 77);
        }
        assert_eq!(words[2..5], [3, 77, 5]);
    }
    fn rows_of_words() {
        for start in [0, 3, (WORDS - N) as u32] {
            let mut words = numbered();
            let at = start as usize;
            // SAFETY: see `single_words`.
            unsafe {
                assert_eq!(integers(load_i(memory(&mut words), start))[..], words[at..at + N]);
                assert_eq!(integers(bits_f(load_f(memory(&mut words), start)))[..], words[at..at + N]);
            }
            let new = |word: usize| (at..at + N).contains(&word).then(|| (word - at) as u32 + 1000);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { store_i(memory, start, linear(1000, 1)) }, new);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { store_f(memory, start, f_bits(linear(1000, 1))) }, new);
        }
    }
    fn masked_rows_of_words() {
        for bits in masks() {
            let mut words = numbered();
            // The lanes behind the last that is on lie behind the memory.
            let lanes = (32 - (bits & (u32::MAX >> (32 - LANES))).leading_zeros()) as usize;
            let at = WORDS - lanes;
            let start = at as u32;
            let wanted: [u32; N] = std::array::from_fn(|l| if is_on(bits, l) { words[at + l] } else { 0 });
            // SAFETY: see `single_words`.
            unsafe {
                assert_eq!(integers(load_masked_i(memory(&mut words), start, m(bits))), wanted);
                assert_eq!(integers(bits_f(load_masked_f(memory(&mut words), start, m(bits)))), wanted);
            }
            let new = |word: usize| (word >= at && is_on(bits, word - at)).then(|| (word - at) as u32 + 1000);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { store_masked_i(memory, start, linear(1000, 1), m(bits)) }, new);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { store_masked_f(memory, start, f_bits(linear(1000, 1)), m(bits)) }, new);
        }
    }
    fn scattered_words() {
        for bits in masks() {
            let mut words = numbered();
            // Lanes that are off name words far outside.
            let place = |l| if is_on(bits, l) { (l * 7 + 5) % WORDS } else { 1 << 30 };
            let places: [usize; N] = std::array::from_fn(place);
            let index = i(places.map(|place| place as u32));
            let wanted = places.map(|place| words.get(place).copied().unwrap_or(0));
            // SAFETY: see `single_words`.
            unsafe {
                assert_eq!(integers(gather_i(memory(&mut words), index, m(bits))), wanted);
                assert_eq!(integers(bits_f(gather_f(memory(&mut words), index, m(bits)))), wanted);
            }
            let new = |word: usize| places.iter().rposition(|&place| place == word).map(|l| l as u32 + 1000);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { scatter_i(memory, index, linear(1000, 1), m(bits)) }, new);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { scatter_f(memory, index, f_bits(linear(1000, 1)), m(bits)) }, new);
        }
    }
    fn last_lane_wins() {
        // SAFETY: see `single_words`.
        stores(|memory| unsafe { scatter_i(memory, splat_i(6), iota(), splat_m(true)) }, |word| {
            (word == 6).then_some(LANES - 1)
        });
    }
    fn rows_of_four() {
        let values = [0, 1, 2, 3].map(|part| linear(1000 + part, 4));
        for start in [0, 3, (WORDS - 4 * N) as u32] {
            let mut words = numbered();
            let at = start as usize;
            let wanted: [[u32; N]; 4] =
                std::array::from_fn(|part| std::array::from_fn(|l| words[at + 4 * l + part]));
            // SAFETY: see `single_words`.
            unsafe {
                assert_eq!(load4_i(memory(&mut words), start).map(|x| integers(x)), wanted);
                assert_eq!(load4_f(memory(&mut words), start).map(|x| integers(bits_f(x))), wanted);
            }
            let new = |word: usize| (at..at + 4 * N).contains(&word).then(|| (word - at) as u32 + 1000);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { store4_i(memory, start, values) }, new);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { store4_f(memory, start, values.map(|x| f_bits(x))) }, new);
        }
    }
    fn masked_rows_of_four() {
        let values = [0, 1, 2, 3].map(|part| linear(1000 + part, 4));
        for bits in masks() {
            let mut words = numbered();
            let lanes = (32 - (bits & (u32::MAX >> (32 - LANES))).leading_zeros()) as usize;
            let at = WORDS - 4 * lanes;
            let start = at as u32;
            let wanted: [[u32; N]; 4] = std::array::from_fn(|part| {
                std::array::from_fn(|l| if is_on(bits, l) { words[at + 4 * l + part] } else { 0 })
            });
            // SAFETY: see `single_words`.
            unsafe {
                assert_eq!(load4_masked_i(memory(&mut words), start, m(bits)).map(|x| integers(x)), wanted);
                assert_eq!(load4_masked_f(memory(&mut words), start, m(bits)).map(|x| integers(bits_f(x))), wanted);
            }
            let new = |word: usize| (word >= at && is_on(bits, (word - at) / 4)).then(|| (word - at) as u32 + 1000);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { store4_masked_i(memory, start, values, m(bits)) }, new);
            // SAFETY: see `single_words`.
            stores(|memory| unsafe { store4_masked_f(memory, start, values.map(|x| f_bits(x)), m(bits)) }, new);
        }
    }
    fn lanes_that_are_off_touch_nothing() {
        let (zero, one, none) = (splat_f(0.0), splat_f(1.0), m(0));
        // SAFETY: no lane is on.
        unsafe {
            assert!(all_m(eq_f(load_masked_f(nowhere(), 0, none), zero)));
            assert!(all_m(eq_f(gather_f(nowhere(), iota(), none), zero)));
            assert!(load4_masked_f(nowhere(), 0, none).into_iter().all(|x| all_m(eq_f(x, zero))));
            store_masked_f(nowhere(), 0, one, none);
            scatter_f(nowhere(), iota(), one, none);
            store4_masked_f(nowhere(), 0, [one; 4], none);
        }
    }
}

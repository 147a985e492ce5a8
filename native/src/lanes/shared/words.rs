// Memory as integers: the same words, seen otherwise.

use crate::launch::Memory;

functions! {
    pub unsafe fn load_i(memory: Memory, i: u32) -> I {
        // SAFETY: the caller answers for the access, which is that of floats; here and below.
        bits_f(unsafe { load_f(memory, i) })
    }
    pub unsafe fn load_masked_i(memory: Memory, i: u32, m: M) -> I {
        // SAFETY: see `load_i`.
        bits_f(unsafe { load_masked_f(memory, i, m) })
    }
    pub unsafe fn store_i(memory: Memory, i: u32, x: I) {
        // SAFETY: see `load_i`.
        unsafe { store_f(memory, i, f_bits(x)) }
    }
    pub unsafe fn store_masked_i(memory: Memory, i: u32, x: I, m: M) {
        // SAFETY: see `load_i`.
        unsafe { store_masked_f(memory, i, f_bits(x), m) }
    }
    pub unsafe fn gather_i(memory: Memory, i: I, m: M) -> I {
        // SAFETY: see `load_i`.
        bits_f(unsafe { gather_f(memory, i, m) })
    }
    pub unsafe fn scatter_i(memory: Memory, i: I, x: I, m: M) {
        // SAFETY: see `load_i`.
        unsafe { scatter_f(memory, i, f_bits(x), m) }
    }
    pub unsafe fn load4_i(memory: Memory, i: u32) -> [I; 4] {
        // SAFETY: see `load_i`.
        unsafe { load4_f(memory, i) }.map(|x| bits_f(x))
    }
    pub unsafe fn load4_masked_i(memory: Memory, i: u32, m: M) -> [I; 4] {
        // SAFETY: see `load_i`.
        unsafe { load4_masked_f(memory, i, m) }.map(|x| bits_f(x))
    }
    pub unsafe fn store4_i(memory: Memory, i: u32, x: [I; 4]) {
        // SAFETY: see `load_i`.
        unsafe { store4_f(memory, i, x.map(|x| f_bits(x))) }
    }
    pub unsafe fn store4_masked_i(memory: Memory, i: u32, x: [I; 4], m: M) {
        // SAFETY: see `load_i`.
        unsafe { store4_masked_f(memory, i, x.map(|x| f_bits(x)), m) }
    }
}

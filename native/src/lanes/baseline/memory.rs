//! Memory: single words, and vectors of floats. Lanes that are off load 0 and store nothing; their words are not
//! touched.
#![expect(unsafe_code, reason = "kernels are translated without checks of their indices")]
#![expect(unsafe_op_in_unsafe_fn, reason = "each function is one access, which its caller answers for")]

use std::array::from_fn;

use super::{F, I, M, all_m};
use crate::launch::Memory;

functions! {
    /// Word `i`.
    pub unsafe fn get(memory: Memory, i: u32) -> u32 { memory.at(i).read() }
    /// Sets word `i`.
    pub unsafe fn put(memory: Memory, i: u32, x: u32) { memory.at(i).write(x) }
    /// The words from `i` on, one a lane.
    pub unsafe fn load_f(memory: Memory, i: u32) -> F { F(memory.at(i).cast::<[f32; 8]>().read()) }
    pub unsafe fn load_masked_f(memory: Memory, i: u32, m: M) -> F {
        if all_m(m) {
            return load_f(memory, i);
        }
        let start: *mut f32 = memory.at(i).cast();
        F(from_fn(|l| if m.0[l] != 0 { start.wrapping_add(l).read() } else { 0.0 }))
    }
    pub unsafe fn store_f(memory: Memory, i: u32, x: F) { memory.at(i).cast::<[f32; 8]>().write(x.0) }
    pub unsafe fn store_masked_f(memory: Memory, i: u32, x: F, m: M) {
        if all_m(m) {
            return store_f(memory, i, x);
        }
        let start: *mut f32 = memory.at(i).cast();
        for l in 0..8 {
            if m.0[l] != 0 {
                start.wrapping_add(l).write(x.0[l]);
            }
        }
    }
    /// Each lane gets the word it names.
    pub unsafe fn gather_f(memory: Memory, i: I, m: M) -> F {
        F(from_fn(|l| if m.0[l] != 0 { memory.at(i.0[l]).cast::<f32>().read() } else { 0.0 }))
    }
    /// Each lane puts its value where it says.
    pub unsafe fn scatter_f(memory: Memory, i: I, x: F, m: M) {
        for l in 0..8 {
            if m.0[l] != 0 {
                memory.at(i.0[l]).cast::<f32>().write(x.0[l]);
            }
        }
    }
    /// Lane `l` gets the four words from `i + 4 * l` on.
    pub unsafe fn load4_f(memory: Memory, i: u32) -> [F; 4] {
        let words = memory.at(i).cast::<[[f32; 4]; 8]>().read();
        from_fn(|part| F(from_fn(|l| words[l][part])))
    }
    pub unsafe fn load4_masked_f(memory: Memory, i: u32, m: M) -> [F; 4] {
        let start: *mut [f32; 4] = memory.at(i).cast();
        let words: [[f32; 4]; 8] = from_fn(|l| if m.0[l] != 0 { start.wrapping_add(l).read() } else { [0.0; 4] });
        from_fn(|part| F(from_fn(|l| words[l][part])))
    }
    /// Lane `l` puts its four values into the words from `i + 4 * l` on.
    pub unsafe fn store4_f(memory: Memory, i: u32, x: [F; 4]) {
        let words = from_fn(|l| from_fn(|part| x[part].0[l]));
        memory.at(i).cast::<[[f32; 4]; 8]>().write(words);
    }
    pub unsafe fn store4_masked_f(memory: Memory, i: u32, x: [F; 4], m: M) {
        let start: *mut [f32; 4] = memory.at(i).cast();
        for l in 0..8 {
            if m.0[l] != 0 {
                start.wrapping_add(l).write(from_fn(|part| x[part].0[l]));
            }
        }
    }
}

//! Sums that are places in memory.
#![expect(unsafe_code, reason = "kernels are translated without checks of their indices")]

/// `a + b`, which is the place of a word: knowing that it does not wrap, the compiler counts in whole addresses.
///
/// # Safety
/// The sum fits 32 bits.
#[inline(always)]
pub unsafe fn place(a: u32, b: u32) -> u32 {
    // SAFETY: as the caller says.
    unsafe { a.unchecked_add(b) }
}

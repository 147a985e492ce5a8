// first_tap: which taps of a kernel reach a pixel of the input.
//
// Tap k of output pixel o lies on input pixel i = o*stride - padding + k*dilation. Read backwards: k reaches i if i +
// padding - k*dilation is a multiple of the stride. With k, so do k + step, k + 2 step, ... and no others, where step =
// stride / gcd(stride, dilation); or no tap does. Which ones depends on the phase (i + padding) mod stride alone, so
// all pixels of a phase see a dense kernel of every step-th tap, and no product is computed to be thrown away.
//
// Returns the smallest tap, or one that no kernel has if there is none.
fn first_tap(phase: u32, stride: u32, dilation: u32, step: u32) -> u32 {
    for (var k = 0u; k < step; k += 1u) {
        if (k * dilation) % stride == phase {
            return k;
        }
    }
    return 0x7fffffffu;
}

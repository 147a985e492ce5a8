// conv_phase: the pixels of a convolution's input that are alike, and the taps that reach them.
#import first_tap

// One direction of a phase: the rows i of dx with (i + padding) mod stride = phase.
struct Phase {
    first: u32, // its first row
    count: u32, // how many it has
    tap: u32, // its first tap
    taps: u32, // how many it has
    start: i32, // row of dy that the first tap of the first row meets
}

fn phase_of(phase: u32, size: u32, k: u32, stride: u32, padding: u32, dilation: u32, step: u32) -> Phase {
    var found: Phase;
    found.first = (phase + stride - padding % stride) % stride;
    found.count = (size + stride - 1u - found.first) / stride;
    let tap = first_tap(phase, stride, dilation, step);
    if tap < k {
        found.tap = tap;
        found.taps = (k - tap + step - 1u) / step;
        found.start = (i32(found.first + padding) - i32(tap * dilation)) / i32(stride);
    }
    return found;
}

// range_inside: the steps of a walk that stay inside, as [first, end).
//
// Step k of `count` goes from low + k*stride to high + k*stride; wanted are those with the one not below 0 and the
// other below `size`. With low <= high they are the steps that lie inside altogether; with the two exchanged, the steps
// that touch the inside at all.
fn range_inside(low: i32, high: i32, stride: u32, size: u32, count: u32) -> vec2<u32> {
    let room = i32(size) - 1 - high;
    var first = u32(max(-low, 0));
    var last = u32(max(room, 0));
    // A division is as long as a whole turn of a small convolution.
    if stride > 1u {
        first = (first + stride - 1u) / stride;
        last = last / stride;
    }
    first = min(first, count);
    let end = select(0u, min(last + 1u, count), room >= 0);
    return vec2<u32>(first, max(first, end));
}

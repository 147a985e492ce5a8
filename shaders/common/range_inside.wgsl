// range_inside: the steps of a walk that stay inside, as [first, end).
//
// Step k of `count` goes from low + k*stride to high + k*stride; wanted are those with the one not below 0 and the
// other below `size`. With low <= high they are the steps that lie inside altogether; with the two exchanged, the steps
// that touch the inside at all.
fn range_inside(low: i32, high: i32, stride: u32, size: u32, count: u32) -> vec2<u32> {
    let first = min((u32(max(-low, 0)) + stride - 1u) / stride, count);
    let room = i32(size) - 1 - high;
    let end = select(0u, min(u32(max(room, 0)) / stride + 1u, count), room >= 0);
    return vec2<u32>(first, max(first, end));
}

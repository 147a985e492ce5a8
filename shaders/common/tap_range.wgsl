// tap_range: the taps of a kernel that can reach a picture at all, the first and the last of them.
//
// Tap k lies on pixel start + k*dilation of `size` pixels; `start` is between `low` and `high`. Of the `k` taps, those
// that fall beside the picture for all of these starts are left out; one is always returned.
fn tap_range(low: i32, high: i32, dilation: u32, size: u32, k: u32) -> vec2<u32> {
    let before = u32(max(-high, 0));
    let first = min((before + dilation - 1u) / dilation, k - 1u);
    let room = u32(max(i32(size) - 1 - low, 0));
    return vec2<u32>(first, clamp(room / dilation, first, k - 1u));
}

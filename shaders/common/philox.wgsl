// philox4x32_10: four random words from a counter and a key (Salmon et al., "Parallel random numbers: as easy as 1, 2,
// 3", SC 2011). No state: the same counter and key give the same words on every machine, in any order.

// The high half of a 64-bit product, which WGSL has no operation for, from 16-bit digits.
fn multiply_high(a: u32, b: u32) -> u32 {
    let a_low = a & 0xffffu;
    let a_high = a >> 16u;
    let b_low = b & 0xffffu;
    let b_high = b >> 16u;
    let middle = a_high * b_low + ((a_low * b_low) >> 16u);
    let carried = a_low * b_high + (middle & 0xffffu);
    return a_high * b_high + (middle >> 16u) + (carried >> 16u);
}

fn philox4x32_10(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var round = 0u; round < 10u; round++) {
        let left = vec2<u32>(multiply_high(0xD2511F53u, c.x), 0xD2511F53u * c.x);
        let right = vec2<u32>(multiply_high(0xCD9E8D57u, c.z), 0xCD9E8D57u * c.z);
        c = vec4<u32>(right.x ^ c.y ^ k.x, right.y, left.x ^ c.w ^ k.y, left.y);
        k += vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
    }
    return c;
}

// A word as a number in [0, 1): its upper 24 bits, which f32 holds exactly.
fn to_unit(words: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(words >> vec4<u32>(8u)) * 5.9604645e-8;
}

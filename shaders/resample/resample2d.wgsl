// resample2d: a sparse matrix along the rows of each picture and one along its columns. Padding by reflection or
// repetition, upsampling, average pooling and blurring are such maps (pad, interpolate and avg_pool2d of
// torch.nn.functional).
//
//   y[n,oh,ow,ch] = sum over a in taps(oh), b in taps(ow) of  v[a] * u[b] * x[n, ih[a], iw[b], ch]
//
//   A tap is an input's index and its weight. Neighbouring columns of y whose taps lie one column further each and
//   weigh the same are a run: to its elements, whatever the number of channels, x is read in one piece. All columns of
//   a padding but those at the border are one run; where a picture grows or shrinks, each column is a run of its own.
//   The gradient is the same map with both matrices transposed.
//
//   x       [N, H_in,  W_in,  C]    input
//   down    [H_out + 1 + 2 * taps]  starts into the taps, then an index and a weight's bits for each tap
//   across  [4 * runs + 2 * taps]   first column, number of columns, first tap and end of the taps for each run, then
//                                   the taps likewise
//   y       [N, H_out, W_out, C]    output, every element written once; a row or column without taps is 0
//   operand [as y]                 of the epilogue, where a launch has one: see common/epilogue
//
// Threads  LANES by ROWS per workgroup, which owns share runs of one line of y: LANES lie along the elements of a run,
//          ROWS along the runs
// Memory   reads each element of x once for each tap on it, mostly from a cache, and writes y once, both in neighbours;
//          the tables are the same for all LANES, and read once for four elements of each where a run is as long
// Twin     reference::resample::resample2d
// Used by  reflection_pad2d, replication_pad2d, upsample_nearest, upsample_bilinear, avg_pool2d, blur_pool2d and
//          blur_upsample2d, forward and backward

#import epilogue

struct Params {
    n: u32,
    h_in: u32,
    w_in: u32,
    h_out: u32,
    w_out: u32,
    c: u32,
    runs: u32,
    share: u32, // runs of a workgroup
    has_bias: u32, // the epilogue, which takes none: see epilogue
    operand: u32,
    slope: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> down: array<u32>;
@group(0) @binding(3) var<storage, read> across: array<u32>;
@group(0) @binding(4) var<storage, read> operand: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

override LANES: u32 = 64;
override ROWS: u32 = 1;

const BLOCKS = 4u;

@compute @workgroup_size(LANES, ROWS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) place: vec3<u32>,
) {
    let p = params;
    let line = group.y * groups.x + group.x;
    let n = line / p.h_out;
    let oh = line % p.h_out;
    if n >= p.n {
        return;
    }
    let first_a = down[oh];
    let end_a = down[oh + 1u];
    let taps_a = p.h_out + 1u;
    let taps_b = 4u * p.runs;
    let end_run = min((group.z + 1u) * p.share, p.runs);

    for (var run = group.z * p.share + place.y; run < end_run; run += ROWS) {
        let length = across[4u * run + 1u] * p.c;
        let first_b = across[4u * run + 2u];
        let end_b = across[4u * run + 3u];
        let target_run = (line * p.w_out + across[4u * run]) * p.c;

        var at = 0u;
        for (; at + BLOCKS * LANES <= length; at += BLOCKS * LANES) {
            var sum: array<f32, BLOCKS>;
            for (var a = first_a; a < end_a; a += 1u) {
                let row = (n * p.h_in + down[taps_a + 2u * a]) * p.w_in;
                let v = bitcast<f32>(down[taps_a + 2u * a + 1u]);
                for (var b = first_b; b < end_b; b += 1u) {
                    let source = (row + across[taps_b + 2u * b]) * p.c + at + place.x;
                    let weight = v * bitcast<f32>(across[taps_b + 2u * b + 1u]);
                    for (var k = 0u; k < BLOCKS; k += 1u) {
                        sum[k] = fma(weight, x[source + k * LANES], sum[k]);
                    }
                }
            }
            for (var k = 0u; k < BLOCKS; k += 1u) {
                let element = target_run + at + place.x + k * LANES;
                var other = 0.0;
                if p.operand != 0u {
                    other = operand[element];
                }
                y[element] = epilogue(sum[k], other, p.operand, p.slope);
            }
        }
        // The same for what is left.
        for (; at < length; at += LANES) {
            let found = at + place.x < length;
            var sum = 0.0;
            for (var a = first_a; a < end_a; a += 1u) {
                let row = (n * p.h_in + down[taps_a + 2u * a]) * p.w_in;
                let v = bitcast<f32>(down[taps_a + 2u * a + 1u]);
                for (var b = first_b; b < end_b; b += 1u) {
                    let source = (row + across[taps_b + 2u * b]) * p.c + at + place.x;
                    let weight = v * bitcast<f32>(across[taps_b + 2u * b + 1u]);
                    if found {
                        sum = fma(weight, x[source], sum);
                    }
                }
            }
            if found {
                let element = target_run + at + place.x;
                var other = 0.0;
                if p.operand != 0u {
                    other = operand[element];
                }
                y[element] = epilogue(sum, other, p.operand, p.slope);
            }
        }
    }
}

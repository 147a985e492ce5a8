// draw_changes: how much each picture is changed, where chance has it that it is changed at all.
//
//   y[n,k] = low_k + span_k * u[n,k+1]           where u[n,0] < probability
//   y[n,k] = idle_k                              else
//   floor(span_k * u) in the place of span_k * u where the numbers are to be whole
//
//   u            [N, 1 + K]  random numbers in [0, 1); K is at most 3
//   probability  [..]        the first element is the chance that a picture is changed: never on the host
//   y            [N, K]      output, every element written once
//
// Threads  one invocation per element of y
// Memory   reads 12 bytes and writes 4 per element
// Twin     reference::augment::draw_changes
// Used by  DiffAugment: factors of colours, shifts, centres of squares

#import linear_index

struct Params {
    n: u32,
    columns: u32, // K
    is_whole: u32,
    low_0: f32,
    low_1: f32,
    low_2: f32,
    span_0: f32,
    span_1: f32,
    span_2: f32,
    idle_0: f32,
    idle_1: f32,
    idle_2: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read> probability: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override WIDTH: u32 = 64;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let p = params;
    let i = linear_index(group, groups, lane, WIDTH);
    if i >= p.n * p.columns {
        return;
    }
    let n = i / p.columns;
    let k = i % p.columns;
    let low = select(select(p.low_2, p.low_1, k == 1u), p.low_0, k == 0u);
    let span = select(select(p.span_2, p.span_1, k == 1u), p.span_0, k == 0u);
    let idle = select(select(p.idle_2, p.idle_1, k == 1u), p.idle_0, k == 0u);

    let first = n * (p.columns + 1u);
    var moved = span * u[first + 1u + k];
    if p.is_whole != 0u {
        moved = floor(moved);
    }
    y[i] = select(idle, low + moved, u[first] < probability[0]);
}

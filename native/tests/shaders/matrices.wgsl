// Matrices that a subgroup multiplies, loaded and stored by rows and by columns, kept through loops and barriers; and
// numbers rounded to f16.

enable f16;
enable wgpu_cooperative_matrix;

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

var<workgroup> a: array<f16, 16 * 24>;
var<workgroup> b: array<vec4<f16>, 16 * 6>;
var<workgroup> products: array<f32, 4 * 16 * 20>;

@compute @workgroup_size(32)
fn main(
    @builtin(local_invocation_index) index: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
) {
    for (var i = index; i < 256u; i += 32u) {
        a[i / 16u * 24u + i % 16u] = f16(f32(x[i]));
        b[i / 16u * 6u + i % 16u / 4u][i % 4u] = f16(f32(x[256u + i]));
    }
    workgroupBarrier();
    var sums: array<coop_mat16x16<f32, C>, 2>;
    for (var turn = 0u; turn < params.n; turn += 1u) {
        // a b, and aᵀ b.
        let right = coopLoadT<coop_mat16x16<f16, B>>(&b[0], 6u);
        let left = coopLoadT<coop_mat16x16<f16, A>>(&a[0], 24u);
        sums[0] = coopMultiplyAdd(left, right, sums[0]);
        sums[1] = coopMultiplyAdd(coopLoad<coop_mat16x16<f16, A>>(&a[0], 24u), right, sums[1]);
    }
    for (var which = 0u; which < 2u; which += 1u) {
        workgroupBarrier();
        coopStore(sums[which], &products[subgroup * 320u], 20u);
        workgroupBarrier();
        for (var i = index; i < 256u; i += 32u) {
            // By columns: row i % 16 of column i / 16.
            y[which * 256u + i] = u32(products[i % subgroups * 320u + i / 16u * 20u + i % 16u]);
        }
    }
    for (var i = index; i < 256u; i += 32u) {
        y[512u + i] = bitcast<u32>(f32(f16(f32(x[i] * 1000u + x[256u + i]) * 1.037)));
    }
    return;
}

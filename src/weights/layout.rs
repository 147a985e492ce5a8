//! From PyTorch's layouts to ours and back.
//!
//! | tensor | PyTorch | ours |
//! |---|---|---|
//! | convolution | `[c_out, c_in / groups, k_h, k_w]` | `[k_h, k_w, c_in / groups, c_out]` |
//! | transposed convolution | `[c_in, c_out / groups, k_h, k_w]` | `[k_h, k_w, c_out / groups, c_in]` |
//! | fully connected | `[out, in]` | `[in, out]` |
//! | everything else | as it is | as it is |
//!
//! Both kinds of convolution are the same permutation (2, 3, 1, 0), so the number of extents decides.

/// PyTorch's shape of a tensor of ours.
pub fn torch_shape(ours: &[usize]) -> Vec<usize> {
    match *ours {
        [k_h, k_w, inner, outer] => vec![outer, inner, k_h, k_w],
        [inputs, outputs] => vec![outputs, inputs],
        _ => ours.to_vec(),
    }
}

/// Our shape of a tensor of PyTorch's.
pub fn our_shape(torch: &[usize]) -> Vec<usize> {
    match *torch {
        [outer, inner, k_h, k_w] => vec![k_h, k_w, inner, outer],
        [outputs, inputs] => vec![inputs, outputs],
        _ => torch.to_vec(),
    }
}

/// The elements of a tensor of PyTorch's in our order; `torch` is its shape.
pub fn to_ours(torch: &[usize], values: &[f32]) -> Vec<f32> {
    match *torch {
        // Outer and inner channels change places in [outer, inner, positions], then positions come first.
        [outer, inner, k_h, k_w] => turned(values, [outer, inner, k_h * k_w]),
        [outputs, inputs] => turned(values, [outputs, inputs, 1]),
        _ => values.to_vec(),
    }
}

/// The elements of a tensor of ours in PyTorch's order; `ours` is its shape.
pub fn to_torch(ours: &[usize], values: &[f32]) -> Vec<f32> {
    match *ours {
        [k_h, k_w, inner, outer] => turned(values, [k_h * k_w, inner, outer]),
        [inputs, outputs] => turned(values, [1, inputs, outputs]),
        _ => values.to_vec(),
    }
}

/// `[a, b, c]` as `[c, b, a]`.
fn turned(values: &[f32], [a, b, c]: [usize; 3]) -> Vec<f32> {
    let at = |k: usize, j: usize, i: usize| values[(i * b + j) * c + k];
    let rows = (0..c).flat_map(|k| (0..b).map(move |j| (k, j)));
    rows.flat_map(|(k, j)| (0..a).map(move |i| at(k, j, i))).collect()
}

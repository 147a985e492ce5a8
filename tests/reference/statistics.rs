//! Statistics of parts, merged, are those of the whole.

use super::{assert_close, noise};
use sumi::reference::norm::{batch_norm_merge, batch_norm_stats, group_norm_merge, group_norm_stats};

#[test]
fn merged_statistics_are_those_of_all_rows() {
    let (c, split) = (3, 8);
    for rows in [1, 2, 7, 8, 9, 30] {
        let x = noise(rows * c, 0);
        let (mut mean, mut m2) = (Vec::new(), Vec::new());
        for part in 0..split {
            let of_part: Vec<f64> = x.chunks(c).skip(part).step_by(split).flatten().copied().collect();
            let (part_mean, part_m2) = batch_norm_stats(&of_part, of_part.len() / c, c);
            mean.extend(part_mean);
            m2.extend(part_m2);
        }
        let (want_mean, want_m2) = batch_norm_stats(&x, rows, c);
        // In one go, and by way of four sets.
        let (four_mean, four_m2) = batch_norm_merge(&mean, &m2, rows, c, split, 4);
        for (mean, m2) in
            [batch_norm_merge(&mean, &m2, rows, c, split, 1), batch_norm_merge(&four_mean, &four_m2, rows, c, 4, 1)]
        {
            assert_close(&format!("mean of {rows} rows"), &mean, &want_mean, 1e-13, 1e-13);
            assert_close(&format!("m2 of {rows} rows"), &m2, &want_m2, 1e-12, 1e-13);
        }
    }
}

#[test]
fn merged_statistics_of_samples_are_those_of_all_pixels() {
    let (n, c) = (2, 3);
    for pixels in [1, 2, 7, 30] {
        let x = noise(n * pixels * c, 0);
        let (ones, zeros) = (vec![1.0; x.len()], vec![0.0; x.len()]);
        let (want_mean, want_m2) = group_norm_stats(&x, n, c);
        // In one go, and by way of four sets, of which some are empty.
        let four = group_norm_merge(&ones, &x, &zeros, n, c, 4);
        for merged in
            [group_norm_merge(&ones, &x, &zeros, n, c, 1), group_norm_merge(&four.count, &four.mean, &four.m2, n, c, 1)]
        {
            assert_eq!(merged.count, vec![pixels as f64; n * c]);
            assert_close(&format!("mean of {pixels} pixels"), &merged.mean, &want_mean, 1e-13, 1e-13);
            assert_close(&format!("m2 of {pixels} pixels"), &merged.m2, &want_m2, 1e-12, 1e-13);
        }
    }
}

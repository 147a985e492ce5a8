//! Statistics of parts, merged, are those of the whole.

use super::{assert_close, noise};
use sumi::reference::norm::{batch_norm_merge, batch_norm_stats};

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
